//! `partner`: of each sample the one before it in the batch, of the first the last: what it is mixed with.
//!
//! # Shapes
//! `[B, ...]` -> `[B, ...]`

use candle_core::Tensor;

use crate::data::partner;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::op::{Frame, Op};
use crate::trace::Arithmetic;

/// The rows of a batch moved on by one.
#[derive(Debug)]
pub struct Partner;

impl Op for Partner {
    fn name(&self) -> &'static str {
        "partner"
    }

    fn formula(&self) -> &'static str {
        "y[i] = x[i − 1], y[0] = x[last]"
    }

    fn words(&self) -> &'static str {
        "What belongs to the sample that each is mixed with: the one before it in the batch."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let moved = of_partners(frame.input(0)?)?;
        frame.set(0, moved)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let dims = frame.input(0)?.dims().to_vec();
        let out = frame.reuse(0, &dims)?;
        {
            let x = frame.f32s(0)?;
            let each = (x.len() / dims.first().copied().unwrap_or(1).max(1)).max(1);
            bridge::write(&out, |out| {
                let first = each.min(x.len());
                out[..first].copy_from_slice(&x[x.len() - first..]);
                out[first..].copy_from_slice(&x[..x.len() - first]);
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        reader.read(0, &at_partner(reader, index)?)
    }
}

/// The rows of a batch moved on by one.
pub(super) fn of_partners(x: &Tensor) -> Result<Tensor> {
    let len = x.dim(0)?;
    if len < 2 {
        return Ok(x.copy()?);
    }
    let (last, others) = (x.narrow(0, len - 1, 1)?, x.narrow(0, 0, len - 1)?);
    Ok(Tensor::cat(&[&last, &others], 0)?)
}

/// The same place in the partner of a sample.
pub(super) fn at_partner(reader: &Reader, index: &[usize]) -> Result<Vec<usize>> {
    let len = reader.input(0)?.dims.first().copied().unwrap_or_default();
    let mut other = index.to_vec();
    if let Some(row) = other.first_mut() {
        *row = partner(*row, len);
    }
    Ok(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn the_kernel_agrees_with_the_reference() {
        for (batch, dims) in [(1, &[2][..]), (2, &[]), (5, &[2, 3])] {
            gradient_check(Partner, Case::new().batched(batch, dims).constant());
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("partner", |_| Partner);
    }
}
