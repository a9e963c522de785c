//! The Debug tab by the keyboard, its places, curves and log points, in the whole window.

use egui::{Key, Modifiers};

use super::hands::Hands;
use crate::session::{Action, State, Tab};
use crate::trace::{DebugView, Moment, Turn};
use crate::trainer::{DebugCommand, Granularity};

const WINDOW: [f32; 2] = [1440.0, 900.0];

pub(super) fn xor() -> Hands {
    let mut hands = Hands::at(WINDOW, State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    hands.click_tab("Debug");
    hands.wait_until("the program is there", |hands| view(hands).is_some_and(|view| !view.listing.lines.is_empty()));
    hands
}

pub(super) fn view(hands: &Hands) -> Option<&DebugView> {
    hands.state().debug().view.as_deref()
}

pub(super) fn press(hands: &mut Hands, key: Key) {
    hands.key(Modifiers::NONE, key);
}

/// What the middle shows.
fn looked_at(hands: &Hands) -> String {
    hands.state().debug().inspection.tensors.first().cloned().unwrap_or_default()
}

pub(super) fn stands_at(hands: &mut Hands, step: u64) {
    hands.wait_until(&format!("step {step}"), |hands| {
        view(hands).is_some_and(|view| view.moment == Moment { step, instruction: 0 } && view.travel.is_none())
    });
}

/// So many whole steps.
pub(super) fn steps(hands: &mut Hands, from: u64, to: u64) {
    for step in from + 1..=to {
        press(hands, Key::F8);
        stands_at(hands, step);
    }
}

#[test]
fn each_pane_has_a_key_and_the_listing_is_one_stop_with_arrows_inside() {
    let mut hands = xor();
    press(&mut hands, Key::Num2);
    assert!(hands.sees("Add breakpoint"));
    press(&mut hands, Key::Num1);
    assert!(!hands.sees("Add breakpoint"));
    let lines = view(&hands).map(|view| view.listing.clone()).unwrap_or_default();
    // Where the run stands, the heading of the next phase, that of its first layer, and the first line below it.
    for _ in 0..4 {
        press(&mut hands, Key::ArrowDown);
    }
    assert_eq!(looked_at(&hands), lines.lines[1].outputs[0].name);
    press(&mut hands, Key::ArrowRight);
    assert_eq!(looked_at(&hands), lines.lines[1].inputs[0].name);
    press(&mut hands, Key::End);
    let last = lines.lines.last().map(|line| line.outputs[0].name.clone());
    assert_eq!(Some(looked_at(&hands)), last);
    press(&mut hands, Key::Tab);
    press(&mut hands, Key::ArrowUp);
    assert_eq!(Some(looked_at(&hands)), last, "one press of Tab has left it");
    press(&mut hands, Key::Num6);
    hands.wait_until("the layers are shown", |hands| hands.state().debug().inspection.layers);
    press(&mut hands, Key::Num5);
    assert!(hands.sees("Watch another expression"));
    press(&mut hands, Key::Num8);
    steps(&mut hands, 0, 3);
    press(&mut hands, Key::ArrowLeft);
    stands_at(&mut hands, 2);
}

#[test]
fn an_open_menu_keeps_its_keys_to_itself() {
    let mut hands = xor();
    hands.click("Reverse to");
    for key in [Key::F11, Key::F8, Key::Num2, Key::F9] {
        press(&mut hands, key);
    }
    assert!(!hands.sees("Add breakpoint") && hands.state().debug().breakpoints.is_empty());
    press(&mut hands, Key::Escape);
    press(&mut hands, Key::F11);
    hands.wait_until("one instruction, and no more", |hands| {
        view(hands).is_some_and(|view| view.moment == Moment { step: 0, instruction: 1 })
    });
}

#[test]
fn moments_are_bookmarked_and_one_goes_back_to_where_one_was() {
    let mut hands = xor();
    steps(&mut hands, 0, 3);
    hands.key(Modifiers::COMMAND, Key::B);
    assert_eq!(hands.state().desk().bookmarks.len(), 1);
    steps(&mut hands, 3, 5);
    hands.click("Bookmarks 1");
    hands.click("Go to step 3");
    stands_at(&mut hands, 3);
    assert!(hands.sees("Go back to step 5 (Alt ←)"));
    hands.key(Modifiers::SHIFT, Key::F8);
    stands_at(&mut hands, 2);
    for step in [3, 5] {
        hands.key(Modifiers::ALT, Key::ArrowLeft);
        stands_at(&mut hands, step);
    }
    assert!(hands.sees("Go back (Alt ←)"));
    hands.click("Bookmarks 1");
    hands.click("Delete step 3");
    assert!(hands.state().desk().bookmarks.is_empty());
}

#[test]
fn a_watched_number_is_drawn_from_the_first_step_on() {
    let mut hands = xor();
    steps(&mut hands, 0, 4);
    hands.click("Curve of loss over the steps");
    hands.wait_until("its curve has all steps", |hands| {
        !hands.names_containing("Curve of loss, steps 1 to 4").is_empty()
    });
    assert_eq!(hands.state().desk().curves, ["loss"]);
    steps(&mut hands, 4, 5);
    hands.wait_until("it goes on", |hands| !hands.names_containing("Curve of loss, steps 1 to 5").is_empty());
    hands.click("Logarithmic time line");
    hands.click("Curve of loss over the steps");
    hands.wait_until("it is gone", |hands| view(hands).is_some_and(|view| view.curves.is_empty()));
}

#[test]
fn a_log_point_says_its_text_and_counts_its_hits() {
    let mut hands = xor();
    press(&mut hands, Key::Num2);
    hands.click("Log a message at every step");
    hands.type_into("Text that every step logs", "{step}: {norm(dense_1.weight)}");
    steps(&mut hands, 0, 2);
    hands.wait_until("it was written down", |hands| !hands.names_containing("Step 2: 2: ").is_empty());
    hands.click("2×: hits of every step");
    hands.click("Every so many hits");
    assert_eq!(hands.state().debug().breakpoints[0].turn, Some(Turn::Every(10)));
    press(&mut hands, Key::Escape);
    steps(&mut hands, 2, 4);
    assert_eq!(hands.state().debug().breakpoints[0].hits, 4);
    assert!(hands.names_containing("Step 3: ").is_empty(), "not its turn");
}

#[test]
fn what_is_typed_into_a_panel_stays_whatever_the_run_has_to_tell() {
    let mut hands = xor();
    steps(&mut hands, 0, 1);
    hands.click("Watch another expression");
    hands.type_text("norm(dense_1.we");
    for done in 1..=3 {
        // The loss is not known in the next step; what is watched says so.
        hands.apply(Action::Debug(DebugCommand::Forward(Granularity::Instruction)));
        hands.wait_until("an instruction has run", |hands| {
            view(hands).is_some_and(|view| view.moment == Moment { step: 1, instruction: done })
        });
    }
    hands.type_text("ight)");
    press(&mut hands, Key::Enter);
    hands.wait_until("it is watched", |hands| {
        hands.state().debug().inspection.watches.contains(&"norm(dense_1.weight)".to_owned())
    });
    // What stands below the list has not moved either.
    let fork = hands.rect("Fork here");
    steps(&mut hands, 1, 2);
    assert_eq!(hands.rect("Fork here"), fork);
}

#[test]
fn the_menu_of_a_branch_stays_open_with_what_is_typed_when_another_branch_begins() {
    let mut hands = xor();
    steps(&mut hands, 0, 1);
    hands.click("Fork here");
    hands.wait_until("there are two", |hands| hands.sees("Branch fork at 1"));
    hands.right_click("Branch fork at 1");
    hands.click("Name of the branch");
    hands.key(Modifiers::COMMAND, Key::A);
    hands.type_text("ho");
    hands.apply(Action::Debug(DebugCommand::Fork { name: "third".into() }));
    hands.wait_until("there is a third", |hands| hands.sees("Branch third"));
    hands.type_text("t");
    press(&mut hands, Key::Enter);
    hands.wait_until("it is called so", |hands| hands.sees("Branch hot"));
}

#[test]
fn enter_counts_also_before_the_condition_was_looked_at() {
    let mut hands = xor();
    press(&mut hands, Key::Num2);
    hands.click("Condition");
    hands.type_and_enter("step == 3");
    hands.wait_until("there is a breakpoint", |hands| hands.state().debug().breakpoints.len() == 1);
}

#[test]
fn each_tab_has_a_key() {
    let mut hands = xor();
    for (key, tab) in [(Key::Num1, Tab::Build), (Key::Num3, Tab::Compare), (Key::Num2, Tab::Debug)] {
        hands.key(Modifiers::COMMAND, key);
        assert_eq!(hands.state().tab(), tab);
    }
    assert!(hands.sees("Continue"));
}
