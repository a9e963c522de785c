//! Gradients that get lost on their way to the first layers.
//!
//! Published limits on their size (below 1e-7, 1e-9, 1e-6) fire on every network that has converged. AUTOTRAINER's
//! limit on the ratio of first to last layer does not depend on the scale; gradsnitch's guard (the loss has hardly
//! fallen) keeps it silent where layers merely differ in size.

use crate::diagnosis::{Case, Confidence, Finding, Network, Place, Remedy, Rule, Severity, When};
use crate::model::layer::{Activation, Initialiser};
use crate::model::{Edit, Layer, LayerKind, ParamValue};
use crate::trace::LayerSummary;

/// Gradient per weight, of the first layers in that of the last.
const LIMIT: f64 = 1e-3;
/// A last layer with less has nothing more to learn.
const LEAST: f64 = 1e-7;
/// Summaries that must agree.
const SUMMARIES: usize = 3;
/// A loss that has fallen by more is learning.
const FELL: f64 = 0.2;

pub static RULE: Rule = Rule {
    id: "vanishing-gradients",
    title: "Vanishing gradients",
    when: When::Training { within: 64 },
    fires: "In the last 3 summaries the gradient per weight (root mean square) of an early layer is above 0 and below a \
        thousandth of that of the last layer, and the loss has fallen by less than 20 %.",
    why: "Absolute limits fire on networks that have converged, and a ratio alone on layers of different size that learn \
        well. Both together are silent on all templates.",
    source: "AUTOTRAINER (first to last below 1e-3); gradsnitch (loss fell by less than 20 %); SageMaker Debugger and \
        DeepDiagnosis (mean below 1e-7); MindSpore Insight (1e-9)",
    follows: &["inputs-unscaled", "activation-spread", "init-misfit"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records.filter(|records| records.loss_fell_by().is_some_and(|fell| fell < FELL)) else {
        return Vec::new();
    };
    // Of a table of vectors few rows get a gradient.
    let layers: Vec<&Layer> =
        case.network.trained().into_iter().filter(|layer| !matches!(layer.kind, LayerKind::Embedding(_))).collect();
    let Some((last, before)) = layers.split_last() else { return Vec::new() };
    let each = |layer: &Layer| -> Vec<f64> {
        let lately = records.lately(layer.id, SUMMARIES);
        lately.iter().map(|(_, summary)| per_weight(&case.network, layer, summary)).collect()
    };
    let strongest = each(last);
    let is_lost = |layer: &&&Layer| {
        let own = each(layer);
        let pairs = || own.iter().zip(&strongest);
        !own.is_empty() && pairs().all(|(own, last)| *own > 0.0 && *last > LEAST && own / last < LIMIT)
    };
    let lost: Vec<&&Layer> = before.iter().filter(is_lost).collect();
    let (Some(first), Some(step)) = (lost.first(), records.lately(last.id, 1).first().map(|(step, _)| *step)) else {
        return Vec::new();
    };
    let (own, last_own) = (each(first).last().copied().unwrap_or(0.0), strongest.last().copied().unwrap_or(0.0));
    let others = if lost.len() == 1 { String::new() } else { format!(" ({} layers in all)", lost.len()) };
    let words = format!(
        "Hardly any gradient reaches {}{others}: it shrinks from layer to layer on its way back from the loss, so the first \
         layers don't learn.",
        case.network.name(first.id)
    );
    let finding = Finding::new(&RULE, Severity::Serious, Place::Layer(first.id), words)
        .seen(step, Confidence::Measured)
        .beyond(format!("gradient per weight, as a share of {}'s", last.name), own / last_own, LIMIT)
        .with("gradient per weight", own)
        .with("share by which the loss has fallen", records.loss_fell_by().unwrap_or(0.0));
    vec![remedies(&case.network).into_iter().fold(finding, Finding::remedy)]
}

/// Root mean square of a layer's gradient.
fn per_weight(network: &Network, layer: &Layer, summary: &LayerSummary) -> f64 {
    f64::from(summary.gradient) / (network.parameters(layer.id).max(1) as f64).sqrt()
}

/// Functions that are flat on both sides give way to one that is not.
fn remedies(network: &Network) -> Vec<Remedy> {
    let is_flat = |layer: &&Layer| {
        let flat = [Activation::Sigmoid, Activation::Tanh, Activation::HardSigmoid, Activation::HardTanh];
        layer.kind.chosen_activation().is_some_and(|own| flat.contains(&own)) && layer.id == layer.id.drawn()
    };
    let ends: Vec<_> = network.ends().iter().map(|end| end.last.id).collect();
    let layers = network.layers().into_iter().filter(is_flat).filter(|layer| !ends.contains(&layer.id));
    let set = |layer: &Layer, key: &str, word: &str| Edit::SetParam {
        layer: layer.id,
        key: key.into(),
        value: ParamValue::Text(word.into()),
    };
    let edits: Vec<_> = layers
        .flat_map(|layer| {
            let init = layer.kind.spec().param("init").map(|_| set(layer, "init", Initialiser::HeUniform.key()));
            [Some(set(layer, "activation", Activation::Relu.key())), init].into_iter().flatten()
        })
        .collect();
    let relu = (!edits.is_empty()).then(|| Remedy::edits("Use ReLU with He weights in the hidden layers", edits));
    relu.into_iter().chain([Remedy::by_hand("Use fewer layers, residual connections or normalisation")]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, activated, dense, points, summaries};

    fn planted(gradients: [f32; 3], fell: f32) -> Vec<Finding> {
        let sigmoid = || activated(8, Activation::Sigmoid);
        let planted = Planted::new(vec![sigmoid(), sigmoid(), dense(2)], points(1.0, 0.0));
        let records = summaries(&planted, &["Dense 1", "Dense 2", "Dense 3"], fell, |layer, of| {
            of.gradient = gradients[layer];
        });
        judge(&planted.case().after(&records))
    }

    #[test]
    fn the_first_layer_that_hardly_gets_a_gradient_is_named() {
        let found = planted([1e-6, 1e-2, 0.5], 0.01);
        assert!(found[0].words.contains("Dense 1:"), "{}", found[0].words);
        assert_eq!(found[0].remedies.len(), 2);
        assert!(planted([1e-2, 1e-1, 0.5], 0.01).is_empty());
        assert!(planted([1e-6, 1e-2, 0.5], 0.5).is_empty(), "it learns all the same");
        assert!(planted([0.0, 0.0, 0.5], 0.01).is_empty(), "none at all has another cause");
        assert!(planted([1e-13, 1e-12, 1e-8], 0.01).is_empty(), "there is nothing to learn");
    }
}
