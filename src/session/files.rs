//! Opening, saving, settings, and keeping things safe from a crash.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{TryRecvError, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::checkpoint::{self, Kept};
use super::works::{Autosave, Wanted};
use super::{Action, DataState, NoticeKind, RunStatus, Screen, State};
use crate::model::{History, Project, Source, templates};
use crate::persist::{Home, Left, Note, Opened, Recent, SessionFolder, project_file, temporary};
use crate::trainer::Command;

/// Between two autosaves while something changes.
const AUTOSAVE_EVERY: Duration = Duration::from_secs(10);

/// A trainer that does not answer for so long is busy with a long way.
const TRAINER_ANSWERS: Duration = Duration::from_secs(20);

impl State {
    /// A session on this machine: settings read, a crash noticed.
    pub fn start(home: Option<Home>) -> Self {
        let mut state = Self { speed: 1.0, ..Self::default() };
        if let Some(home) = home {
            state.settings = home.read_settings();
            state.works.settings = state.settings.clone();
            match home.open_session() {
                Ok(Opened { own, left }) => {
                    (state.works.folder, state.works.left) = (Some(Arc::new(own)), left);
                    state.offer_what_was_left();
                }
                Err(error) => {
                    let text = format!("What you do cannot be kept safe from a crash until you save it: {error}");
                    state.notify(NoticeKind::Warning, text);
                }
            }
            state.works.home = Some(home);
        }
        state.choose_first_device();
        state
    }

    pub(super) fn apply_to_files(&mut self, action: Action) {
        match action {
            Action::NewEmpty => {
                let project = Project { name: "Untitled".into(), ..Project::default() };
                self.begin(project, None);
            }
            Action::OpenTemplate(key) => match templates::build(&key) {
                Some(project) => self.begin(project, None),
                None => self.notify(NoticeKind::Warning, format!("There is no template {key:?} that needs no files.")),
            },
            Action::OpenTable { path, target } => self.start_job(Wanted::Table { path, target }),
            Action::OpenIdx(folder) => self.start_job(Wanted::Idx(folder)),
            Action::Open(path) => self.open(&path),
            Action::Save => match self.file.clone() {
                Some(path) => self.save_as(path),
                None => self.wants_place = true,
            },
            Action::SaveAs(path) => self.save_as(path),
            Action::RecoverLast(yes) => self.recover(yes),
            _ => {}
        }
    }

    pub(super) fn apply_setting(&mut self, action: Action) {
        match action {
            Action::SetTheme(theme) => self.settings.theme = theme,
            Action::SetScale(scale) => self.settings.scale = scale.clamp(1.0, 2.0),
            Action::SetReducedMotion(yes) => self.settings.reduced_motion = yes,
            _ => {}
        }
        self.write_settings();
    }

    pub(super) fn write_settings(&mut self) {
        let Some(home) = &self.works.home else { return };
        match home.write_settings(&self.settings, &self.works.settings) {
            Ok(settings) => {
                self.works.settings = settings.clone();
                self.settings = settings;
            }
            Err(error) => self.notify(NoticeKind::Warning, format!("The settings could not be kept: {error}")),
        }
    }

    /// Where this window keeps what is not saved, until it ends on purpose. Bringing back what a crash left makes that one's
    /// folder this window's. `None` where the program works without memory.
    pub fn session_folder(&self) -> Option<PathBuf> {
        self.works.folder.as_ref().map(|folder| folder.path().to_owned())
    }

    /// Puts a project on the table, with a fresh history, and loads its data.
    pub(super) fn begin(&mut self, project: Project, file: Option<PathBuf>) {
        self.history = History::default();
        self.selection = super::Selection::default();
        self.run = super::RunView::default();
        (self.debug, self.branches, self.breakpoints) = (None, Vec::new(), Vec::new());
        (self.works.told, self.works.resume) = (None, None);
        self.works.on_disk = Some(Box::new(project.clone()));
        // What the run that ends here still has to tell is of no matter.
        self.works.run_number += 1;
        self.tell(Command::Clear);
        (self.project, self.file, self.screen) = (project, file, Screen::Workspace);
        (self.unsaved, self.table, self.try_output) = (false, None, None);
        self.data = DataState::None;
        self.infer_again();
        self.load_data();
    }

    fn open(&mut self, path: &Path) {
        temporary::sweep_beside(path);
        match open_any(path) {
            Ok((project, saved)) => {
                let is_project = saved.is_none();
                self.begin(project, is_project.then(|| path.to_owned()));
                self.works.resume = saved;
                if is_project {
                    self.remember(path);
                }
            }
            Err(error) => self.error = Some(error),
        }
    }

