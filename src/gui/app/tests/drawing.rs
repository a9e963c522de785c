//! Boxes are drawn, moved, named, deleted and undone by hand, and the network trains on them.

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Vec2};
use egui_kittest::kittest::NodeT as _;

use super::*;
use crate::model::DrawnBox;
use crate::session::{BoxAction, DataState};

/// Pictures of 40 x 20 without labels.
fn folder(pictures: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for i in 0..pictures {
        let shade = move |x: u32, y: u32| image::Rgb([x as u8 * 6, y as u8 * 12, i as u8 * 40]);
        image::RgbImage::from_fn(40, 20, shade).save(folder.path().join(format!("{i}.png"))).expect("a picture");
    }
    folder
}

fn is_shown(state: &State) -> bool {
    state.drawing().is_some_and(|drawing| drawing.shown.is_some())
}

/// A drag over the picture, from and to fractions of it.
fn drag(harness: &mut Harness<'static, Option<App>>, name: &str, from: [f32; 2], to: [f32; 2]) {
    drag_with(harness, name, (from, to), |_| ());
}

/// Something happens while the button is down.
fn drag_with(
    harness: &mut Harness<'static, Option<App>>,
    name: &str,
    (from, to): ([f32; 2], [f32; 2]),
    meanwhile: impl FnOnce(&mut Harness<'static, Option<App>>),
) {
    let area = harness.get_by_label(&format!("Picture {name}")).rect().shrink(4.0);
    // Twice as wide as high.
    let scale = (area.width() / 40.0).min(area.height() / 20.0);
    let image = egui::Rect::from_center_size(area.center(), Vec2::new(40.0, 20.0) * scale);
    let at = |[x, y]: [f32; 2]| image.min + Vec2::new(x, y) * image.size();
    let press = |pos: Pos2, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    let (from, to) = (at(from), at(to));
    for event in [Event::PointerMoved(from), press(from, true), Event::PointerMoved(from + (to - from) / 2.0)] {
        harness.event(event);
        harness.step();
    }
    meanwhile(harness);
    for event in [Event::PointerMoved(to), press(to, false)] {
        harness.event(event);
        harness.step();
    }
    harness.run_ok();
}

/// The boxes drawn in a picture, in hundredths.
fn drawn(harness: &Harness<'static, Option<App>>, name: &str) -> Vec<(String, [i32; 4])> {
    let all = state(harness).drawn().expect("a folder of boxes");
    let boxes = all.iter().find(|one| one.picture == name).map(|one| one.boxes.clone()).unwrap_or_default();
    let one = |DrawnBox { class, extent: e }: &DrawnBox| {
        (class.clone(), [e.left, e.top, e.right, e.bottom].map(|edge| (edge * 100.0).round() as i32))
    };
    boxes.iter().map(one).collect()
}

fn key(harness: &mut Harness<'static, Option<App>>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_ok();
}

#[test]
fn boxes_are_drawn_by_hand_and_trained_on() {
    let folder = folder(4);
    let mut session = State::default();
    session.apply(Action::OpenBoxes(folder.path().to_path_buf()));
    let mut harness = window([1440.0, 900.0], session);
    until(&mut harness, "the pictures", is_shown);

    // The first box waits for the name of its class.
    drag(&mut harness, "0.png", [0.1, 0.2], [0.5, 0.6]);
    assert_eq!(drawn(&harness, "0.png"), []);
    harness.get_by_label("Name of a new class").type_text("cat");
    harness.run_ok();
    key(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(drawn(&harness, "0.png"), [("cat".to_owned(), [10, 20, 50, 60])]);
    // Another class, which the next box gets; the chosen one keeps its own.
    key(&mut harness, Modifiers::NONE, Key::Escape);
    drag(&mut harness, "0.png", [0.6, 0.7], [0.9, 0.95]);
    harness.get_by_label("Name of a new class").focus();
    harness.run_ok();
    harness.get_by_label("Name of a new class").type_text("dog");
    harness.run_ok();
    key(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(drawn(&harness, "0.png"), [("cat".to_owned(), [10, 20, 50, 60]), ("dog".to_owned(), [60, 70, 90, 95])]);
    // As a whole, and by a corner.
    drag(&mut harness, "0.png", [0.3, 0.4], [0.4, 0.3]);
    assert_eq!(drawn(&harness, "0.png")[0].1, [20, 10, 60, 50]);
    drag(&mut harness, "0.png", [0.6, 0.5], [0.75, 0.65]);
    assert_eq!(drawn(&harness, "0.png")[0].1, [20, 10, 75, 65]);
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(drawn(&harness, "0.png")[0].1, [20, 10, 60, 50]);
    key(&mut harness, Modifiers::NONE, Key::Delete);
    assert_eq!(drawn(&harness, "0.png"), [("dog".to_owned(), [60, 70, 90, 95])]);
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(drawn(&harness, "0.png").len(), 2);
    // Keys turn the page; a class is chosen by its number.
    key(&mut harness, Modifiers::NONE, Key::ArrowRight);
    until(&mut harness, "the next picture", is_shown);
    key(&mut harness, Modifiers::NONE, Key::Num1);
    drag(&mut harness, "1.png", [0.0, 0.0], [0.4, 0.5]);
    assert_eq!(drawn(&harness, "1.png"), [("cat".to_owned(), [0, 0, 40, 50])]);
    // Undo shows what it is about.
    key(&mut harness, Modifiers::NONE, Key::ArrowRight);
    until(&mut harness, "the next picture", is_shown);
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    until(&mut harness, "the picture", |state| is_shown(state) && state.drawing().is_some_and(|d| d.at == 1));
    key(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(drawn(&harness, "1.png").len(), 1);
    harness.get_by_label("Next picture (Right)").click();
    harness.run_ok();
    until(&mut harness, "the next picture", is_shown);
    harness.get_by_label("Nothing in it").click();
    harness.run_ok();
    harness.get_by_label_contains("3 of 4 pictures labelled, 3 boxes");
    // Space is no Play here.
    key(&mut harness, Modifiers::NONE, Key::Space);
    assert_eq!(state(&harness).run().step, 0);
    harness.get_by_label("Done").click();
    until(&mut harness, "the data", |state| matches!(state.data(), DataState::Ready(_)));
    let dataset = state(&harness).dataset().expect("data").clone();
    assert_eq!((dataset.train.len() + dataset.validation.len(), dataset.truth.names.len()), (3, 2));
    assert!(state(&harness).can_run());
    harness.get_by_label("Data").click();
    harness.run_ok();
    harness.get_by_label("Draw boxes …");
    harness.get_by_label_contains("in 3 pictures");
}

#[test]
fn the_window_of_boxes_fits_a_small_screen() {
    let folder = folder(2);
    let mut session = State::default();
    session.apply(Action::OpenBoxes(folder.path().to_path_buf()));
    let mut harness = window([1024.0, 640.0], session);
    until(&mut harness, "the pictures", is_shown);
    let screen = egui::Rect::from_min_size(Pos2::ZERO, Vec2::new(1024.0, 640.0));
    for label in ["Picture 0.png", "Done", "Export COCO …", "Next picture (Right)", "Nothing in it"] {
        let node = harness.get_by_label(label);
        assert!(screen.contains_rect(node.rect()), "{label}: {:?}", node.rect());
    }
    assert!(harness.get_by_label("Picture 0.png").rect().height() > 380.0);
    harness.get_by_label("Done").accesskit_node();
    // Escape closes it.
    key(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(state(&harness).drawing().is_none());
    harness.state_mut().as_mut().expect("the app").state.apply(Action::Boxes(BoxAction::Open(None)));
    until(&mut harness, "the pictures", is_shown);
}

fn apply(harness: &mut Harness<'static, Option<App>>, action: Action) {
    harness.state_mut().as_mut().expect("the app").state.apply(action);
    harness.run_ok();
}

/// Boxes of cats, as one step.
fn set(harness: &mut Harness<'static, Option<App>>, name: &str, edges: &[[f32; 4]]) {
    let one = |[left, top, right, bottom]: &[f32; 4]| DrawnBox::from(("cat".to_owned(), *left, *top, *right, *bottom));
    let boxes = edges.iter().map(one).collect();
    apply(harness, Action::Boxes(BoxAction::Set { picture: name.into(), boxes, what: "draw boxes".into() }));
}

#[test]
fn what_is_held_is_let_go_when_the_boxes_change() {
    let folder = folder(2);
    let mut session = State::default();
    session.apply(Action::OpenBoxes(folder.path().to_path_buf()));
    let mut harness = window([1440.0, 900.0], session);
    until(&mut harness, "the pictures", is_shown);
    let both = [[0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 0.9, 0.9]];
    set(&mut harness, "0.png", &both[..1]);
    set(&mut harness, "0.png", &both);
    let first = || ("cat".to_owned(), [10, 20, 30, 40]);
    // The last box: its place is no more.
    let way = ([0.7, 0.7], [0.6, 0.6]);
    drag_with(&mut harness, "0.png", way, |harness| key(harness, Modifiers::NONE, Key::Delete));
    assert_eq!(drawn(&harness, "0.png"), [first()]);
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(drawn(&harness, "0.png").len(), 2);
    drag_with(&mut harness, "0.png", way, |harness| key(harness, Modifiers::COMMAND, Key::Z));
    assert_eq!(drawn(&harness, "0.png"), [first()]);
    key(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    // The first: its place is the other's now.
    let delete = |harness: &mut Harness<'static, Option<App>>| key(harness, Modifiers::NONE, Key::Delete);
    drag_with(&mut harness, "0.png", ([0.2, 0.3], [0.3, 0.3]), delete);
    assert_eq!(drawn(&harness, "0.png"), [("cat".to_owned(), [50, 50, 90, 90])]);
}

#[test]
fn a_small_box_is_moved_and_a_slip_draws_none() {
    let folder = folder(2);
    let mut session = State::default();
    session.apply(Action::OpenBoxes(folder.path().to_path_buf()));
    let mut harness = window([1440.0, 900.0], session);
    until(&mut harness, "the pictures", is_shown);
    let [x, y] = [0.5, 0.5];
    // About three points.
    set(&mut harness, "0.png", &[[x - 0.0015, y - 0.003, x + 0.0015, y + 0.003]]);
    drag(&mut harness, "0.png", [x, y], [0.7, 0.8]);
    assert_eq!(drawn(&harness, "0.png"), [("cat".to_owned(), [70, 80, 70, 80])]);
    drag(&mut harness, "0.png", [0.2, 0.2], [0.2, 0.6]);
    assert_eq!(drawn(&harness, "0.png").len(), 1);
}

#[test]
fn boxes_are_saved_while_they_are_drawn() {
    let folder = folder(2);
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("cats.glassbox.json");
    let mut session = State::default();
    session.apply(Action::OpenBoxes(folder.path().to_path_buf()));
    let mut harness = window([1440.0, 900.0], session);
    until(&mut harness, "the pictures", is_shown);
    apply(&mut harness, Action::SaveAs(path.clone()));
    set(&mut harness, "0.png", &[[0.1, 0.2, 0.3, 0.4]]);
    assert!(state(&harness).is_unsaved());
    key(&mut harness, Modifiers::COMMAND, Key::S);
    assert!(std::fs::read_to_string(&path).expect("a project").contains("0.png"));
    assert!(state(&harness).drawing().is_some() && !state(&harness).is_unsaved());
}
