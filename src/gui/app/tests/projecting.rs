//! The large view for a class.

use egui::{Key, Modifiers, Rect};

use super::hands::Hands;
use crate::session::State;

fn places(hands: &Hands) -> Vec<Rect> {
    ["canvas", "node Input", "node Loss", "Search layers", "Network output, over the plane"]
        .map(|name| hands.rect(name))
        .to_vec()
}

fn trained(size: [f32; 2]) -> Hands {
    let mut hands = Hands::at(size, State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    hands.click("Step");
    hands.wait_until("the surface is drawn", |hands| hands.sees("Network output, over the plane"));
    hands
}

#[test]
fn the_projector_view_is_large_and_bare_and_one_key_brings_all_back_as_it_was() {
    for size in [[1440.0, 900.0], [1024.0, 640.0]] {
        let mut hands = trained(size);
        // A view that was chosen by hand comes back as well.
        let at = hands.rect("canvas").center_top() + egui::vec2(0.0, 20.0);
        hands.scroll(at, egui::vec2(30.0, 20.0));
        let before = places(&hands);
        for leave in [Key::F4, Key::Escape] {
            hands.key(Modifiers::NONE, Key::F4);
            hands.wait();
            let zoom = hands.zoom();
            assert_eq!(zoom, 1.5, "{size:?}");
            // The window has as many dots as before.
            hands.resize(size.map(|length| length / zoom));
            for gone in ["Search layers", "Simple mode", "Training"] {
                assert!(!hands.sees(gone), "{gone}");
            }
            let window = Rect::from_min_size(egui::Pos2::ZERO, egui::Vec2::from(size) / zoom);
            let surface = hands.rect("Network output, over the plane");
            assert!(surface.width() * zoom > before[4].width(), "{size:?}: {surface:?} {:?}", before[4]);
            for name in ["node Input", "node Loss", "canvas", "Export the curves", "Export the output"] {
                assert!(window.contains_rect(hands.rect(name)), "{size:?}: {name}");
            }
            assert!(hands.rect("canvas").contains_rect(hands.rect("node Loss")));
            hands.key(Modifiers::NONE, leave);
            hands.resize(size);
            assert_eq!(places(&hands), before, "{size:?} {leave:?}");
        }
    }
}

#[test]
fn the_menu_opens_the_projector_view_and_a_button_leaves_it() {
    let mut hands = trained([1440.0, 900.0]);
    hands.click("Menu");
    hands.click("Projector view (F4)");
    assert!(!hands.sees("Search layers"));
    hands.click("Leave the projector view (Esc)");
    assert!(hands.sees("Search layers"));
}
