//! `windows`: the numbers under a window that slides along a sequence, each place's as one row, so that a linear layer
//! over them is a convolution.
//!
//! # Shapes
//! `[B, T, F]` -> `[B, places, F · kernel]`, feature by feature as the weights `[filters, F, kernel]` of PyTorch's
//! `nn.Conv1d` lie in memory. Zeros stand before and after the sequence.

use candle_core::Tensor;

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::windows::{self as kernels, Windows as Sizes};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

/// Windows of a sequence as rows: [B, T, F] gives [B, T', F · kernel].
#[derive(Clone, Debug)]
pub struct Windows(pub Sizes);

/// For one entry of the window, the step under it at every place; zeros before the sequence counted.
fn steps(sizes: &Sizes, entry: usize, places: usize, like: &Tensor) -> Result<Tensor> {
    let steps: Vec<u32> = (0..places).map(|place| (place * sizes.stride + entry * sizes.dilation) as u32).collect();
    Ok(Tensor::from_vec(steps, places, like.device())?)
}

fn settings(sizes: &Sizes) -> String {
    let Sizes { kernel, stride, before, after, dilation } = sizes;
    let spaced = if *dilation == 1 { String::new() } else { format!(", dilation {dilation}") };
    format!("window {kernel}, stride {stride}, zeros {before} before and {after} after{spaced}")
}

impl Op for Windows {
    fn name(&self) -> &'static str {
        "windows"
    }

    fn formula(&self) -> &'static str {
        "y[i, (f, k)] = x[i·stride + k·dilation, f]"
    }

    fn words(&self) -> &'static str {
        "Lays out what the window sees at each position as one row."
    }

    fn settings(&self) -> String {
        settings(&self.0)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let [steps, features] = [inputs[0].dims[0], inputs[0].dims[1]];
        vec![ValueShape::batched(vec![self.0.places(steps), features * self.0.kernel])]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let places = self.0.places(x.dim(1)?);
        let padded = x.pad_with_zeros(1, self.0.before, self.0.after)?;
        let entries = (0..self.0.kernel)
            .map(|k| Ok(padded.index_select(&steps(&self.0, k, places, x)?, 1)?))
            .collect::<Result<Vec<_>>>()?;
        let y = Tensor::stack(&entries, 3)?.flatten_from(2)?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (batch, steps, features) = frame.input(0)?.dims3()?;
        let out = frame.reuse(0, &[batch, self.0.places(steps), features * self.0.kernel])?;
        {
            let x = frame.f32s(0)?;
            bridge::write(&out, |y| kernels::gather(&self.0, &x, [steps, features], y))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let x = reader.input(0)?;
        let (feature, entry) = (index[2] / self.0.kernel, index[2] % self.0.kernel);
        match (index[1] * self.0.stride + entry * self.0.dilation)
            .checked_sub(self.0.before)
            .filter(|&step| step < x.dims[1])
        {
            Some(step) => x.at(&[index[0], step, feature]),
            None => Ok(Arithmetic::given("0 before or after the sequence", 0.0)),
        }
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let steps = pull.shape(pull.input(0)).dims[0];
        pull.give(0, WindowsX { sizes: self.0, steps }, &[dy]);
    }
}

#[derive(Debug)]
struct WindowsX {
    sizes: Sizes,
    steps: usize,
}

impl Op for WindowsX {
    fn name(&self) -> &'static str {
        "windows'x"
    }

    fn formula(&self) -> &'static str {
        "dx[t, f] = Σ dy[i, (f, k)] where i·stride + k·dilation = t"
    }

    fn words(&self) -> &'static str {
        "A value collects the gradient of every window it was part of."
    }

    fn settings(&self) -> String {
        settings(&self.sizes)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let dy = frame.input(0)?;
        let (batch, places, row) = dy.dims3()?;
        let features = row / self.sizes.kernel;
        let dy = dy.reshape((batch, places, features, self.sizes.kernel))?;
        let padded = self.sizes.before + self.steps + self.sizes.after;
        let mut dx = Tensor::zeros((batch, padded, features), dy.dtype(), dy.device())?;
        for k in 0..self.sizes.kernel {
            let part = dy.narrow(3, k, 1)?.squeeze(3)?.force_contiguous()?;
            dx = dx.index_add(&steps(&self.sizes, k, places, &part)?, &part, 1)?;
        }
        let dx = dx.narrow(1, self.sizes.before, self.steps)?.force_contiguous()?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (batch, _, row) = frame.input(0)?.dims3()?;
        let features = row / self.sizes.kernel;
        let out = frame.reuse(0, &[batch, self.steps, features])?;
        {
            let dy = frame.f32s(0)?;
            bridge::write(&out, |dx| kernels::scatter(&self.sizes, &dy, [self.steps, features], dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let dy = reader.input(0)?;
        let Sizes { kernel, stride, before, dilation, .. } = self.sizes;
        let mut terms = Vec::new();
        for place in 0..dy.dims[1] {
            let offset = (index[1] + before).checked_sub(place * stride).filter(|offset| offset % dilation == 0);
            if let Some(entry) = offset.map(|offset| offset / dilation).filter(|&entry| entry < kernel) {
                terms.push(dy.at(&[index[0], place, index[2] * kernel + entry])?);
            }
        }
        Ok(Arithmetic::Sum(terms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (steps, features, kernel, stride, before, after, dilation) in [
            (7, 2, 3, 1, 1, 1, 1),
            (9, 3, 2, 3, 0, 0, 1),
            (5, 1, 4, 2, 1, 2, 1),
            (1, 2, 1, 1, 0, 0, 1),
            (3, 2, 5, 1, 2, 2, 1),
            (8, 2, 3, 1, 4, 0, 2),
            (9, 1, 2, 2, 0, 1, 3),
        ] {
            let sizes = Sizes { kernel, stride, before, after, dilation };
            gradient_check(Windows(sizes), Case::new().batched(2, &[steps, features]));
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        let number = |params: &serde_json::Value, name: &str| params[name].as_u64().unwrap() as usize;
        fixture_check("windows", |params| {
            Windows(Sizes {
                kernel: number(params, "kernel"),
                stride: number(params, "stride"),
                before: number(params, "before"),
                after: number(params, "after"),
                dilation: params.get("dilation").map_or(1, |dilation| dilation.as_u64().unwrap() as usize),
            })
        });
    }
}
