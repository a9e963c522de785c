//! The whole panel, driven as a person would.

mod own_points;

use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::test_data::{classes, halves, images, names, part, reconstructions, reply, state, table, two_classes};
use super::*;
use crate::data::{Truth, Unit};
use crate::gui::test_window::{Bench, bench};
use crate::model::{LayerKind, layer};
use crate::trace::{LayerPicture, NumberPairs, NumberScores, Picture, Prediction, Preview, Ranking};

/// The panel with the unit that the pointer on the canvas rests on.
#[derive(Default)]
struct Local {
    output: OutputUi,
    unit: Option<HoveredUnit>,
    pinned: Option<HoveredUnit>,
}

type World = Harness<'static, Bench<Local>>;

fn open(state: State, tab: Tab) -> World {
    let local = Local { output: OutputUi { tab, ..OutputUi::default() }, unit: None, pinned: None };
    let mut harness = bench([420.0, 320.0], state, local, |ui, state, local: &mut Local, actions| {
        show(ui, state, &mut local.output, (local.unit, &mut local.pinned), actions);
    });
    harness.run_steps(3);
    harness
}

#[test]
fn hovering_the_surface_reads_the_place_and_every_class() {
    let mut harness = open(state(two_classes(), Some(halves())), Tab::Output);
    let rect = harness.get_by_label("Network output, over the plane").rect();
    harness.hover_at(rect.lerp_inside(egui::vec2(0.75, 0.25)));
    harness.run_steps(4);
    harness.get_by_label("x 3, y 3");
    harness.get_by_label("left 10.0 %");
    harness.get_by_label("right 90.0 %");
    harness.hover_at(rect.lerp_inside(egui::vec2(0.25, 0.5)));
    harness.run_steps(4);
    harness.get_by_label("left 90.0 %");
    harness.get_by_label("training point left");
}

#[test]
fn what_is_given_back_stands_below_what_went_in() {
    let harness = open(reconstructions(), Tab::Output);
    harness.get_by_label("R² 0.75");
    harness.get_by_label("sample 3 (bee): its reconstruction is off by 0.42");
    let tabs = ["Samples", "Plane", "Draw"].map(|tab| harness.get_by_label(tab).rect().left());
    assert!(tabs.is_sorted());
    assert!(harness.query_by_label("Confusion").is_none());
}

#[test]
fn the_point_of_the_plane_follows_the_pointer_and_the_arrow_keys() {
    let mut harness = open(reconstructions(), Tab::Codes);
    let wanted = |harness: &World| {
        let mut wanted = PictureWishes::default();
        harness.state().local.output.subscribe(&harness.state().state, None, &mut wanted);
        wanted.code.unwrap()
    };
    assert_eq!(wanted(&harness), [0.5, 0.5]);
    let plane = harness.get_by_label("Plane of codes of Dense 1, at 0.5, 0.5. Arrow keys move the point.").rect();
    harness.hover_at(plane.lerp_inside(egui::vec2(0.25, 0.25)));
    harness.run_steps(2);
    let at = wanted(&harness);
    assert!((at[0] - 0.25).abs() < 0.02 && (at[1] - 0.75).abs() < 0.02, "{at:?}");
    harness.get_by_label_contains("Plane of codes").focus();
    harness.run_steps(2);
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(2);
    harness.key_press(egui::Key::ArrowDown);
    harness.run_steps(2);
    let moved = wanted(&harness);
    assert!(moved[0] > at[0] && moved[1] < at[1], "{at:?} {moved:?}");
    // Nothing is decoded for who looks at something else.
    harness.state_mut().local.output.tab = Tab::Output;
    let mut wanted = PictureWishes::default();
    harness.state().local.output.subscribe(&harness.state().state, None, &mut wanted);
    assert_eq!(wanted.code, None);
}

#[test]
fn before_training_the_points_stand_on_neutral_ground() {
    let harness = open(state(two_classes(), None), Tab::Output);
    harness.get_by_label("The data, over the plane");
    harness.get_by_label("untrained");
}

