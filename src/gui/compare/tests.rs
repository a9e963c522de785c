//! The tab, driven as a person would.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::test_runs::{card, curves, state, with_units};
use super::*;
use crate::data::{Dataset, Samples, Truth};
use crate::gui::anchors;
use crate::gui::dialogs::{Dialogs, FilePicker, Purpose};
use crate::gui::test_window::{Bench, bench};
use crate::gui::thumbnails::Thumbnails;
use crate::session::{Action, Anchor, DataState, RunAction, RunOutput, RunStatus, Transport};
use crate::trace::{Ending, Guess, NumberPairs, NumberScores, OutputPicture, Over, Prediction, Ranking, RunCard};

struct NoPicker;

impl FilePicker for NoPicker {
    fn pick(&self, _: &Purpose) -> Option<std::path::PathBuf> {
        None
    }
}

type Window = Harness<'static, Bench<WorkspaceUi>>;

/// What the tab asked of the runs is done at once, as far as it is about what is shown.
fn open(state: State) -> Window {
    open_in([1440.0, 852.0], state)
}

fn open_in(size: [f32; 2], state: State) -> Window {
    let mut dialogs = Dialogs::new(Arc::new(NoPicker));
    let mut thumbnails = Thumbnails::default();
    let mut harness = bench(size, state, WorkspaceUi::default(), move |ui, state, own, actions| {
        let (thumbnails, dialogs) = (&mut thumbnails, &mut dialogs);
        show(ui, &mut Desk { state, own, thumbnails, dialogs, actions, is_named: false });
    });
    steps(&mut harness);
    harness
}

fn steps(harness: &mut Window) {
    for _ in 0..4 {
        harness.step();
        let bench = harness.state_mut();
        for action in &bench.actions {
            match action {
                Action::Runs(RunAction::Pick(picked)) => bench.state.pose().runs.picked.clone_from(picked),
                Action::Runs(RunAction::Pair(pair)) => bench.state.pose().runs.pair.clone_from(pair),
                _ => {}
            }
        }
    }
}

fn picked(harness: &Window) -> Vec<&str> {
    harness.state().state.runs().picked.iter().map(String::as_str).collect()
}

fn row(n: usize) -> String {
    format!("Run {n}, best {}.0 %", n * 10)
}

fn click(harness: &mut Window, label: &str, modifiers: Modifiers) {
    harness.get_by_label(label).click_modifiers(modifiers);
    steps(harness);
}

fn asked(harness: &Window) -> Vec<&RunAction> {
    let runs = harness.state().actions.iter().filter_map(|action| match action {
        Action::Runs(RunAction::Pick(_) | RunAction::Pair(_)) => None,
        Action::Runs(action) => Some(action),
        _ => None,
    });
    runs.collect()
}

#[test]
fn before_the_first_run_it_says_what_to_do_and_offers_to_do_it() {
    let mut given = state(0);
    given.pose().run.status = RunStatus::Paused;
    let mut harness = open(given);
    harness.get_by_label("Train a network, and its run appears here.");
    harness.get_by_label("Train").click();
    steps(&mut harness);
    assert_eq!(harness.state().actions, [Action::Transport(Transport::Play)]);
}

#[test]
fn the_newest_are_picked_first_and_clicks_pick_others() {
    let mut harness = open(state(6));
    assert_eq!(picked(&harness), ["run-4", "run-5", "run-6"]);
    assert_eq!(harness.state().state.runs().pair, Some(["run-6".into(), "run-5".into()]));
    click(&mut harness, &row(2), Modifiers::NONE);
    assert_eq!(picked(&harness), ["run-2"]);
    click(&mut harness, &row(4), Modifiers::COMMAND);
    assert_eq!(picked(&harness), ["run-2", "run-4"]);
    assert_eq!(harness.state().state.runs().pair, Some(["run-4".into(), "run-2".into()]));
    click(&mut harness, &row(6), Modifiers::SHIFT);
    assert_eq!(picked(&harness), ["run-4", "run-5", "run-6"]);
    click(&mut harness, &row(5), Modifiers::COMMAND);
    assert_eq!(picked(&harness), ["run-4", "run-6"]);
    click(&mut harness, "Show the curve of Run 1", Modifiers::NONE);
    assert_eq!(picked(&harness), ["run-1", "run-4", "run-6"], "the colour adds without a key");
}

