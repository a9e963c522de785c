//! Blocks: what they unfold to, that grouping changes no number, that repetitions have weights of their own, and what
//! is said of one whose ends don't fit.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use glassbox::data::Batch;
use glassbox::engine::{Device, Machine, Mode, Precision, Role, compile};
use glassbox::model::layer::{
    Activation, Add, BatchNorm, Concat, Conv2d, Dense, Dropout, Flatten, Input, LayerKind, Loss, MaxPool2d,
};
use glassbox::model::{
    DataSignature, Edit, Graph, History, LayerId, Optimiser, ParamValue, Project, Shape, Subject, Task, TrainingSpec,
    differences, infer,
};
use glassbox::persist::project_file;

fn dense(units: usize) -> LayerKind {
    Dense { units, activation: Activation::Tanh, l2: 0.01, ..Dense::default() }.into()
}

/// Input, Dense 1, a residual around Dense 2, Dropout and Dense 3, Dense 4, Loss.
fn residual() -> Graph {
    let mut graph = Graph::default();
    let mut x = graph.add(Input::default().into(), [0.0; 2]);
    let next = |graph: &mut Graph, kind: LayerKind, x: &mut f32| {
        *x += 216.0;
        graph.add(kind, [*x, 0.0])
    };
    let mut at = 0.0;
    for kind in [dense(6), dense(5), Dropout { rate: 0.3, ..Dropout::default() }.into(), dense(6)] {
        let id = next(&mut graph, kind, &mut at);
        graph.connect(x, id).unwrap();
        x = id;
    }
    let sum = next(&mut graph, Add {}.into(), &mut at);
    graph.connect(graph.find("Dense 1").unwrap().id, sum).unwrap();
    graph.connect(x, sum).unwrap();
    let last = next(&mut graph, Dense { units: 3, ..Dense::default() }.into(), &mut at);
    graph.connect(sum, last).unwrap();
    let loss = next(&mut graph, Loss::default().into(), &mut at);
    graph.connect(last, loss).unwrap();
    graph
}

fn id(graph: &Graph, name: &str) -> LayerId {
    graph.find(name).unwrap_or_else(|| panic!("no {name}")).id
}

fn ids(graph: &Graph, names: &[&str]) -> Vec<LayerId> {
    names.iter().map(|name| id(graph, name)).collect()
}

fn group(graph: &mut Graph, names: &[&str]) -> LayerId {
    Edit::Group(ids(graph, names)).apply(graph).unwrap()[0]
}

fn repeat(graph: &mut Graph, block: LayerId, times: i64) {
    let edit = Edit::SetParam { layer: block, key: "repeat".into(), value: ParamValue::Int(times) };
    edit.apply(graph).unwrap();
}

fn signature() -> DataSignature {
    DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![4]), task: Task::Classes(3) }
}

fn batch(len: usize) -> Batch {
    let inputs = (0..len * 4).map(|i| ((i * 37) % 19) as f32 / 9.0 - 1.0).collect();
    let targets = (0..len).map(|i| (i % 3) as f32).collect();
    Batch { len, inputs, targets, rows: (0..len as u32).collect(), ..Batch::default() }
}

const WHOLE: [&str; 4] = ["Dense 2", "Dropout 1", "Dense 3", "Add 1"];

fn machine(graph: &Graph, precision: Precision, training: &TrainingSpec) -> Machine {
    Machine::new(graph, &signature(), training, Device::Cpu, precision).unwrap()
}

fn listing(graph: &Graph) -> String {
    compile(graph, &signature(), &TrainingSpec::default(), Mode::Train).unwrap().listing()
}

