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
    /// Step and bits of the last point taken in: when the series no longer has it there, it is another run.
    last: Option<(u64, u32)>,
}

impl Smoother {
    /// The smoothed curve of `raw`. Points that are NaN or infinite leave it where it was.
    pub fn follow(&mut self, raw: &Series, weight: f32) -> &Series {
        if self.weight != weight || !self.continues(raw) {
            *self = Self { weight, rest: 1.0, ..Self::default() };
        }
        let w = f64::from(weight.clamp(0.0, 0.999));
        let known = self.smoothed.len();
        for (&step, &value) in raw.steps()[known..].iter().zip(&raw.values()[known..]) {
            if value.is_finite() {
                self.sum = w * self.sum + (1.0 - w) * f64::from(value);
                self.rest *= w;
            }
            let now = if self.rest < 1.0 { (self.sum / (1.0 - self.rest)) as f32 } else { f32::NAN };
            self.smoothed.push(step, now);
            self.last = Some((step, value.to_bits()));
        }
        &self.smoothed
    }

    /// As far as it was followed.
    pub fn smoothed(&self) -> &Series {
        &self.smoothed
    }

    fn continues(&self, raw: &Series) -> bool {
        let Some((step, bits)) = self.last else { return self.smoothed.is_empty() };
        let index = self.smoothed.len() - 1;
        raw.steps().get(index) == Some(&step) && raw.values()[index].to_bits() == bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn nan_is_passed_over() {
        let mut smoother = Smoother::default();
        let smooth = smoother.follow(&series(&[1.0, f32::NAN, 1.0]), 0.6).values().to_vec();
        assert!(smooth.iter().all(|v| (v - 1.0).abs() < 1e-6), "{smooth:?}");
    }
}
