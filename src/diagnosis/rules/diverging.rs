//! A loss that grows instead of falling.
//!
//! TheDeepChecker calls it diverging from twice the minimum, gradsnitch from 30 % above it for 20 steps. A loss that
//! has fallen to 0.01 doubles by chance, so here it also has to be worse than at the start.

use crate::diagnosis::{Case, Confidence, Finding, Place, Records, Rule, Severity, When};

/// In lowest losses.
const LIMIT: f64 = 2.0;
/// Fewer steps say nothing.
const LEAST: u64 = 20;
/// Samples that the first loss is the mean of, where batches are smaller.
const FIRST: usize = 8;
/// Parts of the run whose means are compared.
const PARTS: u64 = 10;

pub static RULE: Rule = Rule {
    id: "diverging",
    title: "Loss grows",
    when: When::Training { within: 100 },
    fires: "Over the last tenth of at least 20 steps, the mean loss is at least twice the lowest mean of any tenth (and of \
        the first loss, over at least 8 samples), and above the first loss.",
    why: "Twice the minimum alone, or 30 % above it, fires on runs whose loss is close to 0. Worse than before training \
        is beyond doubt.",
    source: "TheDeepChecker (twice the minimum); gradsnitch (30 % above it for 20 steps)",
    follows: &["inputs-unscaled", "target-unscaled", "steps-too-large", "rate-too-high"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records.filter(|records| records.steps >= LEAST) else { return Vec::new() };
    let (Some(first), Some(last)) = (first_loss(records), records.mean_loss(0.9, 1.0)) else { return Vec::new() };
    let part = |i: u64| records.mean_loss(i as f64 / PARTS as f64, (i + 1) as f64 / PARTS as f64);
    let lowest = (0..PARTS).filter_map(part).fold(first, f64::min);
    if !last.is_finite() || last < LIMIT * lowest || last <= first {
        return Vec::new();
    }
    let words = "The loss grows while it trains: each step goes past what it aims at, and lands higher on the other side. \
        Almost always the learning rate is too high.";
    let finding = Finding::new(&RULE, Severity::Serious, Place::Setting("training.learning_rate"), words)
        .seen(records.steps, Confidence::Measured)
        .beyond("mean loss of the last steps", last, LIMIT * lowest)
        .with("first loss", first)
        .with("lowest mean loss", lowest)
        .with("learning rate", case.training.learning_rate);
    vec![finding.remedy(super::slower(case.training))]
}

/// Over the first samples: the loss of a single one says little, and that of later steps may already be thrown about.
fn first_loss(records: &Records) -> Option<f64> {
    let steps = (FIRST / records.batch.max(1)).clamp(1, records.steps as usize / 4);
    let first = records.curves.train_loss.values().get(..steps)?;
    Some(first.iter().map(|&loss| f64::from(loss)).sum::<f64>() / steps as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, losses, points};

    fn planted(loss: impl Fn(f32) -> f32) -> Vec<Finding> {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        let each: Vec<f32> = (0..100).map(|step| loss(step as f32 / 100.0)).collect();
        let records = losses(&each);
        judge(&planted.case().after(&records))
    }

    #[test]
    fn a_loss_that_grows_is_told_and_one_that_jitters_near_zero_is_not() {
        assert_eq!(planted(|t| 0.7 + 3.0 * t)[0].place, Place::Setting("training.learning_rate"));
        assert!(planted(|t| 0.7 - 0.5 * t).is_empty());
        assert!(planted(|t| if t > 0.9 { 0.03 } else { 0.7 * (1.0 - t) }).is_empty(), "three times its lowest");
        assert!(planted(|t| if (0.4..0.5).contains(&t) { 9.0 } else { 0.5 }).is_empty(), "it has recovered");
        let planted = Planted::new(vec![dense(2)], points(1.0, 0.0));
        assert!(judge(&planted.case().after(&losses(&[1.0, 9.0]))).is_empty(), "too few steps");
    }

    #[test]
    fn the_remedy_is_a_tenth_of_the_rate() {
        let found = planted(|t| 0.7 + 3.0 * t);
        let crate::diagnosis::Change::Training(training) = &found[0].remedies[0].change else { unreachable!() };
        assert!((training.learning_rate - 0.001).abs() < 1e-12);
    }
}
