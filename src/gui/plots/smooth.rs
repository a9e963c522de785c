//! Exponential smoothing of a growing curve, kept beside the raw one so that each frame only adds what is new.

use crate::trace::Series;

/// A smoothed copy of one series.
///
/// The weighted mean of all points so far, each `weight` times as heavy as the next, as TensorBoard does:
/// `s_t = w s_(t-1) + (1 - w) v_t`, divided by `1 - w^t` so that the first points are not drawn towards 0.
#[derive(Clone, Debug, Default)]
pub struct Smoother {
    weight: f32,
    smoothed: Series,
    sum: f64,
    /// `w^t` of the points so far.
    rest: f64,
    /// Steps and bits of the first and the last point taken in: when the series has others there, it is another run.
    ends: Option<[(u64, u32); 2]>,
}

impl Smoother {
    /// The smoothed curve of `raw`. Points that are NaN or infinite leave it where it was.
    pub fn follow(&mut self, raw: &Series, weight: f32) -> &Series {
        if self.weight != weight || !self.continues(raw) {
            *self = Self { weight, rest: 1.0, ..Self::default() };
        }
        let w = f64::from(weight.clamp(0.0, 0.999));
        // By step, not by place: a long series drops points of its newest stretch that were taken in already.
        let known = self.ends.map_or(0, |[_, (last, _)]| raw.steps().partition_point(|&step| step <= last));
        for (&step, &value) in raw.steps()[known..].iter().zip(&raw.values()[known..]) {
            if value.is_finite() {
                self.sum = w * self.sum + (1.0 - w) * f64::from(value);
                self.rest *= w;
            }
            let now = if self.rest < 1.0 { (self.sum / (1.0 - self.rest)) as f32 } else { f32::NAN };
            self.smoothed.push(step, now);
            let point = (step, value.to_bits());
            self.ends = Some([self.ends.map_or(point, |[first, _]| first), point]);
        }
        &self.smoothed
    }

    /// As far as it was followed.
    pub fn smoothed(&self) -> &Series {
        &self.smoothed
    }

    fn continues(&self, raw: &Series) -> bool {
        let Some(ends) = self.ends else { return true };
        let is_behind = raw.last().is_none_or(|(last, _)| last < ends[1].0);
        !is_behind
            && ends.iter().all(|(step, bits)| match raw.exactly(*step) {
                Some(value) => value.to_bits() == *bits,
                // Every point of a short series is there.
                None => !raw.is_whole(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::MOST;

    fn series(values: &[f32]) -> Series {
        let mut series = Series::default();
        values.iter().enumerate().for_each(|(i, &v)| series.push(i as u64, v));
        series
    }

    #[test]
    fn a_constant_stays_and_a_jump_is_followed_slowly() {
        let mut smoother = Smoother::default();
        let smooth = smoother.follow(&series(&[2.0, 2.0, 2.0, 4.0]), 0.5);
        assert_eq!(smooth.values()[..3], [2.0, 2.0, 2.0]);
        // (4 * 0.5 + 2 * 0.25 + 2 * 0.125 + 2 * 0.0625) / (1 - 0.0625)
        assert!((smooth.values()[3] - 2.875 / 0.9375).abs() < 1e-6);
    }

    #[test]
    fn no_smoothing_changes_nothing() {
        let raw = series(&[1.0, -3.0, 5.0]);
        assert_eq!(Smoother::default().follow(&raw, 0.0).values(), raw.values());
    }

    #[test]
    fn growing_gives_what_starting_over_gives_and_a_new_run_starts_over() {
        let values: Vec<f32> = (0..50).map(|i| (i as f32 * 0.7).sin()).collect();
        let mut grown = Smoother::default();
        for n in [0, 10, 11, 50] {
            grown.follow(&series(&values[..n]), 0.9);
        }
        assert_eq!(grown.smoothed.values(), Smoother::default().follow(&series(&values), 0.9).values());
        let other = series(&[9.0, 9.0, 9.0]);
        assert_eq!(grown.follow(&other, 0.9).values(), [9.0, 9.0, 9.0]);
        assert_eq!(grown.follow(&series(&[]), 0.9).len(), 0);
    }

    #[test]
    fn a_series_that_drops_points_is_followed_on_and_not_smoothed_anew() {
        let (mut raw, mut smoother) = (Series::default(), Smoother::default());
        let (mut sum, mut rest, mut expected) = (0.0f64, 1.0f64, 0.0f32);
        for i in 0..MOST as u64 + 500 {
            let value = (i as f32 * 0.37).sin();
            raw.push(i, value);
            (sum, rest) =
                (f64::from(0.9f32) * sum + (1.0 - f64::from(0.9f32)) * f64::from(value), rest * f64::from(0.9f32));
            expected = (sum / (1.0 - rest)) as f32;
            smoother.follow(&raw, 0.9);
        }
        assert!(!raw.is_whole());
        assert_eq!(smoother.smoothed().last(), Some((MOST as u64 + 499, expected)));
        raw.truncate(100);
        raw.push(101, 5.0);
        assert_eq!(smoother.follow(&raw, 0.9).steps(), raw.steps(), "what was cut is smoothed anew");
    }

    #[test]
    fn nan_is_passed_over() {
        let mut smoother = Smoother::default();
        let smooth = smoother.follow(&series(&[1.0, f32::NAN, 1.0]), 0.6).values().to_vec();
        assert!(smooth.iter().all(|v| (v - 1.0).abs() < 1e-6), "{smooth:?}");
    }
}
