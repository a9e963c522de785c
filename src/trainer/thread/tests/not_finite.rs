//! A run whose numbers end: it stands at what made the first one that is none.

use super::*;
use crate::model::{Optimiser, TrainingSpec};

/// A curve to be fitted, looked at.
fn sine(change: impl FnOnce(&mut TrainingSpec)) -> Desk {
    let mut project: Project = templates::build("sine").unwrap();
    change(&mut project.training);
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    let desk = Desk { trainer: Trainer::spawn(Arc::new(|| {}), 1).unwrap(), view: None, told: Vec::new() };
    let project = Box::new(project);
    desk.trainer.send(Command::Start { run: 1, project, dataset, device: Device::Cpu, kept: None });
    desk.debug(DebugCommand::Look(Some(Box::default())));
    desk
}

/// Steps of a size that no number survives.
fn diverging() -> Desk {
    let desk = sine(|training| {
        (training.learning_rate, training.optimiser, training.epochs) = (10.0, Optimiser::sgd(), 100_000);
    });
    desk.trainer.send(Command::Play);
    desk
}

fn is_there(view: &DebugView) -> bool {
    view.stopped.as_ref().is_some_and(|stopped| stopped.culprit.is_some()) && view.travel.is_none()
}

#[test]
fn whoever_looks_on_is_taken_to_the_first_number_that_is_none() {
    let mut desk = diverging();
    let view = desk.until("it stands", is_there);
    let stopped = view.stopped.clone().unwrap();
    let told = desk.told.iter().find_map(|told| told.not_finite.clone()).expect("it was told");
    assert_eq!((stopped.why.as_str(), stopped.breakpoint), (told.sentence.as_str(), None));
    let culprit = stopped.culprit.unwrap();
    assert!(view.moment.step < told.step && view.moment.instruction > 0, "{:?}", view.moment);
    let line = &view.listing.lines[view.moment.instruction - 1];
    assert!(line.outputs.iter().any(|output| output.name == culprit.name), "{culprit:?} is not of {}", line.text());
    let inspection = Inspection { tensors: vec![culprit.name.clone()], layers: true, ..Inspection::default() };
    desk.debug(DebugCommand::Look(Some(Box::new(inspection))));
    let view = desk.until("it is seen", |view| view.sight.layers.is_some());
    let record = view.sight.tensor(&culprit.name).unwrap();
    let first = record.data.iter().position(|v| !v.is_finite()).unwrap();
    assert_eq!(record.unflatten(first), culprit.index, "the first of them");
    let layers = view.sight.layers.clone().unwrap().unwrap();
    assert!(layers.headline().1.starts_with(&stopped.why), "the table speaks of the same: {}", layers.headline().1);
}

#[test]
fn whoever_goes_on_is_let_and_whoever_goes_back_is_told_again() {
    let mut desk = diverging();
    let there = desk.until("it stands", is_there).moment;
    let flag = |desk: &Desk| desk.told.iter().rev().find_map(|told| told.progress.as_ref()).map(|p| p.not_finite);
    assert_eq!(flag(&desk), Some(true));
    desk.trainer.send(Command::Play);
    desk.until("it goes on", |view| view.moment.step > there.step + 3);
    desk.trainer.send(Command::Pause);
    // Back to where it was made, by the button.
    desk.debug(DebugCommand::ShowNotFinite);
    desk.until("it is there again", |view| is_there(view) && view.moment == there);
    assert_eq!(flag(&desk), Some(true));
    desk.debug(DebugCommand::Back(Granularity::Instruction));
    desk.until("it is before it", |view| view.moment < there && view.travel.is_none());
    desk.goto(0);
    desk.arrive(0);
    assert_eq!(flag(&desk), Some(false), "what is behind it is good");
    desk.trainer.send(Command::Play);
    let again = desk.until("it stands once more", |view| is_there(view) && view.moment >= there);
    assert_eq!(again.moment, there);
}

#[test]
fn a_number_set_by_hand_is_where_it_was_set() {
    let mut desk = sine(|_| {});
    desk.goto(2);
    desk.arrive(2);
    let set = DebugCommand::Set { name: "dense_3.weight".into(), index: vec![0, 7], value: f32::INFINITY };
    desk.debug(set);
    desk.debug(DebugCommand::Forward(Granularity::Step));
    let view = desk.until("it stands", is_there);
    let stopped = view.stopped.clone().unwrap();
    assert!(stopped.why.contains("dense_3.weight already contained infinity before the step"), "{}", stopped.why);
    let culprit = stopped.culprit.unwrap();
    assert_eq!((culprit.name.as_str(), &culprit.index[..]), ("dense_3.weight", &[0, 7][..]));
    desk.debug(DebugCommand::Undo);
    let view = desk.arrive(2);
    assert_eq!((view.stopped.clone(), view.changes.len()), (None, 0));
    let last = desk.told.iter().rev().find_map(|told| told.progress.as_ref());
    assert_eq!(last.map(|progress| progress.not_finite), Some(false), "it is gone with what made it");
}

#[test]
fn the_end_of_a_run_is_no_culprit() {
    let mut desk = sine(|training| training.epochs = 1);
    desk.trainer.send(Command::StepEpoch);
    let steps = desk.until("an epoch is done", |view| view.epoch >= 1.0).moment.step;
    desk.arrive(steps);
    desk.debug(DebugCommand::Forward(Granularity::Instruction));
    let view = desk.until("it has ended", |view| view.stopped.is_some());
    let stopped = view.stopped.clone().unwrap();
    assert!(stopped.why.starts_with("The run ended at step"), "{}", stopped.why);
    assert_eq!((stopped.breakpoint, stopped.culprit), (None, None));
}
