//! `batch_norm`: shifts and scales each feature (or channel) to mean 0 and spread 1 over the batch, then by learned
//! numbers. PyTorch's `nn.BatchNorm1d` and `2d` (Ioffe and Szegedy, 2015).
//!
//! # Shapes
//! x `[B, C]` or `[B, C, H, W]`, weight and bias `[C]` -> y like x, mean and (biased) variance `[C]`. The predicting
//! form and the running statistics are in `batch_norm_predict.rs`.

use candle_core::Tensor;

use super::spread::{self, spread, standardised};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::batch_norm::{self as kernel, Channels, Statistics};
use crate::engine::kernels::bridge;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::places;
use crate::trace::Arithmetic;

/// With the batch's own statistics. Inputs: x, weight, bias.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    /// Added to the variance.
    pub epsilon: f64,
}

/// The sizes that the kernels want.
pub(super) fn channels(x: &Tensor) -> Result<Channels> {
    let (batch, channels) = (x.dim(0)?, x.dim(1)?);
    Ok(Channels { batch, channels, plane: x.dims()[2..].iter().product() })
}

/// `[B, C, plane]`.
pub(super) fn planes(x: &Tensor) -> Result<Tensor> {
    let c = channels(x)?;
    Ok(x.reshape((c.batch, c.channels, c.plane))?)
}

/// `[C]` as `[1, C, 1]`.
pub(super) fn per_channel(values: &Tensor) -> Result<Tensor> {
    Ok(values.reshape((1, values.elem_count(), 1))?)
}

/// `1 / √(variance + ε)` as `[1, C, 1]`.
pub(super) fn scale(variance: &Tensor, epsilon: f64) -> Result<Tensor> {
    Ok((per_channel(variance)? + epsilon)?.sqrt()?.recip()?)
}

/// `(x - mean) / √(variance + ε)` as `[B, C, plane]`.
pub(super) fn normalised(x: &Tensor, mean: &Tensor, variance: &Tensor, epsilon: f64) -> Result<Tensor> {
    Ok(planes(x)?.broadcast_sub(&per_channel(mean)?)?.broadcast_mul(&scale(variance, epsilon)?)?)
}

/// `epsilon 0.001`, when it is not the usual 1e-5.
pub(super) fn settings(epsilon: f64) -> String {
    if epsilon == 1e-5 { String::new() } else { format!("epsilon {epsilon}") }
}

/// `γ · x̂ + β` of inputs x, weight, bias.
pub(super) fn scaled(
    reader: &Reader,
    index: &[usize],
    mean: Arithmetic,
    variance: Arithmetic,
    epsilon: f64,
) -> Result<Arithmetic> {
    let channel = &index[1..2];
    let xhat = standardised(reader.read(0, index)?, mean, variance, epsilon);
    Ok(reader.read(1, channel)? * xhat + reader.read(2, channel)?)
}

impl Op for BatchNorm {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn formula(&self) -> &'static str {
        "y = γ · (x − mean) / √(var + ε) + β, with mean and var of the batch"
    }

    fn words(&self) -> &'static str {
        "Normalises each feature over the batch to mean 0 and standard deviation 1, then applies a learned scale and \
            shift."
    }

    fn settings(&self) -> String {
        settings(self.epsilon)
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".mean", ".var"]
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let statistic = ValueShape::fixed(vec![inputs[0].dims[0]]);
        vec![inputs[0].clone(), statistic.clone(), statistic]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let mean = planes(x)?.mean_keepdim((0, 2))?;
        let variance = planes(x)?.broadcast_sub(&mean)?.sqr()?.mean((0, 2))?;
        let mean = mean.flatten_all()?;
        let xhat = normalised(x, &mean, &variance, self.epsilon)?;
        let y = xhat.broadcast_mul(&per_channel(frame.input(1)?)?)?.broadcast_add(&per_channel(frame.input(2)?)?)?;
        let y = y.reshape(x.shape())?;
        frame.set(0, y)?;
        frame.set(1, mean)?;
        frame.set(2, variance)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (dims, c) = (frame.input(0)?.shape().clone(), channels(frame.input(0)?)?);
        let (mean, variance) = (frame.reuse(1, &[c.channels])?, frame.reuse(2, &[c.channels])?);
        let out = frame.reuse(0, dims.dims())?;
        {
            let (x, weight, bias) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            bridge::write2(&mean, &variance, |mean, variance| kernel::statistics(&c, &x, mean, variance))?;
            let (mean, variance) = (bridge::f32s(&mean)?, bridge::f32s(&variance)?);
            let statistics = Statistics { mean: &mean, variance: &variance, epsilon: self.epsilon };
            bridge::write(&out, |y| kernel::forward(&c, &x, &statistics, &weight, &bias, y))?;
        }
        frame.set(0, out)?;
        frame.set(1, mean)?;
        frame.set(2, variance)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, mean, variance) = (reader.input(0)?, reader.output(1)?, reader.output(2)?);
        if output == 0 {
            return scaled(reader, index, mean.at(&[index[1]])?, variance.at(&[index[1]])?, self.epsilon);
        }
        let set = places::across(&x.dims, 1, index[0]);
        if output == 1 { spread::mean(&set, x) } else { spread::variance(&set, x, &mean.at(index)?) }
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let [x, weight, bias] = [0, 1, 2].map(|i| pull.input(i));
        let (mean, variance, epsilon) = (pull.output(1), pull.output(2), self.epsilon);
        // x made the statistics too, so its gradient needs the sums that are the gradients of weight and bias.
        let sums = pull.gradients(BatchNormParameters { epsilon }, &[dy, x, mean, variance], &[weight, bias]);
        pull.give(0, BatchNormX { epsilon }, &[dy, x, mean, variance, weight, sums[0], sums[1]]);
        pull.pass(1, sums[0]);
        pull.pass(2, sums[1]);
    }
}

