//! `softmax`: positive shares along the last axis that add up to 1.
//!
//! # Shapes
//! `[B, ..., n]` -> the same.

use candle_core::{D, Tensor};

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::{Operand, Reader, joined, split_last};
use crate::engine::kernels::elementwise::vectorised;
use crate::engine::kernels::{bridge, lanes, math};
use crate::engine::op::{Frame, Op};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Softmax over the last axis.
#[derive(Debug)]
pub struct Softmax;

/// Softmax along the last axis, composed of tensor operations. The largest number is taken off first, so that nothing
/// overflows.
pub fn softmax(x: &Tensor) -> candle_core::Result<Tensor> {
    let powers = x.broadcast_sub(&x.max_keepdim(D::Minus1)?)?.exp()?;
    powers.broadcast_div(&powers.sum_keepdim(D::Minus1)?)
}

/// Its logarithm, without taking that of a number that underflowed.
pub fn log_softmax(x: &Tensor) -> candle_core::Result<Tensor> {
    let x = x.broadcast_sub(&x.max_keepdim(D::Minus1)?)?;
    x.broadcast_sub(&x.exp()?.sum_keepdim(D::Minus1)?.log()?)
}

/// Softmax of each row of `n`; tells `done` the row's index, its largest number and Σ eˣ⁻ᵐᵃˣ.
pub fn softmax_rows(x: &[f32], out: &mut [f32], n: usize, mut done: impl FnMut(usize, f32, f32)) {
    if n == 0 {
        return;
    }
    vectorised(
        #[inline(always)]
        || {
            for (i, (x, p)) in x.chunks_exact(n).zip(out.chunks_exact_mut(n)).enumerate() {
                let max = lanes::largest(x);
                for (p, &x) in p.iter_mut().zip(x) {
                    *p = math::exp(x - max);
                }
                let total = lanes::sum(p);
                p.iter_mut().for_each(|p| *p /= total);
                done(i, max, total);
            }
        },
    );
}

/// The largest number of a row, and `Σ eˣ⁻ᵐᵃˣ`.
pub fn exponentials(x: &Operand, row: &[usize]) -> Result<(Arithmetic, Arithmetic)> {
    let all: Vec<_> = (0..x.dims.last().copied().unwrap_or(1)).map(|j| x.at(&joined(row, j))).collect::<Result<_>>()?;
    let max = Arithmetic::named("max", Arithmetic::max(all.clone()));
    let exponentials = all.into_iter().map(|x| Arithmetic::call(Function::Exp, x - max.clone())).collect();
    Ok((max, Arithmetic::named("Σ exp", Arithmetic::Sum(exponentials))))
}

/// The share of a number in its row.
pub fn softmax_of(x: &Operand, index: &[usize]) -> Result<Arithmetic> {
    let (max, total) = exponentials(x, split_last(index).0)?;
    Ok(Arithmetic::call(Function::Exp, x.at(index)? - max) / total)
}

impl Op for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn formula(&self) -> &'static str {
        "yᵢ = eˣⁱ / Σⱼ eˣʲ"
    }

    fn words(&self) -> &'static str {
        "Turns a row of values into probabilities: positive and adding up to 1."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let y = softmax(frame.input(0)?)?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let shape = frame.input(0)?.shape().clone();
        let n = shape.dims().last().copied().unwrap_or(1);
        let out = frame.reuse(0, shape.dims())?;
        {
            let x = frame.f32s(0)?;
            bridge::write(&out, |y| softmax_rows(&x, y, n, |_, _, _| {}))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        softmax_of(reader.input(0)?, index)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        pull.give(0, SoftmaxX, &[dy, pull.output(0)]);
    }
}

/// Inputs: dy, y.
#[derive(Debug)]
struct SoftmaxX;

impl Op for SoftmaxX {
    fn name(&self) -> &'static str {
        "softmax'x"
    }

    fn formula(&self) -> &'static str {
        "dxᵢ = yᵢ · (dyᵢ − Σⱼ dyⱼ yⱼ)"
    }

    fn words(&self) -> &'static str {
        "One probability can only grow at the expense of the others, so each gradient is taken relative to their \
            weighted mean."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, y) = (frame.input(0)?, frame.input(1)?);
        let mean = (dy * y)?.sum_keepdim(D::Minus1)?;
        let dx = (y * dy.broadcast_sub(&mean)?)?;
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
                    let mean: f32 = dy.iter().zip(y).map(|(dy, y)| dy * y).sum();
                    for ((dx, &dy), &y) in dx.iter_mut().zip(dy).zip(y) {
                        *dx = y * (dy - mean);
                    }
                }
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, y) = (reader.input(0)?, reader.input(1)?);
        let row = split_last(index).0;
        let product = |j: usize| Ok(dy.at(&joined(row, j))? * y.at(&joined(row, j))?);
        let mean = (0..y.dims.last().copied().unwrap_or(1)).map(product).collect::<Result<_>>()?;
        Ok(y.at(index)? * (dy.at(index)? - Arithmetic::named("Σ dy·y", Arithmetic::Sum(mean))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Softmax, Case::new().batched(3, &[5]));
        gradient_check(Softmax, Case::new().batched(2, &[2, 3, 7]));
        gradient_check(Softmax, Case::new().batched(2, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("softmax", |_| Softmax);
    }
}
