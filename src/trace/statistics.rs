//! Summary numbers and histograms of a tensor's elements.

/// NaN and infinite elements are counted apart and left out of the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    pub count: usize,
    pub min: f32,
    pub max: f32,
    pub mean: f32,
    pub std: f32,
    /// Euclidean norm.
    pub norm: f32,
    /// Share of exact zeros, 0 to 1.
    pub zeros: f32,
    /// Share of numbers below zero, 0 to 1.
    pub negatives: f32,
    pub nans: usize,
    pub infinities: usize,
}

impl Statistics {
    pub fn of(values: &[f32]) -> Self {
        let mut tally = Tally::default();
        tally.add(values);
        tally.statistics()
    }
}

/// Statistics while they are being counted, piece by piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    count: usize,
    finite: usize,
    sum: f64,
    squares: f64,
    zeros: usize,
    negatives: usize,
    min: f32,
    max: f32,
    nans: usize,
    infinities: usize,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            count: 0,
            finite: 0,
            sum: 0.0,
            squares: 0.0,
            zeros: 0,
            negatives: 0,
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
            nans: 0,
            infinities: 0,
        }
    }
}

impl Tally {
    pub fn add(&mut self, values: &[f32]) {
        self.count += values.len();
        for &v in values {
            if v.is_nan() {
                self.nans += 1;
            } else if v.is_infinite() {
                self.infinities += 1;
            } else {
                self.finite += 1;
                self.sum += f64::from(v);
                self.squares += f64::from(v) * f64::from(v);
                self.zeros += usize::from(v == 0.0);
                self.negatives += usize::from(v < 0.0);
                self.min = self.min.min(v);
                self.max = self.max.max(v);
            }
        }
    }

    pub fn statistics(&self) -> Statistics {
        let (count, nans, infinities) = (self.count, self.nans, self.infinities);
        if self.finite == 0 {
            return Statistics { count, nans, infinities, ..Statistics::default() };
        }
        let n = self.finite as f64;
        let mean = self.sum / n;
        let variance = (self.squares / n - mean * mean).max(0.0);
        Statistics {
            count,
            min: self.min,
            max: self.max,
            mean: mean as f32,
            std: variance.sqrt() as f32,
            norm: self.squares.sqrt() as f32,
            zeros: self.zeros as f32 / self.finite as f32,
            negatives: self.negatives as f32 / self.finite as f32,
            nans,
            infinities,
        }
    }
}

/// Equal bins from `min` to `max`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    pub min: f32,
    pub max: f32,
    pub counts: Vec<u32>,
}

impl Histogram {
    /// Finite elements in `bins` equal bins; all in the first bin when they are all the same.
    pub fn of(values: &[f32], bins: usize) -> Self {
        let mut histogram = Self::over(&Statistics::of(values), bins);
        histogram.add(values);
        histogram
    }

    /// Empty, from the smallest to the largest of the numbers that are to come.
    pub(super) fn over(statistics: &Statistics, bins: usize) -> Self {
        Self { min: statistics.min, max: statistics.max, counts: vec![0; bins.max(1)] }
    }

    pub(super) fn add(&mut self, values: &[f32]) {
        // Halves, so that the widest ranges do not overflow.
        let width = (self.max / 2.0 - self.min / 2.0) / self.counts.len() as f32;
        let last = self.counts.len() - 1;
        for &v in values.iter().filter(|v| v.is_finite()) {
            let bin = if width > 0.0 { ((v / 2.0 - self.min / 2.0) / width) as usize } else { 0 };
            self.counts[bin.min(last)] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_leave_nan_and_infinity_out_but_count_them() {
        let s = Statistics::of(&[1.0, -1.0, 0.0, f32::NAN, f32::INFINITY]);
        assert_eq!((s.count, s.nans, s.infinities), (5, 1, 1));
        assert_eq!((s.min, s.max, s.mean), (-1.0, 1.0, 0.0));
        assert!((s.zeros - 1.0 / 3.0).abs() < 1e-6);
        assert!((s.negatives - 1.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn a_histogram_holds_every_finite_element() {
        let h = Histogram::of(&[0.0, 0.1, 0.9, 1.0, f32::NAN], 2);
        assert_eq!(h.counts, vec![2, 2]);
        assert_eq!(Histogram::of(&[3.0, 3.0], 4).counts, vec![2, 0, 0, 0]);
    }
}
