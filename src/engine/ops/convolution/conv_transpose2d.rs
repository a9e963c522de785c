//! `conv_transpose2d`: the gradient of a convolution used the other way round, to make a small picture large. PyTorch's
//! `nn.functional.conv_transpose2d`.
//!
//! # Shapes
//! x `[B, C, H, W]`, w `[C, F, KH, KW]`, b `[F]` (may be absent) -> y `[B, F, size]`. The window is that of the
//! convolution that would lead from y back to x. No groups.

use super::conv2d::{Conv2dB, convolution, convolve, correlate, dims4, settings, spread};
use super::sliding;
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::conv2d as kernel;
use crate::engine::kernels::window::Window;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

/// Inputs: x, w, and b when there is one.
#[derive(Clone, Debug)]
pub struct ConvTranspose2d {
    /// Kernel, stride, padding and dilation.
    pub window: Window,
    /// Rows and columns of y, which x does not tell when the stride is above 1.
    pub size: [usize; 2],
}

impl Op for ConvTranspose2d {
    fn name(&self) -> &'static str {
        "conv_transpose2d"
    }

    fn formula(&self) -> &'static str {
        "y[f, i·stride + u, j·stride + v] = Σ w[c, f, u, v] · x[c, i, j] + b[f]"
    }

    fn words(&self) -> &'static str {
        "Each pixel stamps the filter, scaled by its value, onto a larger image. Overlapping stamps add up."
    }

    fn settings(&self) -> String {
        let [rows, columns] = self.size;
        let window = settings(&self.window, 1);
        if window.is_empty() { format!("to {rows} × {columns}") } else { format!("to {rows} × {columns}, {window}") }
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::batched(vec![inputs[1].dims[1], self.size[0], self.size[1]])]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (x, w) = (frame.input(0)?, frame.input(1)?);
        let mut y = spread(x, w, &self.window, self.size)?;
        if frame.input_count() > 2 {
            y = y.broadcast_add(&frame.input(2)?.reshape((1, w.dim(1)?, 1, 1))?)?;
        }
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (batch, w) = (frame.input(0)?.dim(0)?, dims4(frame.input(1)?)?);
        let y = [batch, w[1], self.size[0], self.size[1]];
        let sizes = convolution(&self.window, y, w);
        let out = frame.reuse(0, &y)?;
        {
            let (x, w) = (frame.f32s(0)?, frame.f32s(1)?);
            let bias = if frame.input_count() > 2 { Some(frame.f32s(2)?) } else { None };
            bridge::write(&out, |y| {
                kernel::backward_input(&sizes, &w, &x, y);
                let planes = y.chunks_mut(self.size[0] * self.size[1]);
                for (plane, b) in planes.zip(bias.iter().flat_map(|bias| bias.iter().cycle().take(bias.len() * batch)))
                {
                    plane.iter_mut().for_each(|y| *y += b);
                }
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let mut terms = sliding::spread(reader.input(0)?, reader.input(1)?, &self.window, 1, index)?;
        if reader.inputs.len() > 2 {
            terms.push(reader.read(2, &[index[1]])?);
        }
        Ok(Arithmetic::Sum(terms))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let (x, w, window) = (pull.input(0), pull.input(1), self.window);
        pull.give(0, ConvTranspose2dX { window }, &[dy, w]);
        pull.give(1, ConvTranspose2dW { window }, &[dy, x]);
        pull.give(2, Conv2dB, &[dy]);
    }
}

/// dx = w ⋆ dy. Inputs: dy, w.
#[derive(Debug)]
struct ConvTranspose2dX {
    window: Window,
}

impl Op for ConvTranspose2dX {
    fn name(&self) -> &'static str {
        "conv_transpose2d'x"
    }

    fn formula(&self) -> &'static str {
        "dx[c, i, j] = Σ w[c, f, u, v] · dy[f, i·stride + u, j·stride + v]"
    }

    fn words(&self) -> &'static str {
        "Each pixel collects the gradients under its stamp, times the weights: an ordinary convolution."
    }

    fn settings(&self) -> String {
        settings(&self.window, 1)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let dx = convolve(frame.input(0)?, frame.input(1)?, &self.window)?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (dy, w) = (dims4(frame.input(0)?)?, dims4(frame.input(1)?)?);
        let sizes = convolution(&self.window, dy, w);
        let [rows, columns] = self.window.places(sizes.size);
        let out = frame.reuse(0, &[dy[0], w[0], rows, columns])?;
        {
            let (dy, w) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dx| kernel::forward(&sizes, &dy, &w, None, dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, w) = (reader.input(0)?, reader.input(1)?);
        Ok(Arithmetic::Sum(sliding::convolved(dy, w, &self.window, 1, index)?))
    }
}

