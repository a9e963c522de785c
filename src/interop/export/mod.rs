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
pub use last::keras_file;
pub use target::Target;

use std::path::Path;

use super::onnx;
use super::{Framework, Network, Refusal, Twin, training};
use crate::data::{DataError, Dataset};
use crate::engine::{Device, EngineError, Machine, Numbers, Precision, SavedTensor, Snapshot};
use crate::files::{FileError, NamedTensor, Values, atomic, tensors};
use crate::model::{Problem, Project};

/// A file of the folder.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Its name, behind the name of a folder where it lies in one.
    pub name: String,
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

/// The folder of a framework, and the lines of code that a person reads in it. `weights`: those of a run; without, the
/// first weights of the project's seed.
pub fn folder(
    framework: Framework,
    project: &Project,
    dataset: &Dataset,
    weights: Option<&Snapshot>,
) -> Result<(Vec<File>, usize), ExportError> {
    let network = Network::new(&project.graph, &dataset.signature()).map_err(ExportError::Invalid)?;
    let refused = |refused| ExportError::Refused { framework: framework.name(), refused };
    let twin = framework.twin(project, &network, Some(dataset)).map_err(refused)?;
    let first = first_weights(project, dataset, weights)?;
    let from = From { project, dataset, network: &network, twin: &twin, first: &first };
    let mut files = vec![text("README.md", &readme(framework, &from))];
    files.extend(twin.scripts().into_iter().map(|script| text(script.name, &script.text())));
    files.extend(match framework {
        Framework::PyTorch => pytorch(&from)?,
        Framework::Keras => last::keras(&from)?,
        Framework::TensorFlow => last::tensorflow(&from)?,
    });
    files.push(text("compare.py", include_str!("../../../assets/interop/compare.py")));
    files.push(text("reproduce.py", include_str!("../../../assets/interop/reproduce.py")));
    if training::augments(&project.training, &network) {
        files.push(text("augment.py", include_str!("../../../assets/interop/augment.py")));
    }
    if training::finds(&network) {
        files.push(text("boxes.py", include_str!("../../../assets/interop/boxes.py")));
        files.push(text("detection.py", detection(framework)));
    }
    files.extend(samples::files(dataset)?);
    Ok((files, twin.lines_of_code()))
}

/// The loss of things in pictures.
fn detection(framework: Framework) -> &'static str {
    match framework {
        Framework::PyTorch => include_str!("../../../assets/interop/torch_detection.py"),
        Framework::Keras => include_str!("../../../assets/interop/keras_detection.py"),
        Framework::TensorFlow => include_str!("../../../assets/interop/tensorflow_detection.py"),
    }
}

/// What a folder is made of.
struct From<'a> {
    project: &'a Project,
    dataset: &'a Dataset,
    network: &'a Network,
    twin: &'a Twin,
    first: &'a Snapshot,
}

fn text(name: &str, text: &str) -> File {
    file(name, text.as_bytes().to_vec())
}

fn file(name: &str, bytes: Vec<u8>) -> File {
    File { name: name.to_owned(), bytes }
}

fn pytorch(from: &From) -> Result<Vec<File>, ExportError> {
    let twin = from.twin;
    let called = |ours: &str| twin.tensors.iter().find(|(name, _)| name == ours).map(|(_, theirs)| theirs.clone());
    let proof = proof::record(from.project, from.dataset, from.first, &called)?;
    let verify = include_str!("../../../assets/interop/torch_verify.py")
        .replace("__CLASS__", &twin.class)
        .replace("__ANSWER__", &twin.answer.to_string())
        .replace("__LOSS__", &twin.loss);
    Ok(vec![
        text("verify.py", &verify),
        text("torch_run.py", include_str!("../../../assets/interop/torch_run.py")),
        file("weights.safetensors", tensor_file(named(from.first, &called))?),
        file("proof.safetensors", tensor_file(proof)?),
    ])
}

/// The network as an ONNX file. `weights` as for [`folder`].
pub fn onnx(project: &Project, dataset: &Dataset, weights: Option<&Snapshot>) -> Result<Vec<u8>, ExportError> {
    let network = Network::new(&project.graph, &dataset.signature()).map_err(ExportError::Invalid)?;
    let first = first_weights(project, dataset, weights)?;
    Ok(onnx::write(&network, &project.name, &named(&first, &|ours| Some(ours.to_owned())))?)
}

/// The weights as a safetensors file, under the names of PyTorch's `state_dict`; of a network that PyTorch has no words
/// for, under Glassbox's own. `weights` as for [`folder`].
pub fn weights(project: &Project, dataset: &Dataset, weights: Option<&Snapshot>) -> Result<Vec<u8>, ExportError> {
    let network = Network::new(&project.graph, &dataset.signature()).map_err(ExportError::Invalid)?;
    let first = first_weights(project, dataset, weights)?;
    let tensors = Framework::PyTorch.twin(project, &network, None).map(|twin| twin.tensors).ok();
    let called = |ours: &str| match &tensors {
        Some(tensors) => tensors.iter().find(|(name, _)| name == ours).map(|(_, theirs)| theirs.clone()),
        None => Some(ours.to_owned()),
    };
    Ok(tensor_file(named(&first, &called))?)
}

fn readme(framework: Framework, from: &From) -> String {
    let name = framework.name();
    let install = match framework {
        Framework::PyTorch => from.twin.needs.map_or("torch numpy".into(), |least| format!("'torch>={least}' numpy")),
        Framework::Keras => "keras tensorflow numpy".into(),
        Framework::TensorFlow => "tensorflow numpy".into(),
    };
    let more = match framework {
        Framework::PyTorch => "torchrun --nproc_per_node=2 train.py    # on two processes",
        Framework::Keras => "KERAS_BACKEND=jax python train.py    # with `pip install jax`",
        Framework::TensorFlow => "TF_CONFIG='{...}' python train.py    # on several machines",
    };
    format!(
        "# {} in {name}\n\nWritten by Glassbox: the network is in `model.py`, its training in `train.py`, its samples in \
         `data.py`.\n\n```sh\npip install {install}\npython verify.py    # proves that {name} computes what Glassbox \
         computed\npython train.py --log run.jsonl --checkpoint trained.{}    # on the same samples in the same \
         order\n{more}\n```\n",
        from.project.name,
        framework.ending()
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
    let is_ours = |name: &String| {
        let is_it =
            |file: &File| file.name == *name || file.name.split_once('/').is_some_and(|(folder, _)| folder == name);
        name == "__pycache__" || files.iter().any(is_it)
    };
    let inside = std::fs::read_dir(folder).into_iter().flatten().flatten();
    inside.map(|entry| entry.file_name().to_string_lossy().into_owned()).find(|name| !is_ours(name))
}

/// Writes the files into a folder, which is made where it is missing.
pub fn write(folder: &Path, files: &[File]) -> Result<(), FileError> {
    for file in files {
        let path = folder.join(&file.name);
        let place = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(place).map_err(|error| FileError::write(place, error))?;
        atomic::write(&path, &file.bytes)?;
    }
    Ok(())
}
