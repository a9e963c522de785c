//! `avg_pool2d`: the mean of every window. PyTorch's `nn.functional.avg_pool2d` and `adaptive_avg_pool2d`.
//!
//! # Shapes
//! x `[B, C, H, W]` -> y `[B, C, OH, OW]`.

use super::under::{Missing, count, counts, indices, seeing, seen, settings};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::pool::{self, Pooling};
use crate::engine::kernels::window::Window;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::convolution::conv2d::dims4;
use crate::engine::ops::convolution::unfold::{fold_at, unfold_at};
use crate::trace::Arithmetic;

/// What the means are taken over.
#[derive(Clone, Copy, Debug)]
pub enum Over {
    /// `counted` as in [`Pooling::sliding`].
    Window { window: Window, counted: Option<[usize; 2]> },
    /// So many parts of the picture, down and across.
    Parts([usize; 2]),
}

impl Over {
    fn pooling(&self, size: [usize; 2]) -> Pooling {
        match self {
            Self::Window { window, counted } => Pooling::sliding(window, size, *counted),
            Self::Parts(parts) => Pooling::parts(*parts, size),
        }
    }

    fn settings(&self) -> String {
        match self {
            Self::Window { window, counted } => {
                let has_zeros = window.before != [0; 2] || window.after != [0; 2];
                let kind = if has_zeros && counted.is_none() { ", zeros not counted" } else { "" };
                settings(window) + kind
            }
            Self::Parts([rows, columns]) => format!("{rows} × {columns} parts"),
        }
    }
}

/// Mean of each window: [B, C, H, W] gives [B, C, H', W'].
#[derive(Clone, Debug)]
pub struct AvgPool2d {
    /// Where the windows lie.
    pub over: Over,
}

impl Op for AvgPool2d {
    fn name(&self) -> &'static str {
        "avg_pool2d"
    }

    fn formula(&self) -> &'static str {
        match self.over {
            Over::Window { .. } => "y[c, i, j] = mean of x[c, i·stride + u, j·stride + v] over the window",
            Over::Parts(_) => "y[c, i, j] = mean of x[c] over part (i, j)",
        }
    }

    fn words(&self) -> &'static str {
        "Replaces each window by the mean of its values."
    }

    fn settings(&self) -> String {
        self.over.settings()
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let [rows, columns] = self.over.pooling([inputs[0].dims[1], inputs[0].dims[2]]).places();
        vec![ValueShape::batched(vec![inputs[0].dims[0], rows, columns])]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let [batch, channels, height, width] = dims4(x)?;
        let pooling = self.over.pooling([height, width]);
        let [rows, columns] = pooling.places();
        let sums = unfold_at(x, &indices(&pooling, Missing::Zero, x.device())?, pooling.output_len())?.sum(1)?;
        let y = sums.broadcast_div(&counts(&pooling, x)?)?.reshape((batch, channels, rows, columns))?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let [batch, channels, height, width] = dims4(frame.input(0)?)?;
        let pooling = self.over.pooling([height, width]);
        let [rows, columns] = pooling.places();
        let out = frame.reuse(0, &[batch, channels, rows, columns])?;
        {
            let x = frame.f32s(0)?;
            bridge::write(&out, |y| pool::average_forward(&pooling, &x, y))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let x = reader.input(0)?;
        let (pooling, place) = (self.over.pooling([x.dims[2], x.dims[3]]), [index[2], index[3]]);
        let numbers = seen(&pooling, place).into_iter().map(|[row, column]| x.at(&[index[0], index[1], row, column]));
        Ok(Arithmetic::Sum(numbers.collect::<Result<_>>()?) / Arithmetic::given("count", count(&pooling, place)))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let dims = &pull.shape(pull.input(0)).dims;
        let size = [dims[1], dims[2]];
        pull.give(0, AvgPool2dX { over: self.over, size }, &[dy]);
    }
}

/// dx: each gradient is shared equally by its window. Inputs: dy.
#[derive(Debug)]
struct AvgPool2dX {
    over: Over,
    size: [usize; 2],
}

impl Op for AvgPool2dX {
    fn name(&self) -> &'static str {
        "avg_pool2d'x"
    }

    fn formula(&self) -> &'static str {
        "dx = Σ dy / count over the windows that contain it"
    }

    fn words(&self) -> &'static str {
        "All values of a window share its gradient equally."
    }

    fn settings(&self) -> String {
        self.over.settings()
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, pooling) = (frame.input(0)?, self.over.pooling(self.size));
        let [batch, channels, rows, columns] = dims4(dy)?;
        let indices = indices(&pooling, Missing::Zero, dy.device())?;
        let (planes, places) = (batch * channels, rows * columns);
        let share =
            dy.reshape((planes, places))?.broadcast_div(&counts(&pooling, dy)?)?.reshape((planes, 1, places))?;
        let share = share.broadcast_as((planes, indices.dim(0)? / places.max(1), places))?.contiguous()?;
        let dx = fold_at(&share, &indices, [batch, channels, self.size[0], self.size[1]])?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let [batch, channels, ..] = dims4(frame.input(0)?)?;
        let pooling = self.over.pooling(self.size);
        let out = frame.reuse(0, &[batch, channels, self.size[0], self.size[1]])?;
        {
            let dy = frame.f32s(0)?;
            bridge::write(&out, |dx| pool::average_backward(&pooling, &dy, dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, pooling) = (reader.input(0)?, self.over.pooling(self.size));
        let share = |place: [usize; 2]| {
            let dy = dy.at(&[index[0], index[1], place[0], place[1]])?;
            Ok(dy / Arithmetic::given("count", count(&pooling, place)))
        };
        let shares = seeing(&pooling, [index[2], index[3]]).into_iter().map(share);
        Ok(Arithmetic::Sum(shares.collect::<Result<_>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};
    use crate::engine::ops::pooling::under::recorded_window;

    #[test]
    fn gradients_agree_with_finite_differences() {
        let over = |window: Window, counted| AvgPool2d { over: Over::Window { window, counted } };
        for (batch, dims, kernel, stride) in [
            (1, [1, 1, 1], 1, 1),
            (2, [3, 4, 6], 2, 2),
            (1, [2, 5, 7], 2, 2),
            (3, [2, 7, 5], 3, 2),
            (2, [1, 7, 8], 2, 3),
        ] {
            gradient_check(over(Window::square(kernel, stride), Some([0; 2])), Case::new().batched(batch, &dims));
        }
        let around = Window { before: [1, 0], after: [1, 2], ..Window::square(3, 2) };
        for counted in [None, Some([1, 2]), Some([1, 1])] {
            gradient_check(over(around, counted), Case::new().batched(2, &[2, 5, 4]));
        }
        for parts in [[2, 3], [1, 1], [6, 5]] {
            gradient_check(AvgPool2d { over: Over::Parts(parts) }, Case::new().batched(2, &[2, 5, 4]));
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        let two = |value: &serde_json::Value| [0, 1].map(|axis| value[axis].as_u64().unwrap() as usize);
        fixture_check("avg_pool2d", |params| AvgPool2d {
            over: match &params["parts"] {
                serde_json::Value::Null => {
                    let counted = params["counted"].is_array().then(|| two(&params["counted"]));
                    Over::Window { window: recorded_window(params), counted }
                }
                parts => Over::Parts(two(parts)),
            },
        });
    }
}
