//! Gradients far too large.
//!
//! SageMaker Debugger: mean beyond 1e6; AUTOTRAINER: first layer 70 times the last; gradsnitch: eight times the median.
//! Ratios fire on healthy networks with narrow layers, and so does eight times the median where a loss has become
//! small. A norm of 1,000, where the templates of points stay below 5, leaves no doubt.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::{Clip, TrainingSpec};

/// Norm of the gradient of a layer.
const LIMIT: f64 = 1e3;
/// What the remedy clips to.
const NORM: f64 = 1.0;
/// Summaries that are looked at, most of which must agree.
const SUMMARIES: usize = 3;

pub static RULE: Rule = Rule {
    id: "exploding-gradients",
    title: "Exploding gradients",
    when: When::Training { within: 16 },
    fires: "In at least 2 of the last 3 summaries the gradient of a layer has a norm above 1,000, or is NaN or infinite, and \
        gradients aren't clipped.",
    why: "Ratios between layers and to the median fire on healthy networks with narrow layers and small losses. In the \
        templates of points, gradients stay below 5.",
    source: "SageMaker Debugger, ExplodingTensor; AUTOTRAINER (first to last above 70); gradsnitch (8 times the median)",
    follows: &["inputs-unscaled", "target-unscaled", "diverging"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records.filter(|_| case.training.clip == Clip::None) else { return Vec::new() };
    let layers = case.network.trained();
    let norms = layers.iter().filter_map(|layer| {
        let lately = records.lately(layer.id, SUMMARIES);
        let is_large = |gradient: f64| gradient.is_infinite() || gradient > LIMIT;
        let beyond = lately.iter().filter(|(_, of)| is_large(f64::from(of.gradient))).count();
        let largest = lately.iter().map(|(_, of)| f64::from(of.gradient)).fold(0.0, f64::max);
        (beyond >= 2).then(|| (*layer, largest, lately[SUMMARIES - 1].0))
    });
    let Some((layer, norm, step)) = norms.max_by(|a, b| a.1.total_cmp(&b.1)) else { return Vec::new() };
    let words = format!(
        "The gradients explode: in {} a step would change the loss thousands of times as fast as in a healthy network, so \
         the weights are thrown about.",
        case.network.name(layer.id)
    );
    let clipped = TrainingSpec { clip: Clip::Norm { max: NORM }, ..case.training.clone() };
    let finding = Finding::new(&RULE, Severity::Serious, Place::Layer(layer.id), words)
        .seen(step, Confidence::Measured)
        .beyond("norm of the gradient", norm, LIMIT)
        .remedy(Remedy::training("Clip the gradients to a norm of 1", clipped))
        .remedy(super::slower(case.training));
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, points, summaries};

    fn planted(gradients: [f32; 2]) -> (Planted, Vec<Finding>) {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        let records = summaries(&planted, &["Dense 1", "Dense 2"], 0.0, |layer, of| of.gradient = gradients[layer]);
        let found = judge(&planted.case().after(&records));
        (planted, found)
    }

    #[test]
    fn the_layer_with_the_largest_gradient_is_named() {
        let (project, found) = planted([2e3, 5e4]);
        assert_eq!(found[0].place, Place::Layer(project.graph().find("Dense 2").unwrap().id));
        assert!(planted([500.0, 20.0]).1.is_empty());
    }
}
