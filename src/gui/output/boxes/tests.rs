use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::super::test_data::{names, part, state};
use super::super::{Tab, show};
use super::*;
use crate::data::{Dataset, Truth};
use crate::gui::test_window::{Bench, bench};
use crate::model::boxes::{Extent, Precision, Seen};
use crate::session::{DataState, Photo, State};
use crate::trace::Reply;

const LEFT: Extent = Extent { left: 0.0, top: 0.25, right: 0.5, bottom: 0.75 };
const RIGHT: Extent = Extent { left: 0.5, top: 0.25, right: 1.0, bottom: 0.75 };

/// Two pictures: of the first a bee is found and a cat is not; in the second, where there is nothing, a bee.
fn found() -> State {
    let there = |class: f32, at: Extent| [class, at.left, at.top, at.right, at.bottom];
    let targets = [there(0.0, LEFT), there(1.0, RIGHT), [-1.0, 0.0, 0.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0, 0.0]];
    let validation = part(&[3, 4, 4], vec![0.5; 96], targets.concat());
    let dataset = Dataset {
        input_shape: vec![3, 4, 4],
        truth: Truth::things(names(&["bee", "cat"]), 2),
        train: validation.clone(),
        validation,
        input_names: Vec::new(),
        plane: None,
        ..super::super::test_data::two_classes()
    };
    let seen = |score: f32, extent: Extent, cell| Seen { found: Found { class: 0, score, extent }, cell };
    let of_first = vec![seen(0.9, LEFT, [1, 0]), seen(0.1, RIGHT, [1, 1])];
    let finds = [
        Finds { row: 0, things: things(&targets[..2].concat()), found: of_first },
        Finds { row: 1, things: Vec::new(), found: vec![seen(0.6, RIGHT, [0, 1]), seen(0.5, LEFT, [1, 0])] },
    ];
    let mut precision = Precision::new(2);
    for picture in &finds {
        precision.add(&picture.things, &picture.found.iter().map(|seen| seen.found).collect::<Vec<_>>());
    }
    let output = OutputPicture::Boxes {
        pictures: finds.to_vec(),
        grid: Grid { classes: 2, rows: 2, columns: 2 },
        classes: precision.of_classes(),
        map50: precision.map50(),
        map: precision.map(),
        over: Over { asked: 2, of: 2 },
    };
    state(dataset, Some(output))
}

fn open(state: State, tab: Tab) -> Harness<'static, Bench<OutputUi>> {
    let local = OutputUi { tab, ..OutputUi::default() };
    let mut harness = bench([420.0, 640.0], state, local, |ui, state, local: &mut OutputUi, actions| {
        show(ui, state, local, (None, &mut None), actions);
    });
    harness.run_steps(3);
    harness
}

#[test]
fn pictures_say_what_was_found_the_worst_first() {
    let mut harness = open(found(), Tab::Output);
    harness.get_by_label("mAP@0.5 0.500");
    let top = |harness: &Harness<'_, _>, label: &str| harness.get_by_label(label).rect().left();
    let (first, second) = ("picture 0: 1 of 2 found, 0 false", "picture 1: 0 of 0 found, 2 false");
    assert!(top(&harness, second) < top(&harness, first), "two mistakes come before one");
    harness.get_by_label("worst first").click();
    harness.run_steps(2);
    assert!(top(&harness, first) < top(&harness, second));
}

#[test]
fn a_find_tells_how_its_numbers_come_about() {
    let mut state = found();
    let DataState::Ready(dataset) = state.data() else { panic!("no data") };
    let sample = dataset.validation.input(0).unwrap().to_vec();
    let mut values = vec![0.0; 28];
    // Something is there, in the third cell.
    values[2] = 2.5;
    *state.pose().try_output = Some(Reply { sample: sample.into(), values, class: None, probability: false });
    let mut harness = open(state, Tab::Output);
    harness.get_by_label("picture 0: 1 of 2 found, 0 false").click();
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("cat 0.").is_none(), "what is too uncertain is hidden");
    harness.get_by_label("bee 0.90: right, overlaps by 1.00").click();
    harness.run_steps(3);
    harness.get_by_label("bee 0.900, predicted by the cell in row 1, column 0");
    harness.get_by_label("σ(2.5) = 0.924");
    harness.get_by_label("(0 + 2σ(0) − ½) / 2 = 0.250");
    harness.get_by_label("← All pictures").click();
    harness.run_steps(3);
    harness.get_by_label("picture 0: 1 of 2 found, 0 false");
}

#[test]
fn the_precision_of_each_class_stands_in_a_table() {
    let harness = open(found(), Tab::Scores);
    harness.get_by_label("Precision over recall of each class");
    harness.get_by_label("bee");
    assert_eq!(harness.query_all_by_label("0.000").count(), 2, "no cat is found, by either measure");
}

#[test]
fn a_photo_of_ones_own_is_asked_about() {
    let mut state = found();
    let sample: Arc<[f32]> = vec![0.25; 48].into();
    let mut values = vec![0.0; 28];
    values[..4].copy_from_slice(&[9.0, -9.0, -9.0, -9.0]);
    values[20..24].fill(9.0);
    *state.pose().photo = Some(Photo { name: "mine.jpg".into(), sample: sample.clone() });
    let mut harness = open(state, Tab::TryIt);
    assert_eq!(harness.state().actions, [Action::TryInput(sample.to_vec())]);
    harness.get_by_label("mine.jpg, as the network sees it");
    let reply = Reply { sample, values, class: None, probability: false };
    *harness.state_mut().state.pose().try_output = Some(reply);
    harness.run_steps(3);
    harness.get_by_label("1 bee: 1.00");
    harness.get_by_label("Another photo …").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions.last(), Some(&Action::ChoosePhoto));
}
