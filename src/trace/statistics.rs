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
    pub nans: usize,
    pub infinities: usize,
}

impl Statistics {
    pub fn of(values: &[f32]) -> Self {
        let (mut n, mut sum, mut squares, mut zeros) = (0usize, 0f64, 0f64, 0usize);
        let (mut min, mut max) = (f32::INFINITY, f32::NEG_INFINITY);
        let (mut nans, mut infinities) = (0, 0);
        for &v in values {
            if v.is_nan() {
                nans += 1;
            } else if v.is_infinite() {
                infinities += 1;
            } else {
                n += 1;
                sum += f64::from(v);
                squares += f64::from(v) * f64::from(v);
                zeros += usize::from(v == 0.0);
                min = min.min(v);
                max = max.max(v);
            }
        }
        if n == 0 {
            return Self { count: values.len(), nans, infinities, ..Self::default() };
        }
        let mean = sum / n as f64;
        let variance = (squares / n as f64 - mean * mean).max(0.0);
        Self {
            count: values.len(),
            min,
            max,
            mean: mean as f32,
            std: variance.sqrt() as f32,
            norm: squares.sqrt() as f32,
            zeros: zeros as f32 / n as f32,
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
        let s = Statistics::of(values);
        let mut counts = vec![0u32; bins.max(1)];
        let width = (s.max - s.min) / counts.len() as f32;
        let last = counts.len() - 1;
        for &v in values.iter().filter(|v| v.is_finite()) {
            let bin = if width > 0.0 { ((v - s.min) / width) as usize } else { 0 };
            counts[bin.min(last)] += 1;
        }
        Self { min: s.min, max: s.max, counts }
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
    }

    #[test]
    fn a_histogram_holds_every_finite_element() {
        let h = Histogram::of(&[0.0, 0.1, 0.9, 1.0, f32::NAN], 2);
        assert_eq!(h.counts, vec![2, 2]);
        assert_eq!(Histogram::of(&[3.0, 3.0], 4).counts, vec![2, 0, 0, 0]);
    }
}
