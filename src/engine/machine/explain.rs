//! One number explained: finds the instruction that made it and asks its op, with the numbers that it read.
//!
//! A machine holds one moment. What an instruction read may have been overwritten since (by the update, of which
//! weights are both input and output); then whoever asks must go back to before it ran, take a [`Reader`] there, and
//! come here again.

use super::Machine;
use crate::engine::error::{EngineError, Result};
use crate::engine::explain::{Operand, Reader};
use crate::engine::op::StepContext;
use crate::engine::program::{Role, Value, ValueId};
use crate::trace::{Arithmetic, Element, Explanation};

impl Machine {
    /// The instruction of this step that made the value as it stands; `None` for what no instruction makes (a batch as
    /// it was staged) and for state that this step has not changed yet.
    pub fn producer(&self, id: ValueId) -> Result<Option<usize>> {
        let value = self.program.value(id).ok_or(EngineError::NoSuchValue(id.0))?;
        let makes = |index: &usize| self.program.instructions[*index].outputs.contains(&id);
        let done = (0..self.pc.min(self.program.instructions.len())).rev().find(makes);
        if done.is_none() && !value.role.is_state() && (self.pc..self.program.instructions.len()).any(|i| makes(&i)) {
            return Err(EngineError::NotComputed(value.name.clone()));
        }
        Ok(done)
    }

    /// Whether an instruction changes what it reads: an update.
    pub fn is_in_place(&self, instruction: usize) -> bool {
        let instruction = self.program.instructions.get(instruction);
        instruction.is_some_and(|i| i.outputs.iter().any(|output| i.inputs.contains(output)))
    }

    /// What an instruction reads, and what it made when it has run. Refused when an instruction that ran since has
    /// changed what it read.
    pub fn reader(&self, instruction: usize) -> Result<Reader> {
        let call = self.program.instructions.get(instruction).ok_or(EngineError::NoSuchInstruction(instruction))?;
        let since = instruction..self.pc.min(self.program.instructions.len());
        for changed in since.clone().flat_map(|i| &self.program.instructions[i].outputs) {
            if call.inputs.contains(changed) {
                let name = self.program.name(*changed).to_owned();
                return Err(EngineError::Overwritten { name, line: self.program.line(call) });
            }
        }
        // Of an instruction that has not run, the outputs are those of the step before, or not there.
        let outputs = if since.is_empty() { &[][..] } else { &call.outputs };
        self.reader_of(&call.inputs, outputs)
    }

    /// Of values as they are, whatever they were when an instruction ran.
    pub(super) fn reader_of(&self, inputs: &[ValueId], outputs: &[ValueId]) -> Result<Reader> {
        let operands = |ids: &[ValueId]| ids.iter().map(|&id| self.operand(id)).collect::<Result<Vec<_>>>();
        Ok(Reader { inputs: operands(inputs)?, outputs: operands(outputs)?, context: self.context_of_values() })
    }

    /// The context that the values of the machine were computed in: of a complete step, not of the one that comes.
    pub(super) fn context_of_values(&self) -> StepContext {
        let is_over = !self.in_step && self.pc > 0;
        StepContext { step: self.context.step - u64::from(is_over && self.context.step > 0), ..self.context }
    }

    fn operand(&self, id: ValueId) -> Result<Operand> {
        Operand::new(self.program.name(id), self.tensor(id)?)
    }

    /// How an element of a value came about. `index` counts the batch axis, where there is one.
    pub fn explain(&self, id: ValueId, index: &[usize]) -> Result<Explanation> {
        match self.producer(id)? {
            Some(instruction) => self.explain_from(&self.reader(instruction)?, instruction, id, index),
            None => self.found(id, index),
        }
    }

    /// As [`Self::explain`], with what was read before the instruction ran. It has run now: the value is what it made.
    pub fn explain_from(
        &self,
        reader: &Reader,
        instruction: usize,
        id: ValueId,
        index: &[usize],
    ) -> Result<Explanation> {
        let call = self.program.instructions.get(instruction).ok_or(EngineError::NoSuchInstruction(instruction))?;
        let output = call.outputs.iter().position(|&output| output == id).ok_or(EngineError::NoSuchValue(id.0))?;
        let operand = self.operand(id)?;
        let value = operand.number(index)?;
        Ok(Explanation {
            value,
            step: reader.context.step + 1,
            instruction: Some(instruction),
            line: self.program.line(call),
            formula: call.op.formula().to_owned(),
            words: call.op.words().to_owned(),
            arithmetic: call.op.explain(reader, output, index)?,
            element: Element { name: operand.name, index: index.to_vec() },
            is_gradient: self.program.is_gradient(id),
            verdict: None,
        })
    }

    /// Of what no instruction of this step made, the number itself.
    fn found(&self, id: ValueId, index: &[usize]) -> Result<Explanation> {
        let operand = self.operand(id)?;
        let value = self.program.value(id).ok_or(EngineError::NoSuchValue(id.0))?;
        Ok(Explanation {
            value: operand.number(index)?,
            step: self.context_of_values().step + 1,
            instruction: None,
            line: operand.name.clone(),
            formula: String::new(),
            words: origin(value, self.context.step).to_owned(),
            arithmetic: Arithmetic::number(operand.number(index)?),
            element: Element { name: operand.name.clone(), index: index.to_vec() },
            is_gradient: self.program.is_gradient(id),
            verdict: None,
        })
    }
}

/// Where a number comes from that no instruction of the step made.
fn origin(value: &Value, steps: u64) -> &'static str {
    match value.role {
        Role::Parameter if steps == 0 => "The initial value of a weight: no step has changed it yet.",
        Role::Parameter => "A weight as the previous step left it. It changes in this step's update.",
        Role::Buffer => "A running statistic from the previous step. It isn't trained.",
        Role::Optimiser => "Optimiser state from the previous step.",
        _ => "From the data: part of this batch.",
    }
}
