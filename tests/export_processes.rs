//! The exported `train.py` on several processes and devices of one machine: it trains as one does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use glassbox::interop::Framework;
use glassbox::model::templates::{self, chain, cnn};
use glassbox::model::{Augmentation, DigitsSpec, IdxSpec, Optimiser, Project, Source};
use support::exports::{Beside, lines, must};
use support::frameworks::python_with;

/// Two devices of the CPU for tf.distribute, as it would use two GPUs.
const MIRRORED: &str = "import tensorflow as tf
one = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(tf.config.list_physical_devices('CPU')[0], [one, one])
import tensorflow_run
tensorflow_run.strategy = lambda: tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1'])
import train
train.main()";

/// A small network of pictures with dropout, which are mixed, in batches that two can share.
fn pictures() -> Project {
    let mut project = templates::build("digits-cnn").unwrap();
    project.data.source = Source::Digits(DigitsSpec { samples: 200, ..DigitsSpec::default() });
    (project.training.epochs, project.training.batch_size) = (2, 32);
    *project.training.augmentation = Augmentation { mixup: 0.3, ..Augmentation::default() };
    project
}

fn port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn start(python: &Path, folder: &Path, words: &[&str], settings: &[(&str, String)]) -> Child {
    let mut command = Command::new(python);
    command.args(words).current_dir(folder).envs(settings.iter().map(|(name, value)| (name, value)));
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(children: impl IntoIterator<Item = Child>) {
    children.into_iter().map(|child| child.wait_with_output().unwrap()).for_each(|output| must(&output));
}

#[test]
fn two_machines_train_as_one_with_tensorflow() {
    let test = "two_machines_train_as_one_with_tensorflow";
    let Some(python) = python_with(&["tensorflow"], test) else { return };
    let beside = Beside::new(&pictures());
    let folder = beside.folder(Framework::TensorFlow);
    let workers = format!("[\"127.0.0.1:{}\", \"127.0.0.1:{}\"]", port(), port());
    let worker = |index: usize| {
        let task = format!("{{\"type\": \"worker\", \"index\": {index}}}");
        let settings = [("TF_CONFIG", format!("{{\"cluster\": {{\"worker\": {workers}}}, \"task\": {task}}}"))];
        start(&python, &folder, &["train.py", "--device", "cpu", "--log", &format!("{index}.jsonl")], &settings)
    };
    end([worker(0), worker(1)]);
    beside.same(&lines(&folder.join("0.jsonl")), "two workers", 1e-4);
    assert!(!folder.join("1.jsonl").exists(), "the first of them writes the log");
}

#[test]
fn two_devices_train_as_one_with_tensorflow_and_keras() {
    let test = "two_devices_train_as_one_with_tensorflow_and_keras";
    let Some(python) = python_with(&["tensorflow", "keras"], test) else { return };
    // Adam forgives gradients that are too long; SGD doesn't.
    let mut plain = pictures();
    plain.training.optimiser = Optimiser::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 };
    (plain.training.learning_rate, plain.training.augmentation.mixup) = (0.05, 0.0);
    for project in [pictures(), plain] {
        let beside = Beside::new(&project);
        for framework in [Framework::TensorFlow, Framework::Keras] {
            let folder = beside.folder(framework);
            end([start(&python, &folder, &["-c", MIRRORED, "--log", "two.jsonl"], &[])]);
            beside.same(&lines(&folder.join("two.jsonl")), framework.name(), 1e-4);
        }
    }
}

#[test]
fn keras_trains_on_jax_and_on_two_of_its_devices() {
    let test = "keras_trains_on_jax_and_on_two_of_its_devices";
    let Some(python) = python_with(&["keras", "jax"], test) else { return };
    // Without dropout, of which JAX draws its own.
    let mut project = pictures();
    let layers = cnn(10).into_iter().filter(|kind| !matches!(kind, glassbox::model::layer::LayerKind::Dropout(_)));
    project.graph = chain(layers.collect());
    let beside = Beside::new(&project);
    let folder = beside.folder(Framework::Keras);
    for (devices, log) in [(1, "one.jsonl"), (2, "two.jsonl")] {
        let flags = format!("--xla_force_host_platform_device_count={devices}");
        let settings = [("KERAS_BACKEND", "jax".to_owned()), ("XLA_FLAGS", flags)];
        end([start(&python, &folder, &["train.py", "--log", log], &settings)]);
        beside.same(&lines(&folder.join(log)), log, 1e-4);
    }
}

#[test]
fn two_processes_of_torchrun_mix_as_one_does() {
    let Some(python) = python_with(&["torch"], "two_processes_of_torchrun_mix_as_one_does") else { return };
    let beside = Beside::new(&pictures());
    let folder = beside.folder(Framework::PyTorch);
    let place = format!("--rdzv_endpoint=127.0.0.1:{}", port());
    let words = ["-m", "torch.distributed.run", "--nproc_per_node=2", &place, "--rdzv_backend=c10d"];
    let rest = ["train.py", "--device=cpu", "--threads=1", "--log-file=two.jsonl"];
    end([start(&python, &folder, &[&words[..], &rest].concat(), &[])]);
    beside.same(&lines(&folder.join("two.jsonl")), "two processes", 1e-4);
}

/// Accuracy of the last epoch.
fn accuracy(log: &Path) -> f64 {
    lines(log).iter().rev().find_map(|line| line["val_accuracy"].as_f64()).unwrap()
}

#[test]
fn two_processes_of_torchrun_reach_the_accuracy_of_one() {
    let test = "two_processes_of_torchrun_reach_the_accuracy_of_one";
    let Some(python) = python_with(&["torch"], test) else { return };
    let mut spiral = templates::build("spiral").unwrap();
    (spiral.training.epochs, spiral.training.batch_size, spiral.training.learning_rate) = (80, 32, 0.02);
    let mut projects = vec![(spiral, 0.95)];
    if let Some(real) = support::test_data(test) {
        let mut mnist = Project { graph: chain(cnn(10)), ..templates::build("digits-cnn").unwrap() };
        mnist.data.source = Source::Idx(IdxSpec { folder: real.join("mnist10k"), limit: Some(2000) });
        mnist.training.epochs = 3;
        projects.push((mnist, 0.85));
    }
    for (project, least) in projects {
        let beside = Beside::new(&project);
        let folder = beside.folder(Framework::PyTorch);
        let words = ["-m", "torch.distributed.run", "--nproc_per_node=2"];
        let place = format!("--rdzv_endpoint=127.0.0.1:{}", port());
        let rest = [&place, "--rdzv_backend=c10d", "train.py", "--device=cpu", "--threads=1", "--log-file=two.jsonl"];
        end([start(&python, &folder, &[&words[..], &rest].concat(), &[])]);
        let one = beside.ours.iter().rev().find_map(|line| line["val_accuracy"].as_f64()).unwrap();
        let two = accuracy(&folder.join("two.jsonl"));
        assert!(one >= least && (one - two).abs() < 0.03, "{}: {one} of one, {two} of two", project.name);
    }
}
