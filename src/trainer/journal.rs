//! Every change made during a run, with its moment, so that any moment can be reached again by replay.

use serde::{Deserialize, Serialize};

use crate::model::{Graph, PlateauState, TrainingSpec};

/// Applied when `step` steps are complete and before the next one begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    pub step: u64,
    /// Instructions of the step that were already executed; 0 between steps.
    #[serde(default)]
    pub instruction: usize,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    /// New settings of training: learning rate, optimiser, batch size, clipping …
    Training { training: TrainingSpec },
    /// The drawing was edited; weights that still fit were kept.
    Graph { graph: Graph },
    /// The schedule cut the learning rate because results had stopped improving.
    Plateau { state: PlateauState },
    /// One element of a tensor of the program, by its name in the listing.
    Value {
        name: String,
        index: Vec<usize>,
        #[serde(with = "as_text")]
        value: f32,
    },
}

/// NaN and infinity have no number in JSON, and may be set all the same.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("{text:?} is not a number")))
    }
}