#[test]
fn keys_go_through_the_rows_pick_rename_and_delete() {
    let mut harness = open(state(4));
    click(&mut harness, &row(1), Modifiers::NONE);
    harness.key_press(Key::ArrowDown);
    steps(&mut harness);
    assert_eq!(harness.state().local.compare.current.as_deref(), Some("run-2"));
    assert_eq!(picked(&harness), ["run-1"]);
    harness.key_press(Key::Space);
    steps(&mut harness);
    assert_eq!(picked(&harness), ["run-1", "run-2"]);
    harness.key_press(Key::Delete);
    steps(&mut harness);
    assert_eq!(asked(&harness), [&RunAction::Delete(vec!["run-1".into(), "run-2".into()])]);
    harness.state_mut().actions.clear();
    harness.key_press(Key::End);
    steps(&mut harness);
    harness.key_press(Key::F2);
    steps(&mut harness);
    harness.get_by_label("Name of the run").type_text("!");
    steps(&mut harness);
    harness.key_press(Key::Enter);
    steps(&mut harness);
    assert_eq!(asked(&harness), [&RunAction::Rename { id: "run-4".into(), name: "Run 4!".into() }]);
}

#[test]
fn columns_sort_and_the_filter_hides() {
    let mut harness = open(state(5));
    let top = |harness: &Window, n: usize| harness.get_by_label(&row(n)).rect().top();
    assert!(top(&harness, 1) < top(&harness, 5));
    click(&mut harness, "Sort by best accuracy", Modifiers::NONE);
    assert!(top(&harness, 5) < top(&harness, 1), "the best first");
    click(&mut harness, "Sort by best accuracy", Modifiers::NONE);
    assert!(top(&harness, 1) < top(&harness, 5), "and the other way round");
}

#[test]
fn a_filter_hides_rows_and_says_what_it_does_not_know() {
    let mut harness = open(state(5));
    harness.state_mut().local.compare.filter = "best score > 0.35".into();
    steps(&mut harness);
    assert!(harness.query_by_label(&row(3)).is_none());
    harness.get_by_label(&row(4));
    harness.get_by_label("Runs 2 of 5");
    harness.state_mut().local.compare.filter = "beauty > 1".into();
    steps(&mut harness);
    harness.get_by_label_contains("There is no column “beauty”");
    harness.state_mut().local.compare.filter = "nobody".into();
    steps(&mut harness);
    harness.get_by_label("No matching runs");
}

#[test]
fn a_run_is_brought_back_started_again_and_noted() {
    let mut harness = open(state(3));
    for anchor in [Anchor::BringBack, Anchor::StartLike] {
        let place = anchors::find(&harness.ctx, anchor).expect("the button is on the screen");
        harness.hover_at(place.center());
        harness.drag_at(place.center());
        harness.drop_at(place.center());
        steps(&mut harness);
    }
    assert_eq!(asked(&harness), [&RunAction::BringBack("run-3".into()), &RunAction::StartLike("run-3".into())]);
    harness.state_mut().actions.clear();
    harness.get_by_label("Note …").click();
    steps(&mut harness);
    harness.get_by_label("Note on the run").type_text("wide");
    steps(&mut harness);
    harness.key_press(Key::Enter);
    steps(&mut harness);
    assert_eq!(asked(&harness), [&RunAction::Note { id: "run-3".into(), note: "wide".into() }]);
}

#[test]
fn what_was_deleted_can_be_put_back() {
    let mut given = state(2);
    given.pose().runs.deleted.push(Arc::new(card(9)));
    let mut harness = open(given);
    harness.get_by_label("deleted Run 9");
    harness.get_by_label("Undo delete").click();
    steps(&mut harness);
    assert_eq!(asked(&harness), [&RunAction::Undelete(1)]);
}

