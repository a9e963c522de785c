//! What moves numbers and computes none: reshaping, ordering, cutting, joining, padding.

use super::Reader;
use super::built::Port;
use super::constant::{BATCH, Constant, Data};
use super::linear;
use super::norm::ordered;
use super::op::{Op, Operand, from_end};
use super::value::{Axis, Value};
use crate::model::layer::{Concat, Crop1d, Crop2d, Slice, ZeroPad1d, ZeroPad2d};

/// The shape of a value; the batch is a size that takes part in no arithmetic.
pub(super) fn shape(op: &Op) -> Result<Vec<Operand>, String> {
    let value = op.value(0)?;
    let all: Vec<i64> = value.dims().into_iter().map(|size| size.map_or(BATCH, |size| size as i64)).collect();
    let rank = all.len() as i64;
    let end = |at: i64| if at < 0 { at.saturating_add(rank) } else { at }.clamp(0, rank) as usize;
    let (start, end) = (end(op.int("start", 0)), end(op.int("end", rank)));
    let kept = all.get(start..end.max(start)).unwrap_or_default().to_vec();
    Ok(vec![Operand::Constant(Constant::whole(kept).into())])
}

pub(super) fn flatten(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let axis = op.int("axis", 1);
    let axis = if axis == value.rank() as i64 { value.rank() } else { from_end(axis, value.rank())? };
    if axis != 1 || value.batch()? != 0 {
        return Err("it mixes samples with other axes".into());
    }
    let made = r.built.reshaped(&value, &[None, Some(value.len())])?;
    Ok(vec![Operand::Value(made)])
}

pub(super) fn reshape(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let shape = op.numbers_or(1, "shape").ok_or("its shape isn't a constant")?;
    let value = r.settle(op.value(0)?)?;
    let dims = wished(&value, &shape, op.int("allowzero", 0) != 0, r.batch)?;
    let made = r.built.reshaped(&value, &dims)?;
    Ok(vec![Operand::Value(made)])
}

/// The sizes that `Reshape` asks for, and which of them is the batch.
fn wished(value: &Value, shape: &[i64], zero: bool, batch: Option<usize>) -> Result<Vec<Option<usize>>, String> {
    let (old, len) = (value.dims(), value.len());
    let copied = |at: usize| old.get(at).copied().ok_or("it copies an axis that isn't there");
    let is_batch = |at: usize| shape[at] == BATCH || shape[at] == 0 && !zero && matches!(old.get(at), Some(None));
    let size = |at: usize| -> Result<usize, String> {
        match shape[at] {
            0 if !zero => Ok(copied(at)?.unwrap_or(1)),
            size => usize::try_from(size).map_err(|_| "it has a negative size".to_owned()),
        }
    };
    let with = |batch: usize| -> Option<Vec<Option<usize>>> {
        let others = (0..shape.len()).filter(|&at| at != batch && shape[at] != -1);
        let known = others.map(|at| size(at).ok()).try_fold(1usize, |all, size| all.checked_mul(size?))?;
        let free = shape.iter().enumerate().any(|(at, &size)| size == -1 && at != batch);
        if known == 0 || (free && len % known != 0) || (!free && known != len) {
            return None;
        }
        let dims = (0..shape.len()).map(|at| match shape[at] {
            _ if at == batch => None,
            -1 => Some(len / known),
            _ => size(at).ok(),
        });
        Some(dims.collect())
    };
    let mixed = || "it mixes samples with other axes".to_owned();
    if let Some(at) = (0..shape.len()).find(|&at| is_batch(at)) {
        return with(at).ok_or_else(mixed);
    }
    // Where the batch was, if the size there may be one.
    let place = value.batch()?;
    let may = |at: usize| shape[at] == -1 || usize::try_from(shape[at]).ok() == batch;
    let order = std::iter::once(place).filter(|&at| at < shape.len()).chain(0..shape.len());
    order.filter(|&at| may(at)).find_map(with).ok_or_else(mixed)
}

