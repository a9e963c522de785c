//! Samples that are mixed with each other.

use serde_json::Value;

use super::*;
use crate::model::layer::Flatten;
use crate::model::{Augmentation, End};

const SHARES: [f32; 5] = [0.5, 1.0, 0.75, 0.9, 0.625];
const CLASSES: [f32; 5] = [0.0, 2.0, 1.0, 1.0, 2.0];

fn training(mixup: f64) -> TrainingSpec {
    let augmentation = Box::new(Augmentation { mixup, ..Augmentation::default() });
    TrainingSpec { learning_rate: 0.0, optimiser: Optimiser::sgd(), augmentation, ..TrainingSpec::default() }
}

fn signature(task: Task, weighted: bool) -> DataSignature {
    DataSignature { weighted, names: Vec::new(), input: Shape(vec![2, 2, 2]), task }
}

fn batch(lambda: &[f32], weights: &[f32]) -> Batch {
    Batch {
        len: 5,
        inputs: (0..40).map(|i| (i * 37 % 41) as f32 / 40.0).collect(),
        targets: CLASSES.to_vec(),
        lambda: lambda.to_vec(),
        weights: weights.to_vec(),
        rows: (0..5).collect(),
    }
}

/// Two Losses against the classes, and one that gives the picture back.
fn graph() -> Graph {
    let (mut graph, ids) = chain(vec![Flatten {}.into(), dense(6, Activation::Tanh), dense(3, Activation::None)]);
    let second = graph.add(Loss { loss: LossKind::Mse, weight: 0.5, ..Loss::default() }.into(), [0.0; 2]);
    graph.connect(ids[3], second).unwrap();
    let back = graph.add(dense(8, Activation::None), [0.0; 2]);
    let third = graph.add(Loss { loss: LossKind::Mse, weight: 0.25, ..Loss::default() }.into(), [0.0; 2]);
    graph.connect(ids[2], back).unwrap();
    graph.connect(back, third).unwrap();
    graph.connect(ids[1], End::at(third, Loss::TRUTH)).unwrap();
    graph
}

fn machine(graph: &Graph, mixup: f64, weighted: bool, task: Task) -> Machine {
    Machine::new(graph, &signature(task, weighted), &training(mixup), Device::Cpu, Precision::F64).unwrap()
}

#[test]
fn gradients_of_mixed_samples_agree_with_finite_differences() {
    for weights in [&[][..], &[0.5, 0.0, 2.0, 1.0, 1.5]] {
        let mut machine = machine(&graph(), 0.2, !weights.is_empty(), Task::Classes(3));
        let batch = batch(&SHARES, weights);
        gradients::compare_with_finite_differences(&mut machine, &batch, "mixup");
        // What single samples say makes up the loss here too.
        let report = machine.run_step(&batch).unwrap();
        let rows = machine.row_losses(0..5).unwrap();
        assert!((rows.iter().sum::<f64>() / 5.0 - report.loss).abs() < 1e-12, "{rows:?} {}", report.loss);
        assert_eq!(report.answers, 5);
    }
}

#[test]
fn the_listing_shows_both_parts_of_each_mixture() {
    let plain = machine(&graph(), 0.2, false, Task::Classes(3)).program().listing();
    for line in [
        "load      %x, %y, %lambda = batch batch.x, batch.y, batch.lambda\n",
        "%x_mixed = mixup %x, %lambda\n",
        "%y_partner = partner %y\n",
        "%lambda_partner = scale_shift [scale -1, shift 1] %lambda\n",
        "forward   %1 = reshape [8] %x_mixed   (Flatten 1)",
        "loss.cross_entropy.own, loss.cross_entropy.own.softmax = cross_entropy %4, %y, %lambda   (Loss)",
        "= cross_entropy %4, %y_partner, %lambda_partner   (Loss)",
        "loss.cross_entropy = add loss.cross_entropy.own, loss.cross_entropy.partner   (Loss)",
        "loss_2.mse.partner = mse %4, loss_2.partner.one_hot, %lambda_partner   (Loss 2)",
        "loss_3.mse = mse %5, %1   (Loss 3)",
    ] {
        assert!(plain.contains(line), "{line} is missing in\n{plain}");
    }
    let weighted = machine(&graph(), 0.2, true, Task::Classes(3)).program().listing();
    for line in [
        "%w_partner = partner %w\n",
        "%w_lambda = mul %w, %lambda\n",
        "%w_partner_lambda = mul %w_partner, %lambda_partner\n",
        "loss_3.mse.weights = add %w_lambda, %w_partner_lambda   (Loss 3)",
        "loss_3.mse = mse %5, %1, loss_3.mse.weights   (Loss 3)",
    ] {
        assert!(weighted.contains(line), "{line} is missing in\n{weighted}");
    }
    let (only, _) = chain(vec![Flatten {}.into(), dense(3, Activation::None)]);
    let only = machine(&only, 0.2, false, Task::Classes(3)).program().listing();
    assert!(only.contains("loss = add loss.own, loss.partner   (Loss)"), "{only}");
    // Without it, and for what is no picture, nothing is there of it.
    let off = machine(&graph(), 0.0, false, Task::Classes(3)).program().listing();
    assert!(!off.contains("lambda") && !off.contains("mix"), "{off}");
    let points = spiral();
    let (network, _) = toy();
    let row = Machine::new(&network, &super::signature(&points), &training(0.2), Device::Cpu, Precision::F32).unwrap();
    assert!(!row.program().listing().contains("lambda"));
}

