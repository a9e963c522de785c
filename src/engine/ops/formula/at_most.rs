//! `at_most`: the smaller of each number and a constant, min(x, c). At c itself the gradient passes.

use candle_core::Tensor;

use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::engine::ops::everywhere;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = min(x, most).
#[derive(Clone, Copy, Debug)]
pub struct AtMost {
    /// The largest result.
    pub most: f64,
}

impl Pointwise for AtMost {
    const NAME: &'static str = "at_most";
    const FORMULA: &'static str = "y = min(x, c)";
    const WORDS: &'static str = "Replaces values above a constant by the constant.";
    const GRADIENT_NAME: &'static str = "at_most'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy where x ≤ c, else 0";
    const GRADIENT_WORDS: &'static str = "The gradient passes only where the value itself passed through.";
    const DERIVATIVE_FROM: From = From::Input;
    const BLOCKS: bool = true;

    fn settings(&self) -> String {
        format!("{}", self.most)
    }

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        everywhere::at_most(x, self.most)
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.le(self.most)?.to_dtype(x.dtype())
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call2(Function::Min, x, Arithmetic::number(self.most))
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::number(self.most).at_least(x)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        if x.is_nan() { x } else { x.min(self.most as f32) }
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        f32::from(u8::from(x <= self.most as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(AtMost { most: 0.5 }), Case::new().batched(3, &[4, 5]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("at_most", |params| Apply(AtMost { most: params["most"].as_f64().unwrap() }));
    }
}
