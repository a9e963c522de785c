//! `giou`: how far boxes are from those that they are to be (Rezatofighi et al., 2019), over the cells that are to find
//! something.
//!
//! # Shapes
//! Boxes `[B, 4, rows, columns]`, true boxes of the same shape, where things are `[B, 1, rows, columns]`, how much a
//! cell counts `[B, 1, 1, 1]` -> a single number, and what each cell reaches `[B, 1, rows, columns]` (−1 to 1, 1 where
//! both boxes are the same; 0 where there is no thing).

use candle_core::Tensor;

use super::{channel, mean_over_pictures};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::everywhere::{at_least, larger, smaller};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// An area that is taken for the least there is.
const LEAST: f64 = 1e-12;

/// 1 − GIoU: the part that both boxes share of what they cover together, less the part of the smallest box around both
/// that neither covers.
#[derive(Debug)]
pub struct Giou;

/// Two boxes along one axis, 0 across and 1 down.
struct Axis {
    low: [Tensor; 2],
    high: [Tensor; 2],
    shared: Tensor,
    around: Tensor,
    size: Tensor,
}

struct Overlap {
    axes: [Axis; 2],
    shared: Tensor,
    united: Tensor,
    around: Tensor,
}

fn overlap(boxes: &Tensor, truth: &Tensor) -> Result<Overlap> {
    let axis = |axis: usize| -> Result<Axis> {
        let edge = |edge: usize| -> Result<[Tensor; 2]> { Ok([boxes.narrow(1, edge, 1)?, truth.narrow(1, edge, 1)?]) };
        let (low, high) = (edge(axis)?, edge(2 + axis)?);
        Ok(Axis {
            shared: at_least(&(smaller(&high[0], &high[1])? - larger(&low[0], &low[1])?)?, 0.0)?,
            around: (larger(&high[0], &high[1])? - smaller(&low[0], &low[1])?)?,
            size: (&high[0] - &low[0])?,
            low,
            high,
        })
    };
    let axes = [axis(0)?, axis(1)?];
    let truth = ((&axes[0].high[1] - &axes[0].low[1])? * (&axes[1].high[1] - &axes[1].low[1])?)?;
    let shared = (&axes[0].shared * &axes[1].shared)?;
    let united = (((&axes[0].size * &axes[1].size)? + truth)? - &shared)?;
    let around = (&axes[0].around * &axes[1].around)?;
    Ok(Overlap { shared, united: at_least(&united, LEAST)?, around: at_least(&around, LEAST)?, axes })
}

impl Overlap {
    fn giou(&self) -> candle_core::Result<Tensor> {
        ((&self.shared / &self.united)? + (&self.united / &self.around)?)? - 1.0
    }
}

impl Op for Giou {
    fn name(&self) -> &'static str {
        "giou"
    }

    fn formula(&self) -> &'static str {
        "L = mean of Σ share · (1 − giou), giou = I / U + U / C − 1"
    }

    fn words(&self) -> &'static str {
        "Compares the boxes with the true ones: I is the area that both share, U what they cover together, C the \
            smallest box around both (generalised intersection over union)."
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::scalar(), inputs[2].clone()]
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".giou"]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (things, share) = (frame.input(2)?, frame.input(3)?);
        let giou = (overlap(frame.input(0)?, frame.input(1)?)?.giou()? * things)?;
        let errors = (things - &giou)?.broadcast_mul(share)?;
        let loss = (errors.sum_all()? / things.dim(0)? as f64)?;
        frame.set(0, loss)?;
        frame.set(1, giou)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (things, share) = (reader.input(2)?, reader.input(3)?);
        let of = |cell: &[usize]| -> Result<Option<Arithmetic>> {
            if things.number(cell)? == 0.0 {
                return Ok(None);
            }
            let parts = Parts::of(reader, cell)?;
            let giou = parts.shared / parts.united.clone() + parts.united / parts.around - Arithmetic::number(1.0);
            Ok(Some(giou))
        };
        if output == 1 {
            return Ok(of(index)?.unwrap_or_else(|| Arithmetic::given("nothing here", 0.0)));
        }
        mean_over_pictures(things, share, |cell| Ok(of(cell)?.map(|giou| Arithmetic::number(1.0) - giou)))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dl) = pull.dy() else { return };
        pull.give(0, GiouX, &[pull.input(0), pull.input(1), pull.input(2), pull.input(3), dl]);
    }
}

