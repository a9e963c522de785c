//! Goes through the network and collects steps.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, Plan, Recurrent, Step, Tensor, Turn, Variable, What, channels_last, keras_word};
use crate::interop::code::Names;
use crate::interop::{Network, Node, Source};
use crate::model::layer::{Activated, Activation, Initialiser, LayerKind, Loss};

/// How the two biases of LSTM and Simple RNN are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Biases {
    /// Added up, as Keras has one.
    Summed,
    /// Both, as PyTorch's.
    Apart,
}

/// What is known so far.
pub(super) struct Builder<'a> {
    pub network: &'a Network,
    pub biases: Biases,
    names: &'a Names,
    used: BTreeSet<String>,
    steps: Vec<Step>,
    values: BTreeMap<Source, Tensor>,
    /// Rows that lie in the order of rows × columns × channels.
    turned: BTreeMap<Tensor, [usize; 3]>,
}

impl Plan {
    /// Errors: a sentence about a layer that cannot be written so.
    pub fn new(network: &Network, names: &Names, biases: Biases) -> Result<Self, String> {
        let (steps, values) = (Vec::new(), BTreeMap::new());
        let used = names.layers.iter().cloned().collect();
        let mut builder = Builder { network, biases, names, used, steps, values, turned: BTreeMap::new() };
        for (i, node) in network.nodes.iter().enumerate() {
            let leaving = builder.layer(i, node)?;
            for (port, tensor) in leaving.into_iter().enumerate() {
                builder.values.extend(tensor.map(|tensor| (Source { node: i, port }, tensor)));
            }
        }
        let answers = network.losses().into_iter().filter_map(|(loss, _)| builder.answer(loss)).collect();
        Ok(Self { steps: builder.steps, answers })
    }
}

