//! The exported `train.py` of every framework beside `glassbox train`: the same steps, the same epochs, the same log.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::path::Path;

use glassbox::data::Dataset;
use glassbox::interop::Framework;
use glassbox::model::layer::{
    Activation, Concat, Conv2d, Dense, Dropout, Flatten, GaussianNoise, Input, LayerKind, Loss, LossKind, MaxPool2d,
};
use glassbox::model::task::CELL;
use glassbox::model::templates::{self, chain};
use glassbox::model::{
    Augmentation, ColumnChoice, ColumnRole, CsvSpec, DataSignature, DataSpec, DigitsSpec, EarlyStopping, End, Graph,
    Optimiser, Plateau, Project, ScenesSpec, Schedule, Shape, ShapesSpec, Source, Task, TrainingSpec,
};
use support::exports::{Beside, Proofs, dataset_of, lines, must, samples};
use support::frameworks::python_with;
use support::random_graphs::Chance;

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

/// A second head with a Loss of its own, which counts less.
fn several() -> Project {
    let mut project = pictures();
    project.name = "Several".into();
    let graph = &mut project.graph;
    let from = graph.find("Flatten 1").unwrap().id;
    let head = graph.add(Dense { units: 10, ..Dense::default() }.into(), [0.0; 2]);
    let aside = graph.add(Loss { loss: LossKind::Focal, weight: 0.25, ..Loss::default() }.into(), [0.0; 2]);
    graph.connect(from, head).unwrap();
    graph.connect(head, aside).unwrap();
    project
}

/// Each coordinate by an Input of its own, and two heads that predict numbers.
fn inputs() -> Project {
    let mut project = numbers();
    let names = dataset_of(&project).input_names;
    let mut graph = Graph::default();
    let joined = graph.add(Concat {}.into(), [0.0; 2]);
    for columns in names {
        let input = graph.add(Input { columns, ..Input::default() }.into(), [0.0; 2]);
        let dense = graph.add(Dense { units: 3, activation: Activation::Tanh, ..Dense::default() }.into(), [0.0; 2]);
        graph.connect(input, dense).unwrap();
        graph.connect(dense, joined).unwrap();
    }
    for loss in [LossKind::Mse, LossKind::Mae] {
        let dense = graph.add(Dense { units: 1, ..Dense::default() }.into(), [0.0; 2]);
        let loss = graph.add(Loss { loss, ..Loss::default() }.into(), [0.0; 2]);
        graph.connect(joined, dense).unwrap();
        graph.connect(dense, loss).unwrap();
    }
    project.name = "Inputs".into();
    project.graph = graph;
    project
}

/// Pictures in colour that are changed in every way, and mixed.
fn augmented() -> Project {
    let mut project = templates::build("shapes").unwrap();
    project.data.source = Source::Shapes(ShapesSpec { samples: 100, size: 16, ..ShapesSpec::default() });
    let layers = vec![Flatten {}.into(), Dense { units: 6, ..Dense::default() }.into()];
    project.graph = templates::chain(layers);
    project.training = TrainingSpec {
        augmentation: Box::new(Augmentation {
            flip: true,
            flip_up_down: true,
            rotation: 20.0,
            shift: 0.1,
            zoom: 0.2,
            shear: 20.0,
            brightness: 0.1,
            contrast: 0.3,
            saturation: 0.4,
            noise: 0.02,
            cutout: 0.3,
            mixup: 0.4,
        }),
        batch_size: 16,
        epochs: 3,
        ..TrainingSpec::default()
    };
    project
}

/// Puts another Loss in the place of one.
fn relearn(graph: &mut Graph, name: &str, loss: Loss) {
    let old = graph.find(name).unwrap().id;
    let from = graph.incoming(old).next().unwrap().from;
    graph.remove(old).unwrap();
    let new = graph.add(loss.into(), [0.0; 2]);
    graph.connect(from, new).unwrap();
}

/// Mixed pictures under a loss whose classes count differently, beside one that gives the mixture back and another one.
fn mixed() -> Project {
    let mut project = several();
    project.name = "Mixed".into();
    let graph = &mut project.graph;
    let find = |graph: &Graph, name: &str| graph.find(name).unwrap().id;
    let (input, from) = (find(graph, "Input"), find(graph, "Flatten 1"));
    let weights = ["1"; 9].join(", ") + ", 3";
    for (name, loss, weight) in [("Loss", LossKind::CrossEntropy, 1.0), ("Loss 2", LossKind::Focal, 0.25)] {
        relearn(graph, name, Loss { loss, weight, class_weights: weights.clone(), ..Loss::default() });
    }
    let whole = graph.add(Flatten {}.into(), [0.0; 2]);
    let back = graph.add(Dense { units: 784, ..Dense::default() }.into(), [0.0; 2]);
    let aside = graph.add(Loss { loss: LossKind::Mse, weight: 0.5, ..Loss::default() }.into(), [0.0; 2]);
    graph.connect(input, whole).unwrap();
    graph.connect(from, back).unwrap();
    graph.connect(back, aside).unwrap();
    graph.connect(whole, End::at(aside, Loss::TRUTH)).unwrap();
    *project.training.augmentation = Augmentation { mixup: 0.4, shift: 0.1, ..Augmentation::default() };
    project
}

