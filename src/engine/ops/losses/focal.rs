//! `focal`: cross-entropy that turns away from samples which are right already (Lin et al., 2017, section 3.2). With
//! gamma 0 it is cross-entropy.
//!
//! # Shapes
//! As `cross_entropy`: logits `[B, ..., n]`, class indices `[B, ...]` -> a single number, and the logarithms of the
//! softmax.

use candle_core::{D, DType, Tensor};

use super::weighted::{Summed, explained};
use super::weighted_cross_entropy::{listed, own_weight, rows_of_weights, total_weight, truths};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::{Operand, Reader, joined, split_last};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::activations::softmax::{exponentials, log_softmax};
use crate::engine::ops::everywhere::at_least;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// What is taken for 1 − p where p is 1: its powers stay finite.
const LEAST: f64 = 1e-12;

/// (1 − p)^γ times the cross-entropy, where p is the probability of the true class.
#[derive(Clone, Debug)]
pub struct Focal {
    /// How far it turns away.
    pub gamma: f64,
    /// One a class, none negative.
    pub weights: Vec<f64>,
}

impl Focal {
    fn words_of_settings(&self) -> String {
        let weights = self.weights.iter().any(|&weight| weight != 1.0);
        let weights = if weights { format!(", weights {}", listed(&self.weights)) } else { String::new() };
        format!("gamma {}{weights}", self.gamma)
    }
}

/// The logarithm at each row's class.
fn at_class(log_p: &Tensor, classes: &Tensor) -> Result<Tensor> {
    let places = classes.to_dtype(DType::U32)?.unsqueeze(D::Minus1)?;
    Ok(log_p.gather(&places, D::Minus1)?.squeeze(D::Minus1)?)
}

impl Op for Focal {
    fn name(&self) -> &'static str {
        "focal"
    }

    fn formula(&self) -> &'static str {
        "L = Σ w[class] · (1 − p[class])^γ · −log p[class] / Σ w[class], p = softmax(x)"
    }

    fn words(&self) -> &'static str {
        "Cross-entropy that gives less weight to samples the network is already sure of, so that hard ones dominate \
            (Lin et al., 2017)."
    }

    fn settings(&self) -> String {
        self.words_of_settings()
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::scalar(), inputs[0].clone()]
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".log_softmax"]
    }

    fn indices(&self, inputs: &[ValueShape]) -> Option<(usize, usize)> {
        Some((1, inputs.first()?.dims.last().copied()?))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let classes = frame.input(1)?;
        let log_p = log_softmax(frame.input(0)?)?;
        let (_, own) = rows_of_weights(&self.weights, &log_p, classes)?;
        let log = at_class(&log_p, classes)?;
        let rest = at_least(&log.exp()?.affine(-1.0, 1.0)?, LEAST)?;
        let sum = ((rest.powf(self.gamma)? * log)? * &own)?.sum_all()?.neg()?;
        let loss = (sum / own.sum_all()?)?;
        frame.set(0, loss)?;
        frame.set(1, log_p)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        if output == 1 {
            let (row, class) = split_last(index);
            return log_p(reader.input(0)?, row, class);
        }
        explained(self, reader)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dl) = pull.dy() else { return };
        pull.give(0, self.gradient(), &[pull.output(1), pull.input(1), dl]);
    }
}

/// The logarithm of a class's probability.
fn log_p(x: &Operand, row: &[usize], class: usize) -> Result<Arithmetic> {
    let (max, total) = exponentials(x, row)?;
    let log = Arithmetic::named("log Σ eˣ", max + Arithmetic::call(Function::Log, total));
    Ok(x.at(&joined(row, class))? - log)
}

impl Summed for Focal {
    const WEIGHTED: &'static str = "L = Σ v · w[class] · (1 − p[class])^γ · −log p[class] / Σ w[class], p = softmax(x), v \
        the sample's weight";

    type Gradient = FocalX;

    fn gradient(&self) -> FocalX {
        FocalX(self.clone())
    }

    fn terms(&self, x: &Tensor, truth: &Tensor) -> Result<(Tensor, Tensor)> {
        let log_p = log_softmax(x)?;
        let (_, own) = rows_of_weights(&self.weights, &log_p, truth)?;
        let log = at_class(&log_p, truth)?;
        let rest = at_least(&log.exp()?.affine(-1.0, 1.0)?, LEAST)?;
        Ok((((rest.powf(self.gamma)? * log)? * &own)?.neg()?, own.sum_all()?))
    }

