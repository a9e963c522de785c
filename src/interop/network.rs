//! The network as other programs write it down: layer by layer in the order in which they are computed, Blocks
//! unfolded, each with what arrives, the shapes and the weights. Exporters read this and not the graph.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::layer::{LayerKind, Loss, Weight};
use crate::model::{Answer, DataSignature, Graph, LayerId, Problem, Shape, Task, infer};

/// Layers in the order in which they are computed. Those that lead to no Loss are left out, as the program leaves them
/// out.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Inputs first come, Losses last, everything after what it reads.
    pub nodes: Vec<Node>,
    /// What the data holds.
    pub signature: DataSignature,
    /// What the first Loss that compares with the data's target is asked for.
    pub task: Task,
    /// How its outputs are read.
    pub answer: Answer,
}

/// A layer with everything around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// In the unfolded graph.
    pub id: LayerId,
    /// On the canvas; of every repetition in a Block the same.
    pub drawn: LayerId,
    /// As checkpoints spell it: `dense_1`, in the second repetition of its Block `dense_1.2`.
    pub slug: String,
    /// As the canvas has it: "Dense 1".
    pub name: String,
    /// Which layer, with its parameters.
    pub kind: LayerKind,
    /// Its weights are not trained.
    pub frozen: bool,
    /// What arrives at each port; `None` where no wire does.
    pub inputs: Vec<Option<Source>>,
    /// The shape that arrives at each port, without the batch axis.
    pub arriving: Vec<Option<Shape>>,
    /// The shape that leaves each port, without the batch axis; none of a Loss.
    pub leaving: Vec<Shape>,
    /// What it keeps, in PyTorch's layout; its tensors are called `slug.name`.
    pub weights: Vec<Weight>,
}

/// A port that something leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Which of [`Network::nodes`].
    pub node: usize,
    /// Which of its outputs.
    pub port: usize,
}

impl Node {
    /// The shape at its first port; a scalar where nothing arrives.
    pub fn input(&self) -> &Shape {
        static NONE: Shape = Shape(Vec::new());
        self.arriving.iter().flatten().next().unwrap_or(&NONE)
    }

    /// The shape that leaves by its first port.
    pub fn output(&self) -> &Shape {
        static NONE: Shape = Shape(Vec::new());
        self.leaving.first().unwrap_or(&NONE)
    }

    /// Sources in the order of the ports, without free ones.
    pub fn sources(&self) -> impl Iterator<Item = Source> + '_ {
        self.inputs.iter().flatten().copied()
    }

    /// The settings of a Loss.
    pub fn loss(&self) -> Option<&Loss> {
        match &self.kind {
            LayerKind::Loss(loss) => Some(loss),
            _ => None,
        }
    }
}

impl Network {
    /// Errors: whatever keeps the graph from training on such data.
    pub fn new(drawn: &Graph, signature: &DataSignature) -> Result<Self, Vec<Problem>> {
        let found = infer(drawn, Some(signature));
        if !found.is_valid() {
            return Err(found.problems);
        }
        Self::computed(drawn, signature)
    }