#[test]
fn grouping_and_ungrouping_change_neither_program_nor_numbers() {
    let flat = residual();
    let mut grouped = flat.clone();
    let block = group(&mut grouped, &WHOLE);
    let found = infer(&grouped, Some(&signature()));
    assert!(found.is_valid(), "{:?}", found.problems);
    assert_eq!(found.parameter_count(), infer(&flat, Some(&signature())).parameter_count());
    assert_eq!(found.shapes[&block].0, [6]);
    assert_eq!(grouped.inside(None).count(), 5, "Input, Dense 1, Block 1, Dense 4, Loss");
    assert_eq!(listing(&grouped), listing(&flat));
    let mut nested = grouped.clone();
    group(&mut nested, &["Dense 2", "Dropout 1"]);
    group(&mut nested, &["Dense 1", "Block 1"]);
    assert_eq!(listing(&nested), listing(&flat));
    let [mut a, mut b] = [&flat, &nested].map(|graph| machine(graph, Precision::F32, &TrainingSpec::default()));
    for _ in 0..5 {
        a.run_step(&batch(7)).unwrap();
        b.run_step(&batch(7)).unwrap();
    }
    assert!(a.snapshot().unwrap() == b.snapshot().unwrap());
    for name in ["Block 3", "Block 1", "Block 2"] {
        let block = id(&nested, name);
        Edit::Ungroup(block).apply(&mut nested).unwrap();
    }
    assert_eq!(listing(&nested), listing(&flat));
    assert!(!nested.has_blocks() && nested.len() == flat.len());
}

#[test]
fn repetitions_have_weights_and_initial_numbers_of_their_own() {
    let mut graph = residual();
    let block = group(&mut graph, &WHOLE);
    repeat(&mut graph, block, 3);
    let found = infer(&graph, Some(&signature()));
    assert!(found.is_valid(), "{:?}", found.problems);
    let machine = machine(&graph, Precision::F32, &TrainingSpec::default());
    let program = machine.program();
    let read = |name: &str| {
        let id = program.find(name).unwrap_or_else(|| panic!("no {name} in {}", program.listing()));
        machine.read(id).unwrap().data
    };
    let all = ["dense_2.weight", "dense_2.2.weight", "dense_2.3.weight"].map(read);
    assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
    let trained = program.ids().filter(|(_, value)| value.role == Role::Parameter);
    let counted: usize = trained.map(|(_, value)| value.shape.dims.iter().product::<usize>()).sum();
    assert_eq!(counted, found.parameter_count());
    assert_eq!(found.parameter_counts[&block], 3 * (6 * 5 + 5 + 5 * 6 + 6));
    assert!(program.listing().contains("(Dense 2 #3)"), "{}", program.listing());
    assert_eq!(glassbox::trainer::locate(program, "block_1"), glassbox::trainer::locate(program, "add_1.3"));
    // The first repetition is what stood there before.
    let flat = self::machine(&residual(), Precision::F32, &TrainingSpec::default());
    let before = flat.read(flat.program().find("dense_2.weight").unwrap()).unwrap().data;
    assert_eq!(all[0], before);
}

#[test]
fn gradients_through_repetitions_agree_with_finite_differences() {
    let mut graph = residual();
    let inner = group(&mut graph, &["Dense 2", "Dropout 1", "Dense 3"]);
    repeat(&mut graph, inner, 2);
    let outer = group(&mut graph, &["Block 1", "Add 1"]);
    repeat(&mut graph, outer, 2);
    let training = TrainingSpec { learning_rate: 0.0, optimiser: Optimiser::sgd(), ..TrainingSpec::default() };
    let mut machine = machine(&graph, Precision::F64, &training);
    let parameters: Vec<_> =
        machine.program().ids().filter(|(_, v)| v.role == Role::Parameter).map(|(id, _)| id).collect();
    assert_eq!(parameters.len(), 2 * (2 + 4 * 2), "weights and biases of Dense 1, Dense 4 and 4 times 2");
    let batch = batch(5);
    // Every step draws other masks: all differences are of the same one.
    let start = machine.snapshot().unwrap();
    for id in parameters {
        machine.restore(&start).unwrap();
        machine.run_step(&batch).unwrap();
        let name = machine.program().name(id).to_owned();
        let gradient = machine.read_f64(machine.program().gradients[&id]).unwrap().1;
        let (dims, numbers) = machine.read_f64(id).unwrap();
        for i in (0..numbers.len()).step_by(numbers.len().div_ceil(8)) {
            let mut ahead = |delta: f64| {
                machine.restore(&start).unwrap();
                let mut moved = numbers.clone();
                moved[i] += delta;
                machine.write_f64(id, &dims, &moved).unwrap();
                machine.run_step(&batch).unwrap().total_loss
            };
            let expected = (ahead(1e-5) - ahead(-1e-5)) / 2e-5;
            assert!((gradient[i] - expected).abs() < 1e-8, "{name}[{i}]: {}, not {expected}", gradient[i]);
        }
    }
}

