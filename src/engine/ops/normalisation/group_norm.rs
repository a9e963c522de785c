//! `group_norm`: shifts and scales each group of channels of each sample to mean 0 and spread 1, then each channel by
//! learned numbers. PyTorch's `nn.GroupNorm` (Wu and He, 2018).
//!
//! # Shapes
//! x `[B, C, ...]`, weight and bias `[C]` -> y like x, mean and (biased) variance `[B, groups]`.

use std::ops::Range;

use candle_core::Tensor;

use super::spread::{self, Together, standardised};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::group_norm::{self as kernel, Groups, Saved};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::places;
use crate::trace::Arithmetic;

/// Inputs: x, weight, bias.
#[derive(Clone, Copy, Debug)]
pub struct GroupNorm {
    /// Groups of adjacent channels.
    pub groups: usize,
    /// Added to the variance.
    pub epsilon: f64,
}

impl GroupNorm {
    fn text(&self) -> String {
        format!("groups {}, epsilon {:e}", self.groups, self.epsilon)
    }

    fn sizes(&self, x: &Tensor) -> Result<Groups> {
        let channels = x.dim(1)?;
        let plane = x.dims()[2..].iter().product();
        Ok(Groups { groups: self.groups, channels, plane, epsilon: self.epsilon })
    }

    /// Sample and group of a number of x.
    fn group_of(&self, index: &[usize], dims: &[usize]) -> [usize; 2] {
        [index[0], index[1] * self.groups / dims[1].max(1)]
    }

    /// `[B · groups, D]`
    fn rows(&self, x: &Tensor) -> Result<Tensor> {
        let rows = x.dim(0)? * self.groups;
        Ok(x.reshape((rows, x.elem_count() / rows.max(1)))?)
    }

    /// `(x - mean) / √(variance + ε)` as `[B · groups, D]`.
    fn normalised(&self, x: &Tensor, mean: &Tensor, variance: &Tensor) -> Result<Tensor> {
        spread::of_rows(&self.rows(x)?, mean, variance, self.epsilon)
    }
}

/// Everything of one sample's group of channels.
fn members(dims: &[usize], groups: usize, sample: usize, group: usize) -> Vec<Range<usize>> {
    let each = dims[1] / groups.max(1);
    let mut ranges = places::below(dims, &[sample]);
    ranges[1] = group * each..(group + 1) * each;
    ranges
}

/// `[C]` with axes of 1 where x has others.
fn per_channel(numbers: &Tensor, x: &Tensor) -> Result<Tensor> {
    let dims: Vec<_> = (0..x.rank()).map(|axis| if axis == 1 { numbers.elem_count() } else { 1 }).collect();
    Ok(numbers.reshape(dims)?)
}

/// Σ over all axes but the channels'.
fn sum_per_channel(values: &Tensor) -> Result<Tensor> {
    let (batch, channels) = (values.dim(0)?, values.dim(1)?);
    Ok(values.reshape((batch, channels, values.elem_count() / (batch * channels).max(1)))?.sum((0, 2))?)
}

impl Op for GroupNorm {
    fn name(&self) -> &'static str {
        "group_norm"
    }

    fn formula(&self) -> &'static str {
        "y = γ · (x − mean) / √(var + ε) + β, with mean and var of the sample's group of channels"
    }

    fn words(&self) -> &'static str {
        "Normalises each group of channels of a sample to mean 0 and standard deviation 1, then applies a learned \
            scale and shift per channel."
    }

    fn settings(&self) -> String {
        self.text()
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".mean", ".var"]
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![inputs[0].clone(), ValueShape::batched([self.groups]), ValueShape::batched([self.groups])]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let mean = self.rows(x)?.mean(1)?;
        let variance = self.rows(x)?.broadcast_sub(&spread::column(&mean)?)?.sqr()?.mean(1)?;
        let xhat = self.normalised(x, &mean, &variance)?.reshape(x.shape())?;
        let (weight, bias) = (per_channel(frame.input(1)?, x)?, per_channel(frame.input(2)?, x)?);
        let y = xhat.broadcast_mul(&weight)?.broadcast_add(&bias)?;
        let each = (x.dim(0)?, self.groups);
        frame.set(0, y)?;
        frame.set(1, mean.reshape(each)?)?;
        frame.set(2, variance.reshape(each)?)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (sizes, dims, batch) =
            (self.sizes(frame.input(0)?)?, frame.input(0)?.shape().clone(), frame.input(0)?.dim(0)?);
        let (mean, variance) = (frame.reuse(1, &[batch, self.groups])?, frame.reuse(2, &[batch, self.groups])?);
        let out = frame.reuse(0, dims.dims())?;
        {
            let (x, weight, bias) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            bridge::write3(&out, &mean, &variance, |y, mean, variance| {
                kernel::forward(&sizes, &x, (&weight, &bias), y, mean, variance);
            })?;
        }
        frame.set(0, out)?;
        frame.set(1, mean)?;
        frame.set(2, variance)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, mean, variance) = (reader.input(0)?, reader.output(1)?, reader.output(2)?);
        if output > 0 {
            let set = members(&x.dims, self.groups, index[0], index[1]);
            return if output == 1 { spread::mean(&set, x) } else { spread::variance(&set, x, &mean.at(index)?) };
        }
        let (group, channel) = (self.group_of(index, &x.dims), &index[1..2]);
        let xhat = standardised(x.at(index)?, mean.at(&group)?, variance.at(&group)?, self.epsilon);
        Ok(reader.read(1, channel)? * xhat + reader.read(2, channel)?)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let [x, weight, mean, variance] = [pull.input(0), pull.input(1), pull.output(1), pull.output(2)];
        let inputs = [dy, x, mean, variance, weight];
        pull.give(0, GroupNormX(*self), &inputs);
        pull.give_both([1, 2], GroupNormParameters(*self), &inputs[..4]);
    }
}

