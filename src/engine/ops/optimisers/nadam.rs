//! `nadam`: Adam that looks ahead along its momentum, as `torch.optim.NAdam` (Dozat, 2016).

use super::moments::{self, Decay, Nothing, Share, correction, count, rate, root, running};
use super::momentum::Momentum;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Frame, Op};
use crate::trace::Arithmetic;

/// Inputs: parameter, gradient, first moment, second moment, step count, product of the momenta so far (single
/// numbers). Outputs: all but the gradient, in place.
#[derive(Clone, Debug)]
pub struct NAdam {
    /// Decay of the first moment.
    pub beta1: Momentum,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the square root.
    pub epsilon: f64,
    /// Adds decay · w to the gradient.
    pub weight_decay: f64,
    /// How quickly the momentum grows from half of beta 1 to all of it.
    pub momentum_decay: f64,
}

/// What the step makes of the settings.
struct Scales {
    beta1: f64,
    from_gradient: f64,
    from_moment: f64,
    second_correction_sqrt: f64,
    /// The product of the momenta, this step's included.
    product: f64,
}

impl NAdam {
    fn scales(&self, frame: &Frame, t: f64, product: f64) -> Scales {
        let (rate, beta1) = (frame.context().learning_rate, self.beta1.at(frame.context()));
        let momentum = |t: f64| beta1 * (1.0 - 0.5 * 0.96f64.powf(t * self.momentum_decay));
        let (now, next) = (momentum(t), momentum(t + 1.0));
        let product = product * now;
        Scales {
            beta1,
            from_gradient: rate * (1.0 - now) / (1.0 - product),
            from_moment: rate * next / (1.0 - product * next),
            second_correction_sqrt: (1.0 - self.beta2.powf(t)).sqrt(),
            product,
        }
    }

    fn step(&self, frame: &mut Frame, decay: impl Decay) -> Result<bool> {
        let t = frame.scalar(4)? + 1.0;
        let s = self.scales(frame, t, frame.scalar(5)?);
        let (b1, b2) = (s.beta1 as f32, self.beta2 as f32);
        let (c1, c2) = ((1.0 - s.beta1) as f32, (1.0 - self.beta2) as f32);
        let (epsilon, correction) = (self.epsilon as f32, s.second_correction_sqrt as f32);
        let (from_gradient, from_moment) = (s.from_gradient as f32, s.from_moment as f32);
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
                    (w - (from_gradient * g + from_moment * m) / (v.sqrt() / correction + epsilon), m, v)
                },
            );
        })?;
        bridge::write(frame.input(4)?, |count| count[0] = t as f32)?;
        bridge::write(frame.input(5)?, |product| product[0] = s.product as f32)?;
        Ok(true)
    }
}

impl Op for NAdam {
    fn name(&self) -> &'static str {
        "nadam"
    }

    fn formula(&self) -> &'static str {
        "g ← g + decay · w;  m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  w ← w − rate · ((1 − μ) g / (1 − Πμ) + μ' m / (1 − Πμ μ')) / (√v̂ + ε)"
    }

    fn words(&self) -> &'static str {
        "Adam with Nesterov momentum: it looks one step ahead, so that it changes direction sooner."
    }

    fn settings(&self) -> String {
        let Self { beta1, beta2, epsilon, weight_decay, momentum_decay } = self;
        format!(
            "beta1 {beta1}, beta2 {beta2}, epsilon {epsilon:e}, weight decay {weight_decay}, momentum decay {momentum_decay}"
        )
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let count = (frame.input(4)? + 1.0)?;
        let s = self.scales(frame, bridge::scalar(&count)?, frame.scalar(5)?);
        let w = frame.input(0)?;
        let g = moments::decayed(frame.input(1)?, w, self.weight_decay)?;
        let m = ((frame.input(2)? * s.beta1)? + (&g * (1.0 - s.beta1))?)?;
        let v = ((frame.input(3)? * self.beta2)? + (g.sqr()? * (1.0 - self.beta2))?)?;
        let size = ((v.sqrt()? / s.second_correction_sqrt)? + self.epsilon)?;
        let step = ((g * s.from_gradient)? + (&m * s.from_moment)?)?;
        let w = (w - (step / size)?)?;
        let product = frame.input(5)?.affine(0.0, s.product)?;
        for (i, tensor) in [w, m, v, count, product].into_iter().enumerate() {
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
        let (t, beta1) = (count(reader, 4)?, self.beta1.given("β₁", &reader.context));
        let one = || Arithmetic::number(1.0);
        let momentum = |t: Arithmetic| {
            let faded = Arithmetic::number(0.96).power(t * Arithmetic::given("momentum decay", self.momentum_decay));
            beta1.clone() * (one() - Arithmetic::number(0.5) * faded)
        };
        let now = Arithmetic::named("μ", momentum(t.clone()));
        let product = Arithmetic::named("Πμ", reader.read(5, &[])? * now.clone());
        match output {
            3 => return Ok(t),
            4 => return Ok(product),
            _ => {}
        }
        let g = moments::gradient(reader, index, self.weight_decay)?;
        let beta2 = Arithmetic::given("β₂", self.beta2);
        let m = Arithmetic::named("m", running(reader.read(2, index)?, &beta1, g.clone()));
        let v = Arithmetic::named("v", running(reader.read(3, index)?, &beta2, g.clone().squared()));
        match output {
            1 => return Ok(m),
            2 => return Ok(v),
            _ => {}
        }
        let next = Arithmetic::named("μ'", momentum(t.clone() + one()));
        let from_gradient = (one() - now) * g / (one() - product.clone());
        let from_moment = next.clone() * m / (one() - product * next);
        let v = Arithmetic::named("v̂", v / correction(&beta2, &t));
        Ok(reader.read(0, index)? - rate(reader) * (from_gradient + from_moment) / root(v, self.epsilon))
    }
}
