//! Opening, saving, settings, and the status line for scripts.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::checkpoint::{self, Kept};
use super::import;
use super::works::Wanted;
use super::{Action, Event, FileChanged, NoticeKind, Screen, State};
use crate::files::temporary;
use crate::model::{Project, Source, TrainingSpec, templates};
use crate::persist::project_file::Print;
use crate::persist::{Recent, project_file};
use crate::trainer::Command;

/// The pace at which a template starts, until somebody has chosen another, where nothing is known of its length.
pub const WATCHABLE: f32 = 0.75;
/// As long as it is to take, in seconds: one sees it learn.
const WATCHED: f64 = 18.0;

/// The pace at which all epochs take about [`WATCHED`] seconds, where the machine keeps up.
fn watchable(training: &TrainingSpec, samples: f64) -> f32 {
    let steps = (samples / training.batch_size.max(1) as f64).ceil() * training.epochs as f64;
    // Steps a second are ten to the power of three times the pace.
    ((steps / WATCHED).log10() / 3.0).clamp(0.3, 0.9) as f32
}

impl State {
    pub(super) fn apply_to_files(&mut self, action: Action) {
        match action {
            Action::NewEmpty => {
                let project = Project { name: "Untitled".into(), ..Project::default() };
                self.begin(project, None);
                self.set_watchable();
            }
            Action::OpenTemplate(key) => match templates::build(&key) {
                Some(project) => {
                    self.begin(project, None);
                    self.set_watchable();
                    self.desk.simple = self.settings.simple && templates::is_for_beginners(&key);
                }
                None => {
                    self.notify(NoticeKind::Warning, format!("There is no template {key:?} that works without files."))
                }
            },
            Action::OpenTable { path, target } => self.start_job(Wanted::Table { path, target }),
            Action::OpenPictures(folder) => self.start_job(Wanted::Pictures(folder)),
            Action::OpenBoxes(path) => self.start_job(Wanted::Boxes { path, like: None }),
            Action::UseBoxes(path) => {
                let like = Some(Box::new(self.project.data.clone()));
                self.start_job(Wanted::Boxes { path, like });
            }
            Action::UseSet(key) => {
                let like = Some(Box::new(self.project.data.clone()));
                self.start_job(Wanted::OpenSet { key, like });
            }
            Action::OpenSet(key) => self.start_job(Wanted::OpenSet { key, like: None }),
            Action::Open(path) => self.open(&path),
            Action::Save => match self.file.clone() {
                Some(path) if self.is_other_than_seen(&path) => self.changed_elsewhere = true,
                Some(path) => self.save_as(path),
                None => self.tell_of(Event::WantsPlace),
            },
            Action::SaveAs(path) => self.save_as(path),
            Action::AfterFileChanged(answer) => self.after_file_changed(answer),
            Action::RecoverLast(yes) => self.recover(yes),
            Action::RecoverLater => self.works.recovers_later = true,
            _ => {}
        }
    }

    pub(super) fn apply_setting(&mut self, action: Action) {
        match action {
            Action::SetTheme(theme) => self.settings.theme = theme,
            Action::SetScale(scale) => self.settings.scale = scale.clamp(1.0, 2.0),
            Action::SetReducedMotion(yes) => self.settings.reduced_motion = yes,
            Action::ArrangePanels(panels) => self.settings.panels = panels,
            Action::TourSeen => self.settings.tour_seen = true,
            Action::SetSimple(yes) => (self.desk.simple, self.settings.simple) = (yes, yes),
            Action::SetKeepRuns(keep) => {
                self.settings.keep_runs = keep;
                self.note_unsaved();
            }
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
            Err(error) => self.notify(NoticeKind::Warning, format!("Couldn't save the settings: {error}")),
        }
    }

