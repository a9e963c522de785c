//! `dropout`: zero with probability `rate`, else times 1 / (1 - rate). The mask is a value of its own.
//!
//! # Shapes
//! Any -> the same, and the mask (1 kept, 0 dropped) of the same shape.

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
pub struct Dropout {
    /// Share of the elements that is set to zero, 0 to 1.
    pub rate: f64,
    /// Keys the random numbers, so that other layers do not change them.
    pub layer: LayerId,
    /// Whether all numbers of a channel of a picture `[B, C, H, W]`, or of a feature of a sequence `[B, T, F]`, share
    /// one draw.
    pub whole_channels: bool,
}

impl Dropout {
    /// The mask of a tensor of these sizes.
    fn draw(&self, context: &StepContext, dims: &[usize], mask: &mut [f32]) {
        match (self.whole_channels, dims) {
            (true, [batch, channels, rest @ ..]) if dims.len() > 3 => {
                let plane = rest.iter().product::<usize>().max(1);
                let mut shared = vec![0.0; batch * channels];
                self.draw_mask(context, &mut shared);
                mask.chunks_exact_mut(plane).zip(shared).for_each(|(mask, shared)| mask.fill(shared));
            }
            (true, &[batch, steps, features]) => {
                let mut shared = vec![0.0; batch * features];
                self.draw_mask(context, &mut shared);
                for (place, mask) in mask.chunks_exact_mut(features.max(1)).enumerate() {
                    mask.copy_from_slice(&shared[place / steps * features..][..features]);
                }
            }
            _ => self.draw_mask(context, mask),
        }
    }

    /// 16 random bits per number, in pieces that can be drawn apart: the same for any number of threads.
    fn draw_mask(&self, context: &StepContext, mask: &mut [f32]) {
        const PIECE: usize = 1 << 16;
        const BLOCK: usize = 512;
        let threshold = (self.rate * 65_536.0).round() as u32;
        let piece = |(i, mask): (usize, &mut [f32])| {
            let draws = Purpose::Dropout.draws(context.seed, context.step, Some(self.layer));
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
        let whole = if self.whole_channels { ", whole channels" } else { "" };
        format!("rate {}{whole}", self.rate)
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
        self.draw(frame.context(), x.dims(), &mut mask);
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
                self.draw(frame.context(), shape.dims(), mask);
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

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        pull.give(0, DropoutX { scale: self.scale() }, &[dy, pull.output(1)]);
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
        Dropout { rate, layer: LayerId(3), whole_channels: false }
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

    #[test]
    fn channels_and_features_are_dropped_as_a_whole() {
        let whole = || Dropout { whole_channels: true, ..dropout(0.5) };
        gradient_check(whole(), Case::new().batched(3, &[4, 2, 3]));
        gradient_check(whole(), Case::new().batched(3, &[4, 5]));
        gradient_check(whole(), Case::new().batched(3, &[4]));
        let masks = outputs(whole(), Case::new().batched(10, &[8, 3, 2])).remove(1);
        assert!(masks.chunks(6).all(|channel| channel.iter().all(|m| *m == channel[0])));
        let kept = masks.iter().sum::<f64>() / masks.len() as f64;
        assert!((0.3..0.7).contains(&kept), "{kept}");
        let masks = outputs(whole(), Case::new().batched(4, &[5, 30])).remove(1);
        assert!(masks.chunks(150).all(|sample| sample.chunks(30).all(|step| step == &sample[..30])));
        assert_ne!(masks[..150], masks[150..300]);
    }
}
