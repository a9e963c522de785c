//! One run: machine, data, place in the epochs, journal. Without a thread: the command line and tests drive it
//! directly, the trainer thread drives it for the window. The same calls in the same order give bitwise the same run.

mod again;
mod batches;
mod readings;
mod summary;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::found;
use super::outbox::Stop;
use super::scoring::Asked;
use crate::data::order::{Algorithm, EpochOrder};
use crate::data::{DataError, Dataset, Difference, Encoding, Fingerprint, Samples};
use crate::engine::metrics::{Explained, NumberScore, Tally};
use crate::engine::{Device, EngineError, Kept, Machine, MeanLosses, Memory, Precision, Snapshot, StepReport};
use crate::model::{Answer, AnswerView, PlateauState, Project, Schedule, Task, TrainingSpec, Watched};
use crate::trace::{Change, Evaluation, Happened, History, JournalEntry, Origin, Over, Ranking, StepRow, Weights};
use batches::Loader;
use summary::Looking;

/// Why a run cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Computing failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Samples could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Nothing to train on.
    #[error("The training set is empty. Choose data with more samples or a smaller validation share.")]
    NoSamples,
    /// The sum, and what to make smaller.
    #[error("{0}")]
    Memory(String),
    #[error(
        "This run belongs to different data: {0}. Load the data and split it was trained with, or start a new run."
    )]
    /// What differs, as far as it can be told.
    OtherData(Difference),
    /// Tensors are missing or have other sizes; the sentence says which.
    #[error("These weights don't fit: {0}")]
    Weights(String),
    /// It is refused as a whole; the sentence says why.
    #[error("{0}")]
    Change(String),
}

/// Where a run stands, beside its tensors and its history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resume {
    /// Completed epochs.
    pub epoch: u64,
    /// Samples of the current epoch that were already used.
    pub cursor: usize,
    /// Samples of the training part, to notice other data.
    pub samples: usize,
    /// Of its data, to notice other rows and another order as well; older files have none.
    pub data: Option<Fingerprint>,
    /// By which its epochs are put in order, from its first step to its last; its file keeps the name.
    #[serde(skip)]
    pub order: Algorithm,
    /// The lowest validation loss, and the epoch whose weights are kept for it, since the best ones are kept.
    pub best_loss: Option<f64>,
    /// Counted from 1; 0 before the first.
    pub best_epoch: u64,
    /// The loss that early stopping wants improved and the epoch that reached it, or the one since which it looks.
    pub early_loss: Option<f64>,
    /// Counted from 1.
    pub early_epoch: u64,
    /// It has ended by that.
    pub stopped_early: bool,
    /// Of the schedule that cuts the rate where the loss stays.
    pub plateau: PlateauState,
}

/// A run as it can be kept and gone on with.
#[derive(Clone, Debug)]
pub struct Saved {
    /// In force where it stands.
    pub project: Project,
    /// Weights, optimiser state and running statistics.
    pub now: Snapshot,
    /// Weights of the best epoch, when they are kept.
    pub best: Option<Snapshot>,
    /// What it began with, when that was given.
    pub start: Option<Arc<Snapshot>>,
    /// Beside the tensors.
    pub place: Resume,
    /// Where it began, and all that was changed since.
    pub history: History,
    /// How rows become samples for these weights; files from before it was kept have none.
    pub encoding: Option<Arc<Encoding>>,
    /// Why it goes on closely, but perhaps not bit for bit; of what was read from a file.
    pub notice: Option<String>,
}

/// A moment of a run, without its history: what going back begins at.
#[derive(Clone, Debug)]
pub(super) struct Stand {
    pub now: Snapshot,
    pub best: Option<Snapshot>,
    pub place: Resume,
    pub happened: Happened,
}

/// A network in training: machine, samples, place in the epochs, journal.
pub struct Run {
    machine: Machine,
    dataset: Arc<Dataset>,
    /// Graph and settings now in force.
    project: Project,
    history: History,
    place: Resume,
    /// Of the epoch in progress.
    order: EpochOrder,
    best: Option<Snapshot>,
    start: Option<Arc<Snapshot>>,
    looking: Looking,
    loader: Loader,
    /// What was done otherwise than asked, not yet told.
    notices: Vec<String>,
    /// The device that it was last said of that it is not there.
    missing: Option<Device>,
}

/// What training a project over a data set takes.
pub fn memory(project: &Project, dataset: &Dataset) -> Result<Memory, RunError> {
    let batch = project.training.batch_size.clamp(1, dataset.train.len().max(1));
    Ok(Memory::predicted(&project.graph, &dataset.signature(), &project.training, batch)?)
}

