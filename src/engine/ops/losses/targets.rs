//! `one_hot`, `signs`, `column`: class indices as the numbers that some losses compare with. No gradients: targets are
//! given.

use candle_core::{D, DType, Tensor};

use crate::engine::error::Result;
use crate::engine::explain::{Reader, split_last};
use crate::engine::kernels::bridge;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::trace::Arithmetic;

fn with_axis(shape: &ValueShape, size: usize) -> ValueShape {
    ValueShape::batched(shape.dims.iter().copied().chain([size]).collect::<Vec<_>>())
}

/// `[B, ...]` class indices -> `[B, ..., classes]`, 1 at the class and 0 elsewhere.
#[derive(Debug)]
pub struct OneHot {
    /// Number of classes.
    pub classes: usize,
}

impl Op for OneHot {
    fn name(&self) -> &'static str {
        "one_hot"
    }

    fn formula(&self) -> &'static str {
        "t[i] = 1 if i is the class, else 0"
    }

    fn words(&self) -> &'static str {
        "Encodes the class as a row of zeros with a single one (one-hot)."
    }

    fn settings(&self) -> String {
        format!("{} classes", self.classes)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![with_axis(&inputs[0], self.classes)]
    }

    fn output_names(&self) -> &'static [&'static str] {
        &[".one_hot"]
    }

    fn indices(&self, _inputs: &[ValueShape]) -> Option<(usize, usize)> {
        Some((0, self.classes))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let places = Tensor::arange(0u32, self.classes as u32, frame.device())?;
        let classes = frame.input(0)?.to_dtype(DType::U32)?.unsqueeze(D::Minus1)?;
        let rows = classes.broadcast_eq(&places)?.to_dtype(frame.dtype())?;
        frame.set(0, rows)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let mut dims = frame.input(0)?.dims().to_vec();
        dims.push(self.classes);
        let out = frame.reuse(0, &dims)?;
        {
            let classes = frame.f32s(0)?;
            bridge::write(&out, |out| {
                out.fill(0.0);
                for (row, &class) in out.chunks_exact_mut(self.classes).zip(classes.iter()) {
                    if let Some(place) = row.get_mut(class as usize) {
                        *place = 1.0;
                    }
                }
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (sample, class) = split_last(index);
        Ok(reader.read(0, sample)?.equals(Arithmetic::number(class as f64)))
    }
}

/// `[B, ...]` class indices 0 or 1 -> `[B, ..., 1]` of -1 or +1, as TensorFlow Playground trains.
#[derive(Debug)]
pub struct Signs;

impl Op for Signs {
    fn name(&self) -> &'static str {
        "signs"
    }

    fn formula(&self) -> &'static str {
        "t = 2 · class − 1"
    }

    fn words(&self) -> &'static str {
        "Encodes the first class as −1 and the second as +1."
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![with_axis(&inputs[0], 1)]
    }

    fn output_names(&self) -> &'static [&'static str] {
        &[".signs"]
    }

    fn indices(&self, _inputs: &[ValueShape]) -> Option<(usize, usize)> {
        Some((0, 2))
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let signs = frame.input(0)?.affine(2.0, -1.0)?.unsqueeze(D::Minus1)?;
        frame.set(0, signs)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        Ok(Arithmetic::number(2.0) * reader.read(0, split_last(index).0)? - Arithmetic::number(1.0))
    }
}

/// `[B, ...]` -> `[B, ..., 1]`, the same numbers.
#[derive(Debug)]
pub struct Column;

impl Op for Column {
    fn name(&self) -> &'static str {
        "column"
    }

    fn formula(&self) -> &'static str {
        "t = class"
    }

    fn words(&self) -> &'static str {
        "Arranges the class indices in a column, like the network's outputs."
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![with_axis(&inputs[0], 1)]
    }

    fn output_names(&self) -> &'static [&'static str] {
        &[".column"]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let column = frame.input(0)?.unsqueeze(D::Minus1)?;
        frame.set(0, column)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        reader.read(0, split_last(index).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn agree_with_pytorch() {
        let classes = |params: &serde_json::Value| params["classes"].as_u64().unwrap() as usize;
        fixture_check("one_hot", |params| OneHot { classes: classes(params) });
        fixture_check("signs", |_| Signs);
        fixture_check("column", |_| Column);
    }

    #[test]
    fn kernels_agree_with_the_reference() {
        let classes = || Case::new().batched(7, &[]).with(|i, _| (i % 2) as f64).constant();
        gradient_check(OneHot { classes: 3 }, classes());
        gradient_check(Signs, classes());
        gradient_check(Column, classes());
        let at = || Case::new().batched(3, &[4]).with(|i, _| (i % 2) as f64).constant();
        gradient_check(OneHot { classes: 3 }, at());
        gradient_check(Signs, at());
    }
}
