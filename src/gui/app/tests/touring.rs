//! The tour of the window, and what it stands in front of.

use egui::{Key, Rect};
use egui_kittest::kittest::NodeT as _;

use super::*;
use crate::session::Tab;

/// "3 of 9", while the tour is on.
fn stop(harness: &Harness<'static, Option<App>>) -> Option<String> {
    let label = harness.query_by_label_contains("Tour: ")?.accesskit_node().label()?;
    Some(label.trim_start_matches("Tour: ").to_owned())
}

fn press(harness: &mut Harness<'static, Option<App>>, key: Key) {
    harness.key_press(key);
    harness.run_steps(8);
}

/// The first template was opened, with all that is to be seen of it.
fn first_template(size: [f32; 2]) -> Harness<'static, Option<App>> {
    let mut harness = window(size, State::default());
    harness.get_by_label("XOR").click();
    harness.run_steps(8);
    harness
}

#[test]
fn the_first_template_begins_the_tour_and_the_second_does_not() {
    let mut harness = first_template([1440.0, 900.0]);
    assert_eq!(stop(&harness).as_deref(), Some("1 of 9"));
    assert!(state(&harness).settings().tour_seen);
    harness.get_by_label("Skip the tour").click();
    harness.run_steps(4);
    assert_eq!(stop(&harness), None);
    let app = harness.state_mut().as_mut().expect("an app");
    *app.state.pose().unsaved = false;
    app.state.apply(Action::ShowWelcome);
    harness.run_steps(4);
    harness.get_by_label("Spiral").click();
    harness.run_steps(8);
    assert_eq!((state(&harness).screen(), stop(&harness)), (Screen::Workspace, None));
}

#[test]
fn keys_go_on_and_back_and_all_of_every_bubble_is_on_the_screen() {
    // The last is a small window at twice the size: the slider for the speed has no room there.
    for (size, stops) in [([1440.0, 900.0], 9), ([1024.0, 640.0], 9), ([512.0, 320.0], 8)] {
        let mut harness = first_template(size);
        let screen = Rect::from_min_size(egui::Pos2::ZERO, size.into());
        let mut seen = Vec::new();
        while let Some(at) = stop(&harness) {
            let last = if at == "9 of 9" { "Done" } else { "Next" };
            let places = [harness.get_by_label(last).rect(), harness.get_by_label(&format!("Tour: {at}")).rect()];
            assert!(places.iter().all(|place| screen.contains_rect(*place)), "{at} at {size:?}: {places:?}");
            seen.push(at);
            press(&mut harness, Key::Enter);
        }
        assert_eq!(seen.len(), stops, "{seen:?} at {size:?}");
    }
    let mut harness = first_template([1440.0, 900.0]);
    press(&mut harness, Key::ArrowRight);
    press(&mut harness, Key::ArrowRight);
    press(&mut harness, Key::ArrowLeft);
    assert_eq!(stop(&harness).as_deref(), Some("2 of 9"));
    press(&mut harness, Key::Escape);
    assert_eq!(stop(&harness), None);
}

#[test]
fn the_tour_shows_what_is_hidden_and_the_window_goes_on_meanwhile() {
    let mut harness = first_template([1440.0, 900.0]);
    press(&mut harness, Key::Escape);
    let app = harness.state_mut().as_mut().expect("an app");
    app.shortcuts.tour.begin(&app.state, &mut Vec::new());
    let none = crate::gui::top_bar::PanelsOpen { left: false, right: false, plots: false, output: false };
    *app.workspace.open.now() = none;
    app.state.apply(Action::ShowTab(Tab::Compare));
    harness.run_steps(8);
    for _ in 0..8 {
        press(&mut harness, Key::Enter);
    }
    assert_eq!((stop(&harness).as_deref(), state(&harness).tab()), (Some("9 of 9"), Tab::Build));
    assert_eq!(*harness.state_mut().as_mut().expect("an app").workspace.open.now(), Default::default());
    harness.key_press(Key::F1);
    harness.run_steps(5);
    assert!(harness.query_by_label("Search terms").is_some());
    assert_eq!(stop(&harness), None);
    press(&mut harness, Key::Escape);
    assert_eq!(stop(&harness).as_deref(), Some("9 of 9"));
    // What was hidden before is so again.
    press(&mut harness, Key::Enter);
    assert_eq!(*harness.state_mut().as_mut().expect("an app").workspace.open.now(), none);
}

#[test]
fn the_menu_has_the_tour_again_and_what_this_program_is() {
    let mut harness = window([1440.0, 900.0], chain(&["input", "dense", "loss"]));
    harness.get_by_label("Menu").click();
    harness.run_steps(4);
    harness.get_by_label("Tour of the window").click();
    harness.run_steps(8);
    assert_eq!(stop(&harness).as_deref(), Some("1 of 9"));
    press(&mut harness, Key::Escape);
    harness.get_by_label("Menu").click();
    harness.run_steps(4);
    harness.get_by_label("About Glassbox").click();
    harness.run_steps(4);
    assert!(harness.query_all_by_label(env!("CARGO_PKG_VERSION")).next().is_some());
    harness.get_by_label("Copy for a bug report").click();
    harness.run_steps(2);
    press(&mut harness, Key::Escape);
    assert!(harness.query_by_label("Copy for a bug report").is_none());
}

#[test]
fn the_welcome_screen_offers_the_tour_until_it_was_seen() {
    let mut harness = window([1024.0, 640.0], State::default());
    harness.get_by_label("Start the tour").click();
    harness.run_steps(8);
    assert_eq!((state(&harness).screen(), stop(&harness).as_deref()), (Screen::Workspace, Some("1 of 9")));
    let app = harness.state_mut().as_mut().expect("an app");
    app.state.apply(Action::ShowWelcome);
    harness.run_steps(4);
    assert!(harness.query_by_label("Start the tour").is_none());
}
