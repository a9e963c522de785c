//! What is exported to PyTorch computes there what it computes here: proved by PyTorch itself, by the very `verify.py`
//! that a person gets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use glassbox::data::{self, Dataset, Encoding, NoProgress, Samples, Truth};
use glassbox::interop::export::{self, ExportError};
use glassbox::interop::{Framework, Network};
use glassbox::model::layer::LayerKind;
use glassbox::model::{DataSpec, Optimiser, Project, Schedule, Source, Task, TrainingSpec, templates};

use support::frameworks::{python_with, verify};
use support::random_graphs::{Chance, batch, network, training};

/// Networks by chance of each kind of layer.
const EACH: usize = 3;

/// Exported folders, and the interpreter that they are proved by.
struct Proofs {
    python: PathBuf,
    /// Of PyTorch: "1.13".
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
    fn new(test: &str) -> Option<Self> {
        let python = python_with(&["torch"], test)?;
        let ask = "import torch; print('.'.join(torch.__version__.split('+')[0].split('.')[:2]))";
        let told = std::process::Command::new(&python).args(["-c", ask]).output().unwrap();
        let version = String::from_utf8_lossy(&told.stdout).trim().to_owned();
        Some(Self { python, version, place: tempfile::tempdir().unwrap(), folders: Vec::new() })
    }

    /// Whether it could be said in PyTorch. What a younger version than this one is needed for is said and left out.
    fn add(&mut self, name: &str, project: &Project, dataset: &Dataset) -> Result<(), String> {
        let folder = self.place.path().join(name);
        let network = Network::new(&project.graph, &dataset.signature()).unwrap();
        let needs = Framework::PyTorch.twin(project, &network).ok().and_then(|twin| twin.needs);
        if let Some(needed) = needs.filter(|needed| !reaches(&self.version, needed)) {
            println!("left out: {name} needs PyTorch {needed}, here is {}", self.version);
            return Ok(());
        }
        match export::pytorch(project, dataset, None) {
            Ok(files) => export::write(&folder, &files).unwrap(),
            Err(ExportError::Refused { refused, .. }) => return Err(refused[0].to_string()),
            Err(error) => panic!("{name}: {error}"),
        }
        self.folders.push(folder);
        Ok(())
    }

    fn hold(self) {
        assert!(!self.folders.is_empty());
        let output = verify(&self.python, &self.folders);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn dataset_of(project: &Project) -> Dataset {
    data::load(&project.data, std::path::Path::new("."), &NoProgress).unwrap()
}

/// A template over real data where it needs some; `None` without such data.
fn template(key: &str, real: Option<&PathBuf>) -> Option<(Project, Dataset)> {
    let mut project = templates::build(key)?;
    match &mut project.data.source {
        Source::Csv(csv) => csv.path = real?.join("csv/penguins.csv"),
        Source::Idx(idx) => (idx.folder, idx.limit) = (real?.join("mnist10k"), Some(600)),
        Source::Digits(digits) => digits.samples = 300,
        Source::Synthetic(_) | Source::Sample(_) => {}
    }
    if let Source::Csv(csv) = &mut project.data.source {
        csv.target = "species".into();
    }
    let dataset = dataset_of(&project);
    Some((project, dataset))
}

#[test]
fn every_template_is_proved_by_pytorch() {
    let Some(mut proofs) = Proofs::new("every_template_is_proved_by_pytorch") else { return };
    let real = support::test_data("templates that need files are proved by PyTorch");
    for one in templates::TEMPLATES {
        let Some((project, dataset)) = template(one.key, real.as_ref()) else { continue };
        proofs.add(one.key, &project, &dataset).unwrap();
    }
    proofs.hold();
}

/// Samples by chance for a network that chance drew.
fn samples(chance: &mut Chance, graph: &glassbox::model::Graph, data: &glassbox::model::DataSignature) -> Dataset {
    let mut part = |len: usize| {
        let (mut inputs, mut targets, mut count) = (Vec::new(), Vec::new(), 0);
        while count < len {
            let one = batch(chance, graph, data);
            inputs.extend(one.inputs);
            targets.extend(one.targets);
            count += one.len;
        }
        inputs.truncate(len * data.input.len());
        targets.truncate(len * data.task.target().len());
        Samples::in_memory(&data.input.0, inputs, targets)
    };
    // Whole batches: PyTorch has no batch norm of a single sample.
    let (train, validation) = (part(8), part(4));
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
        plane: None,
        notes: Vec::new(),
        giveaways: Vec::new(),
        encoding: Arc::new(Encoding::default()),
    }
}

#[test]
fn networks_by_chance_are_proved_by_pytorch() {
    let Some(mut proofs) = Proofs::new("networks_by_chance_are_proved_by_pytorch") else { return };
    let kinds: Vec<_> =
        LayerKind::all().into_iter().filter(|k| !matches!(k, LayerKind::Input(_) | LayerKind::Loss(_))).collect();
    let mut refused = BTreeSet::new();
    for kind in &kinds {
        let (mut proved, mut seed) = (0, 0);
        while proved < EACH {
            seed += 1;
            assert!(seed < 500, "{} is never proved; refused: {refused:#?}", kind.key());
            let mut chance = Chance(seed * 7 + 3);
            let Some((graph, signature)) = network(&mut chance, kind) else { continue };
            let mut training = TrainingSpec { batch_size: 4, ..training(&mut chance, seed) };
            // Where a gradient is nothing but rounding (of a shift in front of a batch norm), Lion goes by its sign.
            if matches!(training.optimiser, Optimiser::Lion { .. }) {
                training.optimiser = Optimiser::adam();
            }
            let dataset = samples(&mut chance, &graph, &signature);
            let project = Project { name: format!("Chance {seed}"), graph, data: DataSpec::default(), training };
            match proofs.add(&format!("{}-{seed}", kind.key()), &project, &dataset) {
                Ok(()) => proved += 1,
                Err(why) => drop(refused.insert(why)),
            }
        }
    }
    proofs.hold();
}

#[test]
fn every_optimiser_and_schedule_is_proved_by_pytorch() {
    let Some(mut proofs) = Proofs::new("every_optimiser_and_schedule_is_proved_by_pytorch") else { return };
    let (project, dataset) = template("xor", None).unwrap();
    let schedules = Schedule::all();
    for (i, optimiser) in Optimiser::all().into_iter().enumerate() {
        for warm_up_steps in [0, 3] {
            let schedule = match (schedules[(i + warm_up_steps) % schedules.len()], warm_up_steps) {
                (Schedule::Plateau(_), 3) => Schedule::Cosine { steps: 8, floor: 0.1 },
                (Schedule::OneCycle(cycle), _) => Schedule::OneCycle(glassbox::model::OneCycle { steps: 8, ..cycle }),
                (schedule, _) => schedule,
            };
            let training =
                TrainingSpec { optimiser: optimiser.clone(), schedule, warm_up_steps, ..project.training.clone() };
            let project = Project { training, ..project.clone() };
            proofs.add(&format!("{}-{warm_up_steps}", optimiser.title()), &project, &dataset).unwrap();
        }
    }
    proofs.hold();
}

/// The losses of a log's steps.
fn losses(path: &std::path::Path) -> Vec<f64> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|line| line["event"] == "step").map(|line| line["loss"].as_f64().unwrap()).collect()
}

