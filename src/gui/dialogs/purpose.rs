//! What a path is wanted for: what the dialog says, how the file ends, and what is then done with it.

use std::path::{Path, PathBuf};

use crate::interop::export::Target;
use crate::persist::tensor_file::Format;
use crate::session::{Action, BoxAction, EngineAction, ExamineAction, Figure, RunAction, State};
use crate::trace::TensorRecord;

/// What a path is wanted for.
#[derive(Clone, Debug, PartialEq)]
pub enum Purpose {
    /// A project to open.
    Open,
    /// Where to save the project; the suggestion is a name without an ending, in a folder if one is likely.
    Save { suggestion: String, folder: Option<PathBuf> },
    /// A checkpoint to open with its project.
    OpenWeights,
    /// Where to write the run as it stands; the suggestion as above.
    SaveWeights { suggestion: String, folder: Option<PathBuf> },
    /// A folder or file to write the project into for other programs; the suggestion is its name, in a folder if one is
    /// likely.
    ExportProject { target: Target, suggestion: String, folder: Option<PathBuf> },
    /// A run that an exported folder has trained elsewhere.
    TakeInRun,
    /// A Python interpreter to train with.
    Interpreter,
    /// A picture or an array for a network without data.
    OpenSample,
    /// A photo to ask the network about.
    OpenPhoto,
    /// New data that the network is to predict.
    Predict { folder: bool },
    /// Where to write what it predicted; the suggestion as above.
    SavePredictions { suggestion: String, folder: Option<PathBuf> },
    /// A new project from a table.
    OpenTable,
    /// A table as the data of this project.
    DataTable,
    /// A new project from a folder of pictures.
    OpenPictures,
    /// A folder of pictures as the data of this project.
    DataFolder,
    /// A new project from pictures with boxes, or to draw them in.
    OpenBoxes,
    /// Such pictures as the data of this project.
    DataBoxes,
    /// Where to write all boxes; the suggestion as above.
    ExportBoxes { suggestion: String },
    /// Where to write what a panel shows; the suggestion is a name without an ending.
    SaveFigure { suggestion: String, figure: Box<Figure> },
    /// Where to write a tensor.
    Export { record: TensorRecord, format: Format },
    /// Where to write the table of runs, or the curves of those that are picked; the suggestion is a name without an
    /// ending.
    ExportRuns { suggestion: String, curves: bool },
}

impl Purpose {
    /// Where to save the project that is open.
    pub fn save(state: &State) -> Self {
        Self::Save { suggestion: state.project().name.clone(), folder: state.suggested_folder() }
    }

    /// Where to save its weights.
    pub fn save_weights(state: &State) -> Self {
        Self::SaveWeights { suggestion: state.project().name.clone(), folder: state.suggested_folder() }
    }

    /// Where to save what was predicted for a file or folder: beside it.
    pub fn save_predictions(source: &Path) -> Self {
        let stem = source.file_stem().unwrap_or_default().to_string_lossy();
        Self::SavePredictions {
            suggestion: format!("{stem} predictions"),
            folder: source.parent().map(Path::to_path_buf),
        }
    }

