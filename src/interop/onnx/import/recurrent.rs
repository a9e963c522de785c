//! LSTM, GRU and RNN. ONNX has other orders of the gates: i, o, f, g of an LSTM, z, r, n of a GRU.

use super::Reader;
use super::built::Port;
use super::op::{Op, Operand};
use super::value::{Axis, Value};
use crate::model::layer::{Gru, LayerKind, Lstm, Nonlinearity, Recurrence, SimpleRnn, Slice};

/// What ONNX calls each function, with the settings that it has here.
fn function(name: &str, alpha: Option<f64>, beta: Option<f64>) -> Result<Nonlinearity, String> {
    let close = |given: Option<f64>, wanted: f64| given.is_some_and(|given| (given - wanted).abs() < 1e-6);
    Ok(match name.to_ascii_lowercase().as_str() {
        "tanh" => Nonlinearity::Tanh,
        "relu" => Nonlinearity::Relu,
        "sigmoid" => Nonlinearity::Sigmoid,
        "hardsigmoid" if close(alpha, 1.0 / 6.0) && (beta.is_none() || close(beta, 0.5)) => Nonlinearity::HardSigmoid,
        "affine" if close(alpha.or(Some(1.0)), 1.0) && close(beta.or(Some(0.0)), 0.0) => Nonlinearity::Linear,
        other => return Err(format!("its function {other} is another than those of the layer here")),
    })
}

/// The functions of both directions, which have to be the same.
fn functions(op: &Op, usual: &[&str], directions: usize) -> Result<Vec<Nonlinearity>, String> {
    let named = op.texts("activations");
    let (mut alphas, mut betas) = (op.floats("activation_alpha").into_iter(), op.floats("activation_beta").into_iter());
    if !named.is_empty() && named.len() != usual.len() * directions {
        return Err("its functions don't fit its directions".into());
    }
    let mut all = Vec::new();
    for (at, usual) in usual.iter().cycle().take(usual.len() * directions).enumerate() {
        let name = named.get(at).map_or(*usual, String::as_str);
        let takes = ["hardsigmoid", "affine", "leakyrelu", "thresholdedrelu", "scaledtanh", "elu"];
        let takes_any = takes.contains(&name.to_ascii_lowercase().as_str());
        let (alpha, beta) = if takes_any { (alphas.next(), betas.next()) } else { (None, None) };
        all.push(function(name, alpha, beta)?);
    }
    let (first, second) = all.split_at(usual.len());
    if !second.is_empty() && first != second {
        return Err("its directions have different functions".into());
    }
    Ok(first.to_vec())
}

/// Blocks of rows in another order: block `order[i]` of the file is the i-th here.
fn ordered(numbers: &[f32], order: &[usize]) -> Vec<f32> {
    let each = numbers.len() / order.len().max(1);
    order.iter().flat_map(|&gate| numbers[gate * each..(gate + 1) * each].iter().copied()).collect()
}

struct Cell {
    functions: Vec<Nonlinearity>,
    units: usize,
    bidirectional: bool,
    bias: bool,
}

fn check(op: &Op) -> Result<(), String> {
    for (at, what) in [(4, "lengths of sequences"), (7, "peepholes")] {
        if op.input(at).is_some() {
            return Err(format!("it has {what}"));
        }
    }
    for at in [5, 6] {
        let zeros = match op.input(at) {
            None => true,
            Some(Operand::Constant(state)) => state.reals().iter().all(|&number| number == 0.0),
            Some(_) => false,
        };
        if !zeros {
            return Err("it begins with a state that isn't zero".into());
        }
    }
    if op.float("clip", 0.0) != 0.0 || op.int("input_forget", 0) != 0 {
        return Err("it clips its sums, or couples its gates".into());
    }
    Ok(())
}

