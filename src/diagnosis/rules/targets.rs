//! Numbers to predict that the network cannot reach: far from the size of its outputs, or outside of what its last
//! function can give.
//!
//! No system publishes a limit on targets. With a root mean square above 10 the first squared errors are a hundred
//! times those of standardised targets. The ends of activations are facts.

use crate::diagnosis::{Case, Finding, Place, Remedy, Rule, Severity, TargetFacts, When};
use crate::model::layer::Activation;
use crate::model::{Edit, Layer, LayerKind, ParamValue, Task};

/// Root mean square of a target.
const LARGE: f64 = 10.0;
/// Share of targets that cannot be reached.
const UNREACHED: f64 = 0.01;

pub static UNSCALED: Rule = Rule {
    id: "target-unscaled",
    title: "Target not scaled",
    when: When::BeforeTraining,
    fires: "The root mean square of a number to predict, as the network learns it, is above 10.",
    why: "No limit is published. Standardised targets have 1; from 10 on the first gradients of the squared error are a \
        hundred times as large.",
    source: "LeCun et al., Efficient BackProp (1998), section 4",
    follows: &[],
    asks: &[],
    judge: judge_size,
};

pub static RANGE: Rule = Rule {
    id: "target-out-of-range",
    title: "Targets out of reach",
    when: When::BeforeTraining,
    fires: "The last layer's activation can't give more than 1 % of the numbers to predict: negative ones behind ReLU or \
        softplus, numbers outside 0 to 1 behind sigmoid, outside −1 to 1 behind tanh.",
    why: "A fact of network and data. A few outliers at the border are left alone.",
    source: "Goodfellow et al., Deep Learning, section 6.2.2 (output units)",
    follows: &[],
    asks: &[],
    judge: judge_range,
};

fn judge_size(case: &Case) -> Vec<Finding> {
    if !matches!(case.network.task(), Task::Numbers(_)) {
        return Vec::new();
    }
    let size = |target: &TargetFacts| target.mean.hypot(target.deviation);
    let large = case.data.targets.iter().filter(|target| size(target) > LARGE);
    let found = large.map(|target| {
        let words = format!(
            "\"{}\" is learnt in its own unit. The network starts with outputs near 0, so the first errors and gradients are \
             huge, and most steps go into reaching the right size.",
            target.name
        );
        Finding::new(&UNSCALED, Severity::Warning, Place::Column(target.name.clone()), words)
            .beyond("root mean square", size(target), LARGE)
            .with("mean", target.mean)
            .with("standard deviation", target.deviation)
            .remedy(Remedy::by_hand("Scale the target, to mean 0 and standard deviation 1"))
    });
    found.collect()
}

fn judge_range(case: &Case) -> Vec<Finding> {
    if !matches!(case.network.task(), Task::Numbers(_)) {
        return Vec::new();
    }
    let ends = case.network.ends();
    let Some((last, (range, share_of))) = ends.iter().find_map(|end| Some((end.last, reach(end.last)?))) else {
        return Vec::new();
    };
    let worst = case.data.targets.iter().max_by(|a, b| share_of(a).total_cmp(&share_of(b)));
    let Some(target) = worst.filter(|target| share_of(target) > UNREACHED) else { return Vec::new() };
    let words = format!(
        "{} can only give numbers {range}, but \"{}\" goes from {} to {}, as the network learns it.",
        last.name,
        target.name,
        crate::trace::significant(target.min, 3),
        crate::trace::significant(target.max, 3)
    );
    let finding = Finding::new(&RANGE, Severity::Serious, Place::Layer(last.id), words)
        .beyond("share of targets out of reach", share_of(target), UNREACHED)
        .with("smallest target", target.min)
        .with("largest target", target.max);
    vec![finding.remedy(straight(last))]
}

/// The share of a target's numbers that an activation cannot give.
type Unreached = fn(&TargetFacts) -> f64;

/// What an activation can give, and how much it cannot.
fn reach(last: &Layer) -> Option<(&'static str, Unreached)> {
    let outside: Unreached = |target| target.below_zero + target.above_one;
    match last.kind.activation()? {
        Activation::Relu | Activation::Softplus | Activation::ThresholdedRelu => {
            Some(("from 0 up", |target| target.below_zero))
        }
        Activation::Sigmoid | Activation::HardSigmoid => Some(("from 0 to 1", outside)),
        Activation::Tanh | Activation::HardTanh => Some(("from −1 to 1", |target| target.beyond_one)),
        _ => None,
    }
}

/// The last layer without its activation.
fn straight(last: &Layer) -> Remedy {
    let id = last.id.drawn();
    let is_own = matches!(last.kind.chosen_activation(), None | Some(Activation::None));
    let edit = match &last.kind {
        LayerKind::Formula(_) => return Remedy::by_hand("End in a layer without activation"),
        _ if is_own => Edit::Remove(vec![id]),
        _ => Edit::SetParam {
            layer: id,
            key: "activation".into(),
            value: ParamValue::Text(Activation::None.key().into()),
        },
    };
    Remedy::edits(format!("Take the activation out of {}", last.name), vec![edit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, activated, dense, numbers};

    #[test]
    fn a_target_in_its_own_unit_is_named() {
        let of = |target: fn(usize) -> f32| judge_size(&Planted::new(vec![dense(1)], numbers(target)).case());
        assert_eq!(of(|i| 200_000.0 + i as f32)[0].place, Place::Column("price".into()));
        assert!(of(|i| (i as f32).sin() * 3.0).is_empty());
    }

    #[test]
    fn targets_that_the_last_function_cannot_give_are_told() {
        for (activation, is_found) in [
            (Activation::Relu, true),
            (Activation::Sigmoid, true),
            (Activation::Tanh, true),
            (Activation::None, false),
            (Activation::LeakyRelu, false),
        ] {
            let planted = Planted::new(vec![activated(1, activation)], numbers(|i| (i as f32).sin() * 1.5));
            let found = judge_range(&planted.case());
            assert_eq!(found.len(), usize::from(is_found), "{activation:?}");
            if is_found {
                assert!(judge_range(&planted.with(&found[0].remedies[0]).case()).is_empty());
            }
        }
        let inside = Planted::new(vec![activated(1, Activation::Tanh)], numbers(|i| (i as f32).sin() * 0.9));
        assert!(judge_range(&inside.case()).is_empty());
    }
}
