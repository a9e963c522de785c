//! A project as a folder for another framework: code, weights, samples, and recordings by which the framework's own
//! arithmetic can be compared with ours.
//!
//! Makes the files and writes none: where they go is for the caller to say.

mod back;
mod last;
mod proof;
mod samples;
mod target;

pub use back::{keras_back, pytorch_back, tensorflow_back};
pub use last::{keras, keras_file, tensorflow};
pub use target::Target;

use std::path::Path;

use super::{Framework, Network, Refusal, Twin};
use super::{onnx, pytorch};
use crate::data::{DataError, Dataset};
use crate::engine::{Device, EngineError, Machine, Numbers, Precision, SavedTensor, Snapshot};
use crate::files::{FileError, NamedTensor, Values, atomic, tensors};
use crate::model::{Problem, Project};

/// A file of the folder.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// What stands in it.
    pub bytes: Vec<u8>,
}

/// Why a project does not leave.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The network cannot train.
    #[error("The network can't train yet: {}", .0.first().map(|problem| problem.message.as_str()).unwrap_or_default())]
    Invalid(Vec<Problem>),
    /// The framework has no words for it.
    #[error("{} can't be exported to {framework}:\n  {}", if .refused.len() == 1 { "This" } else { "These" },
        .refused.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  "))]
    Refused {
        /// "PyTorch"
        framework: &'static str,
        /// Everything that stands in the way.
        refused: Vec<Refusal>,
    },
    /// The samples cannot be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The recording failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// ONNX has no way to say it.
    #[error(transparent)]
    Onnx(#[from] onnx::Refusal),
    /// A file of it could not be put together.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The folder of a framework, and the lines of code that a person reads in it. `weights` as for [`pytorch`].
pub fn folder(
    framework: Framework,
    project: &Project,
    dataset: &Dataset,
    weights: Option<&Snapshot>,
) -> Result<(Vec<File>, usize), ExportError> {
    let network = Network::new(&project.graph, &dataset.signature()).map_err(ExportError::Invalid)?;
    let refused = |refused| ExportError::Refused { framework: framework.name(), refused };
    let lines = framework.twin(project, &network).map_err(refused)?.lines_of_code();
    let files = match framework {
        Framework::PyTorch => pytorch(project, dataset, weights)?,
        Framework::Keras => last::keras(project, dataset, weights)?,
        Framework::TensorFlow => last::tensorflow(project, dataset, weights)?,
    };
    Ok((files, lines))
}

/// The PyTorch folder. `weights`: those of a run; without, the first weights of the project's seed.
pub fn pytorch(project: &Project, dataset: &Dataset, weights: Option<&Snapshot>) -> Result<Vec<File>, ExportError> {
    let network = Network::new(&project.graph, &dataset.signature()).map_err(ExportError::Invalid)?;
    let refused = |refused| ExportError::Refused { framework: "PyTorch", refused };
    let twin = pytorch::twin(project, &network).map_err(refused)?;
    let first = first_weights(project, dataset, weights)?;
    let called = |ours: &str| twin.tensors.iter().find(|(name, _)| name == ours).map(|(_, theirs)| theirs.clone());
    let proof = proof::record(project, dataset, &first, &called)?;
    let verify = include_str!("../../../assets/interop/torch_verify.py")
        .replace("__CLASS__", &twin.class)
        .replace("__ANSWER__", &twin.answer.to_string())
        .replace("__CLASSES__", super::code::python::bool(twin.of_classes))
        .replace("__LOSS__", &format!("train.loss_function({})", twin.loss_arguments));
    let text = |name, text: &str| File { name, bytes: text.as_bytes().to_vec() };
    let mut files = vec![
        text("README.md", &readme(project, &twin)),
        text("model.py", &twin.model.text()),
        text("train.py", &twin.train.text()),
        text("verify.py", &verify),
        text("torch_run.py", include_str!("../../../assets/interop/torch_run.py")),
        text("reproduce.py", include_str!("../../../assets/interop/reproduce.py")),
    ];
    files.push(File { name: "weights.safetensors", bytes: tensor_file(named(&first, &called))? });
    files.push(File { name: "data.npz", bytes: samples::npz(dataset)? });
    files.push(File { name: "proof.safetensors", bytes: tensor_file(proof)? });
    Ok(files)
}

/// The network as an ONNX file. `weights` as for [`pytorch`].
pub fn onnx(project: &Project, dataset: &Dataset, weights: Option<&Snapshot>) -> Result<Vec<u8>, ExportError> {
    let network = Network::new(&project.graph, &dataset.signature()).map_err(ExportError::Invalid)?;
    let first = first_weights(project, dataset, weights)?;
    Ok(onnx::write(&network, &project.name, &named(&first, &|ours| Some(ours.to_owned())))?)
}

/// The weights as a safetensors file, under the names of PyTorch's `state_dict`; of a network that PyTorch has no words
/// for, under Glassbox's own. `weights` as for [`pytorch`].
pub fn weights(project: &Project, dataset: &Dataset, weights: Option<&Snapshot>) -> Result<Vec<u8>, ExportError> {
    let network = Network::new(&project.graph, &dataset.signature()).map_err(ExportError::Invalid)?;
    let first = first_weights(project, dataset, weights)?;
    let tensors = pytorch::twin(project, &network).map(|twin| twin.tensors).ok();
    let called = |ours: &str| match &tensors {
        Some(tensors) => tensors.iter().find(|(name, _)| name == ours).map(|(_, theirs)| theirs.clone()),
        None => Some(ours.to_owned()),
    };
    Ok(tensor_file(named(&first, &called))?)
}

fn readme(project: &Project, twin: &Twin) -> String {
    let needs = twin.needs.map_or(String::new(), |version| format!(" {version} or newer"));
    format!(
        "# {} in PyTorch\n\nExported from Glassbox. Needs PyTorch{needs} and numpy.\n\n```sh\npython verify.py    # \
         proves that PyTorch computes what Glassbox computed\npython train.py     # trains it on the same samples in \
         the same order\ntorchrun --nproc_per_node=2 train.py    # the same on two processes\n```\n\n| file | what is \
         in it |\n| --- | --- |\n| `model.py` | the network and its loss |\n| `train.py` | optimiser and loop |\n| \
         `torch_run.py` | options, samples, processes, checkpoints, the log |\n| `reproduce.py` | the order of the \
         samples and the dropout masks of Glassbox, in numpy |\n| `weights.safetensors` | the weights, under the names \
         of the `state_dict` |\n| `data.npz` | the samples, training and validation |\n| `proof.safetensors` | what \
         Glassbox computed: answers, gradients, ten steps |\n",
        project.name
    )
}

/// All parameters and running statistics, in single precision.
fn first_weights(project: &Project, dataset: &Dataset, weights: Option<&Snapshot>) -> Result<Snapshot, ExportError> {
    let mut machine = machine(project, dataset, Precision::F32)?;
    if let Some(weights) = weights {
        machine.restore_parameters(weights)?;
    }
    Ok(machine.snapshot()?)
}

fn machine(project: &Project, dataset: &Dataset, precision: Precision) -> Result<Machine, EngineError> {
    Machine::new(&project.graph, &dataset.signature(), &project.training, Device::Cpu, precision)
}

/// Tensors of a snapshot under the names that somebody else has for them; those without are left out.
fn named(snapshot: &Snapshot, called: &dyn Fn(&str) -> Option<String>) -> Vec<NamedTensor> {
    let name = |(ours, saved): (&String, &SavedTensor)| {
        let values = match &saved.numbers {
            Numbers::F32(numbers) => Values::F32(numbers.to_vec()),
            Numbers::F64(numbers) => Values::F64(numbers.to_vec()),
        };
        Some(NamedTensor { name: called(ours)?, dims: saved.dims.clone(), values })
    };
    snapshot.tensors.iter().filter_map(name).collect()
}

fn tensor_file(all: Vec<NamedTensor>) -> Result<Vec<u8>, FileError> {
    tensors::bytes("made_by", "Glassbox".to_owned(), &all)
        .map_err(|error| FileError::write(Path::new("weights"), error))
}

/// The name of a file in a folder that is none of these: the folder is somebody's.
pub fn other_file(folder: &Path, files: &[File]) -> Option<String> {
    let is_ours = |name: &String| name == "__pycache__" || files.iter().any(|file| file.name == name);
    let inside = std::fs::read_dir(folder).into_iter().flatten().flatten();
    inside.map(|entry| entry.file_name().to_string_lossy().into_owned()).find(|name| !is_ours(name))
}

/// Writes the files into a folder, which is made where it is missing.
pub fn write(folder: &Path, files: &[File]) -> Result<(), FileError> {
    std::fs::create_dir_all(folder).map_err(|error| FileError::write(folder, error))?;
    files.iter().try_for_each(|file| atomic::write(&folder.join(file.name), &file.bytes))
}
