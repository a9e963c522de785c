//! `rms_norm`: scales the numbers of each sample to a mean square of 1, then by learned numbers. PyTorch's `nn.RMSNorm`
//! over the axes that the weight has (Zhang and Sennrich, 2019).
//!
//! # Shapes
//! x `[B, positions..., axes...]`, weight `[axes...]` -> y like x, mean squares `[B, positions...]`.

use candle_core::Tensor;

use super::batch_norm::settings;
use super::spread::{number_of, spread};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::rms_norm as kernel;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::places;
use crate::trace::Arithmetic;

/// Inputs: x, weight.
#[derive(Clone, Debug)]
pub struct RmsNorm {
    /// Added to the mean of the squares.
    pub epsilon: f64,
}

/// `[rows, D]`, with as many rows as there are mean squares.
fn rows(x: &Tensor, squares: &Tensor) -> Result<Tensor> {
    let count = squares.elem_count();
    Ok(x.reshape((count, x.elem_count() / count.max(1)))?)
}

/// `1 / √(square + ε)` as `[rows, 1]`.
fn scale(squares: &Tensor, epsilon: f64) -> Result<Tensor> {
    Ok((squares.reshape((squares.elem_count(), 1))? + epsilon)?.sqrt()?.recip()?)
}

/// `x / √(square + ε)` as `[rows, D]`.
fn normalised(x: &Tensor, squares: &Tensor, epsilon: f64) -> Result<Tensor> {
    Ok(rows(x, squares)?.broadcast_mul(&scale(squares, epsilon)?)?)
}

impl Op for RmsNorm {
    fn name(&self) -> &'static str {
        "rms_norm"
    }

    fn formula(&self) -> &'static str {
        "y = γ · x / √(mean(x²) + ε)"
    }

    fn words(&self) -> &'static str {
        "Scales the values of each sample to a root mean square of 1, then applies a learned scale to each."
    }

    fn settings(&self) -> String {
        settings(self.epsilon)
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".square"]
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let positions = &inputs[0].dims[..inputs[0].dims.len() - inputs[1].dims.len()];
        vec![inputs[0].clone(), ValueShape::batched(positions)]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let positions = x.rank() - frame.input(1)?.rank();
        let squares = x.flatten_from(positions)?.sqr()?.mean(positions)?;
        let weight = frame.input(1)?.flatten_all()?;
        let y = normalised(x, &squares, self.epsilon)?.broadcast_mul(&weight)?.reshape(x.shape())?;
        frame.set(0, y)?;
        frame.set(1, squares)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let dims = frame.input(0)?.shape().clone();
        let positions = &dims.dims()[..dims.rank() - frame.input(1)?.rank()];
        let (squares, out) = (frame.reuse(1, positions)?, frame.reuse(0, dims.dims())?);
        {
            let (x, weight) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write2(&out, &squares, |y, squares| {
                kernel::mean_squares(&x, weight.len(), squares);
                kernel::forward(self.epsilon, &x, &weight, squares, y);
            })?;
        }
        frame.set(0, out)?;
        frame.set(1, squares)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, squares) = (reader.input(0)?, reader.output(1)?);
        if output == 1 {
            let set = places::below(&x.dims, index);
            return Ok(places::sum(&set, |at| Ok(x.at(at)?.squared()))? / number_of(&set));
        }
        let (position, axes) = index.split_at(squares.dims.len());
        Ok(reader.read(1, axes)? * x.at(index)? / spread(squares.at(position)?, self.epsilon))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let [x, weight, squares] = [pull.input(0), pull.input(1), pull.output(1)];
        let (epsilon, axes) = (self.epsilon, pull.shape(weight).dims.len());
        pull.give(0, RmsNormX { epsilon }, &[dy, x, squares, weight]);
        pull.give(1, RmsNormW { epsilon, axes }, &[dy, x, squares]);
    }
}

/// Gradient of x. Inputs: dy, x, mean squares, weight.
#[derive(Debug)]
struct RmsNormX {
    epsilon: f64,
}

