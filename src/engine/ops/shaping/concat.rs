//! `concat`: values side by side along an axis: features of rows, channels of pictures, both directions of a sequence.
//!
//! # Shapes
//! `[B, ..., n₁, ...]`, `[B, ..., n₂, ...]`, … -> `[B, ..., n₁ + n₂ + …, ...]`

use candle_core::Tensor;

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

/// Joins its inputs along one axis.
#[derive(Debug)]
pub struct Concat {
    /// Of the tensor, batch counted: at least 1.
    pub axis: usize,
}

impl Op for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn formula(&self) -> &'static str {
        "y = [a, b, …]"
    }

    fn words(&self) -> &'static str {
        "Joins its inputs side by side."
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let mut shape = inputs[0].clone();
        let axis = self.axis - 1;
        shape.dims[axis] = inputs.iter().map(|input| input.dims[axis]).sum();
        vec![shape]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let all = (0..frame.input_count()).map(|i| frame.input(i)).collect::<Result<Vec<&Tensor>>>()?;
        let y = Tensor::cat(&all, self.axis)?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let mut dims = frame.input(0)?.dims().to_vec();
        let axis = self.axis;
        dims[axis] = 0;
        for i in 0..frame.input_count() {
            dims[axis] += frame.input(i)?.dim(axis)?;
        }
        let width: usize = dims[axis..].iter().product();
        let outer: usize = dims[..axis].iter().product();
        let out = frame.reuse(0, &dims)?;
        let mut start = 0;
        for i in 0..frame.input_count() {
            let part = frame.f32s(i)?;
            let len = part.len() / outer.max(1);
            bridge::write(&out, |y| {
                for (row, part) in y.chunks_exact_mut(width.max(1)).zip(part.chunks_exact(len.max(1))) {
                    row[start..start + len].copy_from_slice(part);
                }
            })?;
            start += len;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let mut at = index.to_vec();
        for part in &reader.inputs {
            if at[self.axis] < part.dims[self.axis] {
                return part.at(&at);
            }
            at[self.axis] -= part.dims[self.axis];
        }
        reader.read(0, index)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let (axis, mut start) = (self.axis, 0);
        for i in 0..pull.inputs().len() {
            let len = pull.shape(pull.input(i)).dims[axis - 1];
            pull.give(i, ConcatPart { axis, start, len }, &[dy]);
            start += len;
        }
    }
}

/// da = dy[start .. start + len] along the joined axis
#[derive(Debug)]
struct ConcatPart {
    axis: usize,
    start: usize,
    len: usize,
}

impl Op for ConcatPart {
    fn name(&self) -> &'static str {
        "concat'a"
    }

    fn formula(&self) -> &'static str {
        "da = the part of dy that a became"
    }

    fn words(&self) -> &'static str {
        "Each input gets the gradient of its own part."
    }

    fn settings(&self) -> String {
        format!("{} to {}", self.start, self.start + self.len)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let da = frame.input(0)?.narrow(self.axis, self.start, self.len)?.force_contiguous()?;
        frame.set(0, da)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let mut dims = frame.input(0)?.dims().to_vec();
        let inner: usize = dims[self.axis + 1..].iter().product();
        let (width, start, len) = (dims[self.axis] * inner, self.start * inner, self.len * inner);
        dims[self.axis] = self.len;
        let out = frame.reuse(0, &dims)?;
        {
            let dy = frame.f32s(0)?;
            bridge::write(&out, |da| {
                for (da, dy) in da.chunks_exact_mut(len.max(1)).zip(dy.chunks_exact(width.max(1))) {
                    da.copy_from_slice(&dy[start..start + len]);
                }
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let mut at = index.to_vec();
        at[self.axis] += self.start;
        reader.read(0, &at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Concat { axis: 2 }, Case::new().batched(2, &[3, 1]).batched(2, &[3, 4]));
        gradient_check(Concat { axis: 1 }, Case::new().batched(3, &[4]).batched(3, &[2]));
        gradient_check(
            Concat { axis: 1 },
            Case::new().batched(2, &[1, 2, 3]).batched(2, &[3, 2, 3]).batched(2, &[2, 2, 3]),
        );
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("concat", |params| Concat { axis: params["axis"].as_u64().unwrap_or(1) as usize });
    }
}