impl Builder<'_> {
    fn answer(&self, loss: &Node) -> Option<Answer> {
        let arrives = |port: usize| loss.inputs.get(port).copied().flatten().and_then(|source| self.value(source));
        let node = self.network.nodes.iter().position(|node| node.id == loss.id)?;
        Some(Answer { node, answer: arrives(0)?, truth: arrives(Loss::TRUTH) })
    }

    fn value(&self, source: Source) -> Option<Tensor> {
        self.values.get(&source).copied()
    }

    /// What arrives at a port.
    pub fn arriving(&self, node: &Node, port: usize) -> Option<Tensor> {
        node.inputs.get(port).copied().flatten().and_then(|source| self.value(source))
    }

    /// What arrives at the first port. Errors: nothing does, which shapes say before it comes to this.
    pub fn input(&self, node: &Node) -> Result<Tensor, String> {
        self.arriving(node, 0).ok_or_else(|| format!("{}: nothing arrives.", node.name))
    }

    /// Everything that arrives, port by port.
    pub fn inputs(&self, node: &Node) -> Vec<Tensor> {
        node.sources().filter_map(|source| self.value(source)).collect()
    }

    /// The picture whose numbers a row holds in an order of its own.
    pub fn order_of(&self, tensor: Tensor) -> Option<[usize; 3]> {
        self.turned.get(&tensor).copied()
    }

    /// Notes that a row holds a picture in that order.
    pub fn set_order(&mut self, tensor: Tensor, picture: Option<[usize; 3]>) {
        self.turned.extend(picture.map(|picture| (tensor, picture)));
    }

    /// The layer's own step.
    pub fn step(&mut self, i: usize, what: What, reads: Vec<Tensor>, leaves: Vec<usize>) -> Tensor {
        self.add(i, self.names.layers[i].clone(), what, reads, vec![leaves])
    }

    /// The layer's own step, from which several values leave.
    pub fn step_of_many(&mut self, i: usize, what: What, reads: Vec<Tensor>, leaves: Vec<Vec<usize>>) -> usize {
        self.add(i, self.names.layers[i].clone(), what, reads, leaves).step
    }

    /// A step beside it.
    pub fn beside(&mut self, i: usize, suffix: &str, what: What, reads: Vec<Tensor>, leaves: Vec<usize>) -> Tensor {
        let mut name = format!("{}_{suffix}", self.names.layers[i]);
        while !self.used.insert(name.clone()) {
            name.push('_');
        }
        self.add(i, name, what, reads, vec![leaves])
    }

    fn add(&mut self, i: usize, name: String, what: What, reads: Vec<Tensor>, leaves: Vec<Vec<usize>>) -> Tensor {
        let node = &self.network.nodes[i];
        self.steps.push(Step {
            node: i,
            layer: node.drawn,
            name,
            what,
            reads,
            leaves,
            variables: Vec::new(),
            frozen: node.frozen,
            start: None,
            penalty: [0.0; 2],
        });
        Tensor { step: self.steps.len() - 1, port: 0 }
    }

    /// The step that a tensor leaves, to be completed.
    pub fn step_mut(&mut self, tensor: Tensor) -> &mut Step {
        &mut self.steps[tensor.step]
    }

    /// What leaves the step that was added last.
    pub fn newest(&self) -> Tensor {
        Tensor { step: self.steps.len().saturating_sub(1), port: 0 }
    }

    /// How the weights of a step began, and its penalties.
    pub fn set(&mut self, tensor: Tensor, start: (Initialiser, f64), penalty: [f64; 2]) {
        let step = self.step_mut(tensor);
        (step.start, step.penalty) = (Some(start), penalty);
    }

    /// A step's bias, if it has one, under the frameworks' name.
    pub fn keep_bias(&mut self, tensor: Tensor, node: &Node, name: &str, len: usize, is_there: bool) {
        if is_there {
            self.keep(tensor, "bias", Turn::same(format!("{}.{name}", node.slug), [len]));
        }
    }

    /// The function that a layer's own call takes: one that Keras has a word for.
    pub fn inline(&self, activated: Activated) -> Option<Activated> {
        keras_word(&activated).map(|_| activated)
    }

    /// The layer's function as a step of its own, where its call does not take it.
    pub fn activated(&mut self, i: usize, x: Tensor, activated: Activated) -> Tensor {
        if activated.activation == Activation::None || keras_word(&activated).is_some() {
            return x;
        }
        let leaves = self.dims(x);
        self.beside(i, "activation", What::Activation(activated), vec![x], leaves)
    }

    /// Gives the step a variable.
    pub fn keep(&mut self, tensor: Tensor, name: &'static str, turn: Turn) {
        self.keep_inside(tensor, "", name, turn);
    }

    /// Gives the step a variable that lies in a part of it.
    pub fn keep_inside(&mut self, tensor: Tensor, inside: &'static str, name: &'static str, turn: Turn) {
        let is_penalised = name.contains("kernel") && !name.contains("recurrent");
        let step = self.step_mut(tensor);
        step.variables.push(Variable { name, inside, is_trained: true, is_penalised, turn });
    }

    /// Sizes of what leaves a layer's port, channels last.
    pub fn leaving(&self, node: &Node, port: usize) -> Vec<usize> {
        node.leaving.get(port).map_or_else(Vec::new, |shape| channels_last(&shape.0))
    }

    /// Sizes of a tensor.
    pub fn dims(&self, tensor: Tensor) -> Vec<usize> {
        self.steps[tensor.step].leaves.get(tensor.port).cloned().unwrap_or_default()
    }

    /// Whether all that read what leaves a layer are Dense, or pass it on to such number by number.
    pub fn leads_to_dense_only(&self, i: usize) -> bool {
        let reads = |node: &Node| node.sources().any(|source| source.node == i);
        let readers = self.network.nodes.iter().enumerate().filter(|(_, node)| reads(node));
        readers.into_iter().all(|(at, node)| match &node.kind {
            LayerKind::Dense(_) => true,
            kind => passes_on(kind) && self.leads_to_dense_only(at),
        })
    }

    /// Which ports of a recurrent layer anybody reads.
    pub fn asked_for(&self, i: usize, mut recurrent: Recurrent) -> Recurrent {
        let reads = |port: usize| self.network.readers(Source { node: i, port }) > 0;
        (recurrent.sequence, recurrent.last) = (reads(0), reads(1));
        recurrent
    }
}

/// Whether a layer treats every number of a row alike and keeps nothing for it.
pub(super) fn passes_on(kind: &LayerKind) -> bool {
    match kind {
        LayerKind::Dropout(_)
        | LayerKind::GaussianNoise(_)
        | LayerKind::Relu(_)
        | LayerKind::LeakyRelu(_)
        | LayerKind::Elu(_)
        | LayerKind::Selu(_)
        | LayerKind::Gelu(_)
        | LayerKind::Silu(_)
        | LayerKind::HardSwish(_)
        | LayerKind::Mish(_)
        | LayerKind::CappedRelu(_)
        | LayerKind::ThresholdedRelu(_)
        | LayerKind::Softplus(_)
        | LayerKind::Tanh(_)
        | LayerKind::HardTanh(_)
        | LayerKind::Sigmoid(_)
        | LayerKind::HardSigmoid(_) => true,
        // Formulas say x once, and any other layer may tell its numbers apart.
        _ => false,
    }
}
