//! `power`: each number to the power of a constant.

use candle_core::Tensor;

use crate::engine::ops::activations::pointwise::{From, Pointwise};
use crate::trace::Arithmetic;

/// y = x to a fixed power.
#[derive(Clone, Copy, Debug)]
pub struct Power {
    /// The power.
    pub exponent: f64,
}

impl Pointwise for Power {
    const NAME: &'static str = "power";
    const FORMULA: &'static str = "y = xᵖ";
    const WORDS: &'static str = "Raises each value to a fixed power.";
    const GRADIENT_NAME: &'static str = "power'x";
    const GRADIENT_FORMULA: &'static str = "dx = dy · p · xᵖ⁻¹";
    const DERIVATIVE_FROM: From = From::Input;

    fn remedy(&self) -> Option<&'static str> {
        if self.exponent < 0.0 {
            Some("0 to a negative power is infinite. Use max(x, 1e-6) as the base.")
        } else if self.exponent.fract() != 0.0 {
            Some("A negative number to a fractional power is NaN. Use max(x, 1e-6) as the base.")
        } else {
            None
        }
    }

    fn settings(&self) -> String {
        format!("exponent {}", self.exponent)
    }

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.powf(self.exponent)
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.powf(self.exponent - 1.0)? * self.exponent
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        x.power(Arithmetic::number(self.exponent))
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        Arithmetic::number(self.exponent) * x.power(Arithmetic::number(self.exponent - 1.0))
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        if self.exponent == 2.0 { x * x } else { x.powf(self.exponent as f32) }
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        if self.exponent == 2.0 { 2.0 * x } else { self.exponent as f32 * x.powf((self.exponent - 1.0) as f32) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(Power { exponent: 2.0 }), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Power { exponent: 3.0 }), Case::new().batched(3, &[4, 5]));
        gradient_check(Apply(Power { exponent: -1.5 }), Case::new().batched(3, &[4, 5]).with(|_, x| x.abs() + 0.3));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("power", |params| Apply(Power { exponent: params["exponent"].as_f64().unwrap() }));
    }
}
