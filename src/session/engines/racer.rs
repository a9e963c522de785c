//! One engine in a race: its folder, its process, its log.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use super::process::Process;
use super::{Engine, Failure, Log};
use crate::data::{self, Dataset};
use crate::interop::{Framework, export};
use crate::model::{Project, Source};
use crate::persist::project_file;
use crate::session::checkpoint;
use crate::session::returned;
use crate::trainer::Kept;

/// What its weights are written to.
fn checkpoint_of(engine: &Engine) -> &'static str {
    match engine.framework() {
        Some(Framework::PyTorch) => "end.pt",
        Some(Framework::Keras) => "end.keras",
        Some(Framework::TensorFlow) | None => "end.safetensors",
    }
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It is not its turn yet.
    #[default]
    Waiting,
    /// Its process runs.
    Running,
    /// It came to its end.
    Done,
    /// Somebody ended it.
    Stopped,
    /// It ended otherwise, or could not begin.
    Failed(Failure),
}

impl Status {
    /// Nothing more comes.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Waiting | Self::Running => false,
            Self::Done | Self::Stopped | Self::Failed(_) => true,
        }
    }
}

/// An engine that takes part.
pub struct Racer {
    /// Who it is.
    pub engine: Engine,
    /// What it has told.
    pub log: Log,
    /// Lines that a person reads of its code; 0 where there is none.
    pub lines_of_code: usize,
    /// Samples of a full batch.
    pub batch_size: usize,
    status: Status,
    paused: bool,
    process: Option<Process>,
    /// Holds the exported folder; goes with the racer.
    place: Option<TempDir>,
}

/// What all racers of a race train.
pub struct Course<'a> {
    /// With as many epochs as the steps take.
    pub project: &'a Project,
    /// Its samples.
    pub dataset: &'a Arc<Dataset>,
    /// Where relative paths of the data begin.
    pub base: &'a Path,
    /// That each trains.
    pub steps: u64,
    /// Of each process; `None`: as it likes.
    pub threads: Option<u16>,
}

impl Racer {
    /// One that has not begun.
    pub fn new(engine: Engine, course: &Course<'_>) -> Self {
        let batch_size = course.project.training.batch_size.clamp(1, course.dataset.train.len().max(1));
        Self {
            engine,
            log: Log::default(),
            lines_of_code: 0,
            batch_size,
            status: Status::Waiting,
            paused: false,
            process: None,
            place: None,
        }
    }

    /// Begins to train from the first weights of the project's seed; where that cannot be, it has failed.
    pub fn start(&mut self, course: &Course<'_>) {
        self.status = match self.begin(course) {
            Ok(()) => Status::Running,
            Err(why) => Status::Failed(Failure::new(why)),
        };
    }

    fn begin(&mut self, course: &Course<'_>) -> Result<(), String> {
        let place = tempfile::tempdir().map_err(|error| format!("There is no room for temporary files: {error}."))?;
        let log = place.path().join("run.jsonl");
        let mut command = match &self.engine {
            Engine::Glassbox => {
                let file = place.path().join("race.glassbox.json");
                let project = with_absolute_paths(course.project, course.base);
                project_file::save(&project, &file).map_err(|error| error.to_string())?;
                let program =
                    std::env::current_exe().map_err(|error| format!("Glassbox can't be started: {error}."))?;
                let mut command = Command::new(program);
                command.arg("train").arg(file).args(["--device", "cpu", "--past-nan"]);
                command
            }
            Engine::Framework(framework, interpreter, backend) => {
                let made = export::folder(*framework, course.project, course.dataset, None);
                let (files, lines) = made.map_err(|error| error.to_string())?;
                export::write(place.path(), &files).map_err(|error| error.to_string())?;
                self.lines_of_code = lines;
                let mut command = Command::new(&interpreter.path);
                command.args(["train.py", "--device", "cpu"]).env("TF_CPP_MIN_LOG_LEVEL", "2");
                if let Some(backend) = backend {
                    command.env("KERAS_BACKEND", backend.word());
                }
                command
            }
        };
        command.args(["--steps", &course.steps.to_string(), "--seconds", "--until-closed", "--log"]).arg(&log);
        command.current_dir(place.path());
        command.arg("--checkpoint").arg(place.path().join(checkpoint_of(&self.engine)));
        if let Some(threads) = course.threads {
            command.args(["--threads", &threads.to_string()]);
        }
        let started = Process::start(command);
        self.process = Some(started.map_err(|error| format!("{} can't be started: {error}.", self.engine.title()))?);
        let per_epoch = course.dataset.train.len().div_ceil(self.batch_size) as u64;
        self.log = Log::at(&log, per_epoch, returned::metric(course.project, course.dataset));
        self.place = Some(place);
        Ok(())
    }

