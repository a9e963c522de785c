//! What an instruction does: the [`Op`] trait, and the [`Frame`] through which an op sees the machine's values.
//!
//! An op knows nothing of layers, programs or other ops; `ops/` holds one file each.

use candle_core::{DType, Device, Tensor};

use super::backward::Pullback;
use super::error::{EngineError, Result};
use super::explain::Reader;
use super::kernels::bridge::{self, F32s};
use super::program::ValueId;
use crate::trace::Arithmetic;

/// Sizes of a value. A batched one has the batch axis in front of `dims` when it is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueShape {
    /// Whether the first axis is the batch, which `dims` leaves out.
    pub batched: bool,
    /// Without the batch axis. Empty and not batched: a single number.
    pub dims: Vec<usize>,
}

impl ValueShape {
    /// A shape with the batch as first axis; `dims` are those of one sample.
    pub fn batched(dims: impl Into<Vec<usize>>) -> Self {
        Self { batched: true, dims: dims.into() }
    }

    /// A shape that doesn't depend on the batch size.
    pub fn fixed(dims: impl Into<Vec<usize>>) -> Self {
        Self { batched: false, dims: dims.into() }
    }

    /// A single number.
    pub fn scalar() -> Self {
        Self::fixed([])
    }

    /// Numbers in it (of one sample, when batched).
    pub fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sizes with the batch axis in front, when there is one.
    pub fn with_batch(&self, batch: usize) -> Vec<usize> {
        let batch = if self.batched { Some(batch) } else { None };
        batch.into_iter().chain(self.dims.iter().copied()).collect()
    }
}

/// Where the curve of an activation is flat: a unit that lies there for all samples learns nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ends {
    /// Nowhere: every unit goes on learning.
    None,
    /// On one side, where it makes exactly 0.
    Zero,
    /// On both sides, near these.
    Both {
        /// What it comes near to on the left.
        low: f32,
        /// And on the right.
        high: f32,
    },
}

/// A tensor operation: its texts, shape rule, forward computation and backward instructions.
///
/// Backward operations are ops too; they live in the file of the op that they belong to and have no vjp of their own.
pub trait Op: Send + Sync + std::fmt::Debug {
    /// As in the listing: `linear`, and `linear'x` for the gradient with respect to x.
    fn name(&self) -> &'static str;

    /// In symbols, one line.
    fn formula(&self) -> &'static str;

    /// In words, one sentence for a beginner.
    fn words(&self) -> &'static str;

    /// What to do where it makes NaN or infinity of numbers that are neither: a sentence. `None` where only their size
    /// can do it.
    fn remedy(&self) -> Option<&'static str> {
        None
    }

    /// Settings worth showing behind the name: `slope 0.01`. Empty when there are none.
    fn settings(&self) -> String {
        String::new()
    }

    /// Shapes of the outputs; the inputs were already validated by `model::infer`. Backward ops are not asked: a
    /// gradient has the shape of what it belongs to.
    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        inputs.first().cloned().into_iter().collect()
    }

    /// Which of the inputs holds whole numbers from 0, and how many of these there are: classes, rows of a table,
    /// places. `None` where any number will do. `inputs`: their shapes.
    fn indices(&self, _inputs: &[ValueShape]) -> Option<(usize, usize)> {
        None
    }

    /// What is put behind the name of the first output for each output: `["", ".mask"]` makes `%5` and `%5.mask`.
    fn output_names(&self) -> &'static [&'static str] {
        &[""]
    }

    /// What the gates of a recurrent layer are called, in the order in which they lie along the first axis of its
    /// weights and biases and along the last of its output `.gates`.
    fn gates(&self) -> &'static [&'static str] {
        &[]
    }

    /// What the axes of an output are called, without the batch's; empty where they are as usual.
    fn axes(&self, _output: usize) -> &'static [&'static str] {
        &[]
    }

    /// The output that tells more in a picture of the layer than what leaves it.
    fn pictured(&self) -> Option<usize> {
        None
    }

    /// Where what it makes has stopped answering.
    fn ends(&self) -> Ends {
        Ends::None
    }

    /// Whether it is the sum of its inputs.
    fn is_sum(&self) -> bool {
        false
    }

    /// Whether an output holds choices between inputs: right or wrong, never nearly right.
    fn is_choice(&self, _output: usize) -> bool {
        false
    }

    /// The definition, composed from candle's tensor operations: any device, f32 and f64, any batch size. Reads inputs,
    /// sets every output.
    fn reference(&self, frame: &mut Frame) -> Result<()>;

    /// The same on the CPU in f32, where that pays. `Ok(false)`: no such kernel, nothing was set.
    fn kernel(&self, _frame: &mut Frame) -> Result<bool> {
        Ok(false)
    }

    /// What the machine calls.
    fn run(&self, frame: &mut Frame) -> Result<()> {
        if frame.on_cpu_f32() && self.kernel(frame)? { Ok(()) } else { self.reference(frame) }
    }

    /// How the number at `index` of output `output` comes about from the numbers that the op reads. Evaluated in double
    /// precision it is the op's number, but for rounding.
    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic>;

    /// Emits the instructions of the vector-Jacobian product: the gradients of the inputs, out of those of the outputs.
    fn vjp(&self, _pull: &mut Pullback) {}
}

