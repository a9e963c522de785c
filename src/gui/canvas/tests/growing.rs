//! Plus and minus for units and layers, what a new layer takes over, and the list of what needs a look: by mouse and by
//! key.

use super::*;
use crate::model::End;
use crate::model::layer::Activation;

fn dense(units: usize, activation: Activation) -> LayerKind {
    Dense { units, activation, ..Dense::default() }.into()
}

/// Input, Dense with five units and tanh, Dense with two, Loss.
fn tanh() -> Harness<'static, Desk> {
    window(Desk::chain(&[2], vec![dense(5, Activation::Tanh), dense(2, Activation::None)]))
}

fn undo_name<'a>(harness: &'a Harness<'_, Desk>) -> &'a str {
    harness.state().state.history().undo_name().unwrap_or_default()
}

fn kind(harness: &Harness<'_, Desk>, name: &str) -> LayerKind {
    harness.state().state.project().graph.find(name).unwrap_or_else(|| panic!("{name}")).kind.clone()
}

fn undo(harness: &mut Harness<'_, Desk>) {
    harness.state_mut().apply(Action::Undo);
    harness.run_steps(2);
}

fn select(harness: &mut Harness<'_, Desk>, names: &[&str]) {
    let graph = &harness.state().state.project().graph;
    let layers = names.iter().map(|name| graph.find(name).unwrap().id).collect();
    harness.state_mut().apply(Action::Select { layers, extend: false });
    harness.run_steps(2);
}

fn press(harness: &mut Harness<'_, Desk>, key: Key) {
    harness.key_press(key);
    harness.run_steps(3);
}

#[test]
fn units_go_up_and_down_on_the_card_each_time_a_step_of_undo() {
    let mut harness = tanh();
    click(&mut harness, "More units of Dense 1");
    click(&mut harness, "More units of Dense 1");
    assert_eq!((harness.state().shape_after("Dense 1").as_str(), undo_name(&harness)), ("7", "add a unit to Dense 1"));
    click(&mut harness, "Fewer units of Dense 1");
    assert_eq!(
        (harness.state().shape_after("Dense 1").as_str(), undo_name(&harness)),
        ("6", "remove a unit of Dense 1")
    );
    for units in ["7", "6", "5"] {
        undo(&mut harness);
        assert_eq!(harness.state().shape_after("Dense 1"), units);
    }
}

#[test]
fn filters_go_up_and_down_too_and_never_below_one() {
    let conv = Conv2d { filters: 1, ..Conv2d::default() };
    let mut harness = window(Desk::chain(&[1, 8, 8], vec![conv.into()]));
    click(&mut harness, "Fewer filters of Conv 2-D 1");
    assert_eq!(undo_name(&harness), "", "one is the least");
    click(&mut harness, "More filters of Conv 2-D 1");
    assert_eq!(undo_name(&harness), "add a filter to Conv 2-D 1");
    let params = kind(&harness, "Conv 2-D 1");
    assert_eq!(params.spec().param("filters"), Some(ParamValue::Int(2)));
}

#[test]
fn layers_come_and_go_between_the_cards_and_fit_in() {
    let mut harness = tanh();
    click(&mut harness, "Add a layer here: wire Dense 1 to Dense 2");
    assert_eq!((kind(&harness, "Dense 3"), undo_name(&harness)), (dense(5, Activation::Tanh), "insert Dense"));
    assert!(harness.state().wired("Dense 1", "Dense 3") && harness.state().wired("Dense 3", "Dense 2"));
    assert!(harness.state().state.inference().is_valid());
    click(&mut harness, "Remove Dense 3 here: wire Dense 3 to Dense 2");
    assert_eq!(undo_name(&harness), "delete Dense 3");
    assert!(harness.state().wired("Dense 1", "Dense 2"));
    // As the last layer it makes as many numbers as the loss wants.
    click(&mut harness, "Add a layer here: wire Dense 2 to Loss");
    assert_eq!(kind(&harness, "Dense 3"), dense(2, Activation::None));
    assert!(harness.state().state.inference().is_valid());
    let name = "Remove Dense 1 here: wire Input to Dense 1";
    assert!(harness.query_by_label(name).is_some(), "not the Input");
}

#[test]
fn no_layer_is_offered_on_the_way_to_a_truth() {
    let mut harness = window(Desk::chain(&[2], vec![dense(2, Activation::None)]));
    let graph = &harness.state().state.project().graph;
    let [input, loss] = ["Input", "Loss"].map(|name| graph.find(name).unwrap().id);
    let edit = Edit::Connect { from: input.into(), to: End::at(loss, Loss::TRUTH) };
    harness.state_mut().apply(Action::Edit(edit));
    harness.run_steps(2);
    assert!(harness.state().state.inference().is_valid());
    assert!(harness.query_by_label("Add a layer here: wire Dense 1 to Loss").is_some());
    assert!(harness.query_by_label("Add a layer here: wire Input to Loss").is_none());
}

#[test]
fn a_layer_dropped_on_a_wire_takes_its_neighbours_activation() {
    let mut harness = tanh();
    let (from, to) = (at(&harness, "palette Dense"), at(&harness, "wire Dense 1 to Dense 2"));
    drag(&mut harness, from, to);
    assert_eq!(kind(&harness, "Dense 3"), dense(5, Activation::Tanh));
}

