//! What rules know of the data: plain numbers, as the network gets them.

use super::{Nearest, things};
use crate::data::encoding::Inputs;
use crate::data::facts::{Twins, twins};
use crate::data::{DataError, Dataset, Giveaway, Progress, Samples};
use crate::model::DataSignature;

/// Training samples that are looked at, evenly spread over all.
const MOST_ROWS: usize = 20_000;
/// And numbers of them.
const MOST_NUMBERS: usize = 20_000_000;
/// Samples fetched at once.
const PIECE: usize = 1024;
/// Inputs that are compared with each other, and rows of them.
const MOST_COMPARED: usize = 128;
const COMPARED_ROWS: usize = 2_000;
/// Of fewer rows, two inputs may agree by chance.
const LEAST_COMPARED: usize = 30;
/// From this correlation on, two inputs are the same number, in another unit at most.
const EQUAL: f64 = 0.999_99;

/// A data set in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct DataFacts {
    /// Shapes, task and names.
    pub signature: DataSignature,
    /// Training samples.
    pub train: usize,
    /// Validation samples.
    pub validation: usize,
    /// Each number of a row; of pictures and sequences a single one, of all their numbers.
    pub inputs: Vec<InputFacts>,
    /// Pairs of inputs that are the same number: the first and its copy, by their places.
    pub copies: Vec<[usize; 2]>,
    /// Names of the classes, and how many training samples each has; none for other tasks.
    pub classes: Vec<(String, usize)>,
    /// How many validation samples each class has; none for other tasks.
    pub validation_classes: Vec<usize>,
    /// Each number to predict, as the network learns it; none for other tasks.
    pub targets: Vec<TargetFacts>,
    /// Columns that tell the target.
    pub leaks: Vec<Giveaway>,
    /// Validation samples that are training samples too.
    pub twins: Option<Twins>,
    /// How well the nearest training sample answers.
    pub nearest: Option<Nearest>,
    /// The median longer side of the things in pictures, in pixels.
    pub things: Option<f64>,
}

/// A number that the network is given, over the training samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputFacts {
    /// "age", "sex = male"; "all inputs".
    pub name: String,
    /// The column of the table that makes it; empty where there is none.
    pub column: String,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// It is a place in a table of vectors, for an Embedding, and no quantity.
    pub is_index: bool,
}

/// A number that is predicted, over the training samples and as the network learns it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetFacts {
    /// What it is called.
    pub name: String,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Share of samples below 0.
    pub below_zero: f64,
    /// Share of samples above 1.
    pub above_one: f64,
    /// Share of samples beyond ±1.
    pub beyond_one: f64,
}

impl DataFacts {
    /// Looks through the data. Errors where samples cannot be read or it was cancelled.
    pub fn of(dataset: &Dataset, progress: &dyn Progress) -> Result<Self, DataError> {
        let part = &dataset.train;
        let is_row = dataset.input_shape.len() <= 1;
        let width = if is_row { part.input_len() } else { 1 };
        let (inputs, targets) = sums(part, width, dataset.classes().is_none(), progress)?;
        let columns = columns(dataset, width);
        let name = |i: usize| match dataset.input_names.get(i) {
            Some(name) if is_row => name.clone(),
            _ if is_row => format!("input {}", i + 1),
            _ => "all inputs".to_owned(),
        };
        let of_input = |(i, (sums, column)): (usize, (&Sums, (String, bool)))| sums.input(name(i), column);
        let inputs: Vec<_> = inputs.iter().zip(columns).enumerate().map(of_input).collect();
        let of_target = |(i, sums): (usize, &Sums)| {
            sums.target(dataset.truth.names.get(i).cloned().unwrap_or_else(|| format!("number {}", i + 1)))
        };
        let classes = dataset.classes().unwrap_or_default();
        let counts = dataset.class_counts(part);
        Ok(Self {
            signature: dataset.signature(),
            train: part.len(),
            validation: dataset.validation.len(),
            copies: if is_row { copies(part, &inputs)? } else { Vec::new() },
            inputs,
            classes: classes.iter().cloned().zip(counts).collect(),
            validation_classes: dataset.class_counts(&dataset.validation),
            targets: targets.iter().enumerate().map(of_target).collect(),
            leaks: dataset.giveaways.clone(),
            twins: twins(dataset, progress)?,
            nearest: Nearest::of(dataset, progress)?,
            things: things::longer_side(dataset)?,
        })
    }

    /// Whether a sample is a row of numbers with a meaning each.
    pub fn are_rows(&self) -> bool {
        self.signature.input.rank() == 1
    }
}

/// What is added up of one number.
#[derive(Clone, Copy)]
struct Sums {
    count: f64,
    /// Of differences from the first value, so that large numbers keep their spread.
    first: f64,
    sum: f64,
    squares: f64,
    min: f64,
    max: f64,
    below_zero: f64,
    above_one: f64,
    below_minus_one: f64,
}

impl Sums {
    const NONE: Self = Self {
        count: 0.0,
        first: 0.0,
        sum: 0.0,
        squares: 0.0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        below_zero: 0.0,
        above_one: 0.0,
        below_minus_one: 0.0,
    };