/// Gradients of weight and bias. Inputs: dy, x, mean, variance.
#[derive(Debug)]
pub(super) struct BatchNormParameters {
    /// Added to the variance.
    pub epsilon: f64,
}

impl Op for BatchNormParameters {
    fn name(&self) -> &'static str {
        "batch_norm'wb"
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
        let xhat = normalised(x, frame.input(2)?, frame.input(3)?, self.epsilon)?;
        let dy = planes(dy)?;
        let (dweight, dbias) = ((&dy * xhat)?.sum((0, 2))?, dy.sum((0, 2))?);
        frame.set(0, dweight)?;
        frame.set(1, dbias)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let c = channels(frame.input(1)?)?;
        let (dweight, dbias) = (frame.reuse(0, &[c.channels])?, frame.reuse(1, &[c.channels])?);
        {
            let (dy, x, mean, variance) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?, frame.f32s(3)?);
            let statistics = Statistics { mean: &mean, variance: &variance, epsilon: self.epsilon };
            bridge::write2(&dweight, &dbias, |dweight, dbias| {
                kernel::backward_parameters(&c, &x, &statistics, &dy, dweight, dbias);
            })?;
        }
        frame.set(0, dweight)?;
        frame.set(1, dbias)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, x) = (reader.input(0)?, reader.input(1)?);
        let set = places::across(&x.dims, 1, index[0]);
        if output == 1 {
            return places::sum(&set, |at| dy.at(at));
        }
        let (mean, variance) = (reader.read(2, index)?, reader.read(3, index)?);
        let along = places::sum(&set, |at| Ok(dy.at(at)? * (x.at(at)? - mean.clone())))?;
        Ok(along / spread(variance, self.epsilon))
    }
}

/// Gradient of x. Inputs: dy, x, mean, variance, weight, dweight, dbias.
#[derive(Debug)]
struct BatchNormX {
    epsilon: f64,
}

impl Op for BatchNormX {
    fn name(&self) -> &'static str {
        "batch_norm'x"
    }

    fn formula(&self) -> &'static str {
        "dx = γ / √(var + ε) · (dy − dβ / n − x̂ · dγ / n), x̂ = (x − mean) / √(var + ε), n values per feature"
    }

    fn words(&self) -> &'static str {
        "The output gradient, minus the part that normalising over the batch would cancel anyway."
    }

    fn settings(&self) -> String {
        settings(self.epsilon)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (x, variance) = (frame.input(1)?, frame.input(3)?);
        let count = channels(x)?.count() as f64;
        let xhat = normalised(x, frame.input(2)?, variance, self.epsilon)?;
        let shift = (per_channel(frame.input(6)?)? / count)?;
        let slope = (per_channel(frame.input(5)?)? / count)?;
        let inner = planes(frame.input(0)?)?.broadcast_sub(&shift)?.sub(&xhat.broadcast_mul(&slope)?)?;
        let factor = (per_channel(frame.input(4)?)? * scale(variance, self.epsilon)?)?;
        let dx = inner.broadcast_mul(&factor)?.reshape(x.shape())?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (dims, c) = (frame.input(1)?.shape().clone(), channels(frame.input(1)?)?);
        let out = frame.reuse(0, dims.dims())?;
        {
            let (dy, x, mean, variance) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?, frame.f32s(3)?);
            let (weight, dweight, dbias) = (frame.f32s(4)?, frame.f32s(5)?, frame.f32s(6)?);
            let statistics = Statistics { mean: &mean, variance: &variance, epsilon: self.epsilon };
            bridge::write(&out, |dx| {
                kernel::backward_input(&c, &x, &statistics, &weight, &dy, &dweight, &dbias, dx);
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, channel) = (reader.input(1)?, &index[1..2]);
        let n = spread::number_of(&places::across(&x.dims, 1, index[1]));
        let variance = reader.read(3, channel)?;
        let xhat = standardised(x.at(index)?, reader.read(2, channel)?, variance.clone(), self.epsilon);
        let shift = reader.read(6, channel)? / n.clone();
        let stretch = xhat * (reader.read(5, channel)? / n);
        Ok(reader.read(4, channel)? / spread(variance, self.epsilon) * (reader.read(0, index)? - shift - stretch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (batch, dims) in [(2, vec![1]), (7, vec![5]), (3, vec![2, 3, 5]), (1, vec![4, 5, 1]), (40, vec![17])] {
            let case = Case::new().batched(batch, &dims).fixed(&dims[..1]).fixed(&dims[..1]);
            gradient_check(BatchNorm { epsilon: 1e-3 }, case);
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("batch_norm", |params| BatchNorm { epsilon: params["epsilon"].as_f64().unwrap() });
    }
}
