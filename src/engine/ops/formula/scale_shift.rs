//! `scale_shift`: each number times a constant, plus a constant.

use candle_core::Tensor;

use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::trace::Arithmetic;

/// y = scale · x + shift.
#[derive(Clone, Copy, Debug)]
pub struct ScaleShift {
    /// The factor.
    pub scale: f64,
    /// What is added.
    pub shift: f64,
}

impl Pointwise for ScaleShift {
    const NAME: &'static str = "scale_shift";
    const FORMULA: &'static str = "y = scale · x + shift";
    const WORDS: &'static str = "Multiplies each value by a constant and adds a constant.";
    const GRADIENT_NAME: &'static str = "scale_shift'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy · scale";
    const GRADIENT_WORDS: &'static str = "The gradient is scaled by the same factor.";
    const DERIVATIVE_FROM: From = From::Input;

    fn settings(&self) -> String {
        format!("scale {}, shift {}", self.scale, self.shift)
    }

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.affine(self.scale, self.shift)
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.zeros_like()? + self.scale
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::number(self.scale) * x + Arithmetic::number(self.shift)
    }

    fn explain_derivative(&self, _x: Arithmetic) -> Arithmetic {
        Arithmetic::number(self.scale)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        x * self.scale as f32 + self.shift as f32
    }

    #[inline(always)]
    fn derivative_f32(&self, _x: f32) -> f32 {
        self.scale as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(ScaleShift { scale: -2.5, shift: 0.75 }), Case::new().batched(3, &[4, 5]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("scale_shift", |params| {
            Apply(ScaleShift { scale: params["scale"].as_f64().unwrap(), shift: params["shift"].as_f64().unwrap() })
        });
    }
}
