//! What is chosen in the Debug tab with the mouse is what keys, fields and buttons are about.

use egui::{Key, Modifiers, Pos2, Rect, Vec2};

use super::hands::Hands;
use crate::session::State;
use crate::trace::{At, DebugView};

fn stepped() -> Hands {
    let mut hands = Hands::at([1440.0, 900.0], State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    hands.click_tab("Debug");
    hands.wait_until("the program is there", |hands| view(hands).is_some_and(|view| !view.listing.lines.is_empty()));
    for _ in 0..2 {
        hands.key(Modifiers::NONE, Key::F11);
    }
    hands.wait_until("two instructions are done", |hands| view(hands).is_some_and(|view| view.moment.instruction == 2));
    hands
}

fn view(hands: &Hands) -> Option<&DebugView> {
    hands.state().debug().view.as_deref()
}

fn number(hands: &Hands, name: &str, index: &[usize]) -> Option<f32> {
    view(hands)?.sight.tensor(name)?.at(index)
}

/// The place of a cell of the picture of the first layer's weights.
fn cell(hands: &Hands, row: usize, column: usize) -> Pos2 {
    let picture: Rect = hands.rect("dense_1.weight, 8 units × 2 inputs");
    picture.min + picture.size() * Vec2::new((column as f32 + 0.5) / 2.0, (row as f32 + 0.5) / 8.0)
}

#[test]
fn a_second_click_changes_the_number_that_the_first_one_chose() {
    let mut hands = stepped();
    hands.click("value dense_1.weight in line 2");
    hands.wait_until("it is pictured", |hands| hands.sees("dense_1.weight, 8 units × 2 inputs"));
    let place = cell(&hands, 5, 1);
    hands.press_at(place);
    assert_eq!(hands.value("Index of the cell"), "5, 1");
    hands.click_slowly();
    hands.press_at(place);
    assert_eq!(hands.value("Index of the cell"), "5, 1", "the picture has moved, the choice has not");
    hands.type_text("0.625");
    hands.key(Modifiers::NONE, Key::Enter);
    hands.wait_until("it is set", |hands| number(hands, "dense_1.weight", &[5, 1]) == Some(0.625));
    // Another value of the same kind begins where its own choice is, with its own number.
    hands.click("value %1 in line 2");
    hands.wait_until("its numbers are there", |hands| number(hands, "%1", &[5, 1]).is_some());
    assert_eq!(hands.value("Index of the cell"), "0, 0");
}

#[test]
fn the_arrows_move_what_was_chosen_with_one_click() {
    let mut hands = stepped();
    hands.click("value dense_1.weight in line 2");
    hands.wait_until("it is pictured", |hands| hands.sees("dense_1.weight, 8 units × 2 inputs"));
    let place = cell(&hands, 2, 0);
    hands.press_at(place);
    hands.wait_until("it is explained", |hands| view(hands).is_some_and(|view| view.sight.explanation.is_some()));
    hands.wait();
    hands.key(Modifiers::NONE, Key::ArrowDown);
    hands.key(Modifiers::NONE, Key::ArrowRight);
    assert_eq!(hands.value("Index of the cell"), "3, 1");
}

#[test]
fn a_name_in_the_listing_stands_for_its_line() {
    let mut hands = stepped();
    hands.click("value %2 in line 3");
    hands.key(Modifiers::NONE, Key::F9);
    let program = &view(&hands).map(|view| view.listing.clone());
    let place = hands.state().debug().breakpoints.first().map(|breakpoint| breakpoint.at.clone());
    assert_eq!(place, Some(At::Instruction("%2".into())), "{program:?}");
}

#[test]
fn a_network_that_cannot_train_is_mended_where_it_was_spoilt() {
    let mut hands = stepped();
    hands.click_tab("Canvas");
    hands.wait_until("its units are drawn", |hands| hands.rect("node Dense 2").height() > 100.0);
    hands.select_card("node Dense 2");
    hands.key(Modifiers::NONE, Key::Delete);
    assert!(!hands.state().inference().is_valid());
    hands.key(Modifiers::COMMAND, Key::Z);
    assert!(hands.state().inference().is_valid() && hands.sees("node Dense 2"));
}

#[test]
fn the_change_panel_follows_the_cell_takes_nan_and_says_why_there_is_no_such_cell() {
    let mut hands = stepped();
    hands.click("value dense_1.weight in line 2");
    hands.wait_until("it is pictured", |hands| hands.sees("dense_1.weight, 8 units × 2 inputs"));
    let shown = |hands: &Hands| hands.value("New value").replace('−', "-").parse::<f32>().ok();
    for (typed, index) in [("3, 1", [3, 1]), ("-1, 0", [7, 0])] {
        hands.type_into("Index of the cell", typed);
        assert_eq!(shown(&hands), number(&hands, "dense_1.weight", &index), "{typed}");
    }
    hands.type_into("Index of the cell", "9, 0");
    assert!(hands.sees("There is no unit 9: units are 0 to 7."));
    hands.type_into("Index of the cell", "2, 1");
    for (typed, is_it) in
        [("nan", f32::is_nan as fn(f32) -> bool), ("inf", |v| v == f32::INFINITY), ("0,25", |v| v == 0.25)]
    {
        hands.type_into("New value", typed);
        hands.wait_until(typed, |hands| number(hands, "dense_1.weight", &[2, 1]).is_some_and(is_it));
    }
    // Of this step its layer has taken the weight already.
    assert!(!hands.names_containing("%1 has already used it. Step back before `%1 = linear").is_empty());
    hands.click("value %1 in line 2");
    hands.wait_until("its numbers are there", |hands| number(hands, "%1", &[5, 1]).is_some());
    assert!(hands.names_containing("has already used it. Step back before `%2").is_empty(), "nothing has used it yet");
}
