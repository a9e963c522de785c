//! What is known of the current run.

use std::sync::Arc;

use crate::trace::{Picture, Series};
use crate::trainer::{Evaluation, Row};

#[derive(Clone, Debug, Default)]
pub struct RunView {
    pub status: RunStatus,
    /// Completed steps.
    pub step: u64,
    /// Completed epochs, with the fraction of the current one.
    pub epoch: f64,
    pub samples_per_second: f64,
    /// Time spent training.
    pub seconds: f64,
    /// Of it, before the run was opened.
    pub seconds_before: f64,
    /// Epochs and seconds when this run was first heard of, which may have gone on elsewhere before.
    pub heard_at: Option<(f64, f64)>,
    /// Until the epochs that were asked for are done; `None` until it can be told.
    pub seconds_left: Option<f64>,
    pub learning_rate: f64,
    pub steps_per_epoch: u64,
    pub curves: Curves,
    pub marks: Vec<Mark>,
    /// Those of `marks` that stand for tensors changed by hand.
    pub edits: Vec<Mark>,
    /// The newest picture, if any was asked for.
    pub picture: Option<Arc<Picture>>,
    /// "kept 4 of 6 tensors", "stopped early: no improvement for 10 epochs".
    pub message: Option<String>,
    /// The way that is looked at, and what is known of the others.
    pub branch: u32,
    pub others: Vec<OtherBranch>,
    /// Which instruction made the first NaN or infinity of this run, and what to do.
    pub not_finite: Option<String>,
}

/// What was told of a branch that is not looked at.
#[derive(Clone, Debug, Default)]
pub struct OtherBranch {
    pub id: u32,
    pub curves: Curves,
    pub marks: Vec<Mark>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunStatus {
    /// Nothing to run: problems, or no data.
    #[default]
    NotReady,
    /// Ready or stopped.
    Paused,
    Running,
    /// All epochs done, or stopped early.
    Finished,
    /// The trainer failed; the message says why.
    Failed,
}

#[derive(Clone, Debug, Default)]
pub struct Curves {
    /// Loss of every training batch.
    pub train_loss: Series,
    /// Over the whole validation part, about once per epoch.
    pub validation_loss: Series,
    pub metric: Metric,
    /// Of every training batch for accuracy; empty for other metrics.
    pub train_metric: Series,
    pub validation_metric: Series,
    pub learning_rate: Series,
    /// When the run was where, from its beginning: in between, epochs and time grow evenly.
    pub pace: Vec<Pace>,
}

/// About so many points of every curve are kept with a run.
pub const KEPT: usize = 4096;

impl Curves {
    /// What was told of more steps.
    pub fn append(&mut self, rows: &[Row], scores: &[Evaluation]) {
        for row in rows {
            self.train_loss.push(row.step, row.loss as f32);
            self.learning_rate.push(row.step, row.learning_rate as f32);
            if let Some(accuracy) = row.accuracy {
                self.train_metric.push(row.step, accuracy);
            }
        }
        for scores in scores {
            self.validation_loss.push(scores.step, scores.loss as f32);
            self.validation_metric.push(scores.step, scores.score as f32);
        }
    }

    /// What is kept of them in a file, however long they are.
    pub fn thinned(&self) -> Self {
        let thin = |series: &Series| series.thinned(KEPT);
        let every = self.pace.len().div_ceil(KEPT).max(1);
        let last = self.pace.last().filter(|_| every > 1).copied();
        Self {
            train_loss: thin(&self.train_loss),
            validation_loss: thin(&self.validation_loss),
            metric: self.metric,
            train_metric: thin(&self.train_metric),
            validation_metric: thin(&self.validation_metric),
            learning_rate: thin(&self.learning_rate),
            pace: self.pace.iter().copied().step_by(every).chain(last).collect(),
        }
    }

    /// By their names in a file.
    pub(super) fn named(&self) -> [(&'static str, &Series); 5] {
        [
            ("train_loss", &self.train_loss),
            ("validation_loss", &self.validation_loss),
            ("train_metric", &self.train_metric),
            ("validation_metric", &self.validation_metric),
            ("learning_rate", &self.learning_rate),
        ]
    }

    pub(super) fn named_mut(&mut self) -> [(&'static str, &mut Series); 5] {
        let Self { train_loss, validation_loss, train_metric, validation_metric, learning_rate, .. } = self;
        [
            ("train_loss", train_loss),
            ("validation_loss", validation_loss),
            ("train_metric", train_metric),
            ("validation_metric", validation_metric),
            ("learning_rate", learning_rate),
        ]
    }

    /// Drops everything after a step.
    pub fn truncate(&mut self, step: u64) {
        self.named_mut().into_iter().for_each(|(_, series)| series.truncate(step));
        self.pace.retain(|pace| pace.step <= step);
    }
}

/// A moment of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// Completed steps.
    pub step: u64,
    /// Completed epochs, with the fraction of the current one.
    pub epoch: f64,
    /// Spent training.
    pub seconds: f64,
}

/// The one score that is quoted beside the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    #[default]
    Accuracy,
    /// Coefficient of determination.
    R2,
}

impl Metric {
    pub fn title(self) -> &'static str {
        match self {
            Self::Accuracy => "Accuracy",
            Self::R2 => "R²",
        }
    }
}

/// Something was changed here.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub step: u64,
    /// "lr 0.1 → 0.01"
    pub label: String,
}
