use std::path::Path;

use super::*;
use crate::data::{self, NoProgress};
use crate::model::{EarlyStopping, templates};
use crate::trainer::Debugger;

fn xor() -> Project {
    let mut project = templates::build("xor").unwrap();
    project.training.epochs = 1000;
    project.training.batch_size = 64;
    project
}

fn start(project: &Project, weights: Option<&Snapshot>) -> Result<Run, RunError> {
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    Run::start(project, weights, dataset, Device::Cpu)
}

/// An epoch whose validation loss is this.
fn epoch(run: &mut Run, loss: f64) {
    while !run.step().unwrap().epoch_done {}
    let results = Evaluation { step: run.machine().step(), epoch: run.epoch(), loss, losses: Vec::new(), score: 0.5 };
    run.judge(&results).unwrap();
}

fn switch(run: &mut Run, keep_best: bool, patience: Option<usize>) {
    let early_stopping = patience.map(|patience| EarlyStopping { patience, min_delta: 0.0 });
    let training = TrainingSpec { keep_best, early_stopping, ..run.training().clone() };
    run.change(Change::Training { training }).unwrap();
}

#[test]
fn what_is_no_number_is_never_the_best_and_counts_as_no_improvement() {
    let mut project = xor();
    (project.training.keep_best, project.training.early_stopping) =
        (true, Some(EarlyStopping { patience: 2, min_delta: 0.0 }));
    let mut run = start(&project, None).unwrap();
    [f64::NAN, 2.0, 1.0].into_iter().for_each(|loss| epoch(&mut run, loss));
    let best = run.machine().snapshot().unwrap();
    epoch(&mut run, f64::NAN);
    assert_eq!(run.finished(), None);
    epoch(&mut run, 3.0);
    assert_eq!(run.finished(), Some(Stop::Early { patience: 2 }));
    assert_eq!(run.restore_best().unwrap(), Some(3));
    for (name, tensor) in run.machine().snapshot().unwrap().tensors.iter().filter(|(name, _)| !name.contains("adam")) {
        assert_eq!(tensor, &best.tensors[name], "{name}");
    }
    let mut run = start(&project, None).unwrap();
    [f64::NAN, f64::NAN].into_iter().for_each(|loss| epoch(&mut run, loss));
    assert_eq!((run.finished(), run.restore_best().unwrap()), (Some(Stop::Early { patience: 2 }), None));
}

#[test]
fn the_best_is_the_lowest_loss_however_much_early_stopping_wants() {
    let mut project = xor();
    (project.training.keep_best, project.training.early_stopping) =
        (true, Some(EarlyStopping { patience: 2, min_delta: 0.5 }));
    let mut run = start(&project, None).unwrap();
    [1.0, 0.9, 0.8].into_iter().for_each(|loss| epoch(&mut run, loss));
    assert_eq!(run.finished(), Some(Stop::Early { patience: 2 }));
    assert_eq!(run.restore_best().unwrap(), Some(3));
}

#[test]
fn keeping_the_best_and_early_stopping_look_at_the_epochs_in_which_they_are_on() {
    let mut run = start(&xor(), None).unwrap();
    [0.1, 0.2, 0.3].into_iter().for_each(|loss| epoch(&mut run, loss));
    switch(&mut run, true, Some(2));
    [0.5, 0.6].into_iter().for_each(|loss| epoch(&mut run, loss));
    switch(&mut run, false, None);
    assert_eq!(run.restore_best().unwrap(), None);
    [0.05, 9.0, 9.0].into_iter().for_each(|loss| epoch(&mut run, loss));
    switch(&mut run, true, Some(2));
    assert_eq!(run.restore_best().unwrap(), None, "the weights of that time are not of this one");
    [f64::NAN, 8.0, 7.0].into_iter().for_each(|loss| epoch(&mut run, loss));
    assert_eq!(run.finished(), None);
    [7.5, 7.5].into_iter().for_each(|loss| epoch(&mut run, loss));
    assert_eq!(run.finished(), Some(Stop::Early { patience: 2 }));
    assert_eq!(run.restore_best().unwrap(), Some(11));
}

