//! Numbers that have lost their spread, or gained far too much of it, before anything is learnt.
//!
//! TheDeepChecker wants a standard deviation of 0.5 to 2 behind every layer, outside of which
//! healthy networks start as well.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::{Layer, LayerKind};

/// Standard deviation of what leaves a hidden layer.
const LEAST: f64 = 0.01;
const MOST: f64 = 100.0;

pub static RULE: Rule = Rule {
    id: "activation-spread",
    title: "Activations without spread",
    when: When::Training { within: 1 },
    fires: "In the first step, with fresh weights, what leaves a hidden layer with an activation has a standard deviation \
        below 0.01 or above 100 over the batch.",
    why: "Hidden layers of the templates that were measured lie between 0.2 and 2.4, so healthy ones also lie outside of the \
        published 0.5 to 2. A hundred times more or less leaves no doubt.",
    source: "TheDeepChecker (0.5 to 2); He et al. (2015) and Glorot and Bengio (2010): the spread is to stay from layer to \
        layer",
    follows: &["init-misfit", "inputs-unscaled", "symmetric-weights", "constant-input"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records.filter(|records| records.first_loss().is_some()) else { return Vec::new() };
    let ends: Vec<_> = case.network.ends().iter().map(|end| end.last.id).collect();
    let is_hidden = |layer: &&Layer| {
        layer.kind.activation().is_some() && !ends.contains(&layer.id) && !matches!(layer.kind, LayerKind::Formula(_))
    };
    let deviation = |layer: &Layer| {
        let first = records.curves.summaries.of(layer.id).next().filter(|(step, _)| *step == 1)?;
        // Where all are 0 the units are dead, or nothing arrives: other rules'.
        let first = Some(first).filter(|(_, of)| of.zeros < 1.0)?;
        Some(f64::from(first.1.deviation)).filter(|deviation| deviation.is_finite())
    };
    let layers = case.network.layers();
    let off = layers.iter().copied().filter(is_hidden).find_map(|layer| {
        let spread = deviation(layer)?;
        (!(LEAST..=MOST).contains(&spread)).then_some((layer, spread))
    });
    let Some((layer, spread)) = off else { return Vec::new() };
    let name = case.network.name(layer.id);
    let (words, limit) = if spread < LEAST {
        let words = format!(
            "{name} says nearly the same about every sample, before anything is learnt. What tells them apart has been lost on \
             the way, and so are most of the gradients."
        );
        (words, LEAST)
    } else {
        let words = format!(
            "The numbers that leave {name} are huge, before anything is learnt. They get larger from layer to layer, and so \
             do the gradients."
        );
        (words, MOST)
    };
    let finding = Finding::new(&RULE, Severity::Warning, Place::Layer(layer.id), words)
        .seen(1, Confidence::Measured)
        .beyond("standard deviation of its outputs", spread, limit);
    let by_hand = Remedy::by_hand("Use initial weights that suit the activation, or scale the inputs");
    vec![finding.remedy(by_hand)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, activated, dense, points, summaries};
    use crate::model::layer::Activation;

    fn planted(deviations: [f32; 3]) -> Vec<Finding> {
        let tanh = || activated(8, Activation::Tanh);
        let planted = Planted::new(vec![tanh(), tanh(), dense(2)], points(1.0, 0.0));
        let records = summaries(&planted, &["Dense 1", "Dense 2", "Dense 3"], 0.0, |layer, of| {
            of.deviation = deviations[layer];
        });
        judge(&planted.case().after(&records))
    }

    #[test]
    fn the_first_layer_whose_outputs_are_all_alike_is_named() {
        assert!(planted([0.5, 1e-4, 1e-5])[0].words.starts_with("Dense 2 says"));
        assert!(planted([400.0, 1.0, 1.0])[0].words.contains("leave Dense 1 are huge"));
        assert!(planted([0.5, 0.3, 1e-5]).is_empty(), "the last one answers");
    }
}