/// What an instruction may know about the step that it is part of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepContext {
    /// The run's seed.
    pub seed: u64,
    /// Zero-based index of the step being computed.
    pub step: u64,
    /// Learning rate of the step, after schedule and warm-up.
    pub learning_rate: f64,
    /// Where a schedule moves the optimiser's momentum; otherwise it stands in the optimiser's settings.
    pub momentum: f64,
    /// Whether dropout drops and batch norm uses the batch.
    pub training: bool,
}

/// An op's window on the machine: its inputs, its outputs, the step.
///
/// Every value is contiguous. An op that asks for [`Frame::reuse`] writes into last step's memory of that output, so it
/// must never have set that output to a clone or a view of an input.
pub struct Frame<'a> {
    values: &'a mut [Option<Tensor>],
    inputs: &'a [ValueId],
    outputs: &'a [ValueId],
    context: &'a StepContext,
    device: &'a Device,
    dtype: DType,
}

/// Of so few numbers a loop is quicker than the comparison of memory that `==` calls.
fn are_same(a: &[usize], b: &[usize]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
}

impl<'a> Frame<'a> {
    /// Views of the tensors that an instruction reads and writes.
    pub fn new(
        values: &'a mut [Option<Tensor>],
        inputs: &'a [ValueId],
        outputs: &'a [ValueId],
        context: &'a StepContext,
        device: &'a Device,
        dtype: DType,
    ) -> Self {
        Self { values, inputs, outputs, context, device, dtype }
    }

    /// Input `i`. An error if it hasn't been computed.
    pub fn input(&self, i: usize) -> Result<&Tensor> {
        let id = self.inputs.get(i).ok_or_else(|| EngineError::NoSuchValue(u32::MAX))?;
        self.values
            .get(id.0 as usize)
            .and_then(Option::as_ref)
            .ok_or_else(|| EngineError::NotComputed(format!("number {}", id.0)))
    }

    /// Number of inputs.
    pub fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// The numbers of an input. Only for kernels, which run on CPU f32.
    pub fn f32s(&self, i: usize) -> Result<F32s<'_>> {
        bridge::f32s(self.input(i)?)
    }

    /// The single number of a scalar input, wherever it lies.
    pub fn scalar(&self, i: usize) -> Result<f64> {
        bridge::scalar(self.input(i)?)
    }

    /// Stores output `i`. An error if its shape is wrong.
    pub fn set(&mut self, i: usize, tensor: Tensor) -> Result<()> {
        let id = self.outputs.get(i).ok_or_else(|| EngineError::NoSuchValue(u32::MAX))?;
        let slot = self.values.get_mut(id.0 as usize).ok_or_else(|| EngineError::NoSuchValue(id.0))?;
        *slot = Some(if tensor.is_contiguous() { tensor } else { tensor.contiguous()? });
        Ok(())
    }

    /// Last step's tensor of an output, for reuse of its memory.
    pub fn take_output(&mut self, i: usize) -> Option<Tensor> {
        let id = self.outputs.get(i)?;
        self.values.get_mut(id.0 as usize)?.take()
    }

    /// A CPU f32 tensor of these sizes for output `i`, with last step's memory when it fits. Its numbers are stale:
    /// write all of them with [`bridge::write`], then [`Frame::set`] it.
    pub fn reuse(&mut self, i: usize, dims: &[usize]) -> Result<Tensor> {
        match self.take_output(i) {
            Some(tensor) if are_same(tensor.dims(), dims) && bridge::is_cpu_f32(&tensor) => Ok(tensor),
            _ => bridge::from_vec(vec![0.0; dims.iter().product()], dims),
        }
    }

    /// Step, seed and learning rate.
    pub fn context(&self) -> &StepContext {
        self.context
    }

    /// The device to compute on.
    pub fn device(&self) -> &Device {
        self.device
    }

    /// Single or double precision.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Whether kernels may be used.
    pub fn on_cpu_f32(&self) -> bool {
        self.dtype == DType::F32 && matches!(self.device, Device::Cpu)
    }
}
