//! A run as it is kept: what going on needs, what was told of it until then, and the other ways that it has gone.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::debugger::{DebugError, Debugger};
use super::run::{Run, Saved};
use crate::data::Dataset;
use crate::engine::Device;
use crate::model::{Graph, Project, TrainingSpec};
use crate::trace::{Branch, Branches, Curves, Mark};

/// A run and what was told of it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What it goes on from.
    pub saved: Saved,
    /// The drawing and the settings of training that the run was last told of, where it is known that they may be
    /// others than those in force: a branch keeps its own.
    pub page: Option<Box<Page>>,
    /// As they were told, for the window.
    pub curves: Curves,
    /// Of the changes in its journal.
    pub marks: Vec<Mark>,
    /// Its other branches.
    pub forks: Forks,
}

/// What is drawn and set beside a run: what is edited there becomes a change of the run, and nothing else of it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// As it is drawn, cards included.
    pub graph: Graph,
    /// As they are set.
    pub training: TrainingSpec,
}

impl Page {
    /// Those of a project.
    pub fn of(project: &Project) -> Self {
        Self { graph: project.graph.clone(), training: project.training.clone() }
    }
}

/// The ways that a run has gone, but for what the one is that goes on.
#[derive(Clone, Debug, Default)]
pub struct Forks {
    /// Which there are, and which one goes on.
    pub all: Branches,
    /// All but the one that goes on.
    pub resting: Vec<Arc<KeptBranch>>,
}

/// A branch that rests.
#[derive(Debug)]
pub struct KeptBranch {
    /// Its number, as in [`Branches`].
    pub id: u32,
    /// In force where it stands.
    pub project: Project,
    /// What it goes on from.
    pub saved: Saved,
    /// As they were told of it.
    pub curves: Curves,
}

/// The branches of a run, each with its debugger but for the one that goes on.
pub struct Revived {
    /// All by their names, and which one goes on.
    pub all: Branches,
    /// In no order.
    pub resting: Vec<(Debugger, Arc<KeptBranch>)>,
    /// A sentence about each that could not be brought back.
    pub problems: Vec<String>,
}

impl Forks {
    /// As the branches of a run are told, which stands after this step; none where it was never forked.
    pub fn told(&self, here: u64) -> Vec<Branch> {
        if self.resting.is_empty() { Vec::new() } else { self.all.told(here) }
    }

    /// `budget`: bytes for the checkpoints of one.
    pub fn revive(self, dataset: &Arc<Dataset>, device: &Device, budget: usize) -> Revived {
        let Self { all, resting } = self;
        let mut revived = Revived { all, resting: Vec::new(), problems: Vec::new() };
        for kept in resting {
            let run = Run::resume(&kept.project, dataset.clone(), device.clone(), kept.saved.clone());
            match run.map_err(DebugError::from).and_then(|run| Debugger::new(run, budget)) {
                Ok(debugger) => revived.resting.push((debugger, kept)),
                Err(error) => {
                    let title = revived.all.get(kept.id).map(Branch::title).unwrap_or_default();
                    revived.problems.push(format!("Couldn't restore the branch {title}: {error}"));
                }
            }
        }
        let is_there = |id| revived.resting.iter().any(|(_, kept)| kept.id == id);
        revived.all = revived.all.only(is_there);
        revived
    }
}

impl Kept {
    /// Without any forks.
    pub fn new(saved: Saved, curves: Curves) -> Self {
        let marks = saved.history.marks();
        Self { saved, page: None, curves, marks, forks: Forks::default() }
    }

    /// As of [`Self::page`]; what is in force where nothing else is known.
    pub fn page(&self) -> Page {
        self.page.as_deref().cloned().unwrap_or_else(|| Page::of(&self.saved.project))
    }
}
