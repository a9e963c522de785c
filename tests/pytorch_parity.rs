//! Whole networks beside PyTorch: the loss, the gradients and the running statistics of one step, 50 steps under every
//! optimiser and 20 of larger networks, as `scripts/pytorch_fixtures/` recorded them. Single operations are compared
//! beside their code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::collections::BTreeMap;

use glassbox::data::Batch;
use glassbox::engine::{Device, Machine, Precision};
use glassbox::model::{Clip, DataSignature, Graph, Optimiser, PlateauState, Schedule, Shape, Task, TrainingSpec};
use serde::Deserialize;
use support::test_device;

#[derive(Deserialize)]
struct Tensor {
    dims: Vec<usize>,
    data: Vec<f64>,
}

type Tensors = BTreeMap<String, Tensor>;

#[derive(Deserialize)]
struct Network {
    graph: Graph,
    signature: Signature,
    state: Tensors,
}

#[derive(Deserialize)]
struct Signature {
    input: Vec<usize>,
    target: Wanted,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Classes(usize),
    ClassesAt { positions: usize, classes: usize },
    Numbers(usize),
}

#[derive(Deserialize)]
struct Samples {
    len: usize,
    inputs: Vec<f32>,
    targets: Vec<f32>,
}

#[derive(Deserialize)]
struct OneStep {
    name: String,
    #[serde(flatten)]
    network: Network,
    batch: Samples,
    loss: f64,
    total_loss: f64,
    output: Tensor,
    gradients: Tensors,
    buffers: Tensors,
    predicted: Tensor,
}

#[derive(Deserialize)]
struct Settings {
    optimiser: Optimiser,
    learning_rate: f64,
    #[serde(default)]
    schedule: Schedule,
    #[serde(default)]
    warm_up_steps: usize,
    #[serde(default)]
    clip: Clip,
}

#[derive(Deserialize)]
struct Run {
    name: String,
    network: usize,
    training: Settings,
    losses: Vec<f64>,
    #[serde(rename = "final")]
    last: Tensors,
}

#[derive(Deserialize)]
struct Trained {
    #[serde(flatten)]
    network: Network,
    batches: Vec<Samples>,
}

#[derive(Deserialize)]
struct Networks {
    cases: Vec<OneStep>,
}

#[derive(Deserialize)]
struct Trajectories {
    networks: Vec<Trained>,
    runs: Vec<Run>,
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn batch(samples: &Samples) -> Batch {
    let rows = (0..samples.len as u32).collect();
    Batch {
        len: samples.len,
        inputs: samples.inputs.clone(),
        targets: samples.targets.clone(),
        rows,
        ..Batch::default()
    }
}

/// The network with PyTorch's numbers in it.
fn machine(network: &Network, training: &TrainingSpec, device: &Device, precision: Precision) -> Machine {
    let task = match network.signature.target {
        Wanted::Classes(n) => Task::Classes(n),
        Wanted::ClassesAt { positions, classes } => Task::ClassesAt { positions, classes },
        Wanted::Numbers(n) => Task::Numbers(n),
    };
    let signature =
        DataSignature { weighted: false, names: Vec::new(), input: Shape(network.signature.input.clone()), task };
    let mut machine = Machine::new(&network.graph, &signature, training, device.clone(), precision).unwrap();
    for (name, tensor) in &network.state {
        let id = machine.program().find(name).unwrap_or_else(|| panic!("there is no {name}"));
        machine.write_f64(id, &tensor.dims, &tensor.data).unwrap();
    }
    machine
}

#[track_caller]
fn close(what: &str, got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}: lengths");
    let largest = expected.iter().fold(1e-12f64, |m, v| m.max(v.abs()));
    for (i, (a, b)) in got.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * largest, "{what}[{i}]: {a}, PyTorch {b} (largest {largest})");
    }
}

