//! What every source becomes: two parts of samples, what is asked of them, and words about what was done.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Encoding, Origin, Samples};
use crate::model::{AnswerView, DataSignature, Feature, Shape, Task};

/// A loaded data set. Cheap to clone: samples are shared.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// "Spiral", "penguins.csv", "mnist10k".
    pub name: String,
    /// Shape of one sample, without the batch axis: `[2]`, `[1, 28, 28]` (channels, rows, columns).
    pub input_shape: Vec<usize>,
    /// One name for each number of a row-shaped input (columns after one-hot, features); empty for images.
    pub input_names: Vec<String>,
    /// How each number of a row-shaped input was scaled; empty where all are as they were given.
    pub input_units: Vec<Unit>,
    /// What the network is to find out, and how it is encoded.
    pub truth: Truth,
    /// What it learns from.
    pub train: Samples,
    /// What it never learns from: it is judged and chosen by these while it trains.
    pub validation: Samples,
    /// What neither training nor choosing sees, where something is set aside: evaluated when somebody asks.
    pub test: Option<Samples>,
    /// For points of the plane: how to turn any (x, y) into an input, so that surfaces can be drawn. Else `None`.
    pub plane: Option<Plane>,
    /// Sentences for the user: columns left out and why, rows dropped, one-sided classes.
    pub notes: Vec<String>,
    /// Columns that tell the target exactly; what the notes say of them.
    pub giveaways: Vec<Giveaway>,
    /// How rows of the user's become such samples, without the data.
    pub encoding: Arc<Encoding>,
    /// Where they stand, if they were read from files.
    pub origin: Option<Arc<Origin>>,
}

/// A column that holds the answer: usually the target under another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Giveaway {
    /// Its heading in the table.
    pub column: String,
    /// As it stands among the notes.
    pub words: String,
}

/// From the network's number to the user's and back: `value = scaled * scale + offset`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// What 0 stands for.
    pub offset: f32,
    /// Never zero.
    pub scale: f32,
    /// Digits behind the point that values have; `None` where they are taken as they come.
    pub decimals: Option<u8>,
}

impl Unit {
    /// Of a number that is not scaled.
    pub const PLAIN: Self = Self { offset: 0.0, scale: 1.0, decimals: None };

    /// Rounded to the digits that values have, or to those that 32 bits keep through scaling: what was 0 is 0 again.
    pub fn value(self, scaled: f32) -> f32 {
        let (part, offset) = (f64::from(scaled) * f64::from(self.scale), f64::from(self.offset));
        let value = part + offset;
        let Some(decimals) = self.decimals else { return value as f32 };
        let error = (part.abs() + offset.abs()) * f64::from(f32::EPSILON);
        if !error.is_normal() {
            return value as f32;
        }
        let places = f64::from(decimals).min((-error.log10()).floor());
        let power = 10f64.powf(places);
        // Not minus zero.
        ((value * power).round() / power + 0.0) as f32
    }

    /// A number as the network sees it.
    pub fn scaled(self, value: f32) -> f32 {
        (value - self.offset) / self.scale
    }
}

/// What the data says is right: the task, what its classes or predicted numbers are called, and in which units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// What is asked of the network.
    pub task: Task,
    /// Of the classes (at least two; targets are indices into them) or of the predicted numbers.
    pub names: Vec<String>,
    /// Of each predicted number; empty for classes.
    pub units: Vec<Unit>,
}

impl Truth {
    /// One of several classes, with their names in the order of the outputs.
    pub fn classes(names: Vec<String>) -> Self {
        Self { task: Task::Classes(names.len()), names, units: Vec::new() }
    }

    /// Things in a picture, at most so many, of these classes.
    pub fn things(names: Vec<String>, most: usize) -> Self {
        Self { task: Task::Boxes { most, classes: names.len() }, names, units: Vec::new() }
    }

    /// `value = scaled * scale + offset` gives each number in the user's units.
    pub fn numbers(names: Vec<String>, offset: &[f32], scale: &[f32]) -> Self {
        let unit = |(&offset, &scale)| Unit { offset, scale, decimals: Some(u8::MAX) };
        Self { task: Task::Numbers(names.len()), names, units: offset.iter().zip(scale).map(unit).collect() }
    }

    /// The unit of one predicted number; plain for classes.
    pub fn unit(&self, output: usize) -> Unit {
        self.units.get(output).copied().unwrap_or(Unit::PLAIN)
    }

