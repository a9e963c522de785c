//! Runs beside each other that began as one, and their losses. Which there are is [`Branches`]' to know.

use std::fmt::Write;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Said;
use super::obey::{Console, sentence};
use super::values::{digits, json_number};
use crate::cli::output::remark;
use crate::cli::prepare::Begun;
use crate::trace::{Branch, Branches, Facts, Moment, Place, Series};
use crate::trainer::{Advance, DebugError, Debugger, JournalEntry, KeptBranch, Later, Revived, inspect, share_budget};

/// One of the ways that the run has gone.
pub struct Way {
    id: u32,
    pub debugger: Debugger,
    /// Of every step that was gone forward here, by step.
    losses: Vec<(u64, f64)>,
    /// Of steps that were gone before it was forked and lie ahead of there: where it comes by, they are its own.
    ahead: Vec<(u64, f64)>,
}

/// All of them.
pub struct Ways {
    all: Branches,
    pub current: Way,
    resting: Vec<Way>,
    /// Bytes for the checkpoints of all.
    budget: usize,
}

/// Steps over which a mean is told.
const RECENT: usize = 100;

impl Way {
    /// A step was completed.
    pub fn note(&mut self, advance: &Advance) {
        if let Some(row) = &advance.row {
            self.catch_up(row.step - 1);
            // A step that is gone again is known.
            if row.step > self.last() {
                self.losses.push((row.step, row.loss));
            }
        }
    }

    /// The run has come to this step.
    pub fn catch_up(&mut self, step: u64) {
        let last = self.last();
        self.losses.extend(self.ahead.iter().filter(|(at, _)| *at > last && *at <= step));
    }

    fn last(&self) -> u64 {
        self.losses.last().map_or(0, |(step, _)| *step)
    }

    /// After a change: what lay ahead is another history.
    pub fn forget_after(&mut self, step: u64) {
        let keep = self.losses.partition_point(|(at, _)| *at <= step);
        self.losses.truncate(keep);
        self.ahead.clear();
    }

    fn loss_at(&self, step: u64) -> Option<f64> {
        let at = self.losses.binary_search_by_key(&step, |(at, _)| *at).ok()?;
        self.losses.get(at).map(|(_, loss)| *loss)
    }

    fn recent(&self) -> Option<f64> {
        let last = &self.losses[self.losses.len().saturating_sub(RECENT)..];
        (!last.is_empty()).then(|| last.iter().map(|(_, loss)| loss).sum::<f64>() / last.len() as f64)
    }
}

/// What is known of the losses of a run that was kept.
fn known(losses: &Series) -> Vec<(u64, f64)> {
    losses.steps().iter().zip(losses.values()).map(|(&step, &loss)| (step, f64::from(loss))).collect()
}

impl Ways {
    #[cfg(test)]
    pub fn of(debugger: Debugger) -> Self {
        let budget = debugger.timeline().budget;
        let current = Way { id: 0, debugger, losses: Vec::new(), ahead: Vec::new() };
        Self { all: Branches::default(), current, resting: Vec::new(), budget }
    }

    /// With the branches that were kept with the run. `budget`: bytes for the checkpoints of all.
    pub fn begin(begun: Begun, budget: usize) -> Result<Self, DebugError> {
        let Begun { run, curves, forks, .. } = begun;
        let (dataset, device) = (run.dataset().clone(), run.machine().device());
        let debugger = Debugger::new(run, budget)?;
        let Revived { all, resting, problems } = forks.revive(&dataset, &device, budget);
        problems.iter().for_each(remark);
        let rests = |(debugger, kept): (Debugger, Arc<KeptBranch>)| Way {
            id: kept.id,
            debugger,
            losses: known(&kept.curves.train_loss),
            ahead: Vec::new(),
        };
        let resting = resting.into_iter().map(rests).collect();
        let current = Way { id: all.current(), debugger, losses: known(&curves.train_loss), ahead: Vec::new() };
        let mut ways = Self { all, current, resting, budget };
        ways.share();
        Ok(ways)
    }

    /// Every branch by its name, in the order in which they began, with the way that it is.
    fn told(&self) -> Vec<(Branch, &Way)> {
        let ways = || std::iter::once(&self.current).chain(&self.resting);
        let told = self.all.told(self.current.debugger.moment().step);
        told.into_iter()
            .filter_map(|branch| Some((ways().find(|way| way.id == branch.id)?, branch)))
            .map(|(way, branch)| (branch, way))
            .collect()
    }

