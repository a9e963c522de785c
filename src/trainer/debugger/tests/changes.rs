use super::*;
use crate::engine::TensorData;
use crate::trainer::TensorEdit;

fn read(debugger: &Debugger, name: &str) -> TensorData {
    let machine = debugger.machine();
    machine.read(super::super::super::value::locate(machine.program(), name).unwrap()).unwrap()
}

/// Behind the instruction that computes a value, in a step.
fn behind(debugger: &mut Debugger, step: u64, name: &str) {
    let instruction = debugger.instruction_of(name).unwrap() + 1;
    debugger.goto(Moment { step, instruction }).unwrap();
}

/// Of every kind of value: the step goes on with the change, replays find it made, and undo takes it back.
#[test]
fn an_edit_of_any_value_is_what_the_step_goes_on_with() {
    let project = picture();
    let mut debugger = debugger(&project, BUDGET);
    debugger.goto_step(4).unwrap();
    let program = debugger.machine().program();
    let names: Vec<String> = program.values.iter().map(|value| value.name.clone()).collect();
    let ending = |end: &str| names.iter().find(|name| name.ends_with(end)).unwrap_or_else(|| panic!("{end}")).clone();
    let flipped: std::sync::Arc<[f32]> = {
        behind(&mut debugger, 3, &ending(".mask"));
        let mask = read(&debugger, &ending(".mask"));
        mask.data.iter().map(|&v| if v == 0.0 { 1.0 } else { 0.0 }).collect()
    };
    debugger.goto_step(4).unwrap();
    let edits = [
        ("%x".to_owned(), TensorEdit::Scale { by: 0.5 }),
        ("%y".to_owned(), TensorEdit::Fill { value: 3.0 }),
        ("%1".to_owned(), TensorEdit::Clamp { limit: 0.01 }),
        (ending(".mask"), TensorEdit::Whole { values: flipped }),
        (ending(".argmax"), TensorEdit::Fill { value: 0.0 }),
        (ending(".mean"), TensorEdit::Fill { value: 0.25 }),
        (ending(".var"), TensorEdit::Scale { by: 4.0 }),
        ("d%1".to_owned(), TensorEdit::ZERO),
        ("dense_1.weight.grad".to_owned(), TensorEdit::Scale { by: -3.0 }),
        ("conv_2_d_1.weight".to_owned(), TensorEdit::Reinitialise { seed: 99 }),
        (ending(".adam_m"), TensorEdit::Fill { value: 0.5 }),
        (ending(".running_mean"), TensorEdit::Fill { value: 2.0 }),
    ];
    let after = |debugger: &Debugger| debugger.machine().snapshot().unwrap();
    let unchanged = after(&debugger);
    for (name, edit) in edits {
        let is_state = debugger
            .machine()
            .program()
            .find(&name)
            .is_some_and(|id| debugger.machine().program().value(id).unwrap().role.is_state());
        if is_state {
            debugger.goto_step(3).unwrap();
        } else {
            behind(&mut debugger, 3, &name);
        }
        let place = debugger.moment();
        let before = read(&debugger, &name);
        debugger.edit(&name, edit.clone()).unwrap();
        assert_ne!(read(&debugger, &name), before, "{name} {edit}");
        debugger.goto_step(4).unwrap();
        let changed = after(&debugger);
        assert_ne!(changed, unchanged, "{name} {edit}: the step went on without it");
        debugger.goto_step(1).unwrap();
        debugger.goto_step(4).unwrap();
        assert_eq!(after(&debugger), changed, "{name} {edit}: replayed otherwise");
        let replayed = from_the_beginning(&debugger, 4);
        assert_eq!(replayed.machine().snapshot().unwrap(), changed, "{name} {edit}: the journal tells otherwise");
        let text = serde_json::to_string(&debugger.run().journal()).unwrap();
        assert_eq!(serde_json::from_str::<Vec<JournalEntry>>(&text).unwrap(), debugger.run().journal());
        assert!(debugger.undo().unwrap().is_some());
        assert_eq!((debugger.moment(), read(&debugger, &name)), (place, before), "{name} {edit}");
        debugger.goto_step(4).unwrap();
        assert_eq!(after(&debugger), unchanged, "{name} {edit}: not taken back");
    }
}

