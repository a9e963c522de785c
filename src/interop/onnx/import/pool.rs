//! Pooling. Windows that are not square are taken along one axis after the other, which gives the same.

use super::Reader;
use super::built::Port;
use super::convolution::{Along, windows, zeros_around};
use super::op::{Op, Operand};
use super::value::{Axis, Value};
use crate::model::layer::{
    AvgPool1d, AvgPool2d, GlobalAvgPool, LayerKind, MaxOver, MaxPool1d, MaxPool2d, MeanOver, Padding,
};

/// What is taken of a window.
#[derive(Clone, Copy, PartialEq)]
enum Taken {
    Largest,
    /// Whether padding counts.
    Mean(bool),
}

/// How a pool here is set so that it does the same along these axes.
struct Set {
    padding: Padding,
    pad: usize,
    keep_remainder: bool,
}

/// Places of the window: in ceil mode one more where a remainder is left, unless it would begin beyond the axis.
fn places(along: &Along, size: usize, is_ceil: bool) -> Result<usize, String> {
    let rest = (size + along.before + along.after).checked_sub(along.span());
    let rest = rest.ok_or("its window is larger than its input")?;
    if !is_ceil {
        return Ok(rest / along.stride + 1);
    }
    let places = rest.div_ceil(along.stride) + 1;
    Ok(if (places - 1) * along.stride >= size + along.before { places - 1 } else { places })
}

fn layer(taken: Taken, is_picture: bool, along: &Along, set: &Set) -> LayerKind {
    let (kernel, stride) = (along.kernel, along.stride);
    let Set { padding, pad, keep_remainder } = *set;
    match (taken, is_picture) {
        (Taken::Largest, true) => MaxPool2d { kernel, stride, padding, pad, keep_remainder }.into(),
        (Taken::Largest, false) => MaxPool1d { kernel, stride, padding, pad, keep_remainder }.into(),
        (Taken::Mean(count_padding), true) => {
            AvgPool2d { kernel, stride, padding, pad, keep_remainder, count_padding }.into()
        }
        (Taken::Mean(count_padding), false) => {
            AvgPool1d { kernel, stride, padding, pad, keep_remainder, count_padding }.into()
        }
    }
}

/// The setting that sees the same; `None` where there is none.
fn set(taken: Taken, along: &[Along], sizes: &[usize], wanted: &[usize]) -> Option<Set> {
    let first = along[0];
    let all = [
        (Padding::Valid, 1),
        (Padding::Same, 1),
        (Padding::Custom, first.before),
        (Padding::Custom, first.before.max(first.after)),
    ];
    let fits = |padding: Padding, pad: usize, keep_remainder: bool| {
        let pool = MaxPool1d { kernel: first.kernel, stride: first.stride, padding, pad, keep_remainder };
        let (pool, stride) = (pool.pool(), first.stride);
        along.iter().zip(sizes).zip(wanted).all(|((along, &size), &wanted)| {
            let [before, after, rest] = pool.pads(size);
            let padded = size + before + after + rest;
            let places = padded.checked_sub(first.kernel).map_or(0, |room| room / stride + 1);
            // Where padding counts, the padding behind has to be the same as well.
            before == along.before && places == wanted && (taken != Taken::Mean(true) || after == along.after)
        })
    };
    let allowed = |padding: Padding, pad: usize| padding != Padding::Custom || (pad <= first.kernel / 2 && pad > 0);
    all.into_iter().flat_map(|(padding, pad)| [(padding, pad, false), (padding, pad, true)]).find_map(
        |(padding, pad, keep_remainder)| {
            let is_it = allowed(padding, pad) && fits(padding, pad, keep_remainder);
            is_it.then_some(Set { padding, pad, keep_remainder })
        },
    )
}

/// A pool along these axes of what arrives, pictures or sequences.
fn slide(r: &mut Reader, from: Port, taken: Taken, along: &[Along], is_ceil: bool) -> Result<Port, String> {
    let dims = r.built.shape(from).0.clone();
    let is_picture = along.len() == 2;
    let sizes: Vec<usize> = if is_picture { dims[1..].to_vec() } else { vec![dims[0]] };
    let is_square = along.iter().all(|other| (other.kernel, other.stride) == (along[0].kernel, along[0].stride));
    let wanted: Vec<usize> =
        along.iter().zip(&sizes).map(|(along, &size)| places(along, size, is_ceil)).collect::<Result<_, _>>()?;
    if is_square && let Some(set) = set(taken, along, &sizes, &wanted) {
        return r.built.add(layer(taken, is_picture, &along[0], &set), &[from], Vec::new());
    }
    // Zeros that count may be there before.
    if taken == Taken::Mean(true) && along.iter().any(|along| along.before + along.after > 0) {
        let from = zeros_around(r, from, along)?;
        let bare: Vec<Along> = along.iter().map(|along| Along { before: 0, after: 0, ..*along }).collect();
        r.note("Padding that counts, as a layer of its own.");
        return slide(r, from, Taken::Mean(false), &bare, is_ceil);
    }
    let [rows, columns] = along else { return Err("its padding can't be set so here".into()) };
    r.note("A window that isn't alike along both axes, one axis after the other.");
    let [channels, height, width] = dims[..] else { return Err("it doesn't slide over a picture".into()) };
    let turned = r.built.permute(from, &[1, 0, 2])?;
    let flat = r.built.reshape(turned, &[height, channels * width])?;
    let flat = slide(r, flat, taken, &[*rows], is_ceil)?;
    let height = r.built.shape(flat).0[0];
    let back = r.built.reshape(flat, &[height, channels, width])?;
    let turned = r.built.permute(back, &[2, 1, 0])?;
    let flat = r.built.reshape(turned, &[width, channels * height])?;
    let flat = slide(r, flat, taken, &[*columns], is_ceil)?;
    let width = r.built.shape(flat).0[0];
    let back = r.built.reshape(flat, &[width, channels, height])?;
    r.built.permute(back, &[1, 2, 0])
}

