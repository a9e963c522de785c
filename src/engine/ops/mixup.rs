//! `mixup`: of each sample of a batch a share, and the rest of its partner (Zhang et al., 2018).
//!
//! # Shapes
//! `[B, ...]`, shares `[B]` -> `[B, ...]`

use super::partner::{at_partner, of_partners};
use crate::data::mix;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::op::{Frame, Op};
use crate::trace::Arithmetic;

/// Mixes each sample with the one before it.
#[derive(Debug)]
pub struct Mixup;

impl Op for Mixup {
    fn name(&self) -> &'static str {
        "mixup"
    }

    fn formula(&self) -> &'static str {
        "y[i] = λ[i] · x[i] + (1 − λ[i]) · x[i − 1]"
    }

    fn words(&self) -> &'static str {
        "Mixes each sample with the one before it in the batch: λ of itself, the rest of the other one."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let mut dims = vec![1; x.rank()];
        dims[0] = x.dim(0)?;
        let own = frame.input(1)?.reshape(dims)?;
        let mixed = (x.broadcast_mul(&own)? + of_partners(x)?.broadcast_mul(&own.affine(-1.0, 1.0)?)?)?;
        frame.set(0, mixed)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let dims = frame.input(0)?.dims().to_vec();
        let out = frame.reuse(0, &dims)?;
        {
            let (x, shares) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |out| mix(&x, &shares, out))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let own = || reader.read(1, &index[..1]);
        let rest = Arithmetic::number(1.0) - own()?;
        Ok(own()? * reader.read(0, index)? + rest * reader.read(0, &at_partner(reader, index)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn the_kernel_agrees_with_the_reference() {
        for (batch, dims) in [(1, &[2][..]), (2, &[1]), (5, &[2, 3]), (3, &[1, 4, 5])] {
            let shares = |i: usize, _: f64| [0.5, 1.0, 0.75, 0.9][i % 4];
            let case = Case::new().batched(batch, dims).constant().batched(batch, &[]).with(shares).constant();
            gradient_check(Mixup, case);
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("mixup", |_| Mixup);
    }
}
