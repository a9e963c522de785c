//! Values that come together number by number. Where one is smaller, it is spread first.

use super::Reader;
use super::built::Port;
use super::op::{Op, Operand};
use super::value::{Axis, Value};
use crate::model::layer::{
    Activation, Add, Average, Dense, Formula, LayerKind, Maximum, Minimum, Multiply, Subtract, Upsample,
};

fn layer(kind: &str) -> Option<LayerKind> {
    Some(match kind {
        "Add" | "Sum" => Add {}.into(),
        "Sub" => Subtract {}.into(),
        "Mul" | "Div" => Multiply {}.into(),
        "Mean" => Average {}.into(),
        "Max" => Maximum {}.into(),
        "Min" => Minimum {}.into(),
        _ => return None,
    })
}

/// The shape that all of these are spread to.
fn common(values: &[Value]) -> Result<Vec<Option<usize>>, String> {
    let rank = values.iter().map(Value::rank).max().unwrap_or(0);
    let mut dims = vec![Some(1); rank];
    for value in values {
        let skip = rank - value.rank();
        for (axis, size) in value.dims().into_iter().enumerate() {
            let place = &mut dims[skip + axis];
            *place = match (*place, size) {
                (Some(1), size) => size,
                (place, Some(1)) => place,
                (place, size) if place == size => place,
                _ => return Err("their shapes don't fit each other".into()),
            };
        }
    }
    Ok(dims)
}

pub(super) fn merge(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let kind = layer(op.kind()).ok_or("Glassbox has no such layer")?;
    let mut values = Vec::new();
    for operand in op.inputs.iter().flatten() {
        match operand {
            Operand::Value(value) => values.push(r.settle(value)?),
            Operand::Constant(_) => return Err("a constant of several numbers is part of it".into()),
            Operand::Unknown(_) => return Err("the shape that arrives isn't known".into()),
        }
    }
    if values.len() == 1 {
        return Ok(values.into_iter().map(Operand::Value).collect());
    }
    if op.kind() == "Div" {
        let by = values.get_mut(1).ok_or("nothing arrives")?;
        by.from = r.built.add(Formula { expression: "1 / x".into() }, &[by.from], Vec::new())?;
        r.note("A division, as a product with what Formula makes of the divisor.");
    }
    let dims = common(&values)?;
    let first = values[0].clone();
    let alike = values.iter().all(|value| (&value.axes, &value.sizes) == (&first.axes, &first.sizes));
    if alike {
        let ports: Vec<Port> = values.iter().map(|value| value.from).collect();
        let from = r.built.add(kind, &ports, Vec::new())?;
        return Ok(vec![Operand::Value(Value { from, ..first })]);
    }
    let mut ports = Vec::new();
    for value in &values {
        let value = spread(r, value, &dims)?;
        ports.push(r.built.natural(&value)?);
    }
    let from = r.built.add(kind, &ports, Vec::new())?;
    let sizes = r.built.shape(from).0.clone();
    Ok(vec![Operand::Value(Value::in_order(from, sizes, &dims))])
}

/// A value repeated along axes where it has size 1: enlarged, where that does it, or by a Dense of ones.
pub(super) fn spread(r: &mut Reader, value: &Value, dims: &[Option<usize>]) -> Result<Value, String> {
    let missing = dims.len().checked_sub(value.rank()).ok_or("it has fewer axes than its input")?;
    let mut axes = vec![Axis::One; missing];
    axes.extend(value.axes.iter().copied());
    let value = Value { axes, ..value.clone() };
    let grown: Vec<usize> = (0..dims.len()).filter(|&axis| value.dims()[axis] != dims[axis]).collect();
    if grown.is_empty() {
        return Ok(value);
    }
    if value.dims().iter().position(Option::is_none) != dims.iter().position(Option::is_none)
        || grown.iter().any(|&axis| value.dims()[axis] != Some(1))
    {
        return Err("their shapes don't fit each other".into());
    }
    let others = value.others();
    let size = |axis: usize| dims[axis].unwrap_or(1);
    if let ([_, rows, columns], [_, _]) = (&others[..], &grown[..])
        && grown == [*rows, *columns]
        && size(*rows) == size(*columns)
        && size(*rows) <= 16
    {
        let from = r.built.natural(&value)?;
        let from = r.built.add(Upsample { factor: size(*rows), ..Upsample::default() }, &[from], Vec::new())?;
        return Ok(r.built.as_before(from, &value));
    }
    let kept: Vec<usize> = others.iter().copied().filter(|axis| !grown.contains(axis)).collect();
    let rows: usize = kept.iter().map(|&axis| size(axis)).product();
    let units: usize = grown.iter().map(|&axis| size(axis)).product();
    r.spend(rows.saturating_mul(units))?;
    let from = r.built.arrange(&value, &others)?;
    let from = r.built.reshape(from, &[rows, 1])?;
    let dense = Dense { units, activation: Activation::None, bias: false, ..Dense::default() };
    let from = r.built.add(dense, &[from], vec![("weight", vec![1.0; units])])?;
    r.built.layers[from.0].frozen = true;
    r.note("Repeated along axes by a Dense of ones.");
    let order: Vec<usize> = kept.iter().chain(&grown).copied().collect();
    let sizes: Vec<usize> = order.iter().map(|&axis| size(axis)).collect();
    let from = r.built.reshape(from, &sizes)?;
    let axes = (0..dims.len()).map(|axis| match order.iter().position(|&other| other == axis) {
        Some(own) => Axis::Of(own),
        None => Axis::Batch,
    });
    let axes = axes.collect();
    Ok(Value { from, sizes: r.built.shape(from).0.clone(), axes, pending: None })
}
