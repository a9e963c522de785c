//! `conv2d`: slides each filter over the picture, `y = w ⋆ x + b` (cross-correlation, as PyTorch's
//! `nn.functional.conv2d`).
//!
//! # Shapes
//! x `[B, C, H, W]`, w `[F, C, KH, KW]`, b `[F]` (may be absent) -> y `[B, F, OH, OW]`. Zeros around the picture may
//! differ before and after an axis. In groups, w is `[F, C / groups, KH, KW]`: the first filters see only the first
//! channels, and so on.

use candle_core::Tensor;

use super::sliding;
use super::unfold::{fold, unfold};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::conv2d::{self as kernel, Convolution};
use crate::engine::kernels::grouped::{self, Grouped};
use crate::engine::kernels::window::Window;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::everywhere::{product, product_of_each};
use crate::trace::Arithmetic;

/// Inputs: x, w, and b when there is one.
#[derive(Clone, Debug)]
pub struct Conv2d {
    /// Kernel, stride, padding and dilation.
    pub window: Window,
    /// Independent groups of channels and filters.
    pub groups: usize,
}

/// `stride 2, zeros 1` as the listing shows it.
pub fn settings(window: &Window, groups: usize) -> String {
    let [top, left] = window.before;
    let [bottom, right] = window.after;
    let zeros = match [top, left, bottom, right] {
        [0, 0, 0, 0] => String::new(),
        [a, b, c, d] if a == b && a == c && a == d => format!("zeros {a}"),
        _ => format!("zeros {top} above, {bottom} below, {left} left, {right} right"),
    };
    let both = |what: &str, [rows, columns]: [usize; 2]| match (rows, columns) {
        (1, 1) => String::new(),
        _ if rows == columns => format!("{what} {rows}"),
        _ => format!("{what} {rows} down, {columns} across"),
    };
    let groups = if groups == 1 { String::new() } else { format!("groups {groups}") };
    let all = [both("stride", window.stride), zeros, both("dilation", window.dilation), groups];
    all.into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The sizes that the kernels want, from those of x and w.
pub fn convolution(window: &Window, x: [usize; 4], w: [usize; 4]) -> Convolution {
    Convolution { channels: w[1], size: [x[2], x[3]], filters: w[0], window: *window }
}

/// The same in groups: each has its share of the filters.
fn in_groups(window: &Window, groups: usize, x: [usize; 4], w: [usize; 4]) -> Grouped {
    Grouped { groups, each: convolution(window, x, [w[0] / groups, w[1], w[2], w[3]]) }
}

/// `part i of n` along an axis.
fn share(tensor: &Tensor, axis: usize, groups: usize, group: usize) -> Result<Tensor> {
    let size = tensor.dim(axis)? / groups;
    Ok(tensor.narrow(axis, group * size, size)?.contiguous()?)
}

/// What each group makes, side by side along `axis`.
fn by_group(groups: usize, axis: usize, each: impl Fn(usize) -> Result<Tensor>) -> Result<Tensor> {
    if groups == 1 {
        return each(0);
    }
    let parts: Vec<_> = (0..groups).map(each).collect::<Result<_>>()?;
    Ok(Tensor::cat(&parts, axis)?)
}

/// `w ⋆ x` of one group by its definition.
pub fn convolve(x: &Tensor, w: &Tensor, window: &Window) -> Result<Tensor> {
    let ([batch, channels, height, width], filters) = (dims4(x)?, w.dim(0)?);
    let [rows, columns] = window.places([height, width]);
    let depth = channels * window.area();
    let lowered = unfold(x, window)?.reshape((batch, depth, rows * columns))?;
    Ok(product_of_each(&w.reshape((filters, depth))?, &lowered)?.reshape((batch, filters, rows, columns))?)
}

/// The gradient of x, of rows and columns `size`.
pub fn spread(dy: &Tensor, w: &Tensor, window: &Window, size: [usize; 2]) -> Result<Tensor> {
    let ([batch, filters, rows, columns], channels) = (dims4(dy)?, w.dim(1)?);
    let w = w.reshape((filters, channels * window.area()))?.t()?;
    let lowered = product_of_each(&w, &dy.reshape((batch, filters, rows * columns))?)?;
    let lowered = lowered.reshape((batch * channels, window.area(), rows * columns))?;
    Ok(fold(&lowered, window, [batch, channels, size[0], size[1]])?)
}

/// The gradient of w.
pub fn correlate(dy: &Tensor, x: &Tensor, window: &Window) -> Result<Tensor> {
    let ([batch, filters, rows, columns], channels) = (dims4(dy)?, x.dim(1)?);
    let [height, width] = window.kernel;
    let depth = channels * window.area();
    let lowered = unfold(x, window)?.reshape((batch, depth, rows * columns))?;
    let dy = dy.reshape((batch, filters, rows * columns))?;
    Ok(product(&dy, &lowered.transpose(1, 2)?)?.sum(0)?.reshape((filters, channels, height, width))?)
}

pub fn dims4(tensor: &Tensor) -> Result<[usize; 4]> {
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
        "Slides each filter over the image, multiplies the pixels under it by the filter's weights and adds them up."
    }

    fn settings(&self) -> String {
        settings(&self.window, self.groups)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let [rows, columns] = self.window.places([inputs[0].dims[1], inputs[0].dims[2]]);
        vec![ValueShape::batched(vec![inputs[1].dims[0], rows, columns])]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (x, w, groups) = (frame.input(0)?, frame.input(1)?, self.groups);
        let mut y = by_group(groups, 1, |group| {
            convolve(&share(x, 1, groups, group)?, &share(w, 0, groups, group)?, &self.window)
        })?;
        if frame.input_count() > 2 {
            y = y.broadcast_add(&frame.input(2)?.reshape((1, w.dim(0)?, 1, 1))?)?;
        }
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (x, w) = (dims4(frame.input(0)?)?, dims4(frame.input(1)?)?);
        let sizes = in_groups(&self.window, self.groups, x, w);
        let [rows, columns] = self.window.places(sizes.each.size);
        let out = frame.reuse(0, &[x[0], w[0], rows, columns])?;
        {
            let (x, w) = (frame.f32s(0)?, frame.f32s(1)?);
            let bias = if frame.input_count() > 2 { Some(frame.f32s(2)?) } else { None };
            bridge::write(&out, |y| match self.groups {
                1 => kernel::forward(&sizes.each, &x, &w, bias.as_deref(), y),
                _ => grouped::forward(&sizes, &x, &w, bias.as_deref(), y),
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, w) = (reader.input(0)?, reader.input(1)?);
        let mut terms = sliding::convolved(x, w, &self.window, self.groups, index)?;
        if reader.inputs.len() > 2 {
            terms.push(reader.read(2, &[index[1]])?);
        }
        Ok(Arithmetic::Sum(terms))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let (x, w) = (pull.input(0), pull.input(1));
        let (window, groups) = (self.window, self.groups);
        let size = [pull.shape(x).dims[1], pull.shape(x).dims[2]];
        pull.give(0, Conv2dX { window, size, groups }, &[dy, w]);
        pull.give(1, Conv2dW { window, groups }, &[dy, x]);
        pull.give(2, Conv2dB, &[dy]);
    }
}

/// dx: every output's gradient, spread over what lay under the filter. Inputs: dy, w.
#[derive(Debug)]
struct Conv2dX {
    window: Window,
    groups: usize,
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
        "Each pixel collects the gradient of every output it contributed to, times the weight in between."
    }

    fn settings(&self) -> String {
        settings(&self.window, self.groups)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, w, groups) = (frame.input(0)?, frame.input(1)?, self.groups);
        let dx = by_group(groups, 1, |group| {
            spread(&share(dy, 1, groups, group)?, &share(w, 0, groups, group)?, &self.window, self.size)
        })?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let w = dims4(frame.input(1)?)?;
        let x = [frame.input(0)?.dim(0)?, w[1] * self.groups, self.size[0], self.size[1]];
        let sizes = in_groups(&self.window, self.groups, x, w);
        let out = frame.reuse(0, &x)?;
        {
            let (dy, w) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dx| match self.groups {
                1 => kernel::backward_input(&sizes.each, &w, &dy, dx),
                _ => grouped::backward_input(&sizes, &w, &dy, dx),
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, w) = (reader.input(0)?, reader.input(1)?);
        Ok(Arithmetic::Sum(sliding::spread(dy, w, &self.window, self.groups, index)?))
    }
}

/// dw: what lay under each weight times the gradient there, over all places. Inputs: dy, x.
#[derive(Debug)]
struct Conv2dW {
    window: Window,
    groups: usize,
}

impl Op for Conv2dW {
    fn name(&self) -> &'static str {
        "conv2d'w"
    }

    fn formula(&self) -> &'static str {
        "dw[f, c, u, v] = Σ dy[f, i, j] · x[c, i·stride + u, j·stride + v]"
    }

    fn words(&self) -> &'static str {
        "The sum of pixel times output gradient, over all positions of the filter and the batch."
    }

    fn settings(&self) -> String {
        settings(&self.window, self.groups)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, x, groups) = (frame.input(0)?, frame.input(1)?, self.groups);
        let dw = by_group(groups, 0, |group| {
            correlate(&share(dy, 1, groups, group)?, &share(x, 1, groups, group)?, &self.window)
        })?;
        frame.set(0, dw)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (dy, x) = (dims4(frame.input(0)?)?, dims4(frame.input(1)?)?);
        let w = [dy[1], x[1] / self.groups, self.window.kernel[0], self.window.kernel[1]];
        let sizes = in_groups(&self.window, self.groups, x, w);
        let out = frame.reuse(0, &w)?;
        {
            let (dy, x) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dw| match self.groups {
                1 => kernel::backward_weight(&sizes.each, &x, &dy, dw),
                _ => grouped::backward_weight(&sizes, &x, &dy, dw),
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, x) = (reader.input(0)?, reader.input(1)?);
        Ok(Arithmetic::Sum(sliding::met(dy, x, &self.window, self.groups, index)?))
    }
}

