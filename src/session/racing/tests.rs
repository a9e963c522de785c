//! Races and runs that come back, as a window sees them; Python is pretended.

#![cfg(unix)]

use std::path::Path;
use std::time::{Duration, Instant};

use super::*;
use crate::data::{self, NoProgress};
use crate::interop::{Framework, export};
use crate::model::templates;
use crate::session::engines::test_python::{Python, python};
use crate::session::{Event, RunStatus, Transport};

/// The template on the table, and everything that was told until it is so.
fn until(state: &mut State, what: &str, is_so: impl Fn(&State) -> bool) -> Vec<Event> {
    let deadline = Instant::now() + Duration::from_secs(120);
    let mut events = Vec::new();
    while !is_so(state) {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        events.extend(state.poll());
        std::thread::yield_now();
    }
    events
}

fn with(template: &str) -> State {
    let mut state = State::default();
    state.apply(Action::OpenTemplate(template.into()));
    until(&mut state, "the data is there", |state| matches!(state.data, DataState::Ready(_)));
    state
}

/// In a session that knows a pretended PyTorch.
fn engine(state: &mut State, folder: &Path, kind: Python) -> Engine {
    state.apply(Action::Engines(EngineAction::Add(python(folder, kind))));
    until(state, "it was looked for", |state| !state.engines.looks);
    state.engines.all.iter().find(|engine| engine.title() == "PyTorch 9.1.0").unwrap().clone()
}

fn race(state: &mut State, engines: Vec<Engine>, steps: u64) {
    state.apply(Action::Engines(EngineAction::Race { engines, steps, at_once: false }));
}

#[test]
fn an_engine_trains_a_run_of_the_project_that_can_be_brought_back_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = with("xor");
    let engine = engine(&mut state, folder.path(), Python::Trains);
    race(&mut state, vec![engine.clone()], 1_000_000);
    until(&mut state, "it has a row", |state| !state.runs.cards.is_empty());
    let id = state.runs.cards[0].id.clone();
    assert!(state.runs.curves.contains_key(&id) && state.runs.picked.contains(&id), "its curve is live");
    let events = state.apply(Action::Runs(RunAction::BringBack(id.clone())));
    assert!(matches!(&events[..], [Event::Notice(notice)] if notice.text.contains("still training")), "{events:?}");
    race(&mut state, vec![engine], 5);
    assert_eq!(state.race.as_ref().unwrap().steps, 1_000_000, "one race at a time");

    state.apply(Action::Engines(EngineAction::Pause(true)));
    assert!(state.race.as_ref().unwrap().paused);
    state.apply(Action::Engines(EngineAction::Stop(None)));
    until(&mut state, "it is over", |state| state.race.as_ref().unwrap().is_over);
    assert_eq!(state.race.as_ref().unwrap().lost, [None]);
    until(&mut state, "it is kept", |state| state.runs.card(&id).is_some_and(|card| card.bytes > 0));
    let card = state.runs.card(&id).unwrap().clone();
    let facts = card.engine.as_ref().unwrap();
    assert_eq!((card.name.as_str(), facts.word.as_str()), ("PyTorch 9.1.0", "pytorch"));
    assert_eq!((facts.seconds_to_first_step, facts.ms_per_step), (Some(1.5), Some(1000.0)));

    state.apply(Action::Runs(RunAction::BringBack(id.clone())));
    until(&mut state, "it is on the table", |state| state.run.step == card.steps && !state.run.waits);
    assert_eq!(state.run.curves.train_loss.len() as u64, card.steps);
    state.apply(Action::Transport(Transport::StepBatch));
    until(&mut state, "it went on", |state| state.run.step == card.steps + 1 && state.run.status == RunStatus::Paused);
    assert_eq!(state.live_card().unwrap().engine, None, "what goes on is trained here");
}

