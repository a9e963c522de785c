//! The samples of a part, wherever they are: how many, of which shape, and those of any rows.
//!
//! What is common to all kinds of samples is here; what a kind does itself is [`Rows`]. Whoever wants samples asks for
//! those it needs: nobody else may know whether they lie in memory. What is asked again and again about all of them
//! ([`Samples::counts`] and the like) is looked up once and kept.

mod known;
mod memory;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::fingerprint::hashed;
use super::{DataError, PictureFile};
use known::Known;
pub use known::MOST;
pub(in crate::data) use known::Stock;
use memory::InMemory;

/// Is given the hash of an input, and a target.
pub type TakeHash<'a> = dyn Fn(u64, &[f32]) -> Result<(), DataError> + Sync + 'a;

/// Rows that one thread goes through at least.
pub(in crate::data) const ROWS_AT_ONCE: usize = 1 << 12;

/// A kind of samples. Whoever asks may be any thread, and several at once.
pub trait Rows: Send + Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of one sample; an error where there is no such row, or it cannot be had.
    fn input(&self, row: usize) -> Result<Cow<'_, [f32]>, DataError>;

    /// What the network is to answer to it: a class index, or numbers scaled as the task says.
    fn target(&self, row: usize) -> Result<Cow<'_, [f32]>, DataError>;

    /// Whether each counts for as much as its weight says.
    fn is_weighted(&self) -> bool {
        false
    }

    /// What a sample counts for in the loss.
    fn weight(&self, _row: usize) -> Result<f32, DataError> {
        Ok(1.0)
    }

    /// What tells an input from others: [`hashed`] of its numbers. A kind whose samples cost something may have kept
    /// it.
    fn input_hash(&self, row: usize) -> Result<u64, DataError> {
        Ok(hashed(&self.input(row)?))
    }

    /// Hands over every row once, in the order in which going through them costs least, on all threads: the hash of its
    /// input, and its target.
    fn for_each_hash(&self, take: &TakeHash) -> Result<(), DataError> {
        let each = (0..self.len()).into_par_iter().with_min_len(ROWS_AT_ONCE);
        each.try_for_each(|row| take(self.input_hash(row)?, &self.target(row)?))
    }

    /// Appends some rows to a batch, each after the one before. A kind whose samples cost something may make several at
    /// once.
    fn fetch(&self, rows: &[u32], batch: &mut Batch) -> Result<(), DataError> {
        for &row in rows {
            batch.inputs.extend_from_slice(&self.input(row as usize)?);
            batch.targets.extend_from_slice(&self.target(row as usize)?);
            if self.is_weighted() {
                batch.weights.push(self.weight(row as usize)?);
            }
        }
        Ok(())
    }

    /// The picture that a sample was made of, where it is one.
    fn picture(&self, _row: usize) -> Option<PictureFile> {
        None
    }

    /// Rows that follow each other, where they lie in memory like that already: nothing is copied then.
    fn in_place(&self, _rows: Range<usize>) -> Option<Stretch<'_>> {
        None
    }
}

/// Some samples, row-major: `inputs` is `[len, shape...]`, `targets` `[len, numbers of one]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Samples in the batch.
    pub len: usize,
    /// Inputs, sample by sample.
    pub inputs: Vec<f32>,
    /// Targets, sample by sample: values, or class indices.
    pub targets: Vec<f32>,
    /// What each counts for in the loss; empty where all count alike.
    pub weights: Vec<f32>,
    /// What share each is of its mixture, 0.5 to 1; the rest is the sample before it (mixup). Empty: nothing is mixed.
    pub lambda: Vec<f32>,
    /// Index of each in its part.
    pub rows: Vec<u32>,
}

/// Samples that follow each other, laid out like a [`Batch`]; borrowed where they lie in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch<'a> {
    /// Inputs, sample by sample.
    pub inputs: Cow<'a, [f32]>,
    /// Targets, sample by sample.
    pub targets: Cow<'a, [f32]>,
    /// What each counts for in the loss; empty where all count alike.
    pub weights: Cow<'a, [f32]>,
}

/// Samples fetched at once where all are gone through.
const PIECE: usize = 1024;

/// Cheap to clone: the samples are shared.
#[derive(Clone)]
pub struct Samples {
    shape: Arc<[usize]>,
    target_len: usize,
    rows: Arc<dyn Rows>,
    known: Arc<Known>,
}

impl Samples {
    /// `shape`: of the input of one; `target_len`: numbers in the target of one.
    pub fn new(shape: &[usize], target_len: usize, rows: impl Rows + 'static) -> Self {
        Self { shape: shape.into(), target_len, rows: Arc::new(rows), known: Arc::default() }
    }

