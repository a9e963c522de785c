//! Convolutions, and what enlarges pictures. Windows here are square and move alike along both axes: others are written
//! into a square of zeros, and what is not alike on both sides is padded or cropped before.

use super::Reader;
use super::built::Port;
use super::op::{Op, Operand};
use super::value::{Axis, Value};
use crate::interop::squared::Squared;
use crate::model::layer::{
    Activation, Conv1d, Conv2d, ConvTranspose2d, Crop2d, DepthwiseConv2d, Interpolation, LayerKind, Padding,
    PaddingInTime, Sliding, Upsample, ZeroPad1d, ZeroPad2d,
};

/// How a window lies on one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Along {
    pub kernel: usize,
    pub stride: usize,
    pub dilation: usize,
    pub before: usize,
    pub after: usize,
}

impl Along {
    pub fn span(&self) -> usize {
        (self.kernel - 1) * self.dilation + 1
    }
}

fn whole(values: Option<Vec<i64>>, count: usize, otherwise: usize, what: &str) -> Result<Vec<usize>, String> {
    let Some(values) = values.filter(|values| !values.is_empty()) else { return Ok(vec![otherwise; count]) };
    let sizes: Vec<usize> = values.iter().filter_map(|&value| usize::try_from(value).ok()).collect();
    if sizes.len() != count || values.len() != count || sizes.iter().any(|&size| size > 1 << 20) {
        return Err(format!("its {what} don't fit its input"));
    }
    Ok(sizes)
}

/// The window of an operator on axes of these sizes, with padding worked out where the file leaves that open.
pub(super) fn windows(op: &Op, kernels: &[usize], sizes: &[usize]) -> Result<Vec<Along>, String> {
    let count = sizes.len();
    let strides = whole(op.ints("strides"), count, 1, "strides")?;
    let dilations = whole(op.ints("dilations"), count, 1, "dilations")?;
    let pads = whole(op.ints("pads"), 2 * count, 0, "pads")?;
    if kernels.iter().chain(&strides).chain(&dilations).any(|&size| size == 0 || size > 4096) {
        return Err("its window has a size of 0, or is too large".into());
    }
    let auto = op.text("auto_pad", "NOTSET");
    let along = (0..count).map(|axis| {
        let (kernel, stride, dilation) = (kernels[axis], strides[axis], dilations[axis]);
        let mut along = Along { kernel, stride, dilation, before: pads[axis], after: pads[count + axis] };
        match auto.as_str() {
            "NOTSET" | "" => {}
            "VALID" => (along.before, along.after) = (0, 0),
            _ => {
                let places = sizes[axis].div_ceil(stride);
                let total = ((places.max(1) - 1) * stride + along.span()).saturating_sub(sizes[axis]);
                let less = total / 2;
                let is_upper = auto == "SAME_UPPER";
                (along.before, along.after) = if is_upper { (less, total - less) } else { (total - less, less) };
            }
        }
        along
    });
    Ok(along.collect())
}

/// The padding that puts these zeros at both axes; `None` where it takes a layer of its own. What Glassbox wrote was
/// `same` where that fits; of others `same` is only what does not depend on the picture's size.
fn padding(r: &Reader, along: &[Along], sizes: &[usize], is_auto: bool) -> Option<(Padding, usize)> {
    let [first, ..] = along else { return None };
    let sliding =
        |padding, pad| Sliding { kernel: first.kernel, stride: first.stride, padding, pad, dilation: first.dilation };
    let fits = |padding, pad| {
        let sliding = sliding(padding, pad);
        along.iter().zip(sizes).all(|(along, &size)| sliding.pads(size) == (along.before, along.after))
    };
    let pad = first.before;
    let same_first = r.is_ours || is_auto || first.stride == 1;
    let mut all = vec![(Padding::Valid, 0), (Padding::Same, 0), (Padding::Custom, pad)];
    if !same_first {
        all.swap(1, 2);
    }
    all.into_iter().find(|&(padding, pad)| fits(padding, pad)).map(|(kind, _)| (kind, if pad == 0 { 1 } else { pad }))
}