#[test]
fn the_word_that_it_is_untrained_keeps_its_room_beside_long_names() {
    let legend = |classes: &[&str]| {
        let mut dataset = two_classes();
        dataset.truth = Truth::classes(names(classes));
        let local = Local::default();
        let mut harness =
            bench([248.0, 300.0], state(dataset, None), local, |ui, state, local: &mut Local, actions| {
                show(ui, state, &mut local.output, (local.unit, &mut local.pinned), actions);
            });
        harness.run_steps(3);
        harness
    };
    let short = legend(&["left", "right"]);
    let whole = short.get_by_label("untrained").rect();
    short.get_by_label_contains("right");
    let long = legend(&["a class with a long name", "another with a long name", "a third", "a fourth"]);
    assert_eq!(long.get_by_label("untrained").rect(), whole);
    assert!(long.query_all_by_value("a… ").next().is_some(), "shortened, with the whole under the pointer");
}

#[test]
fn test_points_come_and_go_and_steps_switch() {
    let mut harness = open(state(two_classes(), Some(halves())), Tab::Output);
    let rect = harness.get_by_label("Network output, over the plane").rect();
    let on_test_point = rect.lerp_inside(egui::vec2(0.5, 0.25));
    harness.hover_at(on_test_point);
    harness.run_steps(4);
    harness.get_by_label("validation point right");
    harness.get_by_label("validation").click();
    harness.get_by_label("hard border").click();
    harness.run_steps(4);
    assert!(!harness.state().local.output.test && harness.state().local.output.steps);
    harness.hover_at(on_test_point);
    harness.run_steps(4);
    assert!(harness.query_by_label("validation point right").is_none());
}

#[test]
fn a_hovered_unit_takes_the_place_of_the_output() {
    let mut state = state(two_classes(), Some(halves()));
    let id = state.pose().project.graph.add(LayerKind::Dense(layer::Dense::default()), [0.0, 0.0]);
    let units = vec![vec![0.0; 16].into(), vec![-2.0; 16].into()];
    let preview = Preview::Plane { resolution: 4, units };
    let mut picture = (**state.run().picture.as_ref().unwrap()).clone();
    picture.layers.insert(id, LayerPicture { preview, ..LayerPicture::default() });
    state.pose().run.picture = Some(Arc::new(picture));
    let mut harness = open(state, Tab::Output);
    harness.state_mut().local.unit = Some((id, 1));
    harness.run_steps(2);
    harness.get_by_label("Dense 1 · unit 1, at most ±2");
    assert!(harness.query_by_label_contains("over the plane").is_none());
    harness.state_mut().local.unit = Some((id, 9));
    harness.run_steps(2);
    harness.get_by_label("Network output, over the plane");
}

#[test]
fn the_fitted_curve_is_read_between_its_points() {
    let dataset = Dataset {
        input_shape: vec![1],
        input_names: names(&["x"]),
        truth: Truth::numbers(names(&["y"]), &[0.0], &[2.0]),
        train: part(&[1], vec![0.0, 2.0], vec![0.0, 1.0]),
        validation: part(&[1], Vec::new(), Vec::new()),
        plane: None,
        ..two_classes()
    };
    let curve = OutputPicture::Curve { x: vec![0.0, 2.0].into(), y: vec![0.0, 2.0].into() };
    let mut harness = open(state(dataset, Some(curve)), Tab::Output);
    let rect = harness.get_by_label("Fitted curve").rect();
    harness.hover_at(rect.center());
    harness.run_steps(4);
    harness.get_by_label("y predicted 1");
}

