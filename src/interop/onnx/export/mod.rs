//! From a network to an ONNX file: inference, with the weights in it. What leaves is what arrives at each Loss, as it
//! is: raw outputs, from which answers are made as the metadata say.
//!
//! A file a family of layers; which operators a layer becomes is in [`layer`], an exhaustive match.

mod activation;
mod attention;
mod axes;
mod convolution;
mod formula;
mod norm;
mod place;
mod pool;
mod recurrent;

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;

use super::proto::{Entry, Graph, Model, Node, OperatorSet, Tensor, ValueInfo};
use crate::files::NamedTensor;
use crate::interop::network::{Network, Source};
use crate::model::Task;
use crate::model::layer::LayerKind;
use place::Place;

/// The version of ONNX's operators that files are written with: the first with all that is needed, Gelu the last of it.
pub const OPERATOR_SET: i64 = 20;

/// The version of the file's format that came with these operators.
const FORMAT: i64 = 9;

/// The port of a Loss where what the network says arrives.
const ANSWER: usize = 0;

/// What a file of this kind can hold.
const MOST_BYTES: usize = 2_000_000_000;

/// Why a network cannot be written as ONNX. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The layer by its name, and the reason: a sentence.
    #[error("{layer} can't be written as ONNX: {why}")]
    Layer {
        /// Its name: "Dense 1".
        layer: String,
        /// A sentence.
        why: String,
    },
    /// There is no tensor of this name and size among the weights.
    #[error("{name} is missing among the weights, or has another size than the network's ({wanted:?}).")]
    Weight {
        /// `dense_1.weight`
        name: String,
        /// The size it should have.
        wanted: Vec<usize>,
    },
    /// The format's own limit.
    #[error("The network has {0} bytes of weights, but an ONNX file holds at most 2 GB.")]
    TooLarge(usize),
}

/// What the file is made of so far.
struct Writer<'a> {
    weights: BTreeMap<&'a str, &'a NamedTensor>,
    nodes: Vec<Node>,
    constants: Vec<Tensor>,
    /// Shapes of what leaves the layers.
    shapes: Vec<ValueInfo>,
    /// Names of values; each is given away once.
    taken: BTreeSet<String>,
}

/// The whole file, for predicting: dropout and noise are absent, batch norm takes its running statistics. `name` is the
/// project's.
pub fn write(network: &Network, name: &str, weights: &[NamedTensor]) -> Result<Vec<u8>, Refusal> {
    let mut writer = Writer {
        weights: weights.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect(),
        nodes: Vec::new(),
        constants: Vec::new(),
        shapes: Vec::new(),
        taken: network.nodes.iter().map(|node| node.slug.clone()).collect(),
    };
    let needed = needed(network);
    let mut values: BTreeMap<Source, String> = BTreeMap::new();
    let mut input = Vec::new();
    for (at, node) in network.nodes.iter().enumerate().filter(|(at, _)| needed.contains(at)) {
        if matches!(node.kind, LayerKind::Input(_)) {
            input.push(ValueInfo::batched(&node.slug, &node.output().0, Some(entering(network, &node.kind))));
            values.insert(Source { node: at, port: 0 }, node.slug.clone());
            continue;
        }
        let arriving = node.inputs.iter().map(|source| source.and_then(|source| values.get(&source).cloned()));
        let mut place = Place::new(&mut writer, node, arriving.collect());
        let leaving = layer(&mut place, &node.kind)?;
        let single = leaving.len() == 1;
        for (port, value) in leaving.into_iter().enumerate() {
            let source = Source { node: at, port };
            // Of several ports only those that are read are written.
            if single || network.readers(source) > 0 {
                let word = node.kind.spec().outputs().get(port).copied().unwrap_or("output");
                let name = if single { node.slug.clone() } else { format!("{}.{word}", node.slug) };
                values.insert(source, place.leave(value, name, node.leaving.get(port)));
            }
        }
    }
    let output = writer.outputs(network, &values);
    writer.keep_needed(&output);
    writer.shapes.retain(|shape| output.iter().all(|output| output.name != shape.name));
    let bytes: usize = writer.constants.iter().filter_map(|tensor| tensor.raw_data.as_ref()).map(|raw| raw.len()).sum();
    if bytes > MOST_BYTES {
        return Err(Refusal::TooLarge(bytes));
    }
    let graph = Graph {
        node: writer.nodes,
        name: Some(if name.trim().is_empty() { "network".to_owned() } else { name.to_owned() }),
        initializer: writer.constants,
        doc_string: None,
        input,
        output,
        value_info: writer.shapes,
    };
    Ok(model(network, graph).encode_to_vec())
}

