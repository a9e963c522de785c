//! Counts through a large tensor piece by piece, so that whoever waits for it can do something else in between.
//!
//! Two passes: the first finds the statistics, the spread of magnitudes and the places of NaN and infinity, the second
//! fills the histogram, whose ends the first has found.

use super::statistics::Tally;
use super::{Histogram, Statistics};

/// Bins of the histogram.
const BINS: usize = 48;
/// The most places of NaN and infinity that are remembered.
const MOST_BROKEN: usize = 4096;
/// Magnitudes are sorted by the upper half of their bits: sign apart, 128 steps for each doubling.
const MAGNITUDES: usize = 1 << 15;

/// What a survey found.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Statistics of all elements.
    pub statistics: Statistics,
    /// Their distribution.
    pub histogram: Histogram,
    /// The first places, in row-major order, of NaN and infinities.
    pub broken: Vec<usize>,
    /// How many are +∞, and how many −∞.
    pub infinite: [usize; 2],
    /// The smallest magnitude that is not zero; 0 when there is none.
    pub smallest: f32,
    magnitudes: Vec<u32>,
}

impl Findings {
    /// All at once.
    pub fn of(values: &[f32]) -> Self {
        let mut survey = Survey::default();
        while !survey.advance(values, usize::MAX) {}
        survey.finish()
    }

    /// The largest finite magnitude.
    pub fn largest(&self) -> f32 {
        self.statistics.min.abs().max(self.statistics.max.abs())
    }

    /// The magnitude that this share of the finite numbers other than zero does not exceed; within 1 %. 0 when there
    /// are none.
    pub fn quantile(&self, share: f64) -> f32 {
        let all: u64 = self.magnitudes.iter().map(|&n| u64::from(n)).sum();
        let wanted = (share.clamp(0.0, 1.0) * all as f64).ceil() as u64;
        let mut below = 0;
        for (bucket, &n) in self.magnitudes.iter().enumerate() {
            below += u64::from(n);
            if n > 0 && below >= wanted {
                // The upper end of the bucket, but nothing above what there is.
                return f32::from_bits(((bucket as u32) << 16) | 0xffff).min(self.largest());
            }
        }
        0.0
    }
}

/// The counting while it is under way.
#[derive(Clone, Debug)]
pub struct Survey {
    at: usize,
    len: usize,
    second: Option<(Statistics, Histogram)>,
    tally: Tally,
    magnitudes: Vec<u32>,
    broken: Vec<usize>,
    infinite: [usize; 2],
    smallest: f32,
}

impl Default for Survey {
    fn default() -> Self {
        Self {
            at: 0,
            len: 0,
            second: None,
            tally: Tally::default(),
            magnitudes: vec![0; MAGNITUDES],
            broken: Vec::new(),
            infinite: [0; 2],
            smallest: f32::INFINITY,
        }
    }
}

impl Survey {
    /// Looks at up to `budget` more of the numbers, always the same ones. Returns whether all were counted.
    pub fn advance(&mut self, values: &[f32], budget: usize) -> bool {
        self.len = values.len();
        let end = self.at.saturating_add(budget.max(1)).min(values.len());
        let piece = values.get(self.at..end).unwrap_or_default();
        match &mut self.second {
            None => self.count(piece),
            Some((_, histogram)) => histogram.add(piece),
        }
        self.at = end;
        if end < values.len() {
            return false;
        }
        if self.second.is_some() {
            return true;
        }
        let statistics = self.tally.statistics();
        self.second = Some((statistics, Histogram::over(&statistics, BINS)));
        self.at = 0;
        values.is_empty()
    }

    fn count(&mut self, piece: &[f32]) {
        self.tally.add(piece);
        for (i, &v) in piece.iter().enumerate() {
            if v.is_finite() {
                if v != 0.0 {
                    self.magnitudes[(v.abs().to_bits() >> 16) as usize] += 1;
                    self.smallest = self.smallest.min(v.abs());
                }
            } else {
                if v.is_infinite() {
                    self.infinite[usize::from(v < 0.0)] += 1;
                }
                if self.broken.len() < MOST_BROKEN {
                    self.broken.push(self.at + i);
                }
            }
        }
    }

    /// 0 to 1.
    pub fn fraction(&self) -> f32 {
        let done = self.at + if self.second.is_some() { self.len } else { 0 };
        done as f32 / (2 * self.len).max(1) as f32
    }

    /// What was found; whole once [`Self::advance`] has returned true.
    pub fn finish(self) -> Findings {
        let (statistics, histogram) = self.second.unwrap_or_default();
        let smallest = if self.smallest.is_finite() { self.smallest } else { 0.0 };
        let Self { broken, infinite, magnitudes, .. } = self;
        Findings { statistics, histogram, broken, infinite, smallest, magnitudes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_find_what_the_whole_finds() {
        let mut values: Vec<f32> = (0..10_007).map(|i| ((i * 7919) % 1009) as f32 / 100.0 - 5.0).collect();
        values[3] = f32::NAN;
        values[5000] = f32::NEG_INFINITY;
        let whole = Findings::of(&values);
        let mut survey = Survey::default();
        let mut calls = 1;
        while !survey.advance(&values, 100) {
            calls += 1;
            assert!(survey.fraction() < 1.0);
        }
        assert_eq!(calls, 2 * 101);
        assert_eq!(survey.finish(), whole);
        assert_eq!((&whole.broken[..], whole.infinite), (&[3, 5000][..], [0, 1]));
        assert_eq!(whole.statistics, Statistics::of(&values));
        assert_eq!(whole.histogram.counts.iter().sum::<u32>(), 10_005);
    }

    #[test]
    fn quantiles_leave_outliers_and_zeros_out() {
        let mut values = vec![0.0f32; 5000];
        values.extend((1..=990).map(|i| i as f32 / 1000.0));
        values.extend([1e6; 5]);
        let found = Findings::of(&values);
        let q = found.quantile(0.99);
        assert!((q / 0.985 - 1.0).abs() < 0.02, "{q}");
        assert_eq!(found.quantile(1.0), 1e6);
        assert_eq!(found.smallest, 0.001);
        assert_eq!(Findings::of(&[0.0, f32::NAN]).quantile(0.99), 0.0);
        assert_eq!(Findings::of(&[]).statistics.count, 0);
    }
}
