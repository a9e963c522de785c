//! Which part of the value axis to show, and how many points that leaves out.

use crate::trace::{Bucket, Series};

/// How the value axis was chosen and what it hides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// On a logarithmic axis, decimal logarithms.
    pub from: f64,
    pub to: f64,
    /// A few points are so far off that the rest would be flat with them.
    pub outliers: bool,
}

/// A range is called spoilt by outliers when it is this many times as wide as that of all but the most extreme 2 %.
const SPOILT: f64 = 20.0;

/// The axis for the visible buckets. With `clip`, outliers that would flatten the rest are left outside (and the caller
/// has to say how many: see [`outside`]).
pub fn choose(visible: &[&[Bucket]], log: bool, clip: bool) -> Range {
    let all = || visible.iter().flat_map(|buckets| buckets.iter());
    let usable = |v: f32| v.is_finite() && (!log || v > 0.0);
    let mut lows: Vec<f32> = all().map(|b| if usable(b.min) { b.min } else { b.mean }).filter(|&v| usable(v)).collect();
    let mut highs: Vec<f32> = all().map(|b| b.max).filter(|&v| usable(v)).collect();
    if lows.is_empty() || highs.is_empty() {
        let (from, to) = if log { (-1.0, 0.0) } else { (0.0, 1.0) };
        return Range { from, to, outliers: false };
    }
    let enough = lows.len().min(highs.len()) >= 10;
    let cut = |n: usize| if enough { n / 50 + 1 } else { 0 };
    let least = lows.iter().copied().fold(f32::INFINITY, f32::min);
    let most = highs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let whole = (scale(least, log), scale(most, log));
    let (n, m) = (cut(lows.len()), highs.len() - 1 - cut(highs.len()));
    let low = *lows.select_nth_unstable_by(n, f32::total_cmp).1;
    let high = *highs.select_nth_unstable_by(m, f32::total_cmp).1;
    let core = (scale(low.min(high), log), scale(high.max(low), log));
    let outliers = enough && whole.1 - whole.0 > SPOILT * (core.1 - core.0).max(1e-9 * core.1.abs().max(1e-30));
    let (min, max) = if outliers && clip { widened(core, 0.25) } else { widened(whole, 0.06) };
    // A loss or a share that never falls below 0 is not drawn over an axis that does, but 0 is to be seen.
    let from = if !log && whole.0 >= 0.0 { min.max(-0.03 * max) } else { min };
    Range { from, to: max, outliers }
}

fn scale(value: f32, log: bool) -> f64 {
    if log { f64::from(value).log10() } else { f64::from(value) }
}

fn widened((low, high): (f64, f64), share: f64) -> (f64, f64) {
    // A curve that hardly moves is drawn as one: not as the noise of its last digit.
    let span = if high - low < 1e-3 * high.abs() { high.abs() } else { high - low }.max(1e-12);
    (low - span * share, high + span * share)
}

/// How many finite points in the buckets lie above `to` and below `from`. Only buckets that reach outside are opened.
pub fn outside(series: &Series, buckets: &[Bucket], from: f64, to: f64) -> (usize, usize) {
    let (mut above, mut below) = (0, 0);
    for bucket in buckets {
        let (min, max) = (f64::from(bucket.min), f64::from(bucket.max));
        if max <= to && min >= from {
            continue;
        }
        let start = series.steps().partition_point(|&s| (s as f64) < bucket.first);
        let end = series.steps().partition_point(|&s| (s as f64) <= bucket.last);
        for value in series.values()[start..end].iter().filter(|v| v.is_finite()).map(|&v| f64::from(v)) {
            above += usize::from(value > to);
            below += usize::from(value < from);
        }
    }
    (above, below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: impl IntoIterator<Item = f32>) -> Series {
        let mut series = Series::default();
        values.into_iter().enumerate().for_each(|(i, v)| series.push(i as u64, v));
        series
    }

    #[test]
    fn an_ordinary_curve_is_shown_whole() {
        let s = series((0..500).map(|i| 2.0 * (-0.02 * i as f32).exp() + 0.1));
        let buckets = s.visible(0.0, 500.0, 1000);
        let range = choose(&[&buckets], false, true);
        assert!(!range.outliers);
        assert_eq!(outside(&s, &buckets, range.from, range.to), (0, 0));
        assert!(range.from > -0.05 * range.to && range.from < 0.1, "{range:?}");
    }

    #[test]
    fn one_wild_point_is_clipped_only_on_request_and_counted() {
        let s = series((0..500).map(|i| if i == 77 { 1e6 } else { 1.0 + (i % 10) as f32 * 0.1 }));
        let buckets = s.visible(0.0, 500.0, 1000);
        let clipped = choose(&[&buckets], false, true);
        assert!(clipped.outliers && clipped.to < 3.0);
        assert_eq!(outside(&s, &buckets, clipped.from, clipped.to), (1, 0));
        let whole = choose(&[&buckets], false, false);
        assert!(whole.outliers && whole.to > 1e6);
        assert_eq!(outside(&s, &buckets, whole.from, whole.to), (0, 0));
    }

    #[test]
    fn a_logarithmic_axis_passes_over_zero_and_nan() {
        let s = series([0.0, f32::NAN, 0.01, 10.0]);
        let range = choose(&[&s.visible(0.0, 3.0, 100)], true, true);
        assert!(range.from > 0.005f64.log10() && range.to > 1.0);
    }

    #[test]
    fn nothing_to_show_still_gives_an_axis() {
        let s = series([f32::NAN]);
        for log in [false, true] {
            let range = choose(&[&s.visible(0.0, 1.0, 10)], log, true);
            assert!(range.from < range.to);
        }
    }
}
