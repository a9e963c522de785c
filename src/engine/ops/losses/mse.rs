//! `mse`: the mean squared error.

use candle_core::Tensor;

use super::mean_loss::Error;
use crate::trace::Arithmetic;

/// Mean squared error.
#[derive(Clone, Copy, Debug)]
pub struct Squared;

impl Error for Squared {
    const NAME: &'static str = "mse";
    const FORMULA: &'static str = "L = mean (x − t)²";
    const WEIGHTED: &'static str = "L = mean w · (x − t)²";
    const WORDS: &'static str = "The mean squared difference from the target. Large errors count most.";
    const GRADIENT_NAME: &'static str = "mse'x";
    const GRADIENT_FORMULA: &'static str = "dx = dL · 2 (x − t) / count";
    const GRADIENT_WORDS: &'static str = "The further a value is from its target, the harder it is pulled.";

    const SCALE: f64 = 2.0;

    fn value(&self, x: &Tensor, t: &Tensor) -> candle_core::Result<Tensor> {
        (x - t)?.sqr()
    }

    fn derivative(&self, x: &Tensor, t: &Tensor) -> candle_core::Result<Tensor> {
        x - t
    }

    fn explain(&self, x: Arithmetic, t: Arithmetic) -> Arithmetic {
        (x - t).squared()
    }

    fn explain_derivative(&self, x: Arithmetic, t: Arithmetic) -> Arithmetic {
        Arithmetic::number(2.0) * (x - t)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32, t: f32) -> f32 {
        (x - t) * (x - t)
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32, t: f32) -> f32 {
        x - t
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
            gradient_check(Mean(Squared), Case::new().batched(batch, &[n]).batched(batch, &[n]).constant());
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("mse", |_| Mean(Squared));
    }
}
