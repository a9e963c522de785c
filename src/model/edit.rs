//! Everything that can be done to a graph, as data: applied in one place, named for undo, replayed in tests.

use super::Shared;
use super::embedded::{EmbeddedColumn, embed};
use super::graph::{ConnectError, End, Graph, GroupError, Layer, LayerId, WireId};
use super::layer::{Inputs, LayerKind, ParamKind, ParamValue};
use crate::expr::counted;

/// One change of a graph.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A new layer without wires.
    Add {
        /// With its parameters.
        kind: LayerKind,
        /// Top left corner of its card, in points at 100 %.
        position: [f32; 2],
        /// The Block that it is to lie in.
        inside: Option<LayerId>,
    },
    /// A new layer in the middle of a wire; without a position it is placed between the two ends and the rest makes
    /// room.
    InsertOnWire {
        /// The wire that is cut in two.
        wire: WireId,
        /// The new layer, with its parameters.
        kind: LayerKind,
        /// Top left corner of its card.
        position: Option<[f32; 2]>,
    },
    /// A new layer fed by `after`; what `after` fed alone is fed by the new layer.
    Append {
        /// The layer whose output it takes.
        after: LayerId,
        /// The new layer, with its parameters.
        kind: LayerKind,
    },
    /// A new layer at a place, with a wire from `from`.
    AddConnected {
        /// Where its wire begins.
        from: End,
        /// The new layer, with its parameters.
        kind: LayerKind,
        /// Top left corner of its card.
        position: [f32; 2],
    },
    /// An existing layer without wires put into the middle of a wire.
    MoveOntoWire {
        /// The wire that is cut in two.
        wire: WireId,
        /// The layer that is wired in.
        layer: LayerId,
    },
    /// Another kind of layer in the place of one, under its name; wires stay at ports that it has too.
    Replace {
        /// The layer that gives way.
        layer: LayerId,
        /// What stands in its place, with its parameters.
        kind: LayerKind,
    },
    /// These layers go with their wires; what one with a single input fed is fed by that instead.
    Remove(Vec<LayerId>),
    /// A new wire. One that arrives at the same port already gives way.
    Connect {
        /// The port where it leaves.
        from: End,
        /// The port where it arrives.
        to: End,
    },
    /// Takes a wire away.
    Disconnect(WireId),
    /// Another value for one parameter.
    SetParam {
        /// Whose parameter it is.
        layer: LayerId,
        /// As in project files: "units".
        key: String,
        /// Refused where it is out of range.
        value: ParamValue,
    },
    /// The same for all layers that share it.
    SetAll {
        /// Which parameter, of which kinds of layer.
        shared: Shared,
        /// The value that all get.
        value: ParamValue,
    },
    /// So many units (or filters) more, or with a negative number less, as far as its limits go.
    Count {
        /// The layer that grows or shrinks.
        layer: LayerId,
        /// How many more.
        by: i64,
    },
    /// Another name, changed where it is taken already.
    Rename {
        /// The layer that is renamed.
        layer: LayerId,
        /// As it was typed.
        name: String,
    },
    /// Whether training leaves a layer's weights alone.
    Freeze {
        /// The layer that is frozen or thawed.
        layer: LayerId,
        /// `true`: its weights stay as they are.
        frozen: bool,
    },
    /// New top left corners.
    Move(Vec<(LayerId, [f32; 2])>),
    /// Copies of layers, with the wires among them, shifted by `offset`.
    Duplicate {
        /// The layers that are copied.
        layers: Vec<LayerId>,
        /// To the right and down, in points at 100 %.
        offset: [f32; 2],
    },
    /// Layers (with the wires among them) from elsewhere, keeping their relative places.
    Paste {
        /// The layers, as they were copied.
        fragment: Box<Graph>,
        /// To the right and down, in points at 100 %.
        offset: [f32; 2],
        /// The Block that they are to lie in.
        inside: Option<LayerId>,
    },
    /// Layers put into a new Block.
    Group(Vec<LayerId>),
    /// The layers of a Block put in its place, one repetition after the other.
    Ungroup(LayerId),
    /// Columns that enter as an index get an Input and an Embedding of their own.
    Embed {
        /// The Input that takes them.
        input: LayerId,
        /// They.
        columns: Vec<EmbeddedColumn>,
        /// What else it takes, and keeps.
        rest: Vec<String>,
    },
    /// Columns by depth, rows by order.
    Tidy,
}

/// Why an edit was refused; the graph is then unchanged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EditError {
    /// The wire cannot be drawn.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Layers cannot become a Block, or lie in one.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// A layer that the edit names is gone.
    #[error("That layer no longer exists.")]
    NoSuchLayer,
    /// A wire that the edit names is gone.
    #[error("That wire no longer exists.")]
    NoSuchWire,
    /// A parameter refused its value; the sentence says why.
    #[error("{0}")]
    Param(String),
}

