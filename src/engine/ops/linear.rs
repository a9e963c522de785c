//! `linear`: a weighted sum of each row, `y = x Wᵀ + b`.
//!
//! # Shapes
//! x `[B, ..., in]`, W `[out, in]`, b `[out]` (may be absent) -> y `[B, ..., out]`. PyTorch's `nn.functional.linear`.
//! The axes of W behind the first count as one: `[out, channels, kernel]` reads rows of channels · kernel numbers.

use candle_core::Tensor;

use super::everywhere::product;
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::{Reader, joined, split_last};
use crate::engine::kernels::bridge;
use crate::engine::kernels::matmul::{Matrix, are_many, matmul_of_columns, matmul_rows};
use crate::engine::kernels::split::for_each_chunk;
use crate::engine::kernels::{correlate, reduce};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

/// Rows, numbers in each and units, for a tensor whose rows W reads.
fn sizes(x: &Tensor, w: &Tensor) -> Result<(usize, usize, usize)> {
    let units = w.dim(0)?;
    let inner = w.elem_count() / units.max(1);
    Ok((x.elem_count() / inner.max(1), inner, units))
}

/// The sizes of `like` with another last axis.
fn with_last(like: &Tensor, last: usize) -> Vec<usize> {
    let mut dims = like.dims().to_vec();
    if let Some(axis) = dims.last_mut() {
        *axis = last;
    }
    dims
}

/// `[B, ..., n]` as `[rows, n]`.
fn rows(x: &Tensor) -> Result<Tensor> {
    let n = x.dims().last().copied().unwrap_or(1);
    Ok(x.reshape((x.elem_count() / n.max(1), n))?)
}

/// W as `[out, in]`.
fn matrix(w: &Tensor) -> Result<Tensor> {
    Ok(w.flatten_from(1)?)
}

/// Rows that a thread takes when they are long.
const ROWS: usize = 32;

/// Whether rows are multiplied as they lie instead of being laid out for a general matrix product.
fn are_long(inner: usize, batch: usize) -> bool {
    inner >= 512 && inner.is_multiple_of(16) && batch >= 4 && !are_many(batch)
}

/// Inputs: x, W, and b when there is one.
#[derive(Debug)]
pub struct Linear;

impl Op for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn formula(&self) -> &'static str {
        "y = x Wᵀ + b"
    }

    fn words(&self) -> &'static str {
        "Each unit multiplies every input by a weight, sums the products and adds its bias."
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let mut shape = inputs[0].clone();
        if let Some(last) = shape.dims.last_mut() {
            *last = inputs[1].dims[0];
        }
        vec![shape]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (x, w) = (frame.input(0)?, frame.input(1)?);
        let mut y = product(&rows(x)?, &matrix(w)?.t()?)?;
        if frame.input_count() > 2 {
            y = y.broadcast_add(frame.input(2)?)?;
        }
        let y = y.reshape(with_last(x, w.dim(0)?))?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (batch, inner, units) = sizes(frame.input(0)?, frame.input(1)?)?;
        let out = frame.reuse(0, &with_last(frame.input(0)?, units))?;
        {
            let (x, w) = (frame.f32s(0)?, frame.f32s(1)?);
            let bias = if frame.input_count() > 2 { Some(frame.f32s(2)?) } else { None };
            bridge::write(&out, |y| {
                if !are_long(inner, batch) {
                    let w = Matrix::new(&w, units, inner).transposed();
                    return matmul_rows(Matrix::new(&x, batch, inner), w, bias.as_deref(), y);
                }
                match &bias {
                    Some(bias) => y.chunks_exact_mut(units).for_each(|row| row.copy_from_slice(bias)),
                    None => y.fill(0.0),
                }
                for_each_chunk(y, ROWS * units, batch * inner * units, |i, y| {
                    let x = &x[i * ROWS * inner..][..y.len() / units * inner];
                    correlate::dot_rows(x, &w, inner, y);
                });
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, w) = (reader.input(0)?, reader.input(1)?);
        let (sample, unit) = split_last(index);
        let inner: usize = w.dims[1..].iter().product();
        let product = |i: usize| Ok(w.at_flat(unit * inner + i)? * x.at(&joined(sample, i))?);
        let mut terms = (0..inner).map(product).collect::<Result<Vec<_>>>()?;
        if reader.inputs.len() > 2 {
            terms.push(reader.read(2, &[unit])?);
        }
        Ok(Arithmetic::Sum(terms))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let (x, w) = (pull.input(0), pull.input(1));
        let dims = pull.shape(w).dims.clone();
        pull.give(0, LinearX, &[dy, w]);
        pull.give(1, LinearW { dims }, &[dy, x]);
        pull.give(2, LinearB, &[dy]);
    }
}

