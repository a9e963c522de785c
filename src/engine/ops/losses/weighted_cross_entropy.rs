//! `weighted_cross_entropy`: cross-entropy where some classes count more than others, or where the truth is spread a
//! little over all classes (label smoothing: Szegedy et al., 2016, section 7).
//!
//! # Shapes
//! As `cross_entropy`: logits `[B, ..., n]`, class indices `[B, ...]` -> a single number, and the softmax. PyTorch's
//! `nn.functional.cross_entropy` with `weight` and `label_smoothing`.

use candle_core::{D, DType, Tensor};

use super::weighted::{Summed, explained};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::{Operand, Reader, joined, split_last};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::activations::softmax::{exponentials, log_softmax, softmax, softmax_of};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Cross-entropy in which each class has its weight.
#[derive(Clone, Debug)]
pub struct WeightedCrossEntropy {
    /// One a class, none negative.
    pub weights: Vec<f64>,
    /// The share of the truth that is spread evenly over all classes.
    pub smoothing: f64,
}

/// Class weights as a row beside `x`, and that of the true class of each row.
pub(super) fn rows_of_weights(weights: &[f64], x: &Tensor, classes: &Tensor) -> Result<(Tensor, Tensor)> {
    let all = Tensor::from_slice(weights, weights.len(), x.device())?.to_dtype(x.dtype())?;
    let places = classes.to_dtype(DType::U32)?;
    let own = all.index_select(&places.flatten_all()?, 0)?.reshape(places.shape())?;
    Ok((all, own))
}

/// 1 at the class of each row of `x`, 0 elsewhere.
pub(super) fn truths(x: &Tensor, classes: &Tensor) -> Result<Tensor> {
    let n = x.dim(D::Minus1)?;
    let places = Tensor::arange(0u32, n as u32, x.device())?;
    Ok(classes.to_dtype(DType::U32)?.unsqueeze(D::Minus1)?.broadcast_eq(&places)?.to_dtype(x.dtype())?)
}

/// The weight of a row's true class.
pub(super) fn own_weight(weights: &[f64], classes: &Operand, row: &[usize]) -> Result<f64> {
    Ok(weights.get(classes.number(row)? as usize).copied().unwrap_or(f64::NAN))
}

/// What the rows' losses are divided by.
pub(super) fn total_weight(weights: &[f64], classes: &Operand) -> Result<Arithmetic> {
    let rows = (0..classes.numbers.len()).map(|row| own_weight(weights, classes, &classes.unflatten(row)));
    Ok(Arithmetic::given("Σ weight", rows.sum::<Result<f64>>()?))
}

impl WeightedCrossEntropy {
    fn words_of_settings(&self) -> String {
        let mut words = Vec::new();
        if self.weights.iter().any(|&weight| weight != 1.0) {
            words.push(format!("weights {}", listed(&self.weights)));
        }
        if self.smoothing > 0.0 {
            words.push(format!("smoothing {}", self.smoothing));
        }
        words.join(", ")
    }

    fn even_share(&self) -> f64 {
        self.smoothing / self.weights.len().max(1) as f64
    }
}

/// "1, 2, 0.5, …"
pub(super) fn listed(weights: &[f64]) -> String {
    let mut shown: Vec<String> = weights.iter().take(4).map(f64::to_string).collect();
    shown.extend((weights.len() > 4).then(|| "…".to_owned()));
    shown.join(", ")
}

impl Op for WeightedCrossEntropy {
    fn name(&self) -> &'static str {
        "weighted_cross_entropy"
    }

    fn formula(&self) -> &'static str {
        "L = Σ ((1 − ε) · w[class] · −log p[class] + ε / n · Σⱼ wⱼ · −log pⱼ) / Σ w[class], p = softmax(x)"
    }

    fn words(&self) -> &'static str {
        "Cross-entropy with class weights or label smoothing: some classes count more than others, or a little of the \
            truth is given to every class."
    }

    fn settings(&self) -> String {
        self.words_of_settings()
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
        let (weights, own) = rows_of_weights(&self.weights, x, frame.input(1)?)?;
        let log_p = log_softmax(x)?;
        let classes = frame.input(1)?.to_dtype(DType::U32)?.unsqueeze(D::Minus1)?;
        let of_class = (log_p.gather(&classes, D::Minus1)?.squeeze(D::Minus1)? * &own)?.sum_all()?;
        let of_all = log_p.broadcast_mul(&weights)?.sum_all()?;
        let sum = ((of_class * (self.smoothing - 1.0))? - (of_all * self.even_share())?)?;
        let loss = (sum / own.sum_all()?)?;
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
        pull.give(0, self.gradient(), &[pull.output(1), pull.input(1), dl]);
    }
}

impl Summed for WeightedCrossEntropy {
    const WEIGHTED: &'static str = "L = Σ v · ((1 − ε) · w[class] · −log p[class] + ε / n · Σⱼ wⱼ · −log pⱼ) / Σ w[class], p = \
        softmax(x), v the sample's weight";

    type Gradient = WeightedCrossEntropyX;

    fn gradient(&self) -> WeightedCrossEntropyX {
        WeightedCrossEntropyX(self.clone())
    }