/// Convolutions of pictures and of sequences.
pub(super) fn conv(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let kernel = op.needed(1, "kernel")?;
    let bias = match op.input(2) {
        None => None,
        Some(Operand::Constant(bias)) => Some(bias.reals()),
        Some(_) => return Err("its bias isn't a constant".into()),
    };
    let groups = usize::try_from(op.int("group", 1)).unwrap_or(0).max(1);
    if value.batch()? != 0 || value.rank() != kernel.dims.len() {
        return Err("its kernel doesn't fit the axes that arrive".into());
    }
    let filters = kernel.dims[0];
    match kernel.dims.len() {
        3 => {
            let along = windows(op, &kernel.dims[2..], &[value.size(2)?])?[0];
            if groups == 1 {
                return in_time(r, op, &value, (filters, along), kernel.reals(), bias);
            }
            // A sequence as a picture of one row.
            let picture = wide(&value);
            let row = Along { kernel: 1, stride: along.stride, dilation: along.dilation, before: 0, after: 0 };
            r.note("A convolution of a sequence in groups, as one of a picture of one row.");
            let made = of_picture(r, &picture, (filters, groups), [row, along], kernel.reals(), bias, op)?;
            let mut axes = made.axes.clone();
            axes.remove(2);
            Ok(vec![Operand::Value(Value { axes, ..made })])
        }
        4 => {
            let along = windows(op, &kernel.dims[2..], &[value.size(2)?, value.size(3)?])?;
            let made = of_picture(r, &value, (filters, groups), [along[0], along[1]], kernel.reals(), bias, op)?;
            Ok(vec![Operand::Value(made)])
        }
        axes => Err(format!("it slides over {} axes, and layers here over two at most", axes.saturating_sub(2))),
    }
}

/// Channels × steps as channels × 1 × steps.
fn wide(value: &Value) -> Value {
    let mut axes = value.axes.clone();
    axes.insert(2, Axis::One);
    Value { axes, ..value.clone() }
}

fn in_time(
    r: &mut Reader,
    op: &Op,
    value: &Value,
    (filters, along): (usize, Along),
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
) -> Result<Vec<Operand>, String> {
    // Steps × features here.
    let mut from = r.built.arrange(value, &[2, 1])?;
    let steps = value.size(2)?;
    let causal = along.before == along.span() - 1 && along.after == 0 && along.before > 0;
    let is_auto = op.text("auto_pad", "NOTSET").starts_with("SAME");
    let (padding, pad) = match padding(r, &[along], &[steps], is_auto) {
        Some((Padding::Valid, pad)) => (PaddingInTime::Valid, pad),
        Some((Padding::Same, pad)) => (PaddingInTime::Same, pad),
        _ if causal => (PaddingInTime::Causal, 1),
        Some((Padding::Custom, pad)) => (PaddingInTime::Custom, pad),
        None => {
            from = r.built.add(ZeroPad1d { before: along.before, after: along.after }, &[from], Vec::new())?;
            (PaddingInTime::Valid, 1)
        }
    };
    let Along { kernel, stride, dilation, .. } = along;
    let layer = Conv1d {
        filters,
        kernel,
        stride,
        padding,
        pad,
        dilation,
        activation: Activation::None,
        bias: bias.is_some(),
        ..Conv1d::default()
    };
    let mut weights = vec![("weight", weight)];
    weights.extend(bias.map(|bias| ("bias", bias)));
    let from = r.built.add(layer, &[from], weights)?;
    r.built.layers[from.0].output.clone_from(&r.current);
    let sizes = r.built.shape(from).0.clone();
    let axes = vec![Axis::Batch, Axis::Of(1), Axis::Of(0)];
    Ok(vec![Operand::Value(Value { from, sizes, axes, pending: None })])
}

