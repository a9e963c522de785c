//! What comes out of another program's file: a graph, weights under Glassbox's names, and a report that leaves nothing
//! unsaid. Every reader ends here; what becomes of it is for the session to say.

use crate::files::NamedTensor;
use crate::model::{Graph, Shape};
pub use crate::trace::{Fate, Finding, Report};

/// A network that was made elsewhere.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// What the file calls it, or its own name without the ending.
    pub name: String,
    /// What the file is: "Keras 3", "ONNX, operator set 15".
    pub format: String,
    /// Laid out for the canvas. Layers that Glassbox does not have stand in it as what they are.
    pub graph: Graph,
    /// One sample of what enters, Input by Input, without the batch axis.
    pub inputs: Vec<Shape>,
    /// `dense_1.weight` and so on, in PyTorch's layout, as the layers of the graph declare them.
    pub weights: Vec<NamedTensor>,
    /// What was said of each part.
    pub report: Report,
}
