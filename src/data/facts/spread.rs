//! How the values of a column are spread.

use std::collections::BTreeMap;

use super::{Distribution, DrawnColumn};

/// Bars of a histogram.
const BARS: usize = 32;
/// The most frequent categories that are told.
const TOP: usize = 12;
/// How many interquartile ranges from the quartiles a value is an outlier: "far out" (Tukey, Exploratory Data Analysis,
/// 1977). Of normal numbers that is one in 400,000.
pub const FENCE: f64 = 3.0;
/// Where more of the values lie beyond the fences than this share, they are no exceptions but a long tail.
const TAIL: f64 = 0.01;

/// How numbers are spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Values that are there.
    pub count: usize,
    /// The smallest.
    pub min: f64,
    /// A quarter is not larger.
    pub lower: f64,
    /// Half are not larger.
    pub median: f64,
    /// Three quarters are not larger.
    pub upper: f64,
    /// The largest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub deviation: f64,
    /// How many there are where.
    pub histogram: Histogram,
    /// Values far from all others; `None` where at least half of them are equal, so that nothing can be said.
    pub outliers: Option<Outliers>,
}

/// Bars of equal width, and what lies outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Where the first bar begins.
    pub from: f64,
    /// Where the last one ends.
    pub to: f64,
    /// In each bar.
    pub bars: Vec<u32>,
    /// Smaller than all bars.
    pub below: u32,
    /// Larger than all bars.
    pub above: u32,
}

/// Values beyond the fences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outliers {
    /// The lower fence.
    pub low: f64,
    /// The upper fence.
    pub high: f64,
    /// Values beyond them.
    pub count: usize,
    /// So many that they are a long tail.
    pub is_tail: bool,
}

/// How often categories occur.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Values that are there.
    pub count: usize,
    /// The most frequent ones.
    pub top: Vec<(String, usize)>,
    /// Of how many.
    pub distinct: usize,
}

impl Counts {
    /// Values of all categories that are not told.
    pub fn others(&self) -> usize {
        self.count - self.top.iter().map(|(_, n)| n).sum::<usize>()
    }
}

pub(super) fn distribution(values: &DrawnColumn) -> Distribution {
    match values {
        DrawnColumn::Empty => Distribution::Empty,
        DrawnColumn::Numbers(numbers) => Spread::of(numbers).map_or(Distribution::Empty, Distribution::Numbers),
        DrawnColumn::Dates(seconds) => Spread::of(seconds).map_or(Distribution::Empty, Distribution::Dates),
        DrawnColumn::Categories { names, codes } => Distribution::Categories(counts(names, codes)),
    }
}

fn counts(names: &[String], codes: &[u32]) -> Counts {
    let mut by_code: BTreeMap<u32, usize> = BTreeMap::new();
    for &code in codes.iter().filter(|code| **code != DrawnColumn::MISSING) {
        *by_code.entry(code).or_default() += 1;
    }
    let name = |code: u32| names.get(code as usize).cloned().unwrap_or_default();
    let mut top: Vec<(u32, usize)> = by_code.iter().map(|(&code, &n)| (code, n)).collect();
    top.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| name(a.0).cmp(&name(b.0))));
    Counts {
        count: by_code.values().sum(),
        distinct: by_code.len(),
        top: top.into_iter().take(TOP).map(|(code, n)| (name(code), n)).collect(),
    }
}

/// Between the two nearest (type 7 of Hyndman and Fan, as numpy has it).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

impl Spread {
    /// `None` without any number.
    pub fn of(numbers: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = numbers.iter().copied().filter(|number| number.is_finite()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        let count = sorted.len();
        let mean = sorted.iter().sum::<f64>() / count as f64;
        let deviation = (sorted.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / count as f64).sqrt();
        let [lower, median, upper] = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
        let range = upper - lower;
        let outliers = (range > 0.0).then(|| {
            let (low, high) = (lower - FENCE * range, upper + FENCE * range);
            let beyond = sorted.partition_point(|&n| n < low) + count - sorted.partition_point(|&n| n <= high);
            Outliers { low, high, count: beyond, is_tail: beyond as f64 > TAIL * count as f64 }
        });
        let histogram = histogram(&sorted, outliers);
        Some(Self { count, min, lower, median, upper, max, mean, deviation, histogram, outliers })
    }
}

/// Of sorted numbers, none missing.
fn histogram(sorted: &[f64], outliers: Option<Outliers>) -> Histogram {
    let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else { return Histogram::default() };
    let (low, high) = outliers.map_or((min, max), |fences| (min.max(fences.low), max.min(fences.high)));
    let is_whole = sorted.iter().all(|number| number.fract() == 0.0);
    let (from, to, bars) = match () {
        // A bar for each whole number.
        () if is_whole && high.floor() - low.ceil() < BARS as f64 => {
            (low.ceil() - 0.5, high.floor() + 0.5, (high.floor() - low.ceil()) as usize + 1)
        }
        () if low == high => (low - 0.5, high + 0.5, 1),
        () => (low, high, BARS),
    };
    let mut found = Histogram { from, to, bars: vec![0; bars], below: 0, above: 0 };
    for &number in sorted {
        match () {
            () if number < low => found.below += 1,
            () if number > high => found.above += 1,
            () => found.bars[(((number - from) / (to - from) * bars as f64) as usize).min(bars - 1)] += 1,
        }
    }
    found
}
