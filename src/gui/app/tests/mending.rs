//! What is wrong is said where it is, and one click mends it.

use super::hands::Hands;
use crate::model::{Optimiser, TrainingSpec};
use crate::session::{Action, RunStatus, State, Tab};

#[test]
fn wrong_wiring_says_expected_and_got_on_the_screen_and_the_repair_mends_it() {
    let mut hands = Hands::at([1440.0, 900.0], State::start(None));
    hands.click("Drawn digits");
    hands.wait_for_data();
    assert!(!hands.sees("expected"));
    // The picture's own layer goes; its neighbours are joined, and rows meet a picture.
    hands.select_card("node Flatten 1");
    hands.key(egui::Modifiers::NONE, egui::Key::Delete);
    for words in ["expected", "a row of numbers", "got", "1 × 28 × 28", "1 problem"] {
        assert!(hands.sees(words), "{words}");
    }
    assert_eq!(hands.state().run().status, RunStatus::NotReady);
    hands.click_on_top("Insert Flatten");
    assert!(!hands.sees("expected") && !hands.sees("1 problem"));
    assert_eq!(hands.value("wire Flatten 1 to Dense 1"), "784");
    assert!(hands.state().inference().is_valid());
    assert_eq!(hands.state().run().status, RunStatus::Paused, "it can train");
}

#[test]
fn a_loss_that_becomes_nan_stops_the_run_and_offers_two_ways_out() {
    let mut state = State::start(None);
    state.apply(Action::OpenTemplate("sine".into()));
    let training = state.project().training.clone();
    state.apply(Action::SetTraining(TrainingSpec { learning_rate: 10.0, optimiser: Optimiser::sgd(), ..training }));
    let mut hands = Hands::at([1024.0, 640.0], state);
    hands.wait_for_data();
    hands.key(egui::Modifiers::NONE, egui::Key::Space);
    let stands = |hands: &Hands| {
        !hands.names_containing("Go back to step").is_empty() && hands.state().run().status == RunStatus::Paused
    };
    hands.wait_until("the run stands", stands);
    assert!(!hands.names_containing("the learning rate is probably too high").is_empty());
    let good = hands.state().not_finite().unwrap().step - 1;
    hands.click_on_top(&format!("Go back to step {good}"));
    hands.wait_until("it is back", |hands| hands.state().run().step == good);
    assert!(hands.names_containing("Go back to step").is_empty(), "the banner goes with it");
    hands.key(egui::Modifiers::NONE, egui::Key::Space);
    hands.wait_until("the run stands again", stands);
    hands.click_on_top("Retry with learning rate 1");
    assert_eq!((hands.state().project().training.learning_rate, hands.state().runs().cards.len()), (1.0, 1));
}

#[test]
fn what_made_a_nan_is_opened_in_the_debugger_at_the_number_itself() {
    let mut state = State::start(None);
    state.apply(Action::OpenTemplate("sine".into()));
    let training = state.project().training.clone();
    state.apply(Action::SetTraining(TrainingSpec { learning_rate: 10.0, optimiser: Optimiser::sgd(), ..training }));
    let mut hands = Hands::at([1024.0, 640.0], state);
    hands.wait_for_data();
    hands.key(egui::Modifiers::NONE, egui::Key::Space);
    hands.wait_until("the run stands", |hands| !hands.names_containing("Show the cause").is_empty());
    hands.click_on_top("Show the cause");
    assert_eq!(hands.state().tab(), Tab::Debug);
    let culprit = |hands: &Hands| {
        let view = hands.state().debug().view.clone().filter(|view| view.travel.is_none())?;
        let culprit = view.stopped.clone()?.culprit?;
        let record = view.sight.tensor(&culprit.name).cloned()?;
        Some((culprit.name.clone(), record.at(&culprit.index)?, record.place(&culprit.index)))
    };
    hands.wait_until("it is shown", |hands| culprit(hands).is_some());
    hands.wait();
    let (name, number, place) = culprit(&hands).unwrap();
    assert!(!number.is_finite(), "{name}: {number}");
    assert!(hands.sees(&place), "the number is chosen: {place}");
    assert!(!hands.names_containing("stopped: Step").is_empty(), "and why is said");
    // The ways out stay, below what they speak of.
    let banner = hands.rect("Dismiss");
    assert!(banner.top() > hands.rect("Tensor").bottom() + 100.0, "{banner:?}");
    hands.click_on_top("Dismiss");
    assert!(hands.names_containing("Go back to step").is_empty());
}

#[test]
fn a_file_that_another_window_has_saved_is_asked_about_on_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.glassbox.json");
    let project = crate::model::templates::build("xor").unwrap();
    crate::persist::project_file::save(&project, &file).unwrap();
    let mut state = State::start(None);
    state.apply(Action::Open(file.clone()));
    state.apply(Action::RenameProject("Mine".into()));
    let theirs = crate::model::Project { name: "Theirs".into(), ..project };
    crate::persist::project_file::save(&theirs, &file).unwrap();
    let mut hands = Hands::at([1024.0, 640.0], state);
    hands.wait_for_data();
    hands.key(egui::Modifiers::COMMAND, egui::Key::S);
    assert!(hands.sees("The file has changed since you opened it"));
    for button in ["Save as …", "Reload", "Overwrite", "Cancel"] {
        assert!(hands.sees(button), "{button}");
    }
    hands.click_on_top("Reload");
    assert_eq!(hands.state().project().name, "Theirs");
    assert!(!hands.sees("The file has changed since you opened it"));
}
