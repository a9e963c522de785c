//! Samples that count for as much as their weights say.

use super::*;

/// The same six samples: weighted, or each as often as its weight says.
const WEIGHTS: [f32; 6] = [2.0, 0.0, 1.0, 0.0, 2.0, 1.0];

fn machines(graph: &Graph, data: &Dataset) -> [Machine; 2] {
    let training = TrainingSpec { learning_rate: 0.1, optimiser: Optimiser::sgd(), ..TrainingSpec::default() };
    [true, false].map(|weighted| {
        let signature = DataSignature { weighted, ..signature(data) };
        Machine::new(graph, &signature, &training, Device::Cpu, Precision::F64).unwrap()
    })
}

fn batches(data: &Dataset) -> [Batch; 2] {
    let rows = [3, 8, 20, 41, 77, 130];
    let weighted = Batch { weights: WEIGHTS.to_vec(), ..data.train.fetch(&rows).unwrap() };
    let often = rows.iter().zip(WEIGHTS).flat_map(|(&row, weight)| vec![row; weight as usize]);
    [weighted, data.train.fetch(&often.collect::<Vec<_>>()).unwrap()]
}

#[test]
fn a_weight_of_two_is_the_sample_twice_and_of_zero_never() {
    let data = spiral();
    for (loss, outputs) in [
        (LossKind::CrossEntropy, 2),
        (LossKind::BinaryCrossEntropy, 1),
        (LossKind::BinaryCrossEntropy, 2),
        (LossKind::Mse, 1),
        (LossKind::Mae, 2),
        (LossKind::Huber, 2),
        (LossKind::Focal, 2),
        (LossKind::Hinge, 1),
        (LossKind::KlDivergence, 2),
    ] {
        let graph = gradients::branchy(loss, outputs);
        let ([mut weighted, mut plain], [some, often]) = (machines(&graph, &data), batches(&data));
        for step in 0..3 {
            let (a, b) = (weighted.run_step(&some).unwrap(), plain.run_step(&often).unwrap());
            assert!((a.loss - b.loss).abs() < 1e-12 * b.loss.abs(), "{loss:?}, step {step}: {} or {}", a.loss, b.loss);
            // What is right is counted, whatever it weighs.
            assert_eq!(a.answers, 6);
        }
        let rows = weighted.row_losses(0..6).unwrap();
        assert!((rows[1], rows[3]) == (0.0, 0.0) && rows[2] > 0.0, "{loss:?}: {rows:?}");
    }
}

#[test]
fn gradients_of_weighted_losses_agree_with_finite_differences() {
    let data = spiral();
    let (mut graph, ids) =
        chain(vec![dense(5, Activation::Tanh), dense(4, Activation::Tanh), dense(2, Activation::None)]);
    let second = graph.add(Loss { loss: LossKind::Mse, weight: 0.5, ..Loss::default() }.into(), [0.0; 2]);
    graph.connect(ids[3], second).unwrap();
    let training = TrainingSpec { learning_rate: 0.0, optimiser: Optimiser::sgd(), ..TrainingSpec::default() };
    let signature = DataSignature { weighted: true, ..signature(&data) };
    let mut weighted = Machine::new(&graph, &signature, &training, Device::Cpu, Precision::F64).unwrap();
    let [batch, _] = batches(&data);
    gradients::compare_with_finite_differences(&mut weighted, &batch, "two weighted losses");
    let listing = weighted.program().listing();
    for line in [
        "load      %x, %y, %w = batch batch.x, batch.y, batch.w",
        "loss.cross_entropy, loss.cross_entropy.softmax = cross_entropy %5, %y, %w   (Loss)",
        "loss_2.mse = mse %5, loss_2.one_hot, %w   (Loss 2)",
        "d%5.1 = weighted'x t%",
    ] {
        assert!(listing.contains(line), "{line} is missing in\n{listing}");
    }
}

#[test]
fn validation_counts_by_weights_and_what_has_none_counts_alike() {
    let data = spiral();
    let (graph, _) = chain(vec![dense(5, Activation::Tanh), dense(2, Activation::None)]);
    let [weighted, plain] = machines(&graph, &data);
    let [some, often] = batches(&data);
    let part = |batch: &Batch| {
        Samples::weighted(&data.input_shape, batch.inputs.clone(), batch.targets.clone(), batch.weights.clone())
    };
    let loss = |machine: &Machine, batch: &Batch| machine.evaluate_samples(&part(batch), &mut |_, _| {}).unwrap().total;
    assert!((loss(&weighted, &some) - loss(&plain, &often)).abs() < 1e-6);
    assert_eq!(loss(&weighted, &often), loss(&plain, &often));
    assert!(loss(&weighted, &some) != loss(&plain, &some));
}