#[test]
fn an_unrolled_block_computes_what_the_block_did() {
    let mut graph = residual();
    let block = group(&mut graph, &WHOLE);
    repeat(&mut graph, block, 3);
    let mut unrolled = graph.clone();
    Edit::Ungroup(block).apply(&mut unrolled).unwrap();
    assert!(!unrolled.has_blocks());
    let found = infer(&unrolled, Some(&signature()));
    assert!(found.is_valid(), "{:?}", found.problems);
    assert_eq!(found.parameter_count(), infer(&graph, Some(&signature())).parameter_count());
    let ops = |graph: &Graph| -> Vec<&'static str> {
        let program = compile(graph, &signature(), &TrainingSpec::default(), Mode::Train).unwrap();
        program.instructions.iter().map(|instruction| instruction.op.name()).collect()
    };
    assert_eq!(ops(&unrolled), ops(&graph));
}

#[test]
fn edits_are_undone_exactly_and_files_keep_all() {
    let mut project = Project { name: "blocks".into(), graph: residual(), ..Project::default() };
    let (mut history, mut states) = (History::default(), vec![project.clone()]);
    let mut act = |project: &mut Project, edit: Edit| {
        history.record(edit.name(&project.graph), None, project);
        let made = edit.apply(&mut project.graph).unwrap();
        states.push(project.clone());
        made
    };
    let whole = ids(&project.graph, &WHOLE);
    let block = act(&mut project, Edit::Group(whole))[0];
    act(&mut project, Edit::SetParam { layer: block, key: "repeat".into(), value: ParamValue::Int(4) });
    let copy = act(&mut project, Edit::Duplicate { layers: vec![block], offset: [0.0, 300.0] })[0];
    assert_eq!(project.graph.inside(Some(copy)).count(), 6, "four layers and two ends");
    let text = project_file::to_text(&project).unwrap();
    let back = project_file::from_text(&text, "p".as_ref()).unwrap();
    assert_eq!(back, project);
    assert_eq!(project_file::to_text(&back).unwrap(), text);
    act(&mut project, Edit::Ungroup(block));
    act(&mut project, Edit::Remove(vec![copy]));
    for expected in states.iter().rev().skip(1) {
        project = history.undo(&project).unwrap().1;
        assert_eq!(&project, expected);
    }
}

#[test]
fn what_cannot_be_a_block_is_said() {
    let graph = residual();
    let refused = |graph: &Graph, names: &[&str]| {
        let mut tried = graph.clone();
        let error = Edit::Group(ids(graph, names)).apply(&mut tried).unwrap_err().to_string();
        assert_eq!(&tried, graph);
        error
    };
    assert!(refused(&graph, &["Input", "Dense 1"]).starts_with("Input can't go into a Block"));
    assert!(refused(&graph, &["Dense 1", "Dense 3"]).contains("one input"));
    assert_eq!(
        refused(&graph, &["Dense 2", "Add 1"]),
        "A Block has one input, but these layers have two sources: Dense 1 and Dense 3."
    );
    assert_eq!(
        refused(&graph, &["Dense 1", "Dense 2"]),
        "A Block has one output, but other layers use both Dense 1 and Dense 2."
    );
    let chain = glassbox::model::templates::chain(vec![dense(2), dense(3), dense(2)]);
    assert!(refused(&chain, &["Dense 1", "Dense 3"]).contains("one"));
    let mut grouped = graph.clone();
    let block = group(&mut grouped, &WHOLE);
    let (inner, outer) = (id(&grouped, "Dense 2"), id(&grouped, "Dense 1"));
    let error = Edit::Connect { from: outer.into(), to: inner.into() }.apply(&mut grouped).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Dense 1 and Dense 2 aren't in the same Block: wires enter and leave a Block through its card."
    );
    let entry = grouped.entry(block).unwrap();
    assert!(Edit::Remove(vec![entry]).apply(&mut grouped).unwrap_err().to_string().starts_with("In 1 belongs to"));
    let loss = Edit::Add { kind: Loss::default().into(), position: [0.0; 2], inside: Some(block) };
    assert!(loss.apply(&mut grouped).unwrap_err().to_string().starts_with("Loss can't go into a Block"));
    for _ in 0..3 {
        let all = ids(&grouped, &["Dense 2"]);
        Edit::Group(all).apply(&mut grouped).unwrap();
    }
    let again = Edit::Group(ids(&grouped, &["Dense 2"])).apply(&mut grouped).unwrap_err();
    assert_eq!(again.to_string(), "Blocks can be nested at most 4 deep.");
}

