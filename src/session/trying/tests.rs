use super::*;
use crate::model::layer::{Dense, Initialiser};
use crate::model::{Edit, LayerKind};
use crate::session::trial::Winner;
use crate::session::{Action, DataState, DiagnosisAction, RunStatus, Transport};

fn until(state: &mut State, what: &str, mut is_so: impl FnMut(&State) -> bool) {
    let (sender, woken) = channel();
    state.set_waker(Arc::new(move || _ = sender.send(())));
    loop {
        state.poll();
        if is_so(state) {
            return;
        }
        woken.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("never: {what}"));
    }
}

/// XOR whose hidden units all begin alike, trained for some steps, which finds it out.
fn faulty() -> State {
    let mut state = State::default();
    state.apply(Action::OpenTemplate("xor".into()));
    until(&mut state, "data", |state| matches!(state.data, DataState::Ready(_)));
    let layer = state.project.graph.find("Dense 1").expect("a layer").id;
    let Some(LayerKind::Dense(dense)) = state.project.graph.layer(layer).map(|layer| layer.kind.clone()) else {
        panic!("no Dense")
    };
    let kind = Dense { init: Initialiser::Zeros, ..dense }.into();
    state.apply(Action::Edit(Edit::Replace { layer, kind }));
    state.apply(Action::Transport(Transport::StepBatch));
    until(&mut state, "judged", |state| state.run.step == 1 && state.diagnosed().next().is_some());
    state
}

fn tried(state: &mut State) {
    let of = key(state.diagnosed().next().expect("a finding"));
    state.apply(DiagnosisAction::Try { of, remedy: 0 }.into());
    until(state, "tried", |state| state.trial().is_some_and(|trial| trial.outcome.is_some()));
}

#[test]
fn a_repair_is_tried_beside_the_run_and_kept_as_a_step_of_undo() {
    let mut state = faulty();
    let before = state.project.clone();
    tried(&mut state);
    assert_eq!((&state.project, state.run.step), (&before, 1), "the run and the project stay as they are");
    let trial = state.trial().expect("a trial");
    let Some(Ok(outcome)) = &trial.outcome else { panic!("{:?}", trial.outcome) };
    assert_eq!(outcome.winner, Winner::Repair, "{}", outcome.sentence);
    assert!(outcome.sentence.starts_with("The repair won after 200 steps: validation loss "), "{}", outcome.sentence);
    let lengths = trial.curves.each_ref().map(|curves| curves.train_loss.len());
    assert_eq!(lengths, [200, 200]);
    state.apply(DiagnosisAction::Keep.into());
    assert!(state.trial().is_none() && state.project != before);
    until(&mut state, "on the table", |state| state.run.step == 200 && state.run.status == RunStatus::Paused);
    assert_eq!(state.run.curves.train_loss.len(), 200);
    assert_eq!(state.runs.cards.len(), 1, "the run before is a row");
    until(&mut state, "mended", |state| state.diagnosed.at == Some(200) && state.works.diagnosing.is_none());
    assert!(state.diagnosed().next().is_none());
    state.apply(Action::Undo);
    assert_eq!(state.project, before);
}

#[test]
fn what_is_discarded_leaves_nothing() {
    let mut state = faulty();
    let before = state.project.clone();
    tried(&mut state);
    state.apply(DiagnosisAction::Discard.into());
    assert!(state.trial().is_none());
    // Before its end as well.
    let of = key(state.diagnosed().next().expect("a finding"));
    state.apply(DiagnosisAction::Try { of, remedy: 0 }.into());
    state.apply(DiagnosisAction::Discard.into());
    assert!(state.trial().is_none() && state.works.trying.is_none());
    assert_eq!((&state.project, state.run.step), (&before, 1));
    assert!(state.runs.cards.is_empty());
}

#[test]
fn both_runs_begin_alike_and_see_the_same_batches() {
    let mut state = faulty();
    tried(&mut state);
    // The unrepaired one is the run that is there, bit for bit.
    let own = state.run.curves.train_loss.values()[0];
    assert_eq!(state.trial().expect("a trial").curves[0].train_loss.values()[0].to_bits(), own.to_bits());
}
