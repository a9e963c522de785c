//! `subtract`: the difference of two values.

use candle_core::Tensor;

use super::pair::Pair;
use crate::trace::Arithmetic;

/// y = a − b.
#[derive(Clone, Copy, Debug)]
pub struct Subtract;

impl Pair for Subtract {
    const NAME: &'static str = "subtract";
    const FORMULA: &'static str = "y = a − b";
    const WORDS: &'static str = "Subtracts the second from the first, element by element.";
    const GRADIENT_NAMES: [&'static str; 2] = ["subtract'a", "subtract'b"];
    const GRADIENT_FORMULAS: [&'static str; 2] = ["da = dy", "db = −dy"];

    fn value(&self, a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
        a - b
    }

    fn slope_a(&self, a: &Tensor, _b: &Tensor) -> candle_core::Result<Tensor> {
        a.ones_like()
    }

    fn slope_b(&self, _a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
        b.ones_like()?.neg()
    }

    fn explain(&self, a: Arithmetic, b: Arithmetic) -> Arithmetic {
        a - b
    }

    fn explain_slope_a(&self, _a: Arithmetic, _b: Arithmetic) -> Arithmetic {
        Arithmetic::number(1.0)
    }

    fn explain_slope_b(&self, _a: Arithmetic, _b: Arithmetic) -> Arithmetic {
        Arithmetic::number(-1.0)
    }

    #[inline(always)]
    fn value_f32(&self, a: f32, b: f32) -> f32 {
        a - b
    }

    #[inline(always)]
    fn slope_a_f32(&self, _a: f32, _b: f32) -> f32 {
        1.0
    }

    #[inline(always)]
    fn slope_b_f32(&self, _a: f32, _b: f32) -> f32 {
        -1.0
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
            gradient_check(ApplyPair(Subtract), Case::new().batched(3, dims).batched(3, dims));
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("subtract", |_| ApplyPair(Subtract));
    }
}
