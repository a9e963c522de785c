//! Weights that other people trained, on graphs drawn here: the answers are theirs. What theirs are is recorded by
//! scripts/pytorch_fixtures/shipped.py and scripts/keras_fixtures/keras_weights.py.

use std::path::{Path, PathBuf};

use super::mapping::{Certainty, Mapping};
use super::{StateDict, network, propose, read, snapshot};
use crate::data::test_data::test_data;
use crate::engine::{Device, Machine, Precision};
use crate::interop::{Fate, Network};
use crate::model::layer::{
    Activation, BatchNorm, Concat, Conv1d, Conv2d, Dense, DepthwiseConv2d, Embedding, Flatten, Gru, Input, LayerKind,
    LayerNorm, Loss, Lstm, MaxPool2d, Maximum, MultiHeadAttention, Padding, PaddingInTime, Permute, Prelu, Recurrence,
    SeparableConv2d, Softmax,
};
use crate::model::{DataSignature, End, Graph, LayerId, Shape, Task, TrainingSpec};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state_dicts").join(name)
}

fn recorded(file: &str) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(fixture(file)).unwrap()).unwrap()
}

fn numbers(list: &serde_json::Value) -> Vec<f32> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

/// As the scripts make them.
fn inputs(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919 % 255) as f32 - 127.0) / 128.0).collect()
}

/// What stands behind what.
struct Drawing {
    graph: Graph,
    last: LayerId,
}

impl Drawing {
    fn new() -> Self {
        let mut graph = Graph::default();
        let last = graph.add(Input::default().into(), [0.0, 0.0]);
        Self { graph, last }
    }

    fn then(&mut self, kind: impl Into<LayerKind>) -> &mut Self {
        self.last = self.after(self.last, kind);
        self
    }

    fn after(&mut self, from: impl Into<End>, kind: impl Into<LayerKind>) -> LayerId {
        let id = self.graph.add(kind.into(), [0.0, 0.0]);
        self.graph.connect(from, id).unwrap();
        id
    }

    fn join(&mut self, from: &[LayerId], kind: impl Into<LayerKind>) -> LayerId {
        let id = self.graph.add(kind.into(), [0.0, 0.0]);
        for from in from {
            self.graph.connect(*from, id).unwrap();
        }
        self.last = id;
        id
    }

    fn convolution(&mut self, filters: usize, kernel: usize) -> &mut Self {
        self.then(bare(filters, kernel)).then(slopes())
    }

    fn pool(&mut self, kernel: usize) -> &mut Self {
        self.then(MaxPool2d { kernel, keep_remainder: true, ..MaxPool2d::default() })
    }
}

fn bare(filters: usize, kernel: usize) -> Conv2d {
    Conv2d { filters, kernel, padding: Padding::Valid, activation: Activation::None, ..Conv2d::default() }
}

fn dense(units: usize) -> Dense {
    Dense { units, ..Dense::default() }
}

fn slopes() -> Prelu {
    Prelu { per_channel: true, ..Prelu::default() }
}

fn order(order: &str) -> Permute {
    Permute { order: order.into() }
}

fn signature(input: &[usize], outputs: usize) -> DataSignature {
    DataSignature { weighted: false, names: Vec::new(), input: Shape(input.to_vec()), task: Task::Numbers(outputs) }
}

/// Puts the weights on the graph by the proposal alone.
fn answers(graph: &Graph, dict: &StateDict, input: &[usize], data: &[f32], outputs: usize) -> (Mapping, Vec<f32>) {
    let signature = signature(input, outputs);
    let network = Network::new(graph, &signature).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mapping = propose(dict, &network);
    let weights = mapping.apply(dict).unwrap_or_else(|why| panic!("{why:?}"));
    let training = TrainingSpec::default();
    let mut machine = Machine::new(graph, &signature, &training, Device::Cpu, Precision::F32).unwrap();
    machine.restore_parameters(&snapshot(weights)).unwrap();
    let rows = data.len() / input.iter().product::<usize>();
    (mapping, machine.predict(data, rows).unwrap())
}

/// Equal to 1e-5 of the largest.
fn are_equal(name: &str, own: &[f32], theirs: &[f32]) {
    assert_eq!(own.len(), theirs.len(), "{name}");
    let largest = theirs.iter().fold(1f32, |most, number| most.max(number.abs()));
    let apart = own.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
    println!("{name}: at most {:e} of the largest apart", apart / largest);
    assert!(apart <= 1e-5 * largest, "{name}: {apart:e} apart, {own:?}, {theirs:?}");
}