/// dw: each pixel times the gradient under its stamp, over all places. Inputs: dy, x.
#[derive(Debug)]
struct ConvTranspose2dW {
    window: Window,
}

impl Op for ConvTranspose2dW {
    fn name(&self) -> &'static str {
        "conv_transpose2d'w"
    }

    fn formula(&self) -> &'static str {
        "dw[c, f, u, v] = Σ x[c, i, j] · dy[f, i·stride + u, j·stride + v]"
    }

    fn words(&self) -> &'static str {
        "The sum of pixel times output gradient under its stamp, over all positions and the batch."
    }

    fn settings(&self) -> String {
        settings(&self.window, 1)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let dw = correlate(frame.input(1)?, frame.input(0)?, &self.window)?;
        frame.set(0, dw)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (dy, x) = (dims4(frame.input(0)?)?, dims4(frame.input(1)?)?);
        let w = [x[1], dy[1], self.window.kernel[0], self.window.kernel[1]];
        let sizes = convolution(&self.window, dy, w);
        let out = frame.reuse(0, &w)?;
        {
            let (dy, x) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dw| kernel::backward_weight(&sizes, &dy, &x, dw))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, x) = (reader.input(0)?, reader.input(1)?);
        Ok(Arithmetic::Sum(sliding::met(x, dy, &self.window, 1, index)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    fn op(
        x: [usize; 2],
        kernel: [usize; 2],
        stride: [usize; 2],
        pad: [usize; 2],
        extra: [usize; 2],
    ) -> ConvTranspose2d {
        let window = Window { kernel, stride, before: pad, after: pad, dilation: [1, 1] };
        let size = [0, 1].map(|axis| (x[axis] - 1) * stride[axis] + kernel[axis] + extra[axis] - 2 * pad[axis]);
        ConvTranspose2d { window, size }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (batch, channels, filters, x, kernel, stride, pad, extra) in [
            (1, 1, 1, [1, 1], [1, 1], [1, 1], [0, 0], [0, 0]),
            (2, 3, 2, [4, 3], [2, 2], [2, 2], [0, 0], [0, 0]),
            (3, 2, 4, [3, 5], [3, 2], [2, 3], [1, 0], [1, 2]),
            (1, 2, 1, [5, 4], [4, 3], [1, 2], [2, 1], [0, 1]),
            (2, 1, 3, [2, 2], [1, 1], [3, 2], [0, 0], [2, 1]),
        ] {
            let case = || {
                Case::new().batched(batch, &[channels, x[0], x[1]]).fixed(&[channels, filters, kernel[0], kernel[1]])
            };
            gradient_check(op(x, kernel, stride, pad, extra), case().fixed(&[filters]));
            gradient_check(op(x, kernel, stride, pad, extra), case());
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("conv_transpose2d", |params| {
            let pair = |key: &str| {
                let pair = &params[key];
                [pair[0].as_u64().unwrap() as usize, pair[1].as_u64().unwrap() as usize]
            };
            let [x, kernel, stride, pad, extra] = ["x", "kernel", "stride", "padding", "output_padding"].map(pair);
            op(x, kernel, stride, pad, extra)
        });
    }
}
