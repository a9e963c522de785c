//! A curve of any length that can be drawn at any zoom: a pyramid of minima and maxima, so that drawing costs what the
//! screen is wide and no outlier is ever hidden.
//!
//! Its memory has a bound. Where there would be more than [`MOST`] points, stretches of steps twice as wide as before
//! keep only what marks them out: their first, least and largest point and the first that is no number.

/// Points that fall together on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Step of the first and of the last point in it.
    pub first: f64,
    /// Last step of the bucket.
    pub last: f64,
    /// Smallest value in it.
    pub min: f32,
    /// Largest value in it.
    pub max: f32,
    /// Mean of its values.
    pub mean: f32,
    /// Whether any point in it was NaN or infinite (left out of the numbers above).
    pub broken: bool,
}

/// Values over training steps, in order of steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    steps: Vec<u64>,
    values: Vec<f32>,
    /// `levels[k][i]` covers points `i * FAN^(k+1) ..`; only whole buckets of settled points are stored.
    levels: Vec<Vec<Bucket>>,
    /// A stretch is `1 << shift` steps; with 0 every point is kept.
    shift: u32,
    /// Points before this one stay as they are; those from here on are of the stretch that the last point lies in.
    settled: usize,
}

const FAN: usize = 8;

/// Points of a curve, however long the run is.
pub const MOST: usize = 1 << 19;

/// Points of the newest stretch before it is looked through for those that stand for it.
const LOOSE: usize = 64;

impl Series {
    /// Number of points kept.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The newest step and value.
    pub fn last(&self) -> Option<(u64, f32)> {
        self.steps.last().copied().zip(self.values.last().copied())
    }

