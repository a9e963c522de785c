//! `cos`: the cosine of each number, in radians.

use candle_core::Tensor;

use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = cos x.
#[derive(Clone, Copy, Debug)]
pub struct Cos;

impl Pointwise for Cos {
    const NAME: &'static str = "cos";
    const FORMULA: &'static str = "y = cos x";
    const WORDS: &'static str = "A wave that repeats every 2π and is 1 at 0.";
    const GRADIENT_NAME: &'static str = "cos'x";
    const GRADIENT_FORMULA: &'static str = "dx = −dy · sin x";
    const DERIVATIVE_FROM: From = From::Input;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.cos()
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.sin()?.neg()
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Cos, x)
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::number(-1.0) * Arithmetic::call(Function::Sin, x)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        x.cos()
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        -x.sin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Cos), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Cos), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("cos", |_| Apply(Cos));
    }
}