impl Run {
    /// With weights drawn from the project's seed.
    pub fn new(project: &Project, dataset: Arc<Dataset>, device: Device) -> Result<Self, RunError> {
        Self::start(project, None, dataset, device)
    }

    /// With the weights and running statistics of a snapshot, by their names; those that it does not have are drawn,
    /// which is noticed. Refused where none fits, or one has another shape.
    pub fn start(
        project: &Project,
        weights: Option<&Snapshot>,
        dataset: Arc<Dataset>,
        device: Device,
    ) -> Result<Self, RunError> {
        if dataset.train.is_empty() {
            return Err(RunError::NoSamples);
        }
        device.is_there()?;
        if let Some(why) = memory(project, &dataset)?.refusal(device.free_memory()) {
            return Err(RunError::Memory(why));
        }
        let machine =
            Machine::new(&project.graph, &dataset.signature(), &project.training, device.clone(), Precision::F32)?;
        let place = Resume { samples: dataset.train.len(), ..Resume::default() };
        let order = EpochOrder::new(place.order, project.training.seed, place.epoch, place.samples);
        let origin = Origin { project: Arc::new(project.clone()), device, weights: Weights::Fresh, earlier: None };
        let mut run = Self {
            machine,
            place,
            dataset,
            project: project.clone(),
            history: History::new(origin),
            order,
            best: None,
            start: None,
            looking: Looking::default(),
            loader: Loader::default(),
            notices: Vec::new(),
            missing: None,
        };
        if let Some(weights) = weights {
            run.begin_with(weights)?;
        }
        Ok(run)
    }

