//! `upsample_nearest`, `upsample_bilinear`: a picture made larger by a whole factor. PyTorch's `nn.Upsample`, bilinear
//! with `align_corners=False`.
//!
//! # Shapes
//! x `[B, C, H, W]` -> y `[B, C, H · factor, W · factor]`.

use candle_core::Tensor;

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::upsample::{self as kernel, Enlarged, Taps};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::convolution::conv2d::dims4;
use crate::engine::ops::everywhere::squares;
use crate::engine::ops::places;
use crate::trace::Arithmetic;

/// Every pixel becomes a square of pixels.
#[derive(Clone, Copy, Debug)]
pub struct UpsampleNearest {
    /// How many times more rows and columns.
    pub factor: usize,
}

/// Pixels between pixels are mixed from them.
#[derive(Clone, Copy, Debug)]
pub struct UpsampleBilinear {
    /// How many times more rows and columns.
    pub factor: usize,
}

fn settings(factor: usize) -> String {
    format!("factor {factor}")
}

fn larger(x: &ValueShape, factor: usize) -> Vec<ValueShape> {
    vec![ValueShape::batched(vec![x.dims[0], x.dims[1] * factor, x.dims[2] * factor])]
}

/// Runs a kernel from a picture to one whose sides are `scale(side)`.
fn on_slices(frame: &mut Frame, [rows, columns]: [usize; 2], run: impl FnOnce(&[f32], &mut [f32])) -> Result<bool> {
    let [batch, channels, ..] = dims4(frame.input(0)?)?;
    let out = frame.reuse(0, &[batch, channels, rows, columns])?;
    {
        let x = frame.f32s(0)?;
        bridge::write(&out, |y| run(&x, y))?;
    }
    frame.set(0, out)?;
    Ok(true)
}

fn size(x: &Tensor) -> Result<[usize; 2]> {
    let [_, _, rows, columns] = dims4(x)?;
    Ok([rows, columns])
}

impl Op for UpsampleNearest {
    fn name(&self) -> &'static str {
        "upsample_nearest"
    }

    fn formula(&self) -> &'static str {
        "y[c, i, j] = x[c, ⌊i / factor⌋, ⌊j / factor⌋]"
    }

    fn words(&self) -> &'static str {
        "Replaces every pixel by a square of equal pixels."
    }

    fn settings(&self) -> String {
        settings(self.factor)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        larger(&inputs[0], self.factor)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let y = squares(frame.input(0)?, self.factor)?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let enlarged = Enlarged { size: size(frame.input(0)?)?, factor: self.factor };
        on_slices(frame, enlarged.size.map(|side| side * self.factor), |x, y| kernel::nearest(&enlarged, x, y))
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let &[b, c, i, j] = index else { return reader.output(output)?.at(index) };
        reader.read(0, &[b, c, i / self.factor, j / self.factor])
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        pull.give(0, UpsampleNearestX { factor: self.factor }, &[dy]);
    }
}

#[derive(Debug)]
struct UpsampleNearestX {
    factor: usize,
}

impl Op for UpsampleNearestX {
    fn name(&self) -> &'static str {
        "upsample_nearest'x"
    }

    fn formula(&self) -> &'static str {
        "dx[c, i, j] = Σ dy over the square of the pixel"
    }

    fn words(&self) -> &'static str {
        "A pixel collects the gradients of all its copies."
    }

    fn settings(&self) -> String {
        settings(self.factor)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let ([batch, channels, rows, columns], f) = (dims4(frame.input(0)?)?, self.factor);
        let squares = frame.input(0)?.reshape(vec![batch * channels, rows / f, f, columns / f, f])?;
        let dx = squares.sum((2, 4))?.reshape((batch, channels, rows / f, columns / f))?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let enlarged = Enlarged { size: size(frame.input(0)?)?.map(|side| side / self.factor), factor: self.factor };
        on_slices(frame, enlarged.size, |dy, dx| kernel::nearest_backward(&enlarged, dy, dx))
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let &[b, c, i, j] = index else { return reader.output(output)?.at(index) };
        let copies = |at: usize| at * self.factor..(at + 1) * self.factor;
        places::sum(&[places::only(b), places::only(c), copies(i), copies(j)], |at| reader.read(0, at))
    }
}

impl Op for UpsampleBilinear {
    fn name(&self) -> &'static str {
        "upsample_bilinear"
    }

    fn formula(&self) -> &'static str {
        "y[c, i, j] = the mix of the four pixels of x around ((i + ½) / factor − ½, (j + ½) / factor − ½)"
    }

    fn words(&self) -> &'static str {
        "Inserts new pixels between the old ones by interpolating between neighbours."
    }

    fn settings(&self) -> String {
        settings(self.factor)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        larger(&inputs[0], self.factor)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let y = mix(&mix(x, 2, self.factor)?, 3, self.factor)?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let enlarged = Enlarged { size: size(frame.input(0)?)?, factor: self.factor };
        on_slices(frame, enlarged.size.map(|side| side * self.factor), |x, y| kernel::bilinear(&enlarged, x, y))
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let &[b, c, i, j] = index else { return reader.output(output)?.at(index) };
        let (x, mut terms) = (reader.input(0)?, Vec::new());
        let columns = neighbours(j, x.dims[3], self.factor);
        for (row, row_share) in neighbours(i, x.dims[2], self.factor) {
            for &(column, column_share) in &columns {
                terms.push(x.at(&[b, c, row, column])? * shares(row_share, column_share));
            }
        }
        Ok(Arithmetic::Sum(terms))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        pull.give(0, UpsampleBilinearX { factor: self.factor }, &[dy]);
    }
}

