//! Floor 4: training. A [`Run`] is a machine with its data, its place in the epochs and its journal; the trainer thread
//! runs one in the background, takes commands and fills an [`Outbox`].
//!
//! Knows no files and no window: what it needs is handed to it, what it learns is taken from it.

mod codes;
mod debugger;
mod found;
mod gates;
pub mod inspect;
pub mod judging;
mod kept;
mod meant;
mod outbox;
mod pace;
mod pictures;
mod run;
mod scoring;
mod standing;
mod thread;
mod value;

pub use crate::trace::{Change, JournalEntry, TensorEdit};
pub use crate::trace::{Evaluation, StepRow};
pub use debugger::{
    Advance, DebugError, Debugger, Granularity, Held, Hit, Later, Moment, Reversed, StepDump, Timeline, Way,
    share_budget,
};
pub use kept::{Forks, Kept, KeptBranch, Page, Revived};
pub use outbox::{Forked, InForce, News, Outbox, Progress, Stop};
pub use run::{Resume, Run, RunError, Saved, memory};
pub use scoring::{WholeOutput, whole_output};
pub use thread::{Asker, Command, DebugCommand, Load, Trainer, Waker};
pub use value::locate;
