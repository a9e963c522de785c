//! How a graph lies in a file; reading it checks what the methods of [`Graph`] keep true.
//!
//! A wire names its ports where its layers have several. Graphs of format 1 name none: their wires arrive in the order
//! in which they stand. Graphs lie in many files (projects, journals, cards of runs), so each is read by what it says
//! of itself.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{End, Graph, Layer, LayerId, Wire, WireId};

/// `Layer`, or what is read for one.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parts<L> {
    layers: Vec<L>,
    wires: Vec<WirePart>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePart {
    id: WireId,
    from: LayerId,
    /// Left out where there is one, or the usual one is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    to: LayerId,
    /// Left out where there is one, or the next one that is free is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input: Option<String>,
}

impl From<Graph> for Parts<Layer> {
    fn from(graph: Graph) -> Self {
        let part = |wire: &Wire| WirePart {
            id: wire.id,
            from: wire.from,
            output: graph.layer(wire.from).and_then(|layer| {
                let outputs = layer.kind.spec().outputs();
                (outputs.len() > 1).then(|| outputs.get(wire.output).copied().unwrap_or_default().to_owned())
            }),
            to: wire.to,
            input: graph.layer(wire.to).and_then(|layer| {
                let inputs = layer.kind.about().inputs;
                inputs.is_named_for(wire.input).then(|| inputs.name(wire.input))
            }),
        };
        let wires = graph.wires.iter().map(part).collect();
        Self { layers: graph.layers.into_values().collect(), wires }
    }
}

impl TryFrom<Parts<Value>> for Graph {
    type Error = String;

    fn try_from(parts: Parts<Value>) -> Result<Self, String> {
        let parts = of_format_2(parts)?;
        let largest = parts.layers.iter().map(|l| l.id.0).chain(parts.wires.iter().map(|w| w.id.0.into()));
        let largest = largest.max().unwrap_or(0);
        let next_id = u32::try_from(largest).ok().filter(|&id| id <= u32::MAX / 2);
        let next_id = next_id.ok_or_else(|| format!("id {largest} is too large"))?;
        let mut graph = Self { next_id, ..Self::default() };
        for layer in parts.layers {
            check_layer(&graph, &layer)?;
            if let Some(previous) = graph.layers.insert(layer.id, layer) {
                return Err(format!("two layers have the id {}", previous.id.0));
            }
        }
        graph.check_blocks()?;
        let mut ids = BTreeSet::new();
        for part in parts.wires {
            if !ids.insert(part.id) {
                return Err(format!("two wires have the id {}", part.id.0));
            }
            let wire = part.wire(&graph).map_err(|error| format!("wire {}: {error}", part.id.0))?;
            graph.plug(wire);
        }
        graph.close_all_ranks();
        Ok(graph)
    }
}

/// In format 1 a recurrent layer said itself what leaves it: `every_step` is the output `sequence` now, and `last`
/// without it.
fn of_format_2(parts: Parts<Value>) -> Result<Parts<Layer>, String> {
    let (mut layers, mut wires) = (Vec::with_capacity(parts.layers.len()), parts.wires);
    for mut value in parts.layers {
        let is_recurrent = ["lstm", "gru", "simple_rnn"].iter().any(|kind| value["kind"] == *kind);
        let every_step = value.as_object_mut().filter(|_| is_recurrent).and_then(|layer| layer.remove("every_step"));
        let layer = Layer::deserialize(value).map_err(|error| error.to_string())?;
        if every_step == Some(Value::Bool(true)) {
            for wire in wires.iter_mut().filter(|wire| wire.from == layer.id) {
                wire.output.get_or_insert_with(|| "sequence".to_owned());
            }
        }
        layers.push(layer);
    }
    Ok(Parts { layers, wires })
}

fn check_layer(graph: &Graph, layer: &Layer) -> Result<(), String> {
    if graph.free_name(&layer.name, None) != layer.name {
        return Err(format!("two layers are named {:?} (or the name is empty)", layer.name));
    }
    if !layer.position.iter().all(|p| p.is_finite()) {
        return Err(format!("layer {:?} has an invalid position", layer.name));
    }
    for spec in layer.kind.spec().param_specs() {
        if let Some(refusal) = layer.kind.spec().param(spec.key).and_then(|value| spec.kind.refuse(spec.label, &value))
        {
            return Err(format!("layer {:?}: {refusal}", layer.name));
        }
    }
    Ok(())
}

impl WirePart {
    fn wire(&self, graph: &Graph) -> Result<Wire, String> {
        let (mut from, mut to) = (End::from(self.from), End::from(self.to));
        if let (Some(name), Some(layer)) = (&self.output, graph.layer(self.from)) {
            let port = layer.kind.spec().outputs().iter().position(|output| output == name);
            from.port = Some(port.ok_or_else(|| format!("{} has no output named {name:?}", layer.name))?);
        }
        if let (Some(name), Some(layer)) = (&self.input, graph.layer(self.to)) {
            let port = layer.kind.about().inputs.find(name);
            to.port = Some(port.ok_or_else(|| format!("{} has no input named {name:?}", layer.name))?);
        }
        let (output, free) = graph.joint(from, to).map_err(|error| error.to_string())?;
        // In any order: gaps among inputs that are alike are closed in the end.
        let input = to.port.unwrap_or(free);
        match graph.incoming(self.to).find(|wire| wire.input == input) {
            Some(_) if self.input.is_none() => Err("all inputs of its target are in use".to_owned()),
            Some(other) => Err(format!("wire {} is already connected there", other.id.0)),
            None => Ok(Wire { id: self.id, from: self.from, output, to: self.to, input }),
        }
    }
}
