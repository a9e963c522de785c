//! What simple models reach on a table: the most frequent class or the mean, a linear model, the nearest neighbours.
//!
//! They learn from the training part alone and see the very numbers that the network sees; nothing is chosen by the
//! part that they are scored on. Of large data they see a fair share, which the result says. Definitions and settings
//! are scikit-learn's (`DummyClassifier`, `LogisticRegression`, `Ridge`, `KNeighborsClassifier` and so on).

mod linear;
mod neighbours;

use super::encoding::Inputs;
use super::progress::{Progress, stop_if_cancelled};
use super::{Batch, DataError, Dataset, Samples, Truth, Unit};
use crate::model::Task;

/// A simple model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Always the most frequent class.
    Majority,
    /// Always the mean.
    Mean,
    /// Logistic regression with a penalty of 1.
    Logistic,
    /// Ridge regression with a penalty of 1.
    Ridge,
    /// The five samples that are nearest.
    Neighbours,
}

/// What it reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// Which one.
    pub model: Model,
    /// Accuracy for classes, R² for numbers.
    pub score: f64,
    /// Training samples that it learnt from.
    pub train: usize,
    /// All there are.
    pub of: usize,
    /// Samples that it is scored on.
    pub scored: usize,
}

impl Model {
    /// "majority class"
    pub fn title(self) -> &'static str {
        match self {
            Self::Majority => "majority class",
            Self::Mean => "mean",
            Self::Logistic => "logistic regression",
            Self::Ridge => "ridge regression",
            Self::Neighbours => "5 nearest neighbours",
        }
    }

    /// In JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Majority => "majority",
            Self::Mean => "mean",
            Self::Logistic => "logistic_regression",
            Self::Ridge => "ridge_regression",
            Self::Neighbours => "nearest_neighbours",
        }
    }
}

/// Training samples for a linear model, and what it costs to go once through them: samples x inputs x outputs.
const MOST_LINEAR: usize = 20_000;
const LINEAR_WORK: usize = 20_000_000;
/// Training samples that neighbours are looked for among, samples that are asked, and both together times the inputs.
const MOST_NEIGHBOURS: usize = 20_000;
const MOST_ASKED: usize = 4_000;
const NEIGHBOURS_WORK: usize = 3_000_000_000;
/// Fewer say nothing.
const LEAST: usize = 200;
/// Beyond it a linear model is left out.
const MOST_OUTPUTS: usize = 200;

/// Of data whose samples are rows of numbers with classes or numbers to predict, scored on `part`; of other data, or
/// where either part has no samples, none.
pub fn baselines(dataset: &Dataset, part: &Samples, progress: &dyn Progress) -> Result<Vec<Baseline>, DataError> {
    let outputs = match dataset.truth.task {
        Task::Classes(classes) => classes,
        Task::Numbers(numbers) => numbers,
        Task::ClassesAt { .. } | Task::Input(_) | Task::Boxes { .. } => return Ok(Vec::new()),
    };
    let (train, whole, truth) = (&dataset.train, dataset.input_len(), &dataset.truth);
    if dataset.input_shape.len() != 1 || train.is_empty() || part.is_empty() || whole == 0 {
        return Ok(Vec::new());
    }
    let of_classes = dataset.classes().is_some();
    let kept = measured(dataset);
    let width = kept.as_ref().map_or(whole, Vec::len);
    if width == 0 {
        return Ok(Vec::new());
    }
    let fetch = |part: &Samples, most: usize| {
        let batch = part.fetch(&some(dataset, part, most))?;
        Ok::<Batch, DataError>(match &kept {
            Some(kept) => {
                let inputs = batch.inputs.chunks_exact(whole).flat_map(|row| kept.iter().map(|&at| row[at])).collect();
                Batch { inputs, ..batch }
            }
            None => batch,
        })
    };
    let learn = |most: usize| fetch(train, most);
    let asked = fetch(part, super::samples::MOST.min(LINEAR_WORK / width).max(LEAST))?;
    let found = |model, train: usize, scored: &Batch, answers: &[f32]| {
        let score = if of_classes { accuracy(answers, &scored.targets) } else { r2(answers, &scored.targets, truth) };
        Baseline { model, score, train, of: dataset.train.len(), scored: scored.len }
    };
    progress.report(0.0, "training baselines");
    let (plain, answer) = constant(train, truth)?;
    let answers: Vec<f32> = answer.iter().copied().cycle().take(asked.targets.len()).collect();
    let mut all = vec![found(plain, train.len(), &asked, &answers)];
    stop_if_cancelled(progress)?;
    if outputs <= MOST_OUTPUTS {
        let batch = learn(MOST_LINEAR.min(LINEAR_WORK / (width * outputs)).max(LEAST))?;
        let (model, answers) = if of_classes {
            let fitted = linear::logistic(&batch.inputs, &batch.targets, width, outputs, progress)?;
            (Model::Logistic, fitted.classes(&asked.inputs))
        } else {
            let fitted = linear::ridge(&batch.inputs, &batch.targets, width, outputs, progress)?;
            (Model::Ridge, fitted.numbers(&asked.inputs))
        };
        all.push(found(model, batch.len, &asked, &answers));
    }
    let few = fetch(part, MOST_ASKED.min(NEIGHBOURS_WORK / width / LEAST).max(1))?;
    let batch = learn(MOST_NEIGHBOURS.min(NEIGHBOURS_WORK / width / few.len.max(1)).max(1))?;
    let classes = of_classes.then_some(outputs);
    let answers = neighbours::answers(&batch, &few.inputs, width, classes, progress)?;
    all.push(found(Model::Neighbours, batch.len, &few, &answers));
    Ok(all)
}

