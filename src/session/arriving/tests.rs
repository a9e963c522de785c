//! Models and weights of others in a session: opened, loaded, undone, saved, and trained further.

use std::path::Path;
use std::time::{Duration, Instant};

use super::*;
use crate::files::tensors;
use crate::model::{DataSpec, DigitsSpec, Edit, transfer};
use crate::session::{DataState, RunStatus, Transport};
use crate::trainer::Kept;

fn until(state: &mut State, what: &str, done: impl Fn(&State) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !done(state) {
        assert!(Instant::now() < deadline, "{what} never came: {:?} {:?}", state.error, state.run.status);
        state.poll();
        std::thread::yield_now();
    }
}

fn ready(state: &mut State) {
    let is_there = |state: &State| {
        state.works.reading.is_none()
            && matches!(state.data, DataState::Ready(_))
            && !state.run.waits
            && state.run.status == RunStatus::Paused
    };
    until(state, "a run that is ready", is_there);
}

fn xor() -> State {
    let mut state = State { speed: 1.0, ..State::default() };
    state.apply(Action::OpenTemplate("xor".into()));
    ready(&mut state);
    state
}

/// The run as it stands.
fn kept(state: &State) -> Box<Kept> {
    let (reply, answer) = channel();
    state.tell(Command::Save(reply));
    answer.recv().unwrap().unwrap()
}

fn weight(state: &State, name: &str) -> Vec<f32> {
    match &kept(state).saved.now.tensors[name].numbers {
        crate::engine::Numbers::F32(values) => values.to_vec(),
        other => panic!("{other:?}"),
    }
}

/// Weights for XOR's network under PyTorch's names, all of which begin with `module.`; the last bias is not there.
fn write_weights(path: &Path) {
    let hidden = match xor().project.graph.find("Dense 1").unwrap().kind.spec().param("units") {
        Some(crate::model::ParamValue::Int(units)) => units as usize,
        other => panic!("{other:?}"),
    };
    let tensor = |name: &str, dims: &[usize], number: f32| NamedTensor {
        name: format!("module.{name}"),
        dims: dims.to_vec(),
        values: Values::F32(vec![number; dims.iter().product()]),
    };
    let all = [
        tensor("dense_1.weight", &[hidden, 2], 0.25),
        tensor("dense_1.bias", &[hidden], 0.5),
        tensor("dense_2.weight", &[2, hidden], -0.75),
    ];
    tensors::write(path, "by", "a test".into(), &all).unwrap();
}

fn offered(state: &mut State, path: &Path) {
    state.apply(Action::Open(path.to_owned()));
    until(state, "the table", |state| state.offered.is_some());
}

fn train(state: &mut State, steps: u64) {
    for step in state.run.step..state.run.step + steps {
        state.apply(Action::Transport(Transport::StepBatch));
        until(state, "a step", |state| state.run.step > step);
    }
}

