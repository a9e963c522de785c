//! Weights grasped on the canvas of the whole window: read, set, taken back.

use egui::{Key, Modifiers, Pos2, Rect, vec2};

use super::hands::Hands;
use crate::session::{RunStatus, State};

const WINDOW: [f32; 2] = [1440.0, 900.0];

fn xor() -> Hands {
    let mut hands = Hands::at(WINDOW, State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    let known = |hands: &Hands| weight(hands, 0, 0).is_some();
    hands.wait_until("the weights are known", known);
    hands
}

/// Of the first layer.
fn weight(hands: &Hands, unit: usize, input: usize) -> Option<f32> {
    let state = hands.state();
    let layer = state.project().graph.find("Dense 1")?.id;
    let matrix = state.run().picture.as_ref()?.layers.get(&layer)?.weights.iter().find(|m| m.name == "weight")?.clone();
    matrix.values.get(unit * matrix.dims[1] + input).copied()
}

/// Close to where the line from an input arrives at a unit.
fn at_line(hands: &Hands, from: &str, to: &str) -> Pos2 {
    let (from, to): (Rect, Rect) = (hands.rect(from), hands.rect(to));
    let (a, b) = (from.right_center(), to.left_center());
    // Both ends are level.
    if (a.y - b.y).abs() < 1.0 { a.lerp(b, 0.5) } else { a + vec2(4.0, 0.0) }
}

#[test]
fn a_line_tells_its_weight_and_a_click_sets_it_and_undo_takes_it_back() {
    let mut hands = xor();
    let at = at_line(&hands, "x", "unit 0 of Dense 1");
    hands.hover(at);
    let told = hands.names_containing("x → unit");
    assert!(told.iter().any(|name| name.contains(" of Dense 1: ")), "{told:?}");
    let words = told[0].split(": ").next().unwrap().to_owned();
    let unit: usize = words.split(' ').nth(3).unwrap().parse().unwrap();
    let before = weight(&hands, unit, 0).unwrap();
    hands.press_at(at);
    assert!(hands.sees(&format!("Value of {words}")), "{:?}", hands.names_containing("Value of"));
    hands.key(Modifiers::COMMAND, Key::A);
    hands.type_text("0.75");
    hands.key(Modifiers::NONE, Key::Enter);
    hands.wait_until("it is set", |hands| weight(hands, unit, 0) == Some(0.75));
    assert!(!hands.sees(&format!("Value of {words}")), "the window is closed");
    assert_eq!(hands.state().history().undo_name(), Some(format!("set {words}").as_str()));
    assert_eq!(hands.state().run().marks.len(), 1, "the run knows");
    hands.key(Modifiers::COMMAND, Key::Z);
    hands.wait_until("it is taken back", |hands| weight(hands, unit, 0) == Some(before));
    hands.key(Modifiers::COMMAND, Key::Y);
    hands.wait_until("it is set again", |hands| weight(hands, unit, 0) == Some(0.75));
}

#[test]
fn escape_leaves_a_weight_as_it_was_and_what_is_no_number_is_answered() {
    let mut hands = xor();
    let at = at_line(&hands, "y", "unit 0 of Dense 1");
    hands.hover(at);
    hands.press_at(at);
    let field = hands.names_containing("Value of").remove(0);
    let before = hands.state().run().picture.clone();
    hands.key(Modifiers::COMMAND, Key::A);
    hands.type_text("much");
    hands.key(Modifiers::NONE, Key::Enter);
    assert!(hands.sees("That isn't a number. Type one like 0.25."));
    hands.key(Modifiers::NONE, Key::Escape);
    assert!(!hands.sees(&field));
    assert_eq!((hands.state().history().undo_name(), hands.state().run().marks.len()), (None, 0));
    assert_eq!(hands.state().run().picture.as_ref().map(|p| &p.layers), before.as_ref().map(|p| &p.layers));
    // With the slider it acts at once, and Escape takes that back.
    hands.hover(at);
    hands.press_at(at);
    let slider = hands.rect(&field.replace("Value of", "Slider of"));
    hands.drag(slider.center(), slider.left_center() + vec2(8.0, 0.0));
    hands.wait_until("the run knows", |hands| hands.state().run().marks.len() == 1);
    hands.key(Modifiers::NONE, Key::Escape);
    hands.wait_until("it is taken back", |hands| {
        hands.state().run().picture.as_ref().map(|p| &p.layers) == before.as_ref().map(|p| &p.layers)
    });
    assert_eq!(hands.state().history().undo_name(), None);
}

#[test]
fn a_weight_set_before_the_first_step_outlives_a_change_of_settings_but_not_a_reset() {
    let mut hands = xor();
    let at = at_line(&hands, "x", "unit 0 of Dense 1");
    hands.hover(at);
    let words = hands.names_containing("x → unit").remove(0);
    let unit: usize = words.split(' ').nth(3).unwrap().parse().unwrap();
    let before = weight(&hands, unit, 0).unwrap();
    hands.press_at(at);
    hands.key(Modifiers::COMMAND, Key::A);
    hands.type_text("-1.5");
    hands.key(Modifiers::NONE, Key::Enter);
    hands.wait_until("it is set", |hands| weight(hands, unit, 0) == Some(-1.5));
    hands.click_tab("Training");
    hands.type_into("Batch size", "8");
    hands.wait();
    assert_eq!(weight(&hands, unit, 0), Some(-1.5));
    hands.click("Reset");
    hands.wait_until("it begins anew", |hands| weight(hands, unit, 0) == Some(before));
    assert!(
        !hands.state().history().undo_name().unwrap_or_default().starts_with("set "),
        "there is nothing to take back"
    );
}

#[test]
fn a_weight_is_set_and_taken_back_while_it_trains() {
    let mut hands = xor();
    hands.key(Modifiers::NONE, Key::Space);
    hands.wait_until("it trains", |hands| hands.state().run().step > 0);
    // Half way the highest line lies apart from all others: which of them is in front changes as it trains.
    let at = hands.rect("x").right_center().lerp(hands.rect("unit 0 of Dense 1").left_center(), 0.5);
    hands.hover(at);
    let words = hands.names_containing("x → unit").remove(0).split(": ").next().unwrap().to_owned();
    for (value, marks) in [("3.5", 1), ("-3.5", 2)] {
        hands.hover(at);
        hands.press_at(at);
        assert!(hands.sees(&format!("Value of {words}")));
        hands.key(Modifiers::COMMAND, Key::A);
        hands.type_text(value);
        hands.key(Modifiers::NONE, Key::Enter);
        hands.wait_until("the run knows", |hands| hands.state().run().marks.len() == marks);
        assert!(hands.state().run().marks[marks - 1].label.ends_with(&format!("= {value}")));
        assert_eq!(hands.state().run().status, RunStatus::Running);
    }
    let set = format!("set {words}");
    for left in [Some(set.as_str()), None] {
        hands.key(Modifiers::COMMAND, Key::Z);
        assert_eq!(hands.state().history().undo_name(), left);
    }
    let unit: usize = words.split(' ').nth(3).unwrap().parse().unwrap();
    // A few steps change it by little.
    let is_back = |hands: &Hands| weight(hands, unit, 0).is_some_and(|weight| weight.abs() < 3.0);
    hands.wait_until("it is taken back", is_back);
    assert_eq!(hands.state().run().status, RunStatus::Running);
}

#[test]
fn the_keyboard_reaches_every_weight_through_the_inspector() {
    let mut hands = xor();
    hands.select_card("node Dense 1");
    hands.wait_until("its weights are seen", |hands| hands.sees("weight, 8 × 2"));
    hands.focus("weight, 8 × 2");
    for key in [Key::ArrowDown, Key::ArrowDown, Key::ArrowRight] {
        hands.key(Modifiers::NONE, key);
    }
    assert_eq!(hands.names_containing("y → unit 2 of Dense 1: ").len(), 1);
    hands.key(Modifiers::NONE, Key::Enter);
    assert!(hands.sees("Value of y → unit 2 of Dense 1"));
    hands.key(Modifiers::COMMAND, Key::A);
    hands.type_text("0.125");
    hands.key(Modifiers::NONE, Key::Enter);
    hands.wait_until("it is set", |hands| weight(hands, 2, 1) == Some(0.125));
    assert!(hands.sees("y → unit 2 of Dense 1: 0.125. Press Enter to set it."), "the keyboard is where it was");
}

#[test]
fn a_wide_layer_has_lines_to_the_units_that_it_shows() {
    let mut hands = Hands::at(WINDOW, State::start(None));
    hands.click("Sine");
    hands.wait_for_data();
    hands.wait_until("its units are drawn", |hands| hands.sees("unit 15 of Dense 2"));
    hands.wait_until("its weights are known", |hands| weight(hands, 0, 0).is_some());
    let at = at_line(&hands, "unit 0 of Dense 1", "unit 0 of Dense 2");
    hands.wait_until("there is a line", |hands| {
        let state = hands.state();
        let layer = state.project().graph.find("Dense 2").unwrap().id;
        state.run().picture.as_ref().is_some_and(|picture| !picture.layers[&layer].weights.is_empty())
    });
    hands.hover(at);
    assert!(!hands.names_containing("unit 0 of Dense 1 → unit 0 of Dense 2: ").is_empty());
}

#[test]
fn all_units_of_a_wide_layer_can_be_seen() {
    let mut hands = Hands::at(WINDOW, State::start(None));
    hands.click("Sine");
    hands.wait_for_data();
    hands.wait_until("its units are drawn", |hands| hands.sees("unit 15 of Dense 1"));
    assert!(!hands.sees("unit 16 of Dense 1"));
    hands.click("Show all units of Dense 1");
    hands.wait_until("all are drawn", |hands| hands.sees("unit 23 of Dense 1"));
    assert!(!hands.sees("unit 16 of Dense 2"));
    hands.click("Show fewer units of Dense 1");
    assert!(!hands.sees("unit 16 of Dense 1"));
}

#[test]
fn minus_stays_under_the_pointer_however_much_lower_the_card_gets() {
    let mut hands = xor();
    let units = |hands: &Hands| hands.names_containing("unit ").iter().filter(|n| n.ends_with("of Dense 1")).count();
    hands.wait_until("all units are drawn", |hands| units(hands) == 8);
    let (at, height) = (hands.rect("Fewer units of Dense 1"), hands.rect("node Dense 1").height());
    for left in [7, 6, 5, 4, 3] {
        hands.press_at(at.center());
        hands.wait_until("one unit less is drawn", |hands| units(hands) == left);
        assert_eq!(hands.rect("Fewer units of Dense 1"), at);
    }
    hands.hover(hands.rect("node Dense 2").center());
    hands.wait();
    assert!(hands.rect("node Dense 1").height() < height, "once the pointer is gone it is as low as its units");
}

#[test]
fn a_pinned_unit_tells_how_its_number_comes_about_where_the_pointer_is() {
    let mut hands = xor();
    hands.click("unit 3 of Dense 1");
    assert!(hands.sees("Unpin") && hands.names_containing("Dense 1 · unit 3, at most").len() == 1);
    let picture = hands.rect("Output of the unit, point by point");
    hands.hover(picture.lerp_inside(vec2(0.75, 0.75)));
    hands.wait_until("it is computed there", |hands| {
        let sum = hands.state().run().picture.as_ref().and_then(|picture| picture.unit.as_ref());
        sum.is_some_and(|sum| sum.of.sample[0] > 0.0 && sum.of.sample[1] < 0.0)
    });
    let sum = hands.state().run().picture.as_ref().unwrap().unit.clone().unwrap();
    assert_eq!((sum.of.unit, sum.terms.len()), (3, 2));
    assert_eq!([sum.terms[0].weight, sum.terms[1].weight].map(Some), [weight(&hands, 3, 0), weight(&hands, 3, 1)]);
    let total = sum.terms.iter().map(|term| term.input * term.weight).sum::<f32>() + sum.bias.unwrap();
    assert!((total - sum.sum).abs() < 1e-5 && (sum.sum.tanh() - sum.output).abs() < 1e-5, "{sum:?}");
    let shown = format!("tanh → {}", crate::gui::numbers::number(sum.output));
    assert!(hands.sees("bias") && hands.sees(&shown), "{:?}", hands.names_containing("→"));
    hands.key(Modifiers::NONE, Key::Escape);
    assert!(!hands.sees("Unpin"));
    // By the keyboard: one unit of the selected card after the other.
    hands.key(Modifiers::NONE, Key::U);
    hands.key(Modifiers::NONE, Key::U);
    assert_eq!(hands.names_containing("Dense 1 · unit 1, at most").len(), 1);
    hands.key(Modifiers::SHIFT, Key::U);
    assert_eq!(hands.names_containing("Dense 1 · unit 0, at most").len(), 1);
    hands.press_at(hands.rect("canvas").left_bottom() + vec2(200.0, -60.0));
    assert!(!hands.sees("Unpin"), "a click elsewhere lets go");
}
