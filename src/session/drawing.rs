//! Boxes drawn and corrected by hand: which picture is looked at, and what becomes of its boxes.
//!
//! Each edit is a step of undo and saved with the project; files of labels are only read. The data is loaded again when
//! the person is done, not with every box.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use super::loading::fitted;
use super::propose::{TO_BE_DRAWN, for_drawn, propose_detector};
use super::works::Loaded;
use super::{NoticeKind, RunStatus, State};
use crate::data::{self, BoxFolder, BoxPicture, Colours, DataError, NoProgress, PictureFile, Progress};
use crate::expr::counted;
use crate::files::atomic;
use crate::model::{BoxesSpec, DataSpec, Division, Drawn, DrawnBox, DrawnPicture, Project, Source, problem_of_drawn};

/// Why there are no samples yet.
const NOTHING_DRAWN: &str = "No boxes yet. Draw some in two pictures at least: press Draw boxes in the Data tab.";
/// The longer side of a picture as it is looked at, in pixels.
const LARGEST: u32 = 1600;

/// What is done about boxes.
#[derive(Clone, Debug, PartialEq)]
pub enum BoxAction {
    /// The pictures are looked at, beginning with this file.
    Open(Option<PathBuf>),
    /// Another picture, by its place in the folder.
    Show(usize),
    /// What is in a picture.
    Set {
        /// Its name in the folder.
        picture: String,
        /// All of it.
        boxes: Vec<DrawnBox>,
        /// What undo calls it.
        what: String,
    },
    /// What its label says is in a picture again.
    Forget(String),
    /// A COCO file of all boxes.
    Export(PathBuf),
    /// The person is done: the data is loaded with the new boxes.
    Close,
}

/// Boxes that are looked at.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    /// All pictures; `None` while they are looked for.
    pub folder: Option<Arc<BoxFolder>>,
    /// The place of the one that is shown.
    pub at: usize,
    /// How it looks, or why that can't be had; `None` while it is read.
    pub shown: Option<Result<Arc<Colours>, String>>,
    /// Another number whenever a picture is shown.
    pub version: u64,
}

impl Drawing {
    /// The picture that is shown.
    pub fn picture(&self) -> Option<&BoxPicture> {
        self.folder.as_ref()?.pictures.get(self.at)
    }
}

/// What threads bring.
enum Came {
    Folder(Result<BoxFolder, String>, Option<PathBuf>),
    Picture(u64, Result<Colours, String>),
    Written(Result<PathBuf, String>),
}

/// A thread that reads or writes.
pub struct DrawingJob(Receiver<Came>);

/// A folder of pictures with boxes, or in which they are still to be drawn.
pub(super) fn load(
    path: &Path,
    like: Option<&DataSpec>,
    base: &Path,
    progress: &dyn Progress,
) -> Result<Loaded, DataError> {
    let (source, known) = data::propose_boxes(path, base, progress)?;
    let given = like.cloned().unwrap_or_default();
    let spec = DataSpec { source: Source::Boxes(source), split: Division::Usual, ..given };
    let dataset = match (known, like) {
        (Some(known), None) => return fitted(spec, None, Some(known), base, progress),
        (Some(known), Some(_)) => Ok(Arc::new(data::load_known(&spec, Some(&known), base, progress)?)),
        (None, _) => Err(DataError::new(NOTHING_DRAWN)),
    };
    let (project, data) = match like {
        None => (Some(Box::new(propose_detector(path, spec))), None),
        Some(_) => (None, Some(spec)),
    };
    Ok(Loaded { dataset, table: None, facts: None, project, data })
}

/// What is in a picture: what was drawn, or else what its label says; `None` where it isn't used.
pub fn boxes_in<'a>(drawn: &'a [DrawnPicture], picture: &'a BoxPicture) -> Option<&'a [DrawnBox]> {
    let own = drawn.iter().find(|one| one.picture == picture.name).map(|one| one.boxes.as_slice());
    own.or(picture.boxes.as_deref())
}

impl State {
    /// Boxes that are looked at.
    pub fn drawing(&self) -> Option<&Drawing> {
        self.drawing.as_ref()
    }

    /// What was drawn by hand; `None` where the data is no folder of pictures with boxes.
    pub fn drawn(&self) -> Option<&Drawn> {
        match &self.project.data.source {
            Source::Boxes(spec) => Some(&spec.drawn),
            _ => None,
        }
    }

    fn box_folder_path(&self) -> Option<PathBuf> {
        match &self.project.data.source {
            Source::Boxes(spec) => Some(data::resolve(&self.base(), &spec.folder)),
            _ => None,
        }
    }

