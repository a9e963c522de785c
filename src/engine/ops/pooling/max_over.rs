//! `max_over`: the largest number along one axis, and its place. PyTorch's `max(axis)`: of equal numbers the first
//! counts, and NaN is larger than any number.
//!
//! # Shapes
//! `[B, ..., n, ...]` -> y and argmax, the same without the axis.

use candle_core::{DType, Tensor};

use super::mean_over::{around, without};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{axes, bridge};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::everywhere::{Nan, place_of_largest};
use crate::engine::ops::places;
use crate::expr::BinaryOperator;
use crate::trace::Arithmetic;

/// Largest element along one axis, which is removed, and its index.
#[derive(Clone, Debug)]
pub struct MaxOver {
    /// Of the tensor, batch counted: at least 1.
    pub axis: usize,
}

impl Op for MaxOver {
    fn name(&self) -> &'static str {
        "max_over"
    }

    fn formula(&self) -> &'static str {
        "y = max x[i] along one axis"
    }

    fn words(&self) -> &'static str {
        "Replaces one axis by its largest value and records where that was."
    }

    fn settings(&self) -> String {
        format!("axis {}", self.axis)
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".argmax"]
    }

    fn is_choice(&self, output: usize) -> bool {
        output == 1
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![without(&inputs[0], self.axis); 2]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let argmax = place_of_largest(x, self.axis, Nan::First)?;
        let y = x.gather(&argmax, self.axis)?.squeeze(self.axis)?;
        let argmax = argmax.squeeze(self.axis)?.to_dtype(frame.dtype())?;
        frame.set(0, y)?;
        frame.set(1, argmax)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (dims, sizes) = around(frame.input(0)?, self.axis);
        let (out, argmax) = (frame.reuse(0, &dims)?, frame.reuse(1, &dims)?);
        {
            let x = frame.f32s(0)?;
            bridge::write2(&out, &argmax, |y, argmax| axes::max(&x, sizes, y, argmax))?;
        }
        frame.set(0, out)?;
        frame.set(1, argmax)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, mut largest) = (reader.input(0)?, (0, f64::NEG_INFINITY));
        for at in 0..x.dims[self.axis] {
            let number = x.number(&places::widened(index, self.axis, at))?;
            if at == 0 || number > largest.1 || (number.is_nan() && !largest.1.is_nan()) {
                largest = (at, number);
            }
        }
        match output {
            0 => x.at(&places::widened(index, self.axis, largest.0)),
            _ => Ok(Arithmetic::given("position of the largest", largest.0 as f64)),
        }
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let axis = self.axis;
        let size = pull.shape(pull.input(0)).dims[axis - 1];
        pull.give(0, MaxOverX { axis, size }, &[dy, pull.output(1)]);
    }
}

/// Inputs: dy, argmax.
#[derive(Debug)]
struct MaxOverX {
    axis: usize,
    /// Of the axis.
    size: usize,
}

impl Op for MaxOverX {
    fn name(&self) -> &'static str {
        "max_over'x"
    }

    fn formula(&self) -> &'static str {
        "dx[argmax] = dy, 0 elsewhere"
    }

    fn words(&self) -> &'static str {
        "Only the largest value gets the gradient."
    }

    fn settings(&self) -> String {
        format!("axis {}", self.axis)
    }

    fn indices(&self, _inputs: &[ValueShape]) -> Option<(usize, usize)> {
        Some((1, self.size))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, argmax) = (frame.input(0)?.unsqueeze(self.axis)?, frame.input(1)?.unsqueeze(self.axis)?);
        let mut shape = vec![1; dy.rank()];
        shape[self.axis] = self.size;
        let places = Tensor::arange(0u32, self.size as u32, frame.device())?.reshape(shape)?;
        let there = argmax.to_dtype(DType::U32)?.broadcast_eq(&places)?.to_dtype(frame.dtype())?;
        let dx = there.broadcast_mul(&dy)?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let mut dims = frame.input(0)?.dims().to_vec();
        let inner = dims[self.axis..].iter().product();
        dims.insert(self.axis, self.size);
        let out = frame.reuse(0, &dims)?;
        {
            let (dy, argmax) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dx| axes::max_backward(&dy, &argmax, [self.size, inner], dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let place = places::narrowed(index, self.axis);
        let here = Arithmetic::given("place", index[self.axis] as f64);
        let chosen = Arithmetic::Binary(BinaryOperator::Equal, Box::new([reader.read(1, &place)?, here]));
        Ok(reader.read(0, &place)? * chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(MaxOver { axis: 1 }, Case::new().batched(3, &[7, 2]));
        gradient_check(MaxOver { axis: 2 }, Case::new().batched(2, &[3, 5]));
        gradient_check(MaxOver { axis: 2 }, Case::new().batched(1, &[2, 1, 3]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("max_over", |params| MaxOver { axis: params["axis"].as_u64().unwrap() as usize });
    }
}
