use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::gui::test_window::{Bench, bench, chain};
use crate::model::{Edit, LayerId, Optimiser, ParamValue, Schedule};

fn inspector(state: State) -> Harness<'static, Bench<InspectorUi>> {
    bench([320.0, 900.0], state, InspectorUi::default(), show)
}

/// A chain with the layer of this name selected.
fn selected(keys: &[&str], name: &str) -> (State, LayerId) {
    let mut state = chain(keys);
    let id = state.project().graph.find(name).expect("the layer").id;
    state.pose().selection.layers.insert(id);
    (state, id)
}

#[test]
fn a_typed_number_sets_the_parameter_and_closes_the_step() {
    let (state, id) = selected(&["input", "dense", "loss"], "Dense 1");
    let mut harness = inspector(state);
    harness.get_by_label("Units").click();
    harness.run();
    harness.get_by_label("Units").type_text("32");
    harness.key_press(egui::Key::Enter);
    harness.run();
    let edit = Edit::SetParam { layer: id, key: "units".into(), value: ParamValue::Int(32) };
    let actions = &harness.state().actions;
    assert_eq!(actions.first(), Some(&Action::Edit(edit)));
    assert!(actions[1..].iter().all(|action| *action == Action::EndEdit) && actions.len() > 1);
}

#[test]
fn a_choice_is_made_from_its_list() {
    let (state, id) = selected(&["input", "dense", "loss"], "Dense 1");
    let mut harness = inspector(state);
    harness.get_by_label("Activation").click();
    harness.run();
    harness.get_by_label("tanh").click();
    harness.run();
    let edit = Edit::SetParam { layer: id, key: "activation".into(), value: ParamValue::Text("tanh".into()) };
    assert_eq!(harness.state().actions, [Action::Edit(edit), Action::EndEdit]);
}

#[test]
fn every_parameter_that_matters_has_a_field() {
    for kind in crate::model::LayerKind::all() {
        let mut state = State::default();
        let id = state.pose().project.graph.add(kind.clone(), [0.0, 0.0]);
        state.pose().selection.layers.insert(id);
        let harness = inspector(state);
        for spec in kind.spec().param_specs() {
            let matters = spec.matters(|key| kind.spec().param(key));
            let fields = harness.query_all_by_label(spec.label).count();
            assert_eq!(fields > 0, matters, "{}: {}", kind.key(), spec.label);
        }
    }
}

#[test]
fn in_simple_mode_a_layer_shows_what_is_on_its_card_and_what_was_changed() {
    let (mut state, id) = selected(&["input", "dense", "loss"], "Dense 1");
    state.pose().desk.simple = true;
    let sees = |harness: &Harness<'static, Bench<InspectorUi>>, label: &str| harness.query_by_label(label).is_some();
    let mut harness = inspector(state);
    let all = ["Units", "Activation", "L2", "Bias", "Frozen"];
    assert_eq!(all.map(|label| sees(&harness, label)), [true, true, false, false, false]);
    let l2 = Edit::SetParam { layer: id, key: "l2".into(), value: ParamValue::Float(0.1) };
    l2.apply(&mut harness.state_mut().state.pose().project.graph).unwrap();
    harness.run();
    assert_eq!(all.map(|label| sees(&harness, label)), [true, true, true, false, false]);
    harness.get_by_label("More settings").click();
    harness.run();
    assert_eq!(all.map(|label| sees(&harness, label)), [true; 5]);
    harness.get_by_label("Less settings").click();
    harness.run();
    assert!(!sees(&harness, "Bias"));
}

#[test]
fn in_simple_mode_training_shows_few_settings_and_what_was_changed() {
    let spec = crate::model::TrainingSpec { warm_up_steps: 10, optimiser: Optimiser::sgd(), ..Default::default() };
    let all = ["Learning rate", "Optimiser", "Batch size", "Epochs", "Warm-up steps", "Momentum", "Seed", "Stop early"];
    for (simple, expected) in [(true, [true, true, true, true, true, false, false, false]), (false, [true; 8])] {
        let mut harness = training(spec.clone());
        harness.state_mut().state.pose().desk.simple = simple;
        harness.run();
        assert_eq!(all.map(|label| harness.query_by_label(label).is_some()), expected);
    }
}

#[test]
fn a_problem_is_mended_by_its_button() {
    let mut state = chain(&["input", "conv2d", "loss"]);
    let data = crate::model::DataSignature {
        weighted: false,
        names: Vec::new(),
        input: crate::model::Shape::row(784),
        task: crate::model::Task::Classes(10),
    };
    *state.pose().inference = crate::model::infer(&state.project().graph, Some(&data));
    let repair = state.inference().problems[0].repairs[0].clone();
    let mut harness = inspector(state);
    harness.get_by_label(&repair.label).click();
    harness.run();
    assert_eq!(harness.state().actions, [Action::Edit(repair.edit)]);
}

