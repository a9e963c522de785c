//! Networks written as ONNX and run by ONNX Runtime, through `scripts/check_onnx.py`: the outputs are those of the
//! Machine. Not run where no Python has onnxruntime.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use glassbox::data::{self, NoProgress};
use glassbox::engine::{Device, Machine, Precision, ValueId};
use glassbox::files::{NamedTensor, Values};
use glassbox::interop::{Fate, Network, Node, onnx};
use glassbox::model::layer::{Activation, Concat, Dense, Input, LayerKind, Loss, Lstm, MultiHeadAttention, Recurrence};
use glassbox::model::templates;
use glassbox::model::{DataSignature, End, Graph, ParamValue, Shape, Task, TrainingSpec};
use serde_json::{Map, Value, json};
use support::frameworks::python_with;
use support::random_graphs::{Chance, Drawn};

const NETWORKS: u64 = 600;

/// One with onnx and onnxruntime.
fn python(test: &str) -> Option<PathBuf> {
    python_with(&["onnx", "onnxruntime"], test)
}

/// Files with what should leave them.
struct Cases {
    folder: tempfile::TempDir,
    all: Vec<Value>,
}

impl Cases {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), all: Vec::new() }
    }

    fn numbers(&self, name: &str, dims: &[usize], numbers: &[f32]) -> Value {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
        json!({ "file": name, "dims": dims })
    }

    /// A network with the weights of a machine; what leaves it for these samples.
    fn add(&mut self, name: &str, graph: &Graph, machine: &Machine, signature: &DataSignature, samples: &[f32]) {
        self.add_beside(name, graph, [machine, machine], signature, samples);
    }

    /// As [`Self::add`], beside the same in double precision: where single precision itself is far off, or the next
    /// number gives something else (a norm of next to nothing), so may ONNX Runtime.
    fn add_beside(
        &mut self,
        name: &str,
        graph: &Graph,
        [machine, exact]: [&Machine; 2],
        signature: &DataSignature,
        samples: &[f32],
    ) {
        let rows = samples.len() / signature.input.len();
        let network = Network::new(graph, signature).unwrap();
        let bytes = onnx::write(&network, name, &weights(machine)).unwrap_or_else(|why| panic!("{name}: {why}"));
        let at = self.all.len();
        std::fs::write(self.folder.path().join(format!("{at}.onnx")), bytes).unwrap();
        let mut inputs = Map::new();
        for node in network.inputs() {
            let LayerKind::Input(input) = &node.kind else { continue };
            let width = signature.input.len();
            let places = input.places(signature).unwrap().unwrap_or_else(|| (0..width).collect());
            let own: Vec<f32> =
                (0..rows).flat_map(|row| places.iter().map(move |place| samples[row * width + place])).collect();
            let dims: Vec<usize> = std::iter::once(rows).chain(node.output().0.iter().copied()).collect();
            inputs.insert(node.slug.clone(), self.numbers(&format!("{at}.{}", node.slug), &dims, &own));
        }
        let mut outputs = Vec::new();
        let answers = network.losses().into_iter().filter_map(|(node, _)| node.inputs[0]);
        for (i, answer) in answers.enumerate() {
            let node = &network.nodes[answer.node];
            let dims: Vec<usize> = std::iter::once(rows).chain(node.leaving[answer.port].0.iter().copied()).collect();
            let numbers = if i == 0 && network.losses().len() == 1 {
                machine.predict(samples, rows).unwrap()
            } else {
                machine.layer_outputs(samples, rows, &[node.id]).unwrap()[&node.id].data.to_vec()
            };
            let mut told = self.numbers(&format!("{at}.out{i}"), &dims, &numbers);
            if i == 0 && network.losses().len() == 1 {
                let wanted = exact.predict(samples, rows).unwrap();
                // An embedding takes whole numbers only.
                let moved = exact.predict(&next_to(samples), rows).unwrap_or_else(|_| wanted.clone());
                // ONNX Runtime takes an instance norm as x · s − mean · s, which loses digits where all x are alike.
                let is_rough = |node: &Node| matches!(node.kind, LayerKind::InstanceNorm(_) | LayerKind::GroupNorm(_));
                let rough = if network.nodes.iter().any(is_rough) { 2e-5 } else { 0.0 };
                told["own"] = json!(off(&numbers, &wanted).max(off(&moved, &wanted)).max(rough));
            }
            outputs.push(told);
        }
        self.all.push(json!({ "name": name, "model": format!("{at}.onnx"), "inputs": inputs, "outputs": outputs }));
    }

    fn check(&self, python: &Path) {
        let path = self.folder.path();
        std::fs::write(path.join("cases.json"), Value::from(self.all.clone()).to_string()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/check_onnx.py");
        let output = Command::new(python).arg(script).arg(path).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("{said}");
        assert!(output.status.success(), "{said}");
    }
}