#[test]
fn state_begins_anew_and_what_is_computed_is_shuffled() {
    let mut debugger = debugger(&xor(), BUDGET);
    let first = read(&debugger, "dense_1.weight");
    debugger.goto_step(10).unwrap();
    let seed = debugger.run().training().seed;
    debugger.edit("dense_1.weight", TensorEdit::Reinitialise { seed }).unwrap();
    assert_eq!(read(&debugger, "dense_1.weight"), first);
    behind(&mut debugger, 10, "%1");
    let sorted = |tensor: TensorData| {
        let mut data = tensor.data.to_vec();
        data.sort_by(f32::total_cmp);
        data
    };
    let before = read(&debugger, "%1");
    debugger.edit("%1", TensorEdit::Reinitialise { seed: 1 }).unwrap();
    let after = read(&debugger, "%1");
    assert_ne!(after, before);
    assert_eq!(sorted(after), sorted(before));
    let refused =
        |debugger: &mut Debugger, name: &str, edit: TensorEdit| debugger.edit(name, edit).unwrap_err().to_string();
    assert!(refused(&mut debugger, "%1", TensorEdit::Clamp { limit: -1.0 }).contains("not -1"));
    assert!(refused(&mut debugger, "%1", TensorEdit::Whole { values: vec![1.0].into() }).contains("not 1"));
    assert!(refused(&mut debugger, "%3", TensorEdit::ZERO).contains("after its instruction has run"));
    assert_eq!(debugger.changes().0.len(), 2);
}

/// Numbers that stand for places (classes, indices of a maximum) are no panic, whatever they are: journals from before
/// they were refused have them.
#[test]
fn places_that_do_not_exist_do_no_harm() {
    for value in [-1.0, 1e9, f32::NAN, f32::INFINITY, 0.5] {
        for name in ["%y", ".argmax"] {
            let mut debugger = debugger(&picture(), BUDGET);
            let values = &debugger.machine().program().values;
            let name = values.iter().find(|v| v.name.ends_with(name)).unwrap().name.clone();
            behind(&mut debugger, 1, &name);
            debugger.change(Change::Tensor { name, edit: TensorEdit::Fill { value } }).unwrap();
            // Either it goes on, or it says why it cannot.
            if let Err(error) = debugger.advance(Granularity::Step) {
                assert!(error.to_string().len() > 20);
            }
        }
    }
}

#[test]
fn another_learning_rate_holds_from_here_on() {
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.goto_step(10).unwrap();
    behind(&mut debugger, 10, "%2");
    let here = debugger.moment();
    debugger.set_learning_rate(0.5).unwrap();
    assert_eq!(debugger.moment(), here);
    let row = debugger.advance(Granularity::Step).unwrap().row.unwrap();
    assert_eq!(row.learning_rate, 0.5);
    debugger.goto_step(20).unwrap();
    let changed = bits(&debugger);
    debugger.goto_step(5).unwrap();
    assert_ne!(debugger.machine().learning_rate(), 0.5);
    debugger.goto_step(20).unwrap();
    assert_eq!(bits(&debugger), changed);
    assert_eq!(debugger.machine().learning_rate(), 0.5);
    debugger.undo().unwrap().unwrap();
    assert_eq!(debugger.moment(), here);
    for rate in [0.0, -1.0, f64::NAN] {
        assert!(debugger.set_learning_rate(rate).unwrap_err().to_string().contains("above 0"));
    }
    assert!(debugger.set_learning_rate(11.0).unwrap_err().to_string().contains("between 1e-7 and 10"));
}

