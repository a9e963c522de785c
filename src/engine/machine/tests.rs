//! What the machine promises, shown end to end on small networks.

use std::path::Path;

use super::*;
use crate::data::order::shuffled;
use crate::data::{Dataset, NoProgress, Samples, load};
use crate::engine::{Memory, Phase, Threads};
use crate::model::layer::{
    Activation, AvgPool2d, BatchNorm, Concat, Conv2d, Dense, Dropout, Formula, GlobalAvgPool, Input, LayerKind,
    LayerNorm, Loss, LossKind, MaxPool2d, Multiply,
};
use crate::model::{Clip, DataSpec, Edit, LayerId, Optimiser, Shape, layer};

mod explain;
mod gradients;
mod mixup;
mod not_finite;
mod nudge;
mod weights;

fn spiral() -> Dataset {
    load(&DataSpec::default(), Path::new("."), &NoProgress).unwrap()
}

fn signature(data: &Dataset) -> DataSignature {
    let task = match data.classes() {
        Some(classes) => Task::Classes(classes.len()),
        None => Task::Numbers(data.target_len()),
    };
    DataSignature { weighted: false, names: Vec::new(), input: Shape(data.input_shape.clone()), task }
}

fn dense(units: usize, activation: Activation) -> LayerKind {
    Dense { units, activation, ..Dense::default() }.into()
}

/// Input, the given layers one after another, Loss.
fn chain(layers: Vec<LayerKind>) -> (Graph, Vec<LayerId>) {
    let mut graph = Graph::default();
    let mut ids = vec![graph.add(Input::default().into(), [0.0; 2])];
    for kind in layers.into_iter().chain([Loss::default().into()]) {
        let id = graph.add(kind, [0.0; 2]);
        graph.connect(ids[ids.len() - 1], id).unwrap();
        ids.push(id);
    }
    (graph, ids)
}

fn toy() -> (Graph, Vec<LayerId>) {
    chain(vec![
        dense(16, Activation::Tanh),
        Dropout { rate: 0.1, ..Dropout::default() }.into(),
        dense(8, Activation::Gelu),
        dense(2, Activation::None),
    ])
}

fn machine(graph: &Graph, data: &Dataset, training: &TrainingSpec) -> Machine {
    Machine::new(graph, &signature(data), training, Device::Cpu, Precision::F32).unwrap()
}

fn batch(data: &Dataset, step: usize, size: usize) -> Batch {
    let order = shuffled(1, step as u64, data.train.len());
    data.train.fetch(&order[..size]).unwrap()
}

/// Every value of the machine that has been computed, bit for bit.
fn bits(machine: &Machine) -> Vec<(String, Vec<u32>)> {
    let computed = machine.program().ids().filter_map(|(id, value)| Some((value.name.clone(), machine.read(id).ok()?)));
    computed.map(|(name, found)| (name, found.data.iter().map(|v| v.to_bits()).collect())).collect()
}

#[test]
fn a_spiral_is_learnt() {
    let data = spiral();
    let (graph, _) = chain(vec![dense(16, Activation::Tanh), dense(16, Activation::Tanh), dense(2, Activation::None)]);
    let training = TrainingSpec { learning_rate: 0.02, ..TrainingSpec::default() };
    let mut machine = machine(&graph, &data, &training);
    let part = data.validation.whole().unwrap();
    let before = machine.evaluate(&part.inputs, &part.targets, data.validation.len()).unwrap();
    for step in 0..1500 {
        machine.run_step(&batch(&data, step, 32)).unwrap();
    }
    let after = machine.evaluate(&part.inputs, &part.targets, data.validation.len()).unwrap();
    let accuracy = metrics::accuracy(machine.answer(), &after.outputs, &part.targets, data.validation.len());
    assert!(accuracy > 0.95, "accuracy {accuracy}, loss {} -> {}", before.loss, after.loss);
    assert_eq!(machine.step(), 1500);
    assert!(machine.evaluate_while(&part.inputs, &part.targets, data.validation.len(), &|| false).unwrap().is_none());
}