/// The neighbours of these numbers, above and below in turn: what single precision takes for the same.
fn next_to(samples: &[f32]) -> Vec<f32> {
    samples.iter().enumerate().map(|(at, x)| if at % 2 == 0 { x.next_up() } else { x.next_down() }).collect()
}

/// How far single precision is off, relative to the largest magnitude.
fn off(numbers: &[f32], exact: &[f32]) -> f32 {
    let largest = exact.iter().fold(1e-3f32, |most, number| most.max(number.abs()));
    numbers.iter().zip(exact).fold(0.0, |most, (number, exact)| most.max((number - exact).abs() / largest))
}

fn weights(machine: &Machine) -> Vec<NamedTensor> {
    let program = machine.program();
    let states = program.values.iter().enumerate().filter(|(_, value)| value.role.is_state());
    let named = states.map(|(i, value)| {
        let (dims, numbers) = machine.read_f64(ValueId(i as u32)).unwrap();
        NamedTensor { name: value.name.clone(), dims, values: Values::F64(numbers) }
    });
    named.collect()
}

/// Running statistics as after some training.
fn stir(machine: &mut Machine, chance: &mut Chance) {
    let program = machine.program();
    let running = program.values.iter().enumerate().filter(|(_, value)| value.name.contains(".running_"));
    let running: Vec<_> = running.map(|(i, value)| (ValueId(i as u32), value.name.ends_with("var"))).collect();
    for (id, is_variance) in running {
        let (dims, numbers) = machine.read_f64(id).unwrap();
        let number = |_| if is_variance { 1.0 + chance.number(0.9) } else { chance.number(1.0) };
        let moved: Vec<f64> = numbers.iter().map(number).collect();
        machine.write_f64(id, &dims, &moved).unwrap();
    }
}

fn samples(chance: &mut Chance, rows: usize, signature: &DataSignature) -> Vec<f32> {
    (0..rows * signature.input.len()).map(|_| chance.number(2.0) as f32).collect()
}

fn machine(graph: &Graph, signature: &DataSignature) -> Machine {
    Machine::new(graph, signature, &TrainingSpec::default(), Device::Cpu, Precision::F32).unwrap()
}

#[test]
fn templates_compute_the_same_in_onnx_runtime() {
    let Some(python) = python("templates_compute_the_same_in_onnx_runtime") else { return };
    let (mut cases, mut chance) = (Cases::new(), Chance(3));
    for template in templates::TEMPLATES {
        // Those that are made of a person's files are of the same layers.
        let Some(project) = templates::build(template.key) else { continue };
        let signature = data::load(&project.data, Path::new(""), &NoProgress).unwrap().signature();
        let mut machine = machine(&project.graph, &signature);
        stir(&mut machine, &mut chance);
        cases.add(template.key, &project.graph, &machine, &signature, &samples(&mut chance, 3, &signature));
    }
    assert_eq!(cases.all.len(), templates::TEMPLATES.iter().filter(|template| template.needs.is_none()).count());
    cases.check(&python);
}

#[test]
fn any_network_computes_the_same_in_onnx_runtime() {
    let Some(python) = python("any_network_computes_the_same_in_onnx_runtime") else { return };
    let kinds: Vec<_> =
        LayerKind::all().into_iter().filter(|k| !matches!(k, LayerKind::Input(_) | LayerKind::Loss(_))).collect();
    let (mut cases, mut seed) = (Cases::new(), 0);
    while (cases.all.len() as u64) < NETWORKS {
        let wanted = &kinds[cases.all.len() % kinds.len()];
        seed += 1;
        let Some(drawn) = Drawn::new(seed, wanted) else { continue };
        let [machine, exact] = [Precision::F32, Precision::F64].map(|precision| {
            let mut machine = drawn.machine(precision);
            stir(&mut machine, &mut Chance(seed));
            machine
        });
        let inputs = drawn.batches[0].inputs.clone();
        cases.add_beside(&drawn.name, &drawn.graph, [&machine, &exact], &drawn.data, &inputs);
    }
    cases.check(&python);
}

