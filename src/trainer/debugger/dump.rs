//! Everything of one step, enough to compute it again elsewhere.

use std::collections::BTreeMap;

use super::{DebugError, Debugger};
use crate::engine::{Numbers, Snapshot, TensorData};

/// The step completed last.
#[derive(Clone, Debug, PartialEq)]
pub struct StepDump {
    /// Counted from 1.
    pub step: u64,
    /// In force in that step.
    pub learning_rate: f64,
    /// Which samples of the training part, in the order of the batch.
    pub rows: Vec<u32>,
    /// Every value under its name in the listing, as it stands after the step; what outlives a step also as it stood
    /// before, with `.before` behind its name.
    pub tensors: BTreeMap<String, TensorData>,
}

impl Debugger {
    /// Computes the last complete step once more to find what was before it; stands where it stood.
    pub fn dump(&mut self) -> Result<StepDump, DebugError> {
        let here = self.moment();
        if here.instruction != 0 {
            return Err(DebugError::InStep(here.step + 1));
        }
        let before = here.step.checked_sub(1).ok_or(DebugError::NoStep)?;
        self.goto_step(before)?;
        let (state, rows) = (self.machine().snapshot()?, self.run().next_rows());
        self.goto(here)?;
        let mut tensors = before_the_step(&state);
        for (id, value) in self.machine().program().ids() {
            tensors.insert(value.name.clone(), self.machine().read(id)?);
        }
        let learning_rate = self.machine().report()?.learning_rate;
        Ok(StepDump { step: here.step, learning_rate, rows, tensors })
    }
}

fn before_the_step(state: &Snapshot) -> BTreeMap<String, TensorData> {
    let numbers = |numbers: &Numbers| match numbers {
        Numbers::F32(numbers) => numbers.clone(),
        Numbers::F64(numbers) => numbers.iter().map(|&v| v as f32).collect(),
    };
    let tensors = state.tensors.iter();
    tensors
        .map(|(name, saved)| {
            (format!("{name}.before"), TensorData { dims: saved.dims.clone(), data: numbers(&saved.numbers) })
        })
        .collect()
}
