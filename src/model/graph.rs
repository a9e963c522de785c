//! The drawn graph: layers and the wires between them. Always well-formed (ids exist, no cycles, free ports only);
//! whether it *means* anything is for [`super::infer`] to say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::layer::{Group, Inputs, LayerKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WireId(pub u32);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    pub id: LayerId,
    /// Unique in its graph, also after [`slug`]: "Dense 1" is `dense_1` in listings and checkpoints.
    pub name: String,
    #[serde(flatten)]
    pub kind: LayerKind,
    /// Frozen layers keep their weights while the rest trains.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frozen: bool,
    /// Top left corner of the card on the canvas, in points at 100 %.
    #[serde(default)]
    pub position: [f32; 2],
}

impl Layer {
    pub fn slug(&self) -> String {
        slug(&self.name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wire {
    pub id: WireId,
    pub from: LayerId,
    pub to: LayerId,
}

/// Wires are kept in the order in which they arrive at merging layers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Graph {
    layers: BTreeMap<LayerId, Layer>,
    wires: Vec<Wire>,
    next_id: u32,
}

/// Equal when the same is drawn: ids that were once given away and are free again (after an edit and its opposite, or in a
/// file) make no difference.
impl PartialEq for Graph {
    fn eq(&self, other: &Self) -> bool {
        self.layers == other.layers && self.wires == other.wires
    }
}

/// Why a wire cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    #[error("There is no such layer.")]
    NoSuchLayer,
    #[error("{0} has no output: it ends the network.")]
    NoOutput(String),
    #[error("{0} has no input: the data enters here.")]
    NoInput(String),
    #[error("This would create a loop: {to} already feeds {from}.")]
    Cycle { from: String, to: String },
    #[error("These two are already connected.")]
    Duplicate,
}

impl Layer {
    /// Zeros that leave it are what it is for, or come from what is before it: only of units of its own they mean that those are dead.
    pub fn may_be_zero(&self) -> bool {
        !self.kind.has_weights() && self.kind.about().group != Group::Activation
    }
}

impl Graph {
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.layers.values()
    }

    pub fn layer(&self, id: LayerId) -> Option<&Layer> {
        self.layers.get(&id)
    }

    pub(super) fn layer_mut(&mut self, id: LayerId) -> Option<&mut Layer> {
        self.layers.get_mut(&id)
    }

    pub fn wires(&self) -> &[Wire] {
        &self.wires
    }

    pub fn wire(&self, id: WireId) -> Option<&Wire> {
        self.wires.iter().find(|wire| wire.id == id)
    }

