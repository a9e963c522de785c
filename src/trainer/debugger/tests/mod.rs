use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::data::{self, NoProgress};
use crate::engine::Device;
use crate::model::layer::{BatchNorm, Conv2d, Dense, Dropout, Flatten, Lstm, MaxPool2d, Reshape};
use crate::model::{
    Augmentation, EarlyStopping, LayerKind, Plateau, Project, Schedule, Source, TrainingSpec, templates,
};
use crate::trace::{At, Breakpoint, Change};

mod breakpoints;
mod changes;
mod curves;
mod free;
mod reverse;

const BUDGET: usize = 64 << 20;

pub(super) fn debugger(project: &Project, budget: usize) -> Debugger {
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    Debugger::new(Run::new(project, dataset, Device::Cpu).unwrap(), budget).unwrap()
}

fn digits(layers: Vec<LayerKind>) -> Project {
    let mut project = templates::build("digits-cnn").unwrap();
    project.graph = templates::chain(layers);
    project.training.batch_size = 4;
    project.training.epochs = 100;
    if let Source::Digits(digits) = &mut project.data.source {
        digits.samples = 100;
    }
    project
}

pub(super) fn xor() -> Project {
    templates::build("xor").unwrap()
}

/// Every value there is, bit for bit.
pub(super) fn bits(debugger: &Debugger) -> BTreeMap<String, Vec<u32>> {
    let machine = debugger.machine();
    let values = machine.program().ids().filter(|(id, value)| value.role.is_state() || machine.is_current(*id));
    values
        .filter_map(|(id, value)| {
            let read = machine.read(id).ok()?;
            Some((value.name.clone(), read.data.iter().map(|v| v.to_bits()).collect()))
        })
        .collect()
}

/// 200 steps forward, back to 57, forward to 200; and the same from a second run that only goes forward.
/// The run once more, from its beginning with its journal.
pub(super) fn from_the_beginning(debugger: &Debugger, step: u64) -> Debugger {
    let mut again = Debugger::new(debugger.run.afresh().unwrap(), BUDGET).unwrap();
    again.goto_step(step).unwrap();
    again
}

fn goes_back_and_forth(project: &Project, budget: usize) {
    let mut forward = debugger(project, BUDGET);
    forward.goto_step(57).unwrap();
    let at_57 = bits(&forward);
    forward.goto_step(200).unwrap();
    let at_200 = bits(&forward);
    assert_ne!(at_57, at_200);
    let mut travelling = debugger(project, budget);
    for (step, expected) in [(200, &at_200), (57, &at_57), (200, &at_200), (57, &at_57)] {
        travelling.goto_step(step).unwrap();
        assert_eq!(travelling.moment(), Moment { step, instruction: 0 });
        assert!(bits(&travelling) == *expected, "step {step} differs");
    }
    let (_, bytes, spacing) = travelling.checkpoints();
    assert!(bytes <= budget && spacing >= 8, "{bytes} bytes, every {spacing} steps");
}

/// A convolution with batch norm, pooling and dropout.
fn picture() -> Project {
    digits(vec![
        Conv2d { filters: 3, ..Conv2d::default() }.into(),
        BatchNorm::default().into(),
        MaxPool2d::default().into(),
        Flatten {}.into(),
        Dropout { rate: 0.25, ..Dropout::default() }.into(),
        Dense { units: 10, ..Dense::default() }.into(),
    ])
}

#[test]
fn mixed_pictures_are_bitwise_the_same_backwards() {
    let mut project = digits(vec![
        Flatten {}.into(),
        Dense { units: 4, ..Dense::default() }.into(),
        Dense { units: 10, ..Dense::default() }.into(),
    ]);
    *project.training.augmentation = Augmentation { mixup: 0.4, shift: 0.1, ..Augmentation::default() };
    goes_back_and_forth(&project, BUDGET);
    // Single instructions make the mixtures that a free step makes, and a resumed run goes on with them.
    let mut single = debugger(&project, BUDGET);
    while single.moment().step < 3 {
        single.advance(Granularity::Instruction).unwrap();
    }
    let mut free = debugger(&project, BUDGET);
    (0..3).for_each(|_| drop(free.run_free().unwrap()));
    assert!(bits(&single) == bits(&free));
    let saved = free.run().save().unwrap();
    let resumed = Run::resume(&project, free.run().dataset().clone(), Device::Cpu, saved).unwrap();
    let mut resumed = Debugger::new(resumed, BUDGET).unwrap();
    let rows = |debugger: &mut Debugger| [0; 30].map(|_| debugger.run_free().unwrap().row.unwrap().loss.to_bits());
    assert_eq!(rows(&mut resumed), rows(&mut free));
}

