//! Rows that are both for training and for validation: what was learnt by heart looks like what was understood.

use std::collections::HashSet;

use rayon::prelude::*;

use crate::data::fingerprint::hashed;
use crate::data::progress::{Progress, stop_if_cancelled};
use crate::data::{DataError, Dataset, Samples};

/// Numbers of the training set that are gone through; of more nothing is told.
const MOST_NUMBERS: usize = 400_000_000;
/// Rows that are gone through between two looks at whether anybody still wants it.
const PIECE: usize = 1 << 14;

type Prints = HashSet<u64, foldhash::fast::RandomState>;

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
    let rows = validation.spread(crate::data::samples::MOST);
    let looked_for = rows.iter().map(|&row| print(validation, row as usize)).collect::<Result<Vec<u64>, _>>()?;
    let some: Prints = looked_for.iter().copied().collect();
    let stored = train.as_stored();
    let found = stored.par_chunks(PIECE).map(|piece| {
        stop_if_cancelled(progress)?;
        let prints = piece.iter().map(|&row| print(train, row as usize));
        prints.filter(|print| print.as_ref().map_or(true, |print| some.contains(print))).collect()
    });
    let found: Prints = found.collect::<Result<Vec<Vec<u64>>, DataError>>()?.into_iter().flatten().collect();
    let count = looked_for.iter().filter(|print| found.contains(print)).count();
    Ok(Some(Twins { count, of: rows.len() }))
}

/// What tells a row, its target too, from others.
fn print(part: &Samples, row: usize) -> Result<u64, DataError> {
    Ok(part.input_hash(row)?.rotate_left(23) ^ hashed(&part.target(row)?))
}
