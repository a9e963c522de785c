//! A project in the code of another framework.

use super::code::Script;
use super::{Network, Refusal, keras, pytorch, samples, tensorflow};
use crate::data::Dataset;
use crate::model::Project;

/// The code of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Twin {
    /// Network and loss: `model.py`.
    pub model: Script,
    /// Optimiser and loop: `train.py`.
    pub train: Script,
    /// Where samples come from: `data.py`.
    pub data: Script,
    /// Layers that the framework lacks: `glassbox_layers.py`.
    pub layers: Option<Script>,
    /// For each tensor of ours what the twin's `state_dict` calls it: `lstm_1.weight_ih` and `lstm_1.weight_ih_l0`.
    pub tensors: Vec<(String, String)>,
    /// What the class is called.
    pub class: String,
    /// The network's own answer among what `forward` returns.
    pub answer: usize,
    /// Targets are class indices.
    pub of_classes: bool,
    /// The loss of what the network answers to a batch, `x, y, *w`: `train.loss_function(outputs, y)`.
    pub loss: String,
    /// The first version of PyTorch that has all of it, where that is younger than 1.13.
    pub needs: Option<&'static str>,
}

impl Twin {
    /// The files that a person reads.
    pub fn scripts(&self) -> Vec<&Script> {
        [&self.model, &self.train, &self.data].into_iter().chain(&self.layers).collect()
    }

    /// Of all of them.
    pub fn lines_of_code(&self) -> usize {
        self.scripts().into_iter().map(Script::lines_of_code).sum()
    }
}

/// A framework that projects are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Framework {
    /// PyTorch: `nn.Module`, `DataLoader`, a loop that is written out.
    PyTorch,
    /// Keras 3: functional models, `compile` and `fit`.
    Keras,
    /// TensorFlow: variables, `GradientTape`, `tf.function`.
    TensorFlow,
}

impl Framework {
    /// Every framework, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::PyTorch, Self::Keras, Self::TensorFlow];

    /// "PyTorch"
    pub fn name(self) -> &'static str {
        match self {
            Self::PyTorch => "PyTorch",
            Self::Keras => "Keras",
            Self::TensorFlow => "TensorFlow",
        }
    }

    /// As the command line says it: "pytorch".
    pub fn word(self) -> &'static str {
        match self {
            Self::PyTorch => "pytorch",
            Self::Keras => "keras",
            Self::TensorFlow => "tensorflow",
        }
    }

    /// What is installed to have it: "torch".
    pub fn package(self) -> &'static str {
        match self {
            Self::PyTorch => "torch",
            Self::Keras => "keras",
            Self::TensorFlow => "tensorflow",
        }
    }

    /// How the name of a file with trained weights ends.
    pub fn ending(self) -> &'static str {
        match self {
            Self::PyTorch => "pt",
            Self::Keras => "keras",
            Self::TensorFlow => "safetensors",
        }
    }

    /// The code of a project. `dataset`: for the file that its samples are in. Errors: everything in it that the
    /// framework has no words for.
    pub fn twin(self, project: &Project, network: &Network, dataset: Option<&Dataset>) -> Result<Twin, Vec<Refusal>> {
        let data = samples::script(self, network, dataset);
        match self {
            Self::PyTorch => pytorch::twin(project, network, data),
            Self::Keras => keras::twin(project, network, data),
            Self::TensorFlow => tensorflow::twin(project, network, data),
        }
    }
}
