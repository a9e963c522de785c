//! What comes out of another program's file: a graph, weights under Glassbox's names, and a report that leaves nothing
//! unsaid. Every reader ends here; what becomes of it is for the session to say.

use crate::files::NamedTensor;
use crate::model::{Graph, Shape};

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

/// What came over and how, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// One a layer, and one for each thing beside the layers (optimiser, metrics, names of classes).
    pub findings: Vec<Finding>,
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// As the file calls it.
    pub what: String,
    /// How it came over.
    pub fate: Fate,
    /// A sentence, where there is anything to say: "Kernel turned from H × W × in × out to out × in × H × W".
    pub words: String,
}

/// How a part of a file came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// The same layer with the same numbers.
    Exact,
    /// Another way of writing the same: the outputs are equal.
    Translated,
    /// It makes no difference to what the network computes and was left behind.
    LeftOut,
    /// Glassbox has no such layer: it stands in its place and computes nothing.
    Foreign,
}

impl Report {
    /// Adds a line.
    pub fn say(&mut self, what: impl Into<String>, fate: Fate, words: impl Into<String>) {
        self.findings.push(Finding { what: what.into(), fate, words: words.into() });
    }

    /// How many parts came over this way.
    pub fn count(&self, fate: Fate) -> usize {
        self.findings.iter().filter(|finding| finding.fate == fate).count()
    }
}
