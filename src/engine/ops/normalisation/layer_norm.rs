//! `layer_norm`: shifts and scales the numbers of each sample to mean 0 and spread 1, then by learned numbers.
//! PyTorch's `nn.LayerNorm` over the axes that weight and bias have (Ba, Kiros and Hinton, 2016).
//!
//! # Shapes
//! x `[B, positions..., axes...]`, weight and bias `[axes...]` -> y like x, mean and (biased) variance
//! `[B, positions...]`.

use candle_core::Tensor;

use super::batch_norm::settings;
use super::spread::{self, Together, standardised};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::layer_norm::{self as kernel, Rows};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::places;
use crate::trace::Arithmetic;

/// Inputs: x, weight, bias.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    /// Added to the variance.
    pub epsilon: f64,
}

/// `[rows, D]`, with as many rows as there are means.
fn rows(x: &Tensor, mean: &Tensor) -> Result<Tensor> {
    let count = mean.elem_count();
    Ok(x.reshape((count, x.elem_count() / count.max(1)))?)
}

/// `(x - mean) / √(variance + ε)` as `[rows, D]`.
fn normalised(x: &Tensor, mean: &Tensor, variance: &Tensor, epsilon: f64) -> Result<Tensor> {
    spread::of_rows(&rows(x, mean)?, mean, variance, epsilon)
}

impl Op for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn formula(&self) -> &'static str {
        "y = γ · (x − mean) / √(var + ε) + β, with mean and var of the sample"
    }

    fn words(&self) -> &'static str {
        "Normalises the values of each sample to mean 0 and standard deviation 1, then applies a learned scale and \
            shift to each."
    }

    fn settings(&self) -> String {
        settings(self.epsilon)
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".mean", ".var"]
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let positions = &inputs[0].dims[..inputs[0].dims.len() - inputs[1].dims.len()];
        vec![inputs[0].clone(), ValueShape::batched(positions), ValueShape::batched(positions)]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let positions = &x.dims()[..x.rank() - frame.input(1)?.rank()];
        let all = x.flatten_from(positions.len())?;
        let mean = all.mean(positions.len())?;
        let variance = all.broadcast_sub(&mean.unsqueeze(positions.len())?)?.sqr()?.mean(positions.len())?;
        let xhat = normalised(x, &mean, &variance, self.epsilon)?;
        let (weight, bias) = (frame.input(1)?.flatten_all()?, frame.input(2)?.flatten_all()?);
        let y = xhat.broadcast_mul(&weight)?.broadcast_add(&bias)?.reshape(x.shape())?;
        frame.set(0, y)?;
        frame.set(1, mean)?;
        frame.set(2, variance)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let dims = frame.input(0)?.shape().clone();
        let positions = &dims.dims()[..dims.rank() - frame.input(1)?.rank()];
        let (mean, variance) = (frame.reuse(1, positions)?, frame.reuse(2, positions)?);
        let out = frame.reuse(0, dims.dims())?;
        {
            let (x, weight, bias) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            let mut inner = Ok(());
            bridge::write(&out, |y| {
                inner = bridge::write2(&mean, &variance, |mean, variance| {
                    kernel::forward(self.epsilon, &x, (&weight, &bias), y, mean, variance);
                });
            })?;
            inner?;
        }
        frame.set(0, out)?;
        frame.set(1, mean)?;
        frame.set(2, variance)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, mean, variance) = (reader.input(0)?, reader.output(1)?, reader.output(2)?);
        if output > 0 {
            let set = places::below(&x.dims, index);
            return if output == 1 { spread::mean(&set, x) } else { spread::variance(&set, x, &mean.at(index)?) };
        }
        let (position, axes) = index.split_at(mean.dims.len());
        let xhat = standardised(x.at(index)?, mean.at(position)?, variance.at(position)?, self.epsilon);
        Ok(reader.read(1, axes)? * xhat + reader.read(2, axes)?)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let [x, weight, mean, variance] = [pull.input(0), pull.input(1), pull.output(1), pull.output(2)];
        let (epsilon, axes) = (self.epsilon, pull.shape(weight).dims.len());
        let inputs = [dy, x, mean, variance, weight];
        pull.give(0, LayerNormX { epsilon }, &inputs);
        pull.give_both([1, 2], LayerNormParameters { epsilon, axes }, &inputs[..4]);
    }
}

/// Gradient of x. Inputs: dy, x, mean, variance, weight.
#[derive(Debug)]
struct LayerNormX {
    epsilon: f64,
}

