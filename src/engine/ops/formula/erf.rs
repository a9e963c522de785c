//! `erf`: the error function.

use candle_core::Tensor;

use crate::engine::kernels::math;
use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// The error function.
#[derive(Clone, Copy, Debug)]
pub struct Erf;

impl Pointwise for Erf {
    const NAME: &'static str = "erf";
    const FORMULA: &'static str = "y = 2/√π · ∫₀ˣ e^(−t²) dt";
    const WORDS: &'static str = "An S-shaped curve from −1 to 1: the area under a bell curve (error function).";
    const GRADIENT_NAME: &'static str = "erf'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy · 2/√π · e^(−x²)";
    const DERIVATIVE_FROM: From = From::Input;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.erf()
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.sqr()?.neg()?.exp()? * std::f64::consts::FRAC_2_SQRT_PI
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Erf, x)
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        let density = Arithmetic::call(Function::Exp, Arithmetic::number(-1.0) * x.squared());
        Arithmetic::number(std::f64::consts::FRAC_2_SQRT_PI) * density
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        math::erf(x)
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        std::f32::consts::FRAC_2_SQRT_PI * math::exp(-x * x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Erf), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Erf), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("erf", |_| Apply(Erf));
    }
}
