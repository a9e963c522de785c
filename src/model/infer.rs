//! Shapes of everything that can be known, and every problem with its place and its repairs. One broken wire does not
//! hide the rest: what does not depend on it stays valid.

mod block;
mod foreign;

use std::collections::{BTreeMap, BTreeSet};

use super::edit::Edit;
use super::graph::{End, Graph, Layer, LayerId, Wire, WireId};
use super::layer::{Activation, Fix, Inputs, LayerKind, Loss, Mismatch, Need};
use super::{DataSignature, Shape, Task};

/// What is known about a graph over a data set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inference {
    /// The shape that leaves each valid layer, by its main output.
    pub shapes: BTreeMap<LayerId, Shape>,
    /// The shape that leaves each port of each valid layer.
    pub outputs: BTreeMap<LayerId, Vec<Shape>>,
    /// Trainable numbers of each valid layer; of one in a Block in a single repetition, of the Block in all.
    pub parameter_counts: BTreeMap<LayerId, usize>,
    /// Trainable numbers in all.
    parameters: usize,
    /// Whatever keeps it from training, in the order of the layers.
    pub problems: Vec<Problem>,
    /// There is no Loss, but something enters: what can be computed is, forward only.
    forward: bool,
    /// Layers that are not on the way to the Loss: no gradient reaches them, and training leaves them alone.
    pub idle: BTreeSet<LayerId>,
}

impl Inference {
    /// Whether it can train.
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether there is no Loss to train for, but the network can be run forward, as far as it goes.
    pub fn is_forward_only(&self) -> bool {
        self.forward
    }

    /// What keeps it from being computed: of a network that is only run forward, all but that it has no Loss.
    pub fn obstacles(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| !self.forward || problem.message != NO_LOSS)
    }

    /// Trainable numbers of the whole network.
    pub fn parameter_count(&self) -> usize {
        self.parameters
    }

    /// What the network is asked for: what the data is, or the input itself where no Loss compares with its target.
    pub fn task(&self, graph: &Graph, data: Task) -> Task {
        let truth = graph.main_loss().and_then(|(main, _)| graph.truth_of(main.id));
        truth.and_then(|wire| self.shape_on(wire)).map_or(data, |shape| Task::Input(shape.len()))
    }

    /// What flows along a wire.
    pub fn shape_on(&self, wire: &Wire) -> Option<&Shape> {
        self.outputs.get(&wire.from)?.get(wire.output)
    }

    /// What is wrong at this wire.
    pub fn wire_problem(&self, wire: WireId) -> Option<&Problem> {
        self.problems.iter().find(|p| p.place == Subject::Wire(wire))
    }

    /// What is wrong with this layer.
    pub fn layer_problem(&self, layer: LayerId) -> Option<&Problem> {
        self.problems.iter().find(|p| p.place == Subject::Layer(layer))
    }
}

/// What a problem is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The shape that flows along it does not fit.
    Wire(WireId),
    /// A layer's parameters, or wires that it lacks.
    Layer(LayerId),
    /// The graph as a whole.
    Graph,
}

/// Something that keeps the graph from training.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Where it is marked.
    pub place: Subject,
    /// Name of the layer concerned, for lists; empty for the graph as a whole.
    pub layer: String,
    /// One sentence or two: what is wrong and why.
    pub message: String,
    /// "a row of numbers" and "1 × 28 × 28", where a shape is wrong.
    pub expected_got: Option<(String, String)>,
    /// What can be done about it, the best first.
    pub repairs: Vec<Repair>,
}

/// A button that mends a problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    /// "Insert Flatten", "Set Units of Dense 2 to 10".
    pub label: String,
    /// What the button does.
    pub edit: Edit,
}

/// The whole graph, layer by layer.
pub fn infer(graph: &Graph, data: Option<&DataSignature>) -> Inference {
    let mut found = Inference::default();
    if graph.is_too_large() {
        found.problems.push(too_many(graph));
    } else {
        block::level(graph, None, data, &mut found);
    }
    whole_graph(graph, &mut found);
    found.problems.extend(graph.losses().filter_map(|(layer, _)| moving_truth(graph, layer)));
    found.problems.extend(foreign::problems(graph));
    found.idle = idle(graph);
    let enters = |layer: &Layer| matches!(layer.kind, LayerKind::Input(_)) && found.shapes.contains_key(&layer.id);
    found.forward = graph.main_loss().is_none() && !graph.is_too_large() && graph.layers().any(enters);
    found
}