pub(super) fn squeeze(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let dims = value.dims();
    let gone: Vec<usize> = match op.numbers_or(1, "axes") {
        Some(axes) => axes.into_iter().map(|axis| from_end(axis, dims.len())).collect::<Result<_, _>>()?,
        None => (0..dims.len()).filter(|&axis| dims[axis] == Some(1)).collect(),
    };
    if gone.iter().any(|&axis| dims[axis] != Some(1)) {
        return Err("it removes an axis that isn't of size 1".into());
    }
    let axes = (0..dims.len()).filter(|axis| !gone.contains(axis)).map(|axis| value.axes[axis]).collect();
    Ok(vec![Operand::Value(Value { axes, ..value })])
}

pub(super) fn unsqueeze(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let new = op.numbers_or(1, "axes").ok_or("its axes aren't constants")?;
    let rank = value.rank() + new.len();
    let new: Vec<usize> = new.into_iter().map(|axis| from_end(axis, rank)).collect::<Result<_, _>>()?;
    let mut old = value.axes.iter().copied();
    let axes = (0..rank).map(|axis| if new.contains(&axis) { Some(Axis::One) } else { old.next() });
    let axes = axes.collect::<Option<Vec<_>>>().ok_or("it adds an axis twice")?;
    Ok(vec![Operand::Value(Value { axes, ..value })])
}

/// The batch stays where it is in the graph: a value only knows its axes in another order.
pub(super) fn transpose(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let rank = value.rank();
    let order = op.ints("perm").unwrap_or_else(|| (0..rank as i64).rev().collect());
    let order: Vec<usize> = order.into_iter().map(|axis| from_end(axis, rank)).collect::<Result<_, _>>()?;
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..rank) {
        return Err("its order doesn't name every axis".into());
    }
    let axes = order.into_iter().map(|axis| value.axes[axis]).collect();
    // A bias may still follow the layer.
    let input = op.node.input.first();
    let layer = &mut r.built.layers[value.from.0];
    if layer.output.as_ref() == input && input.is_some_and(|input| r.uses.get(input) == Some(&1)) {
        layer.output = op.node.output.first().cloned();
    }
    Ok(vec![Operand::Value(Value { axes, ..value })])
}

/// Part of one of the file's axes.
fn cut(r: &mut Reader, value: &Value, axis: usize, start: usize, length: usize) -> Result<Value, String> {
    let Axis::Of(own) = value.axes[axis] else {
        return if value.axes[axis] == Axis::One { Ok(value.clone()) } else { Err("it works across samples".into()) };
    };
    if start == 0 && length == value.sizes[own] {
        return Ok(value.clone());
    }
    if length == 0 {
        return Err("nothing is left of an axis".into());
    }
    let layer = Slice { axis: own + 1, start: start.to_string(), length, drop_axis: false };
    let from = r.built.add(layer, &[value.from], Vec::new())?;
    Ok(Value { from, sizes: r.built.shape(from).0.clone(), ..value.clone() })
}

pub(super) fn slice(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let mut value = r.settle(op.value(0)?)?;
    let cuts = op.cuts(value.rank())?;
    let mut kept: Vec<(usize, usize, usize)> = Vec::new();
    for cut in &cuts {
        let size = match value.dims()[cut.axis] {
            Some(size) => size,
            // All samples.
            None if cut.places(1 << 20).len() == 1 << 20 => continue,
            None => return Err("it works across samples".into()),
        };
        let places = cut.places(size);
        if !places.windows(2).all(|pair| pair[0] + 1 == pair[1]) || places.is_empty() {
            return Err("it skips or reverses what it keeps".into());
        }
        kept.push((cut.axis, places[0], places.len()));
    }
    if let Some(made) = cropped(r, &value, &kept)? {
        return Ok(vec![Operand::Value(made)]);
    }
    for (axis, start, length) in kept {
        value = cut(r, &value, axis, start, length)?;
    }
    Ok(vec![Operand::Value(value)])
}

