//! What the weights as they stand make of other samples, forwards and backwards, without the machine knowing.

use super::{Machine, Watchdog, updates};
use crate::data::Batch;
use crate::engine::error::Result;
use crate::engine::op::StepContext;
use crate::engine::program::Phase;

impl Machine {
    /// Another machine with the same weights that stands before the update of a step over this batch. Masks are those
    /// of the first step, whatever step it is: between two probes only the weights differ.
    ///
    /// Numbers of the state are shared, not copied: it is looked at and thrown away, and never updated.
    pub fn probe(&self, batch: &Batch) -> Result<Self> {
        let known = self.program.values.iter().zip(&self.values);
        let mut probe = Self {
            program: self.program.clone(),
            predictor: self.predictor.clone(),
            training: self.training.clone(),
            values: known.map(|(value, held)| held.clone().filter(|_| value.role.is_state())).collect(),
            watchdog: Watchdog::default(),
            update_watch: updates::UpdateWatch::default(),
            context: StepContext { step: 0, ..self.context },
            device: self.device.clone(),
            opened: self.opened.clone(),
            pc: 0,
            in_step: false,
            batch_len: 0,
            ..*self
        };
        probe.begin_step(batch)?;
        while probe.program.instructions.get(probe.pc).is_some_and(|i| i.phase < Phase::Update) {
            probe.step_instruction()?;
        }
        Ok(probe)
    }
}
