//! Cross-validation in the window: the project is trained once for each fold of its data, on a thread beside the run,
//! and every fold is kept as a run of its own.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::archive::News;
use super::folds::{FoldCourse, FoldProgress, FoldResult, free_name, train_folds};
use super::run_files::write_run;
use super::works::LoadProgress;
use super::{NoticeKind, State};
use crate::data::Progress;
use crate::model::{DataSpec, Project};
use crate::trainer::Kept;

/// Between two looks of the window.
const SHOWN: Duration = Duration::from_millis(50);

/// What cross-validation has found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CrossValidation {
    /// Folds that were asked for; 0: none yet.
    pub of: usize,
    /// Those that are over.
    pub folds: Vec<FoldResult>,
    /// How far it is, 0 to 1, in a few words; `None`: it is over.
    pub progress: Option<(f32, String)>,
    /// What was trained.
    project: Arc<Project>,
}

impl CrossValidation {
    /// Whether it says something of a project as it is now.
    pub fn is_of(&self, project: &Project) -> bool {
        let Project { graph, training, .. } = &*self.project;
        (graph, training) == (&project.graph, &project.training) && self.is_of_data(project)
    }

    /// Whether it is of this data, whichever of its folds validates.
    fn is_of_data(&self, project: &Project) -> bool {
        self.project.data == DataSpec { fold: None, ..project.data.clone() }
    }
}

enum Told {
    Fold(Box<(FoldResult, Kept)>),
    Ended(Result<(), String>),
}

/// The thread that trains folds.
pub(super) struct Folding {
    told: Receiver<Told>,
    progress: Arc<LoadProgress>,
}

impl Drop for Folding {
    fn drop(&mut self) {
        self.progress.cancel();
    }
}

impl State {
    /// What cross-validation has found.
    pub fn cross_validation(&self) -> &CrossValidation {
        &self.cross_validation
    }

    /// `None`: it is not wanted any more; folds that are over stay.
    pub(super) fn cross_validate(&mut self, of: Option<usize>) {
        let Some(of) = of else {
            (self.works.folding, self.cross_validation.progress) = (None, None);
            return;
        };
        if self.works.folding.is_some() {
            return self.notify(NoticeKind::Info, "Folds are being trained already.");
        }
        if !self.inference.is_valid() || self.dataset().is_none() {
            return self.notify(NoticeKind::Warning, "The network can't train yet.");
        }
        let mut project = self.project.clone();
        project.data.fold = None;
        let (project, base, device) = (Arc::new(project), self.base(), self.settings.device.clone());
        let all = self.runs.cards.iter().chain(&self.runs.deleted);
        let name = free_name(of, all.map(|card| card.name.as_str()));
        let (sender, told) = channel();
        let waker = self.works.waker();
        let progress = Arc::new(LoadProgress::new(Some(waker.clone())));
        let (shared, trained) = (progress.clone(), project.clone());
        let work = move || {
            let mut shown: Option<Instant> = None;
            let mut go_on = |at: FoldProgress| {
                if shown.is_none_or(|shown| shown.elapsed() >= SHOWN) {
                    let share = ((at.number - 1) as f64 + at.share) / of as f64;
                    shared.report(share as f32, &format!("fold {} of {of}", at.number));
                    shown = Some(Instant::now());
                }
                !shared.cancelled()
            };
            // The session may have moved on.
            let mut done = |result, kept| {
                let _ = sender.send(Told::Fold(Box::new((result, kept))));
                Ok(())
            };
            let course = FoldCourse { project: &trained, base: &base, of, name: &name, device };
            let caught =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| train_folds(&course, &mut go_on, &mut done)));
            let ended = caught.unwrap_or_else(|_| Err("It failed because of a bug in Glassbox.".into()));
            let _ = sender.send(Told::Ended(ended));
            waker();
        };
        match std::thread::Builder::new().name("folds".into()).spawn(work) {
            Ok(_) => {
                self.works.folding = Some(Folding { told, progress });
                let progress = Some((0.0, String::new()));
                self.cross_validation = CrossValidation { of, folds: Vec::new(), progress, project };
            }
            Err(error) => self.notify(NoticeKind::Error, format!("Couldn't start a thread: {error}.")),
        }
    }

    /// Of other data what was found says nothing.
    pub(super) fn forget_folds(&mut self) {
        if !self.cross_validation.is_of_data(&self.project) {
            (self.works.folding, self.cross_validation) = (None, CrossValidation::default());
        }
    }

    /// Takes in what was trained.
    pub(super) fn poll_folds(&mut self) {
        let Some(folding) = &self.works.folding else { return };
        let (told, progress) = (folding.told.try_iter().collect::<Vec<_>>(), folding.progress.read());
        self.cross_validation.progress = Some(progress);
        for told in told {
            match told {
                Told::Fold(fold) => self.take_fold(fold.0, fold.1),
                Told::Ended(ended) => {
                    (self.works.folding, self.cross_validation.progress) = (None, None);
                    if let Err(why) = ended {
                        self.notify(NoticeKind::Error, format!("Cross-validation stopped. {why}"));
                    }
                }
            }
        }
    }

    /// A fold becomes a run of the project.
    fn take_fold(&mut self, mut result: FoldResult, kept: Kept) {
        if let Some(folder) = self.run_folder() {
            let known = self.runs.cards.iter().chain(&self.runs.deleted);
            match folder.claim(known.map(|card| card.id.as_str())) {
                Ok(id) => {
                    result.card.id = id.clone();
                    self.runs.put(result.card.clone());
                    let (card, stamps) = (result.card.clone(), self.works.stamps.clone());
                    let write = move || {
                        let outcome = write_run(&folder, card.clone(), &card.project, &kept, &stamps).map(Box::new);
                        News::Kept { id, outcome }
                    };
                    self.ask(Box::new(write));
                    self.note_unsaved();
                }
                Err(error) => self.notify(NoticeKind::Warning, format!("Couldn't save this run. {error}")),
            }
        }
        self.cross_validation.folds.push(result);
    }
}
