//! `sqrt`: the square root.

use candle_core::Tensor;

use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = √x.
#[derive(Clone, Copy, Debug)]
pub struct Sqrt;

impl Pointwise for Sqrt {
    const NAME: &'static str = "sqrt";
    const FORMULA: &'static str = "y = √x";
    const WORDS: &'static str = "The square root: the number that gives x when squared.";
    const GRADIENT_NAME: &'static str = "sqrt'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy / (2 · y)";
    const DERIVATIVE_FROM: From = From::Output;

    fn remedy(&self) -> Option<&'static str> {
        Some("The square root of a negative number is NaN, and its slope at 0 is infinite. Write sqrt(max(x, 1e-6)).")
    }

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.sqrt()
    }

    fn derivative(&self, y: &Tensor) -> candle_core::Result<Tensor> {
        (y * 2.0)?.recip()
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Sqrt, x)
    }

    fn explain_derivative(&self, y: Arithmetic) -> Arithmetic {
        Arithmetic::number(1.0) / (Arithmetic::number(2.0) * y)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        x.sqrt()
    }

    #[inline(always)]
    fn derivative_f32(&self, y: f32) -> f32 {
        1.0 / (2.0 * y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Sqrt), Case::new().batched(3, &[4, 5]).with(|_, x| x.abs() + 0.3));
        gradient_check(Apply(Sqrt), Case::new().batched(1, &[1]).with(|_, x| x.abs() + 0.3));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("sqrt", |_| Apply(Sqrt));
    }
}
