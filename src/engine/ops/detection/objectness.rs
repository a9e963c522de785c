//! `objectness`: whether there is a thing at each cell, as focal loss (Lin et al., 2017) compares it: with gamma 0 it
//! is binary cross-entropy.
//!
//! # Shapes
//! Logits `[B, 1, rows, columns]`, where things are (0 or 1) of the same shape, how much a cell counts `[B, 1, 1, 1]`
//! -> a single number.

use candle_core::Tensor;

use super::mean_over_pictures;
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::activations::sigmoid::sigmoid;
use crate::engine::ops::activations::softplus::softplus;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// (1 − p)^γ times −log p of every cell, where p is the probability of what is right there.
#[derive(Clone, Debug)]
pub struct Objectness {
    /// How much less a cell counts that is right already.
    pub gamma: f64,
}

impl Objectness {
    fn words_of_settings(&self) -> String {
        format!("gamma {}", self.gamma)
    }
}

/// +x where there is a thing, −x where there is none: the logit of what is right.
fn of_truth(x: &Tensor, things: &Tensor) -> candle_core::Result<Tensor> {
    x * things.affine(2.0, -1.0)?
}

fn explained(reader: &Reader, index: &[usize]) -> Result<Arithmetic> {
    let sign = Arithmetic::number(2.0) * reader.read(1, index)? - Arithmetic::number(1.0);
    Ok(Arithmetic::named("logit of what is right", sign * reader.read(0, index)?))
}

fn negative(x: Arithmetic) -> Arithmetic {
    Arithmetic::number(-1.0) * x
}

impl Op for Objectness {
    fn name(&self) -> &'static str {
        "objectness"
    }

    fn formula(&self) -> &'static str {
        "L = mean of Σ share · (1 − p)^γ · −log p, p = σ(±x)"
    }

    fn words(&self) -> &'static str {
        "How wrong the network is about where things are. Cells that it is right about already count less (focal loss), \
            so that the many empty ones don't drown the few that hold something."
    }

    fn settings(&self) -> String {
        self.words_of_settings()
    }

    fn shapes(&self, _inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::scalar()]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let z = of_truth(frame.input(0)?, frame.input(1)?)?;
        let minus = z.neg()?;
        let far = sigmoid(&minus)?.powf(self.gamma)?;
        let errors = (far * softplus(&minus)?)?.broadcast_mul(frame.input(2)?)?;
        let loss = (errors.sum_all()? / z.dim(0)? as f64)?;
        frame.set(0, loss)
    }

    fn explain(&self, reader: &Reader, _output: usize, _index: &[usize]) -> Result<Arithmetic> {
        mean_over_pictures(reader.input(0)?, reader.input(2)?, |cell| {
            let z = explained(reader, cell)?;
            let rest = Arithmetic::call(Function::Sigmoid, negative(z.clone()));
            let far = rest.power(Arithmetic::number(self.gamma));
            Ok(Some(far * Arithmetic::call(Function::Softplus, negative(z))))
        })
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dl) = pull.dy() else { return };
        pull.give(0, ObjectnessX(self.clone()), &[pull.input(0), pull.input(1), pull.input(2), dl]);
    }
}

/// Inputs: logits, things, shares, dL.
#[derive(Debug)]
struct ObjectnessX(Objectness);

impl Op for ObjectnessX {
    fn name(&self) -> &'static str {
        "objectness'x"
    }

    fn formula(&self) -> &'static str {
        "dx = ±dL · share · (1 − p)^γ · (γ · p · log p + p − 1)"
    }

    fn words(&self) -> &'static str {
        "Upwards where there is a thing, downwards where there is none, less where the network is right already."
    }

    fn settings(&self) -> String {
        self.0.words_of_settings()
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (things, gamma) = (frame.input(1)?, self.0.gamma);
        let z = of_truth(frame.input(0)?, things)?;
        let rest = sigmoid(&z.neg()?)?;
        let log = softplus(&z.neg()?)?;
        // γ · p · log p + p − 1, with log p = −softplus(−z) and p − 1 = −σ(−z).
        let steep = ((sigmoid(&z)? * log)?.affine(gamma, 0.0)? + &rest)?.neg()?;
        let slope = (rest.powf(gamma)? * steep)?;
        let share = (frame.input(3)? / z.dim(0)? as f64)?;
        let dx = (slope * things.affine(2.0, -1.0)?)?;
        let dx = dx.broadcast_mul(frame.input(2)?)?.broadcast_mul(&share)?;
        frame.set(0, dx)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let gamma = self.0.gamma;
        let z = explained(reader, index)?;
        let (p, rest) = (
            Arithmetic::named("p", Arithmetic::call(Function::Sigmoid, z.clone())),
            Arithmetic::call(Function::Sigmoid, negative(z.clone())),
        );
        let log = negative(Arithmetic::call(Function::Softplus, negative(z)));
        let steep = Arithmetic::number(gamma) * p * log - rest.clone();
        let sign = Arithmetic::number(2.0) * reader.read(1, index)? - Arithmetic::number(1.0);
        let share = reader.read(2, &[index[0], 0, 0, 0])?;
        let pictures = Arithmetic::given("pictures", reader.input(0)?.dims[0] as f64);
        let far = rest.power(Arithmetic::number(gamma));
        Ok(reader.read(3, &[])? * share * sign * far * steep / pictures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for gamma in [0.0, 0.5, 2.0] {
            let case = Case::new().batched(2, &[1, 3, 4]).batched(2, &[1, 3, 4]);
            let case = case.with(|i, _| f64::from(u8::from(i % 5 == 2))).constant();
            let case = case.batched(2, &[1, 1, 1]).with(|i, _| 1.0 / (i + 1) as f64).constant();
            gradient_check(Objectness { gamma }, case);
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("objectness", |params| Objectness { gamma: params["gamma"].as_f64().unwrap() });
    }
}