impl Op for RmsNormX {
    fn name(&self) -> &'static str {
        "rms_norm'x"
    }

    fn formula(&self) -> &'static str {
        "dx = (h − x̂ · mean(h · x̂)) / √(mean(x²) + ε), h = dy · γ, x̂ = x / √(mean(x²) + ε)"
    }

    fn words(&self) -> &'static str {
        "The output gradient, minus the part that scaling the sample would cancel anyway."
    }

    fn settings(&self) -> String {
        settings(self.epsilon)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (x, squares) = (frame.input(1)?, frame.input(2)?);
        let xhat = normalised(x, squares, self.epsilon)?;
        let h = rows(frame.input(0)?, squares)?.broadcast_mul(&frame.input(3)?.flatten_all()?)?;
        let inner = (&h - xhat.broadcast_mul(&(&h * &xhat)?.mean_keepdim(1)?)?)?;
        let dx = inner.broadcast_mul(&scale(squares, self.epsilon)?)?.reshape(x.shape())?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let dims = frame.input(1)?.shape().clone();
        let out = frame.reuse(0, dims.dims())?;
        {
            let (dy, x, squares, weight) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?, frame.f32s(3)?);
            bridge::write(&out, |dx| kernel::backward_input(self.epsilon, (&x, &squares), &weight, &dy, dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, squares) = (reader.input(1)?, reader.input(2)?);
        let position = &index[..squares.dims.len()];
        let set = places::below(&x.dims, position);
        let size = || -> Result<Arithmetic> { Ok(spread(squares.at(position)?, self.epsilon)) };
        let h =
            |at: &[usize]| -> Result<Arithmetic> { Ok(reader.read(0, at)? * reader.read(3, &at[position.len()..])?) };
        let along = places::sum(&set, |at| Ok(h(at)? * x.at(at)?))? / size()? / number_of(&set);
        let stretch = x.at(index)? / size()? * Arithmetic::named("mean(h · x̂)", along);
        Ok((Arithmetic::named("h", h(index)?) - stretch) / size()?)
    }
}

/// Gradient of the weight. Inputs: dy, x, mean squares.
#[derive(Debug)]
struct RmsNormW {
    epsilon: f64,
    /// How many axes the weight has.
    axes: usize,
}

impl Op for RmsNormW {
    fn name(&self) -> &'static str {
        "rms_norm'w"
    }

    fn formula(&self) -> &'static str {
        "dγ = Σ dy · x / √(mean(x²) + ε)"
    }

    fn words(&self) -> &'static str {
        "The scale's gradient is the sum of normalised value times output gradient."
    }

    fn settings(&self) -> String {
        settings(self.epsilon)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, x, squares) = (frame.input(0)?, frame.input(1)?, frame.input(2)?);
        let sizes = &x.dims()[x.rank() - self.axes..];
        let dweight = (rows(dy, squares)? * normalised(x, squares, self.epsilon)?)?.sum(0)?.reshape(sizes)?;
        frame.set(0, dweight)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let x = frame.input(1)?;
        let sizes = x.dims()[x.rank() - self.axes..].to_vec();
        let out = frame.reuse(0, &sizes)?;
        {
            let (dy, x, squares) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            bridge::write(&out, |dweight| kernel::backward_weight(self.epsilon, (&x, &squares), &dy, dweight))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, x, squares) = (reader.input(0)?, reader.input(1)?, reader.input(2)?);
        places::sum(&places::whole(&squares.dims), |position| {
            let at = [position, index].concat();
            Ok(dy.at(&at)? * x.at(&at)? / spread(squares.at(position)?, self.epsilon))
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
            gradient_check(RmsNorm { epsilon: 1e-3 }, Case::new().batched(batch, &dims).fixed(&dims));
        }
        gradient_check(RmsNorm { epsilon: 1e-3 }, Case::new().batched(2, &[3, 5]).fixed(&[5]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("rms_norm", |params| RmsNorm { epsilon: params["epsilon"].as_f64().unwrap() });
    }
}