    fn name(&self) -> String {
        self.all.get(self.all.current()).map(Branch::title).unwrap_or_default()
    }

    pub fn name_where_there_are_several(&self) -> Option<String> {
        (!self.resting.is_empty()).then(|| self.name())
    }

    fn fresh_name(&self) -> String {
        let mut names = (1..).map(|number| format!("fork {number}"));
        names.find(|name| self.all.named(name).is_none()).unwrap_or_default()
    }

    fn number_of(&self, name: &str) -> Result<u32, String> {
        let found = self.all.named(name).map(|branch| branch.id);
        found.ok_or_else(|| format!("There is no branch '{name}'. 'branches' lists them."))
    }

    fn fork(&mut self, name: String) -> Result<(), DebugError> {
        let debugger = self.current.debugger.fork()?;
        let here = debugger.moment();
        self.all.fork(name, here.step, here);
        let last = self.current.last();
        let beyond = self.current.ahead.iter().filter(|(step, _)| *step > last);
        let ahead = self.current.losses.iter().chain(beyond).copied().collect();
        self.go_on_in(debugger, ahead);
        Ok(())
    }

    fn go_on_in(&mut self, debugger: Debugger, ahead: Vec<(u64, f64)>) {
        let here = debugger.moment();
        let losses = self.current.losses.iter().copied().filter(|(step, _)| *step <= here.step).collect();
        let fork = Way { id: self.all.current(), debugger, losses, ahead };
        self.resting.push(std::mem::replace(&mut self.current, fork));
        self.share();
    }

    /// The branches that are too many are gone; a sentence about each.
    fn drop_surplus(&mut self) -> Vec<String> {
        let weight = |id: u32| self.resting.iter().find(|way| way.id == id).map_or(0, |way| way.debugger.weight());
        let surplus = self.all.surplus(self.budget, weight);
        let gone = surplus.into_iter().filter_map(|id| {
            let gone = self.all.forget(id)?;
            self.resting.retain(|way| way.id != id);
            Some(gone.dropped())
        });
        gone.collect()
    }

    /// Where the run stands.
    pub fn place(&self) -> Place {
        Place { branch: self.current.id, moment: self.current.debugger.moment() }
    }

    /// Of all branches, in the order in which they began.
    pub fn names(&self) -> Vec<String> {
        self.told().into_iter().map(|(branch, _)| branch.name).collect()
    }

    pub fn numbers(&self) -> Vec<u32> {
        self.told().into_iter().map(|(branch, _)| branch.id).collect()
    }

    pub fn name_of(&self, id: u32) -> Option<String> {
        let is_there = self.current.id == id || self.resting.iter().any(|way| way.id == id);
        self.all.get(id).filter(|_| is_there).map(Branch::title)
    }

    pub fn switch(&mut self, id: u32) {
        let Some(at) = self.resting.iter().position(|way| way.id == id) else { return };
        self.all.switch(id, self.current.debugger.moment().step);
        let there = self.resting.swap_remove(at);
        self.resting.push(std::mem::replace(&mut self.current, there));
        self.share();
    }

    /// Drops a branch that rests.
    fn forget(&mut self, id: u32) {
        if self.all.forget(id).is_some() {
            self.resting.retain(|way| way.id != id);
            self.share();
        }
    }

    /// The checkpoints of all branches together stay within the budget.
    fn share(&mut self) {
        let resting = self.resting.iter_mut().map(|way| &mut way.debugger).collect();
        share_budget(self.budget, &mut self.current.debugger, resting);
    }

    fn origin(&self, branch: &Branch) -> String {
        let Some(parent) = branch.parent.and_then(|parent| self.all.get(parent)) else { return String::new() };
        let name = parent.title();
        match branch.beginning() {
            Moment { step, instruction: 0 } => format!("from {name} after step {step}"),
            Moment { step, .. } => format!("from {name} in step {}", step + 1),
        }
    }
}

impl Console {
    /// Changes the run where it stands. What lay ahead stays, on the branch that it is on: the change begins another.
    pub(super) fn alter<T>(
        &mut self,
        change: impl FnOnce(&mut Debugger) -> Result<T, DebugError>,
    ) -> Result<T, String> {
        let here = self.debugger().moment();
        self.alter_at(here, Debugger::last_change_in_words, change)
    }