#[test]
fn a_block_whose_output_does_not_fit_its_input_says_so_and_is_mended() {
    let data =
        DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![1, 12, 12]), task: Task::Classes(2) };
    let layers = vec![
        Conv2d { filters: 4, ..Conv2d::default() }.into(),
        BatchNorm::default().into(),
        MaxPool2d::default().into(),
        Flatten {}.into(),
        Dense { units: 2, ..Dense::default() }.into(),
    ];
    let mut graph = glassbox::model::templates::chain(layers);
    let block = group(&mut graph, &["Conv 2-D 1", "Batch norm 1", "Max pool 1"]);
    repeat(&mut graph, block, 4);
    let found = infer(&graph, Some(&data));
    let problem = found.layer_problem(block).expect("12 is halved three times at most");
    assert!(
        problem.message.starts_with("Repetition 4 of Block 1 can't take the output of repetition 3"),
        "{problem:?}"
    );
    let labels: Vec<_> = problem.repairs.iter().map(|repair| repair.label.as_str()).collect();
    assert_eq!(labels, ["Set Repetitions of Block 1 to 3"]);
    problem.repairs[0].edit.apply(&mut graph).unwrap();
    assert!(infer(&graph, Some(&data)).is_valid(), "{:?}", infer(&graph, Some(&data)).problems);

    // A residual takes only the width that it puts out.
    let mut graph = residual();
    let block = group(&mut graph, &["Dense 2", "Dropout 1", "Dense 3", "Add 1"]);
    let narrow = Edit::SetParam { layer: id(&graph, "Dense 3"), key: "units".into(), value: ParamValue::Int(7) };
    narrow.apply(&mut graph).unwrap();
    let problem = &infer(&graph, Some(&signature())).problems[0];
    assert_eq!(problem.layer, "Block 1 › Add 1");
    assert!(matches!(problem.place, Subject::Wire(_)));
    assert!(infer(&graph, Some(&signature())).layer_problem(block).is_none());
}

#[test]
fn shapes_may_grow_from_repetition_to_repetition() {
    let mut graph = Graph::default();
    let input = graph.add(Input::default().into(), [0.0; 2]);
    let new = graph.add(dense(3), [216.0, 0.0]);
    let joined = graph.add(Concat {}.into(), [432.0, 0.0]);
    let last = graph.add(dense(3), [648.0, 0.0]);
    let loss = graph.add(Loss::default().into(), [864.0, 0.0]);
    for (from, to) in [(input, new), (input, joined), (new, joined), (joined, last), (last, loss)] {
        graph.connect(from, to).unwrap();
    }
    let block = group(&mut graph, &["Dense 1", "Concat 1"]);
    repeat(&mut graph, block, 5);
    let found = infer(&graph, Some(&signature()));
    assert!(found.is_valid(), "{:?}", found.problems);
    assert_eq!(found.shapes[&block].0, [4 + 5 * 3]);
    assert_eq!(found.shapes[&joined].0, [7], "its card shows the first repetition");
    machine(&graph, Precision::F32, &TrainingSpec::default()).run_step(&batch(4)).unwrap();
}