/// Inputs: boxes, true boxes, things, shares, dL.
#[derive(Debug)]
struct GiouX;

impl Op for GiouX {
    fn name(&self) -> &'static str {
        "giou'x"
    }

    fn formula(&self) -> &'static str {
        "dedge = −dL · share · (dI · (1/U + I/U² − 1/C) + dA · (1/C − I/U²) − dC · U/C²)"
    }

    fn words(&self) -> &'static str {
        "How each edge changes the shared area I, the box's own area A and the area C around both."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let Overlap { axes, shared, united, around } = overlap(frame.input(0)?, frame.input(1)?)?;
        let (things, share) = (frame.input(2)?, frame.input(3)?);
        let per_pair = (frame.input(4)? / things.dim(0)? as f64)?;
        let scale = things.broadcast_mul(share)?.broadcast_mul(&per_pair)?.neg()?;
        let (of_union, of_around) = (united.recip()?, around.recip()?);
        let twice = ((&shared * &of_union)? * &of_union)?;
        let by_shared = ((&of_union + &twice)? - &of_around)?;
        let by_area = (&of_around - &twice)?;
        let by_around = ((&united * &of_around)? * &of_around)?;
        let flag = |mask: Tensor| mask.to_dtype(scale.dtype());
        let mut edges = Vec::new();
        for is_high in [false, true] {
            for axis in 0..2 {
                let (own, other) = (&axes[axis], &axes[1 - axis]);
                let (edge, sign) = if is_high { (&own.high, 1.0) } else { (&own.low, -1.0) };
                let inner = if is_high { edge[0].lt(&edge[1])? } else { edge[0].gt(&edge[1])? };
                let outer = if is_high { edge[0].gt(&edge[1])? } else { edge[0].lt(&edge[1])? };
                let inner = (flag(inner)? * flag(own.shared.gt(0.0)?)?)?;
                let by = ((&by_shared * &other.shared)? * inner)?;
                let by = ((by + (&by_area * &other.size)?)? - ((&by_around * &other.around)? * flag(outer)?)?)?;
                edges.push((by * &scale)?.affine(sign, 0.0)?);
            }
        }
        let dx = Tensor::cat(&edges, 1)?;
        frame.set(0, dx)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (things, share) = (reader.input(2)?, reader.input(3)?);
        let cell = channel(index, 0);
        if things.number(&cell)? == 0.0 {
            return Ok(Arithmetic::given("nothing here", 0.0));
        }
        let parts = Parts::of(reader, &cell)?;
        let (axis, is_high) = (index[1] % 2, index[1] >= 2);
        let (own, other) = (&parts.axes[axis], &parts.axes[1 - axis]);
        let [edge, truth] = if is_high { own.high.clone() } else { own.low.clone() };
        let exceeds = |a: Arithmetic, b: Arithmetic| if is_high { a.exceeds(b) } else { b.exceeds(a) };
        let zero = Arithmetic::number(0.0);
        let inner = exceeds(truth.clone(), edge.clone()) * own.shared.clone().exceeds(zero) * other.shared.clone();
        let outer = exceeds(edge, truth) * other.around.clone();
        let one = || Arithmetic::number(1.0);
        let twice = Arithmetic::named("I/U²", parts.shared / parts.united.clone().squared());
        let by_shared = one() / parts.united.clone() + twice.clone() - one() / parts.around.clone();
        let by_area = one() / parts.around.clone() - twice;
        let by_around = parts.united / parts.around.squared();
        let sum = by_shared * inner + by_area * other.size.clone() - by_around * outer;
        let sign = Arithmetic::number(if is_high { -1.0 } else { 1.0 });
        let pictures = Arithmetic::given("pictures", things.dims[0] as f64);
        Ok(reader.read(4, &[])? * share.at(&[index[0], 0, 0, 0])? * sign * sum / pictures)
    }
}

