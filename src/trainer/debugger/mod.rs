//! A run that can be stopped between any two instructions, changed there, and moved backwards.
//!
//! Owns checkpoints on the way and the list of changes; going back is going to the nearest checkpoint before and replaying,
//! through the very code that runs forwards. Knows no expressions and no files: when to stop is asked of the caller, and
//! a dump is handed out as tensors.
//!
//! A change belongs to its place: whoever arrives there again finds it made. A change made after going back begins another
//! history: changes and checkpoints that lay ahead are forgotten.

mod dump;
mod ring;
#[cfg(test)]
mod tests;

use super::journal::{Change, JournalEntry};
use super::outbox::Stop;
use super::run::{Run, RunError, StepRow};
use super::value;
use crate::engine::{EngineError, Instruction, Machine, Phase};
use crate::model::{LayerId, Schedule};

pub use dump::StepDump;

use ring::Ring;

#[derive(Debug, thiserror::Error)]
pub enum DebugError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("The run ends with step {step}: {why}.")]
    End { step: u64, why: String },
    #[error("{name} is computed anew in step {step}: change it after its instruction has run.")]
    NotYet { name: String, step: u64 },
    #[error("Step {0} is not complete: a dump is of a whole step. Finish it first, or go to another.")]
    InStep(u64),
    #[error("No step is complete yet: a dump is of a whole step.")]
    NoStep,
    #[error("{0}")]
    Value(String),
}

impl From<EngineError> for DebugError {
    fn from(error: EngineError) -> Self {
        Self::Run(error.into())
    }
}

/// A place between two instructions. With instruction 0 it is the one between two steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Completed steps.
    pub step: u64,
    /// Executed instructions of the step in progress.
    pub instruction: usize,
}

/// How far to go at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Instruction,
    /// All instructions in a row that belong to one layer in one phase.
    Layer,
    Phase,
    /// To the end of the step in progress.
    Step,
}

/// How an advance ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Advance {
    /// Of the step that was completed by it.
    pub row: Option<StepRow>,
    /// The caller's condition held before the update.
    pub stopped: bool,
}

pub struct Debugger {
    run: Run,
    ring: Ring,
    /// By place; the first `applied` are made, the others lie ahead. Without cuts on a plateau: they come by themselves.
    changes: Vec<JournalEntry>,
    applied: usize,
}

impl Debugger {
    /// `budget`: bytes for checkpoints.
    pub fn new(run: Run, budget: usize) -> Result<Self, DebugError> {
        let made = |entry: &&JournalEntry| !matches!(entry.change, Change::Plateau { .. });
        let changes: Vec<_> = run.journal().iter().filter(made).cloned().collect();
        let mut debugger = Self { applied: changes.len(), run, ring: Ring::new(budget), changes };
        debugger.keep()?;
        Ok(debugger)
    }

    pub fn run(&self) -> &Run {
        &self.run
    }

    pub fn machine(&self) -> &Machine {
        self.run.machine()
    }

    pub fn moment(&self) -> Moment {
        let (step, instruction) = self.run.moment();
        Moment { step, instruction }
    }

    /// The step that values belong to: the one in progress, or the last complete one. Counted from 1.
    pub fn current_step(&self) -> u64 {
        self.machine().step() + u64::from(self.machine().is_in_step())
    }

    /// What is executed next.
    pub fn next_instruction(&self) -> (usize, Option<&Instruction>) {
        let index = self.moment().instruction;
        (index, self.machine().program().instructions.get(index))
    }

    /// Changes made up to here, and those that lie ahead.
    pub fn changes(&self) -> (&[JournalEntry], &[JournalEntry]) {
        self.changes.split_at(self.applied)
    }

    /// How many checkpoints there are, their bytes, and their spacing in steps.
    pub fn checkpoints(&self) -> (usize, usize, u64) {
        (self.ring.len(), self.ring.bytes(), self.ring.spacing())
    }

    /// Goes forward. `stop` is asked once a step, when everything but the update is done.
    pub fn advance(
        &mut self,
        unit: Unit,
        stop: &mut dyn FnMut(&Self) -> Result<bool, DebugError>,
    ) -> Result<Advance, DebugError> {
        let within = self.group(unit);
        let instructions = &self.machine().program().instructions;
        let update = instructions.iter().position(|i| i.phase == Phase::Update).unwrap_or(instructions.len());
        loop {
            let row = self.execute()?;
            let stopped = self.machine().pc() == update && stop(self)?;
            if stopped || row.is_some() || unit == Unit::Instruction || self.group(unit) != within {
                return Ok(Advance { row, stopped });
            }
        }
    }

    /// What the next instruction is part of.
    fn group(&self, unit: Unit) -> Option<(Phase, Option<LayerId>)> {
        let (_, next) = self.next_instruction();
        next.filter(|_| unit != Unit::Step).map(|i| (i.phase, i.layer.filter(|_| unit == Unit::Layer)))
    }

    /// One instruction, and what happens on arriving behind it.
    fn execute(&mut self) -> Result<Option<StepRow>, DebugError> {
        if !self.machine().is_in_step() {
            if let Some(stop) = self.run.finished() {
                return Err(DebugError::End { step: self.machine().step(), why: reason(stop, &self.run) });
            }
            self.run.begin_step()?;
        }
        let row = self.run.step_instruction()?;
        if let Some(row) = &row {
            if row.epoch_done && self.results_matter() {
                let results = self.run.evaluate()?;
                self.run.judge(&results)?;
            }
            if self.ring.wants(row.step) {
                self.keep()?;
            }
        }
        self.make_changes()?;
        Ok(row)
    }

