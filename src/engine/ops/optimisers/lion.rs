//! `lion`: steps of equal size in the direction that the momentum votes for (Chen et al., 2023).

use super::moments::{self, Decay, Nothing, Share, rate, running};
use super::momentum::Momentum;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Frame, Op};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Inputs: parameter, gradient, momentum. Outputs: parameter, momentum, in place.
#[derive(Clone, Debug)]
pub struct Lion {
    /// Weight of the moment in the direction of the update.
    pub beta1: Momentum,
    /// Decay of the moment.
    pub beta2: f64,
    /// Shrinks the weights directly.
    pub weight_decay: f64,
}

impl Lion {
    fn step(&self, frame: &mut Frame, decay: impl Decay) -> Result<bool> {
        let beta1 = self.beta1.at(frame.context());
        let (b1, c1) = (beta1 as f32, (1.0 - beta1) as f32);
        let (b2, c2) = (self.beta2 as f32, (1.0 - self.beta2) as f32);
        let rate = frame.context().learning_rate as f32;
        let g = frame.f32s(1)?;
        bridge::write2(frame.input(0)?, frame.input(2)?, |w, m| {
            elementwise::update2(
                w,
                m,
                &g,
                #[inline(always)]
                move |w, m, g| {
                    let vote = b1 * m + c1 * g;
                    // 0 for 0, and no number for none.
                    let sign = if vote < 0.0 { -1.0 } else { 0.0 * vote };
                    let sign = if vote > 0.0 { 1.0 } else { sign };
                    (w - rate * decay.add(sign, w), b2 * m + c2 * g)
                },
            );
        })?;
        Ok(true)
    }
}

impl Op for Lion {
    fn name(&self) -> &'static str {
        "lion"
    }

    fn formula(&self) -> &'static str {
        "w ← w − rate · (sign(β₁ m + (1 − β₁) g) + decay · w);  m ← β₂ m + (1 − β₂) g"
    }

    fn words(&self) -> &'static str {
        "Uses only the sign of a running mean of the gradient, so that every weight moves by the same amount."
    }

    fn settings(&self) -> String {
        format!("beta1 {}, beta2 {}, weight decay {}", self.beta1, self.beta2, self.weight_decay)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (w, g, m) = (frame.input(0)?, frame.input(1)?, frame.input(2)?);
        let (rate, beta1) = (frame.context().learning_rate, self.beta1.at(frame.context()));
        let vote = ((m * beta1)? + (g * (1.0 - beta1))?)?;
        let sign = (vote.gt(0.0)?.to_dtype(w.dtype())? - vote.lt(0.0)?.to_dtype(w.dtype())?)?;
        // A vote that is no number stays none, so that trouble is seen.
        let sign = vote.eq(&vote)?.where_cond(&sign, &vote)?;
        let next = (w - (moments::decayed(&sign, w, self.weight_decay)? * rate)?)?;
        let m = ((m * self.beta2)? + (g * (1.0 - self.beta2))?)?;
        frame.set(0, next)?;
        frame.set(1, m)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        match self.weight_decay {
            0.0 => self.step(frame, Nothing),
            decay => self.step(frame, Share(decay as f32)),
        }
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (w, g, m) = (reader.read(0, index)?, reader.read(1, index)?, reader.read(2, index)?);
        if output == 1 {
            return Ok(running(m, &Arithmetic::given("β₂", self.beta2), g));
        }
        let beta1 = self.beta1.given("β₁", &reader.context);
        let vote = Arithmetic::named("vote", running(m, &beta1, g));
        let mut step = Arithmetic::call(Function::Sign, vote);
        if self.weight_decay != 0.0 {
            step = step + Arithmetic::given("decay", self.weight_decay) * w.clone();
        }
        Ok(w - rate(reader) * step)
    }
}