/// As `Axis`, of one cell.
struct AxisPart {
    low: [Arithmetic; 2],
    high: [Arithmetic; 2],
    shared: Arithmetic,
    around: Arithmetic,
    size: Arithmetic,
}

/// As `Overlap`, of one cell.
struct Parts {
    axes: [AxisPart; 2],
    shared: Arithmetic,
    united: Arithmetic,
    around: Arithmetic,
}

impl Parts {
    fn of(reader: &Reader, cell: &[usize]) -> Result<Self> {
        let edge = |edge: usize| -> Result<[Arithmetic; 2]> {
            Ok([reader.read(0, &channel(cell, edge))?, reader.read(1, &channel(cell, edge))?])
        };
        let larger = |[a, b]: [Arithmetic; 2]| Arithmetic::call2(Function::Max, a, b);
        let smaller = |[a, b]: [Arithmetic; 2]| Arithmetic::call2(Function::Min, a, b);
        let axis = |axis: usize| -> Result<AxisPart> {
            let (low, high) = (edge(axis)?, edge(2 + axis)?);
            let shared = smaller(high.clone()) - larger(low.clone());
            Ok(AxisPart {
                shared: Arithmetic::max(vec![shared, Arithmetic::number(0.0)]),
                around: larger(high.clone()) - smaller(low.clone()),
                size: high[0].clone() - low[0].clone(),
                low,
                high,
            })
        };
        let axes = [axis(0)?, axis(1)?];
        let true_size = |axis: &AxisPart| axis.high[1].clone() - axis.low[1].clone();
        let shared = Arithmetic::named("I", axes[0].shared.clone() * axes[1].shared.clone());
        let area = axes[0].size.clone() * axes[1].size.clone();
        let united = area + true_size(&axes[0]) * true_size(&axes[1]) - shared.clone();
        let around = axes[0].around.clone() * axes[1].around.clone();
        let least = |area| Arithmetic::max(vec![area, Arithmetic::number(LEAST)]);
        let (united, around) = (Arithmetic::named("U", least(united)), Arithmetic::named("C", least(around)));
        Ok(Self { axes, shared, united, around })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check, outputs};

    /// Boxes of any place and size, as corners.
    fn corners(i: usize, cells: usize) -> f64 {
        let (edge, cell) = (i / cells % 4, i % cells + i / (4 * cells) * 7);
        let low = 0.05 + 0.37 * (cell as f64 * 0.618 + edge as f64 % 2.0 * 0.41).fract();
        low + if edge < 2 { 0.0 } else { 0.11 + 0.5 * (cell as f64 * 0.311 + edge as f64 * 0.27).fract() }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let case = Case::new().batched(2, &[4, 3, 4]).with(|i, _| corners(i, 12) + 0.013);
        let case = case.batched(2, &[4, 3, 4]).with(|i, _| corners(i + 3, 12)).constant();
        let case = case.batched(2, &[1, 3, 4]).with(|i, _| f64::from(u8::from(i % 3 != 1))).constant();
        gradient_check(Giou, case.batched(2, &[1, 1, 1]).with(|i, _| 0.5 / (i + 1) as f64).constant());
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("giou", |_| Giou);
    }

    #[test]
    fn the_same_box_is_1_and_one_far_away_below_0() {
        let of = |boxes: [f64; 4]| {
            let case = Case::new().batched(1, &[4, 1, 1]).with(|i, _| boxes[i]);
            let case = case.batched(1, &[4, 1, 1]).with(|i, _| [0.0, 0.0, 0.25, 0.25][i]);
            let one = |case: Case| case.batched(1, &[1, 1, 1]).with(|_, _| 1.0);
            outputs(Giou, one(one(case)))[0][0]
        };
        assert_eq!(of([0.0, 0.0, 0.25, 0.25]), 0.0);
        // Nothing is shared; of the box around both 14 sixteenths are covered by neither.
        assert_eq!(of([0.75, 0.75, 1.0, 1.0]), 1.875);
        assert!(of([0.1, 0.1, 0.1, 0.1]).is_finite());
    }
}
