//! `clip_norm`, `clip_value`: gradients kept within bounds before the update, as PyTorch's `clip_grad_norm_` and
//! `clip_grad_value_`.

use crate::engine::error::Result;
use crate::engine::explain::{Operand, Reader};
use crate::engine::kernels::{bridge, elementwise, reduce};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::everywhere::{at_least, at_most};
use crate::engine::ops::places;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Inputs: all gradients. Outputs: their joint norm, then each of them scaled.
#[derive(Debug)]
pub struct ClipNorm {
    /// The largest norm of all gradients together.
    pub max: f64,
}

impl ClipNorm {
    /// PyTorch adds 1e-6, so that a norm of zero divides nothing by zero. A norm that is not a number stays one.
    fn scale(&self, norm: f64) -> f64 {
        let scale = self.max / (norm + 1e-6);
        if scale > 1.0 { 1.0 } else { scale }
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
        "If the norm of all gradients together exceeds the limit, scales them down to it, keeping their direction."
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

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        if output == 0 {
            return Ok(Arithmetic::call(Function::Sqrt, squares(&reader.inputs)?));
        }
        let norm = reader.output(0)?.at(&[])?;
        let scale = Arithmetic::given("max", self.max) / (norm + Arithmetic::number(1e-6));
        let scale = Arithmetic::call2(Function::Min, Arithmetic::number(1.0), scale);
        Ok(reader.read(output - 1, index)? * Arithmetic::named("scale", scale))
    }
}

/// Squares that are shown one by one; the smaller ones of a large network are one number.
const SHOWN: usize = 20_000;

/// The sum of the squares of all numbers.
fn squares(all: &[Operand]) -> Result<Arithmetic> {
    let mut sizes: Vec<f64> = all.iter().flat_map(|g| &g.numbers).map(|g| g.abs()).collect();
    let least = if sizes.len() <= SHOWN { 0.0 } else { *sizes.select_nth_unstable_by(SHOWN, |a, b| b.total_cmp(a)).1 };
    let (mut terms, mut others) = (Vec::new(), 0.0);
    for gradient in all {
        for at in places::indices(&places::whole(&gradient.dims)) {
            let number = gradient.number(&at)?;
            // Not the other way round: a NaN is shown.
            if number.abs() < least {
                others += number * number;
            } else {
                terms.push(gradient.at(&at)?.squared());
            }
        }
    }
    if others > 0.0 {
        terms.push(Arithmetic::given("the smaller ones", others));
    }
    Ok(Arithmetic::Sum(terms))
}

/// One gradient, number by number.
#[derive(Debug)]
pub struct ClipValue {
    /// The largest absolute value of one element.
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
        "Limits every single gradient to the range from −max to max."
    }

    fn settings(&self) -> String {
        format!("max {}", self.max)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let clipped = at_most(&at_least(frame.input(0)?, -self.max)?, self.max)?;
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

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let bound = |max: f64| Arithmetic::given("max", max);
        let least = Arithmetic::call2(Function::Max, reader.read(0, index)?, bound(-self.max.abs()));
        Ok(Arithmetic::call2(Function::Min, least, bound(self.max.abs())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check, outputs};

    #[test]
    fn agree_with_pytorch() {
        let max = |params: &serde_json::Value| params["max"].as_f64().unwrap();
        fixture_check("clip_norm", |params| ClipNorm { max: max(params) });
        fixture_check("clip_value", |params| ClipValue { max: max(params) });
    }

    /// As `torch.clamp` of the scale: nothing is left that looks like a gradient.
    #[test]
    fn one_that_is_not_a_number_makes_all_so() {
        for max in [0.1, 1000.0] {
            let case = Case::new().fixed(&[2]).constant().fixed(&[3]).with(|i, g| if i == 1 { f64::NAN } else { g });
            let all = outputs(ClipNorm { max }, case.constant());
            assert!(all.len() == 3 && all.iter().flatten().all(|number| number.is_nan()), "{all:?}");
        }
    }

    #[test]
    fn kernels_agree_with_the_reference() {
        for max in [0.1, 1000.0] {
            gradient_check(ClipNorm { max }, Case::new().fixed(&[9, 7]).constant().fixed(&[5]).constant());
            gradient_check(ClipValue { max }, Case::new().fixed(&[9, 7]).constant());
        }
    }
}
