//! The desktop's own file dialogs.

use std::path::{Path, PathBuf};

use rfd::FileDialog;

use super::{FilePicker, Purpose};
use crate::session::Figure;

pub struct NativePicker;

impl FilePicker for NativePicker {
    fn pick(&self, purpose: &Purpose) -> Option<PathBuf> {
        let dialog = FileDialog::new().set_title(purpose.title());
        match purpose {
            Purpose::Open => {
                let all = ["json", "safetensors", "keras", "h5", "hdf5", "onnx", "pt", "pth"];
                let dialog = dialog.add_filter("Projects and models", &all).add_filter("Glassbox project", &["json"]);
                let dialog =
                    dialog.add_filter("Keras model", &["keras", "h5", "hdf5"]).add_filter("ONNX model", &["onnx"]);
                let dialog = dialog.add_filter("Weights", &["safetensors", "pt", "pth", "h5"]);
                dialog.add_filter("All files", &["*"]).pick_file()
            }
            Purpose::TakeInRun => {
                let dialog = dialog.add_filter("Log or checkpoint", &["jsonl", "pt", "pth", "safetensors", "keras"]);
                dialog.add_filter("All files", &["*"]).pick_file()
            }
            Purpose::Interpreter => dialog.pick_file(),
            Purpose::OpenWeights => {
                dialog.add_filter("Weights", &["safetensors", "pt", "pth", "h5", "hdf5"]).pick_file()
            }
            Purpose::OpenSample => dialog.add_filter("Picture or array", &["png", "npy"]).pick_file(),
            Purpose::OpenPhoto => dialog.add_filter("Picture", &crate::session::PHOTO_ENDINGS).pick_file(),
            Purpose::Save { suggestion, folder } => at(dialog, folder.as_deref())
                .add_filter("Glassbox project", &["json"])
                .set_file_name(format!("{suggestion}.glassbox.json"))
                .save_file(),
            Purpose::SaveWeights { suggestion, folder } => at(dialog, folder.as_deref())
                .add_filter("Weights", &["safetensors"])
                .set_file_name(format!("{suggestion}.safetensors"))
                .save_file(),
            Purpose::OpenTable | Purpose::DataTable => {
                dialog.add_filter("Table", &crate::session::TABLE_ENDINGS).add_filter("All files", &["*"]).pick_file()
            }
            Purpose::Predict { folder: false } => dialog
                .add_filter("Table", &crate::session::TABLE_ENDINGS)
                .add_filter("Picture", &crate::session::PHOTO_ENDINGS)
                .add_filter("All files", &["*"])
                .pick_file(),
            Purpose::SavePredictions { suggestion, folder } => at(dialog, folder.as_deref())
                .add_filter("Table", &["csv"])
                .set_file_name(format!("{suggestion}.csv"))
                .save_file(),
            Purpose::OpenPictures
            | Purpose::DataFolder
            | Purpose::OpenBoxes
            | Purpose::DataBoxes
            | Purpose::Predict { folder: true } => dialog.pick_folder(),
            Purpose::ExportBoxes { suggestion } => {
                dialog.add_filter("COCO", &["json"]).set_file_name(format!("{suggestion}.json")).save_file()
            }
            Purpose::ExportProject { target, suggestion, folder } => {
                let ending = target.ending().map(|ending| format!(".{ending}")).unwrap_or_default();
                at(dialog, folder.as_deref()).set_file_name(format!("{suggestion}{ending}")).save_file()
            }
            Purpose::SaveFigure { suggestion, figure } => {
                let (kind, ending) = match **figure {
                    Figure::Picture(_) => ("Picture", figure.ending()),
                    Figure::Drawing(_) => ("Drawing", figure.ending()),
                    Figure::Numbers(_) => ("Table", figure.ending()),
                };
                dialog.add_filter(kind, &[ending]).set_file_name(format!("{suggestion}.{ending}")).save_file()
            }
            Purpose::ExportRuns { suggestion, .. } => {
                dialog.add_filter("Table", &["csv"]).set_file_name(format!("{suggestion}.csv")).save_file()
            }
            Purpose::Export { record, format } => {
                let name = format!("{}.{}", super::file_name(record), format.ending());
                dialog.add_filter("Tensor", &[format.ending()]).set_file_name(name).save_file()
            }
        }
    }
}

fn at(dialog: FileDialog, folder: Option<&Path>) -> FileDialog {
    match folder {
        Some(folder) => dialog.set_directory(folder),
        None => dialog,
    }
}
