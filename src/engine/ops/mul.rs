//! `mul`: the product of two or more values of one shape.

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Frame, Op};
use crate::trace::Arithmetic;

/// Elementwise product of all inputs, which have the same shape.
#[derive(Debug)]
pub struct Mul;

impl Op for Mul {
    fn name(&self) -> &'static str {
        "mul"
    }

    fn formula(&self) -> &'static str {
        "y = a · b · …"
    }

    fn words(&self) -> &'static str {
        "Multiplies its inputs element by element."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let mut product = (frame.input(0)? * frame.input(1)?)?;
        for i in 2..frame.input_count() {
            product = (product * frame.input(i)?)?;
        }
        frame.set(0, product)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let shape = frame.input(0)?.shape().clone();
        let out = frame.reuse(0, shape.dims())?;
        {
            let (a, b) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |y| elementwise::map2(&a, &b, y, |a, b| a * b))?;
            for i in 2..frame.input_count() {
                let a = frame.f32s(i)?;
                bridge::write(&out, |y| elementwise::update(y, &a, |y, a| y * a))?;
            }
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let factors = reader.inputs.iter().map(|factor| factor.at(index)).collect::<Result<_>>()?;
        Ok(Arithmetic::Product(factors))
    }

    /// Each factor's gradient is dy times the other factors: again a product.
    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        for i in 0..pull.inputs().len() {
            let others = pull.inputs().iter().enumerate().filter(|(j, _)| *j != i).map(|(_, &id)| id);
            let factors: Vec<_> = std::iter::once(dy).chain(others).collect();
            pull.give(i, Mul, &factors);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Mul, Case::new().batched(3, &[4]).batched(3, &[4]));
        gradient_check(Mul, Case::new().batched(2, &[2, 3]).batched(2, &[2, 3]).batched(2, &[2, 3]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("mul", |_| Mul);
    }
}
