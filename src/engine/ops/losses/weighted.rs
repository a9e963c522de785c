//! Losses in which each sample counts for as much as its weight says: the plain loss and its gradient, with weights.
//!
//! # Shapes
//! As the plain loss, with weights `[B]` as the last input. Every loss is a sum of terms over a divisor (numbers, rows,
//! or the weights of their classes), and only the terms are weighted: PyTorch's `reduction="none"` times the weights,
//! then the mean, and Keras' `sample_weight`. Weights of 1 change nothing.

use candle_core::Tensor;

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

/// A loss that is a sum of terms, each of one sample, over a divisor. Its inputs are the answer and the truth.
pub trait Summed: Op + Clone + 'static {
    /// Its formula with weights `w`.
    const WEIGHTED: &'static str;

    /// What makes the gradient of the answer: of the answer, or of the second output where there is one, the truth and
    /// dL.
    type Gradient: Op + 'static;

    /// As it is made for this loss.
    fn gradient(&self) -> Self::Gradient;

    /// The terms `[B, ...]`, and what their sum is divided by.
    fn terms(&self, answer: &Tensor, truth: &Tensor) -> Result<(Tensor, Tensor)>;

    /// The same terms, those of a sample behind each other, and the divisor.
    fn explain_terms(&self, reader: &Reader) -> Result<(Vec<Arithmetic>, Arithmetic)>;

    /// Every output on the CPU in f32, the first one with weights; `Ok(false)`: no such kernel, nothing was set.
    fn weighted_kernel(&self, _frame: &mut Frame) -> Result<bool> {
        Ok(false)
    }
}

/// How many, as a divisor.
pub(super) fn counted(count: usize, like: &Tensor) -> Result<Tensor> {
    Ok(Tensor::new(count as f64, like.device())?.to_dtype(like.dtype())?)
}

/// The plain loss of its terms.
pub(super) fn explained(loss: &impl Summed, reader: &Reader) -> Result<Arithmetic> {
    let (terms, divisor) = loss.explain_terms(reader)?;
    Ok(Arithmetic::Sum(terms) / divisor)
}

/// A loss whose last input are the weights of the samples.
#[derive(Clone, Debug)]
pub struct Weighted<L>(pub L);

impl<L: Summed> Op for Weighted<L> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn formula(&self) -> &'static str {
        L::WEIGHTED
    }

    fn words(&self) -> &'static str {
        "The loss, with each sample counting for as much as its weight says: 2 as much as two such samples, 0 nothing."
    }

    fn settings(&self) -> String {
        self.0.settings()
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        self.0.shapes(inputs)
    }

    fn output_names(&self) -> &'static [&'static str] {
        self.0.output_names()
    }

    fn indices(&self, inputs: &[ValueShape]) -> Option<(usize, usize)> {
        self.0.indices(inputs)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        self.0.reference(frame)?;
        let (terms, divisor) = self.0.terms(frame.input(0)?, frame.input(1)?)?;
        let weights = frame.input(2)?;
        let each = terms.reshape((weights.elem_count(), ()))?.sum(1)?;
        let loss = ((each * weights.flatten_all()?)?.sum_all()? / divisor)?;
        frame.set(0, loss)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        self.0.weighted_kernel(frame)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        if output > 0 {
            return self.0.explain(reader, output, index);
        }
        let (terms, divisor) = self.0.explain_terms(reader)?;
        let weights = reader.input(2)?;
        let each = (terms.len() / weights.numbers.len().max(1)).max(1);
        let weighted = |(i, term)| Ok(weights.at_flat(i / each)? * Arithmetic::named("loss", term));
        let terms = terms.into_iter().enumerate().map(weighted).collect::<Result<_>>()?;
        Ok(Arithmetic::Sum(terms) / divisor)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dl) = pull.dy() else { return };
        let of = if self.output_names().len() > 1 { pull.output(1) } else { pull.input(0) };
        let plain = pull.hidden(self.0.gradient(), &[of, pull.input(1), dl])[0];
        pull.give(0, WeightedX, &[plain, pull.input(2)]);
    }
}

/// Inputs: the gradient as it is without weights, weights.
#[derive(Debug)]
struct WeightedX;

