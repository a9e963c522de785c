use std::time::{Duration, Instant};

use super::*;
use crate::model::DataSpec;
use crate::persist::project_file;
use crate::session::{Action, DataState, Event, Transport};

fn until(state: &mut State, what: &str, done: impl Fn(&State) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !done(state) {
        assert!(Instant::now() < deadline, "{what} never came: {:?} {:?}", state.error, state.data);
        state.poll();
        std::thread::yield_now();
    }
}

/// Pictures without labels.
fn folder(pictures: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..pictures {
        let shade = move |x: u32, y: u32| image::Rgb([x as u8 * 2, y as u8 * 2, i as u8 * 20]);
        image::RgbImage::from_fn(48, 32, shade).save(folder.path().join(format!("{i}.png"))).unwrap();
    }
    folder
}

fn opened(folder: &Path) -> State {
    let mut state = State { speed: 1.0, ..State::default() };
    state.apply(Action::OpenBoxes(folder.to_path_buf()));
    until(&mut state, "the pictures", |state| state.drawing().is_some_and(|drawing| drawing.shown.is_some()));
    state
}

fn set(state: &mut State, picture: &str, class: &str, edges: [f32; 4]) {
    let [left, top, right, bottom] = edges;
    let boxes = vec![DrawnBox::from((class.to_owned(), left, top, right, bottom))];
    let what = "draw a box".to_owned();
    state.apply(Action::Boxes(BoxAction::Set { picture: picture.into(), boxes, what }));
}

#[test]
fn a_folder_without_labels_becomes_data_by_drawing() {
    let folder = folder(6);
    let mut state = opened(folder.path());
    assert!(matches!(&state.data, DataState::Failed(why) if why.contains("Draw some")), "{:?}", state.data);
    let drawing = state.drawing().unwrap();
    assert_eq!((drawing.at, drawing.folder.as_ref().unwrap().pictures.len()), (0, 6));
    let colours = drawing.shown.clone().unwrap().unwrap();
    assert_eq!((colours.size, &colours.pixels[..6]), ([48, 32], &[0, 0, 0, 2, 0, 0][..]));
    set(&mut state, "0.png", "cat", [0.1, 0.2, 0.5, 0.6]);
    set(&mut state, "3.png", "dog", [0.5, 0.5, 1.0, 1.0]);
    set(&mut state, "4.png", "cat", [0.0, 0.0, 0.3, 0.4]);
    assert!(matches!(state.data, DataState::Failed(_)), "it is loaded when all is drawn");
    state.apply(Action::Undo);
    assert_eq!(state.drawn().unwrap().len(), 2);
    state.apply(Action::Redo);
    state.apply(Action::Boxes(BoxAction::Show(4)));
    until(&mut state, "the picture", |state| state.drawing().is_some_and(|drawing| drawing.shown.is_some()));
    assert_eq!(state.drawing().unwrap().picture().unwrap().name, "4.png");
    state.apply(Action::Boxes(BoxAction::Close));
    until(&mut state, "the data", |state| matches!(state.data, DataState::Ready(_)));
    let dataset = state.dataset().unwrap().clone();
    assert_eq!(dataset.train.len() + dataset.validation.len(), 3);
    assert_eq!(dataset.truth.names, ["cat", "dog"]);
    assert!(state.inference().is_valid(), "the last layer follows: {:?}", state.inference().problems);
    assert_eq!(state.project.training, super::super::propose::for_drawn(dataset.train.len()));
    state.apply(Action::Transport(Transport::StepBatch));
    until(&mut state, "a step", |state| state.run.step > 0);
}