impl Edit {
    /// What undo calls it: "delete Dense 2".
    pub fn name(&self, graph: &Graph) -> String {
        let of = |id: &LayerId| graph.layer(*id).map_or("layer".to_owned(), |l| l.name.clone());
        let many = |ids: &[LayerId]| match ids {
            [one] => of(one),
            _ => format!("{} layers", ids.len()),
        };
        match self {
            Self::Add { kind, .. } | Self::AddConnected { kind, .. } | Self::Append { kind, .. } => {
                format!("add {}", kind.about().title)
            }
            Self::InsertOnWire { kind, .. } => format!("insert {}", kind.about().title),
            Self::MoveOntoWire { layer, .. } => format!("insert {}", of(layer)),
            Self::Replace { layer, kind } => format!("replace {} by {}", of(layer), kind.about().title),
            Self::Remove(ids) => format!("delete {}", many(ids)),
            Self::Connect { from, to } => format!("connect {} to {}", of(&from.layer), of(&to.layer)),
            Self::Disconnect(_) => "disconnect a wire".to_owned(),
            Self::SetParam { layer, key, .. } => format!("change {key} of {}", of(layer)),
            Self::SetAll { shared, .. } => format!("change {}", shared.of_whom()),
            Self::Count { layer, by } => count_name(*by, graph.layer(*layer)),
            Self::Rename { layer, .. } => format!("rename {}", of(layer)),
            Self::Freeze { layer, frozen } => format!("{} {}", if *frozen { "freeze" } else { "unfreeze" }, of(layer)),
            Self::Move(moves) => format!("move {}", many(&moves.iter().map(|m| m.0).collect::<Vec<_>>())),
            Self::Duplicate { layers, .. } => format!("duplicate {}", many(layers)),
            Self::Paste { fragment, .. } => format!("paste {}", counted(fragment.len(), "layer")),
            Self::Group(ids) => format!("group {}", many(ids)),
            Self::Ungroup(block) => format!("ungroup {}", of(block)),
            Self::Embed { columns, .. } => {
                let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
                format!("embed {}", names.join(", "))
            }
            Self::Tidy => "tidy the layout".to_owned(),
        }
    }

    /// Edits with the same key that follow each other are one step of undo (dragging a card, typing a number).
    pub fn merge_key(&self) -> Option<String> {
        match self {
            Self::Move(moves) => Some(format!("move {:?}", moves.iter().map(|m| m.0.0).collect::<Vec<_>>())),
            Self::SetParam { layer, key, .. } => Some(format!("set {} {key}", layer.0)),
            Self::SetAll { shared, .. } => Some(format!("set all {}", shared.key())),
            Self::Rename { layer, .. } => Some(format!("rename {}", layer.0)),
            _ => None,
        }
    }

    /// Carries the edit out on a copy, so that a refusal changes nothing. Returns the layers it made.
    pub fn apply(&self, graph: &mut Graph) -> Result<Vec<LayerId>, EditError> {
        let mut next = graph.clone();
        let made = self.apply_in_place(&mut next)?;
        *graph = next;
        Ok(made)
    }