fn of_picture(
    r: &mut Reader,
    value: &Value,
    (filters, groups): (usize, usize),
    along: [Along; 2],
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
    op: &Op,
) -> Result<Value, String> {
    let mut from = r.built.arrange(value, &[1, 2, 3])?;
    let sizes = [value.size(2)?, value.size(3)?];
    let channels = value.size(1)?;
    let (along, weight) = square(r, along, sizes, weight)?;
    let is_auto = op.text("auto_pad", "NOTSET").starts_with("SAME");
    let (padding, pad) = match padding(r, &along, &sizes, is_auto) {
        Some(found) => found,
        None => {
            let [rows, columns] = along;
            let (top, bottom) = (rows.before, rows.after);
            let (left, right) = (columns.before, columns.after);
            from = r.built.add(ZeroPad2d { top, bottom, left, right }, &[from], Vec::new())?;
            (Padding::Valid, 1)
        }
    };
    let Along { kernel, stride, dilation, .. } = along[0];
    let (activation, has_bias) = (Activation::None, bias.is_some());
    let is_depthwise = groups == channels && channels > 1 && filters.is_multiple_of(channels);
    let layer: LayerKind = if is_depthwise && filters / channels <= 64 {
        let multiplier = filters / channels;
        let rest = DepthwiseConv2d::default();
        DepthwiseConv2d { multiplier, kernel, stride, padding, pad, dilation, activation, bias: has_bias, ..rest }
            .into()
    } else {
        let rest = Conv2d::default();
        Conv2d { filters, kernel, stride, padding, pad, dilation, groups, activation, bias: has_bias, ..rest }.into()
    };
    let mut weights = vec![("weight", weight)];
    weights.extend(bias.map(|bias| ("bias", bias)));
    let from = r.built.add(layer, &[from], weights)?;
    r.built.layers[from.0].output.clone_from(&r.current);
    Ok(Value::plain(from, &r.built.shape(from).0.clone()))
}

/// Both axes with one kernel and one dilation.
fn square(
    r: &mut Reader,
    along: [Along; 2],
    sizes: [usize; 2],
    weight: Vec<f32>,
) -> Result<([Along; 2], Vec<f32>), String> {
    let [mut rows, mut columns] = along;
    let places = |along: &Along, size: usize| {
        (size + along.before + along.after).checked_sub(along.span()).map_or(0, |rest| rest / along.stride + 1)
    };
    // Where the window stands once, it does not matter how it would move, nor how far apart one entry is.
    if places(&rows, sizes[0]) == 1 {
        rows.stride = columns.stride;
    } else if places(&columns, sizes[1]) == 1 {
        columns.stride = rows.stride;
    }
    if rows.stride != columns.stride {
        return Err("it moves by other steps along rows than along columns".into());
    }
    if rows.kernel == columns.kernel && (rows.dilation == columns.dilation || rows.kernel == 1) {
        columns.dilation = rows.dilation;
        return Ok(([rows, columns], weight));
    }
    let kernels = [rows.kernel, columns.kernel];
    let (side, dilation, steps) = if rows.dilation == columns.dilation {
        (rows.kernel.max(columns.kernel), rows.dilation, [1, 1])
    } else {
        (rows.span().max(columns.span()), 1, [rows.dilation, columns.dilation])
    };
    if side > 63 {
        return Err("its window is too large".into());
    }
    r.note("A window that isn't square, as a square one with zeros.");
    r.spend(weight.len() / (kernels[0] * kernels[1]).max(1) * side * side)?;
    let weight = Squared { sizes: kernels, steps, before: [0, 0], side }.kernel(&weight);
    let grown = |along: Along| {
        let span = (side - 1) * dilation + 1;
        let after = along.after + span - along.span();
        Along { kernel: side, dilation, after, ..along }
    };
    Ok(([grown(rows), grown(columns)], weight))
}