#[test]
fn the_name_is_changed_on_enter_and_kept_on_escape() {
    for (key, renamed) in [(egui::Key::Enter, true), (egui::Key::Escape, false)] {
        let (state, id) = selected(&["input", "dense", "loss"], "Dense 1");
        let mut harness = inspector(state);
        harness.get_by_label("Name").focus();
        harness.run();
        harness.get_by_label("Name").type_text(" b");
        harness.run();
        harness.key_press(key);
        harness.run();
        let edits: Vec<_> = harness.state().actions.iter().filter(|a| matches!(a, Action::Edit(_))).cloned().collect();
        let expected = Action::Edit(Edit::Rename { layer: id, name: "Dense 1 b".into() });
        assert_eq!(edits, if renamed { vec![expected] } else { vec![] });
    }
}

#[test]
fn the_optimiser_changes_with_its_defaults() {
    let mut harness = inspector(chain(&["input", "dense", "loss"]));
    harness.get_by_label("Training").click();
    harness.run();
    harness.get_by_label("Optimiser").click();
    harness.run();
    harness.get_by_label("SGD").click();
    harness.run();
    let set = harness.state().actions.iter().find_map(|action| match action {
        Action::SetTraining(spec) => Some(spec.optimiser.clone()),
        _ => None,
    });
    assert_eq!(set, Some(Optimiser::sgd()));
}

/// The window with its training settings open.
fn training(spec: crate::model::TrainingSpec) -> Harness<'static, Bench<InspectorUi>> {
    let mut state = chain(&["input", "dense", "loss"]);
    state.pose().project.training = spec;
    let mut harness = inspector(state);
    harness.get_by_label("Training").click();
    harness.run();
    harness
}

#[test]
fn every_optimiser_and_schedule_has_its_fields() {
    for (optimiser, label) in Optimiser::all().into_iter().zip([
        "Momentum",
        "Beta 1",
        "Beta 2",
        "Alpha",
        "Initial sum",
        "Momentum decay",
        "Beta 2",
    ]) {
        let harness = training(crate::model::TrainingSpec { optimiser, ..Default::default() });
        assert_eq!(harness.query_all_by_label(label).count(), 1, "{label}");
        assert_eq!(harness.state().actions, [], "{label}: showing it changes nothing");
    }
    for (schedule, label) in
        Schedule::all().into_iter().zip(["Schedule", "Every", "Factor", "Floor", "High momentum", "Epochs to wait"])
    {
        let harness = training(crate::model::TrainingSpec { schedule, ..Default::default() });
        assert_eq!(harness.query_all_by_label(label).count(), 1, "{label}");
        assert_eq!(harness.state().actions, [], "{label}: showing it changes nothing");
    }
}

#[test]
fn a_ticked_box_of_one_cycle_sets_it() {
    let schedule = Schedule::OneCycle(crate::model::OneCycle::default());
    let mut harness = training(crate::model::TrainingSpec { schedule, ..Default::default() });
    harness.get_by_label("Three phases").click();
    harness.run();
    let set = harness.state().actions.iter().find_map(|action| match action {
        Action::SetTraining(spec) => Some(spec.schedule),
        _ => None,
    });
    assert!(matches!(set, Some(Schedule::OneCycle(cycle)) if cycle.three_phases && cycle.cycle_momentum), "{set:?}");
}

#[test]
fn what_is_wrong_with_a_formula_is_said_once_with_its_repair() {
    let (mut state, id) = selected(&["input", "formula", "loss"], "Formula 1");
    let edit = Edit::SetParam { layer: id, key: "expression".into(), value: ParamValue::Text("x * (".into()) };
    edit.apply(&mut state.pose().project.graph).expect("any text is taken");
    let data = crate::model::DataSignature {
        weighted: false,
        names: Vec::new(),
        input: crate::model::Shape::row(2),
        task: crate::model::Task::Classes(2),
    };
    *state.pose().inference = crate::model::infer(&state.project().graph, Some(&data));
    let problem = state.inference().problems[0].clone();
    let mut harness = inspector(state);
    assert_eq!(harness.query_all_by_label(&problem.message).count(), 1);
    harness.get_by_label(&problem.repairs[0].label).click();
    harness.run();
    assert_eq!(harness.state().actions, [Action::Edit(problem.repairs[0].edit.clone())]);
}

