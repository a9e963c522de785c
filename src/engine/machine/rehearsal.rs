//! One step of a machine over again, in double precision and from the same start: the same batch, weights, masks, and
//! the same changes by hand. What a nudge does to the loss is tried out on it.
//!
//! Deliberately no machine of its own: it has no update, and it is thrown away.

use candle_core::{DType, Tensor};

use super::{Machine, tensor_data};
use crate::engine::error::{EngineError, Result};
use crate::engine::kernels::bridge;
use crate::engine::op::{Frame, StepContext};
use crate::engine::program::{Instruction, Phase, Program, Role, ValueId};

/// A change made by hand in the step, to be made again at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// Instructions of the step that were executed when it was made.
    pub after: usize,
    /// What was changed.
    pub value: ValueId,
    /// Places in row-major order, and what was put there.
    pub elements: Vec<(usize, f64)>,
}

/// One element of a value, moved by so much as soon as the value is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nudge {
    pub value: ValueId,
    pub flat: usize,
    pub by: f64,
}

/// A step repeated in double precision, to compare a gradient with what a nudge does to the loss.
pub struct Rehearsal {
    program: Program,
    context: StepContext,
    overrides: Vec<Override>,
    /// What no instruction makes, and the state.
    start: Vec<Option<Tensor>>,
    /// After the loss, nothing nudged.
    done: Vec<Option<Tensor>>,
}

impl Rehearsal {
    /// Of the step that the machine stands in, before its update. State that was changed by hand in this step must not
    /// be changed yet: its overrides would come too late for what read it before.
    pub fn of(machine: &Machine, overrides: &[Override]) -> Result<Self> {
        let has_updated = (0..machine.pc).any(|index| machine.is_in_place(index));
        if !machine.in_step || has_updated {
            let line = machine.program.instructions.iter().find(|i| i.phase == Phase::Update);
            let line = line.map_or("the update".to_owned(), |i| format!("`{}`", machine.program.line(i)));
            return Err(EngineError::NotNudged(format!("the weights have changed since. Go back to before {line}")));
        }
        let program = machine.program.clone();
        let mut is_made = vec![false; program.values.len()];
        for output in program.instructions.iter().flat_map(|i| &i.outputs) {
            is_made[output.index()] = true;
        }
        let mut start = vec![None; program.values.len()];
        for (id, value) in program.ids() {
            if let (true, Some(tensor)) = (value.role.is_state() || !is_made[id.index()], &machine.values[id.index()]) {
                start[id.index()] = Some(widened(tensor)?);
            }
        }
        let done = start.clone();
        let mut rehearsal = Self { program, context: machine.context, overrides: overrides.to_vec(), start, done };
        rehearsal.done = rehearsal.forward(None)?;
        Ok(rehearsal)
    }

    /// What it carries out again.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The loss with penalties, nothing nudged.
    pub(super) fn loss(&self) -> Result<f64> {
        loss_of(&self.program, &self.done)
    }

    pub(super) fn nudged_loss(&self, nudge: Nudge) -> Result<f64> {
        loss_of(&self.program, &self.forward(Some(nudge))?)
    }

    /// The numbers of a forward value, nothing nudged.
    pub(super) fn numbers(&self, id: ValueId) -> Option<Vec<f64>> {
        self.done.get(id.index())?.as_ref().and_then(|tensor| tensor_data::to_f64(tensor).ok())
    }

    /// A gradient as the backward phase computes it, in double precision: from its own forward values, or from those
    /// that the machine holds. In single precision it tells what that costs.
    pub(super) fn backward(&self, gradient: ValueId, like: Option<&Machine>, dtype: DType) -> Result<Vec<f64>> {
        let mut values = self.done.clone();
        if let Some(machine) = like {
            let is_given =
                |role| matches!(role, Role::Input | Role::Target | Role::Weight | Role::Activation | Role::Loss);
            for (id, _) in self.program.ids().filter(|(_, value)| is_given(value.role)) {
                if let Some(tensor) = &machine.values[id.index()] {
                    values[id.index()] = Some(widened(tensor)?);
                }
            }
        }
        for tensor in values.iter_mut().flatten() {
            *tensor = tensor.to_dtype(dtype)?;
        }
        let needed = self.leading_to(gradient);
        for (_, instruction) in self.instructions(Phase::Backward).filter(|(index, _)| needed[*index]) {
            self.execute(instruction, &mut values, dtype)?;
        }
        let tensor = values.get(gradient.index()).and_then(Option::as_ref);
        tensor_data::to_f64(tensor.ok_or_else(|| EngineError::NotComputed(self.program.name(gradient).into()))?)
    }

