//! Tanh and sigmoid units at their ends.
//!
//! SageMaker Debugger and TheDeepChecker: more than half. Trained healthy networks of small width come near to that (a
//! spiral is cut out of tanh units by their ends), so here 80 % have to lie there while the loss hardly falls.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::Layer;
use crate::model::layer::BatchNorm;

/// Share of a layer's outputs.
const LIMIT: f64 = 0.8;
/// And where the loss falls all the same, while fewer answers are right than that.
const ALL: f64 = 0.95;
const RIGHT: f64 = 0.9;
/// Summaries that must agree.
const SUMMARIES: usize = 3;
/// A loss that has fallen by more is learning.
const FELL: f64 = 0.2;

pub static RULE: Rule = Rule {
    id: "saturated",
    title: "Saturated units",
    when: When::Training { within: 64 },
    fires: "In the last 3 summaries at least 80 % of what leaves a tanh or sigmoid layer lies within a fiftieth of its \
        ends, and the loss has fallen by less than 20 %; or at least 95 %, and less than 90 % of the training answers are \
        right (or explained).",
    why: "More than half, the published share, is reached by healthy tanh networks that have learnt sharp boundaries.",
    source: "SageMaker Debugger, SaturatedActivation (half); TheDeepChecker (saturation above 0.85 for half of the units)",
    follows: &["inputs-unscaled", "steps-too-large", "diverging"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records else { return Vec::new() };
    let Some(fell) = records.loss_fell_by() else { return Vec::new() };
    let has_learnt = records.train.as_ref().is_some_and(|train| train.score >= RIGHT);
    // The last biases alone may bring a loss down.
    let limit = if fell < FELL { LIMIT } else { ALL };
    if fell >= FELL && has_learnt {
        return Vec::new();
    }
    let of_layer = |layer: &&Layer| {
        let lately = records.lately(layer.id, SUMMARIES);
        // NaN of layers without ends.
        let is_saturated = !lately.is_empty() && lately.iter().all(|(_, of)| f64::from(of.saturated) >= limit);
        is_saturated
            .then(|| finding(case, layer, lately[SUMMARIES - 1].0, f64::from(lately[SUMMARIES - 1].1.saturated)))
    };
    case.network.layers().iter().filter_map(of_layer).collect()
}

fn finding(case: &Case, layer: &Layer, step: u64, share: f64) -> Finding {
    let words = format!(
        "Most of what leaves {} lies at the ends of its activation, where the curve is flat: hardly any gradient passes, and \
         the layers before it stop learning. Its sums are too large.",
        case.network.name(layer.id)
    );
    let finding = Finding::new(&RULE, Severity::Serious, Place::Layer(layer.id), words)
        .seen(step, Confidence::Measured)
        .beyond("share of outputs at the ends", share, LIMIT);
    let before = case
        .network
        .before(layer.id)
        .map(|before| crate::model::Edit::Append { after: before.id.drawn(), kind: BatchNorm::default().into() });
    let norm = before.map(|edit| Remedy::edits(format!("Insert batch norm before {}", layer.name), vec![edit]));
    [
        norm,
        Some(super::slower(case.training)),
        Some(Remedy::by_hand("Use smaller initial weights, or scale the inputs")),
    ]
    .into_iter()
    .flatten()
    .fold(finding, Finding::remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, activated, dense, points, summaries};
    use crate::model::layer::Activation;

    fn planted(share: f32, fell: f32) -> Vec<Finding> {
        let planted = Planted::new(vec![activated(8, Activation::Tanh), dense(2)], points(1.0, 0.0));
        let records = summaries(&planted, &["Dense 1", "Dense 2"], fell, |layer, of| {
            of.saturated = if layer == 0 { share } else { f32::NAN };
        });
        judge(&planted.case().after(&records))
    }

    #[test]
    fn a_layer_at_its_ends_is_named_while_nothing_is_learnt() {
        let found = planted(0.95, 0.02);
        assert_eq!(found.len(), 1);
        assert!(found[0].words.contains("leaves Dense 1"), "{}", found[0].words);
        assert!(planted(0.7, 0.02).is_empty());
        assert!(planted(0.9, 0.5).is_empty(), "sharp boundaries that fit");
        assert_eq!(planted(0.99, 0.5).len(), 1, "the last biases have brought the loss down");
    }
}
