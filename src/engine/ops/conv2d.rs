//! `conv2d`: slides each filter over the picture, `y = w ⋆ x + b` (cross-correlation, as PyTorch's `nn.functional.conv2d`).
//!
//! # Shapes
//! x `[B, C, H, W]`, w `[F, C, KH, KW]`, b `[F]` (may be absent) -> y `[B, F, OH, OW]`. Zeros around the picture may differ
//! before and after an axis. No groups, no dilation.

use candle_core::Tensor;

use super::unfold::{fold, unfold};
use crate::engine::backward::BackwardBuilder;
use crate::engine::error::Result;
use crate::engine::kernels::bridge;
use crate::engine::kernels::conv2d::{self as kernel, Convolution};
use crate::engine::kernels::window::Window;
use crate::engine::op::{Call, Frame, Op, ValueShape};
use crate::engine::program::ValueId;

/// Inputs: x, w, and b when there is one.
#[derive(Clone, Debug)]
pub struct Conv2d {
    pub window: Window,
}

/// `stride 2, zeros 1` as the listing shows it.
fn settings(window: &Window) -> String {
    let [top, left] = window.before;
    let [bottom, right] = window.after;
    let zeros = match [top, left, bottom, right] {
        [0, 0, 0, 0] => String::new(),
        [a, b, c, d] if a == b && a == c && a == d => format!("zeros {a}"),
        _ => format!("zeros {top} above, {bottom} below, {left} left, {right} right"),
    };
    let stride = match window.stride {
        [1, 1] => String::new(),
        [rows, columns] if rows == columns => format!("stride {rows}"),
        [rows, columns] => format!("stride {rows} down, {columns} across"),
    };
    [stride, zeros].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The sizes that the kernels want, from those of x and w.
fn convolution(window: &Window, x: [usize; 4], w: [usize; 4]) -> Convolution {
    Convolution { channels: x[1], size: [x[2], x[3]], filters: w[0], window: *window }
}

pub(super) fn dims4(tensor: &Tensor) -> Result<[usize; 4]> {
    Ok(tensor.dims4().map(|(a, b, c, d)| [a, b, c, d])?)
}

impl Op for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn formula(&self) -> &'static str {
        "y[f, i, j] = Σ w[f, c, u, v] · x[c, i·stride + u, j·stride + v] + b[f]"
    }

    fn words(&self) -> &'static str {
        "Lays each filter on every place of the picture, multiplies what lies under it by the filter's weights and adds it up."
    }

    fn settings(&self) -> String {
        settings(&self.window)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let [rows, columns] = self.window.places([inputs[0].dims[1], inputs[0].dims[2]]);
        vec![ValueShape::batched(vec![inputs[1].dims[0], rows, columns])]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (x, w) = (frame.input(0)?, frame.input(1)?);
        let ([batch, channels, height, width], filters) = (dims4(x)?, w.dim(0)?);
        let [rows, columns] = self.window.places([height, width]);
        let depth = channels * self.window.area();
        let lowered = unfold(x, &self.window)?.reshape((batch, depth, rows * columns))?;
        let mut y = w.reshape((filters, depth))?.broadcast_matmul(&lowered)?;
        if frame.input_count() > 2 {
            y = y.broadcast_add(&frame.input(2)?.reshape((filters, 1))?)?;
        }
        let y = y.reshape((batch, filters, rows, columns))?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (x, w) = (dims4(frame.input(0)?)?, dims4(frame.input(1)?)?);
        let sizes = convolution(&self.window, x, w);
        let [rows, columns] = self.window.places(sizes.size);
        let out = frame.reuse(0, &[x[0], w[0], rows, columns])?;
        {
            let (x, w) = (frame.f32s(0)?, frame.f32s(1)?);
            let bias = if frame.input_count() > 2 { Some(frame.f32s(2)?) } else { None };
            bridge::write(&out, |y| kernel::forward(&sizes, &x, &w, bias.as_deref(), y))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn vjp(
        &self,
        builder: &mut BackwardBuilder,
        call: &Call,
        grads: &[Option<ValueId>],
        needs: &[bool],
    ) -> Vec<Option<ValueId>> {
        let Some(dy) = grads[0] else { return vec![None; call.inputs.len()] };
        let (x, w) = (call.inputs[0], call.inputs[1]);
        let (window, size) = (self.window, [builder.shape(x).dims[1], builder.shape(x).dims[2]]);
        let mut contributions = vec![
            needs[0].then(|| builder.gradient(Conv2dX { window, size }, &[dy, w], x)),
            needs[1].then(|| builder.gradient(Conv2dW { window }, &[dy, x], w)),
        ];
        if let Some(&b) = call.inputs.get(2) {
            contributions.push(needs[2].then(|| builder.gradient(Conv2dB, &[dy], b)));
        }
        contributions
    }
}

/// dx: every output's gradient, spread over what lay under the filter. Inputs: dy, w.
#[derive(Debug)]
struct Conv2dX {
    window: Window,
    /// Rows and columns of x, which dy does not tell when the stride does not divide.
    size: [usize; 2],
}

impl Op for Conv2dX {
    fn name(&self) -> &'static str {
        "conv2d'x"
    }

    fn formula(&self) -> &'static str {
        "dx[c, i·stride + u, j·stride + v] = Σ w[f, c, u, v] · dy[f, i, j]"
    }

    fn words(&self) -> &'static str {
        "Each pixel is blamed by every filter that was laid over it, in proportion to the weight that it met."
    }

    fn settings(&self) -> String {
        settings(&self.window)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, w) = (frame.input(0)?, frame.input(1)?);
        let ([batch, filters, rows, columns], channels) = (dims4(dy)?, w.dim(1)?);
        let w = w.reshape((filters, channels * self.window.area()))?.t()?;
        let lowered = w.broadcast_matmul(&dy.reshape((batch, filters, rows * columns))?)?;
        let lowered = lowered.reshape((batch * channels, self.window.area(), rows * columns))?;
        let dx = fold(&lowered, &self.window, [batch, channels, self.size[0], self.size[1]])?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let w = dims4(frame.input(1)?)?;
        let x = [frame.input(0)?.dim(0)?, w[1], self.size[0], self.size[1]];
        let sizes = convolution(&self.window, x, w);
        let out = frame.reuse(0, &x)?;
        {
            let (dy, w) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dx| kernel::backward_input(&sizes, &w, &dy, dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }
}

