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
    hands.state().debug().view.as_deref()
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
    assert_eq!(hands.state().run().curves.train_loss.len(), 1);
    // Gone again, it is not told again.
    hands.key(Modifiers::SHIFT, Key::F10);
    hands.key(Modifiers::NONE, Key::F8);
    hands.key(Modifiers::NONE, Key::F8);
    wait_for(&mut hands, 2, 0);
    assert_eq!(hands.state().run().curves.train_loss.steps(), [1, 2]);
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

fn type_condition(hands: &mut Hands, field: &str, text: &str) {
    hands.click(field);
    hands.type_text(text);
}

#[test]
fn a_conditional_breakpoint_is_hit_during_a_free_run_and_found_again_backwards() {
    let mut hands = xor();
    hands.click_tab("Breakpoints");
    type_condition(&mut hands, "Condition", "los > 1");
    hands.wait_until("the mistake is shown as it is typed", |hands| {
        !hands.names_containing("There is no value 'los'").is_empty()
    });
    hands.clear("Condition");
    type_condition(&mut hands, "Condition", "step == 40");
    hands.wait_until("it is understood", |hands| {
        let checked = view(hands).and_then(|view| view.checked("step == 40", true));
        checked.is_some_and(|checked| checked.problem.is_none())
    });
    hands.click("Add breakpoint");
    hands.key(Modifiers::NONE, Key::F5);
    hands.wait_until("it stops there", |hands| view(hands).is_some_and(|view| view.stopped.is_some()));
    assert_eq!(moment(&hands).step, 39, "in step 40");
    assert_eq!(view(&hands).and_then(|view| view.next_line()).map(|line| line.stage.word()), Some("update"));
    assert!(!hands.names_containing("stopped: step == 40").is_empty());
    assert_eq!(hands.state().debug().breakpoints[0].hits, 1);
    // On, then back again to where it held.
    for _ in 0..3 {
        hands.key(Modifiers::NONE, Key::F8);
    }
    hands.wait_until("three steps on", |hands| moment(hands).step >= 41);
    hands.key(Modifiers::SHIFT, Key::F5);
    hands.wait_until("back in step 40", |hands| moment(hands).step == 39);
}

#[test]
fn a_breakpoint_is_set_with_the_mouse_beside_its_line_and_stops_before_it() {
    let mut hands = xor();
    hands.click("breakpoint at line 4");
    hands.wait();
    assert_eq!(hands.state().debug().breakpoints.len(), 1);
    hands.key(Modifiers::NONE, Key::F5);
    wait_for(&mut hands, 0, 3);
    hands.click("breakpoint at line 4");
    hands.wait();
    assert!(hands.state().debug().breakpoints.is_empty());
}

#[test]
fn a_weight_changed_in_the_middle_of_a_step_is_used_by_the_rest_of_it_and_can_be_taken_back() {
    let numbers = |hands: &Hands, name: &str| {
        view(hands).and_then(|view| view.sight.tensor(name)).map(|tensor| tensor.data.to_vec())
    };
    let mut hands = xor();
    hands.key(Modifiers::NONE, Key::F11);
    hands.key(Modifiers::NONE, Key::F11);
    wait_for(&mut hands, 0, 2);
    hands.key(Modifiers::NONE, Key::F11);
    hands.key(Modifiers::NONE, Key::F11);
    hands.wait_until("%3 is computed", |hands| numbers(hands, "%3").is_some());
    let usual = numbers(&hands, "%3");
    hands.click("Back");
    wait_for(&mut hands, 0, 3);
    hands.click("value dense_2.weight in line 4");
    hands.wait_until("the weights are shown", |hands| numbers(hands, "dense_2.weight").is_some());
    hands.click("Zero");
    hands.wait_until("they are zero", |hands| {
        numbers(hands, "dense_2.weight").is_some_and(|weights| weights.iter().all(|w| *w == 0.0))
    });
    assert_eq!(view(&hands).map(|view| view.changes.len()), Some(1), "it is in the journal");
    hands.key(Modifiers::NONE, Key::F11);
    hands.click("value %3 in line 4");
    hands.wait_until("the rest of the step uses them", |hands| {
        numbers(hands, "%3").is_some_and(|outputs| outputs.iter().all(|v| *v == 0.0))
    });
    hands.key(Modifiers::COMMAND, Key::Z);
    wait_for(&mut hands, 0, 3);
    assert_eq!(view(&hands).map(|view| view.changes.len()), Some(0));
    hands.key(Modifiers::NONE, Key::F11);
    hands.wait_until("as it was before", |hands| numbers(hands, "%3") == usual);
}

