//! Rows that are both for training and for validation: what was learnt by heart looks like what was understood.

use crate::data::fingerprint::hashed;
use crate::data::progress::{Progress, stop_if_cancelled};
use crate::data::{DataError, Dataset, Samples};

/// Numbers of the training set that are gone through; of more nothing is told.
const MOST_NUMBERS: usize = 400_000_000;
/// Rows between two looks at whether anybody still wants it.
const PIECE: usize = 1 << 14;

/// Validation rows with the inputs and the target of a training row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twins {
    /// So many.
    pub count: usize,
    /// Of so many that were looked at.
    pub of: usize,
}

/// `None`: there is nothing to compare, or too much.
pub(super) fn find(dataset: &Dataset, progress: &dyn Progress) -> Result<Option<Twins>, DataError> {
    let (train, validation) = (&dataset.train, &dataset.validation);
    let numbers = train.len().saturating_mul(train.input_len());
    if train.is_empty() || validation.is_empty() || numbers > MOST_NUMBERS {
        return Ok(None);
    }
    let mut known = Vec::with_capacity(train.len());
    for start in (0..train.len()).step_by(PIECE) {
        stop_if_cancelled(progress)?;
        for row in start..train.len().min(start + PIECE) {
            known.push(print(train, row)?);
        }
    }
    known.sort_unstable();
    let rows = validation.spread(crate::data::samples::MOST);
    let mut count = 0;
    for &row in &rows {
        count += usize::from(known.binary_search(&print(validation, row as usize)?).is_ok());
    }
    Ok(Some(Twins { count, of: rows.len() }))
}

/// What tells a row, its target too, from others.
fn print(part: &Samples, row: usize) -> Result<u64, DataError> {
    Ok(part.input_hash(row)?.rotate_left(23) ^ hashed(&part.target(row)?))
}
