//! `hinge`: nothing where the answer lies beyond the margin of 1 on the right side, else how far it is from there.
//! Targets are −1 and +1. Keras's `hinge`.

use candle_core::Tensor;

use super::mean_loss::Error;
use crate::engine::ops::everywhere::at_least;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Mean of max(0, 1 − y · target), for targets of −1 and +1.
#[derive(Clone, Copy, Debug)]
pub struct Hinge;

impl Error for Hinge {
    const NAME: &'static str = "hinge";
    const FORMULA: &'static str = "L = mean of max(0, 1 − t · x)";
    const WEIGHTED: &'static str = "L = mean of w · max(0, 1 − t · x)";
    const WORDS: &'static str =
        "Asks every output to be beyond +1 or −1, on the correct side of zero, and measures how far it falls short.";
    const GRADIENT_NAME: &'static str = "hinge'x";
    const GRADIENT_FORMULA: &'static str = "dx = −dL · t / count if t · x < 1, else 0";
    const GRADIENT_WORDS: &'static str = "All outputs that fall short of the margin are pushed equally hard.";

    fn value(&self, x: &Tensor, t: &Tensor) -> candle_core::Result<Tensor> {
        at_least(&(x * t)?.affine(-1.0, 1.0)?, 0.0)
    }

    fn derivative(&self, x: &Tensor, t: &Tensor) -> candle_core::Result<Tensor> {
        (x * t)?.lt(1.0)?.to_dtype(x.dtype())? * t.neg()?
    }

    fn explain(&self, x: Arithmetic, t: Arithmetic) -> Arithmetic {
        Arithmetic::call2(Function::Max, Arithmetic::number(0.0), Arithmetic::number(1.0) - t * x)
    }

    fn explain_derivative(&self, x: Arithmetic, t: Arithmetic) -> Arithmetic {
        let falls_short = Arithmetic::number(1.0).exceeds(t.clone() * x);
        (Arithmetic::number(0.0) - t) * falls_short
    }

    #[inline(always)]
    fn value_f32(&self, x: f32, t: f32) -> f32 {
        let short = 1.0 - x * t;
        if short < 0.0 { 0.0 } else { short }
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32, t: f32) -> f32 {
        if x * t < 1.0 { -t } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Mean;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (batch, n) in [(1, 1), (5, 3), (40, 7)] {
            let case = Case::new().batched(batch, &[n]).batched(batch, &[n]);
            gradient_check(Mean(Hinge), case.with(|i, _| if i % 2 == 0 { 1.0 } else { -1.0 }).constant());
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("hinge", |_| Mean(Hinge));
    }
}