/// Everything from which no wires lead to a Loss. Without a Loss nothing learns, and that is another problem.
fn idle(graph: &Graph) -> BTreeSet<LayerId> {
    let mut open: Vec<LayerId> = graph.losses().map(|(layer, _)| layer.id).collect();
    if open.is_empty() {
        return BTreeSet::new();
    }
    let mut idle: BTreeSet<LayerId> = graph.layers().map(|layer| layer.id).collect();
    while let Some(id) = open.pop() {
        if idle.remove(&id) {
            open.extend(graph.incoming(id).map(|wire| wire.from).chain(graph.exit(id)));
        }
    }
    // What enters a Block is there whether or not a layer inside makes use of it.
    idle.retain(|&id| !graph.layer(id).is_some_and(|layer| layer.kind.is_end()));
    idle
}

fn too_many(graph: &Graph) -> Problem {
    let message = format!(
        "With all repetitions of its Blocks the network has {} layers; the limit is {}. Lower Repetitions.",
        graph.unfolded_len(),
        super::graph::MOST_LAYERS
    );
    Problem { place: Subject::Graph, layer: String::new(), message, expected_got: None, repairs: Vec::new() }
}

fn infer_layer(graph: &Graph, layer: &Layer, data: Option<&DataSignature>, found: &mut Inference) {
    let wires: Vec<_> = graph.incoming(layer.id).copied().collect();
    let inputs = layer.kind.about().inputs;
    if let Some(port) = first_missing(inputs, &wires) {
        found.problems.push(unconnected(graph, layer, wires.len(), port));
        return;
    }
    let shapes: Option<Vec<_>> = wires.iter().map(|wire| found.shape_on(wire).cloned()).collect();
    // A source that is itself in trouble says so; this layer keeps quiet.
    let Some(shapes) = shapes else { return };
    let arrived = |port| wires.iter().position(|wire| wire.input == port).map(|i| shapes[i].clone());
    let ports: Vec<_> = (0..inputs.most().unwrap_or(wires.len())).map(arrived).collect();
    match layer.kind.spec().infer_ports(&ports, data) {
        Ok(outputs) => match outputs.iter().find(|shape| shape.len() > MAX_NUMBERS) {
            Some(shape) => found.problems.push(too_large(layer, shape)),
            None => {
                let weights = layer.kind.spec().weights(&shapes);
                let count = weights.iter().filter(|weight| weight.is_trained).fold(0usize, |sum, weight| {
                    sum.saturating_add(weight.dims.iter().fold(1usize, |n, &d| n.saturating_mul(d)))
                });
                found.parameter_counts.insert(layer.id, count);
                found.shapes.extend(outputs.get(graph.main_output(layer.id)).map(|shape| (layer.id, shape.clone())));
                found.outputs.insert(layer.id, outputs);
            }
        },
        Err(mismatch) => {
            let culprit = wires.iter().zip(&shapes).rev().find(|(_, s)| s.to_string() == mismatch.got);
            let wire = culprit.map(|(w, _)| w).or(wires.last()).copied();
            let mut problem = mismatched(graph, &found.shapes, layer, wire, mismatch);
            if let Some(wire) = wire {
                let fits = |shape: &Shape| {
                    let mut ports = ports.clone();
                    ports[wire.input] = Some(shape.clone());
                    layer.kind.spec().infer_ports(&ports, data).is_ok()
                };
                problem.repairs.splice(0..0, other_output(graph, found, wire, fits));
            }
            found.problems.push(problem);
        }
    }
}

/// Another output of the same layer that fits where a wire arrives.
fn other_output(graph: &Graph, found: &Inference, wire: Wire, fits: impl Fn(&Shape) -> bool) -> Option<Repair> {
    let source = graph.layer(wire.from)?;
    let shapes = found.outputs.get(&wire.from)?;
    let port = (0..shapes.len()).find(|&port| port != wire.output && fits(&shapes[port]))?;
    let name = source.kind.spec().outputs().get(port)?;
    let edit = Edit::Connect { from: End::at(wire.from, port), to: End::at(wire.to, wire.input) };
    Some(Repair { label: format!("Use {name} of {}", source.name), edit })
}

