//! `l1`, `l2`: penalties on weights, added to the loss.
//!
//! # Shapes
//! Any -> a single number.

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise, reduce};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Which size of a weight is penalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// strength · Σ|w|
    L1,
    /// strength · Σw²
    L2,
}

/// strength · Σ |w| or strength · Σ w², added to the loss.
#[derive(Clone, Debug)]
pub struct Penalty {
    /// Absolute values or squares.
    pub norm: Norm,
    /// The factor.
    pub strength: f64,
}

impl Op for Penalty {
    fn name(&self) -> &'static str {
        match self.norm {
            Norm::L1 => "l1",
            Norm::L2 => "l2",
        }
    }

    fn formula(&self) -> &'static str {
        match self.norm {
            Norm::L1 => "L = strength · Σ |w|",
            Norm::L2 => "L = strength · Σ w²",
        }
    }

    fn words(&self) -> &'static str {
        match self.norm {
            Norm::L1 => "Penalises the absolute value of every weight, which drives unneeded ones to exactly zero.",
            Norm::L2 => "Penalises the square of every weight, which keeps all of them small.",
        }
    }

    fn settings(&self) -> String {
        format!("strength {}", self.strength)
    }

    fn shapes(&self, _inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::scalar()]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let w = frame.input(0)?;
        let each = if self.norm == Norm::L1 { w.abs()? } else { w.sqr()? };
        let cost = (each.sum_all()? * self.strength)?;
        frame.set(0, cost)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let out = frame.reuse(0, &[])?;
        {
            let w = frame.f32s(0)?;
            let sum = if self.norm == Norm::L1 { reduce::sum_of(&w, f32::abs) } else { reduce::sum_of(&w, |w| w * w) };
            bridge::write(&out, |cost| cost[0] = (sum * self.strength) as f32)?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, _index: &[usize]) -> Result<Arithmetic> {
        let w = reader.input(0)?;
        let each = |i: usize| {
            let w = w.at_flat(i)?;
            Ok(if self.norm == Norm::L1 { Arithmetic::call(Function::Abs, w) } else { w.squared() })
        };
        let costs = (0..w.numbers.len()).map(each).collect::<Result<_>>()?;
        Ok(Arithmetic::given("strength", self.strength) * Arithmetic::Sum(costs))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dl) = pull.dy() else { return };
        pull.give(0, PenaltyW(self.clone()), &[pull.input(0), dl]);
    }
}

/// Inputs: w, dL.
#[derive(Debug)]
struct PenaltyW(Penalty);

impl Op for PenaltyW {
    fn name(&self) -> &'static str {
        match self.0.norm {
            Norm::L1 => "l1'w",
            Norm::L2 => "l2'w",
        }
    }

    fn formula(&self) -> &'static str {
        match self.0.norm {
            Norm::L1 => "dw = dL · strength · sign(w)",
            Norm::L2 => "dw = dL · 2 · strength · w",
        }
    }

    fn words(&self) -> &'static str {
        match self.0.norm {
            Norm::L1 => "Pulls every weight towards zero equally hard.",
            Norm::L2 => "Pulls every weight towards zero in proportion to its size.",
        }
    }

    fn settings(&self) -> String {
        self.0.settings()
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let w = frame.input(0)?;
        let slope = match self.0.norm {
            Norm::L1 => (w.gt(0.0)?.to_dtype(w.dtype())? - w.lt(0.0)?.to_dtype(w.dtype())?)?,
            Norm::L2 => (w * 2.0)?,
        };
        let dw = slope.broadcast_mul(&(frame.input(1)? * self.0.strength)?)?;
        frame.set(0, dw)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let scale = (frame.scalar(1)? * self.0.strength) as f32;
        let shape = frame.input(0)?.shape().clone();
        let out = frame.reuse(0, shape.dims())?;
        {
            let w = frame.f32s(0)?;
            let sign = move |w: f32| if w == 0.0 { 0.0 } else { scale.copysign(w * scale.signum()) };
            bridge::write(&out, |dw| match self.0.norm {
                Norm::L1 => elementwise::map(&w, dw, sign),
                Norm::L2 => elementwise::map(&w, dw, move |w| 2.0 * scale * w),
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (w, dl) = (reader.read(0, index)?, reader.read(1, &[])?);
        let strength = Arithmetic::given("strength", self.0.strength);
        Ok(Arithmetic::Product(match self.0.norm {
            Norm::L1 => vec![dl, strength, Arithmetic::call(Function::Sign, w)],
            Norm::L2 => vec![dl, Arithmetic::number(2.0), strength, w],
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for norm in [Norm::L1, Norm::L2] {
            gradient_check(Penalty { norm, strength: 0.3 }, Case::new().fixed(&[5, 3]));
            gradient_check(Penalty { norm, strength: 0.01 }, Case::new().fixed(&[2, 3, 3, 3]));
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        let penalty =
            |norm, params: &serde_json::Value| Penalty { norm, strength: params["strength"].as_f64().unwrap() };
        fixture_check("l1", |params| penalty(Norm::L1, params));
        fixture_check("l2", |params| penalty(Norm::L2, params));
    }
}
