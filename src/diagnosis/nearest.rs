//! How well the nearest training sample answers: what data says of itself without any network.
//!
//! With ever more samples its error is at most twice the least that is possible (Cover and Hart 1967), so a network
//! that is far worse leaves something unlearnt.

use crate::data::{DataError, Dataset, Progress};
use crate::model::Task;

/// Validation samples that are asked, training samples that they are compared with, and products at most.
const ASKED: usize = 200;
const AMONG: usize = 2_000;
const MOST: usize = 30_000_000;
/// Fewer say nothing.
const LEAST: usize = 20;

/// What the nearest training sample says of validation samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// Share of right answers of classes, of numbers the share of the variance that they explain.
    pub score: f64,
    /// Validation samples that were asked.
    pub asked: usize,
}

impl Nearest {
    /// Of one class or one number a sample; `None` of anything else and of few samples.
    pub fn of(dataset: &Dataset, progress: &dyn Progress) -> Result<Option<Self>, DataError> {
        let (train, validation) = (&dataset.train, &dataset.validation);
        let is_known = matches!(dataset.truth.task, Task::Classes(_) | Task::Numbers(1)) && train.target_len() == 1;
        let width = train.input_len().max(1);
        let among = AMONG.min(MOST / ASKED / width).min(train.len());
        if !is_known || among < LEAST || validation.len() < LEAST {
            return Ok(None);
        }
        let known = train.fetch(&train.spread(among))?;
        let asked = validation.fetch(&validation.spread(ASKED))?;
        let mut pairs = Vec::with_capacity(asked.len);
        for (input, &truth) in asked.inputs.chunks_exact(width).zip(&asked.targets) {
            if progress.cancelled() {
                return Err(DataError::new("Looking through the data was cancelled."));
            }
            let mut best = (f32::INFINITY, 0.0);
            for (row, &target) in known.inputs.chunks_exact(width).zip(&known.targets) {
                let distance: f32 = row.iter().zip(input).map(|(a, b)| (a - b) * (a - b)).sum();
                if distance < best.0 {
                    best = (distance, target);
                }
            }
            pairs.push((f64::from(truth), f64::from(best.1)));
        }
        let score = match dataset.truth.task {
            Task::Classes(_) => pairs.iter().filter(|(own, near)| own == near).count() as f64 / pairs.len() as f64,
            _ => explained(&pairs),
        };
        Ok(Some(Self { score, asked: pairs.len() }))
    }
}

/// The share of the variance of the truth that answers explain: 1 − Σ(truth − answer)² / Σ(truth − mean)².
fn explained(pairs: &[(f64, f64)]) -> f64 {
    let mean = pairs.iter().map(|(truth, _)| truth).sum::<f64>() / pairs.len().max(1) as f64;
    let spread: f64 = pairs.iter().map(|(truth, _)| (truth - mean).powi(2)).sum();
    let error: f64 = pairs.iter().map(|(truth, near)| (truth - near).powi(2)).sum();
    if spread > 0.0 { 1.0 - error / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{NoProgress, Samples};
    use crate::diagnosis::testing::{dataset, numbers};

    #[test]
    fn neighbours_tell_what_can_be_learnt_and_what_can_not() {
        let near = |class: fn(usize) -> usize| {
            let part = |shift: f32| {
                let inputs: Vec<f32> = (0..200).map(|i| i as f32 + shift).collect();
                Samples::in_memory(&[1], inputs, (0..200).map(|i| class(i) as f32).collect::<Vec<_>>())
            };
            let data = dataset(1, vec![0.0; 200], vec![0.0; 200], 2);
            let data = Dataset { train: part(0.0), validation: part(0.9), ..data };
            Nearest::of(&data, &NoProgress).unwrap().unwrap()
        };
        assert!(near(|i| i / 100).score > 0.98);
        assert!(near(|i| i % 2).score < 0.1, "each neighbour is of the other class");
        let smooth = Nearest::of(&numbers(|_| 3.0), &NoProgress).unwrap().unwrap();
        assert_eq!((smooth.score, smooth.asked), (0.0, 200), "nothing to explain");
    }
}
