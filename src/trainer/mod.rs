//! Floor 4: training. A [`Run`] is a machine with its data, its place in the epochs and its journal; the trainer thread
//! runs one in the background, takes commands and fills an [`Outbox`].
//!
//! Knows no files and no window: what it needs is handed to it, what it learns is taken from it.

mod debugger;
pub mod inspect;
mod journal;
mod meant;
mod outbox;
mod pace;
mod pictures;
mod run;
mod standing;
mod thread;
mod value;

pub use debugger::{
    Advance, DebugError, Debugger, Held, Hit, Moment, Reversed, StepDump, Timeline, Unit, Way, share_budget,
};
pub use journal::{Change, JournalEntry, TensorEdit};
pub use outbox::{Evaluation, Forked, News, Outbox, Progress, Row, Stop};
pub use run::{Resume, Run, RunError, Saved, StepRow, memory, signature};
pub use thread::{Command, DebugCommand, Trainer, Waker};
pub use value::locate;
