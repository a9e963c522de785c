//! One engine that trains as a child process: its log read as it grows, paused, stopped, and gone when we are gone.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tempfile::TempDir;

use super::Engine;
use crate::data::{self, Dataset};
use crate::interop::export;
use crate::model::{Project, Source};
use crate::persist::project_file;

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its process runs.
    Running,
    /// It came to its end.
    Done,
    /// It ended otherwise; a sentence, and its last words.
    Failed(String),
}

/// A step that it told of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// Counted from 1.
    pub step: u64,
    /// Of its batch.
    pub loss: f64,
    /// Since its process was started, when the step was done.
    pub seconds: f64,
}

/// An engine at work.
pub struct Racer {
    /// Who it is.
    pub engine: Engine,
    /// Every step so far.
    pub told: Vec<Told>,
    /// The most memory that its process held, once it has said so.
    pub peak_bytes: Option<u64>,
    /// Lines that a person reads of its code; 0 where there is none.
    pub lines_of_code: usize,
    /// Samples of a full batch.
    pub batch_size: usize,
    child: Child,
    status: Status,
    log: PathBuf,
    read: u64,
    /// Holds the exported folder; goes with the racer.
    place: TempDir,
}

#[derive(Deserialize)]
struct LogLine {
    event: String,
    step: Option<u64>,
    loss: Option<f64>,
    seconds: Option<f64>,
    peak_bytes: Option<u64>,
}

impl Racer {
    /// Begins to train from the first weights of the project's seed, for so many steps. Errors: a sentence.
    pub fn start(
        engine: &Engine,
        project: &Project,
        dataset: &Dataset,
        base: &Path,
        (steps, threads): (u64, Option<u16>),
    ) -> Result<Self, String> {
        let place = tempfile::tempdir().map_err(|error| format!("There is no room for temporary files: {error}."))?;
        let log = place.path().join("run.jsonl");
        let (mut command, lines_of_code) = match engine {
            Engine::Glassbox => {
                let program =
                    std::env::current_exe().map_err(|error| format!("Glassbox can't be started: {error}."))?;
                let file = place.path().join("race.glassbox.json");
                project_file::save(&with_absolute_paths(project, base), &file).map_err(|error| error.to_string())?;
                let mut command = Command::new(program);
                command.arg("train").arg(file).args(["--device", "cpu", "--past-nan"]);
                (command, 0)
            }
            Engine::Framework(framework, interpreter) => {
                let made = export::folder(*framework, project, dataset, None);
                let (files, lines) = made.map_err(|error| error.to_string())?;
                export::write(place.path(), &files).map_err(|error| error.to_string())?;
                let mut command = Command::new(&interpreter.path);
                command.args(["train.py", "--device", "cpu"]);
                (command, lines)
            }
        };
        command.args(["--steps", &steps.to_string(), "--seconds", "--until-closed", "--log"]).arg(&log);
        if let Some(threads) = threads {
            command.args(["--threads", &threads.to_string()]);
        }
        let err = File::create(place.path().join("stderr.txt")).map_err(|error| error.to_string())?;
        command.current_dir(place.path()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(err);
        let child = command.spawn().map_err(|error| format!("{} can't be started: {error}.", engine.title()))?;
        Ok(Self {
            engine: engine.clone(),
            told: Vec::new(),
            peak_bytes: None,
            lines_of_code,
            batch_size: project.training.batch_size.min(dataset.train.len()),
            child,
            status: Status::Running,
            log,
            read: 0,
            place,
        })
    }

    /// Reads what it has told since; how far it is.
    pub fn poll(&mut self) -> &Status {
        let ended = if self.status == Status::Running { self.child.try_wait().ok().flatten() } else { None };
        self.read_log();
        if let Some(code) = ended {
            self.status = if code.success() { Status::Done } else { Status::Failed(self.last_words()) };
        }
        &self.status
    }

    fn read_log(&mut self) {
        let Ok(mut file) = File::open(&self.log) else { return };
        if file.seek(SeekFrom::Start(self.read)).is_err() {
            return;
        }
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) && line.ends_with(b"\n") {
            self.read += line.len() as u64;
            if let Ok(told) = serde_json::from_slice::<LogLine>(&line) {
                self.take(&told);
            }
            line.clear();
        }
    }

    fn take(&mut self, line: &LogLine) {
        match (line.event.as_str(), line.step, line.seconds) {
            // What is no number is written as null by one, and as NaN by nobody.
            ("step", Some(step), Some(seconds)) => {
                self.told.push(Told { step, loss: line.loss.unwrap_or(f64::NAN), seconds });
            }
            ("end", ..) => self.peak_bytes = line.peak_bytes,
            _ => {}
        }
    }

    /// What it said last, where that is anything.
    fn last_words(&self) -> String {
        let mut said = String::new();
        let file = File::open(self.place.path().join("stderr.txt"));
        let _ = file.map(|file| file.take(1 << 20).read_to_string(&mut said));
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        format!("{} ended with an error: {}", self.engine.title(), last.trim())
    }

    /// Waits for its end, `told` after every look; `false` from there stops it.
    pub fn finish(&mut self, mut told: impl FnMut(&Self) -> bool) {
        let mut looked = Instant::now();
        while *self.poll() == Status::Running {
            if !told(self) {
                self.stop();
            }
            let next = looked + Duration::from_millis(50);
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            looked = Instant::now();
        }
        told(self);
    }

    /// How far it is, as of the last look.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Ends it at once.
    pub fn stop(&mut self) {
        if self.status == Status::Running {
            let _ = self.child.kill();
            let _ = self.child.wait();
            self.read_log();
            self.status = Status::Failed(format!("{} was stopped.", self.engine.title()));
        }
    }
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
        Source::Synthetic(_) | Source::Digits(_) | Source::Sample(_) => {}
    }
    project
}

impl Drop for Racer {
    fn drop(&mut self) {
        self.stop();
    }
}
