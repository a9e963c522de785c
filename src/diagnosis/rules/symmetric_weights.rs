//! Hidden layers whose weights all start alike.
//!
//! TheDeepChecker and NeuraLint. Units with equal weights get equal gradients and stay equal for ever; of zeros none
//! arrives at all. In the last layer it does no harm: each output has a truth of its own. A fact of the settings.

use crate::diagnosis::{Case, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::layer::{Activation, Initialiser};
use crate::model::{Edit, Layer, ParamValue};

pub static RULE: Rule = Rule {
    id: "symmetric-weights",
    title: "Weights that start alike",
    when: When::BeforeTraining,
    fires: "The weights of a layer with several units, in front of another layer with weights, start as zeros or as one \
        constant.",
    why: "A fact of the settings. In the last layer zeros do no harm, and are used on purpose.",
    source: "TheDeepChecker and NeuraLint (symmetric initialisation); Goodfellow et al., Deep Learning, section 8.4",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    if case.begins_with_given_weights() {
        return Vec::new();
    }
    let ends: Vec<_> = case.network.ends().iter().map(|end| end.last.id).collect();
    let layers = case.network.trained().into_iter().filter(|layer| layer.id == layer.id.drawn());
    let found = layers.filter(|layer| !ends.contains(&layer.id)).filter_map(|layer| {
        let word = initialiser(layer)?;
        let units = layer.kind.count().map_or(1, |(_, count)| count);
        (units > 1).then(|| finding(layer, word, units))
    });
    found.collect()
}

fn initialiser(layer: &Layer) -> Option<&'static str> {
    match layer.kind.spec().param("init")? {
        ParamValue::Text(word) if word == Initialiser::Zeros.key() => Some("0"),
        ParamValue::Text(word) if word == Initialiser::Constant.key() => Some("the same value"),
        _ => None,
    }
}

fn finding(layer: &Layer, word: &str, units: i64) -> Finding {
    let words = format!(
        "All weights of {} start as {word}. Its units compute the same, get the same gradient and stay alike for ever, as \
         if there were only one.",
        layer.name
    );
    let init = match layer.kind.activation() {
        Some(Activation::Tanh | Activation::Sigmoid) | None => Initialiser::GlorotUniform,
        Some(_) => Initialiser::HeUniform,
    };
    let value = ParamValue::Text(init.key().into());
    let edit = Edit::SetParam { layer: layer.id.drawn(), key: "init".into(), value };
    Finding::new(&RULE, Severity::Serious, Place::Layer(layer.id), words)
        .with("units that are alike", units as f64)
        .remedy(Remedy::edits(format!("Initialise {} with {}", layer.name, init.title()), vec![edit]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, points};
    use crate::model::LayerKind;
    use crate::model::layer::Dense;

    fn of(units: usize, init: Initialiser) -> LayerKind {
        Dense { units, init, activation: Activation::Relu, init_value: 0.1, ..Dense::default() }.into()
    }

    #[test]
    fn hidden_layers_that_start_alike_are_named_and_last_ones_are_not() {
        for init in [Initialiser::Zeros, Initialiser::Constant] {
            let planted = Planted::new(vec![of(8, init), dense(2)], points(1.0, 0.0));
            let found = judge(&planted.case());
            assert!(found[0].words.contains("of Dense 1 start"), "{}", found[0].words);
            assert!(judge(&planted.with(&found[0].remedies[0]).case()).is_empty());
        }
        let last = Dense { units: 2, init: Initialiser::Zeros, ..Dense::default() };
        for layers in [vec![of(8, Initialiser::HeUniform), last.into()], vec![of(1, Initialiser::Zeros), dense(2)]] {
            assert!(judge(&Planted::new(layers, points(1.0, 0.0)).case()).is_empty());
        }
    }
}
