//! What the axes of a value are called, by what it is and the layer that it belongs to.

use crate::engine::{Phase, Program, Role, Value, ValueId};
use crate::trace::Gates;

/// What the places along an axis of gates are called.
const GATE: &str = "gate unit";

/// One name a dimension, the batch's "sample" among them.
pub fn axes(program: &Program, id: ValueId) -> Vec<String> {
    let Some(value) = program.value(id) else { return Vec::new() };
    let names = match value.role {
        Role::Parameter | Role::Buffer => value.axes.to_vec(),
        Role::Gradient | Role::Optimiser | Role::Hidden => match belongs_to(program, id, value) {
            Some(of) => return axes(program, of),
            None => sample_axes(program, id, value),
        },
        _ => sample_axes(program, id, value),
    };
    let mut names: Vec<_> = names.into_iter().map(str::to_owned).collect();
    if let Some(name) = gates(program, id).and_then(|gates| names.get_mut(gates.axis)) {
        *name = GATE.to_owned();
    }
    names
}

/// Where an axis of a value runs through the gates of an LSTM or a GRU: of weights and biases, of the gates themselves,
/// and of gradients and moments of these.
pub fn gates(program: &Program, id: ValueId) -> Option<Gates> {
    let value = program.value(id)?;
    if matches!(value.role, Role::Gradient | Role::Optimiser | Role::Hidden) {
        return belongs_to(program, id, value).and_then(|of| gates(program, of));
    }
    let first = Some(0).filter(|_| value.role == Role::Parameter);
    let last = || (value.shape.dims.len() + usize::from(value.shape.batched)).checked_sub(1);
    program.instructions.iter().filter(|i| i.phase == Phase::Forward && !i.op.gates().is_empty()).find_map(|i| {
        let is_gates = || i.outputs.get(1) == Some(&id);
        let axis = if i.inputs.contains(&id) { first } else { last().filter(|_| is_gates()) };
        axis.map(|axis| Gates { axis, names: i.op.gates() })
    })
}

/// The value that a gradient or a moment has the shape of.
fn belongs_to(program: &Program, id: ValueId, value: &Value) -> Option<ValueId> {
    let by_map = program.gradients.iter().find(|(_, gradient)| **gradient == id).map(|(of, _)| *of);
    // `d%3.1`, `dense_1.weight.grad.clipped`, `dense_1.weight.adam_m`
    let stem = || {
        let name = value.name.strip_prefix("d%").map_or_else(|| value.name.clone(), |rest| format!("%{rest}"));
        let cut = name.rsplit_once(".grad").or_else(|| name.rsplit_once('.')).map_or(&*name, |(stem, _)| stem);
        program.find(&name).filter(|of| *of != id).or_else(|| program.find(cut))
    };
    let of = by_map.or_else(stem).filter(|of| *of != id)?;
    (program.value(of)?.shape == value.shape).then_some(of)
}

/// Of what is computed for every sample (or for the batch as a whole).
fn sample_axes(program: &Program, id: ValueId, value: &Value) -> Vec<&'static str> {
    let dims = value.shape.dims.len();
    let is_data = matches!(value.role, Role::Input) || value.name == crate::engine::STAGED_INPUT;
    let is_output = program.output == id;
    let maker = program.instructions.iter().find(|i| i.outputs.contains(&id));
    let own = maker.and_then(|i| Some(i.op.axes(i.outputs.iter().position(|made| *made == id)?))).unwrap_or_default();
    let inner: Vec<&str> = match dims {
        // One head leaves its axis out.
        n if !own.is_empty() => own[own.len().saturating_sub(n)..].to_vec(),
        0 => vec![],
        1 if is_data => vec!["feature"],
        1 if is_output || value.role == Role::Target => vec!["output"],
        1 if value.shape.batched => vec!["unit"],
        1 => vec!["channel"],
        2 => vec!["position", "feature"],
        3 => vec!["channel", "row", "column"],
        n => vec![""; n],
    };
    let sample = value.shape.batched.then_some("sample");
    sample.into_iter().chain(inner).collect()
}
