//! One number explained, on running machines.

use super::*;
use crate::engine::EngineError;
use crate::trace::Explanation;

fn small() -> (Dataset, Machine) {
    let data = spiral();
    let (graph, _) = chain(vec![
        dense(5, Activation::Relu),
        Dropout { rate: 0.4, ..Dropout::default() }.into(),
        dense(2, Activation::None),
    ]);
    let machine = machine(&graph, &data, &TrainingSpec::default());
    (data, machine)
}

fn explained(machine: &Machine, name: &str, index: &[usize]) -> Explanation {
    machine.explain(machine.program().find(name).unwrap(), index).unwrap()
}

#[test]
fn every_number_of_a_step_is_explained_as_soon_as_it_stands() {
    let (data, mut machine) = small();
    machine.run_step(&batch(&data, 0, 6)).unwrap();
    machine.begin_step(&batch(&data, 1, 6)).unwrap();
    for index in 0..machine.program().instructions.len() {
        let outputs = machine.program().instructions[index].outputs.clone();
        let in_place = machine.is_in_place(index);
        let before = in_place.then(|| machine.reader(index).unwrap());
        machine.step_instruction().unwrap();
        for id in outputs {
            let found = machine.read(id).unwrap();
            let index_of_last: Vec<_> = found.dims.iter().map(|n| n - 1).collect();
            let explained = match &before {
                Some(reader) => machine.explain_from(reader, index, id, &index_of_last),
                None => machine.explain(id, &index_of_last),
            };
            let explained = explained.unwrap();
            assert_eq!((explained.instruction, explained.step), (Some(index), 2));
            assert_eq!(explained.value, f64::from(*found.data.last().unwrap()));
            assert_eq!(explained.line, machine.program().line(&machine.program().instructions[index]));
            let (got, scale) = (explained.arithmetic.evaluate(), explained.arithmetic.absolute());
            assert!((got - explained.value).abs() <= 1e-5 * scale, "{}: {got}", explained.line);
        }
    }
    assert_eq!(machine.step(), 2);
}

#[test]
fn a_number_names_what_it_was_made_of() {
    let (data, mut machine) = small();
    machine.begin_step(&batch(&data, 0, 6)).unwrap();
    while machine.pc() < 2 {
        machine.step_instruction().unwrap();
    }
    let found = explained(&machine, "%1", &[3, 2]);
    assert_eq!(
        found.arithmetic.with_names(9),
        "dense_1.weight[2, 0]·%x[3, 0] + dense_1.weight[2, 1]·%x[3, 1] + dense_1.bias[2]"
    );
    assert_eq!((found.line.as_str(), found.step), ("%1 = linear %x, dense_1.weight, dense_1.bias", 1));
    let weight = explained(&machine, "dense_1.weight", &[2, 0]);
    assert_eq!((weight.instruction, weight.arithmetic.evaluate()), (None, weight.value));
    assert!(weight.words.contains("initial value of a weight"), "{}", weight.words);
    assert_eq!(explained(&machine, "batch.x", &[0, 0]).instruction, None);
    let id = |name: &str| machine.program().find(name).unwrap();
    assert!(matches!(machine.explain(id("%2"), &[0, 0]), Err(EngineError::NotComputed(_))));
    assert!(matches!(machine.explain(id("%1"), &[0, 9]), Err(EngineError::NoElement { .. })));
    assert!(matches!(machine.explain(id("%1"), &[0]), Err(EngineError::NoElement { .. })));
}

#[test]
fn what_was_read_before_an_update_is_not_made_up_after_it() {
    let (data, mut machine) = small();
    machine.run_step(&batch(&data, 0, 6)).unwrap();
    let id = |name: &str| machine.program().find(name).unwrap();
    for name in ["%1", "dense_1.weight"] {
        let refused = machine.explain(id(name), &[0, 0]).unwrap_err();
        assert!(refused.to_string().contains("Go back to before"), "{refused}");
    }
    // Its inputs are as they were.
    let gradient = explained(&machine, "dense_1.weight.grad", &[0, 0]);
    assert_eq!((gradient.step, gradient.arithmetic.terms().len()), (1, 6));
    machine.begin_step(&batch(&data, 1, 6)).unwrap();
    let weight = explained(&machine, "dense_1.weight", &[0, 0]);
    assert!(weight.instruction.is_none() && weight.words.contains("previous step"));
}
