use std::time::Duration;

use super::*;
use crate::session::{Event, Transport};

/// A table whose `size` says all, in a project that has trained a little, with a test part.
fn trained(folder: &std::path::Path) -> State {
    let rows: String =
        (0..240).map(|i| format!("{},{},{}\n", i * 7 % 50, i * 13 % 29, ["a", "b"][i * 7 % 50 / 25])).collect();
    let path = folder.join("fruit.csv");
    std::fs::write(&path, format!("size,noise,kind\n{rows}")).unwrap();
    let mut state = State::default();
    state.apply(Action::OpenTable { path, target: Some("kind".into()) });
    until(&mut state, |state| state.dataset().is_some());
    let data = crate::model::DataSpec { test: 0.2, ..state.project().data.clone() };
    state.apply(Action::SetData(data));
    until(&mut state, |state| state.dataset().is_some_and(|dataset| dataset.test.is_some()));
    state.apply(Action::Transport(Transport::Play));
    until(&mut state, |state| state.run().epoch >= 20.0);
    state.apply(Action::Transport(Transport::Pause));
    state
}

/// Whatever has happened until then.
fn until(state: &mut State, is_there: impl Fn(&State) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..30_000 {
        events.extend(state.poll());
        if is_there(state) {
            return events;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    panic!("it never came");
}

#[test]
fn a_network_is_examined_beside_its_training() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = trained(folder.path());
    until(&mut state, |state| state.examined().baselines.len() == 3);
    state.apply(ExamineAction::Test.into());
    until(&mut state, |state| state.examined().doing.is_none());
    let test = state.examined().test.clone().unwrap();
    assert!(test.report.samples == 48 && test.step > 0 && test.baselines.len() == 3, "{test:?}");
    assert!(test.report.score > 0.8, "{test:?}");
    state.apply(ExamineAction::Columns.into());
    until(&mut state, |state| state.examined().doing.is_none());
    let worth = state.examined().columns.clone().unwrap();
    assert_eq!(worth.importance[0].column, "size");
    assert!(worth.importance[0].mean > 0.2 && worth.curves.len() == 2, "{worth:?}");
    std::fs::write(folder.path().join("new.csv"), "noise,size\n1,3\n2,45\n").unwrap();
    state.apply(ExamineAction::Predict(folder.path().join("new.csv")).into());
    until(&mut state, |state| state.examined().doing.is_none());
    let predictions = state.examined().predictions.clone().unwrap();
    assert_eq!((predictions.rows, predictions.answered, predictions.score, predictions.lines.len()), (2, 2, None, 3));
    assert!(predictions.csv.starts_with("row,kind,probability,probability of a"), "{predictions:?}");
    let to = folder.path().join("answers.csv");
    state.apply(ExamineAction::SavePredictions(to.clone()).into());
    until(&mut state, |state| state.examined().doing.is_none());
    assert_eq!(std::fs::read_to_string(&to).unwrap(), *predictions.csv);
    assert_eq!(state.examined().predictions.as_ref().unwrap().saved, Some(to));
    state.apply(ExamineAction::Predict(folder.path().join("gone.csv")).into());
    until(&mut state, |state| state.examined().doing.is_none());
    assert!(state.examined().refused.as_ref().unwrap().contains("gone.csv"));
    // What is cancelled says nothing, and the next question is heard.
    state.apply(ExamineAction::Columns.into());
    state.apply(ExamineAction::Cancel.into());
    assert_eq!(state.examined().doing, None);
    // Of another run nothing is known.
    state.apply(Action::Transport(Transport::Reset));
    until(&mut state, |state| state.run().step == 0);
    assert!(state.examined().test.is_none() && state.examined().baselines.len() == 3);
    // Other data is another question.
    let data = crate::model::DataSpec { test: 0.0, ..state.project().data.clone() };
    state.apply(Action::SetData(data));
    until(&mut state, |state| state.dataset().is_some_and(|dataset| dataset.test.is_none()));
    assert!(state.examined().test.is_none() && state.examined().columns.is_none());
}
