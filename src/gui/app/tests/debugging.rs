//! The Debug tab in the whole window, by its keys and buttons, with the real training thread behind it.

use egui::{Key, Modifiers};

use super::hands::Hands;
use crate::session::State;
use crate::trace::{DebugView, Moment};

const WINDOW: [f32; 2] = [1440.0, 900.0];

fn xor() -> Hands {
    let mut hands = Hands::at(WINDOW, State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    hands.click_tab("Debug");
    hands.wait_until("the program is there", |hands| view(hands).is_some_and(|view| !view.listing.lines.is_empty()));
    hands
}

fn view(hands: &Hands) -> Option<&DebugView> {
    hands.state().debug.as_deref()
}

fn moment(hands: &Hands) -> Moment {
    view(hands).map(|view| view.moment).unwrap_or_default()
}

fn wait_for(hands: &mut Hands, step: u64, instruction: usize) {
    hands.wait_until(&format!("step {step}, instruction {instruction}"), |hands| {
        moment(hands) == Moment { step, instruction }
    });
}

/// Waits until the middle shows what the last instruction made.
fn wait_for_made(hands: &mut Hands) {
    hands.wait_until("what was made last is shown", |hands| {
        let Some(view) = view(hands) else { return false };
        let made = view.moment.instruction.checked_sub(1).and_then(|line| view.listing.lines[line].outputs.first());
        made.is_some_and(|token| view.sight.tensor(&token.name).is_some())
    });
}

/// Numbers of the values that are there at this place.
fn looked_at(hands: &Hands) -> Vec<(String, Vec<u32>)> {
    let Some(view) = view(hands) else { return Vec::new() };
    let bits = |data: &[f32]| data.iter().map(|v| v.to_bits()).collect();
    view.sight.tensors.iter().map(|tensor| (tensor.name.clone(), bits(&tensor.data))).collect()
}

#[test]
fn a_step_of_xor_is_gone_through_instruction_by_instruction_and_back() {
    let mut hands = xor();
    let lines = view(&hands).map_or(0, |view| view.listing.lines.len());
    assert!(lines > 10);
    let mut seen = Vec::new();
    for done in 1..lines {
        hands.key(Modifiers::NONE, Key::F11);
        wait_for(&mut hands, 0, done);
        wait_for_made(&mut hands);
        seen.push(looked_at(&hands));
        assert!(!seen[done - 1].is_empty(), "what instruction {done} made is shown");
    }
    hands.click("Into");
    wait_for(&mut hands, 1, 0);
    assert_eq!(hands.names_containing("step 1, of").len(), 1);
    for done in (1..lines).rev() {
        hands.key(Modifiers::SHIFT, Key::F10);
        wait_for(&mut hands, 0, done);
        wait_for_made(&mut hands);
        assert_eq!(looked_at(&hands), seen[done - 1], "as it was on the way there, after {done} instructions");
    }
    hands.click("Back");
    wait_for(&mut hands, 0, 0);
}

#[test]
fn over_out_and_step_stop_where_a_layer_a_phase_and_a_step_end() {
    let mut hands = xor();
    let stage = |hands: &Hands| view(hands).and_then(|view| view.next_line()).map(|line| line.stage.title());
    hands.key(Modifiers::SHIFT, Key::F11);
    hands.wait_until("the forward phase begins", |hands| stage(hands) == Some("Forward"));
    hands.click("Over");
    hands.wait_until("the first layer is done", |hands| {
        view(hands).and_then(|view| view.next_line()).is_some_and(|line| line.layer_name == "Dense 2")
    });
    hands.click("Out");
    hands.wait_until("the loss comes", |hands| stage(hands) == Some("Loss"));
    hands.key(Modifiers::NONE, Key::F8);
    wait_for(&mut hands, 1, 0);
    assert_eq!(hands.state().run.curves.train_loss.len(), 1);
    // Gone again, it is not told again.
    hands.key(Modifiers::SHIFT, Key::F10);
    hands.key(Modifiers::NONE, Key::F8);
    hands.key(Modifiers::NONE, Key::F8);
    wait_for(&mut hands, 2, 0);
    assert_eq!(hands.state().run.curves.train_loss.steps(), [1, 2]);
}

#[test]
fn a_value_that_is_clicked_stays_in_the_middle_while_the_run_goes_on() {
    let mut hands = xor();
    hands.click("value dense_1.weight in line 2");
    hands.wait();
    hands.key(Modifiers::NONE, Key::F11);
    hands.key(Modifiers::NONE, Key::F11);
    hands.wait_until("two instructions have run", |hands| moment(hands).instruction == 2);
    assert_eq!(looked_at(&hands)[0].0, "dense_1.weight");
    hands.click("Follow");
    hands.wait_until("what was made last is looked at", |hands| {
        looked_at(hands).first().is_some_and(|(name, _)| name != "dense_1.weight")
    });
}
