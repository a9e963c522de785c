//! `hard_swish`: silu drawn with straight lines, `x · relu6(x + 3) / 6` (Howard et al., 2019).

use candle_core::Tensor;

use super::pointwise::{From, Pointwise};
use crate::engine::op::Ends;
use crate::engine::ops::everywhere::{at_least, at_most};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Piecewise approximation of SiLU (Howard et al., 2019).
#[derive(Clone, Copy, Debug)]
pub struct HardSwish;

impl Pointwise for HardSwish {
    const NAME: &'static str = "hard_swish";
    const FORMULA: &'static str = "y = x · clamp(x + 3, 0, 6) / 6";
    const WORDS: &'static str = "Passes values above 3 through, sets values below −3 to 0 and bends in between.";
    const GRADIENT_NAME: &'static str = "hard_swish'x";
    const GRADIENT_FORMULA: &'static str = "dx = 0 if x < −3, dy if x ≥ 3, else dy · (x / 3 + 1/2)";
    const DERIVATIVE_FROM: From = From::Input;
    const BLOCKS: bool = true;
    const ENDS: Ends = Ends::Zero;

    fn value(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        (x * at_most(&at_least(&(x + 3.0)?, 0.0)?, 6.0)?)? / 6.0
    }

    fn derivative(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let slope = x.ge(3.0)?.where_cond(&x.ones_like()?, &x.affine(1.0 / 3.0, 0.5)?)?;
        x.lt(-3.0)?.where_cond(&x.zeros_like()?, &slope)
    }

    fn explain(&self, x: Arithmetic) -> Arithmetic {
        let gate = Arithmetic::call2(Function::Max, x.clone() + Arithmetic::number(3.0), Arithmetic::number(0.0));
        x * Arithmetic::call2(Function::Min, gate, Arithmetic::number(6.0)) / Arithmetic::number(6.0)
    }

    fn explain_derivative(&self, x: Arithmetic) -> Arithmetic {
        match x.evaluate() {
            x if x < -3.0 => Arithmetic::number(0.0),
            x if x >= 3.0 => Arithmetic::number(1.0),
            _ => x / Arithmetic::number(3.0) + Arithmetic::number(0.5),
        }
    }

    #[inline(always)]
    fn value_f32(&self, x: f32) -> f32 {
        let gate = x + 3.0;
        let gate = if gate < 0.0 { 0.0 } else { gate };
        let gate = if gate > 6.0 { 6.0 } else { gate };
        x * gate / 6.0
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32) -> f32 {
        let between = x / 3.0 + 0.5;
        let slope = if x >= 3.0 { 1.0 } else { between };
        if x < -3.0 { 0.0 } else { slope }
    }

    /// Not at its lowest point, −3/2: the slope is 0 there too, but PyTorch multiplies.
    fn flat(&self, x: &Tensor, _slope: &Tensor) -> candle_core::Result<Tensor> {
        x.lt(-3.0)
    }

    #[inline(always)]
    fn is_flat(&self, x: f32, _slope: f32) -> bool {
        x < -3.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::Apply;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Apply(HardSwish), Case::new().batched(3, &[4, 5]).with(|_, x| x * 2.5));
        gradient_check(Apply(HardSwish), Case::new().batched(1, &[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("hard_swish", |_| Apply(HardSwish));
    }
}