/// What typing into a field makes of the training settings.
fn typed(harness: &mut Harness<'static, Bench<InspectorUi>>, label: &str, text: &str) -> crate::model::TrainingSpec {
    harness.get_by_label(label).click();
    harness.run();
    harness.get_by_label(label).type_text(text);
    harness.key_press(egui::Key::Enter);
    harness.run();
    let last = harness.state().actions.iter().rev().find_map(|action| match action {
        Action::SetTraining(spec) => Some(spec.clone()),
        _ => None,
    });
    last.expect("changed settings")
}

#[test]
fn a_typed_number_is_kept_as_it_was_typed_within_its_range() {
    let adam = |spec: crate::model::TrainingSpec| match spec.optimiser {
        Optimiser::Adam { beta2, epsilon, .. } => (beta2, epsilon),
        other => panic!("{other:?}"),
    };
    for (text, expected) in [("0.9999", 0.9999), ("0,98765", 0.98765), ("99 %", 0.99), ("0", 0.0)] {
        let mut harness = training(crate::model::TrainingSpec::default());
        assert_eq!(adam(typed(&mut harness, "Beta 2", text)).0, expected, "{text}");
    }
    for (text, expected) in [("1.23456e-7", 1.23456e-7), ("1", 1.0), ("1E−12", 1e-12), ("10^-3", 1e-3)] {
        let mut harness = training(crate::model::TrainingSpec::default());
        assert_eq!(adam(typed(&mut harness, "Epsilon", text)).1, expected, "{text}");
    }
    let mut harness = training(crate::model::TrainingSpec::default());
    assert_eq!(typed(&mut harness, "Learning rate", "0.0012345").learning_rate, 0.0012345);
    let schedule = Schedule::Exponential { factor: 0.99 };
    let mut harness = training(crate::model::TrainingSpec { schedule, ..Default::default() });
    let spec = typed(&mut harness, "Factor", "0.9995");
    assert_eq!(spec.schedule, Schedule::Exponential { factor: 0.9995 });
}

#[test]
fn what_cannot_be_taken_stays_as_it_was_typed_and_is_answered() {
    for (label, text, answer) in [
        (
            "Learning rate",
            "abc",
            "“abc” isn't a number. Learning rate takes a number from 1e-7 to 10. Press Esc to restore 0.01.",
        ),
        (
            "Learning rate",
            "0",
            "“0” is too small. Learning rate takes a number from 1e-7 to 10. Press Esc to restore 0.01.",
        ),
        ("Learning rate", "1,500", "“1,500” could mean 1500 or 1.5. Type one of the two."),
        ("Beta 2", "1", "“1” is too large. Beta 2 takes a number from 0 to 0.99999. Press Esc to restore 0.999."),
        ("Beta 2", "inf", "“inf” isn't finite. Beta 2 takes a number from 0 to 0.99999. Press Esc to restore 0.999."),
        (
            "Batch size",
            "3.5",
            "“3.5” isn't a whole number. Batch size takes a whole number from 1 to 65,536. Press Esc to restore 32.",
        ),
        (
            "Batch size",
            "-1",
            "“-1” is too small. Batch size takes a whole number from 1 to 65,536. Press Esc to restore 32.",
        ),
    ] {
        let mut harness = training(crate::model::TrainingSpec::default());
        let field = |harness: &Harness<'static, Bench<InspectorUi>>| {
            let node = harness.get_by_label(label).accesskit_node();
            (node.value().unwrap_or_default(), node.description().unwrap_or_default())
        };
        let before = field(&harness).0;
        harness.get_by_label(label).click();
        harness.run();
        harness.get_by_label(label).type_text(text);
        harness.key_press(egui::Key::Enter);
        harness.run();
        assert_eq!(field(&harness), (text.to_owned(), answer.to_owned()));
        assert!(harness.get_by_label(label).is_focused(), "{label}: to be mended at once");
        assert!(!harness.state().actions.iter().any(|action| matches!(action, Action::SetTraining(_))), "{label}");
        harness.key_press(egui::Key::Escape);
        harness.run();
        let (after, said) = field(&harness);
        assert!(after == before && said != answer, "Escape puts {before} back: {after} {said}");
    }
}

#[test]
fn what_was_refused_can_be_mended() {
    let mut harness = training(crate::model::TrainingSpec::default());
    harness.get_by_label("Batch size").click();
    harness.run();
    harness.get_by_label("Batch size").type_text("1,000,00");
    harness.key_press(egui::Key::Enter);
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.run();
    harness.get_by_label("Batch size").type_text("1,000");
    harness.key_press(egui::Key::Enter);
    harness.run();
    let set = harness.state().actions.iter().find_map(|action| match action {
        Action::SetTraining(spec) => Some(spec.batch_size),
        _ => None,
    });
    assert_eq!(set, Some(1000), "no whole number has thousandths");
    assert!(!harness.get_by_label("Batch size").is_focused());
}

