//! Floor 4: the same model elsewhere. What a person drew as code, files and weights of Keras, TensorFlow, PyTorch and
//! ONNX, and what others trained as a project.
//!
//! Knows projects, data and machines, and nothing of runs on disk or of the window: who calls it brings the weights.

pub mod arriving;
pub mod code;
pub mod export;
pub mod keras;
pub mod network;
pub mod onnx;
pub mod pytorch;
pub mod recognise;
mod samples;
mod squared;
pub mod state_dict;
pub mod table;
pub mod tensorflow;
mod training;
mod twin;

#[cfg(test)]
#[path = "../../tests/support/frameworks.rs"]
#[allow(dead_code, reason = "shared with the tests of the whole program")]
mod frameworks;

pub use arriving::{Arrived, Fate, Finding, Report};
pub use network::{Network, Node, Source};
pub use recognise::{Content, recognise};
pub use twin::{Framework, Twin};

/// Something that another program has no words for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The layer's name; empty for a setting of training.
    pub layer: String,
    /// Half a sentence: "nn.LSTM has tanh and sigmoid gates only".
    pub why: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.layer.is_empty() { write!(f, "{}.", self.why) } else { write!(f, "{}: {}.", self.layer, self.why) }
    }
}
