//! `mish`: each number times the tanh of its softplus (Misra, 2019).

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use super::sigmoid::sigmoid;
use super::softplus::softplus;
use crate::engine::kernels::math;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// x · tanh(ln(1 + eˣ)).
#[derive(Clone, Copy, Debug)]
pub struct Mish;

fn gate_of(x: Arithmetic) -> Arithmetic {
    Arithmetic::named("t", Arithmetic::call(Function::Tanh, Arithmetic::call(Function::Softplus, x)))
}

impl Pointwise for Mish {
    const NAME: &'static str = "mish";
    const FORMULA: &'static str = "y = x · t, t = tanh(log(1 + eˣ))";
    const WORDS: &'static str =
        "Multiplies each value by the tanh of its softplus: a smooth ReLU that dips slightly below zero.";
    const GRADIENT_NAME: &'static str = "mish'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy · (t + x · σ(x) · (1 − t²)), t = tanh(log(1 + eˣ))";
    const DERIVATIVE_FROM: From = From::Input;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x * softplus(x)?.tanh()?
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let t = softplus(x)?.tanh()?;
        &t + ((x * sigmoid(x)?)? * (1.0 - t.sqr()?)?)?
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        x.clone() * gate_of(x)
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        let t = gate_of(x.clone());
        let rest = Arithmetic::number(1.0) - t.clone().squared();
        t + x.clone() * Arithmetic::call(Function::Sigmoid, x) * rest
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        x * math::tanh(math::softplus(x))
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        let t = math::tanh(math::softplus(x));
        t + x * math::sigmoid(x) * (1.0 - t * t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Mish), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Mish), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("mish", |_| Apply(Mish));
    }
}