#[test]
fn too_many_layers_are_refused_in_a_sentence() {
    let mut graph = residual();
    for _ in 0..3 {
        let block = group(&mut graph, &["Dense 2"]);
        repeat(&mut graph, block, 100);
    }
    let problems = infer(&graph, Some(&signature())).problems;
    assert!(problems[0].message.contains("has 1000007 layers"), "{problems:?}");
    assert!(compile(&graph, &signature(), &TrainingSpec::default(), Mode::Train).is_err());
}

#[test]
fn another_number_of_repetitions_keeps_what_is_learned() {
    let mut graph = residual();
    let block = group(&mut graph, &WHOLE);
    repeat(&mut graph, block, 2);
    let mut machine = machine(&graph, Precision::F32, &TrainingSpec::default());
    for _ in 0..3 {
        machine.run_step(&batch(6)).unwrap();
    }
    let before = machine.snapshot().unwrap();
    repeat(&mut graph, block, 4);
    let kept = machine.reconfigure(&graph, &signature(), &TrainingSpec::default()).unwrap();
    let after = machine.snapshot().unwrap();
    assert!(before.tensors.iter().all(|(name, tensor)| after.tensors.get(name) == Some(tensor)));
    assert!(kept.fresh.iter().all(|name| name.contains(".3.") || name.contains(".4.")), "{:?}", kept.fresh);
    assert_eq!(kept.fresh.len(), 2 * 4);
    group(&mut graph, &["Dense 1", "Block 1"]);
    let kept = machine.reconfigure(&graph, &signature(), &TrainingSpec::default()).unwrap();
    assert_eq!(kept.fresh, Vec::<String>::new(), "grouping keeps all");
}

#[test]
fn copies_go_from_level_to_level() {
    let mut graph = residual();
    let block = group(&mut graph, &WHOLE);
    let fragment = Box::new(graph.fragment(&[id(&graph, "Dense 1")].into()));
    let made = Edit::Paste { fragment, offset: [10.0, 10.0], inside: Some(block) }.apply(&mut graph).unwrap();
    assert_eq!(graph.layer(made[0]).unwrap().inside, Some(block));
    let fragment = Box::new(graph.fragment(&[block].into()));
    let made = Edit::Paste { fragment, offset: [0.0, 300.0], inside: Some(block) }.apply(&mut graph).unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!(graph.around(graph.entry(made[0]).unwrap()), [block, made[0]]);
    let fragment = Box::new(graph.fragment(&[id(&graph, "Input")].into()));
    assert!(Edit::Paste { fragment, offset: [0.0; 2], inside: Some(block) }.apply(&mut graph).is_err());
}

#[test]
fn differences_tell_of_blocks_in_words() {
    let before = Project { graph: residual(), ..Project::default() };
    let mut after = before.clone();
    let block = group(&mut after.graph, &WHOLE);
    let words = |a: &Project, b: &Project| differences(a, b).iter().map(ToString::to_string).collect::<Vec<_>>();
    let told = words(&before, &after);
    assert!(told.contains(&"block + 1 repetitions".to_owned()), "{told:?}");
    assert!(told.contains(&"Dense 2 in the network → in Block 1".to_owned()), "{told:?}");
    assert!(!told.iter().any(|words| words.contains("wire") || words.contains("In 1")), "{told:?}");
    let mut more = after.clone();
    repeat(&mut more.graph, block, 4);
    assert_eq!(words(&after, &more), ["Block 1 1 → 4 repetitions"]);
}

#[test]
fn files_with_impossible_blocks_are_refused() {
    let mut project = Project { name: "blocks".into(), graph: residual(), ..Project::default() };
    let block = group(&mut project.graph, &WHOLE);
    let text = project_file::to_text(&project).unwrap();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        project_file::from_text(&text.replacen(from, to, 1), "p".as_ref()).unwrap_err().to_string()
    };
    let inside = format!("\"inside\": {}", block.0);
    assert!(text.contains(&inside), "{text}");
    assert!(refused(&inside, "\"inside\": 1").contains("isn't a Block"));
    assert!(
        refused("\"kind\": \"block_output\"", "\"kind\": \"relu\"").contains("one block_input and one block_output")
    );
    assert!(refused("\"repeat\": 1", "\"repeat\": 0").contains("Repetitions must be between 1 and 100"));
}
