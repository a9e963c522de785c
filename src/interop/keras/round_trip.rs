//! Every template to a `.keras` file and back: the same outputs from the same weights, and it trains on.

use std::path::Path;

use super::plan::{Biases, Plan};
use super::{file, read};
use crate::data::{self, NoProgress};
use crate::engine::{Device, Machine, Precision, Role, ValueId};
use crate::files::{NamedTensor, Values};
use crate::interop::code::Names;
use crate::interop::{Fate, Network};
use crate::model::layer::{AvgPool2d, Dense, Flatten, Formula, Input, LayerKind, Loss, Padding};
use crate::model::{DataSignature, End, Graph, Project, Shape, Task, TrainingSpec, templates};

fn machine(graph: &Graph, signature: &DataSignature) -> Machine {
    Machine::new(graph, signature, &TrainingSpec::default(), Device::Cpu, Precision::F32).unwrap()
}

fn weights(machine: &Machine) -> Vec<NamedTensor> {
    let values = machine.program().values.iter().enumerate();
    let weights = values.filter(|(_, value)| matches!(value.role, Role::Parameter | Role::Buffer));
    let named = weights.map(|(at, value)| {
        let (dims, numbers) = machine.read_f64(ValueId(at as u32)).unwrap();
        let values = Values::F32(numbers.into_iter().map(|v| v as f32).collect());
        NamedTensor { name: value.name.clone(), dims, values }
    });
    named.collect()
}

/// As Glassbox reads what it wrote; `None`: Keras has no words for it, which the exporter says.
fn back(project: &Project, signature: &DataSignature, before: &Machine) -> Option<(Graph, Vec<NamedTensor>)> {
    let network = Network::new(&project.graph, signature).unwrap();
    let plan = Plan::new(&network, &Names::of(&network, &super::code::TAKEN), Biases::Summed).ok()?;
    let bytes = file::archive(&plan, "model", &weights(before)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.keras");
    std::fs::write(&path, bytes).unwrap();
    let arrived = read::keras_file(&path).unwrap();
    let foreign: Vec<_> = arrived.report.of(Fate::Foreign).collect();
    assert!(foreign.is_empty(), "{}: {foreign:?}", project.name);
    let mut graph = arrived.graph;
    let ends: Vec<_> = graph.layers().map(|layer| layer.id).filter(|&id| graph.outgoing(id).count() == 0).collect();
    let (main, _) = project.graph.main_loss().unwrap();
    let loss = graph.add(main.kind.clone(), [0.0; 2]);
    graph.connect(ends[0], loss).unwrap();
    if project.graph.truth_of(main.id).is_some() {
        let input = graph.layers().find(|layer| matches!(layer.kind, LayerKind::Input(_))).unwrap().id;
        graph.connect(input, End::at(loss, Loss::TRUTH)).unwrap();
    }
    Some((graph, arrived.weights))
}

#[test]
fn templates_come_back_from_a_keras_file_and_train_on() {
    let (mut came, mut refused) = (0, Vec::new());
    for template in templates::TEMPLATES {
        let Some(project) = templates::build(template.key) else { continue };
        let dataset = data::load(&project.data, Path::new(""), &NoProgress).unwrap();
        let signature = dataset.signature();
        let before = machine(&project.graph, &signature);
        let Some((graph, tensors)) = back(&project, &signature, &before) else {
            refused.push(template.key);
            continue;
        };
        came += 1;
        let mut again = machine(&graph, &signature);
        for tensor in &tensors {
            let id = again.program().find(&tensor.name).unwrap_or_else(|| panic!("{}: {}", template.key, tensor.name));
            let Values::F32(values) = &tensor.values else { panic!("{} in double precision", tensor.name) };
            let numbers: Vec<f64> = values.iter().copied().map(f64::from).collect();
            again.write_f64(id, &tensor.dims, &numbers).unwrap();
        }
        let batch = dataset.train.fetch(&[0, 1, 2]).unwrap();
        let [was, is] = [&before, &again].map(|machine| machine.predict(&batch.inputs, 3).unwrap());
        let largest = was.iter().fold(1e-3f32, |most, v| most.max(v.abs()));
        let off = was.iter().zip(&is).fold(0f32, |most, (a, b)| most.max((a - b).abs() / largest));
        assert!(was.len() == is.len() && off <= 1e-6, "{}: {off:.1e}", template.key);
        again.begin_step(&batch).unwrap();
        assert!(again.finish_step().unwrap().loss.is_finite(), "{}", template.key);
    }
    println!("{came} came back, refused by the exporter: {refused:?}");
    assert!(came >= 10 && refused.len() <= 1, "{refused:?}");
}

#[test]
fn formulas_and_borders_come_back_from_a_keras_file() {
    let pool = |padding, pad, keep_remainder, count_padding| {
        AvgPool2d { kernel: 3, stride: 2, padding, pad, keep_remainder, count_padding }.into()
    };
    let middles: [LayerKind; 5] = [
        Formula { expression: "x * sigmoid(x) + 0.5".into() }.into(),
        pool(Padding::Same, 1, false, false),
        pool(Padding::Custom, 1, true, true),
        pool(Padding::Custom, 1, false, false),
        pool(Padding::Valid, 1, true, false),
    ];
    for middle in middles {
        let ends = [Flatten {}.into(), Dense { units: 2, ..Dense::default() }.into(), Loss::default().into()];
        let mut graph = Graph::default();
        let kinds = [Input::default().into(), middle.clone()].into_iter().chain(ends);
        let ids: Vec<_> = kinds.map(|kind| graph.add(kind, [0.0; 2])).collect();
        for pair in ids.windows(2) {
            graph.connect(pair[0], pair[1]).unwrap();
        }
        let signature =
            DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![2, 8, 7]), task: Task::Classes(2) };
        let project = Project { graph, ..templates::build("digits").unwrap() };
        let before = machine(&project.graph, &signature);
        let (graph, _) = back(&project, &signature, &before).unwrap();
        let again = graph.layers().find(|layer| layer.kind.key() == middle.key()).map(|layer| layer.kind.clone());
        assert_eq!(again, Some(middle));
    }
}