#[test]
fn xor_is_bitwise_the_same_backwards() {
    goes_back_and_forth(&xor(), BUDGET);
}

#[test]
fn so_it_is_with_few_checkpoints_and_a_run_that_judges_its_epochs() {
    let mut project = xor();
    let plateau = Plateau { patience: 1, ..Plateau::default() };
    project.training.schedule = Schedule::Plateau(plateau);
    project.training.early_stopping = Some(EarlyStopping { patience: 50, min_delta: 0.0 });
    project.training.keep_best = true;
    goes_back_and_forth(&project, 40_000);
}

#[test]
fn a_convolution_with_dropout_and_batch_norm_is_bitwise_the_same_backwards() {
    goes_back_and_forth(&picture(), BUDGET);
}

#[test]
fn an_lstm_is_bitwise_the_same_backwards() {
    let layers = vec![
        Reshape { shape: "28 x 28".into() }.into(),
        Lstm { units: 8, ..Lstm::default() }.into(),
        Dense { units: 10, ..Dense::default() }.into(),
    ];
    goes_back_and_forth(&digits(layers), BUDGET);
}

#[test]
fn every_unit_stops_where_it_ends() {
    let mut debugger = debugger(&xor(), BUDGET);
    let place = |d: &Debugger| (d.moment().step, d.moment().instruction);
    let next = |d: &Debugger| d.next_instruction().1.map(|i| d.machine().program().line(i)).unwrap();
    debugger.advance(Granularity::Instruction).unwrap();
    assert_eq!(place(&debugger), (0, 1));
    debugger.advance(Granularity::Layer).unwrap();
    assert!(next(&debugger).contains("dense_2.weight"), "{}", next(&debugger));
    debugger.advance(Granularity::Phase).unwrap();
    assert!(next(&debugger).starts_with("loss"), "{}", next(&debugger));
    debugger.set_breakpoints(vec![Breakpoint::new(1, At::Anywhere, Some("step == 1".into()))]);
    let stop = debugger.advance(Granularity::Step).unwrap();
    assert!(stop.stopped() && stop.row.is_none() && next(&debugger).contains("<-"), "{}", next(&debugger));
    let done = debugger.advance(Granularity::Step).unwrap();
    assert_eq!(done.row.unwrap().step, 1);
    assert_eq!(place(&debugger), (1, 0));
    let after = bits(&debugger);
    assert!(debugger.back_instruction().unwrap() && place(&debugger).0 == 0);
    debugger.advance(Granularity::Instruction).unwrap();
    assert_eq!(bits(&debugger), after);
    assert!(debugger.back_step().unwrap());
    assert_eq!(place(&debugger), (0, 0));
    assert!(!debugger.back_instruction().unwrap() && !debugger.back_step().unwrap());
}

#[test]
fn changes_are_made_again_on_the_way_and_can_be_taken_back() {
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.goto_step(30).unwrap();
    let unchanged = bits(&debugger);
    debugger.goto(Moment { step: 20, instruction: 3 }).unwrap();
    debugger.set("%1", &[0, 1], 5.0).unwrap();
    debugger.goto_step(25).unwrap();
    // Each a change of its own, also to the same number twice in a row: only what is dragged is one.
    debugger.set("dense_1.weight", &[0, 1], f32::NEG_INFINITY).unwrap();
    debugger.set("dense_1.weight", &[0, 0], 0.25).unwrap();
    debugger.set("dense_1.weight", &[0, 1], 7.0).unwrap();
    debugger.set("dense_1.weight", &[0, 1], 0.5).unwrap();
    debugger.goto_step(30).unwrap();
    let changed = bits(&debugger);
    assert_ne!(changed, unchanged);
    let entries: Vec<_> = debugger.run().journal().iter().map(|e| (e.step, e.instruction)).collect();
    assert_eq!(entries, [(20, 3), (25, 0), (25, 0), (25, 0), (25, 0)]);
    debugger.goto_step(10).unwrap();
    assert_eq!((debugger.changes().0.len(), debugger.changes().1.len()), (0, 5));
    debugger.goto_step(30).unwrap();
    assert_eq!(bits(&debugger), changed);
    // The run's own replay reads the same journal.
    let replayed = from_the_beginning(&debugger, 30);
    assert_eq!(replayed.machine().snapshot().unwrap(), debugger.machine().snapshot().unwrap());
    let text = serde_json::to_string(&debugger.run().journal()).unwrap();
    assert_eq!(serde_json::from_str::<Vec<JournalEntry>>(&text).unwrap(), debugger.run().journal());
    for (step, instruction) in [(25, 0), (25, 0), (25, 0), (25, 0), (20, 3)] {
        debugger.undo().unwrap().unwrap();
        assert_eq!(debugger.moment(), Moment { step, instruction });
    }
    assert!(debugger.undo().unwrap().is_none());
    debugger.goto_step(30).unwrap();
    assert_eq!(bits(&debugger), unchanged);
}

