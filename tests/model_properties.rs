//! Over random graphs and random edits: nothing panics, undo and redo are inverses, saving loses nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use glassbox::model::layer::LayerKind;
use glassbox::model::{
    DataSignature, Edit, End, Graph, History, LayerId, ParamKind, ParamValue, Project, Shape, Task, TrainingSpec,
    WireId, infer,
};
use glassbox::persist::project_file;
use proptest::prelude::*;

/// An edit as plain numbers; layers and wires are picked by index, so that most edits hit something.
#[derive(Clone, Debug)]
struct Draw {
    what: u8,
    kind: usize,
    a: usize,
    b: usize,
    number: i64,
    x: f32,
    y: f32,
}

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let place = prop_oneof![9 => -2000.0f32..2000.0, 1 => any::<f32>()];
    let draw = (any::<u8>(), any::<usize>(), any::<usize>(), any::<usize>(), -5i64..200, place.clone(), place)
        .prop_map(|(what, kind, a, b, number, x, y)| Draw { what, kind, a, b, number, x, y });
    prop::collection::vec(draw, 1..40)
}

fn pick_layer(graph: &Graph, index: usize) -> LayerId {
    let ids: Vec<_> = graph.layers().map(|l| l.id).collect();
    // Now and then a layer that is not there.
    if ids.is_empty() || index.is_multiple_of(17) { LayerId(9999) } else { ids[index % ids.len()] }
}

fn pick_wire(graph: &Graph, index: usize) -> WireId {
    let wires = graph.wires();
    if wires.is_empty() || index.is_multiple_of(17) { WireId(9999) } else { wires[index % wires.len()].id }
}

/// Mostly the layer, now and then one of its ports or one that it does not have.
fn end(layer: LayerId, draw: usize) -> End {
    if draw.is_multiple_of(2) { layer.into() } else { End::at(layer, draw / 2 % 4) }
}

fn random_param(graph: &Graph, layer: LayerId, draw: &Draw) -> (String, ParamValue) {
    let specs = graph.layer(layer).map(|l| l.kind.spec().param_specs()).unwrap_or_default();
    if specs.is_empty() {
        return ("nothing".into(), ParamValue::Int(draw.number));
    }
    let spec = &specs[draw.b % specs.len()];
    let value = match &spec.kind {
        ParamKind::Int { .. } => ParamValue::Int(draw.number),
        ParamKind::Float { .. } => ParamValue::Float(f64::from(draw.x) / 100.0),
        ParamKind::Bool => ParamValue::Bool(draw.number > 0),
        ParamKind::Choice(options) => ParamValue::Text(options[draw.kind % options.len()].0.to_owned()),
        ParamKind::Text => ParamValue::Text(
            ["1 x 2 x 2", "?", "", "x * x", "4", "0 x 9999999999", "relu(x)"][draw.kind % 7].to_owned(),
        ),
    };
    (spec.key.to_owned(), value)
}

fn edit(graph: &Graph, draw: &Draw) -> Edit {
    let kinds = LayerKind::all();
    let kind = kinds[draw.kind % kinds.len()].clone();
    let (a, b) = (pick_layer(graph, draw.a), pick_layer(graph, draw.b));
    let position = [draw.x, draw.y];
    match draw.what % 20 {
        0 => Edit::Add { kind, position, inside: Some(b) },
        1 => Edit::InsertOnWire {
            wire: pick_wire(graph, draw.a),
            kind,
            position: draw.a.is_multiple_of(2).then_some(position),
        },
        2 | 3 => Edit::Append { after: a, kind },
        4 => Edit::AddConnected { from: a.into(), kind, position },
        5 => Edit::MoveOntoWire { wire: pick_wire(graph, draw.b), layer: a },
        6 => Edit::Remove(vec![a, b]),
        7 | 8 => Edit::Connect { from: end(a, draw.kind), to: end(b, draw.kind / 4) },
        9 => Edit::Disconnect(pick_wire(graph, draw.a)),
        10 | 11 => {
            let (key, value) = random_param(graph, a, draw);
            Edit::SetParam { layer: a, key, value }
        }
        12 => Edit::Rename { layer: a, name: ["Dense 1", "", "  ", "Ünïcode", "!!!"][draw.b % 5].to_owned() },
        13 => Edit::Move(vec![(a, position), (b, position)]),
        14 => Edit::Duplicate { layers: vec![a, b], offset: position },
        15 | 16 => Edit::Group(vec![a, b]),
        17 => Edit::Ungroup(a),
        18 => {
            let fragment = Box::new(graph.fragment(&[a].into()));
            Edit::Paste { fragment, offset: position, inside: Some(b) }
        }
        _ => Edit::Tidy,
    }
}

