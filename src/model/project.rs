//! Everything a person makes: the graph, its data and how it trains. What is saved, undone and compared.

use serde::{Deserialize, Serialize};

use super::graph::Graph;
use super::{DataSpec, Shape, Task, TrainingSpec};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    pub name: String,
    pub graph: Graph,
    pub data: DataSpec,
    #[serde(default)]
    pub training: TrainingSpec,
}

/// What shape inference needs to know of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSignature {
    /// One sample.
    pub input: Shape,
    pub task: Task,
}
