//! All ways that the run has gone: which there are, those that rest while another is looked at, and what was told of
//! each.

use std::sync::Arc;

use crate::data::Dataset;
use crate::engine::Device;
use crate::model::Metric;
use crate::trace::{Branch, Branches, Change, Curves, JournalEntry, Moment, Pace};
use crate::trainer::debugger::{DebugError, Debugger, Later, share_budget};
use crate::trainer::kept::{Forks, KeptBranch, Revived};
use crate::trainer::outbox::{Forked, Progress};

use super::{Mode, Worker, locked};

/// A branch that is not being looked at.
struct Resting {
    id: u32,
    debugger: Debugger,
    furthest: Option<u64>,
    curves: Curves,
    ahead: Curves,
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
    /// Of the steps that were gone before it was forked and lie ahead of there: where it comes by, they are its own.
    ahead: Curves,
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

    /// Told of what was gone before the branch was forked, up to a step that it has come to; `None` where there is no
    /// more of it.
    pub fn catch_up(&mut self, step: u64) -> Option<Curves> {
        let told = self.furthest.unwrap_or(0);
        let known = self.ahead.train_loss.last().map_or(0, |(last, _)| last);
        if step.min(known) <= told {
            return None;
        }
        let piece = self.ahead.stretch(told, step);
        self.curves.extend(&piece);
        self.furthest = Some(step.min(known));
        Some(piece)
    }

    /// Nothing after this step is known any more; whether anything was.
    pub fn cut(&mut self, step: u64) -> bool {
        self.ahead = Curves::default();
        let is_shorter = self.furthest.is_some_and(|furthest| furthest > step);
        if is_shorter {
            self.furthest = Some(step);
            self.curves.truncate(step);
        }
        is_shorter
    }

    /// `old` rests from now on, and a new branch that begins here is looked at.
    fn fork(&mut self, old: Debugger, name: String, here: Moment) -> Forked {
        let from = self.all.fork(name, old.moment().step, here);
        self.begin(old, from, here.step, false)
    }

    /// As [`Self::fork`], by a change that was made here.
    fn fork_by(&mut self, change: &str, old: Debugger, here: Moment) -> Forked {
        let from = self.all.fork_by(change, old.moment().step, here);
        self.begin(old, from, here.step, true)
    }

    fn begin(&mut self, old: Debugger, from: u32, step: u64, by_change: bool) -> Forked {
        let mut curves = self.curves.clone();
        let mut ahead = Curves::default();
        if !by_change {
            let told = self.furthest.unwrap_or(step);
            ahead = curves.stretch(step, told);
            ahead.extend(&self.ahead.stretch(told, u64::MAX));
        }
        curves.truncate(step);
        self.rest(from, old);
        (self.curves, self.ahead, self.furthest) = (curves, ahead, Some(step));
        Forked { from, step, by_change }
    }

    fn rest(&mut self, id: u32, debugger: Debugger) {
        let (curves, ahead) = (std::mem::take(&mut self.curves), std::mem::take(&mut self.ahead));
        self.resting.push(Resting { id, debugger, furthest: self.furthest, curves, ahead, kept: None });
    }

    fn resting(&self, id: u32) -> Option<&Debugger> {
        self.resting.iter().find(|resting| resting.id == id).map(|resting| &resting.debugger)
    }

    pub fn resting_mut(&mut self, id: u32) -> Option<&mut Debugger> {
        self.resting.iter_mut().find(|resting| resting.id == id).map(|resting| &mut resting.debugger)
    }

