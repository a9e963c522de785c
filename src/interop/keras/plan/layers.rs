//! What each layer becomes.

use super::build::{Builder, passes_on};
use super::windows::weight;
use super::{Cell, Merge, Recurrent, Tensor, Turn, What};
use crate::interop::Node;
use crate::model::layer::{
    Activated, Activation, Dense, Dropout, Embedding, GroupNorm, Interpolation, LayerKind, Loss, Nonlinearity,
    Positions, Prelu,
};

/// A function without settings that matter.
fn plain(activation: Activation) -> Activated {
    Activated { activation, slope: 0.0, cap: 6.0, threshold: 0.0 }
}

/// The function that a layer is, with its settings.
fn function_of(kind: &LayerKind) -> Activated {
    let activation = kind.activation().unwrap_or(Activation::None);
    match kind {
        LayerKind::LeakyRelu(layer) => Activated { slope: layer.slope, ..plain(activation) },
        LayerKind::CappedRelu(layer) => Activated { cap: layer.cap, ..plain(activation) },
        LayerKind::ThresholdedRelu(layer) => Activated { threshold: layer.threshold, ..plain(activation) },
        _ => plain(activation),
    }
}

/// Where a merge of many goes two by two.
fn is_two_by_two(merge: Merge) -> bool {
    match merge {
        Merge::Subtract => true,
        Merge::Add | Merge::Multiply | Merge::Average | Merge::Maximum | Merge::Minimum => false,
    }
}

