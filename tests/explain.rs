//! Every number of a network can be explained: what an explanation says, evaluated, is the number that the machine
//! holds; and nudges agree with every gradient.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use std::path::Path;
use std::sync::Arc;

use glassbox::data::Batch;
use glassbox::data::{self, NoProgress};
use glassbox::engine::{Device, Machine, Phase, Precision};
use glassbox::model::layer::{self, LayerKind};
use glassbox::model::{DataSignature, Project, Shape, Source, Task, TrainingSpec, templates};
use glassbox::trace::{Element, Explanation, Judgement};
use glassbox::trainer::{Debugger, Moment, Run};

fn small(key: &str) -> Project {
    let mut project = templates::build(key).unwrap();
    project.training.batch_size = project.training.batch_size.min(4);
    if let Source::Digits(digits) = &mut project.data.source {
        digits.samples = 100;
    }
    project
}

fn debugger(project: &Project) -> Debugger {
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    Debugger::new(Run::new(project, dataset, Device::Cpu).unwrap(), 64 << 20).unwrap()
}

/// Index of the first number of a value, of one in the middle, and of the one furthest from 0.
fn chosen(dims: &[usize], numbers: &[f64]) -> Vec<Vec<usize>> {
    let largest = (0..numbers.len()).max_by(|&a, &b| numbers[a].abs().total_cmp(&numbers[b].abs()));
    let mut flat = vec![0, numbers.len() / 2, largest.unwrap_or(0)];
    flat.dedup();
    let index = |mut flat: usize| {
        let mut index = vec![0; dims.len()];
        for (i, &n) in index.iter_mut().zip(dims).rev() {
            (*i, flat) = (flat % n, flat / n);
        }
        index
    };
    flat.into_iter().map(index).collect()
}

/// What is wrong with an explanation, if anything.
fn problem(explanation: &Explanation) -> Option<String> {
    let Explanation { element, value, line, arithmetic, .. } = explanation;
    let (got, terms) = (arithmetic.evaluate(), arithmetic.absolute());
    let is_right = (got - value).abs() <= 1e-5 * terms + 1e-30;
    let said = || format!("{element} is {value}, explained as {got} = {} ({line})", arithmetic.with_numbers(8));
    (!is_right).then(said)
}

/// Explains numbers of every value that the program lists, where the run stands, and says how many values there were.
fn explain_all(key: &str, debugger: &mut Debugger) -> usize {
    let names: Vec<_> = debugger.machine().program().values.iter().map(|value| value.name.clone()).collect();
    let (mut explained, mut problems) = (0, Vec::new());
    for name in &names {
        let id = debugger.machine().program().find(name).unwrap();
        let is_state = debugger.machine().program().value(id).unwrap().role.is_state();
        if !is_state && !debugger.machine().is_current(id) {
            let error = debugger.explain(name, &[0]).unwrap_err().to_string();
            assert!(error.contains("hasn't been computed yet"), "{name}: {error}");
            continue;
        }
        let (dims, numbers) = debugger.machine().read_f64(id).unwrap();
        for index in chosen(&dims, &numbers) {
            match debugger.explain(name, &index) {
                Ok(explanation) => {
                    assert_eq!((&explanation.element.name, &explanation.element.index), (name, &index));
                    problems.extend(problem(&explanation));
                }
                Err(error) => problems.push(format!("{name}{index:?}: {error}")),
            }
        }
        explained += 1;
    }
    assert!(problems.is_empty(), "{key}:\n{}", problems.join("\n"));
    explained
}

/// Nudges under the largest element of every gradient.
fn nudge_all(key: &str, debugger: &mut Debugger) {
    let program = debugger.machine().program();
    let gradients: Vec<_> = program.gradients.values().map(|&id| (id, program.name(id).to_owned())).collect();
    for (id, name) in gradients {
        let (dims, numbers) = debugger.machine().read_f64(id).unwrap();
        let Some(index) = chosen(&dims, &numbers).pop() else { continue };
        let verdict = debugger.nudge(&name, &index).unwrap_or_else(|error| panic!("{key}: {name}: {error}"));
        let is_right = !matches!(verdict.judgement, Judgement::Differs { .. });
        assert!(is_right, "{key}: {name}{index:?}: {verdict:?}");
    }
}

fn every_value_of(key: &str) {
    let mut debugger = debugger(&small(key));
    debugger.goto_step(2).unwrap();
    let count = debugger.machine().program().values.len();
    let before = debugger.dump().unwrap();
    assert_eq!(explain_all(key, &mut debugger), count, "{key}");
    nudge_all(key, &mut debugger);
    assert_eq!(debugger.moment(), Moment { step: 2, instruction: 0 });
    assert_eq!(debugger.dump().unwrap(), before, "{key}: explaining changed something");
}