/// dw: what lay under each weight times the gradient there, over all places. Inputs: dy, x.
#[derive(Debug)]
struct Conv2dW {
    window: Window,
}

impl Op for Conv2dW {
    fn name(&self) -> &'static str {
        "conv2d'w"
    }

    fn formula(&self) -> &'static str {
        "dw[f, c, u, v] = Σ dy[f, i, j] · x[c, i·stride + u, j·stride + v]"
    }

    fn words(&self) -> &'static str {
        "A weight is blamed by what it met at each place times how wrong the answer was there, added up over places and batch."
    }

    fn settings(&self) -> String {
        settings(&self.window)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, x) = (frame.input(0)?, frame.input(1)?);
        let ([batch, filters, rows, columns], channels) = (dims4(dy)?, x.dim(1)?);
        let [height, width] = self.window.kernel;
        let depth = channels * self.window.area();
        let lowered = unfold(x, &self.window)?.reshape((batch, depth, rows * columns))?;
        let dy = dy.reshape((batch, filters, rows * columns))?;
        let dw = dy.matmul(&lowered.transpose(1, 2)?)?.sum(0)?.reshape((filters, channels, height, width))?;
        frame.set(0, dw)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (dy, x) = (dims4(frame.input(0)?)?, dims4(frame.input(1)?)?);
        let w = [dy[1], x[1], self.window.kernel[0], self.window.kernel[1]];
        let sizes = convolution(&self.window, x, w);
        let out = frame.reuse(0, &w)?;
        {
            let (dy, x) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dw| kernel::backward_weight(&sizes, &x, &dy, dw))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }
}

/// db = Σ dy over batch and places.
#[derive(Debug)]
struct Conv2dB;

impl Op for Conv2dB {
    fn name(&self) -> &'static str {
        "conv2d'b"
    }

    fn formula(&self) -> &'static str {
        "db[f] = Σ dy[f, i, j]"
    }

    fn words(&self) -> &'static str {
        "A bias is blamed by how wrong its filter's answers were, added up over places and batch."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let db = frame.input(0)?.sum((0, 2, 3))?;
        frame.set(0, db)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let [_, filters, rows, columns] = dims4(frame.input(0)?)?;
        let out = frame.reuse(0, &[filters])?;
        {
            let dy = frame.f32s(0)?;
            bridge::write(&out, |db| kernel::backward_bias(rows * columns, &dy, db))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    fn check(batch: usize, [channels, height, width]: [usize; 3], filters: usize, window: Window) {
        let [rows, columns] = window.kernel;
        let case = || Case::new().batched(batch, &[channels, height, width]).fixed(&[filters, channels, rows, columns]);
        gradient_check(Conv2d { window }, case().fixed(&[filters]));
        gradient_check(Conv2d { window }, case());
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let window = |kernel, stride, before, after| Window { kernel, stride, before, after };
        check(1, [1, 1, 1], 1, Window::square(1, 1));
        check(3, [4, 5, 7], 3, Window::square(1, 1));
        check(2, [3, 7, 5], 4, window([3, 3], [1, 1], [1, 1], [1, 1]));
        check(2, [2, 8, 6], 3, window([3, 2], [2, 3], [0, 1], [1, 0]));
        check(1, [2, 5, 9], 2, window([4, 4], [2, 1], [1, 1], [2, 2]));
        check(2, [1, 6, 6], 2, window([2, 2], [3, 3], [0, 0], [0, 0]));
        check(1, [1, 2, 3], 1, window([3, 3], [1, 1], [5, 4], [5, 4]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("conv2d", |params| {
            let pair = |key: &str| {
                let pair = &params[key];
                [pair[0].as_u64().unwrap() as usize, pair[1].as_u64().unwrap() as usize]
            };
            let window =
                Window { kernel: pair("kernel"), stride: pair("stride"), before: pair("before"), after: pair("after") };
            Conv2d { window }
        });
    }

    #[test]
    fn the_listing_says_what_is_not_usual() {
        let window = Window { kernel: [3, 3], stride: [2, 2], before: [0, 0], after: [1, 1] };
        assert_eq!(Conv2d { window }.settings(), "stride 2, zeros 0 above, 1 below, 0 left, 1 right");
        assert_eq!(Conv2d { window: Window::square(3, 1) }.settings(), "");
    }
}