/// [`Taps`] along an axis as tensors that broadcast: the two neighbours, and the shares of the first and the second.
struct TapTensors {
    first: Tensor,
    second: Tensor,
    shares: [Tensor; 2],
}

fn taps(like: &Tensor, axis: usize, size: usize, factor: usize) -> Result<TapTensors> {
    let taps = Taps::bilinear(size, factor);
    let indices = |all: &[usize]| Tensor::new(all.iter().map(|&i| i as u32).collect::<Vec<_>>(), like.device());
    let mut dims = vec![1; 4];
    dims[axis] = size * factor;
    let second = Tensor::new(taps.share.as_slice(), like.device())?.to_dtype(like.dtype())?.reshape(dims)?;
    let shares = [second.affine(-1.0, 1.0)?, second];
    Ok(TapTensors { first: indices(&taps.first)?, second: indices(&taps.second)?, shares })
}

/// Enlarges one axis.
fn mix(x: &Tensor, axis: usize, factor: usize) -> Result<Tensor> {
    let taps = taps(x, axis, x.dim(axis)?, factor)?;
    let first = x.index_select(&taps.first, axis)?.broadcast_mul(&taps.shares[0])?;
    let second = x.index_select(&taps.second, axis)?.broadcast_mul(&taps.shares[1])?;
    Ok((first + second)?)
}

/// The transpose of [`mix`].
fn unmix(dy: &Tensor, axis: usize, factor: usize) -> Result<Tensor> {
    let mut dims = dy.dims().to_vec();
    dims[axis] /= factor;
    let taps = taps(dy, axis, dims[axis], factor)?;
    let dx = Tensor::zeros(dims, dy.dtype(), dy.device())?;
    let dx = dx.index_add(&taps.first, &dy.broadcast_mul(&taps.shares[0])?, axis)?;
    Ok(dx.index_add(&taps.second, &dy.broadcast_mul(&taps.shares[1])?, axis)?)
}

/// What the place `at` of the enlarged axis is mixed from, with its shares.
fn neighbours(at: usize, size: usize, factor: usize) -> Vec<(usize, f64)> {
    let taps = Taps::bilinear(size, factor);
    let (first, second, share) = (taps.first[at], taps.second[at], taps.share[at]);
    if first == second || share == 0.0 { vec![(first, 1.0)] } else { vec![(first, 1.0 - share), (second, share)] }
}

/// The places of the enlarged axis that the place `at` is mixed into, with its shares there.
fn mixed_into(at: usize, size: usize, factor: usize) -> Vec<(usize, f64)> {
    let all = (0..size * factor).flat_map(|large| neighbours(large, size, factor).into_iter().map(move |n| (large, n)));
    all.filter(|(_, (place, _))| *place == at).map(|(large, (_, share))| (large, share)).collect()
}

fn shares(row: f64, column: f64) -> Arithmetic {
    Arithmetic::given("row share", row) * Arithmetic::given("column share", column)
}

#[derive(Debug)]
struct UpsampleBilinearX {
    factor: usize,
}

impl Op for UpsampleBilinearX {
    fn name(&self) -> &'static str {
        "upsample_bilinear'x"
    }

    fn formula(&self) -> &'static str {
        "dx[c, i, j] = Σ dy · its share in the mix, over all pixels that it was mixed into"
    }

    fn words(&self) -> &'static str {
        "A pixel collects the gradient of every pixel it contributed to, times its share."
    }

    fn settings(&self) -> String {
        settings(self.factor)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let dx = unmix(&unmix(frame.input(0)?, 3, self.factor)?, 2, self.factor)?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let enlarged = Enlarged { size: size(frame.input(0)?)?.map(|side| side / self.factor), factor: self.factor };
        on_slices(frame, enlarged.size, |dy, dx| kernel::bilinear_backward(&enlarged, dy, dx))
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let &[b, c, i, j] = index else { return reader.output(output)?.at(index) };
        let (dy, mut terms) = (reader.input(0)?, Vec::new());
        let columns = mixed_into(j, dy.dims[3] / self.factor, self.factor);
        for (row, row_share) in mixed_into(i, dy.dims[2] / self.factor, self.factor) {
            for &(column, column_share) in &columns {
                terms.push(dy.at(&[b, c, row, column])? * shares(row_share, column_share));
            }
        }
        Ok(Arithmetic::Sum(terms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    fn factor(params: &serde_json::Value) -> usize {
        params["factor"].as_u64().unwrap() as usize
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (factor, batch, dims) in [(2, 2, [3, 4, 5]), (3, 1, [2, 1, 7]), (1, 2, [1, 3, 2]), (4, 3, [2, 1, 1])] {
            gradient_check(UpsampleNearest { factor }, Case::new().batched(batch, &dims));
            gradient_check(UpsampleBilinear { factor }, Case::new().batched(batch, &dims));
        }
    }

    #[test]
    fn agree_with_pytorch() {
        fixture_check("upsample_nearest", |params| UpsampleNearest { factor: factor(params) });
        fixture_check("upsample_bilinear", |params| UpsampleBilinear { factor: factor(params) });
    }
}