    pub fn len(&self) -> usize {
        self.layers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Wires that arrive at a layer, in order.
    pub fn incoming(&self, id: LayerId) -> impl Iterator<Item = &Wire> {
        self.wires.iter().filter(move |wire| wire.to == id)
    }

    pub fn outgoing(&self, id: LayerId) -> impl Iterator<Item = &Wire> {
        self.wires.iter().filter(move |wire| wire.from == id)
    }

    /// The layer with this name or slug.
    pub fn find(&self, name: &str) -> Option<&Layer> {
        self.layers().find(|layer| layer.name == name || layer.slug() == name)
    }

    /// Adds a layer under a fresh name.
    pub fn add(&mut self, kind: LayerKind, position: [f32; 2]) -> LayerId {
        let id = LayerId(self.fresh_id());
        let name = self.fresh_name(&kind);
        self.layers.insert(id, Layer { id, name, kind, frozen: false, position });
        id
    }

    /// Draws a wire. A layer whose input ports are all taken gives up the last wire it had.
    pub fn connect(&mut self, from: LayerId, to: LayerId) -> Result<WireId, ConnectError> {
        self.may_connect(from, to)?;
        let most = self.layers.get(&to).and_then(|layer| layer.kind.about().inputs.most());
        if most.is_some_and(|most| self.incoming(to).count() >= most)
            && let Some(last) = self.wires.iter().rposition(|wire| wire.to == to)
        {
            self.wires.remove(last);
        }
        let id = WireId(self.fresh_id());
        self.wires.push(Wire { id, from, to });
        Ok(id)
    }

    pub fn may_connect(&self, from: LayerId, to: LayerId) -> Result<(), ConnectError> {
        let (source, target) = self.layer(from).zip(self.layer(to)).ok_or(ConnectError::NoSuchLayer)?;
        if !source.kind.about().has_output {
            return Err(ConnectError::NoOutput(source.name.clone()));
        }
        if target.kind.about().inputs == Inputs::None {
            return Err(ConnectError::NoInput(target.name.clone()));
        }
        if self.wires.iter().any(|wire| (wire.from, wire.to) == (from, to)) {
            return Err(ConnectError::Duplicate);
        }
        if self.reaches(to, from) {
            return Err(ConnectError::Cycle { from: source.name.clone(), to: target.name.clone() });
        }
        Ok(())
    }

    /// Whether `to` can be reached from `from` along wires (a layer reaches itself).
    pub fn reaches(&self, from: LayerId, to: LayerId) -> bool {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(id) = open.pop() {
            if id == to {
                return true;
            }
            if seen.insert(id) {
                open.extend(self.outgoing(id).map(|wire| wire.to));
            }
        }
        false
    }

    pub fn disconnect(&mut self, id: WireId) -> Option<Wire> {
        let index = self.wires.iter().position(|wire| wire.id == id)?;
        Some(self.wires.remove(index))
    }

    /// Removes a layer with its wires; when exactly one wire came in, what it fed is fed from there instead.
    pub fn remove(&mut self, id: LayerId) -> Option<Layer> {
        let layer = self.layers.remove(&id)?;
        let sources: Vec<_> = self.incoming(id).map(|wire| wire.from).collect();
        let bridge = if let [source] = sources[..] { Some(source) } else { None };
        let mut wires = Vec::with_capacity(self.wires.len());
        for mut wire in std::mem::take(&mut self.wires) {
            if wire.from == id
                && let Some(source) = bridge
            {
                wire.from = source;
            }
            let duplicate = wires.iter().any(|w: &Wire| (w.from, w.to) == (wire.from, wire.to));
            if wire.from != id && wire.to != id && !duplicate {
                wires.push(wire);
            }
        }
        self.wires = wires;
        Some(layer)
    }

    /// Removes a layer and every wire at it.
    pub fn remove_cutting(&mut self, id: LayerId) -> Option<Layer> {
        self.wires.retain(|wire| wire.from != id && wire.to != id);
        self.layers.remove(&id)
    }

    /// Puts an existing, unconnected layer between the ends of a wire, keeping the wire's place among its siblings.
    pub fn insert_on_wire(&mut self, wire: WireId, layer: LayerId) -> Result<(), ConnectError> {
        let old = *self.wire(wire).ok_or(ConnectError::NoSuchLayer)?;
        let about = self.layer(layer).ok_or(ConnectError::NoSuchLayer)?.kind.about();
        let name = || self.layer(layer).map(|l| l.name.clone()).unwrap_or_default();
        if about.inputs == Inputs::None {
            return Err(ConnectError::NoInput(name()));
        }
        if !about.has_output {
            return Err(ConnectError::NoOutput(name()));
        }
        if layer == old.from || layer == old.to || self.reaches(old.to, layer) || self.reaches(layer, old.from) {
            return Err(ConnectError::Cycle { from: name(), to: name() });
        }
        self.connect(old.from, layer)?;
        let new_id = WireId(self.fresh_id());
        for wire in &mut self.wires {
            if wire.id == old.id {
                *wire = Wire { id: new_id, from: layer, to: old.to };
            }
        }
        Ok(())
    }

    /// Ids from inputs to outputs; layers that do not depend on each other keep the order of their ids.
    pub fn topological_order(&self) -> Vec<LayerId> {
        let mut missing: BTreeMap<LayerId, usize> =
            self.layers.keys().map(|&id| (id, self.incoming(id).count())).collect();
        let mut ready: BTreeSet<LayerId> = missing.iter().filter(|(_, n)| **n == 0).map(|(id, _)| *id).collect();
        let mut order = Vec::with_capacity(self.layers.len());
        while let Some(id) = ready.pop_first() {
            order.push(id);
            for wire in self.outgoing(id) {
                if let Some(n) = missing.get_mut(&wire.to) {
                    *n -= 1;
                    if *n == 0 {
                        ready.insert(wire.to);
                    }
                }
            }
        }
        order
    }

    /// A free name close to the wanted one.
    pub fn free_name(&self, wanted: &str, except: Option<LayerId>) -> String {
        let wanted = if slug(wanted).is_empty() { "Layer" } else { wanted.trim() };
        let taken = |name: &str| self.layers().any(|l| Some(l.id) != except && l.slug() == slug(name));
        if !taken(wanted) {
            return wanted.to_owned();
        }
        (2..).map(|n| format!("{wanted} {n}")).find(|name| !taken(name)).unwrap_or_default()
    }

    fn fresh_name(&self, kind: &LayerKind) -> String {
        let title = kind.about().title;
        if matches!(kind, LayerKind::Input(_) | LayerKind::Loss(_)) {
            return self.free_name(title, None);
        }
        (1..).map(|n| format!("{title} {n}")).find(|name| self.free_name(name, None) == *name).unwrap_or_default()
    }

    fn fresh_id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }
}

