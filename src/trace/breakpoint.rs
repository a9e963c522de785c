//! Where and when training is to stop, as plain data.

use serde::{Deserialize, Serialize};

use crate::model::LayerId;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breakpoint {
    /// Chosen by whoever sets it; unique among those set together.
    pub id: u32,
    pub at: At,
    /// It only stops where this holds: `loss > 2 * min(loss)`, `mean(relu_1 == 0) > 0.9 for 5 steps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Say so instead of stopping.
    #[serde(default)]
    pub log: bool,
    /// How often it held while going forward; going back and forth counts again.
    #[serde(default)]
    pub hits: u64,
}

fn yes() -> bool {
    true
}

/// Where a breakpoint is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// Once a step, when all but the update is done; for conditions.
    Anywhere,
    /// Before an instruction, by the name of its first output in the listing: `%4`, `dense_1.weight.grad`; an update by its
    /// parameter.
    Instruction(String),
    /// Before the first of the layer's instructions in a row, in every phase.
    Layer(LayerId),
    /// Before the first instruction of a phase.
    Phase(StepPhase),
    /// Behind the instruction that made a NaN or an infinity of numbers that were none.
    NotFinite,
}

/// The parts of a training step, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepPhase {
    Load,
    Forward,
    Loss,
    Backward,
    Update,
}

impl StepPhase {
    pub const ALL: [StepPhase; 5] = [Self::Load, Self::Forward, Self::Loss, Self::Backward, Self::Update];

    /// As in the listing.
    pub fn word(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Forward => "forward",
            Self::Loss => "loss",
            Self::Backward => "backward",
            Self::Update => "update",
        }
    }

    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.word() == word)
    }
}

impl Breakpoint {
    /// Enabled, never hit.
    pub fn new(id: u32, at: At, condition: Option<String>) -> Self {
        Self { id, at, condition, enabled: true, log: false, hits: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_its_usual_value() {
        let read: Breakpoint = serde_json::from_str(r#"{ "id": 3, "at": { "instruction": "%4" } }"#).unwrap();
        assert_eq!(read, Breakpoint::new(3, At::Instruction("%4".into()), None));
        let all = [At::Anywhere, At::Layer(LayerId(2)), At::Phase(StepPhase::Backward), At::NotFinite];
        for (id, at) in all.into_iter().enumerate() {
            let breakpoint =
                Breakpoint { log: true, hits: 7, ..Breakpoint::new(id as u32, at, Some("loss > 1".into())) };
            let text = serde_json::to_string(&breakpoint).unwrap();
            assert_eq!(serde_json::from_str::<Breakpoint>(&text).unwrap(), breakpoint, "{text}");
        }
    }
}