    /// Whether the results of an epoch change how the run goes on.
    fn results_matter(&self) -> bool {
        let training = self.run.training();
        matches!(training.schedule, Schedule::Plateau(_)) || training.early_stopping.is_some() || training.keep_best
    }

    fn keep(&mut self) -> Result<(), DebugError> {
        let mut saved = self.run.save()?;
        // The same for all, and not small.
        saved.place.origin = crate::model::Project::default();
        self.ring.keep(self.applied, self.run.project(), saved);
        Ok(())
    }

    /// Makes the changes that belong to this place.
    fn make_changes(&mut self) -> Result<(), DebugError> {
        while let Some(entry) = self.changes.get(self.applied)
            && (entry.step, entry.instruction) <= self.run.moment()
        {
            self.run.change(entry.change.clone())?;
            self.applied += 1;
        }
        Ok(())
    }

    /// Stands just after the update of a step, with all its values.
    pub fn goto_step(&mut self, step: u64) -> Result<(), DebugError> {
        self.goto(Moment { step, instruction: 0 })
    }

    /// Forwards or backwards to a place. A place that the run does not reach leaves it where it ended.
    pub fn goto(&mut self, to: Moment) -> Result<(), DebugError> {
        if self.moment() == to && self.has_values() { Ok(()) } else { self.travel(to, self.moment() != to) }
    }

    /// Whether the values of the step are there: of a resumed run only what outlives a step is.
    fn has_values(&self) -> bool {
        self.machine().step() == 0 || self.machine().pc() > 0
    }

    /// `from_here`: whether the way may begin where the run stands.
    fn travel(&mut self, to: Moment, from_here: bool) -> Result<(), DebugError> {
        // The values of the last step are part of a place between two steps, so that step is always computed.
        let latest = if to.instruction == 0 { to.step.saturating_sub(1) } else { to.step };
        let here = self.moment();
        let is_ahead = from_here && here < to;
        match self.ring.nearest(latest).map(|checkpoint| checkpoint.step()) {
            Some(step) if is_ahead && here.step >= step => {}
            Some(_) => self.rewind(latest)?,
            None => self.begin_anew()?,
        }
        while self.moment() < to {
            self.execute()?;
        }
        Ok(())
    }

    fn rewind(&mut self, latest: u64) -> Result<(), DebugError> {
        let Some(checkpoint) = self.ring.nearest(latest) else { return Ok(()) };
        let mut saved = checkpoint.saved.clone();
        saved.place.origin = self.run.origin().clone();
        let (applied, project) = (checkpoint.applied, checkpoint.project.clone());
        self.run.rewind(&project, saved)?;
        self.applied = applied;
        self.make_changes()
    }

    /// Before the first checkpoint: a resumed run has a past too.
    fn begin_anew(&mut self) -> Result<(), DebugError> {
        self.run = self.run.afresh()?;
        self.applied = 0;
        self.keep()?;
        self.make_changes()
    }

    /// Back by one instruction; returns whether there was one.
    pub fn back_instruction(&mut self) -> Result<bool, DebugError> {
        let Moment { step, instruction } = self.moment();
        let count = self.machine().program().instructions.len();
        let to = match (step, instruction) {
            (0, 0) => return Ok(false),
            (step, 0) => Moment { step: step - 1, instruction: count.saturating_sub(1) },
            (step, instruction) => Moment { step, instruction: instruction - 1 },
        };
        self.goto(to)?;
        Ok(true)
    }

    /// Back to where the step in progress began, or the last one; returns whether there was one.
    pub fn back_step(&mut self) -> Result<bool, DebugError> {
        let to = match self.moment() {
            Moment { step: 0, instruction: 0 } => return Ok(false),
            Moment { step, instruction: 0 } => step - 1,
            Moment { step, .. } => step,
        };
        self.goto_step(to)?;
        Ok(true)
    }

    /// Sets one element. Parameters, statistics and moments can be set at any place, other values once they are computed.
    pub fn set(&mut self, name: &str, index: &[usize], value: f32) -> Result<(), DebugError> {
        let machine = self.machine();
        let program = machine.program();
        let id = value::locate(program, name).map_err(DebugError::Value)?;
        let is_state = program.value(id).is_some_and(|value| value.role.is_state());
        let is_staged = !program.instructions.iter().any(|instruction| instruction.outputs.contains(&id));
        if !is_state && (!machine.is_in_step() || is_staged || !machine.is_current(id)) {
            return Err(DebugError::NotYet { name: name.to_owned(), step: machine.step() + 1 });
        }
        // The listing's own name, so that the journal says the same whatever was typed.
        let change = Change::Value { name: program.name(id).to_owned(), index: index.to_vec(), value };
        let Moment { step, instruction } = self.moment();
        self.run.change(change.clone())?;
        self.changes.truncate(self.applied);
        self.ring.forget_after(step, self.applied);
        self.changes.push(JournalEntry { step, instruction, change });
        self.applied += 1;
        Ok(())
    }

    /// Takes the last change back and stands where it was made; `None` when there is none.
    pub fn undo(&mut self) -> Result<Option<JournalEntry>, DebugError> {
        let Some(last) = self.applied.checked_sub(1) else { return Ok(None) };
        let entry = self.changes[last].clone();
        self.changes.truncate(last);
        self.ring.forget_after(entry.step, last);
        self.travel(Moment { step: entry.step, instruction: entry.instruction }, false)?;
        Ok(Some(entry))
    }
}

fn reason(stop: Stop, run: &Run) -> String {
    match stop {
        Stop::Done => format!("all {} epochs are done", run.training().epochs),
        Stop::Early { patience } => format!("the validation loss has not improved for {patience} epochs"),
    }
}
