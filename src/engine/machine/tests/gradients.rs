//! Gradients of whole networks against finite differences.

use super::*;

/// Residual, gate and concat around shared layers, penalties, and a loss.
fn branchy(loss: LossKind, classes: usize) -> Graph {
    let mut graph = Graph::default();
    let mut add = |kind: LayerKind, sources: &[LayerId]| {
        let id = graph.add(kind, [0.0; 2]);
        sources.iter().for_each(|&source| {
            graph.connect(source, id).unwrap();
        });
        id
    };
    let x = add(Input {}.into(), &[]);
    let a = add(Dense { units: 4, activation: Activation::Tanh, l1: 0.02, l2: 0.03, ..Dense::default() }.into(), &[x]);
    let b = add(dense(4, Activation::Sigmoid), &[a]);
    let sum = add(layer::Add {}.into(), &[a, b]);
    let gate = add(Multiply {}.into(), &[b, sum, a]);
    let soft = add(layer::Softmax {}.into(), &[sum]);
    let joined = add(Concat {}.into(), &[gate, sum, soft]);
    let norm = add(dense(classes, Activation::Softplus), &[joined]);
    add(Loss { loss, ..Loss::default() }.into(), &[norm]);
    graph
}

#[test]
fn gradients_of_a_branchy_graph_agree_with_finite_differences() {
    let data = spiral();
    for (loss, outputs) in [
        (LossKind::CrossEntropy, 2),
        (LossKind::BinaryCrossEntropy, 1),
        (LossKind::BinaryCrossEntropy, 2),
        (LossKind::Mse, 1),
        (LossKind::Mse, 2),
        (LossKind::Huber, 2),
        (LossKind::Focal, 2),
        (LossKind::Hinge, 1),
        (LossKind::Hinge, 2),
        (LossKind::KlDivergence, 2),
    ] {
        let training = TrainingSpec { learning_rate: 0.0, optimiser: Optimiser::sgd(), ..TrainingSpec::default() };
        let graph = branchy(loss, outputs);
        let mut machine = Machine::new(&graph, &signature(&data), &training, Device::Cpu, Precision::F64).unwrap();
        compare_with_finite_differences(&mut machine, &batch(&data, 0, 6), loss.key());
    }
}

#[test]
fn gradients_of_several_weighted_losses_agree_with_finite_differences() {
    let data = spiral();
    let mut graph = branchy(LossKind::CrossEntropy, 2);
    for (i, (loss, weight)) in [(LossKind::Mse, 0.5), (LossKind::Huber, 3.0), (LossKind::Mae, 0.0)].iter().enumerate() {
        let from = graph.find(["Dense 3", "Dense 2", "Dense 1"][i]).unwrap().id;
        let answer = graph.add(dense(2, Activation::Tanh), [0.0; 2]);
        let id = graph.add(Loss { loss: *loss, weight: *weight, ..Loss::default() }.into(), [0.0; 2]);
        graph.connect(from, answer).unwrap();
        graph.connect(answer, id).unwrap();
    }
    let training = TrainingSpec { learning_rate: 0.0, optimiser: Optimiser::sgd(), ..TrainingSpec::default() };
    let mut machine = Machine::new(&graph, &signature(&data), &training, Device::Cpu, Precision::F64).unwrap();
    let batch = batch(&data, 0, 6);
    compare_with_finite_differences(&mut machine, &batch, "four losses");
    // What is reported is the weighted sum of what each says, and the mean of what single samples say.
    let report = machine.run_step(&batch).unwrap();
    let sum = report.losses.iter().zip([1.0, 0.5, 3.0, 0.0]).map(|((_, loss), weight)| loss * weight).sum::<f64>();
    assert!((report.loss - sum).abs() < 1e-12 && report.total_loss > report.loss && report.losses.len() == 4);
    let rows = machine.row_losses(0..6).unwrap();
    assert!((rows.iter().sum::<f64>() / 6.0 - report.loss).abs() < 1e-12);
    let evaluated = machine.evaluate_samples(&data.validation, &mut |outputs, _| assert_eq!(outputs.len() % 2, 0));
    let evaluated = evaluated.unwrap();
    let sum = evaluated.each.iter().zip([1.0, 0.5, 3.0, 0.0]).map(|((_, loss), weight)| loss * weight).sum::<f64>();
    assert!((evaluated.total - sum).abs() < 1e-6 * sum);
}

/// Every parameter of a machine in f64 with learning rate 0.
fn compare_with_finite_differences(machine: &mut Machine, batch: &Batch, what: &str) {
    let parameters: Vec<_> =
        machine.program().ids().filter(|(_, v)| v.role == Role::Parameter).map(|(id, _)| id).collect();
    assert!(parameters.len() >= 6);
    for id in parameters {
        machine.run_step(batch).unwrap();
        let gradient = machine.read_f64(machine.program().gradients[&id]).unwrap().1;
        let (dims, start) = machine.read_f64(id).unwrap();
        for i in (0..start.len()).step_by(start.len().div_ceil(40)) {
            let mut ahead = |delta: f64| {
                let mut numbers = start.clone();
                numbers[i] += delta;
                machine.write_f64(id, &dims, &numbers).unwrap();
                machine.run_step(batch).unwrap().total_loss
            };
            let expected = (ahead(1e-5) - ahead(-1e-5)) / 2e-5;
            let name = machine.program().name(id);
            assert!((gradient[i] - expected).abs() < 1e-8, "{what} {name}[{i}]: {}, not {expected}", gradient[i]);
        }
        machine.write_f64(id, &dims, &start).unwrap();
    }
}

#[test]
fn gradients_of_a_picture_network_agree_with_finite_differences() {
    let (graph, signature, batch) = pictures();
    let training = TrainingSpec { learning_rate: 0.0, optimiser: Optimiser::sgd(), ..TrainingSpec::default() };
    let mut machine = Machine::new(&graph, &signature, &training, Device::Cpu, Precision::F64).unwrap();
    compare_with_finite_differences(&mut machine, &batch, "pictures");
}
