//! Every kind of layer is everywhere it must be: it says what it is, it compiles to instructions, and it trains.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use std::collections::BTreeSet;

use glassbox::data::Batch;
use glassbox::engine::{Device, Machine, Precision, Program, Role};
use glassbox::expr::{self, Expr};
use glassbox::model::layer::{Concat, Dense, Flatten, Group, Inputs, Loss, Reshape};
use glassbox::model::{DataSignature, Edit, Graph, LayerId, LayerKind, Shape, Task, TrainingSpec, infer};

const SIDE: usize = 28;

fn signature() -> DataSignature {
    DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![1, SIDE, SIDE]), task: Task::Classes(2) }
}

fn add_after(graph: &mut Graph, kind: LayerKind, sources: &[LayerId]) -> LayerId {
    let id = graph.add(kind, [0.0, 0.0]);
    for &source in sources {
        graph.connect(source, id).unwrap();
    }
    id
}

/// A small network with the layer in it, and the layer's id.
fn network(kind: &LayerKind) -> (Graph, LayerId) {
    let mut graph = Graph::default();
    let input = add_after(&mut graph, LayerKind::from_key("input").unwrap(), &[]);
    // A convolution makes something that is trained in front of every layer, so that gradients pass through it.
    let before = add_after(&mut graph, LayerKind::from_key("conv2d").unwrap(), &[input]);
    let one = add_after(&mut graph, LayerKind::from_key("global_avg_pool").unwrap(), &[before]);
    let row = add_after(&mut graph, Dense { units: SIDE * SIDE, ..Dense::default() }.into(), &[one]);
    let source = if takes(kind, &Shape(vec![16, SIDE, SIDE])) {
        before
    } else if takes(kind, &Shape::row(SIDE * SIDE)) || !takes(kind, &Shape(vec![SIDE, SIDE])) {
        row
    } else {
        let steps = Reshape { shape: format!("{SIDE} x {SIDE}") };
        add_after(&mut graph, steps.into(), &[row])
    };
    let layer = match (kind, kind.about().inputs) {
        (LayerKind::Input(_), _) => input,
        // Takes whole numbers, which only the data has.
        (LayerKind::Embedding(_), _) => {
            let flat = add_after(&mut graph, Flatten {}.into(), &[input]);
            add_after(&mut graph, kind.clone(), &[flat])
        }
        (LayerKind::Loss(_), _) => row,
        (_, Inputs::Many) => {
            // The convolution ends in ReLU: less its own ReLU it would be 0.
            let other = add_after(&mut graph, LayerKind::from_key("tanh").unwrap(), &[source]);
            add_after(&mut graph, kind.clone(), &[source, other])
        }
        _ => add_after(&mut graph, kind.clone(), &[source]),
    };
    let mut flat = add_after(&mut graph, Flatten {}.into(), &[if layer == input { row } else { layer }]);
    if matches!(kind, LayerKind::Embedding(_)) {
        flat = add_after(&mut graph, Concat {}.into(), &[flat, row]);
    }
    let last = add_after(&mut graph, Dense { units: 2, ..Dense::default() }.into(), &[flat]);
    let loss = add_after(&mut graph, Loss::default().into(), &[last]);
    (graph, if matches!(kind, LayerKind::Loss(_)) { loss } else { layer })
}

fn takes(kind: &LayerKind, shape: &Shape) -> bool {
    kind.about().inputs != Inputs::None && kind.spec().infer(&[shape.clone(), shape.clone()], None).is_ok()
}

fn batch(kind: &LayerKind) -> Batch {
    let len = 6;
    let number = |i: usize| match kind {
        LayerKind::Embedding(embedding) => (i * 37 % embedding.vocabulary) as f32,
        _ => (i * 37 % 101) as f32 / 50.0 - 1.0,
    };
    let inputs = (0..len * SIDE * SIDE).map(number).collect();
    let targets = (0..len).map(|i| (i % 2) as f32).collect();
    Batch { len, inputs, targets, rows: (0..len as u32).collect(), ..Batch::default() }
}

