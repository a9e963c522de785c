//! `embedding`: a learned row of numbers for each whole number, PyTorch's `nn.Embedding`.
//!
//! # Shapes
//! indices `[B, ...]`, weight `[V, D]` -> `[B, ..., D]`. An index that is no whole number from 0 to V - 1 is an error
//! that names it.

use candle_core::{DType, Tensor};

use super::places;
use crate::engine::backward::Pullback;
use crate::engine::error::{EngineError, Result};
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, rows};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

/// Rows of a table: [B, T] indices and [V, E] weights give [B, T, E].
#[derive(Clone, Debug)]
pub struct Embedding;

/// Names the first number that is no index.
fn refuse(indices: impl Iterator<Item = f64>, count: usize) -> Result<()> {
    let valid = |index: f64| index >= 0.0 && index < count as f64 && index.fract() == 0.0;
    match indices.into_iter().find(|&index| !valid(index)) {
        Some(value) => Err(EngineError::Index { value, count }),
        None => Ok(()),
    }
}

/// All indices in one row, as candle wants them; checked.
fn checked(indices: &Tensor, count: usize) -> Result<Tensor> {
    let flat = indices.flatten_all()?;
    let wrong = [flat.lt(0.0)?, flat.ge(count as f64)?, flat.ne(&flat.floor()?)?];
    let wrong = (wrong[0].to_dtype(DType::F32)? + wrong[1].to_dtype(DType::F32)?)? + wrong[2].to_dtype(DType::F32)?;
    // One number leaves the device, and all of them only to say which is wrong.
    if bridge::scalar(&wrong?.sum_all()?)? > 0.0 {
        refuse(bridge::f64s(&flat)?.into_iter(), count)?;
    }
    Ok(flat.to_dtype(DType::U32)?)
}

fn with_last(like: &Tensor, last: usize) -> Vec<usize> {
    like.dims().iter().copied().chain([last]).collect()
}

impl Op for Embedding {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn formula(&self) -> &'static str {
        "y = W[index]"
    }

    fn words(&self) -> &'static str {
        "Replaces each whole number by its row in a table."
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let width = inputs[1].dims[1];
        vec![ValueShape::batched(inputs[0].dims.iter().copied().chain([width]).collect::<Vec<_>>())]
    }

    fn indices(&self, inputs: &[ValueShape]) -> Option<(usize, usize)> {
        Some((0, inputs.get(1)?.dims.first().copied()?))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (indices, w) = (frame.input(0)?, frame.input(1)?);
        let rows = w.index_select(&checked(indices, w.dim(0)?)?, 0)?;
        let y = rows.reshape(with_last(indices, w.dim(1)?))?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (count, width) = frame.input(1)?.dims2()?;
        let out = frame.reuse(0, &with_last(frame.input(0)?, width))?;
        {
            let (indices, w) = (frame.f32s(0)?, frame.f32s(1)?);
            refuse(indices.iter().map(|&index| f64::from(index)), count)?;
            bridge::write(&out, |y| rows::gather(&w, &indices, y))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (place, column) = index.split_at(index.len().saturating_sub(1));
        let row = reader.input(0)?.number(place)?;
        refuse(std::iter::once(row), reader.input(1)?.dims[0])?;
        reader.read(1, &[&[row as usize], column].concat())
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let count = pull.shape(pull.input(1)).dims[0];
        pull.give(1, EmbeddingW { count }, &[dy, pull.input(0)]);
    }
}

/// Inputs: dy, indices.
#[derive(Debug)]
struct EmbeddingW {
    count: usize,
}

impl Op for EmbeddingW {
    fn name(&self) -> &'static str {
        "embedding'w"
    }

    fn formula(&self) -> &'static str {
        "dW[v] = Σ dy where index = v"
    }

    fn words(&self) -> &'static str {
        "A row of the table collects the gradients of every position it was used at."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, indices) = (frame.input(0)?, frame.input(1)?);
        let width = dy.dims().last().copied().unwrap_or(1);
        let indices = checked(indices, self.count)?;
        let dy = dy.reshape((indices.elem_count(), width))?;
        let dw = Tensor::zeros((self.count, width), dy.dtype(), dy.device())?.index_add(&indices, &dy, 0)?;
        frame.set(0, dw)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let width = frame.input(0)?.dims().last().copied().unwrap_or(1);
        let out = frame.reuse(0, &[self.count, width])?;
        {
            let (dy, indices) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dw| rows::scatter_add(&dy, &indices, width, dw))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, indices) = (reader.input(0)?, reader.input(1)?);
        let mut terms = Vec::new();
        for place in places::indices(&places::whole(&indices.dims)) {
            if indices.number(&place)? == index[0] as f64 {
                terms.push(dy.at(&[&place[..], &index[1..]].concat())?);
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
        for (batch, dims, count, width) in
            [(1, vec![1], 1, 1), (3, vec![5], 7, 4), (2, vec![3, 2], 4, 3), (9, vec![], 5, 2)]
        {
            let indices = Case::new().batched(batch, &dims).with(|i, _| ((i * 5) % count) as f64).constant();
            gradient_check(Embedding, indices.fixed(&[count, width]));
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("embedding", |_| Embedding);
    }

    #[test]
    fn what_is_no_index_is_refused_by_name() {
        for bad in [-1.0, 7.0, 0.5, f64::NAN, f64::INFINITY] {
            let error = refuse([0.0, 6.0, bad, -9.0].into_iter(), 7).unwrap_err();
            assert!(matches!(error, EngineError::Index { value, count: 7 } if value == bad || bad.is_nan()));
        }
        assert!(refuse([0.0, 6.0, 3.0].into_iter(), 7).is_ok());
    }
}
