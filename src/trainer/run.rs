//! One run: machine, data, place in the epochs, journal. Without a thread: the command line and tests drive it directly,
//! the trainer thread drives it for the window. The same calls in the same order give bitwise the same run.

mod again;

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::outbox::Stop;
use super::scoring::Asked;
use crate::data::batches::{Batch, epoch_order, gather};
use crate::data::{Dataset, Difference, Encoding, Fingerprint, Part, Task};
use crate::engine::metrics::Tally;
use crate::engine::{Device, EngineError, Kept, Machine, Memory, Precision, Snapshot, StepReport};
use crate::model::{DataSignature, PlateauState, Project, Schedule, Shape, Target, TrainingSpec, Watched};
use crate::trace::{Change, JournalEntry};
use crate::trace::{Evaluation, Over, Ranking, StepRow};

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("The training part is empty: choose data with more samples or a smaller validation share.")]
    NoSamples,
    /// The sum, and what to make smaller.
    #[error("{0}")]
    Memory(String),
    #[error(
        "This run belongs to other data: {0}. Give it the data and the split that it was trained with, or start a new run."
    )]
    OtherData(Difference),
    #[error("{0}")]
    Change(String),
}

/// Where a run stands, beside its tensors: what a checkpoint keeps so that going on is bitwise the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    pub epoch: u64,
    /// Samples of the current epoch that were already used.
    pub cursor: usize,
    /// Samples of the training part, to notice other data.
    pub samples: usize,
    /// Of its data, to notice other rows and another order as well; older files have none.
    #[serde(default)]
    pub data: Option<Fingerprint>,
    /// As the run began: what replay starts from.
    pub origin: Arc<Project>,
    pub journal: Vec<JournalEntry>,
    pub best_loss: Option<f64>,
    pub best_epoch: u64,
    #[serde(default)]
    pub stopped_early: bool,
    #[serde(default)]
    pub plateau: PlateauState,
    /// Where the run began; the journal tells where it went on.
    #[serde(default)]
    pub device: Device,
}

impl Resume {
    /// Where the run was at this moment.
    fn device_in_force(&self) -> &Device {
        let chosen = self.journal.iter().rev().find_map(|entry| match &entry.change {
            Change::Device { device } => Some(device),
            _ => None,
        });
        chosen.unwrap_or(&self.device)
    }
}

/// A run as it can be kept and gone on with.
#[derive(Clone, Debug)]
pub struct Saved {
    pub now: Snapshot,
    /// Weights of the best epoch, when they are kept.
    pub best: Option<Snapshot>,
    pub place: Resume,
    /// How rows become samples for these weights; files from before it was kept have none.
    pub encoding: Option<Arc<Encoding>>,
}

pub struct Run {
    machine: Machine,
    dataset: Arc<Dataset>,
    /// Graph and settings now in force.
    project: Project,
    place: Resume,
    order: Vec<u32>,
    best: Option<Snapshot>,
    /// Of the data set, once it was asked for; shared by all runs that came from this one.
    fingerprint: Arc<OnceLock<Fingerprint>>,
    /// What was done otherwise than asked, not yet told.
    notices: Vec<String>,
    /// The device that it was last said of that it is not there.
    missing: Option<Device>,
}

/// What shape inference needs to know of a loaded data set.
pub fn signature(dataset: &Dataset) -> DataSignature {
    let target = match &dataset.task {
        Task::Classification { classes } => Target::Classes(classes.len()),
        Task::Regression { outputs, .. } => Target::Numbers(outputs.len()),
    };
    DataSignature { input: Shape(dataset.input_shape.clone()), target }
}

/// What training a project over a data set takes.
pub fn memory(project: &Project, dataset: &Dataset) -> Result<Memory, RunError> {
    let batch = project.training.batch_size.clamp(1, dataset.train.len.max(1));
    Ok(Memory::predicted(&project.graph, &signature(dataset), &project.training, batch)?)
}

