//! `log`: the natural logarithm.

use candle_core::Tensor;

use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = ln x.
#[derive(Clone, Copy, Debug)]
pub struct Log;

impl Pointwise for Log {
    const NAME: &'static str = "log";
    const FORMULA: &'static str = "y = ln x";
    const WORDS: &'static str = "The natural logarithm: the power that e = 2.718… must be raised to.";
    const GRADIENT_NAME: &'static str = "log'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy / x";
    const DERIVATIVE_FROM: From = From::Input;

    fn remedy(&self) -> Option<&'static str> {
        Some("The log of 0 is minus infinity and of a negative number NaN. Write log(x + 1e-6) or log(max(x, 1e-6)).")
    }

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.log()
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.recip()
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call(Function::Log, x)
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::number(1.0) / x
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        x.ln()
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        1.0 / x
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Log), Case::new().batched(3, &[4, 5]).with(|_, x| x.abs() + 0.3));
        gradient_check(Apply(Log), Case::new().batched(1, &[1]).with(|_, x| x.abs() + 0.3));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("log", |_| Apply(Log));
    }
}
