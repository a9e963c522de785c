//! Projects that leave for other frameworks: the folders that are written, proved by their own `verify.py`, and their
//! `train.py` beside `glassbox train`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use glassbox::data::{self, Dataset, Encoding, NoProgress, Samples, Truth};
use glassbox::interop::export::{self, ExportError};
use glassbox::interop::{Framework, Network};
use glassbox::model::{Project, Source, Task, templates};
use glassbox::persist::project_file;
use serde_json::Value;

use super::frameworks::{python_with, verify};
use super::random_graphs::{Chance, batch};

/// Exported folders, and the interpreter that they are proved by.
pub struct Proofs {
    framework: Framework,
    python: PathBuf,
    /// "2.21"
    version: String,
    place: tempfile::TempDir,
    folders: Vec<PathBuf>,
}

/// Whether one version is as young as another: by numbers, not letters.
fn reaches(version: &str, needed: &str) -> bool {
    let numbers = |text: &str| text.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    numbers(version) >= numbers(needed)
}

impl Proofs {
    pub fn new(framework: Framework, test: &str) -> Option<Self> {
        let python = python_with(&[framework.package()], test)?;
        let package = framework.package();
        let ask = format!("import {package} as p; print('.'.join(p.__version__.split('+')[0].split('.')[:2]))");
        let told = Command::new(&python).args(["-c", &ask]).output().unwrap();
        let version = String::from_utf8_lossy(&told.stdout).trim().to_owned();
        Some(Self { framework, python, version, place: tempfile::tempdir().unwrap(), folders: Vec::new() })
    }

    /// Whether it could be said there. What a younger version than this one is needed for is said and left out.
    pub fn add(&mut self, name: &str, project: &Project, dataset: &Dataset) -> Result<(), String> {
        let folder = self.place.path().join(name);
        let network = Network::new(&project.graph, &dataset.signature()).unwrap();
        let needs = self.framework.twin(project, &network, None).ok().and_then(|twin| twin.needs);
        if let Some(needed) = needs.filter(|needed| !reaches(&self.version, needed)) {
            println!("left out: {name} needs {} {needed}, here is {}", self.framework.name(), self.version);
            return Ok(());
        }
        match export::folder(self.framework, project, dataset, None) {
            Ok((files, _)) => export::write(&folder, &files).unwrap(),
            Err(ExportError::Refused { refused, .. }) => return Err(refused[0].to_string()),
            Err(error) => panic!("{name}: {error}"),
        }
        self.folders.push(folder);
        Ok(())
    }

    /// Runs `verify.py` of all of them, one after the other. Only few may be such as magnify rounding.
    pub fn hold(&self) {
        assert!(!self.folders.is_empty());
        let output = verify(&self.python, &self.folders);
        let said = String::from_utf8_lossy(&output.stdout);
        let ended = said.lines().last().is_some_and(|line| line.ends_with(" failed"));
        assert!(ended, "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        print!("{said}");
        let magnified = said.matches("(shaken in the last bits").count();
        assert!(magnified * 10 <= self.folders.len(), "{magnified} of {}\n{said}", self.folders.len());
    }
}

pub fn dataset_of(project: &Project) -> Dataset {
    data::load(&project.data, Path::new("."), &NoProgress).unwrap()
}

/// A template over real data where it needs some; `None` without such data.
pub fn template(key: &str, real: Option<&PathBuf>) -> Option<(Project, Dataset)> {
    let mut project = templates::build(key)?;
    match &mut project.data.source {
        Source::Csv(csv) => (csv.path, csv.target) = (real?.join("csv/penguins.csv"), "species".into()),
        Source::Idx(idx) => (idx.folder, idx.limit) = (real?.join("mnist10k"), Some(600)),
        Source::Pictures(pictures) => pictures.folder = real?.join("pictures/sign_digits"),
        Source::Digits(digits) => digits.samples = 300,
        Source::Shapes(shapes) => shapes.samples = 300,
        Source::Scenes(scenes) => scenes.samples = 300,
        Source::Boxes(boxes) => boxes.folder = real?.join("bccd"),
        Source::Synthetic(_) | Source::Sample(_) => {}
    }
    let dataset = dataset_of(&project);
    Some((project, dataset))
}

/// Samples by chance for a network that chance drew. `whole`: as many as fill batches of 4, since PyTorch has no batch
/// norm of a single sample.
pub fn samples(
    chance: &mut Chance,
    graph: &glassbox::model::Graph,
    data: &glassbox::model::DataSignature,
    whole: bool,
) -> Dataset {
    let mut part = |len: usize| {
        let (mut inputs, mut targets, mut count) = (Vec::new(), Vec::new(), 0);
        while count < len {
            let one = batch(chance, graph, data);
            inputs.extend(one.inputs);
            targets.extend(one.targets);
            count += one.len;
        }
        if whole {
            inputs.truncate(len * data.input.len());
            targets.truncate(len * data.task.target().len());
        }
        Samples::in_memory(&data.input.0, inputs, targets)
    };
    let (train, validation) = (part(if whole { 8 } else { 9 }), part(4));
    let names = |n: usize| (0..n).map(|i| format!("n{i}")).collect::<Vec<_>>();
    let truth = match data.task {
        Task::Classes(n) => Truth::classes(names(n)),
        task => Truth { task, names: names(task.width()), units: Vec::new() },
    };
    Dataset {
        name: "Chance".into(),
        input_shape: data.input.0.clone(),
        input_names: Vec::new(),
        input_units: Vec::new(),
        truth,
        train,
        validation,
        test: None,
        plane: None,
        notes: Vec::new(),
        giveaways: Vec::new(),
        encoding: Arc::new(Encoding::default()),
        origin: None,
        places: None,
        own_validation: false,
    }
}

/// The steps and epochs that a log tells of.
pub fn lines(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|line| matches!(line["event"].as_str(), Some("step" | "epoch"))).collect()
}