    fn add(&mut self, number: f32) {
        let number = f64::from(number);
        if self.count == 0.0 {
            self.first = number;
        }
        let shifted = number - self.first;
        (self.count, self.sum, self.squares) = (self.count + 1.0, self.sum + shifted, self.squares + shifted * shifted);
        (self.min, self.max) = (self.min.min(number), self.max.max(number));
        self.below_zero += f64::from(u8::from(number < 0.0));
        self.above_one += f64::from(u8::from(number > 1.0));
        self.below_minus_one += f64::from(u8::from(number < -1.0));
    }

    fn mean(&self) -> f64 {
        self.first + self.sum / self.count.max(1.0)
    }

    fn deviation(&self) -> f64 {
        let mean = self.sum / self.count.max(1.0);
        (self.squares / self.count.max(1.0) - mean * mean).max(0.0).sqrt()
    }

    fn input(&self, name: String, (column, is_index): (String, bool)) -> InputFacts {
        let (mean, deviation, min, max) = (self.mean(), self.deviation(), self.min, self.max);
        InputFacts { name, column, mean, deviation, min, max, is_index }
    }

    fn target(&self, name: String) -> TargetFacts {
        let share = |count: f64| count / self.count.max(1.0);
        TargetFacts {
            name,
            mean: self.mean(),
            deviation: self.deviation(),
            min: self.min,
            max: self.max,
            below_zero: share(self.below_zero),
            above_one: share(self.above_one),
            beyond_one: share(self.above_one + self.below_minus_one),
        }
    }
}

/// Of each of `width` inputs (all numbers in turn), and of each target where they are numbers.
fn sums(
    part: &Samples,
    width: usize,
    of_targets: bool,
    progress: &dyn Progress,
) -> Result<(Vec<Sums>, Vec<Sums>), DataError> {
    let width = width.max(1);
    let mut inputs = vec![Sums::NONE; width];
    let mut targets = vec![Sums::NONE; if of_targets { part.target_len() } else { 0 }];
    let rows = part.spread(MOST_ROWS.min((MOST_NUMBERS / part.input_len().max(1)).max(1)));
    for rows in rows.chunks(PIECE) {
        if progress.cancelled() {
            return Err(DataError::new("Looking through the data was cancelled."));
        }
        let batch = part.fetch(rows)?;
        batch.inputs.iter().enumerate().for_each(|(i, &number)| inputs[i % width].add(number));
        if !targets.is_empty() {
            let len = targets.len();
            batch.targets.iter().enumerate().for_each(|(i, &number)| targets[i % len].add(number));
        }
    }
    Ok((inputs, targets))
}

/// The column that makes each input, and whether it is a place in a table of vectors.
fn columns(dataset: &Dataset, width: usize) -> Vec<(String, bool)> {
    let mut all: Vec<_> = match &dataset.encoding.inputs {
        Inputs::Table { columns, .. } => columns
            .iter()
            .flat_map(|column| {
                std::iter::repeat_n((column.name.clone(), column.vocabulary().is_some()), column.width())
            })
            .collect(),
        Inputs::Pictures | Inputs::PictureNumbers { .. } | Inputs::PictureFiles { .. } | Inputs::Points { .. } => {
            Vec::new()
        }
    };
    all.resize(width.max(1), (String::new(), false));
    all
}

/// Pairs of inputs that go together without exception.
fn copies(part: &Samples, inputs: &[InputFacts]) -> Result<Vec<[usize; 2]>, DataError> {
    let rows = part.spread(COMPARED_ROWS);
    if inputs.len() > MOST_COMPARED || rows.len() < LEAST_COMPARED {
        return Ok(Vec::new());
    }
    let batch = part.fetch(&rows)?;
    let column = |i: usize| batch.inputs.iter().skip(i).step_by(inputs.len()).map(|&number| f64::from(number));
    let standard: Vec<Vec<f64>> = (0..inputs.len())
        .map(|i| {
            let count = rows.len() as f64;
            let mean = column(i).sum::<f64>() / count;
            let deviation = (column(i).map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt();
            column(i).map(|x| if deviation > 0.0 { (x - mean) / deviation } else { 0.0 }).collect()
        })
        .collect();
    let mut found = Vec::new();
    for later in 0..inputs.len() {
        let is_copy = |&first: &usize| {
            let products = standard[first].iter().zip(&standard[later]).map(|(a, b)| a * b);
            products.sum::<f64>() / rows.len() as f64 > EQUAL
        };
        found.extend((0..later).find(is_copy).map(|first| [first, later]));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::NoProgress;
    use crate::diagnosis::testing::dataset;

    #[test]
    fn a_data_set_in_numbers_tells_means_copies_and_counts() {
        // A number, the same in another unit, and one that stays.
        let rows: Vec<f32> = (0..100).flat_map(|i| [i as f32, 1000.0 + i as f32 * 2.54, 7.0]).collect();
        let classes: Vec<f32> = (0..100).map(|i| f32::from(u8::from(i % 4 == 0))).collect();
        let facts = DataFacts::of(&dataset(3, rows, classes, 2), &NoProgress).unwrap();
        assert_eq!(facts.inputs[0].mean, 49.5);
        assert!((facts.inputs[0].deviation - 28.866).abs() < 0.001, "{:?}", facts.inputs[0]);
        assert_eq!((facts.inputs[2].deviation, facts.inputs[2].min, facts.inputs[2].max), (0.0, 7.0, 7.0));
        assert_eq!(facts.copies, [[0, 1]]);
        assert_eq!(facts.classes.iter().map(|class| class.1).collect::<Vec<_>>(), [75, 25]);
        assert!(facts.are_rows() && facts.targets.is_empty());
    }
}
