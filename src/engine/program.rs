//! The program of a network: values and the flat list of instructions that compute them, in single-assignment form.
//!
//! Pure description: nothing here holds a number of the network or runs anything; [`super::machine`] does.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use super::init::Initial;
use super::op::{Op, ValueShape};
use crate::model::{LayerId, Task};

/// Instructions stand in this order.
pub use crate::trace::StepPhase as Phase;

/// Index of a value in its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub u32);

impl ValueId {
    /// The same as an index into vectors.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a value is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The input of the network, `%x`.
    Input,
    /// The targets of the batch, `%y`.
    Target,
    /// What each sample of the batch counts for in the loss, `%w`.
    Weight,
    /// A weight or bias, changed by updates.
    Parameter,
    /// Kept between steps but not trained: running statistics.
    Buffer,
    /// Kept between steps by an optimiser.
    Optimiser,
    /// Any value of the forward phase.
    Activation,
    /// The loss, or a part of it.
    Loss,
    /// The gradient of a value or parameter.
    Gradient,
    /// Intermediate values of the backward and update phases.
    Hidden,
}

impl Role {
    /// Whether the value outlives a step, and so belongs in a checkpoint.
    pub fn is_state(self) -> bool {
        matches!(self, Self::Parameter | Self::Buffer | Self::Optimiser)
    }
}

/// A named tensor of a program, computed once per step.
#[derive(Clone, Debug)]
pub struct Value {
    /// `%3`, `dense_1.weight`, `d%3`: unique in its program.
    pub name: String,
    /// Its shape, without the batch size.
    pub shape: ValueShape,
    /// What it is for.
    pub role: Role,
    /// The layer it belongs to.
    pub layer: Option<LayerId>,
    /// What the axes of a layer's weights are called; empty for everything else.
    pub axes: &'static [&'static str],
    /// How state starts; `None` for what is computed.
    pub initial: Option<Initial>,
}

/// In an update the same value is both input and output: state is changed in place.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// The phase it runs in.
    pub phase: Phase,
    /// What it computes.
    pub op: Arc<dyn Op>,
    /// Values it reads.
    pub inputs: Vec<ValueId>,
    /// Values it computes.
    pub outputs: Vec<ValueId>,
    /// The layer it was lowered from.
    pub layer: Option<LayerId>,
}

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Forward, loss, backward and update.
    Train,
    /// Forward only, with dropout off and running statistics.
    Predict,
}

/// A network compiled to a flat list of instructions.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it is for.
    pub mode: Mode,
    /// All values; a `ValueId` is an index here.
    pub values: Vec<Value>,
    /// Instructions in the order they run.
    pub instructions: Vec<Instruction>,
    /// What leaves each layer (after its activation).
    pub layer_outputs: BTreeMap<LayerId, ValueId>,
    /// Total, penalties included; `None` where there is no Loss, so that the network is only run forward.
    pub loss: Option<ValueId>,
    /// The loss without penalties: of several, their weighted sum.
    pub data_loss: Option<ValueId>,
    /// What each Loss says, before its weight.
    pub losses: Vec<(LayerId, ValueId)>,
    /// The input of the network; mixed, where samples are.
    pub input: ValueId,
    /// The targets of the batch.
    pub target: ValueId,
    /// What each sample counts for in the loss, where they have weights.
    pub weights: Option<ValueId>,
    /// Where samples are mixed: the share of each in its mixture, and the targets of whom it is mixed with.
    pub mixed: Option<[ValueId; 2]>,
    /// What the main Loss compares that with: the targets, or what is wired as truth.
    pub truth: ValueId,
    /// What the network is asked for.
    pub task: Task,
    /// What enters the main Loss: logits or predicted numbers.
    pub output: ValueId,
    /// A value or parameter -> the gradient of the loss with respect to it (before clipping).
    pub gradients: BTreeMap<ValueId, ValueId>,
    /// Names of the layers, for the listing.
    pub layer_names: BTreeMap<LayerId, String>,
}

impl Program {
    /// A value by its id.
    pub fn value(&self, id: ValueId) -> Option<&Value> {
        self.values.get(id.index())
    }

    /// The name of a value.
    pub fn name(&self, id: ValueId) -> &str {
        self.value(id).map_or("?", |value| &value.name)
    }

    /// A value by its name.
    pub fn find(&self, name: &str) -> Option<ValueId> {
        self.values.iter().position(|value| value.name == name).map(|i| ValueId(i as u32))
    }

    /// Whether a value is a slope of the loss.
    pub fn is_gradient(&self, id: ValueId) -> bool {
        self.value(id).is_some_and(|value| value.role == Role::Gradient)
    }

    /// All values with their ids.
    pub fn ids(&self) -> impl Iterator<Item = (ValueId, &Value)> {
        self.values.iter().enumerate().map(|(i, value)| (ValueId(i as u32), value))
    }

    /// `%3 = linear %x, dense_1.weight, dense_1.bias`
    pub fn line(&self, instruction: &Instruction) -> String {
        let names = |ids: &[ValueId]| ids.iter().map(|&id| self.name(id)).collect::<Vec<_>>().join(", ");
        let settings = instruction.op.settings();
        let settings = if settings.is_empty() { settings } else { format!(" [{settings}]") };
        let (outputs, inputs) = (names(&instruction.outputs), names(&instruction.inputs));
        let arrow = if instruction.phase == Phase::Update { "<-" } else { "=" };
        format!("{outputs} {arrow} {}{settings} {inputs}", instruction.op.name()).trim_end().to_owned()
    }

    /// What people call a layer: "Dense 1", and in the second repetition of its Block "Dense 1 #2".
    pub fn layer_name(&self, layer: LayerId) -> Option<String> {
        self.layer_names.get(&layer).map(|name| layer.title(name))
    }

    /// Every layer by the name that is typed for it: `dense_1`, `dense_1.2`.
    pub fn layer_words(&self) -> impl Iterator<Item = (LayerId, String)> {
        self.layer_names.iter().map(|(&layer, name)| (layer, layer.word(name)))
    }

    /// The whole program as text, like assembly.
    pub fn listing(&self) -> String {
        let mut text = String::new();
        let mut phase = None;
        for instruction in &self.instructions {
            let word = if phase == Some(instruction.phase) { "" } else { instruction.phase.word() };
            phase = Some(instruction.phase);
            let line = self.line(instruction);
            let layer = instruction.layer.and_then(|id| self.layer_name(id));
            let layer = layer.map_or(String::new(), |name| format!("   ({name})"));
            // Writing to a String does not fail.
            let _ = writeln!(text, "{word:<9} {line}{layer}");
        }
        text
    }
}