#[test]
fn weights_are_offered_to_the_network_that_is_open_loaded_and_undone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.safetensors");
    write_weights(&path);
    let mut state = xor();
    train(&mut state, 3);
    let before = weight(&state, "dense_1.weight");
    let bias = weight(&state, "dense_2.bias");
    assert!(state.keeps_project(&Action::Open(path.clone())));
    offered(&mut state, &path);
    let offer = state.weights_offered().unwrap();
    assert_eq!((offer.mapping.rows.len(), offer.mapping.filled()), (4, 4), "a bias that isn't there is 0");
    let choose =
        |tensor: Option<&str>| OfferAction::Choose { weight: "dense_2.bias".into(), tensor: tensor.map(str::to_owned) };
    state.apply(Action::Offer(choose(None)));
    assert!(state.weights_offered().is_some_and(|offer| offer.is_changed() && offer.mapping.filled() == 3));
    let events = state.apply(Action::Offer(choose(Some("module.dense_1.weight"))));
    assert!(matches!(&events[..], [Event::Notice(notice)] if notice.text.contains("doesn't fit")), "{events:?}");
    let events = state.apply(Action::Offer(OfferAction::Load));
    let told = events.iter().find_map(|event| match event {
        Event::Notice(notice) => Some(notice.text.clone()),
        _ => None,
    });
    assert_eq!(told.as_deref(), Some("Loaded 3 of 4 weights from theirs.safetensors. The others stay as they are."));
    assert!(weight(&state, "dense_1.weight").iter().all(|v| *v == 0.25));
    assert_eq!(weight(&state, "dense_2.bias"), bias);
    assert_eq!((state.history.undo_name(), state.run.step), (Some("load weights of theirs.safetensors"), 3));
    // In the journal, as any change; it is there when the run is gone back in and when it comes from a file.
    train(&mut state, 2);
    let trained = weight(&state, "dense_1.weight");
    let file = folder.path().join("run.safetensors");
    let now = kept(&state);
    crate::session::checkpoint::save(&file, &state.project, &now).unwrap();
    let (_, read) = crate::session::checkpoint::load(&file).unwrap();
    assert_eq!(read.saved.history.changes(), now.saved.history.changes());
    assert!(now.saved.history.made().iter().any(|entry| entry.change.to_string() == "weights from theirs.safetensors"));
    let dataset = state.dataset().unwrap().clone();
    let again = crate::trainer::Run::resume(&state.project, dataset, crate::engine::Device::Cpu, read.saved);
    let mut again = crate::trainer::Debugger::new(again.unwrap(), 1 << 26).unwrap();
    again.goto_step(0).unwrap();
    again.goto_step(5).unwrap();
    let id = again.machine().program().find("dense_1.weight").unwrap();
    assert_eq!(again.machine().read(id).unwrap().data.to_vec(), trained);
    state.apply(Action::Undo);
    assert_eq!(weight(&state, "dense_1.weight"), before);
    state.apply(Action::Redo);
    assert!(weight(&state, "dense_1.weight").iter().all(|v| *v == 0.25));
}

#[test]
fn weights_that_were_loaded_before_the_first_step_are_those_that_the_run_begins_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.safetensors");
    write_weights(&path);
    let mut state = xor();
    let fresh = weight(&state, "dense_1.weight");
    offered(&mut state, &path);
    state.apply(Action::Offer(OfferAction::Load));
    train(&mut state, 2);
    state.apply(Action::Transport(Transport::Reset));
    ready(&mut state);
    assert!(weight(&state, "dense_1.weight").iter().all(|v| *v == 0.25));
    // Undone, the seed's own are.
    let mut state = xor();
    offered(&mut state, &path);
    state.apply(Action::Offer(OfferAction::Load));
    state.apply(Action::Undo);
    train(&mut state, 2);
    state.apply(Action::Transport(Transport::Reset));
    ready(&mut state);
    assert_eq!(weight(&state, "dense_1.weight"), fresh);
}

#[test]
fn weights_are_loaded_while_it_trains_between_two_steps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.safetensors");
    write_weights(&path);
    let mut state = xor();
    state
        .apply(Action::SetTraining(crate::model::TrainingSpec { epochs: 100_000, ..state.project().training.clone() }));
    state.apply(Action::Transport(Transport::Play));
    until(&mut state, "some steps", |state| state.run.step > 5);
    offered(&mut state, &path);
    state.apply(Action::Offer(OfferAction::Load));
    let step = state.run.step;
    until(&mut state, "more steps", |state| state.run.step > step + 5);
    assert_eq!(state.run.status, RunStatus::Running);
    state.apply(Action::Transport(Transport::Pause));
    until(&mut state, "a pause", |state| state.run.status == RunStatus::Paused);
    let made = kept(&state).saved.history.made().to_vec();
    let loaded: Vec<_> = made.iter().filter(|entry| entry.change.to_string().starts_with("weights from")).collect();
    assert!(matches!(&loaded[..], [entry] if entry.step > 0 && entry.instruction == 0), "{made:?}");
    assert!(state.run.marks.iter().any(|mark| mark.label.contains("weights from theirs.safetensors")));
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keras").join(name)
}

