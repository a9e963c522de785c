//! `log_softmax`: the logarithms of the shares that softmax makes, without their rounding. PyTorch's
//! `nn.functional.log_softmax`.
//!
//! # Shapes
//! `[B, ..., n]` -> the same.

use candle_core::D;

use super::softmax::exponentials;
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::{Reader, joined, split_last};
use crate::engine::kernels::elementwise::vectorised;
use crate::engine::kernels::{bridge, lanes, math};
use crate::engine::op::{Frame, Op};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// x − ln Σ eˣ over the last axis.
#[derive(Debug)]
pub struct LogSoftmax;

impl Op for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }

    fn formula(&self) -> &'static str {
        "yᵢ = xᵢ − log Σⱼ eˣʲ"
    }

    fn words(&self) -> &'static str {
        "Turns a row into the logarithms of probabilities that add up to 1."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let moved = x.broadcast_sub(&x.max_keepdim(D::Minus1)?)?;
        let total = moved.exp()?.sum_keepdim(D::Minus1)?.log()?;
        let y = moved.broadcast_sub(&total)?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let shape = frame.input(0)?.shape().clone();
        let n = shape.dims().last().copied().unwrap_or(1).max(1);
        let out = frame.reuse(0, shape.dims())?;
        {
            let x = frame.f32s(0)?;
            bridge::write(&out, |y| {
                for (x, y) in x.chunks_exact(n).zip(y.chunks_exact_mut(n)) {
                    let max = lanes::largest(x);
                    let log = sum_of_exponentials(x, y, max).ln();
                    x.iter().zip(y).for_each(|(x, y)| *y = x - max - log);
                }
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let x = reader.input(0)?;
        let (max, total) = exponentials(x, split_last(index).0)?;
        Ok(x.at(index)? - max - Arithmetic::call(Function::Log, total))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        pull.give(0, LogSoftmaxX, &[dy, pull.output(0)]);
    }
}

/// `eˣ⁻ᶜ` of every number, and what they add up to.
fn sum_of_exponentials(x: &[f32], out: &mut [f32], c: f32) -> f32 {
    vectorised(
        #[inline(always)]
        || {
            x.iter().zip(out.iter_mut()).for_each(|(x, out)| *out = math::exp(x - c));
            lanes::sum(out)
        },
    )
}

/// Inputs: dy, y.
#[derive(Debug)]
struct LogSoftmaxX;

impl Op for LogSoftmaxX {
    fn name(&self) -> &'static str {
        "log_softmax'x"
    }

    fn formula(&self) -> &'static str {
        "dxᵢ = dyᵢ − eʸⁱ · Σⱼ dyⱼ"
    }

    fn words(&self) -> &'static str {
        "A probability can grow only at the expense of the others, so each gradient is reduced by its part of the sum."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, y) = (frame.input(0)?, frame.input(1)?);
        let dx = (dy - y.exp()?.broadcast_mul(&dy.sum_keepdim(D::Minus1)?)?)?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let shape = frame.input(0)?.shape().clone();
        let n = shape.dims().last().copied().unwrap_or(1).max(1);
        let out = frame.reuse(0, shape.dims())?;
        {
            let (dy, y) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dx| {
                for ((dx, dy), y) in dx.chunks_exact_mut(n).zip(dy.chunks_exact(n)).zip(y.chunks_exact(n)) {
                    sum_of_exponentials(y, dx, 0.0);
                    let total: f32 = dy.iter().sum();
                    dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx = dy - *dx * total);
                }
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, y) = (reader.input(0)?, reader.input(1)?);
        let row = split_last(index).0;
        let all = (0..y.dims.last().copied().unwrap_or(1)).map(|j| dy.at(&joined(row, j))).collect::<Result<_>>()?;
        let total = Arithmetic::named("Σ dy", Arithmetic::Sum(all));
        Ok(dy.at(index)? - Arithmetic::call(Function::Exp, y.at(index)?) * total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check, outputs};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(LogSoftmax, Case::new().batched(3, &[5]));
        gradient_check(LogSoftmax, Case::new().batched(2, &[2, 3, 7]));
        gradient_check(LogSoftmax, Case::new().batched(2, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("log_softmax", |_| LogSoftmax);
    }

    #[test]
    fn a_share_too_small_for_a_number_still_has_a_logarithm() {
        let found = outputs(LogSoftmax, Case::new().batched(1, &[2]).with(|i, _| 2000.0 * i as f64));
        assert_eq!(found, [[-2000.0, 0.0]]);
    }
}