/// Two Inputs with columns of their own, two heads, and ports beside the usual ones.
#[test]
fn several_inputs_heads_and_ports_compute_the_same_in_onnx_runtime() {
    let Some(python) = python("several_inputs_heads_and_ports_compute_the_same_in_onnx_runtime") else { return };
    let names = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let signature = DataSignature { weighted: false, input: Shape::row(4), task: Task::Numbers(2), names };
    let mut graph = Graph::default();
    let ins =
        ["d, a", "b"].map(|columns| graph.add(Input { columns: columns.into(), ..Input::default() }.into(), [0.0; 2]));
    let joined = graph.add(Concat {}.into(), [0.0; 2]);
    for input in ins {
        graph.connect(input, joined).unwrap();
    }
    for activation in [Activation::None, Activation::Tanh] {
        let dense = graph.add(Dense { units: 2, activation, ..Dense::default() }.into(), [0.0; 2]);
        let loss = graph.add(Loss::default().into(), [0.0; 2]);
        graph.connect(joined, dense).unwrap();
        graph.connect(dense, loss).unwrap();
    }
    let (mut cases, mut chance) = (Cases::new(), Chance(5));
    let rows = samples(&mut chance, 3, &signature);
    cases.add("columns", &graph, &machine(&graph, &signature), &signature, &rows);

    let signature =
        DataSignature { weighted: false, input: Shape(vec![5, 4]), task: Task::Numbers(1), names: Vec::new() };
    let mut graph = Graph::default();
    let input = graph.add(Input::default().into(), [0.0; 2]);
    let lstm = graph.add(Lstm { units: 4, bidirectional: true, ..Lstm::default() }.into(), [0.0; 2]);
    let causal = MultiHeadAttention { heads: 2, causal: true, ..MultiHeadAttention::default() };
    let attention = graph.add(causal.into(), [0.0; 2]);
    graph.connect(input, lstm).unwrap();
    graph.connect(End::at(lstm, Recurrence::SEQUENCE), End::at(attention, 0)).unwrap();
    let ends = [LayerKind::from(glassbox::model::layer::Flatten {}), Dense { units: 1, ..Dense::default() }.into()];
    let mut from = End::at(attention, MultiHeadAttention::WEIGHTS);
    for kind in ends.into_iter().chain([Loss::default().into()]) {
        let id = graph.add(kind, [0.0; 2]);
        graph.connect(from, id).unwrap();
        from = id.into();
    }
    let rows = samples(&mut chance, 3, &signature);
    cases.add("ports", &graph, &machine(&graph, &signature), &signature, &rows);
    cases.check(&python);
}

#[test]
fn what_is_missing_is_said_before_anything_is_written() {
    let project = templates::build("xor").unwrap();
    let signature = data::load(&project.data, Path::new(""), &NoProgress).unwrap().signature();
    let network = Network::new(&project.graph, &signature).unwrap();
    let refused = onnx::write(&network, "xor", &[]).unwrap_err();
    assert!(refused.to_string().starts_with("dense_1.weight is missing among the weights"), "{refused}");
}

/// A network that came back from ONNX, with the Loss and the weights that it had.
fn back(bytes: Vec<u8>, drawn: &Graph, signature: &DataSignature) -> (Graph, Machine) {
    let arrived = onnx::parse(bytes, "back", None).unwrap();
    let foreign = arrived.report.findings.iter().find(|finding| finding.fate == Fate::Foreign);
    assert!(foreign.is_none(), "{foreign:?}");
    let mut graph = arrived.graph;
    let ends: Vec<_> = graph.layers().map(|layer| layer.id).filter(|&id| graph.outgoing(id).count() == 0).collect();
    let kind = drawn.main_loss().unwrap().0.kind.clone();
    let loss = graph.add(kind, [0.0; 2]);
    graph.connect(ends[0], loss).unwrap();
    // What the answer is compared with does not leave with the network.
    if drawn.truth_of(drawn.main_loss().unwrap().0.id).is_some() {
        let input = graph.find("Input").unwrap().id;
        graph.connect(input, End::at(loss, Loss::TRUTH)).unwrap();
    }
    let mut machine = machine(&graph, signature);
    let names: Vec<_> = machine.program().values.iter().map(|value| value.name.clone()).collect();
    for tensor in &arrived.weights {
        let at = names.iter().position(|name| *name == tensor.name).unwrap();
        let Values::F32(values) = &tensor.values else { panic!("{} isn't in single precision", tensor.name) };
        let numbers: Vec<f64> = values.iter().copied().map(f64::from).collect();
        machine.write_f64(ValueId(at as u32), &tensor.dims, &numbers).unwrap();
    }
    (graph, machine)
}

