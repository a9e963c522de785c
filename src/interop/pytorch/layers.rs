//! Every kind of layer as code. A new kind leads the compiler here.

use super::super::code::{Names, expression, python};
use super::super::{Network, Node, Refusal, Source};
use super::functions::{Torch, activation};
use super::pieces::{Brought, Piece};
use super::{norms, pictures, sequences, start};
use crate::model::layer::{self, Activated, LayerKind};

/// A layer that is written down.
pub struct At<'a> {
    /// All layers.
    pub network: &'a Network,
    /// This one.
    pub node: &'a Node,
    /// What it is called: `dense_1`.
    pub name: &'a str,
    /// Variables that arrive, in the order of its wires.
    pub inputs: Vec<String>,
    /// The variable that its first output goes into.
    pub output: String,
    /// The variables of all its outputs.
    pub outputs: Vec<String>,
    /// Whether anything reads each of its outputs.
    pub reads: Vec<bool>,
}

/// The pieces of all layers, in the order in which they are computed. Errors: what cannot be said.
pub fn all(network: &Network, names: &Names) -> Result<Vec<Piece>, Vec<Refusal>> {
    let (mut pieces, mut refused) = (Vec::new(), Vec::new());
    for (i, node) in network.nodes.iter().enumerate() {
        let inputs = node.sources().map(|source| names.value(source)).collect();
        let ports = (0..node.leaving.len()).map(|port| Source { node: i, port });
        let outputs: Vec<String> = ports.clone().map(|source| names.value(source)).collect();
        let reads = ports.map(|source| network.readers(source) > 0).collect();
        let output = outputs.first().cloned().unwrap_or_default();
        let at = At { network, node, name: &names.layers[i], inputs, output, outputs, reads };
        match of(&at) {
            Ok(mut piece) => {
                if node.frozen {
                    let members = piece.members.iter().filter(|member| !member.is_buffer);
                    piece.start.extend(members.map(|member| format!("self.{}.requires_grad_(False)", member.name)));
                }
                pieces.push(piece);
            }
            Err(why) => refused.push(Refusal { layer: node.name.clone(), why }),
        }
    }
    if refused.is_empty() { Ok(pieces) } else { Err(refused) }
}

