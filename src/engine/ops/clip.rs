//! `clip_norm`, `clip_value`: gradients kept within bounds before the update, as PyTorch's `clip_grad_norm_` and
//! `clip_grad_value_`.

use crate::engine::error::Result;
use crate::engine::kernels::{bridge, elementwise, reduce};
use crate::engine::op::{Frame, Op, ValueShape};

/// Inputs: all gradients. Outputs: their joint norm, then each of them scaled.
#[derive(Debug)]
pub struct ClipNorm {
    pub max: f64,
}

impl ClipNorm {
    /// PyTorch adds 1e-6, so that a norm of zero divides nothing by zero.
    fn scale(&self, norm: f64) -> f64 {
        (self.max / (norm + 1e-6)).min(1.0)
    }
}

impl Op for ClipNorm {
    fn name(&self) -> &'static str {
        "clip_norm"
    }

    fn formula(&self) -> &'static str {
        "norm = √Σ g²;  g ← g · min(1, max / norm)"
    }

    fn words(&self) -> &'static str {
        "When all gradients together are longer than the limit, shortens them to it and keeps their direction."
    }

    fn settings(&self) -> String {
        format!("max {}", self.max)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        std::iter::once(ValueShape::scalar()).chain(inputs.iter().cloned()).collect()
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let mut sum = frame.input(0)?.sqr()?.sum_all()?;
        for i in 1..frame.input_count() {
            sum = (sum + frame.input(i)?.sqr()?.sum_all()?)?;
        }
        let norm = sum.sqrt()?;
        let scale = self.scale(bridge::scalar(&norm)?);
        frame.set(0, norm)?;
        for i in 0..frame.input_count() {
            let scaled = (frame.input(i)? * scale)?;
            frame.set(i + 1, scaled)?;
        }
        Ok(())
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let mut sum = 0.0;
        for i in 0..frame.input_count() {
            sum += reduce::sum_of(&frame.f32s(i)?, |g| g * g);
        }
        let norm = frame.reuse(0, &[])?;
        bridge::write(&norm, |norm| norm[0] = sum.sqrt() as f32)?;
        frame.set(0, norm)?;
        let scale = self.scale(sum.sqrt()) as f32;
        for i in 0..frame.input_count() {
            let shape = frame.input(i)?.shape().clone();
            let out = frame.reuse(i + 1, shape.dims())?;
            {
                let g = frame.f32s(i)?;
                bridge::write(&out, |out| elementwise::map(&g, out, move |g| g * scale))?;
            }
            frame.set(i + 1, out)?;
        }
        Ok(true)
    }
}

/// One gradient, number by number.
#[derive(Debug)]
pub struct ClipValue {
    pub max: f64,
}

impl Op for ClipValue {
    fn name(&self) -> &'static str {
        "clip_value"
    }

    fn formula(&self) -> &'static str {
        "g ← clamp(g, −max, max)"
    }

    fn words(&self) -> &'static str {
        "Cuts every single gradient off at the limit."
    }

    fn settings(&self) -> String {
        format!("max {}", self.max)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let clipped = frame.input(0)?.clamp(-self.max, self.max)?;
        frame.set(0, clipped)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let max = self.max.abs() as f32;
        let shape = frame.input(0)?.shape().clone();
        let out = frame.reuse(0, shape.dims())?;
        {
            let g = frame.f32s(0)?;
            let clamp = move |g: f32| {
                let g = if g > max { max } else { g };
                if g < -max { -max } else { g }
            };
            bridge::write(&out, |out| elementwise::map(&g, out, clamp))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn agree_with_pytorch() {
        let max = |params: &serde_json::Value| params["max"].as_f64().unwrap();
        fixture_check("clip_norm", |params| ClipNorm { max: max(params) });
        fixture_check("clip_value", |params| ClipValue { max: max(params) });
    }

    #[test]
    fn kernels_agree_with_the_reference() {
        for max in [0.1, 1000.0] {
            gradient_check(ClipNorm { max }, Case::new().fixed(&[9, 7]).constant().fixed(&[5]).constant());
            gradient_check(ClipValue { max }, Case::new().fixed(&[9, 7]).constant());
        }
    }
}
