//! The unfolded network as rules ask it: what comes before and behind a layer, what has weights, what a Loss is given.

use super::DataFacts;
use crate::model::layer::{Group, Loss, LossKind};
use crate::model::{Graph, Inference, Layer, LayerId, LayerKind, Shape, Task, infer};

/// All layers that compute, one by one.
pub struct Network {
    graph: Graph,
    inference: Inference,
    task: Task,
}

impl Network {
    pub(super) fn new(graph: &Graph, data: &DataFacts) -> Self {
        let graph = graph.unfolded().into_owned();
        let inference = infer(&graph, Some(&data.signature));
        let task = inference.task(&graph, data.signature.task);
        Self { graph, inference, task }
    }

    /// What the network is asked for.
    pub fn task(&self) -> Task {
        self.task
    }

    /// From inputs to outputs, those that are trained for a Loss.
    pub fn layers(&self) -> Vec<&Layer> {
        let order = self.graph.topological_order();
        let used = order.into_iter().filter(|id| !self.inference.idle.contains(id));
        used.filter_map(|id| self.graph.layer(id)).collect()
    }

    /// The layer with this id.
    pub fn layer(&self, id: LayerId) -> Option<&Layer> {
        self.graph.layer(id)
    }

    /// "Dense 1", and in the second repetition of its Block "Dense 1 #2".
    pub fn name(&self, id: LayerId) -> String {
        self.layer(id).map_or_else(String::new, |layer| id.title(&layer.name))
    }

    /// Numbers that leave a layer, per sample.
    pub fn size(&self, id: LayerId) -> Option<usize> {
        self.shape(id).map(Shape::len)
    }

    /// The shape that leaves a layer.
    pub fn shape(&self, id: LayerId) -> Option<&Shape> {
        self.inference.shapes.get(&id)
    }

    /// Trainable numbers of a layer.
    pub fn parameters(&self, id: LayerId) -> usize {
        self.inference.parameter_counts.get(&id).copied().unwrap_or(0)
    }

    /// Trainable numbers of all layers.
    pub fn parameter_count(&self) -> usize {
        self.inference.parameter_count()
    }

    /// What feeds a layer with a single input, or the first input of several.
    pub fn before(&self, id: LayerId) -> Option<&Layer> {
        let wire = self.graph.incoming(id).find(|wire| wire.input == 0)?;
        self.graph.layer(wire.from)
    }

    /// What feeds a layer.
    pub fn inputs(&self, id: LayerId) -> impl Iterator<Item = &Layer> {
        self.graph.incoming(id).filter_map(|wire| self.graph.layer(wire.from))
    }

    /// What a layer feeds.
    pub fn after(&self, id: LayerId) -> impl Iterator<Item = &Layer> {
        self.graph.outgoing(id).filter_map(|wire| self.graph.layer(wire.to))
    }

    /// The only layer behind, past those that leave every number as it is.
    pub fn next(&self, id: LayerId) -> Option<&Layer> {
        let mut behind = self.after(id);
        match (behind.next(), behind.next()) {
            (Some(next), None) if moves_only(&next.kind) => self.next(next.id),
            (Some(next), None) => Some(next),
            _ => None,
        }
    }

    /// Layers with weights of their own that training may change, from inputs to outputs.
    pub fn trained(&self) -> Vec<&Layer> {
        self.layers().into_iter().filter(|layer| !layer.frozen && self.parameters(layer.id) > 0).collect()
    }

    /// Each Loss with its kind in force and what it is given: the last layer that changes a number.
    pub fn ends(&self) -> Vec<End<'_>> {
        let of = |(layer, loss): (&Layer, &'_ Loss)| -> Option<(LayerId, LossKind, Task)> {
            let truth = self.graph.truth_of(layer.id).and_then(|wire| self.inference.shape_on(wire));
            let task = truth.map_or(self.task, |shape| Task::Input(shape.len()));
            Some((layer.id, task.loss(loss.loss), task))
        };
        let ends = self.graph.losses().filter_map(of);
        ends.filter_map(|(loss, kind, task)| {
            let mut last = self.before(loss)?;
            while moves_only(&last.kind) || is_absent_later(&last.kind) {
                last = self.before(last.id)?;
            }
            Some(End { loss, kind, task, last })
        })
        .collect()
    }

    /// The only Loss, where it counts once and every class alike: then its number can be foretold.
    pub fn plain_loss(&self) -> Option<LossKind> {
        let mut losses = self.graph.losses();
        let (layer, loss) = losses.next().filter(|_| losses.next().is_none())?;
        let is_plain = loss.weight == 1.0 && loss.class_weights.trim().is_empty() && loss.smoothing() == 0.0;
        let is_of_data = self.graph.truth_of(layer.id).is_none();
        (is_plain && is_of_data).then(|| self.task.loss(loss.loss))
    }

    /// Whether the numbers of the data reach only layers that put them into order first: normalisation, a table of
    /// vectors.
    pub fn orders_its_inputs(&self) -> bool {
        let inputs = self.layers().into_iter().filter(|layer| matches!(layer.kind, LayerKind::Input(_)));
        let mut fed = inputs.flat_map(|input| self.fed_by(input.id)).peekable();
        let orders = |layer: &Layer| {
            layer.kind.about().group == Group::Normalisation || matches!(layer.kind, LayerKind::Embedding(_))
        };
        fed.peek().is_some() && fed.all(orders)
    }

    /// What a layer feeds, past those that leave every number as it is; without Losses.
    fn fed_by(&self, id: LayerId) -> Vec<&Layer> {
        let behind = self.after(id).filter(|layer| !matches!(layer.kind, LayerKind::Loss(_)));
        behind.flat_map(|layer| if moves_only(&layer.kind) { self.fed_by(layer.id) } else { vec![layer] }).collect()
    }
}

/// A Loss and what it is given.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// The Loss.
    pub loss: LayerId,
    /// Which one is in force.
    pub kind: LossKind,
    /// What it compares.
    pub task: Task,
    /// The last layer that changes a number.
    pub last: &'a Layer,
}

/// Whether a layer only puts numbers elsewhere.
pub(super) fn moves_only(kind: &LayerKind) -> bool {
    matches!(kind, LayerKind::Flatten(_) | LayerKind::Reshape(_) | LayerKind::Permute(_))
}

/// Whether a layer does nothing when predicting.
pub(super) fn is_absent_later(kind: &LayerKind) -> bool {
    matches!(kind, LayerKind::Dropout(_) | LayerKind::GaussianNoise(_))
}
