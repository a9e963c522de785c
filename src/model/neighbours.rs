//! What a new layer takes over from those around it, so that it fits in without further settings: the activation, the
//! number of units or filters, and as the last layer before the Loss the shape that the data asks for.

use std::collections::{BTreeSet, VecDeque};

use super::layer::{Activation, Conv2d, Dense, Field, LayerKind, ParamValue};
use super::{Edit, Graph, Inference, Layer, LayerId, WireId};

impl Edit {
    /// The same with the new layer as its neighbours would have it. What is no new layer between others stays as it is.
    pub fn like_neighbours(self, graph: &Graph, inference: &Inference) -> Self {
        let fit = |kind: LayerKind, from, wire: Option<WireId>| Around { graph, inference, from, wire }.fit(kind);
        match self {
            Self::InsertOnWire { wire, kind, position } => match graph.wire(wire) {
                Some(found) => Self::InsertOnWire { wire, kind: fit(kind, found.from, Some(wire)), position },
                None => Self::InsertOnWire { wire, kind, position },
            },
            Self::Append { after, kind } => {
                let mut fed = graph.outgoing(after);
                let only = fed.next().filter(|_| fed.next().is_none()).map(|wire| wire.id);
                Self::Append { after, kind: fit(kind, after, only) }
            }
            Self::AddConnected { from, kind, position } => {
                Self::AddConnected { from, kind: fit(kind, from.layer, None), position }
            }
            other => other,
        }
    }

    /// One more layer of the usual kind on a wire: what slides over a picture where a picture flows, else a Dense.
    pub fn one_more(wire: WireId, graph: &Graph, inference: &Inference) -> Self {
        let shape = graph.wire(wire).and_then(|wire| inference.shape_on(wire));
        let kind = match shape {
            Some(shape) if shape.as_image().is_some() => Conv2d::default().into(),
            _ => Dense::default().into(),
        };
        Self::InsertOnWire { wire, kind, position: None }.like_neighbours(graph, inference)
    }
}

/// The layer that "one less" at a wire takes away: the one that feeds it, or where that is the Input, the one that it
/// feeds; never an end of the network or a place where branches meet.
pub fn one_less(graph: &Graph, wire: WireId) -> Option<LayerId> {
    let wire = graph.wire(wire)?;
    [wire.from, wire.to].into_iter().find(|&id| {
        let ends = graph.layer(id).is_none_or(|layer| !layer.kind.about().has_output);
        !ends && graph.incoming(id).count() == 1
    })
}

/// Where a new layer is to go.
struct Around<'a> {
    graph: &'a Graph,
    inference: &'a Inference,
    from: LayerId,
    /// The one that it interrupts.
    wire: Option<WireId>,
}

impl Around<'_> {
    fn fit(&self, mut kind: LayerKind) -> LayerKind {
        let has = |key| kind.spec().param(key).is_some();
        // How often a Block repeats says nothing of its width.
        let width = kind.count_key().filter(|_| !matches!(kind, LayerKind::Block(_)));
        let (takes_activation, count) = (has("activation"), width);
        let is_output = self.to().is_some_and(|to| is_end(self.graph, to));
        let mut set = |key: &str, value: ParamValue| {
            // Of another layer with the same parameter: where its limits are others the default stays.
            let _ = kind.params_mut().set_param(key, &value);
        };
        if is_output {
            if takes_activation {
                set("activation", Activation::None.to_param());
            }
            if let Some((key, wanted)) = count.zip(self.wanted_outputs()) {
                set(key, wanted.to_param());
            }
            return kind;
        }
        if takes_activation && let Some(activation) = self.nearest(|layer| layer.kind.activation()) {
            set("activation", activation.to_param());
        }
        let word = kind.key();
        let sized = |layer: &Layer| {
            let alike = layer.kind.key() == word && !self.graph.outgoing(layer.id).any(|w| is_end(self.graph, w.to));
            layer.kind.count().filter(|_| alike).map(|(_, count)| count)
        };
        if let Some((key, found)) = count.zip(self.nearest(sized)) {
            let _ = kind.params_mut().set_param(key, &ParamValue::Int(found));
        }
        kind
    }

    fn to(&self) -> Option<LayerId> {
        self.wire.and_then(|wire| self.graph.wire(wire)).map(|wire| wire.to)
    }

    /// As many numbers as the Loss wants: what its problem asks for, or where it has none, what arrives already.
    fn wanted_outputs(&self) -> Option<usize> {
        let problem = self.wire.and_then(|wire| self.inference.wire_problem(wire));
        let Some(problem) = problem else {
            return self.inference.shapes.get(&self.from).and_then(|shape| shape.0.last().copied());
        };
        problem.repairs.iter().find_map(|repair| match &repair.edit {
            Edit::InsertOnWire { kind: LayerKind::Dense(dense), .. } => Some(dense.units),
            _ => None,
        })
    }

    /// The first of the layers before that has it, else of those after.
    fn nearest<T>(&self, found: impl Fn(&Layer) -> Option<T>) -> Option<T> {
        let before = |id| self.graph.incoming(id).map(|wire| wire.from).collect();
        let after = |id| self.graph.outgoing(id).map(|wire| wire.to).collect();
        let upwards = self.walk(self.from, before, &found);
        upwards.or_else(|| self.walk(self.to()?, after, &found))
    }

    fn walk<T>(
        &self,
        start: LayerId,
        next: impl Fn(LayerId) -> Vec<LayerId>,
        found: &impl Fn(&Layer) -> Option<T>,
    ) -> Option<T> {
        let (mut seen, mut open) = (BTreeSet::from([start]), VecDeque::from([start]));
        while let Some(id) = open.pop_front() {
            if let Some(value) = self.graph.layer(id).and_then(found) {
                return Some(value);
            }
            open.extend(next(id).into_iter().filter(|&id| seen.insert(id)));
        }
        None
    }
}

