//! `pad`: zeros before and after the numbers of one axis, as PyTorch's `nn.functional.pad`.
//!
//! # Shapes
//! `[..., n, ...]` -> `[..., before + n + after, ...]`.

use super::Slice;
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{axes, bridge};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::places;
use crate::trace::Arithmetic;

/// Zeros before and after one axis.
#[derive(Clone, Debug)]
pub struct Pad {
    /// Of the tensor: the batch axis counts where there is one.
    pub axis: usize,
    /// Zeros before the first entry.
    pub before: usize,
    /// Zeros behind the last.
    pub after: usize,
}

impl Op for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }

    fn formula(&self) -> &'static str {
        "y[before + i] = x[i] along one axis, 0 elsewhere"
    }

    fn words(&self) -> &'static str {
        "Adds zeros before and after the values of one axis."
    }

    fn settings(&self) -> String {
        format!("axis {}, zeros {} before and {} after", self.axis, self.before, self.after)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let mut shape = inputs[0].clone();
        shape.dims[self.axis - usize::from(inputs[0].batched)] += self.before + self.after;
        vec![shape]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let y = frame.input(0)?.pad_with_zeros(self.axis, self.before, self.after)?.force_contiguous()?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let mut dims = frame.input(0)?.dims().to_vec();
        let inner: usize = dims[self.axis + 1..].iter().product();
        let length = dims[self.axis];
        dims[self.axis] += self.before + self.after;
        let whole = dims[self.axis] * inner;
        let out = frame.reuse(0, &dims)?;
        {
            let x = frame.f32s(0)?;
            bridge::write(&out, |y| axes::put(&x, whole, self.before * inner, length * inner, y))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let length = reader.input(0)?.dims[self.axis];
        match index[self.axis].checked_sub(self.before).filter(|&at| at < length) {
            Some(at) => reader.read(0, &places::moved(index, self.axis, at)),
            None => Ok(Arithmetic::given("padding", 0.0)),
        }
    }

    /// What came through gets its gradient back: a slice.
    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let x = pull.shape(pull.input(0));
        let length = x.dims[self.axis - usize::from(x.batched)];
        pull.give(0, Slice { axis: self.axis, start: self.before, length, drop_axis: false }, &[dy]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Pad { axis: 1, before: 2, after: 1 }, Case::new().batched(3, &[4, 2]));
        gradient_check(Pad { axis: 3, before: 0, after: 2 }, Case::new().batched(2, &[2, 3, 5]));
        gradient_check(Pad { axis: 2, before: 3, after: 0 }, Case::new().batched(1, &[1, 1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        let number = |params: &serde_json::Value, key: &str| params[key].as_u64().unwrap() as usize;
        fixture_check("pad", |params| Pad {
            axis: number(params, "axis"),
            before: number(params, "before"),
            after: number(params, "after"),
        });
    }
}