    /// What is predicted, where it is one number.
    pub fn first_name(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }
}

/// Points of the plane that a data set was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Never empty.
    pub features: Vec<Feature>,
    /// What is drawn on both axes: -extent to +extent.
    pub extent: f32,
    /// Raw (x, y) of each sample, interleaved: `[train.len, 2]` and `[validation.len, 2]`.
    pub train_points: Arc<[f32]>,
    /// As `points`, of the validation part.
    pub validation_points: Arc<[f32]>,
}

impl Plane {
    /// The network's input for the point (x, y).
    pub fn input(&self, x: f32, y: f32) -> impl Iterator<Item = f32> + '_ {
        self.features.iter().map(move |f| f.of(x, y))
    }
}

/// Why data could not be had. Each message names the file, line or byte, and says what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct DataError {
    /// One or two sentences for the user.
    pub message: String,
}

impl DataError {
    /// A message is a sentence that says what to do.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl Dataset {
    /// Numbers in one sample.
    pub fn input_len(&self) -> usize {
        self.input_shape.iter().product()
    }

    /// The unit of one number of an input.
    pub fn unit(&self, input: usize) -> Unit {
        self.input_units.get(input).copied().unwrap_or(Unit::PLAIN)
    }

    /// Numbers in one target: 1 for a class index.
    pub fn target_len(&self) -> usize {
        self.truth.task.target().len()
    }

    /// Names of the classes; `None` for numbers.
    pub fn classes(&self) -> Option<&[String]> {
        self.truth.task.classes().map(|_| &*self.truth.names)
    }

    /// What shape inference needs to know.
    pub fn signature(&self) -> DataSignature {
        DataSignature { input: Shape(self.input_shape.clone()), task: self.truth.task, names: self.input_names.clone() }
    }

    /// How answers are shown that a network was asked for.
    pub fn view_of(&self, task: Task) -> AnswerView {
        task.view(&self.input_shape, self.plane.is_some())
    }

    /// How many samples of each class a part holds; empty for regression.
    pub fn class_counts(&self, part: &Samples) -> Vec<usize> {
        let (classes, counts) = (self.classes().map_or(0, <[String]>::len), part.counts());
        let count = |class| counts.as_ref().ok().and_then(|counts| counts.get(&class).copied());
        (0..classes).map(|class| count(class).unwrap_or(0)).collect()
    }

    /// The part that pictures and answers are of: that for validation, or that for training where there is none.
    pub fn shown(&self) -> &Samples {
        if self.validation.is_empty() { &self.train } else { &self.validation }
    }

    /// Training, validation and, where there is one, the test.
    pub fn parts(&self) -> impl Iterator<Item = &Samples> {
        [&self.train, &self.validation].into_iter().chain(&self.test)
    }

    /// Rows of a part in an order of which every beginning is a fair sample of it; of a very large part not all.
    pub fn fair(&self, part: &Samples) -> Arc<[u32]> {
        part.fair(self.classes().is_some())
    }

    /// Finds what is asked later, where it may take a moment and samples that cannot be read are told of.
    pub(super) fn take_stock(&self) -> Result<(), DataError> {
        self.fair(self.shown());
        self.parts().try_for_each(|part| part.take_stock(self.classes().is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_as_the_table_has_it() {
        let unit = |offset, scale, decimals| Unit { offset, scale, decimals };
        // Scaled as a table is: what was 0 would come back as 0.00000005960464.
        let salaries = unit(0.529_411_8, 0.499_134_3, Some(0));
        for value in [0.0, 1.0] {
            assert_eq!(salaries.value(salaries.scaled(value)).to_bits(), value.to_bits());
        }
        let years = unit(2008.03, 0.817, Some(0));
        assert!((2005..2012).all(|year| years.value(years.scaled(year as f32)) == year as f32));
        let lengths = unit(43.92, 5.46, Some(1));
        assert!((300..600).map(|tenth| tenth as f32 / 10.0).all(|mm| lengths.value(lengths.scaled(mm)) == mm));
        assert_eq!(unit(-3.7, 1.9, Some(u8::MAX)).value(3.7 / 1.9), 0.0);
        assert_eq!(Unit::PLAIN.value(1.234_567_9e-7), 1.234_567_9e-7);
        assert!(years.value(f32::NAN).is_nan());
        assert_eq!(unit(0.0, 1e30, Some(2)).value(2.0), 2e30);
    }
}
