use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::gui::test_window::window;
use crate::session::{Action, DataState};

/// XOR with hidden units that all begin alike, whose first remedy is tried to its end.
fn tried() -> State {
    use crate::model::layer::{Dense, Initialiser};
    use crate::model::{Edit, LayerKind};
    let (sender, woken) = std::sync::mpsc::channel();
    let mut state = State::default();
    state.set_waker(std::sync::Arc::new(move || _ = sender.send(())));
    let until = |state: &mut State, is_so: &dyn Fn(&State) -> bool| loop {
        state.poll();
        if is_so(state) {
            return;
        }
        woken.recv_timeout(std::time::Duration::from_secs(60)).expect("news");
    };
    state.apply(Action::OpenTemplate("xor".into()));
    until(&mut state, &|state| matches!(state.data(), DataState::Ready(_)));
    let layer = state.project().graph.find("Dense 1").expect("a layer").id;
    let Some(LayerKind::Dense(dense)) = state.project().graph.layer(layer).map(|layer| layer.kind.clone()) else {
        panic!("no Dense")
    };
    let kind = Dense { init: Initialiser::Zeros, ..dense }.into();
    state.apply(Action::Edit(Edit::Replace { layer, kind }));
    until(&mut state, &|state| state.diagnosed().next().is_some());
    let of = state.findings()[0].rule.clone().expect("a rule").key;
    state.apply(DiagnosisAction::Try { of, remedy: 0 }.into());
    until(&mut state, &|state| state.trial().is_some_and(|trial| trial.outcome.is_some()));
    state
}

#[test]
fn both_curves_and_the_verdict_are_shown_and_the_buttons_decide() {
    let state = tried();
    let Some(Ok(outcome)) = &state.trial().expect("a trial").outcome else { panic!("it failed") };
    let sentence = outcome.sentence.clone();
    let (mut local, mut actions) = (TrialUi::default(), Vec::new());
    let mut window = window([800.0, 700.0]).build_ui_state(
        |ui, (local, actions): &mut (TrialUi, Vec<Action>)| local.show(&ui.ctx().clone(), &state, actions),
        (std::mem::take(&mut local), std::mem::take(&mut actions)),
    );
    window.run_steps(4);
    window.get_by_label_contains(&sentence);
    for (label, action) in [("Keep the repair", DiagnosisAction::Keep), ("Discard", DiagnosisAction::Discard)] {
        window.state_mut().1.clear();
        window.get_by_label(label).click();
        window.run_steps(2);
        assert_eq!(window.state().1, [Action::from(action)], "{label}");
    }
}