#[test]
fn wrong_samples_are_marked_and_can_be_shown_alone_and_large() {
    let mut harness = open(images(), Tab::Output);
    harness.get_by_label("1 of 4 wrong");
    let wrong = "sample 3: predicted cat (75.0 %), truth bee";
    harness.get_by_label("sample 0: predicted ant (75.0 %), truth ant");
    harness.get_by_label("only wrong").click();
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("sample 0:").is_none());
    harness.get_by_label(wrong).click();
    harness.run_steps(2);
    let image = harness.get_by_label("The sample, large").rect();
    harness.hover_at(image.lerp_inside(egui::vec2(0.75, 0.25)));
    harness.run_steps(4);
    harness.get_by_label("row 0, column 1: 0.8125");
    let asked = Action::TryInput(vec![0.75, 0.8125, 0.875, 0.9375]);
    assert_eq!(harness.state().actions, [asked], "asked once, not every frame");
    // The answer to something else is none to *this.
    *harness.state_mut().state.pose().try_output = Some(reply(&[0.0; 4], &[0.2, 0.5, 0.3]));
    harness.run_steps(2);
    assert!(harness.query_by_label("bee: 50.0 %").is_none());
    *harness.state_mut().state.pose().try_output = Some(reply(&[0.75, 0.8125, 0.875, 0.9375], &[0.2, 0.5, 0.3]));
    harness.run_steps(2);
    harness.get_by_label("bee: 50.0 %");
    harness.get_by_label("← All samples").click();
    harness.run_steps(2);
    harness.get_by_label(wrong);
}

#[test]
fn a_cell_of_the_confusion_matrix_reads_and_shows_its_samples() {
    let mut harness = open(images(), Tab::Output);
    harness.get_by_label("Confusion").click();
    harness.run_steps(2);
    let cell = "truth bee, predicted cat: 1 (50.0 % of its row)";
    harness.get_by_label(cell).hover();
    harness.run_steps(4);
    harness.get_by_label(&format!("{cell}\nClick to see the samples."));
    harness.get_by_label(cell).click();
    harness.run_steps(2);
    assert_eq!(harness.query_all_by_label_contains("sample ").count(), 1);
    harness.get_by_label("1 of 4");
    harness.get_by_label_contains("truth bee, predicted cat  ×").click();
    harness.run_steps(2);
    assert_eq!(harness.query_all_by_label_contains("sample ").count(), 4);
}

#[test]
fn scores_of_each_class() {
    let harness = open(images(), Tab::Scores);
    harness.get_by_label("accuracy 75.0 %");
    harness.get_by_label("top-2 87.5 %");
    harness.get_by_label("0.625");
    harness.get_by_label("PR area");
    // bee: precision 1, recall 1/2, F1 2/3; cat: precision 1/2, recall 1, F1 2/3.
    assert_eq!(harness.query_all_by_label("66.7 %").count(), 2);
    assert_eq!(harness.query_all_by_label("50.0 %").count(), 2);
}

#[test]
fn drawing_asks_and_shows_bars() {
    let mut harness = open(images(), Tab::Output);
    harness.get_by_label("Draw").click();
    harness.run_steps(2);
    assert!(harness.state().actions.is_empty(), "an empty pad asks nothing");
    harness.get_by_label("centre").click();
    harness.run_steps(2);
    assert!(harness.state().local.output.try_it.as_drawn);
    let pad = harness.get_by_label("Drawing pad").rect();
    harness.drag_at(pad.lerp_inside(egui::vec2(0.25, 0.25)));
    harness.run_steps(2);
    harness.drop_at(pad.lerp_inside(egui::vec2(0.25, 0.25)));
    harness.run_steps(2);
    let Some(Action::TryInput(ink)) = harness.state().actions.last().cloned() else { panic!("nothing is asked") };
    assert!(ink[0] > 0.5 && ink[3] < 0.5, "{ink:?}");
    *harness.state_mut().state.pose().try_output = Some(reply(&ink, &[0.1, 0.2, 0.7]));
    harness.run_steps(2);
    harness.get_by_label("cat: 70.0 %");
    harness.get_by_label("What the network sees");
    harness.get_by_label("Clear").click();
    harness.run_steps(2);
    assert!(harness.state().local.output.try_it.pad.is_empty());
}

