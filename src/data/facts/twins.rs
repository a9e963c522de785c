//! Rows that are both for training and for validation: what was learnt by heart looks like what was understood.

use rayon::prelude::*;

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
pub fn twins(dataset: &Dataset, progress: &dyn Progress) -> Result<Option<Twins>, DataError> {
    let (train, validation) = (&dataset.train, &dataset.validation);
    let numbers = train.len().saturating_mul(train.input_len());
    if train.is_empty() || validation.is_empty() || numbers > MOST_NUMBERS {
        return Ok(None);
    }
    let printed = |row: usize| {
        if row.is_multiple_of(PIECE) {
            stop_if_cancelled(progress)?;
        }
        print(train, row)
    };
    let known = (0..train.len()).into_par_iter().with_min_len(PIECE).map(printed);
    let mut known: Vec<u64> = known.collect::<Result<_, DataError>>()?;
    known.par_sort_unstable();
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