/// Both sides of both axes of a picture in one layer, of a sequence where the file says so.
fn cropped(r: &mut Reader, value: &Value, kept: &[(usize, usize, usize)]) -> Result<Option<Value>, String> {
    let is_plain = *value == Value::plain(value.from, &value.sizes);
    let of = |axis: usize| kept.iter().find(|(other, ..)| *other == axis).map(|&(_, start, length)| [start, length]);
    let ends = |axis: usize| {
        let size = value.sizes[axis - 1];
        of(axis).map_or((0, 0), |[start, length]| (start, size - start - length))
    };
    if !is_plain || kept.len() < 2 {
        return Ok(None);
    }
    let layer = match value.sizes.len() {
        3 if ends(1) == (0, 0) => {
            let ((top, bottom), (left, right)) = (ends(2), ends(3));
            r.built.add(Crop2d { top, bottom, left, right }, &[value.from], Vec::new())?
        }
        2 if ends(2) == (0, 0) => {
            let (before, after) = ends(1);
            r.built.add(Crop1d { before, after }, &[value.from], Vec::new())?
        }
        _ => return Ok(None),
    };
    Ok(Some(Value::plain(layer, &r.built.shape(layer).0.clone())))
}

pub(super) fn gather(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    if let (Some(Operand::Constant(table)), Some(Operand::Value(indices))) = (op.input(0), op.input(1)) {
        if op.int("axis", 0) != 0 {
            return Err("it takes columns of a table".into());
        }
        return linear::rows(r, table, indices);
    }
    let value = r.settle(op.value(0)?)?;
    let axis = op.axis("axis", 0, value.rank())?;
    let at = op.needed(1, "places")?;
    let size = value.size(axis)?;
    let places = at.wholes().ok_or("its places aren't whole numbers")?;
    let places: Vec<usize> = places.iter().map(|&place| from_end(place, size)).collect::<Result<_, _>>()?;
    if at.dims.is_empty() {
        return single(r, &value, axis, places[0]).map(|value| vec![Operand::Value(value)]);
    }
    if at.dims.len() > 1 || !places.windows(2).all(|pair| pair[0] + 1 == pair[1]) || places.is_empty() {
        return Err("it takes places that don't follow one another".into());
    }
    cut(r, &value, axis, places[0], places.len()).map(|value| vec![Operand::Value(value)])
}

/// One place of an axis, which goes.
fn single(r: &mut Reader, value: &Value, axis: usize, place: usize) -> Result<Value, String> {
    let mut made = value.clone();
    made.axes.remove(axis);
    let Axis::Of(own) = value.axes[axis] else { return Ok(made) };
    if value.sizes.len() == 1 {
        return cut(r, value, axis, place, 1).map(|cut| Value { axes: made.axes, ..cut });
    }
    let start = if place + 1 == value.sizes[own] && place > 0 { "-1".to_owned() } else { place.to_string() };
    let layer = Slice { axis: own + 1, start, length: 1, drop_axis: true };
    made.from = r.built.add(layer, &[value.from], Vec::new())?;
    made.sizes = r.built.shape(made.from).0.clone();
    for axis in &mut made.axes {
        if let Axis::Of(other) = axis
            && *other > own
        {
            *other -= 1;
        }
    }
    Ok(made)
}

pub(super) fn split(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let axis = op.axis("axis", 0, value.rank())?;
    let parts = op.parts(value.size(axis)?)?;
    let mut start = 0;
    let mut made = Vec::new();
    for (part, name) in parts.into_iter().zip(&op.node.output) {
        let is_read = r.uses.contains_key(name);
        // What nobody reads is not cut.
        let value = if is_read && part > 0 { cut(r, &value, axis, start, part)? } else { value.clone() };
        made.push(Operand::Value(value));
        start += part;
    }
    Ok(made)
}

