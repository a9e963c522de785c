//! `linear`: a weighted sum of each row, `y = x Wᵀ + b`.
//!
//! # Shapes
//! x `[B, in]`, W `[out, in]`, b `[out]` (may be absent) -> y `[B, out]`. PyTorch's `nn.functional.linear`.

use crate::engine::backward::BackwardBuilder;
use crate::engine::error::Result;
use crate::engine::kernels::bridge;
use crate::engine::kernels::matmul::{Matrix, matmul};
use crate::engine::kernels::reduce;
use crate::engine::op::{Call, Frame, Op, ValueShape};
use crate::engine::program::ValueId;

/// Inputs: x, W, and b when there is one.
#[derive(Debug)]
pub struct Linear;

impl Op for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn formula(&self) -> &'static str {
        "y = x Wᵀ + b"
    }

    fn words(&self) -> &'static str {
        "Each unit multiplies every input by its own weight, adds the products and then its bias."
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::batched(vec![inputs[1].dims[0]])]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let mut y = frame.input(0)?.matmul(&frame.input(1)?.t()?)?;
        if frame.input_count() > 2 {
            y = y.broadcast_add(frame.input(2)?)?;
        }
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (batch, inner) = frame.input(0)?.dims2()?;
        let units = frame.input(1)?.dim(0)?;
        let out = frame.reuse(0, &[batch, units])?;
        {
            let (x, w) = (frame.f32s(0)?, frame.f32s(1)?);
            let bias = if frame.input_count() > 2 { Some(frame.f32s(2)?) } else { None };
            bridge::write(&out, |y| {
                if let Some(bias) = &bias {
                    y.chunks_exact_mut(units).for_each(|row| row.copy_from_slice(bias));
                }
                let w = Matrix::new(&w, units, inner).transposed();
                matmul(Matrix::new(&x, batch, inner), w, y, bias.is_some());
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn vjp(
        &self,
        builder: &mut BackwardBuilder,
        call: &Call,
        grads: &[Option<ValueId>],
        needs: &[bool],
    ) -> Vec<Option<ValueId>> {
        let Some(dy) = grads[0] else { return vec![None; call.inputs.len()] };
        let (x, w) = (call.inputs[0], call.inputs[1]);
        let mut contributions = vec![
            needs[0].then(|| builder.gradient(LinearX, &[dy, w], x)),
            needs[1].then(|| builder.gradient(LinearW, &[dy, x], w)),
        ];
        if let Some(&b) = call.inputs.get(2) {
            contributions.push(needs[2].then(|| builder.gradient(LinearB, &[dy], b)));
        }
        contributions
    }
}

/// dx = dy W
#[derive(Debug)]
struct LinearX;

impl Op for LinearX {
    fn name(&self) -> &'static str {
        "linear'x"
    }

    fn formula(&self) -> &'static str {
        "dx = dy W"
    }

    fn words(&self) -> &'static str {
        "Each input is blamed by every unit that used it, in proportion to the weight between them."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let dx = frame.input(0)?.matmul(frame.input(1)?)?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (batch, units) = frame.input(0)?.dims2()?;
        let inner = frame.input(1)?.dim(1)?;
        let out = frame.reuse(0, &[batch, inner])?;
        {
            let (dy, w) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dx| {
                matmul(Matrix::new(&dy, batch, units), Matrix::new(&w, units, inner), dx, false);
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }
}

/// dW = dyᵀ x
#[derive(Debug)]
struct LinearW;

impl Op for LinearW {
    fn name(&self) -> &'static str {
        "linear'w"
    }

    fn formula(&self) -> &'static str {
        "dW = dyᵀ x"
    }

    fn words(&self) -> &'static str {
        "A weight is blamed by what went through it times how wrong its unit was, added up over the batch."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let dw = frame.input(0)?.t()?.matmul(frame.input(1)?)?;
        frame.set(0, dw)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (batch, units) = frame.input(0)?.dims2()?;
        let inner = frame.input(1)?.dim(1)?;
        let out = frame.reuse(0, &[units, inner])?;
        {
            let (dy, x) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dw| {
                let dy = Matrix::new(&dy, batch, units).transposed();
                matmul(dy, Matrix::new(&x, batch, inner), dw, false);
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }
}

/// db = Σ dy over the batch
#[derive(Debug)]
struct LinearB;

impl Op for LinearB {
    fn name(&self) -> &'static str {
        "linear'b"
    }

    fn formula(&self) -> &'static str {
        "db = Σ dy"
    }

    fn words(&self) -> &'static str {
        "A bias is blamed by how wrong its unit was, added up over the batch."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let db = frame.input(0)?.sum(0)?;
        frame.set(0, db)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (_, units) = frame.input(0)?.dims2()?;
        let out = frame.reuse(0, &[units])?;
        {
            let dy = frame.f32s(0)?;
            bridge::write(&out, |db| reduce::sum_rows(&dy, db))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (batch, inner, units) in [(1, 1, 1), (3, 5, 2), (7, 2, 9), (64, 33, 17)] {
            gradient_check(Linear, Case::new().batched(batch, &[inner]).fixed(&[units, inner]).fixed(&[units]));
            gradient_check(Linear, Case::new().batched(batch, &[inner]).fixed(&[units, inner]));
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("linear", |_| Linear);
    }
}
