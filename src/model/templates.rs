//! Projects to start from. Each is wired, valid and set to learn its data without further options.
//!
//! Templates that need a person's files (a table, a folder of pictures) are proposed from the files by
//! `session/propose.rs`.

mod detection;

pub use super::layout::tidy;
pub use detection::detector;

use super::graph::{End, Graph, LayerId};
use super::layer::{
    Activation, Add, BatchNorm, Conv2d, Dense, Dropout, Flatten, GlobalAvgPool, Initialiser, Input, LayerKind,
    LayerNorm, Loss, Lstm, MaxPool2d, MeanOver, MultiHeadAttention, PositionalEncoding, Positions, Relu, Reshape,
};
use super::{
    DataSpec, DigitsSpec, Feature, Optimiser, Project, ScenesSpec, Schedule, ShapesSpec, Source, SyntheticKind,
    SyntheticSpec, TrainingSpec,
};

/// What the gallery and `glassbox templates` say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name on the command line.
    pub key: &'static str,
    /// Its title in the gallery.
    pub title: &'static str,
    /// A few words.
    pub tagline: &'static str,
    /// What `--data` must name, when it needs a person's files.
    pub needs: Option<&'static str>,
}

const fn built_in(key: &'static str, title: &'static str, tagline: &'static str) -> Template {
    Template { key, title, tagline, needs: None }
}

/// Every template, in the order of the gallery.
pub const TEMPLATES: &[Template] = &[
    built_in("spiral", "Spiral", "two classes, two inputs"),
    built_in("xor", "XOR", "why one layer is not enough"),
    built_in("circle", "Circle", "inside or outside"),
    built_in("gauss", "Two Gaussians", "a straight line is enough"),
    built_in("moons", "Two moons", "a curved boundary"),
    built_in("blobs", "Blobs", "more than two classes"),
    built_in("sine", "Sine", "fit a curve"),
    built_in("plane", "Plane", "predict a number"),
    built_in("digits", "Drawn digits", "images as rows of pixels"),
    built_in("digits-cnn", "Digits, convolutions", "filters over 28 × 28 pixels"),
    built_in("digits-resnet", "Digits, residual", "skip connections"),
    built_in("digits-lstm", "Digits, row by row", "a memory reads 28 rows"),
    built_in("digits-attention", "Digits, attention", "rows that look at each other"),
    built_in("digits-autoencoder", "Digits, autoencoder", "images in two numbers"),
    built_in("shapes", "Drawn shapes", "colour pictures by shape"),
    built_in("scenes", "Drawn scenes", "find the shapes in a picture"),
    Template {
        key: "mnist-mlp",
        title: "MNIST, dense",
        tagline: "your IDX files",
        needs: Some("a folder of IDX files"),
    },
    Template {
        key: "mnist-cnn",
        title: "MNIST folder",
        tagline: "your IDX files",
        needs: Some("a folder of IDX files"),
    },
    Template {
        key: "pictures",
        title: "Your pictures",
        tagline: "a folder per class",
        needs: Some("a folder of pictures"),
    },
    Template {
        key: "detect",
        title: "Find things in pictures",
        tagline: "your photos, with boxes",
        needs: Some("a folder of pictures with boxes"),
    },
    Template { key: "table", title: "Your table", tagline: "a table becomes a model", needs: Some("a table") },
];

/// Classes of drawn shapes.
const SHAPES: usize = 6;

/// The template with this key.
pub fn find(key: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.key == key)
}

/// Whether it is met in the first hour: its network needs no more than the layers that a beginner is shown.
pub fn is_for_beginners(key: &str) -> bool {
    find(key).is_some_and(|template| template.needs.is_none())
        && !matches!(key, "digits-resnet" | "digits-lstm" | "digits-attention" | "digits-autoencoder" | "scenes")
}

