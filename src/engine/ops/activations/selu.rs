//! `selu`: elu with the two constants that keep mean 0 and spread 1 from layer to layer (Klambauer et al., 2017).

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use crate::engine::kernels::math;
use crate::engine::ops::everywhere::{at_least, at_most};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// PyTorch's constants, to the last digit of a double.
const ALPHA: f64 = 1.673_263_242_354_377_2;
const SCALE: f64 = 1.050_700_987_355_480_5;

/// Self-normalising ELU (Klambauer et al., 2017).
#[derive(Clone, Copy, Debug)]
pub struct Selu;

impl Pointwise for Selu {
    const NAME: &'static str = "selu";
    const FORMULA: &'static str = "y = 1.0507 · (x if x > 0, else 1.6733 · (eˣ − 1))";
    const WORDS: &'static str = "Stretches positive values a little and bends negative ones, so that the mean stays \
        near 0 and the standard deviation near 1.";
    const GRADIENT_NAME: &'static str = "selu'x";
    const GRADIENT_FORMULA: &'static str = "dx = 1.0507 · dy if x > 0, else dy · 1.7581 eˣ";
    const DERIVATIVE_FROM: From = From::Input;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        (at_least(x, 0.0)? * SCALE)? + (at_most(x, 0.0)?.exp()? - 1.0)?.affine(SCALE * ALPHA, 0.0)?
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let positive = x.gt(0.0)?.to_dtype(x.dtype())?;
        let below = (at_most(x, 0.0)?.exp()? * (SCALE * ALPHA))?;
        (&positive * SCALE)? + (below * (1.0 - &positive)?)?
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        if x.evaluate() > 0.0 {
            return Arithmetic::number(SCALE) * x;
        }
        Arithmetic::Product(vec![
            Arithmetic::number(SCALE),
            Arithmetic::number(ALPHA),
            Arithmetic::call(Function::Exp, x) - Arithmetic::number(1.0),
        ])
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        if x.evaluate() > 0.0 {
            Arithmetic::number(SCALE)
        } else {
            Arithmetic::number(SCALE * ALPHA) * Arithmetic::call(Function::Exp, x)
        }
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        if x > 0.0 { SCALE as f32 * x } else { (SCALE * ALPHA) as f32 * (math::exp(x) - 1.0) }
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        if x > 0.0 { SCALE as f32 } else { (SCALE * ALPHA) as f32 * math::exp(x) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Selu), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Selu), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("selu", |_| Apply(Selu));
    }
}
