//! The machine: a program counter, values, state and a step number. Training is the machine running freely; the step
//! debugger is the same machine stopped between two instructions.
//!
//! Knows one batch at a time. Epochs, stopping, events and threads of execution are the trainer's.

mod explain;
mod not_finite;
mod nudge;
mod predict;
mod probe;
mod readers;
mod rehearsal;
mod row_losses;
mod saliency;
mod shares;
mod state;
mod tensor_data;
#[cfg(test)]
mod tests;
mod updates;

use std::borrow::Cow;

use candle_core::{DType, Tensor};

use super::compile::{GRADIENT_NORM, STAGED_INPUT, STAGED_SHARES, STAGED_TARGET, STAGED_WEIGHTS, compile};
use super::device::{Device, Precision};
use super::error::{EngineError, Result};
use super::kernels::{bridge, elementwise};
use super::metrics;
use super::op::{Frame, StepContext};
use super::program::{Instruction, Mode, Phase, Program, Role, ValueId};
use crate::data::Batch;
use crate::model::{Answer, DataSignature, Graph, LayerId, Metric, Task, TrainingSpec};

pub use not_finite::FirstNotFinite;
pub use predict::{Evaluated, MeanLosses};
pub use rehearsal::{Override, Rehearsal};
pub use state::{Kept, Numbers, SavedTensor, Snapshot};
pub use tensor_data::TensorData;
pub use updates::UpdateSize;

use not_finite::Watchdog;
use predict::Predictor;

/// Runs a program: its values, and the instruction that comes next.
pub struct Machine {
    program: Program,
    predictor: Predictor,
    training: TrainingSpec,
    task: Task,
    answer: Answer,
    /// One slot a value; those not yet computed are empty, those of the last step stay readable until overwritten.
    values: Vec<Option<Tensor>>,
    staged: (ValueId, ValueId),
    staged_weights: Option<ValueId>,
    staged_shares: Option<ValueId>,
    grad_norm: Option<ValueId>,
    /// What plateaus have made of the learning rate.
    rate_scale: f64,
    context: StepContext,
    pc: usize,
    /// A batch is staged and its step is not complete.
    in_step: bool,
    batch_len: usize,
    watchdog: Watchdog,
    update_watch: updates::UpdateWatch,
    /// The instruction after which the loss of a step is known.
    last_of_loss: usize,
    device: Device,
    opened: candle_core::Device,
    dtype: DType,
}

/// What one step found.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// Mean over the batch, without penalties; of several Losses their weighted sum.
    pub loss: f64,
    /// Of each Loss, before its weight, where there are several.
    pub losses: Vec<(LayerId, f64)>,
    /// With penalties.
    pub total_loss: f64,
    /// Of its update.
    pub learning_rate: f64,
    /// Of all gradients together before clipping; only where they are clipped by norm.
    pub grad_norm: Option<f64>,
    /// Classes of the batch that were found; only for classes.
    pub correct: Option<u32>,
    /// Classes that were to be found: samples, times positions where each has its own class; 0 for numbers.
    pub answers: u32,
}

impl Machine {
    /// Compiles the graph and draws the first weights from `training.seed`.
    pub fn new(
        graph: &Graph,
        signature: &DataSignature,
        training: &TrainingSpec,
        device: Device,
        precision: Precision,
    ) -> Result<Self> {
        let program = compile(graph, signature, training, Mode::Train)?;
        let predictor = Predictor::new(compile(graph, signature, training, Mode::Predict)?, &program);
        let is_training = program.mode == Mode::Train;
        let staged = program.find(STAGED_INPUT).zip(program.find(STAGED_TARGET));
        let mut machine = Self {
            values: vec![None; program.values.len()],
            staged: staged.ok_or_else(|| EngineError::NotComputed(STAGED_INPUT.into()))?,
            staged_weights: program.find(STAGED_WEIGHTS),
            staged_shares: program.find(STAGED_SHARES),
            grad_norm: program.find(GRADIENT_NORM),
            rate_scale: 1.0,
            watchdog: Watchdog::default(),
            update_watch: updates::UpdateWatch::default(),
            last_of_loss: program.instructions.iter().rposition(|i| i.phase <= Phase::Loss).unwrap_or_default(),
            task: program.task,
            answer: Answer::of(graph, program.task),
            program,
            predictor,
            training: training.clone(),
            context: StepContext {
                seed: training.seed,
                step: 0,
                learning_rate: 0.0,
                momentum: 0.0,
                training: is_training,
            },
            pc: 0,
            in_step: false,
            batch_len: 0,
            opened: device.open()?,
            device,
            dtype: precision.dtype(),
        };
        machine.initialise()?;
        machine.schedule();
        Ok(machine)
    }

