//! A run as it is kept: what going on needs, and what was told of it until then.

use super::run::Saved;
use crate::data::{Dataset, Task};
use crate::trace::{Curves, Mark, Metric};

/// A run and what was told of it.
#[derive(Clone, Debug)]
pub struct Kept {
    pub saved: Saved,
    pub curves: Curves,
    /// Of the changes in its journal.
    pub marks: Vec<Mark>,
}

impl Kept {
    pub fn new(saved: Saved, curves: Curves) -> Self {
        let marks = saved.history.marks();
        Self { saved, curves, marks }
    }
}

/// The score that is quoted of a run on this data.
pub fn metric(dataset: &Dataset) -> Metric {
    match dataset.task {
        Task::Classification { .. } => Metric::Accuracy,
        Task::Regression { .. } => Metric::R2,
    }
}