#[track_caller]
fn same_numbers(what: &str, machine: &Machine, expected: &Tensors, tolerance: f64) {
    for (name, tensor) in expected {
        let id = machine.program().find(name).unwrap_or_else(|| panic!("{what}: there is no {name}"));
        let (dims, got) = machine.read_f64(id).unwrap();
        assert_eq!(dims, tensor.dims, "{what}: {name}");
        close(&format!("{what}: {name}"), &got, &tensor.data, tolerance);
    }
}

#[test]
fn one_step_of_whole_networks() {
    one_step_each("networks.json", 14);
}

#[test]
fn one_step_of_networks_over_sequences() {
    one_step_each("sequence_networks.json", 7);
}

fn one_step_each(file: &str, least: usize) {
    let Some(device) = test_device(&format!("one step of {file}")) else { return };
    let all: Networks = read(file);
    assert!(all.cases.len() >= least);
    // A rate of 0: the step computes everything and moves no weight.
    let training = TrainingSpec { optimiser: Optimiser::sgd(), learning_rate: 0.0, ..TrainingSpec::default() };
    for case in &all.cases {
        for (precision, forward, backward) in [(Precision::F32, 1e-5, 1e-4), (Precision::F64, 1e-9, 1e-9)] {
            let what = format!("{} {precision:?}", case.name);
            let mut machine = machine(&case.network, &training, &device, precision);
            let report = machine.run_step(&batch(&case.batch)).unwrap();
            close(&format!("{what}: loss"), &[report.loss], &[case.loss], forward);
            close(&format!("{what}: total loss"), &[report.total_loss], &[case.total_loss], forward);
            let (_, output) = machine.read_f64(machine.program().output).unwrap();
            close(&format!("{what}: output"), &output, &case.output.data, forward);
            let grads = |(name, tensor): (&String, &Tensor)| {
                (format!("{name}.grad"), Tensor { dims: tensor.dims.clone(), data: tensor.data.clone() })
            };
            same_numbers(&what, &machine, &case.gradients.iter().map(grads).collect(), backward);
            same_numbers(&what, &machine, &case.buffers, forward);
            let predicted = machine.predict(&case.batch.inputs, case.batch.len).unwrap();
            let predicted: Vec<f64> = predicted.into_iter().map(f64::from).collect();
            close(&format!("{what}: predicted"), &predicted, &case.predicted.data, forward.max(1e-6));
        }
    }
}

#[test]
fn trajectories_under_every_optimiser() {
    fifty_steps_each("trajectories.json", 12);
}

#[test]
fn fifty_steps_over_sequences() {
    fifty_steps_each("sequence_trajectories.json", 2);
}

fn fifty_steps_each(file: &str, least: usize) {
    let Some(device) = test_device(&format!("fifty steps of {file}")) else { return };
    let all: Trajectories = read(file);
    assert!(all.runs.len() >= least);
    for run in &all.runs {
        let trained = &all.networks[run.network];
        let training = TrainingSpec {
            optimiser: run.training.optimiser.clone(),
            learning_rate: run.training.learning_rate,
            schedule: run.training.schedule,
            warm_up_steps: run.training.warm_up_steps,
            clip: run.training.clip,
            ..TrainingSpec::default()
        };
        let mut machine = machine(&trained.network, &training, &device, Precision::F64);
        let mut plateaus = PlateauState::default();
        for (step, expected) in run.losses.iter().enumerate() {
            let report = machine.run_step(&batch(&trained.batches[step % trained.batches.len()])).unwrap();
            close(&format!("{}: loss of step {step}", run.name), &[report.loss], &[*expected], 1e-9);
            if let Schedule::Plateau(plateau) = &training.schedule {
                plateaus.judge(plateau, training.learning_rate, report.loss);
                machine.scale_rate(plateaus.scale);
            }
        }
        let is_plateau = matches!(training.schedule, Schedule::Plateau(_));
        assert_eq!(plateaus.scale < 0.5, is_plateau, "{}: no cut was put to the test", run.name);
        assert_eq!(machine.step(), run.losses.len() as u64);
        assert!(run.losses.len() >= if run.network < 2 { 50 } else { 20 }, "{}", run.name);
        same_numbers(&run.name, &machine, &run.last, 1e-9);
    }
}