/// Along the first axis here, whichever it is in the file. A constant beside values is a table that is added to zeros.
pub(super) fn concat(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let is_fixed = |operand: &Operand| matches!(operand, Operand::Constant(constant) if constant.data.len() > 0);
    if op.inputs.iter().flatten().any(is_fixed) {
        return with_constants(r, op);
    }
    let mut values = Vec::new();
    for operand in op.inputs.iter().flatten() {
        match operand {
            Operand::Value(value) => values.push(r.settle(value)?),
            Operand::Constant(constant) if constant.data.len() == 0 => {}
            Operand::Constant(_) => return Err("a constant is joined to values".into()),
            Operand::Unknown(_) => return Err("the shape that arrives isn't known".into()),
        }
    }
    let first = values.first().ok_or("nothing arrives")?.clone();
    let axis = op.axis("axis", 1, first.rank())?;
    if first.axes[axis] == Axis::Batch || values.iter().any(|value| value.batch() != first.batch()) {
        return Err("it joins samples".into());
    }
    if values.len() == 1 {
        return Ok(vec![Operand::Value(first)]);
    }
    let alike = values.iter().all(|value| value.axes == first.axes);
    let is_front = first.axes[axis] == Axis::Of(0);
    if alike && is_front {
        let ports: Vec<Port> = values.iter().map(|value| value.from).collect();
        let from = r.built.add(Concat {}, &ports, Vec::new())?;
        return Ok(vec![Operand::Value(Value { from, sizes: r.built.shape(from).0.clone(), ..first })]);
    }
    let mut order = vec![axis];
    order.extend(first.others().into_iter().filter(|&other| other != axis));
    let mut ports = Vec::new();
    for value in &values {
        ports.push(r.built.arrange(value, &order)?);
    }
    let from = r.built.add(Concat {}, &ports, Vec::new())?;
    Ok(vec![Operand::Value(ordered(r, from, &first, &order))])
}

/// Constants in front of a value or behind it: zeros there, to which they are added.
fn with_constants(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let operands: Vec<&Operand> = op.inputs.iter().flatten().collect();
    let at = operands.iter().position(|operand| matches!(operand, Operand::Value(_)));
    let at = at.ok_or("the shape that arrives isn't known")?;
    let value = r.settle(op.value(at)?)?;
    let axis = op.axis("axis", 1, value.rank())?;
    let own = value.size(axis)?;
    let mut parts: Vec<(usize, Vec<f32>)> = Vec::new();
    for (i, operand) in operands.iter().enumerate() {
        let mut dims: Vec<usize> = value.dims().into_iter().map(|size| size.unwrap_or(1)).collect();
        match operand {
            Operand::Constant(constant) => {
                dims[axis] = *constant.dims.get(axis).ok_or("a constant that is joined has other axes")?;
                r.spend(dims.iter().product())?;
                let once = constant.once_along(value.batch()?);
                let numbers = once.spread(&dims).ok_or("a constant that is joined doesn't fit")?;
                parts.push((dims[axis], numbers));
            }
            _ if i == at => parts.push((own, vec![0.0; value.len()])),
            _ => return Err("constants are joined to several values".into()),
        }
    }
    let count = |parts: &[(usize, Vec<f32>)]| parts.iter().map(|part| part.0).sum::<usize>();
    let mut zeros = vec![[0; 2]; value.rank()];
    zeros[axis] = [count(&parts[..at]), count(&parts[at + 1..])];
    let outer: usize = value.dims()[..axis].iter().flatten().product();
    let rows = (0..outer).flat_map(|row| {
        parts.iter().flat_map(move |(_, part)| part[row * part.len() / outer..(row + 1) * part.len() / outer].to_vec())
    });
    let table: Vec<f32> = rows.collect();
    let padded = zeros_at(r, value, &zeros)?;
    r.note("Constants that are joined, as zeros to which they are added.");
    super::elementwise::add_table(r, &padded, table).map(|value| vec![Operand::Value(value)])
}

