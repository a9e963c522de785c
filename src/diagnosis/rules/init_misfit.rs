//! Initial weights that make numbers fade or grow from layer to layer, for the activation behind them.
//!
//! He et al. (2015): weights with variance 2 / n keep the size of numbers behind ReLU, which halves their second
//! moment; Glorot's and LeCun's suit functions that are straight around 0. The gain of a chain of layers is foretold
//! from its settings: Glorot weights between equal layers take off √½ each.

use crate::diagnosis::{Case, Finding, Network, Place, Remedy, Rule, Severity, When};
use crate::model::layer::{Activation, Group, Initialiser};
use crate::model::{Edit, Layer, LayerKind, ParamValue};

/// The gain of a chain of layers.
const LEAST: f64 = 0.05;

pub static RULE: Rule = Rule {
    id: "init-misfit",
    title: "Initial weights that don't suit ReLU",
    when: When::BeforeTraining,
    fires: "Along a chain of Dense and Conv layers with ReLU, without normalisation or shortcuts, the initial weights shrink \
        the numbers to less than a twentieth of their size.",
    why: "Each such layer with Glorot weights takes off √½, which three or four layers bear well. A twentieth is reached by \
        eight or nine, or by a very wide last one.",
    source: "He et al., Delving Deep into Rectifiers (2015), section 2.2",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    if case.begins_with_given_weights() {
        return Vec::new();
    }
    let network = &case.network;
    let mut chain: Vec<(&Layer, f64)> = Vec::new();
    let mut worst: Vec<(&Layer, f64)> = Vec::new();
    let gain_of = |chain: &[(&Layer, f64)]| chain.iter().map(|(_, gain)| gain).product::<f64>();
    for layer in network.layers() {
        if starts_anew(layer, network) {
            chain.clear();
        } else if let Some(gain) = gain(network, layer) {
            chain.push((layer, gain));
        }
        if gain_of(&chain) < gain_of(&worst) {
            worst.clone_from(&chain);
        }
    }
    let total = gain_of(&worst);
    let Some((first, _)) = worst.first().filter(|_| total < LEAST) else { return Vec::new() };
    let words = format!(
        "The initial weights of {} layers are too small for ReLU: from {} on, numbers shrink on their way to {} % of their \
         size, and gradients with them. He weights keep their size.",
        worst.len(),
        network.name(first.id),
        crate::trace::significant(total * 100.0, 2)
    );
    let drawn = worst.iter().filter(|(layer, _)| layer.id == layer.id.drawn());
    let value = || ParamValue::Text(Initialiser::HeUniform.key().into());
    let edits: Vec<Edit> =
        drawn.map(|(layer, _)| Edit::SetParam { layer: layer.id, key: "init".into(), value: value() }).collect();
    let finding = Finding::new(&RULE, Severity::Warning, Place::Layer(first.id), words)
        .beyond("size of the numbers behind the layers, in that before them", total, LEAST)
        .with("layers", worst.len() as f64)
        .remedy(Remedy::edits("Use He weights in these layers", edits));
    vec![finding]
}

/// Behind it numbers have another size than what was foretold: normalised, merged, or read from a table.
fn starts_anew(layer: &Layer, network: &Network) -> bool {
    let feeds_several = network.after(layer.id).filter(|next| !matches!(next.kind, LayerKind::Loss(_))).count() > 1;
    feeds_several
        || matches!(layer.kind.about().group, Group::Normalisation | Group::Merge | Group::Sequence)
        || matches!(layer.kind, LayerKind::Formula(_) | LayerKind::Embedding(_) | LayerKind::Softmax(_))
}

/// By how much a weighted layer with ReLU behind it changes the size of numbers: √(fan-in · variance / 2).
fn gain(network: &Network, layer: &Layer) -> Option<f64> {
    if !matches!(layer.kind, LayerKind::Dense(_) | LayerKind::Conv2d(_)) {
        return None;
    }
    let activation = layer.kind.activation().or_else(|| network.next(layer.id)?.kind.activation())?;
    if !matches!(activation, Activation::Relu | Activation::LeakyRelu | Activation::CappedRelu) {
        return None;
    }
    let ParamValue::Text(init) = layer.kind.spec().param("init")? else { return None };
    let shape = network.shape(network.before(layer.id)?.id)?.clone();
    let weight = layer.kind.spec().weights(&[shape]).into_iter().find(|weight| weight.name == "weight")?;
    let (units, rest) = weight.dims.split_first()?;
    let per_unit = rest.iter().product::<usize>() as f64;
    let fan_out = *units as f64 * rest.iter().skip(1).product::<usize>() as f64;
    let is = |init_of: &[Initialiser]| init_of.iter().any(|one| one.key() == init);
    let variance = match () {
        () if is(&[Initialiser::GlorotUniform, Initialiser::GlorotNormal]) => 2.0 / (per_unit + fan_out),
        () if is(&[Initialiser::HeUniform, Initialiser::HeNormal]) => 2.0 / per_unit,
        () if is(&[Initialiser::LeCunUniform, Initialiser::LeCunNormal]) => 1.0 / per_unit,
        () if is(&[Initialiser::Orthogonal]) => 1.0 / per_unit.max(*units as f64),
        () => return None,
    };
    Some((per_unit * variance / 2.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, points};
    use crate::model::layer::{BatchNorm, Dense};

    fn planted(depth: usize, init: Initialiser, between: Option<LayerKind>) -> Vec<Finding> {
        let one = Dense { units: 16, activation: Activation::Relu, init, ..Dense::default() };
        let hidden = (0..depth).flat_map(|i| {
            let norm = between.clone().filter(|_| i % 3 == 2);
            [Some(one.clone().into()), norm].into_iter().flatten()
        });
        let planted = Planted::new(hidden.chain([dense(2)]).collect(), points(1.0, 0.0));
        let found = judge(&planted.case());
        if let [finding] = found.as_slice() {
            assert_eq!(finding.place, Place::Layer(planted.graph().find("Dense 1").unwrap().id));
            assert!(judge(&planted.with(&finding.remedies[0]).case()).is_empty());
        }
        found
    }

    #[test]
    fn weights_that_shrink_the_numbers_of_a_deep_network_are_told() {
        let found = planted(12, Initialiser::GlorotUniform, None);
        // √½ a layer, but for the first, which reads 2 numbers: √(2 / 18).
        let right = (1.0f64 / 9.0).sqrt() * 0.5f64.sqrt().powi(11);
        assert!((found[0].evidence[0].value - right).abs() < 1e-9, "{:?}", found[0].evidence);
        assert!(planted(3, Initialiser::GlorotUniform, None).is_empty());
        assert!(planted(12, Initialiser::HeNormal, None).is_empty());
        assert!(planted(12, Initialiser::GlorotUniform, Some(BatchNorm::default().into())).is_empty());
    }
}
