//! `dropout`: zero with probability `rate`, else times 1 / (1 - rate). The mask is a value of its own.
//!
//! # Shapes
//! Any -> the same, and the mask (1 kept, 0 dropped) of the same shape.

use candle_core::Tensor;
use rayon::prelude::*;

use crate::engine::backward::BackwardBuilder;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Call, Frame, Op, StepContext, ValueShape};
use crate::engine::program::ValueId;
use crate::engine::random::{Draws, Purpose};
use crate::model::LayerId;
use crate::trace::Arithmetic;

/// Only in training programs: predicting has no such instruction.
#[derive(Debug)]
pub struct Dropout {
    /// Share of the elements that is set to zero, 0 to 1.
    pub rate: f64,
    /// Keys the random numbers, so that other layers do not change them.
    pub layer: LayerId,
}

impl Dropout {
    /// 16 random bits per number, in pieces that can be drawn apart: the same for any number of threads.
    fn draw_mask(&self, context: &StepContext, mask: &mut [f32]) {
        const PIECE: usize = 1 << 16;
        const BLOCK: usize = 512;
        let threshold = (self.rate * 65_536.0).round() as u32;
        let piece = |(i, mask): (usize, &mut [f32])| {
            let draws = Draws::new(context.seed, Purpose::Dropout, context.step, Some(self.layer));
            let mut draws = draws.at((i * PIECE / 2) as u64);
            let mut bytes = [0u8; 2 * BLOCK];
            for mask in mask.chunks_mut(BLOCK) {
                let bytes = &mut bytes[..2 * mask.len()];
                draws.fill(bytes);
                for (m, bits) in mask.iter_mut().zip(bytes.chunks_exact(2)) {
                    let bits = u32::from(u16::from_le_bytes([bits[0], bits[1]]));
                    *m = if bits < threshold { 0.0 } else { 1.0 };
                }
            }
        };
        if mask.len() <= PIECE {
            piece((0, mask));
        } else {
            mask.par_chunks_mut(PIECE).enumerate().for_each(piece);
        }
    }

    fn scale(&self) -> f64 {
        1.0 / (1.0 - self.rate)
    }
}

impl Op for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn formula(&self) -> &'static str {
        "y = x · mask / (1 − rate)"
    }

    fn words(&self) -> &'static str {
        "Sets a random share of the values to zero, different at every step, and scales up the rest."
    }

    fn settings(&self) -> String {
        format!("rate {}", self.rate)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![inputs[0].clone(), inputs[0].clone()]
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".mask"]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let mut mask = vec![0.0; x.elem_count()];
        self.draw_mask(frame.context(), &mut mask);
        let mask = Tensor::from_vec(mask, x.shape(), frame.device())?.to_dtype(x.dtype())?;
        let y = ((x * &mask)? * self.scale())?;
        frame.set(0, y)?;
        frame.set(1, mask)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let shape = frame.input(0)?.shape().clone();
        let (out, mask) = (frame.reuse(0, shape.dims())?, frame.reuse(1, shape.dims())?);
        let scale = self.scale() as f32;
        {
            let x = frame.f32s(0)?;
            bridge::write2(&out, &mask, |y, mask| {
                self.draw_mask(frame.context(), mask);
                elementwise::map2(&x, mask, y, move |x, mask| x * mask * scale);
            })?;
        }
        frame.set(0, out)?;
        frame.set(1, mask)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let mask = reader.output(1)?;
        if output == 1 {
            return Ok(Arithmetic::given("1 kept, 0 dropped, at random", mask.number(index)?));
        }
        Ok(reader.read(0, index)? * mask.at(index)? / Arithmetic::given("1 − rate", 1.0 - self.rate))
    }

    fn vjp(
        &self,
        builder: &mut BackwardBuilder,
        call: &Call,
        grads: &[Option<ValueId>],
        needs: &[bool],
    ) -> Vec<Option<ValueId>> {
        let dy = grads[0].filter(|_| needs[0]);
        let scale = self.scale();
        vec![dy.map(|dy| builder.gradient(DropoutX { scale }, &[dy, call.outputs[1]], call.inputs[0]))]
    }
}

/// Inputs: dy, mask.
#[derive(Debug)]
struct DropoutX {
    scale: f64,
}

impl Op for DropoutX {
    fn name(&self) -> &'static str {
        "dropout'x"
    }

    fn formula(&self) -> &'static str {
        "dx = dy · mask / (1 − rate)"
    }

    fn words(&self) -> &'static str {
        "Dropped values get no gradient."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let dx = ((frame.input(0)? * frame.input(1)?)? * self.scale)?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let shape = frame.input(0)?.shape().clone();
        let out = frame.reuse(0, shape.dims())?;
        let scale = self.scale as f32;
        {
            let (dy, mask) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dx| elementwise::map2(&dy, &mask, dx, move |dy, mask| dy * mask * scale))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        Ok(reader.read(0, index)? * reader.read(1, index)? / Arithmetic::given("1 − rate", 1.0 / self.scale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, gradient_check, outputs};

    fn dropout(rate: f64) -> Dropout {
        Dropout { rate, layer: LayerId(3) }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(dropout(0.3), Case::new().batched(5, &[7]));
        gradient_check(dropout(0.5), Case::new().batched(40, &[500]));
        gradient_check(dropout(0.0), Case::new().batched(2, &[2]));
    }

    #[test]
    fn the_share_dropped_is_the_rate_and_the_mean_stays() {
        let found = outputs(dropout(0.25), Case::new().batched(100, &[400]).with(|_, _| 1.0));
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        assert!((mean(&found[1]) - 0.75).abs() < 0.01);
        assert!((mean(&found[0]) - 1.0).abs() < 0.015);
    }
}
