//! `exp`: e to the power of each number.

use candle_core::Tensor;

use crate::engine::kernels::math;
use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = eˣ.
#[derive(Clone, Copy, Debug)]
pub struct Exp;

impl Pointwise for Exp {
    const NAME: &'static str = "exp";
    const FORMULA: &'static str = "y = eˣ";
    const WORDS: &'static str = "e = 2.718… raised to the power of each value.";
    const GRADIENT_NAME: &'static str = "exp'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy · y";
    const DERIVATIVE_FROM: From = From::Output;

    fn remedy(&self) -> Option<&'static str> {
        Some("exp is infinite above 88. Limit its input, as in exp(min(x, 80)).")
    }

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.exp()
    }

    fn derivative(&self, y: &Tensor) -> candle_core::Result<Tensor> {
        Ok(y.clone())
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Exp, x)
    }

    fn explain_derivative(&self, y: Arithmetic) -> Arithmetic {
        y
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        math::exp(x)
    }

    #[inline(always)]
    fn derivative_f32(&self, y: f32) -> f32 {
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Exp), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Exp), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("exp", |_| Apply(Exp));
    }
}