#[test]
fn every_value_of_xor_is_explained() {
    every_value_of("xor");
}

#[test]
fn every_value_of_a_convolutional_network_is_explained() {
    every_value_of("digits-cnn");
}

#[test]
fn every_value_of_a_residual_network_is_explained() {
    every_value_of("digits-resnet");
}

#[test]
fn every_value_of_a_recurrent_network_is_explained() {
    every_value_of("digits-lstm");
}

#[test]
fn every_value_of_an_attention_network_is_explained() {
    every_value_of("digits-attention");
}

/// Batch norm takes away whatever a bias before it adds: its gradient is 0, and what single precision leaves of it is
/// rounding.
#[test]
fn what_is_left_of_gradients_that_cancel_is_not_held_against_them() {
    let units = |units| layer::Dense { units, ..layer::Dense::default() };
    let kinds: Vec<LayerKind> =
        vec![units(6).into(), layer::BatchNorm::default().into(), layer::Tanh {}.into(), units(2).into()];
    let signature = DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![3]), task: Task::Classes(2) };
    let (graph, training) = (templates::chain(kinds), TrainingSpec::default());
    let mut machine = Machine::new(&graph, &signature, &training, Device::Cpu, Precision::F32).unwrap();
    let [bias, gradient] = ["dense_1.bias", "dense_1.bias.grad"].map(|name| machine.program().find(name).unwrap());
    machine.write_f64(bias, &[6], &[0.5, -1.0, 2.0, 0.3, -0.7, 1.0]).unwrap();
    let inputs = (0..39).map(|i| ((i * 7) % 11) as f32 / 4.0 - 1.0).collect();
    let targets = (0..13).map(|i| (i % 2) as f32).collect();
    machine.begin_step(&Batch { len: 13, inputs, targets, rows: (0..13).collect(), ..Batch::default() }).unwrap();
    let before_update = |machine: &Machine| machine.program().instructions[machine.pc()].phase < Phase::Update;
    while before_update(&machine) {
        machine.step_instruction().unwrap();
    }
    let (_, numbers) = machine.read_f64(gradient).unwrap();
    assert!(numbers.iter().any(|&number| number != 0.0) && numbers.iter().all(|number| number.abs() < 1e-6));
    for (i, number) in numbers.iter().enumerate() {
        let verdict = machine.nudge(gradient, &[i], &[]).unwrap();
        assert_eq!(verdict.judgement, Judgement::Agrees, "{number}: {verdict:?}");
    }
    machine.write_f64(gradient, &[6], &[1e-3; 6]).unwrap();
    let verdict = machine.nudge(gradient, &[0], &[]).unwrap();
    assert!(matches!(verdict.judgement, Judgement::Differs { .. }), "{verdict:?}");
    machine.write_f64(gradient, &[6], &[f64::INFINITY; 6]).unwrap();
    let verdict = machine.nudge(gradient, &[0], &[]).unwrap();
    assert!(matches!(verdict.judgement, Judgement::Differs { .. }), "{verdict:?}");
}

#[test]
fn only_the_places_of_a_token_are_made_of_its_row() {
    let embedding = layer::Embedding { vocabulary: 8, width: 3 };
    let graph = templates::chain(vec![
        embedding.into(),
        layer::Flatten {}.into(),
        layer::Dense { units: 2, ..layer::Dense::default() }.into(),
    ]);
    let signature = DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![2]), task: Task::Classes(2) };
    let mut machine = Machine::new(&graph, &signature, &TrainingSpec::default(), Device::Cpu, Precision::F32).unwrap();
    let inputs = vec![5.0, 5.0, 5.0, 7.0];
    machine
        .begin_step(&Batch { len: 2, inputs, targets: vec![0.0, 1.0], rows: vec![0, 1], ..Batch::default() })
        .unwrap();
    while machine.is_in_step() {
        machine.step_instruction().unwrap();
    }
    let id = machine.program().find("%1").unwrap();
    let read = Element { name: "embedding_1.weight".into(), index: vec![5, 1] };
    let found = machine.readers(id, &[0, 0, 1], &read).unwrap();
    let found: Vec<_> = found.into_iter().filter(|element| element.name == "%1").map(|e| e.index).collect();
    assert_eq!(found, [[0, 0, 1], [0, 1, 1], [1, 0, 1]]);
}

#[test]
fn within_a_step_what_has_been_computed_is_explained() {
    let mut debugger = debugger(&small("xor"));
    let count = debugger.machine().program().instructions.len();
    let mut explained = Vec::new();
    for instruction in 1..count {
        debugger.goto(Moment { step: 1, instruction }).unwrap();
        explained.push(explain_all("xor", &mut debugger));
        assert_eq!(debugger.moment(), Moment { step: 1, instruction });
    }
    assert!(explained.is_sorted() && explained[0] < explained[count - 2], "{explained:?}");
}
