//! `cell_boxes`: the box that each cell means.
//!
//! # Shapes
//! `[B, 4, rows, columns]` of any numbers (where the centre lies across and down, how wide and how high) ->
//! `[B, 4, rows, columns]`: left, top, right, bottom.

use candle_core::Tensor;

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::op::{Frame, Op};
use crate::engine::ops::activations::sigmoid::sigmoid;
use crate::engine::ops::detection::channel;
use crate::engine::ops::everywhere::at_most;
use crate::expr::Function;
use crate::model::boxes::LARGEST;
use crate::trace::Arithmetic;

/// A centre up to half a cell beyond the cell's own place (2σ(t) − ½ from its left), and a size of eᵗ cells: at 0 a box
/// of one cell in the middle of it.
#[derive(Debug)]
pub struct CellBoxes;

/// Numbers 0, 1, 2 ... along the last axis but `from_last`, for a tensor of four axes.
fn counting(x: &Tensor, from_last: usize) -> candle_core::Result<Tensor> {
    let size = x.dims()[3 - from_last];
    let dims = if from_last == 0 { (1, 1, 1, size) } else { (1, 1, size, 1) };
    Tensor::arange(0u32, size as u32, x.device())?.to_dtype(x.dtype())?.reshape(dims)
}

/// Centre and half the size along one axis: 0 across, 1 down.
fn along(x: &Tensor, axis: usize) -> Result<[Tensor; 2]> {
    let cells = x.dims()[3 - axis] as f64;
    let offset = sigmoid(&x.narrow(1, axis, 1)?)?.affine(2.0, -0.5)?;
    let centre = offset.broadcast_add(&counting(x, axis)?)?.affine(1.0 / cells, 0.0)?;
    let half = at_most(&x.narrow(1, 2 + axis, 1)?, LARGEST)?.exp()?.affine(0.5 / cells, 0.0)?;
    Ok([centre, half])
}

/// Which of the two axes an edge stands on, and on which side.
fn side(edge: usize) -> (usize, f64) {
    (edge % 2, if edge < 2 { -1.0 } else { 1.0 })
}

impl Op for CellBoxes {
    fn name(&self) -> &'static str {
        "cell_boxes"
    }

    fn formula(&self) -> &'static str {
        "edge = (cell + 2σ(t) − ½ ∓ ½eˢ) / grid"
    }

    fn words(&self) -> &'static str {
        "Reads four numbers of every cell as a box: where its centre lies, counted from the cell, and how wide and high \
            it is, in cells."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let ([cx, w], [cy, h]) = (along(x, 0)?, along(x, 1)?);
        let edges = [(&cx - &w)?, (&cy - &h)?, (cx + w)?, (cy + h)?];
        let boxes = Tensor::cat(&edges, 1)?;
        frame.set(0, boxes)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let x = reader.input(0)?;
        let (axis, sign) = side(index[1]);
        let cells = Arithmetic::given("cells", x.dims[3 - axis] as f64);
        let shift = Arithmetic::call(Function::Sigmoid, x.at(&channel(index, axis))?);
        let offset = Arithmetic::number(2.0) * shift - Arithmetic::number(0.5);
        let cell = Arithmetic::given("cell", index[3 - axis] as f64);
        let centre = Arithmetic::named("centre", (cell + offset) / cells.clone());
        let size =
            Arithmetic::call2(Function::Min, x.at(&channel(index, 2 + axis))?, Arithmetic::given("largest", LARGEST));
        let size = Arithmetic::named("size", Arithmetic::call(Function::Exp, size) / cells);
        Ok(centre + Arithmetic::number(sign * 0.5) * size)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        pull.give(0, CellBoxesX, &[pull.input(0), dy]);
    }
}

/// Inputs: what the cells say, gradients of the edges.
#[derive(Debug)]
struct CellBoxesX;

impl Op for CellBoxesX {
    fn name(&self) -> &'static str {
        "cell_boxes'x"
    }

    fn formula(&self) -> &'static str {
        "dt = (dlow + dhigh) · 2σ(t)(1 − σ(t)) / grid, ds = (dhigh − dlow) · ½eˢ / grid"
    }

    fn words(&self) -> &'static str {
        "Where the centre lies moves both edges; the size moves them apart."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (x, dy) = (frame.input(0)?, frame.input(1)?);
        let (mut places, mut sizes) = (Vec::new(), Vec::new());
        for axis in 0..2 {
            let (low, high) = (dy.narrow(1, axis, 1)?, dy.narrow(1, 2 + axis, 1)?);
            let cells = x.dims()[3 - axis] as f64;
            let shift = sigmoid(&x.narrow(1, axis, 1)?)?;
            let steep = (&shift * shift.affine(-1.0, 1.0)?)?.affine(2.0 / cells, 0.0)?;
            places.push(((&low + &high)? * steep)?);
            let size = x.narrow(1, 2 + axis, 1)?;
            let half = at_most(&size, LARGEST)?.exp()?.affine(0.5 / cells, 0.0)?;
            let half = size.gt(LARGEST)?.where_cond(&half.zeros_like()?, &half)?;
            sizes.push(((high - low)? * half)?);
        }
        places.extend(sizes);
        let dx = Tensor::cat(&places, 1)?;
        frame.set(0, dx)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, dy) = (reader.input(0)?, reader.input(1)?);
        let axis = index[1] % 2;
        let (low, high) = (dy.at(&channel(index, axis))?, dy.at(&channel(index, 2 + axis))?);
        let cells = Arithmetic::given("cells", x.dims[3 - axis] as f64);
        let number = x.at(index)?;
        if index[1] < 2 {
            let shift = Arithmetic::named("σ(t)", Arithmetic::call(Function::Sigmoid, number));
            let steep = Arithmetic::number(2.0) * shift.clone() * (Arithmetic::number(1.0) - shift);
            return Ok((low + high) * steep / cells);
        }
        let limit = Arithmetic::given("largest", LARGEST);
        let is_free = limit.clone().at_least(number.clone());
        let size = Arithmetic::call(Function::Exp, Arithmetic::call2(Function::Min, number, limit));
        Ok((high - low) * Arithmetic::number(0.5) * size * is_free / cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check, outputs};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(CellBoxes, Case::new().batched(2, &[4, 3, 5]));
        gradient_check(CellBoxes, Case::new().batched(1, &[4, 1, 2]).with(|_, x| 3.0 * x));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("cell_boxes", |_| CellBoxes);
    }

    #[test]
    fn nothing_but_zeros_is_a_box_of_one_cell_in_its_place() {
        let boxes = outputs(CellBoxes, Case::new().batched(1, &[4, 2, 4]).with(|_, _| 0.0));
        let of = |cell: usize| [0, 1, 2, 3].map(|edge| boxes[0][edge * 8 + cell]);
        assert_eq!((of(0), of(6)), ([0.0, 0.0, 0.25, 0.5], [0.5, 0.5, 0.75, 1.0]));
        let huge = outputs(CellBoxes, Case::new().batched(1, &[4, 1, 1]).with(|_, _| 1e30));
        assert!(huge[0].iter().all(|edge| edge.is_finite()));
    }
}
