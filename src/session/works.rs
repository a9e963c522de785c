//! What runs behind a session: the training thread and at most one loading job. Nothing here is drawn.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::data::{DataError, Dataset, Progress, TableFacts, TablePreview};
use crate::model::{DataSpec, Graph, Project, Reading, TrainingSpec};
use crate::persist::project_file::Print;
use crate::persist::{Home, Left, RunFolder, SessionFolder, Settings};
use crate::trainer::{Trainer, Waker};

use super::archive::Archive;
use super::checkpoint::Kept;
use super::engines::{Contest, Found};
use super::keeper::{Keeper, Wish};
use super::keeping::SavedAt;
use super::run_files::Stamps;

#[derive(Default)]
pub struct Works {
    pub trainer: Option<Trainer>,
    pub wake: Wake,
    pub loader: Option<LoadJob>,
    /// Number of the newest run; what the trainer tells of older ones is dropped.
    pub run_number: u64,
    /// How many epochs the project suggested before anybody trained on.
    pub suggested_epochs: Option<usize>,
    /// What the trainer's run was last told.
    pub told: Option<Told>,
    /// The settings of the data that was loaded last.
    pub loaded: Option<DataSpec>,
    /// The run to go on with once the data is there (recovery, opening a checkpoint).
    pub resume: Option<Box<Kept>>,
    /// The project as it was for that run, where it has been edited since: the edits are the run's first changes.
    pub resume_in: Option<Box<Project>>,
    /// Where settings live; `None` in tests.
    pub home: Option<Home>,
    /// The settings as they were last read or written.
    pub settings: Settings,
    /// Numbers of the run were set by hand: it is worth keeping, even before its first step.
    pub is_set_by_hand: bool,
    /// The runs of this seed begin with weights of a file, which are worth keeping too.
    pub given: Option<u64>,
    /// Where this window keeps what is not saved.
    pub folder: Option<Arc<SessionFolder>>,
    /// What windows before it left, the newest first.
    pub left: Vec<(SessionFolder, Left)>,
    pub exports: Vec<super::export::ExportJob>,
    /// The race that goes on.
    pub contest: Option<Contest>,
    /// Who looks for interpreters.
    pub looking: Option<Receiver<Found>>,
    /// What is being found out about the network, on request.
    pub question: Option<super::examining::Question>,
    /// And about its data, by itself.
    pub beside: Option<super::examining::Question>,
    /// Who diagnoses.
    pub diagnosing: Option<super::diagnosed::Diagnosing>,
    /// Who tries a remedy.
    pub trying: Option<super::trying::Trying>,
    /// The folds that are being trained.
    pub folding: Option<super::validating::Folding>,
    /// Who fits some pictures.
    pub fitting: Option<super::fits::FitJob>,
    /// Who reads and writes for the one who draws boxes.
    pub drawing: Vec<super::drawing::DrawingJob>,
    /// A file of another program on its way.
    pub reading: Option<super::arriving::ReadJob>,
    /// Keeps what is not saved safe; begins with the first project.
    pub keeper: Option<Keeper>,
    /// What it was told last.
    pub wished: Option<Wish>,
    /// Another number for every project that is put on the table.
    pub generation: u64,
    /// When, and of how many layers.
    pub last_status: Option<(Instant, usize)>,
    /// The project as on disk (or as opened), to know whether it differs.
    pub on_disk: Option<Box<Project>>,
    /// What its file said then.
    pub seen: Option<Print>,
    /// What a crash left of this file is asked about another time.
    pub recovers_later: bool,
    /// The thread that reads and writes runs, once there is something to read or write.
    pub archive: Option<Archive>,
    /// Where the runs of this project are kept, once that was asked.
    pub run_folder: Option<RunFolder>,
    /// The place of the runs of a project that has no file; gone with the program.
    pub scratch: Option<tempfile::TempDir>,
    /// Those of projects before this one, for as long as something may still be written there.
    pub left_scratch: Vec<tempfile::TempDir>,
    pub stamps: Stamps,
    /// The state of the live run that was kept last, and the one that was saved with the project.
    pub kept_at: Option<SavedAt>,
    pub saved_at: Option<SavedAt>,
    /// The run that is being saved with the project.
    pub saving: Option<u64>,
    /// Whether training was among what is not saved when that was last looked at.
    pub unsaved_training: bool,
    /// What the live run has: its network, data and settings.
    pub in_force: Option<Box<Project>>,
    /// The id of the run in `resume`, and whether its files hold it as it is.
    pub resume_id: Option<(String, bool)>,
    /// Of pictures that are looked at, counted: textures are made anew by it.
    pub version: u64,
    /// A run goes on as soon as what was put or drawn by hand is there.
    pub goes_on: bool,
    /// Seconds since 1970, when the live run began.
    pub began_secs: u64,
}

