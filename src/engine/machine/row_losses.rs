//! The loss of single samples: the loss phase runs again for one row of the batch at a time, on the outputs as they
//! stand.

use std::ops::Range;

use candle_core::Tensor;

use super::{Machine, execute};
use crate::engine::error::{EngineError, Result};
use crate::engine::kernels::bridge;
use crate::engine::program::{Phase, ValueId};

impl Machine {
    /// How wrong some rows of the batch are, without penalties. Their mean over the whole batch is the loss of the
    /// step.
    pub fn row_losses(&self, rows: Range<usize>) -> Result<Vec<f64>> {
        let program = &self.program;
        let Some(loss) = program.data_loss else { return Ok(rows.map(|_| f64::NAN).collect()) };
        let mut calls: Vec<_> = program.instructions.iter().filter(|i| i.phase == Phase::Loss).collect();
        // What comes after it are penalties.
        calls.truncate(calls.iter().position(|i| i.outputs.contains(&loss)).map_or(0, |last| last + 1));
        let context = self.context_of_values();
        rows.map(|row| {
            let mut values: Vec<Option<Tensor>> = vec![None; program.values.len()];
            for call in &calls {
                for &input in &call.inputs {
                    if values[input.index()].is_none() {
                        values[input.index()] = Some(self.one_row(input, row)?);
                    }
                }
                execute(program, call, &mut values, &context, &self.opened, self.dtype)?;
            }
            let made = values[loss.index()].as_ref();
            bridge::scalar(made.ok_or_else(|| EngineError::NotComputed(program.name(loss).to_owned()))?)
        })
        .collect()
    }

    pub(super) fn is_batched(&self, id: ValueId) -> bool {
        self.program.value(id).is_some_and(|value| value.shape.batched)
    }

    /// A row of a value as a batch of one; the whole of what has no rows.
    pub(super) fn one_row(&self, id: ValueId, row: usize) -> Result<Tensor> {
        let whole = self.tensor(id)?;
        Ok(if self.is_batched(id) { whole.narrow(0, row, 1)?.force_contiguous()? } else { whole.clone() })
    }
}
