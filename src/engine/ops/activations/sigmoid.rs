//! `sigmoid`: squeezes each number into 0 to 1.

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use crate::engine::kernels::math;
use crate::engine::op::Ends;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = 1 / (1 + e⁻ˣ).
#[derive(Clone, Copy, Debug)]
pub struct Sigmoid;

/// The same in tensor operations.
pub fn sigmoid(x: &Tensor) -> candle_core::Result<Tensor> {
    (x.neg()?.exp()? + 1.0)?.recip()
}

impl Pointwise for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const FORMULA: &'static str = "y = 1 / (1 + e⁻ˣ)";
    const WORDS: &'static str = "Squashes every value into the range 0 to 1.";
    const GRADIENT_NAME: &'static str = "sigmoid'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy · y · (1 − y)";
    const DERIVATIVE_FROM: From = From::Output;
    const ENDS: Ends = Ends::Both { low: 0.0, high: 1.0 };

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        sigmoid(x)
    }

    fn derivative(&self, y: &Tensor) -> candle_core::Result<Tensor> {
        y * (1.0 - y)?
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Sigmoid, x)
    }

    fn explain_derivative(&self, y: Arithmetic) -> Arithmetic {
        y.clone() * (Arithmetic::number(1.0) - y)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        math::sigmoid(x)
    }

    #[inline(always)]
    fn derivative_f32(&self, y: f32) -> f32 {
        y * (1.0 - y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Sigmoid), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Sigmoid), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("sigmoid", |_| Apply(Sigmoid));
    }
}