    /// Held in memory, `inputs` `[len, shape...]` and `targets` `[len, n]`, both row-major.
    pub fn in_memory(shape: &[usize], inputs: impl Into<Arc<[f32]>>, targets: impl Into<Arc<[f32]>>) -> Self {
        Self::weighted(shape, inputs, targets, [])
    }

    /// As [`Self::in_memory`], each with what it counts for in the loss; no weights: all count alike.
    pub fn weighted(
        shape: &[usize],
        inputs: impl Into<Arc<[f32]>>,
        targets: impl Into<Arc<[f32]>>,
        weights: impl Into<Arc<[f32]>>,
    ) -> Self {
        let (inputs, targets) = (inputs.into(), targets.into());
        let width = shape.iter().product::<usize>().max(1);
        let len = inputs.len() / width;
        let target_len = targets.len().checked_div(len).unwrap_or(1);
        Self::new(shape, target_len, InMemory { len, width, target_len, inputs, targets, weights: weights.into() })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Of the input of one: `[2]`, `[1, 28, 28]` (channels, rows, columns).
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Numbers in the input of one.
    pub fn input_len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Numbers in the target of one: 1 for a class index.
    pub fn target_len(&self) -> usize {
        self.target_len
    }

    /// Whether they lie in memory as they are needed, so that fetching some costs next to nothing.
    pub fn is_at_hand(&self) -> bool {
        !self.is_empty() && self.rows.in_place(0..1).is_some()
    }

    /// The samples of some rows, in the order in which they are asked for.
    pub fn fetch(&self, rows: &[u32]) -> Result<Batch, DataError> {
        let room = |each: usize| Vec::with_capacity(rows.len() * each);
        let (inputs, targets) = (room(self.input_len()), room(self.target_len));
        let mut batch = Batch { len: rows.len(), inputs, targets, rows: rows.to_vec(), ..Batch::default() };
        self.rows.fetch(rows, &mut batch)?;
        Ok(batch)
    }

    /// The input of one.
    pub fn input(&self, row: usize) -> Result<Cow<'_, [f32]>, DataError> {
        self.rows.input(row)
    }

    /// What tells its input from others.
    pub(in crate::data) fn input_hash(&self, row: usize) -> Result<u64, DataError> {
        self.rows.input_hash(row)
    }

    /// [`Rows::for_each_hash`]
    pub(in crate::data) fn for_each_hash(&self, take: &TakeHash) -> Result<(), DataError> {
        self.rows.for_each_hash(take)
    }

    /// The target of one.
    pub fn target(&self, row: usize) -> Result<Cow<'_, [f32]>, DataError> {
        self.rows.target(row)
    }

    /// Whether each counts for as much as its weight says.
    pub fn is_weighted(&self) -> bool {
        self.rows.is_weighted()
    }

    /// What one counts for in the loss; 1 where all count alike.
    pub fn weight(&self, row: usize) -> Result<f32, DataError> {
        self.rows.weight(row)
    }

    /// The picture that one was made of, where it is one.
    pub fn picture(&self, row: usize) -> Option<PictureFile> {
        self.rows.picture(row)
    }

    /// The samples of rows that follow each other.
    pub fn stretch(&self, rows: Range<usize>) -> Result<Stretch<'_>, DataError> {
        if let Some(found) = self.rows.in_place(rows.clone()) {
            return Ok(found);
        }
        let Batch { inputs, targets, weights, .. } = self.fetch(&rows.map(|row| row as u32).collect::<Vec<_>>())?;
        Ok(Stretch { inputs: inputs.into(), targets: targets.into(), weights: weights.into() })
    }

    /// All of them: for little data, such as that of tests.
    pub fn whole(&self) -> Result<Stretch<'_>, DataError> {
        self.stretch(0..self.len())
    }

    /// All of them, one stretch after another.
    fn pieces(&self) -> impl Iterator<Item = Result<Stretch<'_>, DataError>> {
        let len = self.len();
        (0..len).step_by(PIECE).map(move |start| self.stretch(start..len.min(start + PIECE)))
    }

    /// At most so many rows, evenly spread over all.
    pub fn spread(&self, most: usize) -> Vec<u32> {
        let len = self.len();
        let count = len.min(most);
        (0..count).map(|i| (i as u128 * len as u128 / count as u128) as u32).collect()
    }

    /// Tells these samples from all others: no other ones of this program ever have it.
    pub fn version(&self) -> u64 {
        self.known.version
    }
}

impl fmt::Debug for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} samples of {:?}", self.len(), self.shape)
    }
}

/// Where all numbers are equal.
impl PartialEq for Samples {
    fn eq(&self, other: &Self) -> bool {
        let is_alike = (self.len(), self.target_len, &self.shape) == (other.len(), other.target_len, &other.shape);
        is_alike && (Arc::ptr_eq(&self.rows, &other.rows) || self.pieces().eq(other.pieces()))
    }
}

#[cfg(test)]
pub(crate) mod tests;