/// The layer, its weights, and whether it only reads backwards.
type Read = (LayerKind, Vec<(&'static str, Vec<f32>)>, Cell, bool);

fn read(op: &Op) -> Result<Read, String> {
    check(op)?;
    let direction = op.text("direction", "forward");
    let (count, backwards) = match direction.as_str() {
        "forward" => (1, false),
        "reverse" => (1, true),
        "bidirectional" => (2, false),
        other => return Err(format!("its direction is {other}")),
    };
    let (usual, order): (&[&str], &[usize]) = match op.kind() {
        "LSTM" => (&["Sigmoid", "Tanh", "Tanh"], &[0, 2, 3, 1]),
        "GRU" => (&["Sigmoid", "Tanh"], &[1, 0, 2]),
        _ => (&["Tanh"], &[0]),
    };
    let functions = functions(op, usual, count)?;
    if op.kind() == "GRU" && op.int("linear_before_reset", 0) == 0 {
        return Err("it resets the state before the product, not after it as here".into());
    }
    if op.kind() == "LSTM" && functions[1] != functions[2] {
        return Err("the functions of its cell and its state differ".into());
    }
    let (w, u) = (op.needed(1, "weights")?, op.needed(2, "recurrent weights")?);
    let gates = order.len();
    let [directions, rows, features] = w.dims[..] else { return Err("its weights have other axes".into()) };
    let units = rows / gates;
    if directions != count || u.dims != [count, rows, units] || rows != gates * units || units == 0 {
        return Err("its weights don't fit each other".into());
    }
    let b = op.constant(3).map(|bias| bias.reals());
    if b.as_ref().is_some_and(|b| b.len() != count * 2 * rows) || (b.is_none() && op.input(3).is_some()) {
        return Err("its biases don't fit its weights".into());
    }
    let (w, u) = (w.reals(), u.reals());
    let mut weights = Vec::new();
    // Only backwards: as both directions, the forward one of zeros, which is cut off.
    let stored = if backwards { vec![(false, None), (true, Some(0))] } else { vec![(false, Some(0)), (true, Some(1))] };
    for (reverse, at) in stored.into_iter().take(if backwards { 2 } else { count }) {
        let names = Recurrence::names(reverse);
        let part = |all: &[f32], len: usize| match at {
            Some(at) => ordered(&all[at * len..(at + 1) * len], order),
            None => vec![0.0; len],
        };
        weights.push((names[0], part(&w, rows * features)));
        weights.push((names[1], part(&u, rows * units)));
        if let Some(b) = &b {
            let half = |second: usize| match at {
                Some(at) => ordered(&b[(2 * at + second) * rows..(2 * at + second + 1) * rows], order),
                None => vec![0.0; rows],
            };
            weights.push((names[2], half(0)));
            weights.push((names[3], half(1)));
        }
    }
    let bidirectional = count == 2 || backwards;
    let cell = Cell { functions, units, bidirectional, bias: b.is_some() };
    Ok((layer(&cell, op.kind()), weights, cell, backwards))
}

fn layer(cell: &Cell, kind: &str) -> LayerKind {
    let Cell { units, bidirectional, bias, ref functions, .. } = *cell;
    match kind {
        "LSTM" => {
            Lstm { units, nonlinearity: functions[1], gate_nonlinearity: functions[0], bidirectional, bias }.into()
        }
        "GRU" => Gru { units, nonlinearity: functions[1], gate_nonlinearity: functions[0], bidirectional, bias }.into(),
        _ => SimpleRnn { units, nonlinearity: functions[0], bidirectional, bias }.into(),
    }
}

pub(super) fn recurrent(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let value = r.settle(op.value(0)?)?;
    let is_batch_first = op.int("layout", 0) != 0;
    let (batch, time) = if is_batch_first { (0, 1) } else { (1, 0) };
    if value.rank() != 3 || value.batch()? != batch {
        return Err("its steps and samples aren't where they should be".into());
    }
    if op.node.output.get(2).is_some_and(|name| r.uses.contains_key(name)) {
        return Err("its memory is asked for as well".into());
    }
    let (kind, weights, cell, backwards) = read(op)?;
    let from = r.built.arrange(&value, &[time, 2])?;
    let (layer, _) = r.built.add(kind, &[from], weights)?;
    let steps = value.size(time)?;
    let (mut sequence, mut last) = ((layer, Recurrence::SEQUENCE), (layer, Recurrence::LAST));
    let units = cell.units;
    if backwards {
        r.note("Read backwards only: as both directions, of which the forward one is cut off.");
        let half = |axis: usize| Slice { axis, start: units.to_string(), length: units, drop_axis: false };
        let is_read = |at: usize| op.node.output.get(at).is_some_and(|name| r.uses.contains_key(name));
        let reads = [is_read(0), is_read(1)];
        if reads[0] {
            sequence = r.built.add(half(2), &[sequence], Vec::new())?;
        }
        if reads[1] {
            last = r.built.add(half(1), &[last], Vec::new())?;
        }
    }
    let (all, state) = if cell.bidirectional && !backwards {
        both(r, (sequence, last), [steps, units])?
    } else {
        let all = Value {
            from: sequence,
            sizes: vec![steps, units],
            axes: vec![Axis::Of(0), Axis::One, Axis::Batch, Axis::Of(1)],
            pending: None,
        };
        let axes = vec![Axis::One, Axis::Batch, Axis::Of(0)];
        (all, Value { from: last, sizes: vec![units], axes, pending: None })
    };
    let turned =
        |value: Value, order: &[usize]| Value { axes: order.iter().map(|&axis| value.axes[axis]).collect(), ..value };
    let (all, state) =
        if is_batch_first { (turned(all, &[2, 0, 1, 3]), turned(state, &[1, 0, 2])) } else { (all, state) };
    Ok(vec![Operand::Value(all), Operand::Value(state)])
}

/// Both directions in an axis of their own, as ONNX has them.
fn both(r: &mut Reader, (sequence, last): (Port, Port), [steps, units]: [usize; 2]) -> Result<(Value, Value), String> {
    let all = r.built.reshape(sequence, &[steps, 2, units])?;
    let state = r.built.reshape(last, &[2, units])?;
    let all = Value {
        from: all,
        sizes: vec![steps, 2, units],
        axes: vec![Axis::Of(0), Axis::Of(1), Axis::Batch, Axis::Of(2)],
        pending: None,
    };
    let axes = vec![Axis::Of(0), Axis::Batch, Axis::Of(1)];
    Ok((all, Value { from: state, sizes: vec![2, units], axes, pending: None }))
}
