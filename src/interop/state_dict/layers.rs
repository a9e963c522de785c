//! What the names and sizes of a layer's weights say that the layer is.

use super::groups::{COUNTER, Group};
use crate::model::layer::{
    BatchNorm, Conv1d, Conv2d, Dense, DepthwiseConv2d, Embedding, Gru, LayerKind, LayerNorm, Lstm, MultiHeadAttention,
    Padding, PaddingInTime, Prelu, RmsNorm, SeparableConv2d, SimpleRnn,
};

/// What a layer reads, as far as its weights tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Channels × rows × columns.
    Picture(usize),
    /// Steps × features.
    Sequence(usize),
    /// A row; of a sequence each step, where it is as wide.
    Row(usize),
    /// Whatever has so many channels or features.
    Any(usize),
    /// Whole numbers: words.
    Words,
}

/// A layer, all but its place.
pub struct Found {
    pub kind: LayerKind,
    pub reads: Reads,
    /// Channels or features that it makes.
    pub width: usize,
    /// What had to be guessed, beside the activation.
    pub guess: &'static str,
}

/// `None`: no layer has such weights, or none so large.
pub fn found(group: &Group) -> Option<Found> {
    let found = recurrent(group).or_else(|| attention(group)).or_else(|| separable(group)).or_else(|| plain(group))?;
    is_within_limits(&found.kind).then_some(found)
}

fn made(kind: impl Into<LayerKind>, reads: Reads, width: usize) -> Found {
    Found { kind: kind.into(), reads, width, guess: "" }
}

fn dims<'a>(group: &'a Group, role: &str) -> Option<&'a [usize]> {
    group.entry(role).map(|entry| &entry.dims[..])
}

fn has_only(group: &Group, known: &[&str]) -> bool {
    group.entries.iter().all(|entry| entry.role == COUNTER || known.contains(&&*entry.role))
}

/// A layer's own limits, as its controls have them.
fn is_within_limits(kind: &LayerKind) -> bool {
    let mut copy = kind.clone();
    let specs = kind.spec().param_specs();
    specs.iter().all(|spec| {
        let value = kind.spec().param(spec.key);
        value.is_none_or(|value| copy.params_mut().set_param(spec.key, &value).is_ok())
    })
}

fn recurrent(group: &Group) -> Option<Found> {
    let (&[rows, features], &[_, units]) = (dims(group, "weight_ih")?, dims(group, "weight_hh")?) else { return None };
    let has = |role: &str| group.entry(role).is_some();
    let (bidirectional, bias) = (has("weight_ih_reverse"), has("bias_ih"));
    if units == 0 || rows % units != 0 || has("weight_hr") {
        return None;
    }
    let kind: LayerKind = match rows / units {
        4 => Lstm { units, bidirectional, bias, ..Lstm::default() }.into(),
        3 => Gru { units, bidirectional, bias, ..Gru::default() }.into(),
        1 => SimpleRnn { units, bidirectional, bias, ..SimpleRnn::default() }.into(),
        _ => return None,
    };
    Some(made(kind, Reads::Sequence(features), if bidirectional { 2 * units } else { units }))
}

fn attention(group: &Group) -> Option<Found> {
    let &[rows, width] = dims(group, "in_proj_weight")? else { return None };
    let heads =
        [64, 32, 16, 8].iter().find(|size| width % **size == 0 && width > **size).map_or(1, |size| width / size);
    let kind =
        MultiHeadAttention { heads, bias: dims(group, "in_proj_bias").is_some(), ..MultiHeadAttention::default() };
    let is_whole = rows == 3 * width && dims(group, "out_proj.weight") == Some(&[width, width]);
    let guess = "The number of heads is a guess.";
    is_whole.then(|| Found { guess, ..made(kind, Reads::Sequence(width), width) })
}

fn separable(group: &Group) -> Option<Found> {
    let (depthwise, pointwise) = (dims(group, "depthwise.weight")?, dims(group, "pointwise.weight")?);
    let (&[channels, 1, kernel, same], &[filters, middle, 1, 1]) = (depthwise, pointwise) else { return None };
    let known = ["depthwise.weight", "pointwise.weight", "pointwise.bias"];
    let bias = dims(group, "pointwise.bias").is_some();
    let kind = SeparableConv2d { filters, kernel, bias, ..SeparableConv2d::default() };
    let is_whole = kernel == same && channels == middle && has_only(group, &known);
    is_whole.then(|| made(kind, Reads::Picture(channels), filters))
}

/// Of a weight and a bias, perhaps with running statistics.
fn plain(group: &Group) -> Option<Found> {
    if !has_only(group, &["weight", "bias", "running_mean", "running_var"]) {
        return None;
    }
    if let Some(&[width]) = dims(group, "running_mean") {
        return Some(made(BatchNorm::default(), Reads::Any(width), width));
    }
    let bias = dims(group, "bias").is_some();
    let name = group.name.to_lowercase();
    Some(match *dims(group, "weight")? {
        [filters, channels, kernel, same] if kernel == same => {
            let padding = if kernel % 2 == 0 { Padding::Valid } else { Padding::Same };
            let is_depthwise = name.split(['.', '_']).any(|part| part.starts_with("depth") || part == "dw");
            if channels == 1 && is_depthwise {
                let kind = DepthwiseConv2d { kernel, bias, padding, ..DepthwiseConv2d::default() };
                return Some(made(kind, Reads::Picture(filters), filters));
            }
            made(Conv2d { filters, kernel, bias, padding, ..Conv2d::default() }, Reads::Picture(channels), filters)
        }
        [filters, features, kernel] => {
            let padding = if kernel % 2 == 0 { PaddingInTime::Valid } else { PaddingInTime::Same };
            made(Conv1d { filters, kernel, bias, padding, ..Conv1d::default() }, Reads::Sequence(features), filters)
        }
        [vocabulary, width] if !bias && name.contains("emb") => {
            made(Embedding { vocabulary, width }, Reads::Words, width)
        }
        [units, width] => made(Dense { units, bias, ..Dense::default() }, Reads::Row(width), units),
        [width] if bias => made(LayerNorm::default(), Reads::Any(width), width),
        [width] if name.contains("norm") => made(RmsNorm::default(), Reads::Any(width), width),
        // A parameter of its own, of nobody knows what, is no layer.
        [width] if name.contains('.') || ["relu", "act"].iter().any(|word| name.contains(word)) => {
            made(Prelu { per_channel: width > 1, ..Prelu::default() }, Reads::Any(width), width)
        }
        _ => return None,
    })
}