/// db = Σ dy over batch and places.
#[derive(Debug)]
pub struct Conv2dB;

impl Op for Conv2dB {
    fn name(&self) -> &'static str {
        "conv2d'b"
    }

    fn formula(&self) -> &'static str {
        "db[f] = Σ dy[f, i, j]"
    }

    fn words(&self) -> &'static str {
        "The sum of the filter's output gradients over all positions and the batch."
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

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let dy = reader.input(0)?;
        let (each, filters) = (dy.dims[2] * dy.dims[3], dy.dims[1]);
        let places = (0..dy.numbers.len()).filter(|flat| flat / each % filters == index[0]);
        Ok(Arithmetic::Sum(places.map(|flat| dy.at_flat(flat)).collect::<Result<_>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    fn check(batch: usize, [channels, height, width]: [usize; 3], filters: usize, window: Window) {
        check_groups(1, batch, [channels, height, width], filters, window);
    }

    fn check_groups(
        groups: usize,
        batch: usize,
        [channels, height, width]: [usize; 3],
        filters: usize,
        window: Window,
    ) {
        let [rows, columns] = window.kernel;
        let w = [filters, channels / groups, rows, columns];
        let case = || Case::new().batched(batch, &[channels, height, width]).fixed(&w);
        gradient_check(Conv2d { window, groups }, case().fixed(&[filters]));
        gradient_check(Conv2d { window, groups }, case());
    }

    fn window(kernel: [usize; 2], stride: [usize; 2], before: [usize; 2], after: [usize; 2]) -> Window {
        Window { kernel, stride, before, after, dilation: [1, 1] }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        check(1, [1, 1, 1], 1, Window::square(1, 1));
        check(3, [4, 5, 7], 3, Window::square(1, 1));
        check(2, [3, 7, 5], 4, window([3, 3], [1, 1], [1, 1], [1, 1]));
        check(2, [2, 8, 6], 3, window([3, 2], [2, 3], [0, 1], [1, 0]));
        check(1, [2, 5, 9], 2, window([4, 4], [2, 1], [1, 1], [2, 2]));
        check(2, [1, 6, 6], 2, window([2, 2], [3, 3], [0, 0], [0, 0]));
        check(1, [1, 2, 3], 1, window([3, 3], [1, 1], [5, 4], [5, 4]));
        // Enough channels and filters for Winograd's method.
        check(2, [18, 5, 4], 19, window([3, 3], [1, 1], [1, 1], [1, 1]));
        check(1, [16, 3, 6], 24, window([3, 3], [1, 1], [0, 2], [0, 1]));
    }

    #[test]
    fn gradients_of_groups_and_dilation_agree_with_finite_differences() {
        let dilated = |dilation, window| Window { dilation, ..window };
        check(2, [2, 9, 7], 3, dilated([2, 3], window([3, 2], [2, 1], [1, 2], [2, 0])));
        check_groups(2, 2, [4, 6, 5], 6, window([3, 3], [1, 1], [1, 1], [1, 1]));
        check_groups(3, 1, [3, 5, 8], 3, window([3, 2], [1, 3], [1, 0], [0, 1]));
        check_groups(3, 3, [3, 4, 7], 6, dilated([2, 1], window([2, 4], [2, 2], [1, 2], [0, 1])));
        check_groups(5, 1, [5, 1, 1], 5, Window::square(1, 1));
        check_groups(2, 2, [6, 7, 4], 2, dilated([1, 2], window([1, 2], [2, 1], [0, 0], [0, 1])));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("conv2d", |params| {
            let pair = |key: &str| {
                let pair = &params[key];
                [pair[0].as_u64().unwrap() as usize, pair[1].as_u64().unwrap() as usize]
            };
            let [kernel, stride, before, after, dilation] =
                ["kernel", "stride", "before", "after", "dilation"].map(pair);
            let groups = params["groups"].as_u64().unwrap() as usize;
            Conv2d { window: Window { kernel, stride, before, after, dilation }, groups }
        });
    }

    #[test]
    fn the_listing_says_what_is_not_usual() {
        let odd = window([3, 3], [2, 2], [0, 0], [1, 1]);
        assert_eq!(settings(&odd, 1), "stride 2, zeros 0 above, 1 below, 0 left, 1 right");
        assert_eq!(settings(&Window::square(3, 1), 1), "");
        assert_eq!(settings(&Window { dilation: [2, 2], ..Window::square(3, 1) }, 4), "dilation 2, groups 4");
    }
}
