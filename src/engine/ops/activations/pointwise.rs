//! The frame of functions of a single number, applied to each by itself: what an activation's file implements, and the
//! forward and backward ops made of it.

use candle_core::Tensor;

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Ends, Frame, Op};
use crate::trace::Arithmetic;

/// What the derivative is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// From x.
    Input,
    /// From y.
    Output,
}

/// A function of one number with its derivative, as tensor operations and as plain f32.
pub trait Pointwise: Copy + std::fmt::Debug + Send + Sync + 'static {
    /// Name of the forward instruction.
    const NAME: &'static str;
    /// Its formula in symbols.
    const FORMULA: &'static str;
    /// The same in a sentence.
    const WORDS: &'static str;
    /// Name of the backward instruction.
    const GRADIENT_NAME: &'static str;
    /// Its formula in symbols.
    const GRADIENT_FORMULA: &'static str;
    /// The same in a sentence.
    const GRADIENT_WORDS: &'static str = "The output gradient times the slope of the curve at this value.";
    /// What the derivative is computed from.
    const DERIVATIVE_FROM: From;
    /// Where the curve is flat nothing passes, not even what is not a number: PyTorch compares there where it could
    /// multiply.
    const BLOCKS: bool = false;
    /// As [`Op::ends`], where no setting moves them.
    const ENDS: Ends = Ends::None;

    /// As [`Op::remedy`], of the function and of its slope.
    fn remedy(&self) -> Option<&'static str> {
        None
    }

    /// Settings shown in the listing; empty if there are none.
    fn settings(&self) -> String {
        String::new()
    }

    /// As [`Op::ends`].
    fn ends(&self) -> Ends {
        Self::ENDS
    }

    /// The definition in tensor operations, on any device and in any precision.
    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor>;

    /// dy/dx at each number, from x or y as [`Self::DERIVATIVE_FROM`] says.
    fn derivative(&self, at: &Tensor) -> candle_core::Result<Tensor>;

    /// y from x, along the branch that x takes.
    fn explain(&self, x: Arithmetic) -> Arithmetic;

    /// dy/dx, from x or y as [`Self::DERIVATIVE_FROM`] says.
    fn explain_derivative(&self, at: Arithmetic) -> Arithmetic;

    /// Branch-free where it can be, so that loops over it vectorise.
    fn value_f32(&self, x: f32) -> f32;

    /// Slope at x, or as a function of y, for the CPU kernel.
    fn derivative_f32(&self, at: f32) -> f32;

    /// Where a curve that blocks is flat: wherever its slope is 0, unless it says otherwise.
    fn flat(&self, _at: &Tensor, slope: &Tensor) -> candle_core::Result<Tensor> {
        slope.eq(0.0)
    }

    /// As [`Self::flat`], of one number.
    #[inline(always)]
    fn is_flat(&self, _at: f32, slope: f32) -> bool {
        slope == 0.0
    }
}

/// y = f(x)
#[derive(Clone, Debug)]
pub struct Apply<F>(pub F);

impl<F: Pointwise> Op for Apply<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn formula(&self) -> &'static str {
        F::FORMULA
    }

    fn words(&self) -> &'static str {
        F::WORDS
    }

    fn ends(&self) -> Ends {
        self.0.ends()
    }

    fn remedy(&self) -> Option<&'static str> {
        self.0.remedy()
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        Ok(self.0.explain(reader.read(0, index)?))
    }

    fn settings(&self) -> String {
        self.0.settings()
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let y = self.0.value(frame.input(0)?)?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let function = self.0;
        let dims = frame.input(0)?.shape().clone();
        let out = frame.reuse(0, dims.dims())?;
        {
            let x = frame.f32s(0)?;
            bridge::write(&out, |y| {
                elementwise::map(
                    &x,
                    y,
                    #[inline(always)]
                    move |x| function.value_f32(x),
                )
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let at = if F::DERIVATIVE_FROM == From::Input { pull.input(0) } else { pull.output(0) };
        pull.give(0, Derive(self.0), &[dy, at]);
    }
}

/// dx = dy · f'(x). Inputs: dy, and x or y.
#[derive(Debug)]
struct Derive<F>(F);

impl<F: Pointwise> Op for Derive<F> {
    fn name(&self) -> &'static str {
        F::GRADIENT_NAME
    }

    fn formula(&self) -> &'static str {
        F::GRADIENT_FORMULA
    }

    fn words(&self) -> &'static str {
        F::GRADIENT_WORDS
    }

    fn remedy(&self) -> Option<&'static str> {
        self.0.remedy()
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, at) = (reader.read(0, index)?, reader.read(1, index)?);
        let (place, slope) = (at.evaluate() as f32, self.0.explain_derivative(at));
        let is_flat = F::BLOCKS && self.0.is_flat(place, slope.evaluate() as f32);
        let is_blocked = is_flat && !dy.evaluate().is_finite();
        Ok(if is_blocked { slope } else { dy * slope })
    }

    fn settings(&self) -> String {
        self.0.settings()
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let at = frame.input(1)?;
        let slope = self.0.derivative(at)?;
        let dx = (frame.input(0)? * &slope)?;
        let dx = if F::BLOCKS { self.0.flat(at, &slope)?.where_cond(&slope, &dx)? } else { dx };
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let function = self.0;
        let dims = frame.input(0)?.shape().clone();
        let out = frame.reuse(0, dims.dims())?;
        {
            let (dy, at) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dx| {
                elementwise::map2(
                    &dy,
                    &at,
                    dx,
                    #[inline(always)]
                    move |dy, at| {
                        let slope = function.derivative_f32(at);
                        if F::BLOCKS && function.is_flat(at, slope) { 0.0 } else { dy * slope }
                    },
                )
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }
}
