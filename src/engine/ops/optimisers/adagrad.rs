//! `adagrad`: steps divided by the size of all gradients so far, as `torch.optim.Adagrad` (Duchi et al., 2011).

use super::moments::{self, Decay, Nothing, Share, count, rate, root};
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Frame, Op};
use crate::trace::Arithmetic;

/// Inputs: parameter, gradient, sum of squares, step count (a single number). Outputs: parameter, sum, step count, in
/// place.
#[derive(Clone, Debug)]
pub struct Adagrad {
    /// The rate is divided by 1 + this · (t − 1).
    pub rate_decay: f64,
    /// Added to the square root.
    pub epsilon: f64,
    /// Adds decay · w to the gradient.
    pub weight_decay: f64,
}

impl Adagrad {
    /// The rate of the update number `t`, counted from 1.
    fn rate(&self, rate: f64, t: f64) -> f64 {
        rate / (1.0 + (t - 1.0) * self.rate_decay)
    }

    fn step(&self, frame: &mut Frame, decay: impl Decay) -> Result<bool> {
        let t = frame.scalar(3)? + 1.0;
        let rate = self.rate(frame.context().learning_rate, t) as f32;
        let epsilon = self.epsilon as f32;
        let g = frame.f32s(1)?;
        bridge::write2(frame.input(0)?, frame.input(2)?, |w, sum| {
            elementwise::update2(
                w,
                sum,
                &g,
                #[inline(always)]
                move |w, sum, g| {
                    let g = decay.add(g, w);
                    let sum = sum + g * g;
                    (w - rate * g / (sum.sqrt() + epsilon), sum)
                },
            );
        })?;
        bridge::write(frame.input(3)?, |count| count[0] = t as f32)?;
        Ok(true)
    }
}

impl Op for Adagrad {
    fn name(&self) -> &'static str {
        "adagrad"
    }

    fn formula(&self) -> &'static str {
        "g ← g + decay · w;  s ← s + g²;  w ← w − rate / (1 + (t − 1) · rate decay) · g / (√s + ε)"
    }

    fn words(&self) -> &'static str {
        "Divides each step by the size of all past gradients of the weight, so that rarely updated weights take larger \
            steps."
    }

    fn settings(&self) -> String {
        let Self { rate_decay, epsilon, weight_decay } = self;
        format!("rate decay {rate_decay}, epsilon {epsilon:e}, weight decay {weight_decay}")
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let count = (frame.input(3)? + 1.0)?;
        let rate = self.rate(frame.context().learning_rate, bridge::scalar(&count)?);
        let w = frame.input(0)?;
        let g = moments::decayed(frame.input(1)?, w, self.weight_decay)?;
        let sum = (frame.input(2)? + g.sqr()?)?;
        let w = (w - ((g * rate)? / (sum.sqrt()? + self.epsilon)?)?)?;
        for (i, tensor) in [w, sum, count].into_iter().enumerate() {
            frame.set(i, tensor)?;
        }
        Ok(())
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        match self.weight_decay {
            0.0 => self.step(frame, Nothing),
            decay => self.step(frame, Share(decay as f32)),
        }
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let t = count(reader, 3)?;
        if output == 2 {
            return Ok(t);
        }
        let g = moments::gradient(reader, index, self.weight_decay)?;
        let sum = reader.read(2, index)? + g.clone().squared();
        if output == 1 {
            return Ok(sum);
        }
        let mut rate = rate(reader);
        if self.rate_decay != 0.0 {
            let slowed = (t - Arithmetic::number(1.0)) * Arithmetic::given("rate decay", self.rate_decay);
            rate = rate / (Arithmetic::number(1.0) + slowed);
        }
        Ok(reader.read(0, index)? - rate * g / root(Arithmetic::named("s", sum), self.epsilon))
    }
}
