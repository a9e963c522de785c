//! What is opened, brought back or undone comes into sight.

use super::*;

fn all_in_sight(harness: &Harness<'_, Desk>) -> bool {
    let canvas = harness.get_by_label("canvas").rect();
    let names: Vec<String> =
        harness.state().state.project().graph.layers().map(|layer| format!("node {}", layer.name)).collect();
    names.iter().all(|name| harness.query_by_label(name).is_some_and(|node| canvas.contains_rect(node.rect())))
}

fn moved(desk: &Desk, by: [f32; 2]) -> Edit {
    let place = |layer: &crate::model::Layer| (layer.id, [layer.position[0] + by[0], layer.position[1] + by[1]]);
    Edit::Move(desk.state.project().graph.layers().map(place).collect())
}

#[test]
fn a_project_of_the_same_layers_elsewhere_is_in_sight_when_it_is_opened() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into()]));
    assert!(all_in_sight(&harness));
    let desk = harness.state_mut();
    let edit = moved(desk, [4000.0, -3000.0]);
    edit.apply(&mut desk.state.pose().project.graph).unwrap();
    *desk.state.pose().opened += 1;
    harness.run_steps(3);
    assert!(all_in_sight(&harness));
}

#[test]
fn a_network_that_is_brought_back_or_comes_with_undo_is_in_sight() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into()]));
    let away = moved(harness.state(), [4000.0, -3000.0]);
    harness.state_mut().apply(Action::Edit(away));
    harness.run_steps(3);
    assert!(all_in_sight(&harness), "all of it has gone elsewhere");
    harness.state_mut().apply(Action::Undo);
    harness.run_steps(3);
    assert!(all_in_sight(&harness));
    let other = Desk::chain(&[2], vec![Conv2d::default().into(), Dense::default().into(), Dense::default().into()]);
    let desk = harness.state_mut();
    let before = desk.state.project().clone();
    desk.state.pose().history.record("bring Run 1 back", None, &before);
    desk.state.pose().project.graph = other.state.project().graph.clone();
    let edit = moved(desk, [0.0, 2500.0]);
    edit.apply(&mut desk.state.pose().project.graph).unwrap();
    desk.infer();
    harness.run_steps(3);
    assert!(all_in_sight(&harness), "new network");
}

#[test]
fn cards_that_come_back_far_away_are_in_sight() {
    let mut desk = Desk::chain(&[2], vec![Dense::default().into()]);
    for x in [5000.0, 5216.0] {
        desk.apply(Action::Edit(Edit::Add { kind: Dense::default().into(), position: [x, 2000.0], inside: None }));
    }
    let gone: Vec<_> = ["Dense 2", "Dense 3"].map(|name| desk.state.project().graph.find(name).unwrap().id).into();
    desk.apply(Action::Edit(Edit::Remove(gone)));
    let mut harness = window(desk);
    harness.state_mut().apply(Action::Undo);
    harness.run_steps(3);
    let canvas = harness.get_by_label("canvas").rect();
    for name in ["node Dense 2", "node Dense 3"] {
        assert!(canvas.contains_rect(harness.get_by_label(name).rect()), "{name}");
    }
}

#[test]
fn a_card_that_the_hand_takes_to_the_edge_leaves_the_view_alone() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into()]));
    let before = harness.get_by_label("node Input").rect();
    let grip = harness.get_by_label("node Loss").rect().center_top() + vec2(0.0, 14.0);
    drag(&mut harness, grip, Pos2::new(grip.x, 698.0));
    harness.run_steps(3);
    assert_eq!(harness.get_by_label("node Input").rect(), before);
}

#[test]
fn the_small_map_of_a_long_chain_is_a_strip_that_covers_no_card() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into(); 30]));
    // As much as a window of 1024 x 640 has for the canvas; the strip with the palette's layer is above it.
    harness.set_size(vec2(552.0, 404.0));
    for _ in 0..6 {
        harness.run_steps(3);
        let map = harness.get_by_label("minimap").rect();
        assert!(map.height() < 40.0 && map.width() > 100.0, "{map:?}");
        for card in harness.query_all_by_label_contains("node Dense") {
            assert!(!card.rect().intersects(map), "{:?} under {map:?}", card.rect());
        }
        harness.state_mut().canvas.view.offset.x -= 400.0;
    }
}
