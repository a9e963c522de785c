//! `leaky_relu`: as relu, but negative numbers are made small instead of zero.

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use crate::engine::ops::everywhere::{at_least, at_most};
use crate::trace::Arithmetic;

/// y = x above 0, otherwise slope · x.
#[derive(Clone, Copy, Debug)]
pub struct LeakyRelu {
    /// Slope below 0.
    pub slope: f64,
}

impl Pointwise for LeakyRelu {
    const NAME: &'static str = "leaky_relu";
    const FORMULA: &'static str = "y = x if x > 0, else slope · x";
    const WORDS: &'static str = "Passes positive values through and multiplies negative ones by a small slope.";
    const GRADIENT_NAME: &'static str = "leaky_relu'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy if x > 0, else slope · dy";
    const DERIVATIVE_FROM: From = From::Input;

    fn settings(&self) -> String {
        format!("slope {}", self.slope)
    }

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        at_least(x, 0.0)? + (at_most(x, 0.0)? * self.slope)?
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.gt(0.0)?.to_dtype(x.dtype())?.affine(1.0 - self.slope, self.slope)
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        if x.evaluate() > 0.0 { x } else { Arithmetic::given("slope", self.slope) * x }
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        if x.evaluate() > 0.0 { Arithmetic::number(1.0) } else { Arithmetic::given("slope", self.slope) }
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        if x > 0.0 { x } else { self.slope as f32 * x }
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        if x > 0.0 { 1.0 } else { self.slope as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(LeakyRelu { slope: 0.1 }), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(LeakyRelu { slope: 0.1 }), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("leaky_relu", |p| Apply(LeakyRelu { slope: p["negative_slope"].as_f64().unwrap() }));
    }
}