    /// As [`Self::alter`], at a place. `words`: what was changed, asked of the run that it was changed in.
    fn alter_at<T>(
        &mut self,
        place: Moment,
        words: impl FnOnce(&Debugger) -> Option<String>,
        change: impl FnOnce(&mut Debugger) -> Result<T, DebugError>,
    ) -> Result<T, String> {
        let others = self.ways.resting.iter().map(|way| &way.debugger);
        let kept = self.ways.current.debugger.keeping_later(place, others, change);
        let (made, later) = kept.map_err(sentence)?;
        match later {
            Later::Nothing => {
                let furthest = self.debugger().furthest();
                self.way_mut().forget_after(furthest);
            }
            Later::Stays(fork) => {
                let (here, from, goes_on) = (fork.moment(), self.ways.name(), self.going_on());
                let old = self.debugger_mut();
                // It rests wherever the way ended: all of it can be reached from there.
                let end = Moment { step: old.furthest(), instruction: 0 };
                let _ = old.goto_while(end, &mut |_| goes_on());
                let stood = old.moment().step;
                self.ways.all.fork_by(&words(&fork).unwrap_or_default(), stood, here);
                self.ways.go_on_in(*fork, Vec::new());
                let name = self.ways.name();
                self.notes.push(format!("Now on branch {name}. The steps after {} stay on {from}.", here.step));
                let dropped = self.ways.drop_surplus();
                self.notes.extend(dropped);
            }
            Later::Gone(why) => {
                let furthest = self.debugger().furthest();
                self.way_mut().forget_after(furthest);
                self.notes.push(format!("The steps after {} could not be kept: {why}", place.step));
            }
        }
        Ok(made)
    }

    /// Takes the last change back, and stands where it was made. Where that leaves nothing of a branch but what the one
    /// was that it left, the run goes on there. Returns what was taken back.
    pub(super) fn take_back(&mut self) -> Result<Option<JournalEntry>, String> {
        let debugger = self.debugger();
        let Some(place) = debugger.last_change() else { return Ok(None) };
        let way = |id: u32| self.ways.resting.iter().find(|way| way.id == id);
        let is_of_parent = |id: &u32| way(*id).is_some_and(|way| debugger.is_parent_without_last(&way.debugger));
        let Some(parent) = self.ways.all.parent_by_change(place).filter(is_of_parent) else {
            let without = debugger.last_change_in_words().map(|change| format!("without {change}"));
            return self.alter_at(place, |_| without, Debugger::undo);
        };
        let (undone, is_empty) = (debugger.changes().0.last().cloned(), !debugger.has_later(place));
        let left = self.ways.current.id;
        self.ways.switch(parent);
        self.debugger_mut().goto(place).map_err(sentence)?;
        self.notes.push(format!("Back on branch {}.", self.ways.name()));
        if is_empty {
            self.ways.forget(left);
        }
        Ok(undone)
    }

    pub(super) fn fork(&mut self, name: Option<String>) -> Result<Said, String> {
        let name = name.unwrap_or_else(|| self.ways.fresh_name());
        if self.ways.all.named(&name).is_some() {
            return Err(format!("There is already a branch '{name}'."));
        }
        let from = self.ways.name();
        self.ways.fork(name.clone()).map_err(|error| error.to_string())?;
        let mut said = self.place();
        said.text = format!("Now on branch {name}. {from} stays as it is.\n{}", said.text);
        Ok(said)
    }

    pub(super) fn switch(&mut self, name: &str) -> Result<Said, String> {
        self.ways.switch(self.ways.number_of(name)?);
        Ok(self.place())
    }

    /// For good. The current one too: then the one that it left goes on, or the first of the others.
    pub(super) fn delete_branch(&mut self, name: &str) -> Result<Said, String> {
        let id = self.ways.number_of(name)?;
        if id == self.ways.current.id {
            let next = self.ways.all.after(id);
            let only = || format!("'{name}' is the only branch, so it can't be deleted.");
            self.ways.switch(next.ok_or_else(only)?);
        }
        self.ways.forget(id);
        let mut said = self.place();
        said.json["deleted"] = json!(name);
        said.text = format!("Deleted branch {name}. Now on branch {}.\n{}", self.ways.name(), said.text);
        Ok(said)
    }
}

