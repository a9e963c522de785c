//! What a column is worth: how much worse the answers are when its values are shuffled among the samples, so that they
//! say nothing any more (Breiman's permutation importance; scikit-learn's `permutation_importance`).

use super::{InputGroup, Judge};
use crate::data::random::{Draws, shuffled};
use crate::data::{Progress, Samples};
use crate::trainer::RunError;

/// By which values are shuffled.
pub const SEED: u64 = 1;
/// Samples that are asked, and answers for all columns together.
const MOST_ASKED: usize = 5_000;
const MOST_ANSWERS: usize = 4_000_000;
const LEAST_ASKED: usize = 200;

/// Of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// Its heading.
    pub column: String,
    /// How much lower the score is, the mean over the repeats.
    pub mean: f64,
    /// Standard deviation over them.
    pub deviation: f64,
}

impl Judge {
    /// Of every column, the most important first, and over how many samples that was found; of pictures nothing.
    /// `rows`: in an order of which every beginning is a fair sample.
    pub fn importance(
        &self,
        part: &Samples,
        rows: &[u32],
        repeats: usize,
        progress: &dyn Progress,
    ) -> Result<(Vec<Importance>, usize), RunError> {
        let columns = self.columns();
        if columns.is_empty() || !self.has_truth() || part.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let most = (MOST_ANSWERS / (columns.len() * repeats.max(1))).clamp(LEAST_ASKED, MOST_ASKED);
        let batch = part.fetch(&rows[..rows.len().min(most)])?;
        let means = part.target_means()?;
        let whole = self.score(&self.machine.predict(&batch.inputs, batch.len)?, &batch.targets, means);
        let mut found = Vec::new();
        for (at, InputGroup { name, inputs }) in columns.iter().enumerate() {
            let mut losses = Vec::new();
            for repeat in 0..repeats {
                if progress.cancelled() {
                    return Err(super::cancelled());
                }
                progress.report(at as f32 / columns.len() as f32, "shuffling columns");
                let mut changed = batch.inputs.clone();
                let width = changed.len() / batch.len;
                let mut draws: Draws = shuffled(SEED, (at * repeats + repeat) as u64);
                let mut from: Vec<usize> = (0..batch.len).collect();
                draws.shuffle(&mut from);
                for (to, from) in from.into_iter().enumerate() {
                    let source = &batch.inputs[from * width..][inputs.clone()];
                    changed[to * width..][inputs.clone()].copy_from_slice(source);
                }
                let outputs = self.machine.predict(&changed, batch.len)?;
                losses.push(whole - self.score(&outputs, &batch.targets, means));
            }
            let n = losses.len().max(1) as f64;
            let mean = losses.iter().sum::<f64>() / n;
            let deviation = (losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / n).sqrt();
            found.push(Importance { column: name.clone(), mean, deviation });
        }
        found.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        Ok((found, batch.len))
    }
}