    /// Steps and values, ascending.
    pub fn points(&self) -> impl Iterator<Item = (u64, f32)> + '_ {
        self.steps.iter().copied().zip(self.values.iter().copied())
    }

    /// All steps, and beside them all values.
    pub fn steps(&self) -> &[u64] {
        &self.steps
    }

    /// Values in the order of their steps.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Steps must not fall.
    pub fn push(&mut self, step: u64, value: f32) {
        if self.shift > 0 && self.steps.last().is_some_and(|&last| last >> self.shift != step >> self.shift) {
            self.sift(false);
            self.settle(self.len());
        }
        self.steps.push(step);
        self.values.push(value);
        if self.shift == 0 {
            self.settle(self.len());
        } else if self.len() - self.settled >= LOOSE {
            self.sift(true);
        }
        if self.len() > MOST {
            self.widen();
        }
    }

    /// The points before `end` stay as they are: they go into the pyramid.
    fn settle(&mut self, end: usize) {
        self.settled = end;
        let (mut width, mut level) = (FAN, 0);
        loop {
            let known = self.levels.get(level).map_or(0, Vec::len);
            if (known + 1) * width > end {
                return;
            }
            let bucket = self.summarise(level, known);
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(bucket);
            if (known + 2) * width > end {
                level += 1;
                width *= FAN;
            }
        }
    }

    /// Of the newest stretch only what marks it out is kept, and its end when that is `with_end`.
    fn sift(&mut self, with_end: bool) {
        let kept = self.outstanding(self.settled..self.len(), with_end);
        for (at, &i) in kept.iter().enumerate() {
            (self.steps[self.settled + at], self.values[self.settled + at]) = (self.steps[i], self.values[i]);
        }
        self.steps.truncate(self.settled + kept.len());
        self.values.truncate(self.settled + kept.len());
    }

    /// Stretches so wide that half of the points, or fewer, are left.
    fn widen(&mut self) {
        while self.len() > MOST / 2 && self.shift < 63 {
            let old = std::mem::take(self);
            self.shift = old.shift + 1;
            let mut start = 0;
            while start < old.len() {
                let stretch = old.steps[start] >> self.shift;
                let end = start + old.steps[start..].partition_point(|step| step >> self.shift == stretch);
                let is_newest = end == old.len();
                if is_newest {
                    self.settle(self.len());
                }
                for i in old.outstanding(start..end, is_newest) {
                    self.steps.push(old.steps[i]);
                    self.values.push(old.values[i]);
                }
                start = end;
            }
        }
    }

    /// Drops everything after `step`.
    pub fn truncate(&mut self, step: u64) {
        let keep = self.steps.partition_point(|&s| s <= step);
        self.steps.truncate(keep);
        self.values.truncate(keep);
        let open =
            self.steps.last().map_or(0, |last| self.steps.partition_point(|s| s >> self.shift < last >> self.shift));
        self.settled = self.settled.min(if self.shift == 0 { keep } else { open });
        let mut width = FAN;
        for level in &mut self.levels {
            level.truncate(self.settled / width);
            width *= FAN;
        }
    }

    /// What marks some points out: the first, the least, the largest, the first that is no number, and the last when it
    /// is asked for. In order.
    fn outstanding(&self, points: std::ops::Range<usize>, with_end: bool) -> Vec<usize> {
        let finite = || points.clone().filter(|&i| self.values[i].is_finite());
        let least = finite().min_by(|&a, &b| self.values[a].total_cmp(&self.values[b]));
        let largest = finite().max_by(|&a, &b| self.values[a].total_cmp(&self.values[b]));
        let broken = points.clone().find(|&i| !self.values[i].is_finite());
        let end = points.clone().next_back().filter(|_| with_end);
        let first = points.clone().next();
        let mut kept: Vec<_> = [first, least, largest, broken, end].into_iter().flatten().collect();
        kept.sort_unstable();
        kept.dedup();
        kept
    }

    /// All points, or no more than about `most` of them: of every stretch the first, the least and the largest, and
    /// where there is one that is no number, that one; and the very last. Nothing is drawn that never was, and no
    /// outlier is lost.
    pub fn thinned(&self, most: usize) -> Self {
        if self.len() <= most {
            return self.clone();
        }
        let width = self.len().div_ceil(most / 3);
        let mut thin = Self::default();
        for start in (0..self.len()).step_by(width) {
            let end = (start + width).min(self.len());
            let kept = self.outstanding(start..end, end == self.len());
            kept.into_iter().for_each(|i| thin.push(self.steps[i], self.values[i]));
        }
        thin
    }

    /// The value at a step, or the last one before it.
    pub fn at(&self, step: u64) -> Option<f32> {
        let after = self.steps.partition_point(|&s| s <= step);
        after.checked_sub(1).map(|i| self.values[i])
    }

    /// The value at exactly this step, if it is kept.
    pub fn exactly(&self, step: u64) -> Option<f32> {
        self.steps.binary_search(&step).ok().map(|i| self.values[i])
    }

    /// Whether every point that was pushed is there.
    pub fn is_whole(&self) -> bool {
        self.shift == 0
    }

    /// Between `from` and `to` (steps), one or two buckets a pixel, in order, or one for every point if there are
    /// fewer. One neighbour on each side is included so that lines run to the edge. What falls into a bucket does not
    /// depend on what comes after it, so that a growing curve stands still.
    pub fn visible(&self, from: f64, to: f64, pixels: usize) -> Vec<Bucket> {
        let start = self.steps.partition_point(|&s| (s as f64) < from).saturating_sub(1);
        let end = (self.steps.partition_point(|&s| (s as f64) <= to) + 1).min(self.steps.len());
        if start >= end {
            return Vec::new();
        }
        let least = (end - start).div_ceil(pixels.max(1) * 2);
        let (mut level, mut stored) = (0usize, 1usize);
        while stored * FAN <= least && level < self.levels.len() {
            level += 1;
            stored *= FAN;
        }
        let width = stored * least.div_ceil(stored);
        let starts = (start - start % width..end).step_by(width);
        starts.map(|i| self.over(level, i, (i + width).min(self.values.len()))).collect()
    }

    /// Of the points `start..end`, from the buckets of a level (counted from 1) as far as they are stored.
    fn over(&self, level: usize, start: usize, end: usize) -> Bucket {
        let width = FAN.pow(level as u32);
        match level.checked_sub(1).and_then(|k| self.levels[k].get(start / width..end / width)) {
            Some(stored) if !stored.is_empty() && end.is_multiple_of(width) => merged(stored),
            _ => self.bucket(start, end),
        }
    }

    fn summarise(&self, level: usize, index: usize) -> Bucket {
        match level.checked_sub(1) {
            None => self.bucket(index * FAN, (index + 1) * FAN),
            Some(below) => merged(&self.levels[below][index * FAN..(index + 1) * FAN]),
        }
    }

    fn bucket(&self, start: usize, end: usize) -> Bucket {
        let values = &self.values[start..end];
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        let n = finite().count();
        let mean = finite().map(f64::from).sum::<f64>() / n.max(1) as f64;
        Bucket {
            first: self.steps[start] as f64,
            last: self.steps[end - 1] as f64,
            min: finite().fold(f32::INFINITY, f32::min),
            max: finite().fold(f32::NEG_INFINITY, f32::max),
            mean: if n == 0 { f32::NAN } else { mean as f32 },
            broken: n < values.len(),
        }
    }
}

