//! All layers in one table: what leaves them, how strong their gradient is, how far the update moved them.

use crate::engine::{Ends, Machine, Program, Role, TensorData, ValueId};
use crate::model::{Layer, LayerKind};
use crate::trace::{LayerHealth, LayersRecord, Statistics};
use crate::trainer::debugger::Debugger;

/// Of larger activations only the first samples are looked at.
const MOST_COUNTED: usize = 1 << 20;

/// Every layer but the Loss, in the order in which they compute.
pub fn record(debugger: &Debugger) -> LayersRecord {
    let machine = debugger.machine();
    let graph = &*debugger.run().project().graph.unfolded();
    let layers = graph.topological_order().into_iter().filter_map(|id| graph.layer(id));
    let own = layers.filter(|layer| !matches!(layer.kind, LayerKind::Loss(_)));
    let rows = own.filter_map(|layer| health(machine, layer)).collect();
    let so_far = || machine.first_not_finite_so_far().ok().flatten();
    let not_finite = machine.first_not_finite().cloned().or_else(so_far);
    let not_finite = not_finite.map(|found| format!("{found} {}", found.advice()));
    LayersRecord { step: debugger.current_step(), batch: machine.batch_len(), layers: rows, not_finite }
}

pub fn health(machine: &Machine, own: &Layer) -> Option<LayerHealth> {
    let (program, layer) = (machine.program(), own.id);
    let output = *program.layer_outputs.get(&layer)?;
    let activations = machine.read(output).ok();
    let counted = activations.as_ref().map(|data| &data.data[..counted(data)]);
    let parameters: Vec<ValueId> =
        program.ids().filter(|(_, v)| v.layer == Some(layer) && v.role == Role::Parameter).map(|(id, _)| id).collect();
    let norm = |ids: &mut dyn Iterator<Item = ValueId>| {
        let read = ids.filter_map(|id| machine.read(id).ok());
        joint(read.map(|tensor| {
            let found = Statistics::of(&tensor.data);
            if found.nans + found.infinities > 0 { f64::NAN } else { f64::from(found.norm) }
        }))
    };
    let gradients = parameters.iter().filter_map(|id| program.gradients.get(id).copied());
    let updates = parameters.iter().filter_map(|id| machine.updates().get(id));
    let change = joint(updates.clone().map(|update| update.change));
    let before = joint(updates.map(|update| update.weight));
    Some(LayerHealth {
        layer,
        name: layer.title(&own.name),
        output: program.name(output).to_owned(),
        activations: counted.map(Statistics::of).unwrap_or_default(),
        samples: activations.as_ref().and_then(|data| data.dims.first().copied()).unwrap_or_default(),
        may_be_zero: own.may_be_zero(),
        dead: activations.as_ref().and_then(|data| silent(program, output, data)),
        saturated: activations.as_ref().and_then(|data| saturated(program, output, data)),
        gradient: norm(&mut gradients.clone()),
        weights: norm(&mut parameters.iter().copied()),
        update: change.zip(before).filter(|(_, before)| *before != 0.0).map(|(change, before)| change / before),
        is_frozen: own.frozen,
    })
}

/// Units of a rectifier that are zero for all samples, and how many there are. A single sample tells nothing of them.
pub fn silent(program: &Program, output: ValueId, data: &TensorData) -> Option<(usize, usize)> {
    let of_several = data.dims.first().is_some_and(|&samples| samples > 1);
    (of_several && ends(program, output) == Ends::Zero).then(|| dead(data))
}

/// Numbers of whole samples that are looked at.
fn counted(data: &TensorData) -> usize {
    let each = data.dims.iter().skip(1).product::<usize>().max(1);
    let samples = data.dims.first().copied().unwrap_or(1);
    (each * samples.min((MOST_COUNTED / each).max(1))).min(data.data.len())
}

/// The norm of several parts; `None` of none. NaN stays NaN.
fn joint(norms: impl Iterator<Item = f64>) -> Option<f32> {
    let squares = norms.map(|norm| norm * norm).reduce(|a, b| a + b)?;
    Some(squares.sqrt() as f32)
}

/// Where what makes a value stops answering.
fn ends(program: &Program, output: ValueId) -> Ends {
    let maker = program.instructions.iter().find(|i| i.outputs.contains(&output));
    maker.map_or(Ends::None, |instruction| instruction.op.ends())
}

/// Share of what leaves a layer that lies within a fiftieth of an end of its activation, where it has two ends. An
/// answer is meant to go there.
pub fn saturated(program: &Program, output: ValueId, data: &TensorData) -> Option<f32> {
    if output == program.output {
        return None;
    }
    let Ends::Both { low, high } = ends(program, output) else { return None };
    let (seen, near) = (&data.data[..counted(data)], (high - low) / 50.0);
    let at_an_end = seen.iter().filter(|&&v| v <= low + near || v >= high - near).count();
    (!seen.is_empty()).then(|| at_an_end as f32 / seen.len() as f32)
}

/// Units (or channels) that are zero for every sample and at every position, and how many there are.
fn dead(data: &TensorData) -> (usize, usize) {
    // Channels come first, features of a sequence last.
    let (axis, inner) = match data.dims.as_slice() {
        [_, channels, rest @ ..] if data.dims.len() != 3 => (*channels, rest.iter().product::<usize>()),
        [.., features] => (*features, 1),
        [] => return (0, 0),
    };
    let mut alive = vec![false; axis];
    let answers = |values: &[f32]| values.iter().any(|&v| v != 0.0);
    for sample in data.data.chunks((axis * inner).max(1)) {
        for (alive, of_unit) in alive.iter_mut().zip(sample.chunks(inner.max(1))).filter(|(alive, _)| !**alive) {
            *alive = answers(of_unit);
        }
    }
    (alive.iter().filter(|alive| !**alive).count(), axis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_never_answer_are_dead() {
        let units = TensorData { dims: vec![2, 3], data: [0.0, 1.0, 0.0, 0.0, 0.0, -2.0].into() };
        assert_eq!(dead(&units), (1, 3));
        let channels = TensorData { dims: vec![1, 2, 1, 2], data: [0.0, 0.0, 0.0, 3.0].into() };
        assert_eq!(dead(&channels), (1, 2));
        let sequence = TensorData { dims: vec![1, 2, 2], data: [0.0, 1.0, 0.0, 0.0].into() };
        assert_eq!(dead(&sequence), (1, 2));
    }
}