    /// Stages a batch for the next step and stands before its first instruction.
    pub fn begin_step(&mut self, batch: &Batch) -> Result<()> {
        let (input, target) = self.staged;
        self.stage(input, &batch.inputs, batch.len)?;
        self.stage(target, &batch.targets, batch.len)?;
        let of_samples = [(self.staged_weights, &batch.weights), (self.staged_shares, &batch.lambda)];
        for (id, numbers) in of_samples {
            if let Some(id) = id {
                self.stage(id, &or_ones(numbers, batch.len), batch.len)?;
            }
        }
        self.schedule();
        self.watchdog.next_batch(&batch.rows);
        self.batch_len = batch.len;
        self.pc = 0;
        self.in_step = true;
        Ok(())
    }

    /// What the settings say of the step that comes.
    fn schedule(&mut self) {
        let step = self.context.step as usize;
        self.context.learning_rate = self.training.rate_at(step) * self.rate_scale;
        self.context.momentum = self.training.momentum_at(step).unwrap_or(0.0);
    }

    /// The rate of the step that comes.
    pub fn learning_rate(&self) -> f64 {
        self.training.rate_at(self.context.step as usize) * self.rate_scale
    }

    /// Cuts (or restores) the scheduled rate from the next step on; 1 leaves it as it is scheduled.
    pub fn scale_rate(&mut self, scale: f64) {
        self.rate_scale = scale;
    }

    fn stage(&mut self, id: ValueId, numbers: &[f32], rows: usize) -> Result<()> {
        let dims = self.program.values[id.index()].shape.with_batch(rows);
        if dims.iter().product::<usize>() != numbers.len() {
            let what = format!("The batch's {}", self.program.name(id));
            return Err(EngineError::Shape { what, expected: dims, got: vec![numbers.len()] });
        }
        let slot = &mut self.values[id.index()];
        if let Some(old) = slot.as_ref().filter(|old| old.dims() == dims && bridge::is_cpu_f32(old)) {
            return bridge::write(old, |out| elementwise::copy(numbers, out));
        }
        *slot = Some(tensor_data::from_f32(numbers, &dims, self.dtype, &self.opened)?);
        Ok(())
    }

    /// Executes the instruction at the program counter and returns its index; `None` when the step is complete. The
    /// step count rises with the last instruction.
    pub fn step_instruction(&mut self) -> Result<Option<usize>> {
        if !self.in_step {
            return Ok(None);
        }
        let index = self.pc;
        self.before_update(index)?;
        if let Some(instruction) = self.program.instructions.get(index) {
            execute(&self.program, instruction, &mut self.values, &self.context, &self.opened, self.dtype)?;
            if index == self.last_of_loss {
                self.look_at_loss()?;
            }
            self.pc += 1;
        }
        if self.pc >= self.program.instructions.len() {
            self.in_step = false;
            self.context.step += 1;
            self.after_update()?;
            self.watchdog.step_before_is_known = true;
        }
        Ok(Some(index))
    }

    /// A whole step, through the very code that single steps take.
    pub fn run_step(&mut self, batch: &Batch) -> Result<StepReport> {
        self.begin_step(batch)?;
        self.finish_step()
    }

    /// The rest of a step that was begun.
    pub fn finish_step(&mut self) -> Result<StepReport> {
        while self.step_instruction()?.is_some() {}
        self.report()
    }

    /// Of the last complete step.
    pub fn report(&self) -> Result<StepReport> {
        let number = |id: ValueId| self.tensor(id).and_then(bridge::scalar);
        // Without a Loss there is none.
        let of = |id: Option<ValueId>| id.map_or(Ok(f64::NAN), number);
        let loss = of(self.program.data_loss)?;
        let total_loss = if self.program.loss == self.program.data_loss { loss } else { of(self.program.loss)? };
        let answers = self.batch_len * self.task.positions().unwrap_or(1);
        let (correct, answers) = match self.task.metric() {
            _ if self.program.loss.is_none() => (None, 0),
            Metric::R2 | Metric::Map50 => (None, 0),
            Metric::Accuracy => (Some(self.hits(answers)?), answers as u32),
        };
        let each = shown_losses(&self.program);
        Ok(StepReport {
            loss,
            losses: each.iter().map(|&(layer, id)| Ok((layer, number(id)?))).collect::<Result<_>>()?,
            total_loss,
            learning_rate: self.context.learning_rate,
            grad_norm: self.grad_norm.map(number).transpose()?,
            correct,
            answers,
        })
    }

    fn hits(&self, rows: usize) -> Result<u32> {
        let (output, target) = (self.tensor(self.program.output)?, self.tensor(self.program.target)?);
        if bridge::is_cpu_f32(output) && bridge::is_cpu_f32(target) {
            return Ok(metrics::hits(self.answer, &bridge::f32s(output)?, &bridge::f32s(target)?, rows) as u32);
        }
        let (output, target) = (tensor_data::to_f32(output)?, tensor_data::to_f32(target)?);
        Ok(metrics::hits(self.answer, &output, &target, rows) as u32)
    }

    /// What the network is asked for.
    pub fn task(&self) -> Task {
        self.task
    }

    /// How the network's outputs are read.
    pub fn answer(&self) -> Answer {
        self.answer
    }

    /// What it runs.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Index of the instruction to be executed next.
    pub fn pc(&self) -> usize {
        self.pc
    }

