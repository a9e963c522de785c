//! `reciprocal`: a constant divided by each number.

use candle_core::Tensor;

use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::trace::Arithmetic;

/// y = numerator / x.
#[derive(Clone, Copy, Debug)]
pub struct Reciprocal {
    /// The constant that is divided.
    pub numerator: f64,
}

impl Pointwise for Reciprocal {
    const NAME: &'static str = "reciprocal";
    const FORMULA: &'static str = "y = numerator / x";
    const WORDS: &'static str = "Divides a constant by each value.";
    const GRADIENT_NAME: &'static str = "reciprocal'x";
    const GRADIENT_FORMULA: &'static str = "dx = −dy · numerator / x²";
    const DERIVATIVE_FROM: From = From::Input;

    fn remedy(&self) -> Option<&'static str> {
        Some("A division by 0, or nearly 0. Write 1 / (x + 1e-6), or keep x away from 0.")
    }

    fn settings(&self) -> String {
        format!("numerator {}", self.numerator)
    }

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.recip()? * self.numerator
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.sqr()?.recip()? * -self.numerator
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::number(self.numerator) / x
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::number(-self.numerator) / x.squared()
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        self.numerator as f32 / x
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        -(self.numerator as f32) / (x * x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(
            Apply(Reciprocal { numerator: -2.5 }),
            Case::new().batched(3, &[4, 5]).with(|_, x| x + x.signum()),
        );
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("reciprocal", |params| Apply(Reciprocal { numerator: params["numerator"].as_f64().unwrap() }));
    }
}
