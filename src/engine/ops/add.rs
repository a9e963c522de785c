//! `add`: the sum of two or more values of one shape. Also what gradients of a value with several readers are joined
//! with.

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Frame, Op};
use crate::trace::Arithmetic;

/// Elementwise sum of all inputs, which have the same shape.
#[derive(Debug)]
pub struct Add;

impl Op for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn formula(&self) -> &'static str {
        "y = a + b + …"
    }

    fn words(&self) -> &'static str {
        "Adds its inputs element by element."
    }

    fn is_sum(&self) -> bool {
        true
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let mut sum = (frame.input(0)? + frame.input(1)?)?;
        for i in 2..frame.input_count() {
            sum = (sum + frame.input(i)?)?;
        }
        frame.set(0, sum)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let dims = frame.input(0)?.shape().clone();
        let out = frame.reuse(0, dims.dims())?;
        {
            let (a, b) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |y| elementwise::map2(&a, &b, y, |a, b| a + b))?;
            for i in 2..frame.input_count() {
                let a = frame.f32s(i)?;
                bridge::write(&out, |y| elementwise::update(y, &a, |y, a| y + a))?;
            }
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let parts = reader.inputs.iter().map(|part| part.at(index)).collect::<Result<_>>()?;
        Ok(Arithmetic::Sum(parts))
    }

    /// The gradient passes to every input unchanged, without an instruction.
    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        (0..pull.inputs().len()).for_each(|i| pull.pass(i, dy));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Add, Case::new().batched(3, &[4]).batched(3, &[4]));
        gradient_check(Add, Case::new().batched(2, &[2, 3]).batched(2, &[2, 3]).batched(2, &[2, 3]));
        gradient_check(Add, Case::new().fixed(&[]).fixed(&[]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("add", |_| Add);
    }
}
