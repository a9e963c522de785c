//! A small project with exactly one fault for every rule.

use std::path::Path;
use std::sync::Arc;

use glassbox::data::{Dataset, Giveaway, NoProgress, Samples, Truth, load};
use glassbox::model::layer::{
    Activation, BatchNorm, Conv2d, Dense, Dropout, Formula, GlobalAvgPool, Initialiser, Relu, Softmax, Tanh,
};
use glassbox::model::{
    Clip, DataSpec, LayerKind, Optimiser, Project, Schedule, ShapesSpec, Source, SyntheticKind, SyntheticSpec,
    TrainingSpec, templates,
};

/// A fault, and what is to be found.
pub struct Fault {
    /// The rule that finds it.
    pub rule: &'static str,
    /// Where: the name of a layer or an input, a setting, "network" or "data".
    pub place: &'static str,
    pub project: Project,
    pub dataset: Arc<Dataset>,
    /// Other rules that find the same fault, for reasons of this network alone.
    pub also: &'static [&'static str],
}

fn dense(units: usize, activation: Activation) -> LayerKind {
    let init = if activation == Activation::Relu { Initialiser::HeUniform } else { Initialiser::GlorotUniform };
    Dense { units, activation, init, ..Dense::default() }.into()
}

fn formula(expression: &str) -> LayerKind {
    Formula { expression: expression.into() }.into()
}

/// Layers, the outputs behind them, and how they train.
fn project(layers: Vec<LayerKind>, outputs: usize, training: TrainingSpec) -> Project {
    let layers = [layers, vec![dense(outputs, Activation::None)]].concat();
    Project { graph: templates::chain(layers), training, ..Project::default() }
}

fn bare(layers: Vec<LayerKind>, training: TrainingSpec) -> Project {
    Project { graph: templates::chain(layers), training, ..Project::default() }
}

fn hidden() -> Vec<LayerKind> {
    vec![dense(16, Activation::Relu)]
}

fn adam(learning_rate: f64) -> TrainingSpec {
    TrainingSpec { learning_rate, ..TrainingSpec::default() }
}

fn sgd(learning_rate: f64) -> TrainingSpec {
    TrainingSpec { optimiser: Optimiser::sgd(), learning_rate, ..TrainingSpec::default() }
}

fn points(kind: SyntheticKind, samples: usize, noise: f64) -> Dataset {
    let source = Source::Synthetic(SyntheticSpec { kind, samples, noise, ..SyntheticSpec::default() });
    load(&DataSpec { source, ..DataSpec::default() }, Path::new("."), &NoProgress).unwrap()
}

/// Two clouds, which a healthy network tells apart at once, within about ±1.
fn clouds() -> Dataset {
    changed(points(SyntheticKind::Gauss, 400, 0.0), |row| row.iter().map(|x| x / 4.0).collect(), |target| target)
}

/// Two classes of one in another, within about ±1.
fn circle() -> Dataset {
    changed(points(SyntheticKind::Circle, 400, 0.0), |row| row.iter().map(|x| x / 4.0).collect(), |target| target)
}

/// With other inputs and targets.
fn changed(dataset: Dataset, input: impl Fn(&[f32]) -> Vec<f32>, target: impl Fn(f32) -> f32) -> Dataset {
    let part = |samples: &Samples| {
        let all = samples.whole().unwrap();
        let width = samples.input_len();
        let inputs: Vec<f32> = all.inputs.chunks(width).flat_map(&input).collect();
        let targets: Vec<f32> = all.targets.iter().map(|&number| target(number)).collect();
        Samples::in_memory(&[inputs.len() / samples.len()], inputs, targets)
    };
    let (train, validation) = (part(&dataset.train), part(&dataset.validation));
    let width = train.input_len();
    let names = ["x", "y", "z"].iter().take(width).map(|name| (*name).to_owned()).collect();
    Dataset { input_shape: vec![width], input_names: names, train, validation, plane: None, ..dataset }
}

/// The first so many of a class in the training set, and all of the others.
fn fewer(dataset: Dataset, class: f32, keep: usize) -> Dataset {
    let all = dataset.train.whole().unwrap();
    let (mut inputs, mut targets, mut kept) = (Vec::new(), Vec::new(), 0);
    for (input, &target) in all.inputs.chunks(2).zip(all.targets.iter()) {
        let is_kept = target != class || kept < keep;
        kept += usize::from(target == class);
        if is_kept {
            inputs.extend_from_slice(input);
            targets.push(target);
        }
    }
    drop(all);
    Dataset { train: Samples::in_memory(&[2], inputs, targets), ..dataset }
}

