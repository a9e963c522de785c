//! Points of one's own, put and moved on the plane.

use super::*;
use crate::session::PointEdit;

#[test]
fn points_are_put_dragged_and_erased_on_the_plane() {
    let mut state = state(two_classes(), Some(halves()));
    let made = state.pose();
    made.project.data.source = crate::model::Source::Synthetic(crate::model::SyntheticSpec::default());
    let mut harness = open(state, Tab::Output);
    let plane = "Network output, over the plane";
    let click = |harness: &mut World, at: egui::Vec2| {
        let pos = harness.get_by_label(plane).rect().lerp_inside(at);
        for pressed in [true, false] {
            harness.hover_at(pos);
            let modifiers = egui::Modifiers::NONE;
            harness.event(egui::Event::PointerButton { pos, button: egui::PointerButton::Primary, pressed, modifiers });
            harness.run_steps(2);
        }
    };
    let edits = |harness: &World| {
        let edits = harness.state().actions.iter().filter_map(|action| match action {
            Action::EditPoints(edit) => Some(*edit),
            _ => None,
        });
        edits.collect::<Vec<_>>()
    };
    click(&mut harness, egui::vec2(0.75, 0.25));
    assert_eq!(edits(&harness), []);
    harness.get_by_label("edit points").click();
    harness.run_steps(3);
    harness.get_by_label("Add points of right").click();
    harness.run_steps(3);
    click(&mut harness, egui::vec2(0.75, 0.25));
    let [PointEdit::Put(point)] = edits(&harness)[..] else { panic!("{:?}", edits(&harness)) };
    assert!((point.x - 3.0).abs() < 0.1 && (point.y - 3.0).abs() < 0.1 && point.class == 1, "{point:?}");
    // The training point at -3, 0 is dragged to the right.
    let rect = harness.get_by_label(plane).rect();
    let (from, to) = (rect.lerp_inside(egui::vec2(0.25, 0.5)), rect.lerp_inside(egui::vec2(0.5, 0.5)));
    harness.drag_at(from);
    harness.run_steps(2);
    harness.hover_at(from + egui::vec2(30.0, 0.0));
    harness.run_steps(2);
    harness.drop_at(to);
    harness.run_steps(2);
    let [_, PointEdit::Move { from, to }] = edits(&harness)[..] else { panic!("{:?}", edits(&harness)) };
    assert!(from == [-3.0, 0.0] && to[0].abs() < 0.1 && to[1].abs() < 0.1, "{to:?}");
    harness.get_by_label("erase").click();
    harness.run_steps(3);
    click(&mut harness, egui::vec2(0.25, 0.5));
    assert_eq!(edits(&harness)[2..], [PointEdit::Erase([-3.0, 0.0])]);
}