#[test]
fn labels_are_corrected_for_training_and_never_on_disk() {
    let folder = folder(4);
    for i in 0..4 {
        std::fs::write(folder.path().join(format!("{i}.txt")), "0 0.5 0.5 0.5 0.5\n").unwrap();
    }
    let files = || {
        let mut all: Vec<(PathBuf, Vec<u8>)> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect();
        all.sort();
        all
    };
    let before = files();
    let mut state = State { speed: 1.0, ..State::default() };
    state.apply(Action::OpenBoxes(folder.path().to_path_buf()));
    until(&mut state, "the data", |state| matches!(state.data, DataState::Ready(_)));
    let first = state.dataset().unwrap().clone();
    let file = first.validation.picture(0).unwrap().path().to_path_buf();
    state.apply(Action::Boxes(BoxAction::Open(Some(file.clone()))));
    until(&mut state, "the picture", |state| state.drawing().is_some_and(|drawing| drawing.shown.is_some()));
    let picture = state.drawing().unwrap().picture().unwrap().clone();
    assert_eq!((&picture.file, picture.boxes.as_ref().unwrap().len()), (&file, 1));
    set(&mut state, &picture.name, "0", [0.0, 0.0, 0.25, 0.25]);
    assert!(Arc::ptr_eq(&first, state.dataset().unwrap()), "not with every box");
    state.apply(Action::Boxes(BoxAction::Close));
    until(
        &mut state,
        "the data",
        |state| matches!(&state.data, DataState::Ready(dataset) if !Arc::ptr_eq(dataset, &first)),
    );
    let target = state.dataset().unwrap().validation.target(0).unwrap().to_vec();
    assert!(target[..5] != first.validation.target(0).unwrap()[..5], "{target:?}");
    // Written for others, beside the labels if a person wishes.
    let to = tempfile::tempdir().unwrap();
    let to = to.path().join("boxes.json");
    state.apply(Action::Boxes(BoxAction::Export(to.clone())));
    until(&mut state, "the file", |state| state.works.drawing.is_empty());
    assert!(std::fs::read_to_string(&to).unwrap().contains("\"categories\""));
    assert_eq!(files(), before);
    // What the label says again.
    state.apply(Action::Boxes(BoxAction::Open(None)));
    state.apply(Action::Boxes(BoxAction::Forget(picture.name)));
    state.apply(Action::Boxes(BoxAction::Close));
    until(&mut state, "the data", |state| {
        let is_same = |d: &Arc<crate::data::Dataset>| d.validation.target(0).ok() == first.validation.target(0).ok();
        matches!(&state.data, DataState::Ready(dataset) if is_same(dataset))
    });
    assert!(state.drawn().unwrap().is_empty());
}

#[test]
fn what_else_changes_of_the_data_is_loaded_at_once() {
    let folder = folder(4);
    let mut state = opened(folder.path());
    set(&mut state, "0.png", "cat", [0.1, 0.2, 0.5, 0.6]);
    set(&mut state, "1.png", "cat", [0.1, 0.2, 0.5, 0.6]);
    let data = DataSpec { validation: 0.5, ..state.project.data.clone() };
    state.apply(Action::SetData(data));
    until(&mut state, "the data", |state| matches!(state.data, DataState::Ready(_)));
    // Another project has nothing to draw.
    state.apply(Action::OpenTemplate("xor".into()));
    assert!(state.drawing().is_none());
    state.apply(Action::Boxes(BoxAction::Open(None)));
    assert!(state.drawing().is_none());
}

/// A label of YOLO for each of four pictures.
fn labelled(label: &str) -> tempfile::TempDir {
    let folder = folder(4);
    (0..4).for_each(|i| std::fs::write(folder.path().join(format!("{i}.txt")), label).unwrap());
    folder
}

fn loaded(folder: &Path) -> State {
    let mut state = State { speed: 1.0, ..State::default() };
    state.apply(Action::OpenBoxes(folder.to_path_buf()));
    until(&mut state, "the data", |state| matches!(state.data, DataState::Ready(_)));
    state
}

/// Whether the samples are those of boxes drawn by hand.
fn is_by_hand(state: &State) -> bool {
    let notes = |dataset: &Arc<crate::data::Dataset>| dataset.notes.join(" ");
    matches!(&state.data, DataState::Ready(dataset) if notes(dataset).contains("drawn or corrected by hand"))
}

#[test]
fn whatever_is_set_can_be_saved_and_opened() {
    let crowd: String = (0..205).map(|i| format!("0 {} 0.5 0.01 0.5\n", 0.1 + f64::from(i) * 0.004)).collect();
    let folder = labelled(&crowd);
    std::fs::write(folder.path().join("classes.txt"), "long ".repeat(40)).unwrap();
    let mut state = loaded(folder.path());
    state.apply(Action::Boxes(BoxAction::Open(None)));
    until(&mut state, "the picture", |state| state.drawing().is_some_and(|drawing| drawing.shown.is_some()));
    let picture = state.drawing().unwrap().picture().unwrap().clone();
    let boxes = picture.boxes.clone().unwrap();
    assert_eq!((boxes.len(), boxes[0].class.chars().count() > DrawnBox::LONGEST), (205, true));
    let apply = |state: &mut State, boxes: Vec<DrawnBox>| {
        let set = BoxAction::Set { picture: picture.name.clone(), boxes, what: "change boxes".into() };
        let said = |event| if let Event::Notice(notice) = event { Some(notice.text) } else { None };
        state.apply(Action::Boxes(set)).into_iter().filter_map(said).collect::<Vec<_>>().join(" ")
    };
    let opened = |state: &State| {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.glassbox.json");
        project_file::save(state.project(), &path).unwrap();
        project_file::load(&path).unwrap()
    };
    let mut moved = boxes.clone();
    moved[3].extent.top = 0.0;
    assert_eq!(apply(&mut state, moved.clone()), "");
    assert_eq!(*state.drawn().unwrap()[0].boxes, moved);
    assert_eq!(opened(&state), state.project);
    // One more, and one that is nothing, are refused in words.
    let more = [&moved[..], &boxes[3..4]].concat();
    let said = apply(&mut state, more);
    assert!(said.contains("200 boxes at most"), "{said}");
    let mut empty = moved.clone();
    empty[0].class = " ".into();
    let said = apply(&mut state, empty);
    assert!(said.contains("is invalid: it needs the name"), "{said}");
    assert_eq!(*state.drawn().unwrap()[0].boxes, moved);
    assert_eq!(apply(&mut state, moved[..204].to_vec()), "", "fewer is fine");
    assert_eq!(opened(&state), state.project);
}

