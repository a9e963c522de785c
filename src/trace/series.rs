//! A curve of any length that can be drawn at any zoom: a pyramid of minima and maxima, so that drawing costs what the
//! screen is wide and no outlier is ever hidden.

/// Points that fall together on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Step of the first and of the last point in it.
    pub first: f64,
    pub last: f64,
    pub min: f32,
    pub max: f32,
    pub mean: f32,
    /// Whether any point in it was NaN or infinite (left out of the numbers above).
    pub broken: bool,
}

/// Values over training steps, in order of steps.
#[derive(Clone, Debug, Default)]
pub struct Series {
    steps: Vec<u64>,
    values: Vec<f32>,
    /// `levels[k][i]` covers points `i * FAN^(k+1) ..`; only whole buckets are stored.
    levels: Vec<Vec<Bucket>>,
}

const FAN: usize = 8;

impl Series {
    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn last(&self) -> Option<(u64, f32)> {
        self.steps.last().copied().zip(self.values.last().copied())
    }

    pub fn points(&self) -> impl Iterator<Item = (u64, f32)> + '_ {
        self.steps.iter().copied().zip(self.values.iter().copied())
    }

    /// All steps, and beside them all values.
    pub fn steps(&self) -> &[u64] {
        &self.steps
    }

    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Steps must not fall.
    pub fn push(&mut self, step: u64, value: f32) {
        self.steps.push(step);
        self.values.push(value);
        let mut width = FAN;
        let mut level = 0;
        while self.values.len().is_multiple_of(width) {
            let bucket = self.summarise(level, self.values.len() / width - 1);
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(bucket);
            level += 1;
            width *= FAN;
        }
    }

    /// Drops everything after `step`.
    pub fn truncate(&mut self, step: u64) {
        let keep = self.steps.partition_point(|&s| s <= step);
        self.steps.truncate(keep);
        self.values.truncate(keep);
        let mut width = FAN;
        for level in &mut self.levels {
            level.truncate(keep / width);
            width *= FAN;
        }
    }

    /// The value at a step, or the last one before it.
    pub fn at(&self, step: u64) -> Option<f32> {
        let after = self.steps.partition_point(|&s| s <= step);
        after.checked_sub(1).map(|i| self.values[i])
    }

    /// Between `from` and `to` (steps), at most about `FAN * pixels` buckets, in order. One neighbour on each side is
    /// included so that lines run to the edge.
    pub fn visible(&self, from: f64, to: f64, pixels: usize) -> Vec<Bucket> {
        let start = self.steps.partition_point(|&s| (s as f64) < from).saturating_sub(1);
        let end = (self.steps.partition_point(|&s| (s as f64) <= to) + 1).min(self.steps.len());
        if start >= end {
            return Vec::new();
        }
        let (mut level, mut width) = (0usize, 1usize);
        while (end - start) / width > pixels.max(1) * 2 && level < self.levels.len() {
            level += 1;
            width *= FAN;
        }
        let mut buckets = Vec::with_capacity((end - start) / width + 2);
        let mut i = start - start % width;
        while i < end {
            let index = i / width;
            let stored = level.checked_sub(1).and_then(|k| self.levels[k].get(index)).copied();
            buckets.push(stored.unwrap_or_else(|| self.bucket(i, (i + width).min(self.values.len()))));
            i += width;
        }
        buckets
    }

    fn summarise(&self, level: usize, index: usize) -> Bucket {
        if level == 0 {
            return self.bucket(index * FAN, (index + 1) * FAN);
        }
        let children = &self.levels[level - 1][index * FAN..(index + 1) * FAN];
        let mut all = children[0];
        let mut sum = 0.0f64;
        for child in children {
            all.min = all.min.min(child.min);
            all.max = all.max.max(child.max);
            all.broken |= child.broken;
            sum += f64::from(child.mean);
        }
        all.last = children[FAN - 1].last;
        all.mean = (sum / FAN as f64) as f32;
        all
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_points_draw_as_few_buckets_and_hide_no_outlier() {
        let mut series = Series::default();
        for step in 0..1_000_000u64 {
            series.push(step, if step == 567_891 { 100.0 } else { (step % 7) as f32 });
        }
        let buckets = series.visible(0.0, 1e6, 800);
        assert!(buckets.len() < 800 * 2 * FAN + 2, "{} buckets", buckets.len());
        assert_eq!(buckets.iter().map(|b| b.max).fold(0.0, f32::max), 100.0);
        let close = series.visible(567_880.0, 567_900.0, 800);
        assert!(close.iter().any(|b| b.first == 567_891.0 && b.max == 100.0 && b.min == 100.0));
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
    fn nan_is_marked_and_does_not_spoil_its_neighbours() {
        let mut series = Series::default();
        (0..8).for_each(|s| series.push(s, if s == 3 { f32::NAN } else { 1.0 }));
        let bucket = series.visible(0.0, 7.0, 0)[0];
        assert!(bucket.broken);
        assert_eq!((bucket.min, bucket.max, bucket.mean), (1.0, 1.0, 1.0));
    }
}