#[test]
fn who_vanishes_leaves_a_reason_and_no_row_and_another_project_ends_the_race() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = with("xor");
    let vanishes = engine(&mut state, folder.path(), Python::Vanishes);
    race(&mut state, vec![vanishes], 10);
    until(&mut state, "it is over", |state| state.race.as_ref().unwrap().is_over);
    let view = state.race.as_ref().unwrap();
    assert!(view.lost[0].as_ref().unwrap().contains("before it had saved"), "{:?}", view.lost);
    assert!(state.runs.cards.is_empty() && state.error.is_none());

    let mut state = with("xor");
    let trains = engine(&mut state, folder.path(), Python::Trains);
    race(&mut state, vec![trains], 1_000_000);
    until(&mut state, "it has begun", |state| !state.runs.cards.is_empty());
    state.apply(Action::OpenTemplate("spiral".into()));
    assert!(state.race.is_none() && state.works.contest.is_none() && state.runs.cards.is_empty());
    assert!(!state.engines.all.is_empty(), "engines are the machine's");
}

#[test]
fn what_a_folder_has_trained_elsewhere_comes_back_into_its_project_only() {
    let project = templates::build("xor").unwrap();
    let dataset = data::load(&project.data, Path::new(""), &NoProgress).unwrap();
    for framework in [Framework::PyTorch, Framework::TensorFlow, Framework::Keras] {
        let folder = tempfile::tempdir().unwrap();
        let (files, _) = export::folder(framework, &project, &dataset, None).unwrap();
        export::write(folder.path(), &files).unwrap();
        let (from, to) = match framework {
            Framework::Keras => ("model.keras", "far.keras"),
            Framework::PyTorch | Framework::TensorFlow => ("weights.safetensors", "far.safetensors"),
        };
        std::fs::copy(folder.path().join(from), folder.path().join(to)).unwrap();
        let line = |step: u64| format!("{{\"event\":\"step\",\"step\":{step},\"loss\":0.5,\"learning_rate\":0.1}}\n");
        std::fs::write(folder.path().join("far.jsonl"), (1..=3).map(line).collect::<String>()).unwrap();

        let mut state = with("xor");
        state.apply(Action::Runs(RunAction::TakeIn(folder.path().to_owned())));
        let events = until(&mut state, "it came back", |state| !state.runs.cards.is_empty());
        let card = state.runs.cards[0].clone();
        let word = card.engine.as_ref().map(|engine| engine.word.as_str());
        assert_eq!((card.name.as_str(), card.steps, word), ("far", 3, Some(framework.word())));
        let told = |event: &Event| matches!(event, Event::Notice(notice) if notice.text.contains("of step 3"));
        assert!(events.iter().chain(&state.poll()).any(told), "{events:?}");
        // They are the seed's first weights.
        let (_, kept) = checkpoint::load(&state.run_folder().unwrap().checkpoint(&card.id)).unwrap();
        let first = crate::trainer::Run::new(&project, std::sync::Arc::new(dataset.clone()), Device::Cpu).unwrap();
        let first = first.save().unwrap().now;
        for (name, tensor) in &first.tensors {
            assert_eq!(kept.saved.now.tensors.get(name), Some(tensor), "{name}");
        }

        let mut state = with("spiral");
        state.apply(Action::Runs(RunAction::TakeIn(folder.path().to_owned())));
        until(&mut state, "it is refused", |state| state.error.is_some());
        assert!(state.error.as_ref().unwrap().contains("doesn't fit this project"), "{:?}", state.error);
        assert!(state.runs.cards.is_empty());
    }
}

#[test]
fn what_is_no_run_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let mut state = with("xor");
        state.apply(Action::Runs(RunAction::TakeIn(path)));
        until(&mut state, "it is refused", |state| state.error.is_some());
        state.error.clone().unwrap()
    };
    assert!(refused("a.jsonl", "{}").contains("no checkpoint beside it"));
    assert!(refused("a.pt", "nonsense").contains("isn't a log"), "there is a log beside it");
    std::fs::write(folder.path().join("a.jsonl"), "{\"event\":\"step\",\"step\":1,\"loss\":0.5}\n").unwrap();
    let why = refused("a.pt", "nonsense");
    assert!(why.contains("a.pt") && !why.contains("bug"), "{why}");
}