/// Layers as far as ONNX can say them: what acts in training only is lost on the way.
fn as_onnx_says(graph: &Graph) -> Vec<(String, LayerKind)> {
    let unfolded = graph.unfolded();
    let layers = unfolded.topological_order().into_iter().filter_map(|id| unfolded.layer(id));
    let kept = layers.filter(|layer| {
        !matches!(layer.kind, LayerKind::Dropout(_) | LayerKind::GaussianNoise(_)) && unfolded.leads_to_loss(layer.id)
    });
    kept.map(|layer| {
        let mut kind = layer.kind.clone();
        let fresh = LayerKind::from_key(kind.key()).unwrap();
        for key in ["init", "init_value", "l1", "l2", "momentum", "pad"] {
            if let Some(value) = fresh.spec().param(key) {
                kind.params_mut().set_param(key, &value).unwrap();
            }
        }
        // Of a single pixel no padding is needed, whatever it is called.
        if kind.spec().param("kernel") == Some(ParamValue::Int(1)) && kind.spec().param("padding").is_some() {
            kind.params_mut().set_param("padding", &ParamValue::Text("valid".into())).unwrap();
        }
        (layer.name.clone(), kind)
    })
    .collect()
}

#[test]
fn templates_come_back_from_onnx_as_they_were() {
    let mut chance = Chance(9);
    for template in templates::TEMPLATES {
        let Some(project) = templates::build(template.key) else { continue };
        let signature = data::load(&project.data, Path::new(""), &NoProgress).unwrap().signature();
        let mut machine = machine(&project.graph, &signature);
        stir(&mut machine, &mut chance);
        let network = Network::new(&project.graph, &signature).unwrap();
        let bytes = onnx::write(&network, template.key, &weights(&machine)).unwrap();
        let (graph, again) = back(bytes, &project.graph, &signature);
        let (mut was, mut is) = (as_onnx_says(&project.graph), as_onnx_says(&graph));
        was.sort_by(|a, b| a.0.cmp(&b.0));
        is.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(was, is, "{}", template.key);
        let rows = samples(&mut chance, 3, &signature);
        let differs = off(&again.predict(&rows, 3).unwrap(), &machine.predict(&rows, 3).unwrap());
        assert!(differs <= 1e-6, "{}: {differs:.1e}", template.key);
    }
}

#[test]
fn any_network_comes_back_from_onnx_with_the_same_outputs() {
    let kinds: Vec<_> =
        LayerKind::all().into_iter().filter(|k| !matches!(k, LayerKind::Input(_) | LayerKind::Loss(_))).collect();
    let (mut seed, mut done, mut wrong, mut same) = (0, 0, Vec::new(), 0);
    while done < NETWORKS {
        seed += 1;
        let Some(drawn) = Drawn::new(seed, &kinds[done as usize % kinds.len()]) else { continue };
        done += 1;
        let [mut machine, mut exact] = [Precision::F32, Precision::F64].map(|precision| drawn.machine(precision));
        stir(&mut machine, &mut Chance(seed));
        stir(&mut exact, &mut Chance(seed));
        let network = Network::new(&drawn.graph, &drawn.data).unwrap();
        let bytes = onnx::write(&network, &drawn.name, &weights(&machine)).unwrap();
        let (graph, again) = back(bytes, &drawn.graph, &drawn.data);
        same += u64::from(as_onnx_says(&graph).len() == as_onnx_says(&drawn.graph).len());
        let inputs = &drawn.batches[0].inputs;
        let rows = drawn.batches[0].len;
        let was = machine.predict(inputs, rows).unwrap();
        let (differs, own) =
            (off(&again.predict(inputs, rows).unwrap(), &was), off(&was, &exact.predict(inputs, rows).unwrap()));
        if differs > (10.0 * own).max(1e-6) {
            wrong.push(format!("{}: {differs:.1e}, in single precision {own:.1e}", drawn.name));
        }
    }
    println!("{same} of {done} have as many layers as before");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_command_line_writes_onnx_and_reads_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let glassbox = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_glassbox")).args(arguments).current_dir(folder.path()).output();
        let output = output.unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), said)
    };
    let must = |arguments: &[&str]| {
        let (is_done, said) = glassbox(arguments);
        assert!(is_done, "{arguments:?}: {said}");
        said
    };
    must(&["new", "xor", "-o", "xor.glassbox.json"]);
    must(&["export", "xor.glassbox.json", "--to", "onnx"]);
    let (is_done, said) = glassbox(&["export", "xor.glassbox.json", "--to", "onnx"]);
    assert!(!is_done && said.contains("xor.onnx is there already"), "{said}");
    must(&["export", "xor.glassbox.json", "--to", "onnx", "--force", "-o", "xor.onnx"]);
    let said = must(&["import", "xor.onnx", "-o", "back.glassbox.json"]);
    assert!(said.contains("exact"), "{said}");
    let back = std::fs::read_to_string(folder.path().join("back.glassbox.json")).unwrap();
    assert!(back.contains("\"Dense 2\""), "{back}");
}