impl Builder<'_> {
    /// Adds a layer's steps. What leaves each of its ports; `None` where nobody asks.
    pub(super) fn layer(&mut self, i: usize, node: &Node) -> Result<Vec<Option<Tensor>>, String> {
        use LayerKind as L;
        let one = match &node.kind {
            L::Loss(Loss { .. }) => return Ok(Vec::new()),
            L::Lstm(_) | L::Gru(_) | L::SimpleRnn(_) => return self.recurrent(i, node, recurrent_of(&node.kind)),
            L::MultiHeadAttention(l) => return self.attention(i, node, l),
            L::Block(_) | L::BlockInput(_) | L::BlockOutput(_) => {
                return Err(format!("{} is taken apart before it comes to code.", node.name));
            }
            L::Foreign(foreign) => return Err(format!("{} is a foreign layer, {}.", node.name, foreign.title())),
            L::Input(input) if !input.shape.trim().is_empty() => {
                return Err(format!("{} arranges what enters it in a shape of its own.", node.name));
            }
            L::Input(input) => {
                let columns = input.places(&self.network.signature).map_err(|mismatch| mismatch.why)?;
                let leaves = self.leaving(node, 0);
                self.step(i, What::Input { columns }, Vec::new(), leaves)
            }
            L::Dense(l) => self.dense(i, node, l)?,
            L::Formula(l) => self.alike(i, node, What::Formula { expression: l.expression.clone() })?,
            L::Flatten(_) => self.flatten(i, node)?,
            L::Reshape(_) => self.reshape(i, node)?,
            L::Dropout(l) => self.dropout(i, node, l)?,
            L::GaussianNoise(l) => self.alike(i, node, What::Noise { deviation: l.deviation })?,
            L::Prelu(l) => self.prelu(i, node, l)?,
            L::Elu(l) if l.alpha == 1.0 => self.alike(i, node, What::Activation(plain(Activation::Elu)))?,
            L::Elu(l) => self.alike(i, node, What::Elu { alpha: l.alpha })?,
            L::Relu(_)
            | L::LeakyRelu(_)
            | L::Selu(_)
            | L::Gelu(_)
            | L::Silu(_)
            | L::HardSwish(_)
            | L::Mish(_)
            | L::CappedRelu(_)
            | L::ThresholdedRelu(_)
            | L::Softplus(_)
            | L::Tanh(_)
            | L::HardTanh(_)
            | L::Sigmoid(_)
            | L::HardSigmoid(_) => self.alike(i, node, What::Activation(function_of(&node.kind)))?,
            L::Softmax(_) => self.softmax(i, node, false)?,
            L::LogSoftmax(_) => self.softmax(i, node, true)?,
            L::Conv2d(l) => self.conv2d(i, node, l)?,
            L::DepthwiseConv2d(l) => self.depthwise(i, node, l)?,
            L::SeparableConv2d(l) => self.separable(i, node, l)?,
            L::ConvTranspose2d(l) => self.conv_transpose(i, node, l)?,
            L::Upsample(l) => {
                let bilinear = l.mode == Interpolation::Bilinear;
                self.simple(i, node, What::Upsample { factor: l.factor, bilinear })?
            }
            L::MaxPool2d(l) => self.max_pool(i, node, &l.pool(), [l.kernel, l.stride])?,
            L::AvgPool2d(l) => self.mean_pool(i, node, &l.pool(), [l.kernel, l.stride], l.count_padding)?,
            L::AdaptiveAvgPool2d(l) => self.adaptive(i, node, [l.rows, l.columns])?,
            L::GlobalAvgPool(_) => self.simple(i, node, What::GlobalMean)?,
            L::ZeroPad2d(l) => self.simple(i, node, What::ZeroPad(l.zeros()[1..].to_vec()))?,
            L::Crop2d(l) => self.simple(i, node, What::Crop(vec![[l.top, l.bottom], [l.left, l.right]]))?,
            L::Conv1d(l) => self.conv1d(i, node, l)?,
            L::MaxPool1d(l) => self.max_pool(i, node, &l.pool(), [l.kernel, l.stride])?,
            L::AvgPool1d(l) => self.mean_pool(i, node, &l.pool(), [l.kernel, l.stride], l.count_padding)?,
            L::ZeroPad1d(l) => self.simple(i, node, What::ZeroPad(vec![[l.before, l.after]]))?,
            L::Crop1d(l) => self.simple(i, node, What::Crop(vec![[l.before, l.after]]))?,
            L::Embedding(l) => self.embedding(i, node, l)?,
            L::PositionalEncoding(l) => self.positions(i, node, l.encoding == Positions::Learned)?,
            L::Permute(l) => self.permute(i, node, l)?,
            L::Slice(l) => self.slice(i, node, l)?,
            L::MeanOver(l) => self.reduce(i, node, l.axis, false)?,
            L::MaxOver(l) => self.reduce(i, node, l.axis, true)?,
            L::BatchNorm(l) => self.batch_norm(i, node, [l.epsilon, l.momentum])?,
            L::LayerNorm(l) => self.layer_norm(i, node, l.epsilon, true)?,
            L::RmsNorm(l) => self.layer_norm(i, node, l.epsilon, false)?,
            L::GroupNorm(GroupNorm { groups, epsilon }) => self.group_norm(i, node, Some(*groups), *epsilon)?,
            L::InstanceNorm(l) => self.group_norm(i, node, None, l.epsilon)?,
            L::Add(_) => self.merge(i, node, Merge::Add)?,
            L::Subtract(_) => self.merge(i, node, Merge::Subtract)?,
            L::Multiply(_) => self.merge(i, node, Merge::Multiply)?,
            L::Average(_) => self.merge(i, node, Merge::Average)?,
            L::Maximum(_) => self.merge(i, node, Merge::Maximum)?,
            L::Minimum(_) => self.merge(i, node, Merge::Minimum)?,
            L::Concat(_) => {
                // Channels of pictures stand last; of anything else the first axis is joined.
                let axis = if node.output().rank() == 3 { 2 } else { 0 };
                let (reads, leaves) = (self.inputs(node), self.leaving(node, 0));
                self.step(i, What::Concat { axis }, reads, leaves)
            }
        };
        Ok(vec![Some(one)])
    }

    /// One step from what arrives to what leaves.
    fn simple(&mut self, i: usize, node: &Node, what: What) -> Result<Tensor, String> {
        let (x, leaves) = (self.input(node)?, self.leaving(node, 0));
        Ok(self.step(i, what, vec![x], leaves))
    }

    /// The same, of a layer that treats every number alike.
    fn alike(&mut self, i: usize, node: &Node, what: What) -> Result<Tensor, String> {
        let order = self.order_of(self.input(node)?).filter(|_| passes_on(&node.kind));
        let x = self.simple(i, node, what)?;
        self.set_order(x, order);
        Ok(x)
    }

    fn dropout(&mut self, i: usize, node: &Node, dropout: &Dropout) -> Result<Tensor, String> {
        let picture = self.order_of(self.input(node)?);
        let Dropout { rate, whole_channels } = *dropout;
        self.alike(i, node, What::Dropout { rate, whole_channels, picture })
    }

    fn dense(&mut self, i: usize, node: &Node, dense: &Dense) -> Result<Tensor, String> {
        let Dense { units, bias, .. } = *dense;
        let order = self.order_of(self.input(node)?);
        let inner = node.input().0.last().copied().unwrap_or(1);
        let activation = self.inline(dense.activated());
        let x = self.simple(i, node, What::Dense { units, bias, activation })?;
        let part = weight(node, "weight");
        let kernel = match order {
            Some([rows, columns, channels]) => {
                Turn::permuted(part, [units, channels, rows, columns], &[2, 3, 1, 0]).sized([inner, units])
            }
            None => Turn::permuted(part, [units, inner], &[1, 0]),
        };
        self.keep(x, "kernel", kernel);
        self.keep_bias(x, node, "bias", units, bias);
        self.set(x, (dense.init, dense.init_value), [dense.l1, dense.l2]);
        Ok(self.activated(i, x, dense.activated()))
    }

    fn prelu(&mut self, i: usize, node: &Node, prelu: &Prelu) -> Result<Tensor, String> {
        let sizes = self.leaving(node, 0);
        // Slopes belong to our first axis: of pictures the channels, which stand last.
        let own = if sizes.len() == 3 { 2 } else { 0 };
        let shared: Vec<usize> = (0..sizes.len()).filter(|&axis| !prelu.per_channel || axis != own).collect();
        let dims: Vec<usize> =
            (0..sizes.len()).map(|axis| if shared.contains(&axis) { 1 } else { sizes[axis] }).collect();
        let x = self.simple(i, node, What::Prelu { shared })?;
        let slopes = if prelu.per_channel { sizes[own] } else { 1 };
        self.keep(x, "alpha", Turn::same(weight(node, "weight"), [slopes]).sized(dims));
        Ok(x)
    }

    fn softmax(&mut self, i: usize, node: &Node, log: bool) -> Result<Tensor, String> {
        // Along our last axis: of pictures the columns, behind which the channels stand.
        let axis = if node.input().rank() == 3 { 1 } else { node.input().rank().saturating_sub(1) };
        self.simple(i, node, What::Softmax { axis, log })
    }

    fn embedding(&mut self, i: usize, node: &Node, embedding: &Embedding) -> Result<Tensor, String> {
        let Embedding { vocabulary, width } = *embedding;
        let x = self.simple(i, node, What::Embedding { vocabulary, width })?;
        self.keep(x, "embeddings", Turn::same(weight(node, "weight"), [vocabulary, width]));
        Ok(x)
    }

    fn positions(&mut self, i: usize, node: &Node, learned: bool) -> Result<Tensor, String> {
        let dims = node.input().0.clone();
        let x = self.simple(i, node, What::Positions { learned })?;
        let name = if learned { "weight" } else { "table" };
        self.keep(x, "positions", Turn::same(weight(node, name), dims));
        self.untrain(x, &["positions"], !learned);
        Ok(x)
    }

    /// Marks variables that training leaves alone.
    fn untrain(&mut self, x: Tensor, names: &[&str], is_so: bool) {
        for variable in &mut self.step_mut(x).variables {
            variable.is_trained &= !(is_so && names.contains(&variable.name));
        }
    }

    fn batch_norm(&mut self, i: usize, node: &Node, [epsilon, momentum]: [f64; 2]) -> Result<Tensor, String> {
        let x = self.simple(i, node, What::BatchNorm { epsilon, momentum })?;
        let channels = node.input().0.first().copied().unwrap_or(1);
        let pairs = [
            ("gamma", "weight"),
            ("beta", "bias"),
            ("moving_mean", "running_mean"),
            ("moving_variance", "running_var"),
        ];
        for (name, ours) in pairs {
            self.keep(x, name, Turn::same(weight(node, ours), [channels]));
        }
        self.untrain(x, &["moving_mean", "moving_variance"], true);
        Ok(x)
    }

    /// `shifts`: layer norm, else RMS norm.
    fn layer_norm(&mut self, i: usize, node: &Node, epsilon: f64, shifts: bool) -> Result<Tensor, String> {
        let ours = &node.input().0;
        let dims = crate::model::layer::LayerNorm::default().normalised(ours).to_vec();
        let axes: Vec<usize> = (ours.len() - dims.len()..ours.len()).collect();
        let turned = |name: &str| {
            let part = weight(node, name);
            if dims.len() == 3 {
                Turn::permuted(part, dims.clone(), &[1, 2, 0])
            } else {
                Turn::same(part, dims.clone())
            }
        };
        let what = if shifts { What::LayerNorm { axes, epsilon } } else { What::RmsNorm { axes, epsilon } };
        let x = self.simple(i, node, what)?;
        if shifts {
            self.keep(x, "gamma", turned("weight"));
            self.keep(x, "beta", turned("bias"));
        } else {
            self.keep(x, "scale", turned("weight"));
        }
        Ok(x)
    }

    fn group_norm(&mut self, i: usize, node: &Node, groups: Option<usize>, epsilon: f64) -> Result<Tensor, String> {
        let x = self.simple(i, node, What::GroupNorm { groups, epsilon })?;
        let channels = self.dims(x).last().copied().unwrap_or(1);
        self.keep(x, "gamma", Turn::same(weight(node, "weight"), [channels]));
        self.keep(x, "beta", Turn::same(weight(node, "bias"), [channels]));
        Ok(x)
    }

    fn merge(&mut self, i: usize, node: &Node, merge: Merge) -> Result<Tensor, String> {
        let (reads, leaves) = (self.inputs(node), self.leaving(node, 0));
        if !is_two_by_two(merge) || reads.len() <= 2 {
            return Ok(self.step(i, What::Merge(merge), reads, leaves));
        }
        let mut x = reads[0];
        for (number, &other) in reads.iter().enumerate().skip(1) {
            let (what, both, leaves) = (What::Merge(merge), vec![x, other], leaves.clone());
            x = if number + 1 == reads.len() {
                self.step(i, what, both, leaves)
            } else {
                self.beside(i, &number.to_string(), what, both, leaves)
            };
        }
        Ok(x)
    }
}

/// The recurrent layer that a layer is.
fn recurrent_of(kind: &LayerKind) -> Recurrent {
    let (cell, units, both_ways, bias, function, gate) = match kind {
        LayerKind::Lstm(l) => (Cell::Lstm, l.units, l.bidirectional, l.bias, l.nonlinearity, l.gate_nonlinearity),
        LayerKind::Gru(l) => (Cell::Gru, l.units, l.bidirectional, l.bias, l.nonlinearity, l.gate_nonlinearity),
        LayerKind::SimpleRnn(l) => (Cell::Simple, l.units, l.bidirectional, l.bias, l.nonlinearity, l.nonlinearity),
        _ => (Cell::Simple, 1, false, false, Nonlinearity::Linear, Nonlinearity::Linear),
    };
    Recurrent { cell, units, function, gate, both_ways, bias, sequence: false, last: false }
}