/// The project of a template that needs no files; `None` for the others and for unknown keys.
pub fn build(key: &str) -> Option<Project> {
    let template = find(key)?;
    let (data, layers, training) = match key {
        "spiral" => synthetic(SyntheticKind::Spiral, &[16, 16], Activation::Tanh, 150),
        "xor" => synthetic(SyntheticKind::Xor, &[8], Activation::Tanh, 60),
        "circle" => synthetic(SyntheticKind::Circle, &[8], Activation::Tanh, 60),
        "gauss" => synthetic(SyntheticKind::Gauss, &[4], Activation::Tanh, 30),
        "moons" => synthetic(SyntheticKind::Moons, &[12, 12], Activation::Relu, 100),
        "blobs" => synthetic(SyntheticKind::Blobs, &[12], Activation::Relu, 60),
        "sine" => synthetic(SyntheticKind::Sine, &[24, 24], Activation::Tanh, 200),
        "plane" => synthetic(SyntheticKind::Plane, &[8], Activation::Tanh, 40),
        "scenes" => return Some(scenes(template)),
        "digits" => (digits(), mlp(&[128, 64], 10), pictures(12, 0.002)),
        "digits-cnn" => (digits(), cnn(10), pictures(8, 0.002)),
        "digits-resnet" => (digits(), residual(10), pictures(8, 0.003)),
        "digits-lstm" => (digits(), row_by_row(10), pictures(15, 0.005)),
        "digits-attention" => (digits(), rows_attend(10), pictures(15, 0.003)),
        "digits-autoencoder" => (digits(), through_two(28), pictures(30, 0.002)),
        "shapes" => (shapes(), shapes_cnn(SHAPES), pictures(15, 0.002)),
        _ => return None,
    };
    let mut graph = chain(layers);
    match key {
        "digits-attention" => wire_around_attention(&mut graph),
        "digits-resnet" => wire_around_convolutions(&mut graph),
        "digits-autoencoder" => wire_truth(&mut graph),
        _ => {}
    }
    Some(Project { name: template.title.to_owned(), graph, data, training })
}

/// Input, the given layers one after the other, Loss.
pub fn chain(layers: Vec<LayerKind>) -> Graph {
    let mut graph = Graph::default();
    let mut previous: Option<LayerId> = None;
    let ends = [LayerKind::from(Input::default())].into_iter().chain(layers).chain([Loss::default().into()]);
    for kind in ends {
        let id = graph.add(kind, [0.0, 0.0]);
        if let Some(from) = previous {
            // Fresh layers in a row: nothing can refuse.
            let _ = graph.connect(from, id);
        }
        previous = Some(id);
    }
    super::layout::tidy(&mut graph);
    graph
}

/// Dense layers of the given widths and a last one without activation.
pub fn dense_stack(widths: &[usize], activation: Activation, outputs: usize) -> Vec<LayerKind> {
    let init = if activation == Activation::Relu { Initialiser::HeUniform } else { Initialiser::GlorotUniform };
    let hidden = widths.iter().map(|&units| Dense { units, activation, init, ..Dense::default() }.into());
    hidden.chain([Dense { units: outputs, ..Dense::default() }.into()]).collect()
}

/// Pixels as a row into ReLU layers.
pub fn mlp(widths: &[usize], classes: usize) -> Vec<LayerKind> {
    let mut layers: Vec<LayerKind> = vec![Flatten {}.into()];
    layers.extend(dense_stack(widths, Activation::Relu, classes));
    layers
}

/// Two rounds of convolution and pooling, then a dense head: enough for the MNIST family.
pub fn cnn(classes: usize) -> Vec<LayerKind> {
    vec![
        Conv2d { filters: 16, ..Conv2d::default() }.into(),
        MaxPool2d::default().into(),
        Conv2d { filters: 32, ..Conv2d::default() }.into(),
        MaxPool2d::default().into(),
        Flatten {}.into(),
        Dropout { rate: 0.25, ..Dropout::default() }.into(),
        Dense { units: 64, activation: Activation::Relu, init: Initialiser::HeUniform, ..Dense::default() }.into(),
        Dense { units: classes, ..Dense::default() }.into(),
    ]
}

/// Three rounds, for colour pictures of 32 x 32.
fn shapes_cnn(classes: usize) -> Vec<LayerKind> {
    let convolution = |filters| Conv2d { filters, ..Conv2d::default() }.into();
    vec![
        convolution(16),
        MaxPool2d::default().into(),
        convolution(32),
        MaxPool2d::default().into(),
        convolution(64),
        MaxPool2d::default().into(),
        Flatten {}.into(),
        Dropout { rate: 0.25, ..Dropout::default() }.into(),
        Dense { units: 64, activation: Activation::Relu, init: Initialiser::HeUniform, ..Dense::default() }.into(),
        Dense { units: classes, ..Dense::default() }.into(),
    ]
}

fn bare_convolution(filters: usize, kernel: usize, stride: usize) -> LayerKind {
    Conv2d { filters, kernel, stride, activation: Activation::None, bias: false, ..Conv2d::default() }.into()
}

/// Two residual blocks of two convolutions each, the second at half the size. The Adds wait for their second wires.
fn residual(classes: usize) -> Vec<LayerKind> {
    let norm = || LayerKind::from(BatchNorm::default());
    let mut layers = vec![bare_convolution(16, 3, 1), norm(), Relu {}.into(), MaxPool2d::default().into()];
    for (filters, stride) in [(16, 1), (32, 2)] {
        layers.extend([bare_convolution(filters, 3, stride), norm(), Relu {}.into()]);
        layers.extend([bare_convolution(filters, 3, 1), norm(), Add {}.into(), Relu {}.into()]);
    }
    layers.extend([GlobalAvgPool {}.into(), Dense { units: classes, ..Dense::default() }.into()]);
    layers
}