#[test]
fn plus_and_minus_keys_are_for_the_selected_cards_and_the_selected_wire() {
    let mut harness = tanh();
    select(&mut harness, &["Dense 1"]);
    press(&mut harness, Key::Plus);
    press(&mut harness, Key::Equals);
    press(&mut harness, Key::Minus);
    assert_eq!(harness.state().shape_after("Dense 1"), "6");
    select(&mut harness, &["Input", "Dense 1", "Dense 2"]);
    press(&mut harness, Key::Plus);
    assert_eq!(undo_name(&harness), "add a unit to 2 layers");
    assert_eq!(
        (harness.state().shape_after("Dense 1").as_str(), harness.state().shape_after("Dense 2").as_str()),
        ("7", "3")
    );
    undo(&mut harness);
    select(&mut harness, &["Dense 1"]);
    press(&mut harness, Key::Insert);
    assert!(harness.state().wired("Dense 1", "Dense 3"), "add a layer after the selected one");
    let graph = &harness.state().state.project().graph;
    let wire = graph.incoming(graph.find("Dense 2").unwrap().id).next().unwrap().id;
    harness.state_mut().apply(Action::SelectWire(wire));
    harness.run_steps(2);
    press(&mut harness, Key::Plus);
    assert!(harness.state().wired("Dense 3", "Dense 4") && harness.state().wired("Dense 4", "Dense 2"));
}

#[test]
fn what_is_not_on_the_way_to_the_loss_says_so_and_the_list_mends_it_by_keyboard_alone() {
    let mut desk = Desk::chain(&[2], vec![dense(5, Activation::Tanh), dense(2, Activation::None)]);
    let first = desk.state.project().graph.find("Dense 1").unwrap().id;
    desk.apply(Action::Edit(Edit::AddConnected {
        from: first.into(),
        kind: dense(4, Activation::None),
        position: [440.0, 220.0],
    }));
    let mut harness = window(desk);
    harness.get_by_label_contains("health of Dense 3: Dense 3: It isn't connected to the Loss");
    assert!(harness.query_by_label_contains("health of Dense 1").is_none());
    harness.get_by_label_contains("1 warning");
    press(&mut harness, Key::P);
    harness.get_by_label(crate::session::IDLE);
    assert!(harness.get_by_label("Delete Dense 3").is_focused(), "the keyboard is in the list");
    press(&mut harness, Key::Tab);
    assert!(harness.get_by_label("Show Dense 3").is_focused());
    press(&mut harness, Key::Enter);
    let selected = harness.state().state.selection().only();
    assert_eq!(selected, harness.state().state.project().graph.find("Dense 3").map(|l| l.id));
    assert!(harness.query_by_label("Delete Dense 3").is_none(), "it has closed");
    press(&mut harness, Key::P);
    press(&mut harness, Key::Enter);
    assert!(harness.state().state.project().graph.find("Dense 3").is_none());
    press(&mut harness, Key::Escape);
    harness.get_by_label_contains("valid");
}

#[test]
fn the_list_holds_every_problem_with_its_repairs() {
    let mut harness = window(Desk::chain(&[2], vec![dense(5, Activation::Tanh)]));
    click(&mut harness, "1 problem");
    harness.get_by_label("expected 2, got 5");
    let mend = harness.query_all_by_label("Insert Dense with 2 units").count();
    assert_eq!(mend, 2, "in the list, and beside the wire");
    let [show, pill] = ["Show Loss", "1 problem"].map(|name| harness.get_by_label(name).rect());
    assert!(pill.top() - show.bottom() < 60.0, "the list is as high as what it holds: {show} above {pill}");
    click(&mut harness, "Show Loss");
    assert!(harness.state().state.selection().wire.is_some());
}

#[test]
fn bubbles_keep_off_each_other_and_off_the_controls() {
    let mut desk = Desk::chain(&[2], vec![dense(5, Activation::Tanh)]);
    // Two layers that nothing arrives at, one above the other, near the wire that does not fit.
    for y in [230.0, 260.0] {
        desk.apply(Action::Edit(Edit::Add { kind: dense(4, Activation::None), position: [300.0, y], inside: None }));
    }
    let mut harness = window(desk);
    harness.run_steps(6);
    assert_eq!(harness.state().state.inference().problems.len(), 3);
    let shown = [
        "Dense 2 has no input: draw a wire to its left side.",
        "Dense 3 has no input: draw a wire to its left side.",
        "The data has 2 classes, so the network must have as many outputs.",
    ]
    .map(|words| harness.get_by_label(words).rect());
    let mut controls: Vec<egui::Rect> =
        ["F fit", "L tidy", "3 problems"].map(|name| harness.get_by_label(name).rect()).into();
    controls.extend(harness.query_all_by_label_contains("node ").map(|node| node.rect()));
    for (i, bubble) in shown.iter().enumerate() {
        assert!(shown[..i].iter().all(|other| !other.intersects(*bubble)), "{shown:?}");
        assert!(controls.iter().all(|other| !other.intersects(*bubble)), "{bubble} in {controls:?}");
    }
}