/// Zeros around; negative ones crop.
pub(super) fn pad(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let mode = op.text("mode", "constant");
    let number = match op.input(2) {
        Some(Operand::Constant(constant)) => constant.single().unwrap_or(f64::NAN),
        Some(_) => f64::NAN,
        None => op.float("value", 0.0),
    };
    let pads =
        op.numbers_or(1, "pads").or_else(|| op.ints("paddings")).ok_or("its zeros aren't counted by constants")?;
    let axes: Vec<usize> = match op.numbers_or(3, "axes") {
        Some(axes) => axes.into_iter().map(|axis| from_end(axis, value.rank())).collect::<Result<_, _>>()?,
        None => (0..value.rank()).collect(),
    };
    if pads.len() != 2 * axes.len() || pads.iter().any(|&count| count.unsigned_abs() > 1 << 20) {
        return Err("its pads don't fit its axes".into());
    }
    let mut around = vec![[0i64; 2]; value.rank()];
    for (at, &axis) in axes.iter().enumerate() {
        around[axis] = [pads[at], pads[axes.len() + at]];
    }
    if (0..value.rank()).any(|axis| value.axes[axis] == Axis::Batch && around[axis] != [0; 2]) {
        return Err("it pads samples".into());
    }
    if around.iter().all(|pad| *pad == [0; 2]) {
        return Ok(vec![Operand::Value(value)]);
    }
    if (mode != "constant" || number != 0.0) && around.iter().flatten().any(|&count| count > 0) {
        return Err(format!("it pads with something else than zeros ({mode}, {number})"));
    }
    let mut value = value;
    for (axis, pad) in around.iter().enumerate() {
        let [before, after] = pad.map(|count| usize::try_from(-count).unwrap_or(0));
        if before + after > 0 {
            let length = value.size(axis)?.checked_sub(before + after).ok_or("nothing is left of an axis")?;
            value = cut(r, &value, axis, before, length)?;
        }
    }
    let zeros: Vec<[usize; 2]> =
        around.iter().map(|pad| pad.map(|count| usize::try_from(count).unwrap_or(0))).collect();
    zeros_at(r, value, &zeros).map(|value| vec![Operand::Value(value)])
}

fn zeros_at(r: &mut Reader, value: Value, zeros: &[[usize; 2]]) -> Result<Value, String> {
    let (padded, others) = ((0..zeros.len()).filter(|&axis| zeros[axis] != [0; 2]).collect::<Vec<_>>(), value.others());
    if let ([_, _, _], true) = (&others[..], padded.iter().all(|axis| others[1..].contains(axis))) {
        let from = r.built.natural(&value)?;
        let [[top, bottom], [left, right]] = [zeros[others[1]], zeros[others[2]]];
        let made = r.built.add(ZeroPad2d { top, bottom, left, right }, &[from], Vec::new())?;
        return Ok(r.built.as_before(made, &value));
    }
    let mut value = value;
    for axis in padded {
        // The axis in front, all others behind it in a row.
        let mut order = vec![axis];
        order.extend(value.others().into_iter().filter(|&other| other != axis));
        let from = r.built.arrange(&value, &order)?;
        let mut sizes = r.built.shape(from).0.clone();
        let rest: usize = sizes[1..].iter().product();
        let flat = r.built.reshape(from, &[sizes[0], rest])?;
        let [before, after] = zeros[axis];
        let made = r.built.add(ZeroPad1d { before, after }, &[flat], Vec::new())?;
        sizes[0] += before + after;
        let made = r.built.reshape(made, &sizes)?;
        value = ordered(r, made, &value, &order);
    }
    Ok(value)
}