#[test]
fn picked_curves_lie_over_each_other_and_are_read_at_one_place() {
    let mut given = state(2);
    for n in 1..=2 {
        given.pose().runs.curves.insert(format!("run-{n}"), curves(100 * n, n as f32 * 2.0));
    }
    let mut harness = open(given);
    let chart = harness.get_by_label("Val loss of runs chart: Run 1 0.5, Run 2 0.25").rect();
    // The axis goes to step 200.
    harness.hover_at(egui::pos2(chart.left() + chart.width() * 0.25, chart.center().y));
    steps(&mut harness);
    harness.get_by_label("step 50");
    harness.get_by_label("Run 1 0.75");
    harness.get_by_label("Run 2 0.8125");
    harness.hover_at(egui::pos2(chart.left() + chart.width() * 0.75, chart.center().y));
    steps(&mut harness);
    harness.get_by_label("step 150");
    assert!(harness.query_by_label("Run 1 0.5").is_none(), "it had ended");
    harness.get_by_label("Difference").click();
    steps(&mut harness);
    harness.get_by_label_contains("Difference of runs chart: Run 2 − Run 1 0.125");
}

/// Four samples of two classes; the second and the third are told apart by the two networks.
fn classified(given: &mut State) {
    let answers = |predicted: [u32; 4]| {
        let one = |row: usize| Prediction {
            row: row as u32,
            truth: (row % 2) as u32,
            predicted: predicted[row],
            confidence: 0.75,
        };
        let predictions: Vec<Prediction> = (0..4).map(one).collect();
        let picture = OutputPicture::Classes {
            predictions: predictions.clone(),
            confusion: vec![1, 1, 1, 1],
            classes: 2,
            ranking: Ranking::default(),
            over: Over { asked: 4, of: 4 },
            probability: true,
        };
        Arc::new(RunOutput { step: 1, picture, predictions: predictions.into(), guesses: [].into() })
    };
    given.pose().runs.outputs.insert("run-2".into(), answers([0, 1, 0, 1]));
    given.pose().runs.outputs.insert("run-1".into(), answers([0, 0, 1, 1]));
    let part = || Samples::in_memory(&[3], (0..12).map(|i| i as f32).collect::<Vec<_>>(), [0.0, 1.0, 0.0, 1.0]);
    let truth = Truth::classes(vec!["no".into(), "yes".into()]);
    *given.pose().data = DataState::Ready(Arc::new(Dataset {
        name: "answers".into(),
        input_units: Vec::new(),
        test: None,
        plane: None,
        notes: Vec::new(),
        giveaways: Vec::new(),
        input_shape: vec![3],
        input_names: vec!["a".into(), "b".into(), "c".into()],
        truth,
        train: part(),
        validation: part(),
        encoding: Arc::default(),
        origin: None,
        places: None,
        own_validation: false,
    }));
}

#[test]
fn two_outputs_stand_side_by_side_and_their_disagreements_are_listed() {
    let mut given = state(2);
    classified(&mut given);
    let mut harness = open(given);
    harness.get_by_label("2 of 4");
    assert_eq!(harness.query_all_by_label_contains("truth no, predicted no").count(), 2, "two matrices");
    harness.get_by_label("Show them").click();
    steps(&mut harness);
    harness.get_by_label("Sample 1: truth yes, predictions yes and no");
    harness.get_by_label("Sample 2: truth no, predictions no and yes");
    harness.get_by_label("Run 1 right 0").click();
    steps(&mut harness);
    harness.get_by_label("No such samples");
    harness.get_by_label("Disagreements 2");
}

