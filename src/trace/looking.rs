//! What the debugger's panels wish to see whenever training stands still, and whole tensors that answer it.

use std::sync::Arc;

use super::Element;

/// The wishes of all debugger panels together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gaze {
    /// Whole tensors, by their names in the listing.
    pub tensors: Vec<String>,
    /// The same tensor as it was after an earlier or later step, for comparison.
    pub at_step: Option<(String, u64)>,
    /// The number that is explained.
    pub element: Option<Element>,
    /// Check the explained gradient by nudging.
    pub nudge: bool,
    /// Expressions of the watch list.
    pub watches: Vec<String>,
    /// Row of the batch that is followed through the network.
    pub sample: Option<usize>,
    /// Gradient flow, activations and update sizes of all layers.
    pub layers: bool,
}

/// A whole tensor of the program at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorRecord {
    pub name: String,
    pub dims: Vec<usize>,
    /// One a dimension: "sample", "channel", "row", "column", "unit", "input" ...
    pub axes: Vec<String>,
    /// The step it belongs to, from 1.
    pub step: u64,
    /// Row-major.
    pub data: Arc<[f32]>,
}