#[test]
fn a_quick_stroke_is_drawn_all_the_way() {
    let mut harness = open(images(), Tab::TryIt);
    harness.run_steps(2);
    let pad = harness.get_by_label("Drawing pad").rect();
    let at = |x: f32, y: f32| pad.lerp_inside(egui::vec2(x, y));
    let (from, corner, to) = (at(0.25, 0.25), at(0.75, 0.25), at(0.75, 0.75));
    harness.hover_at(from);
    harness.run_steps(2);
    let button = |pos, pressed| {
        let (button, modifiers) = (egui::PointerButton::Primary, egui::Modifiers::NONE);
        egui::Event::PointerButton { pos, button, pressed, modifiers }
    };
    let moved = egui::Event::PointerMoved;
    // Within one frame.
    harness.input_mut().events.extend([button(from, true), moved(corner), moved(to), button(to, false)]);
    harness.run_steps(3);
    let ink = &harness.state().local.output.try_it.pad.ink;
    assert!([0, 1, 3].iter().all(|&i| ink[i] > 0.5) && ink[2] < 0.5, "{ink:?}");
}

#[test]
fn a_row_is_typed_and_columns_of_one_choice_belong_together() {
    let inputs = rows::inputs(&table());
    assert_eq!(inputs.len(), 2);
    assert!(
        matches!(&inputs[1], rows::Input::Choice { first: 1, options, .. } if options == &names(&["female", "male"]))
    );
    let classes = classes(Vec::new(), vec![0; 4], 2, Ranking::default());
    let mut harness = open(state(table(), Some(classes)), Tab::Output);
    harness.get_by_label("Try it").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::TryInput(vec![0.5, 0.0, 1.0])]);
    harness.get_by_label("sex: male").click();
    harness.run_steps(2);
    harness.get_by_label("female").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions.last(), Some(&Action::TryInput(vec![0.5, 1.0, 0.0])));
    let age = harness.get_by_role_and_label(egui::Role::Slider, "age").accesskit_node().numeric_value();
    assert_eq!(age, Some(45.0), "in years, as the table has it");
    for (text, asked) in [("52,5", Some(1.25)), ("old", None)] {
        harness.state_mut().actions.clear();
        harness.get_by_label("age as a number").click();
        harness.run_steps(2);
        harness.get_by_label("age as a number").type_text(text);
        harness.key_press(egui::Key::Enter);
        harness.run_steps(2);
        let asked = asked.map(|age| Action::TryInput(vec![age, 1.0, 0.0]));
        assert_eq!(harness.state().actions.last(), asked.as_ref(), "{text}");
    }
    assert_eq!(harness.get_by_label("age as a number").accesskit_node().value().as_deref(), Some("old"));
}

#[test]
fn a_sample_of_a_table_is_read_as_the_table_has_it() {
    let prediction = Prediction { row: 0, truth: 1, predicted: 1, confidence: 0.75 };
    let classes = classes(vec![prediction], vec![0, 0, 0, 1], 2, Ranking::default());
    let mut harness = open(state(table(), Some(classes)), Tab::Output);
    harness.get_by_label("sample 0: predicted right (75.0 %), truth right").click();
    harness.run_steps(2);
    for words in ["age", "45", "sex", "male"] {
        harness.get_by_label(words);
    }
}

#[test]
fn a_cell_shows_its_samples_however_far_down_they_stand() {
    let mut state = images();
    let one = |row: u32, predicted| Prediction { row, truth: 0, predicted, confidence: 0.9 };
    let predictions: Vec<_> = (0..1000).map(|row| one(row, u32::from(row == 997))).collect();
    let confusion = vec![999, 1, 0, 0, 0, 0, 0, 0, 0];
    let output = Some(classes(predictions, confusion, 3, Ranking::default()));
    state.pose().run.picture = Some(Arc::new(Picture { step: 10, output, ..Picture::default() }));
    let mut harness = open(state, Tab::Confusion);
    harness.get_by_label("truth ant, predicted bee: 1 (0.1 % of its row)").click();
    harness.run_steps(2);
    harness.get_by_label("sample 997: predicted bee (90.0 %), truth ant");
    harness.get_by_label_contains("truth ant, predicted bee  ×").click();
    harness.run_steps(2);
    let before = harness.query_all_by_label_contains("sample ").count();
    harness.get_by_label("Show 96 more").click_accesskit();
    harness.run_steps(2);
    assert_eq!(harness.query_all_by_label_contains("sample ").count(), before + 96);
}