#[test]
fn two_processes_train_as_one_does() {
    let test = "two_processes_train_as_one_does";
    let Some(python) = python_with(&["torch"], test) else { return };
    let (project, dataset) = template("spiral", None).unwrap();
    let place = tempfile::tempdir().unwrap();
    export::write(place.path(), &export::pytorch(&project, &dataset, None).unwrap()).unwrap();
    // What torchrun sets for each process.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let start = |rank: &str, size: &str, log: &str| {
        let mut command = std::process::Command::new(&python);
        command.current_dir(place.path()).args(["train.py", "--steps", "60", "--threads", "1", "--log", log]);
        command.envs([("RANK", rank), ("LOCAL_RANK", rank), ("WORLD_SIZE", size)]);
        command.envs([("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", port.as_str())]);
        command.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    let end = |child: std::process::Child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    end(start("0", "1", "one.jsonl"));
    let both = [start("0", "2", "two.jsonl"), start("1", "2", "other.jsonl")];
    both.into_iter().for_each(end);
    let [one, two] = ["one.jsonl", "two.jsonl"].map(|log| losses(&place.path().join(log)));
    assert_eq!((one.len(), two.len()), (60, 60));
    let largest = one.iter().zip(&two).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(largest < 1e-4, "{largest}");
}

#[test]
fn the_exported_training_follows_ours_step_by_step() {
    let Some(python) = python_with(&["torch"], "the_exported_training_follows_ours_step_by_step") else { return };
    let place = tempfile::tempdir().unwrap();
    for key in ["xor", "digits-cnn"] {
        let (mut project, dataset) = template(key, None).unwrap();
        project.training.batch_size = 32;
        let folder = place.path().join(key);
        export::write(&folder, &export::pytorch(&project, &dataset, None).unwrap()).unwrap();
        let mut command = std::process::Command::new(&python);
        let output = command.current_dir(&folder).args(["train.py", "--steps", "25", "--log", "log.jsonl"]).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let theirs = losses(&folder.join("log.jsonl"));
        let mut run = glassbox::trainer::Run::new(&project, Arc::new(dataset), glassbox::engine::Device::Cpu).unwrap();
        for (step, loss) in theirs.iter().enumerate() {
            let ours = run.step().unwrap().loss;
            assert!((ours - loss).abs() < 1e-3 * ours.abs().max(0.1), "{key}, step {}: {ours}, {loss}", step + 1);
        }
        assert_eq!(theirs.len(), 25);
    }
}
