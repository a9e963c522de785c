//! What every source becomes: two parts of samples, what is asked of them, and words about what was done.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Curve, Encoding, Origin, Places, Samples, Unit};
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
    /// Where the samples of a table stand in it, if they are in memory.
    pub places: Option<Arc<Places>>,
    /// The source says which samples validate, so no share of all is drawn.
    pub own_validation: bool,
}

/// A column that holds the answer: usually the target under another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Giveaway {
    /// Its heading in the table.
    pub column: String,
    /// The target that it tells.
    pub target: String,
    /// As it stands among the notes.
    pub words: String,
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
        let unit = |(&offset, &scale)| Unit { offset, scale, decimals: Some(u8::MAX), ..Unit::PLAIN };
        Self { task: Task::Numbers(names.len()), names, units: offset.iter().zip(scale).map(unit).collect() }
    }

    /// The same, with the numbers on these curves; of what has none it is straight.
    pub fn on_curves(mut self, curves: &[Curve]) -> Self {
        self.units.iter_mut().zip(curves).for_each(|(unit, curve)| unit.curve = *curve);
        self
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
        DataSignature {
            input: Shape(self.input_shape.clone()),
            task: self.truth.task,
            names: self.input_names.clone(),
            weighted: self.train.is_weighted(),
        }
    }

    /// How answers are shown that a network was asked for.
    pub fn view_of(&self, task: Task) -> AnswerView {
        task.view(&self.input_shape, self.plane.is_some())
    }

    /// How many samples of each class a part holds; empty for regression.
    pub fn class_counts(&self, part: &Samples) -> Vec<usize> {
        // Numbers are not counted: there may be as many as samples.
        let Some(classes) = self.classes() else { return Vec::new() };
        let counts = part.counts();
        let count = |class| counts.as_ref().ok().and_then(|counts| counts.get(&class).copied());
        (0..classes.len()).map(|class| count(class).unwrap_or(0)).collect()
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
