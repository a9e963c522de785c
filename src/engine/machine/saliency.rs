//! The gradient of the loss with respect to the data, which training does not need: a separate program computes it on
//! request.

use candle_core::Tensor;

use super::{Machine, TensorData, execute, tensor_data};
use crate::engine::compile::compile_for_input;
use crate::engine::error::{EngineError, Result};
use crate::engine::program::{Phase, Program, ValueId};
use crate::model::{DataSignature, Graph};

impl Machine {
    /// By how much each number of the staged batch would change its loss, with the weights as they stand and the masks
    /// of the step that the values belong to. `None` where the loss has no slope in them: indices of words.
    pub fn input_gradient(&self, graph: &Graph, signature: &DataSignature) -> Result<Option<TensorData>> {
        let program = compile_for_input(graph, signature, &self.training)?;
        let Some(&gradient) = program.gradients.get(&program.input) else { return Ok(None) };
        let mut values = self.values_for(&program);
        let context = self.context_of_values();
        for instruction in program.instructions.iter().filter(|i| i.phase < Phase::Update) {
            execute(&program, instruction, &mut values, &context, &self.opened, self.dtype)?;
        }
        let tensor = values[gradient.index()].as_ref();
        let tensor = tensor.ok_or_else(|| EngineError::NotComputed(program.name(gradient).to_owned()))?;
        Ok(Some(TensorData { dims: tensor.dims().to_vec(), data: tensor_data::to_f32(tensor)?.into() }))
    }

    /// What another program of the same network starts from: state, and the batch as it was staged.
    fn values_for(&self, program: &Program) -> Vec<Option<Tensor>> {
        let known = |id: ValueId| {
            let value = program.value(id)?;
            let is_staged = program.instructions.first().is_some_and(|load| load.inputs.contains(&id));
            let own = self.program.find(&value.name).filter(|_| value.role.is_state() || is_staged)?;
            self.values[own.index()].clone()
        };
        program.ids().map(|(id, _)| known(id)).collect()
    }
}