#[test]
fn a_fork_is_laid_over_and_both_go_on() {
    let mut hands = xor();
    for _ in 0..5 {
        hands.key(Modifiers::NONE, Key::F8);
    }
    wait_for(&mut hands, 5, 0);
    let whole: Vec<f32> = hands.state().run().curves.train_loss.values().to_vec();
    for _ in 0..3 {
        hands.key(Modifiers::SHIFT, Key::F8);
    }
    wait_for(&mut hands, 2, 0);
    hands.click("Fork here");
    hands.wait_until("there are two", |hands| hands.state().run().others.len() == 1);
    assert_eq!(hands.state().run().branch, 1);
    assert_eq!(hands.state().run().curves.train_loss.values(), &whole[..2], "the past is shared");
    assert_eq!(hands.state().run().others[0].curves.train_loss.values(), whole, "the old run stays");
    hands.click("value dense_1.weight in line 2");
    hands.wait_until("the weights are shown", |hands| {
        view(hands).is_some_and(|view| view.sight.tensor("dense_1.weight").is_some())
    });
    hands.click("Scale");
    for _ in 0..3 {
        hands.key(Modifiers::NONE, Key::F8);
    }
    wait_for(&mut hands, 5, 0);
    let forked = hands.state().run().curves.train_loss.values().to_vec();
    assert_eq!(forked.len(), 5);
    assert_ne!(forked[2..], whole[2..]);
    hands.click("Branch main");
    hands.wait_until("the old run is looked at", |hands| hands.state().run().branch == 0);
    assert_eq!(hands.state().run().curves.train_loss.values(), whole);
    for _ in 0..4 {
        hands.key(Modifiers::NONE, Key::F8);
    }
    wait_for(&mut hands, 6, 0);
    assert_eq!(hands.state().run().curves.train_loss.values()[..5], whole);
    assert_eq!(hands.state().run().others[0].curves.train_loss.values(), forked);
}

/// Two branches after a step, and the menu of the second.
fn menu_of_a_fork() -> Hands {
    let mut hands = xor();
    hands.key(Modifiers::NONE, Key::F8);
    wait_for(&mut hands, 1, 0);
    hands.click("Fork here");
    hands.wait_until("there are two", |hands| hands.sees("Branch fork at 1"));
    hands.right_click("Branch fork at 1");
    hands
}

#[test]
fn a_branch_is_given_another_name() {
    let mut hands = menu_of_a_fork();
    let field = hands.place("Name of the branch");
    hands.press_at(field);
    hands.wait();
    hands.key(Modifiers::COMMAND, Key::A);
    hands.type_text("hot");
    hands.key(Modifiers::NONE, Key::Enter);
    hands.wait_until("it is called so", |hands| hands.sees("Branch hot"));
}

#[test]
fn a_branch_is_deleted_in_two_clicks_and_its_curves_go() {
    let mut hands = menu_of_a_fork();
    hands.click("Delete …");
    hands.click("Delete branch fork at 1 permanently");
    hands.wait_until("there is one", |hands| view(hands).is_some_and(|view| view.branches.len() == 1));
    assert_eq!((hands.state().run().branch, hands.state().run().others.len()), (0, 0));
}

#[test]
fn dragging_the_time_line_reaches_the_same_numbers_as_going_forward() {
    let mut hands = xor();
    for _ in 0..20 {
        hands.key(Modifiers::NONE, Key::F8);
    }
    wait_for(&mut hands, 20, 0);
    hands.click("value dense_1.weight in line 2");
    let weights = |hands: &Hands| {
        let tensor = view(hands)?.sight.tensor("dense_1.weight")?;
        Some(tensor.data.iter().map(|v| v.to_bits()).collect::<Vec<u32>>())
    };
    hands.wait_until("the weights are shown", |hands| weights(hands).is_some());
    let line = hands.rect_of("Time line");
    let (from, to) = (line.right_center() - egui::vec2(40.0, 0.0), line.left_center() + egui::vec2(38.0, 0.0));
    hands.drag(from, from + (to - from) * 0.5);
    hands.wait_until("half way back", |hands| moment(hands).step.abs_diff(10) <= 1);
    hands.wait_until("it has arrived", |hands| view(hands).is_some_and(|view| view.travel.is_none()));
    let there = moment(&hands).step;
    let scrubbed = weights(&hands);
    let mut straight = xor();
    straight.click("value dense_1.weight in line 2");
    for _ in 0..there {
        straight.key(Modifiers::NONE, Key::F8);
    }
    wait_for(&mut straight, there, 0);
    straight.wait_until("the weights are shown", |hands| weights(hands).is_some());
    assert_eq!(scrubbed, weights(&straight), "step {there}");
}

