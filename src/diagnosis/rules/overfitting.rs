//! A network that learns the training samples by heart.
//!
//! SageMaker Debugger: the validation loss 10 % above the training loss, which nearly every healthy run is; gradsnitch:
//! 3 % above its lowest over 100 steps, which a loss near 0 is by chance. Here it has risen by a quarter over its
//! lowest, in the mean of the last three evaluations, is twice the training loss, and the training loss went on
//! falling.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::{EarlyStopping, TrainingSpec};

/// The validation loss, in its lowest.
const RISEN: f64 = 1.25;
/// And in the training loss.
const APART: f64 = 2.0;
/// Of the first losses: below this share of them nothing is lost.
const SMALL: f64 = 0.1;
/// Evaluations that are averaged, and that there must be.
const LATE: usize = 3;
const LEAST: usize = 6;
/// Epochs without an improvement that the remedy waits.
const PATIENCE: usize = 10;

pub static RULE: Rule = Rule {
    id: "overfitting",
    title: "Overfitting",
    when: When::Training { within: 600 },
    fires: "The mean of the last 3 of at least 6 validation losses is 25 % above the lowest, twice the training loss and at \
        least a tenth of the first losses, while the training loss has fallen since the lowest.",
    why: "10 % between the two losses is what nearly every healthy run has, and 3 % above the lowest is chance where the loss \
        is near 0.",
    source: "SageMaker Debugger, Overfit (validation 10 % above training); gradsnitch (3 % above the lowest over 100 steps)",
    follows: &["few-samples"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some((records, train)) = case.records.and_then(|records| Some((records, records.train.as_ref()?))) else {
        return Vec::new();
    };
    let points: Vec<(u64, f64)> =
        records.curves.validation_loss.points().map(|(step, loss)| (step, f64::from(loss))).collect();
    let lowest = points.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
    let Some((best, lowest)) = lowest.filter(|_| points.len() >= LEAST) else { return Vec::new() };
    let late = &points[points.len() - LATE..];
    let now = late.iter().map(|point| point.1).sum::<f64>() / LATE as f64;
    let share = best as f64 / records.steps.max(1) as f64;
    let then = records.mean_loss((share - 0.1).max(0.0), share).unwrap_or(f64::INFINITY);
    let has_learnt_on = records.mean_loss(0.9, 1.0).is_some_and(|last| last < then);
    let is_after = late.iter().all(|point| point.0 > best);
    let is_small = records.early_loss().is_none_or(|early| now < SMALL * early);
    let is_healthy = is_small || now < RISEN * lowest || now < APART * train.loss;
    if is_healthy || !now.is_finite() || !has_learnt_on || !is_after {
        return Vec::new();
    }
    let words = "The validation loss rises while the training loss goes on falling: the network learns the training samples by \
        heart, and answers new ones worse than before.";
    let early_stopping = Some(EarlyStopping { patience: PATIENCE, min_delta: 0.0 });
    let stopped = TrainingSpec { early_stopping, keep_best: true, ..case.training.clone() };
    let finding = Finding::new(&RULE, Severity::Warning, Place::Network, words)
        .seen(records.steps, Confidence::Measured)
        .beyond("validation loss of late, in its lowest", now / lowest, RISEN)
        .beyond("validation loss, in the training loss", now / train.loss, APART)
        .with("validation loss of late", now)
        .with("step of the lowest", best as f64)
        .remedy(Remedy::training("Stop early and keep the best weights", stopped))
        .remedy(Remedy::by_hand("Use more samples, dropout, L2 or fewer units"));
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, losses, points};
    use crate::trace::Evaluation;

    fn planted(validation: &[f32]) -> usize {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        let each: Vec<f32> = (0..100).map(|step| 1.0 / (1.0 + step as f32 / 10.0)).collect();
        let mut records = losses(&each);
        records.train = Some(Evaluation { step: 100, epoch: 10.0, loss: 0.1, losses: Vec::new(), score: 1.0 });
        for (i, &loss) in validation.iter().enumerate() {
            records.curves.validation_loss.push(10 * (i as u64 + 1), loss);
        }
        judge(&planted.case().after(&records)).len()
    }

    #[test]
    fn a_validation_loss_that_rises_is_told_and_one_that_is_merely_higher_is_not() {
        assert_eq!(planted(&[0.9, 0.6, 0.5, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75]), 1);
        assert_eq!(planted(&[0.9, 0.6, 0.5, 0.45, 0.45, 0.46, 0.45, 0.46, 0.45, 0.46]), 0, "a gap that stays");
        assert_eq!(planted(&[0.9, 0.6, 0.5, 0.2, 0.5, 0.4, 0.3, 0.3, 0.2, 0.19]), 0, "it has come down once more");
        assert_eq!(planted(&[0.9, 0.2, 0.9]), 0, "too few");
    }
}
