//! Undo and redo: named snapshots of small pure data, and numbers of the run that were set by hand.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A value with its past and its future. `T` is the project.
#[derive(Clone, Debug)]
pub struct History<T> {
    past: Vec<Entry<T>>,
    future: Vec<Entry<T>>,
    /// Merge key of the newest entry, until something else happens.
    open: Option<String>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    name: String,
    state: Arc<T>,
    of_run: Option<RunStep>,
}

/// What a step changed of the run: it is no part of the snapshots.
#[derive(Clone, Debug, PartialEq)]
pub enum RunStep {
    /// One number.
    Number(NumberStep),
    /// Whole tensors.
    Weights(WeightsStep),
}

/// Numbers by the names of their tensors, row-major.
pub type Numbers = Arc<BTreeMap<String, Arc<[f32]>>>;

/// Weights that were loaded from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightsStep {
    /// The name of the file.
    pub from: String,
    /// What was there before, once the run has said so.
    pub before: Arc<OnceLock<Numbers>>,
    /// What was loaded.
    pub after: Arc<OnceLock<Numbers>>,
}

/// A number of the run that was set by hand: it is no part of the snapshots.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberStep {
    /// Its tensor, as the listing calls it.
    pub tensor: String,
    /// The element that was changed.
    pub index: Vec<usize>,
    /// Its value before.
    pub before: f32,
    /// Its value after.
    pub after: f32,
}

/// Enough for an afternoon; snapshots are a few kilobytes.
const LIMIT: usize = 500;

impl<T> Default for History<T> {
    fn default() -> Self {
        Self { past: Vec::new(), future: Vec::new(), open: None }
    }
}

impl<T: Clone> History<T> {
    /// Remembers `before`, the state that the step called `name` is about to change. Steps with the same merge key that
    /// follow each other are one.
    pub fn record(&mut self, name: impl Into<String>, merge_key: Option<String>, before: &T) {
        self.future.clear();
        if merge_key.is_some() && merge_key == self.open && !self.past.is_empty() {
            return;
        }
        self.open = merge_key;
        self.push(name.into(), before, None);
    }

    fn push(&mut self, name: String, before: &T, of_run: Option<RunStep>) {
        self.past.push(Entry { name, state: Arc::new(before.clone()), of_run });
        if self.past.len() > LIMIT {
            self.past.remove(0);
        }
    }

    /// Remembers that a number was set. The same number again is the same step, until something else happens.
    pub fn record_number(&mut self, name: impl Into<String>, number: NumberStep, current: &T) {
        self.future.clear();
        let key = Some(format!("number {} {:?}", number.tensor, number.index));
        if key == self.open
            && let Some(RunStep::Number(known)) = self.past.last_mut().and_then(|last| last.of_run.as_mut())
        {
            known.after = number.after;
            return;
        }
        self.open = key;
        self.push(name.into(), current, Some(RunStep::Number(number)));
    }

    /// Remembers that weights were loaded.
    pub fn record_weights(&mut self, name: impl Into<String>, weights: WeightsStep, current: &T) {
        self.future.clear();
        self.open = None;
        self.push(name.into(), current, Some(RunStep::Weights(weights)));
    }

    /// What of the run [`Self::undo`] or, forwards, [`Self::redo`] brings back.
    pub fn next_of_run(&self, back: bool) -> Option<&RunStep> {
        let stack = if back { &self.past } else { &self.future };
        stack.last().and_then(|entry| entry.of_run.as_ref())
    }

    /// The state that [`Self::undo`] or, forwards, [`Self::redo`] brings back.
    pub fn peek(&self, back: bool) -> Option<&T> {
        let stack = if back { &self.past } else { &self.future };
        stack.last().map(|entry| entry.state.as_ref())
    }

    /// All that was and will be becomes another in the same way.
    pub fn amend(&mut self, change: impl Fn(&mut T)) {
        for entry in self.past.iter_mut().chain(&mut self.future) {
            change(Arc::make_mut(&mut entry.state));
        }
    }

    /// The run whose numbers were set is gone.
    pub fn forget_numbers(&mut self) {
        for stack in [&mut self.past, &mut self.future] {
            stack.retain(|entry| entry.of_run.is_none());
        }
        self.open = None;
    }

    /// Ends merging: the next step is its own even with the same key (a drag has ended).
    pub fn close(&mut self) {
        self.open = None;
    }

    /// The state before the newest step, and the step's name.
    pub fn undo(&mut self, current: &T) -> Option<(String, T)> {
        self.open = None;
        let entry = self.past.pop()?;
        let (name, of_run) = (entry.name.clone(), entry.of_run);
        self.future.push(Entry { name, state: Arc::new(current.clone()), of_run });
        Some((entry.name, Arc::unwrap_or_clone(entry.state)))
    }

    /// Repeats what was undone last; returns its name and the state to continue with.
    pub fn redo(&mut self, current: &T) -> Option<(String, T)> {
        self.open = None;
        let entry = self.future.pop()?;
        let (name, of_run) = (entry.name.clone(), entry.of_run);
        self.past.push(Entry { name, state: Arc::new(current.clone()), of_run });
        Some((entry.name, Arc::unwrap_or_clone(entry.state)))
    }

    /// Name of what would be undone.
    pub fn undo_name(&self) -> Option<&str> {
        self.past.last().map(|e| e.name.as_str())
    }

    /// Name of what would be redone.
    pub fn redo_name(&self) -> Option<&str> {
        self.future.last().map(|e| e.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_dragged_is_one_step_and_goes_with_its_run() {
        let mut history = History::<u32>::default();
        let set = |before: f32, after: f32| NumberStep { tensor: "w".into(), index: vec![0], before, after };
        history.record("one", None, &1);
        history.record_number("set", set(0.5, 1.0), &2);
        history.record_number("set", set(0.7, 2.0), &2);
        let number = |before, after| RunStep::Number(set(before, after));
        assert_eq!(history.next_of_run(true), Some(&number(0.5, 2.0)));
        assert_eq!(history.undo(&2), Some(("set".into(), 2)));
        assert_eq!((history.next_of_run(true), history.next_of_run(false)), (None, Some(&number(0.5, 2.0))));
        history.redo(&2);
        history.close();
        history.record_number("set", set(2.0, 3.0), &2);
        assert_eq!(history.next_of_run(true), Some(&number(2.0, 3.0)));
        history.forget_numbers();
        assert_eq!((history.undo_name(), history.next_of_run(true)), (Some("one"), None));
    }
}