impl Op for WeightedX {
    fn name(&self) -> &'static str {
        "weighted'x"
    }

    fn formula(&self) -> &'static str {
        "dx = w · dx without weights"
    }

    fn words(&self) -> &'static str {
        "The gradient of each sample, times its weight."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dx, weights) = (frame.input(0)?, frame.input(1)?);
        let rows = weights.elem_count();
        let weighted = dx.reshape((rows, ()))?.broadcast_mul(&weights.reshape((rows, 1))?)?.reshape(dx.shape())?;
        frame.set(0, weighted)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let shape = frame.input(0)?.shape().clone();
        let out = frame.reuse(0, shape.dims())?;
        {
            let (dx, weights) = (frame.f32s(0)?, frame.f32s(1)?);
            let each = (dx.len() / weights.len().max(1)).max(1);
            bridge::write(&out, |out| {
                for ((out, dx), weight) in out.chunks_mut(each).zip(dx.chunks(each)).zip(weights.iter()) {
                    out.iter_mut().zip(dx).for_each(|(out, dx)| *out = dx * weight);
                }
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        Ok(reader.read(1, &index[..1])? * reader.read(0, index)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};
    use crate::engine::ops::{
        Absolute, BinaryCrossEntropy, CrossEntropy, Focal, Hinge, Huber, KlDivergence, Mean, Squared,
        WeightedCrossEntropy,
    };

    /// Samples that count 0, 1 and anything else.
    fn weights(case: Case, batch: usize) -> Case {
        case.batched(batch, &[]).with(|i, _| [0.5, 0.0, 3.0, 1.0, 0.125][i % 5]).constant()
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        fn check(loss: impl Summed, truth: impl Fn(usize, f64) -> f64 + Copy) {
            for (batch, dims) in [(1, &[1][..]), (7, &[3]), (4, &[2, 3])] {
                let case = Case::new().batched(batch, dims).batched(batch, dims).with(truth).constant();
                gradient_check(Weighted(loss.clone()), weights(case, batch));
            }
        }
        let sign = |i: usize, _: f64| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        check(Mean(Squared), |_, t| t);
        check(Mean(Absolute), |_, t| t);
        check(Mean(Huber), |_, t| t);
        check(Mean(BinaryCrossEntropy), |i, _| (i % 2) as f64);
        check(Mean(Hinge), sign);
        check(KlDivergence, |i, _| [0.2, 0.5, 0.3, 0.0, 0.9, 0.1][i % 6]);
    }

    #[test]
    fn gradients_of_classes_agree_with_finite_differences() {
        fn check(loss: impl Summed) {
            for (batch, positions) in [(1, &[][..]), (7, &[]), (4, &[2])] {
                let logits = [positions, &[3]].concat();
                let case = Case::new().batched(batch, &logits).batched(batch, positions);
                gradient_check(Weighted(loss.clone()), weights(case.with(|i, _| (i % 3) as f64).constant(), batch));
            }
        }
        let weights = vec![1.0, 0.25, 3.0];
        check(CrossEntropy);
        check(WeightedCrossEntropy { weights: weights.clone(), smoothing: 0.2 });
        check(Focal { gamma: 1.5, weights });
    }

    #[test]
    fn agree_with_pytorch() {
        let weights = |params: &serde_json::Value| serde_json::from_value(params["weights"].clone()).unwrap();
        fixture_check("row_weights_mse", |_| Weighted(Mean(Squared)));
        fixture_check("row_weights_mae", |_| Weighted(Mean(Absolute)));
        fixture_check("row_weights_huber", |_| Weighted(Mean(Huber)));
        fixture_check("row_weights_bce", |_| Weighted(Mean(BinaryCrossEntropy)));
        fixture_check("row_weights_hinge", |_| Weighted(Mean(Hinge)));
        fixture_check("row_weights_cross_entropy", |_| Weighted(CrossEntropy));
        fixture_check("row_weights_weighted_cross_entropy", |params| {
            let smoothing = params["smoothing"].as_f64().unwrap();
            Weighted(WeightedCrossEntropy { weights: weights(params), smoothing })
        });
        fixture_check("row_weights_focal", |params| {
            Weighted(Focal { gamma: params["gamma"].as_f64().unwrap(), weights: weights(params) })
        });
        fixture_check("row_weights_kl_divergence", |_| Weighted(KlDivergence));
    }
}