/// Three samples of a number, the second of which the two networks say the most different things about.
#[test]
fn two_that_predict_numbers_are_listed_by_how_far_they_are_apart() {
    let mut given = state(2);
    classified(&mut given);
    let answers = |predicted: [f32; 3]| {
        let guess = |row: usize| Guess { row: row as u32, truth: row as f32, predicted: predicted[row] };
        let guesses: Vec<Guess> = (0..3).map(guess).collect();
        // Of the second output the two say the opposite, and the last sample is the most different.
        let second = |guess: &Guess| Guess { predicted: -predicted[guess.row as usize] * guess.row as f32, ..*guess };
        let seconds: Vec<Guess> = guesses.iter().map(second).collect();
        let scores = NumberScores { r2: 0.5, rmse: 1.0, not_finite: 0 };
        let pairs = guesses.iter().map(|guess| [guess.truth, guess.predicted]).collect();
        let outputs = vec![NumberPairs { pairs, scores }];
        let picture = OutputPicture::Numbers { outputs, r2: 0.5, over: Over { asked: 3, of: 3 } };
        Arc::new(RunOutput { step: 1, picture, predictions: [].into(), guesses: [guesses, seconds].into() })
    };
    given.pose().runs.outputs.insert("run-2".into(), answers([0.0, 1.0, 2.5]));
    given.pose().runs.outputs.insert("run-1".into(), answers([0.25, 4.0, 2.75]));
    let DataState::Ready(dataset) = given.data() else { panic!("no data") };
    let outputs = vec!["price".to_owned(), "age".to_owned()];
    let truth = Truth::numbers(outputs, &[0.0; 2], &[1.0; 2]);
    *given.pose().data = DataState::Ready(Arc::new(Dataset { truth, ..Dataset::clone(dataset) }));
    let mut harness = open(given);
    harness.get_by_label("Largest differences").click();
    steps(&mut harness);
    let tops = |harness: &Window, labels: [&str; 3]| labels.map(|label| harness.get_by_label(label).rect().top());
    let rows = [
        "Sample 1: truth 1, predictions 1 and 4, 3 apart",
        "Sample 0: truth 0, predictions 0 and 0.25, 0.25 apart",
        "Sample 2: truth 2, predictions 2.5 and 2.75, 0.25 apart",
    ];
    assert!(tops(&harness, rows).is_sorted(), "the largest difference first");
    harness.get_by_label("error of Run 2").click();
    steps(&mut harness);
    let [one, zero, two] = tops(&harness, rows);
    assert!(two < zero && zero < one, "the largest error first: {one} {zero} {two}");
    harness.get_by_label("difference").click();
    harness.get_by_label("Target").click();
    steps(&mut harness);
    harness.get_by_role_and_label(egui::Role::Button, "age").click();
    steps(&mut harness);
    let rows = [
        "Sample 1: truth 1, predictions −1 and −4, 3 apart",
        "Sample 2: truth 2, predictions −5 and −5.5, 0.5 apart",
        "Sample 0: truth 0, predictions 0 and 0, 0 apart",
    ];
    assert!(tops(&harness, rows).is_sorted(), "of the second output");
}

#[test]
fn networks_are_laid_layer_against_layer_with_what_differs_lit() {
    let mut given = state(2);
    let wide = with_units(&given.runs().cards[1], 16);
    given.pose().runs.cards[1] = Arc::new(wide);
    let mut harness = open(given);
    harness.get_by_label("Networks").click();
    steps(&mut harness);
    harness.get_by_label_contains("units 16").rect();
    assert_eq!(harness.query_all_by_label_contains(": differs").count(), 2);
    harness.get_by_label("From Run 1 to Run 2");
    harness.get_by_label("8 → 16 units");
}

#[test]
fn how_a_run_ended_stands_in_its_row_and_all_fits_the_smallest_window() {
    let mut given = state(3);
    let broken = RunCard { ending: Ending::NotFinite { step: 410 }, best_score: None, ..card(3) };
    given.pose().runs.cards[2] = Arc::new(broken);
    for size in [[1024.0, 592.0], [683.0, 379.0], [512.0, 272.0]] {
        let harness = open_in(size, given_again(&given));
        let row = harness.get_by_label("Run 3, best –").rect();
        assert!(row.right() <= size[0] + 0.5 && row.bottom() <= size[1], "{row:?} in {size:?}");
        for anchor in [Anchor::RunsFilter, Anchor::RunsChart, Anchor::RunsPair, Anchor::StartLike] {
            let place = anchors::find(&harness.ctx, anchor).expect("it is drawn");
            assert!(place.left() >= 0.0 && place.right() <= size[0] + 0.5, "{anchor:?} {place:?} in {size:?}");
        }
    }
}

fn given_again(state: &State) -> State {
    let mut again = super::test_runs::state(0);
    again.pose().runs.cards.clone_from(&state.runs().cards);
    again
}
