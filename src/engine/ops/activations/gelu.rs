//! `gelu`: weights each number by the chance that a normal random number lies below it (exact form).

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use crate::engine::kernels::math;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// 1 / √(2π)
const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;

/// y = x Φ(x), exact (Hendrycks and Gimpel, 2016).
#[derive(Clone, Copy, Debug)]
pub struct Gelu;

/// Φ(x)
fn below(x: Arithmetic) -> Arithmetic {
    let erf = Arithmetic::call(Function::Erf, x * Arithmetic::number(std::f64::consts::FRAC_1_SQRT_2));
    Arithmetic::named("Φ(x)", Arithmetic::number(0.5) * (Arithmetic::number(1.0) + erf))
}

impl Pointwise for Gelu {
    const NAME: &'static str = "gelu";
    const FORMULA: &'static str = "y = x · Φ(x), Φ(x) = (1 + erf(x / √2)) / 2";
    const WORDS: &'static str =
        "Multiplies each value by the probability that a standard normal variable is below it: a smooth ReLU.";
    const GRADIENT_NAME: &'static str = "gelu'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy · (Φ(x) + x · φ(x))";
    const DERIVATIVE_FROM: From = From::Input;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.gelu_erf()
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let below = ((x * std::f64::consts::FRAC_1_SQRT_2)?.erf()? + 1.0)?.affine(0.5, 0.0)?;
        let density = (x.sqr()? * -0.5)?.exp()?.affine(FRAC_1_SQRT_2PI, 0.0)?;
        below + (x * density)?
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        x.clone() * below(x)
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        let density = Arithmetic::number(FRAC_1_SQRT_2PI)
            * Arithmetic::call(Function::Exp, Arithmetic::number(-0.5) * x.clone().squared());
        below(x.clone()) + x * Arithmetic::named("φ(x)", density)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        x * 0.5 * (1.0 + math::erf(x * std::f32::consts::FRAC_1_SQRT_2))
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        let below = 0.5 * (1.0 + math::erf(x * std::f32::consts::FRAC_1_SQRT_2));
        below + x * FRAC_1_SQRT_2PI as f32 * math::exp(-0.5 * x * x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Gelu), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Gelu), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("gelu", |_| Apply(Gelu));
    }
}
