//! `permute`: the axes of each sample in another order, as PyTorch's `permute` with the batch axis left in front.
//!
//! # Shapes
//! `[B, a, b, ...]` -> `[B, ...]` in the order asked for.

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{axes, bridge};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

/// Reorders the axes after the batch.
#[derive(Clone, Debug)]
pub struct Permute {
    /// Axis i of the output is axis `order[i]` of the input, counted without the batch.
    pub order: Vec<usize>,
}

impl Permute {
    fn inverse(&self) -> Self {
        let mut order = vec![0; self.order.len()];
        for (i, &axis) in self.order.iter().enumerate() {
            order[axis] = i;
        }
        Self { order }
    }
}

impl Op for Permute {
    fn name(&self) -> &'static str {
        "permute"
    }

    fn formula(&self) -> &'static str {
        "y[j, i] = x[i, j]"
    }

    fn words(&self) -> &'static str {
        "Reorders the axes and keeps the values, like transposing a table."
    }

    fn settings(&self) -> String {
        self.order.iter().map(|axis| (axis + 1).to_string()).collect::<Vec<_>>().join(", ")
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::batched(self.order.iter().map(|&axis| inputs[0].dims[axis]).collect::<Vec<_>>())]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let order: Vec<usize> = std::iter::once(0).chain(self.order.iter().map(|axis| axis + 1)).collect();
        let y = frame.input(0)?.permute(order)?.force_contiguous()?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let from = frame.input(0)?.dims().to_vec();
        let to: Vec<usize> = std::iter::once(from[0]).chain(self.order.iter().map(|&axis| from[axis + 1])).collect();
        let out = frame.reuse(0, &to)?;
        {
            let x = frame.f32s(0)?;
            bridge::write(&out, |y| axes::permute(&x, &from[1..], &self.order, y))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let mut place = index.to_vec();
        for (&axis, &at) in self.order.iter().zip(&index[1..]) {
            place[axis + 1] = at;
        }
        reader.read(0, &place)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        pull.give(0, self.inverse(), &[dy]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Permute { order: vec![1, 0] }, Case::new().batched(3, &[2, 6]));
        gradient_check(Permute { order: vec![2, 0, 1] }, Case::new().batched(2, &[3, 1, 5]));
        gradient_check(Permute { order: vec![0] }, Case::new().batched(2, &[5]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("permute", |params| Permute { order: serde_json::from_value(params["order"].clone()).unwrap() });
    }
}
