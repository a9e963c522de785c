//! Where and when training is to stop, as plain data.

use serde::{Deserialize, Serialize};

use crate::model::LayerId;

/// Where, and under which condition, training stops or logs a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breakpoint {
    /// Chosen by whoever sets it; unique among those set together.
    pub id: u32,
    /// Where it is checked.
    pub at: At,
    /// It only stops where this holds: `loss > 2 * min(loss)`, `mean(relu_1 == 0) > 0.9 for 5 steps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Disabled breakpoints are not checked.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Say so instead of stopping.
    #[serde(default)]
    pub log: bool,
    /// What is said then: text with expressions in braces. Without it, where it stands and what held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// At which of its hits it stops or says so; without it at each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// How often it held while going forward; going back and forth counts again.
    #[serde(default)]
    pub hits: u64,
}

/// Some of the times that a breakpoint holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Only this one, from 1.
    Hit(u64),
    /// Every so many: the 3rd, the 6th, the 9th.
    Every(u64),
}

impl Turn {
    /// Whether it is its turn with this hit, from 1.
    pub fn is_at(self, hit: u64) -> bool {
        match self {
            Self::Hit(wanted) => hit == wanted,
            Self::Every(count) => hit.is_multiple_of(count.max(1)),
        }
    }
}

impl std::fmt::Display for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hit(wanted) => write!(f, "hit {wanted}"),
            Self::Every(count) => write!(f, "every {count}"),
        }
    }
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
    /// Before an instruction, by the name of its first output in the listing: `%4`, `dense_1.weight.grad`; an update by
    /// its parameter.
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
    /// Fetches the batch.
    Load,
    /// From the input to the outputs.
    Forward,
    /// From the outputs to the loss.
    Loss,
    /// From the loss to the gradients.
    Backward,
    /// From the gradients to new weights.
    Update,
}

impl StepPhase {
    /// The phases in the order of a step.
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

    /// The phase of a word as it is typed.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.word() == word)
    }
}

impl Breakpoint {
    /// Enabled, never hit.
    pub fn new(id: u32, at: At, condition: Option<String>) -> Self {
        Self { id, at, condition, enabled: true, log: false, message: None, turn: None, hits: 0 }
    }

    /// Whether something is said or done at the hit that was counted last.
    pub fn has_its_turn(&self) -> bool {
        self.turn.is_none_or(|turn| turn.is_at(self.hits))
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
            let (message, turn) = (Some("{loss}".into()), Some(Turn::Every(3)));
            let breakpoint = Breakpoint::new(id as u32, at, Some("loss > 1".into()));
            let breakpoint = Breakpoint { log: true, message, turn, hits: 7, ..breakpoint };
            let text = serde_json::to_string(&breakpoint).unwrap();
            assert_eq!(serde_json::from_str::<Breakpoint>(&text).unwrap(), breakpoint, "{text}");
        }
    }

    #[test]
    fn some_hits_have_their_turn() {
        let turns = |turn: Turn| (1..=7).filter(|&hit| turn.is_at(hit)).collect::<Vec<_>>();
        assert_eq!((turns(Turn::Hit(4)), turns(Turn::Every(3))), (vec![4], vec![3, 6]));
        assert_eq!([Turn::Hit(4), Turn::Every(3)].map(|turn| turn.to_string()), ["hit 4", "every 3"]);
    }
}