    pub(super) fn apply_to_boxes(&mut self, action: BoxAction) {
        let Some(path) = self.box_folder_path() else {
            let text = "Boxes can only be drawn in a folder of pictures with boxes: choose one in the Data tab.";
            return self.notify(NoticeKind::Warning, text);
        };
        match action {
            BoxAction::Open(file) => {
                self.drawing = Some(Drawing::default());
                self.works.drawing.clear();
                self.draw_beside(move || {
                    let found = data::box_folder(&path, &NoProgress).map_err(|error| error.message);
                    Came::Folder(found, file)
                });
            }
            BoxAction::Show(at) => self.show_picture(at),
            BoxAction::Set { picture, boxes, what } => {
                self.set_boxes(DrawnPicture { picture, boxes: boxes.into() }, &what)
            }
            BoxAction::Forget(picture) => {
                self.change_drawn("restore the labelled boxes", |drawn| drawn.retain(|one| one.picture != picture));
            }
            BoxAction::Export(to) => {
                let drawn = self.drawn().cloned().unwrap_or_default();
                self.draw_beside(move || Came::Written(written(&path, &drawn, to)));
            }
            BoxAction::Close => {
                self.drawing = None;
                self.load_drawn();
            }
        }
    }

    /// Nothing is set that the file of the project couldn't have.
    fn set_boxes(&mut self, new: DrawnPicture, what: &str) {
        let folder = self.drawing.as_ref().and_then(|drawing| drawing.folder.clone());
        let known = folder.as_ref().and_then(|folder| folder.pictures.iter().find(|one| one.name == new.picture));
        let drawn = self.drawn().cloned().unwrap_or_default();
        let before = match known {
            Some(picture) => boxes_in(&drawn, picture).map(<[_]>::len),
            None => drawn.iter().find(|one| one.picture == new.picture).map(|one| one.boxes.len()),
        };
        if new.boxes.len() > DrawnBox::MOST.max(before.unwrap_or(0)) {
            let text = format!("A picture can have {} boxes at most. Delete some to draw others.", DrawnBox::MOST);
            return self.notify(NoticeKind::Warning, text);
        }
        if let Some(problem) = problem_of_drawn(std::slice::from_ref(&new)) {
            return self.notify(NoticeKind::Warning, problem);
        }
        self.change_drawn(what, move |drawn| match drawn.iter_mut().find(|one| one.picture == new.picture) {
            Some(one) => one.boxes = new.boxes,
            None => drawn.push(new),
        });
    }

    /// The data with the boxes as they are now: training begins anew with them, if it was going on.
    fn load_drawn(&mut self) {
        let now = &self.project.data;
        let is_there = match &self.works.loader {
            Some(job) => job.spec.as_ref().is_none_or(|spec| spec == now),
            None => self.works.loaded.as_ref() == Some(now),
        };
        let is_nothing = self.is_to_be_drawn() && self.drawn().is_some_and(|drawn| drawn.is_empty());
        if is_there || is_nothing {
            return;
        }
        self.works.goes_on |= self.run.status == RunStatus::Running;
        self.load_data();
        self.sync_run();
    }

    /// Whether there are pictures and nothing is known of them, so that there is nothing to load.
    pub fn is_to_be_drawn(&self) -> bool {
        matches!(&self.data, super::DataState::Failed(why) if why == NOTHING_DRAWN)
    }

    /// The pictures are there, and nothing is known of them: they are looked at.
    pub(super) fn data_to_be_drawn(&mut self, why: DataError) {
        self.data = super::DataState::Failed(why.message);
        self.works.loaded = None;
        self.infer_again();
        self.sync_run();
        self.apply_to_boxes(BoxAction::Open(None));
    }

    /// Other pictures are labelled than training was proposed for: it is as long as suits them, if nobody has set it.
    pub(super) fn fit_training_to_drawn(&mut self, pictures: usize) {
        if self.drawn().is_none_or(|drawn| drawn.is_empty()) {
            return;
        }
        let before = self.data.dataset().map_or(TO_BE_DRAWN, |dataset| dataset.train.len());
        let is_as_proposed = [before, TO_BE_DRAWN].map(for_drawn).contains(&self.project.training);
        let fitting = for_drawn(pictures);
        if is_as_proposed && self.project.training != fitting {
            let pictures = counted(pictures, "picture");
            let text = format!("Set {}, to suit {pictures} for training.", counted(fitting.epochs, "epoch"));
            self.project.training = fitting;
            self.notify(NoticeKind::Info, text);
        }
    }