#[test]
fn single_steps_are_a_free_run_bit_for_bit() {
    let data = spiral();
    let training = TrainingSpec { clip: Clip::Norm { max: 0.5 }, ..TrainingSpec::default() };
    let (mut free, mut single) = (machine(&toy().0, &data, &training), machine(&toy().0, &data, &training));
    for step in 0..5 {
        let report = free.run_step(&batch(&data, step, 20)).unwrap();
        single.begin_step(&batch(&data, step, 20)).unwrap();
        let mut executed = Vec::new();
        while let Some(index) = single.step_instruction().unwrap() {
            executed.push(index);
        }
        assert_eq!(executed, (0..single.program().instructions.len()).collect::<Vec<_>>());
        assert_eq!(report, single.report().unwrap());
        assert!(report.grad_norm.is_some_and(|norm| norm > 0.0));
    }
    assert!(bits(&free) == bits(&single));
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let data = spiral();
    let (graph, _) = chain(vec![
        dense(3000, Activation::Tanh),
        Dropout { rate: 0.3, ..Dropout::default() }.into(),
        dense(300, Activation::Silu),
        dense(2, Activation::None),
    ]);
    let run = |threads| {
        Threads::new(threads).unwrap().run(|| {
            let mut machine = machine(&graph, &data, &TrainingSpec::default());
            for step in 0..3 {
                machine.run_step(&batch(&data, step, 200)).unwrap();
            }
            bits(&machine)
        })
    };
    let one = run(1);
    for threads in [2, 8] {
        assert!(one == run(threads), "{threads} threads");
    }
}

#[test]
fn a_restored_run_goes_on_bit_for_bit() {
    let data = spiral();
    for optimiser in Optimiser::all() {
        let training = TrainingSpec { optimiser, ..TrainingSpec::default() };
        let mut whole = machine(&toy().0, &data, &training);
        for step in 0..3 {
            whole.run_step(&batch(&data, step, 20)).unwrap();
        }
        let saved = whole.snapshot().unwrap();
        let mut resumed = machine(&toy().0, &data, &TrainingSpec { seed: 1, ..training.clone() });
        resumed.restore(&saved).unwrap();
        assert_eq!(resumed.step(), 3);
        for step in 3..6 {
            let (a, b) = (whole.run_step(&batch(&data, step, 20)), resumed.run_step(&batch(&data, step, 20)));
            assert_eq!(a.unwrap(), b.unwrap());
        }
        assert!(bits(&whole) == bits(&resumed));
    }
}

#[test]
fn a_snapshot_that_does_not_fit_changes_nothing() {
    let data = spiral();
    let (small, _) = chain(vec![dense(3, Activation::Tanh), dense(2, Activation::None)]);
    let mut target = machine(&toy().0, &data, &TrainingSpec::default());
    let before = bits(&target);
    let error = target.restore(&machine(&small, &data, &TrainingSpec::default()).snapshot().unwrap()).unwrap_err();
    assert!(error.to_string().contains("dense_1.weight has shape [3, 2] there and [16, 2] here."), "{error}");
    assert!(error.to_string().contains("dense_3.weight is missing."), "{error}");
    assert!(before == bits(&target));
}

#[test]
fn reconfiguring_keeps_what_fits() {
    let data = spiral();
    let (mut graph, ids) = toy();
    let training = TrainingSpec::default();
    let mut machine = machine(&graph, &data, &training);
    machine.run_step(&batch(&data, 0, 20)).unwrap();
    let read = |machine: &Machine, name: &str| machine.read(machine.program().find(name).unwrap()).unwrap();
    let (first, moment) = (read(&machine, "dense_1.weight"), read(&machine, "dense_1.weight.adam_m"));

    let mut apply = |edit: Edit| edit.apply(&mut graph).map(|_| graph.clone()).unwrap();
    apply(Edit::Rename { layer: ids[1], name: "First".into() });
    let wider = apply(Edit::SetParam { layer: ids[3], key: "units".into(), value: layer::ParamValue::Int(5) });
    let kept = machine.reconfigure(&wider, &signature(&data), &training).unwrap();
    assert_eq!(kept.fresh, ["dense_2.weight", "dense_2.bias", "dense_3.weight"]);
    assert_eq!(read(&machine, "first.weight"), first);
    assert_eq!(read(&machine, "first.weight.adam_m"), moment);
    assert_eq!(read(&machine, "dense_2.weight").dims, [5, 16]);
    assert_eq!(machine.step(), 1);
    machine.run_step(&batch(&data, 1, 20)).unwrap();
}

#[test]
fn settings_changed_within_a_step_take_effect_without_losing_it() {
    let data = spiral();
    let (graph, _) = toy();
    let mut training = TrainingSpec { optimiser: Optimiser::sgd(), learning_rate: 0.1, ..TrainingSpec::default() };
    let mut machine = machine(&graph, &data, &training);
    machine.begin_step(&batch(&data, 0, 20)).unwrap();
    while machine.program().instructions[machine.pc()].phase < Phase::Update {
        machine.step_instruction().unwrap();
    }
    let (pc, weights) = (machine.pc(), machine.snapshot().unwrap());
    training.learning_rate = 0.0;
    machine.reconfigure(&graph, &signature(&data), &training).unwrap();
    assert_eq!(machine.pc(), pc);
    machine.finish_step().unwrap();
    assert_eq!(machine.step(), 1);
    assert_eq!(machine.snapshot().unwrap().tensors, weights.tensors);
}

