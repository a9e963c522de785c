//! Batches too small or too large for how much the gradients of samples differ.
//!
//! McCandlish et al. (2018): the noise scale, the trace of the covariance of the gradients of single samples in the squared
//! length of their mean, is the batch at which noise and signal are equal. Far below it a step goes nearly at random; far
//! above it, samples are computed for nothing.

use crate::diagnosis::{Case, Confidence, Finding, Place, Records, Remedy, Rule, Severity, When};
use crate::model::TrainingSpec;
use crate::trace::Instrument;

/// Noise of a batch's gradient, in its signal.
const NOISY: f64 = 30.0;
/// Batches of more samples are looked at, and noise scales that are so many times smaller.
const LARGE: usize = 256;
const WASTED: f64 = 20.0;
/// Steps before anything is said.
const LEAST: u64 = 100;
/// A loss that has fallen by more is learning.
const FELL: f64 = 0.1;
/// Who is right so often has learnt.
const RIGHT: f64 = 0.95;
/// Samples for one more standard error, of the remedy.
const TIMES: usize = 16;

pub static SMALL: Rule = Rule {
    id: "batch-too-small",
    title: "Batch too small for the noise",
    when: When::Training { within: 100 },
    fires: "After at least 100 steps the noise in the gradient of a batch is more than 30 times its signal, while the loss has \
        fallen by less than 10 % although the nearest training sample answers better by 10 points.",
    why: "No limit is published, and noise alone does no harm: any run that has converged is all noise. So the loss has to stay \
        while there is more to learn.",
    source: "McCandlish et al., An Empirical Model of Large-Batch Training (2018): noise scale",
    follows: &["rate-too-high", "steps-too-large", "dropout-too-strong", "one-sample"],
    asks: &[Instrument::Batches],
    judge: judge_small,
};

pub static LARGE_BATCH: Rule = Rule {
    id: "batch-too-large",
    title: "Batch larger than useful",
    when: When::Training { within: 16 },
    fires: "Batches of at least 256 samples are more than 20 times the noise scale, after at least 16 steps, while the loss is \
        still above a tenth of the first losses.",
    why: "At 20 times the noise scale a step improves the loss by 95 % of what the whole data would, and one over a tenth of \
        the batch by 67 %, in a tenth of the time.",
    source: "McCandlish et al., An Empirical Model of Large-Batch Training (2018): ΔL = ΔL_max / (1 + noise scale / batch)",
    follows: &[],
    asks: &[Instrument::Batches],
    judge: judge_large,
};

fn judge_small(case: &Case) -> Vec<Finding> {
    let Some((records, signal, noise)) = measured(case, LEAST) else { return Vec::new() };
    let has_learnt = records.train.as_ref().is_none_or(|train| train.score >= RIGHT);
    let has_fallen = records.loss_fell_by().is_none_or(|fell| fell >= FELL);
    let knows_better = |score: f64| case.data.nearest.is_some_and(|nearest| nearest.score > score + 0.1);
    let is_worse = records.train.as_ref().is_some_and(|train| knows_better(train.score));
    // Noise of the whole covers for a signal that comes out below 0.
    let ratio = noise / records.batch as f64 / signal.max(f64::MIN_POSITIVE);
    if has_learnt || has_fallen || !is_worse || ratio < NOISY {
        return Vec::new();
    }
    let words = "Batches of this size pull in all directions: nearly all of a step is chance, and what they have in common is lost \
        in it. Larger batches or a lower learning rate average the chance away.";
    let batch_size = (case.training.batch_size * TIMES).min(case.data.train.max(1));
    let larger = TrainingSpec { batch_size, ..case.training.clone() };
    let finding = Finding::new(&SMALL, Severity::Warning, Place::Setting("training.batch_size"), words)
        .seen(records.steps, Confidence::Likely)
        .beyond("noise of a batch's gradient, in its signal", ratio.min(1e6), NOISY)
        .with("samples of a batch", records.batch as f64)
        .with("share by which the loss has fallen", records.loss_fell_by().unwrap_or(0.0))
        .remedy(Remedy::training(format!("Use batches of {batch_size}"), larger))
        .remedy(super::slower(case.training));
    vec![finding]
}

fn judge_large(case: &Case) -> Vec<Finding> {
    let Some((records, signal, noise)) = measured(case, 16).filter(|(records, ..)| records.batch >= LARGE) else {
        return Vec::new();
    };
    let last = records.mean_loss(0.9, 1.0).unwrap_or(0.0);
    let is_done = records.early_loss().is_none_or(|early| last < 0.1 * early);
    let scale = noise.max(0.0) / signal;
    if is_done || signal <= 0.0 || records.batch as f64 <= WASTED * scale {
        return Vec::new();
    }
    let words = "The samples of a batch agree about nearly everything, so most of them are computed for nothing. Batches of a \
        tenth would take the network almost as far with each step, at a tenth of the cost.";
    let batch_size = (case.training.batch_size / 10).max(1);
    let smaller = TrainingSpec { batch_size, ..case.training.clone() };
    let finding = Finding::new(&LARGE_BATCH, Severity::Note, Place::Setting("training.batch_size"), words)
        .seen(records.steps, Confidence::Measured)
        .beyond("samples of a batch", records.batch as f64, WASTED * scale)
        .with("noise scale in samples", scale)
        .remedy(Remedy::training(format!("Use batches of {batch_size}"), smaller));
    vec![finding]
}

/// A run with the signal and the noise of its gradients, after so many steps.
fn measured<'a>(case: &Case<'a>, steps: u64) -> Option<(&'a Records, f64, f64)> {
    let records = case.records.filter(|records| records.steps >= steps)?;
    let (signal, noise) = records.readings.batches?.signal_and_noise();
    (signal.is_finite() && noise.is_finite()).then_some((records, signal, noise))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Nearest;
    use crate::diagnosis::testing::{Planted, dense, losses, points};
    use crate::trace::{BatchReading, Evaluation, Readings};

    /// Batches of this size, with a noise scale, of a loss that falls.
    fn planted(size: usize, scale: f64, fell: f32) -> [usize; 2] {
        let mut planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        planted.facts.nearest = Some(Nearest { score: 0.97, asked: 200 });
        let each: Vec<f32> = (0..120).map(|step| if step < 5 { 1.0 } else { 1.0 - fell }).collect();
        let of = |samples: f64| 1.0 + scale / samples;
        let (each_norm, mean) = (of(size as f64), of(8.0 * size as f64));
        let batches = Some(BatchReading { batches: 8, size, each: each_norm, mean, trained: 0.7, asked: 0.7 });
        let train = Some(Evaluation { step: 120, epoch: 1.0, loss: 0.7, losses: Vec::new(), score: 0.6 });
        let readings = Readings { batches, ..Readings::default() };
        let records = Records { readings, train, batch: size, ..losses(&each) };
        let case = planted.case().after(&records);
        [judge_small(&case).len(), judge_large(&case).len()]
    }

    #[test]
    fn batches_far_from_the_noise_scale_are_told() {
        assert_eq!(planted(2, 100.0, 0.01), [1, 0]);
        assert_eq!(planted(2, 100.0, 0.3), [0, 0], "it learns all the same");
        assert_eq!(planted(32, 100.0, 0.01), [0, 0]);
        assert_eq!(planted(512, 5.0, 0.3), [0, 1]);
        assert_eq!(planted(512, 100.0, 0.3), [0, 0]);
        assert_eq!(planted(32, 1.0, 0.3), [0, 0], "small batches are cheap");
    }
}