    fn show_picture(&mut self, at: usize) {
        let Some(drawing) = &mut self.drawing else { return };
        let Some(folder) = &drawing.folder else { return };
        let at = at.min(folder.pictures.len().saturating_sub(1));
        let Some(picture) = folder.pictures.get(at) else { return };
        let file = PictureFile::new(&picture.file);
        let version = self.works.next_version();
        (drawing.at, drawing.shown, drawing.version) = (at, None, version);
        self.draw_beside(move || Came::Picture(version, file.whole(LARGEST).map_err(|error| error.message)));
    }

    fn change_drawn(&mut self, what: &str, change: impl FnOnce(&mut Vec<DrawnPicture>)) {
        self.change(what, "", |project| {
            if let Source::Boxes(spec) = &mut project.data.source {
                change(Arc::make_mut(&mut spec.drawn));
            }
        });
    }

    fn draw_beside(&mut self, work: impl FnOnce() -> Came + Send + 'static) {
        let (sender, receiver) = channel();
        let waker = self.works.waker();
        let work = move || {
            // The session may have moved on.
            let _ = sender.send(work());
            waker();
        };
        match std::thread::Builder::new().name("boxes".into()).spawn(work) {
            Ok(_) => self.works.drawing.push(DrawingJob(receiver)),
            Err(error) => self.notify(NoticeKind::Error, format!("Couldn't start a thread: {error}.")),
        }
    }

    /// Takes in what the threads have brought.
    pub(super) fn poll_drawing(&mut self) {
        let mut came = Vec::new();
        self.works.drawing.retain(|job| match job.0.try_recv() {
            Ok(news) => {
                came.push(news);
                false
            }
            Err(TryRecvError::Empty) => true,
            Err(TryRecvError::Disconnected) => false,
        });
        for news in came {
            match news {
                Came::Folder(Err(why), _) => {
                    self.drawing = None;
                    self.load_drawn();
                    self.error = Some(why);
                }
                Came::Folder(Ok(folder), file) => self.folder_came(folder, file.as_deref()),
                Came::Picture(version, shown) => {
                    if let Some(drawing) = self.drawing.as_mut().filter(|drawing| drawing.version == version) {
                        drawing.shown = Some(shown.map(Arc::new));
                    }
                }
                Came::Written(Ok(path)) => {
                    self.notify(NoticeKind::Success, format!("Boxes written to {}.", path.display()));
                }
                Came::Written(Err(why)) => self.notify(NoticeKind::Error, why),
            }
        }
    }

    fn folder_came(&mut self, folder: BoxFolder, file: Option<&Path>) {
        let drawn = self.drawn().cloned().unwrap_or_default();
        let Some(drawing) = &mut self.drawing else { return };
        let asked = file.and_then(|file| folder.pictures.iter().position(|picture| picture.file == file));
        // The first that nobody has labelled.
        let open = || folder.pictures.iter().position(|picture| boxes_in(&drawn, picture).is_none());
        let at = asked.or_else(open).unwrap_or(0);
        drawing.folder = Some(Arc::new(folder));
        self.show_picture(at);
    }

    /// After a change of the project: whether its data is loaded when the person is done with the boxes.
    pub(super) fn waits_for_boxes(&mut self, before: &Project) -> bool {
        let (Source::Boxes(now), Source::Boxes(then)) = (&self.project.data.source, &before.data.source) else {
            self.drawing = None;
            return false;
        };
        if now.folder != then.folder {
            self.drawing = None;
        }
        let with = |spec: &BoxesSpec| Source::Boxes(BoxesSpec { drawn: Drawn::default(), ..spec.clone() });
        let [now, then] = [(now, &self.project.data), (then, &before.data)]
            .map(|(spec, data)| DataSpec { source: with(spec), ..data.clone() });
        self.drawing.is_some() && now == then
    }
}

/// Whether two projects differ in boxes of the same folder.
pub(super) fn differ_in_boxes(one: &Project, other: &Project) -> bool {
    match (&one.data.source, &other.data.source) {
        (Source::Boxes(one), Source::Boxes(other)) => one.folder == other.folder && one.drawn != other.drawn,
        _ => false,
    }
}

fn written(folder: &Path, drawn: &[DrawnPicture], to: PathBuf) -> Result<PathBuf, String> {
    let made = data::boxes_as_coco(folder, drawn, &NoProgress).map_err(|error| error.message)?;
    atomic::write(&to, made.text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(to)
}

#[cfg(test)]
#[path = "drawing/tests.rs"]
mod tests;
