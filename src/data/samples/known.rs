//! What is known about all samples of a part, found once: whoever asks again does not go through them again.
//!
//! [`Samples::take_stock`] finds it where the data is loaded, so that no other thread has to.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{DataError, Samples};
use crate::data::fair;
use crate::data::fingerprint::PartPrint;

/// Samples that are looked at where a fair or an even share of them will do.
pub const MOST: usize = 100_000;

/// Samples whose targets one thread adds up.
const SUMMED: usize = 1 << 16;

type Once<T> = OnceLock<Result<T, DataError>>;

pub(super) struct Known {
    /// Of these samples alone.
    pub version: u64,
    print: Once<PartPrint>,
    counts: Once<BTreeMap<usize, usize>>,
    means: Once<Vec<f64>>,
    ranges: OnceLock<[Option<(f32, f32)>; 2]>,
    /// By class, and without.
    fair: [OnceLock<Arc<[u32]>>; 2],
}

impl Default for Known {
    fn default() -> Self {
        // Counted: an address comes again.
        static MADE: AtomicU64 = AtomicU64::new(1);
        Self {
            version: MADE.fetch_add(1, Ordering::Relaxed),
            print: Once::default(),
            counts: Once::default(),
            means: Once::default(),
            ranges: OnceLock::default(),
            fair: Default::default(),
        }
    }
}

/// What was found of a part, to be kept with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::data) struct Stock {
    print: PartPrint,
    counts: Option<BTreeMap<usize, usize>>,
    /// None where there are no samples.
    means: Option<Vec<f64>>,
}

impl Samples {
    /// What [`Self::take_stock`] finds.
    pub(in crate::data) fn stock(&self, of_classes: bool) -> Result<Stock, DataError> {
        self.take_stock(of_classes)?;
        Ok(Stock {
            print: self.print()?,
            counts: if of_classes { Some(self.counts()?.clone()) } else { None },
            means: if of_classes || self.is_empty() { None } else { Some(self.target_means()?.to_vec()) },
        })
    }

    /// These samples, of which that is known already.
    pub(in crate::data) fn with_stock(self, stock: Stock) -> Self {
        let Stock { print, counts, means } = stock;
        // Of samples that nobody has asked anything yet.
        let samples = self.with_print(print);
        if let Some(counts) = counts {
            let _ = samples.known.counts.set(Ok(counts));
        }
        if let Some(means) = means {
            let _ = samples.known.means.set(Ok(means));
        }
        samples
    }

    /// These samples, whose fingerprint is known already.
    pub(in crate::data) fn with_print(self, print: PartPrint) -> Self {
        let _ = self.known.print.set(Ok(print));
        self
    }

    /// These samples, of whose targets is told what is asked about them later. `target`: that of a row, from where it
    /// is had at less cost.
    pub(in crate::data) fn with_targets<T: Deref<Target = [f32]>>(
        self,
        of_classes: bool,
        target: impl Fn(usize) -> Result<T, DataError> + Sync,
    ) -> Result<Self, DataError> {
        if of_classes {
            let _ = self.known.counts.set(Ok(counted(self.len(), target)?));
        } else if !self.is_empty() {
            let _ = self.known.means.set(Ok(means(self.len(), self.target_len, target)?));
        }
        Ok(self)
    }

    /// Finds what is asked about a part later.
    pub(in crate::data) fn take_stock(&self, of_classes: bool) -> Result<(), DataError> {
        self.print()?;
        if of_classes {
            self.counts()?;
        } else {
            self.target_means()?;
        }
        Ok(())
    }

    /// What tells these samples from others, in files too.
    pub(in crate::data) fn print(&self) -> Result<PartPrint, DataError> {
        self.known.print.get_or_init(|| PartPrint::of(self)).clone()
    }

    /// How many there are of each class that occurs, where targets are class indices.
    pub fn counts(&self) -> Result<&BTreeMap<usize, usize>, DataError> {
        let found = self.known.counts.get_or_init(|| counted(self.len(), |row| self.target(row)));
        found.as_ref().map_err(DataError::clone)
    }

    /// The mean of each number of the targets; NaN where there are no samples.
    pub fn target_means(&self) -> Result<&[f64], DataError> {
        let found = self.known.means.get_or_init(|| means(self.len(), self.target_len, |row| self.target(row)));
        found.as_deref().map_err(DataError::clone)
    }

    /// The smallest and the largest finite number of the inputs; of an even share where there are many samples.
    pub fn input_range(&self) -> Option<(f32, f32)> {
        self.ranges()[0]
    }

    /// And of the targets.
    pub fn target_range(&self) -> Option<(f32, f32)> {
        self.ranges()[1]
    }

    fn ranges(&self) -> &[Option<(f32, f32)>; 2] {
        self.known.ranges.get_or_init(|| {
            let mut ranges = [None; 2];
            for rows in self.spread(MOST).chunks(super::PIECE) {
                let Ok(batch) = self.fetch(rows) else { continue };
                for (range, numbers) in ranges.iter_mut().zip([&batch.inputs, &batch.targets]) {
                    for &number in numbers.iter().filter(|number| number.is_finite()) {
                        let (low, high) = range.unwrap_or((number, number));
                        *range = Some((number.min(low), number.max(high)));
                    }
                }
            }
            ranges
        })
    }

    /// Rows in an order of which every beginning is a fair sample of them; not more than are ever asked.
    pub fn fair(&self, by_class: bool) -> Arc<[u32]> {
        self.known.fair[usize::from(by_class)].get_or_init(|| fair::order(self, by_class).into()).clone()
    }
}

/// How many rows there are of each class.
fn counted<T: Deref<Target = [f32]>>(
    len: usize,
    target: impl Fn(usize) -> Result<T, DataError> + Sync,
) -> Result<BTreeMap<usize, usize>, DataError> {
    let of_piece = |from: usize| {
        let mut counts = BTreeMap::new();
        for row in from..(from + SUMMED).min(len) {
            target(row)?.iter().for_each(|&target| *counts.entry(target as usize).or_default() += 1);
        }
        Ok(counts)
    };
    let pieces = (0..len).into_par_iter().step_by(SUMMED).map(of_piece);
    let mut counts = BTreeMap::<usize, usize>::new();
    for piece in pieces.collect::<Result<Vec<BTreeMap<usize, usize>>, DataError>>()? {
        piece.into_iter().for_each(|(class, count)| *counts.entry(class).or_default() += count);
    }
    Ok(counts)
}

/// The mean of each number of the targets.
fn means<T: Deref<Target = [f32]>>(
    len: usize,
    target_len: usize,
    target: impl Fn(usize) -> Result<T, DataError> + Sync,
) -> Result<Vec<f64>, DataError> {
    // Of pieces, so that the same comes out on any number of threads.
    let of_piece = |from: usize| {
        let mut sums = vec![0.0; target_len];
        for row in from..(from + SUMMED).min(len) {
            sums.iter_mut().zip(target(row)?.iter()).for_each(|(sum, &number)| *sum += f64::from(number));
        }
        Ok(sums)
    };
    let pieces = (0..len).into_par_iter().step_by(SUMMED).map(of_piece);
    let mut sums = vec![0.0; target_len];
    for piece in pieces.collect::<Result<Vec<_>, DataError>>()? {
        sums.iter_mut().zip(piece).for_each(|(sum, more)| *sum += more);
    }
    Ok(sums.into_iter().map(|sum| sum / len as f64).collect())
}