/// dx = dy W
#[derive(Debug)]
pub(super) struct LinearX;

impl Op for LinearX {
    fn name(&self) -> &'static str {
        "linear'x"
    }

    fn formula(&self) -> &'static str {
        "dx = dy W"
    }

    fn words(&self) -> &'static str {
        "Each input collects the gradient of every unit that used it, times the weight between them."
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, w) = (reader.input(0)?, reader.input(1)?);
        let (sample, i) = split_last(index);
        let inner: usize = w.dims[1..].iter().product();
        let product = |unit: usize| Ok(dy.at(&joined(sample, unit))? * w.at_flat(unit * inner + i)?);
        Ok(Arithmetic::Sum((0..w.dims[0]).map(product).collect::<Result<_>>()?))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, w) = (frame.input(0)?, frame.input(1)?);
        let dx = product(&rows(dy)?, &matrix(w)?)?;
        let dx = dx.reshape(with_last(dy, dx.dim(1)?))?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let w = frame.input(1)?;
        let (units, inner) = (w.dim(0)?, w.elem_count() / w.dim(0)?.max(1));
        let batch = frame.input(0)?.elem_count() / units.max(1);
        let out = frame.reuse(0, &with_last(frame.input(0)?, inner))?;
        {
            let (dy, w) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dx| {
                matmul_rows(Matrix::new(&dy, batch, units), Matrix::new(&w, units, inner), None, dx);
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }
}

/// dW = dyᵀ x
#[derive(Debug)]
pub(super) struct LinearW {
    /// Of W.
    pub dims: Vec<usize>,
}

impl Op for LinearW {
    fn name(&self) -> &'static str {
        "linear'w"
    }

    fn formula(&self) -> &'static str {
        "dW = dyᵀ x"
    }

    fn words(&self) -> &'static str {
        "The weight's input times its unit's gradient, summed over the batch."
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, x) = (reader.input(0)?, reader.input(1)?);
        let flat = reader.output(output)?.flatten(index);
        let (units, inner) = (self.dims[0], self.dims[1..].iter().product::<usize>().max(1));
        let (unit, i) = (flat / inner, flat % inner);
        let product = |row: usize| Ok(dy.at_flat(row * units + unit)? * x.at_flat(row * inner + i)?);
        Ok(Arithmetic::Sum((0..dy.numbers.len() / units.max(1)).map(product).collect::<Result<_>>()?))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let dw = product(&rows(frame.input(0)?)?.t()?, &rows(frame.input(1)?)?)?.reshape(&self.dims[..])?;
        frame.set(0, dw)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let units = self.dims[0];
        let inner = self.dims[1..].iter().product();
        let batch = frame.input(0)?.elem_count() / units.max(1);
        let out = frame.reuse(0, &self.dims)?;
        {
            let (dy, x) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dw| {
                matmul_of_columns(Matrix::new(&dy, batch, units), Matrix::new(&x, batch, inner), dw);
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }
}

/// db = Σ dy over the batch
#[derive(Debug)]
struct LinearB;

impl Op for LinearB {
    fn name(&self) -> &'static str {
        "linear'b"
    }

    fn formula(&self) -> &'static str {
        "db = Σ dy"
    }

    fn words(&self) -> &'static str {
        "The unit's gradient, summed over the batch."
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let dy = reader.input(0)?;
        let (unit, units) = (index[0], dy.dims.last().copied().unwrap_or(1));
        let each = (unit..dy.numbers.len()).step_by(units.max(1)).map(|flat| dy.at_flat(flat));
        Ok(Arithmetic::Sum(each.collect::<Result<_>>()?))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let db = rows(frame.input(0)?)?.sum(0)?;
        frame.set(0, db)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let units = frame.input(0)?.dims().last().copied().unwrap_or(1);
        let out = frame.reuse(0, &[units])?;
        {
            let dy = frame.f32s(0)?;
            bridge::write(&out, |db| reduce::sum_rows(&dy, db))?;
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
    fn gradients_agree_with_finite_differences() {
        for (batch, inner, units) in [(1, 1, 1), (3, 5, 2), (7, 2, 9), (64, 33, 17)] {
            gradient_check(Linear, Case::new().batched(batch, &[inner]).fixed(&[units, inner]).fixed(&[units]));
            gradient_check(Linear, Case::new().batched(batch, &[inner]).fixed(&[units, inner]));
        }
        gradient_check(Linear, Case::new().batched(3, &[5, 7]).fixed(&[2, 7]).fixed(&[2]));
        gradient_check(Linear, Case::new().batched(2, &[4, 6]).fixed(&[5, 2, 3]).fixed(&[5]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("linear", |_| Linear);
    }
}
