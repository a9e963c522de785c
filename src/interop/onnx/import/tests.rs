//! Files whose outputs are known to be right, computed by the Machine: the cases that the package onnx carries, and
//! networks that torch exports, through `scripts/onnx_cases.py`. And files that are broken.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

use super::*;
use crate::engine::{Device, Machine, Precision, ValueId};
use crate::files::Values;
use crate::interop::frameworks::python_with;
use crate::interop::onnx::proto::Entry;
use crate::model::layer::{Flatten, LayerKind, Loss};
use crate::model::{DataSignature, End, Shape, Task, TrainingSpec, infer};

/// Numbers with the samples in front, and their other sizes.
struct Batch {
    rows: usize,
    numbers: Vec<f32>,
}

/// `[..., batch, ...]` with the batch in front.
fn batch_first(dims: &[usize], numbers: &[f32], batch: usize) -> Batch {
    let rows = dims.get(batch).copied().unwrap_or(1);
    let (before, after): (usize, usize) = (dims[..batch].iter().product(), dims[batch + 1..].iter().product());
    let at = |row: usize, b: usize, a: usize| numbers[(b * rows + row) * after + a];
    let turned = (0..rows)
        .flat_map(|row| (0..before).flat_map(move |b| (0..after).map(move |a| at(row, b, a))).collect::<Vec<_>>());
    Batch { rows, numbers: turned.collect() }
}

/// What the data holds, as a session would say it of one sample.
fn signature(arrived: &Arrived, task: Task) -> DataSignature {
    let inputs = arrived.graph.layers().filter_map(|layer| match &layer.kind {
        LayerKind::Input(input) => Some(input.columns.clone()),
        _ => None,
    });
    let several = arrived.inputs.len() > 1;
    let names = inputs
        .zip(&arrived.inputs)
        .flat_map(|(columns, shape)| (0..shape.len()).map(move |at| format!("{columns}[{at}]")).collect::<Vec<_>>());
    let names = if several { names.collect() } else { Vec::new() };
    let total = arrived.inputs.iter().map(Shape::len).sum();
    let input = if several { Shape::row(total) } else { arrived.inputs[0].clone() };
    DataSignature { weighted: false, input, task, names }
}

/// The numbers that leave one of the file's outputs.
fn computed(arrived: &Arrived, (layer, port): (LayerId, usize), samples: &[f32]) -> Result<Vec<f32>, String> {
    let mut graph = arrived.graph.clone();
    let found = infer(&graph, Some(&signature(arrived, Task::Numbers(1))));
    let shape = found.outputs.get(&layer).and_then(|shapes| shapes.get(port)).ok_or("no shape leaves")?.clone();
    let mut end = End::at(layer, port);
    if shape.rank() != 1 {
        let flat = graph.add(Flatten {}.into(), [0.0; 2]);
        graph.connect(end, flat).unwrap();
        end = flat.into();
    }
    let loss = graph.add(Loss::default().into(), [0.0; 2]);
    graph.connect(end, loss).unwrap();
    let signature = signature(arrived, Task::Numbers(shape.len()));
    let problems = infer(&graph, Some(&signature)).problems;
    if let Some(problem) = problems.first() {
        return Err(problem.message.clone());
    }
    let training = TrainingSpec::default();
    let mut machine = Machine::new(&graph, &signature, &training, Device::Cpu, Precision::F32).unwrap();
    let states: Vec<_> = machine.program().values.iter().map(|value| value.name.clone()).enumerate().collect();
    for tensor in &arrived.weights {
        let Values::F32(values) = &tensor.values else { panic!("{} isn't in single precision", tensor.name) };
        let numbers: Vec<f64> = values.iter().copied().map(f64::from).collect();
        // What leads to no output is not computed.
        if let Some((at, _)) = states.iter().find(|(_, name)| *name == tensor.name) {
            machine.write_f64(ValueId(*at as u32), &tensor.dims, &numbers).unwrap();
        }
    }
    let rows = samples.len() / signature.input.len();
    machine.predict(samples, rows).map_err(|error| error.to_string())
}

fn deviation(got: &[f32], wanted: &[f32]) -> f32 {
    if got.len() != wanted.len() {
        return f32::INFINITY;
    }
    let largest =
        wanted.iter().filter(|number| number.is_finite()).fold(1e-3f32, |most, number| most.max(number.abs()));
    got.iter().zip(wanted).fold(0.0, |most, (got, wanted)| {
        let same = got == wanted || (got.is_nan() && wanted.is_nan());
        if same { most } else { most.max(((got - wanted).abs() / largest).max(if got.is_nan() { 1e9 } else { 0.0 })) }
    })
}

