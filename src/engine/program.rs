//! The program of a network: values and the flat list of instructions that compute them, in single-assignment form.
//!
//! Pure description: nothing here holds a number of the network or runs anything; [`super::machine`] does.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use super::init::Initial;
use super::op::{Op, ValueShape};
use crate::model::LayerId;

/// Instructions stand in this order.
pub use crate::trace::StepPhase as Phase;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub u32);

impl ValueId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a value is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Input,
    Target,
    Parameter,
    /// Kept between steps but not trained: running statistics.
    Buffer,
    /// Kept between steps by an optimiser.
    Moment,
    /// Any value of the forward phase.
    Activation,
    Loss,
    Gradient,
    /// Intermediate values of the backward and update phases.
    Hidden,
}

impl Role {
    /// Whether the value outlives a step, and so belongs in a checkpoint.
    pub fn is_state(self) -> bool {
        matches!(self, Self::Parameter | Self::Buffer | Self::Moment)
    }
}

#[derive(Clone, Debug)]
pub struct Value {
    /// `%3`, `dense_1.weight`, `d%3`: unique in its program.
    pub name: String,
    pub shape: ValueShape,
    pub role: Role,
    pub layer: Option<LayerId>,
    /// What the axes of a layer's weights are called; empty for everything else.
    pub axes: &'static [&'static str],
    /// How state starts; `None` for what is computed.
    pub initial: Option<Initial>,
}

/// In an update the same value is both input and output: state is changed in place.
#[derive(Clone, Debug)]
pub struct Instruction {
    pub phase: Phase,
    pub op: Arc<dyn Op>,
    pub inputs: Vec<ValueId>,
    pub outputs: Vec<ValueId>,
    /// The layer it was lowered from.
    pub layer: Option<LayerId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Train,
    Predict,
}

#[derive(Clone, Debug)]
pub struct Program {
    pub mode: Mode,
    pub values: Vec<Value>,
    pub instructions: Vec<Instruction>,
    /// What leaves each layer (after its activation).
    pub layer_outputs: BTreeMap<LayerId, ValueId>,
    /// Total, penalties included.
    pub loss: ValueId,
    pub data_loss: ValueId,
    pub input: ValueId,
    pub target: ValueId,
    /// What enters the Loss: logits or predicted numbers.
    pub output: ValueId,
    /// A value or parameter -> the gradient of the loss with respect to it (before clipping).
    pub gradients: BTreeMap<ValueId, ValueId>,
    /// Names of the layers, for the listing.
    pub layer_names: BTreeMap<LayerId, String>,
}

impl Program {
    pub fn value(&self, id: ValueId) -> Option<&Value> {
        self.values.get(id.index())
    }

    pub fn name(&self, id: ValueId) -> &str {
        self.value(id).map_or("?", |value| &value.name)
    }

    pub fn find(&self, name: &str) -> Option<ValueId> {
        self.values.iter().position(|value| value.name == name).map(|i| ValueId(i as u32))
    }

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

    /// The whole program as text, like assembly.
    pub fn listing(&self) -> String {
        let mut text = String::new();
        let mut phase = None;
        for instruction in &self.instructions {
            let word = if phase == Some(instruction.phase) { "" } else { instruction.phase.word() };
            phase = Some(instruction.phase);
            let line = self.line(instruction);
            let layer = instruction.layer.and_then(|id| self.layer_names.get(&id));
            let layer = layer.map_or(String::new(), |name| format!("   ({name})"));
            // Writing to a String does not fail.
            let _ = writeln!(text, "{word:<9} {line}{layer}");
        }
        text
    }
}
