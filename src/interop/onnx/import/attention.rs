//! Attention that was put together from its operators: the projections packed as PyTorch has them.

use super::Reader;
use super::constant::Constant;
use super::fold;
use super::op::{Op, Operand};
use super::value::Value;
use crate::model::layer::MultiHeadAttention;

/// A matrix `[inputs, units]` turned, as layers here have it.
fn turned(constant: &Constant, width: usize) -> Result<Vec<f32>, String> {
    if constant.dims != [width, width] {
        return Err("its projections change the width".into());
    }
    Ok(fold::transpose(constant, &[1, 0])?.reals())
}

fn bias(op: &Op, at: usize, width: usize) -> Result<Option<Vec<f32>>, String> {
    match op.input(at) {
        None => Ok(None),
        Some(Operand::Constant(bias)) if bias.data.len() == width => Ok(Some(bias.reals())),
        Some(_) => Err("a bias of its projections doesn't fit".into()),
    }
}

type Weights = Vec<(&'static str, Vec<f32>)>;

/// Projections of queries, keys and values by themselves.
fn apart(op: &Op, width: usize) -> Result<(Weights, bool), String> {
    let (mut all, mut biases) = (Vec::new(), Vec::new());
    for at in [1, 4, 7] {
        all.extend(turned(op.needed(at, "projection")?, width)?);
        biases.push(bias(op, at + 1, width)?);
    }
    let last = bias(op, 10, width)?;
    let has_bias = last.is_some() || biases.iter().any(Option::is_some);
    let mut weights = vec![("in_proj_weight", all), ("out_proj.weight", turned(op.needed(9, "projection")?, width)?)];
    if has_bias {
        let zeros = || vec![0.0; width];
        weights.push(("in_proj_bias", biases.into_iter().flat_map(|bias| bias.unwrap_or_else(zeros)).collect()));
        weights.push(("out_proj.bias", last.unwrap_or_else(zeros)));
    }
    Ok((weights, has_bias))
}

/// One matrix `[width, 3 width]` for all of them.
fn packed(op: &Op, width: usize) -> Result<(Weights, bool), String> {
    let matrix = op.needed(1, "projection")?;
    if matrix.dims != [width, 3 * width] {
        return Err("its projections change the width".into());
    }
    let all = fold::transpose(matrix, &[1, 0])?.reals();
    let last = op.needed(3, "projection")?;
    let last = if op.int("turned", 0) == 0 { turned(last, width)? } else { last.reals() };
    let (first_bias, last_bias) = (bias(op, 2, 3 * width)?, bias(op, 4, width)?);
    let has_bias = first_bias.is_some() || last_bias.is_some();
    let mut weights = vec![("in_proj_weight", all), ("out_proj.weight", last)];
    if has_bias {
        weights.push(("in_proj_bias", first_bias.unwrap_or_else(|| vec![0.0; 3 * width])));
        weights.push(("out_proj.bias", last_bias.unwrap_or_else(|| vec![0.0; width])));
    }
    Ok((weights, has_bias))
}

pub(super) fn attention(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let is_packed = op.int("packed", 0) != 0;
    let mut from = Vec::new();
    for at in if is_packed { [0; 3] } else { [0, 3, 6] } {
        let value = r.settle(op.value(at)?)?;
        if value.rank() != 3 || value.batch()? == 2 {
            return Err("it doesn't read sequences".into());
        }
        from.push((r.built.natural(&value)?, value));
    }
    let axes = from[0].1.axes.clone();
    if from.iter().any(|(_, value)| value.batch() != from[0].1.batch()) {
        return Err("its sequences have their samples on different axes".into());
    }
    let width = from[0].1.size(2)?;
    let (weights, has_bias) = if is_packed { packed(op, width)? } else { apart(op, width)? };
    let heads = usize::try_from(op.int("heads", 1)).map_err(|_| "its heads can't be counted".to_owned())?;
    let layer = MultiHeadAttention { heads, causal: op.int("causal", 0) != 0, bias: has_bias };
    let [query, key, value] = [from[0].0, from[1].0, from[2].0];
    let ports = [Some(query), (key != query || value != key).then_some(key), (value != key).then_some(value)];
    let made = r.built.add_ports(layer.into(), &ports, weights)?;
    let output = r.built.as_before(made, &Value { axes, ..from[0].1.clone() });
    let shares = (made.0, MultiHeadAttention::WEIGHTS);
    let shares = Value::plain(shares, &r.built.shape(shares).0.clone());
    Ok(vec![Operand::Value(output), Operand::Value(shares)])
}