    fn apply_in_place(&self, graph: &mut Graph) -> Result<Vec<LayerId>, EditError> {
        match self {
            Self::Add { kind, position, inside } => add(graph, kind, *position, *inside).map(|id| vec![id]),
            Self::AddConnected { from, kind, position } => {
                let id = add(graph, kind, *position, beside(graph, from.layer))?;
                graph.connect(*from, id)?;
                Ok(vec![id])
            }
            Self::InsertOnWire { wire, kind, position } => insert_on_wire(graph, *wire, kind, *position),
            Self::Append { after, kind } => append(graph, *after, kind),
            Self::MoveOntoWire { wire, layer } => {
                graph.insert_on_wire(*wire, *layer).map(|()| Vec::new()).map_err(Into::into)
            }
            Self::Replace { layer, kind } => {
                let old = graph.layer(*layer).ok_or(EditError::NoSuchLayer)?;
                // What lies in a Block would be nowhere.
                if old.kind.is_end() || graph.block(*layer).is_some() {
                    return Err(GroupError::End(old.name.clone()).into());
                }
                graph.may_lie(kind, old.inside)?;
                graph.replace(*layer, kind.clone());
                Ok(Vec::new())
            }
            Self::Remove(ids) => {
                let end = |id: &LayerId| graph.layer(*id).filter(|layer| layer.kind.is_end());
                // Among others they simply stay.
                if let Some(only) = ids.first().and_then(end).filter(|_| ids.iter().all(|id| end(id).is_some())) {
                    return Err(GroupError::End(only.name.clone()).into());
                }
                ids.iter().for_each(|&id| drop(graph.remove(id)));
                Ok(Vec::new())
            }
            Self::Connect { from, to } => graph.connect(*from, *to).map(|_| Vec::new()).map_err(Into::into),
            Self::Disconnect(wire) => graph.disconnect(*wire).map(|_| Vec::new()).ok_or(EditError::NoSuchWire),
            Self::SetParam { layer, key, value } => {
                let layer = graph.layer_mut(*layer).ok_or(EditError::NoSuchLayer)?;
                layer.kind.params_mut().set_param(key, value).map_err(EditError::Param)?;
                Ok(Vec::new())
            }
            Self::SetAll { shared, value } => {
                for id in shared.layers(graph) {
                    let layer = graph.layer_mut(id).ok_or(EditError::NoSuchLayer)?;
                    layer.kind.params_mut().set_param(shared.key(), value).map_err(EditError::Param)?;
                }
                Ok(Vec::new())
            }
            Self::Count { layer, by } => {
                let layer = graph.layer_mut(*layer).ok_or(EditError::NoSuchLayer)?;
                let (spec, count) = layer.kind.count().ok_or_else(|| EditError::Param(no_count(&layer.name)))?;
                let ParamKind::Int { min, max } = spec.kind else { return Ok(Vec::new()) };
                let value = ParamValue::Int(count.saturating_add(*by).clamp(min, max));
                layer.kind.params_mut().set_param(spec.key, &value).map_err(EditError::Param)?;
                Ok(Vec::new())
            }
            Self::Rename { layer, name } => {
                let name = graph.free_name(name, Some(*layer));
                graph.layer_mut(*layer).ok_or(EditError::NoSuchLayer)?.name = name;
                Ok(Vec::new())
            }
            Self::Freeze { layer, frozen } => {
                graph.layer_mut(*layer).ok_or(EditError::NoSuchLayer)?.frozen = *frozen;
                Ok(Vec::new())
            }
            Self::Move(moves) => {
                for (id, position) in moves {
                    graph.layer_mut(*id).ok_or(EditError::NoSuchLayer)?.position = finite(*position);
                }
                Ok(Vec::new())
            }
            Self::Duplicate { layers, offset } => {
                let inside = layers.first().and_then(|&id| beside(graph, id));
                let fragment = graph.fragment(&layers.iter().copied().collect());
                graph.may_take_in(&fragment, inside)?;
                Ok(graph.copy_in(&fragment, *offset, inside))
            }
            Self::Paste { fragment, offset, inside } => {
                let inside = inside.filter(|&block| graph.block(block).is_some());
                graph.may_take_in(fragment, inside)?;
                Ok(graph.copy_in(fragment, *offset, inside))
            }
            Self::Group(ids) => Ok(vec![graph.group(&ids.iter().copied().collect())?]),
            Self::Ungroup(block) => Ok(graph.ungroup(*block)?),
            Self::Embed { input, columns, rest } => embed(graph, *input, columns, rest),
            Self::Tidy => {
                super::layout::tidy(graph);
                Ok(Vec::new())
            }
        }
    }
}

/// "add a unit to Dense 1", "remove 4 filters of Conv 2-D 1"
fn count_name(by: i64, layer: Option<&Layer>) -> String {
    let words = layer.and_then(|layer| layer.kind.count()).map_or("units".to_owned(), |(s, _)| s.label.to_lowercase());
    let name = layer.map_or("layer", |layer| layer.name.as_str());
    let many = match by.unsigned_abs() {
        1 => format!("a {}", words.trim_end_matches('s')),
        n => format!("{n} {words}"),
    };
    if by < 0 { format!("remove {many} of {name}") } else { format!("add {many} to {name}") }
}

fn no_count(layer: &str) -> String {
    format!("{layer} has no units or filters.")
}

/// The Block that a layer lies in.
fn beside(graph: &Graph, layer: LayerId) -> Option<LayerId> {
    graph.layer(layer).and_then(|layer| layer.inside)
}

fn add(graph: &mut Graph, kind: &LayerKind, position: [f32; 2], inside: Option<LayerId>) -> Result<LayerId, EditError> {
    let inside = inside.filter(|&block| graph.block(block).is_some());
    graph.may_lie(kind, inside)?;
    Ok(graph.add_inside(kind.clone(), finite(position), inside))
}

pub(super) fn finite(position: [f32; 2]) -> [f32; 2] {
    position.map(|p| if p.is_finite() { p.clamp(-1e6, 1e6) } else { 0.0 })
}

fn insert_on_wire(
    graph: &mut Graph,
    wire: WireId,
    kind: &LayerKind,
    position: Option<[f32; 2]>,
) -> Result<Vec<LayerId>, EditError> {
    let old = *graph.wire(wire).ok_or(EditError::NoSuchWire)?;
    let position_there = position.unwrap_or_else(|| super::layout::within(graph, &old));
    let id = add(graph, kind, position_there, beside(graph, old.from))?;
    graph.insert_on_wire(wire, id)?;
    if position.is_none() {
        super::layout::make_room(graph, id);
    }
    Ok(vec![id])
}

fn append(graph: &mut Graph, after: LayerId, kind: &LayerKind) -> Result<Vec<LayerId>, EditError> {
    let (from, inside) =
        graph.layer(after).map(|layer| (layer.position, layer.inside)).ok_or(EditError::NoSuchLayer)?;
    let fed: Vec<_> = graph.outgoing(after).copied().collect();
    if let [only] = fed[..]
        && kind.about().inputs != Inputs::None
        && kind.about().has_output
    {
        return insert_on_wire(graph, only.id, kind, None);
    }
    let id = add(graph, kind, [from[0] + super::layout::COLUMN, from[1]], inside)?;
    graph.connect(after, id)?;
    super::layout::make_room(graph, id);
    Ok(vec![id])
}
