//! `silu`: each number times its own sigmoid.

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use super::sigmoid::sigmoid;
use crate::engine::kernels::math;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = x σ(x), also called Swish (Ramachandran et al., 2017).
#[derive(Clone, Copy, Debug)]
pub struct Silu;

fn sigmoid_of(x: Arithmetic) -> Arithmetic {
    Arithmetic::named("σ(x)", Arithmetic::call(Function::Sigmoid, x))
}

impl Pointwise for Silu {
    const NAME: &'static str = "silu";
    const FORMULA: &'static str = "y = x · σ(x), σ(x) = 1 / (1 + e⁻ˣ)";
    const WORDS: &'static str =
        "Multiplies each value by its own sigmoid: a smooth ReLU that dips slightly below zero.";
    const GRADIENT_NAME: &'static str = "silu'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy · σ(x) · (1 + x · (1 − σ(x)))";
    const DERIVATIVE_FROM: From = From::Input;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x * sigmoid(x)?
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let s = sigmoid(x)?;
        &s * ((x * (1.0 - &s)?)? + 1.0)?
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        x.clone() * sigmoid_of(x)
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        sigmoid_of(x.clone()) * (Arithmetic::number(1.0) + x.clone() * (Arithmetic::number(1.0) - sigmoid_of(x)))
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        x * math::sigmoid(x)
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        let s = math::sigmoid(x);
        s * (1.0 + x * (1.0 - s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Silu), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Silu), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("silu", |_| Apply(Silu));
    }
}
