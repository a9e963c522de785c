//! A loss that stays where it began.
//!
//! SageMaker Debugger: not lower after 10 steps, which a noisy start often isn't. Here 100 steps, of which the last
//! tenth is within 2 % of the first five, while answers are still wrong.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};

/// Share of the loss.
const LIMIT: f64 = 0.02;
/// Steps before anything is said.
const LEAST: u64 = 100;
/// Who is right so often has learnt, whatever the loss does.
const RIGHT: f64 = 0.95;

pub static RULE: Rule = Rule {
    id: "flat-loss",
    title: "Loss doesn't fall",
    when: When::Training { within: 100 },
    fires: "After at least 100 steps with fresh weights the mean loss of the last tenth is within 2 % of that of the first \
        five steps, and less than 95 % of the training answers are right (or explained).",
    why: "Ten steps, the published number, are too few: the first losses of healthy runs often go up and down.",
    source: "SageMaker Debugger, LossNotDecreasing (10 steps)",
    follows: &[
        "inputs-unscaled",
        "target-out-of-range",
        "double-activation",
        "symmetric-weights",
        "vanishing-gradients",
        "dead-relu",
        "saturated",
        "steps-too-small",
        "steps-too-large",
        "activation-spread",
        "init-misfit",
        "rate-too-low",
        "rate-too-high",
        "oscillating",
        "plateau",
        "straight-network",
    ],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records.filter(|records| records.steps >= LEAST && records.first_loss().is_some()) else {
        return Vec::new();
    };
    let is_right = records.train.as_ref().is_some_and(|train| train.score >= RIGHT);
    let (Some(fell), Some(early)) = (records.loss_fell_by(), records.early_loss()) else { return Vec::new() };
    if is_right || fell.abs() > LIMIT {
        return Vec::new();
    }
    let words = "The loss is where it was at the start: the network has learnt nothing. If nothing else was found, the \
        learning rate may be too low, or the inputs may not say anything about the target.";
    let mut finding = Finding::new(&RULE, Severity::Serious, Place::Network, words)
        .seen(records.steps, Confidence::Measured)
        .beyond("share by which the loss has fallen", fell, LIMIT)
        .with("mean loss of the first steps", early);
    if let Some(train) = &records.train {
        finding = finding.with("score on the training set", train.score);
    }
    vec![finding.remedy(Remedy::by_hand("Train on 20 samples first: a network that can't learn those has a fault"))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, losses, points};
    use crate::trace::Evaluation;

    fn planted(loss: impl Fn(f32) -> f32, score: f64) -> usize {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        let each: Vec<f32> = (0..100).map(|step| loss(step as f32 / 100.0)).collect();
        let mut records = losses(&each);
        records.train = Some(Evaluation { step: 100, epoch: 10.0, loss: 0.7, losses: Vec::new(), score });
        judge(&planted.case().after(&records)).len()
    }

    #[test]
    fn a_loss_that_stays_is_told_unless_the_answers_are_right() {
        assert_eq!(planted(|_| 0.693, 0.5), 1);
        assert_eq!(planted(|t| 0.7 - 0.1 * t, 0.6), 0);
        assert_eq!(planted(|t| 0.7 + 0.4 * t, 0.5), 0, "it grows: another rule's");
        assert_eq!(planted(|_| 0.001, 1.0), 0);
    }
}
