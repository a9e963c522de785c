//! Summary numbers and histograms of a tensor's elements.

/// NaN and infinite elements are counted apart and left out of the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Number of values.
    pub count: usize,
    /// Smallest finite value.
    pub min: f32,
    /// Largest finite value.
    pub max: f32,
    /// Mean of the finite values.
    pub mean: f32,
    /// Standard deviation of the finite values.
    pub std: f32,
    /// Euclidean norm.
    pub norm: f32,
    /// Share of exact zeros, 0 to 1.
    pub zeros: f32,
    /// Share of numbers below zero, 0 to 1.
    pub negatives: f32,
    /// Number of NaN.
    pub nans: usize,
    /// Number of infinities of either sign.
    pub infinities: usize,
}

impl Statistics {
    /// Statistics of all values at once.
    pub fn of(values: &[f32]) -> Self {
        let mut tally = Tally::default();
        tally.add(values);
        tally.statistics()
    }
}

/// Numbers that are added up side by side.
const LANES: usize = 16;
/// So many are looked at for NaN and infinities before they are counted.
const BLOCK: usize = 64 * LANES;

/// Statistics while they are being counted, piece by piece: whatever the pieces, a number goes into the same sum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    count: usize,
    sums: [f64; LANES],
    squares: [f64; LANES],
    zeros: usize,
    negatives: usize,
    min: [f32; LANES],
    max: [f32; LANES],
    nans: usize,
    infinities: usize,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            count: 0,
            sums: [0.0; LANES],
            squares: [0.0; LANES],
            zeros: 0,
            negatives: 0,
            min: [f32::INFINITY; LANES],
            max: [f32::NEG_INFINITY; LANES],
            nans: 0,
            infinities: 0,
        }
    }
}

impl Tally {
    /// Adds more values.
    pub fn add(&mut self, values: &[f32]) {
        let to_first_lane = (LANES - self.count % LANES) % LANES;
        let (head, rest) = values.split_at(to_first_lane.min(values.len()));
        head.iter().for_each(|&v| self.add_one(v));
        for block in rest.chunks(BLOCK) {
            let is_whole = block.len() % LANES == 0;
            // No branch and no early end: this is done for many numbers at once.
            if is_whole && block.iter().fold(true, |all, v| all & v.is_finite()) {
                self.add_finite(block);
            } else {
                block.iter().for_each(|&v| self.add_one(v));
            }
        }
    }

    fn add_finite(&mut self, block: &[f32]) {
        let (mut sums, mut squares, mut min, mut max) = (self.sums, self.squares, self.min, self.max);
        for row in block.chunks_exact(LANES) {
            for (lane, &v) in row.iter().enumerate() {
                let wide = f64::from(v);
                sums[lane] += wide;
                squares[lane] += wide * wide;
                min[lane] = if v < min[lane] { v } else { min[lane] };
                max[lane] = if v > max[lane] { v } else { max[lane] };
            }
        }
        (self.sums, self.squares, self.min, self.max) = (sums, squares, min, max);
        self.zeros += block.iter().map(|&v| u32::from(v == 0.0)).sum::<u32>() as usize;
        self.negatives += block.iter().map(|&v| u32::from(v < 0.0)).sum::<u32>() as usize;
        self.count += block.len();
    }

    fn add_one(&mut self, v: f32) {
        let lane = self.count % LANES;
        self.count += 1;
        if v.is_nan() {
            self.nans += 1;
        } else if v.is_infinite() {
            self.infinities += 1;
        } else {
            self.sums[lane] += f64::from(v);
            self.squares[lane] += f64::from(v) * f64::from(v);
            self.zeros += usize::from(v == 0.0);
            self.negatives += usize::from(v < 0.0);
            self.min[lane] = self.min[lane].min(v);
            self.max[lane] = self.max[lane].max(v);
        }
    }

    /// Statistics of everything added so far.
    pub fn statistics(&self) -> Statistics {
        let (count, nans, infinities) = (self.count, self.nans, self.infinities);
        let finite = count - nans - infinities;
        if finite == 0 {
            return Statistics { count, nans, infinities, ..Statistics::default() };
        }
        let n = finite as f64;
        let squares = self.squares.iter().sum::<f64>();
        let mean = self.sums.iter().sum::<f64>() / n;
        let variance = (squares / n - mean * mean).max(0.0);
        Statistics {
            count,
            min: self.min.into_iter().fold(f32::INFINITY, f32::min),
            max: self.max.into_iter().fold(f32::NEG_INFINITY, f32::max),
            mean: mean as f32,
            std: variance.sqrt() as f32,
            norm: squares.sqrt() as f32,
            zeros: self.zeros as f32 / finite as f32,
            negatives: self.negatives as f32 / finite as f32,
            nans,
            infinities,
        }
    }
}

/// Equal bins from `min` to `max`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Lower end of the first bar.
    pub min: f32,
    /// Upper end of the last bar.
    pub max: f32,
    /// Values in each bar.
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
    fn many_numbers_are_counted_as_few_are_and_pieces_as_the_whole() {
        let mut values: Vec<f32> = (0..5_003).map(|i| ((i * 7919) % 2003) as f32 / 64.0 - 15.0).collect();
        let check = |values: &[f32]| {
            let found = Statistics::of(values);
            let finite: Vec<f64> = values.iter().filter(|v| v.is_finite()).map(|&v| f64::from(v)).collect();
            let (n, sum) = (finite.len() as f64, finite.iter().sum::<f64>());
            let squares = finite.iter().map(|v| v * v).sum::<f64>();
            let share = |of: &dyn Fn(f64) -> bool| (finite.iter().filter(|&&v| of(v)).count() as f64 / n) as f32;
            assert_eq!((found.min, found.max), (-15.0, 2002.0 / 64.0 - 15.0));
            assert!((f64::from(found.mean) - sum / n).abs() < 1e-5);
            assert!((f64::from(found.std) - (squares / n - (sum / n).powi(2)).sqrt()).abs() < 1e-5);
            assert!((f64::from(found.norm) / squares.sqrt() - 1.0).abs() < 1e-6);
            assert_eq!((found.zeros, found.negatives), (share(&|v| v == 0.0), share(&|v| v < 0.0)));
            let mut pieces = Tally::default();
            values.chunks(37).for_each(|piece| pieces.add(piece));
            assert_eq!(pieces.statistics(), found);
            found
        };
        assert_eq!(check(&values).nans, 0);
        (values[40], values[41], values[3000]) = (f32::NAN, f32::NEG_INFINITY, f32::INFINITY);
        let found = check(&values);
        assert_eq!((found.count, found.nans, found.infinities), (5_003, 1, 2));
    }

    #[test]
    fn a_histogram_holds_every_finite_element() {
        let h = Histogram::of(&[0.0, 0.1, 0.9, 1.0, f32::NAN], 2);
        assert_eq!(h.counts, vec![2, 2]);
        assert_eq!(Histogram::of(&[3.0, 3.0], 4).counts, vec![2, 0, 0, 0]);
    }
}
