//! What an op may read when it explains one of its numbers: inputs, its own outputs, the step.

use candle_core::{DType, Tensor};

use super::error::{EngineError, Result};
use super::op::StepContext;
use crate::trace::{Arithmetic, Element};

/// The tensors of one instruction, in double precision, as they were when it ran.
#[derive(Clone, Debug)]
pub struct Reader {
    /// What the instruction read, in its order.
    pub inputs: Vec<Operand>,
    /// What it computed, in its order.
    pub outputs: Vec<Operand>,
    /// Step, seed and learning rate it ran with.
    pub context: StepContext,
}

/// A tensor that an explanation reads numbers from.
#[derive(Clone, Debug)]
pub struct Operand {
    /// As in the listing.
    pub name: String,
    /// Size along each axis, outermost first.
    pub dims: Vec<usize>,
    /// Row-major.
    pub numbers: Vec<f64>,
}

impl Operand {
    pub(super) fn new(name: &str, tensor: &Tensor) -> Result<Self> {
        let numbers = tensor.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
        Ok(Self { name: name.to_owned(), dims: tensor.dims().to_vec(), numbers })
    }

    /// The number at an index, with where it stands.
    pub fn at(&self, index: &[usize]) -> Result<Arithmetic> {
        let element = Element { name: self.name.clone(), index: index.to_vec() };
        Ok(Arithmetic::Read { value: self.number(index)?, element })
    }

    /// The element at an index. An error if there is none.
    pub fn number(&self, index: &[usize]) -> Result<f64> {
        let within = index.len() == self.dims.len() && index.iter().zip(&self.dims).all(|(i, n)| i < n);
        let number = if within { self.numbers.get(self.flatten(index)) } else { None };
        number.copied().ok_or_else(|| EngineError::NoElement {
            name: self.name.clone(),
            index: index.to_vec(),
            dims: self.dims.clone(),
        })
    }

    /// The number at a place in row-major order, with where it stands.
    pub fn at_flat(&self, flat: usize) -> Result<Arithmetic> {
        self.at(&self.unflatten(flat))
    }

    /// Where an index stands in row-major order.
    pub fn flatten(&self, index: &[usize]) -> usize {
        index.iter().zip(&self.dims).fold(0, |flat, (i, n)| flat * n + i)
    }

    /// The index of the number at a place in row-major order.
    pub fn unflatten(&self, mut flat: usize) -> Vec<usize> {
        let mut index = vec![0; self.dims.len()];
        for (i, &n) in index.iter_mut().zip(&self.dims).rev() {
            *i = flat % n.max(1);
            flat /= n.max(1);
        }
        index
    }
}

impl Reader {
    /// Input `i` of the instruction.
    pub fn input(&self, i: usize) -> Result<&Operand> {
        self.inputs.get(i).ok_or(EngineError::NoSuchValue(u32::MAX))
    }

    /// Output `i` of the instruction.
    pub fn output(&self, i: usize) -> Result<&Operand> {
        self.outputs.get(i).ok_or(EngineError::NoSuchValue(u32::MAX))
    }

    /// An element of input `input`, as a link to where it came from.
    pub fn read(&self, input: usize, index: &[usize]) -> Result<Arithmetic> {
        self.input(input)?.at(index)
    }
}

/// An index without its last axis, and that; of a single number, the whole and 0.
pub fn split_last(index: &[usize]) -> (&[usize], usize) {
    index.split_last().map_or((index, 0), |(last, rest)| (rest, *last))
}

/// The reverse of [`split_last`].
pub fn joined(rest: &[usize], last: usize) -> Vec<usize> {
    rest.iter().copied().chain([last]).collect()
}