    fn save_as(&mut self, path: PathBuf) {
        let path = if path.extension().is_none() { path.with_extension("glassbox.json") } else { path };
        self.wants_place = false;
        let mut project = self.project.clone();
        // A path that was relative to the old place would point elsewhere from the new one.
        if self.file.as_deref().and_then(Path::parent) != path.parent() {
            make_paths_absolute(&mut project, &self.base());
        }
        match project_file::save(&project, &path) {
            Ok(()) => {
                self.notify(NoticeKind::Success, format!("Saved {}", path.display()));
                self.project.data = project.data.clone();
                self.works.on_disk = Some(Box::new(project));
                self.unsaved = false;
                self.file = Some(path.clone());
                self.remember(&path);
            }
            Err(error) => self.error = Some(error.to_string()),
        }
    }

    fn remember(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let opened_secs = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        self.settings.remember(Recent { path, name: self.project.name.clone(), opened_secs });
        self.write_settings();
    }

    fn offer_what_was_left(&mut self) {
        self.recoverable = self.works.left.first().map(|(_, left)| left.project.name.clone());
    }

    fn recover(&mut self, yes: bool) {
        if !self.works.left.is_empty() {
            let (folder, left) = self.works.left.remove(0);
            if yes {
                self.bring_back(folder, left);
            } else {
                folder.remove();
            }
        }
        // An earlier one may have waited behind it.
        self.offer_what_was_left();
    }

    /// The folder of what was left becomes this window's: nothing of it is moved, so that nothing can be lost on the way.
    fn bring_back(&mut self, folder: SessionFolder, left: Left) {
        let saved = checkpoint::run_of(&left);
        // What is still being written of the work until now belongs to the folder that it was begun in.
        if let Some(Autosave::Writing(done)) = self.works.autosave.take() {
            let _ = done.recv();
        }
        if let Some(before) = self.works.folder.replace(Arc::new(folder)) {
            before.remove();
        }
        self.begin(left.project, left.note.file);
        self.works.resume = saved.map(Box::new);
        self.unsaved = true;
        self.notify(NoticeKind::Success, "Brought back what you had when Glassbox ended.");
    }

    /// Called every frame, after what the trainer told was taken in: writes the autosave on its own thread now and then, and the
    /// status line for scripts.
    pub(super) fn keep_safe(&mut self) {
        self.write_status();
        self.works.autosave = match self.works.autosave.take() {
            Some(Autosave::Asked { project, answer, since }) => match answer.try_recv() {
                Err(TryRecvError::Empty) if since.elapsed() < TRAINER_ANSWERS => {
                    Some(Autosave::Asked { project, answer, since })
                }
                // No answer (a busy or absent trainer): the project alone is still worth keeping.
                answer => self.write_autosave(project, answer.ok().and_then(Result::ok).map(|kept| *kept)),
            },
            Some(Autosave::Writing(done)) => match done.try_recv() {
                Err(TryRecvError::Empty) => Some(Autosave::Writing(done)),
                Ok(Err(why)) => {
                    self.notify(NoticeKind::Warning, format!("The autosave failed: {why}"));
                    None
                }
                _ => None,
            },
            None => self.begin_autosave(),
        };
    }

    fn begin_autosave(&mut self) -> Option<Autosave> {
        let due = self.works.last_autosave.is_none_or(|last| last.elapsed() > AUTOSAVE_EVERY);
        let worth = self.screen == Screen::Workspace && (self.unsaved || self.run.step > 0);
        if !(due && worth && self.works.folder.is_some()) {
            return None;
        }
        self.works.last_autosave = Some(Instant::now());
        let project = Box::new(self.project.clone());
        if let Some(waiting) = &self.works.resume {
            // It goes on once its data is there, and until then is not the trainer's.
            let kept = Kept::clone(waiting);
            return self.write_autosave(project, Some(kept));
        }
        let with_run = self.works.told.is_some() && self.run.step > 0 && self.run.status != RunStatus::NotReady;
        if !with_run {
            return self.write_autosave(project, None);
        }
        let (reply, answer) = channel();
        self.tell(Command::Save(reply));
        Some(Autosave::Asked { project, answer, since: Instant::now() })
    }

    fn write_autosave(&self, project: Box<Project>, run: Option<Kept>) -> Option<Autosave> {
        let folder = self.works.folder.clone()?;
        let note = Note { file: self.file.clone(), unsaved: self.unsaved, ..Note::default() };
        let (sender, done) = channel();
        let work = move || {
            let _ = sender.send(checkpoint::write_autosave(&folder, &project, run.as_ref(), note));
        };
        std::thread::Builder::new().name("autosave".into()).spawn(work).ok().map(|_| Autosave::Writing(done))
    }