/// One layer and its loss, as PyTorch computes them of the paper's own criterion.
#[test]
fn a_step_agrees_with_pytorch() {
    for (loss, task, name) in
        [(LossKind::CrossEntropy, Task::Classes(3), "cross_entropy"), (LossKind::Mse, Task::Numbers(3), "mse")]
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/mixup_{name}.json"));
        let recorded: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let case = &recorded["cases"][0];
        let numbers = |tensor: &Value| -> Vec<f64> { serde_json::from_value(tensor["data"].clone()).unwrap() };
        let [weight, bias, x, own, t] = [0, 1, 2, 3, 4].map(|i| numbers(&case["inputs"][i]));
        let (mut graph, ids) = chain(vec![Flatten {}.into(), dense(3, Activation::None)]);
        graph.remove(ids[3]).unwrap();
        let last = graph.add(Loss { loss, ..Loss::default() }.into(), [0.0; 2]);
        graph.connect(ids[2], last).unwrap();
        let mut machine = machine(&graph, 0.2, false, task);
        for (name, dims, numbers) in [("dense_1.weight", &[3, 8][..], &weight), ("dense_1.bias", &[3], &bias)] {
            machine.write_f64(machine.program().find(name).unwrap(), dims, numbers).unwrap();
        }
        let single = |numbers: &[f64]| numbers.iter().map(|&n| n as f32).collect::<Vec<_>>();
        let batch = Batch { inputs: single(&x), targets: single(&t), lambda: single(&own), ..batch(&[], &[]) };
        let report = machine.run_step(&batch).unwrap();
        let expected = numbers(&case["outputs"][0])[0];
        assert!((report.loss - expected).abs() < 1e-7 * expected, "{name}: {} or {expected}", report.loss);
        let factor = numbers(&case["cotangents"][0])[0];
        for (i, name) in ["dense_1.weight", "dense_1.bias"].into_iter().enumerate() {
            let gradient = machine.program().gradients[&machine.program().find(name).unwrap()];
            let ours = machine.read_f64(gradient).unwrap().1;
            let theirs = numbers(&case["grads"][i]);
            assert!(ours.len() == theirs.len());
            let far = ours.iter().zip(&theirs).map(|(a, b)| (a * factor - b).abs()).fold(0.0, f64::max);
            assert!(far < 1e-7, "{name}: {far}");
        }
    }
}

#[test]
fn what_is_not_mixed_is_as_without_mixup() {
    let (mut mixing, mut plain) =
        (machine(&graph(), 0.2, false, Task::Classes(3)), machine(&graph(), 0.0, false, Task::Classes(3)));
    for lambda in [&[][..], &[1.0; 5]] {
        let (a, b) = (mixing.run_step(&batch(lambda, &[])).unwrap(), plain.run_step(&batch(&[], &[])).unwrap());
        assert!((a.loss - b.loss).abs() < 1e-12 && a.correct == b.correct, "{} or {}", a.loss, b.loss);
    }
    // Whoever is asked for its answers, or validated, sees samples as they are.
    let some = batch(&SHARES, &[]);
    let part = Samples::in_memory(&[2, 2, 2], some.inputs.clone(), some.targets.clone());
    let evaluated = |machine: &Machine| machine.evaluate_samples(&part, &mut |_, _| {}).unwrap().total;
    assert_eq!(evaluated(&mixing).to_bits(), evaluated(&plain).to_bits());
    assert_ne!(mixing.run_step(&some).unwrap().loss, evaluated(&mixing));
}

#[test]
fn a_row_without_weight_teaches_nothing_by_its_class() {
    let mut machine = machine(&graph(), 0.2, true, Task::Classes(3));
    let some = batch(&SHARES, &[1.0, 1.0, 0.0, 2.0, 1.0]);
    let other = Batch { targets: vec![0.0, 2.0, 2.0, 1.0, 2.0], ..some.clone() };
    let [a, b] = [some, other].map(|batch| machine.run_step(&batch).unwrap().loss);
    assert_eq!(a.to_bits(), b.to_bits());
}

/// A pixel of a mixture, down to those that it is made of; and how the loss depends on it.
#[test]
fn a_mixture_is_explained_and_has_a_slope() {
    let (graph, _) = chain(vec![Flatten {}.into(), dense(6, Activation::Tanh), dense(3, Activation::None)]);
    let some = batch(&SHARES, &[]);
    let mut machine = machine(&graph, 0.2, false, Task::Classes(3));
    let before = machine.run_step(&some).unwrap().loss;
    let mixed = machine.program().find("%x_mixed").unwrap();
    assert_eq!(machine.program().input, mixed);
    let told = machine.explain(mixed, &[2, 1, 0, 1]).unwrap();
    let (own, other) = (f64::from(some.inputs[2 * 8 + 5]), f64::from(some.inputs[8 + 5]));
    assert!((told.arithmetic.evaluate() - (0.75 * own + 0.25 * other)).abs() < 1e-12);
    let slopes = machine.input_gradient(&graph, &signature(Task::Classes(3), false)).unwrap().unwrap();
    // A nudge of a sample moves its own mixture by its share, and that of the one behind it by the rest.
    let mut nudged = some.clone();
    nudged.inputs[2 * 8 + 5] += 1e-3;
    let difference = (machine.run_step(&nudged).unwrap().loss - before) / 1e-3;
    let expected = 0.75 * slopes.data[2 * 8 + 5] + 0.1 * slopes.data[3 * 8 + 5];
    assert!((difference - f64::from(expected)).abs() < 1e-4, "{difference} or {expected}");
}

#[test]
fn boxes_are_not_mixed() {
    let data = signature(Task::Boxes { most: 2, classes: 2 }, false);
    let told = compile(&graph(), &data, &training(0.2), Mode::Train).unwrap_err().to_string();
    assert!(told.starts_with("Mixup can't be used with boxes"), "{told}");
}
