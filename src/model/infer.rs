//! Shapes of everything that can be known, and every problem with its place and its repairs. One broken wire does not
//! hide the rest: what does not depend on it stays valid.

use std::collections::BTreeMap;

use super::edit::Edit;
use super::graph::{Graph, Layer, LayerId, WireId};
use super::layer::{Fix, LayerKind, Mismatch};
use super::{DataSignature, Shape};

/// What is known about a graph over a data set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inference {
    /// The shape that leaves each valid layer.
    pub shapes: BTreeMap<LayerId, Shape>,
    /// Trainable numbers of each valid layer.
    pub parameter_counts: BTreeMap<LayerId, usize>,
    pub problems: Vec<Problem>,
}

impl Inference {
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    pub fn parameter_count(&self) -> usize {
        self.parameter_counts.values().fold(0, |sum: usize, &n| sum.saturating_add(n))
    }

    pub fn wire_problem(&self, wire: WireId) -> Option<&Problem> {
        self.problems.iter().find(|p| p.place == Place::Wire(wire))
    }

    pub fn layer_problem(&self, layer: LayerId) -> Option<&Problem> {
        self.problems.iter().find(|p| p.place == Place::Layer(layer))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Wire(WireId),
    Layer(LayerId),
    /// The graph as a whole.
    Graph,
}

/// Something that keeps the graph from training.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub place: Place,
    /// Name of the layer concerned, for lists; empty for the graph as a whole.
    pub layer: String,
    /// One sentence or two: what is wrong and why.
    pub message: String,
    /// "a row of numbers" and "1 × 28 × 28", where a shape is wrong.
    pub expected_got: Option<(String, String)>,
    pub repairs: Vec<Repair>,
}

/// A button that mends a problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    /// "Insert Flatten", "Set Units of Dense 2 to 10".
    pub label: String,
    pub edit: Edit,
}

/// The whole graph, layer by layer.
pub fn infer(graph: &Graph, data: Option<&DataSignature>) -> Inference {
    let mut found = Inference::default();
    for id in graph.topological_order() {
        if let Some(layer) = graph.layer(id) {
            infer_layer(graph, layer, data, &mut found);
        }
    }
    whole_graph(graph, &mut found);
    found
}

fn infer_layer(graph: &Graph, layer: &Layer, data: Option<&DataSignature>, found: &mut Inference) {
    let wires: Vec<_> = graph.incoming(layer.id).copied().collect();
    let wanted = layer.kind.about().inputs.least();
    if wires.len() < wanted {
        found.problems.push(unconnected(graph, layer, wires.len(), wanted));
        return;
    }
    let shapes: Option<Vec<_>> = wires.iter().map(|wire| found.shapes.get(&wire.from).cloned()).collect();
    // A source that is itself in trouble says so; this layer keeps quiet.
    let Some(shapes) = shapes else { return };
    match layer.kind.spec().infer(&shapes, data) {
        Ok(shape) if shape.len() > MAX_NUMBERS => found.problems.push(too_large(layer, &shape)),
        Ok(shape) => {
            let count = layer.kind.spec().parameters(&shapes).iter().fold(0usize, |sum, (_, dims)| {
                sum.saturating_add(dims.iter().fold(1usize, |n, &d| n.saturating_mul(d)))
            });
            found.parameter_counts.insert(layer.id, count);
            found.shapes.insert(layer.id, shape);
        }
        Err(mismatch) => {
            let culprit = wires.iter().zip(&shapes).rev().find(|(_, s)| s.to_string() == mismatch.got);
            let wire = culprit.map(|(w, _)| w).or(wires.last()).map(|w| w.id);
            found.problems.push(mismatched(graph, layer, wire, mismatch));
        }
    }
}

/// Above this a single sample's activations alone would fill any desktop's memory.
const MAX_NUMBERS: usize = 1 << 28;

fn too_large(layer: &Layer, shape: &Shape) -> Problem {
    Problem {
        place: Place::Layer(layer.id),
        layer: layer.name.clone(),
        message: format!(
            "{} would make {shape} = {} numbers of every sample, which does not fit in memory.",
            layer.name,
            shape.len()
        ),
        expected_got: None,
        repairs: Vec::new(),
    }
}

