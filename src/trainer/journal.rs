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
}
