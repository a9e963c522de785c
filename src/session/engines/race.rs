//! What a race came to: figures of each engine, and how far apart their losses are, step by step.

use serde::Serialize;

use super::{Racer, Status};

/// How an engine did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finish {
    /// "pytorch"
    pub engine: &'static str,
    /// "PyTorch 2.4.1"
    pub title: String,
    /// Why it did not come to its end.
    pub error: Option<String>,
    /// Steps that it told of.
    pub steps: u64,
    /// From the start of its process to the end of its first step.
    pub seconds_to_first_step: Option<f64>,
    /// Median of the steps after the first tenth.
    pub ms_per_step: Option<f64>,
    /// Of full batches at that pace.
    pub samples_per_second: Option<f64>,
    /// Most memory of its process.
    pub peak_bytes: Option<u64>,
    /// What a person reads of its code.
    pub lines_of_code: usize,
    /// Of its last step.
    pub final_loss: Option<f64>,
}

impl Finish {
    /// Of a racer at its end.
    pub fn of(racer: &Racer) -> Self {
        let told = &racer.told;
        let skipped = told.len() / 10;
        let mut paces: Vec<f64> = told[skipped..].windows(2).map(|pair| pair[1].seconds - pair[0].seconds).collect();
        paces.sort_by(f64::total_cmp);
        let pace = paces.get(paces.len() / 2).copied().filter(|seconds| *seconds > 0.0);
        let error = match racer.status() {
            Status::Failed(why) => Some(why.clone()),
            Status::Running | Status::Done => None,
        };
        Self {
            engine: racer.engine.word(),
            title: racer.engine.title(),
            error,
            steps: told.len() as u64,
            seconds_to_first_step: told.first().map(|first| first.seconds),
            ms_per_step: pace.map(|seconds| seconds * 1e3),
            samples_per_second: pace.map(|seconds| racer.batch_size as f64 / seconds),
            peak_bytes: racer.peak_bytes,
            lines_of_code: racer.lines_of_code,
            final_loss: told.last().map(|last| last.loss),
        }
    }
}

/// How far the losses of two engines are apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// "pytorch", beside the first engine of the race.
    pub engine: &'static str,
    /// Largest difference within the first hundred steps.
    pub first_hundred: f64,
    /// Largest difference of all.
    pub largest: f64,
    /// The first step whose losses differ by more than a thousandth, if any: from there rounding has led them apart.
    pub parts_at: Option<u64>,
}

/// Each of the others beside the first.
pub fn compare(racers: &[Racer]) -> Vec<Compared> {
    let Some((first, others)) = racers.split_first() else { return Vec::new() };
    let beside = |other: &Racer| {
        let pairs = || first.told.iter().zip(&other.told);
        let difference = |(a, b): (&super::racer::Told, &super::racer::Told)| {
            if a.loss == b.loss || a.loss.is_nan() && b.loss.is_nan() { 0.0 } else { (a.loss - b.loss).abs() }
        };
        let largest = |count: usize| pairs().take(count).map(difference).fold(0.0, f64::max);
        let parts = pairs().find(|&(a, b)| difference((a, b)) > 1e-3 * a.loss.abs().max(1e-3));
        Compared {
            engine: other.engine.word(),
            first_hundred: largest(100),
            largest: largest(usize::MAX),
            parts_at: parts.map(|(a, _)| a.step),
        }
    };
    others.iter().map(beside).collect()
}
