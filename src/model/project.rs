//! Everything a person makes: the graph, its data and how it trains. What is saved, undone and compared.

use serde::{Deserialize, Serialize};

use super::graph::Graph;
use super::{DataSpec, Shape, TrainingSpec};

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
    pub target: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One of n classes.
    Classes(usize),
    /// One of `classes` at each of `positions`: the next character at every place of a text.
    ClassesAt { positions: usize, classes: usize },
    /// n numbers.
    Numbers(usize),
}

impl Target {
    /// How many classes there are to choose from; `None` for numbers.
    pub fn classes(self) -> Option<usize> {
        match self {
            Self::Classes(classes) | Self::ClassesAt { classes, .. } => Some(classes),
            Self::Numbers(_) => None,
        }
    }

    /// Axes of the answer in front of the last: the positions of a sequence, else none.
    pub fn positions(self) -> Option<usize> {
        match self {
            Self::ClassesAt { positions, .. } => Some(positions),
            Self::Classes(_) | Self::Numbers(_) => None,
        }
    }
}