/// The reverse of a convolution.
pub(super) fn transposed(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let kernel = op.needed(1, "kernel")?;
    let bias = op.constant(2).map(|bias| bias.reals());
    let rank = kernel.dims.len();
    if value.batch()? != 0 || value.rank() != rank || !(3..=4).contains(&rank) {
        return Err("its kernel doesn't fit the axes that arrive".into());
    }
    let picture = if rank == 3 { wide(&value) } else { value.clone() };
    let sizes: Vec<usize> = (2..rank).map(|axis| value.size(axis)).collect::<Result<_, _>>()?;
    let mut along = windows(op, &kernel.dims[2..], &sizes)?;
    let mut extra = whole(op.ints("output_padding"), sizes.len(), 0, "output paddings")?;
    pads_of_output(op, &mut along, &sizes, &extra)?;
    if rank == 3 {
        let row = Along { kernel: 1, stride: along[0].stride, dilation: 1, before: 0, after: 0 };
        along.insert(0, row);
        extra.insert(0, 0);
    }
    let sizes = [picture.size(2)?, picture.size(3)?];
    let groups = usize::try_from(op.int("group", 1)).unwrap_or(0).max(1);
    let (channels, each) = (kernel.dims[0], kernel.dims[1]);
    let filters = each.checked_mul(groups).filter(|filters| *filters <= 4096).ok_or("it has too many filters")?;
    let weight = r.ungrouped(kernel.reals(), [channels, each, groups])?;
    let from = r.built.arrange(&picture, &[1, 2, 3])?;
    let [rows, columns] = [along[0], along[1]];
    let stride = if sizes[0] == 1 { columns.stride } else { rows.stride };
    if stride != columns.stride && sizes[1] != 1 {
        return Err("it moves by other steps along rows than along columns".into());
    }
    let side = rows.span().max(columns.span());
    let is_plain = rows.kernel == columns.kernel
        && rows.dilation == 1
        && columns.dilation == 1
        && rows.before == rows.after
        && (rows.before, rows.after) == (columns.before, columns.after)
        && extra[0] == extra[1];
    let mut layer = ConvTranspose2d {
        filters,
        kernel: side,
        stride,
        activation: Activation::None,
        bias: bias.is_some(),
        ..ConvTranspose2d::default()
    };
    let weight = if is_plain {
        (layer.pad, layer.output_padding) = (rows.before, extra[0]);
        weight
    } else {
        r.note("A window that isn't alike along both axes, as a square one with zeros, and a crop.");
        r.spend(weight.len() / (rows.kernel * columns.kernel).max(1) * side * side)?;
        layer.output_padding = extra[0].max(extra[1]);
        let (sizes, steps) = ([rows.kernel, columns.kernel], [rows.dilation, columns.dilation]);
        Squared { sizes, steps, before: [0, 0], side }.kernel(&weight)
    };
    let mut weights = vec![("weight", weight)];
    weights.extend(bias.map(|bias| ("bias", bias)));
    let mut made = r.built.add(layer.clone(), &[from], weights)?;
    if is_plain {
        r.built.layers[made.0].output.clone_from(&r.current);
    } else {
        let end = |along: Along, extra: usize| {
            side - along.span() + layer.output_padding - extra.min(layer.output_padding) + along.after
        };
        let (bottom, right) = (end(rows, extra[0]), end(columns, extra[1]));
        let crop = Crop2d { top: rows.before, bottom, left: columns.before, right };
        if crop != (Crop2d { top: 0, bottom: 0, left: 0, right: 0 }) {
            made = r.built.add(crop, &[made], Vec::new())?;
        }
    }
    let mut made = Value::plain(made, &r.built.shape(made).0.clone());
    if rank == 3 {
        made.axes.remove(2);
    }
    Ok(vec![Operand::Value(made)])
}

/// What is cut off, where the file says the size of the output instead, or that it is the input's times the stride.
fn pads_of_output(op: &Op, along: &mut [Along], sizes: &[usize], extra: &[usize]) -> Result<(), String> {
    let auto = op.text("auto_pad", "NOTSET");
    let wished = op.ints("output_shape");
    if wished.is_none() && !auto.starts_with("SAME") {
        return Ok(());
    }
    let wished = match wished {
        Some(sizes) => {
            let skip = sizes.len().saturating_sub(along.len());
            whole(Some(sizes[skip..].to_vec()), along.len(), 0, "output sizes")?
        }
        None => sizes.iter().zip(along.iter()).map(|(size, along)| size * along.stride).collect(),
    };
    for (axis, along) in along.iter_mut().enumerate() {
        let full = (sizes[axis] - 1) * along.stride + along.span() + extra[axis];
        let total = full.checked_sub(wished[axis]).ok_or("its output is larger than its stamps reach")?;
        let less = total / 2;
        let is_upper = auto == "SAME_UPPER";
        (along.before, along.after) = if is_upper { (less, total - less) } else { (total - less, less) };
    }
    Ok(())
}