impl Run {
    pub fn new(project: &Project, dataset: Arc<Dataset>, device: Device) -> Result<Self, RunError> {
        if dataset.train.len == 0 {
            return Err(RunError::NoSamples);
        }
        device.is_there()?;
        if let Some(why) = memory(project, &dataset)?.refusal(device.free_memory()) {
            return Err(RunError::Memory(why));
        }
        let machine =
            Machine::new(&project.graph, &signature(&dataset), &project.training, device.clone(), Precision::F32)?;
        let order = epoch_order(project.training.seed, 0, dataset.train.len);
        let place =
            Resume { samples: dataset.train.len, origin: Arc::new(project.clone()), device, ..Resume::default() };
        Ok(Self {
            machine,
            dataset,
            project: project.clone(),
            place,
            order,
            best: None,
            fingerprint: Arc::default(),
            notices: Vec::new(),
            missing: None,
        })
    }

    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    pub fn machine_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }

    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    pub fn project(&self) -> &Project {
        &self.project
    }

    pub fn journal(&self) -> &[JournalEntry] {
        &self.place.journal
    }

    /// As the run began.
    pub fn origin(&self) -> &Project {
        &self.place.origin
    }

    pub fn steps_per_epoch(&self) -> u64 {
        self.dataset.train.len.div_ceil(self.batch_size()) as u64
    }

    /// Samples of a step, but for the last one of an epoch.
    pub fn batch_size(&self) -> usize {
        self.project.training.batch_size.clamp(1, self.dataset.train.len)
    }

    /// Completed epochs with the fraction of the current one.
    pub fn epoch(&self) -> f64 {
        self.place.epoch as f64 + self.place.cursor as f64 / self.dataset.train.len as f64
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

    /// The batch that the next step will use.
    pub fn next_batch(&self) -> Batch {
        let end = (self.place.cursor + self.batch_size()).min(self.order.len());
        gather(&self.dataset, &self.dataset.train, &self.order[self.place.cursor..end])
    }

    /// One training step.
    pub fn step(&mut self) -> Result<StepRow, RunError> {
        self.begin_step()?;
        let report = self.machine.finish_step()?;
        Ok(self.complete(&report))
    }

    /// Stages the next batch and stands before the first instruction of its step.
    pub fn begin_step(&mut self) -> Result<(), RunError> {
        let batch = self.next_batch();
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
        let epoch_done = self.place.cursor >= self.order.len();
        if epoch_done {
            self.place.epoch += 1;
            self.place.cursor = 0;
            self.order = epoch_order(self.project.training.seed, self.place.epoch, self.dataset.train.len);
        }
        StepRow {
            step: self.machine.step(),
            loss: report.loss,
            accuracy: report.correct.map(|c| c as f32 / report.answers.max(1) as f32),
            learning_rate: report.learning_rate,
            samples,
            epoch_done,
        }
    }

    /// Loss and score over the whole of a part, however large: its answers are not held together.
    pub fn evaluate_part(&self, part: &Part) -> Result<Evaluation, RunError> {
        let mut tally = Tally::new(self.machine.answer(), &part.targets, self.dataset.target_len());
        let mut take = |outputs: &[f32], targets: &[f32]| tally.take(outputs, targets);
        let loss = self.machine.evaluate_in_pieces(&part.inputs, &part.targets, part.len, &|| true, &mut take)?;
        let loss = loss.ok_or_else(|| EngineError::NotComputed("loss".into()))?;
        Ok(Evaluation { step: self.machine.step(), epoch: self.epoch(), loss, score: tally.score() })
    }

    /// How well the answers order the validation part, and how many of its samples that was found over; only for classes.
    pub fn ranking(&self) -> Result<Option<(Ranking, Over)>, RunError> {
        if self.dataset.classes().is_none() {
            return Ok(None);
        }
        let (asked, order) = Asked::all(self)?;
        Ok(Some((asked.ranking(self, &order), asked.over(self))))
    }

    pub fn evaluate(&self) -> Result<Evaluation, RunError> {
        self.evaluate_part(&self.dataset.validation)
    }

    /// Called with the validation result at the end of an epoch: cuts the learning rate on a plateau, keeps the best weights,
    /// decides on early stopping. Tells the new learning rate when it was cut.
    pub fn judge(&mut self, evaluation: &Evaluation) -> Result<Option<f64>, RunError> {
        let was_cut = self.follow_plateau(evaluation);
        if was_cut {
            let change = Change::Plateau { state: self.place.plateau };
            self.place.journal.push(JournalEntry { step: self.machine.step(), instruction: 0, change });
        }
        let spec = &self.project.training;
        let margin = spec.early_stopping.map_or(0.0, |e| e.min_delta);
        let better = self.place.best_loss.is_none_or(|best| evaluation.loss < best - margin);
        if better {
            self.place.best_loss = Some(evaluation.loss);
            self.place.best_epoch = self.place.epoch;
            if spec.keep_best {
                self.best = Some(self.machine.snapshot()?);
            }
        } else if let Some(early) = spec.early_stopping
            && self.place.epoch - self.place.best_epoch >= early.patience.max(1) as u64
        {
            self.place.stopped_early = true;
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

    /// Changes the run where it stands and writes it in the journal.
    pub fn change(&mut self, change: Change) -> Result<Kept, RunError> {
        let (step, instruction) = self.moment();
        let kept = self.carry_out(&change)?;
        self.place.journal.push(JournalEntry { step, instruction, change });
        Ok(kept)
    }

    /// The last change took the place of the one before it.
    pub(super) fn forget_last_but_one(&mut self) {
        let journal = &mut self.place.journal;
        if let Some(before) = journal.len().checked_sub(2) {
            journal.remove(before);
        }
    }

    /// Completed steps, and executed instructions of the one in progress.
    pub(super) fn moment(&self) -> (u64, usize) {
        let machine = &self.machine;
        (machine.step(), if machine.is_in_step() { machine.pc() } else { 0 })
    }

    fn carry_out(&mut self, change: &Change) -> Result<Kept, RunError> {
        let edited = match change {
            Change::Value { name, index, value } => {
                Some(super::value::write_element(&mut self.machine, name, index, *value))
            }
            Change::Tensor { name, edit } => Some(super::value::edit(&mut self.machine, name, edit)),
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
            Change::Value { .. } | Change::Tensor { .. } | Change::Device { .. } => {}
        }
        let kept = self.machine.reconfigure(&next.graph, &signature(&self.dataset), &next.training)?;
        if next.graph != self.project.graph {
            // A best that belongs to another network cannot be put back.
            (self.best, self.place.best_loss, self.place.stopped_early) = (None, None, false);
        }
        if next.training.early_stopping != self.project.training.early_stopping {
            self.place.stopped_early = false;
        }
        if next.training.seed != self.project.training.seed {
            self.order = epoch_order(next.training.seed, self.place.epoch, self.dataset.train.len);
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

    /// Settings of training now in force.
    pub fn training(&self) -> &TrainingSpec {
        &self.project.training
    }
}