/// Nodes that an answer depends on: what leads to nothing but the truth of a Loss is not asked for.
fn needed(network: &Network) -> BTreeSet<usize> {
    let answers = network.losses().into_iter().filter_map(|(node, _)| node.inputs.first().copied().flatten());
    let mut open: Vec<usize> = answers.map(|source| source.node).collect();
    let mut needed = BTreeSet::new();
    while let Some(at) = open.pop() {
        if needed.insert(at) {
            open.extend(network.nodes[at].sources().map(|source| source.node));
        }
    }
    // Each Input is a place to put something, read or not.
    let is_input = |at: &usize| matches!(network.nodes[*at].kind, LayerKind::Input(_));
    needed.extend((0..network.nodes.len()).filter(is_input));
    needed
}

fn entering(network: &Network, kind: &LayerKind) -> String {
    match kind {
        LayerKind::Input(input) if !input.columns.trim().is_empty() => format!("Columns: {}", input.columns),
        _ if network.signature.names.is_empty() => "A sample as the data has it".to_owned(),
        _ => format!("Columns: {}", network.signature.names.join(", ")),
    }
}

fn model(network: &Network, graph: Graph) -> Model {
    let entry = |key: &str, value: String| Entry { key: Some(key.to_owned()), value: Some(value) };
    let task = match network.task {
        Task::Classes(classes) => format!("one of {classes} classes"),
        Task::ClassesAt { positions, classes } => format!("one of {classes} classes at each of {positions} positions"),
        Task::Numbers(numbers) => format!("{numbers} numbers"),
        Task::Input(_) => "the input itself".to_owned(),
        Task::Boxes { classes, .. } => format!("things of {classes} classes in a picture"),
    };
    let losses = network.losses().into_iter().map(|(node, loss)| {
        let said = network.task_of(node).loss(loss.loss);
        entry(&format!("{}.loss", node.slug), said.key().to_owned())
    });
    let mut metadata_props = vec![
        entry("task", task),
        entry("outputs", "raw: the input of each Loss, before softmax or sigmoid".to_owned()),
    ];
    metadata_props.extend(losses);
    Model {
        ir_version: Some(FORMAT),
        producer_name: Some("Glassbox".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        doc_string: None,
        graph: Some(graph),
        opset_import: vec![OperatorSet { domain: Some(String::new()), version: Some(OPERATOR_SET) }],
        metadata_props,
        functions: Vec::new(),
    }
}

impl Writer<'_> {
    /// What was written for a port that nobody reads goes.
    fn keep_needed(&mut self, outputs: &[ValueInfo]) {
        let mut needed: BTreeSet<String> = outputs.iter().filter_map(|output| output.name.clone()).collect();
        let mut kept = Vec::new();
        // Each stands behind what it reads.
        while let Some(node) = self.nodes.pop() {
            if node.output.iter().any(|output| needed.contains(output)) {
                needed.extend(node.input.iter().cloned());
                needed.extend(node.output.iter().cloned());
                kept.push(node);
            }
        }
        kept.reverse();
        self.nodes = kept;
        self.constants.retain(|constant| constant.name.as_ref().is_some_and(|name| needed.contains(name)));
        self.shapes.retain(|shape| shape.name.as_ref().is_some_and(|name| needed.contains(name)));
    }

    /// What arrives at each Loss, each once. What is not made by an operator leaves through one that does nothing.
    fn outputs(&mut self, network: &Network, values: &BTreeMap<Source, String>) -> Vec<ValueInfo> {
        let mut outputs: Vec<ValueInfo> = Vec::new();
        for (node, loss) in network.losses() {
            let Some(source) = node.inputs.get(ANSWER).copied().flatten() else { continue };
            let Some(value) = values.get(&source) else { continue };
            let is_made = self.nodes.iter().any(|node| node.output.contains(value));
            let name = if is_made { value.clone() } else { format!("{}.answer", node.slug) };
            if outputs.iter().any(|output| output.name.as_deref() == Some(&name)) {
                continue;
            }
            if !is_made {
                self.nodes.push(Node {
                    input: vec![value.clone()],
                    output: vec![name.clone()],
                    name: Some(name.clone()),
                    op_type: Some("Identity".to_owned()),
                    ..Node::default()
                });
            }
            let shape = node.arriving.get(ANSWER).and_then(Option::as_ref).cloned().unwrap_or_default();
            let said = format!("Raw outputs; trained with {}", network.task_of(node).loss(loss.loss).title());
            outputs.push(ValueInfo::batched(&name, &shape.0, Some(said)));
        }
        outputs
    }
}

