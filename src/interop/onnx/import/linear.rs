//! Products with constant matrices: Dense layers, and tables of rows.

use super::Reader;
use super::built::Port;
use super::constant::{Constant, Data};
use super::fold;
use super::op::{Op, Operand};
use super::value::{Axis, Value};
use crate::model::layer::{Activation, Dense, Embedding, LayerKind};

fn dense(r: &mut Reader, from: Port, weight: Vec<f32>, units: usize, bias: Option<Vec<f32>>) -> Result<Port, String> {
    let layer = Dense { units, activation: Activation::None, bias: bias.is_some(), ..Dense::default() };
    let mut weights = vec![("weight", weight)];
    weights.extend(bias.map(|bias| ("bias", bias)));
    r.built.add(layer, &[from], weights)
}

/// A matrix `[inputs, units]` turned to `[units, inputs]`, as Dense has it.
fn turned(matrix: &Constant) -> Result<Vec<f32>, String> {
    Ok(fold::transpose(matrix, &[1, 0])?.reals())
}

/// `alpha · A B + beta · C`.
pub(super) fn gemm(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let matrix = op.needed(1, "matrix")?;
    let [rows, columns] = matrix.dims[..] else { return Err("its second operand isn't a matrix".into()) };
    if op.int("transA", 0) != 0 || value.rank() != 2 || value.axes[0] != Axis::Batch {
        return Err("its first operand isn't a row a sample".into());
    }
    let is_turned = op.int("transB", 0) != 0;
    let (units, inputs) = if is_turned { (rows, columns) } else { (columns, rows) };
    let mut weight = if is_turned { matrix.reals() } else { turned(matrix)? };
    let (alpha, beta) = (op.float("alpha", 1.0) as f32, op.float("beta", 1.0) as f32);
    if alpha != 1.0 {
        weight.iter_mut().for_each(|number| *number *= alpha);
    }
    let bias = match op.input(2) {
        None => None,
        Some(Operand::Constant(bias)) => {
            let bias = bias.spread(&[1, units]).ok_or("its bias doesn't fit its units")?;
            Some(bias.into_iter().map(|number| if beta == 1.0 { number } else { beta * number }).collect())
        }
        Some(_) => return Err("its bias isn't a constant".into()),
    };
    let from = r.built.natural(&value)?;
    if r.built.shape(from).0 != [inputs] {
        return Err(format!("{inputs} numbers should arrive, not {}", r.built.shape(from)));
    }
    let from = dense(r, from, weight, units, bias)?;
    Ok(vec![Operand::Value(Value::plain(from, &[units]))])
}

/// Leading axes of size 1 of a matrix go.
fn matrix(constant: &Constant) -> Option<Constant> {
    let skip = constant.dims.len().checked_sub(2)?;
    let is_one = constant.dims[..skip].iter().all(|&size| size == 1);
    is_one.then(|| Constant::new(constant.dims[skip..].to_vec(), constant.data.clone()))
}

pub(super) fn matmul(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    match (op.input(0), op.input(1)) {
        (Some(Operand::Value(value)), Some(Operand::Constant(constant))) => {
            let constant = matrix(constant).ok_or("its second operand isn't a matrix")?;
            let units = constant.dims[1];
            let weight = turned(&constant)?;
            let value = r.settle(value)?;
            along_last(r, &value, weight, [constant.dims[0], units]).map(|value| vec![Operand::Value(value)])
        }
        // W x is x with its axes turned times W turned.
        (Some(Operand::Constant(constant)), Some(Operand::Value(value))) => {
            let constant = matrix(constant).ok_or("its first operand isn't a matrix")?;
            let mut value = r.settle(value)?;
            let rank = value.rank();
            if rank < 2 || constant.dims.len() != 2 {
                return Err("its operands aren't matrices".into());
            }
            value.axes.swap(rank - 1, rank - 2);
            let weight = constant.reals();
            let mut made = along_last(r, &value, weight, [constant.dims[1], constant.dims[0]])?;
            made.axes.swap(rank - 1, rank - 2);
            r.note("A product from the left, as a Dense along the other axis.");
            Ok(vec![Operand::Value(made)])
        }
        _ => Err("it multiplies two computed values, which only attention does here".into()),
    }
}