impl Op for LayerNormX {
    fn name(&self) -> &'static str {
        "layer_norm'x"
    }

    fn formula(&self) -> &'static str {
        "dx = (h − mean(h) − x̂ · mean(h · x̂)) / √(var + ε), h = dy · γ, x̂ = (x − mean) / √(var + ε)"
    }

    fn words(&self) -> &'static str {
        "The output gradient, minus the part that normalising the sample would cancel anyway."
    }

    fn settings(&self) -> String {
        settings(self.epsilon)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (x, variance) = (frame.input(1)?, frame.input(3)?);
        let xhat = normalised(x, frame.input(2)?, variance, self.epsilon)?;
        let h = rows(frame.input(0)?, variance)?.broadcast_mul(&frame.input(4)?.flatten_all()?)?;
        let dx = spread::pull_back(&h, &xhat, variance, self.epsilon)?.reshape(x.shape())?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let dims = frame.input(1)?.shape().clone();
        let out = frame.reuse(0, dims.dims())?;
        {
            let (dy, x, mean, variance) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?, frame.f32s(3)?);
            let weight = frame.f32s(4)?;
            let rows = Rows { x: &x, mean: &mean, variance: &variance, epsilon: self.epsilon };
            bridge::write(&out, |dx| kernel::backward_input(&rows, &weight, &dy, dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, position) = (reader.input(1)?, &index[..reader.input(2)?.dims.len()]);
        let set = places::below(&x.dims, position);
        let (mean, variance) = (reader.read(2, position)?, reader.read(3, position)?);
        let together = Together { set: &set, x, mean, variance, epsilon: self.epsilon };
        together.gradient(index, |at| Ok(reader.read(0, at)? * reader.read(4, &at[position.len()..])?))
    }
}

/// Gradients of weight and bias. Inputs: dy, x, mean, variance.
#[derive(Debug)]
struct LayerNormParameters {
    epsilon: f64,
    /// How many axes the weight has.
    axes: usize,
}

impl Op for LayerNormParameters {
    fn name(&self) -> &'static str {
        "layer_norm'wb"
    }

    fn formula(&self) -> &'static str {
        "dγ = Σ dy · (x − mean) / √(var + ε), dβ = Σ dy"
    }

    fn words(&self) -> &'static str {
        "The scale's gradient is the sum of normalised value times output gradient, the shift's the sum of output \
            gradients."
    }

    fn settings(&self) -> String {
        settings(self.epsilon)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, x) = (frame.input(0)?, frame.input(1)?);
        let mean = frame.input(2)?;
        let xhat = normalised(x, mean, frame.input(3)?, self.epsilon)?;
        let sizes = &x.dims()[x.rank() - self.axes..];
        let dweight = (rows(dy, mean)? * xhat)?.sum(0)?.reshape(sizes)?;
        let dbias = rows(dy, mean)?.sum(0)?.reshape(sizes)?;
        frame.set(0, dweight)?;
        frame.set(1, dbias)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let x = frame.input(1)?;
        let sizes = x.dims()[x.rank() - self.axes..].to_vec();
        let (dweight, dbias) = (frame.reuse(0, &sizes)?, frame.reuse(1, &sizes)?);
        {
            let (dy, x, mean, variance) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?, frame.f32s(3)?);
            let rows = Rows { x: &x, mean: &mean, variance: &variance, epsilon: self.epsilon };
            bridge::write2(&dweight, &dbias, |dweight, dbias| {
                kernel::backward_parameters(&rows, &dy, dweight, dbias);
            })?;
        }
        frame.set(0, dweight)?;
        frame.set(1, dbias)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, x) = (reader.input(0)?, reader.input(1)?);
        let at = |position: &[usize]| [position, index].concat();
        let positions = places::whole(&reader.input(2)?.dims);
        places::sum(&positions, |position| {
            let dy = dy.at(&at(position))?;
            if output == 1 {
                return Ok(dy);
            }
            let (mean, variance) = (reader.read(2, position)?, reader.read(3, position)?);
            Ok(dy * standardised(x.at(&at(position))?, mean, variance, self.epsilon))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (batch, dims) in [(1, vec![4]), (7, vec![5]), (3, vec![2, 3, 5]), (40, vec![33])] {
            let case = Case::new().batched(batch, &dims).fixed(&dims).fixed(&dims);
            gradient_check(LayerNorm { epsilon: 1e-3 }, case);
        }
        let case = Case::new().batched(2, &[3, 5]).fixed(&[5]).fixed(&[5]);
        gradient_check(LayerNorm { epsilon: 1e-3 }, case);
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("layer_norm", |params| LayerNorm { epsilon: params["epsilon"].as_f64().unwrap() });
    }
}