/// The losses of a log's steps.
pub fn losses(log: &Path) -> Vec<f64> {
    lines(log).iter().filter(|line| line["event"] == "step").map(|line| line["loss"].as_f64().unwrap()).collect()
}

pub fn must(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn glassbox(place: &Path, words: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassbox"));
    must(&command.args(words).current_dir(place).env("GLASSBOX_HOME", place.join("home")).output().unwrap());
}

/// A project trained by `glassbox train` and by the exported `train.py`, as a person would do it.
pub struct Beside {
    pub place: tempfile::TempDir,
    pub ours: Vec<Value>,
}

impl Beside {
    /// Trains it here.
    pub fn new(project: &Project) -> Self {
        let place = tempfile::tempdir().unwrap();
        project_file::save(project, &place.path().join("it.glassbox.json")).unwrap();
        glassbox(
            place.path(),
            &["train", "it.glassbox.json", "--log", "ours.jsonl", "--checkpoint", "ours.safetensors"],
        );
        let ours = lines(&place.path().join("ours.jsonl"));
        Self { place, ours }
    }

    /// The folder of a framework, written by the program.
    pub fn folder(&self, framework: Framework) -> PathBuf {
        let folder = self.place.path().join(framework.word());
        if !folder.exists() {
            let words = ["export", "it.glassbox.json", "--to", framework.word(), "-o", framework.word()];
            glassbox(self.place.path(), &words);
        }
        folder
    }

    /// Trains it there, and holds that every line of both logs says the same: up to `tolerance` relative to numbers
    /// beyond 1.
    pub fn agrees(&self, framework: Framework, python: &Path, tolerance: f64) {
        let folder = self.folder(framework);
        let mut command = Command::new(python);
        must(
            &command.current_dir(&folder).args(["train.py", "--device", "cpu", "--log", "log.jsonl"]).output().unwrap(),
        );
        self.same(&lines(&folder.join("log.jsonl")), framework.name(), tolerance);
    }

    /// Holds that a log says the same as ours.
    pub fn same(&self, theirs: &[Value], who: &str, tolerance: f64) {
        let what = |all: &[Value]| all.iter().map(|line| line["event"].to_string()).collect::<Vec<_>>();
        assert_eq!(what(&self.ours), what(theirs), "{who}");
        for (ours, theirs) in self.ours.iter().zip(theirs) {
            for (key, value) in ours.as_object().unwrap() {
                assert!(agree(key, value, &theirs[key], tolerance), "{who}, {key}:\n{ours}\n{theirs}");
            }
        }
    }
}

fn agree(key: &str, ours: &Value, theirs: &Value, tolerance: f64) -> bool {
    if let (Some(a), Some(b)) = (ours.as_object(), theirs.as_object()) {
        return a.len() == b.len() && a.iter().all(|(name, value)| agree(name, value, &theirs[name], tolerance));
    }
    match (ours.as_f64(), theirs.as_f64(), key) {
        // One answer of a batch may fall on the other side.
        (Some(a), Some(b), "accuracy" | "val_accuracy") => (a - b).abs() < 0.1,
        (Some(a), Some(b), _) => (a - b).abs() <= tolerance * a.abs().max(1.0),
        _ => ours == theirs,
    }
}
