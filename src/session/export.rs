//! Tensors, and the project for other frameworks, on their way to files: written on threads of their own, told of when
//! they are there.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use super::archive::News;
use super::checkpoint::Kept;
use super::keeping::TRAINER_ANSWERS;
use super::{NoticeKind, State};
use crate::data::Dataset;
use crate::engine::Snapshot;
use crate::files::atomic;
use crate::interop::export::{self, ExportError, Target};
use crate::model::Project;
use crate::persist::tensor_file::{self, Format};
use crate::trace::TensorRecord;
use crate::trainer::Command;

/// A file that is being written; the answer is its path or a sentence.
pub struct ExportJob {
    done: Receiver<Result<PathBuf, String>>,
}

impl State {
    pub(super) fn export(&mut self, record: TensorRecord, format: Format, path: PathBuf) {
        let has_ending = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(format.ending()));
        let mut name = path.into_os_string();
        if !has_ending {
            name.push(format!(".{}", format.ending()));
        }
        let (path, waker) = (PathBuf::from(name), self.works.waker());
        let (sender, done) = channel();
        let work = move || {
            let outcome = tensor_file::save(&record, format, &path).map_err(|error| error.to_string());
            // The session may be gone.
            let _ = sender.send(outcome.map(|()| path));
            waker();
        };
        match std::thread::Builder::new().name("export".into()).spawn(work) {
            Ok(_) => self.works.exports.push(ExportJob { done }),
            Err(error) => self.notify(NoticeKind::Error, format!("Couldn't save the tensor: {error}.")),
        }
    }

    /// The project as a folder for another framework, with the weights of the run as it stands.
    pub(super) fn export_project(&mut self, target: Target, path: PathBuf) {
        let Some(dataset) = self.dataset().cloned() else {
            return self.notify(NoticeKind::Warning, "The code follows from the data, so choose some first.");
        };
        let (reply, answer) = channel();
        let has_run = self.works.trainer.is_some() && self.works.told.is_some();
        if has_run {
            self.tell(Command::Save(reply));
        }
        let project = self.live_project();
        self.ask(Box::new(move || {
            let weights = || -> Result<Option<Box<Kept>>, String> {
                if !has_run {
                    return Ok(None);
                }
                let kept =
                    answer.recv_timeout(TRAINER_ANSWERS).map_err(|_| "The trainer didn't respond.".to_owned())?;
                kept.map(Some)
            };
            let write = || -> Result<String, String> {
                let kept = weights()?;
                let snapshot = kept.as_ref().map(|kept| &kept.saved.now);
                written(target, &path, &project, &dataset, snapshot)
            };
            News::told(write())
        }));
    }

    /// Tells of files that are written. Returns whether there was one.
    pub(super) fn poll_exports(&mut self) -> bool {
        let mut told = Vec::new();
        self.works.exports.retain(|job| match job.done.try_recv() {
            Err(TryRecvError::Empty) => true,
            Err(TryRecvError::Disconnected) => {
                told.push(Err("Couldn't save the tensor because of a bug in Glassbox.".to_owned()));
                false
            }
            Ok(outcome) => {
                told.push(outcome);
                false
            }
        });
        let news = !told.is_empty();
        for outcome in told {
            match outcome {
                Ok(path) => self.notify(NoticeKind::Success, format!("Saved {}", path.display())),
                Err(why) => self.notify(NoticeKind::Error, why),
            }
        }
        news
    }
}

/// Writes the project there. Returns what to tell of it.
fn written(
    target: Target,
    path: &Path,
    project: &Project,
    dataset: &Dataset,
    weights: Option<&Snapshot>,
) -> Result<String, String> {
    let shown = path.display();
    let said = |error: ExportError| error.to_string();
    let file = match target {
        Target::Onnx => export::onnx(project, dataset, weights).map_err(said)?,
        Target::Weights => export::weights(project, dataset, weights).map_err(said)?,
        Target::Folder(framework) => {
            let (files, _) = export::folder(framework, project, dataset, weights).map_err(said)?;
            if let Some(name) = export::other_file(path, &files) {
                return Err(format!("{shown} has other files in it, such as {name}. Choose another folder."));
            }
            export::write(path, &files).map_err(|error| error.to_string())?;
            let name = framework.name();
            return Ok(format!(
                "Exported to {shown}. Run python verify.py there: it proves that {name} computes the same."
            ));
        }
    };
    atomic::write(path, &file).map_err(|error| error.to_string())?;
    Ok(format!("Exported to {shown}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Action;
    use crate::session::Event;

    fn record() -> TensorRecord {
        let axes = vec!["unit".to_owned()];
        TensorRecord { name: "w".into(), dims: vec![2], axes, gates: None, step: 1, data: [0.5, -1.0].into() }
    }

    fn saved_to(path: PathBuf) -> (NoticeKind, String) {
        let mut state = State::default();
        state.apply(Action::ExportTensor { record: record(), format: Format::Csv, path });
        while !state.poll_exports() {
            std::thread::yield_now();
        }
        match state.events().pop() {
            Some(Event::Notice(notice)) => (notice.kind, notice.text),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_tensor_is_written_beside_the_window_and_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let (kind, text) = saved_to(folder.path().join("mine"));
        assert_eq!(kind, NoticeKind::Success);
        assert!(text.ends_with("mine.csv"), "{text}");
        let written = std::fs::read_to_string(folder.path().join("mine.csv")).unwrap();
        assert_eq!(written, "unit 0,unit 1\n0.5,-1\n");
        let (kind, text) = saved_to(folder.path().join("missing/mine.csv"));
        assert!(kind == NoticeKind::Error && text.contains("Can't write the file"), "{text}");
    }
}
