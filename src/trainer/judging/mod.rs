//! What trained weights do with samples that need not be those that they were trained with: their scores, what each
//! column is worth to them, and how their answer follows one.
//!
//! A machine of its own that nobody trains: a run may go on meanwhile.

mod dependence;
mod importance;

use std::ops::Range;
use std::sync::Arc;

use super::RunError;
use super::found::Found;
use crate::data::encoding::Inputs;
use crate::data::{Encoding, Progress, Samples, Truth};
use crate::engine::class_scores::{ClassScores, per_class};
use crate::engine::metrics::{Explained, NumberScore, Tally, confusion};
use crate::engine::ranking::{class_areas, overall};
use crate::engine::{Device, Machine, MeanLosses, Precision, Snapshot};
use crate::model::{Answer, DataSignature, Metric, Project, Shape, Task};
use crate::trace::ClassAreas;
pub use dependence::{Dependence, Point};
pub use importance::{Importance, SEED};

/// Answers that are kept to be ranked.
const MOST_RANKED: usize = 1 << 24;

/// A network with its weights.
pub struct Judge {
    machine: Machine,
    truth: Truth,
    encoding: Arc<Encoding>,
}

/// Scores over some samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many.
    pub samples: usize,
    /// Mean over them.
    pub loss: f64,
    /// Accuracy or R².
    pub metric: Metric,
    /// What it is.
    pub score: f64,
    /// Where classes are predicted.
    pub classes: Option<ClassReport>,
    /// Where numbers are.
    pub numbers: Vec<NumberReport>,
    /// Where things are found.
    pub boxes: Option<BoxReport>,
}

/// How well things are found.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxReport {
    /// The mean over the classes of average precision at overlaps of 0.5, 0.55 ... 0.95.
    pub map: Option<f64>,
    /// Of each class of which there is something, average precision at an overlap of 0.5.
    pub ap50: Vec<(String, f64)>,
}

/// Scores of the classes.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassReport {
    /// In the order of the outputs.
    pub names: Vec<String>,
    /// `[truth, predicted]`, row-major.
    pub confusion: Vec<u32>,
    /// Of each class.
    pub each: Vec<ClassScores>,
    /// Mean over the classes; of two the second's. Nothing of very many answers.
    pub areas: Option<ClassAreas>,
}

/// Errors of one number, in its own unit.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberReport {
    /// Its heading.
    pub name: String,
    /// Share of the variance explained.
    pub r2: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
}

/// Inputs that a column of the data became.
#[derive(Clone, Debug, PartialEq)]
pub struct InputGroup {
    /// Its heading.
    pub name: String,
    /// Where its inputs lie in a sample.
    pub inputs: Range<usize>,
}

impl Judge {
    /// `encoding`: how rows become samples for these weights.
    pub fn new(
        project: &Project,
        snapshot: &Snapshot,
        encoding: &Arc<Encoding>,
        device: Device,
    ) -> Result<Self, RunError> {
        let truth = encoding.target.truth();
        let signature = DataSignature {
            input: Shape(encoding.input_shape.clone()),
            task: truth.task,
            names: encoding.names(),
            weighted: project.data.is_weighted(),
        };
        let mut machine = Machine::new(&project.graph, &signature, &project.training, device, Precision::F32)?;
        machine.restore(snapshot)?;
        Ok(Self { machine, truth, encoding: encoding.clone() })
    }

    /// What computes.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// How rows become samples.
    pub fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    /// What is asked of the network.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// The column that is predicted; "class" where classes have none.
    pub fn column(&self) -> &str {
        self.encoding.target.column().unwrap_or("class")
    }

    /// Whether an answer is compared with a class or a number of the data, and not with the input.
    pub fn has_truth(&self) -> bool {
        !matches!(self.machine.task(), Task::Input(_))
    }

