//! Panels put elsewhere, and back.

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
