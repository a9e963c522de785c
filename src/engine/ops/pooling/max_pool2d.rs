//! `max_pool2d`: keeps the largest number of every window, and remembers where it was. PyTorch's
//! `nn.functional.max_pool2d`.
//!
//! # Shapes
//! x `[B, C, H, W]` -> y and argmax `[B, C, OH, OW]`; argmax counts within a plane, row by row. A remainder at the
//! border is dropped.

use candle_core::{DType, Tensor};

use super::under::{Missing, indices, seeing, seen, settings};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::pool::{self, Pooling};
use crate::engine::kernels::window::Window;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::convolution::conv2d::dims4;
use crate::engine::ops::convolution::unfold::unfold_at;
use crate::engine::ops::everywhere::{Nan, place_of_largest};
use crate::trace::Arithmetic;

/// Largest element of each window, and its index: [B, C, H, W] gives [B, C, H', W']. Zeros around the picture are never
/// the largest: they only make room for the window, which must see the picture at every place.
#[derive(Clone, Debug)]
pub struct MaxPool2d {
    /// How the window slides.
    pub window: Window,
}

impl MaxPool2d {
    fn pooling(&self, size: [usize; 2]) -> Pooling {
        Pooling::sliding(&self.window, size, None)
    }
}

impl Op for MaxPool2d {
    fn name(&self) -> &'static str {
        "max_pool2d"
    }

    fn formula(&self) -> &'static str {
        "y[c, i, j] = max x[c, i·stride + u, j·stride + v] over the window"
    }

    fn words(&self) -> &'static str {
        "Keeps the largest value of each window and records where it was."
    }

    fn settings(&self) -> String {
        settings(&self.window)
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".argmax"]
    }

    fn is_choice(&self, output: usize) -> bool {
        output == 1
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let [rows, columns] = self.window.places([inputs[0].dims[1], inputs[0].dims[2]]);
        vec![ValueShape::batched(vec![inputs[0].dims[0], rows, columns]); 2]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let [batch, channels, height, width] = dims4(x)?;
        let pooling = self.pooling([height, width]);
        let ([rows, columns], places) = (pooling.places(), pooling.output_len());
        let indices = indices(&pooling, Missing::Nearest, x.device())?;
        let entries = unfold_at(x, &indices, places)?.contiguous()?;
        let area = entries.dim(1)?;
        let largest = place_of_largest(&entries, 1, Nan::Last)?;
        let y = entries.gather(&largest, 1)?.reshape((batch, channels, rows, columns))?;
        let table = indices.reshape((1, area, places))?;
        let table = table.broadcast_as((batch * channels, area, places))?.contiguous()?;
        let argmax = table.gather(&largest, 1)?.reshape((batch, channels, rows, columns))?.to_dtype(x.dtype())?;
        frame.set(0, y)?;
        frame.set(1, argmax)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let [batch, channels, height, width] = dims4(frame.input(0)?)?;
        let pooling = self.pooling([height, width]);
        let [rows, columns] = pooling.places();
        let dims = [batch, channels, rows, columns];
        let (out, argmax) = (frame.reuse(0, &dims)?, frame.reuse(1, &dims)?);
        {
            let x = frame.f32s(0)?;
            bridge::write2(&out, &argmax, |y, argmax| pool::max_forward(&pooling, &x, y, argmax))?;
        }
        frame.set(0, out)?;
        frame.set(1, argmax)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let x = reader.input(0)?;
        let seen = seen(&self.pooling([x.dims[2], x.dims[3]]), [index[2], index[3]]);
        let at = |[row, column]: [usize; 2]| x.at(&[index[0], index[1], row, column]);
        if output == 0 {
            return Ok(Arithmetic::max(seen.into_iter().map(at).collect::<Result<_>>()?));
        }
        let winner = reader.output(1)?.number(index)?;
        let (width, place) = (x.dims[3], Arithmetic::given("place", winner));
        let (won, others): (Vec<_>, Vec<_>) =
            seen.into_iter().partition(|[row, column]| row * width + column == winner as usize);
        match won.first() {
            Some(&won) if !others.is_empty() && !at(won)?.evaluate().is_nan() => {
                let others = Arithmetic::max(others.into_iter().map(at).collect::<Result<_>>()?);
                Ok(place * at(won)?.at_least(others))
            }
            _ => Ok(place),
        }
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let dims = &pull.shape(pull.input(0)).dims;
        let size = [dims[1], dims[2]];
        pull.give(0, MaxPool2dX { window: self.window, size }, &[dy, pull.output(1)]);
    }
}