/// Through the debugger, as the window and `glassbox debug` do it: with epochs that are really judged.
#[test]
fn a_run_in_which_they_were_switched_is_replayed_bit_for_bit() {
    let dataset = |project: &Project| Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    let mut project = xor();
    project.training.epochs = 14;
    project.training.learning_rate = 0.3;
    let run = Run::new(&project, dataset(&project), Device::Cpu).unwrap();
    let steps = run.steps_per_epoch();
    let mut debugger = Debugger::new(run, 1 << 22).unwrap();
    for (epoch, keep_best, patience) in [(2, true, Some(20)), (5, false, None), (8, true, Some(20)), (9, true, Some(7))]
    {
        debugger.goto_step(epoch * steps).unwrap();
        let early_stopping = patience.map(|patience| EarlyStopping { patience, min_delta: 0.0 });
        let training = TrainingSpec { keep_best, early_stopping, ..debugger.run().training().clone() };
        debugger.change(Change::Training { training }).unwrap();
    }
    while debugger.run().finished().is_none() {
        debugger.run_free().unwrap();
    }
    let end = debugger.machine().step();
    let (tensors, place) = (debugger.machine().snapshot().unwrap(), debugger.run().place);
    for from in [end - 1, 6 * steps + 1, 0] {
        debugger.goto_step(from).unwrap();
        debugger.goto_step(end).unwrap();
        assert!(debugger.machine().snapshot().unwrap() == tensors && debugger.run().place == place, "from {from}");
    }
    let mut again = Debugger::new(debugger.run().afresh().unwrap(), 1 << 22).unwrap();
    again.goto_step(end).unwrap();
    assert!(again.machine().snapshot().unwrap() == tensors && again.run().place == place);
}

#[test]
fn a_run_begins_with_given_weights_and_goes_back_to_them() {
    let mut first = start(&xor(), None).unwrap();
    (0..20).for_each(|_| assert!(first.step().is_ok()));
    let weights = first.machine().snapshot().unwrap();
    let run = start(&xor(), Some(&weights)).unwrap();
    assert_eq!((run.history().origin.weights, run.machine().step()), (Weights::Given, 0));
    let begin = run.machine().snapshot().unwrap();
    let is_weight = |name: &str| name.ends_with(".weight") || name.ends_with(".bias");
    for (name, tensor) in &begin.tensors {
        assert_eq!(tensor == &weights.tensors[name], is_weight(name), "{name}");
    }
    let mut debugger = Debugger::new(run, 1 << 22).unwrap();
    debugger.goto_step(7).unwrap();
    debugger.set_learning_rate(0.5).unwrap();
    debugger.goto_step(15).unwrap();
    let after = debugger.machine().snapshot().unwrap();
    let saved = debugger.save().unwrap();
    let resumed = Run::resume(debugger.run().project(), first.dataset().clone(), Device::Cpu, saved.clone()).unwrap();
    let mut debugger = Debugger::new(resumed, 1 << 22).unwrap();
    debugger.goto_step(0).unwrap();
    assert_eq!(debugger.machine().snapshot().unwrap(), begin);
    debugger.goto_step(15).unwrap();
    assert_eq!(debugger.machine().snapshot().unwrap(), after);

    // Where nobody knows how it began one can still go back as far as it is known.
    let lost = Saved { start: None, ..saved };
    let resumed = Run::resume(debugger.run().project(), first.dataset().clone(), Device::Cpu, lost).unwrap();
    let mut debugger = Debugger::new(resumed, 1 << 22).unwrap();
    debugger.goto_step(20).unwrap();
    let why = debugger.goto_step(3).unwrap_err().to_string();
    assert!(why.contains("no longer known"), "{why}");
    debugger.goto_step(16).unwrap();
    debugger.goto_step(20).unwrap();
}

#[test]
fn weights_that_do_not_fit_are_refused_and_what_is_missing_is_said() {
    let weights = start(&xor(), None).unwrap().machine().snapshot().unwrap();
    let mut wide = xor();
    wide.graph = templates::chain(templates::dense_stack(&[5], crate::model::layer::Activation::Tanh, 2));
    let why = start(&wide, Some(&weights)).err().unwrap().to_string();
    assert!(why.contains("dense_1.weight"), "{why}");
    let mut some = weights.clone();
    some.tensors.remove("dense_2.bias");
    let mut run = start(&xor(), Some(&some)).unwrap();
    let notices = run.take_notices();
    assert!(notices.len() == 1 && notices[0].contains("dense_2.bias"), "{notices:?}");
    some.tensors.clear();
    assert!(start(&xor(), Some(&some)).is_err());
}

