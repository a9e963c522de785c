//! Models and weights of other programs in the whole window: the report, the table, and what becomes of them.

use std::path::PathBuf;

use super::hands::Hands;
use crate::model::{DataSpec, DigitsSpec, Source};
use crate::session::{Action, DataState, RunStatus, State};

fn fixture(name: &str) -> PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keras").join(name)
}

fn open(size: [f32; 2], path: PathBuf) -> Hands {
    let mut state = State::start(None);
    state.apply(Action::Open(path));
    let mut hands = Hands::at(size, state);
    hands.wait_until("the model", |hands| hands.state().desk().arrival.is_some());
    hands.wait_for_data();
    hands
}

#[test]
fn a_model_that_is_opened_shows_its_report_and_a_name_in_it_selects_the_layer() {
    let mut hands = open([1440.0, 900.0], fixture("foreign.keras"));
    hands.wait_until("the report", |hands| hands.sees("Import report"));
    assert!(hands.sees("Foreign"));
    let arrival = hands.state().desk().arrival.clone().expect("a report");
    let foreign = arrival.report.of(crate::trace::Fate::Foreign).next().cloned().expect("a foreign layer");
    hands.click(&format!("Show {}", foreign.what));
    assert_eq!(hands.state().selection().only(), foreign.layers.first().copied());
    hands.click("Close the report");
    assert!(!hands.sees("Import report"));
    hands.click("Menu");
    hands.click("Import report");
    assert!(hands.sees("Close the report"));
}

#[test]
fn what_a_network_without_a_loss_says_of_its_sample_is_shown() {
    let mut hands = open([1440.0, 900.0], fixture("several.keras"));
    hands.click("Close the report");
    hands.wait_until("its answers", |hands| {
        hands.state().run().picture.as_ref().is_some_and(|picture| !picture.answers.is_empty())
    });
    let answer = hands.state().run().picture.as_ref().expect("a picture").answers[0].clone();
    let first = crate::gui::numbers::significant(f64::from(answer.values[0]), 4);
    assert!(hands.sees(&format!("0: {first}")));
    assert!(hands.sees("This network predicts"));
}

#[test]
fn weights_are_mapped_in_a_table_that_a_person_changes_and_loaded() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("theirs.safetensors");
    let mut hands = Hands::at([1440.0, 900.0], State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    let units = match hands.state().project().graph.find("Dense 1").and_then(|layer| layer.kind.spec().param("units")) {
        Some(crate::model::ParamValue::Int(units)) => units as usize,
        other => panic!("{other:?}"),
    };
    let tensor = |name: &str, dims: &[usize]| crate::files::NamedTensor {
        name: name.to_owned(),
        dims: dims.to_vec(),
        values: crate::files::Values::F32(vec![0.5; dims.iter().product()]),
    };
    let all = [tensor("a.weight", &[units, 2]), tensor("a.bias", &[units]), tensor("spare", &[units, 2, 1])];
    crate::files::tensors::write(&path, "by", "a test".into(), &all).expect("a file");
    hands.apply(Action::Open(path));
    hands.wait_until("the table", |hands| hands.state().weights_offered().is_some());
    hands.wait();
    assert!(hands.sees("Weights of theirs.safetensors") && hands.sees("2 of 4 weights have a tensor."));
    hands.click("Tensor for dense_1.bias");
    hands.click("none");
    assert!(hands.sees("1 of 4 weights have a tensor."));
    hands.click("Tensor for dense_1.weight");
    hands.click("spare");
    let chosen = |hands: &Hands| {
        let offer = hands.state().weights_offered().expect("a table");
        offer.mapping.rows[0].taken.as_ref().map(|taken| taken.origin.text())
    };
    assert_eq!(chosen(&hands).as_deref(), Some("spare"));
    hands.click("Propose again");
    assert_eq!(chosen(&hands).as_deref(), Some("a.weight"));
    hands.click("Load into this network");
    assert!(hands.state().weights_offered().is_none());
    assert_eq!(hands.state().history().undo_name(), Some("load weights of theirs.safetensors"));
}

#[test]
fn transfer_learning_is_two_clicks() {
    let Some(model) = crate::data::test_data::test_data("models/emotion_model.hdf5") else { return };
    let mut hands = open([1440.0, 900.0], model);
    hands.click("Close the report");
    let digits = DigitsSpec { samples: 200, ..DigitsSpec::default() };
    hands.apply(Action::SetData(DataSpec { source: Source::Digits(digits), ..DataSpec::default() }));
    hands.wait_until(
        "the digits",
        |hands| matches!(hands.state().data(), DataState::Ready(data) if data.classes().is_some()),
    );
    hands.wait();
    hands.click("Freeze all but the last layer");
    hands.click("New last layer for the data");
    assert_eq!(hands.state().inference().problems, []);
    assert!(hands.state().project().graph.layers().any(|layer| layer.name == "Head" && !layer.frozen));
    hands.wait_until("a run", |hands| hands.state().run().status == RunStatus::Paused);
    assert!(hands.sees("Press Space to train"));
}