    /// Load, forward and loss; of a nudged run without changes by hand only what the nudge reaches.
    fn forward(&self, nudge: Option<Nudge>) -> Result<Vec<Option<Tensor>>> {
        let whole = nudge.is_none() || !self.overrides.is_empty();
        let mut values = if whole { self.start.clone() } else { self.done.clone() };
        let mut is_moved = vec![false; values.len()];
        if let Some(nudge) = nudge.filter(|nudge| self.start[nudge.value.index()].is_some()) {
            values[nudge.value.index()] = self.start[nudge.value.index()].clone();
            shift(&mut values, nudge)?;
            is_moved[nudge.value.index()] = true;
        }
        let forward = self.program.instructions.iter().take_while(|i| i.phase <= Phase::Loss).enumerate();
        for (index, instruction) in forward {
            self.change_by_hand(index, nudge, &mut values)?;
            let makes = nudge.filter(|nudge| instruction.outputs.contains(&nudge.value));
            if whole || makes.is_some() || instruction.inputs.iter().any(|input| is_moved[input.index()]) {
                self.execute(instruction, &mut values, DType::F64)?;
                instruction.outputs.iter().for_each(|output| is_moved[output.index()] = true);
                if let Some(nudge) = makes {
                    shift(&mut values, nudge)?;
                }
            }
        }
        Ok(values)
    }

    /// Makes the changes that belong before an instruction; what is nudged stays nudged.
    fn change_by_hand(&self, index: usize, nudge: Option<Nudge>, values: &mut [Option<Tensor>]) -> Result<()> {
        for change in self.overrides.iter().filter(|change| change.after == index) {
            let name = self.program.name(change.value);
            let slot = values.get_mut(change.value.index()).ok_or(EngineError::NoSuchValue(change.value.0))?;
            let tensor = slot.as_ref().ok_or_else(|| EngineError::NotComputed(name.to_owned()))?;
            let mut numbers = tensor_data::to_f64(tensor)?;
            for &(flat, value) in &change.elements {
                let moved = nudge.filter(|nudge| nudge.value == change.value && nudge.flat == flat);
                if let Some(number) = numbers.get_mut(flat) {
                    *number = value + moved.map_or(0.0, |nudge| nudge.by);
                }
            }
            *slot = Some(Tensor::from_vec(numbers, tensor.dims(), tensor.device())?);
        }
        Ok(())
    }

    fn instructions(&self, phase: Phase) -> impl DoubleEndedIterator<Item = (usize, &Instruction)> {
        self.program.instructions.iter().enumerate().filter(move |(_, instruction)| instruction.phase == phase)
    }

    /// Which instructions of the backward phase a gradient is made by.
    fn leading_to(&self, gradient: ValueId) -> Vec<bool> {
        let mut wanted = vec![false; self.program.values.len()];
        let mut needed = vec![false; self.program.instructions.len()];
        wanted[gradient.index()] = true;
        for (index, instruction) in self.instructions(Phase::Backward).rev() {
            if instruction.outputs.iter().any(|output| wanted[output.index()]) {
                needed[index] = true;
                instruction.inputs.iter().for_each(|input| wanted[input.index()] = true);
            }
        }
        needed
    }

    /// By the definition in any precision: kernels are what is put to the test here.
    fn execute(&self, instruction: &Instruction, values: &mut [Option<Tensor>], dtype: DType) -> Result<()> {
        let device = candle_core::Device::Cpu;
        let mut frame = Frame::new(values, &instruction.inputs, &instruction.outputs, &self.context, &device, dtype);
        instruction.op.reference(&mut frame).map_err(|source| EngineError::Instruction {
            instruction: self.program.line(instruction),
            source: Box::new(source),
        })
    }
}

/// On the CPU, in double precision, in memory of its own.
fn widened(tensor: &Tensor) -> Result<Tensor> {
    tensor_data::from_f64(&tensor_data::to_f64(tensor)?, tensor.dims(), DType::F64, &candle_core::Device::Cpu)
}

fn shift(values: &mut [Option<Tensor>], nudge: Nudge) -> Result<()> {
    let slot = &mut values[nudge.value.index()];
    if let Some(tensor) = slot.as_ref() {
        let mut numbers = tensor_data::to_f64(tensor)?;
        if let Some(number) = numbers.get_mut(nudge.flat) {
            *number += nudge.by;
        }
        *slot = Some(Tensor::from_vec(numbers, tensor.dims(), tensor.device())?);
    }
    Ok(())
}

fn loss_of(program: &Program, values: &[Option<Tensor>]) -> Result<f64> {
    let loss = program.loss.and_then(|id| values.get(id.index())).and_then(Option::as_ref);
    bridge::scalar(loss.ok_or_else(|| EngineError::NotComputed("loss".to_owned()))?)
}