fn signatures() -> [DataSignature; 3] {
    [
        DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![2]), task: Task::Classes(2) },
        DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![1, 12, 12]), task: Task::Classes(10) },
        DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![5]), task: Task::Numbers(1) },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_edits_leaves_a_graph_that_saves_and_can_be_undone(draws in draws()) {
        let mut project = Project { name: "random".into(), ..Project::default() };
        let (mut history, mut states) = (History::default(), vec![project.clone()]);
        for draw in &draws {
            let before = project.clone();
            let edit = edit(&project.graph, draw);
            let outcome = edit.apply(&mut project.graph);
            if outcome.is_err() {
                prop_assert_eq!(&project, &before, "a refused edit changes nothing");
            } else if project != before {
                history.record(edit.name(&before.graph), None, &before);
                states.push(project.clone());
            }
            for data in signatures() {
                infer(&project.graph, Some(&data));
            }
            let order = project.graph.topological_order();
            prop_assert_eq!(order.len(), project.graph.len(), "no cycles");
        }
        let text = project_file::to_text(&project).unwrap();
        // Everything but the counter of ids, which starts after the largest one in the file.
        let back = project_file::from_text(&text, "p".as_ref()).unwrap();
        prop_assert_eq!(project_file::to_text(&back).unwrap(), text);
        for expected in states.iter().rev().skip(1) {
            project = history.undo(&project).unwrap().1;
            prop_assert_eq!(&project, expected);
        }
        prop_assert!(history.undo(&project).is_none());
        for expected in states.iter().skip(1) {
            project = history.redo(&project).unwrap().1;
            prop_assert_eq!(&project, expected);
        }
    }

    #[test]
    fn every_offered_repair_can_be_applied_and_valid_graphs_compile(draws in draws()) {
        let mut graph = Graph::default();
        for draw in &draws {
            let _ = edit(&graph, draw).apply(&mut graph);
        }
        for data in signatures() {
            let found = infer(&graph, Some(&data));
            for repair in found.problems.iter().flat_map(|p| &p.repairs) {
                let mut repaired = graph.clone();
                prop_assert!(repair.edit.apply(&mut repaired).is_ok(), "{:?}", repair);
            }
            // Very large networks are valid drawings too; compiling says only how, but allocates nothing.
            let compiled = glassbox::engine::compile(&graph, &data, &TrainingSpec::default(), glassbox::engine::Mode::Train);
            // Without a Loss there is nothing to train, but all the same something to compute.
            let expected = found.is_valid() || found.is_forward_only();
            prop_assert_eq!(compiled.is_ok(), expected, "{:?}", compiled.err().map(|e| e.to_string()));
        }
    }

    #[test]
    fn a_mangled_project_file_never_panics(cut in 0usize..3000, at in 0usize..3000, byte in any::<u8>()) {
        let project = glassbox::model::templates::build("digits-cnn").unwrap();
        let mut bytes = project_file::to_text(&project).unwrap().into_bytes();
        let len = bytes.len();
        bytes[at % len] = byte;
        bytes.truncate(len - cut % len);
        let _ = project_file::from_text(&String::from_utf8_lossy(&bytes), "p".as_ref());
    }
}
