//! What the tests that cross modules share: where the real data lies, and where correctness is tested.
#![allow(dead_code, reason = "each test program takes what it needs of it")]

pub mod exports;
pub mod frameworks;
pub mod random_graphs;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use glassbox::engine::Device;
use glassbox::model::TrainingSpec;
use glassbox::session::{Action, DataState, Event, Notice, State, Transport};

/// The device that the environment variable GLASSBOX_TEST_DEVICE names (`cuda`), default the CPU; `None`, after saying
/// that the test is not run, where it is not there.
pub fn test_device(test: &str) -> Option<Device> {
    let name = std::env::var("GLASSBOX_TEST_DEVICE").unwrap_or_else(|_| "cpu".into());
    let device: Device = name.parse().unwrap_or_else(|why| panic!("GLASSBOX_TEST_DEVICE: {why}"));
    if device.is_there().is_err() {
        println!("not run: {test} (no CUDA device)");
        return None;
    }
    Some(device)
}

/// The folder of real data, or `None` after saying which test is not run. Under CI its absence fails.
pub fn test_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("GLASSBOX_TEST_DATA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"));
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "{test}: the test data is missing at {}", folder.display());
    println!("not run: {test} (no test data at {})", folder.display());
    None
}

/// Polls until `done`, at most a minute; returns what has happened meanwhile.
pub fn wait(state: &mut State, what: &str, done: impl Fn(&State) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(60);
    // A run that waits for its data is there to be seen, and does not go on yet.
    while state.run().waits || !done(state) {
        assert!(Instant::now() < deadline, "{what} did not happen: {:?} {:?}", state.run().status, state.error());
        events.extend(state.poll());
        std::thread::yield_now();
    }
    events
}

/// The sentences among what has happened.
pub fn notices(events: &[Event]) -> Vec<&Notice> {
    events.iter().filter_map(|event| if let Event::Notice(notice) = event { Some(notice) } else { None }).collect()
}

/// A session of a template with its data there.
pub fn session(template: &str) -> State {
    let mut state = State::start(None);
    state.apply(Action::OpenTemplate(template.into()));
    state.apply(Action::SetSpeed(1.0));
    wait(&mut state, "loading", |s| matches!(s.data(), DataState::Ready(_)));
    state
}

/// One that trains, and does not come to its end however long this thread has to wait for its turn.
pub fn training_session(template: &str) -> State {
    let mut state = session(template);
    state.apply(Action::SetTraining(TrainingSpec { epochs: 100_000, ..state.project().training.clone() }));
    state.apply(Action::Transport(Transport::Play));
    wait(&mut state, "some steps", |s| s.run().step > 20);
    state
}
