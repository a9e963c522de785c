//! `step`: 1 for positive numbers, else 0. Flat, so that no gradient passes.

use candle_core::Tensor;

use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = 1 above 0, otherwise 0.
#[derive(Clone, Copy, Debug)]
pub struct Step;

impl Pointwise for Step {
    const NAME: &'static str = "step";
    const FORMULA: &'static str = "y = 1 if x > 0, else 0";
    const WORDS: &'static str = "1 where the value is positive, 0 elsewhere.";
    const GRADIENT_NAME: &'static str = "step'x";
    const GRADIENT_FORMULA: &'static str = "dx = 0";
    const GRADIENT_WORDS: &'static str = "The curve is flat everywhere, so no gradient passes.";
    const DERIVATIVE_FROM: From = From::Input;
    const BLOCKS: bool = true;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.gt(0.0)?.to_dtype(x.dtype())
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.zeros_like()
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Step, x)
    }

    fn explain_derivative(&self, _x: Arithmetic) -> Arithmetic {
        Arithmetic::number(0.0)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        f32::from(u8::from(x > 0.0))
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
        gradient_check(Apply(Step), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Step), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("step", |_| Apply(Step));
    }
}
