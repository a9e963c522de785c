//! `sgd`: stochastic gradient descent as `torch.optim.SGD` (dampening 0).

use super::moments::{self, Decay, Nothing, Share, rate};
use super::momentum::Momentum;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Frame, Op};
use crate::trace::Arithmetic;

/// Inputs: parameter, gradient, and the momentum buffer when momentum is used. Outputs: parameter (and buffer), in
/// place.
#[derive(Clone, Debug)]
pub struct Sgd {
    /// Share of the last update that is carried over.
    pub momentum: Momentum,
    /// Nesterov's look ahead.
    pub nesterov: bool,
    /// Adds decay · w to the gradient.
    pub weight_decay: f64,
}

impl Sgd {
    fn step(&self, frame: &mut Frame, decay: impl Decay) -> Result<bool> {
        let (rate, momentum) = (frame.context().learning_rate as f32, self.momentum.at(frame.context()) as f32);
        let w = frame.input(0)?;
        let g = frame.f32s(1)?;
        if !self.momentum.is_used() {
            bridge::write(w, |w| {
                elementwise::update(
                    w,
                    &g,
                    #[inline(always)]
                    move |w, g| w - rate * decay.add(g, w),
                );
            })?;
            return Ok(true);
        }
        let nesterov = self.nesterov;
        bridge::write2(w, frame.input(2)?, |w, v| {
            elementwise::update2(
                w,
                v,
                &g,
                #[inline(always)]
                move |w, v, g| {
                    let g = decay.add(g, w);
                    let v = momentum * v + g;
                    let direction = if nesterov { g + momentum * v } else { v };
                    (w - rate * direction, v)
                },
            );
        })?;
        Ok(true)
    }
}

impl Op for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn formula(&self) -> &'static str {
        "g ← g + decay · w;  v ← momentum · v + g;  w ← w − rate · v  (Nesterov: w ← w − rate · (g + momentum · v))"
    }

    fn words(&self) -> &'static str {
        "Takes a step downhill, against the gradient, scaled by the learning rate. Momentum carries over some speed \
            from earlier steps."
    }

    fn settings(&self) -> String {
        let nesterov = if self.nesterov { ", nesterov" } else { "" };
        format!("momentum {}{nesterov}, weight decay {}", self.momentum, self.weight_decay)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (w, rate) = (frame.input(0)?, frame.context().learning_rate);
        let momentum = self.momentum.at(frame.context());
        let mut g = moments::decayed(frame.input(1)?, w, self.weight_decay)?;
        let mut buffer = None;
        if self.momentum.is_used() {
            let v = ((frame.input(2)? * momentum)? + &g)?;
            g = if self.nesterov { (g + (&v * momentum)?)? } else { v.clone() };
            buffer = Some(v);
        }
        let w = (w - (g * rate)?)?;
        frame.set(0, w)?;
        buffer.map_or(Ok(()), |v| frame.set(1, v))
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        match self.weight_decay {
            0.0 => self.step(frame, Nothing),
            decay => self.step(frame, Share(decay as f32)),
        }
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let g = moments::gradient(reader, index, self.weight_decay)?;
        let momentum = self.momentum.given("momentum", &reader.context);
        let mut direction = g.clone();
        if self.momentum.is_used() {
            let v = momentum.clone() * reader.read(2, index)? + g.clone();
            if output == 1 {
                return Ok(v);
            }
            let v = Arithmetic::named("v", v);
            direction = if self.nesterov { g + momentum * v } else { v };
        }
        Ok(reader.read(0, index)? - rate(reader) * direction)
    }
}
