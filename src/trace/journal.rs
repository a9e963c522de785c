//! Every change made during a run, with its moment, so that any moment can be reached again by replay.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Device, Graph, Numbers, PlateauState, TrainingSpec};

/// Applied when `step` steps are complete and before the next one begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// The step in progress, counted from 0.
    pub step: u64,
    /// Instructions of the step that were already executed; 0 between steps.
    #[serde(default)]
    pub instruction: usize,
    /// What was changed.
    pub change: Change,
}

/// Everything that can be changed during a run, in a form that can be replayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    /// New settings of training: learning rate, optimiser, batch size, clipping …
    Training {
        /// The settings from here on.
        training: TrainingSpec,
    },
    /// The drawing was edited; weights that still fit were kept.
    Graph {
        /// The network from here on.
        graph: Graph,
    },
    /// The run went on on another device.
    Device {
        /// The one from here on.
        device: Device,
    },
    /// The schedule cut the learning rate because results had stopped improving.
    Plateau {
        /// With the new scale of the rate.
        state: PlateauState,
    },
    /// One element of a tensor of the program, by its name in the listing.
    Value {
        /// As in the listing.
        name: String,
        /// An entry for every axis, from 0.
        index: Vec<usize>,
        /// What it was set to.
        #[serde(with = "as_text")]
        value: f32,
    },
    /// All elements of a tensor of the program, by its name in the listing.
    Tensor {
        /// As in the listing.
        name: String,
        /// What becomes of its elements.
        edit: TensorEdit,
    },
    /// Weights and running statistics of a file, or those that were there before it.
    Weights {
        /// The name of the file; `None`: it was undone.
        from: Option<String>,
        /// By their names in the listing. In files they lie among the tensors.
        #[serde(skip)]
        tensors: Numbers,
    },
}

impl JournalEntry {
    /// About what it takes in memory.
    pub fn bytes(&self) -> usize {
        // Layers have a name, parameters and a place; wires are small.
        let of_change = match &self.change {
            Change::Tensor { edit: TensorEdit::Whole { values }, .. } => size_of_val(&**values),
            Change::Weights { tensors, .. } => tensors.values().map(|values| size_of_val(&**values)).sum(),
            Change::Graph { graph } => 512 * graph.len(),
            _ => 0,
        };
        size_of::<Self>() + 256 + of_change
    }
}

impl Change {
    /// Whether the program stays as it is: only numbers change, or where they lie.
    pub fn is_of_numbers(&self) -> bool {
        matches!(self, Self::Value { .. } | Self::Tensor { .. } | Self::Weights { .. } | Self::Device { .. })
    }
}

/// In a few words: "dense_1.weight[0, 1] = 0.5".
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { name, index, value } => {
                let index: Vec<_> = index.iter().map(ToString::to_string).collect();
                write!(f, "{name}[{}] = {value}", index.join(", "))
            }
            Self::Training { .. } => f.write_str("training settings"),
            Self::Graph { .. } => f.write_str("new network"),
            Self::Device { device } => write!(f, "device {device}"),
            Self::Plateau { .. } => f.write_str("learning rate cut on a plateau"),
            Self::Tensor { name, edit } => write!(f, "{name} {edit}"),
            Self::Weights { from: Some(file), .. } => write!(f, "weights from {file}"),
            Self::Weights { from: None, .. } => f.write_str("loaded weights undone"),
        }
    }
}

/// Where the only number lies that differs between two settings (`/optimiser/beta1`); `None` where anything else does.
pub fn dragged<T: Serialize>(before: &T, after: &T) -> Option<String> {
    let value = |settings| serde_json::to_value(settings).ok();
    let mut places = Vec::new();
    let is_of_numbers = differences(&value(before)?, &value(after)?, String::new(), &mut places);
    places.pop().filter(|_| is_of_numbers && places.is_empty())
}

/// Gathers where numbers differ; whether nothing else does.
fn differences(before: &Value, after: &Value, at: String, places: &mut Vec<String>) -> bool {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let of_both = |(key, x): (&String, &Value)| {
                b.get(key).is_some_and(|y| differences(x, y, format!("{at}/{key}"), places))
            };
            a.len() == b.len() && a.iter().all(of_both)
        }
        (a, b) if a == b => true,
        (a, b) => {
            places.push(at);
            a.is_number() && b.is_number()
        }
    }
}

/// What becomes of all elements of a tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum TensorEdit {
    /// All the same number.
    Fill {
        /// The number that all become.
        #[serde(with = "as_text")]
        value: f32,
    },
    /// Multiplied by a number.
    Scale {
        /// What each is multiplied by.
        #[serde(with = "as_text")]
        by: f32,
    },
    /// None larger than a number, none smaller than its opposite.
    Clamp {
        /// The largest absolute value that stays.
        #[serde(with = "as_text")]
        limit: f32,
    },
    /// State as it begins with this seed; of what is computed, its own numbers in another order, drawn with it.
    Reinitialise {
        /// Of the random numbers.
        seed: u64,
    },
    /// New numbers, row-major.
    Whole {
        /// In row-major order.
        #[serde(with = "all_as_text")]
        values: Arc<[f32]>,
    },
}

impl TensorEdit {
    /// All elements 0.
    pub const ZERO: Self = Self::Fill { value: 0.0 };
}

impl fmt::Display for TensorEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fill { value } => write!(f, "= {value}"),
            Self::Scale { by } => write!(f, "times {by}"),
            Self::Clamp { limit } => write!(f, "clipped to {limit}"),
            Self::Reinitialise { seed } => write!(f, "re-initialised with seed {seed}"),
            Self::Whole { values } => write!(f, "= {} new values", values.len()),
        }
    }
}

/// NaN and infinity have no number in JSON, and may be set all the same.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("{text:?} isn't a number")))
    }
}

/// As [`as_text`], of many: with spaces between.
mod all_as_text {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(values: &Arc<[f32]>, serializer: S) -> Result<S::Ok, S::Error> {
        let words: Vec<_> = values.iter().map(f32::to_string).collect();
        serializer.serialize_str(&words.join(" "))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[f32]>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = |word: &str| word.parse().map_err(|_| D::Error::custom(format!("{word:?} isn't a number")));
        text.split_whitespace().map(number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Optimiser, Schedule};

    #[test]
    fn only_a_single_number_is_dragged() {
        let before = TrainingSpec::default();
        let rate = TrainingSpec { learning_rate: 0.5, ..before.clone() };
        assert_eq!(dragged(&before, &rate).as_deref(), Some("/learning_rate"));
        assert_eq!(dragged(&before, &before), None);
        assert_eq!(dragged(&before, &TrainingSpec { batch_size: 7, ..rate.clone() }), None);
        assert_eq!(dragged(&before, &TrainingSpec { keep_best: true, ..rate }), None);
        let Optimiser::Adam { beta1, beta2, epsilon, weight_decay } = before.optimiser else { panic!("not Adam") };
        let slower = Optimiser::Adam { beta1: beta1 / 2.0, beta2, epsilon, weight_decay };
        let slower = TrainingSpec { optimiser: slower, ..before.clone() };
        assert_eq!(dragged(&before, &slower).as_deref(), Some("/optimiser/beta1"));
        let other = Optimiser::AdamW { beta1: 0.1, beta2, epsilon, weight_decay };
        assert_eq!(dragged(&before, &TrainingSpec { optimiser: other, ..before.clone() }), None);
        let cosine = Schedule::Plateau(crate::model::Plateau::default());
        assert_eq!(dragged(&before, &TrainingSpec { schedule: cosine, ..before.clone() }), None);
    }
}
