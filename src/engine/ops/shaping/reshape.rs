//! `reshape`: the same numbers with other axes. A view: no number is copied.

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

/// Other axes for the same elements in the same order.
#[derive(Debug)]
pub struct Reshape {
    /// Without the batch axis.
    pub dims: Vec<usize>,
}

impl Op for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn formula(&self) -> &'static str {
        "y = x with other axes"
    }

    fn words(&self) -> &'static str {
        "Keeps the values and their order and changes how they are arranged in axes."
    }

    fn settings(&self) -> String {
        self.dims.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
    }

    fn shapes(&self, _inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::batched(self.dims.clone())]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let dims: Vec<usize> = std::iter::once(x.dim(0)?).chain(self.dims.iter().copied()).collect();
        let y = x.reshape(dims)?;
        frame.set(0, y)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        reader.input(0)?.at_flat(reader.output(output)?.flatten(index))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let dims = pull.shape(pull.input(0)).dims.clone();
        pull.give(0, Reshape { dims }, &[dy]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Reshape { dims: vec![12] }, Case::new().batched(3, &[2, 6]));
        gradient_check(Reshape { dims: vec![1, 3, 2] }, Case::new().batched(2, &[6]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("reshape", |params| Reshape { dims: serde_json::from_value(params["dims"].clone()).unwrap() });
    }
}
