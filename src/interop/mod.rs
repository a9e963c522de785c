//! Floor 4: the same model elsewhere. What a person drew as code, files and weights of Keras, TensorFlow, PyTorch and
//! ONNX, and what others trained as a project.
//!
//! Knows projects, data and machines, and nothing of runs on disk or of the window: who calls it brings the weights.

pub mod arriving;
pub mod network;
pub mod onnx;
pub mod recognise;
pub mod state_dict;

pub use arriving::{Arrived, Fate, Finding, Report};
pub use network::{Network, Node, Source};
pub use recognise::{Content, recognise};