impl Reader {
    /// Weights `[channels, each, ...]` of a transposed convolution in groups, as of one with zeros between groups.
    fn ungrouped(&mut self, weight: Vec<f32>, [channels, each, groups]: [usize; 3]) -> Result<Vec<f32>, String> {
        if groups == 1 {
            return Ok(weight);
        }
        let window = weight.len() / (channels * each).max(1);
        self.spend(channels.saturating_mul(each * groups).saturating_mul(window))?;
        self.note("Groups, as one convolution with zeros between them.");
        let mut all = vec![0.0; channels * each * groups * window];
        for channel in 0..channels {
            let group = channel / (channels / groups).max(1);
            let to = (channel * each * groups + group * each) * window;
            let own = &weight[channel * each * window..(channel + 1) * each * window];
            all.get_mut(to..to + own.len()).ok_or("its groups don't divide its channels")?.copy_from_slice(own);
        }
        Ok(all)
    }
}

/// `Resize` and the older `Upsample`, by whole factors.
pub(super) fn resize(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let (scales_at, sizes_at) = if op.kind() == "Upsample" || op.version < 11 { (1, 9) } else { (2, 3) };
    let given = |at: usize| op.constant(at).filter(|constant| constant.data.len() > 0);
    let factors: Vec<f64> = if let Some(sizes) = given(sizes_at) {
        let sizes = sizes.wholes().ok_or("its sizes aren't whole numbers")?;
        let each = value.dims().into_iter().zip(sizes);
        each.map(|(old, &new)| old.map_or(1.0, |old| new as f64 / old as f64)).collect()
    } else if let Some(scales) = given(scales_at) {
        scales.reals().into_iter().map(f64::from).collect()
    } else {
        op.floats("scales")
    };
    let [one, also, rows, columns] = factors[..] else { return Err("it doesn't enlarge a picture".into()) };
    let factor = rows.round();
    if [one, also] != [1.0, 1.0] || rows != columns || rows != factor || !(1.0..=256.0).contains(&rows) {
        return Err("it enlarges by other factors than one whole number for rows and columns".into());
    }
    let old = op.kind() == "Upsample" || op.version < 11;
    let places = op.text("coordinate_transformation_mode", if old { "asymmetric" } else { "half_pixel" });
    let rounding = op.text("nearest_mode", if old { "floor" } else { "round_prefer_floor" });
    let is_half = matches!(places.as_str(), "half_pixel" | "pytorch_half_pixel" | "half_pixel_symmetric");
    let mode = op.text("mode", "nearest");
    let nearest = match (places.as_str(), rounding.as_str()) {
        ("asymmetric" | "tf_half_pixel_for_nn", "floor") => true,
        ("asymmetric", "round_prefer_floor") => factor <= 2.0,
        _ => is_half && rounding == "round_prefer_floor",
    };
    let mode = match mode.as_str() {
        "nearest" if nearest => Interpolation::Nearest,
        "linear" | "bilinear" if is_half => Interpolation::Bilinear,
        _ => return Err(format!("it enlarges by {mode}, {places}, {rounding}, which gives other numbers here")),
    };
    let from = r.built.arrange(&value, &[1, 2, 3])?;
    let mut made = from;
    let mut rest = factor as usize;
    while rest > 1 {
        let step = (2..=16).rev().find(|step| rest.is_multiple_of(*step)).ok_or("its factor is too large")?;
        if mode == Interpolation::Bilinear && step != rest {
            return Err("its factor is too large".into());
        }
        made = r.built.add(Upsample { factor: step, mode }, &[made], Vec::new())?;
        rest /= step;
    }
    Ok(vec![Operand::Value(Value::plain(made, &r.built.shape(made).0.clone()))])
}

/// Rows and columns of zeros, as a value's port.
pub(super) fn zeros_around(r: &mut Reader, from: Port, along: &[Along]) -> Result<Port, String> {
    match along {
        [time] => r.built.add(ZeroPad1d { before: time.before, after: time.after }, &[from], Vec::new()),
        [rows, columns] => {
            let (top, bottom, left, right) = (rows.before, rows.after, columns.before, columns.after);
            r.built.add(ZeroPad2d { top, bottom, left, right }, &[from], Vec::new())
        }
        _ => Err("it slides over too many axes".into()),
    }
}