#[test]
fn a_model_that_is_opened_brings_its_report_and_keeps_both_where_it_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = State::default();
    state.apply(Action::Open(fixture("several.keras")));
    let mut events = Vec::new();
    while state.works.reading.is_some() {
        events.extend(state.poll());
    }
    assert!(events.contains(&Event::ModelArrived), "{events:?}");
    ready(&mut state);
    assert!(!state.is_unsaved(), "it is in its own file");
    let arrival = state.desk().arrival.clone().unwrap();
    assert!(arrival.report.findings.iter().any(|finding| !finding.layers.is_empty()));
    let layers = arrival.report.findings.iter().flat_map(|finding| &finding.layers);
    assert!(layers.clone().all(|id| state.project().graph.layer(*id).is_some()));
    let before = kept(&state).saved.now;
    let file = folder.path().join("mine.glassbox.json");
    state.apply(Action::SaveAs(file.clone()));
    until(&mut state, "the saved project", |state| !state.runs.cards.is_empty() && !state.unsaved);
    drop(state);
    let mut state = State::default();
    state.apply(Action::Open(file));
    until(&mut state, "its report", |state| state.desk.arrival.is_some());
    until(&mut state, "its run", |state| state.runs.live.is_some() && state.run.status == RunStatus::Paused);
    assert_eq!(state.desk.arrival.as_ref(), Some(&arrival));
    assert_eq!(kept(&state).saved.now.tensors, before.tensors);
}

#[test]
fn what_is_no_model_is_told_and_a_sample_is_taken_by_a_network_without_data() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("model.onnx");
    std::fs::write(&page, "<!DOCTYPE html><html>").unwrap();
    let mut state = xor();
    state.apply(Action::Open(page));
    until(&mut state, "an answer", |state| state.error.is_some());
    assert!(state.error.as_ref().is_some_and(|why| why.contains("web page")), "{:?}", state.error);
    assert_eq!(state.project().name, "XOR", "what was open stays");
    state.apply(Action::Open(fixture("words.keras")));
    until(&mut state, "the model", |state| state.desk.arrival.is_some());
    ready(&mut state);
    let Source::Sample(sample) = state.project.data.source.clone() else { panic!("other data") };
    let array = folder.path().join("x.npy");
    let count = sample.parts[0].shape.len();
    std::fs::write(&array, crate::files::npy::bytes(&sample.parts[0].shape.0, &vec![1.0; count])).unwrap();
    state.apply(Action::Open(array));
    until(&mut state, "the sample", |state| matches!(state.data, DataState::Ready(_)) && state.works.loader.is_none());
    let inputs = state.dataset().unwrap().train.fetch(&[0]).unwrap().inputs.to_vec();
    assert_eq!(inputs, vec![1.0; count]);
}

/// Transfer learning: two presses of a button, and it trains from what it knew.
#[test]
fn an_imported_model_gets_a_head_for_other_data_and_trains_with_what_it_knew() {
    let Some(model) = crate::data::test_data::test_data("models/emotion_model.hdf5") else { return };
    let mut state = State { speed: 1.0, ..State::default() };
    state.apply(Action::Open(model));
    until(&mut state, "the model", |state| state.desk.arrival.is_some());
    ready(&mut state);
    let known = weight(&state, "conv2d_2.weight");
    let digits = DigitsSpec { samples: 200, ..DigitsSpec::default() };
    state.apply(Action::SetData(DataSpec { source: Source::Digits(digits), ..DataSpec::default() }));
    until(&mut state, "the data", |state| matches!(state.data, DataState::Ready(_)) && state.works.loader.is_none());
    let graph = state.project().graph.clone();
    let head = transfer::head(&graph).unwrap();
    let edits = transfer::freeze_all_but(&graph, head);
    state.apply(Action::Edits { name: "freeze all but the last".into(), edits });
    let edits = transfer::new_head(&state.project().graph, head, crate::model::Task::Classes(10)).unwrap();
    state.apply(Action::Edits { name: "new head".into(), edits });
    assert_eq!(state.inference().problems, []);
    ready(&mut state);
    let before = kept(&state).saved.now;
    assert_eq!(weight(&state, "conv2d_2.weight"), known, "what it knew");
    train(&mut state, 2);
    let after = kept(&state).saved.now;
    let moved = |name: &str| before.tensors[name] != after.tensors[name];
    assert!(!moved("conv2d_2.weight") && moved("head.weight"));
    // The way back, with all weights.
    state.apply(Action::Transport(Transport::Reset));
    ready(&mut state);
    assert_eq!(weight(&state, "conv2d_2.weight"), known);
    let edit = Edit::Freeze { layer: state.project().graph.find("conv2d_2").unwrap().id, frozen: false };
    state.apply(Action::Edit(edit));
    ready(&mut state);
    assert_eq!(weight(&state, "conv2d_2.weight"), known);
}