/// Replay from the journal alone, and from the checkpoints.
#[test]
fn a_setting_that_is_dragged_is_one_change() {
    let mut project = xor();
    project.training.schedule = Schedule::Plateau(Plateau { patience: 1, ..Plateau::default() });
    let mut debugger = debugger(&project, BUDGET);
    debugger.goto_step(80).unwrap();
    let before = bits(&debugger);
    for i in 1..=40 {
        debugger.set_learning_rate(f64::from(i) * 0.001).unwrap();
    }
    let rates = |debugger: &Debugger| -> Vec<f64> {
        let of = |entry: &JournalEntry| match &entry.change {
            Change::Training { training } => Some(training.learning_rate),
            _ => None,
        };
        debugger.run.history().changes().iter().filter_map(of).collect()
    };
    assert_eq!(rates(&debugger), [0.04]);
    debugger.goto_step(130).unwrap();
    let after = bits(&debugger);
    let again = from_the_beginning(&debugger, 130);
    assert_eq!(again.machine().snapshot().unwrap(), debugger.machine().snapshot().unwrap());
    debugger.goto_step(3).unwrap();
    debugger.goto_step(130).unwrap();
    assert!(bits(&debugger) == after);
    debugger.undo().unwrap();
    assert_eq!((debugger.moment().step, rates(&debugger).len()), (80, 0));
    assert!(bits(&debugger) == before, "one undo takes all of it back");

    // Another setting, another place, a fork, and a way there and back begin another change.
    debugger.set_learning_rate(0.5).unwrap();
    let batch = TrainingSpec { batch_size: 7, ..debugger.run.training().clone() };
    debugger.change(Change::Training { training: batch }).unwrap();
    assert_eq!(rates(&debugger), [0.5, 0.5]);
    debugger.set_learning_rate(0.6).unwrap();
    let mut fork = debugger.fork().unwrap();
    fork.set_learning_rate(0.7).unwrap();
    assert_eq!(rates(&fork), [0.5, 0.5, 0.6, 0.7]);
    debugger.goto_step(82).unwrap();
    debugger.goto_step(80).unwrap();
    debugger.set_learning_rate(0.8).unwrap();
    assert_eq!(rates(&debugger), [0.5, 0.5, 0.6, 0.8]);
    debugger.goto_step(81).unwrap();
    debugger.set_learning_rate(0.9).unwrap();
    assert_eq!(rates(&debugger), [0.5, 0.5, 0.6, 0.8, 0.9]);
}

/// A momentum of 0 has no moments: what comes after it begins with new ones.
#[test]
fn a_setting_dragged_over_a_place_where_something_is_lost_is_replayed_as_it_was() {
    use crate::model::Optimiser::Sgd;
    let sgd = |momentum| Sgd { momentum, nesterov: false, weight_decay: 0.0 };
    let mut project = xor();
    project.training.optimiser = sgd(0.9);
    let mut debugger = debugger(&project, BUDGET);
    debugger.goto_step(20).unwrap();
    for momentum in [0.5, 0.0, 0.25, 0.75] {
        let training = TrainingSpec { optimiser: sgd(momentum), ..project.training.clone() };
        debugger.change(Change::Training { training }).unwrap();
    }
    assert_eq!(debugger.run.history().changes().len(), 2);
    debugger.goto_step(30).unwrap();
    let after = bits(&debugger);
    debugger.goto_step(3).unwrap();
    debugger.goto_step(30).unwrap();
    assert!(bits(&debugger) == after);
}

/// Back to where it was is not the same as never having been away.
#[test]
fn a_rate_dragged_away_and_back_ends_the_cuts_of_a_plateau_in_the_replay_too() {
    let mut project = xor();
    project.training.schedule =
        Schedule::Plateau(Plateau { patience: 1, threshold: 10.0, relative: false, ..Plateau::default() });
    let mut debugger = debugger(&project, BUDGET);
    debugger.goto_step(200).unwrap();
    let rate = project.training.learning_rate;
    assert!(debugger.machine().learning_rate() < rate);
    for rate in [rate * 2.0, rate, rate * 3.0, rate * 4.0, rate] {
        debugger.set_learning_rate(rate).unwrap();
    }
    debugger.goto_step(205).unwrap();
    let after = bits(&debugger);
    debugger.goto_step(3).unwrap();
    debugger.goto_step(205).unwrap();
    assert!(bits(&debugger) == after && debugger.run.history().changes().len() < 5);
}

#[test]
fn another_network_in_a_step_begins_the_step_anew() {
    let mut debugger = debugger(&xor(), BUDGET);
    behind(&mut debugger, 10, "%3");
    let dense = |units| -> LayerKind { Dense { units, ..Dense::default() }.into() };
    let graph = templates::chain(vec![dense(5), dense(2)]);
    debugger.change(Change::Graph { graph }).unwrap();
    assert_eq!(debugger.moment(), Moment { step: 10, instruction: 0 });
    debugger.goto_step(30).unwrap();
    let changed = bits(&debugger);
    debugger.goto_step(3).unwrap();
    assert!(debugger.run().project() == &xor());
    debugger.goto_step(30).unwrap();
    assert_eq!(bits(&debugger), changed);
    assert_eq!(debugger.undo().unwrap().unwrap().step, 10);
    assert!(debugger.run().project() == &xor());
}