#[test]
fn frozen_layers_stay_and_cost_nothing() {
    let data = spiral();
    let (mut graph, ids) = toy();
    Edit::Freeze { layer: ids[1], frozen: true }.apply(&mut graph).unwrap();
    let mut machine = machine(&graph, &data, &TrainingSpec::default());
    let state = |machine: &Machine| machine.snapshot().unwrap().tensors;
    let before = state(&machine);
    for step in 0..3 {
        machine.run_step(&batch(&data, step, 20)).unwrap();
    }
    let after = state(&machine);
    assert_eq!(before["dense_1.weight"], after["dense_1.weight"]);
    assert_eq!(before["dense_1.bias"], after["dense_1.bias"]);
    assert_ne!(before["dense_2.weight"], after["dense_2.weight"]);
    // Nothing below the first trained layer needs a gradient.
    let listing = machine.program().listing();
    assert!(!listing.contains("tanh'x") && !listing.contains("dense_1.weight.grad"), "{listing}");
}

#[test]
fn predicting_ignores_dropout_and_equals_training_without_it() {
    let data = spiral();
    let (graph, _) = chain(vec![dense(8, Activation::Elu), dense(2, Activation::None)]);
    let mut machine = machine(&graph, &data, &TrainingSpec { learning_rate: 0.0, ..TrainingSpec::default() });
    let batch = batch(&data, 0, 30);
    machine.run_step(&batch).unwrap();
    let trained = machine.read(machine.program().output).unwrap();
    assert_eq!(machine.predict(&batch.inputs, 30).unwrap(), trained.data.to_vec());
    let (dropping, ids) = toy();
    let machine = self::machine(&dropping, &data, &TrainingSpec::default());
    assert_eq!(machine.predict(&batch.inputs, 30).unwrap(), machine.predict(&batch.inputs, 30).unwrap());
    let outputs = machine.layer_outputs(&batch.inputs, 30, &ids).unwrap();
    assert_eq!(outputs[&ids[1]].dims, [30, 16]);
    assert_eq!(outputs[&ids[1]].data, outputs[&ids[2]].data);
}

#[test]
fn invalid_graphs_are_refused_with_every_problem() {
    let data = spiral();
    let (mut graph, ids) = chain(vec![dense(4, Activation::None), dense(7, Activation::None)]);
    graph.add(dense(3, Activation::None), [0.0; 2]);
    let error = compile(&graph, &signature(&data), &TrainingSpec::default(), Mode::Train).unwrap_err();
    let EngineError::Invalid(problems) = &error else { panic!("{error}") };
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(ids.len() == 4 && error.to_string().contains("Dense 3"), "{error}");
}

#[test]
fn a_batch_of_another_size_is_refused() {
    let data = spiral();
    let mut machine = machine(&toy().0, &data, &TrainingSpec::default());
    let bad = Batch { len: 2, inputs: vec![0.0; 5], targets: vec![0.0; 2], rows: vec![0, 1], ..Batch::default() };
    assert!(machine.run_step(&bad).unwrap_err().to_string().contains("[2, 2] is needed"));
    machine.run_step(&batch(&data, 0, 7)).unwrap();
    machine.run_step(&batch(&data, 1, 20)).unwrap();
}

