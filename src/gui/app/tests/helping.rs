//! F1, and the glossary that it opens.

use egui::{Event, Key};
use egui_kittest::kittest::NodeT as _;

use super::*;
use crate::gui::test_window::unexplained;
use crate::model::{Clip, EarlyStopping, Optimiser, Schedule};

/// What the glossary has in its field; `None` when it is closed.
fn explained(harness: &Harness<'static, Option<App>>) -> Option<String> {
    let field = harness.query_by_label("Search terms")?;
    Some(field.accesskit_node().value().unwrap_or_default())
}

fn f1(harness: &mut Harness<'static, Option<App>>) {
    harness.key_press(Key::F1);
    harness.run_steps(5);
}

/// On the first control of this name, or the first text.
fn point_at(harness: &mut Harness<'static, Option<App>>, label: &str) {
    let named = harness.query_all_by_label(label).next().map(|node| node.rect().center());
    let written = || harness.query_all_by_value(label).next().map(|node| node.rect().center());
    let place = named.or_else(written).expect(label);
    harness.event(Event::PointerMoved(place));
    harness.run_steps(3);
}

fn training(size: [f32; 2]) -> Harness<'static, Option<App>> {
    let mut harness = window(size, chain(&["input", "dense", "loss"]));
    harness.get_by_label("Training").click();
    harness.run_steps(3);
    harness
}

#[test]
fn f1_opens_the_glossary_at_the_selected_layer_and_it_can_be_searched() {
    let mut given = chain(&["input", "dense", "loss"]);
    let id = given.project().graph.find("Dense 1").expect("the layer").id;
    given.pose().selection.layers.insert(id);
    let mut harness = window([1024.0, 640.0], given);
    f1(&mut harness);
    assert_eq!(explained(&harness).as_deref(), Some("Dense"));
    assert!(harness.query_by_label_contains("Adam: ").is_none());
    // The word is taken up whole: what is typed takes its place.
    harness.get_by_label("Search terms").type_text("learning r");
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("Learning rate: How far").is_some());
    assert!(harness.query_by_label_contains("Dense: ").is_none());
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert_eq!(explained(&harness), None);
}

#[test]
fn f1_explains_what_the_pointer_is_on_the_label_as_well_as_the_control() {
    for (label, term) in [
        ("Learning rate", "Learning rate"),
        ("Beta 1", "Beta 1"),
        ("Optimiser", "Optimiser"),
        ("SCHEDULE", "Schedule"),
        ("Speed", "Speed"),
        ("node Dense 1", "Dense"),
        ("Gradient flow", "Gradient flow"),
    ] {
        let mut harness = training([1440.0, 900.0]);
        point_at(&mut harness, label);
        f1(&mut harness);
        assert_eq!(explained(&harness).as_deref(), Some(term), "{label}");
    }
}

#[test]
fn the_tooltip_of_what_is_explained_does_not_stay_before_it() {
    let mut harness = training([1440.0, 900.0]);
    point_at(&mut harness, "Speed");
    harness.run_steps(60);
    assert!(harness.query_by_label_contains("Speed: fully right").is_some());
    f1(&mut harness);
    harness.run_steps(4);
    assert_eq!(explained(&harness).as_deref(), Some("Speed"));
    assert!(harness.query_by_label_contains("Speed: fully right").is_none());
    // The same once more, without moving.
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    f1(&mut harness);
    assert_eq!(explained(&harness).as_deref(), Some("Speed"));
}

#[test]
fn f1_explains_the_focus_until_the_pointer_moves() {
    let mut harness = training([1440.0, 900.0]);
    point_at(&mut harness, "Speed");
    harness.get_by_label("Batch size").focus();
    harness.run_steps(3);
    f1(&mut harness);
    assert_eq!(explained(&harness).as_deref(), Some("Batch"));
    f1(&mut harness);
    assert_eq!(explained(&harness), None);
    point_at(&mut harness, "Speed");
    f1(&mut harness);
    assert_eq!(explained(&harness).as_deref(), Some("Speed"));
}

#[test]
fn what_is_scrolled_away_is_not_explained_in_place_of_what_covers_it() {
    let mut harness = training([1024.0, 640.0]);
    let panel = harness.get_by_label("Seed").rect();
    assert!(panel.center().y > 380.0, "Seed is expected below what is seen of its panel: {panel:?}");
    harness.event(Event::PointerMoved(panel.center()));
    harness.run_steps(3);
    f1(&mut harness);
    assert_ne!(explained(&harness).as_deref(), Some("Seed"));
}

#[test]
fn where_nothing_fits_the_glossary_opens_with_its_field_ready() {
    let mut harness = window([1440.0, 900.0], State::default());
    f1(&mut harness);
    assert_eq!(explained(&harness).as_deref(), Some(""));
    assert!(harness.get_by_label("Search terms").accesskit_node().is_focused());
}

#[test]
fn every_field_of_the_training_form_has_a_term() {
    let mut harness = training([1440.0, 3000.0]);
    let mut set = |change: &dyn Fn(&mut crate::model::TrainingSpec)| {
        let app = harness.state_mut().as_mut().expect("an app");
        change(&mut app.state.pose().project.training);
        harness.run_steps(3);
        assert!(harness.query_by_label("Batch size").is_some());
        assert_eq!(unexplained(&harness), [""; 0]);
    };
    for optimiser in Optimiser::all() {
        set(&|spec| spec.optimiser = optimiser.clone());
    }
    set(&|spec| spec.optimiser = Optimiser::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.0 });
    for schedule in Schedule::all() {
        set(&|spec| spec.schedule = schedule);
    }
    for clip in [Clip::Norm { max: 1.0 }, Clip::Value { max: 1.0 }] {
        set(&|spec| spec.clip = clip);
    }
    set(&|spec| spec.early_stopping = Some(EarlyStopping { patience: 3, min_delta: 0.0 }));
}

#[test]
fn the_list_of_terms_begins_at_its_top_when_it_is_opened_and_when_another_word_is_typed() {
    let mut harness = training([1024.0, 640.0]);
    f1(&mut harness);
    harness.key_press(Key::Backspace);
    harness.run_steps(3);
    let first = |harness: &Harness<'static, Option<App>>, term: &str| {
        harness.query_by_label_contains(term).map(|entry| entry.rect().top())
    };
    let top = first(&harness, "Accuracy: ").expect("the first term");
    let scroll = |harness: &mut Harness<'static, Option<App>>| {
        harness.hover_at(egui::pos2(512.0, 320.0));
        harness.event(Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -900.0),
            phase: egui::TouchPhase::Move,
            modifiers: egui::Modifiers::NONE,
            source: egui::MouseWheelSource::Wheel,
        });
        harness.run_steps(20);
        assert!(first(harness, "Accuracy: ").is_none_or(|at| at < top - 100.0), "it is scrolled");
    };
    scroll(&mut harness);
    harness.get_by_label("Search terms").type_text("learning r");
    harness.run_steps(3);
    assert_eq!(first(&harness, "Learning rate: How far"), Some(top));
    for _ in 0..10 {
        harness.key_press(Key::Backspace);
    }
    harness.run_steps(3);
    scroll(&mut harness);
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    f1(&mut harness);
    harness.key_press(Key::Backspace);
    harness.run_steps(3);
    assert_eq!(first(&harness, "Accuracy: "), Some(top));
}
