//! What the trainer has to tell, waiting to be taken. Scalars lose nothing; a picture replaces the one before it.

use std::sync::Arc;

use crate::engine::Device;
use crate::model::Project;
use crate::trace::{DebugView, Evaluation, Picture, StepRow};

/// Why a run ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// All epochs are done.
    Done,
    /// The validation loss has not improved for `patience` epochs.
    Early { patience: usize },
}

/// Where a run is, as of the last look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    pub running: bool,
    pub step: u64,
    pub epoch: f64,
    pub steps_per_epoch: u64,
    pub samples_per_second: f64,
    /// Spent training.
    pub seconds: f64,
    pub learning_rate: f64,
    pub device: Device,
}

/// What happened on one branch.
#[derive(Debug, Default)]
pub struct News {
    pub branch: u32,
    pub forked: Option<Forked>,
    pub cut: Option<u64>,
    pub rows: Vec<StepRow>,
    pub evaluations: Vec<Evaluation>,
}

/// A branch began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forked {
    pub from: u32,
    /// Completed steps.
    pub step: u64,
}

#[derive(Debug, Default)]
pub struct Outbox {
    /// Number of the run that all below belongs to; events of an older run are dropped by the reader.
    pub run: u64,
    /// What belongs to the branches that were left since the last time, in order.
    pub left: Vec<News>,
    /// The branch that all below belongs to.
    pub branch: u32,
    /// Where this branch was forked, if that is new.
    pub forked: Option<Forked>,
    /// What was told of steps after this one has become another history: it comes before the rows below.
    pub cut: Option<u64>,
    pub rows: Vec<StepRow>,
    pub evaluations: Vec<Evaluation>,
    /// Branches that are gone, whatever is told of them above.
    pub deleted: Vec<u32>,
    /// The project in force, when going back, undoing or another branch has made it another.
    pub project: Option<Box<Project>>,
    pub picture: Option<Arc<Picture>>,
    /// Where the run stands, while somebody debugs it.
    pub debug: Option<Arc<DebugView>>,
    pub progress: Option<Progress>,
    /// "kept 4 of 6 tensors"
    pub messages: Vec<String>,
    /// Where the first NaN or infinity came from; a sentence and what to do.
    pub not_finite: Option<String>,
    pub finished: Option<Stop>,
    /// The run cannot go on; a sentence.
    pub failed: Option<String>,
    /// A sample's answer: probabilities of classes, or numbers in the data's units.
    pub answer: Option<Vec<f32>>,
}

impl Outbox {
    /// From here on another branch is told of.
    pub(super) fn switch(&mut self, branch: u32, forked: Option<Forked>) {
        let news = News {
            branch: std::mem::replace(&mut self.branch, branch),
            forked: std::mem::replace(&mut self.forked, forked),
            cut: self.cut.take(),
            rows: std::mem::take(&mut self.rows),
            evaluations: std::mem::take(&mut self.evaluations),
        };
        if news.forked.is_some() || news.cut.is_some() || !news.rows.is_empty() || !news.evaluations.is_empty() {
            self.left.push(news);
        }
    }
}
