//! `batch`: the samples of this step enter the program.

use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{bridge, elementwise};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

/// Copies what the machine has staged: inputs and targets.
#[derive(Debug)]
pub struct Load;

impl Op for Load {
    fn name(&self) -> &'static str {
        "batch"
    }

    fn formula(&self) -> &'static str {
        "x, y = the next samples"
    }

    fn words(&self) -> &'static str {
        "Loads the next batch of samples and their targets."
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        inputs.to_vec()
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        for i in 0..frame.input_count() {
            let copy = frame.input(i)?.copy()?;
            frame.set(i, copy)?;
        }
        Ok(())
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        for i in 0..frame.input_count() {
            let shape = frame.input(i)?.shape().clone();
            let out = frame.reuse(i, shape.dims())?;
            {
                let staged = frame.f32s(i)?;
                bridge::write(&out, |out| elementwise::copy(&staged, out))?;
            }
            frame.set(i, out)?;
        }
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        reader.read(output, index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, gradient_check};

    #[test]
    fn the_kernel_agrees_with_the_reference() {
        gradient_check(Load, Case::new().batched(3, &[2, 5]).constant().batched(3, &[]).constant());
    }
}