/// Pictures through every layer that has a picture rule, a formula, a frozen layer, and a skip connection.
fn pictures() -> (Graph, DataSignature, Batch) {
    let conv = |filters, stride| -> LayerKind {
        Conv2d { filters, stride, activation: Activation::Tanh, l2: 0.01, ..Conv2d::default() }.into()
    };
    let formula = Formula { expression: "x * sigmoid(1.702 * x) + x^2 / 4".into() };
    let mut graph = Graph::default();
    let mut add = |kind: LayerKind, sources: &[LayerId]| {
        let id = graph.add(kind, [0.0; 2]);
        sources.iter().for_each(|&source| {
            graph.connect(source, id).unwrap();
        });
        id
    };
    let x = add(Input::default().into(), &[]);
    let first = add(conv(3, 1), &[x]);
    let norm = add(BatchNorm::default().into(), &[first]);
    let second = add(conv(3, 1), &[norm]);
    let sum = add(layer::Add {}.into(), &[norm, second]);
    let pooled = add(MaxPool2d::default().into(), &[sum]);
    let mean = add(AvgPool2d { kernel: 2, stride: 1, ..AvgPool2d::default() }.into(), &[pooled]);
    let own = add(formula.into(), &[mean]);
    let normal = add(LayerNorm::default().into(), &[own]);
    let strided = add(conv(4, 2), &[normal]);
    let flat = add(layer::Flatten {}.into(), &[normal]);
    let global = add(GlobalAvgPool {}.into(), &[strided]);
    let joined = add(Concat {}.into(), &[flat, global]);
    let classes = add(dense(3, Activation::None), &[joined]);
    add(Loss::default().into(), &[classes]);
    let signature =
        DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![2, 7, 6]), task: Task::Classes(3) };
    let numbers = (0..5 * 2 * 7 * 6).map(|i: i32| ((i * 7919) % 613) as f32 / 306.5 - 1.0);
    let targets = vec![0.0, 2.0, 1.0, 1.0, 0.0];
    (graph, signature, Batch { len: 5, inputs: numbers.collect(), targets, rows: (0..5).collect(), ..Batch::default() })
}

#[test]
fn a_picture_network_gives_the_same_bits_on_any_number_of_threads_and_after_a_restore() {
    let (graph, signature, batch) = pictures();
    let run = |threads| {
        Threads::new(threads).unwrap().run(|| {
            let training = TrainingSpec { clip: Clip::Value { max: 0.05 }, ..TrainingSpec::default() };
            let new = || Machine::new(&graph, &signature, &training, Device::Cpu, Precision::F32).unwrap();
            let mut machine = new();
            machine.run_step(&batch).unwrap();
            let mut resumed = new();
            resumed.restore(&machine.snapshot().unwrap()).unwrap();
            machine.run_step(&batch).unwrap();
            resumed.run_step(&batch).unwrap();
            assert!(bits(&machine) == bits(&resumed));
            let answers = machine.predict(&batch.inputs, 5).unwrap();
            (bits(&machine), answers.iter().map(|v| v.to_bits()).collect::<Vec<_>>())
        })
    };
    let one = run(1);
    for threads in [2, 8] {
        assert!(one == run(threads), "{threads} threads");
    }
}

#[test]
fn frozen_batch_norm_keeps_its_running_statistics() {
    let (mut graph, signature, batch) = pictures();
    let norm = graph.find("batch_norm_1").unwrap().id;
    let training = TrainingSpec::default();
    let mut machine = Machine::new(&graph, &signature, &training, Device::Cpu, Precision::F32).unwrap();
    let mean = |machine: &Machine| machine.snapshot().unwrap().tensors["batch_norm_1.running_mean"].clone();
    let start = mean(&machine);
    machine.run_step(&batch).unwrap();
    let moved = mean(&machine);
    assert_ne!(start, moved);
    Edit::Freeze { layer: norm, frozen: true }.apply(&mut graph).unwrap();
    machine.reconfigure(&graph, &signature, &training).unwrap();
    machine.run_step(&batch).unwrap();
    assert_eq!(moved, mean(&machine));
}

#[test]
fn the_memory_of_a_step_is_what_was_predicted() {
    let data = spiral();
    let (toy, _) = toy();
    let (drawn, drawn_signature, drawn_batch) = pictures();
    let cases = [(toy, signature(&data), batch(&data, 0, 33)), (drawn, drawn_signature, drawn_batch)];
    for (graph, signature, batch) in cases {
        let training = TrainingSpec { optimiser: Optimiser::adam(), ..TrainingSpec::default() };
        let predicted = Memory::predicted(&graph, &signature, &training, batch.len).unwrap();
        let mut machine = Machine::new(&graph, &signature, &training, Device::Cpu, Precision::F32).unwrap();
        machine.run_step(&batch).unwrap();
        let held: usize = machine.values.iter().flatten().map(|tensor| tensor.elem_count() * 4).sum();
        assert_eq!(predicted.total(), held as u64);
        assert_eq!(predicted.parameters, 4 * machine.parameter_count() as u64);
        // Two moments and a count a tensor.
        assert!(predicted.moments > 2 * predicted.parameters && predicted.batch == batch.len);
    }
}

