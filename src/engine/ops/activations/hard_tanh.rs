//! `hard_tanh`: cuts each number off at a low and a high end. With ends −1 and 1 it is tanh drawn with straight lines,
//! with 0 and 6 ReLU6. PyTorch's `nn.functional.hardtanh`.

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use crate::engine::op::Ends;
use crate::engine::ops::everywhere::{at_least, at_most};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// x, cut off at both sides.
#[derive(Clone, Copy, Debug)]
pub struct HardTanh {
    /// Below it y = low.
    pub low: f64,
    /// Above it y = high.
    pub high: f64,
}

impl Pointwise for HardTanh {
    const NAME: &'static str = "hard_tanh";
    const FORMULA: &'static str = "y = min(max(x, low), high)";
    const WORDS: &'static str = "Passes values between the limits unchanged and clips the rest.";
    const GRADIENT_NAME: &'static str = "hard_tanh'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy where low < x < high, else 0";
    const GRADIENT_WORDS: &'static str = "The gradient passes only where the value wasn't clipped.";
    const DERIVATIVE_FROM: From = From::Input;
    const BLOCKS: bool = true;

    fn settings(&self) -> String {
        format!("{} to {}", self.low, self.high)
    }

    fn ends(&self) -> Ends {
        if self.low == 0.0 { Ends::Zero } else { Ends::Both { low: self.low as f32, high: self.high as f32 } }
    }

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        at_most(&at_least(x, self.low)?, self.high)
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.gt(self.low)?.to_dtype(x.dtype())? * x.lt(self.high)?.to_dtype(x.dtype())?
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        let raised = Arithmetic::call2(Function::Max, x, Arithmetic::number(self.low));
        Arithmetic::call2(Function::Min, raised, Arithmetic::number(self.high))
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        x.clone().exceeds(Arithmetic::number(self.low)) * Arithmetic::number(self.high).exceeds(x)
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        let raised = if x < self.low as f32 { self.low as f32 } else { x };
        if raised > self.high as f32 { self.high as f32 } else { raised }
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        f32::from(u8::from(x > self.low as f32)) * f32::from(u8::from(x < self.high as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(HardTanh { low: -1.0, high: 1.0 }), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(HardTanh { low: 0.0, high: 0.7 }), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("hard_tanh", |p| {
            Apply(HardTanh { low: p["low"].as_f64().unwrap(), high: p["high"].as_f64().unwrap() })
        });
    }
}