fn heads(drawing: &mut Drawing, heads: &[LayerId]) {
    let all = drawing.join(heads, Concat {});
    drawing.after(all, Loss::default());
}

/// facenet-pytorch's three networks of MTCNN; it flattens columns first.
fn mtcnn(name: &str) -> (Graph, [usize; 3]) {
    let mut net = Drawing::new();
    match name {
        "pnet.pt" => {
            net.convolution(10, 3).pool(2).convolution(16, 3).convolution(32, 3);
            let trunk = net.last;
            net.last = net.after(trunk, bare(2, 1));
            let face = net.then(order("2, 3, 1")).then(Softmax {}).then(order("3, 1, 2")).then(Flatten {}).last;
            net.last = net.after(trunk, bare(4, 1));
            let place = net.then(Flatten {}).last;
            heads(&mut net, &[face, place]);
            (net.graph, [3, 25, 23])
        }
        "rnet.pt" => {
            net.convolution(28, 3).pool(3).convolution(48, 3).pool(3).convolution(64, 2);
            let trunk = net.then(order("3, 2, 1")).then(Flatten {}).then(dense(128)).then(slopes()).last;
            let face = net.after(trunk, dense(2));
            let face = net.after(face, Softmax {});
            let place = net.after(trunk, dense(4));
            heads(&mut net, &[face, place]);
            (net.graph, [3, 24, 24])
        }
        _ => {
            net.convolution(32, 3).pool(3).convolution(64, 3).pool(3).convolution(64, 3).pool(2).convolution(128, 2);
            let trunk = net.then(order("3, 2, 1")).then(Flatten {}).then(dense(256)).then(slopes()).last;
            let face = net.after(trunk, dense(2));
            let face = net.after(face, Softmax {});
            let (place, marks) = (net.after(trunk, dense(4)), net.after(trunk, dense(10)));
            heads(&mut net, &[face, place, marks]);
            (net.graph, [3, 48, 48])
        }
    }
}

#[test]
fn face_detectors_answer_as_in_pytorch() {
    let Some(models) = test_data("models") else { return };
    let recorded = recorded("shipped.json");
    for name in ["pnet.pt", "rnet.pt", "onet.pt"] {
        let dict = read(&models.join(name)).unwrap();
        let (graph, input) = mtcnn(name);
        let theirs = numbers(&recorded[name]);
        let (mapping, own) = answers(&graph, &dict, &input, &inputs(input.iter().product()), theirs.len());
        assert!(mapping.left(&dict).is_empty() && mapping.certainty() <= Some(Certainty::Likely), "{mapping:?}");
        are_equal(name, &own, &theirs);
    }
}

#[test]
fn a_tokeniser_answers_as_in_pytorch() {
    let Some(models) = test_data("models") else { return };
    let dict = read(&models.join("attacut-c.pth")).unwrap();
    let mut net = Drawing::new();
    let words = net.then(Embedding { vocabulary: 139, width: 48 }).last;
    let over = |kernel: usize, dilation: usize| Conv1d {
        filters: 196,
        kernel,
        dilation,
        padding: PaddingInTime::Same,
        activation: Activation::None,
        ..Conv1d::default()
    };
    let all = [(3, 1), (5, 3), (9, 2)].map(|(kernel, dilation)| net.after(words, over(kernel, dilation)));
    net.join(&all, Maximum {});
    net.then(Dense { activation: Activation::Relu, ..dense(32) }).then(dense(1)).then(Flatten {}).then(Loss::default());
    let data: Vec<f32> = (0..30).map(|i| (i * 7919 % 139) as f32).collect();
    let (mapping, own) = answers(&net.graph, &dict, &[30], &data, 30);
    assert!(mapping.left(&dict).is_empty() && mapping.certainty() <= Some(Certainty::Likely), "{mapping:?}");
    are_equal("attacut-c.pth", &own, &numbers(&recorded("shipped.json")["attacut-c.pth"]));
}

