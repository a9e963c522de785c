//! `cell_truth`: which cell is to find which thing. No gradient: targets are given.
//!
//! # Shapes
//! Things `[B, most, 5]` (class, left, top, right, bottom; class −1 where there is none) -> for every cell whether it
//! is to find a thing `[B, 1, rows, columns]`, its box `[B, 4, rows, columns]` and class `[B, 1, rows, columns]` (0
//! where there is none), and how much a cell of a picture counts `[B, 1, 1, 1]`: 1 over the cells that are to find
//! something.

use candle_core::Tensor;

use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::everywhere::{Nan, at_least, at_most, place_of_largest};
use crate::trace::Arithmetic;

/// Numbers of a thing: class, left, top, right, bottom.
const NUMBERS: usize = 5;
/// Below what a claim of the largest thing is worth.
const NO_CLAIM: f64 = -1e30;

/// Gives each thing to the cell of its centre and to the two neighbours closest to it. Of several things the one whose
/// centre lies in the cell has it, of these the smallest, of equals the first.
#[derive(Clone, Debug)]
pub struct CellTruth {
    /// Rows of the grid.
    pub rows: usize,
    /// Columns of the grid.
    pub columns: usize,
    /// Things of another class are none.
    pub classes: usize,
}

/// What a thing has a cell by: the lesser one has it.
type Claim = (bool, f32);

impl CellTruth {
    /// Of the things of one picture, the one that each cell is to find; row-major.
    fn owners(&self, things: &[f32]) -> Vec<Option<usize>> {
        let mut cells: Vec<Option<(Claim, usize)>> = vec![None; self.rows * self.columns];
        for (k, thing) in things.chunks_exact(NUMBERS).enumerate() {
            let [class, left, top, right, bottom] = [thing[0], thing[1], thing[2], thing[3], thing[4]];
            let area = (right - left) * (bottom - top);
            if !(class >= 0.0 && class < self.classes as f32 && area > 0.0 && area.is_finite()) {
                continue;
            }
            let across = places((left + right) * 0.5, self.columns);
            let down = places((top + bottom) * 0.5, self.rows);
            let own = (across.0, down.0, false);
            let beside = across.1.map(|column| (column, down.0, true));
            let above = down.1.map(|row| (across.0, row, true));
            for (column, row, is_neighbour) in [Some(own), beside, above].into_iter().flatten() {
                let cell = &mut cells[row * self.columns + column];
                let claim = (is_neighbour, area);
                if cell.is_none_or(|(other, _)| claim < other) {
                    *cell = Some((claim, k));
                }
            }
        }
        cells.into_iter().map(|cell| cell.map(|(_, k)| k)).collect()
    }

    /// How much the claim of each thing to each cell is worth, `[B, most, rows, columns]`: that of its own cell, and of
    /// the two neighbours.
    fn claims(&self, things: &Tensor) -> candle_core::Result<[Tensor; 2]> {
        let number = |i: usize| things.narrow(2, i, 1)?.unsqueeze(3);
        let (class, left, top, right, bottom) = (number(0)?, number(1)?, number(2)?, number(3)?, number(4)?);
        let area = ((&right - &left)? * (&bottom - &top)?)?;
        let flag = |mask: Tensor| mask.to_dtype(things.dtype());
        let is_thing = (flag(class.ge(0.0)?)? * flag(class.lt(self.classes as f64)?)?)?;
        let is_thing = ((is_thing * flag(area.gt(0.0)?)?)? * flag(area.lt(f64::INFINITY)?)?)?;
        let along = |low: &Tensor, high: &Tensor, cells: usize, dims: (usize, usize, usize, usize)| {
            let at = (low + high)?.affine(0.5, 0.0)?.affine(cells as f64, 0.0)?;
            let own = at_most(&at_least(&at, 0.0)?.floor()?, cells as f64 - 1.0)?;
            let is_before = flag((at - &own)?.lt(0.5)?)?;
            let neighbour = (&own + is_before.affine(-2.0, 1.0)?)?;
            let places =
                Tensor::arange(0u32, cells as u32, things.device())?.to_dtype(things.dtype())?.reshape(dims)?;
            candle_core::Result::Ok([flag(own.broadcast_eq(&places)?)?, flag(neighbour.broadcast_eq(&places)?)?])
        };
        let [own_column, beside] = along(&left, &right, self.columns, (1, 1, 1, self.columns))?;
        let [own_row, above] = along(&top, &bottom, self.rows, (1, 1, self.rows, 1))?;
        let worth = |cells: Tensor| {
            let is_claimed = cells.broadcast_mul(&is_thing)?.gt(0.0)?;
            let none = is_claimed.zeros_like()?.to_dtype(things.dtype())?.affine(0.0, NO_CLAIM)?;
            is_claimed.where_cond(&area.neg()?.broadcast_as(none.shape())?, &none)
        };
        let neighbours = (own_row.broadcast_mul(&beside)? + above.broadcast_mul(&own_column)?)?;
        Ok([worth(own_row.broadcast_mul(&own_column)?)?, worth(neighbours)?])
    }
}