/// Places of the inputs that measure something, where others are indices for an Embedding; `None`: all do.
fn measured(dataset: &Dataset) -> Option<Vec<usize>> {
    let Inputs::Table { columns, .. } = &dataset.encoding.inputs else { return None };
    let (mut first, mut kept) = (0, Vec::new());
    for column in columns {
        let places = first..first + column.width();
        first = places.end;
        kept.extend(places.filter(|_| column.vocabulary().is_none()));
    }
    (kept.len() < first).then_some(kept)
}

/// At most so many rows: all in their order, or a fair share.
fn some(dataset: &Dataset, part: &Samples, most: usize) -> Vec<u32> {
    if part.len() <= most {
        return (0..part.len() as u32).collect();
    }
    dataset.fair(part).iter().copied().take(most).collect()
}

/// What is answered whatever is asked.
fn constant(train: &Samples, truth: &Truth) -> Result<(Model, Vec<f32>), DataError> {
    if truth.task.classes().is_some() {
        let counts = train.counts()?;
        // Of equal ones the first.
        let most = counts.iter().rev().max_by_key(|(_, count)| **count).map_or(0, |(class, _)| *class);
        return Ok((Model::Majority, vec![most as f32]));
    }
    if truth.units.iter().all(|unit| unit.curve.is_linear()) {
        return Ok((Model::Mean, train.target_means()?.iter().map(|&mean| mean as f32).collect()));
    }
    // Of the numbers themselves, not of their logarithms.
    let mut sums = vec![0.0; truth.units.len()];
    for row in 0..train.len() {
        let target = train.target(row)?;
        let numbers = target.iter().zip(&truth.units).map(|(&scaled, unit)| unit.number(scaled));
        sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
    }
    let mean = |(sum, unit): (f64, &Unit)| unit.scaled((sum / train.len() as f64) as f32);
    Ok((Model::Mean, sums.into_iter().zip(&truth.units).map(mean).collect()))
}

fn accuracy(answers: &[f32], targets: &[f32]) -> f64 {
    let hits = answers.iter().zip(targets).filter(|(answer, target)| answer == target).count();
    hits as f64 / targets.len().max(1) as f64
}

/// The share of the variance explained in the user's units, mean over the outputs; 0 where the targets do not vary.
fn r2(answers: &[f32], targets: &[f32], truth: &Truth) -> f64 {
    let n = truth.task.width();
    let of = |column: usize| {
        let unit = truth.unit(column);
        let number = |scaled: &f32| if unit.curve.is_linear() { f64::from(*scaled) } else { unit.number(*scaled) };
        let pairs = || answers.iter().zip(targets).skip(column).step_by(n).map(|(a, t)| (number(a), number(t)));
        let mean = pairs().map(|(_, t)| t).sum::<f64>() / pairs().count().max(1) as f64;
        let total: f64 = pairs().map(|(_, t)| (t - mean).powi(2)).sum();
        let residual: f64 = pairs().map(|(a, t)| (a - t).powi(2)).sum();
        if total == 0.0 { 0.0 } else { 1.0 - residual / total }
    };
    (0..n).map(of).sum::<f64>() / n.max(1) as f64
}

#[cfg(test)]
mod tests;