    /// What is begun with runs as fast as somebody has chosen before, or so that one sees it learn.
    pub(super) fn set_watchable(&mut self) {
        let share = 1.0 - self.project.data.validation;
        let samples = match (&self.project.data.source, self.data.dataset()) {
            (Source::Synthetic(spec), _) if !spec.points.is_empty() => spec.points.len() as f64 * share,
            (Source::Synthetic(points), _) => points.samples as f64 * share,
            (Source::Digits(digits), _) => digits.samples as f64 * share,
            (Source::Shapes(shapes), _) => shapes.samples as f64 * share,
            (Source::Scenes(scenes), _) => scenes.samples as f64 * share,
            (_, Some(dataset)) => dataset.train.len() as f64,
            (_, None) => return self.set_speed(self.settings.speed.unwrap_or(WATCHABLE)),
        };
        let pace = watchable(&self.project.training, samples);
        self.set_speed(self.settings.speed.unwrap_or(pace));
    }

    /// Puts a project on the table, with a fresh history, and loads its data.
    pub(super) fn begin(&mut self, project: Project, file: Option<PathBuf>) {
        // All that is of the project before goes with it; what stays is the program's and the person's.
        let before = std::mem::take(self);
        *self = Self {
            project,
            file,
            screen: Screen::Workspace,
            tab: before.tab,
            clipboard: before.clipboard,
            speed: before.speed,
            pace: before.pace,
            opened: before.opened + 1,
            desk_number: before.desk_number,
            settings: before.settings,
            error: before.error,
            devices: before.devices,
            engines: before.engines,
            recoverable: before.recoverable,
            works: before.works,
            witness: before.witness,
            ..Self::default()
        };
        (self.works.told, self.works.resume, self.works.resume_in) = (None, None, None);
        (self.works.given, self.works.reading, self.works.folding) = (None, None, None);
        self.works.generation += 1;
        self.works.suggested_epochs = None;
        self.forget_runs();
        self.works.on_disk = Some(Box::new(self.project.clone()));
        self.works.seen = None;
        // What the run that ends here still has to tell is of no matter.
        self.works.run_number += 1;
        self.tell(Command::Clear);
        self.tell(Command::Want(self.wanted.clone()));
        self.tell_gaze();
        self.infer_again();
        self.load_data();
    }