/// Around the first block leads a wire; around the second, which halves the picture, a convolution that does so too.
fn wire_around_convolutions(graph: &mut Graph) {
    let all = |of: fn(&LayerKind) -> bool| {
        graph.layers().filter(|layer| of(&layer.kind)).map(|layer| layer.id).collect::<Vec<_>>()
    };
    let adds = all(|kind| matches!(kind, LayerKind::Add(_)));
    let (pools, relus) =
        (all(|kind| matches!(kind, LayerKind::MaxPool2d(_))), all(|kind| matches!(kind, LayerKind::Relu(_))));
    if let ([pool, ..], [first, second], [_, _, between, ..]) = (&pools[..], &adds[..], &relus[..]) {
        let shortcut = graph.add(bare_convolution(32, 1, 2), [0.0, 0.0]);
        let norm = graph.add(BatchNorm::default().into(), [0.0, 0.0]);
        for (from, to) in [(*pool, *first), (*between, shortcut), (shortcut, norm), (norm, *second)] {
            // Forwards along the chain: nothing can refuse.
            let _ = graph.connect(from, to);
        }
    }
    super::layout::tidy(graph);
}

/// Three residual blocks, each at half the size of the one before, for pictures of so many rows and columns. `width`:
/// filters of the first.
pub fn residual_over(side: usize, width: usize, classes: usize) -> Graph {
    let norm = || LayerKind::from(BatchNorm::default());
    let mut graph = Graph::default();
    let mut last = graph.add(Input::default().into(), [0.0, 0.0]);
    let add = |graph: &mut Graph, from: LayerId, kind: LayerKind| {
        let id = graph.add(kind, [0.0, 0.0]);
        // Forwards along the chain, as every wire here: nothing can refuse.
        let _ = graph.connect(from, id);
        id
    };
    for kind in [bare_convolution(width, 3, if side > 40 { 2 } else { 1 }), norm(), Relu {}.into()] {
        last = add(&mut graph, last, kind);
    }
    if side > 128 {
        last = add(&mut graph, last, MaxPool2d::default().into());
    }
    for (filters, stride) in [(width, 1), (2 * width, 2), (4 * width, 2)] {
        let mut around = last;
        for kind in [bare_convolution(filters, 3, stride), norm(), Relu {}.into(), bare_convolution(filters, 3, 1)] {
            last = add(&mut graph, last, kind);
        }
        last = add(&mut graph, last, norm());
        last = add(&mut graph, last, Add {}.into());
        if stride > 1 {
            around = add(&mut graph, around, bare_convolution(filters, 1, stride));
            around = add(&mut graph, around, norm());
        }
        let _ = graph.connect(around, last);
        last = add(&mut graph, last, Relu {}.into());
    }
    for kind in [GlobalAvgPool {}.into(), Dense { units: classes, ..Dense::default() }.into(), Loss::default().into()] {
        last = add(&mut graph, last, kind);
    }
    super::layout::tidy(&mut graph);
    graph
}

/// A picture of 28 rows as a sequence of rows, and a memory that reads it.
fn row_by_row(classes: usize) -> Vec<LayerKind> {
    vec![
        Reshape { shape: "28 x 28".into() }.into(),
        Lstm { units: 64, ..Lstm::default() }.into(),
        Dense { units: classes, ..Dense::default() }.into(),
    ]
}

/// A picture of 28 rows as a sequence of rows that look at each other. The Add waits for its second wire.
fn rows_attend(classes: usize) -> Vec<LayerKind> {
    vec![
        Reshape { shape: "28 x 28".into() }.into(),
        Dense { units: 32, ..Dense::default() }.into(),
        PositionalEncoding { encoding: Positions::Learned }.into(),
        LayerNorm::default().into(),
        MultiHeadAttention::default().into(),
        Add {}.into(),
        Dense { units: 64, activation: Activation::Gelu, ..Dense::default() }.into(),
        MeanOver { axis: 1 }.into(),
        Dense { units: classes, ..Dense::default() }.into(),
    ]
}