impl Console {
    /// `with`: "with BRANCH", "with BRANCH at STEP" or "at STEP".
    pub(super) fn compare_value(&mut self, name: &str, with: &str) -> Result<Said, String> {
        let own = inspect::here(self.debugger(), name)?;
        let (branch, step) = self.other_place(with)?;
        let branch = branch.filter(|id| *id != self.ways.current.id);
        let step = step.unwrap_or(own.step);
        let way = match branch {
            None => &mut self.ways.current,
            Some(id) => self.ways.resting.iter_mut().find(|way| way.id == id).ok_or("That branch no longer exists.")?,
        };
        let other = inspect::at_step(&mut way.debugger, None, &(name.to_owned(), step))?;
        let found = Facts::between(&own, &other)?;
        let title = self.ways.all.get(branch.unwrap_or(self.ways.current.id)).map(Branch::title).unwrap_or_default();
        let at = found.at.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let difference = match found.same == 1.0 {
            true => "identical, bit for bit".to_owned(),
            false => format!(
                "largest difference {} at [{at}], mean {}, {} of its norm, {} % identical",
                found.largest,
                digits(f64::from(found.mean as f32)),
                digits(f64::from(found.relative as f32)),
                (found.same * 1000.0).round() / 10.0
            ),
        };
        let text = format!("{name} at step {} and at step {step} of {title}: {difference}", own.step);
        let json = json!({
            "name": name, "step": own.step, "other_step": step, "other_branch": title,
            "largest": json_number(f64::from(found.largest)), "at": found.at, "mean": json_number(found.mean),
            "relative": json_number(found.relative), "identical": found.same,
        });
        Ok(Said { text, json })
    }

    /// A name of a branch may itself end like a step: "fork at 5".
    fn other_place(&self, with: &str) -> Result<(Option<u32>, Option<u64>), String> {
        let number = |text: &str| {
            text.trim().parse::<u64>().map_err(|_| format!("A step must be a whole number, not '{}'.", text.trim()))
        };
        let Some(named) = with.strip_prefix("with ").map(str::trim) else {
            return Ok((None, Some(number(with.trim_start_matches("at"))?)));
        };
        if self.ways.all.named(named).is_some() {
            return Ok((Some(self.ways.number_of(named)?), None));
        }
        match named.rsplit_once(" at ") {
            Some((name, step)) => Ok((Some(self.ways.number_of(name.trim())?), Some(number(step)?))),
            None => Ok((Some(self.ways.number_of(named)?), None)),
        }
    }
}

fn json_loss(loss: Option<f64>) -> Value {
    loss.map_or(Value::Null, |loss| if loss.is_finite() { json!(loss) } else { json!(loss.to_string()) })
}

/// Of the column with their names.
fn width(told: &[(Branch, &Way)]) -> usize {
    told.iter().map(|(branch, _)| branch.name.chars().count()).max().unwrap_or(0).max(16)
}

/// All there are, and which one goes on.
pub fn list(ways: &Ways) -> Said {
    let told = ways.told();
    let width = width(&told);
    let line = |(branch, way): &(Branch, &Way)| {
        let mark = if way.id == ways.current.id { "=>" } else { "  " };
        let line = format!("{mark} {:<width$} {:>9} steps   {}", branch.name, branch.step, ways.origin(branch));
        line.trim_end().to_owned()
    };
    let lines: Vec<_> = told.iter().map(line).collect();
    let of_all = told.iter().map(
        |(branch, _)| json!({ "name": branch.name, "steps_completed": branch.step, "origin": ways.origin(branch) }),
    );
    let json = json!({ "current": ways.name(), "branches": of_all.collect::<Vec<_>>() });
    Said { text: lines.join("\n"), json }
}

/// Their losses: the last of each, over the last steps, and at the last step that all have done.
pub fn compare(ways: &Ways) -> Said {
    let told = ways.told();
    let width = width(&told);
    let common = told.iter().map(|(_, way)| way.losses.last().map_or(0, |(step, _)| *step)).min().unwrap_or(0);
    let shown = |loss: Option<f64>| loss.map_or("-".to_owned(), |loss| digits(f64::from(loss as f32)));
    let at = format!("at step {common}");
    let mut text =
        format!("{:<width$} {:>9} {:>14} {:>14} {at:>16}", "branch", "step", "loss", format!("mean of {RECENT}"));
    let mut rows = Vec::new();
    for (branch, way) in &told {
        let last = way.losses.last().copied();
        let (step, loss) = (last.map_or(0, |(step, _)| step), last.map(|(_, loss)| loss));
        let (recent, together) = (way.recent(), way.loss_at(common));
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "\n{:<width$} {step:>9} {:>14} {:>14} {:>16}",
            branch.name,
            shown(loss),
            shown(recent),
            shown(together)
        );
        rows.push(json!({
            "name": branch.name,
            "step": step,
            "loss": json_loss(loss),
            "mean_of_last": json_loss(recent),
            "loss_at_common_step": json_loss(together),
        }));
    }
    Said { text, json: json!({ "common_step": common, "branches": rows }) }
}
