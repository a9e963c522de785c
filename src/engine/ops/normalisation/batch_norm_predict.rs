//! `batch_norm_predict`: batch norm with remembered statistics, as it works while predicting and in frozen layers; and
//! `running_statistics`, which remembers them.
//!
//! # Shapes
//! x `[B, C]` or `[B, C, H, W]`, everything else `[C]`.

use super::batch_norm::{BatchNormParameters, channels, normalised, per_channel, planes, scale, scaled, settings};
use super::spread::spread;
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::batch_norm::{self as kernel, Statistics};
use crate::engine::kernels::bridge;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

/// Inputs: x, weight, bias, running mean, running variance.
#[derive(Clone, Debug)]
pub struct BatchNormPredict {
    /// Added to the variance.
    pub epsilon: f64,
}

impl Op for BatchNormPredict {
    fn name(&self) -> &'static str {
        "batch_norm_predict"
    }

    fn formula(&self) -> &'static str {
        "y = γ · (x − mean) / √(var + ε) + β, with the running mean and var"
    }

    fn words(&self) -> &'static str {
        "Normalises each feature with the mean and variance recorded in training, then applies the learned scale and \
            shift."
    }

    fn settings(&self) -> String {
        settings(self.epsilon)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let xhat = normalised(x, frame.input(3)?, frame.input(4)?, self.epsilon)?;
        let y = xhat.broadcast_mul(&per_channel(frame.input(1)?)?)?.broadcast_add(&per_channel(frame.input(2)?)?)?;
        let y = y.reshape(x.shape())?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (dims, c) = (frame.input(0)?.shape().clone(), channels(frame.input(0)?)?);
        let out = frame.reuse(0, dims.dims())?;
        {
            let (x, weight, bias) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            let (mean, variance) = (frame.f32s(3)?, frame.f32s(4)?);
            let statistics = Statistics { mean: &mean, variance: &variance, epsilon: self.epsilon };
            bridge::write(&out, |y| kernel::forward(&c, &x, &statistics, &weight, &bias, y))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let channel = &index[1..2];
        scaled(reader, index, reader.read(3, channel)?, reader.read(4, channel)?, self.epsilon)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let [x, weight, mean, variance] = [0, 1, 3, 4].map(|i| pull.input(i));
        let epsilon = self.epsilon;
        pull.give(0, BatchNormPredictX { epsilon }, &[dy, weight, variance]);
        pull.give_both([1, 2], BatchNormParameters { epsilon }, &[dy, x, mean, variance]);
    }
}

/// Gradient of x. Inputs: dy, weight, running variance.
#[derive(Debug)]
struct BatchNormPredictX {
    epsilon: f64,
}

impl Op for BatchNormPredictX {
    fn name(&self) -> &'static str {
        "batch_norm_predict'x"
    }

    fn formula(&self) -> &'static str {
        "dx = dy · γ / √(var + ε)"
    }

    fn words(&self) -> &'static str {
        "With recorded statistics each value is scaled by a fixed factor, and so is its gradient."
    }

    fn settings(&self) -> String {
        settings(self.epsilon)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let dy = frame.input(0)?;
        let factor = (per_channel(frame.input(1)?)? * scale(frame.input(2)?, self.epsilon)?)?;
        let dx = planes(dy)?.broadcast_mul(&factor)?.reshape(dy.shape())?;
        frame.set(0, dx)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let channel = &index[1..2];
        Ok(reader.read(0, index)? * reader.read(1, channel)? / spread(reader.read(2, channel)?, self.epsilon))
    }
}

/// Moves the running statistics towards those of the batch. Inputs: running mean, running variance, mean and (biased)
/// variance of the batch, x (which says of how many numbers they are). Outputs: the running ones, in place.
#[derive(Clone, Debug)]
pub struct RunningStatistics {
    /// Weight of the batch in the running statistics.
    pub momentum: f64,
}

impl Op for RunningStatistics {
    fn name(&self) -> &'static str {
        "running_statistics"
    }

    fn formula(&self) -> &'static str {
        "running mean ← (1 − m) · running mean + m · mean, and so the variance, with var · n / (n − 1)"
    }

    fn words(&self) -> &'static str {
        "Keeps a running average of the batches' means and variances for prediction."
    }

    fn settings(&self) -> String {
        format!("momentum {}", self.momentum)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        inputs[..2].to_vec()
    }

    fn output_names(&self) -> &'static [&'static str] {
        &[".mean", ".var"]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let count = channels(frame.input(4)?)?.count() as f64;
        // PyTorch refuses a batch of one number a feature; its variance is 0 either way.
        let unbiased = count / (count - 1.0).max(1.0);
        let (keep, follow) = (1.0 - self.momentum, self.momentum);
        let mean = ((frame.input(0)? * keep)? + (frame.input(2)? * follow)?)?;
        let variance = ((frame.input(1)? * keep)? + (frame.input(3)? * (follow * unbiased))?)?;
        frame.set(0, mean)?;
        frame.set(1, variance)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let momentum = Arithmetic::given("m", self.momentum);
        let mut found = reader.read(2 + output, index)?;
        if output == 1 {
            let x = &reader.input(4)?.dims;
            let n = x.iter().product::<usize>() as f64 / x[1].max(1) as f64;
            let unbiased = Arithmetic::given("n", n) / Arithmetic::given("n − 1", (n - 1.0).max(1.0));
            found = found * unbiased;
        }
        let keep = Arithmetic::number(1.0) - momentum.clone();
        Ok(keep * reader.read(output, index)? + momentum * found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (batch, dims) in [(1, vec![1]), (7, vec![5]), (3, vec![2, 3, 5])] {
            let channels = &dims[..1];
            let case = Case::new().batched(batch, &dims).fixed(channels).fixed(channels).fixed(channels).constant();
            let case = case.fixed(channels).with(|_, old| old.abs()).constant();
            gradient_check(BatchNormPredict { epsilon: 1e-3 }, case);
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("batch_norm_predict", |params| BatchNormPredict { epsilon: params["epsilon"].as_f64().unwrap() });
        fixture_check("running_statistics", |params| RunningStatistics {
            momentum: params["momentum"].as_f64().unwrap(),
        });
    }
}
