//! What is wrong is said where it is, and one click mends it.

use super::hands::Hands;
use crate::session::{RunStatus, State};

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
    assert_eq!(hands.state().run.status, RunStatus::NotReady);
    hands.click_on_top("Insert Flatten");
    assert!(!hands.sees("expected") && !hands.sees("1 problem"));
    assert_eq!(hands.value("wire Flatten 1 to Dense 1"), "784");
    assert!(hands.state().inference.is_valid());
    assert_eq!(hands.state().run.status, RunStatus::Paused, "it can train");
}
