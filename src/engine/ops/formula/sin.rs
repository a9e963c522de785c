//! `sin`: the sine of each number, in radians.

use candle_core::Tensor;

use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = sin x.
#[derive(Clone, Copy, Debug)]
pub struct Sin;

impl Pointwise for Sin {
    const NAME: &'static str = "sin";
    const FORMULA: &'static str = "y = sin x";
    const WORDS: &'static str = "A wave that repeats every 2π.";
    const GRADIENT_NAME: &'static str = "sin'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy · cos x";
    const DERIVATIVE_FROM: From = From::Input;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.sin()
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.cos()
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Sin, x)
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Cos, x)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        x.sin()
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        x.cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Sin), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Sin), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("sin", |_| Apply(Sin));
    }
}