/// Name as used in listings and checkpoints: lower case, words joined by `_`. "Conv 2-D 1" is `conv_2_d_1`.
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    out.trim_end_matches('_').to_owned()
}

impl fmt::Display for LayerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer {}", self.0)
    }
}

/// How a graph lies in a file; reading it checks what the methods above keep true.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    layers: Vec<Layer>,
    wires: Vec<Wire>,
}

impl From<Graph> for Parts {
    fn from(graph: Graph) -> Self {
        Self { layers: graph.layers.into_values().collect(), wires: graph.wires }
    }
}

impl TryFrom<Parts> for Graph {
    type Error = String;

    fn try_from(parts: Parts) -> Result<Self, String> {
        let largest = parts.layers.iter().map(|l| l.id.0).chain(parts.wires.iter().map(|w| w.id.0)).max().unwrap_or(0);
        if largest > u32::MAX / 2 {
            return Err(format!("id {largest} is too large"));
        }
        let mut graph = Self { next_id: largest, ..Self::default() };
        for layer in parts.layers {
            if graph.free_name(&layer.name, None) != layer.name {
                return Err(format!("two layers are named {:?} (or the name is empty)", layer.name));
            }
            if !layer.position.iter().all(|p| p.is_finite()) {
                return Err(format!("layer {:?} has an invalid position", layer.name));
            }
            for spec in layer.kind.spec().param_specs() {
                if let Some(refusal) =
                    layer.kind.spec().param(spec.key).and_then(|value| spec.kind.refuse(spec.label, &value))
                {
                    return Err(format!("layer {:?}: {refusal}", layer.name));
                }
            }
            if let Some(previous) = graph.layers.insert(layer.id, layer) {
                return Err(format!("two layers have the id {}", previous.id.0));
            }
        }
        let mut ids = BTreeSet::new();
        for wire in parts.wires {
            if !ids.insert(wire.id) {
                return Err(format!("two wires have the id {}", wire.id.0));
            }
            graph.may_connect(wire.from, wire.to).map_err(|error| format!("wire {}: {error}", wire.id.0))?;
            let most = graph.layer(wire.to).and_then(|layer| layer.kind.about().inputs.most());
            if most.is_some_and(|most| graph.incoming(wire.to).count() >= most) {
                return Err(format!("wire {}: all inputs of its target are in use", wire.id.0));
            }
            graph.wires.push(wire);
        }
        Ok(graph)
    }
}
