//! All ways that the run has gone: which there are, those that rest while another is looked at, and what was told of each.

use std::sync::Arc;

use crate::data::Dataset;
use crate::engine::Device;
use crate::trace::{Branch, Branches, Curves, Metric, Moment, Pace};
use crate::trainer::debugger::{DebugError, Debugger, share_budget};
use crate::trainer::kept::{Forks, KeptBranch, Revived};
use crate::trainer::outbox::{Forked, Progress};

use super::{Mode, Worker, locked};

/// A branch that is not being looked at.
struct Resting {
    id: u32,
    debugger: Debugger,
    furthest: Option<u64>,
    curves: Curves,
    /// As it is kept, once that was asked for.
    kept: Option<Arc<KeptBranch>>,
}

#[derive(Default)]
pub(super) struct Ways {
    /// Which there are, and the one that is looked at.
    pub all: Branches,
    /// The last step that was ever told of on it.
    furthest: Option<u64>,
    /// All that was told of it.
    pub curves: Curves,
    steps_per_epoch: u64,
    resting: Vec<Resting>,
}

impl Ways {
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

    /// `old` rests from now on. Returns where the new branch, which is looked at now, began.
    fn fork(&mut self, old: Debugger, name: String, here: Moment) -> Forked {
        let step = here.step;
        let mut curves = self.curves.clone();
        curves.truncate(step);
        self.rest(old);
        let from = self.all.fork(name, here);
        (self.curves, self.furthest) = (curves, Some(step));
        Forked { from, step }
    }

    fn rest(&mut self, debugger: Debugger) {
        let curves = std::mem::take(&mut self.curves);
        let (id, furthest) = (self.all.current(), self.furthest);
        self.resting.push(Resting { id, debugger, furthest, curves, kept: None });
    }

    /// `old` rests, and another is looked at from now on; the same one where there is no such.
    fn switch(&mut self, branch: u32, old: Debugger) -> Debugger {
        let Some(at) = self.resting.iter().position(|resting| resting.id == branch) else { return old };
        let Resting { debugger, furthest, curves, .. } = self.resting.swap_remove(at);
        let here = old.moment().step;
        self.rest(old);
        self.all.switch(branch, here);
        (self.furthest, self.curves) = (furthest, curves);
        debugger
    }

    /// All of it but the branch that is looked at, which stands after this step.
    pub fn kept(&mut self, here: u64) -> Result<Forks, DebugError> {
        let mut all = self.all.clone();
        all.stands(here);
        let resting = self.resting.iter_mut().map(Resting::kept).collect::<Result<_, _>>()?;
        Ok(Forks { all, resting })
    }

    /// A branch of a run that was kept rests here again.
    fn put_back(&mut self, debugger: Debugger, kept: Arc<KeptBranch>, metric: Metric) {
        let curves = Curves { metric, ..kept.curves.clone() };
        let furthest = Some(debugger.moment().step);
        self.resting.push(Resting { id: kept.id, debugger, furthest, curves, kept: Some(kept) });
    }

    /// Drops a branch that rests.
    fn forget(&mut self, branch: u32) -> Option<Branch> {
        let gone = self.all.forget(branch)?;
        self.resting.retain(|resting| resting.id != branch);
        Some(gone)
    }
}

impl Resting {
    fn kept(&mut self) -> Result<Arc<KeptBranch>, DebugError> {
        if let Some(kept) = &self.kept {
            return Ok(kept.clone());
        }
        let saved = self.debugger.save()?;
        let (project, curves) = (self.debugger.run().project().clone(), self.curves.thinned());
        Ok(self.kept.insert(Arc::new(KeptBranch { id: self.id, project, saved, curves })).clone())
    }
}

impl Worker {
    /// The branches of a run that was kept rest again, but for the one that goes on. Those that cannot are left out, and told.
    pub(super) fn take_forks(&mut self, forks: Forks, dataset: &Arc<Dataset>, device: &Device, metric: Metric) {
        let Revived { all, resting, problems } = forks.revive(dataset, device, self.budget);
        resting.into_iter().for_each(|(debugger, kept)| self.desk.branches.put_back(debugger, kept, metric));
        problems.iter().for_each(|problem| self.say(problem));
        locked(&self.outbox).branch = all.current();
        self.desk.branches.all = all;
        self.share();
    }

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
                let forked = self.desk.branches.fork(debugger, name, fork.moment());
                locked(&self.outbox).switch(self.desk.branches.all.current(), Some(forked));
                self.debugger = Some(fork);
                self.tell_marks();
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
        if self.desk.branches.all.current() == branch {
            // They are of the debugger, not of a branch.
            there.set_breakpoints(breakpoints);
            locked(&self.outbox).switch(branch, None);
        }
        locked(&self.outbox).project = Some(Box::new(there.run().project().clone()));
        self.not_finite = there.machine().first_not_finite().cloned();
        self.debugger = Some(there);
        self.tell_marks();
        self.picture_due = true;
        self.share();
    }

    /// A branch, its checkpoints and its curves are gone for good; the last one stays.
    pub(super) fn delete_branch(&mut self, branch: u32) {
        if branch == self.desk.branches.all.current() {
            let Some(next) = self.desk.branches.all.after(branch) else {
                return self.say("This is the only branch: there is nothing to go on with without it.");
            };
            self.mode = Mode::Paused;
            self.desk.set_off();
            self.switch(next);
        }
        if let Some(gone) = self.desk.branches.forget(branch) {
            locked(&self.outbox).deleted.push(branch);
            self.say(&format!("Deleted the branch {}.", gone.title()));
            self.share();
        }
    }
}