#[test]
fn a_change_after_going_back_begins_another_history() {
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.goto_step(30).unwrap();
    debugger.set("dense_1.weight", &[0, 0], 1.0).unwrap();
    debugger.goto_step(40).unwrap();
    debugger.goto_step(10).unwrap();
    debugger.set("dense_1.weight", &[0, 0], 2.0).unwrap();
    debugger.goto_step(40).unwrap();
    let travelled = bits(&debugger);
    let mut straight = super::tests::debugger(&xor(), BUDGET);
    straight.goto_step(10).unwrap();
    straight.set("dense_1.weight", &[0, 0], 2.0).unwrap();
    straight.goto_step(40).unwrap();
    assert_eq!(bits(&straight), travelled);
}

#[test]
fn a_resumed_run_has_its_past() {
    let mut whole = debugger(&xor(), BUDGET);
    whole.goto_step(20).unwrap();
    whole.set("dense_1.bias", &[2], -1.0).unwrap();
    whole.goto_step(50).unwrap();
    let saved = whole.run().save().unwrap();
    whole.goto_step(33).unwrap();
    let run = Run::resume(&xor(), whole.run().dataset().clone(), Device::Cpu, saved).unwrap();
    let mut resumed = Debugger::new(run, BUDGET).unwrap();
    assert!(!bits(&resumed).contains_key("%1"));
    resumed.goto_step(50).unwrap();
    assert!(bits(&resumed).contains_key("%1"));
    resumed.goto_step(33).unwrap();
    assert_eq!(bits(&resumed), bits(&whole));
    resumed.goto_step(60).unwrap();
    whole.goto_step(60).unwrap();
    assert_eq!(bits(&resumed), bits(&whole));
}

#[test]
fn a_dump_is_the_same_whatever_the_way_and_the_update_follows_from_it() {
    let mut project = xor();
    project.training = TrainingSpec {
        optimiser: crate::model::Optimiser::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 },
        ..project.training
    };
    let mut straight = debugger(&project, BUDGET);
    straight.goto_step(5).unwrap();
    let dump = straight.dump().unwrap();
    let mut travelled = debugger(&project, BUDGET);
    for step in [20, 3, 5] {
        travelled.goto_step(step).unwrap();
    }
    assert_eq!(travelled.dump().unwrap(), dump);
    assert_eq!(travelled.moment(), Moment { step: 5, instruction: 0 });
    assert_eq!(dump.rows.len(), dump.tensors["%x"].dims[0]);
    let (before, after) = (&dump.tensors["dense_1.weight.before"], &dump.tensors["dense_1.weight"]);
    let gradient = &dump.tensors["dense_1.weight.grad"];
    for ((before, after), gradient) in before.data.iter().zip(after.data.iter()).zip(gradient.data.iter()) {
        let expected = before - dump.learning_rate as f32 * gradient;
        assert!((after - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{after} {expected}");
    }
}

#[test]
fn what_cannot_be_done_is_a_sentence_and_changes_nothing() {
    let mut debugger = debugger(&xor(), BUDGET);
    let said = |error: DebugError| error.to_string();
    assert!(said(debugger.dump().unwrap_err()).contains("No step is complete"));
    assert!(said(debugger.set("%1", &[0, 0], 1.0).unwrap_err()).contains("after its instruction has run"));
    assert!(said(debugger.set("batch.x", &[0, 0], 1.0).unwrap_err()).contains("is recomputed"));
    assert!(said(debugger.set("dense_1.wieght", &[0, 0], 1.0).unwrap_err()).contains("did you mean 'dense_1.weight'"));
    assert!(said(debugger.set("dense_1.weight", &[0], 1.0).unwrap_err()).contains("2 indices, not 1"));
    assert!(said(debugger.set("dense_1.weight", &[0, 2], 1.0).unwrap_err()).contains("must be below 2"));
    assert!(debugger.changes().0.is_empty() && debugger.run().journal().is_empty());
    debugger.advance(Granularity::Instruction).unwrap();
    assert!(said(debugger.dump().unwrap_err()).contains("Step 1 isn't complete"));
    let end = debugger.goto_step(1_000_000).unwrap_err();
    let last = debugger.moment().step;
    assert!(said(end).contains(&format!("ended at step {last}: all 60 epochs are done")));
    debugger.goto_step(3).unwrap();
    assert_eq!(debugger.moment().step, 3);
}
