//! `softplus`: a smooth, always positive version of relu.

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use super::sigmoid::sigmoid;
use crate::engine::kernels::math;
use crate::engine::ops::everywhere::at_least;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = log(1 + eˣ).
#[derive(Clone, Copy, Debug)]
pub struct Softplus;

/// log(1 + eˣ) without overflow: max(x, 0) + log(1 + e^-|x|).
pub fn softplus(x: &Tensor) -> candle_core::Result<Tensor> {
    at_least(x, 0.0)? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?
}

impl Pointwise for Softplus {
    const NAME: &'static str = "softplus";
    const FORMULA: &'static str = "y = log(1 + eˣ)";
    const WORDS: &'static str = "A smooth, always positive version of ReLU.";
    const GRADIENT_NAME: &'static str = "softplus'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy · σ(x)";
    const DERIVATIVE_FROM: From = From::Input;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        softplus(x)
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        sigmoid(x)
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Softplus, x)
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Sigmoid, x)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        math::softplus(x)
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        math::sigmoid(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Softplus), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Softplus), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("softplus", |_| Apply(Softplus));
    }
}