/// `Expand`: only to the shape that is there, or to axes of size 1.
pub(super) fn expand(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let shape = op.needed(1, "shape")?.wholes().ok_or("its shape isn't of whole numbers")?.to_vec();
    let skip = value.rank().checked_sub(shape.len()).ok_or("it adds axes")?;
    let fits = value.dims()[skip..].iter().zip(&shape).all(|(size, &wished)| match size {
        None => wished == 1 || wished == BATCH || usize::try_from(wished).ok() == r.batch,
        Some(size) => wished == 1 || usize::try_from(wished).ok() == Some(*size),
    });
    if fits {
        return Ok(vec![Operand::Value(value)]);
    }
    let dims: Vec<Option<usize>> = value.dims();
    let wished =
        dims[skip..].iter().zip(&shape).map(|(size, &wished)| size.map(|size| size.max(wished.max(0) as usize)));
    let to: Vec<Option<usize>> = dims[..skip].iter().copied().chain(wished).collect();
    let made = super::merge::spread(r, &value, &to)?;
    Ok(vec![Operand::Value(made)])
}

/// Blocks of channels become pixels, or the other way round: axes of their own, in another order.
pub(super) fn depth_to_space(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let block = usize::try_from(op.int("blocksize", 0)).unwrap_or(0);
    let from = r.built.arrange(&value, &[1, 2, 3])?;
    let [channels, rows, columns] = r.built.shape(from).0[..] else { return Err("it isn't a picture".into()) };
    let is_apart = op.kind() == "DepthToSpace";
    let divides = |size: usize, by: usize| by > 0 && size.is_multiple_of(by);
    let fits = if is_apart {
        block < 4096 && divides(channels, block * block)
    } else {
        divides(rows, block) && divides(columns, block)
    };
    if !fits {
        return Err("its blocks don't fit the picture".into());
    }
    let (split, order, joined) = if is_apart {
        let inner = channels / (block * block);
        let joined = [inner, rows * block, columns * block];
        if op.text("mode", "DCR") == "DCR" {
            (vec![block, block, inner, rows, columns], [2, 3, 0, 4, 1], joined)
        } else {
            (vec![inner, block, block, rows, columns], [0, 3, 1, 4, 2], joined)
        }
    } else {
        let (rows, columns) = (rows / block, columns / block);
        let order = if op.text("mode", "DCR") == "DCR" { [2, 4, 0, 1, 3] } else { [0, 2, 4, 1, 3] };
        (vec![channels, rows, block, columns, block], order, [channels * block * block, rows, columns])
    };
    let made = r.built.reshape(from, &split)?;
    let made = r.built.permute(made, &order)?;
    let made = r.built.reshape(made, &joined)?;
    Ok(vec![Operand::Value(Value::plain(made, &joined))])
}

/// Whole numbers stay what they are where only a table is read with them.
pub(super) fn cast(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = op.value(0)?.clone();
    let is_real = matches!(op.int("to", 1), 1 | 10 | 11 | 16);
    let output = op.node.output.first().cloned().unwrap_or_default();
    if is_real || r.whole.contains(&value.from.0) || r.only_read_by(&output, &["Gather", "Cast"]) {
        return Ok(vec![Operand::Value(value)]);
    }
    Err("it cuts numbers to whole ones".into())
}

/// A constant as it is written in the node.
pub(super) fn constant(op: &Op) -> Result<Vec<Operand>, String> {
    if let Some(constant) = op.tensor("value")? {
        return Ok(vec![Operand::Constant(constant.into())]);
    }
    let has = |name: &str| op.node.attribute.iter().any(|attribute| attribute.name.as_deref() == Some(name));
    let made = if has("value_float") {
        Constant::new(vec![], Data::Real(vec![op.float("value_float", 0.0) as f32]))
    } else if has("value_int") {
        Constant::new(vec![], Data::Whole(vec![op.int("value_int", 0)]))
    } else if has("value_ints") {
        Constant::whole(op.ints("value_ints").unwrap_or_default())
    } else if has("value_floats") {
        let all: Vec<f32> = op.floats("value_floats").into_iter().map(|number| number as f32).collect();
        Constant::new(vec![all.len()], Data::Real(all))
    } else {
        return Err("its value isn't of numbers".into());
    };
    Ok(vec![Operand::Constant(made.into())])
}
