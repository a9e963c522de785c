//! A loss and a score that go apart: the loss over the validation set rises, and more answers are right all the same.
//!
//! TheDeepChecker wants a correlation of at least 0.5. What makes them part is a network that grows ever surer: its few
//! wrong answers cost more and more (Guo et al. 2017).

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::layer::LossKind;

/// The validation loss of late, in its lowest.
const RISEN: f64 = 1.25;
/// Evaluations that are averaged, and that there must be.
const LATE: usize = 3;
const LEAST: usize = 6;
/// Of the first losses: below this share of them nothing is lost.
const SMALL: f64 = 0.1;

pub static RULE: Rule = Rule {
    id: "score-at-odds",
    title: "Loss and accuracy at odds",
    when: When::Training { within: 600 },
    fires: "The mean of the last 3 of at least 6 validation losses (cross-entropy) is 25 % above the lowest and at least a \
        tenth of the first losses, while the mean of the last 3 accuracies is not below that at the lowest loss.",
    why: "A correlation over a whole run is below the published 0.5 in healthy ones whose score has reached its best. The rise \
        is that of overfitting, which healthy runs don't reach.",
    source: "TheDeepChecker (correlation below 0.5); Guo et al., On Calibration of Modern Neural Networks (2017): the loss \
        rises while the accuracy does too",
    follows: &["overfitting", "few-samples", "wrong-labels", "norm-lags"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records else { return Vec::new() };
    let losses: Vec<(u64, f64)> =
        records.curves.validation_loss.points().map(|(step, loss)| (step, f64::from(loss))).collect();
    let scores: Vec<(u64, f64)> =
        records.curves.validation_metric.points().map(|(step, score)| (step, f64::from(score))).collect();
    let is_apt = case.network.plain_loss() == Some(LossKind::CrossEntropy)
        && losses.len() >= LEAST
        && losses.iter().map(|point| point.0).eq(scores.iter().map(|point| point.0));
    let lowest = losses.iter().enumerate().filter(|_| is_apt).min_by(|a, b| a.1.1.total_cmp(&b.1.1));
    let Some((best, &(step, lowest))) = lowest.filter(|(best, _)| best + LATE < losses.len()) else {
        return Vec::new();
    };
    let mean = |points: &[(u64, f64)]| points[points.len() - LATE..].iter().map(|p| p.1).sum::<f64>() / LATE as f64;
    let (now, score) = (mean(&losses), mean(&scores));
    let is_small = records.early_loss().is_none_or(|early| now < SMALL * early);
    if is_small || !now.is_finite() || now < RISEN * lowest || score < scores[best].1 {
        return Vec::new();
    }
    let words = "The validation loss rises, yet as many answers are right as before. The network grows surer of all its answers, \
        the wrong ones too. Judge it by its accuracy, and don't take its probabilities at their word.";
    let finding = Finding::new(&RULE, Severity::Note, Place::Network, words)
        .seen(records.steps, Confidence::Measured)
        .beyond("validation loss of late, in its lowest", now / lowest, RISEN)
        .with("accuracy of late", score)
        .with("accuracy at the lowest loss", scores[best].1)
        .with("step of the lowest", step as f64)
        .remedy(Remedy::by_hand("Use label smoothing or L2"));
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, losses, points};

    fn planted(validation: &[(f32, f32)]) -> usize {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        let mut records = losses(&[0.7; 100]);
        for (i, &(loss, score)) in validation.iter().enumerate() {
            records.curves.validation_loss.push(10 * (i as u64 + 1), loss);
            records.curves.validation_metric.push(10 * (i as u64 + 1), score);
        }
        judge(&planted.case().after(&records)).len()
    }

    #[test]
    fn a_loss_that_rises_with_the_accuracy_is_told() {
        let rises = [0.6, 0.5, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8];
        let with = |scores: [f32; 8]| rises.into_iter().zip(scores).collect::<Vec<_>>();
        assert_eq!(planted(&with([0.6, 0.7, 0.8, 0.8, 0.82, 0.83, 0.83, 0.84])), 1);
        assert_eq!(planted(&with([0.6, 0.7, 0.8, 0.8, 0.78, 0.76, 0.74, 0.7])), 0, "both get worse: overfitting");
        assert_eq!(planted(&[(0.6, 0.7), (0.5, 0.75), (0.4, 0.8), (0.4, 0.8), (0.41, 0.8), (0.4, 0.8)]), 0);
    }
}
