//! Norms, softmax, and means and largest numbers along axes.

use super::Reader;
use super::built::Port;
use super::constant::Constant;
use super::elementwise;
use super::op::{Op, Operand, from_end};
use super::value::{Axis, Value};
use crate::model::layer::{
    BatchNorm, Formula, GlobalAvgPool, GroupNorm, InstanceNorm, LayerKind, LayerNorm, LogSoftmax, MaxOver, MeanOver,
    RmsNorm, Softmax,
};

fn numbers(constant: Option<&Constant>, count: usize, otherwise: f32, what: &str) -> Result<Vec<f32>, String> {
    match constant {
        None => Ok(vec![otherwise; count]),
        Some(constant) => {
            let all = constant.reals();
            match all.len() {
                1 => Ok(vec![all[0]; count]),
                len if len == count => Ok(all),
                len => Err(format!("its {what} has {len} numbers, not {count}")),
            }
        }
    }
}

fn done(r: &Reader, from: Port, value: &Value) -> Result<Vec<Operand>, String> {
    Ok(vec![Operand::Value(r.built.as_before(from, value))])
}

/// Channels in front, as a picture or a row: `then` gives the layer; the shape comes back as it was.
fn by_channel(
    r: &mut Reader,
    value: &Value,
    kind: LayerKind,
    weights: Vec<(&'static str, Vec<f32>)>,
) -> Result<Vec<Operand>, String> {
    if value.batch()? != 0 {
        return Err("its samples aren't in front".into());
    }
    let from = r.built.natural(value)?;
    let sizes = r.built.shape(from).0.clone();
    if matches!(sizes.len(), 1 | 3) {
        let made = r.built.add(kind, &[from], weights)?;
        return done(r, made, value);
    }
    let channels = sizes.first().copied().unwrap_or(1);
    let picture = r.built.reshape(from, &[channels, 1, value.len() / channels.max(1)])?;
    let made = r.built.add(kind, &[picture], weights)?;
    r.note("As of a picture of one row.");
    let made = r.built.reshape(made, &sizes)?;
    done(r, made, value)
}

fn epsilon(op: &Op) -> f64 {
    op.float("epsilon", 1e-5).clamp(1e-12, 1.0)
}

pub(super) fn batch(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    if op.int("training_mode", 0) != 0 || op.int("spatial", 1) == 0 {
        return Err("it takes the statistics of the batch, or of every place".into());
    }
    let channels = value.size(1)?;
    let mut weights = Vec::new();
    for (at, name) in [(1, "weight"), (2, "bias"), (3, "running_mean"), (4, "running_var")] {
        weights.push((name, numbers(Some(op.needed(at, name)?), channels, 0.0, name)?));
    }
    // ONNX says how much of the old is kept, here how much is new.
    let momentum = (1.0 - op.float("momentum", 0.9)).clamp(0.0, 1.0);
    let momentum = (momentum * 1e6).round() / 1e6;
    let layer = BatchNorm { epsilon: epsilon(op), momentum };
    by_channel(r, &value, layer.into(), weights)
}

/// Over the last axes, from `axis` on.
fn over_last(
    r: &mut Reader,
    value: &Value,
    axis: usize,
    kind: LayerKind,
    weights: &[(&'static str, Option<&Constant>)],
) -> Result<Vec<Operand>, String> {
    if value.batch()? >= axis {
        return Err("it works across samples".into());
    }
    let from = r.built.natural(value)?;
    let sizes = r.built.shape(from).0.clone();
    let over = value.rank() - axis;
    let split = sizes.len().saturating_sub(over);
    let inner: usize = sizes[split..].iter().product();
    let weights = weights.iter().map(|(name, constant)| {
        let otherwise = if *name == "weight" { 1.0 } else { 0.0 };
        numbers(*constant, inner, otherwise, name).map(|numbers| (*name, numbers))
    });
    let weights = weights.collect::<Result<Vec<_>, _>>()?;
    // Of a sequence the last axis, else all of them.
    let own = if sizes.len() == 2 { 1 } else { sizes.len() };
    if over == own {
        let made = r.built.add(kind, &[from], weights)?;
        return done(r, made, value);
    }
    let flat = r.built.reshape(from, &[value.len() / inner.max(1), inner])?;
    let made = r.built.add(kind, &[flat], weights)?;
    let made = r.built.reshape(made, &sizes)?;
    done(r, made, value)
}

pub(super) fn layer(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let axis = op.axis("axis", -1, value.rank())?;
    if op.node.output.len() > 1 && op.node.output[1..].iter().any(|name| r.uses.contains_key(name)) {
        return Err("its mean or deviation is asked for as well".into());
    }
    counted(op, &value, axis)?;
    let weights = [("weight", op.constant(1)), ("bias", op.constant(2))];
    over_last(r, &value, axis, LayerNorm { epsilon: epsilon(op) }.into(), &weights)
}

/// What was put together from several operators says over how many axes it goes: they have to be the last.
fn counted(op: &Op, value: &Value, axis: usize) -> Result<(), String> {
    let count = op.int("count", 0);
    let fits = count == 0 || value.rank() - axis == count as usize;
    if fits { Ok(()) } else { Err("it goes over other axes than the last".into()) }
}

pub(super) fn rms(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let axis = op.axis("axis", -1, value.rank())?;
    counted(op, &value, axis)?;
    over_last(r, &value, axis, RmsNorm { epsilon: epsilon(op) }.into(), &[("weight", op.constant(1))])
}

/// Scale and shift of each channel; before version 21 of each group.
pub(super) fn group(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let channels = value.size(1)?;
    let groups = usize::try_from(op.int("num_groups", 1)).ok().filter(|groups| *groups > 0 && channels % groups == 0);
    let groups = groups.ok_or("its groups don't divide its channels")?;
    let spread = |at: usize, what: &str| -> Result<Vec<f32>, String> {
        let Some(all) = op.constant(at).map(Constant::reals) else {
            return Ok(vec![if at == 1 { 1.0 } else { 0.0 }; channels]);
        };
        match all.len() {
            len if len == channels => Ok(all),
            len if len == groups => {
                Ok(all.iter().flat_map(|&number| std::iter::repeat_n(number, channels / groups)).collect())
            }
            _ => Err(format!("its {what} doesn't fit its channels")),
        }
    };
    let weights = vec![("weight", spread(1, "scale")?), ("bias", spread(2, "bias")?)];
    by_channel(r, &value, GroupNorm { groups, epsilon: epsilon(op) }.into(), weights)
}

pub(super) fn instance(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let channels = value.size(1)?;
    let weights = vec![
        ("weight", numbers(Some(op.needed(1, "scale")?), channels, 1.0, "scale")?),
        ("bias", numbers(Some(op.needed(2, "bias")?), channels, 0.0, "bias")?),
    ];
    let layer = InstanceNorm { epsilon: epsilon(op) };
    if value.rank() == 3 {
        // Of a sequence over time: steps × features here.
        let from = r.built.arrange(&value, &[2, 1])?;
        let from = r.built.add(layer, &[from], weights)?;
        let sizes = r.built.shape(from).0.clone();
        let axes = vec![Axis::Batch, Axis::Of(1), Axis::Of(0)];
        return Ok(vec![Operand::Value(Value { from, sizes, axes, pending: None })]);
    }
    by_channel(r, &value, layer.into(), weights)
}

/// Along the last axis here, whichever it is in the file. Before version 13 it went over all axes from its own on.
pub(super) fn softmax(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let is_old = op.version < 13;
    let axis = op.axis("axis", if is_old { 1 } else { -1 }, value.rank())?;
    let kind: LayerKind = if op.kind() == "Softmax" { Softmax {}.into() } else { LogSoftmax {}.into() };
    if value.axes[axis] == Axis::Batch {
        return Err("it works across samples".into());
    }
    let behind = value.dims()[axis + 1..].iter().any(|size| *size != Some(1));
    if is_old && behind {
        let from = r.built.natural(&value)?;
        let sizes = r.built.shape(from).0.clone();
        if axis != 1 || value.batch()? != 0 {
            return Err("it goes over several axes".into());
        }
        let flat = r.built.reshape(from, &[value.len()])?;
        let made = r.built.add(kind, &[flat], Vec::new())?;
        let made = r.built.reshape(made, &sizes)?;
        return done(r, made, &value);
    }
    if value.axes[axis] == Axis::Of(value.sizes.len() - 1) {
        let from = r.built.add(kind, &[value.from], Vec::new())?;
        return Ok(vec![Operand::Value(Value { from, ..value })]);
    }
    let mut order: Vec<usize> = value.others().into_iter().filter(|&other| other != axis).collect();
    order.push(axis);
    let from = r.built.arrange(&value, &order)?;
    let from = r.built.add(kind, &[from], Vec::new())?;
    Ok(vec![Operand::Value(ordered(r, from, &value, &order))])
}

/// What leaves a layer that took these of the file's axes, as the file has them.
pub(super) fn ordered(r: &Reader, from: Port, value: &Value, order: &[usize]) -> Value {
    let axes = value.axes.iter().enumerate().map(|(at, axis)| match order.iter().position(|&other| other == at) {
        Some(own) => Axis::Of(own),
        None => *axis,
    });
    let axes = axes.collect();
    Value { from, sizes: r.built.shape(from).0.clone(), axes, pending: None }
}

/// `ReduceMean`, `ReduceMax`, `ReduceSum` and `ReduceMin`.
pub(super) fn reduce(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let mut value = r.settle(op.value(0)?)?;
    let rank = value.rank();
    let given = op.numbers_or(1, "axes").filter(|axes| !axes.is_empty());
    if given.is_none() && op.int("noop_with_empty_axes", 0) != 0 {
        return Ok(vec![Operand::Value(value)]);
    }
    let axes: Vec<usize> = match given {
        Some(axes) => axes.into_iter().map(|axis| from_end(axis, rank)).collect::<Result<_, _>>()?,
        None => return Err("it works across samples".into()),
    };
    if axes.iter().any(|&axis| value.axes[axis] == Axis::Batch) {
        return Err("it works across samples".into());
    }
    let keep = op.int("keepdims", 1) != 0;
    let (kind, count) = (op.kind(), axes.iter().map(|&axis| value.dims()[axis].unwrap_or(1)).product::<usize>());
    let negate = |r: &mut Reader, value: &mut Value, expression: String| -> Result<(), String> {
        value.from = r.built.add(Formula { expression }, &[value.from], Vec::new())?;
        Ok(())
    };
    if kind == "ReduceMin" {
        negate(r, &mut value, "-x".into())?;
    }
    let own: Vec<usize> =
        axes.iter().filter_map(|&axis| if let Axis::Of(own) = value.axes[axis] { Some(own) } else { None }).collect();
    let is_mean = matches!(kind, "ReduceMean" | "ReduceSum");
    let is_global = is_mean && value.sizes.len() == 3 && own.len() == 2 && !own.contains(&0);
    let mut gone: Vec<usize> = own.clone();
    gone.sort_unstable();
    if is_global {
        value.from = r.built.add(GlobalAvgPool {}, &[value.from], Vec::new())?;
    } else {
        for &axis in gone.iter().rev() {
            let over: LayerKind =
                if is_mean { MeanOver { axis: axis + 1 }.into() } else { MaxOver { axis: axis + 1 }.into() };
            value.from = r.built.add(over, &[value.from], Vec::new())?;
        }
    }
    let shifted = |axis: &Axis| match axis {
        Axis::Of(own) => Axis::Of(own - gone.iter().filter(|gone| *gone < own).count()),
        other => *other,
    };
    let all = (0..rank).filter(|at| keep || !axes.contains(at));
    let made = all.map(|at| if axes.contains(&at) { Axis::One } else { shifted(&value.axes[at]) });
    value.axes = made.collect();
    value.sizes = r.built.shape(value.from).0.clone();
    match kind {
        "ReduceMin" => negate(r, &mut value, "-x".into())?,
        "ReduceSum" if count > 1 => negate(r, &mut value, format!("x * {count}"))?,
        _ => {}
    }
    Ok(vec![Operand::Value(value)])
}

/// What works number by number, of values of one shape: each kind of operator that has a layer.
pub(super) fn number_by_number(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    if let Some(made) = elementwise::one(r, op)? {
        return Ok(made);
    }
    Err("Glassbox has no such layer".into())
}
