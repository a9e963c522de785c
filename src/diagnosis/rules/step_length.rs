//! Steps too short or too long for how the loss bends, by Cockpit's α: the slopes along a step at both of its ends give
//! a parabola; α says where on it the step ends.
//!
//! Cockpit publishes no limit: α near −1 is a step that could be far longer, above 1 one that ends higher than it
//! began. Steps of healthy runs are often as short as the first or as long as the second, so the loss has to stay as
//! well.

use crate::diagnosis::{Case, Confidence, Finding, Place, Records, Remedy, Rule, Severity, When};
use crate::model::TrainingSpec;
use crate::trace::Instrument;

/// α of every step is below this: the lowest point lies a hundred such steps ahead.
const SHORT: f64 = -0.99;
/// From a thousand steps on, the remedy goes further.
const VERY_SHORT: f64 = -0.999;
/// The mean of α is above this: on the mean a step ends nearly as high on the parabola as it began.
const LONG: f64 = 0.9;
/// And each for itself above this.
const FAR: f64 = 0.5;
/// Steps that must agree.
const STEPS: usize = 5;
/// Steps before anything is said.
const LEAST: u64 = 50;
/// Of steps too short, the loss has fallen by less; of steps too long as well.
const FELL_SHORT: f64 = 0.1;
const FELL_LONG: f64 = 0.5;
/// Who is right so often has learnt.
const RIGHT: f64 = 0.95;

pub static SHORT_STEPS: Rule = Rule {
    id: "rate-too-low",
    title: "Learning rate too low for the curvature",
    when: When::Training { within: 50 },
    fires: "After at least 50 steps the next 5 all have an α below −0.99 (the loss falls straight on, for a hundred such \
        steps or more), while the loss has fallen by less than 10 %.",
    why: "No limit is published. At −0.99 the lowest point of the parabola is a hundred steps away. Whole-batch runs that \
        learn well have an α of −0.99 as well, so the loss has to stay.",
    source: "Schneider et al., Cockpit (2021): α of −1 means that the step stays where it began",
    follows: &[
        "steps-too-small",
        "vanishing-gradients",
        "saturated",
        "inputs-unscaled",
        "activation-spread",
        "init-misfit",
        "symmetric-weights",
        "clipped-often",
    ],
    asks: &[Instrument::Steps],
    judge: judge_short,
};

pub static LONG_STEPS: Rule = Rule {
    id: "rate-too-high",
    title: "Learning rate too high for the curvature",
    when: When::Training { within: 50 },
    fires: "After at least 50 steps the next 5 have an α of more than 0.9 on the mean and of more than 0.5 each (each goes past \
        the lowest point of its valley and ends about as high as it began), while the loss is above half of the first.",
    why: "Well-tuned runs go somewhat past the lowest point, and single steps of small batches far past it; five in a row that \
        end about as high as they began, while the loss stays, are no chance. A network caught in a valley jumps between \
        0.91 and 1.10 by turns (two moons, SGD at 5).",
    source: "Schneider et al., Cockpit (2021): α of 1 means that the step ends as high on the other side",
    follows: &["steps-too-large", "inputs-unscaled", "target-unscaled"],
    asks: &[Instrument::Steps],
    judge: judge_long,
};

/// α of the steps that come, of a run that has not learnt yet.
fn alphas<'a>(case: &Case<'a>) -> Option<(&'a Records, Vec<f64>)> {
    let records = case.records.filter(|records| records.steps >= LEAST)?;
    let has_learnt = records.train.as_ref().is_some_and(|train| train.score >= RIGHT);
    let alphas: Vec<f64> = records.readings.steps.iter().filter_map(|step| step.alpha()).collect();
    (!has_learnt && alphas.len() >= STEPS).then_some((records, alphas))
}

fn judge_short(case: &Case) -> Vec<Finding> {
    let is_slow = |records: &Records| records.loss_fell_by().is_some_and(|fell| fell < FELL_SHORT);
    let Some((records, alphas)) = alphas(case).filter(|(records, _)| is_slow(records)) else { return Vec::new() };
    let largest = alphas.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest >= SHORT {
        return Vec::new();
    }
    let words = "The loss falls straight on along every step, and the step ends long before it bends. Longer steps would \
        get there sooner.";
    let learning_rate = case.training.learning_rate * if largest < VERY_SHORT { 100.0 } else { 10.0 };
    let label = format!("Set the learning rate to {}", super::plain(learning_rate));
    let faster = TrainingSpec { learning_rate, ..case.training.clone() };
    vec![
        finding(&SHORT_STEPS, case, records, words)
            .beyond("largest α of the next steps", largest, SHORT)
            .remedy(Remedy::training(label, faster)),
    ]
}

fn judge_long(case: &Case) -> Vec<Finding> {
    // Against the very first loss: the next ones may already be those of a network that was thrown about.
    let stays = |records: &Records| {
        let first = records.curves.train_loss.values().first().map(|&loss| f64::from(loss));
        records.mean_loss(0.9, 1.0).zip(first).is_some_and(|(last, first)| last > FELL_LONG * first)
    };
    let Some((records, alphas)) = alphas(case).filter(|(records, _)| stays(records)) else { return Vec::new() };
    let smallest = alphas.iter().copied().fold(f64::INFINITY, f64::min);
    let mean = alphas.iter().sum::<f64>() / alphas.len() as f64;
    if mean <= LONG || smallest <= FAR {
        return Vec::new();
    }
    let words = "Every step goes past the lowest point ahead of it and ends about as high on the other side, so the \
        network jumps to and fro across a valley.";
    vec![
        finding(&LONG_STEPS, case, records, words)
            .beyond("mean α of the next steps", mean, LONG)
            .remedy(super::slower(case.training)),
    ]
}

fn finding(rule: &'static Rule, case: &Case, records: &Records, words: &str) -> Finding {
    Finding::new(rule, Severity::Warning, Place::Setting("training.learning_rate"), words)
        .seen(records.steps, Confidence::Measured)
        .with("share by which the loss has fallen", records.loss_fell_by().unwrap_or(0.0))
        .with("learning rate", case.training.learning_rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, losses, points};
    use crate::trace::{Readings, StepReading};

    fn planted(after: [f64; 5], fell: f32) -> [usize; 2] {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        let each: Vec<f32> = (0..60).map(|step| if step < 5 { 1.0 } else { 1.0 - fell }).collect();
        let steps = after.map(|after| StepReading { before: -1.0, after }).to_vec();
        let records = Records { readings: Readings { step: 60, steps, ..Readings::default() }, ..losses(&each) };
        let case = planted.case().after(&records);
        [judge_short(&case).len(), judge_long(&case).len()]
    }

    #[test]
    fn steps_that_end_long_before_or_far_behind_the_lowest_point_are_told() {
        assert_eq!(planted([-0.999; 5], 0.01), [1, 0]);
        assert_eq!(planted([-0.999; 5], 0.3), [0, 0], "it gets there");
        assert_eq!(planted([1.5, 2.0, 1.2, 1.8, 3.0], 0.1), [0, 1]);
        assert_eq!(planted([1.5, 0.2, 1.2, 1.8, 3.0], 0.1), [0, 0], "one of them doesn't go far");
        assert_eq!(planted([1.5; 5], 0.8), [0, 0], "the loss falls all the same");
        assert_eq!(planted([0.3; 5], 0.0), [0, 0]);
    }
}