/// `MaxPool` and `AveragePool`.
pub(super) fn pool(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    if op.node.output.get(1).is_some_and(|name| r.uses.contains_key(name)) {
        return Err("where the largest was is asked for as well".into());
    }
    let rank = value.rank();
    if value.batch()? != 0 || !(3..=4).contains(&rank) {
        return Err("it doesn't slide over a picture or a sequence".into());
    }
    let sizes: Vec<usize> = (2..rank).map(|axis| value.size(axis)).collect::<Result<_, _>>()?;
    let kernels: Vec<usize> =
        op.ints("kernel_shape").unwrap_or_default().iter().map(|&size| size.max(0) as usize).collect();
    if kernels.len() != sizes.len() {
        return Err("its window doesn't fit its input".into());
    }
    let along = windows(op, &kernels, &sizes)?;
    if along.iter().any(|along| along.dilation > 1 && along.kernel > 1) {
        return Err("its window is dilated".into());
    }
    let along: Vec<Along> = along.into_iter().map(|along| Along { dilation: 1, ..along }).collect();
    let is_ceil = op.int("ceil_mode", 0) != 0;
    let taken = if op.kind() == "MaxPool" {
        Taken::Largest
    } else {
        Taken::Mean(op.int("count_include_pad", 0) != 0 || along.iter().all(|along| along.before + along.after == 0))
    };
    let is_padded = along.iter().any(|along| along.before + along.after > 0);
    let whole = along.iter().zip(&sizes).all(|(along, &size)| along.kernel == size) && !is_padded;
    let made = if rank == 3 {
        let from = r.built.arrange(&value, &[2, 1])?;
        let from = slide(r, from, taken, &along, is_ceil)?;
        let sizes = r.built.shape(from).0.clone();
        Value { from, sizes, axes: vec![Axis::Batch, Axis::Of(1), Axis::Of(0)], pending: None }
    } else if whole && (kernels[0] > 63 || kernels[0] != kernels[1]) {
        return over_picture(r, &value, taken).map(|value| vec![Operand::Value(value)]);
    } else {
        let from = r.built.arrange(&value, &[1, 2, 3])?;
        let from = slide(r, from, taken, &along, is_ceil)?;
        Value::plain(from, &r.built.shape(from).0.clone())
    };
    Ok(vec![Operand::Value(made)])
}

/// One number a channel, in axes of size 1.
fn over_picture(r: &mut Reader, value: &Value, taken: Taken) -> Result<Value, String> {
    let behind = value.rank().saturating_sub(2);
    if value.batch()? != 0 || behind == 0 {
        return Err("it doesn't slide over a picture or a sequence".into());
    }
    let from = if taken != Taken::Largest && value.rank() == 4 {
        let from = r.built.arrange(value, &[1, 2, 3])?;
        r.built.add(GlobalAvgPool {}, &[from], Vec::new())?
    } else {
        let axes: Vec<usize> = (1..value.rank()).collect();
        let from = r.built.arrange(value, &axes)?;
        let channels = value.size(1)?;
        let from = r.built.reshape(from, &[channels, value.len() / channels.max(1)])?;
        let over: LayerKind =
            if taken == Taken::Largest { MaxOver { axis: 2 }.into() } else { MeanOver { axis: 2 }.into() };
        r.built.add(over, &[from], Vec::new())?
    };
    let mut axes = vec![Axis::Batch, Axis::Of(0)];
    axes.extend(std::iter::repeat_n(Axis::One, behind));
    Ok(Value { from, sizes: r.built.shape(from).0.clone(), axes, pending: None })
}

/// `GlobalAveragePool` and `GlobalMaxPool`.
pub(super) fn global(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let taken = if op.kind() == "GlobalMaxPool" { Taken::Largest } else { Taken::Mean(true) };
    over_picture(r, &value, taken).map(|value| vec![Operand::Value(value)])
}
