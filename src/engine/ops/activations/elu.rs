//! `elu`: as relu, but negative numbers bend smoothly towards -alpha.

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use crate::engine::kernels::math;
use crate::engine::ops::everywhere::{at_least, at_most};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = x above 0, otherwise α (eˣ − 1) (Clevert et al., 2016).
#[derive(Clone, Copy, Debug)]
pub struct Elu {
    /// How far below zero the curve goes.
    pub alpha: f64,
}

impl Pointwise for Elu {
    const NAME: &'static str = "elu";
    const FORMULA: &'static str = "y = x if x > 0, else α · (eˣ − 1)";
    const WORDS: &'static str = "Passes positive values through; negative ones level off smoothly towards −α.";
    const GRADIENT_NAME: &'static str = "elu'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy if x > 0, else dy · α eˣ";
    const DERIVATIVE_FROM: From = From::Input;

    fn settings(&self) -> String {
        format!("alpha {}", self.alpha)
    }

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        at_least(x, 0.0)? + (at_most(x, 0.0)?.exp()? - 1.0)?.affine(self.alpha, 0.0)?
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let positive = x.gt(0.0)?.to_dtype(x.dtype())?;
        let below = (at_most(x, 0.0)?.exp()? * self.alpha)?;
        &positive + (below * (1.0 - &positive)?)?
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        if x.evaluate() > 0.0 {
            x
        } else {
            Arithmetic::given("α", self.alpha) * (Arithmetic::call(Function::Exp, x) - Arithmetic::number(1.0))
        }
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        if x.evaluate() > 0.0 {
            Arithmetic::number(1.0)
        } else {
            Arithmetic::given("α", self.alpha) * Arithmetic::call(Function::Exp, x)
        }
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        if x > 0.0 { x } else { self.alpha as f32 * (math::exp(x) - 1.0) }
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        if x > 0.0 { 1.0 } else { self.alpha as f32 * math::exp(x) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Elu { alpha: 1.3 }), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Elu { alpha: 1.3 }), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("elu", |p| Apply(Elu { alpha: p["alpha"].as_f64().unwrap() }));
    }
}