/// What became of a case.
enum Outcome {
    Passed,
    /// The reason why it does not apply.
    Foreign(String),
    Wrong(String),
}

fn array(folder: &Path, told: &Json) -> (Vec<usize>, Vec<f32>) {
    let dims = told["dims"].as_array().unwrap().iter().map(|size| size.as_u64().unwrap() as usize).collect();
    let bytes = std::fs::read(folder.join(told["file"].as_str().unwrap())).unwrap();
    (dims, bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

fn tried(folder: &Path, case: &Json) -> Outcome {
    if let Some(why) = case["why"].as_str() {
        let words = format!("{}.", capital(why));
        return Outcome::Foreign(words);
    }
    let bytes = std::fs::read(folder.join(case["model"].as_str().unwrap())).unwrap();
    let (arrived, (leaving, batches)) = match with_ends(bytes, "case", Some(folder)) {
        Ok(read) => read,
        Err(why) => return Outcome::Foreign(why.to_string()),
    };
    if let Some(foreign) = arrived.report.findings.iter().find(|finding| finding.fate == Fate::Foreign) {
        return Outcome::Foreign(foreign.words.clone());
    }
    if case["outputs"].as_array().unwrap().iter().any(|told| array(folder, told).1.is_empty()) {
        return Outcome::Foreign("It computes nothing of nothing.".into());
    }
    let inputs: Vec<_> = case["inputs"].as_object().unwrap().values().map(|told| array(folder, told)).collect();
    if inputs.iter().any(|(_, numbers)| numbers.is_empty()) {
        return Outcome::Foreign("Nothing enters it.".into());
    }
    if leaving.is_empty() || inputs.is_empty() || batches.len() != inputs.len() {
        return Outcome::Foreign("Nothing is computed of what enters.".into());
    }
    let mut parts = Vec::new();
    for ((dims, numbers), &batch) in inputs.iter().zip(&batches) {
        if batch >= dims.len() {
            return Outcome::Foreign("What enters has no axis of samples.".into());
        }
        parts.push(batch_first(dims, numbers, batch));
    }
    let rows = parts[0].rows;
    if parts.iter().any(|part| part.rows != rows) {
        return Outcome::Foreign("Its inputs have different numbers of samples.".into());
    }
    let mut samples = Vec::new();
    for row in 0..rows {
        for part in &parts {
            let each = part.numbers.len() / part.rows.max(1);
            samples.extend_from_slice(&part.numbers[row * each..(row + 1) * each]);
        }
    }
    let wanted = case["outputs"].as_array().unwrap();
    for (at, ((layer, port, batch), told)) in leaving.iter().zip(wanted).enumerate() {
        let (dims, numbers) = array(folder, told);
        if *batch >= dims.len() {
            return Outcome::Wrong(format!("output {at} has no axis of samples"));
        }
        let wanted = batch_first(&dims, &numbers, *batch).numbers;
        match computed(&arrived, (*layer, *port), &samples) {
            Err(why) => return Outcome::Wrong(why),
            Ok(got) => {
                let differs = deviation(&got, &wanted);
                // Its numbers stand in onnx with four digits.
                let is_rough = case["name"] == "test_averagepool_2d_ceil_last_window_starts_on_pad";
                if differs > if is_rough { 1e-3 } else { 1e-5 } {
                    return Outcome::Wrong(format!(
                        "output {at} differs by {differs:.1e} ({} of {})",
                        got.len(),
                        wanted.len()
                    ));
                }
            }
        }
    }
    Outcome::Passed
}

/// The cases, made by the script; `None` (after saying so) where there is no Python for that.
fn cases(what: &str, modules: &[&str], test: &str) -> Option<tempfile::TempDir> {
    let python = python_with(modules, test)?;
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/onnx_cases.py");
    let output = Command::new(python).arg(script).arg(folder.path()).arg(what).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(folder)
}

#[test]
fn cases_of_onnx_that_apply_come_out_right() {
    let Some(kept) = cases("backend", &["onnx"], "cases_of_onnx_that_apply_come_out_right") else { return };
    let folder = kept.path();
    let all: Vec<Json> = serde_json::from_str(&std::fs::read_to_string(folder.join("cases.json")).unwrap()).unwrap();
    let mut by_operator: Counts = Counts::new();
    let (mut wrong, mut reasons, mut suites) = (Vec::new(), Vec::new(), Counts::new());
    for case in &all {
        let operators: Vec<&str> = case["operators"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
        let known = operators.iter().all(|operator| is_known(operator));
        let fate = tried(folder, case);
        let name = format!("{} {}", case["suite"].as_str().unwrap(), case["name"].as_str().unwrap());
        let count = |all: &mut [usize; 3]| {
            all[0] += 1;
            all[1] += usize::from(!matches!(fate, Outcome::Foreign(_)));
            all[2] += usize::from(matches!(fate, Outcome::Passed));
        };
        if known {
            operators.iter().for_each(|operator| count(by_operator.entry((*operator).to_owned()).or_default()));
        }
        count(suites.entry(case["suite"].as_str().unwrap().to_owned()).or_default());
        match fate {
            Outcome::Passed => {}
            Outcome::Foreign(why) if known => reasons.push((case["name"].as_str().unwrap().to_owned(), why)),
            Outcome::Foreign(_) => {}
            Outcome::Wrong(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/onnx.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}\n{}{END}{after}", table(&suites, &by_operator, &reasons));
    let is_written = std::env::var_os("GLASSBOX_WRITE_DOCS").is_some();
    if is_written {
        std::fs::write(&path, &wanted).unwrap();
    }
    assert!(is_written || page == wanted, "docs/onnx.md is out of date: GLASSBOX_WRITE_DOCS=1 writes it");
}

const BEGIN: &str = "<!-- cases: written by a test -->";
const END: &str = "<!-- end of cases -->";

type Counts = BTreeMap<String, [usize; 3]>;

fn table(suites: &Counts, operators: &Counts, reasons: &[(String, String)]) -> String {
    let mut text = String::from("\n| cases | exist | apply | pass |\n| --- | --- | --- | --- |\n");
    for (name, [exist, apply, pass]) in suites {
        text += &format!("| `{name}` | {exist} | {apply} | {pass} |\n");
    }
    text += "\n| operator | exist | apply | pass |\n| --- | --- | --- | --- |\n";
    for (name, [exist, apply, pass]) in operators {
        text += &format!("| {name} | {exist} | {apply} | {pass} |\n");
    }
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    reasons.iter().for_each(|(name, why)| by_reason.entry(why).or_default().push(name));
    text += "\nOf operators that are read, these cases do not apply:\n\n";
    for (why, names) in by_reason {
        text += &format!("- {why} {}\n", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "));
    }
    text + "\n"
}

#[test]
fn networks_that_torch_exports_come_out_right() {
    let modules = ["torch", "torchvision", "onnxscript"];
    let Some(folder) = cases("models", &modules, "networks_that_torch_exports_come_out_right") else { return };
    let text = std::fs::read_to_string(folder.path().join("cases.json")).unwrap();
    let all: Vec<Json> = serde_json::from_str(&text).unwrap();
    let mut wrong = Vec::new();
    for case in &all {
        let name = case["name"].as_str().unwrap();
        match tried(folder.path(), case) {
            Outcome::Passed => println!("{name}: the same"),
            Outcome::Foreign(why) if FOREIGN.iter().any(|(of, words)| name == *of && why.starts_with(words)) => {}
            Outcome::Foreign(why) | Outcome::Wrong(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// What Glassbox has no layer for, of the networks that torch exports, and why.
const FOREIGN: &[(&str, &str)] = &[
    (
        "encoder (dynamo=False)",
        "Scaled_dot_product_attention(): argument 'is_causal' (position 6) must be bool, not Tensor.",
    ),
    ("vision transformer (dynamo=False)", "It mixes samples with other axes."),
    ("RNN (dynamo=True)", "A constant of several numbers is part of it."),
    ("RNN both (dynamo=True)", "It skips or reverses what it keeps."),
    ("norms (dynamo=False)", "Unsupported: ONNX export of operator adaptive_avg_pool2d"),
    ("norms (dynamo=True)", "Glassbox has no such layer."),
];

/// A file of one operator, `y` of `x` `[batch, 4]`.
fn file(nodes: Vec<Node>, constants: Vec<Tensor>) -> Vec<u8> {
    let graph = Graph {
        node: nodes,
        initializer: constants,
        input: vec![ValueInfo::batched("x", &[4], None)],
        output: vec![ValueInfo::batched("y", &[4], None)],
        ..Graph::default()
    };
    Model { graph: Some(graph), ..Model::default() }.encode_to_vec()
}

fn node(kind: &str, input: &[&str], output: &str) -> Node {
    Node {
        op_type: Some(kind.to_owned()),
        input: input.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.to_owned()],
        ..Node::default()
    }
}

fn refused(bytes: Vec<u8>) -> String {
    parse(bytes, "broken", None).unwrap_err().to_string()
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let relu = || node("Relu", &["x"], "y");
    assert!(parse(file(vec![relu()], Vec::new()), "good", None).is_ok());
    let circle = file(vec![node("Add", &["x", "z"], "y"), node("Relu", &["y"], "z")], Vec::new());
    assert_eq!(refused(circle), "This isn't an ONNX file that can be read: its operators go in a circle at y.");
    assert!(refused(file(vec![node("Relu", &["w"], "y")], Vec::new())).contains("nothing makes the value w"));
    assert!(refused(file(vec![relu(), relu()], Vec::new())).contains("two operators make the value y"));
    let short = Tensor { dims: vec![5], ..Tensor::floats("w", &[4], &[0.0; 4]) };
    assert!(refused(file(vec![node("Add", &["x", "w"], "y")], vec![short])).contains("w should have 5 numbers"));
    let huge = Tensor { dims: vec![1 << 40, 1 << 40], ..Tensor::floats("w", &[4], &[0.0; 4]) };
    assert!(refused(file(vec![node("Add", &["x", "w"], "y")], vec![huge])).contains("w is too large"));
    let entry = |value: &str| vec![Entry { key: Some("location".into()), value: Some(value.into()) }];
    let outside = |value: &str| Tensor {
        external_data: entry(value),
        data_location: Some(1),
        raw_data: None,
        ..Tensor::floats("w", &[4], &[0.0; 4])
    };
    for location in ["../secret", "/etc/passwd", ""] {
        let bytes = file(vec![node("Add", &["x", "w"], "y")], vec![outside(location)]);
        assert!(refused(bytes).contains("isn't in the same folder"), "{location}");
    }
    let folder = tempfile::tempdir().unwrap();
    let bytes = file(vec![node("Add", &["x", "w"], "y")], vec![outside("w.bin")]);
    let read = || parse(bytes.clone(), "outside", Some(folder.path()));
    assert!(read().unwrap_err().to_string().contains("must be beside this one"));
    std::fs::write(folder.path().join("w.bin"), [0u8; 12]).unwrap();
    assert!(read().unwrap_err().to_string().contains("too short"));
    std::fs::write(folder.path().join("w.bin"), [0u8; 16]).unwrap();
    assert_eq!(read().unwrap().report.count(Fate::Foreign), 0);
    for junk in [&b""[..], b"version https://git-lfs.github.com/spec/v1\n", b"<!DOCTYPE html><html>"] {
        assert!(refused(junk.to_vec()).starts_with("This isn't an ONNX file"), "{junk:?}");
    }
}

#[test]
fn what_glassbox_has_no_layer_for_stands_in_its_place() {
    let bytes =
        file(vec![node("Relu", &["x"], "h"), node("Mystery", &["h"], "g"), node("Tanh", &["g"], "y")], Vec::new());
    let arrived = parse(bytes, "foreign", None).unwrap();
    let titles: Vec<_> = arrived.graph.layers().map(|layer| layer.name.as_str()).collect();
    assert_eq!(titles, ["Input", "ReLU 1", "Mystery 1", "Tanh 1"]);
    let fates: Vec<_> = arrived.report.findings.iter().map(|finding| finding.fate).collect();
    assert_eq!(fates, [Fate::Exact, Fate::Foreign, Fate::Exact]);
    let named = |id: &crate::model::LayerId| arrived.graph.layer(*id).unwrap().name.clone();
    let layers: Vec<Vec<String>> =
        arrived.report.findings.iter().map(|finding| finding.layers.iter().map(named).collect()).collect();
    assert_eq!(layers, [["ReLU 1"], ["Mystery 1"], ["Tanh 1"]]);
}

#[test]
fn a_real_file_with_graphs_inside_is_shown_with_what_is_foreign_named() {
    let Some(model) = crate::data::test_data::test_data("models/silero_vad_16k_op15.onnx") else { return };
    let arrived = read(&model).unwrap();
    assert_eq!(arrived.format, "ONNX, operator set 15");
    let foreign = arrived.report.findings.iter().filter(|finding| finding.fate == Fate::Foreign);
    assert!(foreign.clone().any(|finding| finding.what.starts_with("If ")), "{:?}", foreign.collect::<Vec<_>>());
}

/// A network in nodes of single operators: the parts are one layer again.
#[test]
fn layers_that_were_taken_apart_are_put_together() {
    let mut nodes = vec![node("Erf", &["scaled"], "erf"), node("Mul", &["x", "root"], "scaled")];
    nodes.push(node("Add", &["erf", "one"], "share"));
    nodes.push(node("Mul", &["x", "share"], "twice"));
    nodes.push(node("Mul", &["twice", "half"], "y"));
    let number = |name: &str, number: f32| Tensor::floats(name, &[], &[number]);
    let constants = vec![number("root", std::f32::consts::FRAC_1_SQRT_2), number("one", 1.0), number("half", 0.5)];
    let arrived = parse(file(nodes, constants), "gelu", None).unwrap();
    let kinds: Vec<_> = arrived.graph.layers().map(|layer| layer.kind.key()).collect();
    assert_eq!(kinds, ["input", "gelu"]);
}
