//! Weights of a file in a run that is there: what was before is remembered, so that it can be undone.

use std::sync::{Arc, OnceLock};

use super::{Worker, locked};
use crate::model::Numbers;
use crate::trace::Change;
use crate::trainer::debugger::{DebugError, Debugger};
use crate::trainer::value;

/// Weights that take the place of those that are there.
pub struct Load {
    /// As in [`Change::Weights`].
    pub from: Option<String>,
    /// What is loaded; of an undo it is known once the load has been made.
    pub tensors: Arc<OnceLock<Numbers>>,
    /// Is told what was there.
    pub before: Arc<OnceLock<Numbers>>,
}

impl Worker {
    pub(super) fn load(&mut self, Load { from, tensors, before }: Load) -> Result<(), DebugError> {
        let Some(tensors) = tensors.get().cloned() else { return Ok(()) };
        self.finish_step()?;
        let Some(machine) = self.debugger.as_ref().map(Debugger::machine) else { return Ok(()) };
        match value::numbers(machine, &tensors) {
            Ok(there) => {
                // Undone and done again, it is what it was at first.
                let _ = before.set(there);
                self.change(Change::Weights { from, tensors })
            }
            Err(why) => {
                // Nothing was touched: the network is another one than it was made for.
                locked(&self.outbox).say(format!("Couldn't load the weights. {why}"));
                Ok(())
            }
        }
    }
}