/// A Dense along the file's last axis.
fn along_last(r: &mut Reader, value: &Value, weight: Vec<f32>, [inputs, units]: [usize; 2]) -> Result<Value, String> {
    let last = value.rank().checked_sub(1).ok_or("nothing arrives")?;
    if value.size(last)? != inputs {
        return Err(format!("{inputs} numbers should arrive, not {}", value.size(last)?));
    }
    let from = r.built.natural(value)?;
    let sizes = r.built.shape(from).0.clone();
    let rows: usize = sizes[..sizes.len() - 1].iter().product();
    let flat = if sizes.len() > 2 { r.built.reshape(from, &[rows, inputs])? } else { from };
    let mut made = dense(r, flat, weight, units, None)?;
    let mut sizes = sizes;
    if let Some(last) = sizes.last_mut() {
        *last = units;
    }
    if sizes.len() > 2 {
        made = r.built.reshape(made, &sizes)?;
    } else {
        r.built.layers[made.0].output = r.current.clone();
    }
    Ok(r.built.as_before(made, value))
}

impl Reader {
    /// A bias that is added behind the layer that it belongs to.
    pub fn take_bias(&mut self, op: &Op, value: &Value, constant: &Constant) -> Result<Option<Vec<Operand>>, String> {
        let layer = &self.built.layers[value.from.0];
        let Some(output) = layer.output.clone() else { return Ok(None) };
        let is_direct = op.node.input.contains(&output) && self.uses.get(&output) == Some(&1);
        if value.pending.is_some() || !is_direct || (self.is_ours && self.layer_name(op) != layer.name) {
            return Ok(None);
        }
        // The last axis of Dense and of 1-D convolutions, the first of pictures.
        let own = match &layer.kind {
            LayerKind::Dense(_) | LayerKind::Conv1d(_) => value.sizes.len() - 1,
            LayerKind::Conv2d(_) | LayerKind::DepthwiseConv2d(_) | LayerKind::ConvTranspose2d(_) => 0,
            _ => return Ok(None),
        };
        let Some(place) = value.axes.iter().position(|axis| *axis == Axis::Of(own)) else { return Ok(None) };
        let units = value.sizes[own];
        let behind = value.rank() - place - 1;
        let fits = constant.data.len() == units
            && constant.dims.len() > behind
            && constant.dims[constant.dims.len() - 1 - behind] == units;
        if !fits {
            return Ok(None);
        }
        let numbers = constant.reals();
        let layer = &mut self.built.layers[value.from.0];
        let has_bias = match &mut layer.kind {
            LayerKind::Dense(layer) => std::mem::replace(&mut layer.bias, true),
            LayerKind::Conv1d(layer) => std::mem::replace(&mut layer.bias, true),
            LayerKind::Conv2d(layer) => std::mem::replace(&mut layer.bias, true),
            LayerKind::DepthwiseConv2d(layer) => std::mem::replace(&mut layer.bias, true),
            LayerKind::ConvTranspose2d(layer) => std::mem::replace(&mut layer.bias, true),
            _ => true,
        };
        if has_bias {
            return Ok(None);
        }
        layer.weights.push(("bias", numbers));
        layer.output = None;
        Ok(Some(vec![Operand::Value(value.clone())]))
    }
}

/// Rows of a constant table, by whole numbers that arrive.
pub(super) fn rows(r: &mut Reader, table: &Constant, indices: &Value) -> Result<Vec<Operand>, String> {
    let [vocabulary, width] = table.dims[..] else { return Err("its table isn't a matrix".into()) };
    let Data::Real(weights) = &table.data else { return Err("its table isn't of real numbers".into()) };
    let weights = weights.clone();
    let indices = r.settle(indices)?;
    let count = indices.len();
    let from = r.built.natural(&indices)?;
    let from = r.built.reshape(from, &[count])?;
    let from = r.built.add(Embedding { vocabulary, width }, &[from], vec![("weight", weights)])?;
    let dims = indices.dims();
    let flat = Value::plain(from, &[count, width]);
    let dims: Vec<Option<usize>> = dims.into_iter().chain([Some(width)]).collect();
    if indices.batch()? != 0 {
        return Err("its samples aren't in front".into());
    }
    r.built.reshaped(&flat, &dims).map(|value| vec![Operand::Value(value)])
}
