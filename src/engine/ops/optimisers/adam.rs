//! `adam` and `adamw`: steps scaled by running moments of the gradient, as `torch.optim.Adam` and `AdamW`
//! (Kingma and Ba, 2015; Loshchilov and Hutter, 2019).

use super::moments::{self, Decay, Nothing, Share, correction, count, rate, root, running};
use super::momentum::Momentum;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Frame, Op, StepContext};
use crate::trace::Arithmetic;

/// Inputs: parameter, gradient, first moment, second moment, step count (a single number). Outputs: parameter, both
/// moments, step count, in place.
#[derive(Clone, Debug)]
pub struct Adam {
    /// Decay of the first moment.
    pub beta1: Momentum,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the square root.
    pub epsilon: f64,
    /// Through the gradient (Adam) or directly on the weights (AdamW).
    pub weight_decay: f64,
    /// AdamW: the decay shrinks the weights themselves instead of joining the gradient.
    pub decoupled: bool,
}

/// What the step count makes of the settings.
struct Scales {
    beta1: f64,
    step_size: f64,
    second_correction_sqrt: f64,
    shrink: f64,
    joined_decay: f64,
}

impl Adam {
    fn scales(&self, context: &StepContext, t: f64) -> Scales {
        let (rate, beta1) = (context.learning_rate, self.beta1.at(context));
        Scales {
            beta1,
            step_size: rate / (1.0 - beta1.powf(t)),
            second_correction_sqrt: (1.0 - self.beta2.powf(t)).sqrt(),
            shrink: if self.decoupled { 1.0 - rate * self.weight_decay } else { 1.0 },
            joined_decay: if self.decoupled { 0.0 } else { self.weight_decay },
        }
    }

    fn step(&self, frame: &mut Frame, decay: impl Decay) -> Result<bool> {
        let t = frame.scalar(4)? + 1.0;
        let s = self.scales(frame.context(), t);
        let (b1, b2) = (s.beta1 as f32, self.beta2 as f32);
        let (c1, c2) = ((1.0 - s.beta1) as f32, (1.0 - self.beta2) as f32);
        let (shrink, epsilon) = (s.shrink as f32, self.epsilon as f32);
        let (step_size, correction) = (s.step_size as f32, s.second_correction_sqrt as f32);
        let g = frame.f32s(1)?;
        bridge::write3(frame.input(0)?, frame.input(2)?, frame.input(3)?, |w, m, v| {
            elementwise::update3(
                w,
                m,
                v,
                &g,
                #[inline(always)]
                move |w, m, v, g| {
                    let g = decay.add(g, w);
                    let m = b1 * m + c1 * g;
                    let v = b2 * v + c2 * g * g;
                    (shrink * w - step_size * m / (v.sqrt() / correction + epsilon), m, v)
                },
            );
        })?;
        bridge::write(frame.input(4)?, |count| count[0] = t as f32)?;
        Ok(true)
    }
}

impl Op for Adam {
    fn name(&self) -> &'static str {
        if self.decoupled { "adamw" } else { "adam" }
    }

    fn formula(&self) -> &'static str {
        if self.decoupled {
            "m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  w ← w − rate · (m̂ / (√v̂ + ε) + decay · w)"
        } else {
            "g ← g + decay · w;  m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  w ← w − rate · m̂ / (√v̂ + ε)"
        }
    }

    fn words(&self) -> &'static str {
        "Steps along a running mean of the gradient, divided by its typical size, so that all weights move at a \
            similar pace."
    }

    fn settings(&self) -> String {
        let Self { beta1, beta2, epsilon, weight_decay, .. } = self;
        format!("beta1 {beta1}, beta2 {beta2}, epsilon {epsilon:e}, weight decay {weight_decay}")
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let count = (frame.input(4)? + 1.0)?;
        let s = self.scales(frame.context(), bridge::scalar(&count)?);
        let w = frame.input(0)?;
        let g = moments::decayed(frame.input(1)?, w, s.joined_decay)?;
        let m = ((frame.input(2)? * s.beta1)? + (&g * (1.0 - s.beta1))?)?;
        let v = ((frame.input(3)? * self.beta2)? + (g.sqr()? * (1.0 - self.beta2))?)?;
        let size = ((v.sqrt()? / s.second_correction_sqrt)? + self.epsilon)?;
        let w = ((w * s.shrink)? - ((&m * s.step_size)? / size)?)?;
        for (i, tensor) in [w, m, v, count].into_iter().enumerate() {
            frame.set(i, tensor)?;
        }
        Ok(())
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let joined = if self.decoupled { 0.0 } else { self.weight_decay };
        match joined {
            0.0 => self.step(frame, Nothing),
            decay => self.step(frame, Share(decay as f32)),
        }
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let t = count(reader, 4)?;
        if output == 3 {
            return Ok(t);
        }
        let g = moments::gradient(reader, index, if self.decoupled { 0.0 } else { self.weight_decay })?;
        let beta1 = self.beta1.given("β₁", &reader.context);
        let beta2 = Arithmetic::given("β₂", self.beta2);
        let m = Arithmetic::named("m", running(reader.read(2, index)?, &beta1, g.clone()));
        let v = Arithmetic::named("v", running(reader.read(3, index)?, &beta2, g.squared()));
        match output {
            1 => return Ok(m),
            2 => return Ok(v),
            _ => {}
        }
        let m = Arithmetic::named("m̂", m / correction(&beta1, &t));
        let v = Arithmetic::named("v̂", v / correction(&beta2, &t));
        let (w, mut step) = (reader.read(0, index)?, m / root(v, self.epsilon));
        if self.decoupled && self.weight_decay != 0.0 {
            step = step + Arithmetic::given("decay", self.weight_decay) * w.clone();
        }
        Ok(w - rate(reader) * step)
    }
}