#[test]
fn summaries_are_taken_at_their_steps_alone_and_change_nothing() {
    let (mut run, mut straight) = (start(&xor(), None).unwrap(), start(&xor(), None).unwrap());
    let mut seen = Vec::new();
    for _ in 0..20 {
        run.step().unwrap();
        seen.extend(run.take_summary());
        straight.machine_mut().watch_updates(true);
        let batch = straight.next_batch().unwrap();
        straight.machine_mut().run_step(&batch).unwrap();
        straight.place.cursor += batch.len;
        if straight.place.cursor >= straight.dataset.train.len() {
            straight.place.cursor = 0;
            straight.place.epoch += 1;
            straight.order = straight.order_of(straight.training().seed, straight.place.epoch);
        }
    }
    assert_eq!(seen.iter().map(|summary| summary.step).collect::<Vec<_>>(), [1, 2, 4, 8, 16]);
    assert_eq!(run.machine().snapshot().unwrap(), straight.machine().snapshot().unwrap());
    let layer = &seen[4].layers[0];
    assert!(layer.gradient > 0.0 && layer.update > 0.0 && layer.deviation > 0.0 && layer.saturated >= 0.0, "{layer:?}");
    assert!(layer.dead.is_nan(), "a hyperbolic tangent does not die");
}

#[test]
fn a_run_on_other_data_begins_with_weights_says_so_and_goes_back_to_them_bitwise() {
    let mut first = start(&xor(), None).unwrap();
    (0..20).for_each(|_| assert!(first.step().is_ok()));
    let saved = first.save().unwrap();
    let mut project = xor();
    project.data.seed += 1;
    let other = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    let why = Run::resume(&project, other.clone(), Device::Cpu, saved.clone()).err().unwrap().to_string();
    assert!(why.contains("different data"), "{why}");
    let run = Run::begin_from(&project, &saved, other.clone(), Device::Cpu).unwrap();
    let begin = run.machine().snapshot().unwrap();
    assert_eq!((run.machine().step(), run.epoch()), (0, 0.0));
    assert_eq!(begin.tensors["dense_1.weight"], saved.now.tensors["dense_1.weight"]);
    let mut debugger = Debugger::new(run, 1 << 22).unwrap();
    debugger.goto_step(3).unwrap();
    debugger.set_learning_rate(0.5).unwrap();
    debugger.goto_step(70).unwrap();
    let (after, kept) = (debugger.machine().snapshot().unwrap(), debugger.save().unwrap());
    assert_eq!(kept.history.marks()[0].label, "started from the weights at step 20 of a run with different data");

    let resumed = Run::resume(&kept.project, other, Device::Cpu, kept.clone()).unwrap();
    let earlier = resumed.history().origin.earlier.clone().unwrap();
    assert!(earlier.step == 20 && earlier.other_data.is_some_and(|words| !words.is_empty()));
    let mut debugger = Debugger::new(resumed, 1 << 22).unwrap();
    debugger.goto_step(0).unwrap();
    assert!(debugger.machine().snapshot().unwrap() == begin);
    debugger.goto_step(70).unwrap();
    assert!(debugger.machine().snapshot().unwrap() == after);
}

#[test]
fn augmented_pictures_are_the_same_when_they_are_trained_on_again() {
    let mut project = crate::model::templates::build("digits").unwrap();
    if let crate::model::Source::Digits(digits) = &mut project.data.source {
        digits.samples = 100;
    }
    let dataset =
        Arc::new(crate::data::load(&project.data, std::path::Path::new(""), &crate::data::NoProgress).unwrap());
    let plain = Run::start(&project, None, dataset.clone(), Device::Cpu).unwrap();
    let augmentation = crate::model::Augmentation { rotation: 20.0, noise: 0.1, ..Default::default() };
    *project.training.augmentation = augmentation;
    let mut run = Run::start(&project, None, dataset.clone(), Device::Cpu).unwrap();
    let mut again = Run::start(&project, None, dataset.clone(), Device::Cpu).unwrap();
    let first = run.next_batch().unwrap();
    assert_ne!(first.inputs, plain.next_batch().unwrap().inputs);
    assert_eq!(first.rows, plain.next_batch().unwrap().rows);
    for _ in 0..2 * run.steps_per_epoch() {
        assert_eq!(run.next_batch().unwrap(), again.next_batch().unwrap());
        assert_eq!(run.step().unwrap().loss.to_bits(), again.step().unwrap().loss.to_bits());
    }
    assert!(run.epochs_done() == 2 && run.next_batch().unwrap().inputs != first.inputs);
    assert_eq!(run.evaluate().unwrap().score, again.evaluate().unwrap().score);
}
