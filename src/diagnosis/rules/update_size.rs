//! Steps too large or too small for the weights.
//!
//! A step of about a thousandth of the weights is the rule of thumb (CS231n); TheDeepChecker allows 1e-4 to 1e-1,
//! gradsnitch 1e-4 to 1e-2, MindSpore 1e-4 to 1, SageMaker 1e-8 to 10. Small healthy networks make first steps of a
//! tenth with Adam, and steps of 1e-5 once they have converged. So the large end is looked at in the first steps,
//! where weights have not grown with the rate yet, and the small one counts only while the loss stays where it was.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::TrainingSpec;

/// Size of a step as a share of the weights.
const LARGE: f64 = 0.2;
const SMALL: f64 = 1e-5;
/// Summaries of the first steps: 1, 2 and 4.
const EARLY: u64 = 4;
/// A loss that has fallen by more is learning, however large the steps.
const LEARNS: f64 = 0.5;
/// Summaries that must agree.
const SUMMARIES: usize = 3;
/// Of a rate that is too low, the loss has fallen by less.
const FELL: f64 = 0.05;
/// The first summaries are of the first steps, which are large with Adam.
const FIRST: u64 = 8;

pub static LARGE_STEPS: Rule = Rule {
    id: "steps-too-large",
    title: "Steps too large",
    when: When::Training { within: 4 },
    fires: "With fresh weights, steps 1, 2 and 4 each change every layer with weights that moves at all by more than \
        20 % of their size, and the loss hasn't fallen by half since.",
    why: "Small healthy networks make first steps of 10 % with Adam, so the published 1 % and 10 % fire on them. Later the \
        weights have grown with the steps, and the share says less.",
    source: "TheDeepChecker (1e-4 to 1e-1); gradsnitch (1e-4 to 1e-2); MindSpore Insight (1e-4 to 1); SageMaker Debugger \
        (1e-8 to 10)",
    follows: &["inputs-unscaled", "target-unscaled"],
    asks: &[],
    judge: judge_large,
};

pub static SMALL_STEPS: Rule = Rule {
    id: "steps-too-small",
    title: "Steps too small",
    when: When::Training { within: 64 },
    fires: "In the last 3 summaries from step 8 on, each step changes every layer with weights by less than 0.001 % of their \
        size, but not by 0, and the loss has fallen by less than 5 %.",
    why: "Steps of networks that have converged are as small; a loss that stays where it was from the start tells them apart.",
    source: "TheDeepChecker and gradsnitch (below 1e-4); MindSpore Insight (1e-4); UMLAUT (learning rate below 1e-7)",
    follows: &["vanishing-gradients", "saturated"],
    asks: &[],
    judge: judge_small,
};

/// Of late: the step of the last summary, and the smallest and the largest share over all layers and summaries.
fn shares(case: &Case) -> Option<(u64, f64, f64)> {
    let records = case.records?;
    let (mut at, mut least, mut most) = (0, f64::INFINITY, 0.0f64);
    for layer in case.network.trained() {
        for (step, of) in records.lately(layer.id, SUMMARIES) {
            let share = f64::from(of.update);
            // NaN of layers whose weights started at 0, such as a bias alone.
            if !share.is_nan() {
                (at, least, most) = (at.max(step), least.min(share), most.max(share));
            }
            if step < FIRST {
                return None;
            }
        }
    }
    (at > 0).then_some((at, least, most))
}

/// The smallest and the largest share over all layers in the first steps; `None` where one is missing.
fn first_shares(case: &Case) -> Option<(f64, f64)> {
    let records = case.records.filter(|records| records.is_fresh)?;
    let (mut least, mut most) = (f64::INFINITY, 0.0f64);
    for layer in case.network.trained() {
        let early = records.curves.summaries.of(layer.id).take_while(|(step, _)| *step <= EARLY);
        let shares: Vec<f64> = early.map(|(_, of)| f64::from(of.update)).filter(|share| !share.is_nan()).collect();
        if shares.len() < SUMMARIES {
            return None;
        }
        // What a first step has killed doesn't move any more.
        if shares.contains(&0.0) {
            continue;
        }
        (least, most) =
            shares.into_iter().fold((least, most), |(least, most), share| (least.min(share), most.max(share)));
    }
    (most > 0.0).then_some((least, most))
}

fn judge_large(case: &Case) -> Vec<Finding> {
    let Some((least, most)) = first_shares(case).filter(|(least, _)| *least > LARGE) else { return Vec::new() };
    if case.records.and_then(|records| records.loss_fell_by()).is_some_and(|fell| fell > LEARNS) {
        return Vec::new();
    }
    let words = "Each step changes the weights by a large part of their size, so it throws away what the steps before it have \
        learnt. The learning rate is too high.";
    let finding = Finding::new(&LARGE_STEPS, Severity::Serious, Place::Setting("training.learning_rate"), words)
        .seen(EARLY, Confidence::Measured)
        .beyond("smallest step of a layer, as a share of its weights", least, LARGE)
        .with("largest", most)
        .with("learning rate", case.training.learning_rate);
    vec![finding.remedy(super::slower(case.training))]
}

fn judge_small(case: &Case) -> Vec<Finding> {
    let fell = case.records.and_then(|records| records.loss_fell_by());
    let Some((step, least, most)) = shares(case).filter(|(_, least, most)| *least > 0.0 && *most < SMALL) else {
        return Vec::new();
    };
    let Some(fell) = fell.filter(|fell| *fell < FELL) else { return Vec::new() };
    let words = "Each step hardly changes the weights, and the loss stays where it was. At this pace learning would take \
        hundreds of thousands of steps. The learning rate is too low.";
    let learning_rate = case.training.learning_rate * 100.0;
    let faster = TrainingSpec { learning_rate, ..case.training.clone() };
    let label = format!("Set the learning rate to {}", super::plain(learning_rate));
    let finding = Finding::new(&SMALL_STEPS, Severity::Serious, Place::Setting("training.learning_rate"), words)
        .seen(step, Confidence::Measured)
        .beyond("largest step of a layer, as a share of its weights", most, SMALL)
        .with("smallest", least)
        .with("share by which the loss has fallen", fell)
        .with("learning rate", case.training.learning_rate);
    vec![finding.remedy(Remedy::training(label, faster))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, points, summaries};

    fn planted(updates: [f32; 2], fell: f32) -> [usize; 2] {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        let records = summaries(&planted, &["Dense 1", "Dense 2"], fell, |layer, of| of.update = updates[layer]);
        let case = planted.case().after(&records);
        [judge_large(&case).len(), judge_small(&case).len()]
    }

    #[test]
    fn steps_far_from_the_size_of_the_weights_are_told_by_their_rate() {
        assert_eq!(planted([0.6, 0.9], 0.0), [1, 0]);
        assert_eq!(planted([0.01, 0.9], 0.0), [0, 0], "one layer copes");
        assert_eq!(planted([1e-7, 1e-6], 0.0), [0, 1]);
        assert_eq!(planted([1e-7, 1e-6], 0.9), [0, 0], "it has converged");
        assert_eq!(planted([1e-3, 1e-3], 0.0), [0, 0]);
    }
}