#[test]
fn predicted_against_true_says_how_good_it_is() {
    let dataset = Dataset { truth: Truth::numbers(names(&["price"]), &[0.0], &[1.0]), ..table() };
    let scores = NumberScores { r2: 0.0, rmse: 1.0, not_finite: 0 };
    let over = Over { asked: 2, of: 2 };
    let outputs = vec![NumberPairs { pairs: vec![[1.0, 2.0], [3.0, 2.0]].into(), scores }];
    let pairs = OutputPicture::Numbers { outputs, r2: 0.0, over };
    let mut harness = open(state(dataset, Some(pairs)), Tab::Output);
    harness.get_by_label("R² 0");
    harness.get_by_label("RMSE 1");
    let rect = harness.get_by_label("price: predicted against true").rect();
    // The axes run from 0.9 to 3.1.
    harness.hover_at(rect.lerp_inside(egui::vec2(0.1 / 2.2, 0.5)));
    harness.run_steps(4);
    harness.get_by_label("true 1");
    harness.get_by_label("off by 1");
}

#[test]
fn of_several_numbers_each_has_its_own_picture_and_scores() {
    let truth = Truth::numbers(names(&["price", "age"]), &[0.0; 2], &[1.0; 2]);
    let of = |pairs: Vec<[f32; 2]>, r2, rmse| NumberPairs {
        pairs: pairs.into(),
        scores: NumberScores { r2, rmse, not_finite: 0 },
    };
    let outputs = vec![of(vec![[1.0, 2.0], [3.0, 2.0]], 0.25, 1.0), of(vec![[30.0, 31.0], [40.0, 41.0]], 0.75, 2.5)];
    let over = Over { asked: 2, of: 2 };
    let picture = OutputPicture::Numbers { outputs, r2: 0.5, over };
    let mut harness = open(state(Dataset { truth, ..table() }, Some(picture)), Tab::Output);
    harness.get_by_label("R² 0.25");
    harness.get_by_label("mean R² 0.5");
    harness.get_by_label("Target").click();
    harness.run_steps(3);
    harness.get_by_role_and_label(egui::accesskit::Role::Button, "age").click();
    harness.run_steps(3);
    harness.get_by_label("age: predicted against true");
    harness.get_by_label("R² 0.75");
    harness.get_by_label("RMSE 2.5");
    // In a narrow panel nothing is cut off at its edge.
    let width = 260.0;
    harness.set_size(egui::vec2(width, 300.0));
    harness.run_steps(3);
    for name in ["Target", "age: predicted against true", "RMSE 2.5", "mean R² 0.5"] {
        let rect = harness.get_by_label(name).rect();
        assert!(rect.right() <= width && rect.bottom() <= 300.0, "{name}: {rect}");
    }
    let [target, plot] = ["Target", "age: predicted against true"].map(|name| harness.get_by_label(name).rect());
    assert!(plot.height() > 2.0 * target.height() && target.bottom() <= plot.top(), "{target} above {plot}");
}

#[test]
fn scores_that_are_not_over_all_samples_say_over_how_many() {
    let mut state = images();
    let mut picture = (**state.run().picture.as_ref().unwrap()).clone();
    if let Some(OutputPicture::Classes { over, probability, .. }) = &mut picture.output {
        (*over, *probability) = (Over { asked: 4, of: 60_000 }, false);
    }
    state.pose().run.picture = Some(Arc::new(picture));
    let mut harness = open(state, Tab::Output);
    // What the loss makes no probability is called none.
    harness.get_by_label("sample 3: predicted cat (score 75.0 %), truth bee");
    for tab in ["Samples", "Confusion", "Scores"] {
        harness.get_by_label(tab).click();
        harness.run_steps(2);
        harness.get_by_label("over 4 of 60,000 samples");
    }
}

