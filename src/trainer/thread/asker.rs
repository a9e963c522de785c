//! A handle for other threads than the window's: they may keep the run, and see where it stands, without taking what it
//! tells.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::Command;
use super::interrupts::Interrupts;
use crate::trainer::Kept;

/// Cheap to clone. The training thread ends without waiting for it.
#[derive(Clone)]
pub struct Asker {
    commands: Sender<Command>,
    interrupts: Arc<Interrupts>,
    standing: Arc<Standing>,
}

impl Asker {
    pub(super) fn new(commands: Sender<Command>, interrupts: Arc<Interrupts>, standing: Arc<Standing>) -> Self {
        Self { commands, interrupts, standing }
    }

    /// Comes back at once.
    pub fn send(&self, command: Command) {
        self.interrupts.sent(&command);
        // The thread catches its panics. Where it has ended there is nobody left who could obey, nor a run to do it
        // with.
        let _ = self.commands.send(command);
    }

    /// Asks for the run as it stands between two steps. The answer comes when the thread next looks at commands, at the
    /// latest after the way that it is on; none comes when the thread has ended.
    pub fn save(&self) -> Receiver<Result<Box<Kept>, String>> {
        let (reply, answer) = channel();
        self.send(Command::Save(reply));
        answer
    }

    /// The number of the run that there is.
    pub fn run(&self) -> Option<u64> {
        Some(self.standing.run.load(Ordering::Acquire)).filter(|&run| run > 0).map(|run| run - 1)
    }

    /// Completed steps.
    pub fn step(&self) -> u64 {
        self.standing.step.load(Ordering::Acquire)
    }

    /// Whether it stands: paused, ended, or no run at all.
    pub fn is_standing(&self) -> bool {
        !self.standing.goes_on.load(Ordering::Acquire)
    }

    /// Another number whenever something was done that [`Self::step`] does not show: a change, a fork, another branch.
    pub fn doings(&self) -> u64 {
        self.standing.doings.load(Ordering::Acquire)
    }
}

/// Where the run stands, written by the training thread.
#[derive(Default)]
pub(super) struct Standing {
    /// Its number and one; 0 for none.
    run: AtomicU64,
    step: AtomicU64,
    goes_on: AtomicBool,
    doings: AtomicU64,
}

impl Standing {
    pub fn clear(&self) {
        self.run.store(0, Ordering::Release);
        self.step.store(0, Ordering::Release);
        self.goes_on.store(false, Ordering::Release);
        self.did();
    }

    pub fn tell(&self, run: u64, step: u64, goes_on: bool) {
        self.step.store(step, Ordering::Release);
        self.goes_on.store(goes_on, Ordering::Release);
        self.run.store(run + 1, Ordering::Release);
    }

    pub fn did(&self) {
        self.doings.fetch_add(1, Ordering::AcqRel);
    }
}
