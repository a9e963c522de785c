//! Layers that become a Block in the whole window, are edited inside, and come out again.

use egui::{Key, Modifiers};

use super::hands::Hands;
use crate::session::{RunStatus, State};

fn start() -> Hands {
    let mut hands = Hands::at([1440.0, 900.0], State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    // Cards grow when what their units do is drawn, and wires with them.
    hands.wait_until("the units are drawn", |hands| hands.state().run().picture.is_some());
    hands
}

/// Adds a layer on a wire. While cards grow the button moves, and a press may miss it.
fn add(hands: &mut Hands, wire: &str, added: &str) {
    for _ in 0..20 {
        if hands.sees(added) {
            return;
        }
        hands.click(&format!("Add a layer here: {wire}"));
    }
    assert!(hands.sees(added), "{added} was not added");
}

fn parameters(hands: &Hands) -> usize {
    hands.state().inference().parameter_count()
}

#[test]
fn a_layer_is_grouped_repeated_opened_edited_and_all_of_it_undone() {
    let mut hands = start();
    let before = hands.state().project().clone();
    // A layer of 8 units that takes 8.
    add(&mut hands, "wire Dense 1 to Dense 2", "node Dense 3");
    hands.select_card("node Dense 3");
    hands.key(Modifiers::COMMAND, Key::G);
    assert!(hands.sees("node Block 1") && !hands.sees("node Dense 3"));
    assert_eq!(hands.value("wire Dense 1 to Block 1"), "8");
    let once = parameters(&hands);
    for _ in 0..2 {
        hands.click("More repetitions of Block 1");
    }
    assert_eq!(parameters(&hands), once + 2 * (8 * 8 + 8));
    assert!(hands.state().inference().is_valid());
    assert_eq!(hands.state().run().status, RunStatus::Paused, "it can train");

    hands.select_card("node Block 1");
    hands.key(Modifiers::NONE, Key::Enter);
    assert!(hands.sees("node In 1") && hands.sees("node Dense 3") && hands.sees("node Out 1"));
    assert!(!hands.sees("node Dense 1") && hands.sees("Whole network"));
    add(&mut hands, "wire Dense 3 to Out 1", "node Dense 4");
    assert!(hands.sees("wire Dense 4 to Out 1"));
    assert_eq!(parameters(&hands), once + (2 + 3) * (8 * 8 + 8));
    hands.key(Modifiers::NONE, Key::Escape);
    hands.key(Modifiers::NONE, Key::Escape);
    assert!(hands.sees("node Block 1") && !hands.sees("node Dense 4"));

    // Inside, the way back is a click too; undoing the Block away leaves it.
    hands.select_card("node Block 1");
    hands.click("Open Enter");
    assert!(hands.sees("node Dense 4"));
    hands.click("Whole network");
    assert!(hands.sees("node Block 1"));
    hands.select_card("node Block 1");
    hands.key(Modifiers::NONE, Key::Enter);
    for _ in 0..5 {
        hands.key(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(*hands.state().project(), before);
    assert_eq!(hands.state().inside(), None);
    assert!(hands.sees("wire Dense 1 to Dense 2"));
}

#[test]
fn a_double_click_opens_a_block_and_what_is_wrong_inside_is_marked_outside() {
    let mut hands = start();
    hands.click_slowly();
    add(&mut hands, "wire Dense 1 to Dense 2", "node Dense 3");
    hands.key(Modifiers::COMMAND, Key::G);
    // Clicks of before are long ago: two are no triple click.
    (0..24).for_each(|_| hands.wait());
    let at = hands.rect("node Block 1").center_top() + egui::vec2(0.0, 12.0);
    hands.press_at(at);
    hands.press_at(at);
    assert!(hands.sees("node In 1"));
    hands.select_card("node Dense 3");
    hands.key(Modifiers::NONE, Key::Delete);
    assert_eq!(hands.value("wire In 1 to Out 1"), "8");
    hands.key(Modifiers::COMMAND, Key::Z);
    let wire = hands
        .state()
        .project()
        .graph
        .wires()
        .iter()
        .find(|wire| hands.state().project().graph.layer(wire.to).is_some_and(|layer| layer.name == "Dense 3"));
    let cut = crate::model::Edit::Disconnect(wire.expect("a wire").id);
    hands.apply(crate::session::Action::Edit(cut));
    hands.key(Modifiers::NONE, Key::Escape);
    hands.key(Modifiers::NONE, Key::Escape);
    assert!(hands.sees("node Block 1"));
    let marks = hands.names_containing("health of Block 1");
    assert!(marks[0].contains("Dense 3 has no input"), "{marks:?}");
    hands.select_card("node Block 1");
    hands.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::G);
    assert!(hands.sees("node Dense 3") && !hands.sees("node Block 1"));
}
