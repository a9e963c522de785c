//! A program while it is being written: values get their names and shapes, instructions their place.

use std::sync::Arc;

use super::init::Initial;
use super::op::{Op, ValueShape};
use super::program::{Instruction, Phase, Role, Value, ValueId};
use crate::model::LayerId;

/// A program while it is being built: values and the instructions that compute them.
#[derive(Debug, Default)]
pub struct ProgramBuilder {
    /// By their ids.
    pub values: Vec<Value>,
    /// In the order in which they are carried out.
    pub instructions: Vec<Instruction>,
    numbered: u32,
}

impl ProgramBuilder {
    /// A value of a step, made by the instruction that is added next or loaded with the batch.
    pub fn add(&mut self, name: impl Into<String>, shape: ValueShape, role: Role, layer: Option<LayerId>) -> ValueId {
        self.values.push(Value { name: name.into(), shape, role, layer, axes: &[], initial: None });
        ValueId(self.values.len() as u32 - 1)
    }

    /// A value kept between steps.
    pub fn add_state(
        &mut self,
        name: impl Into<String>,
        dims: impl Into<Vec<usize>>,
        role: Role,
        layer: Option<LayerId>,
        initial: Initial,
    ) -> ValueId {
        let id = self.add(name, ValueShape::fixed(dims), role, layer);
        self.values[id.index()].initial = Some(initial);
        id
    }

    /// The shape of a value.
    pub fn shape(&self, id: ValueId) -> &ValueShape {
        &self.values[id.index()].shape
    }

    /// The name of a value.
    pub fn name(&self, id: ValueId) -> &str {
        &self.values[id.index()].name
    }

    /// Appends an instruction with fresh outputs, shaped by the op and named `%n`, `%n.mask` ...
    pub fn emit(
        &mut self,
        phase: Phase,
        role: Role,
        layer: Option<LayerId>,
        op: impl Op + 'static,
        inputs: &[ValueId],
    ) -> Vec<ValueId> {
        self.numbered += 1;
        let base = format!("%{}", self.numbered);
        self.emit_named(&base, phase, role, layer, op, inputs)
    }

    /// As [`Self::emit`], with another name for the first output.
    pub fn emit_named(
        &mut self,
        base: &str,
        phase: Phase,
        role: Role,
        layer: Option<LayerId>,
        op: impl Op + 'static,
        inputs: &[ValueId],
    ) -> Vec<ValueId> {
        let shapes: Vec<_> = inputs.iter().map(|&id| self.shape(id).clone()).collect();
        let names = op.output_names();
        let outputs: Vec<_> = op
            .shapes(&shapes)
            .into_iter()
            .enumerate()
            .map(|(i, shape)| {
                let name = format!("{base}{}", names.get(i).copied().unwrap_or_default());
                self.add(name, shape, role, layer)
            })
            .collect();
        self.push(phase, layer, Arc::new(op), inputs, &outputs);
        outputs
    }

    /// Appends an instruction whose outputs exist already.
    pub fn push(
        &mut self,
        phase: Phase,
        layer: Option<LayerId>,
        op: Arc<dyn Op>,
        inputs: &[ValueId],
        outputs: &[ValueId],
    ) {
        self.instructions.push(Instruction { phase, op, inputs: inputs.to_vec(), outputs: outputs.to_vec(), layer });
    }
}
