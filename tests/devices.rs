//! A run on more than one device: going on where it was, refusing what is not there, replaying what was computed
//! elsewhere; and what a card computes beside what the CPU computes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::path::Path;
use std::sync::Arc;

use glassbox::data::{self, NoProgress};
use glassbox::engine::Device;
use glassbox::model::{Project, Source, templates};
use glassbox::session::checkpoint::Kept;
use glassbox::session::{Action, NoticeKind, checkpoint};
use glassbox::trace::{Curves, History, Origin};
use glassbox::trainer::{Change, Debugger, JournalEntry, Run};
use support::{notices, test_device, training_session, wait};

/// A card that no machine has.
const NOWHERE: Device = Device::Cuda(4095);

fn spiral() -> Project {
    templates::build("spiral").unwrap()
}

fn start(project: &Project) -> Run {
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    Run::new(project, dataset, Device::Cpu).unwrap()
}

fn steps(run: &mut Run, count: usize) {
    for _ in 0..count {
        run.step().unwrap();
    }
}

fn to_cpu() -> Change {
    Change::Device { device: Device::Cpu }
}

#[test]
fn a_run_goes_on_on_its_new_device_where_it_was_and_writes_it_down() {
    let mut straight = start(&spiral());
    steps(&mut straight, 20);
    let mut moved = start(&spiral());
    steps(&mut moved, 7);
    moved.change(to_cpu()).unwrap();
    moved.begin_step().unwrap();
    for _ in 0..5 {
        moved.step_instruction().unwrap();
    }
    moved.change(to_cpu()).unwrap();
    assert_eq!((moved.machine().step(), moved.machine().pc()), (7, 5), "it stands where it stood");
    while moved.machine().is_in_step() {
        moved.step_instruction().unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("moved.safetensors");
    checkpoint::save(&file, moved.project(), &Kept::new(moved.save().unwrap(), Curves::default())).unwrap();
    let (project, Kept { saved, .. }) = checkpoint::load(&file).unwrap();
    let mut resumed = Run::resume(&project, moved.dataset().clone(), Device::Cpu, saved).unwrap();
    steps(&mut resumed, 12);
    assert_eq!(resumed.machine().snapshot().unwrap(), straight.machine().snapshot().unwrap());
    let entry = |instruction| JournalEntry { step: 7, instruction, change: to_cpu() };
    assert_eq!(resumed.journal(), [entry(0), entry(5)]);
    let mut replayed = from_the_beginning(&resumed);
    replayed.goto_step(20).unwrap();
    assert_eq!(replayed.run().journal(), resumed.journal());
    assert_eq!(replayed.machine().snapshot().unwrap(), straight.machine().snapshot().unwrap());
}

/// The run once more, where it began: what it went through lies ahead.
fn from_the_beginning(run: &Run) -> Debugger {
    let resumed = Run::resume(run.project(), run.dataset().clone(), Device::Cpu, run.save().unwrap()).unwrap();
    let mut debugger = Debugger::new(resumed, 64 << 20).unwrap();
    debugger.goto_step(0).unwrap();
    debugger
}

#[test]
fn a_device_that_is_not_there_is_refused_and_the_run_goes_on() {
    let (mut run, mut straight) = (start(&spiral()), start(&spiral()));
    steps(&mut run, 5);
    let why = run.change(Change::Device { device: NOWHERE }).unwrap_err().to_string();
    assert!(
        why.starts_with("The device cuda:4095 can't be used: ") && why.ends_with("Choose the CPU, or auto."),
        "{why}"
    );
    assert!(run.journal().is_empty());
    steps(&mut run, 5);
    steps(&mut straight, 10);
    assert_eq!(run.machine().snapshot().unwrap(), straight.machine().snapshot().unwrap());
    let why = Run::new(&spiral(), run.dataset().clone(), NOWHERE).err().unwrap().to_string();
    assert!(why.contains("cuda:4095"), "{why}");
}

#[test]
fn a_run_from_another_machine_is_replayed_on_the_cpu_and_says_so() {
    let mut run = start(&spiral());
    steps(&mut run, 6);
    let mut saved = run.save().unwrap();
    let moved = JournalEntry { step: 4, instruction: 0, change: Change::Device { device: NOWHERE } };
    saved.history.change(moved, false);
    let mut resumed = Run::resume(&spiral(), run.dataset().clone(), Device::Cpu, saved.clone()).unwrap();
    let moves: Vec<_> = resumed.journal().iter().map(|entry| (entry.step, entry.change.clone())).collect();
    assert_eq!(moves, [(4, Change::Device { device: NOWHERE }), (6, to_cpu())], "it goes on elsewhere than it stopped");
    steps(&mut resumed, 4);
    let mut replayed = from_the_beginning(&resumed);
    replayed.goto_step(10).unwrap();
    assert_eq!(replayed.run().journal(), resumed.journal(), "the journal still says where it was");
    assert_eq!(replayed.machine().snapshot().unwrap(), resumed.machine().snapshot().unwrap());
    let notices = replayed.take_notices();
    assert_eq!(notices.len(), 1);
    assert!(
        notices[0].starts_with("This run was computed on cuda:4095, which isn't available. It continues on the CPU.")
    );
    assert!(replayed.take_notices().is_empty(), "it says so once");

    saved.history = History::new(Origin { device: NOWHERE, ..saved.history.origin });
    let resumed = Run::resume(&spiral(), run.dataset().clone(), Device::Cpu, saved).unwrap();
    assert_eq!(resumed.journal().len(), 1);
    assert_eq!(from_the_beginning(&resumed).take_notices().len(), 1);
}

#[test]
fn a_session_refuses_a_device_that_is_not_there_and_trains_on() {
    let mut state = training_session("spiral");
    assert_eq!(state.devices().in_use, Device::Cpu);
    let events = state.apply(Action::SetDevice(NOWHERE));
    let notice = *notices(&events).last().unwrap();
    assert_eq!(notice.kind, NoticeKind::Warning);
    assert!(notice.text.contains("cuda:4095 can't be used"), "{}", notice.text);
    assert_eq!((&state.settings().device, &state.devices().in_use), (&Device::Cpu, &Device::Cpu));
    let at = state.run().step;
    wait(&mut state, "more steps", |s| s.run().step > at + 20);
    assert!(state.error().is_none() && state.run().marks.is_empty());
    assert!(state.devices().memory.is_some() || !cfg!(target_os = "linux"));
}

/// Close, not bitwise: a card sums in another order. Losses of a few steps, scores, answers; and across a change of
/// device.
#[test]
fn a_card_computes_what_the_cpu_computes() {
    let test = "a_card_computes_what_the_cpu_computes";
    let Some(device) = test_device(test) else { return };
    if device == Device::Cpu {
        let asked = "set GLASSBOX_TEST_DEVICE=cuda: then all tests of correctness run on it".to_owned();
        let card = Device::choices().into_iter().find(|choice| choice.device == Device::Cuda(0));
        let why = card.and_then(|card| card.available.err()).map_or(asked, |why| format!("no CUDA device: {why}"));
        println!("not run: {test} ({why})");
        return;
    }
    for key in ["spiral", "sine", "moons", "digits-cnn", "digits-resnet", "digits-lstm", "digits-attention"] {
        let mut project = templates::build(key).unwrap();
        if let Source::Digits(digits) = &mut project.data.source {
            digits.samples = 300;
        }
        let mut on_cpu = start(&project);
        let mut on_card = Run::new(&project, on_cpu.dataset().clone(), device.clone()).unwrap();
        let mut moving = start(&project);
        for step in 0..6 {
            if step == 2 || step == 4 {
                let device = if step == 2 { device.clone() } else { Device::Cpu };
                moving.change(Change::Device { device }).unwrap();
            }
            let expected = on_cpu.step().unwrap().loss;
            for run in [&mut on_card, &mut moving] {
                let loss = run.step().unwrap().loss;
                assert!((loss - expected).abs() <= 1e-3 * expected.abs().max(1e-3), "{key}: {loss}, not {expected}");
            }
        }
        let (scores, expected) = (on_card.evaluate().unwrap(), on_cpu.evaluate().unwrap());
        assert!((scores.loss - expected.loss).abs() <= 1e-3 * expected.loss.abs().max(1e-3), "{key}: {scores:?}");
        let rows = on_cpu.dataset().validation.len().min(20);
        let inputs = &on_cpu.dataset().validation.stretch(0..rows).unwrap().inputs;
        let layers: Vec<_> = project.graph.layers().map(|layer| layer.id).collect();
        let seen = on_card.machine().layer_outputs(inputs, rows, &layers).unwrap();
        let on_cpu = on_cpu.machine().layer_outputs(inputs, rows, &layers).unwrap();
        for (layer, expected) in &on_cpu {
            let largest = expected.data.iter().fold(1e-3f32, |most, v| most.max(v.abs()));
            for (got, expected) in seen[layer].data.iter().zip(expected.data.iter()) {
                assert!((got - expected).abs() <= 2e-3 * largest, "{key}, {layer:?}: {got}, not {expected}");
            }
        }
        assert!(device.memory().is_some_and(|memory| memory.used < memory.total));
    }
}
