//! Gradients of whole networks against finite differences.

use super::*;

/// Residual, gate and concat around shared layers, penalties, and a loss.
pub(super) fn branchy(loss: LossKind, classes: usize) -> Graph {
    let mut graph = Graph::default();
    let mut add = |kind: LayerKind, sources: &[LayerId]| {
        let id = graph.add(kind, [0.0; 2]);
        sources.iter().for_each(|&source| {
            graph.connect(source, id).unwrap();
        });
        id
    };
    let x = add(Input::default().into(), &[]);
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

/// Gives back what goes in, through fewer units, and names the class beside it where that is asked for.
fn autoencoder(also_classes: bool) -> Graph {
    let (mut graph, ids) =
        chain(vec![dense(3, Activation::Tanh), dense(4, Activation::Tanh), dense(2, Activation::None)]);
    graph.connect(ids[0], crate::model::End::at(ids[4], Loss::TRUTH)).unwrap();
    if also_classes {
        let head = graph.add(dense(2, Activation::None), [0.0; 2]);
        let loss = graph.add(Loss { weight: 0.3, ..Loss::default() }.into(), [0.0; 2]);
        graph.connect(ids[1], head).unwrap();
        graph.connect(head, loss).unwrap();
    }
    graph
}

#[test]
fn a_loss_compares_with_the_input_where_that_is_its_truth() {
    let data = spiral();
    let batch = batch(&data, 0, 6);
    let training = TrainingSpec { learning_rate: 0.0, optimiser: Optimiser::sgd(), ..TrainingSpec::default() };
    for also_classes in [false, true] {
        let graph = autoencoder(also_classes);
        let mut machine = Machine::new(&graph, &signature(&data), &training, Device::Cpu, Precision::F64).unwrap();
        compare_with_finite_differences(&mut machine, &batch, "autoencoder");
        let report = machine.run_step(&batch).unwrap();
        // The Loss that compares with the data's target stands for the network, where there is one.
        let task = if also_classes { Task::Classes(2) } else { Task::Input(2) };
        assert_eq!((machine.task(), report.correct.is_some()), (task, also_classes));
        let loss = graph.find("Loss").unwrap().id;
        let own = report.losses.iter().find(|(id, _)| *id == loss).map_or(report.loss, |(_, loss)| *loss);
        let [answers, truth] = machine.predict_with_truth(&batch.inputs, 6, &|_| true).unwrap().unwrap();
        if !also_classes {
            assert_eq!(truth, batch.inputs);
            let squares: f64 = answers.iter().zip(&truth).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            assert!((own - squares / 12.0).abs() < 1e-6, "{own} {}", squares / 12.0);
        }
    }
}

#[test]
fn what_passes_a_layer_can_be_answered_from_there() {
    let data = spiral();
    let graph = autoencoder(false);
    let machine = machine(&graph, &data, &TrainingSpec::default());
    let (first, inputs) = (graph.find("Dense 1").unwrap().id, &batch(&data, 0, 6).inputs);
    let codes = machine.layer_outputs(inputs, 6, &[first]).unwrap().remove(&first).unwrap();
    assert_eq!(machine.answers_from(first, &codes.data, 6).unwrap(), Some(machine.predict(inputs, 6).unwrap()));
    // Not where the input comes to the answer on another way too.
    let mut around = graph.clone();
    let last = around.find("Dense 3").unwrap().id;
    let merge = around.add(layer::Add {}.into(), [0.0; 2]);
    let loss = around.find("Loss").unwrap().id;
    around.connect(last, merge).unwrap();
    around.connect(around.find("Input").unwrap().id, merge).unwrap();
    around.connect(merge, crate::model::End::at(loss, 0)).unwrap();
    let machine = super::machine(&around, &data, &TrainingSpec::default());
    assert_eq!(machine.answers_from(first, &codes.data, 6).unwrap(), None);
}

/// Every parameter of a machine in f64 with learning rate 0.
pub(super) fn compare_with_finite_differences(machine: &mut Machine, batch: &Batch, what: &str) {
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