/// Mixed pictures with two numbers each, under a loss.
fn mixed_numbers(loss: LossKind) -> (Project, Dataset) {
    let layers = vec![
        Conv2d { filters: 3, activation: Activation::Tanh, ..Conv2d::default() }.into(),
        Flatten {}.into(),
        LayerKind::from(Dense { units: 2, ..Dense::default() }),
    ];
    let mut graph = chain(layers);
    relearn(&mut graph, "Loss", Loss { loss, ..Loss::default() });
    let signature =
        DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![3, 5, 4]), task: Task::Numbers(2) };
    let dataset = samples(&mut Chance(5), &graph, &signature, true);
    let augmentation = Box::new(Augmentation { mixup: 0.4, ..Augmentation::default() });
    let training = TrainingSpec { batch_size: 4, augmentation, ..TrainingSpec::default() };
    (Project { name: "Mixed numbers".into(), graph, data: DataSpec::default(), training }, dataset)
}

#[test]
fn mixtures_are_proved_by_every_framework() {
    for framework in Framework::ALL {
        let Some(mut proofs) = Proofs::new(framework, "mixtures_are_proved_by_every_framework") else { continue };
        for loss in [LossKind::Mse, LossKind::Huber] {
            let (project, dataset) = mixed_numbers(loss);
            proofs.add(loss.key(), &project, &dataset).unwrap();
        }
        for (name, project) in [("augmented", augmented()), ("mixed", mixed())] {
            match proofs.add(name, &project, &dataset_of(&project)) {
                Ok(()) => {}
                Err(why) => {
                    let is_known = why.contains("has no counterpart in Keras's fit");
                    assert!(framework == Framework::Keras && name == "mixed" && is_known, "{why}");
                }
            }
        }
        proofs.hold();
    }
}

/// Things whose boxes move with the pictures; without kinks and norms, which magnify rounding.
fn found() -> Project {
    let mut project = templates::build("scenes").unwrap();
    project.data.source = Source::Scenes(ScenesSpec { samples: 100, size: 32, ..ScenesSpec::default() });
    let convolve = |filters| Conv2d { filters, stride: 2, activation: Activation::Tanh, ..Conv2d::default() };
    let cells = Conv2d { filters: CELL + 6, kernel: 1, activation: Activation::None, ..Conv2d::default() };
    project.graph = chain(vec![convolve(4).into(), convolve(8).into(), cells.into()]);
    project.training.augmentation = Box::new(Augmentation {
        flip: true,
        rotation: 15.0,
        zoom: 0.3,
        shear: 10.0,
        shift: 0.2,
        cutout: 0.3,
        ..Augmentation::default()
    });
    project.training.optimiser = Optimiser::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 };
    project.training.epochs = 2;
    project
}

/// Two columns of a table at once, of one of which the logarithm is learnt.
fn targets(folder: &Path) -> Project {
    let path = folder.join("two.csv");
    let row = |i: usize| {
        let x = (i as f64 * 0.7).sin();
        format!("{x:.3},{:.1},{:.2}\n", (3.0 * x + (i % 5) as f64 * 0.2).exp(), x * x - 1.0)
    };
    std::fs::write(&path, format!("x,wide,narrow\n{}", (0..120).map(row).collect::<String>())).unwrap();
    let role = |name: &str, role| ColumnChoice { name: name.into(), role };
    let csv = CsvSpec {
        path,
        target: "wide".into(),
        columns: vec![role("wide", ColumnRole::LogTarget), role("narrow", ColumnRole::Target)],
        missing: Default::default(),
        scaling: Default::default(),
        reading: Default::default(),
    };
    let dense = |units, activation| LayerKind::from(Dense { units, activation, ..Dense::default() });
    Project {
        name: "Targets".into(),
        graph: chain(vec![dense(8, Activation::Tanh), dense(2, Activation::None)]),
        data: DataSpec { source: Source::Csv(csv), ..DataSpec::default() },
        training: TrainingSpec { epochs: 4, batch_size: 16, ..TrainingSpec::default() },
    }
}

