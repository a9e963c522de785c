//! `avg_pool2d`: the mean of every window. PyTorch's `nn.functional.avg_pool2d` without padding.
//!
//! # Shapes
//! x `[B, C, H, W]` -> y `[B, C, OH, OW]`. A remainder at the border is dropped.

use super::max_pool2d::{pooled, settings};
use crate::engine::backward::BackwardBuilder;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::pool::{self, Pooling};
use crate::engine::kernels::window::Window;
use crate::engine::op::{Call, Frame, Op, ValueShape};
use crate::engine::ops::convolution::conv2d::dims4;
use crate::engine::ops::convolution::sliding;
use crate::engine::ops::convolution::unfold::{fold, unfold};
use crate::engine::program::ValueId;
use crate::trace::Arithmetic;

/// Mean of each window: [B, C, H, W] gives [B, C, H', W'].
#[derive(Clone, Debug)]
pub struct AvgPool2d {
    /// Rows and columns of the window.
    pub kernel: usize,
    /// How far the window moves.
    pub stride: usize,
}

impl Op for AvgPool2d {
    fn name(&self) -> &'static str {
        "avg_pool2d"
    }

    fn formula(&self) -> &'static str {
        "y[c, i, j] = mean of x[c, i·stride + u, j·stride + v] over the window"
    }

    fn words(&self) -> &'static str {
        "Replaces each window by the mean of its values."
    }

    fn settings(&self) -> String {
        settings(self.kernel, self.stride)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![pooled(&Window::square(self.kernel, self.stride), &inputs[0])]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let window = Window::square(self.kernel, self.stride);
        let x = frame.input(0)?;
        let [batch, channels, height, width] = dims4(x)?;
        let [rows, columns] = window.places([height, width]);
        let y = unfold(x, &window)?.mean(1)?.reshape((batch, channels, rows, columns))?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let [batch, channels, height, width] = dims4(frame.input(0)?)?;
        let pooling = Pooling { size: [height, width], window: Window::square(self.kernel, self.stride) };
        let [rows, columns] = pooling.window.places(pooling.size);
        let out = frame.reuse(0, &[batch, channels, rows, columns])?;
        {
            let x = frame.f32s(0)?;
            bridge::write(&out, |y| pool::average_forward(&pooling, &x, y))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, window) = (reader.input(0)?, Window::square(self.kernel, self.stride));
        let seen = sliding::seen(&window, [index[2], index[3]], sliding::size(x));
        let numbers = seen.into_iter().map(|[row, column]| x.at(&[index[0], index[1], row, column]));
        Ok(Arithmetic::Sum(numbers.collect::<Result<_>>()?) / Arithmetic::given("count", window.area() as f64))
    }

    fn vjp(
        &self,
        builder: &mut BackwardBuilder,
        call: &Call,
        grads: &[Option<ValueId>],
        needs: &[bool],
    ) -> Vec<Option<ValueId>> {
        let x = call.inputs[0];
        let size = [builder.shape(x).dims[1], builder.shape(x).dims[2]];
        let op = AvgPool2dX { kernel: self.kernel, stride: self.stride, size };
        vec![grads[0].filter(|_| needs[0]).map(|dy| builder.gradient(op, &[dy], x))]
    }
}

/// dx: each gradient is shared equally by its window. Inputs: dy.
#[derive(Debug)]
struct AvgPool2dX {
    kernel: usize,
    stride: usize,
    size: [usize; 2],
}

impl Op for AvgPool2dX {
    fn name(&self) -> &'static str {
        "avg_pool2d'x"
    }

    fn formula(&self) -> &'static str {
        "dx = Σ dy / window² over the windows that contain it"
    }

    fn words(&self) -> &'static str {
        "All values of a window share its gradient equally."
    }

    fn settings(&self) -> String {
        settings(self.kernel, self.stride)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let window = Window::square(self.kernel, self.stride);
        let dy = frame.input(0)?;
        let [batch, channels, rows, columns] = dims4(dy)?;
        let share = (dy.reshape((batch * channels, 1, rows * columns))? / window.area() as f64)?;
        let share = share.broadcast_as((batch * channels, window.area(), rows * columns))?.contiguous()?;
        let dx = fold(&share, &window, [batch, channels, self.size[0], self.size[1]])?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let [batch, channels, ..] = dims4(frame.input(0)?)?;
        let pooling = Pooling { size: self.size, window: Window::square(self.kernel, self.stride) };
        let out = frame.reuse(0, &[batch, channels, self.size[0], self.size[1]])?;
        {
            let dy = frame.f32s(0)?;
            bridge::write(&out, |dx| pool::average_backward(&pooling, &dy, dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, window) = (reader.input(0)?, Window::square(self.kernel, self.stride));
        let seeing = sliding::seeing(&window, [index[2], index[3]], sliding::size(dy));
        let gradients = seeing.into_iter().map(|([i, j], _)| dy.at(&[index[0], index[1], i, j]));
        Ok(Arithmetic::Sum(gradients.collect::<Result<_>>()?) / Arithmetic::given("count", window.area() as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (batch, dims, kernel, stride) in [
            (1, [1, 1, 1], 1, 1),
            (2, [3, 4, 6], 2, 2),
            (1, [2, 5, 7], 2, 2),
            (3, [2, 7, 5], 3, 2),
            (2, [1, 7, 8], 2, 3),
        ] {
            gradient_check(AvgPool2d { kernel, stride }, Case::new().batched(batch, &dims));
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("avg_pool2d", |params| AvgPool2d {
            kernel: params["kernel"].as_u64().unwrap() as usize,
            stride: params["stride"].as_u64().unwrap() as usize,
        });
    }
}
