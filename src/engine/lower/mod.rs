//! From layers to instructions: one small file a layer, each an `impl Lower`.
//!
//! To add a layer: its file here, and its line in [`of`].

mod activation;
mod attention;
mod axes;
mod batch_norm;
mod border;
mod concat;
mod conv1d;
mod conv2d;
mod dense;
mod detection;
mod dropout;
mod embedding;
mod enlarge;
mod formula;
mod group_norm;
mod input;
mod instance_norm;
mod layer_norm;
mod loss;
mod merge;
mod mixup;
mod noise;
mod pool;
mod recurrent;
mod reshape;
mod rms_norm;

use std::sync::Arc;

use super::build::ProgramBuilder;
use super::error::{EngineError, Result};
use super::init::Initial;
use super::op::{Op, ValueShape};
use super::ops::{Norm, Penalty};
use super::program::{Instruction, Mode, Phase, Role, ValueId};
use crate::model::layer::LayerKind;
use crate::model::{DataSignature, Layer, Shape};

pub(super) use loss::{Ending, lower_losses};
pub(super) use mixup::{Mixed, mix};

/// What a layer with one output becomes.
pub trait Lower {
    /// Appends the layer's instructions and returns what leaves it. The layer's inputs were already found valid.
    fn lower(&self, l: &mut Lowering) -> Result<ValueId>;
}

/// What leaves each port of a layer; `None` where nobody asks for it.
pub type Leaving = Vec<Option<ValueId>>;

/// What a layer becomes, port by port.
pub trait LowerPorts {
    /// As [`Lower::lower`]; what is asked for says [`Lowering::wants`].
    fn lower_ports(&self, l: &mut Lowering) -> Result<Leaving>;
}

impl<L: Lower> LowerPorts for L {
    fn lower_ports(&self, l: &mut Lowering) -> Result<Leaving> {
        Ok(vec![Some(self.lower(l)?)])
    }
}

/// What a layer's `lower` writes with.
pub struct Lowering<'a> {
    pub(super) program: &'a mut ProgramBuilder,
    pub(super) layer: &'a Layer,
    /// What arrives, in the order of the ports.
    pub(super) inputs: &'a [ValueId],
    /// The same port by port.
    pub(super) ports: &'a [Option<ValueId>],
    /// Ports whose output is asked for.
    pub(super) wanted: &'a [usize],
    /// What leaves the layer by its main output, as `model::infer` found it.
    pub(super) output: &'a Shape,
    pub(super) mode: Mode,
    /// `%x`
    pub(super) data: ValueId,
    pub(super) signature: &'a DataSignature,
    pub(super) side: &'a mut Side,
}

/// What layers ask for outside of the forward phase.
#[derive(Default)]
pub struct Side {
    /// Weights and what each costs.
    pub penalties: Vec<(ValueId, Penalty)>,
    /// Instructions at the beginning of the update phase.
    pub updates: Vec<Instruction>,
}

impl Lowering<'_> {
    /// The layer that is lowered.
    pub fn layer(&self) -> &Layer {
        self.layer
    }

    /// What arrives at its i-th input.
    pub fn input(&self, i: usize) -> ValueId {
        self.inputs[i]
    }

    /// What arrives, in the order of its wires.
    pub fn inputs(&self) -> &[ValueId] {
        self.inputs
    }

    /// What arrives at a port that may stay free.
    pub fn port(&self, port: usize) -> Option<ValueId> {
        self.ports.get(port).copied().flatten()
    }

    /// Whether the output of a port is asked for.
    pub fn wants(&self, port: usize) -> bool {
        self.wanted.contains(&port)
    }

    /// Sizes of one sample of what leaves the layer.
    pub fn output_dims(&self) -> &[usize] {
        &self.output.0
    }

    /// Sizes of a value of the program.
    pub fn shape(&self, id: ValueId) -> &ValueShape {
        self.program.shape(id)
    }

    /// Dropout and the like act in training only.
    pub fn is_training(&self) -> bool {
        self.mode == Mode::Train
    }

    /// Its weights get no gradient and no update.
    pub fn is_frozen(&self) -> bool {
        self.layer.frozen
    }

    /// The layer's weight of this name, as `LayerSpec::weights` declares it: `dense_1.NAME`.
    pub fn weight(&mut self, name: &'static str, initial: Initial) -> Result<ValueId> {
        let refused = || EngineError::NoSuchWeight { layer: self.layer.name.clone(), name };
        self.weight_if_any(name, initial).ok_or_else(refused)
    }

    /// As [`Self::weight`], where the layer has it: a bias can be switched off.
    pub fn weight_if_any(&mut self, name: &'static str, initial: Initial) -> Option<ValueId> {
        let shapes: Vec<Shape> = self.inputs.iter().map(|&id| Shape(self.shape(id).dims.clone())).collect();
        let weight = self.layer.kind.spec().weights(&shapes).into_iter().find(|weight| weight.name == name)?;
        let role = if weight.is_trained { Role::Parameter } else { Role::Buffer };
        let name = format!("{}.{name}", self.layer.slug());
        let id = self.program.add_state(name, weight.dims, role, Some(self.layer.id), initial);
        self.program.values[id.index()].axes = weight.axes;
        Some(id)
    }

    /// Appends an instruction and returns its first output.
    pub fn emit(&mut self, op: impl Op + 'static, inputs: &[ValueId]) -> ValueId {
        self.emit_all(op, inputs)[0]
    }

    /// Appends an instruction and returns all its outputs.
    pub fn emit_all(&mut self, op: impl Op + 'static, inputs: &[ValueId]) -> Vec<ValueId> {
        self.program.emit(Phase::Forward, Role::Activation, Some(self.layer.id), op, inputs)
    }

    /// Adds a penalty on weights to the loss, unless its strength is zero or nothing trains them.
    pub fn penalise(&mut self, weights: ValueId, l1: f64, l2: f64) {
        for (norm, strength) in [(Norm::L1, l1), (Norm::L2, l2)] {
            if strength > 0.0 && self.is_training() && !self.layer.frozen {
                self.side.penalties.push((weights, Penalty { norm, strength }));
            }
        }
    }

    /// An instruction of the update phase that changes state in place (running statistics). Training only, and not
    /// while the layer is frozen.
    pub fn update(&mut self, op: impl Op + 'static, inputs: &[ValueId], outputs: &[ValueId]) {
        if self.is_training() && !self.layer.frozen {
            self.side.updates.push(Instruction {
                phase: Phase::Update,
                op: Arc::new(op),
                inputs: inputs.to_vec(),
                outputs: outputs.to_vec(),
                layer: Some(self.layer.id),
            });
        }
    }
}

