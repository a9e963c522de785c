//! All that rules read: what is drawn and set, what the data is, and what a run recorded.

use super::{DataFacts, Network};
use crate::engine::FirstNotFinite;
use crate::model::{DataSpec, LayerId, Project, TrainingSpec};
use crate::trace::{Curves, Evaluation, LayerSummary, Readings};

/// A project with its data, and perhaps a run of it.
pub struct Case<'a> {
    /// What is drawn, unfolded, with its shapes.
    pub network: Network,
    /// How it trains.
    pub training: &'a TrainingSpec,
    /// Where its data comes from.
    pub source: &'a DataSpec,
    /// What its data is.
    pub data: &'a DataFacts,
    /// What was recorded; `None` before training.
    pub records: Option<&'a Records>,
}

impl<'a> Case<'a> {
    /// A project before training.
    pub fn new(project: &'a Project, data: &'a DataFacts) -> Self {
        let network = Network::new(&project.graph, data);
        Self { network, training: &project.training, source: &project.data, data, records: None }
    }

    /// Whether the run began with weights that were given or learnt: they are whatever they are, and the settings say
    /// nothing of them.
    pub fn begins_with_given_weights(&self) -> bool {
        self.records.is_some_and(|records| !records.is_fresh)
    }

    /// With what a run of it recorded.
    pub fn after(self, records: &'a Records) -> Self {
        Self { records: Some(records), ..self }
    }
}

/// What a run recorded and what it was asked at the end.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Completed steps.
    pub steps: u64,
    /// The last, smaller batch counts.
    pub steps_per_epoch: u64,
    /// Samples of a step.
    pub batch: usize,
    /// The weights were drawn by the settings of the layers, and not given.
    pub is_fresh: bool,
    /// Losses, scores, rates, and how the layers were doing.
    pub curves: Curves,
    /// What made the first NaN or infinity.
    pub not_finite: Option<FirstNotFinite>,
    /// The step at which a run that was kept ended for such a number, where that is all that is known of it.
    pub broke_at: Option<u64>,
    /// Over the training set, asked as the validation set is: without dropout, with running statistics.
    pub train: Option<Evaluation>,
    /// Over the validation set.
    pub validation: Option<Evaluation>,
    /// How often each class was predicted for validation samples; empty for other tasks.
    pub predicted: Vec<usize>,
    /// What the instruments that rules ask for say of the run where it stands.
    pub readings: Readings,
}

impl Records {
    /// The loss of the first batch, with the weights that were drawn.
    pub fn first_loss(&self) -> Option<f64> {
        let (&step, &loss) = self.curves.train_loss.steps().first().zip(self.curves.train_loss.values().first())?;
        (step == 1 && self.is_fresh).then_some(f64::from(loss))
    }

    /// Mean of the batches' losses over a share of the run, 0 to 1; `None` where none was recorded there.
    pub fn mean_loss(&self, from: f64, to: f64) -> Option<f64> {
        let (from, to) = (self.steps as f64 * from, self.steps as f64 * to);
        let within = self.curves.train_loss.points().filter(|(step, _)| *step as f64 > from && *step as f64 <= to);
        let (count, sum) = within.fold((0.0, 0.0), |(count, sum), (_, loss)| (count + 1.0, sum + f64::from(loss)));
        (count > 0.0).then(|| sum / count)
    }

    /// The share of the loss of the first steps that is gone by the last tenth of the run; `None` of too short a run.
    pub fn loss_fell_by(&self) -> Option<f64> {
        let first = self.early_loss()?;
        let last = self.mean_loss(0.9, 1.0).filter(|_| self.steps >= 20)?;
        (first > 0.0).then(|| 1.0 - last / first)
    }

    /// Mean loss of the first batches: a single one varies.
    pub fn early_loss(&self) -> Option<f64> {
        const FIRST: usize = 5;
        let first = self.curves.train_loss.values().iter().take(FIRST);
        let (count, sum) = first.fold((0.0, 0.0), |(count, sum), &loss| (count + 1.0, sum + f64::from(loss)));
        (count > 0.0).then(|| sum / count)
    }

    /// The last summaries of a layer, as many as are asked for, oldest first; none where there are fewer.
    pub fn lately(&self, layer: LayerId, count: usize) -> Vec<(u64, LayerSummary)> {
        let all: Vec<_> = self.curves.summaries.of(layer).map(|(step, summary)| (step, *summary)).collect();
        all.len().checked_sub(count).map_or(Vec::new(), |from| all[from..].to_vec())
    }
}
