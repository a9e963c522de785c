//! `one`: where backward begins: the loss changes by 1 when the loss changes by 1.

use candle_core::Tensor;

use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

/// A single 1.
#[derive(Debug)]
pub struct Ones;

impl Op for Ones {
    fn name(&self) -> &'static str {
        "one"
    }

    fn formula(&self) -> &'static str {
        "dL = 1"
    }

    fn words(&self) -> &'static str {
        "The backward pass starts at the loss: dL/dL = 1."
    }

    fn shapes(&self, _inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::scalar()]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        if let Some(one) = frame.take_output(0) {
            return frame.set(0, one);
        }
        let one = Tensor::ones((), frame.dtype(), frame.device())?;
        frame.set(0, one)
    }

    fn explain(&self, _reader: &Reader, _output: usize, _index: &[usize]) -> Result<Arithmetic> {
        Ok(Arithmetic::number(1.0))
    }
}
