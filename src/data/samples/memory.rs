//! Samples that are held in memory, in one block.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::{DataError, Rows, Stretch};

pub(super) struct InMemory {
    pub len: usize,
    /// Numbers in one input.
    pub width: usize,
    /// Numbers in one target.
    pub target_len: usize,
    /// `[len, width]`
    pub inputs: Arc<[f32]>,
    /// `[len, target_len]`
    pub targets: Arc<[f32]>,
    /// `[len]`, or none.
    pub weights: Arc<[f32]>,
}

fn missing(row: usize, len: usize) -> DataError {
    DataError::new(format!("There is no sample {row}: the data has {len}."))
}

impl Rows for InMemory {
    fn len(&self) -> usize {
        self.len
    }

    fn input(&self, row: usize) -> Result<Cow<'_, [f32]>, DataError> {
        let found = self.inputs.get(row * self.width..(row + 1) * self.width);
        found.map(Cow::Borrowed).ok_or_else(|| missing(row, self.len))
    }

    fn target(&self, row: usize) -> Result<Cow<'_, [f32]>, DataError> {
        let found = self.targets.get(row * self.target_len..(row + 1) * self.target_len);
        found.map(Cow::Borrowed).ok_or_else(|| missing(row, self.len))
    }

    fn is_weighted(&self) -> bool {
        !self.weights.is_empty()
    }

    fn weight(&self, row: usize) -> Result<f32, DataError> {
        match self.weights.get(row) {
            Some(&weight) => Ok(weight),
            None if self.weights.is_empty() && row < self.len => Ok(1.0),
            None => Err(missing(row, self.len)),
        }
    }

    fn in_place(&self, rows: Range<usize>) -> Option<Stretch<'_>> {
        let of = |width: usize| rows.start * width..rows.end * width;
        let (inputs, targets) = (self.inputs.get(of(self.width))?, self.targets.get(of(self.target_len))?);
        let weights = if self.is_weighted() { self.weights.get(rows)? } else { &[] };
        Some(Stretch { inputs: inputs.into(), targets: targets.into(), weights: weights.into() })
    }
}
