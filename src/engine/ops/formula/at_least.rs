//! `at_least`: the larger of each number and a constant, max(x, c). At c itself the gradient passes.

use candle_core::Tensor;

use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::engine::ops::everywhere;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// y = max(x, least).
#[derive(Clone, Copy, Debug)]
pub struct AtLeast {
    /// The smallest result.
    pub least: f64,
}

impl Pointwise for AtLeast {
    const NAME: &'static str = "at_least";
    const FORMULA: &'static str = "y = max(x, c)";
    const WORDS: &'static str = "Replaces values below a constant by the constant.";
    const GRADIENT_NAME: &'static str = "at_least'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy where x ≥ c, else 0";
    const GRADIENT_WORDS: &'static str = "The gradient passes only where the value itself passed through.";
    const DERIVATIVE_FROM: From = From::Input;
    const BLOCKS: bool = true;

    fn settings(&self) -> String {
        format!("{}", self.least)
    }

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        everywhere::at_least(x, self.least)
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.ge(self.least)?.to_dtype(x.dtype())
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::call2(Function::Max, x, Arithmetic::number(self.least))
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        x.at_least(Arithmetic::number(self.least))
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        if x.is_nan() { x } else { x.max(self.least as f32) }
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        f32::from(u8::from(x >= self.least as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(AtLeast { least: 0.5 }), Case::new().batched(3, &[4, 5]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("at_least", |params| Apply(AtLeast { least: params["least"].as_f64().unwrap() }));
    }
}