    /// Reads what it has told since; how far it is.
    pub fn poll(&mut self) -> &Status {
        let Some(process) = &mut self.process else { return &self.status };
        let ended = process.ended();
        self.log.read();
        if let Some(is_well) = ended {
            self.status = match (is_well, process.is_asked_to_stop()) {
                (_, true) => Status::Stopped,
                (true, false) if self.log.told.is_empty() => {
                    let sentence = format!("{} ended without having trained a step.", self.engine.title());
                    Status::Failed(Failure { sentence, said: process.said() })
                }
                (true, false) => Status::Done,
                (false, false) => Status::Failed(last_words(&self.engine, process.said())),
            };
            self.process = None;
        }
        &self.status
    }

    /// Holds it behind its next step, or lets it go on.
    pub fn pause(&mut self, paused: bool) {
        if let Some(process) = self.process.as_mut().filter(|_| self.paused != paused) {
            process.tell(if paused { "pause" } else { "go" });
            self.paused = paused;
        }
    }

    /// Asks it to end with what it has; asked again and again it has to. One that has not begun never does.
    pub fn stop(&mut self) {
        match &mut self.process {
            Some(process) => process.ask_to_stop(),
            None if !self.status.is_over() => self.status = Status::Stopped,
            None => {}
        }
    }

    /// How far it is, as of the last look.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// What it has trained, once it is over, as a run of the project. Errors: a sentence.
    pub fn kept(&self, course: &Course<'_>) -> Result<Kept, String> {
        let place = self.place.as_ref().ok_or_else(|| "It never started.".to_owned())?;
        let path = place.path().join(checkpoint_of(&self.engine));
        if !path.exists() {
            return Err(format!("{} ended before it had saved its weights.", self.engine.title()));
        }
        if self.engine == Engine::Glassbox {
            let (_, mut kept) = checkpoint::load(&path)?;
            kept.curves.pace = self.log.kept().pace;
            return Ok(kept);
        }
        let weights = returned::weights(&path, course.project, course.dataset)?;
        returned::kept(&self.engine.title(), weights, &self.log, course.project, course.dataset)
    }
}

/// Its last line says what went wrong; what comes before is for whoever wants to know.
fn last_words(engine: &Engine, said: String) -> Failure {
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let sentence = match last {
        Some(last) => format!("{} ended with an error: {last}", engine.title()),
        None => format!("{} ended with an error and no message.", engine.title()),
    };
    Failure { sentence, said }
}

/// The project as it can be read from anywhere.
fn with_absolute_paths(project: &Project, base: &Path) -> Project {
    let mut project = project.clone();
    let absolute = |path: &mut PathBuf| {
        let resolved = data::resolve(base, path);
        *path = std::path::absolute(&resolved).unwrap_or(resolved);
    };
    match &mut project.data.source {
        Source::Csv(csv) => absolute(&mut csv.path),
        Source::Idx(idx) => absolute(&mut idx.folder),
        Source::Pictures(pictures) => absolute(&mut pictures.folder),
        Source::Boxes(pictures) => absolute(&mut pictures.folder),
        Source::Synthetic(_) | Source::Digits(_) | Source::Shapes(_) | Source::Scenes(_) | Source::Sample(_) => {}
    }
    project
}
