//! `huber`: squared near the target, absolute far from it (delta = 1).

use candle_core::Tensor;

use super::mean_loss::Error;
use crate::engine::ops::everywhere::{at_least, at_most};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Huber loss with threshold 1 (Huber, 1964), averaged over all elements.
#[derive(Clone, Copy, Debug)]
pub struct Huber;

impl Error for Huber {
    const NAME: &'static str = "huber";
    const FORMULA: &'static str = "L = mean of r²/2 if |r| < 1, else |r| − 1/2, with r = x − t";
    const WEIGHTED: &'static str = "L = mean of w · (r²/2 if |r| < 1, else |r| − 1/2), with r = x − t";
    const WORDS: &'static str = "Squares small errors but counts large ones linearly, so that outliers don't dominate.";
    const GRADIENT_NAME: &'static str = "huber'x";
    const GRADIENT_FORMULA: &'static str = "dx = dL · clamp(x − t, −1, 1) / count";
    const GRADIENT_WORDS: &'static str = "Proportional to the error, but never more than 1.";

    fn value(&self, x: &Tensor, t: &Tensor) -> candle_core::Result<Tensor> {
        let r = (x - t)?.abs()?;
        let near = at_most(&r, 1.0)?;
        // near (r - near / 2) is r²/2 inside and r - 1/2 outside.
        &near * (&r - (&near * 0.5)?)?
    }

    fn derivative(&self, x: &Tensor, t: &Tensor) -> candle_core::Result<Tensor> {
        at_most(&at_least(&(x - t)?, -1.0)?, 1.0)
    }

    fn explain(&self, x: Arithmetic, t: Arithmetic) -> Arithmetic {
        let r = Arithmetic::named("r", Arithmetic::call(Function::Abs, x - t));
        if r.evaluate() < 1.0 { r.squared() / Arithmetic::number(2.0) } else { r - Arithmetic::number(0.5) }
    }

    fn explain_derivative(&self, x: Arithmetic, t: Arithmetic) -> Arithmetic {
        let above = Arithmetic::call2(Function::Max, x - t, Arithmetic::number(-1.0));
        Arithmetic::call2(Function::Min, above, Arithmetic::number(1.0))
    }

    #[inline(always)]
    fn value_f32(&self, x: f32, t: f32) -> f32 {
        let r = (x - t).abs();
        let near = if r > 1.0 { 1.0 } else { r };
        near * (r - 0.5 * near)
    }

    #[inline(always)]
    fn derivative_f32(&self, x: f32, t: f32) -> f32 {
        (x - t).clamp(-1.0, 1.0)
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
            gradient_check(Mean(Huber), Case::new().batched(batch, &[n]).batched(batch, &[n]).constant());
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("huber", |_| Mean(Huber));
    }
}