    /// What computes it.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// To set values by hand: whoever does so notes it in the journal.
    pub fn machine_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }

    /// What it is trained and validated on.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// Graph, data and settings now in force.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// What the network is asked for: what the data is, or the input itself.
    pub fn task(&self) -> Task {
        self.machine.task()
    }

    /// How answers are shown.
    pub fn view(&self) -> AnswerView {
        self.dataset.view_of(self.task())
    }

    /// Whether there is a Loss; without one the network is only run forward.
    pub fn trains(&self) -> bool {
        self.machine.program().loss.is_some()
    }

    /// What happened to it.
    pub fn history(&self) -> &History {
        &self.history
    }

    pub(super) fn history_mut(&mut self) -> &mut History {
        &mut self.history
    }

    /// Everything changed up to here.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.history.journal()
    }

    /// As the run began.
    pub fn origin(&self) -> &Project {
        &self.history.origin.project
    }

    /// The last, smaller batch counts.
    pub fn steps_per_epoch(&self) -> u64 {
        self.dataset.train.len().div_ceil(self.batch_size()) as u64
    }

    /// Samples of a step, but for the last one of an epoch.
    pub fn batch_size(&self) -> usize {
        self.project.training.batch_size.clamp(1, self.dataset.train.len())
    }

    /// Completed epochs with the fraction of the current one.
    pub fn epoch(&self) -> f64 {
        self.place.epoch as f64 + self.place.cursor as f64 / self.dataset.train.len() as f64
    }

    /// Whole epochs completed.
    pub fn epochs_done(&self) -> u64 {
        self.place.epoch
    }

    /// Why there is nothing more to do, if so.
    pub fn finished(&self) -> Option<Stop> {
        if self.place.stopped_early {
            let patience = self.project.training.early_stopping.map_or(0, |e| e.patience);
            return Some(Stop::Early { patience });
        }
        (self.place.epoch >= self.project.training.epochs as u64).then_some(Stop::Done)
    }

    /// In which order an epoch uses the training part.
    pub(super) fn order_of(&self, seed: u64, epoch: u64) -> EpochOrder {
        EpochOrder::new(self.place.order, seed, epoch, self.dataset.train.len())
    }

    /// One training step.
    pub fn step(&mut self) -> Result<StepRow, RunError> {
        self.begin_step()?;
        let report = self.machine.finish_step()?;
        Ok(self.complete(&report))
    }

    /// Stages the next batch and stands before the first instruction of its step.
    pub fn begin_step(&mut self) -> Result<(), RunError> {
        let batch = self.load_batch()?;
        self.look_ahead();
        Ok(self.machine.begin_step(&batch)?)
    }

    /// One instruction of the step that was begun; tells of the step when it was the last one.
    pub fn step_instruction(&mut self) -> Result<Option<StepRow>, RunError> {
        if self.machine.step_instruction()?.is_none() || self.machine.is_in_step() {
            return Ok(None);
        }
        let report = self.machine.report()?;
        Ok(Some(self.complete(&report)))
    }

    /// Moves on in the data after a step.
    fn complete(&mut self, report: &StepReport) -> StepRow {
        let samples = self.machine.batch_len();
        self.place.cursor += samples;
        let epoch_done = self.place.cursor >= self.dataset.train.len();
        if epoch_done {
            self.place.epoch += 1;
            self.place.cursor = 0;
            self.order = self.order_of(self.project.training.seed, self.place.epoch);
        }
        self.history.pass(self.machine.step());
        self.look_back();
        StepRow {
            step: self.machine.step(),
            loss: report.loss,
            losses: report.losses.clone(),
            accuracy: report.correct.map(|c| c as f32 / report.answers.max(1) as f32),
            learning_rate: report.learning_rate,
            samples,
            epoch_done,
        }
    }

    /// Loss and score over the whole of a part, however large: its answers are not held together.
    pub fn evaluate_part(&self, part: &Samples) -> Result<Evaluation, RunError> {
        let answer = self.machine.answer();
        let (losses, score) = match self.task() {
            Task::Input(n) => {
                let mut explained = Explained::new(n);
                let losses =
                    self.machine.evaluate_samples(part, &mut |outputs, truth| explained.take(outputs, truth))?;
                (losses, explained.score())
            }
            Task::Boxes { .. } => {
                let (losses, precision) = found::evaluate(&self.machine, part)?;
                (losses, precision.map50().unwrap_or(0.0))
            }
            Task::Classes(_) | Task::ClassesAt { .. } | Task::Numbers(_) => {
                let means = if answer == Answer::Numbers { part.target_means()? } else { &[] };
                let mut tally = Tally::new(answer, means, &self.dataset.truth.units);
                let losses =
                    self.machine.evaluate_samples(part, &mut |outputs, targets| tally.take(outputs, targets))?;
                (losses, tally.score())
            }
        };
        let (step, epoch, MeanLosses { total, each }) = (self.machine.step(), self.epoch(), losses);
        Ok(Evaluation { step, epoch, loss: total, losses: each, score })
    }

    /// Of each predicted number by itself, over the validation part and in the user's units; nothing for anything else.
    pub fn number_scores(&self) -> Result<Vec<NumberScore>, RunError> {
        let part = &self.dataset.validation;
        if !matches!(self.task(), Task::Numbers(_)) {
            return Ok(Vec::new());
        }
        let mut tally = Tally::new(self.machine.answer(), part.target_means()?, &self.dataset.truth.units);
        self.machine.evaluate_samples(part, &mut |outputs, targets| tally.take(outputs, targets))?;
        Ok(tally.each())
    }

    /// How well the answers order the validation part, and how many of its samples that was found over; only for
    /// classes.
    pub fn ranking(&self) -> Result<Option<(Ranking, Over)>, RunError> {
        if self.task().classes().is_none() {
            return Ok(None);
        }
        let asked = Asked::all(self)?;
        Ok(Some((asked.ranking(self), asked.over(self))))
    }

    /// Loss and score over the validation part, in pieces.
    pub fn evaluate(&self) -> Result<Evaluation, RunError> {
        self.evaluate_part(&self.dataset.validation)
    }

    /// Called with the validation result at the end of an epoch: cuts the learning rate on a plateau, keeps the best
    /// weights, decides on early stopping. Tells the new learning rate when it was cut.
    pub fn judge(&mut self, evaluation: &Evaluation) -> Result<Option<f64>, RunError> {
        let was_cut = self.follow_plateau(evaluation);
        if was_cut {
            let change = Change::Plateau { state: self.place.plateau };
            self.history.cut(JournalEntry { step: self.machine.step(), instruction: 0, change });
        }
        let (spec, place, loss) = (&self.project.training, &mut self.place, evaluation.loss);
        // What is no number is no result that others could be compared with.
        let is_below =
            |best: Option<f64>, margin: f64| loss.is_finite() && best.is_none_or(|best| loss < best - margin);
        if spec.keep_best && is_below(place.best_loss, 0.0) {
            (place.best_loss, place.best_epoch) = (Some(loss), place.epoch);
            self.best = Some(self.machine.snapshot()?);
        }
        if let Some(early) = spec.early_stopping {
            if is_below(place.early_loss, early.min_delta) {
                (place.early_loss, place.early_epoch) = (Some(loss), place.epoch);
            } else if place.epoch.saturating_sub(place.early_epoch) >= early.patience.max(1) as u64 {
                place.stopped_early = true;
            }
        }
        Ok(was_cut.then(|| self.machine.learning_rate()))
    }

    /// Whether an epoch's result cut the learning rate.
    fn follow_plateau(&mut self, evaluation: &Evaluation) -> bool {
        let Schedule::Plateau(plateau) = &self.project.training.schedule else { return false };
        let result = if plateau.watch == Watched::Loss { evaluation.loss } else { evaluation.score };
        let was_cut = self.place.plateau.judge(plateau, self.project.training.learning_rate, result);
        self.machine.scale_rate(self.place.plateau.scale);
        was_cut
    }

    /// Puts the best weights back, if they were kept. Returns the epoch they are from.
    pub fn restore_best(&mut self) -> Result<Option<u64>, RunError> {
        match &self.best {
            Some(best) if self.project.training.keep_best => {
                self.machine.restore_parameters(best)?;
                Ok(Some(self.place.best_epoch))
            }
            _ => Ok(None),
        }
    }

    /// Changes the run where it stands and writes it in the journal; what lay ahead is forgotten.
    pub fn change(&mut self, change: Change) -> Result<Kept, RunError> {
        let (step, instruction) = self.moment();
        let kept = self.carry_out(&change)?;
        self.history.change(JournalEntry { step, instruction, change }, false);
        Ok(kept)
    }

    /// Completed steps, and executed instructions of the one in progress.
    pub(super) fn moment(&self) -> (u64, usize) {
        let machine = &self.machine;
        (machine.step(), if machine.is_in_step() { machine.pc() } else { 0 })
    }

    pub(super) fn carry_out(&mut self, change: &Change) -> Result<Kept, RunError> {
        let edited = match change {
            Change::Value { name, index, value } => {
                Some(super::value::write_element(&mut self.machine, name, index, *value))
            }
            Change::Tensor { name, edit } => Some(super::value::edit(&mut self.machine, name, edit)),
            Change::Weights { tensors, .. } => Some(super::value::load(&mut self.machine, tensors)),
            _ => None,
        };
        if let Some(edited) = edited {
            edited.map_err(RunError::Change)?;
            return Ok(Kept { kept: 0, of: 0, fresh: Vec::new() });
        }
        if let Change::Device { device } = change {
            self.machine.move_to(device.clone())?;
            return Ok(Kept { kept: 0, of: 0, fresh: Vec::new() });
        }
        let mut next = self.project.clone();
        match change {
            Change::Training { training } => next.training = training.clone(),
            Change::Graph { graph } => next.graph = graph.clone(),
            Change::Plateau { state } => {
                self.place.plateau = *state;
            }
            Change::Value { .. } | Change::Tensor { .. } | Change::Weights { .. } | Change::Device { .. } => {}
        }
        let kept = self.machine.reconfigure(&next.graph, &self.dataset.signature(), &next.training)?;
        self.look_anew(&next);
        if next.training.seed != self.project.training.seed {
            self.order = self.order_of(next.training.seed, self.place.epoch);
        }
        let is_plateau = |training: &TrainingSpec| matches!(training.schedule, Schedule::Plateau(_));
        if is_plateau(&self.project.training) && !is_plateau(&next.training) {
            self.place.plateau = PlateauState::default();
        }
        if next.graph != self.project.graph {
            self.place.plateau = PlateauState { scale: self.place.plateau.scale, ..PlateauState::default() };
        }
        if next.training.learning_rate != self.project.training.learning_rate {
            // A rate that somebody sets is the rate; it can be cut anew from there.
            self.place.plateau.scale = 1.0;
        }
        self.machine.scale_rate(self.place.plateau.scale);
        self.project = next;
        Ok(kept)
    }

    /// Keeping the best and early stopping begin where they are switched on, and anew with another network: a best that
    /// belongs to another network cannot be put back.
    fn look_anew(&mut self, next: &Project) {
        let (before, after) = (&self.project.training, &next.training);
        let is_other = next.graph != self.project.graph;
        if is_other || !after.keep_best {
            (self.best, self.place.best_loss, self.place.best_epoch) = (None, None, self.place.epoch);
        }
        if is_other || before.early_stopping.is_none() || after.early_stopping.is_none() {
            (self.place.early_loss, self.place.early_epoch) = (None, self.place.epoch);
        }
        if is_other || before.early_stopping != after.early_stopping {
            self.place.stopped_early = false;
        }
    }

    /// Settings of training now in force.
    pub fn training(&self) -> &TrainingSpec {
        &self.project.training
    }
}