#[test]
fn a_learning_rate_changed_on_the_way_is_taken_back_in_the_settings_too() {
    let mut hands = xor();
    for _ in 0..3 {
        hands.key(Modifiers::NONE, Key::F8);
    }
    wait_for(&mut hands, 3, 0);
    let before = hands.state().project().training.learning_rate;
    hands.type_into("Learning rate", "0.5");
    hands.wait_until("it is in the journal", |hands| view(hands).is_some_and(|view| view.changes.len() == 1));
    assert_eq!(hands.state().project().training.learning_rate, 0.5);
    hands.key(Modifiers::NONE, Key::F8);
    wait_for(&mut hands, 4, 0);
    assert_eq!(hands.state().run().curves.learning_rate.at(4), Some(0.5));
    hands.key(Modifiers::COMMAND, Key::Z);
    wait_for(&mut hands, 3, 0);
    hands.wait_until("the settings follow", |hands| hands.state().project().training.learning_rate == before);
    assert_eq!(hands.state().run().curves.train_loss.len(), 3, "what came after it is gone");
}

#[test]
fn the_run_stays_in_its_middle_while_the_other_tab_is_looked_at() {
    let mut hands = xor();
    hands.key(Modifiers::NONE, Key::F8);
    hands.key(Modifiers::NONE, Key::F11);
    hands.key(Modifiers::NONE, Key::F11);
    wait_for(&mut hands, 1, 2);
    hands.click_tab("Build");
    assert!(hands.sees("Play") && view(&hands).is_none());
    hands.click_tab("Debug");
    wait_for(&mut hands, 1, 2);
    hands.key(Modifiers::COMMAND, Key::Slash);
    assert!(hands.sees("step into: one instruction"));
}

#[test]
fn what_is_pointed_at_lights_up_where_it_was_read() {
    let mut hands = xor();
    hands.key(Modifiers::NONE, Key::F8);
    wait_for(&mut hands, 1, 0);
    hands.click("value %1 in line 2");
    hands.wait_until("its picture is there", |hands| !hands.names_containing("%1, 16 samples").is_empty());
    let picture = |hands: &Hands| hands.rect_of("%1, 16 samples");
    let place = picture(&hands).min + egui::vec2(6.0, 6.0);
    hands.press_at(place);
    hands.wait_until("it is explained", |hands| view(hands).is_some_and(|view| view.sight.explanation.is_some()));
    hands
        .wait_until("what it was made of is pictured", |hands| !hands.names_containing("dense_1.weight, 8").is_empty());
    let before = view(&hands).map(|view| view.sight.tensors.clone()).unwrap_or_default();
    let last = picture(&hands).max - egui::vec2(6.0, 6.0);
    hands.hover(last);
    let reading = |hands: &Hands| view(hands).and_then(|view| view.sight.hovered.clone());
    let samples = before.iter().find(|record| record.name == "%1").map_or(0, |record| record.dims[0]);
    hands.wait_until("what the last number read is told", |hands| {
        reading(hands).is_some_and(|told| told.element.name == "%1" && told.element.index[0] + 1 == samples)
    });
    let read = reading(&hands).map(|told| told.read).unwrap_or_default();
    assert!(read.iter().any(|e| e.name == "%x" && e.index[0] + 1 == samples), "{read:?}");
    assert!(read.iter().any(|e| e.name == "dense_1.weight"), "{read:?}");
    let lit = hands.names_containing("lit in dense_1.weight");
    assert!(!lit.is_empty() && !hands.names_containing("lit in %x").is_empty());
    assert_eq!(view(&hands).map(|view| view.sight.tensors.clone()), Some(before));
    // Over the other picture, the explained number lights up if it was made of that.
    let weight = hands.rect_of("dense_1.weight, 8").min + egui::vec2(4.0, 4.0);
    hands.hover(weight);
    hands.wait_until("the weight is pointed at", |hands| {
        hands.state().debug().inspection.hovered.as_ref().is_some_and(|element| element.name == "dense_1.weight")
    });
    hands.wait_until("the inputs that it meets are lit for every sample", |hands| {
        hands.names_containing("lit in %x") == [format!("{samples} lit in %x")]
    });
    let used = reading(&hands).map(|told| told.used).unwrap_or_default();
    let outputs: Vec<_> = used.iter().filter(|e| e.name == "%1").map(|e| e.index.clone()).collect();
    assert_eq!(outputs, (0..samples).map(|sample| vec![sample, 0]).collect::<Vec<_>>(), "its unit of every sample");
    hands.hover(egui::pos2(700.0, 10.0));
    hands.wait_until("nothing is lit any more", |hands| {
        reading(hands).is_none() && hands.names_containing("lit in").is_empty()
    });
}