    /// `old` rests, and another is looked at from now on; the same one where there is no such.
    fn switch(&mut self, branch: u32, old: Debugger) -> Debugger {
        let Some(at) = self.resting.iter().position(|resting| resting.id == branch) else { return old };
        let Resting { debugger, furthest, curves, ahead, .. } = self.resting.swap_remove(at);
        let here = old.moment().step;
        self.rest(self.all.current(), old);
        self.all.switch(branch, here);
        (self.furthest, self.curves, self.ahead) = (furthest, curves, ahead);
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
        let ahead = Curves::default();
        self.resting.push(Resting { id: kept.id, debugger, furthest, curves, ahead, kept: Some(kept) });
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
    /// The branches of a run that was kept rest again, but for the one that goes on. Those that cannot are left out,
    /// and told.
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

    /// Settings that were not changed stay what they are on this branch, whatever they are elsewhere.
    pub(super) fn change(&mut self, mut change: Change) -> Result<(), DebugError> {
        if matches!(change, Change::Value { .. } | Change::Weights { .. }) {
            self.finish_step()?;
        }
        match &mut change {
            Change::Training { training } => {
                let before = std::mem::replace(&mut self.page.training, training.clone());
                let Some(run) = self.run() else { return Ok(()) };
                *training = run.training().edited(&before, training);
                if training == run.training() {
                    self.tell_progress();
                    return Ok(());
                }
            }
            Change::Graph { graph } => self.page.graph.clone_from(graph),
            _ => {}
        }
        let graph = matches!(change, Change::Graph { .. });
        let device = matches!(change, Change::Device { .. });
        let kept = match self.alter(|debugger| debugger.change(change)) {
            // The run has not been touched, and goes on where it is.
            Err(error) if device => {
                locked(&self.outbox).say(error.to_string());
                self.tell_progress();
                return Ok(());
            }
            kept => kept?,
        };
        let Some(kept) = kept else { return Ok(()) };
        self.standing.did();
        if graph && kept.kept < kept.of {
            locked(&self.outbox).say(format!("Kept {} of {} tensors.", kept.kept, kept.of));
        }
        self.tell_progress();
        Ok(())
    }

    /// A number that is set while it trains takes effect between two steps: within one, the pass backward would see
    /// another than the pass forward has.
    pub(super) fn finish_step(&mut self) -> Result<(), DebugError> {
        let is_in_step =
            |worker: &Self| worker.debugger.as_ref().is_some_and(|debugger| debugger.machine().is_in_step());
        while self.mode != Mode::Paused && is_in_step(self) {
            self.one_step()?;
        }
        Ok(())
    }

    /// Changes the run where it stands. What lay ahead stays, on the branch that it is on: the change begins another.
    pub(super) fn alter<T>(
        &mut self,
        change: impl FnOnce(&mut Debugger) -> Result<T, DebugError>,
    ) -> Result<Option<T>, DebugError> {
        let Some(here) = self.debugger.as_ref().map(Debugger::moment) else { return Ok(None) };
        self.alter_at(here, Debugger::last_change_in_words, change)
    }

    /// As [`Self::alter`], at a place. `words`: what was changed, asked of the run that it was changed in.
    fn alter_at<T>(
        &mut self,
        place: Moment,
        words: impl FnOnce(&Debugger) -> Option<String>,
        change: impl FnOnce(&mut Debugger) -> Result<T, DebugError>,
    ) -> Result<Option<T>, DebugError> {
        let Some(debugger) = &mut self.debugger else { return Ok(None) };
        let others = self.desk.branches.resting.iter().map(|resting| &resting.debugger);
        let (made, later) = debugger.keeping_later(place, others, change)?;
        self.desk.stand();
        self.picture_due = true;
        match later {
            Later::Nothing => {
                let (change, step) = (words(debugger), debugger.moment().step);
                self.desk.branches.all.name_by(&change.unwrap_or_default(), step);
                self.cut();
            }
            Later::Stays(fork) => {
                let change = words(&fork).unwrap_or_default();
                self.go_on_in(*fork, &change);
            }
            Later::Gone(why) => {
                self.cut();
                self.say(&format!("The steps after {} could not be kept: {why}", place.step));
            }
        }
        self.tell_marks();
        Ok(Some(made))
    }

    /// From a change on, which was made in this fork. The branch before it rests at its end.
    fn go_on_in(&mut self, fork: Debugger, change: &str) {
        let here = fork.moment();
        let Some(mut old) = self.debugger.replace(fork) else { return };
        self.go_to_the_end_of(&mut old);
        let forked = self.desk.branches.fork_by(change, old, here);
        locked(&self.outbox).switch(self.desk.branches.all.current(), Some(forked));
        self.drop_surplus();
        self.share();
    }

    fn drop_surplus(&mut self) {
        let ways = &mut self.desk.branches;
        let weight = |id: u32| ways.resting(id).map_or(0, Debugger::weight);
        for id in ways.all.surplus(self.budget, weight) {
            if let Some(gone) = self.desk.branches.forget(id) {
                locked(&self.outbox).deleted.push(id);
                self.say(&gone.dropped());
            }
        }
    }

    /// Takes the last change back, and stands where it was made. Where that leaves nothing of a branch but what the one
    /// was that it left, the run goes on there. Returns what was taken back.
    pub(super) fn undo(&mut self) -> Result<Option<JournalEntry>, DebugError> {
        let Some((debugger, place)) = self.debugger.as_ref().and_then(|d| Some((d, d.last_change()?))) else {
            return Ok(None);
        };
        let ways = &self.desk.branches;
        let is_of_parent = |parent: &u32| ways.resting(*parent).is_some_and(|p| debugger.is_parent_without_last(p));
        let Some(parent) = ways.all.parent_by_change(place).filter(is_of_parent) else {
            let without = debugger.last_change_in_words().map(|change| format!("without {change}"));
            return Ok(self.alter_at(place, |_| without, Debugger::undo)?.flatten());
        };
        let (undone, is_empty) = (debugger.changes().0.last().cloned(), !debugger.has_later(place));
        let left = self.desk.branches.all.current();
        self.switch(parent);
        self.travel(place)?;
        if is_empty {
            self.desk.branches.forget(left);
            locked(&self.outbox).deleted.push(left);
            self.tell_branches();
            self.share();
        }
        Ok(undone)
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
        self.not_finite = there.machine().first_not_finite().cloned();
        self.page.graph.clone_from(&there.run().project().graph);
        locked(&self.outbox).page = Some(Box::new(self.page.clone()));
        self.debugger = Some(there);
        self.tell_marks();
        self.picture_due = true;
        self.share();
    }

    /// A branch, its checkpoints and its curves are gone for good; the last one stays.
    pub(super) fn delete_branch(&mut self, branch: u32) {
        if branch == self.desk.branches.all.current() {
            let Some(next) = self.desk.branches.all.after(branch) else {
                return self.say("This is the only branch, so it can't be deleted.");
            };
            self.mode = Mode::Paused;
            self.desk.set_off();
            self.switch(next);
        }
        if let Some(gone) = self.desk.branches.forget(branch) {
            locked(&self.outbox).deleted.push(branch);
            self.say(&format!("Deleted the branch {}.", gone.title()));
            self.tell_branches();
            self.share();
        }
    }
}