/// Rows that count by a column, under every kind of loss.
fn weighted(folder: &Path) -> Vec<Project> {
    let path = folder.join("weighted.csv");
    let row = |i: usize| {
        let (x, z) = ((i as f64 * 0.7).sin(), (i as f64 * 1.9).cos());
        format!("{x:.3},{z:.3},{},{:.2},{}\n", i % 5, x * z - 1.0, ["a", "b", "c"][i * 7 % 11 % 3])
    };
    std::fs::write(&path, format!("x,z,w,number,kind\n{}", (0..120).map(row).collect::<String>())).unwrap();
    let role = |name: &str, role| ColumnChoice { name: name.into(), role };
    let project = |target: &str, losses: &[Loss]| {
        let csv = CsvSpec {
            path: path.clone(),
            target: target.into(),
            columns: vec![role("w", ColumnRole::Weight)],
            missing: Default::default(),
            scaling: Default::default(),
            reading: Default::default(),
        };
        let units = if target == "kind" { 3 } else { 1 };
        let dense = |units, activation| LayerKind::from(Dense { units, activation, ..Dense::default() });
        let mut graph = Graph::default();
        let input = graph.add(Input::default().into(), [0.0; 2]);
        for loss in losses {
            let mut last = input;
            for kind in [dense(6, Activation::Tanh), dense(units, Activation::None), loss.clone().into()] {
                let id = graph.add(kind, [0.0; 2]);
                graph.connect(last, id).unwrap();
                last = id;
            }
        }
        Project {
            name: format!("Weighted {target}"),
            graph,
            data: DataSpec { source: Source::Csv(csv), ..DataSpec::default() },
            training: TrainingSpec { epochs: 3, batch_size: 18, ..TrainingSpec::default() },
        }
    };
    let of = |loss| Loss { loss, ..Loss::default() };
    let shaped = |loss| Loss { loss, class_weights: "1, 3, 0.5".into(), label_smoothing: 0.1, ..Loss::default() };
    vec![
        project("kind", &[of(LossKind::CrossEntropy)]),
        project(
            "kind",
            &[
                shaped(LossKind::CrossEntropy),
                Loss { weight: 0.5, ..of(LossKind::Focal) },
                shaped(LossKind::Focal),
                shaped(LossKind::KlDivergence),
                of(LossKind::Hinge),
                of(LossKind::BinaryCrossEntropy),
            ],
        ),
        project("number", &[of(LossKind::Mse)]),
        project("number", &[of(LossKind::Huber), of(LossKind::Mae)]),
    ]
}

fn trains_as_here(framework: Framework, test: &str) {
    let Some(python) = python_with(&[framework.package()], test) else { return };
    let folder = tempfile::tempdir().unwrap();
    let tables = [vec![targets(folder.path())], weighted(folder.path())].concat();
    let others = [pictures(), numbers(), autoencoder(), judged(), several(), inputs(), augmented(), found()];
    // Keras changes pictures for a single loss only.
    let mixed = (framework != Framework::Keras).then(mixed);
    for project in others.into_iter().chain(tables).chain(mixed) {
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

#[test]
fn a_run_of_pytorch_goes_on_as_if_it_had_never_stopped() {
    let Some(python) = python_with(&["torch"], "a_run_of_pytorch_goes_on_as_if_it_had_never_stopped") else { return };
    for with_warm_up in [true, false] {
        let mut project = judged();
        if !with_warm_up {
            project.training.warm_up_steps = 0;
        }
        let beside = Beside::new(&project);
        let folder = beside.folder(Framework::PyTorch);
        let train = |words: &[&str]| {
            let mut command = std::process::Command::new(&python);
            must(&command.args(["train.py", "--device", "cpu"]).args(words).current_dir(&folder).output().unwrap());
        };
        train(&["--log", "whole.jsonl", "--checkpoint", "whole.pt"]);
        let whole = lines(&folder.join("whole.jsonl"));
        let epochs = whole.iter().filter(|line| line["event"] == "epoch").count();
        assert!(epochs > 10, "{epochs}");
        let mut parts = Vec::new();
        // Once among the epochs that count as waited, and often enough to be anywhere.
        for last in [4, epochs - 3, epochs - 1, 60] {
            let (last, log) = (last.to_string(), format!("{last}.jsonl"));
            let mut words = vec!["--epochs", &last, "--log", &log, "--checkpoint", "part.pt"];
            words.extend((!parts.is_empty()).then_some(["--resume", "part.pt"]).into_iter().flatten());
            train(&words);
            parts.extend(lines(&folder.join(&log)));
        }
        assert_eq!(whole, parts);
        let same = "import torch; a, b = (torch.load(f)['model'] for f in ('whole.pt', 'part.pt')); \
                    assert all((a[n] == b[n]).all() for n in a) and len(a) == len(b)";
        let mut command = std::process::Command::new(&python);
        must(&command.args(["-c", same]).current_dir(&folder).output().unwrap());
    }
}