#[test]
fn ten_million_parameters_train_with_a_batch_of_4096() {
    let (graph, _) =
        chain(vec![dense(2900, Activation::Relu), dense(2700, Activation::Relu), dense(10, Activation::None)]);
    let signature =
        DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![784]), task: Task::Classes(10) };
    let training = TrainingSpec { optimiser: Optimiser::sgd(), learning_rate: 0.05, ..TrainingSpec::default() };
    let mut machine = Machine::new(&graph, &signature, &training, Device::Cpu, Precision::F32).unwrap();
    assert!(machine.parameter_count() > 10_000_000);
    let inputs = (0..4096 * 784).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as f32 / 256.0).collect();
    let targets = (0..4096).map(|i| (i % 10) as f32).collect();
    let batch = Batch { len: 4096, inputs, targets, rows: (0..4096).collect(), ..Batch::default() };
    let report = machine.run_step(&batch).unwrap();
    // Ten classes, told apart by nothing yet.
    assert!((1.5..10.0).contains(&report.loss) && machine.step() == 1, "{report:?}");
}

#[test]
fn networks_without_anything_to_train_run_and_change_nothing() {
    let data = spiral();
    let (bare, _) = chain(Vec::new());
    let mut machine = machine(&bare, &data, &TrainingSpec::default());
    let report = machine.run_step(&batch(&data, 0, 10)).unwrap();
    assert!(report.loss > 0.0 && machine.parameter_count() == 0);

    let (mut frozen, ids) = toy();
    for &layer in &ids[1..5] {
        Edit::Freeze { layer, frozen: true }.apply(&mut frozen).unwrap();
    }
    let mut machine =
        self::machine(&frozen, &data, &TrainingSpec { clip: Clip::Norm { max: 1.0 }, ..Default::default() });
    let before = machine.snapshot().unwrap().tensors;
    machine.run_step(&batch(&data, 0, 10)).unwrap();
    assert_eq!(before, machine.snapshot().unwrap().tensors);
}

#[test]
fn the_best_weights_come_back_without_the_moments() {
    let data = spiral();
    let mut machine = machine(&toy().0, &data, &TrainingSpec::default());
    machine.run_step(&batch(&data, 0, 20)).unwrap();
    let best = machine.snapshot().unwrap();
    machine.run_step(&batch(&data, 1, 20)).unwrap();
    let later = machine.snapshot().unwrap();
    machine.restore_parameters(&best).unwrap();
    let now = machine.snapshot().unwrap();
    assert_eq!(now.step, 2);
    assert_eq!(now.tensors["dense_1.weight"], best.tensors["dense_1.weight"]);
    assert_eq!(now.tensors["dense_1.weight.adam_m"], later.tensors["dense_1.weight.adam_m"]);
    assert_ne!(later.tensors["dense_1.weight"], best.tensors["dense_1.weight"]);
}

#[test]
fn the_listing_reads_like_assembly() {
    let data = spiral();
    let (graph, _) = chain(vec![dense(3, Activation::Tanh), dense(2, Activation::None)]);
    let training = TrainingSpec { optimiser: Optimiser::sgd(), ..TrainingSpec::default() };
    let program = compile(&graph, &signature(&data), &training, Mode::Train).unwrap();
    let expected = "\
load      %x, %y = batch batch.x, batch.y
forward   %1 = linear %x, dense_1.weight, dense_1.bias   (Dense 1)
          %2 = tanh %1   (Dense 1)
          %3 = linear %2, dense_2.weight, dense_2.bias   (Dense 2)
loss      loss, loss.softmax = cross_entropy %3, %y   (Loss)
backward  loss.grad = one
          d%3 = cross_entropy'x loss.softmax, %y, loss.grad   (Loss)
          d%2 = linear'x d%3, dense_2.weight   (Dense 2)
          dense_2.weight.grad = linear'w d%3, %2   (Dense 2)
          dense_2.bias.grad = linear'b d%3   (Dense 2)
          d%1 = tanh'x d%2, %2   (Dense 1)
          dense_1.weight.grad = linear'w d%1, %x   (Dense 1)
          dense_1.bias.grad = linear'b d%1   (Dense 1)
update    dense_1.weight <- sgd [momentum 0, weight decay 0] dense_1.weight, dense_1.weight.grad   (Dense 1)
          dense_1.bias <- sgd [momentum 0, weight decay 0] dense_1.bias, dense_1.bias.grad   (Dense 1)
          dense_2.weight <- sgd [momentum 0, weight decay 0] dense_2.weight, dense_2.weight.grad   (Dense 2)
          dense_2.bias <- sgd [momentum 0, weight decay 0] dense_2.bias, dense_2.bias.grad   (Dense 2)
";
    assert_eq!(program.listing(), expected);
}
