//! How long work in this floor says how far it is and learns that nobody wants its result any more.

use super::DataError;

/// Told about long work as it goes on; asked whether to go on.
pub trait Progress: Sync {
    /// `fraction` runs from 0 to 1; `doing` is a few words for the user ("reading penguins.csv").
    fn report(&self, fraction: f32, doing: &str);

    /// Whether loading was cancelled: return as soon as possible.
    fn cancelled(&self) -> bool;
}

/// For callers that neither show progress nor cancel.
pub struct NoProgress;

impl Progress for NoProgress {
    fn report(&self, _fraction: f32, _doing: &str) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// What cancelled work returns.
pub(super) fn cancelled_error() -> DataError {
    DataError::new("Loading was cancelled.")
}

pub(super) fn stop_if_cancelled(progress: &dyn Progress) -> Result<(), DataError> {
    if progress.cancelled() { Err(cancelled_error()) } else { Ok(()) }
}
