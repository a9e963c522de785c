//! Everything a person makes: the graph, its data and how it trains. What is saved, undone and compared.

use serde::{Deserialize, Serialize};

use super::graph::Graph;
use super::{DataSpec, Shape, Task, TrainingSpec};

/// What a project file holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// In the title bar, and proposed for the file.
    pub name: String,
    /// The network as it is drawn.
    pub graph: Graph,
    /// Where samples come from.
    pub data: DataSpec,
    /// Optimiser, schedule and how long.
    #[serde(default)]
    pub training: TrainingSpec,
}

/// What shape inference needs to know of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSignature {
    /// One sample.
    pub input: Shape,
    /// What is asked of the network.
    pub task: Task,
    /// What the numbers of a sample are called, column by column; empty where they have no names.
    pub names: Vec<String>,
    /// Whether each sample counts for as much as its weight says.
    pub weighted: bool,
}
