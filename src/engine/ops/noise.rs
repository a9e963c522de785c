//! `noise`: adds normal random numbers, anew in every step. What was drawn is a value of its own.
//!
//! # Shapes
//! Any -> the same, and the draws (mean 0, standard deviation 1) of the same shape.

use candle_core::Tensor;
use rayon::prelude::*;

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Frame, Op, StepContext, ValueShape};
use crate::engine::random::Purpose;
use crate::model::LayerId;
use crate::trace::Arithmetic;

/// Only in training programs: predicting has no such instruction.
#[derive(Debug)]
pub struct Noise {
    /// Of the normal distribution; 0 adds nothing.
    pub deviation: f64,
    /// Keys the random numbers, so that other layers do not change them.
    pub layer: LayerId,
}

impl Noise {
    /// In pieces that can be drawn apart: the same for any number of threads.
    fn draw(&self, context: &StepContext, noise: &mut [f32]) {
        const PIECE: usize = 1 << 12;
        // A normal number takes two draws of two words.
        const WORDS: usize = 4;
        let piece = |(i, noise): (usize, &mut [f32])| {
            let draws = Purpose::Noise.draws(context.seed, context.step, Some(self.layer));
            let mut draws = draws.at((i * PIECE * WORDS) as u64);
            noise.iter_mut().for_each(|noise| *noise = draws.normal() as f32);
        };
        if noise.len() <= PIECE {
            piece((0, noise));
        } else {
            noise.par_chunks_mut(PIECE).enumerate().for_each(piece);
        }
    }
}

impl Op for Noise {
    fn name(&self) -> &'static str {
        "noise"
    }

    fn formula(&self) -> &'static str {
        "y = x + σ · n, n normal at random"
    }

    fn words(&self) -> &'static str {
        "Adds a random number to each value, a different one in every step."
    }

    fn settings(&self) -> String {
        format!("σ {}", self.deviation)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![inputs[0].clone(), inputs[0].clone()]
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".noise"]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let mut noise = vec![0.0; x.elem_count()];
        self.draw(frame.context(), &mut noise);
        let noise = Tensor::from_vec(noise, x.shape(), frame.device())?.to_dtype(x.dtype())?;
        let y = (x + (&noise * self.deviation)?)?;
        frame.set(0, y)?;
        frame.set(1, noise)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let shape = frame.input(0)?.shape().clone();
        let (out, noise) = (frame.reuse(0, shape.dims())?, frame.reuse(1, shape.dims())?);
        let deviation = self.deviation as f32;
        {
            let x = frame.f32s(0)?;
            bridge::write2(&out, &noise, |y, noise| {
                self.draw(frame.context(), noise);
                elementwise::map2(&x, noise, y, move |x, noise| x + deviation * noise);
            })?;
        }
        frame.set(0, out)?;
        frame.set(1, noise)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let noise = reader.output(1)?;
        if output == 1 {
            return Ok(Arithmetic::given("drawn at random", noise.number(index)?));
        }
        Ok(reader.read(0, index)? + Arithmetic::given("σ", self.deviation) * noise.at(index)?)
    }

    /// The gradient passes unchanged, without an instruction.
    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        pull.pass(0, dy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, gradient_check, outputs};

    fn noise(deviation: f64) -> Noise {
        Noise { deviation, layer: LayerId(3) }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(noise(0.3), Case::new().batched(5, &[7]));
        gradient_check(noise(1.5), Case::new().batched(20, &[300]));
    }

    #[test]
    fn what_is_added_has_the_deviation_and_no_mean() {
        let found = outputs(noise(0.5), Case::new().batched(100, &[400]).with(|_, _| 1.0));
        let count = found[0].len() as f64;
        let mean = found[0].iter().sum::<f64>() / count;
        let variance = found[0].iter().map(|y| (y - mean).powi(2)).sum::<f64>() / count;
        assert!((mean - 1.0).abs() < 0.01 && (variance.sqrt() - 0.5).abs() < 0.01, "{mean} {variance}");
    }
}
