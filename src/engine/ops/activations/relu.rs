//! `relu`: lets positive numbers through and turns negative ones into 0.

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use crate::engine::op::Ends;
use crate::engine::ops::everywhere::at_least;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = max(x, 0).
#[derive(Clone, Copy, Debug)]
pub struct Relu;

impl Pointwise for Relu {
    const NAME: &'static str = "relu";
    const FORMULA: &'static str = "y = max(0, x)";
    const WORDS: &'static str = "Passes positive values through and sets negative ones to 0.";
    const GRADIENT_NAME: &'static str = "relu'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy where y > 0, else 0";
    const GRADIENT_WORDS: &'static str = "The gradient passes only where the value was positive.";
    const DERIVATIVE_FROM: From = From::Output;
    const BLOCKS: bool = true;
    const ENDS: Ends = Ends::Zero;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        at_least(x, 0.0)
    }

    fn derivative(&self, y: &Tensor) -> candle_core::Result<Tensor> {
        y.le(0.0)?.to_dtype(y.dtype())?.affine(-1.0, 1.0)
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call2(Function::Max, Arithmetic::number(0.0), x)
    }

    fn explain_derivative(&self, y: Arithmetic) -> Arithmetic {
        y.exceeds(Arithmetic::number(0.0))
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        if x < 0.0 { 0.0 } else { x }
    }

    #[inline(always)]
    fn derivative_f32(&self, y: f32) -> f32 {
        if y <= 0.0 { 0.0 } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Relu), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Relu), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("relu", |_| Apply(Relu));
    }
}