/// The first input that must not stay free and does.
fn first_missing(inputs: Inputs, wires: &[Wire]) -> Option<usize> {
    match inputs {
        Inputs::Named(ports) => (0..ports.len())
            .find(|&port| ports[port].need == Need::Required && wires.iter().all(|wire| wire.input != port)),
        _ => (wires.len() < inputs.least()).then_some(wires.len()),
    }
}

/// Numbers that leave a layer: above this a single sample's activations alone would fill any desktop's memory.
pub const MAX_NUMBERS: usize = 1 << 28;

fn too_large(layer: &Layer, shape: &Shape) -> Problem {
    Problem {
        place: Subject::Layer(layer.id),
        layer: layer.name.clone(),
        message: format!(
            "{} would output {shape} = {} values per sample, which doesn't fit in memory.",
            layer.name,
            shape.len()
        ),
        expected_got: None,
        repairs: Vec::new(),
    }
}

fn unconnected(graph: &Graph, layer: &Layer, have: usize, port: usize) -> Problem {
    let inputs = layer.kind.about().inputs;
    let message = match (inputs, have) {
        (Inputs::Named(_), _) if inputs.is_named_for(port) => {
            format!("The input {} of {} isn't connected: draw a wire to it.", inputs.name(port), layer.name)
        }
        (Inputs::Many, 0) => format!("{} needs at least two inputs.", layer.name),
        (Inputs::Many, _) => format!("{} needs a second input: with only one there is nothing to merge.", layer.name),
        _ => format!("{} has no input: draw a wire to its left side.", layer.name),
    };
    let to = End::at(layer.id, port);
    // The last layer that feeds nothing yet is the likeliest source.
    let order = graph.topological_order();
    let source = order
        .iter()
        .rev()
        .copied()
        .find(|&id| id != layer.id && graph.outgoing(id).next().is_none() && graph.may_connect(id, to).is_ok());
    let repairs = source.and_then(|id| graph.layer(id)).map(|from| Repair {
        label: format!("Connect {} to {}", from.name, layer.name),
        edit: Edit::Connect { from: from.id.into(), to },
    });
    let is_spare = matches!(layer.kind, LayerKind::Loss(_)) && graph.has_several_losses();
    let label = format!("Remove {}", layer.name);
    let removal = is_spare.then(|| Repair { label, edit: Edit::Remove(vec![layer.id]) });
    Problem {
        place: Subject::Layer(layer.id),
        layer: layer.name.clone(),
        message,
        expected_got: None,
        repairs: repairs.into_iter().chain(removal).collect(),
    }
}

type Shapes = BTreeMap<LayerId, Shape>;

fn mismatched(graph: &Graph, shapes: &Shapes, layer: &Layer, wire: Option<Wire>, mismatch: Mismatch) -> Problem {
    let wire = wire.map(|wire| wire.id);
    let found = mismatch.fixes.into_iter().filter_map(|fix| repair(graph, shapes, layer, wire, fix));
    let mut repairs: Vec<(Fitness, Repair)> = found.collect();
    repairs.sort_by_key(|(fitness, _)| *fitness);
    Problem {
        place: wire.map_or(Subject::Layer(layer.id), Subject::Wire),
        layer: layer.name.clone(),
        message: mismatch.why,
        expected_got: Some((mismatch.expected, mismatch.got)),
        repairs: repairs.into_iter().map(|(_, repair)| repair).collect(),
    }
}

/// The better repair first; of two that are alike in this the one that the layer offers first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fitness {
    Good,
    /// It would make a hidden layer narrow, and its activation would bend the network's answer.
    NarrowsHidden,
}

