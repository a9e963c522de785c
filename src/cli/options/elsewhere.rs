//! Arguments of the commands about other programs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::interop::Framework;
use crate::interop::export::Target;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  glassbox export spiral.glassbox.json --to pytorch\n  \
    glassbox export spiral.glassbox.json --to pytorch --run \"Run 1\" -o twin && cd twin && python verify.py\n  \
    glassbox export cells.glassbox.json --to coco -o cells.json\n\n\
    The folder holds the model's code, train.py with the same samples in the same order, the weights, and verify.py, \
    which proves that the framework computes the same.")]
pub struct ExportProjectOptions {
    /// A project file.
    pub file: PathBuf,
    /// The framework, or coco for the boxes of the data.
    #[arg(long, value_enum, value_name = "FRAMEWORK")]
    pub to: ExportTo,
    /// Use the weights of a run saved with the project (default: the first weights of the project's seed).
    #[arg(long, value_name = "NAME", conflicts_with = "checkpoint")]
    pub run: Option<String>,
    /// Use the weights of a checkpoint.
    #[arg(long, value_name = "CKPT")]
    pub checkpoint: Option<PathBuf>,
    /// The folder or file to write (default: beside the project, named after it and the framework).
    #[arg(short, long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Use this table or folder of pictures instead of the one named in the project.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Write into a folder that has other files in it.
    #[arg(long)]
    pub force: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  glassbox engines --python ~/venv/bin/python")]
pub struct EnginesOptions {
    /// A Python interpreter to look at, before those on the path. Can be repeated.
    #[arg(long, value_name = "PYTHON")]
    pub python: Vec<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  glassbox race digits-cnn.glassbox.json --engines glassbox,pytorch --steps 200\n\n\
    Every engine begins with the same weights and uses the same samples in the same order, so the losses lie on each \
    other until rounding leads them apart.")]
pub struct RaceOptions {
    /// A project file.
    pub file: PathBuf,
    /// Who takes part, in this order; the others are compared with the first.
    #[arg(long, value_delimiter = ',', default_value = "glassbox,pytorch")]
    pub engines: Vec<String>,
    /// Steps that each trains.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: u64,
    /// All at once instead of one after the other. They share the processor, so nobody's figures are their best.
    #[arg(long)]
    pub at_once: bool,
    /// A Python interpreter to look at, before those on the path. Can be repeated.
    #[arg(long, value_name = "PYTHON")]
    pub python: Vec<PathBuf>,
    /// Use this table or folder of pictures instead of the one named in the project.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Number of threads of each (default: as each likes).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Write step, seconds and loss of every engine as CSV.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Let --csv replace an existing file.
    #[arg(long, requires = "csv")]
    pub force: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Where a project can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportTo {
    /// A folder for PyTorch.
    Pytorch,
    /// A folder for Keras 3, with the model as a .keras file.
    Keras,
    /// A folder for TensorFlow.
    Tensorflow,
    /// An ONNX file.
    Onnx,
    /// The weights alone, under the names of PyTorch's state_dict.
    Safetensors,
    /// The boxes of a project that finds things in pictures, drawn ones included, as a COCO file.
    Coco,
}

impl ExportTo {
    /// `None`: the boxes of the data.
    pub fn target(self) -> Option<Target> {
        match self {
            Self::Pytorch => Some(Target::Folder(Framework::PyTorch)),
            Self::Keras => Some(Target::Folder(Framework::Keras)),
            Self::Tensorflow => Some(Target::Folder(Framework::TensorFlow)),
            Self::Onnx => Some(Target::Onnx),
            Self::Safetensors => Some(Target::Weights),
            Self::Coco => None,
        }
    }
}
