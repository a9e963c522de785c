//! Panels put elsewhere, and back.

use super::debug_keys::{press, xor};
use super::hands::Hands;
use crate::persist::Area;
use crate::session::State;

const SURFACE: &str = "Network output, over the plane";

#[test]
fn a_panel_is_put_beside_others_as_a_tab_and_comes_back() {
    for size in [[1440.0, 900.0], [1024.0, 640.0]] {
        let mut hands = Hands::at(size, State::start(None));
        hands.click("XOR");
        hands.wait_for_data();
        hands.click("Step");
        hands.wait_until("the surface is drawn", |hands| hands.sees(SURFACE));
        let usual = hands.rect(SURFACE);
        hands.click("Menu");
        hands.click("Arrange panels");
        hands.click("Place of Output");
        hands.click("Left");
        assert_eq!(hands.state().settings().panels.place_of("output"), Some(Area::Left));
        hands.key(egui::Modifiers::NONE, egui::Key::Escape);
        hands.click_tab("Output");
        hands.wait_until("it is seen at the left", |hands| {
            hands.sees(SURFACE) && hands.rect(SURFACE).max.x < hands.rect("canvas").min.x
        });
        hands.click_tab("Layers");
        assert!(hands.sees("Search layers") && !hands.sees(SURFACE));
        hands.click("Menu");
        hands.click("Arrange panels");
        hands.click("Reset the layout");
        hands.key(egui::Modifiers::NONE, egui::Key::Escape);
        hands.wait_until("it is back", |hands| hands.sees(SURFACE));
        assert_eq!(hands.rect(SURFACE), usual, "{size:?}");
    }
}

#[test]
fn a_pane_of_the_debugger_is_put_below_with_a_tab_beside_the_time_and_comes_back() {
    let mut hands = xor();
    let (usual, middle) = (hands.rect("Sample"), hands.rect("Tensor"));
    assert!(usual.min.x > middle.max.x);
    hands.click("Menu");
    hands.click("Arrange panels");
    hands.click("Place of Sample");
    hands.click("Bottom");
    hands.key(egui::Modifiers::NONE, egui::Key::Escape);
    hands.wait_until("it is below", |hands| hands.rect("Sample").min.y > middle.max.y + 200.0);
    press(&mut hands, egui::Key::Num7);
    hands.wait_until("its key finds it", |hands| hands.state().debug().inspection.sample.is_some());
    press(&mut hands, egui::Key::Num8);
    hands.wait_until("the time is in front of it", |hands| hands.state().debug().inspection.sample.is_none());
    hands.click("Menu");
    hands.click("Arrange panels");
    hands.click("Reset the layout");
    hands.key(egui::Modifiers::NONE, egui::Key::Escape);
    hands.wait_until("it is back", |hands| hands.rect("Sample") == usual);
}