    fn terms(&self, x: &Tensor, truth: &Tensor) -> Result<(Tensor, Tensor)> {
        let (weights, own) = rows_of_weights(&self.weights, x, truth)?;
        let log_p = log_softmax(x)?;
        let classes = truth.to_dtype(DType::U32)?.unsqueeze(D::Minus1)?;
        let of_class = (log_p.gather(&classes, D::Minus1)?.squeeze(D::Minus1)? * &own)?;
        let of_all = log_p.broadcast_mul(&weights)?.sum(D::Minus1)?;
        let terms = ((of_class * (self.smoothing - 1.0))? - (of_all * self.even_share())?)?;
        Ok((terms, own.sum_all()?))
    }

    fn explain_terms(&self, reader: &Reader) -> Result<(Vec<Arithmetic>, Arithmetic)> {
        let (x, classes) = (reader.input(0)?, reader.input(1)?);
        let of_row = |row: usize| {
            let row = classes.unflatten(row);
            let (max, total) = exponentials(x, &row)?;
            let log = Arithmetic::named("log Σ eˣ", max + Arithmetic::call(Function::Log, total));
            let surprise = |class: usize| -> Result<Arithmetic> { Ok(log.clone() - x.at(&joined(&row, class))?) };
            let own = Arithmetic::given("weight", own_weight(&self.weights, classes, &row)?);
            let certain = Arithmetic::number(1.0 - self.smoothing);
            let of_class = certain * own * surprise(classes.number(&row)? as usize)?;
            if self.smoothing == 0.0 {
                return Ok(Arithmetic::named("surprise", of_class));
            }
            let each = |(class, &weight): (usize, &f64)| Ok(Arithmetic::given("weight", weight) * surprise(class)?);
            let all = self.weights.iter().enumerate().map(each).collect::<Result<_>>()?;
            Ok(Arithmetic::named("surprise", of_class + Arithmetic::number(self.even_share()) * Arithmetic::Sum(all)))
        };
        let all = (0..classes.numbers.len()).map(of_row).collect::<Result<_>>()?;
        Ok((all, total_weight(&self.weights, classes)?))
    }
}

/// Inputs: softmax, class indices, dL.
#[derive(Debug)]
pub struct WeightedCrossEntropyX(WeightedCrossEntropy);

impl Op for WeightedCrossEntropyX {
    fn name(&self) -> &'static str {
        "weighted_cross_entropy'x"
    }

    fn formula(&self) -> &'static str {
        "dx = dL · ((1 − ε) · w[class] · (p − one-hot(class)) + ε / n · (p · Σⱼ wⱼ − w)) / Σ w[class]"
    }

    fn words(&self) -> &'static str {
        "Predicted probability minus truth, times the weight of the true class."
    }

    fn settings(&self) -> String {
        self.0.words_of_settings()
    }

    fn indices(&self, inputs: &[ValueShape]) -> Option<(usize, usize)> {
        Some((1, inputs.first()?.dims.last().copied()?))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (p, classes) = (frame.input(0)?, frame.input(1)?);
        let (weights, own) = rows_of_weights(&self.0.weights, p, classes)?;
        let excess = (p - truths(p, classes)?)?.broadcast_mul(&own.unsqueeze(D::Minus1)?)?;
        let sum: f64 = self.0.weights.iter().sum();
        let spread = (p * sum)?.broadcast_sub(&weights)?;
        let both = ((excess * (1.0 - self.0.smoothing))? + (spread * self.0.even_share())?)?;
        let share = (frame.input(2)? / own.sum_all()?)?;
        let dx = both.broadcast_mul(&share)?;
        frame.set(0, dx)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (row, class) = split_last(index);
        let (classes, weights) = (reader.input(1)?, &self.0.weights);
        let truth = classes.at(row)?.equals(Arithmetic::number(class as f64));
        let p = reader.read(0, index)?;
        let own = Arithmetic::given("weight", own_weight(weights, classes, row)?);
        let mut pull = Arithmetic::number(1.0 - self.0.smoothing) * own * (p.clone() - truth);
        if self.0.smoothing > 0.0 {
            let of_class = Arithmetic::given("weight", weights.get(class).copied().unwrap_or(f64::NAN));
            let spread = p * Arithmetic::given("Σ weights", weights.iter().sum()) - of_class;
            pull = pull + Arithmetic::number(self.0.even_share()) * spread;
        }
        Ok(reader.read(2, &[])? * pull / total_weight(weights, classes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    fn op(weights: &[f64], smoothing: f64) -> WeightedCrossEntropy {
        WeightedCrossEntropy { weights: weights.to_vec(), smoothing }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (weights, smoothing) in [([1.0, 3.0, 0.5], 0.0), ([1.0; 3], 0.1), ([0.0, 2.0, 1.0], 0.3)] {
            let case = Case::new().batched(7, &[3]).batched(7, &[]).with(|i, _| ((i * 7) % 3) as f64).constant();
            gradient_check(op(&weights, smoothing), case);
            let case = Case::new().batched(2, &[5, 3]).batched(2, &[5]).with(|i, _| ((i * 5) % 3) as f64).constant();
            gradient_check(op(&weights, smoothing), case);
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("weighted_cross_entropy", |params| {
            let weights: Vec<f64> = serde_json::from_value(params["weights"].clone()).unwrap();
            op(&weights, params["smoothing"].as_f64().unwrap())
        });
    }
}
