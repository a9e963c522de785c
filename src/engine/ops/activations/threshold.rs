//! `threshold`: numbers up to a threshold become 0, larger ones pass as they are. PyTorch's `nn.functional.threshold`
//! with value 0.

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use crate::engine::op::Ends;
use crate::trace::Arithmetic;

/// x above the threshold, 0 elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    /// Itself gives 0.
    pub threshold: f64,
}

impl Threshold {
    fn given(&self) -> Arithmetic {
        Arithmetic::given("threshold", self.threshold)
    }
}

impl Pointwise for Threshold {
    const NAME: &'static str = "threshold";
    const FORMULA: &'static str = "y = x if x > threshold, else 0";
    const WORDS: &'static str = "Passes values above the threshold unchanged and sets all others to 0.";
    const GRADIENT_NAME: &'static str = "threshold'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy if x > threshold, else 0";
    const GRADIENT_WORDS: &'static str = "The gradient passes only where the value did.";
    const DERIVATIVE_FROM: From = From::Input;
    const BLOCKS: bool = true;
    const ENDS: Ends = Ends::Zero;

    fn settings(&self) -> String {
        format!("{}", self.threshold)
    }

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.le(self.threshold)?.where_cond(&x.zeros_like()?, x)
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.le(self.threshold)?.to_dtype(x.dtype())?.affine(-1.0, 1.0)
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        if x.evaluate() <= self.threshold { x.exceeds(self.given()) } else { x }
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        if x.evaluate().is_nan() { Arithmetic::number(1.0) } else { x.exceeds(self.given()) }
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        if x <= self.threshold as f32 { 0.0 } else { x }
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        if x <= self.threshold as f32 { 0.0 } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Threshold { threshold: 0.5 }), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Threshold { threshold: -0.5 }), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("threshold", |p| Apply(Threshold { threshold: p["threshold"].as_f64().unwrap() }));
    }
}
