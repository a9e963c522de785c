//! Runs beside each other that began as one, and their losses.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Said;
use super::obey::Console;
use super::values::digits;
use crate::trainer::{Advance, Debugger, Moment, share_budget};

pub struct Branch {
    pub name: String,
    pub debugger: Debugger,
    /// Of every step that was gone forward here, by step.
    losses: Vec<(u64, f64)>,
    /// The branch it came from, which is there, and where.
    from: Option<(String, Moment)>,
}

/// Steps over which a mean is told.
const RECENT: usize = 100;

impl Branch {
    pub fn main(debugger: Debugger) -> Self {
        Self { name: "main".into(), debugger, losses: Vec::new(), from: None }
    }

    /// A second run from here.
    pub fn fork(&self, name: String) -> Result<Self, String> {
        let debugger = self.debugger.fork().map_err(|error| error.to_string())?;
        let here = debugger.moment();
        let losses = self.losses.iter().copied().filter(|(step, _)| *step <= here.step).collect();
        Ok(Self { name, debugger, losses, from: Some((self.name.clone(), here)) })
    }

    /// A step was completed.
    pub fn note(&mut self, advance: &Advance) {
        if let Some(row) = advance.row {
            self.forget_after(row.step - 1);
            self.losses.push((row.step, row.loss));
        }
    }

    /// After a change: what lay ahead is another history.
    pub fn forget_after(&mut self, step: u64) {
        let keep = self.losses.partition_point(|(at, _)| *at <= step);
        self.losses.truncate(keep);
    }

    /// What was forked from a branch that is gone counts as forked from where that one was forked itself, if it went further.
    fn forget(&mut self, gone: &Self) {
        if let Some((_, at)) = self.from.take_if(|(parent, _)| *parent == gone.name) {
            self.from = gone.from.as_ref().map(|(parent, begun)| (parent.clone(), at.min(*begun)));
        }
    }

    fn loss_at(&self, step: u64) -> Option<f64> {
        let at = self.losses.binary_search_by_key(&step, |(at, _)| *at).ok()?;
        self.losses.get(at).map(|(_, loss)| *loss)
    }

    fn recent(&self) -> Option<f64> {
        let last = &self.losses[self.losses.len().saturating_sub(RECENT)..];
        (!last.is_empty()).then(|| last.iter().map(|(_, loss)| loss).sum::<f64>() / last.len() as f64)
    }

    fn origin(&self) -> String {
        match &self.from {
            None => String::new(),
            Some((name, Moment { step, instruction: 0 })) => format!("from {name} after step {step}"),
            Some((name, moment)) => format!("from {name} in step {}", moment.step + 1),
        }
    }
}

impl Console {
    pub(super) fn fork(&mut self, name: Option<String>) -> Result<Said, String> {
        let name = name.unwrap_or_else(|| self.fresh_name());
        if self.branches.iter().any(|branch| branch.name == name) {
            return Err(format!("There is a branch '{name}' already."));
        }
        let fork = self.branches[self.current].fork(name)?;
        let from = self.branches[self.current].name.clone();
        self.current = self.branches.len();
        self.branches.push(fork);
        self.share();
        let mut said = self.place();
        let name = &self.branches[self.current].name;
        said.text = format!("Now on branch {name}; {from} stays as it is.\n{}", said.text);
        Ok(said)
    }

    fn fresh_name(&self) -> String {
        let is_new = |name: &String| self.branches.iter().all(|branch| branch.name != *name);
        let mut names = (self.branches.len()..).map(|number| format!("fork {number}"));
        names.find(is_new).unwrap_or_default()
    }

    fn branch_named(&self, name: &str) -> Result<usize, String> {
        let found = self.branches.iter().position(|branch| branch.name == name);
        found.ok_or_else(|| format!("There is no branch '{name}'; 'branches' shows which there are."))
    }

    pub(super) fn switch(&mut self, name: &str) -> Result<Said, String> {
        self.current = self.branch_named(name)?;
        self.share();
        Ok(self.place())
    }

    /// For good. The current one too: then the one that it left goes on, or the first of the others.
    pub(super) fn delete_branch(&mut self, name: &str) -> Result<Said, String> {
        let at = self.branch_named(name)?;
        if self.branches.len() == 1 {
            return Err(format!("'{name}' is the only branch: there is nothing to go on with without it."));
        }
        let gone = self.branches.remove(at);
        self.branches.iter_mut().for_each(|branch| branch.forget(&gone));
        if at == self.current {
            let parent = gone.from.as_ref().and_then(|(parent, _)| self.branch_named(parent).ok());
            self.current = parent.unwrap_or(0);
        } else if at < self.current {
            self.current -= 1;
        }
        self.share();
        let mut said = self.place();
        said.json["deleted"] = json!(name);
        said.text = format!("Deleted branch {name}; on branch {}.\n{}", self.branches[self.current].name, said.text);
        Ok(said)
    }

    /// The checkpoints of all branches together stay within the budget.
    fn share(&mut self) {
        let (before, rest) = self.branches.split_at_mut(self.current);
        let Some((current, after)) = rest.split_first_mut() else { return };
        let resting = before.iter_mut().chain(after).map(|branch| &mut branch.debugger);
        share_budget(self.budget, &mut current.debugger, resting.collect());
    }
}

fn json_loss(loss: Option<f64>) -> Value {
    loss.map_or(Value::Null, |loss| if loss.is_finite() { json!(loss) } else { json!(loss.to_string()) })
}

/// All there are, and which one goes on.
pub fn list(branches: &[Branch], current: usize) -> Said {
    let lines: Vec<_> = branches
        .iter()
        .enumerate()
        .map(|(i, branch)| {
            let mark = if i == current { "=>" } else { "  " };
            let (step, origin) = (branch.debugger.moment().step, branch.origin());
            format!("{mark} {:<16} {step:>9} steps   {origin}", branch.name).trim_end().to_owned()
        })
        .collect();
    let of_all = branches.iter().map(|branch| {
        json!({ "name": branch.name, "steps_completed": branch.debugger.moment().step, "origin": branch.origin() })
    });
    let json = json!({ "current": branches[current].name, "branches": of_all.collect::<Vec<_>>() });
    Said { text: lines.join("\n"), json }
}

/// Their losses: the last of each, over the last steps, and at the last step that all have done.
pub fn compare(branches: &[Branch]) -> Said {
    let common = branches.iter().map(|branch| branch.losses.last().map_or(0, |(step, _)| *step)).min().unwrap_or(0);
    let shown = |loss: Option<f64>| loss.map_or("-".to_owned(), |loss| digits(f64::from(loss as f32)));
    let at = format!("at step {common}");
    let mut text =
        format!("{:<16} {:>9} {:>14} {:>14} {at:>16}", "branch", "step", "loss", format!("mean of {RECENT}"));
    let mut rows = Vec::new();
    for branch in branches {
        let last = branch.losses.last().copied();
        let (step, loss) = (last.map_or(0, |(step, _)| step), last.map(|(_, loss)| loss));
        let (recent, together) = (branch.recent(), branch.loss_at(common));
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "\n{:<16} {step:>9} {:>14} {:>14} {:>16}",
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
