//! A loss that jumps up and down from step to step instead of falling.
//!
//! AUTOTRAINER counts swings of the accuracy (0.03 in a fifth of the epochs), TheDeepChecker turns of
//! the loss (half of 50 steps), gradsnitch wants swings that grow. Losses of small batches swing by chance, but one
//! after the other is as likely to be above the mean as below.

use crate::diagnosis::{Case, Confidence, Finding, Place, Rule, Severity, When};

/// Correlation of a loss with the one before it.
const LIMIT: f64 = -0.5;
/// Standard deviation of the losses, as a share of their mean.
const SWING: f64 = 0.05;
/// A loss that has fallen by more is learning.
const FELL: f64 = 0.5;
/// Losses of the second half that there must be.
const LEAST: usize = 20;

pub static RULE: Rule = Rule {
    id: "oscillating",
    title: "Loss goes up and down",
    when: When::Training { within: 100 },
    fires: "Over the second half of at least 40 steps, each loss is followed by one on the other side of the mean (their \
        correlation is below −0.5), they swing by more than 5 % of it, and their mean is above half of the first loss. Only where \
        an epoch is one step, or at least 10.",
    why: "The published counts fire on batches that differ by chance. Chance makes no correlation; only jumping across a valley \
        makes one below −0.5: it was −1.00 on two moons with whole batches and SGD at 5 and 20, and above −0.2 on the templates of points.",
    source: "AUTOTRAINER (swings of 0.03 in a fifth of the epochs); TheDeepChecker (the loss turns in half of 50 steps); gradsnitch (swings that grow)",
    follows: &["rate-too-high", "steps-too-large", "diverging", "inputs-unscaled", "target-unscaled"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records else { return Vec::new() };
    // The few batches of a short epoch take turns by themselves.
    if !(records.steps_per_epoch == 1 || records.steps_per_epoch >= 10) {
        return Vec::new();
    }
    let all = records.curves.train_loss.values();
    let late: Vec<f64> = all[all.len() / 2..].iter().map(|&loss| f64::from(loss)).collect();
    if late.len() < LEAST || late.iter().any(|loss| !loss.is_finite()) {
        return Vec::new();
    }
    let mean = late.iter().sum::<f64>() / late.len() as f64;
    // Against the very first loss: the next ones may already be those of a network that was thrown about.
    if all.first().is_none_or(|&first| mean < (1.0 - FELL) * f64::from(first)) {
        return Vec::new();
    }
    let variance = late.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / late.len() as f64;
    let pairs = late.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum::<f64>();
    let correlation = pairs / (late.len() - 1) as f64 / variance;
    let swing = variance.sqrt() / mean.abs();
    // Losses that are all the same have no correlation.
    if correlation.is_nan() || correlation >= LIMIT || swing < SWING {
        return Vec::new();
    }
    let words = "The loss jumps up and down from step to step: each step goes past the lowest point to the other side of the \
        valley, and the next one back. The learning rate is too high.";
    let finding = Finding::new(&RULE, Severity::Warning, Place::Setting("training.learning_rate"), words)
        .seen(records.steps, Confidence::Measured)
        .beyond("correlation of a loss with the one before", correlation, LIMIT)
        .beyond("their standard deviation, in their mean", swing, SWING)
        .with("learning rate", case.training.learning_rate);
    vec![finding.remedy(super::slower(case.training))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Records;
    use crate::diagnosis::testing::{Planted, dense, losses, points};

    fn planted(steps_per_epoch: u64, loss: impl Fn(usize) -> f32) -> usize {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        let each: Vec<f32> = (0..100).map(loss).collect();
        judge(&planted.case().after(&Records { steps_per_epoch, ..losses(&each) })).len()
    }

    #[test]
    fn losses_that_take_turns_are_told_and_noisy_ones_are_not() {
        let turns = |step: usize| if step.is_multiple_of(2) { 0.9 } else { 0.5 };
        assert_eq!(planted(1, turns), 1);
        assert_eq!(planted(20, turns), 1);
        assert_eq!(planted(2, turns), 0, "two batches that differ");
        assert_eq!(planted(20, |step| 0.7 + 0.2 * ((step * step) as f32).sin()), 0, "chance");
        assert_eq!(planted(20, |step| if step.is_multiple_of(2) { 0.70 } else { 0.71 }), 0, "hardly anything");
        assert_eq!(planted(20, |step| turns(step) / (1.0 + step as f32 / 5.0)), 0, "it falls all the same");
    }
}
