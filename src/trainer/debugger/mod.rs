//! A run that can be stopped between any two instructions, changed there, and moved backwards.
//!
//! Owns checkpoints on the way, breakpoints and the list of changes; going back is going to the nearest checkpoint
//! before and replaying, through the very code that runs forwards. Knows no files and no threads: long ways ask their
//! caller whether to go on, and a dump is handed out as tensors.
//!
//! A change belongs to its place: whoever arrives there again finds it made. A change made after going back begins
//! another history: changes and checkpoints that lay ahead are forgotten, unless it is made in a fork
//! ([`Debugger::keeping_later`]).

mod before;
mod breakpoints;
mod change;
mod checkpoints;
mod curves;
mod dump;
mod explain;
mod forward;
mod later;
mod memory;
mod nudge;
mod reverse;
mod scope;
mod sharing;
#[cfg(test)]
mod tests;
mod travel;

use std::sync::Arc;

use super::run::{Run, RunError};
use crate::engine::{EngineError, FirstNotFinite, Instruction, Machine};
use crate::model::Project;
use crate::trace::Breakpoint;
use crate::trace::JournalEntry;

pub use crate::trace::Moment;
pub use breakpoints::Hit;
pub use dump::StepDump;
pub use forward::{Advance, Granularity};
pub use later::Later;
pub use reverse::{Held, Reversed};
pub use sharing::share_budget;
pub use travel::Way;

use breakpoints::Arms;
use checkpoints::{Checkpoint, CheckpointStore};
use curves::Curve;
use memory::Memories;

/// Why the debugger could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DebugError {
    /// The run itself failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There is no instruction to go on to.
    #[error("The run ended at step {step}: {why}.")]
    End {
        /// The last one.
        step: u64,
        /// Half a sentence.
        why: String,
    },
    /// A change would be overwritten in the same step.
    #[error("{name} is recomputed in step {step}. Change it after its instruction has run.")]
    NotYet {
        /// Of the value.
        name: String,
        /// The one in progress.
        step: u64,
    },
    /// Nobody has made the value in the step in progress.
    #[error("{name} hasn't been computed yet in step {step}. Run until its instruction is done.")]
    NotComputed {
        /// Of the value.
        name: String,
        /// The one in progress.
        step: u64,
    },
    /// By its name in the listing.
    #[error("{0} can't be checked: only gradients can (d%… and ….grad), and not parts of them or clipped ones.")]
    NoGradient(String),
    /// The step in progress.
    #[error("Step {0} isn't complete, and a dump needs a whole step. Finish it first, or go to another.")]
    InStep(u64),
    /// The run is at its very beginning.
    #[error("No step is complete yet, and a dump needs a whole step.")]
    NoStep,
    /// A name, an index or a number that does not fit; the sentence says which.
    #[error("{0}")]
    Value(String),
}

impl From<EngineError> for DebugError {
    fn from(error: EngineError) -> Self {
        Self::Run(error.into())
    }
}

/// Where one can go to, and how fast.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// Steps after which there is a checkpoint, in order.
    pub checkpoints: Vec<u64>,
    /// Of all branches together.
    pub bytes: usize,
    /// Bytes that checkpoints may take.
    pub budget: usize,
    /// A step is at most so many steps of replay away.
    pub spacing: u64,
    /// The last step that was ever reached in this history.
    pub furthest: u64,
    /// Changes by place: made up to here, and ahead.
    pub changes: Vec<JournalEntry>,
}

/// A run that can be stopped between any two instructions and taken back to any of them.
pub struct Debugger {
    run: Run,
    checkpoints: CheckpointStore,
    /// The project now in force, shared with the checkpoints.
    project: Arc<Project>,
    furthest: u64,
    breakpoints: Vec<Breakpoint>,
    /// Those whose condition could not be asked when its place came, and why: they are not asked again until they are
    /// others.
    broken: Vec<(Breakpoint, String)>,
    arms: Arms,
    memories: Memories,
    messages: Vec<String>,
    /// Those for which there was no room.
    unsaid: u64,
    curves: Vec<Curve>,
}

impl Debugger {
    /// `budget`: bytes for checkpoints.
    pub fn new(run: Run, budget: usize) -> Result<Self, DebugError> {
        let mut debugger = Self {
            project: Arc::new(run.project().clone()),
            furthest: run.machine().step(),
            run,
            checkpoints: CheckpointStore::new(budget),
            breakpoints: Vec::new(),
            broken: Vec::new(),
            arms: Arms::default(),
            memories: Memories::default(),
            messages: Vec::new(),
            unsaid: 0,
            curves: Vec::new(),
        };
        debugger.lay_breakpoints();
        debugger.weigh_history();
        debugger.keep()?;
        Ok(debugger)
    }

    /// Where it is now.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// As [`Run::take_notices`].
    pub fn take_notices(&mut self) -> Vec<String> {
        self.run.take_notices()
    }

    /// In force where it stands; the very same for as long as nothing makes it another.
    pub fn project(&self) -> &Arc<Project> {
        &self.project
    }

    /// That of the run.
    pub fn machine(&self) -> &Machine {
        self.run.machine()
    }

    /// Completed steps, and instructions of the one in progress.
    pub fn moment(&self) -> Moment {
        let (step, instruction) = self.run.moment();
        Moment { step, instruction }
    }

    /// The step that values belong to: the one in progress, or the last complete one. Counted from 1.
    pub fn current_step(&self) -> u64 {
        self.machine().step() + u64::from(self.machine().is_in_step())
    }

    /// Whether the machine measures how far updates move the weights.
    pub fn watch_updates(&mut self, on: bool) {
        self.run.watch_updates(on);
    }

    /// Just behind the instruction that made the first number that is none.
    pub fn behind(&self, found: &FirstNotFinite) -> Option<Moment> {
        let (step, instruction) = (found.step.checked_sub(1)?, found.instruction + 1);
        let is_last = instruction >= self.machine().program().instructions.len();
        Some(if is_last { Moment { step: found.step, instruction: 0 } } else { Moment { step, instruction } })
    }

    /// What is executed next.
    pub fn next_instruction(&self) -> (usize, Option<&Instruction>) {
        let index = self.moment().instruction;
        (index, self.machine().program().instructions.get(index))
    }

    /// Changes made up to here, and those that lie ahead.
    pub fn changes(&self) -> (&[JournalEntry], &[JournalEntry]) {
        (self.run.history().made(), self.run.history().ahead())
    }

    /// How many checkpoints there are, the bytes of all (those of branches that rest too), and their spacing in steps.
    pub fn checkpoints(&self) -> (usize, usize, u64) {
        (self.checkpoints.len(), self.checkpoints.bytes(), self.checkpoints.spacing())
    }

    /// Where one can go to from here.
    pub fn timeline(&self) -> Timeline {
        Timeline {
            checkpoints: self.checkpoints.steps(),
            bytes: self.checkpoints.bytes(),
            budget: self.checkpoints.budget(),
            spacing: self.checkpoints.spacing(),
            furthest: self.furthest,
            changes: self.run.history().changes().to_vec(),
        }
    }

    /// The last step that was ever reached in this history.
    pub fn furthest(&self) -> u64 {
        self.furthest
    }

    fn keep(&mut self) -> Result<(), DebugError> {
        let stand = self.run.stand()?;
        self.checkpoints.keep(Checkpoint::new(self.project.clone(), stand, self.memories.clone()));
        Ok(())
    }
}
