#[path = "tests/arranging.rs"]
mod arranging;
#[path = "tests/blocks.rs"]
mod blocks;
#[path = "tests/building.rs"]
mod building;
#[path = "tests/choosing.rs"]
mod choosing;
#[path = "tests/coding.rs"]
mod coding;
#[path = "tests/debug_keys.rs"]
mod debug_keys;
#[path = "tests/debug_samples.rs"]
mod debug_samples;
#[path = "tests/debugging.rs"]
mod debugging;
#[path = "tests/drawing.rs"]
mod drawing;
#[path = "tests/examining.rs"]
mod examining;
#[path = "tests/exporting.rs"]
mod exporting;
#[path = "tests/hands.rs"]
mod hands;
#[path = "tests/helping.rs"]
mod helping;
#[path = "tests/importing.rs"]
mod importing;
#[path = "tests/leaving.rs"]
mod leaving;
#[path = "tests/mending.rs"]
mod mending;
#[path = "tests/pictures.rs"]
mod pictures;
#[path = "tests/projecting.rs"]
mod projecting;
#[cfg(unix)]
#[path = "tests/racing.rs"]
mod racing;
#[path = "tests/sizes.rs"]
mod sizes;
#[path = "tests/tables.rs"]
mod tables;
#[path = "tests/touring.rs"]
mod touring;
#[path = "tests/typing.rs"]
mod typing;
#[path = "tests/weights.rs"]
mod weights;

use std::path::PathBuf;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::gui::dialogs::Purpose;
use crate::gui::test_window::chain;

struct NoPicker;

impl FilePicker for NoPicker {
    fn pick(&self, _: &Purpose) -> Option<PathBuf> {
        None
    }
}

/// The whole window; the app is made in the first frame, where there is a context.
fn window(size: [f32; 2], state: State) -> Harness<'static, Option<App>> {
    let mut state = Some(state);
    Harness::builder().with_size(size).with_context_setup(crate::gui::fonts::install).build_ui_state(
        move |ui, app: &mut Option<App>| {
            let state = &mut state;
            let app = app.get_or_insert_with(|| {
                App::with_picker(ui.ctx(), state.take().unwrap_or_default(), Arc::new(NoPicker))
            });
            app.catch_up(ui.ctx());
            app.draw(ui);
        },
        None,
    )
}

fn state<'a>(harness: &'a Harness<'static, Option<App>>) -> &'a State {
    &harness.state().as_ref().expect("an app").state
}

/// Draws frames until a state is reached.
fn until(harness: &mut Harness<'static, Option<App>>, what: &str, done: impl Fn(&State) -> bool) {
    for _ in 0..20_000 {
        harness.step();
        if done(state(harness)) {
            harness.run_ok();
            return;
        }
        std::thread::yield_now();
    }
    panic!("{what} never came: {:?}", state(harness).data());
}

#[test]
fn a_template_is_one_click_from_the_start() {
    let mut harness = window([1440.0, 900.0], State::default());
    harness.get_by_label("XOR").click();
    harness.run_ok();
    assert_eq!(state(&harness).screen(), Screen::Workspace);
    assert!(!state(&harness).project().graph.is_empty());
}

#[test]
fn unsaved_changes_are_asked_about_before_another_project_opens() {
    let mut given = chain(&["input", "dense", "loss"]);
    *given.pose().unsaved = true;
    let mut harness = window([1024.0, 640.0], given);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::N);
    harness.run_ok();
    assert_eq!(state(&harness).project().name, "Test");
    harness.get_by_label("Discard").click();
    harness.run_ok();
    assert_eq!(state(&harness).project().name, "Untitled");
}

#[test]
fn unsaved_changes_are_asked_about_before_a_crash_is_brought_back() {
    let mut given = chain(&["input", "dense", "loss"]);
    let posed = given.pose();
    (*posed.unsaved, *posed.screen, *posed.recoverable) = (true, Screen::Welcome, Some("Lost".into()));
    let mut harness = window([1440.0, 900.0], given);
    harness.get_by_label("Restore").click();
    harness.run_ok();
    assert!(harness.query_by_label("Discard").is_some());
    assert_eq!(state(&harness).recoverable(), Some("Lost"));
}

#[test]
fn shift_space_jumps_to_full_speed_and_back_to_the_pace_that_was_chosen() {
    let mut given = chain(&["input", "dense", "loss"]);
    given.apply(Action::SetSpeed(0.6));
    let mut harness = window([1440.0, 900.0], given);
    for speed in [1.0, 0.6, 1.0] {
        harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::Space);
        harness.run_steps(4);
        assert_eq!((state(&harness).speed(), state(&harness).run().status == RunStatus::Running), (speed, false));
    }
}

#[test]
fn ctrl_slash_shows_the_shortcuts_and_escape_closes_them() {
    let mut harness = window([1440.0, 900.0], chain(&["input", "loss"]));
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Slash);
    harness.run_ok();
    assert!(harness.query_by_label("Keyboard").is_some());
    harness.key_press(egui::Key::Escape);
    harness.run_ok();
    assert!(harness.query_by_label("Keyboard").is_none());
}

#[test]
fn enter_ends_a_field_of_the_inspector_and_begins_nothing_on_the_canvas() {
    let mut given = chain(&["input", "dense", "loss"]);
    let id = given.project().graph.find("Dense 1").expect("the layer").id;
    given.pose().selection.layers.insert(id);
    let mut harness = window([1440.0, 900.0], given);
    harness.get_by_label("Name").focus();
    harness.run_ok();
    harness.get_by_label("Name").type_text("!");
    harness.run_ok();
    harness.key_press(egui::Key::Enter);
    harness.run_ok();
    assert_eq!(state(&harness).project().graph.layer(id).map(|layer| layer.name.as_str()), Some("Dense 1!"));
    assert_eq!(harness.ctx.memory(|memory| memory.focused()), None);
}