/// Errors: half a sentence why PyTorch has no such layer.
fn of(at: &At) -> Result<Piece, String> {
    let mut piece = Piece::default();
    let p = &mut piece;
    match &at.node.kind {
        LayerKind::Input(input) => enter(p, at, input),
        LayerKind::Dense(dense) => of_dense(p, at, dense),
        LayerKind::Formula(formula) => p.step(&at.output, expression(&formula.expression, at.x(), &Torch)?),
        LayerKind::Foreign(foreign) => return Err(format!("{} is a foreign layer", foreign.title())),
        // Unfolded before, and the Loss is no part of the module.
        LayerKind::Block(_) | LayerKind::BlockInput(_) | LayerKind::BlockOutput(_) | LayerKind::Loss(_) => {}
        LayerKind::Flatten(_) => p.step(&at.output, format!("torch.flatten({}, 1)", at.x())),
        LayerKind::Reshape(_) => reshape(p, at),
        LayerKind::Dropout(dropout) => of_dropout(p, at, dropout),
        LayerKind::GaussianNoise(noise) => {
            p.brings.push(Brought::GaussianNoise);
            p.member(at.name, "GaussianNoise", vec![python::float(noise.deviation)]);
            p.step(&at.output, format!("self.{}({})", at.name, at.x()));
        }
        LayerKind::Relu(_) => at.function(p, "F.relu", &[]),
        LayerKind::LeakyRelu(layer) => at.function(p, "F.leaky_relu", &[python::float(layer.slope)]),
        LayerKind::Prelu(prelu) => of_prelu(p, at, prelu),
        LayerKind::Elu(layer) if layer.alpha == 1.0 => at.function(p, "F.elu", &[]),
        LayerKind::Elu(layer) => at.function(p, "F.elu", &[format!("alpha={}", python::float(layer.alpha))]),
        LayerKind::Selu(_) => at.function(p, "F.selu", &[]),
        LayerKind::Gelu(_) => at.function(p, "F.gelu", &[]),
        LayerKind::Silu(_) => at.function(p, "F.silu", &[]),
        LayerKind::HardSwish(_) => at.function(p, "F.hardswish", &[]),
        LayerKind::Mish(_) => at.function(p, "F.mish", &[]),
        LayerKind::CappedRelu(layer) if layer.cap == 6.0 => at.function(p, "F.relu6", &[]),
        LayerKind::CappedRelu(layer) => at.function(p, "F.hardtanh", &["0.0".into(), python::float(layer.cap)]),
        LayerKind::ThresholdedRelu(layer) => {
            at.function(p, "F.threshold", &[python::float(layer.threshold), "0.0".into()]);
        }
        LayerKind::Softplus(_) => at.function(p, "F.softplus", &[]),
        LayerKind::Tanh(_) => at.function(p, "torch.tanh", &[]),
        LayerKind::HardTanh(_) => at.function(p, "F.hardtanh", &[]),
        LayerKind::Sigmoid(_) => at.function(p, "torch.sigmoid", &[]),
        LayerKind::HardSigmoid(_) => at.function(p, "F.hardsigmoid", &[]),
        LayerKind::Softmax(_) => at.function(p, "F.softmax", &["dim=-1".into()]),
        LayerKind::LogSoftmax(_) => at.function(p, "F.log_softmax", &["dim=-1".into()]),
        LayerKind::Conv2d(layer) => pictures::conv2d(p, at, layer),
        LayerKind::DepthwiseConv2d(layer) => pictures::depthwise(p, at, layer),
        LayerKind::SeparableConv2d(layer) => pictures::separable(p, at, layer),
        LayerKind::ConvTranspose2d(layer) => pictures::transposed(p, at, layer),
        LayerKind::Upsample(layer) => pictures::upsample(p, at, layer),
        LayerKind::MaxPool2d(layer) => pictures::max_pool(p, at, layer),
        LayerKind::AvgPool2d(layer) => pictures::avg_pool(p, at, layer),
        LayerKind::AdaptiveAvgPool2d(layer) => {
            at.function(p, "F.adaptive_avg_pool2d", &[python::tuple(&[layer.rows, layer.columns])]);
        }
        LayerKind::GlobalAvgPool(_) => p.step(&at.output, format!("{}.mean(dim=(2, 3))", at.x())),
        LayerKind::ZeroPad2d(layer) => {
            let layer::ZeroPad2d { top, bottom, left, right } = *layer;
            at.function(p, "F.pad", &[python::tuple(&[left, right, top, bottom])]);
        }
        LayerKind::Crop2d(layer) => pictures::crop(p, at, layer),
        LayerKind::Conv1d(layer) => sequences::conv1d(p, at, layer),
        LayerKind::MaxPool1d(layer) => sequences::max_pool(p, at, layer),
        LayerKind::AvgPool1d(layer) => sequences::avg_pool(p, at, layer),
        LayerKind::ZeroPad1d(layer) => {
            at.function(p, "F.pad", &[python::tuple(&[0, 0, layer.before, layer.after])]);
        }
        LayerKind::Crop1d(layer) => {
            let end = layer.before + at.node.output().0[0];
            p.step(&at.output, format!("{}[:, {}:{end}]", at.x(), layer.before));
        }
        LayerKind::Embedding(layer) => sequences::embedding(p, at, layer),
        LayerKind::PositionalEncoding(layer) => sequences::positions(p, at, layer),
        LayerKind::MultiHeadAttention(layer) => sequences::attention(p, at, layer),
        LayerKind::Lstm(layer) => sequences::lstm(p, at, layer),
        LayerKind::Gru(layer) => sequences::gru(p, at, layer),
        LayerKind::SimpleRnn(layer) => sequences::rnn(p, at, layer),
        LayerKind::Permute(permute) => {
            let order = permute.axes(at.node.input().rank())?;
            let order: Vec<String> = order.iter().map(|axis| (axis + 1).to_string()).collect();
            p.step(&at.output, format!("{}.permute(0, {})", at.x(), order.join(", ")));
        }
        LayerKind::Slice(slice) => of_slice(p, at, slice)?,
        LayerKind::MeanOver(over) => p.step(&at.output, format!("{}.mean({})", at.x(), at.along(over.axis))),
        LayerKind::MaxOver(over) => {
            p.step(&at.output, format!("{}.max({}).values", at.x(), at.along(over.axis)));
        }
        LayerKind::BatchNorm(layer) => norms::batch_norm(p, at, layer),
        LayerKind::LayerNorm(layer) => norms::layer_norm(p, at, layer),
        LayerKind::GroupNorm(layer) => norms::group_norm(p, at, layer),
        LayerKind::InstanceNorm(layer) => norms::instance_norm(p, at, layer),
        LayerKind::RmsNorm(layer) => norms::rms_norm(p, at, layer),
        LayerKind::Add(_) => p.step(&at.output, at.inputs.join(" + ")),
        LayerKind::Subtract(_) => p.step(&at.output, at.inputs.join(" - ")),
        LayerKind::Multiply(_) => p.step(&at.output, at.inputs.join(" * ")),
        LayerKind::Average(_) => p.step(&at.output, format!("({}) / {}", at.inputs.join(" + "), at.inputs.len())),
        LayerKind::Maximum(_) => p.step(&at.output, at.in_turn("torch.maximum")),
        LayerKind::Minimum(_) => p.step(&at.output, at.in_turn("torch.minimum")),
        LayerKind::Concat(_) => {
            p.call(&at.output, "torch.cat", vec![format!("[{}]", at.inputs.join(", ")), "dim=1".into()], "");
        }
    }
    Ok(piece)
}

