//! `cross_entropy`: the mean surprise at the true classes, straight from logits (softmax included).
//!
//! # Shapes
//! logits `[B, n]`, class indices `[B]` -> a single number, and the softmax `[B, n]`; or with an axis of positions
//! `[B, T, n]` and `[B, T]`, the mean over all positions. PyTorch's `nn.functional.cross_entropy` of the rows.

use candle_core::{D, DType, Tensor};

use super::weighted::{Summed, counted, explained};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::{Reader, joined, split_last};
use crate::engine::kernels::bridge;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::activations::softmax::{exponentials, log_softmax, softmax, softmax_of, softmax_rows};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Rows, and numbers in each.
fn rows(x: &Tensor) -> (usize, usize) {
    let n = x.dims().last().copied().unwrap_or(1);
    (x.elem_count() / n.max(1), n)
}

/// Cross-entropy of logits [B, C] and class indices, averaged over rows.
#[derive(Clone, Debug)]
pub struct CrossEntropy;

impl CrossEntropy {
    /// `weights`: which input they are.
    fn computed(&self, frame: &mut Frame, weights: Option<usize>) -> Result<bool> {
        let shape = frame.input(0)?.shape().clone();
        let (batch, n) = rows(frame.input(0)?);
        let loss = frame.reuse(0, &[])?;
        let p = frame.reuse(1, shape.dims())?;
        {
            let (x, classes) = (frame.f32s(0)?, frame.f32s(1)?);
            let weights = weights.map(|i| frame.f32s(i)).transpose()?;
            let each = weights.as_ref().map_or(1, |weights| (batch / weights.len().max(1)).max(1));
            let mut sum = 0.0f64;
            bridge::write(&p, |p| {
                softmax_rows(&x, p, n, |row, max, total| {
                    let class = classes.get(row).map_or(f32::NAN, |&class| class) as usize;
                    let logit = x.get(row * n + class).filter(|_| class < n).copied().unwrap_or(f32::NAN);
                    let log = f64::from(logit - max) - f64::from(total).ln();
                    sum -= match &weights {
                        None => log,
                        Some(weights) => log * weights.get(row / each).map_or(f64::NAN, |&weight| weight.into()),
                    };
                });
            })?;
            bridge::write(&loss, |loss| loss[0] = (sum / batch as f64) as f32)?;
        }
        frame.set(0, loss)?;
        frame.set(1, p)?;
        Ok(true)
    }
}

impl Op for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn formula(&self) -> &'static str {
        "L = mean of −log p[class], p = softmax(x)"
    }

    fn words(&self) -> &'static str {
        "Turns the outputs into probabilities and measures how improbable they make the true class."
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::scalar(), inputs[0].clone()]
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".softmax"]
    }

    fn indices(&self, inputs: &[ValueShape]) -> Option<(usize, usize)> {
        Some((1, inputs.first()?.dims.last().copied()?))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let log_p = log_softmax(x)?;
        let classes = frame.input(1)?.to_dtype(DType::U32)?.unsqueeze(D::Minus1)?;
        let loss = log_p.gather(&classes, D::Minus1)?.mean_all()?.neg()?;
        let p = softmax(x)?;
        frame.set(0, loss)?;
        frame.set(1, p)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        self.computed(frame, None)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        if output == 1 {
            return softmax_of(reader.input(0)?, index);
        }
        explained(self, reader)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dl) = pull.dy() else { return };
        pull.give(0, CrossEntropyX, &[pull.output(1), pull.input(1), dl]);
    }
}

impl Summed for CrossEntropy {
    const WEIGHTED: &'static str = "L = mean of w · −log p[class], p = softmax(x)";

    type Gradient = CrossEntropyX;

    fn gradient(&self) -> CrossEntropyX {
        CrossEntropyX
    }

    fn terms(&self, x: &Tensor, truth: &Tensor) -> Result<(Tensor, Tensor)> {
        let classes = truth.to_dtype(DType::U32)?.unsqueeze(D::Minus1)?;
        let surprise = log_softmax(x)?.gather(&classes, D::Minus1)?.neg()?;
        Ok((surprise, counted(rows(x).0, x)?))
    }

    fn explain_terms(&self, reader: &Reader) -> Result<(Vec<Arithmetic>, Arithmetic)> {
        let (x, classes) = (reader.input(0)?, reader.input(1)?);
        let surprise = |row: usize| {
            let row = classes.unflatten(row);
            let (max, total) = exponentials(x, &row)?;
            let log = Arithmetic::named("log Σ eˣ", max + Arithmetic::call(Function::Log, total));
            Ok(Arithmetic::named("surprise", log - x.at(&joined(&row, classes.number(&row)? as usize))?))
        };
        let rows = classes.numbers.len();
        let all = (0..rows).map(surprise).collect::<Result<_>>()?;
        Ok((all, Arithmetic::given("rows", rows as f64)))
    }

    fn weighted_kernel(&self, frame: &mut Frame) -> Result<bool> {
        self.computed(frame, Some(2))
    }
}

/// Inputs: softmax, class indices, dL.
#[derive(Debug)]
pub struct CrossEntropyX;

impl Op for CrossEntropyX {
    fn name(&self) -> &'static str {
        "cross_entropy'x"
    }

    fn formula(&self) -> &'static str {
        "dx = dL · (p − one-hot(class)) / rows"
    }

    fn words(&self) -> &'static str {
        "Predicted probability minus truth: the true class is pushed up, all others down."
    }

    fn indices(&self, inputs: &[ValueShape]) -> Option<(usize, usize)> {
        Some((1, inputs.first()?.dims.last().copied()?))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let p = frame.input(0)?;
        let (batch, n) = rows(p);
        let places = Tensor::arange(0u32, n as u32, frame.device())?.reshape((1, n))?;
        let classes = frame.input(1)?.to_dtype(DType::U32)?.reshape((batch, 1))?;
        let truth = classes.broadcast_eq(&places)?.to_dtype(p.dtype())?;
        let share = (frame.input(2)? / batch as f64)?;
        let dx = (p - truth.reshape(p.shape())?)?.broadcast_mul(&share)?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let shape = frame.input(0)?.shape().clone();
        let (batch, n) = rows(frame.input(0)?);
        let share = (frame.scalar(2)? / batch as f64) as f32;
        let out = frame.reuse(0, shape.dims())?;
        {
            let (p, classes) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |dx| {
                for ((dx, p), &class) in dx.chunks_exact_mut(n).zip(p.chunks_exact(n)).zip(classes.iter()) {
                    for (d, &p) in dx.iter_mut().zip(p) {
                        *d = p * share;
                    }
                    if let Some(d) = dx.get_mut(class as usize) {
                        *d -= share;
                    }
                }
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (row, class) = split_last(index);
        let classes = reader.input(1)?;
        let truth = classes.at(row)?.equals(Arithmetic::number(class as f64));
        let excess = reader.read(0, index)? - truth;
        Ok(reader.read(2, &[])? * excess / Arithmetic::given("rows", classes.numbers.len() as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (batch, n) in [(1, 2), (5, 3), (33, 10)] {
            let case = Case::new().batched(batch, &[n]).batched(batch, &[]);
            gradient_check(CrossEntropy, case.with(|i, _| ((i * 7) % n) as f64).constant());
        }
        let case = Case::new().batched(2, &[5, 3]).batched(2, &[5]);
        gradient_check(CrossEntropy, case.with(|i, _| ((i * 7) % 3) as f64).constant());
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("cross_entropy", |_| CrossEntropy);
    }
}