/// The lowering of a layer; `None` for the Loss, which ends the network and is lowered by [`lower_losses`], for
/// Blocks and for foreign layers.
pub fn of(kind: &LayerKind) -> Option<&dyn LowerPorts> {
    Some(match kind {
        LayerKind::Input(layer) => layer,
        LayerKind::Dense(layer) => layer,
        LayerKind::Flatten(layer) => layer,
        LayerKind::Reshape(layer) => layer,
        LayerKind::Dropout(layer) => layer,
        LayerKind::GaussianNoise(layer) => layer,
        LayerKind::ZeroPad1d(layer) => layer,
        LayerKind::ZeroPad2d(layer) => layer,
        LayerKind::Crop1d(layer) => layer,
        LayerKind::Crop2d(layer) => layer,
        LayerKind::InstanceNorm(layer) => layer,
        LayerKind::RmsNorm(layer) => layer,
        LayerKind::SeparableConv2d(layer) => layer,
        LayerKind::Relu(layer) => layer,
        LayerKind::LeakyRelu(layer) => layer,
        LayerKind::Prelu(layer) => layer,
        LayerKind::Elu(layer) => layer,
        LayerKind::Selu(layer) => layer,
        LayerKind::Gelu(layer) => layer,
        LayerKind::Silu(layer) => layer,
        LayerKind::HardSwish(layer) => layer,
        LayerKind::Softplus(layer) => layer,
        LayerKind::Tanh(layer) => layer,
        LayerKind::Sigmoid(layer) => layer,
        LayerKind::Softmax(layer) => layer,
        LayerKind::LogSoftmax(layer) => layer,
        LayerKind::HardTanh(layer) => layer,
        LayerKind::HardSigmoid(layer) => layer,
        LayerKind::Mish(layer) => layer,
        LayerKind::CappedRelu(layer) => layer,
        LayerKind::ThresholdedRelu(layer) => layer,
        LayerKind::Add(layer) => layer,
        LayerKind::Subtract(layer) => layer,
        LayerKind::Multiply(layer) => layer,
        LayerKind::Average(layer) => layer,
        LayerKind::Maximum(layer) => layer,
        LayerKind::Minimum(layer) => layer,
        LayerKind::Concat(layer) => layer,
        LayerKind::Loss(_) => return None,
        // Glassbox does not know what it computes.
        LayerKind::Foreign(_) => return None,
        // The unfolded graph has none.
        LayerKind::Block(_) | LayerKind::BlockInput(_) | LayerKind::BlockOutput(_) => return None,
        LayerKind::Formula(layer) => layer,
        LayerKind::Conv2d(layer) => layer,
        LayerKind::DepthwiseConv2d(layer) => layer,
        LayerKind::ConvTranspose2d(layer) => layer,
        LayerKind::Upsample(layer) => layer,
        LayerKind::MaxPool2d(layer) => layer,
        LayerKind::AvgPool2d(layer) => layer,
        LayerKind::AdaptiveAvgPool2d(layer) => layer,
        LayerKind::MaxPool1d(layer) => layer,
        LayerKind::AvgPool1d(layer) => layer,
        LayerKind::GlobalAvgPool(layer) => layer,
        LayerKind::Conv1d(layer) => layer,
        LayerKind::Embedding(layer) => layer,
        LayerKind::PositionalEncoding(layer) => layer,
        LayerKind::MultiHeadAttention(layer) => layer,
        LayerKind::Lstm(layer) => layer,
        LayerKind::Gru(layer) => layer,
        LayerKind::SimpleRnn(layer) => layer,
        LayerKind::Permute(layer) => layer,
        LayerKind::Slice(layer) => layer,
        LayerKind::MeanOver(layer) => layer,
        LayerKind::MaxOver(layer) => layer,
        LayerKind::BatchNorm(layer) => layer,
        LayerKind::LayerNorm(layer) => layer,
        LayerKind::GroupNorm(layer) => layer,
    })
}