impl At<'_> {
    /// The variable that arrives first.
    pub fn x(&self) -> &str {
        self.inputs.first().map_or("x", String::as_str)
    }

    /// Whether anything reads this output.
    pub fn reads(&self, port: usize) -> bool {
        self.reads.get(port).copied().unwrap_or(false)
    }

    /// `output = name(x, more)`
    pub fn function(&self, p: &mut Piece, name: &str, more: &[String]) {
        let arguments = [&[self.x().to_owned()], more].concat();
        p.call(&self.output, name, arguments, "");
    }

    /// `output = activation(expression)`
    pub fn activated(&self, p: &mut Piece, chosen: Activated, expression: String) {
        match activation(chosen) {
            None => p.step(&self.output, expression),
            Some((name, more)) => p.call(&self.output, name, [vec![expression], more].concat(), ""),
        }
    }

    /// `dim=1`, and that an axis which is the only one stays.
    fn along(&self, axis: usize) -> String {
        let keep = if self.node.input().rank() == 1 { ", keepdim=True" } else { "" };
        format!("dim={axis}{keep}")
    }

    /// `f(f(a, b), c)`
    fn in_turn(&self, function: &str) -> String {
        let mut inputs = self.inputs.iter();
        let first = inputs.next().cloned().unwrap_or_default();
        inputs.fold(first, |so_far, next| format!("{function}({so_far}, {next})"))
    }

    /// Says that `slug.ours` is `name.theirs` in the `state_dict`.
    pub fn same(&self, p: &mut Piece, ours: &str, theirs: &str) {
        p.tensors.push((format!("{}.{ours}", self.node.slug), format!("{}.{theirs}", self.name)));
    }

    /// The usual two tensors of a member.
    pub fn weight_and_bias(&self, p: &mut Piece, has_bias: bool) {
        self.same(p, "weight", "weight");
        if has_bias {
            self.same(p, "bias", "bias");
        }
    }
}

