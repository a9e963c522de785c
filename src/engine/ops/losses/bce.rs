//! `bce`: binary cross-entropy of logits against targets 0 or 1.

use candle_core::Tensor;

use super::mean_loss::Error;
use crate::engine::kernels::math;
use crate::engine::ops::activations::sigmoid::sigmoid;
use crate::engine::ops::activations::softplus::softplus;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Binary cross-entropy of logits, averaged over all elements.
#[derive(Clone, Copy, Debug)]
pub struct BinaryCrossEntropy;

impl Error for BinaryCrossEntropy {
    const NAME: &'static str = "bce";
    const FORMULA: &'static str = "L = mean of −t log σ(x) − (1 − t) log(1 − σ(x)), σ(x) = 1 / (1 + e⁻ˣ)";
    const WEIGHTED: &'static str = "L = mean of w · (−t log σ(x) − (1 − t) log(1 − σ(x))), σ(x) = 1 / (1 + e⁻ˣ)";
    const WORDS: &'static str =
        "Reads each value as the log-odds of “yes” (a logit) and measures how improbable it makes the truth.";
    const GRADIENT_NAME: &'static str = "bce'x";
    const GRADIENT_FORMULA: &'static str = "dx = dL · (σ(x) − t) / count";
    const GRADIENT_WORDS: &'static str = "The gradient of each logit is its probability minus the truth.";

    fn value(&self, x: &Tensor, t: &Tensor) -> candle_core::Result<Tensor> {
        softplus(x)? - (x * t)?
    }

    fn derivative(&self, x: &Tensor, t: &Tensor) -> candle_core::Result<Tensor> {
        sigmoid(x)? - t
    }

    fn explain(&self, x: Arithmetic, t: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Softplus, x.clone()) - x * t
    }

    fn explain_derivative(&self, x: Arithmetic, t: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Sigmoid, x) - t
    }

    #[inline(always)]
    fn value_f32(&self, x: f32, t: f32) -> f32 {
        math::softplus(x) - x * t
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32, t: f32) -> f32 {
        math::sigmoid(x) - t
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
            gradient_check(
                Mean(BinaryCrossEntropy),
                Case::new().batched(batch, &[n]).batched(batch, &[n]).with(|i, _| (i % 2) as f64).constant(),
            );
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("bce", |_| Mean(BinaryCrossEntropy));
    }
}