/// The wire that goes around layer norm and attention: a residual connection.
fn wire_around_attention(graph: &mut Graph) {
    let find = |of: fn(&LayerKind) -> bool| graph.layers().find(|layer| of(&layer.kind)).map(|layer| layer.id);
    let from = find(|kind| matches!(kind, LayerKind::PositionalEncoding(_)));
    if let Some((from, to)) = from.zip(find(|kind| matches!(kind, LayerKind::Add(_)))) {
        // Forwards along the chain: nothing can refuse.
        let _ = graph.connect(from, to);
    }
    super::layout::tidy(graph);
}

/// A picture of so many rows and columns, through a layer of two units and back.
fn through_two(side: usize) -> Vec<LayerKind> {
    // No ReLU: whole layers of it die on the way to two units.
    let gelu =
        |units| Dense { units, activation: Activation::Gelu, init: Initialiser::HeUniform, ..Dense::default() }.into();
    vec![
        Flatten {}.into(),
        gelu(128),
        gelu(64),
        Dense { units: 2, ..Dense::default() }.into(),
        gelu(64),
        gelu(128),
        Dense { units: side * side, activation: Activation::Sigmoid, ..Dense::default() }.into(),
        Reshape { shape: format!("1 x {side} x {side}") }.into(),
    ]
}

/// What goes in is what is to come out.
fn wire_truth(graph: &mut Graph) {
    let input = graph.layers().find(|layer| matches!(layer.kind, LayerKind::Input(_))).map(|layer| layer.id);
    if let (Some(input), Some((loss, _))) = (input, graph.main_loss()) {
        let truth = End::at(loss.id, Loss::TRUTH);
        // From the beginning to the end: nothing can refuse.
        let _ = graph.connect(input, truth);
    }
    super::layout::tidy(graph);
}

/// Adam with a cosine over the whole run for `epochs` of pictures.
pub fn pictures(epochs: usize, learning_rate: f64) -> TrainingSpec {
    TrainingSpec { learning_rate, epochs, batch_size: 64, ..TrainingSpec::default() }
}

fn digits() -> DataSpec {
    DataSpec { source: Source::Digits(DigitsSpec::default()), ..DataSpec::default() }
}

fn shapes() -> DataSpec {
    DataSpec { source: Source::Shapes(ShapesSpec::default()), ..DataSpec::default() }
}

fn scenes(template: &Template) -> Project {
    let data = DataSpec {
        source: Source::Scenes(ScenesSpec { samples: 6000, ..ScenesSpec::default() }),
        ..DataSpec::default()
    };
    let training =
        TrainingSpec { schedule: Schedule::Cosine { steps: 5400, floor: 0.01 }, batch_size: 16, ..pictures(18, 0.003) };
    Project { name: template.title.to_owned(), graph: detector(16, SHAPES), data, training }
}

fn synthetic(
    kind: SyntheticKind,
    widths: &[usize],
    activation: Activation,
    epochs: usize,
) -> (DataSpec, Vec<LayerKind>, TrainingSpec) {
    let spec = SyntheticSpec { kind, features: vec![Feature::X, Feature::Y], ..SyntheticSpec::default() };
    let outputs = match kind {
        _ if kind.is_regression() => 1,
        _ if kind.has_class_count() => spec.classes,
        _ => 2,
    };
    let layers = dense_stack(widths, activation, outputs);
    let data = DataSpec { source: Source::Synthetic(spec), ..DataSpec::default() };
    let training = TrainingSpec {
        optimiser: Optimiser::adam(),
        schedule: Schedule::Constant,
        learning_rate: 0.01,
        batch_size: 16,
        epochs,
        ..TrainingSpec::default()
    };
    (data, layers, training)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DataSignature, Shape, Task, infer};

    #[test]
    fn every_built_in_template_is_valid_over_its_data() {
        for template in TEMPLATES.iter().filter(|t| t.needs.is_none()) {
            let project = build(template.key).unwrap();
            let (input, task) = match (&project.data.source, template.key) {
                (Source::Digits(_), _) => (vec![1, 28, 28], Task::Classes(10)),
                (Source::Shapes(shapes), _) => (vec![3, shapes.size, shapes.size], Task::Classes(6)),
                (Source::Scenes(scenes), _) => {
                    (vec![3, scenes.size, scenes.size], Task::Boxes { most: scenes.most, classes: 6 })
                }
                (_, "sine") => (vec![1], Task::Numbers(1)),
                (_, "plane") => (vec![2], Task::Numbers(1)),
                (_, "blobs") => (vec![2], Task::Classes(3)),
                _ => (vec![2], Task::Classes(2)),
            };
            let found = infer(
                &project.graph,
                Some(&DataSignature { names: Vec::new(), input: Shape(input), task, weighted: false }),
            );
            assert!(found.is_valid(), "{}: {:?}", template.key, found.problems);
        }
        assert!(build("table").is_none() && build("nonsense").is_none());
    }
}
