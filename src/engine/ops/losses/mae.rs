//! `mae`: the mean absolute error.

use candle_core::Tensor;

use super::mean_loss::Error;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Mean absolute error.
#[derive(Clone, Copy, Debug)]
pub struct Absolute;

impl Error for Absolute {
    const NAME: &'static str = "mae";
    const FORMULA: &'static str = "L = mean |x − t|";
    const WEIGHTED: &'static str = "L = mean w · |x − t|";
    const WORDS: &'static str =
        "The mean absolute difference from the target. Outliers count no more than their distance.";
    const GRADIENT_NAME: &'static str = "mae'x";
    const GRADIENT_FORMULA: &'static str = "dx = dL · sign(x − t) / count";
    const GRADIENT_WORDS: &'static str = "Every value is pulled towards its target equally hard, however far away it \
        is.";

    fn value(&self, x: &Tensor, t: &Tensor) -> candle_core::Result<Tensor> {
        (x - t)?.abs()
    }

    fn derivative(&self, x: &Tensor, t: &Tensor) -> candle_core::Result<Tensor> {
        let r = (x - t)?;
        r.gt(0.0)?.to_dtype(x.dtype())? - r.lt(0.0)?.to_dtype(x.dtype())?
    }

    fn explain(&self, x: Arithmetic, t: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Abs, x - t)
    }

    fn explain_derivative(&self, x: Arithmetic, t: Arithmetic) -> Arithmetic {
        let r = x - t;
        if r.evaluate().is_nan() { Arithmetic::number(0.0) } else { Arithmetic::call(Function::Sign, r) }
    }

    #[inline(always)]
    fn value_f32(&self, x: f32, t: f32) -> f32 {
        (x - t).abs()
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32, t: f32) -> f32 {
        let r = x - t;
        if r > 0.0 {
            1.0
        } else if r < 0.0 {
            -1.0
        } else {
            // Also where the error is not a number, as in PyTorch.
            0.0
        }
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
            gradient_check(Mean(Absolute), Case::new().batched(batch, &[n]).batched(batch, &[n]).constant());
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("mae", |_| Mean(Absolute));
    }
}