    fn open(&mut self, path: &Path) {
        // A TensorFlow model is told what it is.
        if path.is_dir() && !path.join("saved_model.pb").exists() || crate::data::holds_pictures(path) {
            return match self.screen {
                Screen::Welcome => self.start_job(Wanted::Pictures(path.to_owned())),
                Screen::Workspace => self.use_folder(path.to_owned()),
            };
        }
        temporary::sweep_beside(path);
        if self.open_of_others(path) {
            return;
        }
        if import::is_table(path) {
            return match self.screen {
                Screen::Welcome => self.start_job(Wanted::Table { path: path.to_owned(), target: None }),
                Screen::Workspace => self.use_table(path.to_owned()),
            };
        }
        let seen = Print::of(path);
        match open_any(path) {
            Ok((project, saved)) => {
                let is_project = saved.is_none();
                self.begin(project, is_project.then(|| path.to_owned()));
                // The pace of what was there before means nothing here.
                self.set_speed(self.settings.speed.unwrap_or(1.0));
                if is_project {
                    self.works.seen = seen;
                    self.open_runs();
                    self.offer_what_was_left_of(path);
                }
                self.works.resume = saved;
                if is_project {
                    self.remember(path);
                }
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// Whether a file says something else than when it was last opened or saved here. One that is gone loses nothing.
    fn is_other_than_seen(&self, path: &Path) -> bool {
        let (Some(seen), Some(now)) = (self.works.seen, Print::of(path)) else { return false };
        // The same in other words (line ends, order) is no other project.
        let is_same = || project_file::load(path).is_ok_and(|there| self.works.on_disk.as_deref() == Some(&there));
        seen != now && !is_same()
    }

    fn after_file_changed(&mut self, answer: FileChanged) {
        self.changed_elsewhere = false;
        let Some(path) = self.file.clone() else { return };
        match answer {
            FileChanged::Overwrite => self.save_as(path),
            FileChanged::SaveAs => self.tell_of(Event::WantsPlace),
            FileChanged::Reload => {
                let seen = Print::of(&path);
                match project_file::load(&path) {
                    Ok(there) => {
                        self.works.seen = seen;
                        self.works.on_disk = Some(Box::new(there.clone()));
                        self.change("reload the file", "", |project| *project = there);
                        self.note_unsaved();
                    }
                    Err(error) => self.error = Some(error.to_string()),
                }
            }
            FileChanged::Dismiss => {}
        }
    }

    fn save_as(&mut self, path: PathBuf) {
        // A failure that was shown is answered by trying elsewhere, and so is a question.
        self.error = None;
        self.changed_elsewhere = false;
        let path = if path.extension().is_none() { path.with_extension("glassbox.json") } else { path };
        let mut project = self.project.clone();
        // A path that was relative to the old place would point elsewhere from the new one.
        make_paths_absolute(&mut project, &self.base());
        make_paths_relative(&mut project, path.parent().unwrap_or(Path::new("")));
        if self.file.as_ref() != Some(&path) {
            project.name = project_file::name_of(&path).unwrap_or(project.name);
        }
        match project_file::save(&project, &path) {
            Ok(said) => {
                self.works.seen = Some(said);
                self.notify(NoticeKind::Success, format!("Saved {}", path.display()));
                self.follow_to(&path, &project.name);
                self.rename_data_paths(&project);
                self.works.on_disk = Some(Box::new(project));
                self.file = Some(path.clone());
                self.save_runs(&path);
                self.note_unsaved();
                self.remember(&path);
            }
            Err(error) => self.error = Some(error.to_string()),
        }
    }

    /// What undo brings back is in the new place too, and has its name.
    fn follow_to(&mut self, path: &Path, name: &str) {
        let (base, folder) = (self.base(), path.parent().unwrap_or(Path::new("")));
        let before = self.project.name.clone();
        self.history.amend(|known| {
            make_paths_absolute(known, &base);
            make_paths_relative(known, folder);
            if known.name == before {
                name.clone_into(&mut known.name);
            }
        });
    }

    /// The same data by other words, and the name that the file has: nothing is loaded anew for it.
    fn rename_data_paths(&mut self, saved: &Project) {
        let before = self.project.data.clone();
        self.project.data.clone_from(&saved.data);
        self.project.name.clone_from(&saved.name);
        if self.works.loaded.as_ref() == Some(&before) {
            self.works.loaded = Some(saved.data.clone());
        }
        if let Some(spec) = self.works.loader.as_mut().and_then(|job| job.spec.as_mut())
            && *spec == before
        {
            spec.clone_from(&saved.data);
        }
        if let Some(project) = &mut self.works.in_force
            && project.data == before
        {
            project.data.clone_from(&saved.data);
        }
    }

    /// Where a project that has no file would be looked for: beside its data, else where the last one was.
    pub fn suggested_folder(&self) -> Option<PathBuf> {
        let data = match &self.project.data.source {
            Source::Csv(csv) => self.base().join(&csv.path).parent().map(Path::to_path_buf),
            Source::Idx(idx) => self.base().join(&idx.folder).parent().map(Path::to_path_buf),
            Source::Pictures(pictures) => self.base().join(&pictures.folder).parent().map(Path::to_path_buf),
            Source::Boxes(pictures) => self.base().join(&pictures.folder).parent().map(Path::to_path_buf),
            Source::Synthetic(_) | Source::Digits(_) | Source::Shapes(_) | Source::Scenes(_) | Source::Sample(_) => {
                None
            }
        };
        let file = self.file.as_deref().and_then(Path::parent).map(Path::to_path_buf);
        let last = self.settings.recent.first().and_then(|recent| recent.path.parent()).map(Path::to_path_buf);
        file.into_iter().chain(data).chain(last).find(|folder| folder.is_absolute() && folder.is_dir())
    }

    pub(super) fn remember(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let opened_secs = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        self.settings.remember(Recent { path, name: self.project.name.clone(), opened_secs });
        self.write_settings();
    }

    /// One JSON line twice a second, and at once when a layer comes or goes, to the file named by GLASSBOX_STATUS: for
    /// scripts that drive the window.
    pub(super) fn write_status(&mut self) {
        let layers = self.project.graph.len();
        let is_due = |(at, known): (Instant, usize)| known != layers || at.elapsed() > Duration::from_millis(500);
        let due = self.works.last_status.is_none_or(is_due);
        let (true, Some(path)) = (due, std::env::var_os("GLASSBOX_STATUS")) else { return };
        self.works.last_status = Some((Instant::now(), layers));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        let line = serde_json::json!({
            "at": now,
            "screen": format!("{:?}", self.screen),
            "project": self.project.name,
            "status": format!("{:?}", self.run.status),
            "step": self.run.step,
            "train_loss": self.run.curves.train_loss.last().map(|p| p.1),
            "val_score": self.run.curves.validation_metric.last().map(|p| p.1),
            "layers": layers,
            "problems": self.inference.problems.len(),
            "undo": self.history.undo_name(),
            "unsaved": self.unsaved,
            "recoverable": self.recoverable,
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
        let (mut project, kept) = checkpoint::load(path)?;
        let base = base_of_data(&project, path);
        make_paths_absolute(&mut project, &base);
        return Ok((checkpoint::on_page(&project, &kept), Some(Box::new(kept))));
    }
    project_file::load(path).map(|project| (project, None)).map_err(|error| error.to_string())
}

/// What lies in the project's folder, or below it, is named from there: both can be moved together.
fn make_paths_relative(project: &mut Project, folder: &Path) {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let relative = |path: &PathBuf| path.strip_prefix(&folder).map_or_else(|_| path.clone(), Path::to_path_buf);
    match &mut project.data.source {
        Source::Csv(csv) => csv.path = relative(&csv.path),
        Source::Idx(idx) if idx.folder != folder => idx.folder = relative(&idx.folder),
        Source::Pictures(pictures) if pictures.folder != folder => pictures.folder = relative(&pictures.folder),
        Source::Boxes(pictures) if pictures.folder != folder => pictures.folder = relative(&pictures.folder),
        Source::Idx(_)
        | Source::Pictures(_)
        | Source::Boxes(_)
        | Source::Synthetic(_)
        | Source::Digits(_)
        | Source::Shapes(_)
        | Source::Scenes(_)
        | Source::Sample(_) => {}
    }
}

/// Where the relative path of a checkpoint's data starts from: beside it, beside the project whose run it is, or where
/// the program was started; the first where there is something.
fn base_of_data(project: &Project, checkpoint: &Path) -> PathBuf {
    let data = match &project.data.source {
        Source::Csv(csv) => &csv.path,
        Source::Idx(idx) => &idx.folder,
        Source::Pictures(pictures) => &pictures.folder,
        Source::Boxes(pictures) => &pictures.folder,
        Source::Synthetic(_) | Source::Digits(_) | Source::Shapes(_) | Source::Scenes(_) | Source::Sample(_) => {
            return PathBuf::new();
        }
    };
    let beside = checkpoint.parent().map(Path::to_path_buf).unwrap_or_default();
    let is_of_project = beside.extension().is_some_and(|ending| ending == "runs");
    let above = beside.parent().filter(|_| is_of_project).map(Path::to_path_buf);
    above.into_iter().chain([beside]).find(|base| crate::data::is_there(&base.join(data))).unwrap_or_default()
}

pub(super) fn make_paths_absolute(project: &mut Project, base: &Path) {
    let absolute = |path: &PathBuf| {
        let joined = base.join(path);
        std::path::absolute(&joined).unwrap_or(joined)
    };
    match &mut project.data.source {
        Source::Csv(csv) => csv.path = absolute(&csv.path),
        Source::Idx(idx) => idx.folder = absolute(&idx.folder),
        Source::Pictures(pictures) => pictures.folder = absolute(&pictures.folder),
        Source::Boxes(pictures) => pictures.folder = absolute(&pictures.folder),
        Source::Synthetic(_) | Source::Digits(_) | Source::Shapes(_) | Source::Scenes(_) | Source::Sample(_) => {}
    }
}

#[cfg(test)]
#[path = "files/tests.rs"]
mod tests;
