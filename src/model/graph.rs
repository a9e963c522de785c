//! The drawn graph: layers and the wires between them. Always well-formed (ids exist, no cycles, free ports only);
//! whether it *means* anything is for [`super::infer`] to say.

mod block;
mod file;
mod group;
mod losses;
mod replace;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::layer::{Group, Inputs, LayerKind, Need};

pub use block::{GroupError, MOST_LAYERS, MOST_REPETITIONS};

/// Names a layer within its graph, in files too. Of a layer on the canvas below 2^32; above these bits stands which
/// repetition of a Block it is in what a graph unfolds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerId(pub u64);

/// Names a wire within its graph. Layers and wires are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WireId(pub u32);

/// A node of the graph: one layer with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// What wires and edits call it by.
    pub id: LayerId,
    /// Unique in its graph, also after [`slug`]: "Dense 1" is `dense_1` in listings and checkpoints.
    pub name: String,
    /// Which layer it is, with its parameters.
    #[serde(flatten)]
    pub kind: LayerKind,
    /// Frozen layers keep their weights while the rest trains.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frozen: bool,
    /// Top left corner of the card on the canvas, in points at 100 %.
    #[serde(default)]
    pub position: [f32; 2],
    /// The Block that it lies in; `None` for the network itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<LayerId>,
}

impl Layer {
    /// The name as listings and checkpoints spell it: "Dense 1" is `dense_1`.
    pub fn slug(&self) -> String {
        self.id.word(&self.name)
    }
}

/// From a port to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire {
    /// What edits call it by.
    pub id: WireId,
    /// The layer where it leaves.
    pub from: LayerId,
    /// Which of the outputs there.
    pub output: usize,
    /// The layer where it arrives.
    pub to: LayerId,
    /// Which of the inputs there; no other wire arrives at it.
    pub input: usize,
}

/// One end of a wire that is to be: a port, or a layer whose port is chosen for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The layer at this end.
    pub layer: LayerId,
    /// Its port by number, from 0; `None`: the one that suits best.
    pub port: Option<usize>,
}

impl End {
    /// This very port of the layer.
    pub fn at(layer: LayerId, port: usize) -> Self {
        Self { layer, port: Some(port) }
    }
}

impl From<LayerId> for End {
    fn from(layer: LayerId) -> Self {
        Self { layer, port: None }
    }
}

/// Wires that arrive at the same layer are kept in the order of its ports.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "file::Parts<serde_json::Value>", into = "file::Parts<Layer>")]
pub struct Graph {
    layers: BTreeMap<LayerId, Layer>,
    wires: Vec<Wire>,
    next_id: u32,
}

/// Equal when the same is drawn: ids that were once given away and are free again (after an edit and its opposite, or
/// in a file) make no difference.
impl PartialEq for Graph {
    fn eq(&self, other: &Self) -> bool {
        self.layers == other.layers && self.wires == other.wires
    }
}

/// Why a wire cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// One of the ends names a layer that is not there.
    #[error("There is no such layer.")]
    NoSuchLayer,
    /// The port that was asked for does not exist.
    #[error("{0} has no such port.")]
    NoSuchPort(String),
    /// The layer passes nothing on, like the Loss.
    #[error("{0} has no output: it ends the network.")]
    NoOutput(String),
    /// The layer takes nothing, like the Input.
    #[error("{0} has no input: the data enters here.")]
    NoInput(String),
    /// The wire would lead a layer's output back to itself. Both by their names.
    #[error("This would create a loop: {to} already feeds {from}.")]
    Cycle {
        /// The layer where the wire would leave, by its name.
        from: String,
        /// Where it would arrive.
        to: String,
    },
    /// There is a wire between these two ports.
    #[error("These two are already connected.")]
    Duplicate,
    /// A wire would lead into a Block, or out of one, past its card.
    #[error("{from} and {to} aren't in the same Block: wires enter and leave a Block through its card.")]
    Apart {
        /// The layer where the wire would leave, by its name.
        from: String,
        /// Where it would arrive.
        to: String,
    },
}

impl Layer {
    /// Zeros that leave it are what it is for, or come from what is before it: only of units of its own they mean that
    /// those are dead.
    pub fn may_be_zero(&self) -> bool {
        !self.kind.has_weights() && self.kind.about().group != Group::Activation
    }
}