    fn explain_terms(&self, reader: &Reader) -> Result<(Vec<Arithmetic>, Arithmetic)> {
        let (x, classes) = (reader.input(0)?, reader.input(1)?);
        let of_row = |row: usize| {
            let row = classes.unflatten(row);
            let log = Arithmetic::named("log p", log_p(x, &row, classes.number(&row)? as usize)?);
            let rest = Arithmetic::number(1.0) - Arithmetic::call(Function::Exp, log.clone());
            let far = rest.power(Arithmetic::number(self.gamma));
            let own = Arithmetic::given("weight", own_weight(&self.weights, classes, &row)?);
            Ok(own * far * (Arithmetic::number(0.0) - log))
        };
        let all = (0..classes.numbers.len()).map(of_row).collect::<Result<_>>()?;
        Ok((all, total_weight(&self.weights, classes)?))
    }
}

/// Inputs: logarithms of the softmax, class indices, dL.
#[derive(Debug)]
pub struct FocalX(Focal);

impl Op for FocalX {
    fn name(&self) -> &'static str {
        "focal'x"
    }

    fn formula(&self) -> &'static str {
        "dx = dL · w · ((1 − q)^γ − γ · (1 − q)^(γ−1) · q · log q) · (p − one-hot(class)) / Σ w, with q = p[class]"
    }

    fn words(&self) -> &'static str {
        "Predicted probability minus truth, scaled down for samples the network is already sure of."
    }

    fn settings(&self) -> String {
        self.0.words_of_settings()
    }

    fn indices(&self, inputs: &[ValueShape]) -> Option<(usize, usize)> {
        Some((1, inputs.first()?.dims.last().copied()?))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (log_p, classes, gamma) = (frame.input(0)?, frame.input(1)?, self.0.gamma);
        let (_, own) = rows_of_weights(&self.0.weights, log_p, classes)?;
        let log = at_class(log_p, classes)?;
        let q = log.exp()?;
        let rest = at_least(&q.affine(-1.0, 1.0)?, LEAST)?;
        let steep = ((rest.powf(gamma - 1.0)? * (q * log)?)? * gamma)?;
        let pull = ((rest.powf(gamma)? - steep)? * &own)?.unsqueeze(D::Minus1)?;
        let excess = (log_p.exp()? - truths(log_p, classes)?)?;
        let share = (frame.input(2)? / own.sum_all()?)?;
        let dx = excess.broadcast_mul(&pull)?.broadcast_mul(&share)?;
        frame.set(0, dx)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (row, class) = split_last(index);
        let (classes, gamma) = (reader.input(1)?, self.0.gamma);
        let log = reader.read(0, &joined(row, classes.number(row)? as usize))?;
        let q = Arithmetic::named("q", Arithmetic::call(Function::Exp, log.clone()));
        let rest = Arithmetic::number(1.0) - q.clone();
        let least = Arithmetic::number(LEAST);
        let rest = if rest.evaluate() < LEAST { least } else { rest };
        let steep = Arithmetic::number(gamma) * rest.clone().power(Arithmetic::number(gamma - 1.0)) * q * log;
        let own = Arithmetic::given("weight", own_weight(&self.0.weights, classes, row)?);
        let pull = own * (rest.power(Arithmetic::number(gamma)) - steep);
        let truth = classes.at(row)?.equals(Arithmetic::number(class as f64));
        let excess = Arithmetic::call(Function::Exp, reader.read(0, index)?) - truth;
        Ok(reader.read(2, &[])? * pull * excess / total_weight(&self.0.weights, classes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (gamma, weights) in [(2.0, [1.0; 3]), (0.5, [1.0, 3.0, 0.5]), (0.0, [2.0, 1.0, 1.0])] {
            let op = || Focal { gamma, weights: weights.to_vec() };
            let case = Case::new().batched(7, &[3]).batched(7, &[]).with(|i, _| ((i * 7) % 3) as f64).constant();
            gradient_check(op(), case);
            let case = Case::new().batched(2, &[5, 3]).batched(2, &[5]).with(|i, _| ((i * 5) % 3) as f64).constant();
            gradient_check(op(), case);
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("focal", |params| Focal {
            gamma: params["gamma"].as_f64().unwrap(),
            weights: serde_json::from_value(params["weights"].clone()).unwrap(),
        });
    }
}
