//! Undo and redo: named snapshots of small pure data.

use std::sync::Arc;

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
        self.past.push(Entry { name: name.into(), state: Arc::new(before.clone()) });
        if self.past.len() > LIMIT {
            self.past.remove(0);
        }
    }

    /// Ends merging: the next step is its own even with the same key (a drag has ended).
    pub fn close(&mut self) {
        self.open = None;
    }

    /// The state before the newest step, and the step's name.
    pub fn undo(&mut self, current: &T) -> Option<(String, T)> {
        self.open = None;
        let entry = self.past.pop()?;
        self.future.push(Entry { name: entry.name.clone(), state: Arc::new(current.clone()) });
        Some((entry.name, Arc::unwrap_or_clone(entry.state)))
    }

    pub fn redo(&mut self, current: &T) -> Option<(String, T)> {
        self.open = None;
        let entry = self.future.pop()?;
        self.past.push(Entry { name: entry.name.clone(), state: Arc::new(current.clone()) });
        Some((entry.name, Arc::unwrap_or_clone(entry.state)))
    }

    pub fn undo_name(&self) -> Option<&str> {
        self.past.last().map(|e| e.name.as_str())
    }

    pub fn redo_name(&self) -> Option<&str> {
        self.future.last().map(|e| e.name.as_str())
    }
}
