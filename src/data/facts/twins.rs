//! Rows that are both for training and for validation: what was learnt by heart looks like what was understood.

use std::collections::HashSet;
use std::sync::Mutex;

use crate::data::fingerprint::hashed;
use crate::data::progress::{Progress, stop_if_cancelled};
use crate::data::{DataError, Dataset};

/// Numbers of the training set that are gone through; of more nothing is told.
const MOST_NUMBERS: usize = 400_000_000;

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
    let of_row = |row: &u32| Ok(print(validation.input_hash(*row as usize)?, &validation.target(*row as usize)?));
    let looked_for = rows.iter().map(of_row).collect::<Result<Vec<u64>, DataError>>()?;
    let some: Prints = looked_for.iter().copied().collect();
    let found = Mutex::new(Prints::default());
    train.for_each_hash(&|input, target| {
        stop_if_cancelled(progress)?;
        let print = print(input, target);
        if some.contains(&print) {
            found.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(print);
        }
        Ok(())
    })?;
    let found = found.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    let count = looked_for.iter().filter(|print| found.contains(print)).count();
    Ok(Some(Twins { count, of: rows.len() }))
}

/// What tells a row, its target too, from others.
fn print(input: u64, target: &[f32]) -> u64 {
    input.rotate_left(23) ^ hashed(target)
}