#[test]
fn weights_of_keras_answer_as_in_keras() {
    let recorded = recorded("keras.json");
    let mut net = Drawing::new();
    let relu = |layer: Conv2d| Conv2d { activation: Activation::Relu, padding: Padding::Same, ..layer };
    let depth = DepthwiseConv2d { padding: Padding::Valid, ..DepthwiseConv2d::default() };
    let apart = SeparableConv2d { filters: 5, activation: Activation::None, ..SeparableConv2d::default() };
    net.then(relu(bare(4, 3))).then(BatchNorm { epsilon: 1e-3, ..BatchNorm::default() }).then(depth).then(apart);
    net.then(slopes()).then(Flatten {}).then(dense(3)).then(Loss::default());
    let dict = read(&fixture("keras_pictures.weights.h5")).unwrap();
    let told = &recorded["pictures"];
    let (mapping, own) = answers(&net.graph, &dict, &[3, 6, 5], &numbers(&told["input"]), 3);
    assert!(mapping.left(&dict).is_empty(), "{mapping:?}");
    are_equal("pictures", &own, &numbers(&told["output"]));

    let mut net = Drawing::new();
    net.then(Embedding { vocabulary: 9, width: 8 })
        .then(MultiHeadAttention { heads: 2, ..MultiHeadAttention::default() });
    let conv = Conv1d { filters: 4, activation: Activation::None, ..Conv1d::default() };
    net.then(LayerNorm::default()).then(conv).then(Lstm { units: 3, bidirectional: true, ..Lstm::default() });
    net.last = net.after(End::at(net.last, Recurrence::SEQUENCE), Gru { units: 5, ..Gru::default() });
    net.then(dense(2)).then(Loss::default());
    let dict = read(&fixture("keras_sequences.weights.h5")).unwrap();
    let told = &recorded["sequences"];
    let (mapping, own) = answers(&net.graph, &dict, &[6], &numbers(&told["input"]), 2);
    assert!(mapping.left(&dict).is_empty(), "{mapping:?}");
    are_equal("sequences", &own, &numbers(&told["output"]));
}

#[test]
fn weights_of_keras_2_answer_as_in_keras() {
    let Some(models) = test_data("models") else { return };
    let mut net = Drawing::new();
    let with = |units: usize, activation: Activation| Dense { activation, ..dense(units) };
    net.then(Lstm { units: 64, ..Lstm::default() }).then(with(64, Activation::Tanh));
    net.then(with(1, Activation::Sigmoid)).then(Loss::default());
    let dict = read(&models.join("mhcnuggets_HLA-A02-01.h5")).unwrap();
    let (mapping, own) = answers(&net.graph, &dict, &[9, 21], &inputs(189), 1);
    assert!(mapping.left(&dict).is_empty() && mapping.certainty() == Some(Certainty::Sure), "{mapping:?}");
    are_equal("mhcnuggets", &own, &numbers(&recorded("keras.json")["mhcnuggets"]["output"]));
}

#[test]
fn a_network_is_proposed_where_there_is_none() {
    let Some(models) = test_data("models") else { return };
    for (name, outputs, foreign) in [
        ("pnet.pt", vec![4, 32, 32], 0),
        ("rnet.pt", vec![4], 0),
        ("onet.pt", vec![10], 0),
        ("attacut-c.pth", vec![16, 1], 0),
        ("mhcnuggets_HLA-A02-01.h5", vec![1], 0),
        ("silero_vad_16k.safetensors", vec![16, 1], 1),
    ] {
        let dict = read(&models.join(name)).unwrap();
        let arrived = network(&dict, Path::new(name));
        assert_eq!(arrived.report.count(Fate::Foreign), foreign, "{name}: {:?}", arrived.report);
        assert!(arrived.report.findings[0].words.contains("proposal"), "{name}");
        let input = &arrived.inputs[0].0;
        let signature = signature(input, outputs.iter().product());
        let found = crate::model::infer(&arrived.graph, Some(&signature));
        let last = arrived.graph.layers().last().unwrap().id;
        assert_eq!(found.shapes.get(&last), Some(&Shape(outputs)), "{name}: {:?}", found.problems);
        let kinds: Vec<_> = arrived.graph.layers().map(|layer| layer.kind.key()).collect();
        assert_eq!(kinds.first(), Some(&"input"), "{name}: {kinds:?}");
        let tensors: usize = dict.tensors.len();
        assert!(arrived.weights.len() + foreign >= tensors, "{name}: {} of {tensors}", arrived.weights.len());
    }
}