#[test]
fn what_is_pinned_hangs_below_its_layer_on_the_canvas_and_opens_with_a_click() {
    let mut hands = xor();
    hands.key(Modifiers::NONE, Key::F8);
    wait_for(&mut hands, 1, 0);
    for value in ["value %1 in line 2", "value dense_2.weight in line 4"] {
        hands.click(value);
        hands.wait_until("it is shown", |hands| hands.sees("More of this tensor"));
        hands.click("More of this tensor");
        hands.click("Pin next to the others");
    }
    hands.click_tab("Canvas");
    hands.wait();
    for (title, node) in [("Open pinned %1", "node Dense 1"), ("Open pinned dense_2.weight", "node Dense 2")] {
        let (pin, card) = (hands.rect(title), hands.rect(node));
        assert!(card.x_range().contains(pin.center().x), "{title}: {pin:?} {card:?}");
        assert!((card.bottom()..card.bottom() + 40.0).contains(&pin.top()), "{title}: {pin:?} {card:?}");
    }
    let weights = |hands: &Hands| {
        let record = view(hands).and_then(|view| view.sight.tensor("dense_2.weight").cloned());
        record.map(|record| (record.step, record.data))
    };
    let before = weights(&hands);
    hands.key(Modifiers::NONE, Key::F8);
    wait_for(&mut hands, 2, 0);
    let after = weights(&hands);
    assert!(before.is_some() && after.as_ref().is_some_and(|(step, _)| *step == 2) && before != after);
    hands.click("Open pinned dense_2.weight");
    hands.wait_until("the viewer shows it", |hands| {
        hands.names_containing("dense_2.weight, ").iter().any(|name| name.ends_with("inputs"))
    });
    assert!(!hands.sees("Open pinned %1"), "the canvas has made room");
}

#[test]
fn the_listing_says_whose_every_line_is_and_how_large_its_value_becomes_before_the_first_batch() {
    let mut hands = xor();
    for heading in ["Dense 1 in Forward, 2 instructions", "Dense 2 in Forward, 1 instruction"] {
        assert!(hands.sees(heading), "{heading}");
    }
    let shapes = |hands: &Hands| {
        let view = view(hands).expect("the Debug tab is open");
        view.listing.lines[1].outputs[0].shape(view.batch)
    };
    assert_eq!(shapes(&hands), "batch × 8");
    hands.key(Modifiers::NONE, Key::F11);
    wait_for(&mut hands, 0, 1);
    assert_eq!(shapes(&hands), "16 × 8");
}

#[test]
fn the_arrows_choose_a_line_for_the_keys_that_are_about_one() {
    let mut hands = xor();
    hands.key(Modifiers::NONE, Key::F11);
    wait_for(&mut hands, 0, 1);
    for _ in 0..3 {
        hands.key(Modifiers::NONE, Key::ArrowDown);
    }
    hands.key(Modifiers::NONE, Key::ArrowUp);
    hands.key(Modifiers::NONE, Key::F9);
    hands.wait_until("there is a breakpoint", |hands| hands.state().debug().breakpoints.len() == 1);
    hands.key(Modifiers::NONE, Key::F5);
    wait_for(&mut hands, 0, 2);
    hands.wait_until("what the chosen line makes is asked for", |hands| {
        hands.state().debug().inspection.tensors.contains(&"%2".to_owned())
    });
}
