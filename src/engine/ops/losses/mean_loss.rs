//! The frame of losses that compare numbers one by one and take the mean over batch and outputs: what such a loss's
//! file implements, and the forward and backward ops made of it.
//!
//! # Shapes
//! prediction `[B, n]`, target `[B, n]` -> a single number.

use candle_core::Tensor;

use super::weighted::{Summed, counted, explained};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise, reduce};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

/// An error of one prediction `x` against its target `t`.
pub trait Error: Copy + std::fmt::Debug + Send + Sync + 'static {
    /// Name of the forward instruction.
    const NAME: &'static str;
    /// Its formula in symbols.
    const FORMULA: &'static str;
    /// The same, each sample with its weight `w`.
    const WEIGHTED: &'static str;
    /// In a sentence.
    const WORDS: &'static str;
    /// Name of the backward instruction.
    const GRADIENT_NAME: &'static str;
    /// Its formula in symbols.
    const GRADIENT_FORMULA: &'static str;
    /// The same in a sentence.
    const GRADIENT_WORDS: &'static str;

    /// Loss of each element in tensor operations, before the mean.
    fn value(&self, x: &Tensor, t: &Tensor) -> candle_core::Result<Tensor>;

    /// Part of the derivative: multiplied into the share of each number, so that an error next to the largest number is
    /// not doubled.
    const SCALE: f64 = 1.0;

    /// With respect to `x`, over [`Self::SCALE`].
    fn derivative(&self, x: &Tensor, t: &Tensor) -> candle_core::Result<Tensor>;

    /// Loss of one element as a computation with its numbers.
    fn explain(&self, x: Arithmetic, t: Arithmetic) -> Arithmetic;

    /// The derivative with respect to `x`.
    fn explain_derivative(&self, x: Arithmetic, t: Arithmetic) -> Arithmetic;

    /// Loss of one element, for the CPU kernel.
    fn value_f32(&self, x: f32, t: f32) -> f32;

    /// Its derivative with respect to x, for the CPU kernel.
    fn derivative_f32(&self, x: f32, t: f32) -> f32;
}

/// L = mean of the errors
#[derive(Clone, Debug)]
pub struct Mean<E>(pub E);

impl<E: Error> Op for Mean<E> {
    fn name(&self) -> &'static str {
        E::NAME
    }

    fn formula(&self) -> &'static str {
        E::FORMULA
    }

    fn words(&self) -> &'static str {
        E::WORDS
    }

    fn shapes(&self, _inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::scalar()]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let loss = self.0.value(frame.input(0)?, frame.input(1)?)?.mean_all()?;
        frame.set(0, loss)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let function = self.0;
        let out = frame.reuse(0, &[])?;
        {
            let (x, t) = (frame.f32s(0)?, frame.f32s(1)?);
            let sum = reduce::sum_of2(
                &x,
                &t,
                #[inline(always)]
                move |x, t| function.value_f32(x, t),
            );
            bridge::write(&out, |loss| loss[0] = (sum / x.len() as f64) as f32)?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, _index: &[usize]) -> Result<Arithmetic> {
        explained(self, reader)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dl) = pull.dy() else { return };
        pull.give(0, MeanGradient(self.0), &[pull.input(0), pull.input(1), dl]);
    }
}

impl<E: Error> Summed for Mean<E> {
    const WEIGHTED: &'static str = E::WEIGHTED;

    type Gradient = MeanGradient<E>;

    fn gradient(&self) -> MeanGradient<E> {
        MeanGradient(self.0)
    }

    fn terms(&self, x: &Tensor, t: &Tensor) -> Result<(Tensor, Tensor)> {
        Ok((self.0.value(x, t)?, counted(x.elem_count(), x)?))
    }

    fn explain_terms(&self, reader: &Reader) -> Result<(Vec<Arithmetic>, Arithmetic)> {
        let (x, t) = (reader.input(0)?, reader.input(1)?);
        let error = |i: usize| Ok(Arithmetic::named("error", self.0.explain(x.at_flat(i)?, t.at_flat(i)?)));
        let errors = (0..x.numbers.len()).map(error).collect::<Result<_>>()?;
        Ok((errors, Arithmetic::given("count", x.numbers.len() as f64)))
    }

    fn weighted_kernel(&self, frame: &mut Frame) -> Result<bool> {
        let function = self.0;
        let out = frame.reuse(0, &[])?;
        {
            let (x, t, weights) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            let each = (x.len() / weights.len().max(1)).max(1);
            let of_row = |((x, t), &weight): ((&[f32], &[f32]), &f32)| {
                let value = move |x, t| function.value_f32(x, t);
                f64::from(weight) * reduce::sum_of2(x, t, value)
            };
            let sum: f64 = x.chunks(each).zip(t.chunks(each)).zip(weights.iter()).map(of_row).sum();
            bridge::write(&out, |loss| loss[0] = (sum / x.len() as f64) as f32)?;
        }
        frame.set(0, out)?;
        Ok(true)
    }
}

/// dx = dL · error'(x, t) / count. Inputs: prediction, target, dL.
#[derive(Debug)]
pub struct MeanGradient<E>(E);

impl<E: Error> Op for MeanGradient<E> {
    fn name(&self) -> &'static str {
        E::GRADIENT_NAME
    }

    fn formula(&self) -> &'static str {
        E::GRADIENT_FORMULA
    }

    fn words(&self) -> &'static str {
        E::GRADIENT_WORDS
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let slope = self.0.derivative(frame.input(0)?, frame.input(1)?)?;
        let share = (frame.input(2)? * (E::SCALE / slope.elem_count() as f64))?;
        let dx = slope.broadcast_mul(&share)?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let function = self.0;
        let dims = frame.input(0)?.shape().clone();
        let share = (frame.scalar(2)? * (E::SCALE / dims.elem_count() as f64)) as f32;
        let out = frame.reuse(0, dims.dims())?;
        {
            let (x, t) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dx| {
                elementwise::map2(
                    &x,
                    &t,
                    dx,
                    #[inline(always)]
                    move |x, t| function.derivative_f32(x, t) * share,
                )
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, t) = (reader.input(0)?, reader.input(1)?);
        let slope = self.0.explain_derivative(x.at(index)?, t.at(index)?);
        Ok(reader.read(2, &[])? * slope / Arithmetic::given("count", x.numbers.len() as f64))
    }
}
