//! What training told of itself, step by step: curves over the steps, how quickly they came, and what was changed on the way.

use serde::{Deserialize, Serialize};

use super::{Evaluation, Series, StepRow};

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
    pub fn append(&mut self, rows: &[StepRow], scores: &[Evaluation]) {
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
    pub fn named(&self) -> [(&'static str, &Series); 5] {
        [
            ("train_loss", &self.train_loss),
            ("validation_loss", &self.validation_loss),
            ("train_metric", &self.train_metric),
            ("validation_metric", &self.validation_metric),
            ("learning_rate", &self.learning_rate),
        ]
    }

    pub fn named_mut(&mut self) -> [(&'static str, &mut Series); 5] {
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