/// dx: each gradient goes to where the largest number was. Inputs: dy, argmax.
#[derive(Debug)]
struct MaxPool2dX {
    window: Window,
    size: [usize; 2],
}

impl Op for MaxPool2dX {
    fn name(&self) -> &'static str {
        "max_pool2d'x"
    }

    fn formula(&self) -> &'static str {
        "dx[argmax] = Σ dy"
    }

    fn words(&self) -> &'static str {
        "Only the largest value of each window gets the gradient; the others made no difference."
    }

    fn settings(&self) -> String {
        settings(&self.window)
    }

    fn indices(&self, _inputs: &[ValueShape]) -> Option<(usize, usize)> {
        Some((1, self.size.iter().product()))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, argmax) = (frame.input(0)?, frame.input(1)?);
        let ([batch, channels, rows, columns], [height, width]) = (dims4(dy)?, self.size);
        let flat = (batch * channels, rows * columns);
        let argmax = argmax.reshape(flat)?.to_dtype(DType::U32)?;
        let planes = Tensor::zeros((batch * channels, height * width), dy.dtype(), dy.device())?;
        let dx = planes.scatter_add(&argmax, &dy.reshape(flat)?, 1)?.reshape((batch, channels, height, width))?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let [batch, channels, ..] = dims4(frame.input(0)?)?;
        let pooling = Pooling::sliding(&self.window, self.size, None);
        let out = frame.reuse(0, &[batch, channels, self.size[0], self.size[1]])?;
        {
            let (dy, argmax) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dx| pool::max_backward(&pooling, &argmax, &dy, dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, argmax) = (reader.input(0)?, reader.input(1)?);
        let here = index[2] * self.size[1] + index[3];
        let [rows, columns] = [dy.dims[2], dy.dims[3]];
        let seeing = seeing(&Pooling::sliding(&self.window, self.size, None), [index[2], index[3]]);
        let mut terms = Vec::new();
        for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
            let at = [index[0], index[1], i, j];
            // A place that was set by hand may lie outside its window.
            if seeing.contains(&[i, j]) || argmax.number(&at)? == here as f64 {
                terms.push(dy.at(&at)? * argmax.at(&at)?.equals(Arithmetic::given("here", here as f64)));
            }
        }
        Ok(Arithmetic::Sum(terms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};
    use crate::engine::ops::pooling::under::recorded_window;

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (batch, dims, kernel, stride) in [
            (1, [1, 1, 1], 1, 1),
            (2, [3, 4, 6], 2, 2),
            (1, [2, 5, 7], 2, 2),
            (3, [2, 7, 5], 3, 2),
            (2, [1, 6, 4], 3, 1),
            (2, [1, 7, 8], 2, 3),
        ] {
            gradient_check(MaxPool2d { window: Window::square(kernel, stride) }, Case::new().batched(batch, &dims));
        }
        let around = Window { before: [1, 0], after: [1, 2], ..Window::square(3, 2) };
        gradient_check(MaxPool2d { window: around }, Case::new().batched(2, &[2, 5, 4]));
        let along = Window { kernel: [4, 1], stride: [2, 1], before: [2, 0], after: [2, 0], ..around };
        gradient_check(MaxPool2d { window: along }, Case::new().batched(2, &[1, 5, 3]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("max_pool2d", |params| MaxPool2d { window: recorded_window(params) });
    }
}
