//! What a project can leave as.

use crate::interop::Framework;

/// Where a project can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A folder of a framework: code, weights, samples and a proof.
    Folder(Framework),
    /// An ONNX file.
    Onnx,
    /// A safetensors file with the weights, under the names of PyTorch's `state_dict`.
    Weights,
}

impl Target {
    /// Every target, in the order in which they are offered.
    pub const ALL: [Self; 5] = [
        Self::Folder(Framework::PyTorch),
        Self::Folder(Framework::Keras),
        Self::Folder(Framework::TensorFlow),
        Self::Onnx,
        Self::Weights,
    ];

    /// "PyTorch"
    pub fn name(self) -> &'static str {
        match self {
            Self::Folder(framework) => framework.name(),
            Self::Onnx => "ONNX",
            Self::Weights => "safetensors",
        }
    }

    /// As the command line says it: "pytorch".
    pub fn word(self) -> &'static str {
        match self {
            Self::Folder(framework) => framework.word(),
            Self::Onnx => "onnx",
            Self::Weights => "safetensors",
        }
    }

    /// How the file's name ends; `None` of a folder.
    pub fn ending(self) -> Option<&'static str> {
        match self {
            Self::Folder(_) => None,
            Self::Onnx | Self::Weights => Some(self.word()),
        }
    }
}
