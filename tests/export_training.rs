//! The exported `train.py` of every framework beside `glassbox train`: the same steps, the same epochs, the same log.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use glassbox::interop::Framework;
use glassbox::model::layer::{Activation, Conv2d, Dense, Dropout, Flatten, GaussianNoise, LayerKind, MaxPool2d};
use glassbox::model::templates::{self, chain};
use glassbox::model::{
    DataSpec, DigitsSpec, EarlyStopping, Optimiser, Plateau, Project, Schedule, Source, TrainingSpec,
};
use support::exports::Beside;
use support::frameworks::python_with;

/// How far numbers may differ after some thirty steps, relative to those beyond 1.
const TOLERANCE: f64 = 1e-5;

/// Every kind of random number, penalties, and a last batch that is smaller: 32 steps in four epochs.
fn pictures() -> Project {
    let dense = |units, activation, l2| LayerKind::from(Dense { units, activation, l2, ..Dense::default() });
    let layers = vec![
        Conv2d { filters: 4, activation: Activation::Tanh, ..Conv2d::default() }.into(),
        Dropout { rate: 0.3, whole_channels: true }.into(),
        MaxPool2d { kernel: 4, stride: 4, ..MaxPool2d::default() }.into(),
        GaussianNoise { deviation: 0.1 }.into(),
        Flatten {}.into(),
        Dropout { rate: 0.25, whole_channels: false }.into(),
        dense(12, Activation::Tanh, 1e-3),
        dense(10, Activation::None, 0.0),
    ];
    let source = Source::Digits(DigitsSpec { samples: 150, ..DigitsSpec::default() });
    let training = TrainingSpec {
        optimiser: Optimiser::Sgd { momentum: 0.9, nesterov: false, weight_decay: 1e-4 },
        learning_rate: 0.05,
        batch_size: 16,
        epochs: 4,
        ..TrainingSpec::default()
    };
    Project {
        name: "Pictures".into(),
        graph: chain(layers),
        data: DataSpec { source, ..DataSpec::default() },
        training,
    }
}

/// Numbers that are predicted from two, with Adam.
fn numbers() -> Project {
    let mut project = templates::build("plane").unwrap();
    (project.training.epochs, project.training.batch_size) = (3, 39);
    project
}

/// Pictures that are to come out again.
fn autoencoder() -> Project {
    let mut project = templates::build("digits-autoencoder").unwrap();
    project.data.source = Source::Digits(DigitsSpec { samples: 150, ..DigitsSpec::default() });
    (project.training.epochs, project.training.batch_size, project.training.learning_rate) = (2, 25, 0.0005);
    project
}

/// A rate that falls on plateaus behind a warm-up, a run that ends early, and weights that are put back.
fn judged() -> Project {
    let mut project = templates::build("circle").unwrap();
    let plateau = Plateau { patience: 1, factor: 0.3, threshold: 0.02, cooldown: 1, ..Plateau::default() };
    project.training = TrainingSpec {
        optimiser: Optimiser::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 },
        schedule: Schedule::Plateau(plateau),
        warm_up_steps: 20,
        learning_rate: 0.3,
        batch_size: 64,
        epochs: 60,
        early_stopping: Some(EarlyStopping { patience: 4, min_delta: 0.02 }),
        keep_best: true,
        ..project.training
    };
    project
}

fn trains_as_here(framework: Framework, test: &str) {
    let Some(python) = python_with(&[framework.package()], test) else { return };
    for project in [pictures(), numbers(), autoencoder(), judged()] {
        println!("{}: {}", framework.name(), project.name);
        Beside::new(&project).agrees(framework, &python, TOLERANCE);
    }
}

#[test]
fn pytorch_trains_as_here() {
    trains_as_here(Framework::PyTorch, "pytorch_trains_as_here");
}

#[test]
fn keras_trains_as_here() {
    trains_as_here(Framework::Keras, "keras_trains_as_here");
}

#[test]
fn tensorflow_trains_as_here() {
    trains_as_here(Framework::TensorFlow, "tensorflow_trains_as_here");
}
