//! `global_avg_pool`: the mean of each channel over the whole picture.
//!
//! # Shapes
//! x `[B, C, H, W]` -> y `[B, C]`. PyTorch's `x.mean((2, 3))`.

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, pool};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::convolution::conv2d::dims4;
use crate::trace::Arithmetic;

/// Mean of each channel: [B, C, H, W] gives [B, C].
#[derive(Clone, Debug)]
pub struct GlobalAvgPool;

impl Op for GlobalAvgPool {
    fn name(&self) -> &'static str {
        "global_avg_pool"
    }

    fn formula(&self) -> &'static str {
        "y[c] = Σ x[c, i, j] / (H · W)"
    }

    fn words(&self) -> &'static str {
        "Replaces each channel by the mean of all its values."
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::batched(vec![inputs[0].dims[0]])]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let y = frame.input(0)?.mean((2, 3))?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let [batch, channels, rows, columns] = dims4(frame.input(0)?)?;
        let out = frame.reuse(0, &[batch, channels])?;
        {
            let x = frame.f32s(0)?;
            bridge::write(&out, |y| pool::global_forward(rows * columns, &x, y))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let x = reader.input(0)?;
        let count = x.dims[2] * x.dims[3];
        let first = (index[0] * x.dims[1] + index[1]) * count;
        let numbers = (first..first + count).map(|flat| x.at_flat(flat)).collect::<Result<_>>()?;
        Ok(Arithmetic::Sum(numbers) / Arithmetic::given("H·W", count as f64))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let dims = &pull.shape(pull.input(0)).dims;
        let size = [dims[1], dims[2]];
        pull.give(0, GlobalAvgPoolX { size }, &[dy]);
    }
}

/// dx: each gradient is shared equally by its channel. Inputs: dy.
#[derive(Debug)]
struct GlobalAvgPoolX {
    size: [usize; 2],
}

impl Op for GlobalAvgPoolX {
    fn name(&self) -> &'static str {
        "global_avg_pool'x"
    }

    fn formula(&self) -> &'static str {
        "dx[c, i, j] = dy[c] / (H · W)"
    }

    fn words(&self) -> &'static str {
        "All values of a channel share its gradient equally."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let dy = frame.input(0)?;
        let ((batch, channels), [rows, columns]) = (dy.dims2()?, self.size);
        let share = (dy.reshape((batch, channels, 1, 1))? / (rows * columns) as f64)?;
        let dx = share.broadcast_as((batch, channels, rows, columns))?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let ((batch, channels), [rows, columns]) = (frame.input(0)?.dims2()?, self.size);
        let out = frame.reuse(0, &[batch, channels, rows, columns])?;
        {
            let dy = frame.f32s(0)?;
            bridge::write(&out, |dx| pool::global_backward(rows * columns, &dy, dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        Ok(reader.read(0, &index[..2])? / Arithmetic::given("H·W", (self.size[0] * self.size[1]) as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(GlobalAvgPool, Case::new().batched(1, &[1, 1, 1]));
        gradient_check(GlobalAvgPool, Case::new().batched(3, &[5, 2, 7]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("global_avg_pool", |_| GlobalAvgPool);
    }
}
