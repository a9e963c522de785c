//! `kl_divergence`: how far the predicted probabilities are from those that are given (Kullback and Leibler, 1951).
//!
//! # Shapes
//! logits `[B, ..., n]`, probabilities `[B, ..., n]` -> a single number, the mean over rows, and the softmax. PyTorch's
//! `nn.functional.kl_div` of `log_softmax`, as `batchmean`.

use candle_core::{D, Tensor};

use super::weighted::{Summed, explained};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::{Reader, joined, split_last};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::activations::softmax::{exponentials, log_softmax, softmax, softmax_of};
use crate::engine::ops::everywhere::at_least;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// What the logarithm is taken of where a given probability is 0: the product with it is 0.
const LEAST: f64 = 1e-30;

fn rows(x: &Tensor) -> f64 {
    (x.elem_count() / x.dims().last().copied().unwrap_or(1).max(1)) as f64
}

/// Σ target · (ln target − ln softmax), a mean over the batch.
#[derive(Clone, Debug)]
pub struct KlDivergence;

impl Op for KlDivergence {
    fn name(&self) -> &'static str {
        "kl_divergence"
    }

    fn formula(&self) -> &'static str {
        "L = mean over rows of Σ t · (log t − log p), p = softmax(x)"
    }

    fn words(&self) -> &'static str {
        "Turns the outputs into probabilities and measures how far they are from the true ones: 0 if they agree."
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::scalar(), inputs[0].clone()]
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".softmax"]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (x, t) = (frame.input(0)?, frame.input(1)?);
        let apart = (at_least(t, LEAST)?.log()? - log_softmax(x)?)?;
        let loss = ((t * apart)?.sum_all()? / rows(x))?;
        let p = softmax(x)?;
        frame.set(0, loss)?;
        frame.set(1, p)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        if output == 1 {
            return softmax_of(reader.input(0)?, index);
        }
        explained(self, reader)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dl) = pull.dy() else { return };
        pull.give(0, KlDivergenceX, &[pull.output(1), pull.input(1), dl]);
    }
}

impl Summed for KlDivergence {
    const WEIGHTED: &'static str = "L = mean over rows of w · Σ t · (log t − log p), p = softmax(x)";

    type Gradient = KlDivergenceX;

    fn gradient(&self) -> KlDivergenceX {
        KlDivergenceX
    }

    fn terms(&self, x: &Tensor, t: &Tensor) -> Result<(Tensor, Tensor)> {
        let apart = (at_least(t, LEAST)?.log()? - log_softmax(x)?)?;
        let divisor = Tensor::new(rows(x), x.device())?.to_dtype(x.dtype())?;
        Ok(((t * apart)?.sum(D::Minus1)?, divisor))
    }

    fn explain_terms(&self, reader: &Reader) -> Result<(Vec<Arithmetic>, Arithmetic)> {
        let (x, t) = (reader.input(0)?, reader.input(1)?);
        let classes = x.dims.last().copied().unwrap_or(1).max(1);
        let of_row = |row: usize| {
            let first = x.unflatten(row * classes);
            let row = split_last(&first).0;
            let (max, total) = exponentials(x, row)?;
            let log = Arithmetic::named("log Σ eˣ", max + Arithmetic::call(Function::Log, total));
            let of_class = |class: usize| {
                let at = joined(row, class);
                if t.number(&at)? == 0.0 {
                    return t.at(&at);
                }
                Ok(t.at(&at)? * (Arithmetic::call(Function::Log, t.at(&at)?) - (x.at(&at)? - log.clone())))
            };
            let all = (0..classes).map(of_class).collect::<Result<_>>()?;
            Ok(Arithmetic::named("divergence", Arithmetic::Sum(all)))
        };
        let count = x.numbers.len() / classes;
        let all = (0..count).map(of_row).collect::<Result<_>>()?;
        Ok((all, Arithmetic::given("rows", count as f64)))
    }
}

/// Inputs: softmax, given probabilities, dL.
#[derive(Debug)]
pub struct KlDivergenceX;

impl Op for KlDivergenceX {
    fn name(&self) -> &'static str {
        "kl_divergence'x"
    }

    fn formula(&self) -> &'static str {
        "dx = dL · (p · Σ t − t) / rows"
    }

    fn words(&self) -> &'static str {
        "Predicted minus true probability."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (p, t) = (frame.input(0)?, frame.input(1)?);
        let excess = (p.broadcast_mul(&t.sum_keepdim(D::Minus1)?)? - t)?;
        let dx = excess.broadcast_mul(&(frame.input(2)? / rows(p))?)?;
        frame.set(0, dx)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let t = reader.input(1)?;
        let (row, _) = split_last(index);
        let classes = t.dims.last().copied().unwrap_or(1).max(1);
        let all = (0..classes).map(|class| t.at(&joined(row, class))).collect::<Result<_>>()?;
        let excess = reader.read(0, index)? * Arithmetic::named("Σ t", Arithmetic::Sum(all)) - t.at(index)?;
        Ok(reader.read(2, &[])? * excess / Arithmetic::given("rows", (t.numbers.len() / classes) as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let shares = |i: usize, _: f64| [0.2, 0.5, 0.3, 0.0, 0.9, 0.1][i % 6];
        gradient_check(KlDivergence, Case::new().batched(4, &[3]).batched(4, &[3]).with(shares).constant());
        gradient_check(KlDivergence, Case::new().batched(2, &[4, 3]).batched(2, &[4, 3]).with(shares).constant());
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("kl_divergence", |_| KlDivergence);
    }
}
