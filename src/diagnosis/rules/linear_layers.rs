//! Two weighted layers with no function between them.
//!
//! UMLAUT looks for missing activations. Without one, two layers compute what one could. A layer that is
//! narrower than both its neighbours is left alone: a bottleneck is meant (autoencoders, factorised weights,
//! MobileNetV2).

use crate::diagnosis::network::{is_absent_later, moves_only};
use crate::diagnosis::{Case, Finding, Network, Place, Remedy, Rule, Severity, When};
use crate::model::layer::{Activation, Initialiser};
use crate::model::{Edit, Layer, LayerKind, ParamValue};

pub static RULE: Rule = Rule {
    id: "linear-layers",
    title: "No activation between layers",
    when: When::BeforeTraining,
    fires: "A Dense or Conv layer without activation feeds only another one, past nothing but batch norm, dropout or \
        reshaping, and isn't narrower than what it reads and what it feeds. Serious where the network has no other \
        nonlinear layer.",
    why: "A fact of the network. A bottleneck is left alone: it is how autoencoders and factorised layers are built.",
    source: "UMLAUT (no activation in hidden layers)",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let network = &case.network;
    let (layers, is_linear) = (network.layers(), is_straight(network));
    let of = |layer: &&&Layer| layer.id == layer.id.drawn() && is_weighted(&layer.kind) && bare(layer);
    let found = layers.iter().filter(of).filter_map(|layer| {
        let next = next_weighted(network, layer)?;
        let (input, own) = (network.size(network.before(layer.id)?.id)?, network.size(layer.id)?);
        let is_bottleneck = own < input.min(network.size(next.id)?);
        (!is_bottleneck).then(|| finding(layer, next, is_linear))
    });
    found.collect()
}

/// Whether no layer bends anything.
pub(super) fn is_straight(network: &Network) -> bool {
    let keeps = |layer: &&Layer| keeps_straight(&layer.kind) || is_weighted(&layer.kind) && bare(layer);
    network.layers().iter().all(keeps)
}

fn finding(layer: &Layer, next: &Layer, is_linear: bool) -> Finding {
    let (severity, whole) = match is_linear {
        true => (Severity::Serious, " The whole network can only draw straight lines."),
        false => (Severity::Warning, ""),
    };
    let words = format!(
        "{} has no activation and leads straight into {}. Two weighted sums in a row are one weighted sum, so one of the \
         layers is wasted.{whole}",
        layer.name, next.name
    );
    let set = |key: &str, word: &str| Edit::SetParam {
        layer: layer.id.drawn(),
        key: key.into(),
        value: ParamValue::Text(word.into()),
    };
    let mut edits = vec![set("activation", Activation::Relu.key())];
    edits.extend(layer.kind.spec().param("init").map(|_| set("init", Initialiser::HeUniform.key())));
    let label = format!("Use ReLU in {}", layer.name);
    Finding::new(&RULE, severity, Place::Layer(layer.id), words).remedy(Remedy::edits(label, edits))
}

/// A layer that computes weighted sums, and nothing else before its activation.
fn is_weighted(kind: &LayerKind) -> bool {
    matches!(kind, LayerKind::Dense(_) | LayerKind::Conv2d(_) | LayerKind::Conv1d(_))
}

fn bare(layer: &Layer) -> bool {
    layer.kind.activation().is_none()
}

/// A layer that turns no straight line into a curve.
fn keeps_straight(kind: &LayerKind) -> bool {
    let is_mean = matches!(
        kind,
        LayerKind::AvgPool2d(_) | LayerKind::AvgPool1d(_) | LayerKind::GlobalAvgPool(_) | LayerKind::MeanOver(_)
    );
    let is_end = matches!(kind, LayerKind::Input(_) | LayerKind::Loss(_) | LayerKind::BatchNorm(_));
    let merges =
        matches!(kind, LayerKind::Add(_) | LayerKind::Concat(_) | LayerKind::Subtract(_) | LayerKind::Average(_));
    is_mean || is_end || merges || moves_only(kind) || is_absent_later(kind)
}

/// The weighted layer that alone is fed, past what changes nothing about being straight.
fn next_weighted<'a>(network: &'a Network, layer: &Layer) -> Option<&'a Layer> {
    let mut next = network.next(layer.id)?;
    while matches!(next.kind, LayerKind::BatchNorm(_)) || is_absent_later(&next.kind) {
        next = network.next(next.id)?;
    }
    is_weighted(&next.kind).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, activated, dense, points};
    use crate::model::layer::{BatchNorm, Dropout, Relu};

    fn planted(layers: Vec<LayerKind>) -> (Planted, Vec<Finding>) {
        let planted = Planted::new(layers, points(1.0, 0.0));
        let found = judge(&planted.case());
        (planted, found)
    }

    #[test]
    fn a_missing_activation_is_named_and_its_remedy_helps() {
        for between in [vec![], vec![BatchNorm::default().into()], vec![Dropout::default().into()]] {
            let (network, found) = planted([vec![dense(16)], between, vec![dense(2)]].concat());
            assert_eq!((found.len(), found[0].severity), (1, Severity::Serious));
            assert!(found[0].words.starts_with("Dense 1 has no activation"), "{}", found[0].words);
            assert!(judge(&network.with(&found[0].remedies[0]).case()).is_empty());
        }
        let (_, found) = planted(vec![activated(16, Activation::Tanh), dense(16), dense(2)]);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Warning));
        assert!(found[0].words.starts_with("Dense 2"), "{}", found[0].words);
    }

    #[test]
    fn activations_bottlenecks_and_single_layers_are_meant() {
        for layers in [
            vec![dense(2)],
            vec![activated(16, Activation::Tanh), dense(2)],
            vec![dense(16), Relu {}.into(), dense(2)],
            vec![dense(16), BatchNorm::default().into(), Relu {}.into(), dense(2)],
            vec![activated(16, Activation::Gelu), dense(2), activated(16, Activation::Gelu), dense(2)],
        ] {
            assert!(planted(layers.clone()).1.is_empty(), "{layers:?}");
        }
    }
}