    /// As [`Self::new`], also of a network that has no Loss and is only run forward: then as far as shapes are known.
    pub fn computed(drawn: &Graph, signature: &DataSignature) -> Result<Self, Vec<Problem>> {
        let found = infer(drawn, Some(signature));
        if !found.is_valid() && !found.is_forward_only() {
            return Err(found.problems);
        }
        let is_wanted = |graph: &Graph, id| match found.is_forward_only() {
            true => !graph.layer(id).is_some_and(|layer| matches!(layer.kind, LayerKind::Foreign(_))),
            false => graph.leads_to_loss(id),
        };
        let task = found.task(drawn, signature.task);
        let graph = drawn.unfolded();
        let found = infer(&graph, Some(signature));
        let order = graph.topological_order();
        let wanted: BTreeSet<_> = order.iter().copied().filter(|&id| is_wanted(&graph, id)).collect();
        let mut places = BTreeMap::new();
        let mut nodes: Vec<Node> = Vec::new();
        for layer in order.iter().filter(|id| wanted.contains(id)).filter_map(|&id| graph.layer(id)) {
            let ports = graph.incoming(layer.id).map(|wire| wire.input + 1).max().unwrap_or(0);
            let (mut inputs, mut arriving) = (vec![None; ports], vec![None; ports]);
            for wire in graph.incoming(layer.id) {
                inputs[wire.input] = places.get(&wire.from).map(|&node| Source { node, port: wire.output });
                arriving[wire.input] = found.shape_on(wire).cloned();
            }
            let shapes: Vec<Shape> = arriving.iter().flatten().cloned().collect();
            places.insert(layer.id, nodes.len());
            nodes.push(Node {
                id: layer.id,
                drawn: layer.id.drawn(),
                slug: layer.slug(),
                name: layer.id.title(&layer.name),
                kind: layer.kind.clone(),
                frozen: layer.frozen,
                inputs,
                arriving,
                leaving: found.outputs.get(&layer.id).cloned().unwrap_or_default(),
                weights: layer.kind.spec().weights(&shapes),
            });
        }
        Ok(Self { nodes, signature: signature.clone(), task, answer: Answer::of(drawn, task) })
    }

    /// How many wires read what leaves there.
    pub fn readers(&self, source: Source) -> usize {
        self.nodes.iter().flat_map(Node::sources).filter(|read| *read == source).count()
    }

    /// Where the data enters.
    pub fn inputs(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| matches!(node.kind, LayerKind::Input(_)))
    }

    /// Every Loss with its settings, in the order of their ids.
    pub fn losses(&self) -> Vec<(&Node, &Loss)> {
        let mut losses: Vec<_> = self.nodes.iter().filter_map(|node| Some((node, node.loss()?))).collect();
        losses.sort_by_key(|(node, _)| node.id);
        losses
    }

    /// The Loss whose answer predictions and scores read, as `Graph::main_loss` chooses it.
    pub fn main_loss(&self) -> Option<(&Node, &Loss)> {
        let losses = self.losses();
        let is_free = |(node, _): &&(&Node, &Loss)| node.inputs.get(Loss::TRUTH).copied().flatten().is_none();
        losses.iter().find(is_free).or(losses.first()).copied()
    }

    /// What each Loss is asked for: the data's task, or the input itself where its truth is wired.
    pub fn task_of(&self, loss: &Node) -> Task {
        let truth = loss.arriving.get(Loss::TRUTH).and_then(Option::as_ref);
        truth.map_or(self.signature.task, |truth| Task::Input(truth.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::{Activation, Dense, Tanh};
    use crate::model::templates::chain;

    #[test]
    fn every_node_stands_behind_what_it_reads_and_knows_its_shapes() {
        let dense = |units| LayerKind::from(Dense { units, activation: Activation::Tanh, ..Dense::default() });
        let mut graph = chain(vec![dense(5), dense(3)]);
        let aside = graph.add(Tanh {}.into(), [0.0, 0.0]);
        graph.connect(graph.find("Dense 1").unwrap().id, aside).unwrap();
        let signature =
            DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![2]), task: Task::Classes(3) };
        let network = Network::new(&graph, &signature).unwrap();
        let slugs: Vec<_> = network.nodes.iter().map(|node| node.slug.as_str()).collect();
        assert_eq!(slugs, ["input", "dense_1", "dense_2", "loss"]);
        let second = &network.nodes[2];
        assert_eq!((second.input().0.as_slice(), second.output().0.as_slice()), (&[5][..], &[3][..]));
        assert_eq!(second.weights.iter().map(|weight| weight.dims.clone()).collect::<Vec<_>>(), [vec![3, 5], vec![3]]);
        assert_eq!(network.main_loss().map(|(node, _)| node.sources().next()), Some(Some(Source { node: 2, port: 0 })));
        assert_eq!(network.readers(Source { node: 1, port: 0 }), 1, "what leads to no Loss is left out");
        assert!(Network::new(&chain(vec![dense(2)]), &signature).is_err());
    }
}