fn repair(graph: &Graph, shapes: &Shapes, layer: &Layer, wire: Option<WireId>, fix: Fix) -> Option<(Fitness, Repair)> {
    match fix {
        Fix::InsertBefore(kind) => {
            let wire = wire?;
            let label = match &kind {
                LayerKind::Dense(dense) => format!("Insert Dense with {} units", dense.units),
                LayerKind::Reshape(reshape) => format!("Insert Reshape to {}", reshape.shape),
                other => format!("Insert {}", other.about().title),
            };
            let edit = Edit::InsertOnWire { wire, kind, position: None };
            Some((Fitness::Good, Repair { label, edit }))
        }
        Fix::Set { key, value } => Some((Fitness::Good, set(layer, key, value)?)),
        Fix::SetPrevious { key, value } => {
            let (source, is_hidden) = decides(graph, shapes, graph.wire(wire?)?.from, key)?;
            let fitness = if is_hidden { Fitness::NarrowsHidden } else { Fitness::Good };
            Some((fitness, set(source, key, value)?))
        }
    }
}

/// The layer whose parameter says what leaves `id`: itself, or one before it where the rest passes shapes on as they
/// are. And whether an activation on the way shows that it is a hidden one (a sigmoid may end a network).
fn decides<'a>(graph: &'a Graph, shapes: &Shapes, mut id: LayerId, key: &str) -> Option<(&'a Layer, bool)> {
    let mut is_hidden = false;
    loop {
        let layer = graph.layer(id)?;
        is_hidden |= layer.kind.activation().is_some_and(|activation| activation != Activation::Sigmoid);
        if layer.kind.spec().param(key).is_some() {
            return Some((layer, is_hidden));
        }
        let mut sources = graph.incoming(id).map(|wire| wire.from);
        let (Some(only), None) = (sources.next(), sources.next()) else { return None };
        if shapes.get(&only) != shapes.get(&id) {
            return None;
        }
        id = only;
    }
}

fn set(layer: &Layer, key: &str, value: super::layer::ParamValue) -> Option<Repair> {
    let spec = layer.kind.spec().param_specs().into_iter().find(|spec| spec.key == key)?;
    let shown = match (&spec.kind, &value) {
        (super::layer::ParamKind::Choice(options), super::layer::ParamValue::Text(text)) => {
            options.iter().find(|(k, _)| k == text).map_or(text.clone(), |(_, title)| (*title).to_owned())
        }
        (_, super::layer::ParamValue::Int(v)) => v.to_string(),
        (_, super::layer::ParamValue::Float(v)) => v.to_string(),
        (_, super::layer::ParamValue::Bool(v)) => v.to_string(),
        (_, super::layer::ParamValue::Text(v)) if v.is_empty() => "all".to_owned(),
        (_, super::layer::ParamValue::Text(v)) => v.clone(),
    };
    let edit = Edit::SetParam { layer: layer.id, key: key.to_owned(), value };
    Some(Repair { label: format!("Set {} of {} to {shown}", spec.label, layer.name), edit })
}

/// A truth that training would change: the network could please the Loss by it.
fn moving_truth(graph: &Graph, loss: &Layer) -> Option<Problem> {
    let wire = *graph.truth_of(loss.id)?;
    let is_trained = |layer: &&Layer| layer.kind.has_weights() && !layer.frozen && graph.reaches(layer.id, wire.from);
    let layer = graph.layers().find(is_trained)?;
    let freeze = Edit::Freeze { layer: layer.id, frozen: true };
    let input = graph.layers().find(|layer| matches!(layer.kind, LayerKind::Input(_)));
    let from_input = input.map(|input| Repair {
        label: format!("Use {} as the truth", input.name),
        edit: Edit::Connect { from: input.id.into(), to: End::at(loss.id, Loss::TRUTH) },
    });
    let repairs = from_input.into_iter().chain([Repair { label: format!("Freeze {}", layer.name), edit: freeze }]);
    Some(Problem {
        place: Subject::Wire(wire.id),
        layer: loss.name.clone(),
        message: format!(
            "The truth would change with the weights of {}, so training could just change the truth.",
            layer.name
        ),
        expected_got: None,
        repairs: repairs.collect(),
    })
}

