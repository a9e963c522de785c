//! `cell_class`: cross-entropy of the class at each cell that is to find something.
//!
//! # Shapes
//! Logits `[B, n, rows, columns]`, class indices `[B, 1, rows, columns]`, where things are of that shape, how much a
//! cell counts `[B, 1, 1, 1]` -> a single number, and the logarithms of the softmax over n, of the logits' shape.

use candle_core::{DType, Tensor};

use super::{channel, mean_over_pictures};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// −log of the probability that softmax over the channels gives to the true class.
#[derive(Debug)]
pub struct CellClass;

fn log_softmax(x: &Tensor) -> candle_core::Result<Tensor> {
    let x = x.broadcast_sub(&x.max_keepdim(1)?)?;
    x.broadcast_sub(&x.exp()?.sum_keepdim(1)?.log()?)
}

/// 1 at the class of each cell, 0 elsewhere.
fn one_hot(like: &Tensor, classes: &Tensor) -> candle_core::Result<Tensor> {
    let places = Tensor::arange(0u32, like.dim(1)? as u32, like.device())?.reshape((1, like.dim(1)?, 1, 1))?;
    classes.to_dtype(DType::U32)?.broadcast_eq(&places)?.to_dtype(like.dtype())
}

impl Op for CellClass {
    fn name(&self) -> &'static str {
        "cell_class"
    }

    fn formula(&self) -> &'static str {
        "L = mean of Σ share · −log p[class] where there is a thing, p = softmax(x)"
    }

    fn words(&self) -> &'static str {
        "How wrong the network is about what a thing is, at the cells that are to find one (cross-entropy)."
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::scalar(), inputs[0].clone()]
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".log_softmax"]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let log_p = log_softmax(frame.input(0)?)?;
        let things = frame.input(2)?;
        let log = (&log_p * one_hot(&log_p, frame.input(1)?)?)?.sum_keepdim(1)?;
        let errors = (log * things)?.broadcast_mul(frame.input(3)?)?;
        let loss = (errors.sum_all()?.neg()? / things.dim(0)? as f64)?;
        frame.set(0, loss)?;
        frame.set(1, log_p)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let x = reader.input(0)?;
        let log_p = |cell: &[usize], class: usize| -> Result<Arithmetic> {
            let numbers = (0..x.dims[1]).map(|i| x.at(&channel(cell, i))).collect::<Result<Vec<_>>>()?;
            let max = numbers.iter().map(Arithmetic::evaluate).fold(f64::NEG_INFINITY, f64::max);
            let max = Arithmetic::given("largest", max);
            let powers = numbers.into_iter().map(|number| Arithmetic::call(Function::Exp, number - max.clone()));
            let log = max.clone() + Arithmetic::call(Function::Log, Arithmetic::Sum(powers.collect()));
            Ok(x.at(&channel(cell, class))? - Arithmetic::named("log Σ eˣ", log))
        };
        if output == 1 {
            return log_p(index, index[1]);
        }
        let (classes, things) = (reader.input(1)?, reader.input(2)?);
        mean_over_pictures(things, reader.input(3)?, |cell| match things.number(cell)? {
            0.0 => Ok(None),
            _ => Ok(Some(Arithmetic::number(-1.0) * log_p(cell, classes.number(cell)? as usize)?)),
        })
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dl) = pull.dy() else { return };
        pull.give(0, CellClassX, &[pull.output(1), pull.input(1), pull.input(2), pull.input(3), dl]);
    }
}

/// Inputs: logarithms of the softmax, classes, things, shares, dL.
#[derive(Debug)]
struct CellClassX;

impl Op for CellClassX {
    fn name(&self) -> &'static str {
        "cell_class'x"
    }

    fn formula(&self) -> &'static str {
        "dx = dL · share · (p − one-hot(class)) where there is a thing, else 0"
    }

    fn words(&self) -> &'static str {
        "Predicted probability minus truth, at the cells that are to find something."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (log_p, things) = (frame.input(0)?, frame.input(2)?);
        let excess = (log_p.exp()? - one_hot(log_p, frame.input(1)?)?)?;
        let scale = (frame.input(4)? / things.dim(0)? as f64)?;
        let scale = things.broadcast_mul(frame.input(3)?)?.broadcast_mul(&scale)?;
        let dx = excess.broadcast_mul(&scale)?;
        frame.set(0, dx)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (cell, things) = (channel(index, 0), reader.input(2)?);
        if things.number(&cell)? == 0.0 {
            return Ok(Arithmetic::given("nothing here", 0.0));
        }
        let truth = reader.read(1, &cell)?.equals(Arithmetic::number(index[1] as f64));
        let excess = Arithmetic::call(Function::Exp, reader.read(0, index)?) - truth;
        let pictures = Arithmetic::given("pictures", things.dims[0] as f64);
        Ok(reader.read(4, &[])? * reader.read(3, &[index[0], 0, 0, 0])? * excess / pictures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for classes in [1, 3] {
            let case = Case::new().batched(2, &[classes, 3, 4]).batched(2, &[1, 3, 4]);
            let case = case.with(|i, _| (i * 7 % classes) as f64).constant();
            let case = case.batched(2, &[1, 3, 4]).with(|i, _| f64::from(u8::from(i % 3 == 1))).constant();
            gradient_check(CellClass, case.batched(2, &[1, 1, 1]).with(|i, _| 1.0 / (i + 1) as f64).constant());
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("cell_class", |_| CellClass);
    }
}
