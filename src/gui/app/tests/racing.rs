//! Engines found, a race run and looked at, and a run that comes back; Python is pretended.

use egui::{Key, Modifiers};

use super::hands::Hands;
use crate::session::State;
use crate::session::engines::test_python::{Python, python};

/// The Code tab of a project, with a Python of this kind as the only engine that takes part.
fn opened(folder: &std::path::Path, kind: Python) -> Hands {
    let mut state = State::start(None);
    state.pose().settings.interpreters = vec![python(folder, kind)];
    let mut hands = Hands::at([1440.0, 900.0], state);
    hands.click("XOR");
    hands.wait_for_data();
    hands.key(Modifiers::COMMAND, Key::Num4);
    hands.wait_until("engines were looked for", |hands| hands.state().engines().looked);
    let titles: Vec<String> = hands.state().engines().all.iter().map(|engine| engine.title()).collect();
    for name in titles.iter().filter(|title| *title != "PyTorch 9.1.0").map(|title| format!("Race with {title}")) {
        if hands.is_on(&name) {
            hands.click(&name);
        }
    }
    hands
}

fn is_over(hands: &Hands) -> bool {
    hands.state().race().is_some_and(|race| race.is_over)
}

#[test]
fn a_person_trains_with_an_engine_and_sees_its_figures_and_its_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut hands = opened(folder.path(), Python::Trains);
    hands.click("Train with PyTorch 9.1.0");
    hands.wait_until("it trains", |hands| !hands.state().runs().cards.is_empty());
    hands.click("Pause");
    hands.click("Go on");
    hands.wait_until("it is over", is_over);
    hands.wait_until("it is kept", |hands| hands.state().runs().cards[0].bytes > 0);
    assert_eq!(hands.state().runs().cards[0].steps, 200);
    assert!(!hands.names_containing("PyTorch 9.1.0: first step 1.50 s, ms a step 1000").is_empty());
    assert!(!hands.names_containing("Loss of the race by time chart: PyTorch 9.1.0").is_empty());
    hands.click("Loss by step");
    assert!(!hands.names_containing("Loss of the race by step chart").is_empty());
    let place = folder.path().join("race.csv");
    hands.click("Export the race");
    hands.click("Save data (CSV) …");
    hands.wait_until("there is no file dialog", |hands| !hands.names_containing("No file dialog").is_empty());
    hands.write("Path", &place.display().to_string());
    hands.key(Modifiers::NONE, Key::Enter);
    hands.wait_until("it is written", |_| place.exists());
    assert_eq!(std::fs::read_to_string(&place).unwrap().lines().count(), 201);
    hands.key(Modifiers::COMMAND, Key::Num3);
    hands.wait_until("the run is a row", |hands| !hands.names_containing("PyTorch 9.1.0").is_empty());
}

#[test]
fn who_fails_says_why_in_a_sentence_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut hands = opened(folder.path(), Python::Vanishes);
    hands.click("Train with PyTorch 9.1.0");
    hands.wait_until("it is over", is_over);
    hands.click("Why PyTorch 9.1.0 failed");
    assert!(!hands.names_containing("before it had saved its weights").is_empty());
}

#[test]
fn the_list_of_engines_says_what_each_python_has_and_forgets_what_was_added() {
    let folder = tempfile::tempdir().unwrap();
    let mut hands = opened(folder.path(), Python::Trains);
    let title = format!("Engines {}", hands.state().engines().all.len());
    hands.click(&title);
    assert!(!hands.names_containing("keras 9.2.0 (on PyTorch), torch 9.1.0").is_empty());
    let path = hands.state().settings().interpreters[0].display().to_string();
    hands.click(&format!("Remove {path}"));
    hands.wait_until("it was looked again", |hands| {
        !hands.state().engines().looks && hands.names_containing("torch 9.1.0").is_empty()
    });
    assert!(hands.state().settings().interpreters.is_empty());
}