    /// Whether a step is begun and not complete.
    pub fn is_in_step(&self) -> bool {
        self.in_step
    }

    /// Steps completed.
    pub fn step(&self) -> u64 {
        self.context.step
    }

    /// Samples of the batch that was staged last.
    pub fn batch_len(&self) -> usize {
        self.batch_len
    }

    /// Which samples of the training part those are.
    pub fn batch_rows(&self) -> &[u32] {
        self.watchdog.rows()
    }

    /// Where its values lie.
    pub fn device(&self) -> Device {
        self.device.clone()
    }

    /// Goes on on another device from the very instruction where it stands. Nothing changes when that is not there.
    pub fn move_to(&mut self, device: Device) -> Result<()> {
        let opened = device.open()?;
        let moved = self.values.iter().map(|value| value.as_ref().map(|tensor| tensor.to_device(&opened)).transpose());
        self.values = moved.collect::<candle_core::Result<_>>()?;
        (self.device, self.opened) = (device, opened);
        Ok(())
    }

    /// The settings in force.
    pub fn training(&self) -> &TrainingSpec {
        &self.training
    }

    /// Whether the value belongs to the step being computed (or just completed), not to the one before.
    pub fn is_current(&self, id: ValueId) -> bool {
        let producer = self.program.instructions.iter().position(|instruction| instruction.outputs.contains(&id));
        self.values.get(id.index()).is_some_and(Option::is_some) && producer.is_none_or(|index| index < self.pc)
    }

    /// The numbers of a value as they stand.
    pub fn read(&self, id: ValueId) -> Result<TensorData> {
        let tensor = self.tensor(id)?;
        Ok(TensorData { dims: tensor.dims().to_vec(), data: tensor_data::to_f32(tensor)?.into() })
    }

    /// Changes a value: state for good, anything else until its instruction runs again.
    pub fn write(&mut self, id: ValueId, numbers: &TensorData) -> Result<()> {
        let tensor = tensor_data::from_f32(&numbers.data, &numbers.dims, self.dtype, &self.opened);
        self.replace(id, &numbers.dims, numbers.data.len(), tensor)
    }

    /// As [`Self::read`], exact for machines of double precision.
    pub fn read_f64(&self, id: ValueId) -> Result<(Vec<usize>, Vec<f64>)> {
        let tensor = self.tensor(id)?;
        Ok((tensor.dims().to_vec(), tensor_data::to_f64(tensor)?))
    }

    /// As [`Self::write`], exact for machines of double precision.
    pub fn write_f64(&mut self, id: ValueId, dims: &[usize], numbers: &[f64]) -> Result<()> {
        let tensor = tensor_data::from_f64(numbers, dims, self.dtype, &self.opened);
        self.replace(id, dims, numbers.len(), tensor)
    }

    fn replace(&mut self, id: ValueId, dims: &[usize], len: usize, tensor: Result<Tensor>) -> Result<()> {
        let value = self.program.value(id).ok_or(EngineError::NoSuchValue(id.0))?;
        let batch = if value.shape.batched { dims.first().copied().unwrap_or(0) } else { 0 };
        let expected = value.shape.with_batch(batch);
        if expected != dims || len != dims.iter().product::<usize>() {
            return Err(EngineError::Shape { what: value.name.clone(), expected, got: dims.to_vec() });
        }
        self.values[id.index()] = Some(tensor?);
        // What it holds now is no longer what the step before made.
        self.watchdog.step_before_is_known = false;
        Ok(())
    }

    fn tensor(&self, id: ValueId) -> Result<&Tensor> {
        let slot = self.values.get(id.index()).ok_or(EngineError::NoSuchValue(id.0))?;
        slot.as_ref().ok_or_else(|| EngineError::NotComputed(self.program.name(id).to_owned()))
    }

    /// Trainable numbers, frozen ones included.
    pub fn parameter_count(&self) -> usize {
        let parameters = self.program.values.iter().filter(|value| value.role == Role::Parameter);
        parameters.map(|value| value.shape.len()).sum()
    }
}

/// What samples count for that have no weights, and the share of those that are not mixed.
fn or_ones(weights: &[f32], rows: usize) -> Cow<'_, [f32]> {
    if weights.is_empty() { vec![1.0; rows].into() } else { weights.into() }
}

/// The Losses that have a curve of their own: none where the only one is the whole.
fn shown_losses(program: &Program) -> &[(LayerId, ValueId)] {
    if program.losses.len() > 1 { &program.losses } else { &[] }
}

/// Where instructions run, in training and predicting alike; only a [`Rehearsal`] runs their definitions.
fn execute(
    program: &Program,
    instruction: &Instruction,
    values: &mut [Option<Tensor>],
    context: &StepContext,
    device: &candle_core::Device,
    dtype: DType,
) -> Result<()> {
    let mut frame = Frame::new(values, &instruction.inputs, &instruction.outputs, context, device, dtype);
    instruction
        .op
        .run(&mut frame)
        .map_err(|source| EngineError::Instruction { instruction: program.line(instruction), source: Box::new(source) })
}