fn whole_graph(graph: &Graph, found: &mut Inference) {
    let of_kind = |test: fn(&LayerKind) -> bool| graph.layers().filter(|l| test(&l.kind)).collect::<Vec<_>>();
    let inputs = of_kind(|kind| matches!(kind, LayerKind::Input(_)));
    let mut push = |message: &str, repairs| {
        found.problems.push(Problem {
            place: Subject::Graph,
            layer: String::new(),
            message: message.to_owned(),
            expected_got: None,
            repairs,
        });
    };
    if inputs.is_empty() {
        let edit = Edit::Add { kind: super::layer::Input::default().into(), position: [0.0, 0.0], inside: None };
        push("The network has no Input, where the data enters.", vec![Repair { label: "Add Input".into(), edit }]);
    }
    if graph.main_loss().is_none() {
        push(NO_LOSS, losses(graph));
    }
}

const NO_LOSS: &str = "The network has no Loss, so it can predict but not train.";
/// Ends of a network that are offered one.
const MOST_LOSSES: usize = 4;

/// A Loss behind each end of the network, or one by itself where there is none.
fn losses(graph: &Graph) -> Vec<Repair> {
    let loss = || -> LayerKind { Loss::default().into() };
    let is_end = |layer: &&Layer| {
        let is_computed = !matches!(layer.kind, LayerKind::Input(_) | LayerKind::Foreign(_));
        is_computed && layer.kind.about().has_output && graph.outgoing(layer.id).next().is_none()
    };
    let ends: Vec<&Layer> = graph.inside(None).filter(is_end).collect();
    let behind = |end: &&Layer| Repair {
        label: if ends.len() == 1 { "Add Loss".into() } else { format!("Add Loss behind {}", end.name) },
        edit: Edit::AddConnected {
            from: end.id.into(),
            kind: loss(),
            position: [end.position[0] + super::layout::COLUMN, end.position[1]],
        },
    };
    if !ends.is_empty() {
        return ends.iter().take(MOST_LOSSES).map(behind).collect();
    }
    let right = graph.inside(None).map(|l| l.position[0]).fold(0.0, f32::max);
    let edit = Edit::Add { kind: loss(), position: [right + 220.0, 40.0], inside: None };
    vec![Repair { label: "Add Loss".into(), edit }]
}

#[cfg(test)]
mod tests {
    use super::super::layer::{Dense, Dropout, Lstm, Sigmoid, Tanh};
    use super::super::templates::chain;
    use super::*;

    fn dense(units: usize, activation: Activation) -> LayerKind {
        Dense { units, activation, ..Dense::default() }.into()
    }