#[test]
fn one_control_sets_what_all_layers_share_and_says_where_they_differ() {
    let mut state = chain(&["input", "dense", "dense", "dense", "loss"]);
    let first = state.project().graph.find("Dense 1").expect("the layer").id;
    let value = ParamValue::Float(0.1);
    Edit::SetParam { layer: first, key: "l2".into(), value }.apply(&mut state.pose().project.graph).expect("it has L2");
    let mut harness = inspector(state);
    harness.get_by_label("Training").click();
    harness.run();
    assert_eq!(harness.get_by_label("L2").accesskit_node().value().as_deref(), Some("mixed"));
    assert_eq!(harness.get_by_label("L1").accesskit_node().value().as_deref(), Some("0"));
    harness.get_by_label("L2").click();
    harness.run();
    harness.get_by_label("L2").type_text("0,001");
    harness.key_press(egui::Key::Enter);
    harness.run();
    let edit = Edit::SetAll { shared: crate::model::Shared::L2, value: ParamValue::Float(0.001) };
    assert_eq!(harness.state().actions.first(), Some(&Action::Edit(edit)));
    harness.state_mut().actions.clear();
    harness.get_by_label("Activation").click();
    harness.run();
    harness.get_by_label("tanh").click();
    harness.run();
    let value = ParamValue::Text("tanh".into());
    let edit = Edit::SetAll { shared: crate::model::Shared::HiddenActivation, value };
    assert_eq!(harness.state().actions, [Action::Edit(edit), Action::EndEdit]);
}

#[test]
fn an_arrow_key_moves_a_whole_number_by_one() {
    let mut harness = training(crate::model::TrainingSpec { batch_size: 2, ..Default::default() });
    harness.get_by_label("Batch size").focus();
    harness.run();
    harness.key_press(egui::Key::ArrowUp);
    harness.run();
    let set = harness.state().actions.iter().find_map(|action| match action {
        Action::SetTraining(spec) => Some(spec.batch_size),
        _ => None,
    });
    assert_eq!(set, Some(3));
}

#[test]
fn a_number_beyond_its_range_stays_until_it_is_changed_and_can_be() {
    let optimiser = Optimiser::Adam { beta1: 0.9, beta2: 1.0, epsilon: 1e-8, weight_decay: 0.0 };
    let spec = crate::model::TrainingSpec { optimiser, learning_rate: 100.0, ..Default::default() };
    let mut harness = training(spec.clone());
    harness.run();
    assert_eq!(harness.state().actions, [], "showing it changes nothing");
    let changed = typed(&mut harness, "Beta 2", "0.99");
    assert!(matches!(changed.optimiser, Optimiser::Adam { beta2: 0.99, .. }), "{:?}", changed.optimiser);
    assert_eq!(typed(&mut training(spec), "Learning rate", "0.5").learning_rate, 0.5);
}

#[test]
fn the_epsilon_of_a_normalisation_is_dragged_by_multiplying() {
    let (state, _) = selected(&["input", "batch_norm", "loss"], "Batch norm 1");
    let mut harness = inspector(state);
    let from = harness.get_by_label("Epsilon").rect().center();
    harness.drag_at(from);
    harness.run();
    harness.hover_at(from + egui::vec2(30.0, 0.0));
    harness.run();
    harness.drop_at(from + egui::vec2(30.0, 0.0));
    harness.run();
    let dragged = harness.state().actions.iter().rev().find_map(|action| match action {
        Action::Edit(Edit::SetParam { value: ParamValue::Float(value), .. }) => Some(*value),
        _ => None,
    });
    assert!(dragged.is_some_and(|value| value > 1e-5 && value < 1e-4), "{dragged:?}");
}

#[test]
fn a_list_closes_when_something_is_chosen_with_the_keyboard() {
    let (state, _) = selected(&["input", "dense", "loss"], "Dense 1");
    let mut harness = inspector(state);
    harness.get_by_label("Activation").click();
    harness.run();
    harness.get_by_label("tanh").focus();
    harness.run();
    harness.key_press(egui::Key::Enter);
    harness.run();
    assert!(harness.query_by_label("tanh").is_none(), "the list is closed");
    assert!(matches!(harness.state().actions[..], [Action::Edit(Edit::SetParam { .. }), Action::EndEdit]));
}
