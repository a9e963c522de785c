//! `offset`: the same numbers added to every sample, such as those that tell the positions of a sequence apart.
//!
//! # Shapes
//! x `[B, ...]`, p `[...]` -> like x.

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise, reduce};
use crate::engine::op::{Frame, Op};
use crate::trace::Arithmetic;

/// Inputs: x, p.
#[derive(Clone, Debug)]
pub struct Offset;

impl Op for Offset {
    fn name(&self) -> &'static str {
        "offset"
    }

    fn formula(&self) -> &'static str {
        "y = x + p"
    }

    fn words(&self) -> &'static str {
        "Adds the same tensor to every sample, such as one encoding per position."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let y = frame.input(0)?.broadcast_add(frame.input(1)?)?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let dims = frame.input(0)?.shape().clone();
        let out = frame.reuse(0, dims.dims())?;
        {
            let (x, p) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |y| {
                for (y, x) in y.chunks_exact_mut(p.len().max(1)).zip(x.chunks_exact(p.len().max(1))) {
                    elementwise::map2(x, &p, y, |x, p| x + p);
                }
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        Ok(reader.read(0, index)? + reader.read(1, &index[1..])?)
    }

    /// The gradient of x is dy itself.
    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let dims = pull.shape(pull.input(1)).dims.clone();
        pull.give(1, OffsetP { dims }, &[dy]);
        pull.pass(0, dy);
    }
}

/// dp = Σ dy over the batch
#[derive(Debug)]
struct OffsetP {
    dims: Vec<usize>,
}

impl Op for OffsetP {
    fn name(&self) -> &'static str {
        "offset'p"
    }

    fn formula(&self) -> &'static str {
        "dp = Σ dy"
    }

    fn words(&self) -> &'static str {
        "The sum of the output gradients over the batch, since the same values were added to every sample."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let dp = frame.input(0)?.sum(0)?;
        frame.set(0, dp)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let out = frame.reuse(0, &self.dims)?;
        {
            let dy = frame.f32s(0)?;
            bridge::write(&out, |dp| reduce::sum_rows(&dy, dp))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let dy = reader.input(0)?;
        let of = |sample: usize| dy.at(&[&[sample], index].concat());
        Ok(Arithmetic::Sum((0..dy.dims[0]).map(of).collect::<Result<_>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Offset, Case::new().batched(3, &[5, 2]).fixed(&[5, 2]));
        gradient_check(Offset, Case::new().batched(1, &[1]).fixed(&[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("offset", |_| Offset);
    }
}
