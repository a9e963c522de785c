//! `rmsprop`: steps divided by the running size of the gradient, as `torch.optim.RMSprop` (not centred).

use super::moments::{self, Decay, Nothing, Share, rate, root, running};
use super::momentum::Momentum;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Frame, Op};
use crate::trace::Arithmetic;

/// Inputs: parameter, gradient, mean square, and the momentum buffer when momentum is used. Outputs: parameter, mean
/// square (and buffer), in place.
#[derive(Clone, Debug)]
pub struct RmsProp {
    /// Decay of the running mean of squared gradients.
    pub alpha: f64,
    /// Added to the square root.
    pub epsilon: f64,
    /// Share of the last update that is carried over.
    pub momentum: Momentum,
    /// Adds decay · w to the gradient.
    pub weight_decay: f64,
}

impl RmsProp {
    fn step(&self, frame: &mut Frame, decay: impl Decay) -> Result<bool> {
        let (rate, momentum) = (frame.context().learning_rate as f32, self.momentum.at(frame.context()) as f32);
        let (alpha, rest) = (self.alpha as f32, (1.0 - self.alpha) as f32);
        let epsilon = self.epsilon as f32;
        let scaled = move |w: f32, v: f32, g: f32| {
            let g = decay.add(g, w);
            let v = alpha * v + rest * g * g;
            (g / (v.sqrt() + epsilon), v)
        };
        let g = frame.f32s(1)?;
        let (w, v) = (frame.input(0)?, frame.input(2)?);
        if !self.momentum.is_used() {
            bridge::write2(w, v, |w, v| {
                elementwise::update2(
                    w,
                    v,
                    &g,
                    #[inline(always)]
                    move |w, v, g| {
                        let (direction, v) = scaled(w, v, g);
                        (w - rate * direction, v)
                    },
                );
            })?;
            return Ok(true);
        }
        bridge::write3(w, v, frame.input(3)?, |w, v, b| {
            elementwise::update3(
                w,
                v,
                b,
                &g,
                #[inline(always)]
                move |w, v, b, g| {
                    let (direction, v) = scaled(w, v, g);
                    let b = momentum * b + direction;
                    (w - rate * b, v, b)
                },
            );
        })?;
        Ok(true)
    }
}

impl Op for RmsProp {
    fn name(&self) -> &'static str {
        "rmsprop"
    }

    fn formula(&self) -> &'static str {
        "g ← g + decay · w;  v ← α v + (1 − α) g²;  b ← momentum · b + g / (√v + ε);  w ← w − rate · b"
    }

    fn words(&self) -> &'static str {
        "Divides each step by the recent size of the gradient, so that all weights move at a similar pace."
    }

    fn settings(&self) -> String {
        let Self { alpha, epsilon, momentum, weight_decay } = self;
        format!("alpha {alpha}, epsilon {epsilon:e}, momentum {momentum}, weight decay {weight_decay}")
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (w, rate) = (frame.input(0)?, frame.context().learning_rate);
        let g = moments::decayed(frame.input(1)?, w, self.weight_decay)?;
        let v = ((frame.input(2)? * self.alpha)? + (g.sqr()? * (1.0 - self.alpha))?)?;
        let mut direction = (g / (v.sqrt()? + self.epsilon)?)?;
        if self.momentum.is_used() {
            direction = ((frame.input(3)? * self.momentum.at(frame.context()))? + direction)?;
        }
        let w = (w - (&direction * rate)?)?;
        frame.set(0, w)?;
        frame.set(1, v)?;
        if self.momentum.is_used() { frame.set(2, direction) } else { Ok(()) }
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        match self.weight_decay {
            0.0 => self.step(frame, Nothing),
            decay => self.step(frame, Share(decay as f32)),
        }
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let g = moments::gradient(reader, index, self.weight_decay)?;
        let v = running(reader.read(2, index)?, &Arithmetic::given("α", self.alpha), g.clone().squared());
        if output == 1 {
            return Ok(v);
        }
        let mut direction = g / root(Arithmetic::named("v", v), self.epsilon);
        if self.momentum.is_used() {
            let momentum = self.momentum.given("momentum", &reader.context);
            direction = Arithmetic::named("b", momentum * reader.read(3, index)? + direction);
        }
        if output == 2 { Ok(direction) } else { Ok(reader.read(0, index)? - rate(reader) * direction) }
    }
}