fn unconnected(graph: &Graph, layer: &Layer, have: usize, want: usize) -> Problem {
    let message = match (have, want) {
        (0, 1) => format!("Nothing arrives at {}: draw a wire to its left side.", layer.name),
        (0, _) => format!("{} needs at least two wires.", layer.name),
        _ => format!("{} needs a second wire: with one there is nothing to merge.", layer.name),
    };
    // The last layer that feeds nothing yet is the likeliest source.
    let order = graph.topological_order();
    let source =
        order.iter().rev().copied().find(|&id| {
            id != layer.id && graph.outgoing(id).next().is_none() && graph.may_connect(id, layer.id).is_ok()
        });
    let repairs = source.and_then(|id| graph.layer(id)).map(|from| Repair {
        label: format!("Connect {} to {}", from.name, layer.name),
        edit: Edit::Connect { from: from.id, to: layer.id },
    });
    Problem {
        place: Place::Layer(layer.id),
        layer: layer.name.clone(),
        message,
        expected_got: None,
        repairs: repairs.into_iter().collect(),
    }
}

fn mismatched(graph: &Graph, layer: &Layer, wire: Option<WireId>, mismatch: Mismatch) -> Problem {
    let repairs = mismatch.fixes.into_iter().filter_map(|fix| repair(graph, layer, wire, fix)).collect();
    Problem {
        place: wire.map_or(Place::Layer(layer.id), Place::Wire),
        layer: layer.name.clone(),
        message: mismatch.why,
        expected_got: Some((mismatch.expected, mismatch.got)),
        repairs,
    }
}

fn repair(graph: &Graph, layer: &Layer, wire: Option<WireId>, fix: Fix) -> Option<Repair> {
    match fix {
        Fix::InsertBefore(kind) => {
            let wire = wire?;
            let label = match &kind {
                LayerKind::Dense(dense) => format!("Insert Dense with {} units", dense.units),
                LayerKind::Reshape(reshape) => format!("Insert Reshape to {}", reshape.shape),
                other => format!("Insert {}", other.about().title),
            };
            Some(Repair { label, edit: Edit::InsertOnWire { wire, kind, position: None } })
        }
        Fix::Set { key, value } => set(layer, key, value),
        Fix::SetPrevious { key, value } => {
            let from = graph.wire(wire?)?.from;
            let source = graph.layer(from)?;
            source.kind.spec().param(key)?;
            set(source, key, value)
        }
    }
}

fn set(layer: &Layer, key: &str, value: super::layer::ParamValue) -> Option<Repair> {
    let spec = layer.kind.spec().param_specs().into_iter().find(|spec| spec.key == key)?;
    let shown = match (&spec.kind, &value) {
        (super::layer::ParamKind::Choice(options), super::layer::ParamValue::Text(text)) => {
            options.iter().find(|(k, _)| k == text).map_or(text.clone(), |(_, title)| (*title).to_owned())
        }
        (_, super::layer::ParamValue::Int(v)) => v.to_string(),
        (_, super::layer::ParamValue::Float(v)) => v.to_string(),
        (_, super::layer::ParamValue::Bool(v)) => v.to_string(),
        (_, super::layer::ParamValue::Text(v)) => v.clone(),
    };
    let edit = Edit::SetParam { layer: layer.id, key: key.to_owned(), value };
    Some(Repair { label: format!("Set {} of {} to {shown}", spec.label, layer.name), edit })
}

fn whole_graph(graph: &Graph, found: &mut Inference) {
    let of_kind = |test: fn(&LayerKind) -> bool| graph.layers().filter(|l| test(&l.kind)).collect::<Vec<_>>();
    let losses = of_kind(|kind| matches!(kind, LayerKind::Loss(_)));
    let inputs = of_kind(|kind| matches!(kind, LayerKind::Input(_)));
    let mut push = |message: &str, repairs| {
        found.problems.push(Problem {
            place: Place::Graph,
            layer: String::new(),
            message: message.to_owned(),
            expected_got: None,
            repairs,
        });
    };
    if inputs.is_empty() {
        let edit = Edit::Add { kind: super::layer::Input {}.into(), position: [0.0, 0.0] };
        push(
            "The network has no Input: nothing tells it where the data enters.",
            vec![Repair { label: "Add Input".into(), edit }],
        );
    }
    match losses.as_slice() {
        [] => {
            let right = graph.layers().map(|l| l.position[0]).fold(0.0, f32::max);
            let edit = Edit::Add { kind: super::layer::Loss::default().into(), position: [right + 220.0, 40.0] };
            push(
                "The network has no Loss: nothing tells it what to learn.",
                vec![Repair { label: "Add Loss".into(), edit }],
            );
        }
        [_] => {}
        [.., last] => {
            let label = format!("Remove {}", last.name);
            push(
                "There is more than one Loss; training can minimise only one.",
                vec![Repair { label, edit: Edit::Remove(vec![last.id]) }],
            );
        }
    }
}