impl Graph {
    /// All layers, by their ids: the order in which they were made.
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.layers.values()
    }

    /// The layer; for a repetition of one, where only that is drawn, the one that is drawn.
    pub fn layer(&self, id: LayerId) -> Option<&Layer> {
        self.layers.get(&id).or_else(|| self.layers.get(&id.drawn()))
    }

    pub(super) fn layer_mut(&mut self, id: LayerId) -> Option<&mut Layer> {
        self.layers.get_mut(&id)
    }

    /// All wires; those that arrive at the same layer in the order of its ports.
    pub fn wires(&self) -> &[Wire] {
        &self.wires
    }

    /// The wire with this id.
    pub fn wire(&self, id: WireId) -> Option<&Wire> {
        self.wires.iter().find(|wire| wire.id == id)
    }

    /// How many layers there are.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether nothing is drawn.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Wires that arrive at a layer, in the order of its ports.
    pub fn incoming(&self, id: LayerId) -> impl Iterator<Item = &Wire> {
        self.wires.iter().filter(move |wire| wire.to == id)
    }

    /// The wires that leave a layer, from any of its ports.
    pub fn outgoing(&self, id: LayerId) -> impl Iterator<Item = &Wire> {
        self.wires.iter().filter(move |wire| wire.from == id)
    }

    /// The layer with this name or slug.
    pub fn find(&self, name: &str) -> Option<&Layer> {
        self.layers().find(|layer| layer.name == name || layer.slug() == name)
    }

    /// Adds a layer under a fresh name.
    pub fn add(&mut self, kind: LayerKind, position: [f32; 2]) -> LayerId {
        self.add_inside(kind, position, None)
    }

    /// As [`Self::add`], in a Block.
    pub fn add_inside(&mut self, kind: LayerKind, position: [f32; 2], inside: Option<LayerId>) -> LayerId {
        let id = self.add_bare(kind, position, inside);
        self.furnish(id);
        id
    }

    /// A Block comes without its ends.
    fn add_bare(&mut self, kind: LayerKind, position: [f32; 2], inside: Option<LayerId>) -> LayerId {
        let id = LayerId(self.fresh_id().into());
        let name = self.fresh_name(&kind);
        self.layers.insert(id, Layer { id, name, kind, frozen: false, position, inside });
        id
    }

    /// The output that stands for the whole layer: the first that is in use, or the usual one.
    pub fn main_output(&self, id: LayerId) -> usize {
        let used = self.outgoing(id).map(|wire| wire.output).min();
        used.or_else(|| self.layer(id).map(|layer| layer.kind.spec().usual_output())).unwrap_or(0)
    }

    /// Draws a wire. Where another one arrives already, it gives way.
    pub fn connect(&mut self, from: impl Into<End>, to: impl Into<End>) -> Result<WireId, ConnectError> {
        let (from, to) = (from.into(), to.into());
        let (output, input) = self.joint(from, to)?;
        self.wires.retain(|wire| (wire.to, wire.input) != (to.layer, input));
        let id = WireId(self.fresh_id());
        self.plug(Wire { id, from: from.layer, output, to: to.layer, input });
        Ok(id)
    }

    /// Whether a wire between these two can be drawn, or the reason why not.
    pub fn may_connect(&self, from: impl Into<End>, to: impl Into<End>) -> Result<(), ConnectError> {
        self.joint(from.into(), to.into()).map(|_| ())
    }

    /// The output and the input that a wire would have.
    fn joint(&self, from: End, to: End) -> Result<(usize, usize), ConnectError> {
        let (source, target) = self.layer(from.layer).zip(self.layer(to.layer)).ok_or(ConnectError::NoSuchLayer)?;
        if source.inside != target.inside {
            return Err(ConnectError::Apart { from: source.name.clone(), to: target.name.clone() });
        }
        let outputs = source.kind.spec().outputs().len();
        if outputs == 0 {
            return Err(ConnectError::NoOutput(source.name.clone()));
        }
        let inputs = target.kind.about().inputs;
        if inputs == Inputs::None {
            return Err(ConnectError::NoInput(target.name.clone()));
        }
        let output = from.port.unwrap_or_else(|| self.main_output(from.layer));
        if output >= outputs {
            return Err(ConnectError::NoSuchPort(source.name.clone()));
        }
        let free = self.free_input(to.layer);
        let input = match to.port {
            None => free,
            Some(port) if inputs.most().is_some_and(|most| port >= most) => {
                return Err(ConnectError::NoSuchPort(target.name.clone()));
            }
            // Among ports that are alike the next one is taken.
            Some(port) => {
                if inputs.are_alike() {
                    port.min(free)
                } else {
                    port
                }
            }
        };
        let is_there = |w: &Wire| (w.from, w.output, w.to, w.input) == (from.layer, output, to.layer, input);
        if self.wires.iter().any(is_there) {
            return Err(ConnectError::Duplicate);
        }
        if self.reaches(to.layer, from.layer) {
            return Err(ConnectError::Cycle { from: source.name.clone(), to: target.name.clone() });
        }
        Ok((output, input))
    }

    /// Where a wire arrives that is drawn to the layer and not to one of its ports: the first free port, else the last
    /// of them.
    pub fn free_input(&self, id: LayerId) -> usize {
        let wired: Vec<usize> = self.incoming(id).map(|wire| wire.input).collect();
        match self.layer(id).map(|layer| layer.kind.about().inputs) {
            Some(Inputs::Many | Inputs::Any) => wired.len(),
            Some(Inputs::Named(ports)) => {
                let usual = || (0..ports.len()).filter(|&port| ports[port].need != Need::Aside);
                usual().find(|port| !wired.contains(port)).or_else(|| usual().next_back()).unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// Puts a wire into its place among those that arrive at the same layer.
    fn plug(&mut self, wire: Wire) {
        let after = self.wires.iter().position(|other| other.to == wire.to && other.input > wire.input);
        self.wires.insert(after.unwrap_or(self.wires.len()), wire);
    }

    /// Inputs that are alike have no gaps: what arrives behind one moves up.
    fn close_ranks(&mut self, id: LayerId) {
        if self.layer(id).is_some_and(|layer| layer.kind.about().inputs.are_alike()) {
            let wires = self.wires.iter_mut().filter(|wire| wire.to == id);
            wires.enumerate().for_each(|(port, wire)| wire.input = port);
        }
    }

    fn close_all_ranks(&mut self) {
        let ids: Vec<_> = self.layers.keys().copied().collect();
        ids.into_iter().for_each(|id| self.close_ranks(id));
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

    /// Takes a wire away and returns it; `None` where there is none.
    pub fn disconnect(&mut self, id: WireId) -> Option<Wire> {
        let index = self.wires.iter().position(|wire| wire.id == id)?;
        let wire = self.wires.remove(index);
        self.close_ranks(wire.to);
        Some(wire)
    }

    /// Removes a layer with its wires and with what lies in it; when exactly one wire came in, what it fed is fed from
    /// there instead. The ends of a Block stay.
    pub fn remove(&mut self, id: LayerId) -> Option<Layer> {
        let layer = self.take(id)?;
        let sources: Vec<_> = self.incoming(id).map(|wire| (wire.from, wire.output)).collect();
        let bridge = if let [source] = sources[..] { Some(source) } else { None };
        let is_alike = |to: LayerId| self.layer(to).is_some_and(|to| to.kind.about().inputs.are_alike());
        let kept = self.wires.iter().filter(|wire| wire.to != id).filter_map(|&wire| match bridge {
            _ if wire.from != id => Some(wire),
            // Where layers merge, the way around what goes is enough.
            Some((from, output)) => {
                let around = |w: &Wire| (w.from, w.output, w.to) == (from, output, wire.to);
                let is_around = is_alike(wire.to) && self.wires.iter().any(around);
                (!is_around).then_some(Wire { from, output, ..wire })
            }
            None => None,
        });
        self.wires = kept.collect();
        self.close_all_ranks();
        Some(layer)
    }

    /// Removes a layer and every wire at it.
    pub fn remove_cutting(&mut self, id: LayerId) -> Option<Layer> {
        let layer = self.take(id)?;
        self.wires.retain(|wire| wire.from != id && wire.to != id);
        self.close_all_ranks();
        Some(layer)
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
        self.connect(End::at(old.from, old.output), layer)?;
        let (id, output) = (WireId(self.fresh_id()), self.main_output(layer));
        for wire in &mut self.wires {
            if wire.id == old.id {
                *wire = Wire { id, from: layer, output, ..old };
            }
        }
        Ok(())
    }

    /// Ids from inputs to outputs, what lies in a Block behind it; layers that do not depend on each other keep the
    /// order of their ids.
    pub fn topological_order(&self) -> Vec<LayerId> {
        let order = self.order();
        if !self.has_blocks() {
            return order;
        }
        let mut nested = Vec::with_capacity(order.len());
        self.nest(&order, None, &mut nested);
        nested
    }

    fn order(&self) -> Vec<LayerId> {
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