    /// The program ends on purpose: nothing to recover next time.
    pub fn close(&mut self) {
        self.works.trainer = None;
        if let Some(folder) = self.works.folder.take() {
            folder.remove();
        }
    }

    /// One JSON line a second to the file named by GLASSBOX_STATUS, for scripts that drive the window.
    fn write_status(&mut self) {
        let due = self.works.last_status.is_none_or(|last| last.elapsed() > Duration::from_millis(500));
        let (true, Some(path)) = (due, std::env::var_os("GLASSBOX_STATUS")) else { return };
        self.works.last_status = Some(Instant::now());
        let line = serde_json::json!({
            "screen": format!("{:?}", self.screen),
            "project": self.project.name,
            "status": format!("{:?}", self.run.status),
            "step": self.run.step,
            "train_loss": self.run.curves.train_loss.last().map(|p| p.1),
            "val_score": self.run.curves.validation_metric.last().map(|p| p.1),
            "layers": self.project.graph.len(),
            "problems": self.inference.problems.len(),
            "undo": self.history.undo_name(),
        });
        use std::io::Write;
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        // The status is a courtesy to scripts; failing to write it must not disturb anybody.
        let _ = file.and_then(|mut file| writeln!(file, "{line}"));
    }
}

/// A project file, or a checkpoint with the project and the run inside.
fn open_any(path: &Path) -> Result<(Project, Option<Box<Kept>>), String> {
    if path.extension().is_some_and(|e| e == "safetensors") {
        let (project, kept) = checkpoint::load(path)?;
        return Ok((project, Some(Box::new(kept))));
    }
    project_file::load(path).map(|project| (project, None)).map_err(|error| error.to_string())
}

fn make_paths_absolute(project: &mut Project, base: &Path) {
    let absolute = |path: &PathBuf| {
        let joined = base.join(path);
        std::path::absolute(&joined).unwrap_or(joined)
    };
    match &mut project.data.source {
        Source::Csv(csv) => csv.path = absolute(&csv.path),
        Source::Idx(idx) => idx.folder = absolute(&idx.folder),
        Source::Synthetic(_) | Source::Digits(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A window that is gone without a goodbye.
    fn crash(home: &Home, name: &str) -> Project {
        let project = Project { name: name.to_owned(), ..templates::build("xor").unwrap() };
        let folder = home.open_session().unwrap().own;
        checkpoint::write_autosave(&folder, &project, None, Note { unsaved: true, ..Note::default() }).unwrap();
        project
    }

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home")).unwrap();
        (folder, home)
    }

    #[test]
    fn what_crashed_is_brought_back_as_it_was_also_after_other_work_was_autosaved() {
        let (_folder, home) = home();
        let lost = crash(&home, "Lost");
        let mut state = State::start(Some(home.clone()));
        assert_eq!(state.recoverable.as_deref(), Some("Lost"));
        state.apply(Action::OpenTemplate("moons".into()));
        state.apply(Action::RenameProject("Other".into()));
        let deadline = Instant::now() + Duration::from_secs(60);
        let autosaved = |state: &State| {
            let left = state.works.folder.as_ref().and_then(|folder| folder.left());
            left.map(|left| left.project.name).unwrap_or_default()
        };
        while autosaved(&state) != "Other" {
            assert!(Instant::now() < deadline, "no autosave of the work that is open");
            state.poll();
            std::thread::yield_now();
        }
        state.apply(Action::RecoverLast(true));
        assert_eq!((&state.project, state.unsaved, &state.recoverable), (&lost, true, &None));
        assert_eq!(autosaved(&state), "Lost", "nor is it lost when the same befalls it at once again");
    }

    #[test]
    fn a_crash_that_nobody_answered_is_offered_again_and_one_that_is_not_wanted_is_not() {
        let (_folder, home) = home();
        crash(&home, "Lost");
        State::start(Some(home.clone())).close();
        let mut state = State::start(Some(home.clone()));
        assert!(state.recoverable.is_some());
        state.apply(Action::RecoverLast(false));
        assert_eq!(state.recoverable, None);
        state.close();
        assert_eq!(State::start(Some(home)).recoverable, None);
    }

    #[test]
    fn what_another_window_remembers_is_remembered() {
        let (_folder, home) = home();
        let [mut first, mut second] = [(), ()].map(|()| State::start(Some(home.clone())));
        first.remember(Path::new("/first"));
        second.remember(Path::new("/second"));
        second.apply(Action::SetTheme(crate::persist::Theme::Light));
        first.apply(Action::SetScale(1.5));
        let settings = home.read_settings();
        assert_eq!((settings.recent.len(), settings.scale, settings.theme), (2, 1.5, crate::persist::Theme::Light));
    }
}
