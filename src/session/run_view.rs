//! What is known of the current run.

use std::sync::Arc;

use crate::model::Metric;
use crate::trace::{Curves, Mark, NotFinite, Picture};
use crate::trainer::{Forks, Kept};

/// The run on the table, as far as it was told.
#[derive(Clone, Debug, Default)]
pub struct RunView {
    /// What it does just now.
    pub status: RunStatus,
    /// It was kept, and waits for its data or for a network that can train: the training thread does not have it yet.
    pub waits: bool,
    /// Completed steps.
    pub step: u64,
    /// Completed epochs, with the fraction of the current one.
    pub epoch: f64,
    /// Over the last moments; 0 while it stands.
    pub samples_per_second: f64,
    /// Time spent training.
    pub seconds: f64,
    /// Epochs and seconds when this run was first heard of, which may have gone on elsewhere before.
    pub heard_at: Option<(f64, f64)>,
    /// Until the epochs that were asked for are done; `None` until it can be told.
    pub seconds_left: Option<f64>,
    /// Of the next step.
    pub learning_rate: f64,
    /// The last, smaller batch counts.
    pub steps_per_epoch: u64,
    /// Of the branch that is looked at.
    pub curves: Curves,
    /// Of all changes, those ahead of where it stands too.
    pub marks: Vec<Mark>,
    /// The newest picture, if any was asked for.
    pub picture: Option<Arc<Picture>>,
    /// "kept 4 of 6 tensors", "stopped early: no improvement for 10 epochs".
    pub message: Option<String>,
    /// The way that is looked at, and what is known of the others.
    pub branch: u32,
    /// In the order in which they began.
    pub others: Vec<OtherBranch>,
    /// What made the first NaN or infinity of this run, where that was not gone back before.
    pub not_finite: Option<NotFinite>,
    /// The person has seen that, and does not want to be told again.
    pub not_finite_seen: bool,
}

/// What was told of a branch that is not looked at.
#[derive(Clone, Debug, Default)]
pub struct OtherBranch {
    /// Its number, as in [`crate::trace::Branches`].
    pub id: u32,
    /// Up to where it rests.
    pub curves: Curves,
    /// Of its changes.
    pub marks: Vec<Mark>,
}

impl RunView {
    /// A run that was kept, where it stands.
    pub(super) fn of(kept: &Kept, metric: Metric) -> Self {
        let pace = kept.curves.pace.last().copied().unwrap_or_default();
        let forks = Some(&kept.forks).filter(|forks| !forks.resting.is_empty());
        Self {
            step: kept.saved.now.step,
            epoch: pace.epoch,
            seconds: pace.seconds,
            curves: Curves { metric, ..kept.curves.clone() },
            marks: kept.marks.clone(),
            branch: forks.map_or(0, |forks| forks.all.current()),
            others: forks.map(|forks| OtherBranch::of(forks, metric)).unwrap_or_default(),
            ..Self::default()
        }
    }
}

impl OtherBranch {
    /// The branches of a run that was kept.
    pub(super) fn of(forks: &Forks, metric: Metric) -> Vec<Self> {
        let rests = forks.resting.iter().map(|branch| Self {
            id: branch.id,
            curves: Curves { metric, ..branch.curves.clone() },
            marks: branch.saved.history.marks(),
        });
        rests.collect()
    }
}

/// What a run does just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunStatus {
    /// Nothing to run: problems, or no data.
    #[default]
    NotReady,
    /// Ready or stopped.
    Paused,
    /// It trains.
    Running,
    /// All epochs done, or stopped early.
    Finished,
    /// The trainer failed; the message says why.
    Failed,
}
