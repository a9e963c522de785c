//! Every template to a `.keras` file and back: the same outputs from the same weights, and it trains on.

use std::path::Path;

use super::plan::{Biases, Plan};
use super::{file, read};
use crate::data::{self, NoProgress};
use crate::engine::{Device, Machine, Precision, Role, ValueId};
use crate::files::{NamedTensor, Values};
use crate::interop::code::Names;
use crate::interop::{Fate, Network};
use crate::model::layer::{LayerKind, Loss};
use crate::model::{DataSignature, End, Graph, Project, TrainingSpec, templates};

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