/// A number to learn: the sum of two inputs, scaled and shifted.
fn sums(scale: f32, shift: f32) -> Dataset {
    let classes = clouds();
    let part = |samples: &Samples| {
        let inputs = samples.whole().unwrap().inputs.into_owned();
        let targets: Vec<f32> = inputs.chunks(2).map(|row| (row[0] + row[1]) * scale + shift).collect();
        Samples::in_memory(&[2], inputs, targets)
    };
    let truth = Truth::numbers(vec!["price".into()], &[0.0], &[1.0]);
    Dataset { truth, train: part(&classes.train), validation: part(&classes.validation), ..classes }
}

/// Targets that the inputs say nothing about.
fn noise(each: impl Fn(u64) -> f32) -> Dataset {
    let classes = clouds();
    let part = |samples: &Samples, salt: u64| {
        let hash = |i: u64| {
            (i + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33
        };
        let inputs = samples.whole().unwrap().inputs.into_owned();
        Samples::in_memory(&[2], inputs, (0..samples.len() as u64).map(|i| each(hash(i))).collect::<Vec<_>>())
    };
    Dataset { train: part(&classes.train, 1), validation: part(&classes.validation, 1 << 20), ..classes }
}

/// Some training targets changed.
fn mistaken(dataset: Dataset, target: impl Fn(usize, f32) -> f32) -> Dataset {
    let all = dataset.train.whole().unwrap();
    let (width, inputs) = (dataset.train.input_len(), all.inputs.to_vec());
    let targets: Vec<f32> = all.targets.iter().enumerate().map(|(i, &own)| target(i, own)).collect();
    drop(all);
    Dataset { train: Samples::in_memory(&[width], inputs, targets), ..dataset }
}

/// Training samples of two clouds that lie in each other, and validation samples that lie far apart.
fn easier_later() -> Dataset {
    let shift = |i: usize| ((i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f32 / (1u64 << 24) as f32 - 0.5;
    let far = clouds();
    let all = far.train.whole().unwrap();
    let near: Vec<f32> = all.inputs.iter().enumerate().map(|(i, x)| 0.25 * x + 0.8 * shift(i)).collect();
    let targets = all.targets.to_vec();
    drop(all);
    Dataset { train: Samples::in_memory(&[2], near, targets), ..far }
}

/// Drawn shapes of some 14 pixels.
fn drawn() -> Dataset {
    let source = Source::Shapes(ShapesSpec { samples: 100, size: 24, ..ShapesSpec::default() });
    load(&DataSpec { source, ..DataSpec::default() }, Path::new("."), &NoProgress).unwrap()
}

pub fn faults() -> Vec<Fault> {
    [standing(), before_training(), while_training()].into_iter().flatten().collect()
}

fn fault(rule: &'static str, place: &'static str, project: Project, dataset: Dataset) -> Fault {
    Fault { rule, place, project, dataset: Arc::new(dataset), also: &[] }
}

fn also(fault: Fault, also: &'static [&'static str]) -> Fault {
    Fault { also, ..fault }
}

/// Found by what is drawn and by the first step.
fn before_training() -> Vec<Fault> {
    let glorot = || LayerKind::from(Dense { units: 16, activation: Activation::Relu, ..Dense::default() });
    let tanh = || dense(16, Activation::Tanh);
    let conv = || LayerKind::from(Conv2d { filters: 2, activation: Activation::Relu, ..Conv2d::default() });
    vec![
        fault("init-misfit", "Dense 1", project(vec![glorot(); 14], 2, adam(0.01)), circle()),
        fault(
            "activation-spread",
            "Dense 2",
            project(vec![tanh(), formula("x * 0.0001"), tanh()], 2, adam(0.01)),
            circle(),
        ),
        fault(
            "receptive-field",
            "Conv 2-D 2",
            project(vec![conv(), conv(), GlobalAvgPool {}.into()], 6, adam(0.01)),
            drawn(),
        ),
    ]
}

/// Found by how it trains, by its readings, or by what has become of it.
fn while_training() -> Vec<Fault> {
    let norm = BatchNorm { momentum: 0.001, ..BatchNorm::default() };
    let drop = Dropout { rate: 0.9, ..Dropout::default() };
    let straight = dense(16, Activation::None);
    let whole = |rate: f64| TrainingSpec { batch_size: 400, epochs: 1000, ..sgd(rate) };
    let ends = TrainingSpec { schedule: Schedule::Step { every: 5, factor: 0.1 }, ..adam(0.003) };
    let clipped = TrainingSpec { clip: Clip::Norm { max: 1e-4 }, ..adam(0.01) };
    let large = TrainingSpec { batch_size: 512, epochs: 1000, ..adam(0.001) };
    let twice = || vec![dense(12, Activation::Relu), dense(12, Activation::Relu)];
    let moons = || points(SyntheticKind::Moons, 500, 0.1);
    let wide = || vec![dense(64, Activation::Relu), dense(64, Activation::Relu)];
    let crowd = || changed(points(SyntheticKind::Gauss, 4000, 0.0), |row| row.iter().map(|x| x / 4.0).collect(), |t| t);
    let learnt =
        |noise| changed(points(SyntheticKind::Circle, 120, noise), |row| row.iter().map(|x| x / 4.0).collect(), |t| t);
    vec![
        fault("rate-too-high", "training.learning_rate", project(twice(), 2, whole(20.0)), moons()),
        fault("rate-too-low", "training.learning_rate", project(hidden(), 2, sgd(1e-4)), circle()),
        also(
            fault("oscillating", "training.learning_rate", project(twice(), 2, whole(20.0)), moons()),
            &["rate-too-high", "diverging", "dead-relu", "steps-too-large"],
        ),
        fault("clipped-often", "training.clip", project(hidden(), 2, clipped), circle()),
        fault("batch-too-large", "training.batch_size", project(hidden(), 2, large), crowd()),
        fault("straight-network", "network", project(vec![], 2, adam(0.01)), circle()),
        fault(
            "underfitting",
            "network",
            project(vec![dense(1, Activation::Tanh)], 2, TrainingSpec { epochs: 1000, ..adam(0.01) }),
            circle(),
        ),
        fault("plateau", "training.schedule", project(hidden(), 2, ends), circle()),
        fault(
            "norm-lags",
            "Batch norm 1",
            project(vec![straight, formula("x * 10 + 50"), norm.into(), Relu {}.into()], 2, adam(0.01)),
            circle(),
        ),
        fault(
            "dropout-too-strong",
            "Dropout 1",
            project([hidden(), vec![drop.into()]].concat(), 2, adam(0.01)),
            clouds(),
        ),
        also(
            fault(
                "one-sample",
                "data",
                project(hidden(), 1, adam(0.01)),
                mistaken(sums(1.0, 0.0), |i, own| if i == 17 { 60.0 } else { own }),
            ),
            &["diverging"],
        ),
        fault(
            "wrong-labels",
            "data",
            project(hidden(), 2, adam(0.01)),
            mistaken(clouds(), |i, own| if i % 25 == 0 { 1.0 - own } else { own }),
        ),
        fault("validation-too-good", "data", project(hidden(), 2, adam(0.01)), easier_later()),
        also(
            fault(
                "score-at-odds",
                "network",
                project(wide(), 2, TrainingSpec { epochs: 1000, ..adam(0.01) }),
                learnt(0.35),
            ),
            &["overfitting", "few-samples"],
        ),
    ]
}

/// As the rules stood first.
fn standing() -> Vec<Fault> {
    let norm = || LayerKind::from(BatchNorm::default());
    let drop = || LayerKind::from(Dropout { rate: 0.3, ..Dropout::default() });
    let healthy = || project(hidden(), 2, adam(0.01));
    let same = |row: &[f32]| row.to_vec();
    let wide = || vec![dense(256, Activation::Relu), dense(256, Activation::Relu)];
    let constant = |row: &[f32]| vec![row[0], row[1], 0.5];
    let copy = |row: &[f32]| vec![row[0], row[1], 2.0 * row[0] + 0.1];
    let leak = Giveaway { column: "x".into(), target: "class".into(), words: "x tells class".into() };
    let symmetric = Dense { units: 16, activation: Activation::Tanh, init: Initialiser::Zeros, ..Dense::default() };
    let straight = |units| dense(units, Activation::None);
    let sigmoids = || (0..8).map(|_| dense(16, Activation::Sigmoid)).collect();
    let deep = || (0..3).map(|_| dense(16, Activation::Tanh)).collect::<Vec<_>>();
    let still = Dense { units: 2, init: Initialiser::Zeros, ..Dense::default() };
    let parts = clouds();
    let both = Dataset { validation: parts.train.clone(), ..parts };
    vec![
        // Before training.
        fault("inputs-unscaled", "y", healthy(), changed(clouds(), |row| vec![row[0] * 300.0, row[1] * 900.0], |t| t)),
        fault("constant-input", "z", healthy(), changed(clouds(), constant, |t| t)),
        fault("copied-input", "z", healthy(), changed(clouds(), copy, |t| t)),
        fault("target-unscaled", "price", project(hidden(), 1, adam(0.01)), sums(20.0, 60.0)),
        fault(
            "target-out-of-range",
            "Dense 2",
            bare([hidden(), vec![dense(1, Activation::Relu)]].concat(), adam(0.01)),
            sums(1.0, 0.0),
        ),
        fault("class-imbalance", "data", healthy(), fewer(clouds(), 1.0, 8)),
        fault(
            "few-samples",
            "data",
            project(wide(), 2, adam(0.003)),
            changed(points(SyntheticKind::Gauss, 60, 0.0), same, |t| t),
        ),
        fault("leakage", "x", healthy(), Dataset { giveaways: vec![leak], ..clouds() }),
        fault("split-duplicates", "data", healthy(), both),
        fault(
            "double-activation",
            "Softmax 1",
            bare([hidden(), vec![straight(2), Softmax {}.into()]].concat(), adam(0.01)),
            clouds(),
        ),
        fault("linear-layers", "Dense 1", project(vec![straight(16)], 2, adam(0.01)), clouds()),
        fault("symmetric-weights", "Dense 1", project(vec![symmetric.into()], 2, adam(0.01)), circle()),
        fault(
            "bias-before-norm",
            "Dense 1",
            project(vec![straight(16), norm(), Relu {}.into()], 2, adam(0.01)),
            clouds(),
        ),
        fault(
            "dropout-before-norm",
            "Dropout 1",
            project(vec![dense(16, Activation::Relu), drop(), norm()], 2, adam(0.01)),
            clouds(),
        ),
        fault(
            "dropout-at-end",
            "Dropout 1",
            bare([hidden(), vec![straight(2), drop()]].concat(), adam(0.01)),
            clouds(),
        ),
        fault(
            "batch-of-one",
            "training.batch_size",
            project(vec![dense(16, Activation::Relu), norm()], 2, TrainingSpec { batch_size: 1, ..adam(0.01) }),
            clouds(),
        ),
        // While training.
        fault(
            "loss-at-start",
            "network",
            project([hidden(), vec![formula("x * 300")]].concat(), 2, adam(0.01)),
            clouds(),
        ),
        also(
            fault("not-finite", "Loss", project(vec![], 1, sgd(3.0)), sums(1.0, 0.0)),
            &["exploding-gradients", "diverging", "steps-too-large"],
        ),
        also(
            fault("diverging", "training.learning_rate", project(deep(), 2, adam(3.0)), circle()),
            &["steps-too-large"],
        ),
        also(
            fault(
                "exploding-gradients",
                "Dense 2",
                project(vec![dense(16, Activation::Relu), formula("x * 3000")], 2, adam(1e-5)),
                clouds(),
            ),
            &["loss-at-start"],
        ),
        fault("vanishing-gradients", "Dense 1", project(sigmoids(), 2, sgd(0.1)), circle()),
        fault(
            "dead-relu",
            "ReLU 1",
            project(vec![straight(16), formula("x - 100"), Relu {}.into()], 2, adam(0.01)),
            circle(),
        ),
        fault(
            "saturated",
            "Tanh 1",
            project(vec![straight(16), formula("x * 1000"), Tanh {}.into()], 2, sgd(0.001)),
            circle(),
        ),
        also(
            fault("steps-too-large", "training.learning_rate", project(vec![], 1, sgd(3.0)), sums(1.0, 0.0)),
            &["exploding-gradients"],
        ),
        fault("steps-too-small", "training.learning_rate", project(hidden(), 2, sgd(1e-6)), circle()),
        fault(
            "flat-loss",
            "network",
            bare(vec![dense(4, Activation::Tanh), still.into()], sgd(0.01)),
            noise(|hash| (hash % 2) as f32),
        ),
        fault(
            "one-class",
            "network",
            project(vec![dense(4, Activation::Tanh)], 2, adam(0.01)),
            noise(|hash| f32::from(u8::from(hash % 4 == 0))),
        ),
        fault(
            "overfitting",
            "network",
            project(
                vec![dense(64, Activation::Relu), dense(64, Activation::Relu)],
                2,
                TrainingSpec { epochs: 1000, ..adam(0.01) },
            ),
            changed(points(SyntheticKind::Circle, 120, 0.5), |row| row.iter().map(|x| x / 4.0).collect(), |t| t),
        ),
    ]
}