#[test]
fn numbers_over_a_part_of_the_samples_say_so() {
    let truth = Truth::numbers(names(&["price"]), &[0.0], &[1.0]);
    let scores = NumberScores { r2: 0.435, rmse: 1.0, not_finite: 1 };
    let over = Over { asked: 2_000, of: 12_000 };
    let outputs = vec![NumberPairs { pairs: vec![[1.0, 2.0]].into(), scores }];
    let pairs = OutputPicture::Numbers { outputs, r2: 0.435, over };
    let harness = open(state(Dataset { truth, ..table() }, Some(pairs)), Tab::Output);
    harness.get_by_label("over 2,000 of 12,000 samples, 1 not finite");
    harness.get_by_label("R² 0.435");
}

#[test]
fn before_training_samples_of_every_class_are_shown_however_they_are_stored() {
    let mut state = images();
    let targets: Vec<f32> = (0..900).map(|row| (row / 300) as f32).collect();
    let DataState::Ready(dataset) = state.data() else { panic!("no data") };
    let validation = part(&[1, 2, 2], vec![0.5; 3600], targets);
    *state.pose().data = DataState::Ready(Arc::new(Dataset { validation, ..(**dataset).clone() }));
    let run = state.pose().run;
    (run.step, run.picture) = (0, None);
    let harness = open(state, Tab::Output);
    for class in ["ant", "bee", "cat"] {
        assert!(harness.query_all_by_label_contains(&format!(": {class}")).count() >= 30, "{class}");
    }
}

#[test]
fn what_was_picked_and_typed_goes_with_its_data() {
    let mut harness = open(state(table(), Some(classes(Vec::new(), vec![0; 4], 2, Ranking::default()))), Tab::TryIt);
    harness.get_by_label("sample 0 · truth right");
    *harness.state_mut().state.pose().try_output = Some(reply(&[0.5, 0.0, 1.0], &[0.25, 0.75]));
    harness.run_steps(2);
    harness.get_by_label("right: 75.0 %");
    harness.get_by_label("sex: male").click();
    harness.run_steps(2);
    harness.get_by_label("female").click();
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("truth right").is_none(), "it is no row of the data any more");
    harness.get_by_label("right: 75.0 %");
    // Another table with as many columns: its own row, and no answer yet.
    harness.state_mut().local.output.picked = Some(0);
    let validation = part(&[3], vec![-1.0, 1.0, 0.0], vec![0.0]);
    let other = Dataset { input_names: names(&["height", "in = yes", "in = no"]), validation, ..table() };
    *harness.state_mut().state.pose().data = DataState::Ready(Arc::new(other));
    harness.run_steps(2);
    assert_eq!(harness.state().local.output.picked, None);
    assert_eq!(harness.state().actions.last(), Some(&Action::TryInput(vec![-1.0, 1.0, 0.0])));
    harness.get_by_label("sample 0 · truth left");
    assert!(harness.query_by_label("right: 75.0 %").is_none());
}

#[test]
fn a_row_shows_its_own_numbers_and_0_as_0() {
    let unit = Unit { offset: 0.529_411_8, scale: 0.499_134_3, decimals: Some(0), ..Unit::PLAIN };
    let validation = part(&[3], vec![unit.scaled(0.0), 1.0, 0.0], vec![3.7 / 1.9]);
    let units = vec![unit, Unit::PLAIN, Unit::PLAIN];
    let truth = Truth::numbers(names(&["price"]), &[-3.7], &[1.9]);
    let dataset = Dataset { input_units: units, validation, truth, ..table() };
    let harness = open(state(dataset, None), Tab::TryIt);
    let age = harness.get_by_role_and_label(egui::Role::Slider, "age").accesskit_node().numeric_value();
    assert_eq!(age, Some(0.0));
    harness.get_by_label("sample 0 · true price 0");
}

#[test]
fn a_picture_of_other_data_is_not_drawn() {
    let classes = classes(Vec::new(), vec![0; 4], 2, Ranking::default());
    open(state(two_classes(), Some(classes)), Tab::Output).get_by_label("The data, over the plane");
    let mut other = images();
    other.pose().run.picture = Some(Arc::new(Picture { step: 10, output: Some(halves()), ..Picture::default() }));
    open(other, Tab::Confusion).get_by_label("Nothing to train yet");
}

#[test]
fn without_data_it_says_where_to_get_some() {
    open(State::default(), Tab::Output).get_by_label("No data yet");
}
