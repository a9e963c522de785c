//! Several Inputs, each with a part of the sample.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use glassbox::data::Batch;
use glassbox::engine::{Device, Machine, Mode, Precision, compile};
use glassbox::model::layer::{Activation, Concat, Dense, Input, LayerKind, Loss};
use glassbox::model::{DataSignature, Graph, LayerId, Optimiser, Project, Shape, Task, TrainingSpec, infer};
use glassbox::persist::project_file;

fn input(columns: &str) -> LayerKind {
    Input { columns: columns.into(), ..Input::default() }.into()
}

fn signature() -> DataSignature {
    let names = ["age", "colour = blue", "colour = red", "size"].map(str::to_owned).to_vec();
    DataSignature { weighted: false, input: Shape::row(4), task: Task::Classes(2), names }
}

/// A branch of its own for each of these, merged before the Loss.
fn branches(all: &[&str]) -> (Graph, Vec<LayerId>) {
    let mut graph = Graph::default();
    let joined = graph.add(Concat {}.into(), [432.0, 0.0]);
    let mut inputs = Vec::new();
    for columns in all {
        let from = graph.add(input(columns), [0.0, 0.0]);
        let dense =
            graph.add(Dense { units: 3, activation: Activation::Tanh, ..Dense::default() }.into(), [216.0, 0.0]);
        graph.connect(from, dense).unwrap();
        graph.connect(dense, joined).unwrap();
        inputs.push(from);
    }
    let last = graph.add(Dense { units: 2, ..Dense::default() }.into(), [648.0, 0.0]);
    let loss = graph.add(Loss::default().into(), [864.0, 0.0]);
    graph.connect(joined, last).unwrap();
    graph.connect(last, loss).unwrap();
    (graph, inputs)
}

fn batch(len: usize) -> Batch {
    let inputs = (0..len * 4).map(|i| i as f32 / 10.0 - 1.0).collect();
    Batch {
        len,
        inputs,
        targets: (0..len).map(|i| (i % 2) as f32).collect(),
        rows: (0..len as u32).collect(),
        ..Batch::default()
    }
}

#[test]
fn each_input_puts_out_its_columns() {
    let (graph, inputs) = branches(&["size, age", "colour", ""]);
    let found = infer(&graph, Some(&signature()));
    assert!(found.is_valid(), "{:?}", found.problems);
    assert_eq!(inputs.iter().map(|id| found.shapes[id].0.clone()).collect::<Vec<_>>(), [[2], [2], [4]]);
    let machine = Machine::new(&graph, &signature(), &TrainingSpec::default(), Device::Cpu, Precision::F32).unwrap();
    let sample = [1.0, 2.0, 3.0, 4.0];
    let outputs = machine.layer_outputs(&sample, 1, &inputs).unwrap();
    let of = |i: usize| outputs[&inputs[i]].data.to_vec();
    assert_eq!((of(0), of(1), of(2)), (vec![4.0, 1.0], vec![2.0, 3.0], sample.to_vec()));
}

#[test]
fn an_input_that_takes_everything_is_the_batch_itself() {
    let listing = |columns: &str| {
        let mut graph = glassbox::model::templates::chain(vec![Dense { units: 2, ..Dense::default() }.into()]);
        let id = graph.find("Input").unwrap().id;
        let value = glassbox::model::ParamValue::Text(columns.into());
        glassbox::model::Edit::SetParam { layer: id, key: "columns".into(), value }.apply(&mut graph).unwrap();
        compile(&graph, &signature(), &TrainingSpec::default(), Mode::Train).unwrap().listing()
    };
    let whole = listing("");
    assert!(whole.contains("linear %x, dense_1.weight"), "{whole}");
    assert_eq!(listing("age, colour, size"), whole);
    let part = listing("colour");
    assert!(part.contains("%1 = slice [axis 1, indices 1 to 2] %x   (Input)"), "{part}");
}

#[test]
fn gradients_flow_to_every_branch_and_agree_with_finite_differences() {
    let (graph, _) = branches(&["age", "size, colour"]);
    let training = TrainingSpec { learning_rate: 0.0, optimiser: Optimiser::sgd(), ..TrainingSpec::default() };
    let mut machine = Machine::new(&graph, &signature(), &training, Device::Cpu, Precision::F64).unwrap();
    let batch = batch(5);
    for name in ["dense_1.weight", "dense_2.weight", "dense_2.bias"] {
        let id = machine.program().find(name).unwrap();
        machine.run_step(&batch).unwrap();
        let gradient = machine.read_f64(machine.program().gradients[&id]).unwrap().1;
        let (dims, numbers) = machine.read_f64(id).unwrap();
        for i in 0..numbers.len() {
            let mut ahead = |delta: f64| {
                let mut moved = numbers.clone();
                moved[i] += delta;
                machine.write_f64(id, &dims, &moved).unwrap();
                machine.run_step(&batch).unwrap().total_loss
            };
            let expected = (ahead(1e-5) - ahead(-1e-5)) / 2e-5;
            assert!((gradient[i] - expected).abs() < 1e-8 && gradient[i] != 0.0, "{name}[{i}]: {}", gradient[i]);
        }
        machine.write_f64(id, &dims, &numbers).unwrap();
    }
}

#[test]
fn files_keep_the_columns_and_older_ones_open() {
    let project = Project { name: "inputs".into(), graph: branches(&["age", "colour"]).0, ..Project::default() };
    let text = project_file::to_text(&project).unwrap();
    assert!(text.contains("\"columns\": \"age\""), "{text}");
    assert_eq!(project_file::from_text(&text, "p".as_ref()).unwrap(), project);
    let older = text.replace(", \"columns\": \"age\"", "").replace("\"columns\": \"age\",", "");
    let older = project_file::from_text(&older, "p".as_ref()).unwrap();
    let first = older.graph.find("Input").unwrap();
    assert_eq!(first.kind, Input::default().into());
}