/// Of buckets with as many points each.
fn merged(buckets: &[Bucket]) -> Bucket {
    let mut all = buckets[0];
    let (mut sum, mut count) = (0.0f64, 0u32);
    for bucket in buckets {
        all.min = all.min.min(bucket.min);
        all.max = all.max.max(bucket.max);
        all.broken |= bucket.broken;
        all.last = bucket.last;
        if !bucket.mean.is_nan() {
            sum += f64::from(bucket.mean);
            count += 1;
        }
    }
    all.mean = if count == 0 { f32::NAN } else { (sum / f64::from(count)) as f32 };
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_million_points_draw_as_few_buckets_and_hide_no_outlier() {
        let mut series = Series::default();
        for step in 0..500_000u64 {
            series.push(step, if step == 467_891 { 100.0 } else { (step % 7) as f32 });
        }
        let buckets = series.visible(0.0, 5e5, 800);
        assert!((800..=1602).contains(&buckets.len()), "{} buckets", buckets.len());
        assert!(buckets.windows(2).all(|two| two[0].last + 1.0 == two[1].first), "none left out, none twice");
        assert_eq!(buckets.last().map(|b| b.last), Some(499_999.0));
        assert_eq!(buckets.iter().map(|b| b.max).fold(0.0, f32::max), 100.0);
        let close = series.visible(467_880.0, 467_900.0, 800);
        assert!(close.iter().any(|b| b.first == 467_891.0 && b.max == 100.0 && b.min == 100.0));
    }

    #[test]
    fn truncating_forgets_the_future_and_growing_again_is_as_if_it_never_was() {
        let mut series = Series::default();
        (0..100).for_each(|s| series.push(s, s as f32));
        series.truncate(41);
        (42..100).for_each(|s| series.push(s, -1.0));
        let mut fresh = Series::default();
        (0..100).for_each(|s| fresh.push(s, if s < 42 { s as f32 } else { -1.0 }));
        assert_eq!(series.visible(0.0, 100.0, 4), fresh.visible(0.0, 100.0, 4));
        assert_eq!((series.at(41), series.at(42), series.last()), (Some(41.0), Some(-1.0), Some((99, -1.0))));
    }

    #[test]
    fn a_thin_curve_has_points_of_the_whole_one_and_hides_no_outlier() {
        let mut series = Series::default();
        let value = |step: u64| match step {
            70_001 => f32::NAN,
            70_002 => 50.0,
            70_003 => -50.0,
            step => (step % 7) as f32,
        };
        (1..=100_000).for_each(|step| series.push(step, value(step)));
        let thin = series.thinned(3000);
        assert!((2000..=3002).contains(&thin.len()), "{}", thin.len());
        assert!(thin.points().all(|(step, v)| v.to_bits() == value(step).to_bits()));
        assert!(thin.steps().is_sorted_by(|a, b| a < b));
        for kept in [1, 70_001, 70_002, 70_003, 100_000] {
            assert!(thin.steps().contains(&kept), "{kept}");
        }
        assert_eq!(series.thinned(100_000).len(), 100_000);
    }

    #[test]
    fn however_long_a_curve_becomes_its_points_are_so_many_and_spread_evenly() {
        let mut series = Series::default();
        let steps = 3_000_000u64;
        let value = |step: u64| match step {
            1_234_567 => f32::NAN,
            1_234_568 => 50.0,
            2_345_678 => -50.0,
            step => ((step * 7919) % 1009) as f32 / 1009.0,
        };
        for step in 1..=steps {
            series.push(step, value(step));
            if step % 65_536 == 0 {
                assert!(series.len() <= MOST + 1, "{} after {step}", series.len());
                assert_eq!(series.last(), Some((step, value(step))));
            }
        }
        assert!((MOST / 4..=MOST).contains(&series.len()), "{}", series.len());
        assert!(series.points().all(|(step, v)| v.to_bits() == value(step).to_bits()), "nothing that never was");
        assert!(series.steps().is_sorted_by(|a, b| a < b));
        for kept in [1, 1_234_567, 1_234_568, 2_345_678, steps] {
            assert!(series.steps().contains(&kept), "{kept}");
        }
        let within = |range: std::ops::Range<u64>| series.steps().iter().filter(|step| range.contains(step)).count();
        let (early, late) = (within(0..100_000), within(steps - 100_000..steps));
        assert!(early.abs_diff(late) < early / 10, "{early} early, {late} late");
        let buckets = series.visible(0.0, steps as f64, 800);
        assert_eq!(buckets.iter().map(|b| b.max).fold(0.0, f32::max), 50.0);
        assert!(buckets.iter().any(|b| b.broken));
        for (level, width) in (0..series.levels.len()).map(|level| (level, FAN.pow(level as u32 + 1))) {
            assert_eq!(series.levels[level].len(), series.settled / width);
            for (i, bucket) in series.levels[level].iter().enumerate() {
                let points = &series.steps[i * width..(i + 1) * width];
                assert_eq!((bucket.first, bucket.last), (points[0] as f64, points[width - 1] as f64));
            }
        }
        series.truncate(1_000_001);
        assert!(series.last().is_some_and(|(step, _)| (999_900..=1_000_001).contains(&step)));
        series.push(1_000_002, 99.0);
        assert_eq!((series.at(1_000_002), series.last()), (Some(99.0), Some((1_000_002, 99.0))));
    }

    #[test]
    fn nan_is_marked_and_does_not_spoil_its_neighbours() {
        let mut series = Series::default();
        (0..8).for_each(|s| series.push(s, if s == 3 { f32::NAN } else { 1.0 }));
        let bucket = series.visible(0.0, 7.0, 0)[0];
        assert!(bucket.broken);
        assert_eq!((bucket.min, bucket.max, bucket.mean), (1.0, 1.0, 1.0));
    }
}
