//! Getting data for a project that is open.

use std::time::{Duration, Instant};

use super::*;
use crate::session::Action;

fn loaded(state: &mut State) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while state.works.loader.is_some() {
        assert!(Instant::now() < deadline, "{:?}", state.data);
        state.poll();
        std::thread::yield_now();
    }
}

fn table(state: &State) -> &CsvSpec {
    let Source::Csv(csv) = &state.project.data.source else { panic!("no table") };
    csv
}

#[test]
fn a_table_that_is_read_in_another_encoding_keeps_what_was_said_of_it_and_undo_takes_it_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let row = |i: usize| format!("{},{},{}\n", i * 7 % 31, ["Łódź", "Kraków"][i % 2], ["nie", "tak"][i / 2 % 2]);
    let text = format!("x,miasto,wynik\n{}", (0..60).map(row).collect::<String>());
    std::fs::write(&path, encoding_rs::WINDOWS_1250.encode(&text).0).expect("a table");
    let mut state = State::default();
    state.apply(Action::OpenTemplate("xor".into()));
    state.apply(Action::Open(path));
    loaded(&mut state);
    let mut data = state.project.data.clone();
    let Source::Csv(csv) = &mut data.source else { panic!("no table") };
    csv.target = "wynik".into();
    csv.scaling = crate::model::Scaling::None;
    state.apply(Action::SetData(data));
    loaded(&mut state);
    let cities = |state: &State| state.table.as_ref().expect("a table").columns[1].values.clone();
    let as_said = |name: &str| Box::new(Reading { encoding: Some(name.into()), ..Reading::default() });
    let before = state.project.data.clone();
    state.apply(Action::ReadTable(as_said("windows-1252")));
    loaded(&mut state);
    assert!(cities(&state).contains("£ód") && !cities(&state).contains("Łódź"), "{}", cities(&state));
    assert_eq!(table(&state).reading.encoding.as_deref(), Some("windows-1252"));
    state.apply(Action::ReadTable(as_said("windows-1250")));
    loaded(&mut state);
    assert!(cities(&state).contains("Kraków") && cities(&state).contains("Łódź"), "{}", cities(&state));
    let now = table(&state);
    assert_eq!((now.target.as_str(), now.scaling), ("wynik", crate::model::Scaling::None));
    assert_eq!(now.reading.encoding.as_deref(), Some("windows-1250"));
    state.apply(Action::Undo);
    state.apply(Action::Undo);
    loaded(&mut state);
    assert_eq!(state.project.data, before);
    // Nothing is changed where it can't be read like that.
    state.apply(Action::ReadTable(as_said("klingon")));
    loaded(&mut state);
    assert!(state.error.as_ref().is_some_and(|why| why.contains("No text encoding")), "{:?}", state.error);
    assert!(state.project.data == before && state.dataset().is_some());
}

#[test]
fn a_file_that_has_changed_shows_its_new_columns_though_it_cannot_be_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let rows: String = (0..40).map(|i| format!("{},{}\n", i * 3 % 41, i * 7 % 13)).collect();
    std::fs::write(&path, format!("x,y\n{rows}")).expect("a table");
    let mut state = State::default();
    state.apply(Action::OpenTemplate("xor".into()));
    state.apply(Action::Open(path.clone()));
    loaded(&mut state);
    let target = table(&state).target.clone();
    let names = |state: &State| {
        let table = state.table.as_ref().expect("a table");
        table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>()
    };
    std::fs::write(&path, format!("a,b\n{rows}")).expect("a table");
    state.apply(Action::ReloadData);
    loaded(&mut state);
    assert_eq!(names(&state), ["a", "b"], "what can be predicted now");
    let DataState::Failed(why) = &state.data else { panic!("{:?}", state.data) };
    assert!(why.starts_with(&format!("There is no column \"{target}\". Choose one of: a, b.")), "{why}");
    assert!(state.dataset().is_none() && state.error.is_none());
    std::fs::write(&path, format!("x,y\n{rows}")).expect("a table");
    state.apply(Action::ReloadData);
    loaded(&mut state);
    assert!(state.dataset().is_some());
}
