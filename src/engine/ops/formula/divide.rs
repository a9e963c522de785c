//! `divide`: the quotient of two values.

use candle_core::Tensor;

use super::pair::Pair;
use crate::trace::Arithmetic;

/// y = a / b.
#[derive(Clone, Copy, Debug)]
pub struct Divide;

impl Pair for Divide {
    const NAME: &'static str = "divide";
    const FORMULA: &'static str = "y = a / b";
    const WORDS: &'static str = "Divides the first by the second, element by element.";
    const GRADIENT_NAMES: [&'static str; 2] = ["divide'a", "divide'b"];
    const GRADIENT_FORMULAS: [&'static str; 2] = ["da = dy / b", "db = −dy · a / b²"];

    fn remedy(&self) -> Option<&'static str> {
        Some("A division by 0, or nearly 0. Write a / (b + 1e-6), or keep b away from 0.")
    }

    fn value(&self, a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
        a / b
    }

    fn slope_a(&self, _a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
        b.recip()
    }

    fn slope_b(&self, a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
        (a / b.sqr()?)?.neg()
    }

    fn explain(&self, a: Arithmetic, b: Arithmetic) -> Arithmetic {
        a / b
    }

    fn explain_slope_a(&self, _a: Arithmetic, b: Arithmetic) -> Arithmetic {
        Arithmetic::number(1.0) / b
    }

    fn explain_slope_b(&self, a: Arithmetic, b: Arithmetic) -> Arithmetic {
        Arithmetic::number(-1.0) * a / b.squared()
    }

    #[inline(always)]
    fn value_f32(&self, a: f32, b: f32) -> f32 {
        a / b
    }

    #[inline(always)]
    fn slope_a_f32(&self, _a: f32, b: f32) -> f32 {
        1.0 / b
    }

    #[inline(always)]
    fn slope_b_f32(&self, a: f32, b: f32) -> f32 {
        -a / (b * b)
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
            gradient_check(
                ApplyPair(Divide),
                Case::new().batched(3, dims).batched(3, dims).with(|_, b| b + b.signum()),
            );
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("divide", |_| ApplyPair(Divide));
    }
}
