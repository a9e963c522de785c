//! `sign`: 1 for positive numbers, −1 for negative ones, 0 for 0. Flat, so that no gradient passes.

use candle_core::Tensor;

use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = −1, 0 or 1.
#[derive(Clone, Copy, Debug)]
pub struct Sign;

impl Pointwise for Sign {
    const NAME: &'static str = "sign";
    const FORMULA: &'static str = "y = 1 if x > 0, −1 if x < 0, else 0";
    const WORDS: &'static str = "Keeps only the sign of each value.";
    const GRADIENT_NAME: &'static str = "sign'x";
    const GRADIENT_FORMULA: &'static str = "dx = 0";
    const GRADIENT_WORDS: &'static str = "The curve is flat everywhere, so no gradient passes.";
    const DERIVATIVE_FROM: From = From::Input;
    const BLOCKS: bool = true;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.sign()
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.zeros_like()
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Sign, x)
    }

    fn explain_derivative(&self, _x: Arithmetic) -> Arithmetic {
        Arithmetic::number(0.0)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        f32::from(u8::from(x > 0.0)) - f32::from(u8::from(x < 0.0))
    }

    #[inline(always)]
    fn derivative_f32(&self, _x: f32) -> f32 {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Sign), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Sign), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("sign", |_| Apply(Sign));
    }
}
