//! `abs`: the size of each number, without its sign. The slope at 0 counts as 0.

use candle_core::Tensor;

use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = |x|; slope 0 at 0.
#[derive(Clone, Copy, Debug)]
pub struct Abs;

impl Pointwise for Abs {
    const NAME: &'static str = "abs";
    const FORMULA: &'static str = "y = |x|";
    const WORDS: &'static str = "The absolute value: each value without its sign.";
    const GRADIENT_NAME: &'static str = "abs'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy · sign(x)";
    const GRADIENT_WORDS: &'static str = "The gradient keeps its sign for positive values and flips for negative \
        ones.";
    const DERIVATIVE_FROM: From = From::Input;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.abs()
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.sign()
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Abs, x)
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Sign, x)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        x.abs()
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        f32::from(u8::from(x > 0.0)) - f32::from(u8::from(x < 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Abs), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Abs), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("abs", |_| Apply(Abs));
    }
}
