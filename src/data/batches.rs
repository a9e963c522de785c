//! Samples as they reach the network.

use super::{Dataset, Part};

/// One batch, row-major like [`Part`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Samples in the batch.
    pub len: usize,
    /// Inputs, sample by sample.
    pub inputs: Vec<f32>,
    /// Targets, sample by sample: values, or class indices.
    pub targets: Vec<f32>,
    /// Index of each row in its part.
    pub rows: Vec<u32>,
}

/// Copies the given rows of a part.
pub fn gather(dataset: &Dataset, part: &Part, rows: &[u32]) -> Batch {
    let (n, t) = (dataset.input_len(), dataset.target_len());
    let mut batch = Batch {
        len: rows.len(),
        inputs: Vec::with_capacity(rows.len() * n),
        targets: Vec::with_capacity(rows.len() * t),
        rows: rows.to_vec(),
    };
    for &row in rows {
        let row = row as usize;
        batch.inputs.extend_from_slice(&part.inputs[row * n..(row + 1) * n]);
        batch.targets.extend_from_slice(&part.targets[row * t..(row + 1) * t]);
    }
    batch
}
