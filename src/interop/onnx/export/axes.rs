//! What cuts, orders, joins and summarises axes, and tables of rows.

use super::Refusal;
use super::place::Place;
use crate::interop::onnx::proto::{Attribute, kind};
use crate::model::layer::{Permute, PositionalEncoding, Positions, Slice};

/// Zeros before and after each axis of a sample.
pub(super) fn pad(l: &mut Place, zeros: &[[usize; 2]]) -> String {
    let x = l.x();
    let before = std::iter::once(0).chain(zeros.iter().map(|pad| pad[0] as i64));
    let after = std::iter::once(0).chain(zeros.iter().map(|pad| pad[1] as i64));
    let all: Vec<i64> = before.chain(after).collect();
    let pads = l.ints("pads", &all);
    l.op("Pad", &[&x, &pads], [])
}

/// What each axis of a sample loses at its beginning; its end follows from what leaves.
pub(super) fn crop(l: &mut Place, starts: &[usize]) -> String {
    let x = l.x();
    let ends: Vec<i64> = starts.iter().zip(l.leaving()).map(|(start, size)| (start + size) as i64).collect();
    let starts: Vec<i64> = starts.iter().map(|&start| start as i64).collect();
    let axes: Vec<i64> = (1..=starts.len() as i64).collect();
    cut(l, &x, [&starts, &ends, &axes])
}

fn cut(l: &mut Place, x: &str, [starts, ends, axes]: [&[i64]; 3]) -> String {
    let (starts, ends, axes) = (l.ints("starts", starts), l.ints("ends", ends), l.ints("axes", axes));
    l.op("Slice", &[x, &starts, &ends, &axes], [])
}

pub(super) fn slice(l: &mut Place, layer: &Slice) -> Result<String, Refusal> {
    let (x, sizes) = (l.x(), l.sizes());
    let size = sizes.get(layer.axis - 1).copied().unwrap_or(0);
    let first = layer.first(size).map_err(|why| l.refuse(why))? as i64;
    let axis = layer.axis as i64;
    let y = cut(l, &x, [&[first], &[first + layer.length as i64], &[axis]]);
    // A row stays one, of a single number.
    if !layer.drops() || sizes.len() == 1 {
        return Ok(y);
    }
    let axes = l.ints("axes", &[axis]);
    Ok(l.op("Squeeze", &[&y, &axes], []))
}

pub(super) fn permute(l: &mut Place, layer: &Permute) -> Result<String, Refusal> {
    let x = l.x();
    let axes = layer.axes(l.sizes().len()).map_err(|why| l.refuse(why))?;
    let order: Vec<usize> = std::iter::once(0).chain(axes.into_iter().map(|axis| axis + 1)).collect();
    Ok(l.transpose(&x, &order))
}

/// A mean or the largest along an axis, which goes; of a row one number stays.
pub(super) fn over(l: &mut Place, operator: &str, axis: usize) -> String {
    let (x, rank) = (l.x(), l.sizes().len());
    let axes = l.ints("axes", &[axis as i64]);
    l.op(operator, &[&x, &axes], [Attribute::int("keepdims", i64::from(rank == 1))])
}

pub(super) fn concat(l: &mut Place) -> String {
    let arriving: Vec<String> = (0..l.node.inputs.len()).filter_map(|port| l.port(port)).collect();
    let arriving: Vec<&str> = arriving.iter().map(String::as_str).collect();
    l.op("Concat", &arriving, [Attribute::int("axis", 1)])
}

/// Rows of a table by their numbers, which arrive as whole numbers in single precision.
pub(super) fn embedding(l: &mut Place) -> Result<String, Refusal> {
    let x = l.x();
    let table = l.weight("weight")?;
    let rows = l.op("Cast", &[&x], [Attribute::int("to", kind::INT64.into())]);
    Ok(l.op("Gather", &[&table, &rows], [Attribute::int("axis", 0)]))
}

pub(super) fn positions(l: &mut Place, layer: &PositionalEncoding) -> Result<String, Refusal> {
    let table = match layer.encoding {
        Positions::Sinusoidal => l.weight("table")?,
        Positions::Learned => l.weight("weight")?,
    };
    Ok(l.op("Add", &[&l.x(), &table], []))
}