/// Who is told that there is something to look at. Jobs may begin before the window does, and wake it all the same.
#[derive(Clone, Default)]
pub struct Wake(Arc<Mutex<Option<Waker>>>);

impl Wake {
    pub fn set(&self, waker: Waker) {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(waker);
    }

    fn call(&self) {
        let waker = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        if let Some(waker) = waker {
            waker();
        }
    }
}

impl Works {
    /// For a thread that begins.
    pub fn waker(&self) -> Waker {
        let wake = self.wake.clone();
        Arc::new(move || wake.call())
    }

    /// A number that no picture had before.
    pub fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }
}

impl std::fmt::Debug for Works {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Works").field("run_number", &self.run_number).finish_non_exhaustive()
    }
}

/// Graph and settings that the trainer's run has.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub graph: Graph,
    pub training: TrainingSpec,
    /// Bytes that it takes.
    pub memory: u64,
}

/// What a loading job was asked for.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// The samples of the current project.
    Samples(DataSpec),
    /// The table for the current project, whose other settings of the data it keeps.
    Columns { path: PathBuf, reading: Reading, like: DataSpec },
    /// A project fitted to a table.
    Table { path: PathBuf, target: Option<String> },
    /// A folder of pictures for the current project, whose other settings of the data it keeps.
    Folder { path: PathBuf, like: DataSpec },
    /// A project fitted to a folder of pictures.
    Pictures(PathBuf),
    /// A folder of pictures with boxes, or in which they are to be drawn: for the current project, or with a project of
    /// its own.
    Boxes { path: PathBuf, like: Option<Box<DataSpec>> },
    /// An open set, fetched where it isn't there yet: for the current project, or with a project of its own.
    OpenSet { key: String, like: Option<Box<DataSpec>> },
}

/// What it found.
pub struct Loaded {
    /// Or why there are no samples yet, which is no failure of what was asked for.
    pub dataset: Result<Arc<Dataset>, DataError>,
    pub table: Option<Arc<TablePreview>>,
    pub facts: Option<Arc<TableFacts>>,
    /// A proposed project, when one was wanted.
    pub project: Option<Box<Project>>,
    /// What the current project's data is to be, when that was found out here.
    pub data: Option<DataSpec>,
}

/// A loading thread: its result, its progress, its cancel flag.
pub struct LoadJob {
    /// The settings whose samples it loads. `None`: asked for besides what the project names, and a failure leaves the
    /// project as it is.
    pub spec: Option<DataSpec>,
    pub result: Receiver<Result<Loaded, DataError>>,
    pub progress: Arc<LoadProgress>,
}

/// Written by the loading thread, read by the window.
pub struct LoadProgress {
    state: Mutex<(f32, String)>,
    cancelled: AtomicBool,
    waker: Option<Waker>,
}

impl LoadProgress {
    pub fn new(waker: Option<Waker>) -> Self {
        Self { state: Mutex::new((0.0, "starting".into())), cancelled: AtomicBool::new(false), waker }
    }

    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub fn read(&self) -> (f32, String) {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

impl Progress for LoadProgress {
    fn report(&self, fraction: f32, doing: &str) {
        *self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = (fraction, doing.to_owned());
        if let Some(waker) = &self.waker {
            waker();
        }
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

impl LoadJob {
    /// Starts a named thread; a panic in it arrives as a sentence.
    pub fn spawn(wanted: Wanted, base: PathBuf, waker: Waker) -> Result<Self, String> {
        let spec = if let Wanted::Samples(spec) = &wanted { Some(spec.clone()) } else { None };
        let progress = Arc::new(LoadProgress::new(Some(waker.clone())));
        let (sender, result) = channel();
        let told = progress.clone();
        let work = move || {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                super::loading::load(&wanted, &base, told.as_ref())
            }));
            let outcome = outcome.unwrap_or_else(|_| {
                Err(DataError::new(
                    "Glassbox couldn't read this data because of a bug. Please report the file; your project is \
                        unaffected.",
                ))
            });
            // The session may have moved on.
            let _ = sender.send(outcome);
            waker();
        };
        std::thread::Builder::new().name("loader".into()).spawn(work).map_err(|error| error.to_string())?;
        Ok(Self { spec, result, progress })
    }
}

impl Drop for LoadJob {
    fn drop(&mut self) {
        self.progress.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn a_job_that_began_before_the_window_wakes_it() {
        let works = Works::default();
        let waker = works.waker();
        waker();
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = woken.clone();
        works.wake.set(Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        LoadProgress::new(Some(waker.clone())).report(0.5, "reading");
        waker();
        assert_eq!(woken.load(Ordering::Relaxed), 2);
    }
}