    #[test]
    fn the_better_repair_of_the_output_is_offered_first() {
        let data = DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![2]), task: Task::Classes(3) };
        let offered = |layers| -> Vec<String> {
            let found = infer(&chain(layers), Some(&data));
            found.problems[0].repairs.iter().map(|repair| repair.label.clone()).collect()
        };
        let (set, insert) = ("Set Units of Dense 1 to 3", "Insert Dense with 3 units");
        let (none, relu) = (Activation::None, Activation::Relu);
        for output in [
            vec![dense(2, none)],
            vec![dense(2, none), Dropout::default().into()],
            vec![dense(2, none), Sigmoid {}.into()],
            vec![dense(2, Activation::Sigmoid)],
        ] {
            assert_eq!(offered(output.clone()), [set, insert], "{output:?}");
        }
        // A hidden layer is not to become the output.
        for hidden in [vec![dense(8, relu)], vec![dense(8, none), Tanh {}.into(), Dropout::default().into()]] {
            assert_eq!(offered(hidden.clone()), [insert, set], "{hidden:?}");
        }
    }

    #[test]
    fn another_output_of_the_same_layer_is_offered_where_it_fits() {
        let data =
            DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![5, 3]), task: Task::Classes(2) };
        let lstm = || LayerKind::from(Lstm { units: 4, ..Lstm::default() });
        let mut graph = chain(vec![lstm(), lstm(), dense(2, Activation::None)]);
        let found = infer(&graph, Some(&data));
        let repair = found.problems[0].repairs[0].clone();
        assert_eq!(repair.label, "Use sequence of LSTM 1");
        repair.edit.apply(&mut graph).unwrap();
        let found = infer(&graph, Some(&data));
        assert!(found.is_valid(), "{:?}", found.problems);
        assert_eq!(found.shapes[&graph.find("LSTM 1").unwrap().id].0, [5, 4]);
        assert_eq!(found.shapes[&graph.find("LSTM 2").unwrap().id].0, [4]);
        assert_eq!(graph.wires().len(), 4, "the wire gives way");
    }

    #[test]
    fn a_truth_may_be_wired_unless_training_would_change_it() {
        let data = DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![6]), task: Task::Classes(2) };
        let mut graph = chain(vec![dense(3, Activation::Relu), dense(6, Activation::None)]);
        let of = |graph: &Graph, name: &str| graph.find(name).unwrap().id;
        let truth = End::at(of(&graph, "Loss"), Loss::TRUTH);
        assert_eq!(infer(&graph, Some(&data)).task(&graph, data.task), Task::Classes(2));
        graph.connect(of(&graph, "Input"), truth).unwrap();
        let found = infer(&graph, Some(&data));
        assert!(found.is_valid(), "{:?}", found.problems);
        assert_eq!(found.task(&graph, data.task), Task::Input(6));
        // Only a wire to the truth names its port in a file.
        let written = serde_json::to_value(&graph).unwrap();
        let inputs: Vec<_> = written["wires"].as_array().unwrap().iter().map(|wire| wire["input"].as_str()).collect();
        assert_eq!(inputs.iter().flatten().collect::<Vec<_>>(), [&"truth"]);
        assert_eq!(serde_json::from_value::<Graph>(written).unwrap(), graph);
        graph.connect(of(&graph, "Dense 2"), truth).unwrap();
        let found = infer(&graph, Some(&data));
        let labels: Vec<_> = found.problems[0].repairs.iter().map(|repair| repair.label.as_str()).collect();
        assert_eq!((found.problems.len(), labels), (1, vec!["Use Input as the truth", "Freeze Dense 1"]));
        found.problems[0].repairs[0].edit.apply(&mut graph).unwrap();
        assert!(infer(&graph, Some(&data)).is_valid());
    }

    #[test]
    fn several_losses_are_no_problem_and_a_loose_one_can_go() {
        let data = DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![2]), task: Task::Classes(2) };
        let mut graph = chain(vec![dense(8, Activation::Relu), dense(2, Activation::None)]);
        let aside = graph.add(crate::model::layer::Loss::default().into(), [0.0, 0.0]);
        let found = infer(&graph, Some(&data));
        assert_eq!(found.problems.len(), 1);
        assert_eq!(found.problems[0].repairs.last().map(|repair| repair.label.as_str()), Some("Remove Loss 2"));
        graph.connect(graph.find("Dense 2").unwrap().id, aside).unwrap();
        let found = infer(&graph, Some(&data));
        assert!(found.is_valid() && found.idle.is_empty(), "{:?}", found.problems);
        assert_eq!(graph.main_loss().map(|(layer, _)| layer.name.as_str()), Some("Loss"));
        // Each is held to the data by itself.
        let narrow = graph.add(dense(5, Activation::None), [0.0, 0.0]);
        graph.connect(graph.find("Dense 1").unwrap().id, narrow).unwrap();
        graph.connect(narrow, aside).unwrap();
        let found = infer(&graph, Some(&data));
        assert_eq!(found.problems.iter().map(|problem| problem.layer.as_str()).collect::<Vec<_>>(), ["Loss 2"]);
    }

    #[test]
    fn what_is_not_on_the_way_to_the_loss_is_idle() {
        let mut graph = chain(vec![dense(8, Activation::Relu), dense(2, Activation::None)]);
        let of = |graph: &Graph, name: &str| graph.find(name).unwrap().id;
        assert!(infer(&graph, None).idle.is_empty());
        let aside = graph.add(dense(4, Activation::None), [0.0, 0.0]);
        let beyond = graph.add(Tanh {}.into(), [0.0, 0.0]);
        graph.connect(of(&graph, "Dense 1"), aside).unwrap();
        graph.connect(aside, beyond).unwrap();
        let data = DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![2]), task: Task::Classes(2) };
        let found = infer(&graph, Some(&data));
        assert_eq!(found.idle, [aside, beyond].into());
        assert!(found.is_valid(), "it can train all the same");
        let loss = of(&graph, "Loss");
        graph.remove(loss);
        assert!(infer(&graph, None).idle.is_empty(), "that there is no Loss is said already");
    }
}