/// Along one axis: the cell that a centre lies in, and the neighbour closest to it.
fn places(centre: f32, cells: usize) -> (usize, Option<usize>) {
    let at = centre * cells as f32;
    let own = (at.max(0.0) as usize).min(cells - 1);
    let neighbour = if at - (own as f32) < 0.5 { own.checked_sub(1) } else { Some(own + 1) };
    (own, neighbour.filter(|&cell| cell < cells))
}

impl Op for CellTruth {
    fn name(&self) -> &'static str {
        "cell_truth"
    }

    fn formula(&self) -> &'static str {
        "cell = ⌊centre · grid⌋ and its two closest neighbours"
    }

    fn words(&self) -> &'static str {
        "Gives every thing to the cell that its centre lies in, and to the two neighbours closest to the centre. Every \
            other cell is to say that there is nothing."
    }

    fn settings(&self) -> String {
        let classes = if self.classes == 1 { "class" } else { "classes" };
        format!("{} x {} cells, {} {classes}", self.rows, self.columns, self.classes)
    }

    fn shapes(&self, _inputs: &[ValueShape]) -> Vec<ValueShape> {
        let of = |channels| ValueShape::batched([channels, self.rows, self.columns]);
        vec![of(1), of(4), of(1), ValueShape::batched([1, 1, 1])]
    }

    fn output_names(&self) -> &'static [&'static str] {
        &[".things", ".boxes", ".classes", ".share"]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let things = frame.input(0)?.clone();
        let (batch, cells) = (things.dim(0)?, self.rows * self.columns);
        let [own, neighbours] = self.claims(&things)?;
        let has_own = own.max_keepdim(1)?.gt(NO_CLAIM)?;
        let worth = has_own.broadcast_as(own.shape())?.where_cond(&own, &neighbours)?;
        let held = worth.max_keepdim(1)?.gt(NO_CLAIM)?;
        let owner = place_of_largest(&worth, 1, Nan::Last)?.reshape((batch, cells, 1))?;
        let owner = owner.broadcast_as((batch, cells, NUMBERS))?.contiguous()?;
        let numbers = things.contiguous()?.gather(&owner, 1)?.transpose(1, 2)?.contiguous()?;
        let numbers = numbers.reshape((batch, NUMBERS, self.rows, self.columns))?;
        let held_by_all = held.broadcast_as(numbers.shape())?;
        let numbers = held_by_all.where_cond(&numbers, &numbers.zeros_like()?)?;
        let held = held.to_dtype(things.dtype())?;
        let count = held.sum_keepdim((1, 2, 3))?;
        frame.set(0, held)?;
        frame.set(1, numbers.narrow(1, 1, 4)?)?;
        frame.set(2, numbers.narrow(1, 0, 1)?)?;
        frame.set(3, at_least(&count, 1.0)?.recip()?)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (batch, most, _) = frame.input(0)?.dims3()?;
        let cells = self.rows * self.columns;
        let sizes = [1, 4, 1].map(|channels| vec![batch, channels, self.rows, self.columns]);
        let mut outputs = Vec::new();
        for (i, dims) in sizes.iter().chain([&vec![batch, 1, 1, 1]]).enumerate() {
            outputs.push(frame.reuse(i, dims)?);
        }
        {
            let numbers = frame.f32s(0)?;
            let of_picture = |b: usize| &numbers[b * most * NUMBERS..(b + 1) * most * NUMBERS];
            let owners: Vec<_> = (0..batch).map(|b| self.owners(of_picture(b))).collect();
            let of = |b: usize, cell: usize, i: usize| {
                owners[b][cell].map_or(0.0, |k: usize| of_picture(b)[k * NUMBERS + i])
            };
            let fill = |out: &mut [f32], channels: usize, f: &dyn Fn(usize, usize, usize) -> f32| {
                let places = (0..batch).flat_map(|b| (0..channels).map(move |channel| (b, channel)));
                for (row, (b, channel)) in out.chunks_exact_mut(cells).zip(places) {
                    row.iter_mut().enumerate().for_each(|(cell, number)| *number = f(b, channel, cell));
                }
            };
            let held = |b: usize, _, cell: usize| f32::from(u8::from(owners[b][cell].is_some()));
            bridge::write(&outputs[0], |out| fill(out, 1, &held))?;
            bridge::write(&outputs[1], |out| fill(out, 4, &|b, edge, cell| of(b, cell, 1 + edge)))?;
            bridge::write(&outputs[2], |out| fill(out, 1, &|b, _, cell| of(b, cell, 0)))?;
            bridge::write(&outputs[3], |out| {
                for (share, owners) in out.iter_mut().zip(&owners) {
                    *share = 1.0 / owners.iter().flatten().count().max(1) as f32;
                }
            })?;
        }
        for (i, output) in outputs.into_iter().enumerate() {
            frame.set(i, output)?;
        }
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (x, held) = (reader.input(0)?, reader.output(0)?);
        let cells = self.rows * self.columns;
        if output == 3 {
            let count: f64 = held.numbers[index[0] * cells..][..cells].iter().sum();
            return Ok(Arithmetic::number(1.0) / Arithmetic::given("cells that are to find something", count.max(1.0)));
        }
        let number =
            |output: usize, channel: usize| reader.output(output)?.number(&[index[0], channel, index[2], index[3]]);
        if number(0, 0)? == 0.0 {
            return Ok(Arithmetic::given("nothing here", 0.0));
        }
        if output == 0 {
            return Ok(Arithmetic::given("a thing is here", 1.0));
        }
        // The thing that has this cell.
        let numbers = [number(2, 0)?, number(1, 0)?, number(1, 1)?, number(1, 2)?, number(1, 3)?];
        let of_picture = &x.numbers[index[0] * x.dims[1] * NUMBERS..][..x.dims[1] * NUMBERS];
        let k = of_picture.chunks_exact(NUMBERS).position(|thing| thing == numbers).unwrap_or(0);
        x.at(&[index[0], k, if output == 1 { 1 + index[1] } else { 0 }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check, outputs};

    fn op() -> CellTruth {
        CellTruth { rows: 3, columns: 4, classes: 2 }
    }

    fn of(things: &[[f64; 5]]) -> Vec<Vec<f64>> {
        let numbers: Vec<f64> = things.iter().flatten().copied().collect();
        outputs(op(), Case::new().batched(1, &[things.len(), 5]).with(|i, _| numbers[i]))
    }

    #[test]
    fn a_thing_belongs_to_the_cell_of_its_centre_and_the_closest_neighbours() {
        // The centre is (0.3, 0.45): column 1.2, row 1.35.
        let found = of(&[[1.0, 0.1, 0.3, 0.5, 0.6], [-1.0, 0.0, 0.0, 1.0, 1.0]]);
        assert_eq!(found[0], [0., 1., 0., 0., 1., 1., 0., 0., 0., 0., 0., 0.]);
        assert_eq!(found[2], found[0]);
        let top = &found[1][12..24];
        assert_eq!(top, [0., 0.3, 0., 0., 0.3, 0.3, 0., 0., 0., 0., 0., 0.]);
        assert_eq!(found[3], [1.0 / 3.0]);
    }

    #[test]
    fn what_is_none_claims_no_cell() {
        let none = [[2.0, 0.1, 0.1, 0.4, 0.4], [0.0, 0.5, 0.1, 0.5, 0.4], [f64::NAN, 0.1, 0.1, 0.4, 0.4]];
        let found = of(&none);
        assert!(found[0].iter().all(|&cell| cell == 0.0) && found[3] == [1.0]);
    }

    #[test]
    fn a_centre_wins_over_a_neighbour_and_the_small_over_the_large() {
        let large = [0.0, 0.0, 0.0, 0.72, 0.96];
        let (small, beside) = ([1.0, 0.3, 0.4, 0.4, 0.5], [1.0, 0.5, 0.4, 0.6, 0.5]);
        // All of column 1 and row 1 but `beside`, whose neighbour the cell is.
        let classes = |things: &[[f64; 5]]| of(things)[2][5];
        assert_eq!(classes(&[large, small]), 1.0);
        assert_eq!(classes(&[small, large]), 1.0);
        assert_eq!(classes(&[large, beside]), 0.0);
        assert_eq!(classes(&[beside]), 1.0);
    }

    #[test]
    fn the_kernel_gives_cells_to_the_same_things() {
        let numbers = |i: usize, _: f64| {
            let (thing, number) = (i / 5, i % 5);
            let part = |n: usize| (n as f64 * 0.618 + thing as f64 * 0.377).fract();
            let low = |axis: usize| 0.7 * part(axis);
            [(thing % 4) as f64 - 1.0, low(1), low(2), low(1) + 0.05 + 0.25 * part(3), low(2) + 0.3 * part(4)][number]
        };
        let things = |pictures, most| Case::new().batched(pictures, &[most, 5]).with(numbers).constant();
        gradient_check(op(), things(5, 9));
        gradient_check(CellTruth { rows: 1, columns: 1, classes: 9 }, things(2, 1));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("cell_truth", |params| CellTruth {
            rows: params["rows"].as_u64().unwrap() as usize,
            columns: params["columns"].as_u64().unwrap() as usize,
            classes: params["classes"].as_u64().unwrap() as usize,
        });
    }
}
