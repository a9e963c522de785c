//! All ways that the run has gone: which there are, those that rest while another is looked at, and what was told of each.

use crate::trace::{Branch, Curves, Pace};
use crate::trainer::debugger::{DebugError, Debugger, share_budget};
use crate::trainer::outbox::{Forked, Progress};

use super::{Mode, Worker, locked};

/// A branch that is not being looked at.
struct Resting {
    id: u32,
    debugger: Debugger,
    furthest: Option<u64>,
    curves: Curves,
}

#[derive(Default)]
pub(super) struct Branches {
    /// The one that is looked at.
    pub current: u32,
    /// The last step that was ever told of on it.
    furthest: Option<u64>,
    /// All that was told of it.
    pub curves: Curves,
    steps_per_epoch: u64,
    /// Names and beginnings of all.
    known: Vec<Branch>,
    resting: Vec<Resting>,
    /// How many there ever were: no number is given twice.
    numbered: u32,
}

impl Branches {
    /// Only one yet.
    pub fn begin() -> Self {
        let main = Branch { id: 0, name: "main".into(), parent: None, from: 0, step: 0 };
        Self { known: vec![main], ..Self::default() }
    }

    /// A run that was kept goes on here, of which this was told.
    pub fn goes_on(&mut self, step: u64, curves: Curves) {
        self.curves = curves;
        self.reached(step);
    }

    /// Where the run is now, for the pace of its curves.
    pub fn note(&mut self, progress: &Progress) {
        let Progress { step, epoch, seconds, steps_per_epoch, .. } = *progress;
        let other_epochs = std::mem::replace(&mut self.steps_per_epoch, steps_per_epoch) != steps_per_epoch;
        self.curves.note_pace(Pace { step, epoch, seconds }, other_epochs);
    }

    /// A step is complete; whether it is one that was never told of before.
    pub fn reached(&mut self, step: u64) -> bool {
        let is_new = self.furthest.is_none_or(|furthest| step > furthest);
        if is_new {
            self.furthest = Some(step);
        }
        is_new
    }

    /// Nothing after this step is known any more; whether anything was.
    pub fn cut(&mut self, step: u64) -> bool {
        let is_shorter = self.furthest.is_some_and(|furthest| furthest > step);
        if is_shorter {
            self.furthest = Some(step);
            self.curves.truncate(step);
        }
        is_shorter
    }

    /// All there are, the current one at a step.
    pub fn told(&self, here: u64) -> Vec<Branch> {
        let told = |known: &Branch| Branch {
            name: name(known),
            step: if known.id == self.current { here } else { known.step },
            ..known.clone()
        };
        self.known.iter().map(told).collect()
    }

    fn known(&mut self, id: u32) -> Option<&mut Branch> {
        self.known.iter_mut().find(|known| known.id == id)
    }

    pub fn rename(&mut self, branch: u32, name: String) {
        if let Some(known) = self.known(branch) {
            known.name = name;
        }
    }

    /// A fork that nobody named is called by the first change made in it.
    pub fn name_by(&mut self, change: &str, step: u64) {
        let current = self.current;
        if let Some(known) = self.known(current).filter(|known| known.name.is_empty()) {
            known.name = format!("{change} from {step}");
        }
    }

    /// `old` rests from now on. Returns where the new branch, which is looked at now, began.
    fn fork(&mut self, old: Debugger, name: String, step: u64) -> Forked {
        let from = self.current;
        let mut curves = self.curves.clone();
        curves.truncate(step);
        self.rest(old);
        self.curves = curves;
        self.numbered += 1;
        self.current = self.numbered;
        self.known.push(Branch { id: self.current, name, parent: Some(from), from: step, step });
        self.furthest = Some(step);
        Forked { from, step }
    }

    fn rest(&mut self, debugger: Debugger) {
        let (id, step) = (self.current, debugger.moment().step);
        if let Some(known) = self.known(id) {
            known.step = step;
        }
        let curves = std::mem::take(&mut self.curves);
        self.resting.push(Resting { id, debugger, furthest: self.furthest, curves });
    }

    /// `old` rests, and another is looked at from now on; the same one where there is no such.
    fn switch(&mut self, branch: u32, old: Debugger) -> Debugger {
        let Some(at) = self.resting.iter().position(|resting| resting.id == branch) else { return old };
        let Resting { debugger, furthest, curves, .. } = self.resting.swap_remove(at);
        self.rest(old);
        (self.current, self.furthest, self.curves) = (branch, furthest, curves);
        debugger
    }

    /// Where one finds oneself when a branch is deleted: on the one that it left, or on the first of the others.
    fn after(&self, branch: u32) -> Option<u32> {
        let parent = self.known.iter().find(|known| known.id == branch).and_then(|known| known.parent);
        parent.or(self.known.iter().map(|known| known.id).find(|&id| id != branch))
    }

    /// Drops a branch that rests. What was forked from it counts as forked from where it was forked itself.
    fn forget(&mut self, branch: u32) -> Option<Branch> {
        let at = self.known.iter().position(|known| known.id == branch)?;
        let gone = self.known.remove(at);
        self.resting.retain(|resting| resting.id != branch);
        self.known.iter_mut().filter(|known| known.parent == Some(branch)).for_each(|known| known.parent = gone.parent);
        Some(gone)
    }
}

/// One that has no name of its own yet is called by its beginning.
fn name(branch: &Branch) -> String {
    if branch.name.is_empty() { format!("fork at {}", branch.from) } else { branch.name.clone() }
}

impl Worker {
    /// The checkpoints of all branches together stay within the budget.
    pub(super) fn share(&mut self) {
        let resting = self.desk.branches.resting.iter_mut().map(|resting| &mut resting.debugger);
        if let Some(current) = &mut self.debugger {
            share_budget(self.budget, current, resting.collect());
        }
    }

    pub(super) fn fork(&mut self, name: String) -> Result<(), DebugError> {
        let Some(debugger) = self.debugger.take() else { return Ok(()) };
        match debugger.fork() {
            Ok(fork) => {
                let forked = self.desk.branches.fork(debugger, name, fork.moment().step);
                locked(&self.outbox).switch(self.desk.branches.current, Some(forked));
                self.debugger = Some(fork);
                self.share();
                Ok(())
            }
            Err(error) => {
                self.debugger = Some(debugger);
                Err(error)
            }
        }
    }

    pub(super) fn switch(&mut self, branch: u32) {
        let Some(debugger) = self.debugger.take() else { return };
        let breakpoints = debugger.breakpoints().to_vec();
        let mut there = self.desk.branches.switch(branch, debugger);
        if self.desk.branches.current == branch {
            // They are of the debugger, not of a branch.
            there.set_breakpoints(breakpoints);
            locked(&self.outbox).switch(branch, None);
        }
        locked(&self.outbox).project = Some(Box::new(there.run().project().clone()));
        self.debugger = Some(there);
        self.picture_due = true;
        self.share();
    }

    /// A branch, its checkpoints and its curves are gone for good; the last one stays.
    pub(super) fn delete_branch(&mut self, branch: u32) {
        if branch == self.desk.branches.current {
            let Some(next) = self.desk.branches.after(branch) else {
                return self.say("This is the only branch: there is nothing to go on with without it.");
            };
            self.mode = Mode::Paused;
            self.desk.set_off();
            self.switch(next);
        }
        if let Some(gone) = self.desk.branches.forget(branch) {
            locked(&self.outbox).deleted.push(branch);
            self.say(&format!("Deleted the branch {}.", name(&gone)));
            self.share();
        }
    }
}