/// Whether what arrives here is the network's answer: nothing with weights comes between it and the Loss.
pub(super) fn is_end(graph: &Graph, id: LayerId) -> bool {
    let mut at = id;
    loop {
        let Some(layer) = graph.layer(at) else { return false };
        if matches!(layer.kind, LayerKind::Loss(_)) {
            return true;
        }
        let is_block = matches!(layer.kind, LayerKind::Block(_));
        if layer.kind.has_weights() || is_block || graph.incoming(at).count() != 1 {
            return false;
        }
        let is_loss = |id| graph.layer(id).is_some_and(|layer| matches!(layer.kind, LayerKind::Loss(_)));
        if graph.outgoing(at).next().is_some() && graph.outgoing(at).all(|wire| is_loss(wire.to)) {
            return true;
        }
        let mut fed = graph.outgoing(at);
        let (Some(only), None) = (fed.next(), fed.next()) else { return false };
        // Loops cannot be drawn: each step goes nearer to the Loss.
        at = only.to;
    }
}

#[cfg(test)]
mod tests {
    use super::super::layer::{BatchNorm, Dropout, Flatten, Tanh};
    use super::super::templates::chain;
    use super::super::{DataSignature, Shape, Task, infer};
    use super::*;

    fn dense(units: usize, activation: Activation) -> LayerKind {
        Dense { units, activation, ..Dense::default() }.into()
    }

    /// What comes of one more layer on the wire that leads to `to`.
    fn added(graph: &Graph, to: &str, input: &[usize], classes: usize) -> (LayerKind, Inference) {
        let data = DataSignature {
            weighted: false,
            names: Vec::new(),
            input: Shape(input.to_vec()),
            task: Task::Classes(classes),
        };
        let inference = infer(graph, Some(&data));
        let wire = graph.incoming(graph.find(to).unwrap().id).next().unwrap().id;
        let mut next = graph.clone();
        let made = Edit::one_more(wire, graph, &inference).apply(&mut next).unwrap();
        (next.layer(made[0]).unwrap().kind.clone(), infer(&next, Some(&data)))
    }

    #[test]
    fn a_new_layer_takes_the_activation_and_the_width_of_those_around_it() {
        let graph = chain(vec![dense(5, Activation::Tanh), dense(2, Activation::None)]);
        for to in ["Dense 1", "Dense 2"] {
            let (kind, after) = added(&graph, to, &[2], 2);
            assert_eq!(kind, dense(5, Activation::Tanh), "before {to}");
            assert!(after.is_valid());
        }
        // An activation may be a layer of its own, with others between.
        let apart = vec![dense(6, Activation::None), BatchNorm::default().into(), Tanh {}.into()];
        let graph = chain(apart.into_iter().chain([dense(2, Activation::None)]).collect());
        for to in ["Dense 1", "Batch norm 1", "Dense 2"] {
            assert_eq!(added(&graph, to, &[2], 2).0, dense(6, Activation::Tanh), "before {to}");
        }
        let linear = chain(vec![dense(2, Activation::None)]);
        assert_eq!(added(&linear, "Dense 1", &[2], 2).0, dense(8, Activation::None), "nobody to take it from");
    }

    #[test]
    fn the_last_layer_before_the_loss_has_no_activation_and_as_many_units_as_are_wanted() {
        let graph = chain(vec![dense(5, Activation::Relu), dense(2, Activation::None)]);
        let (kind, after) = added(&graph, "Loss", &[2], 2);
        assert_eq!(kind, dense(2, Activation::None));
        assert!(after.is_valid());
        let ends_in_five = chain(vec![dense(5, Activation::Relu), Dropout::default().into()]);
        let (kind, after) = added(&ends_in_five, "Loss", &[2], 3);
        assert_eq!(kind, dense(3, Activation::None), "as the data asks");
        assert!(after.is_valid());
    }

    #[test]
    fn where_a_picture_flows_one_more_layer_slides_over_it() {
        let conv = Conv2d { filters: 4, activation: Activation::Elu, ..Conv2d::default() };
        let graph = chain(vec![conv.clone().into(), Flatten {}.into(), dense(2, Activation::None)]);
        assert_eq!(added(&graph, "Flatten 1", &[1, 8, 8], 2).0, conv.into());
        assert_eq!(added(&graph, "Dense 1", &[1, 8, 8], 2).0, dense(8, Activation::Elu));
    }

    #[test]
    fn one_less_is_the_layer_before_and_never_an_end_of_the_network() {
        let graph = chain(vec![dense(5, Activation::Relu), dense(2, Activation::None)]);
        let less = |to: &str| {
            let wire = graph.incoming(graph.find(to).unwrap().id).next().unwrap().id;
            one_less(&graph, wire).and_then(|id| graph.layer(id)).map(|layer| layer.name.clone())
        };
        assert_eq!(less("Dense 1").as_deref(), Some("Dense 1"));
        assert_eq!(less("Dense 2").as_deref(), Some("Dense 1"));
        assert_eq!(less("Loss").as_deref(), Some("Dense 2"));
        let bare = chain(Vec::new());
        assert_eq!(one_less(&bare, bare.wires()[0].id), None);
    }
}