    /// Where to export the project to.
    pub fn export_project(target: Target, state: &State) -> Self {
        let name = &state.project().name;
        let suggestion = match target {
            Target::Folder(framework) => format!("{name}-{}", framework.word()),
            Target::Onnx | Target::Weights => name.clone(),
        };
        Self::ExportProject { target, suggestion, folder: state.suggested_folder() }
    }

    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::ExportProject { target: Target::Folder(_), .. } => "Export code, weights and proof",
            Self::ExportProject { target: Target::Onnx, .. } => "Export as ONNX",
            Self::ExportProject { target: Target::Weights, .. } => "Export weights",
            Self::Open => "Open a project or model",
            Self::TakeInRun => "Import a run",
            Self::Interpreter => "Add a Python interpreter",
            Self::OpenWeights => "Open weights",
            Self::OpenSample => "Choose a sample",
            Self::OpenPhoto => "Choose a photo",
            Self::Predict { folder: false } => "Choose new data",
            Self::Predict { folder: true } => "Choose a folder of new pictures",
            Self::SavePredictions { .. } => "Save predictions",
            Self::SaveWeights { .. } => "Save weights",
            Self::Save { .. } => "Save project",
            Self::OpenTable | Self::DataTable => "Choose a table",
            Self::OpenPictures | Self::DataFolder => "Choose a folder of pictures",
            Self::OpenBoxes | Self::DataBoxes => "Choose a folder of pictures to find things in",
            Self::ExportBoxes { .. } => "Export boxes",
            Self::SaveFigure { figure, .. } => match **figure {
                Figure::Picture(_) => "Save picture",
                Figure::Drawing(_) => "Save drawing",
                Figure::Numbers(_) => "Save data",
            },
            Self::Export { .. } => "Save tensor",
            Self::ExportRuns { curves: false, .. } => "Save table of runs",
            Self::ExportRuns { curves: true, .. } => "Save curves",
        }
    }

    pub(super) fn explanation(&self) -> &'static str {
        match self {
            Self::ExportProject { target: Target::Onnx, .. } => {
                "An ONNX file (*.onnx) with the network and the weights as they are now, for ONNX Runtime, Netron and \
                    other programs."
            }
            Self::ExportProject { target: Target::Weights, .. } => {
                "A safetensors file with the weights as they are now, under the names PyTorch uses, for load_state_dict."
            }
            Self::ExportProject { target: Target::Folder(_), .. } => {
                "A folder, made if it isn't there: the model's code, train.py, the weights as they are now, the samples, \
                    and verify.py, which proves that the framework computes the same."
            }
            Self::Open => {
                "A project (*.glassbox.json), or a model of another program (.keras, .h5, .onnx, .pt, .pth, .safetensors)."
            }
            Self::TakeInRun => {
                "The folder in which an exported train.py has trained this project, or the log (run.jsonl) or checkpoint \
                    that it has written. Its weights and curves become a run of the project."
            }
            Self::Interpreter => {
                "The program (…/bin/python), or the folder of a virtual environment. Glassbox asks it which frameworks \
                    it has."
            }
            Self::OpenWeights => {
                "A checkpoint (*.safetensors), whose network opens too; or weights of PyTorch or Keras (.pt, .pth, \
                    .safetensors, .h5), which are offered to the network that is open."
            }
            Self::OpenSample => {
                "A picture (PNG) or a NumPy array (.npy). Pictures are scaled to the size of the input."
            }
            Self::OpenPhoto => "A picture (JPEG, PNG, WebP, BMP or GIF). It is brought to the size the network takes.",
            Self::Predict { folder: false } => {
                "A table of any kind that Glassbox reads, or a picture, as the network learnt from."
            }
            Self::Predict { folder: true } => "All pictures in it and in its folders are predicted.",
            Self::SavePredictions { .. } => {
                "A CSV table with one row per row of the data: what is predicted, and how likely each class is."
            }
            Self::SaveWeights { .. } => {
                "A checkpoint (*.safetensors): the weights, readable by other programs, and everything needed to \
                    resume training."
            }
            Self::Save { .. } => "The file name will end in .glassbox.json.",
            Self::OpenTable | Self::DataTable => {
                "One sample in each row: a text file (CSV), a spreadsheet, JSON lines, Parquet or Arrow. Its kind and layout are detected."
            }
            Self::OpenPictures | Self::DataFolder => {
                "A folder with one folder of pictures per class (PNG, JPEG, WebP, BMP, GIF), with a table of labels, or with files \
                    of Parquet, CIFAR (binary) or MNIST (IDX)."
            }
            Self::OpenBoxes | Self::DataBoxes => {
                "Pictures (PNG, JPEG, WebP, BMP, GIF) with boxes around things: Pascal VOC, COCO or YOLO files beside them. \
                    Without any you draw the boxes here."
            }
            Self::ExportBoxes { .. } => "A COCO file (*.json) with the boxes of all labelled pictures.",
            Self::SaveFigure { figure, .. } => match **figure {
                Figure::Picture(_) => "A picture (PNG) for documents and slides.",
                Figure::Drawing(_) => "A vector drawing (SVG) for browsers and word processors, sharp at any size.",
                Figure::Numbers(_) => "A CSV table, for spreadsheets.",
            },
            Self::Export { format: Format::Npy, .. } => "A NumPy file, for numpy.load. It keeps the shape.",
            Self::ExportRuns { curves: false, .. } => "A CSV table with one row per run.",
            Self::ExportRuns { curves: true, .. } => "A CSV table with one row per recorded step.",
            Self::Export { format: Format::Csv, .. } => "A CSV table: the last axis across, all others down.",
        }
    }

    /// Of the file that is written; `None` where one is read.
    pub(super) fn ending(&self) -> Option<&'static str> {
        match self {
            Self::Open | Self::OpenWeights | Self::OpenSample | Self::OpenPhoto | Self::Predict { .. } => None,
            Self::ExportProject { target, .. } => target.ending(),
            Self::TakeInRun | Self::Interpreter => None,
            Self::OpenTable | Self::DataTable | Self::OpenPictures | Self::DataFolder => None,
            Self::OpenBoxes | Self::DataBoxes => None,
            Self::ExportBoxes { .. } => Some("json"),
            Self::Save { .. } => Some("glassbox.json"),
            Self::SaveWeights { .. } => Some("safetensors"),
            Self::SaveFigure { figure, .. } => Some(figure.ending()),
            Self::Export { format, .. } => Some(format.ending()),
            Self::ExportRuns { .. } | Self::SavePredictions { .. } => Some("csv"),
        }
    }

    /// The file that is written when this is typed or chosen.
    pub(super) fn complete(&self, path: PathBuf) -> PathBuf {
        let Some(ending) = self.ending() else { return path };
        let last = ending.rsplit('.').next().unwrap_or(ending);
        let given = path.extension().and_then(|given| given.to_str()).unwrap_or_default();
        // What somebody calls a text is theirs; "0.5" is no ending.
        let is_theirs = !given.is_empty() && given.chars().all(|c| c.is_ascii_alphabetic());
        let is_free = !matches!(self, Self::Save { .. } | Self::Export { .. });
        if given.eq_ignore_ascii_case(last) || (is_theirs && is_free) {
            return path;
        }
        let mut name = path.into_os_string();
        name.push(".");
        name.push(ending);
        name.into()
    }

    pub(super) fn button(&self) -> &'static str {
        match self {
            Self::ExportProject { .. } => "Export",
            Self::TakeInRun => "Import",
            Self::Interpreter => "Add",
            _ if self.ending().is_some() => "Save",
            _ => "Open",
        }
    }

    pub(super) fn action(&self, path: PathBuf) -> Action {
        match self {
            Self::Open | Self::OpenWeights | Self::OpenSample | Self::OpenPhoto => Action::Open(path),
            Self::ExportProject { target, .. } => Action::ExportProject { target: *target, path },
            Self::SaveWeights { .. } => Action::SaveWeights(path),
            Self::TakeInRun => Action::Runs(RunAction::TakeIn(path)),
            Self::Interpreter => Action::Engines(EngineAction::Add(path)),
            Self::Save { .. } => Action::SaveAs(path),
            Self::OpenTable => Action::OpenTable { path, target: None },
            Self::DataTable => Action::UseTable(path),
            Self::OpenPictures => Action::OpenPictures(path),
            Self::SaveFigure { figure, .. } => Action::SaveFigure { figure: figure.clone(), path },
            Self::Export { record, format } => Action::ExportTensor { record: record.clone(), format: *format, path },
            Self::ExportRuns { curves: false, .. } => Action::Runs(RunAction::ExportTable(path)),
            Self::ExportRuns { curves: true, .. } => Action::Runs(RunAction::ExportCurves(path)),
            Self::DataFolder => Action::UseFolder(path),
            Self::OpenBoxes => Action::OpenBoxes(path),
            Self::DataBoxes => Action::UseBoxes(path),
            Self::ExportBoxes { .. } => Action::Boxes(BoxAction::Export(path)),
            Self::Predict { .. } => ExamineAction::Predict(path).into(),
            Self::SavePredictions { .. } => ExamineAction::SavePredictions(path).into(),
        }
    }
}