    /// Loss and scores over samples, however many.
    pub fn report(&self, part: &Samples, progress: &dyn Progress) -> Result<Report, RunError> {
        let (task, answer) = (self.machine.task(), self.machine.answer());
        let metric = task.metric();
        if let Task::Input(n) = task {
            let mut explained = Explained::new(n);
            let losses = self.losses(part, progress, &mut |outputs, truth| explained.take(outputs, truth))?;
            let (samples, score) = (part.len(), explained.score());
            let (loss, numbers) = (losses.total, Vec::new());
            return Ok(Report { samples, loss, metric, score, classes: None, numbers, boxes: None });
        }
        if let Task::Boxes { .. } = task {
            let mut found = Found::by(&self.machine);
            let losses = self.losses(part, progress, &mut |outputs, truth| found.take(outputs, truth))?;
            let (samples, score) = (part.len(), found.precision.map50().unwrap_or(0.0));
            let classes = self.truth.names.iter().zip(found.precision.of_classes());
            let ap50 = classes.filter_map(|(name, of)| Some((name.clone(), of.ap50?))).collect();
            let boxes = Some(BoxReport { map: found.precision.map(), ap50 });
            let (loss, numbers) = (losses.total, Vec::new());
            return Ok(Report { samples, loss, metric, score, classes: None, numbers, boxes });
        }
        let means = if answer == Answer::Numbers { part.target_means()? } else { &[] };
        let mut tally = Tally::new(answer, means, &self.truth.units);
        let classes = task.classes();
        let mut counts = vec![0u32; classes.map_or(0, |n| n * n)];
        let (mut outputs_of_all, mut targets_of_all, mut fits) = (Vec::new(), Vec::new(), true);
        let mut take = |outputs: &[f32], targets: &[f32]| {
            tally.take(outputs, targets);
            if let Some(classes) = classes {
                let some = confusion(answer, outputs, targets, classes);
                counts.iter_mut().zip(some).for_each(|(sum, count)| *sum += count);
                fits &= outputs_of_all.len() + outputs.len() <= MOST_RANKED;
                if fits {
                    outputs_of_all.extend_from_slice(outputs);
                    targets_of_all.extend_from_slice(targets);
                }
            }
        };
        let losses = self.losses(part, progress, &mut take)?;
        let areas = |classes| overall(&class_areas(answer, &outputs_of_all, &targets_of_all, classes));
        let classes = classes.map(|classes| ClassReport {
            names: self.truth.names.clone(),
            each: per_class(&counts, classes),
            confusion: std::mem::take(&mut counts),
            areas: fits.then(|| areas(classes)),
        });
        let number = |(at, NumberScore { r2, rmse, mae }): (usize, NumberScore)| NumberReport {
            name: self.truth.names.get(at).cloned().unwrap_or_default(),
            r2,
            mae,
            rmse,
        };
        let numbers = tally.each().into_iter().enumerate().map(number).collect();
        Ok(Report {
            samples: part.len(),
            loss: losses.total,
            metric,
            score: tally.score(),
            classes,
            numbers,
            boxes: None,
        })
    }

    fn losses(
        &self,
        part: &Samples,
        progress: &dyn Progress,
        take: &mut dyn FnMut(&[f32], &[f32]),
    ) -> Result<MeanLosses, RunError> {
        let go_on = |done: usize| go_on(progress, done, part.len(), "scoring");
        self.machine.evaluate_samples_while(part, &go_on, take)?.ok_or_else(cancelled)
    }

    /// Answers to rows `[rows, ...]`, and what is wired as their truth where that is no target.
    pub fn answers(&self, inputs: &[f32], rows: usize, progress: &dyn Progress) -> Result<[Vec<f32>; 2], RunError> {
        let go_on = |done: usize| go_on(progress, done, rows, "predicting");
        self.machine.predict_with_truth(inputs, rows, &go_on)?.ok_or_else(cancelled)
    }

    /// The columns of the data, with the inputs that each became; of pictures none.
    pub fn columns(&self) -> Vec<InputGroup> {
        let mut end = 0;
        let mut group = |name: String, width: usize| {
            end += width;
            InputGroup { name, inputs: end - width..end }
        };
        match &self.encoding.inputs {
            Inputs::Pictures | Inputs::PictureNumbers { .. } | Inputs::PictureFiles { .. } => Vec::new(),
            Inputs::Table { columns, .. } => {
                columns.iter().map(|column| group(column.name.clone(), column.width())).collect()
            }
            Inputs::Points { features } => {
                features.iter().map(|feature| group(feature.label().to_owned(), 1)).collect()
            }
        }
    }

    fn score(&self, outputs: &[f32], targets: &[f32], means: &[f64]) -> f64 {
        let mut tally = Tally::new(self.machine.answer(), means, &self.truth.units);
        tally.take(outputs, targets);
        tally.score()
    }
}

/// Tells how far it is, and whether somebody still wants it.
fn go_on(progress: &dyn Progress, done: usize, of: usize, doing: &str) -> bool {
    progress.report(done as f32 / of.max(1) as f32, doing);
    !progress.cancelled()
}

/// What stops work that nobody wants any more.
fn cancelled() -> RunError {
    RunError::Change("It was cancelled.".into())
}

#[cfg(test)]
mod tests;
