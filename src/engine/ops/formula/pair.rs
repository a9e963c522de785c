//! The frame of functions of two numbers, applied to each pair at the same place: what a file of such a function
//! implements, and the forward and backward ops made of it.

use candle_core::{DType, Tensor};

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Frame, Op};
use crate::trace::Arithmetic;

/// A function of two numbers with its two slopes, as tensor operations and as plain f32.
pub trait Pair: Copy + std::fmt::Debug + Send + Sync + 'static {
    /// Name of the forward instruction.
    const NAME: &'static str;
    /// Its formula in symbols.
    const FORMULA: &'static str;
    /// The same in a sentence.
    const WORDS: &'static str;
    /// Names of the backward instructions, of a and of b.
    const GRADIENT_NAMES: [&'static str; 2];
    /// Their formulas in symbols.
    const GRADIENT_FORMULAS: [&'static str; 2];

    /// As [`Op::remedy`], of the function and of its slopes.
    fn remedy(&self) -> Option<&'static str> {
        None
    }

    /// The definition in tensor operations.
    fn value(&self, a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor>;

    /// dy/da at each pair.
    fn slope_a(&self, a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor>;

    /// dy/db at each pair.
    fn slope_b(&self, a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor>;

    /// The value as a computation with its numbers.
    fn explain(&self, a: Arithmetic, b: Arithmetic) -> Arithmetic;

    /// dy/da, without dy.
    fn explain_slope_a(&self, a: Arithmetic, b: Arithmetic) -> Arithmetic;

    /// The slope with respect to b, likewise.
    fn explain_slope_b(&self, a: Arithmetic, b: Arithmetic) -> Arithmetic;

    /// The value, for the CPU kernel.
    fn value_f32(&self, a: f32, b: f32) -> f32;

    /// The slope with respect to a, for the CPU kernel.
    fn slope_a_f32(&self, a: f32, b: f32) -> f32;

    /// The slope with respect to b, for the CPU kernel.
    fn slope_b_f32(&self, a: f32, b: f32) -> f32;
}

/// 1 where `strictly`, 1/2 where only `at_least`: how maximum and minimum share the gradient of equal numbers.
pub(super) fn half_where_equal(strictly: &Tensor, at_least: &Tensor, dtype: DType) -> candle_core::Result<Tensor> {
    (strictly.to_dtype(dtype)? + at_least.to_dtype(dtype)?)? * 0.5
}

#[inline(always)]
pub(super) fn half_f32(strictly: bool, at_least: bool) -> f32 {
    0.5 * (f32::from(u8::from(strictly)) + f32::from(u8::from(at_least)))
}

/// 1 where the first is larger, 1/2 where both are equal.
pub(super) fn share_of_larger(a: Arithmetic, b: Arithmetic) -> Arithmetic {
    if a.evaluate() == b.evaluate() { Arithmetic::number(0.5) } else { a.exceeds(b) }
}

/// y = f(a, b)
#[derive(Clone, Debug)]
pub struct ApplyPair<F>(pub F);

impl<F: Pair> Op for ApplyPair<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn formula(&self) -> &'static str {
        F::FORMULA
    }

    fn words(&self) -> &'static str {
        F::WORDS
    }

    fn remedy(&self) -> Option<&'static str> {
        self.0.remedy()
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        Ok(self.0.explain(reader.read(0, index)?, reader.read(1, index)?))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let y = self.0.value(frame.input(0)?, frame.input(1)?)?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let function = self.0;
        let dims = frame.input(0)?.shape().clone();
        let out = frame.reuse(0, dims.dims())?;
        {
            let (a, b) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |y| {
                elementwise::map2(
                    &a,
                    &b,
                    y,
                    #[inline(always)]
                    move |a, b| function.value_f32(a, b),
                );
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let inputs = [dy, pull.input(0), pull.input(1)];
        pull.give(0, PairSlope { function: self.0, second: false }, &inputs);
        pull.give(1, PairSlope { function: self.0, second: true }, &inputs);
    }
}

/// da = dy · slope, or db. Inputs: dy, a, b.
#[derive(Debug)]
struct PairSlope<F> {
    function: F,
    second: bool,
}

impl<F: Pair> Op for PairSlope<F> {
    fn name(&self) -> &'static str {
        F::GRADIENT_NAMES[usize::from(self.second)]
    }

    fn remedy(&self) -> Option<&'static str> {
        self.function.remedy()
    }

    fn formula(&self) -> &'static str {
        F::GRADIENT_FORMULAS[usize::from(self.second)]
    }

    fn words(&self) -> &'static str {
        "The output gradient times how strongly the output depends on this input."
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, a, b) = (reader.read(0, index)?, reader.read(1, index)?, reader.read(2, index)?);
        let slope = if self.second { self.function.explain_slope_b(a, b) } else { self.function.explain_slope_a(a, b) };
        Ok(dy * slope)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, a, b) = (frame.input(0)?, frame.input(1)?, frame.input(2)?);
        let slope = if self.second { self.function.slope_b(a, b) } else { self.function.slope_a(a, b) };
        let gradient = (dy * slope?)?;
        frame.set(0, gradient)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let function = self.function;
        let dims = frame.input(0)?.shape().clone();
        let out = frame.reuse(0, dims.dims())?;
        {
            let (dy, a, b) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            bridge::write(&out, |gradient| {
                if self.second {
                    elementwise::map2(&a, &b, gradient, move |a, b| function.slope_b_f32(a, b));
                } else {
                    elementwise::map2(&a, &b, gradient, move |a, b| function.slope_a_f32(a, b));
                }
                elementwise::update(gradient, &dy, |slope, dy| slope * dy);
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }
}