/// Inputs: dy, x, mean, variance, weight.
#[derive(Debug)]
struct GroupNormX(GroupNorm);

impl Op for GroupNormX {
    fn name(&self) -> &'static str {
        "group_norm'x"
    }

    fn formula(&self) -> &'static str {
        "dx = (h − mean(h) − x̂ · mean(h · x̂)) / √(var + ε), with h = γ · dy"
    }

    fn words(&self) -> &'static str {
        "The output gradient, minus the part that normalising the group would cancel anyway."
    }

    fn settings(&self) -> String {
        self.0.text()
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, x, variance) = (frame.input(0)?, frame.input(1)?, frame.input(3)?);
        let xhat = self.0.normalised(x, frame.input(2)?, variance)?;
        let h = self.0.rows(&dy.broadcast_mul(&per_channel(frame.input(4)?, x)?)?)?;
        let dx = spread::pull_back(&h, &xhat, variance, self.0.epsilon)?.reshape(x.shape())?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (sizes, dims) = (self.0.sizes(frame.input(1)?)?, frame.input(1)?.shape().clone());
        let out = frame.reuse(0, dims.dims())?;
        {
            let (dy, x, weight) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(4)?);
            let (mean, variance) = (frame.f32s(2)?, frame.f32s(3)?);
            let saved = Saved { x: &x, mean: &mean, variance: &variance };
            bridge::write(&out, |dx| kernel::backward_input(&sizes, &saved, &weight, &dy, dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let x = reader.input(1)?;
        let group = self.0.group_of(index, &x.dims);
        let set = members(&x.dims, self.0.groups, group[0], group[1]);
        let (mean, variance) = (reader.read(2, &group)?, reader.read(3, &group)?);
        let together = Together { set: &set, x, mean, variance, epsilon: self.0.epsilon };
        together.gradient(index, |at| Ok(reader.read(0, at)? * reader.read(4, &at[1..2])?))
    }
}

/// Inputs: dy, x, mean, variance. Outputs: the gradients of weight and bias.
#[derive(Debug)]
struct GroupNormParameters(GroupNorm);

impl Op for GroupNormParameters {
    fn name(&self) -> &'static str {
        "group_norm'w"
    }

    fn formula(&self) -> &'static str {
        "dγ = Σ dy · x̂;  dβ = Σ dy"
    }

    fn words(&self) -> &'static str {
        "A channel's scale and shift collect the gradients of all its values, over positions and batch."
    }

    fn settings(&self) -> String {
        self.0.text()
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, x) = (frame.input(0)?, frame.input(1)?);
        let xhat = self.0.normalised(x, frame.input(2)?, frame.input(3)?)?.reshape(x.shape())?;
        let (weight, bias) = (sum_per_channel(&(dy * xhat)?)?, sum_per_channel(dy)?);
        frame.set(0, weight)?;
        frame.set(1, bias)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let sizes = self.0.sizes(frame.input(1)?)?;
        let (weight, bias) = (frame.reuse(0, &[sizes.channels])?, frame.reuse(1, &[sizes.channels])?);
        {
            let (dy, x, mean, variance) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?, frame.f32s(3)?);
            let saved = Saved { x: &x, mean: &mean, variance: &variance };
            bridge::write2(&weight, &bias, |dweight, dbias| {
                kernel::backward_parameters(&sizes, &saved, &dy, dweight, dbias);
            })?;
        }
        frame.set(0, weight)?;
        frame.set(1, bias)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, x) = (reader.input(0)?, reader.input(1)?);
        places::sum(&places::across(&x.dims, 1, index[0]), |at| {
            if output == 1 {
                return dy.at(at);
            }
            let group = self.0.group_of(at, &x.dims);
            let (mean, variance) = (reader.read(2, &group)?, reader.read(3, &group)?);
            Ok(dy.at(at)? * standardised(x.at(at)?, mean, variance, self.0.epsilon))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (groups, batch, dims) in
            [(2, 3, &[4, 3, 5][..]), (1, 2, &[3, 1, 7]), (3, 1, &[3, 4, 4]), (2, 5, &[6]), (1, 1, &[4])]
        {
            let case = Case::new().batched(batch, dims).fixed(&dims[..1]).fixed(&dims[..1]);
            gradient_check(GroupNorm { groups, epsilon: 1e-3 }, case);
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("group_norm", |params| GroupNorm {
            groups: params["groups"].as_u64().unwrap() as usize,
            epsilon: params["epsilon"].as_f64().unwrap(),
        });
    }
}