#[test]
fn boxes_drawn_while_data_is_loading_are_loaded_when_all_is_drawn() {
    let folder = labelled("0 0.5 0.5 0.5 0.5\n");
    let mut state = loaded(folder.path());
    let begin = |state: &mut State, validation: f64, edges| {
        let data = DataSpec { validation, ..state.project.data.clone() };
        state.apply(Action::SetData(data));
        assert!(matches!(state.data, DataState::Loading { .. }));
        state.apply(Action::Boxes(BoxAction::Open(None)));
        set(state, "0.png", "0", edges);
    };
    // Done after the load.
    begin(&mut state, 0.5, [0.0, 0.0, 0.25, 0.25]);
    until(&mut state, "the data", |state| matches!(state.data, DataState::Ready(_)));
    assert!(!is_by_hand(&state), "not with every box");
    state.apply(Action::Boxes(BoxAction::Close));
    until(&mut state, "the boxes", is_by_hand);
    // Done before it.
    state.apply(Action::Boxes(BoxAction::Open(None)));
    state.apply(Action::Boxes(BoxAction::Forget("0.png".into())));
    state.apply(Action::Boxes(BoxAction::Close));
    until(&mut state, "the labels", |state| matches!(state.data, DataState::Ready(_)) && !is_by_hand(state));
    begin(&mut state, 0.25, [0.5, 0.5, 1.0, 1.0]);
    state.apply(Action::Boxes(BoxAction::Close));
    until(&mut state, "an end of loading", |state| matches!(state.data, DataState::Ready(_)));
    assert!(is_by_hand(&state));
    // Nothing to load: nothing was changed.
    state.apply(Action::Boxes(BoxAction::Open(None)));
    state.apply(Action::Boxes(BoxAction::Close));
    assert!(matches!(state.data, DataState::Ready(_)));
}

#[test]
fn every_picture_that_is_shown_has_a_number_of_its_own() {
    let folder = folder(4);
    let mut state = opened(folder.path());
    let mut seen = vec![state.drawing().unwrap().version];
    for at in [1, 0, 1] {
        state.apply(Action::Boxes(BoxAction::Show(at)));
        seen.push(state.drawing().unwrap().version);
    }
    state.apply(Action::Boxes(BoxAction::Close));
    state.apply(Action::Boxes(BoxAction::Open(None)));
    until(&mut state, "the pictures", |state| state.drawing().is_some_and(|drawing| drawing.shown.is_some()));
    seen.push(state.drawing().unwrap().version);
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
}

#[test]
fn what_is_still_to_be_drawn_is_no_failure_and_a_folder_that_is_gone_is_one() {
    let unlabelled = folder(4);
    let mut state = opened(unlabelled.path());
    assert!(state.is_to_be_drawn());
    state.apply(Action::Boxes(BoxAction::Close));
    assert!(state.is_to_be_drawn(), "nothing was drawn: {:?}", state.data);
    let folder = labelled("0 0.5 0.5 0.5 0.5\n");
    let mut state = loaded(folder.path());
    drop(folder);
    state.apply(Action::ReloadData);
    until(&mut state, "a failure", |state| matches!(state.data, DataState::Failed(_)));
    assert!(!state.is_to_be_drawn(), "{:?}", state.data);
}

#[test]
fn undo_stops_where_something_else_was_changed() {
    let folder = folder(4);
    let mut state = opened(folder.path());
    state.apply(Action::RenameProject("mine".into()));
    set(&mut state, "0.png", "cat", [0.1, 0.2, 0.5, 0.6]);
    state.apply(Action::Undo);
    assert!(state.drawn().unwrap().is_empty());
    let events = state.apply(Action::Undo);
    assert!(matches!(&events[..], [Event::Notice(notice)] if notice.text == "No more boxes to undo."), "{events:?}");
    assert_eq!(state.project.name, "mine");
    state.apply(Action::Redo);
    assert_eq!(state.drawn().unwrap().len(), 1);
    state.apply(Action::Undo);
    state.apply(Action::Boxes(BoxAction::Close));
    state.apply(Action::Undo);
    assert_ne!(state.project.name, "mine");
}
