//! What single samples add to a gradient: the instruction that made it runs again for one row of the batch at a time.
//!
//! That the rows then make up the whole is checked, not assumed: an op that mixes the samples of a batch has no such
//! terms.

use candle_core::Tensor;

use super::{Machine, tensor_data};
use crate::engine::error::{EngineError, Result};
use crate::engine::op::Frame;
use crate::engine::program::{Instruction, ValueId};

impl Machine {
    /// One term a row of the batch for the number at a place (in row-major order) of a gradient that is no longer
    /// batched; what no sample adds (a penalty) is left out.
    pub fn shares(&self, gradient: ValueId, flat: usize) -> Result<Vec<f64>> {
        let value = self.program.value(gradient).ok_or(EngineError::NoSuchValue(gradient.0))?;
        let refused = || EngineError::NoShares(value.name.clone());
        if value.shape.batched || flat >= value.shape.len() {
            return Err(refused());
        }
        let maker = self.program.instructions.iter().find(|i| i.outputs.contains(&gradient)).ok_or_else(refused)?;
        if maker.inputs.iter().any(|id| self.is_batched(*id)) {
            let terms = self.terms(maker, gradient, flat)?;
            let (sum, size) = terms.iter().fold((0.0, 0.0), |(sum, size), t| (sum + t, size + t.abs()));
            let whole = tensor_data::to_f64(self.tensor(gradient)?)?[flat];
            let agrees = (sum - whole).abs() <= 1e-3 * size + 1e-9 || !whole.is_finite();
            return if agrees { Ok(terms) } else { Err(refused()) };
        }
        if !maker.op.is_sum() {
            return Err(refused());
        }
        // Contributions of several instructions; one without samples is a penalty.
        let mut terms = vec![0.0; self.batch_len];
        let mut found = false;
        for &part in &maker.inputs {
            if let Ok(more) = self.shares(part, flat) {
                terms.iter_mut().zip(more).for_each(|(term, more)| *term += more);
                found = true;
            }
        }
        if found { Ok(terms) } else { Err(refused()) }
    }

    fn terms(&self, maker: &Instruction, gradient: ValueId, flat: usize) -> Result<Vec<f64>> {
        let wanted = maker.outputs.iter().position(|id| *id == gradient).unwrap_or_default();
        let context = self.context_of_values();
        let inputs: Vec<_> = (0..maker.inputs.len() as u32).map(ValueId).collect();
        let outputs: Vec<_> = (0..maker.outputs.len()).map(|i| ValueId((maker.inputs.len() + i) as u32)).collect();
        let mut terms = Vec::with_capacity(self.batch_len);
        for row in 0..self.batch_len {
            let mut values: Vec<Option<Tensor>> = Vec::with_capacity(inputs.len() + outputs.len());
            for &id in &maker.inputs {
                values.push(Some(self.one_row(id, row)?));
            }
            values.resize(inputs.len() + outputs.len(), None);
            let mut frame = Frame::new(&mut values, &inputs, &outputs, &context, &self.opened, self.dtype);
            maker.op.run(&mut frame)?;
            let made = values[outputs[wanted].index()].as_ref();
            let made = made.ok_or_else(|| EngineError::NotComputed(self.program.name(gradient).to_owned()))?;
            terms.push(tensor_data::to_f64(made)?[flat]);
        }
        Ok(terms)
    }
}