/// What a layer becomes: the value that leaves each of its ports.
fn layer(l: &mut Place, kind: &LayerKind) -> Result<Vec<String>, Refusal> {
    let one = match kind {
        LayerKind::Lstm(layer) => return recurrent::lstm(l, layer),
        LayerKind::Gru(layer) => return recurrent::gru(l, layer),
        LayerKind::SimpleRnn(layer) => return recurrent::simple(l, layer),
        LayerKind::MultiHeadAttention(layer) => return attention::attention(l, layer),
        // They act in training only.
        LayerKind::Dropout(_) | LayerKind::GaussianNoise(_) => l.x(),
        LayerKind::Dense(layer) => norm::dense(l, layer)?,
        LayerKind::Formula(layer) => formula::formula(l, layer)?,
        LayerKind::Flatten(_) => l.flat(),
        LayerKind::Reshape(_) => l.reshaped(),
        LayerKind::Relu(_)
        | LayerKind::LeakyRelu(_)
        | LayerKind::Prelu(_)
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
        | LayerKind::HardSigmoid(_)
        | LayerKind::Softmax(_)
        | LayerKind::LogSoftmax(_) => activation::layer(l, kind)?,
        LayerKind::Conv2d(layer) => convolution::conv2d(l, layer)?,
        LayerKind::DepthwiseConv2d(layer) => convolution::depthwise(l, layer)?,
        LayerKind::SeparableConv2d(layer) => convolution::separable(l, layer)?,
        LayerKind::ConvTranspose2d(layer) => convolution::transposed(l, layer)?,
        LayerKind::Conv1d(layer) => convolution::conv1d(l, layer)?,
        LayerKind::Upsample(layer) => convolution::upsample(l, layer),
        LayerKind::MaxPool2d(layer) => pool::of_picture(l, &layer.pool(), [layer.kernel, layer.stride], None),
        LayerKind::AvgPool2d(layer) => {
            pool::of_picture(l, &layer.pool(), [layer.kernel, layer.stride], Some(layer.count_padding))
        }
        LayerKind::MaxPool1d(layer) => pool::of_sequence(l, &layer.pool(), [layer.kernel, layer.stride], None),
        LayerKind::AvgPool1d(layer) => {
            pool::of_sequence(l, &layer.pool(), [layer.kernel, layer.stride], Some(layer.count_padding))
        }
        LayerKind::AdaptiveAvgPool2d(layer) => pool::adaptive(l, layer),
        LayerKind::GlobalAvgPool(_) => pool::global(l),
        LayerKind::ZeroPad2d(layer) => axes::pad(l, &layer.zeros()),
        LayerKind::ZeroPad1d(layer) => axes::pad(l, &layer.zeros()),
        LayerKind::Crop2d(layer) => axes::crop(l, &[0, layer.top, layer.left]),
        LayerKind::Crop1d(layer) => axes::crop(l, &[layer.before, 0]),
        LayerKind::Embedding(_) => axes::embedding(l)?,
        LayerKind::PositionalEncoding(layer) => axes::positions(l, layer)?,
        LayerKind::Permute(layer) => axes::permute(l, layer)?,
        LayerKind::Slice(layer) => axes::slice(l, layer)?,
        LayerKind::MeanOver(layer) => axes::over(l, "ReduceMean", layer.axis),
        LayerKind::MaxOver(layer) => axes::over(l, "ReduceMax", layer.axis),
        LayerKind::BatchNorm(layer) => norm::batch(l, layer)?,
        LayerKind::LayerNorm(layer) => norm::layer(l, layer)?,
        LayerKind::GroupNorm(layer) => norm::group(l, layer.groups, layer.epsilon)?,
        LayerKind::InstanceNorm(layer) => norm::instance(l, layer)?,
        LayerKind::RmsNorm(layer) => norm::rms(l, layer)?,
        LayerKind::Add(_) => l.merged("Sum"),
        LayerKind::Average(_) => l.merged("Mean"),
        LayerKind::Maximum(_) => l.merged("Max"),
        LayerKind::Minimum(_) => l.merged("Min"),
        LayerKind::Subtract(_) => l.in_turn("Sub"),
        LayerKind::Multiply(_) => l.in_turn("Mul"),
        LayerKind::Concat(_) => axes::concat(l),
        LayerKind::Foreign(layer) => {
            return Err(l.refuse(format!("Glassbox doesn't know what {} computes.", layer.title())));
        }
        // What is asked for stands before them, and the unfolded network has no Blocks.
        LayerKind::Input(_)
        | LayerKind::Loss(_)
        | LayerKind::Block(_)
        | LayerKind::BlockInput(_)
        | LayerKind::BlockOutput(_) => return Ok(Vec::new()),
    };
    Ok(vec![one])
}
