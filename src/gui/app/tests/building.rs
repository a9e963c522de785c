//! Networks built with the mouse in the whole window: on a wire, from nothing, and back to nothing.

use egui::{Key, Modifiers, vec2};

use super::hands::Hands;
use crate::model::{Source, SyntheticKind};
use crate::session::{RunStatus, State};

const WINDOW: [f32; 2] = [1440.0, 900.0];

fn start() -> Hands {
    Hands::at(WINDOW, State::start(None))
}

#[test]
fn a_dense_dragged_from_the_palette_onto_a_wire_changes_the_shapes_on_the_wires() {
    let mut hands = start();
    hands.click("XOR");
    hands.wait_for_data();
    assert_eq!(hands.value("wire Input to Dense 1"), "2");
    assert_eq!(hands.value("wire Dense 1 to Dense 2"), "8");
    let (from, to) = (hands.palette("Dense"), hands.place("wire Dense 1 to Dense 2"));
    hands.drag(from, to);
    assert!(!hands.sees("wire Dense 1 to Dense 2"));
    assert_eq!(hands.value("wire Dense 1 to Dense 3"), "8");
    assert_eq!(hands.value("wire Dense 3 to Dense 2"), "8");
    // It is selected: its units are in the inspector.
    hands.type_into("Units", "5");
    assert_eq!(hands.value("wire Dense 3 to Dense 2"), "5");
    assert_eq!(hands.value("wire Dense 2 to Loss"), "2");
    assert!(hands.state().inference().is_valid());
    assert_eq!(hands.state().run().status, RunStatus::Paused, "it can train");
}

/// Everything by mouse, from the first screen: an empty canvas, the data, four layers, three wires, two settings.
fn build_xor() -> Hands {
    let mut hands = start();
    hands.click("Empty canvas");
    hands.click_tab("Data");
    hands.click("Change the data");
    hands.click("XOR");
    hands.wait_for_data();
    hands.click_tab("Layers");
    let canvas = hands.rect("canvas");
    for (title, x, y) in
        [("Input", 110.0, 200.0), ("Dense", 330.0, 280.0), ("Dense", 550.0, 200.0), ("Loss", 770.0, 280.0)]
    {
        let from = hands.palette(title);
        hands.drag(from, canvas.min + vec2(x, y));
    }
    assert_eq!(hands.state().project().graph.wires().len(), 0, "each stands for itself");
    hands.drag_between("output of Input", "input of Dense 1");
    hands.drag_between("output of Dense 1", "input of Dense 2");
    hands.drag_between("input of Loss", "output of Dense 2");
    assert!(hands.sees("expected") && hands.sees("got"), "eight numbers for two classes");
    hands.type_into("Units of Dense 2", "2");
    assert!(!hands.sees("expected"));
    // Cards grow when what their units do is drawn.
    hands.wait_until("the units are drawn", |hands| hands.state().run().picture.is_some());
    hands.select_card("node Dense 1");
    hands.click("Activation");
    hands.click_on_top("ReLU");
    assert!(hands.state().inference().is_valid(), "{:?}", hands.state().inference().problems);
    hands
}

#[test]
fn xor_is_built_from_an_empty_canvas_with_the_mouse_and_learned_without_a_mistake() {
    let mut hands = build_xor();
    hands.click("Play");
    hands.wait_until("every point is told apart", |hands| {
        let train = hands.state().run().curves.train_metric.last().map(|p| p.1);
        let validation = hands.state().run().curves.validation_metric.last().map(|p| p.1);
        (train, validation) == (Some(1.0), Some(1.0)) && hands.sees("val accuracy: 100.0 %")
    });
    assert!(hands.state().run().step > 0);
    let losses = hands.names_containing("val loss: ");
    let shown = losses[0].rsplit(' ').next().and_then(|number| number.replace('−', "-").parse::<f64>().ok());
    assert!(losses.len() == 1 && shown.is_some_and(|loss| loss < 0.5), "{losses:?}");
}

#[test]
fn a_built_network_is_undone_to_the_empty_canvas_and_redone_step_by_step() {
    let mut hands = build_xor();
    let built = hands.state().project().clone();
    let mut names = Vec::new();
    while let Some(name) = hands.state().history().undo_name().map(str::to_owned) {
        assert!(names.len() < 20, "{names:?}");
        hands.click(&format!("Undo: {name} (Ctrl Z)"));
        names.push(name);
    }
    names.reverse();
    assert_eq!(names[..5], ["change the data", "add Input", "add Dense", "add Dense", "add Loss"]);
    assert_eq!(names.len(), 5 + 3 + 2, "{names:?}");
    assert!(hands.state().project().graph.is_empty());
    assert!(
        matches!(&hands.state().project().data.source, Source::Synthetic(spec) if spec.kind == SyntheticKind::Spiral)
    );
    assert!(!hands.sees("node Input") && hands.sees("Undo: nothing (Ctrl Z)"));
    for name in &names {
        assert_eq!(hands.state().history().redo_name(), Some(name.as_str()));
        hands.key(Modifiers::COMMAND, Key::Y);
    }
    assert_eq!(*hands.state().project(), built);
    assert!(hands.sees("wire Dense 1 to Dense 2") && hands.sees("Redo: nothing (Ctrl Y)"));
    hands.wait_for_data();
    assert!(hands.state().inference().is_valid());
}