#[test]
fn a_fork_is_the_same_run_until_something_is_changed() {
    for here in [Moment::default(), Moment { step: 70, instruction: 0 }, Moment { step: 70, instruction: 4 }] {
        let mut trunk = debugger(&xor(), BUDGET);
        trunk.goto_step(30).unwrap();
        trunk.set("dense_1.weight", &[0, 0], 0.75).unwrap();
        trunk.set_breakpoints(vec![Breakpoint::new(1, At::Anywhere, Some("step == 90".into()))]);
        trunk.goto(here).unwrap();
        let mut branch = trunk.fork().unwrap();
        assert_eq!(branch.moment(), here);
        if here.step > 0 {
            assert_eq!(bits(&branch), bits(&trunk));
        }
        assert_eq!(branch.breakpoints(), trunk.breakpoints());
        trunk.goto_step(120).unwrap();
        branch.goto_step(120).unwrap();
        assert_eq!(bits(&branch), bits(&trunk));
        branch.goto(here.max(Moment { step: 40, instruction: 0 })).unwrap();
        branch.edit("dense_1.weight", TensorEdit::Scale { by: 2.0 }).unwrap();
        branch.goto_step(120).unwrap();
        let (of_branch, of_trunk) = (bits(&branch), bits(&trunk));
        assert_ne!(of_branch, of_trunk);
        // Neither has an effect on the other, forwards or backwards.
        trunk.goto_step(20).unwrap();
        branch.goto_step(20).unwrap();
        assert_eq!(bits(&branch), bits(&trunk));
        trunk.goto_step(120).unwrap();
        branch.goto_step(120).unwrap();
        assert_eq!((bits(&branch), bits(&trunk)), (of_branch, of_trunk));
        assert_eq!(trunk.changes().0.len() + trunk.changes().1.len(), 1);
    }
}

#[test]
fn a_step_in_progress_is_saved_as_it_began() {
    let mut debugger = debugger(&xor(), BUDGET);
    behind(&mut debugger, 12, "%2");
    let here = bits(&debugger);
    let saved = debugger.save().unwrap();
    assert_eq!((saved.now.step, bits(&debugger)), (12, here));
    let run = Run::resume(&xor(), debugger.run().dataset().clone(), Device::Cpu, saved).unwrap();
    let mut resumed = Debugger::new(run, BUDGET).unwrap();
    resumed.goto_step(30).unwrap();
    debugger.goto_step(30).unwrap();
    assert_eq!(bits(&resumed), bits(&debugger));
}

#[test]
fn labels_that_are_no_class_and_places_that_are_none_are_refused_where_they_are_set() {
    let mut debugger = debugger(&templates::build("spiral").unwrap(), BUDGET);
    behind(&mut debugger, 3, "%y");
    let before = read(&debugger, "%y");
    for wrong in [1.5, -1.0, 99.0, 2.0, f32::NAN, f32::INFINITY] {
        for error in [
            debugger.set("%y", &[0], wrong).unwrap_err(),
            debugger.edit("%y", TensorEdit::Fill { value: wrong }).unwrap_err(),
        ] {
            let sentence = error.to_string();
            let told = "The classes are 0 (first arm), 1 (second arm).";
            assert!(sentence.starts_with("%y takes classes") && sentence.ends_with(told), "{sentence}");
        }
    }
    assert_eq!((read(&debugger, "%y"), debugger.changes().0.len()), (before, 0));
    debugger.set("%y", &[0], 1.0).unwrap();

    let mut debugger = super::debugger(&picture(), BUDGET);
    let names: Vec<_> = debugger.machine().program().values.iter().map(|value| value.name.clone()).collect();
    let argmax = names.iter().find(|name| name.ends_with(".argmax")).unwrap();
    behind(&mut debugger, 3, argmax);
    let error = debugger.edit(argmax, TensorEdit::Fill { value: 1e6 }).unwrap_err().to_string();
    assert!(error.contains("takes whole numbers from 0 to"), "{error}");
    // What is not an index may be anything.
    behind(&mut debugger, 3, "%x");
    debugger.edit("%x", TensorEdit::Fill { value: f32::NAN }).unwrap();
}
