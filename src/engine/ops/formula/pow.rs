//! `pow`: one value to the power of another; not a number where the base is negative.

use candle_core::Tensor;

use super::pair::Pair;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = aᵇ, for positive a.
#[derive(Clone, Copy, Debug)]
pub struct Pow;

/// aᵇ, which is no number where a is negative.
fn power(a: Arithmetic, b: Arithmetic) -> Arithmetic {
    if a.evaluate() > 0.0 {
        a.power(b)
    } else {
        Arithmetic::call(Function::Exp, b * Arithmetic::call(Function::Log, a))
    }
}

impl Pair for Pow {
    const NAME: &'static str = "pow";
    const FORMULA: &'static str = "y = aᵇ";
    const WORDS: &'static str =
        "Raises the first to the power of the second, element by element. The first must be positive.";
    const GRADIENT_NAMES: [&'static str; 2] = ["pow'a", "pow'b"];
    const GRADIENT_FORMULAS: [&'static str; 2] = ["da = dy · b · aᵇ⁻¹", "db = dy · aᵇ · ln a"];

    fn remedy(&self) -> Option<&'static str> {
        Some("A power of a negative number is NaN, and so is the slope at 0. Use max(x, 1e-6) as the base.")
    }

    fn value(&self, a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
        a.pow(b)
    }

    fn slope_a(&self, a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
        b * a.pow(&(b - 1.0)?)?
    }

    fn slope_b(&self, a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
        a.pow(b)? * a.log()?
    }

    fn explain(&self, a: Arithmetic, b: Arithmetic) -> Arithmetic {
        power(a, b)
    }

    fn explain_slope_a(&self, a: Arithmetic, b: Arithmetic) -> Arithmetic {
        b.clone() * power(a, b - Arithmetic::number(1.0))
    }

    fn explain_slope_b(&self, a: Arithmetic, b: Arithmetic) -> Arithmetic {
        power(a.clone(), b) * Arithmetic::call(Function::Log, a)
    }

    #[inline(always)]
    fn value_f32(&self, a: f32, b: f32) -> f32 {
        (b * a.ln()).exp()
    }

    #[inline(always)]
    fn slope_a_f32(&self, a: f32, b: f32) -> f32 {
        b * ((b - 1.0) * a.ln()).exp()
    }

    #[inline(always)]
    fn slope_b_f32(&self, a: f32, b: f32) -> f32 {
        (b * a.ln()).exp() * a.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};
    use crate::engine::ops::formula::ApplyPair;

    #[test]
    fn gradients_agree_with_finite_differences() {
        for dims in [&[4, 5][..], &[1]] {
            gradient_check(ApplyPair(Pow), Case::new().batched(3, dims).with(|_, a| a.abs() + 0.3).batched(3, dims));
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("pow", |_| ApplyPair(Pow));
    }
}