#[test]
fn every_layer_compiles_and_trains() {
    for kind in LayerKind::all() {
        let key = kind.key();
        let (graph, layer) = network(&kind);
        let problems = infer(&graph, Some(&signature())).problems;
        assert!(problems.is_empty(), "{key}: the small network has problems: {problems:?}");
        let mut machine = Machine::new(&graph, &signature(), &TrainingSpec::default(), Device::Cpu, Precision::F32)
            .unwrap_or_else(|error| panic!("{key} does not compile: {error}"));
        let program = machine.program();
        let has_instructions = program.instructions.iter().any(|instruction| instruction.layer == Some(layer));
        assert!(has_instructions || ["input", "block"].contains(&key), "{key} has no instructions");
        assert!(program.layer_outputs.contains_key(&layer) || key == "loss", "{key} gives nothing");
        let weights = program.ids().filter(|(id, value)| {
            value.layer == Some(layer) && value.role == Role::Parameter && program.gradients.contains_key(id)
        });
        assert_eq!(weights.count() > 0, kind.has_weights(), "{key}: has_weights() and its gradients disagree");
        assert_eq!(
            kept(machine.program(), layer),
            declared(&graph, layer),
            "{key}: it keeps other weights than it says"
        );
        let before = program.find("conv2d_1.weight").or_else(|| program.find("conv_2_d_1.weight")).unwrap();
        let old = machine.read(before).unwrap().data;
        for _ in 0..2 {
            let report =
                machine.run_step(&batch(&kind)).unwrap_or_else(|error| panic!("{key} does not train: {error}"));
            assert!(report.loss.is_finite(), "{key}: the loss is {}", report.loss);
        }
        assert_ne!(old, machine.read(before).unwrap().data, "{key}: nothing in front of it learns");
    }
}

/// Names and sizes of what a program keeps for a layer, by name.
fn kept(program: &Program, layer: LayerId) -> Vec<(String, Vec<usize>)> {
    let own = program.values.iter().filter(|value| value.layer == Some(layer));
    let own = own.filter(|value| matches!(value.role, Role::Parameter | Role::Buffer));
    let mut all: Vec<_> = own
        .map(|value| {
            assert_eq!(value.axes.len(), value.shape.dims.len(), "{}", value.name);
            (value.name.split_once('.').unwrap().1.to_owned(), value.shape.dims.clone())
        })
        .collect();
    all.sort();
    all
}

/// And of what the layer says that it keeps.
fn declared(graph: &Graph, layer: LayerId) -> Vec<(String, Vec<usize>)> {
    let shapes = infer(graph, Some(&signature())).shapes;
    let arriving: Vec<Shape> = graph.incoming(layer).map(|wire| shapes[&wire.from].clone()).collect();
    let weights = graph.layer(layer).unwrap().kind.spec().weights(&arriving);
    let mut all: Vec<_> = weights.into_iter().map(|weight| (weight.name.to_owned(), weight.dims)).collect();
    all.sort();
    all
}

#[test]
fn every_instruction_says_what_it_does() {
    for kind in LayerKind::all() {
        let (graph, _) = network(&kind);
        let machine =
            Machine::new(&graph, &signature(), &TrainingSpec::default(), Device::Cpu, Precision::F32).unwrap();
        for instruction in &machine.program().instructions {
            let op = &instruction.op;
            assert!(!op.name().is_empty() && !op.formula().is_empty(), "{op:?}");
            assert!(op.words().ends_with('.'), "{} says no sentence: {:?}", op.name(), op.words());
        }
    }
}

/// What the listing shows and a dump holds can be typed as it stands there.
#[test]
fn every_name_of_a_program_is_one_in_expressions() {
    for kind in LayerKind::all() {
        let (mut graph, layer) = network(&kind);
        Edit::Rename { layer, name: format!("3 {}", kind.key()) }.apply(&mut graph).unwrap();
        let machine =
            Machine::new(&graph, &signature(), &TrainingSpec::default(), Device::Cpu, Precision::F32).unwrap();
        for value in &machine.program().values {
            let name = &value.name;
            assert_eq!(expr::parse(&format!("sum({name}) > 0")).map(|read| read.names().join(" ")), Ok(name.clone()));
            assert_eq!(expr::parse(name), Ok(Expr::Name(name.clone())));
        }
    }
}

#[test]
fn every_layer_says_what_it_is() {
    let mut titles = BTreeSet::new();
    for kind in LayerKind::all() {
        let (key, about) = (kind.key(), kind.about());
        assert!(titles.insert(about.title), "two layers are named {}", about.title);
        assert!(about.help.len() > 40 && about.help.ends_with('.'), "{key}: help is no paragraph");
        assert!(!about.formula.is_empty(), "{key}: no formula");
        let tagline = about.tagline.split_whitespace().count();
        assert!((1..=4).contains(&tagline), "{key}: the palette has room for four words");
        assert!((1..=2).contains(&about.glyph.chars().count()), "{key}: the icon has room for two characters");
        assert!(Group::PALETTE.contains(&about.group), "{key}: its group is not in the palette");
        assert_eq!(LayerKind::from_key(key).as_ref(), Some(&kind), "{key}: its word does not lead back to it");
    }
}

#[test]
fn every_parameter_says_what_it_is_and_takes_its_own_default() {
    for mut kind in LayerKind::all() {
        let key = kind.key();
        for spec in kind.spec().param_specs() {
            assert!(!spec.label.is_empty(), "{key}.{}: no label", spec.key);
            assert!(spec.help.ends_with('.'), "{key}.{}: help is no sentence", spec.key);
            let value = kind.spec().param(spec.key).unwrap();
            assert_eq!(kind.params_mut().set_param(spec.key, &value), Ok(()), "{key}.{}", spec.key);
        }
    }
}
