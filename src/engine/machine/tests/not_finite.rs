//! Where the first number that is none came from.

use super::*;

fn formula(expression: &str) -> LayerKind {
    Formula { expression: expression.into() }.into()
}

/// Steps until something is found.
fn until_not_finite(machine: &mut Machine, data: &Dataset) -> FirstNotFinite {
    for step in 0..200 {
        machine.run_step(&batch(data, step, 20)).unwrap();
        if let Some(found) = machine.first_not_finite() {
            return found.clone();
        }
    }
    panic!("200 steps of finite numbers: {}", machine.report().unwrap().loss);
}

#[test]
fn the_logarithm_of_zero_is_told_with_its_layer_and_sample() {
    let data = spiral();
    let (graph, _) = chain(vec![dense(4, Activation::Relu), formula("log(x)"), dense(2, Activation::None)]);
    let mut machine = machine(&graph, &data, &TrainingSpec::default());
    let found = until_not_finite(&mut machine, &data);
    assert_eq!((found.line.as_str(), found.layer.as_deref()), ("%3 = log %2", Some("Formula 1")));
    assert!(found.advice().contains("log(x + 1e-6)"), "{}", found.advice());
    assert_eq!((found.step, found.word(), found.held_by), (1, "minus infinity", None));
    // The sample is the first of the batch that has a unit at zero.
    let first = batch(&data, 0, 20);
    let outputs = machine.read(machine.program().find("%2").unwrap()).unwrap();
    let row = outputs.data.iter().position(|&v| v == 0.0).unwrap() / 4;
    assert_eq!(found.sample, Some(first.rows[row]));
    // It is found once, and forgotten when the numbers are numbers again.
    machine.run_step(&batch(&data, 1, 20)).unwrap();
    assert_eq!(machine.first_not_finite().unwrap().step, 1);
    machine.initialise().unwrap();
    let ones = machine.program().find("dense_1.bias").unwrap();
    machine.write(ones, &TensorData { dims: vec![4], data: vec![100.0; 4].into() }).unwrap();
    machine.run_step(&batch(&data, 2, 20)).unwrap();
    assert_eq!(machine.first_not_finite(), None);
}

#[test]
fn advice_fits_the_operation() {
    let data = spiral();
    for (expression, remedy) in [
        ("1 / max(x, 0)", Some("1e-6")),
        ("exp(1000 + x)", Some("exp(min(x, 80))")),
        ("(x - 9)^0.5", Some("1e-6")),
        ("(1e30 + x)^2", None),
    ] {
        let (graph, _) = chain(vec![dense(4, Activation::None), formula(expression), dense(2, Activation::None)]);
        let found = until_not_finite(&mut machine(&graph, &data, &TrainingSpec::default()), &data);
        match remedy {
            Some(remedy) => assert!(found.advice().contains(remedy), "{expression}: {found} {}", found.advice()),
            // In the very first step no rate has done anything yet.
            None => assert!(found.advice().contains("Scale the data") && !found.is_of_size(), "{expression}: {found}"),
        }
    }
}

#[test]
fn an_infinite_gradient_is_told_by_the_step_that_made_it() {
    let data = spiral();
    let training = TrainingSpec { optimiser: Optimiser::sgd(), ..TrainingSpec::default() };
    // The square root of zero is fine; its slope is not.
    let zeros = layer::Dense { units: 4, init: layer::Initialiser::Zeros, ..layer::Dense::default() };
    let (graph, _) = chain(vec![zeros.into(), formula("sqrt(x)"), dense(2, Activation::None)]);
    let mut machine = machine(&graph, &data, &training);
    machine.run_step(&batch(&data, 0, 20)).unwrap();
    assert!(machine.report().unwrap().loss.is_finite() && machine.first_not_finite().is_none());
    let found = until_not_finite(&mut machine, &data);
    assert_eq!((found.step, found.phase, found.layer.as_deref()), (1, Phase::Backward, Some("Formula 1")));
    assert!(found.line.starts_with("d%1 = sqrt'x"), "{found}");
    assert!(found.advice().contains("sqrt(max(x, 1e-6))"), "{}", found.advice());
    assert!(batch(&data, 0, 20).rows.contains(&found.sample.unwrap()));
}

#[test]
fn a_learning_rate_far_too_large_is_told_as_it_overflows() {
    let data = spiral();
    let training = TrainingSpec { optimiser: Optimiser::sgd(), learning_rate: 1e4, ..TrainingSpec::default() };
    let (graph, _) = chain(vec![dense(8, Activation::None), dense(8, Activation::None), dense(2, Activation::None)]);
    let mut machine = machine(&graph, &data, &training);
    let found = until_not_finite(&mut machine, &data);
    assert!(found.held_by.is_none(), "{found}");
    assert!(found.advice().contains("smaller learning rate"), "{}", found.advice());
    // Everything before it, in the program's order, is a number still.
    let program = machine.program();
    if found.phase <= Phase::Loss {
        for instruction in &program.instructions[..found.instruction] {
            for &output in &instruction.outputs {
                assert!(machine.read(output).unwrap().data.iter().all(|v| v.is_finite()), "{found}");
            }
        }
    }
}

#[test]
fn what_somebody_wrote_or_brought_is_not_blamed_on_an_instruction() {
    let data = spiral();
    let (graph, _) = toy();
    let mut machine = machine(&graph, &data, &TrainingSpec::default());
    machine.run_step(&batch(&data, 0, 20)).unwrap();
    let bias = machine.program().find("dense_2.bias").unwrap();
    machine.write(bias, &TensorData { dims: vec![8], data: vec![f32::NAN; 8].into() }).unwrap();
    machine.run_step(&batch(&data, 1, 20)).unwrap();
    let found = machine.first_not_finite().unwrap();
    assert_eq!((found.step, found.held_by.as_deref()), (2, Some("dense_2.bias")));

    let mut machine = self::machine(&graph, &data, &TrainingSpec::default());
    let mut spoilt = batch(&data, 0, 20);
    spoilt.inputs[7] = f32::NAN;
    machine.run_step(&spoilt).unwrap();
    let found = machine.first_not_finite().unwrap();
    assert_eq!((found.phase, found.sample), (Phase::Load, Some(spoilt.rows[3])));
    assert!(found.to_string().starts_with("Step 1: the data itself contains NaN"), "{found}");
}