/// Which columns of a sample go in.
fn enter(p: &mut Piece, at: &At, input: &layer::Input) {
    take(p, at, input);
    if !input.shape.trim().is_empty() {
        let sizes = at.node.output().0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        p.step(&at.output, format!("{}.reshape(-1, {sizes})", at.output));
    }
}

fn take(p: &mut Piece, at: &At, input: &layer::Input) {
    let Ok(Some(places)) = input.places(&at.network.signature) else {
        if at.output != "x" {
            p.step(&at.output, "x");
        }
        return;
    };
    if places.iter().copied().eq(0..at.network.signature.input.len()) {
        if at.output != "x" {
            p.step(&at.output, "x");
        }
        return;
    }
    let is_run = places.windows(2).all(|pair| pair[1] == pair[0] + 1);
    let columns = match (places.first(), places.last()) {
        (Some(first), Some(last)) if is_run => format!("{first}:{}", last + 1),
        _ => python::list(&places),
    };
    p.step(&at.output, format!("x[:, {columns}]"));
}

fn of_dense(p: &mut Piece, at: &At, dense: &layer::Dense) {
    let features = at.node.input().0.last().copied().unwrap_or(1);
    let mut arguments = vec![features.to_string(), dense.units.to_string()];
    if !dense.bias {
        arguments.push("bias=False".into());
    }
    p.member(at.name, "nn.Linear", arguments);
    p.start.push(start::fill(&format!("self.{}.weight", at.name), dense.init, dense.init_value));
    if dense.bias {
        p.start.push(start::zeros(&format!("self.{}.bias", at.name)));
    }
    at.weight_and_bias(p, dense.bias);
    at.activated(p, dense.activated(), format!("self.{}({})", at.name, at.x()));
}

fn reshape(p: &mut Piece, at: &At) {
    let sizes: Vec<String> = at.node.output().0.iter().map(usize::to_string).collect();
    p.step(&at.output, format!("{}.reshape(-1, {})", at.x(), sizes.join(", ")));
}

fn of_dropout(p: &mut Piece, at: &At, dropout: &layer::Dropout) {
    let rank = at.node.input().rank();
    let (head, on_its_side) = match (dropout.whole_channels, rank) {
        (true, 3) => ("nn.Dropout2d", false),
        (true, 2) => ("nn.Dropout1d", true),
        _ => ("nn.Dropout", false),
    };
    p.member(at.name, head, vec![python::float(dropout.rate)]);
    let x = at.x();
    p.step(
        &at.output,
        if on_its_side {
            format!("self.{}({x}.transpose(1, 2)).transpose(1, 2)", at.name)
        } else {
            format!("self.{}({x})", at.name)
        },
    );
}

fn of_prelu(p: &mut Piece, at: &At, prelu: &layer::Prelu) {
    let input = at.node.input();
    let slopes = if prelu.per_channel { input.0.first().copied().unwrap_or(1) } else { 1 };
    let mut arguments = if slopes == 1 { Vec::new() } else { vec![slopes.to_string()] };
    if prelu.slope != 0.25 {
        arguments.push(format!("init={}", python::float(prelu.slope)));
    }
    p.member(at.name, "nn.PReLU", arguments);
    p.start.push(format!("nn.init.constant_(self.{}.weight, {})", at.name, python::float(prelu.slope)));
    at.same(p, "weight", "weight");
    p.step(&at.output, format!("self.{}({})", at.name, at.x()));
}

fn of_slice(p: &mut Piece, at: &At, slice: &layer::Slice) -> Result<(), String> {
    let size = at.node.input().0[slice.axis - 1];
    let start = slice.first(size)?;
    let before = ":, ".repeat(slice.axis);
    let place = match slice.drops() {
        // A row of one number stays a row.
        true if at.node.input().rank() > 1 && start + 1 == size => "-1".to_owned(),
        true if at.node.input().rank() > 1 => start.to_string(),
        _ => format!("{start}:{}", start + slice.length),
    };
    p.step(&at.output, format!("{}[{before}{place}]", at.x()));
    Ok(())
}
