//! `mean_over`: the mean along one axis, PyTorch's `mean(axis)`.
//!
//! # Shapes
//! `[B, ..., n, ...]` -> the same without the axis.

use candle_core::Tensor;

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{axes, bridge};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::places;
use crate::trace::Arithmetic;

/// Mean along one axis, which is removed.
#[derive(Clone, Debug)]
pub struct MeanOver {
    /// Of the tensor, batch counted: at least 1.
    pub axis: usize,
}

/// The shape of a sample without the axis.
pub(super) fn without(shape: &ValueShape, axis: usize) -> ValueShape {
    let mut shape = shape.clone();
    shape.dims.remove(axis - 1);
    shape
}

/// The sizes of a tensor without the axis, and the axis's size with that of everything behind it.
pub(super) fn around(x: &Tensor, axis: usize) -> (Vec<usize>, [usize; 2]) {
    let mut dims = x.dims().to_vec();
    let size = dims.remove(axis);
    let inner = dims[axis..].iter().product();
    (dims, [size, inner])
}

impl Op for MeanOver {
    fn name(&self) -> &'static str {
        "mean_over"
    }

    fn formula(&self) -> &'static str {
        "y = Σ x[i] / n along one axis"
    }

    fn words(&self) -> &'static str {
        "Replaces one axis by its mean."
    }

    fn settings(&self) -> String {
        format!("axis {}", self.axis)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![without(&inputs[0], self.axis)]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let y = frame.input(0)?.mean(self.axis)?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (dims, sizes) = around(frame.input(0)?, self.axis);
        let out = frame.reuse(0, &dims)?;
        {
            let x = frame.f32s(0)?;
            bridge::write(&out, |y| axes::mean(&x, sizes, y))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let x = reader.input(0)?;
        let size = x.dims[self.axis];
        let terms = (0..size).map(|at| x.at(&places::widened(index, self.axis, at))).collect::<Result<_>>()?;
        Ok(Arithmetic::Sum(terms) / Arithmetic::given("n", size as f64))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let axis = self.axis;
        let size = pull.shape(pull.input(0)).dims[axis - 1];
        pull.give(0, MeanOverX { axis, size }, &[dy]);
    }
}

#[derive(Debug)]
struct MeanOverX {
    axis: usize,
    /// Of the axis.
    size: usize,
}

impl Op for MeanOverX {
    fn name(&self) -> &'static str {
        "mean_over'x"
    }

    fn formula(&self) -> &'static str {
        "dx[i] = dy / n"
    }

    fn words(&self) -> &'static str {
        "Every position gets an equal share of the gradient."
    }

    fn settings(&self) -> String {
        format!("axis {}", self.axis)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let dy = (frame.input(0)? / self.size as f64)?.unsqueeze(self.axis)?;
        let mut dims = dy.dims().to_vec();
        dims[self.axis] = self.size;
        let dx = dy.broadcast_as(dims)?.force_contiguous()?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let mut dims = frame.input(0)?.dims().to_vec();
        let inner = dims[self.axis..].iter().product();
        dims.insert(self.axis, self.size);
        let out = frame.reuse(0, &dims)?;
        {
            let dy = frame.f32s(0)?;
            bridge::write(&out, |dx| axes::mean_backward(&dy, [self.size, inner], dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let dy = reader.read(0, &places::narrowed(index, self.axis))?;
        Ok(dy / Arithmetic::given("n", self.size as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(MeanOver { axis: 1 }, Case::new().batched(3, &[7, 2]));
        gradient_check(MeanOver { axis: 2 }, Case::new().batched(2, &[3, 5]));
        gradient_check(MeanOver { axis: 2 }, Case::new().batched(1, &[2, 1, 3]));
        gradient_check(MeanOver { axis: 1 }, Case::new().batched(4, &[3]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("mean_over", |params| MeanOver { axis: params["axis"].as_u64().unwrap() as usize });
    }
}
