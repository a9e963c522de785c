//! Batches far larger than how much the gradients of samples differ.
//!
//! McCandlish et al. (2018): the noise scale, the trace of the covariance of the gradients of single samples in the
//! squared length of their mean, is the batch at which noise and signal are equal. Far above it, samples are computed
//! for nothing. Far below it steps go nearly at random, but so they do in every run that has converged: on a rule for
//! that, networks at rest could not be told from such as are lost in noise.

use crate::diagnosis::{Case, Confidence, Finding, Place, Records, Remedy, Rule, Severity, When};
use crate::model::TrainingSpec;
use crate::trace::Instrument;

/// Batches of more samples are looked at, and noise scales that are so many times smaller.
const LARGE: usize = 256;
const WASTED: f64 = 20.0;
/// Steps before anything is said.
const LEAST: u64 = 16;
/// Of the first losses: below this share of them nothing is left to learn.
const SMALL: f64 = 0.1;

pub static RULE: Rule = Rule {
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
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let is_large = |records: &&Records| records.steps >= LEAST && records.batch >= LARGE;
    let Some(records) = case.records.filter(is_large) else { return Vec::new() };
    let Some((signal, noise)) = records.readings.batches.map(|reading| reading.signal_and_noise()) else {
        return Vec::new();
    };
    let last = records.mean_loss(0.9, 1.0).unwrap_or(0.0);
    let is_done = records.early_loss().is_none_or(|early| last < SMALL * early);
    let scale = noise.max(0.0) / signal;
    if is_done || signal <= 0.0 || !scale.is_finite() || records.batch as f64 <= WASTED * scale {
        return Vec::new();
    }
    let words = "The samples of a batch agree about nearly everything, so most of them are computed for nothing. Batches of a \
        tenth would take the network almost as far with each step, at a tenth of the cost.";
    let batch_size = (case.training.batch_size / 10).max(1);
    let smaller = TrainingSpec { batch_size, ..case.training.clone() };
    let finding = Finding::new(&RULE, Severity::Note, Place::Setting("training.batch_size"), words)
        .seen(records.steps, Confidence::Measured)
        .beyond("samples of a batch", records.batch as f64, WASTED * scale)
        .with("noise scale in samples", scale)
        .remedy(Remedy::training(format!("Use batches of {batch_size}"), smaller));
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, losses, points};
    use crate::trace::{BatchReading, Readings};

    /// Batches of this size, with a noise scale, of a loss that falls.
    fn planted(size: usize, scale: f64, fell: f32) -> usize {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        let all: Vec<f32> = (0..120).map(|step| if step < 5 { 1.0 } else { 1.0 - fell }).collect();
        let of = |samples: f64| 1.0 + scale / samples;
        let (each, mean) = (of(size as f64), of(8.0 * size as f64));
        let batches = Some(BatchReading { batches: 8, size, each, mean, trained: 0.7, asked: 0.7 });
        let readings = Readings { batches, ..Readings::default() };
        let records = Records { readings, batch: size, ..losses(&all) };
        judge(&planted.case().after(&records)).len()
    }

    #[test]
    fn batches_far_above_the_noise_scale_are_told() {
        assert_eq!(planted(512, 5.0, 0.3), 1);
        assert_eq!(planted(512, 100.0, 0.3), 0);
        assert_eq!(planted(512, 5.0, 0.95), 0, "nearly all is learnt");
        assert_eq!(planted(32, 1.0, 0.3), 0, "small batches are cheap");
    }
}
