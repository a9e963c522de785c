//! Functions that make one number of many.

/// One number of all the elements of what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// The largest element.
    Max,
    /// The smallest element.
    Min,
    /// The sum divided by the count.
    Mean,
    /// The sum of all elements.
    Sum,
    /// The square root of the sum of squares.
    Norm,
    /// The place of the first of the largest, counted from 0 through all numbers (along an axis: in it).
    Argmax,
    /// Whether there is any NaN.
    Nan,
    /// Whether there is any infinity.
    Inf,
}

impl Reduction {
    /// Every reduction.
    pub const ALL: [Reduction; 8] =
        [Self::Max, Self::Min, Self::Mean, Self::Sum, Self::Norm, Self::Argmax, Self::Nan, Self::Inf];

    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Min => "min",
            Self::Mean => "mean",
            Self::Sum => "sum",
            Self::Norm => "norm",
            Self::Argmax => "argmax",
            Self::Nan => "nan",
            Self::Inf => "inf",
        }
    }

    /// The reduction of a name as it is typed.
    pub fn named(name: &str) -> Option<Reduction> {
        Self::ALL.into_iter().find(|reduction| reduction.name() == name)
    }

    /// A NaN among the numbers makes every answer NaN, but for [`Self::Nan`] and [`Self::Inf`], which answer 1 or 0.
    pub fn apply(self, numbers: &[f64]) -> f64 {
        let extreme = |pick: fn(f64, f64) -> f64| {
            let pick = |a: f64, &b: &f64| if a.is_nan() || b.is_nan() { f64::NAN } else { pick(a, b) };
            numbers.split_first().map_or(f64::NAN, |(&first, rest)| rest.iter().fold(first, pick))
        };
        let holds = |test: fn(f64) -> bool| f64::from(u8::from(numbers.iter().any(|&v| test(v))));
        match self {
            Self::Max => extreme(f64::max),
            Self::Min => extreme(f64::min),
            Self::Mean => numbers.iter().sum::<f64>() / numbers.len() as f64,
            Self::Sum => numbers.iter().sum(),
            Self::Norm => numbers.iter().map(|v| v * v).sum::<f64>().sqrt(),
            // As in numpy and PyTorch the first NaN counts as the largest.
            Self::Argmax => {
                let better = |best: usize, i: usize| {
                    let (known, new) = (numbers[best], numbers[i]);
                    if !known.is_nan() && (new.is_nan() || new > known) { i } else { best }
                };
                (0..numbers.len()).reduce(better).map_or(f64::NAN, |at| at as f64)
            }
            Self::Nan => holds(f64::is_nan),
            Self::Inf => holds(f64::is_infinite),
        }
    }
}