#[test]
fn a_new_seed_draws_weights_and_undo_brings_those_of_the_file_back() {
    let mut state = State { speed: 1.0, ..State::default() };
    state.apply(Action::Open(fixture("several.keras")));
    ready(&mut state);
    let name = kept(&state).saved.now.tensors.keys().find(|name| name.ends_with(".weight")).unwrap().clone();
    let imported = weight(&state, &name);
    assert!(state.begins_with_given());
    state.apply(Action::Transport(Transport::Reset));
    ready(&mut state);
    assert_eq!(weight(&state, &name), imported);
    let mut drawn = Vec::new();
    for _ in 0..2 {
        state.apply(Action::Transport(Transport::NewSeed));
        ready(&mut state);
        drawn.push(weight(&state, &name));
        assert!(!state.begins_with_given());
    }
    assert!(drawn[0] != imported && drawn[1] != imported && drawn[0] != drawn[1]);
    state.apply(Action::Undo);
    ready(&mut state);
    assert_eq!(weight(&state, &name), drawn[0]);
    state.apply(Action::Undo);
    ready(&mut state);
    assert_eq!(weight(&state, &name), imported);
    assert!(state.begins_with_given());
}

#[test]
fn a_photo_is_asked_about_where_the_network_takes_colour_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    image::RgbImage::from_pixel(12, 8, image::Rgb([255, 0, 51])).save(file("red.png")).unwrap();
    std::fs::write(file("broken.png"), "no picture").unwrap();
    let mut state = xor();
    let DataState::Ready(dataset) = &state.data else { panic!("no data") };
    let part = data::Samples::in_memory(&[3, 4, 4], vec![0.5; 96], vec![0.0, 1.0]);
    let pictures =
        data::Dataset { input_shape: vec![3, 4, 4], train: part.clone(), validation: part, ..(**dataset).clone() };
    state.data = DataState::Ready(Arc::new(pictures));
    assert!(state.keeps_project(&Action::Open(file("red.png"))), "nobody is asked about unsaved changes");
    state.apply(Action::Open(file("broken.png")));
    until(&mut state, "the reason", |state| state.error.is_some());
    let why = state.error.clone().unwrap();
    assert!(why.contains("picture") && why.contains("broken.png"), "{why}");
    state.apply(Action::DismissError);
    state.apply(Action::Open(file("red.png")));
    let deadline = Instant::now() + Duration::from_secs(60);
    while !state.poll().contains(&Event::PhotoArrived) {
        assert!(Instant::now() < deadline, "the photo never came: {:?}", state.error);
        std::thread::yield_now();
    }
    let photo = state.photo().unwrap();
    let of = |channel: usize| &photo.sample[channel * 16..(channel + 1) * 16];
    assert_eq!((photo.name.as_str(), of(0), of(1)), ("red.png", &[1.0; 16][..], &[0.0; 16][..]));
    assert!(of(2).iter().all(|&blue| (blue - 0.2).abs() < 0.01));
    // It was one of that data.
    state.apply(Action::RegenerateData);
    ready(&mut state);
    assert_eq!(state.photo(), None);
    assert_eq!(state.apply(Action::ChoosePhoto), [Event::WantsPhoto]);
}
