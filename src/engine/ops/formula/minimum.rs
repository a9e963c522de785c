//! `minimum`: the smaller of two values; equal ones share the gradient, as in PyTorch.

use candle_core::Tensor;

use super::pair::{Pair, share_of_larger};
use crate::engine::ops::everywhere;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = min(a, b); equal values share the gradient.
#[derive(Clone, Copy, Debug)]
pub struct Minimum;

impl Pair for Minimum {
    const NAME: &'static str = "minimum";
    const FORMULA: &'static str = "y = min(a, b)";
    const WORDS: &'static str = "Keeps the smaller of the two, element by element.";
    const GRADIENT_NAMES: [&'static str; 2] = ["minimum'a", "minimum'b"];
    const GRADIENT_FORMULAS: [&'static str; 2] =
        ["da = dy where a < b, half where equal", "db = dy where b < a, half where equal"];

    fn value(&self, a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
        everywhere::smaller(a, b)
    }

    fn slope_a(&self, a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
        super::pair::half_where_equal(&a.lt(b)?, &a.le(b)?, a.dtype())
    }

    fn slope_b(&self, a: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
        super::pair::half_where_equal(&b.lt(a)?, &b.le(a)?, a.dtype())
    }

    fn explain(&self, a: Arithmetic, b: Arithmetic) -> Arithmetic {
        Arithmetic::call2(Function::Min, a, b)
    }

    fn explain_slope_a(&self, a: Arithmetic, b: Arithmetic) -> Arithmetic {
        share_of_larger(b, a)
    }

    fn explain_slope_b(&self, a: Arithmetic, b: Arithmetic) -> Arithmetic {
        share_of_larger(a, b)
    }

    #[inline(always)]
    fn value_f32(&self, a: f32, b: f32) -> f32 {
        if a < b || a.is_nan() { a } else { b }
    }

    #[inline(always)]
    fn slope_a_f32(&self, a: f32, b: f32) -> f32 {
        super::pair::half_f32(a < b, a <= b)
    }

    #[inline(always)]
    fn slope_b_f32(&self, a: f32, b: f32) -> f32 {
        super::pair::half_f32(b < a, b <= a)
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
            gradient_check(ApplyPair(Minimum), Case::new().batched(3, dims).batched(3, dims));
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("minimum", |_| ApplyPair(Minimum));
    }
}
