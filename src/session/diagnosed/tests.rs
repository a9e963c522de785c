use std::sync::Arc;

use super::{DiagnosisAction, NoticeKind, State};
use crate::model::layer::{Dense, Initialiser};
use crate::model::{Edit, LayerKind, TrainingSpec};
use crate::session::{Action, DataState, Event, Finding, Spot, Transport};

/// Takes in news until this is so.
fn until(state: &mut State, what: &str, mut is_so: impl FnMut(&State) -> bool) -> Vec<Event> {
    let (sender, woken) = std::sync::mpsc::channel();
    state.set_waker(Arc::new(move || _ = sender.send(())));
    let mut events = Vec::new();
    loop {
        events.extend(state.poll());
        if is_so(state) {
            return events;
        }
        woken.recv_timeout(std::time::Duration::from_secs(60)).unwrap_or_else(|_| panic!("never: {what}"));
    }
}

/// A template with its data, diagnosed before Play, with a layer of another kind.
fn opened(template: &str, change: impl FnOnce(&mut Dense)) -> State {
    let mut state = State::default();
    state.apply(Action::OpenTemplate(template.into()));
    let id = state.project.graph.find("Dense 1").expect("a layer").id;
    let Some(LayerKind::Dense(mut dense)) = state.project.graph.layer(id).map(|layer| layer.kind.clone()) else {
        panic!("no Dense")
    };
    change(&mut dense);
    state.apply(Action::Edit(Edit::Replace { layer: id, kind: dense.into() }));
    until(&mut state, "judged", |state| {
        matches!(state.data, DataState::Ready(_))
            && state.works.diagnosing.is_none()
            && !state.diagnosed.is_stale
            && state.diagnosed.at.is_some()
    });
    state
}

fn rules(state: &State) -> Vec<&'static str> {
    state.diagnosed().map(|finding| finding.rule.id).collect()
}

#[test]
fn faults_are_told_before_play_is_pressed_and_a_remedy_mends_them_and_is_undone() {
    let mut state = opened("xor", |dense| dense.init = Initialiser::Zeros);
    assert_eq!(rules(&state), ["symmetric-weights"]);
    let found = state.findings();
    assert_eq!((found.len(), found[0].subject.as_str()), (1, "Dense 1"));
    assert!(matches!(&found[0].spot, Spot::Layers(layers) if layers.len() == 1));
    let before = state.project.graph.clone();
    let (label, action) = found[0].offers[0].clone();
    state.apply(action);
    assert_ne!(state.project.graph, before);
    assert!(state.history.undo_name().is_some_and(|name| name.eq_ignore_ascii_case(&label)));
    until(&mut state, "mended", |state| rules(state).is_empty());
    state.apply(Action::Undo);
    assert_eq!(state.project.graph, before);
    until(&mut state, "back", |state| rules(state) == ["symmetric-weights"]);
}

#[test]
fn what_was_dismissed_stays_so_until_it_is_asked_for() {
    let mut state = opened("xor", |dense| dense.init = Initialiser::Zeros);
    let [rule, place] = state.findings()[0].rule.clone().expect("a rule").key;
    let events = state.apply(DiagnosisAction::Dismiss { rule, place }.into());
    assert!(matches!(&events[..], [Event::Notice(notice)] if notice.offers.len() == 1), "{events:?}");
    assert!(state.findings().is_empty() && state.dismissed() == 1);
    state.apply(Action::SetTraining(TrainingSpec { batch_size: 3, ..state.project.training.clone() }));
    until(&mut state, "judged again", |state| !state.diagnosed.is_stale && state.works.diagnosing.is_none());
    assert!(state.findings().is_empty(), "another judgement changes nothing");
    state.apply(DiagnosisAction::ShowDismissed.into());
    assert_eq!((state.findings().len(), state.dismissed()), (1, 0));
}

#[test]
fn a_run_that_shows_a_fault_is_told_of_once_and_marks_its_place() {
    let mut state = opened("xor", |_| ());
    let training = TrainingSpec { learning_rate: 10.0, seed: 3, ..state.project.training.clone() };
    state.apply(Action::SetTraining(training));
    state.apply(Action::SetSpeed(1.0));
    state.apply(Action::Transport(Transport::Play));
    let is_found = |state: &State| rules(state).contains(&"diverging");
    let events = until(&mut state, "diverging", |state| is_found(state) && !state.diagnosed.told.is_empty());
    state.apply(Action::Transport(Transport::Pause));
    let told: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            Event::Notice(notice) if notice.kind == NoticeKind::Warning => Some(notice.text.as_str()),
            _ => None,
        })
        .collect();
    let once: std::collections::BTreeSet<&str> = told.iter().copied().collect();
    assert!(!told.is_empty() && told.len() == once.len(), "{told:?}");
    let found = state.findings();
    let is_diverging = |finding: &&Finding| finding.rule.as_ref().is_some_and(|rule| rule.key[0] == "diverging");
    let diverging = found.iter().find(is_diverging).expect("in the list");
    assert_eq!((diverging.subject.as_str(), &diverging.spot), ("Learning rate", &Spot::Training));
    // Another run has shown nothing yet.
    state.apply(Action::Transport(Transport::Reset));
    assert!(!is_found(&state));
}
