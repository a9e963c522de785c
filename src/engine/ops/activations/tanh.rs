//! `tanh`: squeezes each number into -1 to 1.

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use crate::engine::kernels::math;
use crate::engine::op::Ends;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Hyperbolic tangent.
#[derive(Clone, Copy, Debug)]
pub struct Tanh;

impl Pointwise for Tanh {
    const NAME: &'static str = "tanh";
    const FORMULA: &'static str = "y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)";
    const WORDS: &'static str =
        "Squashes every value into the range −1 to 1: large ones end up near 1, very negative ones near −1.";
    const GRADIENT_NAME: &'static str = "tanh'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy · (1 − y²)";
    const DERIVATIVE_FROM: From = From::Output;
    const ENDS: Ends = Ends::Both { low: -1.0, high: 1.0 };

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.tanh()
    }

    fn derivative(&self, y: &Tensor) -> candle_core::Result<Tensor> {
        1.0 - y.sqr()?
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Tanh, x)
    }

    fn explain_derivative(&self, y: Arithmetic) -> Arithmetic {
        Arithmetic::number(1.0) - y.squared()
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        math::tanh(x)
    }

    #[inline(always)]
    fn derivative_f32(&self, y: f32) -> f32 {
        1.0 - y * y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Tanh), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Tanh), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("tanh", |_| Apply(Tanh));
    }
}
