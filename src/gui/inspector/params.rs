//! One field for each parameter that a layer declares: no layer has a form of its own.

use egui::{TextEdit, Ui};

use super::selection::problem_ui;
use crate::gui::theme;
use crate::gui::widgets::{Change, Few, checkbox, choice, float, integer, labelled};
use crate::model::{Edit, Layer, LayerKind, ParamKind, ParamSpec, ParamValue};
use crate::session::{Action, State};

pub(super) fn show(ui: &mut Ui, state: &State, layer: &Layer, few: &mut Few, actions: &mut Vec<Action>) {
    let fresh = LayerKind::from_key(layer.kind.key());
    let of_layer = |key: &str| layer.kind.spec().param(key);
    for spec in layer.kind.spec().param_specs().into_iter().filter(|spec| spec.matters(of_layer)) {
        let Some(value) = layer.kind.spec().param(spec.key) else { continue };
        let began = fresh.as_ref().and_then(|kind| kind.spec().param(spec.key));
        if spec.on_card || few.shows(began.as_ref() == Some(&value)) {
            param(ui, state, layer, &spec, &value, actions);
        }
    }
}

fn param(ui: &mut Ui, state: &State, layer: &Layer, spec: &ParamSpec, value: &ParamValue, actions: &mut Vec<Action>) {
    let (label, help) = (spec.label, spec.help);
    let change = match (&spec.kind, value) {
        (ParamKind::Int { min, max }, ParamValue::Int(v)) => {
            as_param(integer(ui, label, help, *v, (*min, *max)), ParamValue::Int)
        }
        (ParamKind::Float { min, max }, ParamValue::Float(v)) => {
            as_param(float(ui, label, help, *v, (*min, *max)), ParamValue::Float)
        }
        (ParamKind::Bool, ParamValue::Bool(v)) => at_once(checkbox(ui, label, help, *v).map(ParamValue::Bool)),
        (ParamKind::Choice(options), ParamValue::Text(key)) => {
            let titles: Vec<&str> = options.iter().map(|(_, title)| *title).collect();
            let current = options.iter().position(|(k, _)| k == key).unwrap_or(usize::MAX);
            let chosen = choice(ui, label, help, current, &titles);
            at_once(chosen.map(|i| ParamValue::Text(options[i].0.to_owned())))
        }
        (ParamKind::Text, ParamValue::Text(text)) => text_param(ui, state, layer, spec, text, actions),
        _ => return,
    };
    if let Some(value) = change.value {
        actions.push(Action::Edit(Edit::SetParam { layer: layer.id, key: spec.key.to_owned(), value }));
    }
    if change.ended {
        actions.push(Action::EndEdit);
    }
}

fn as_param<T>(change: Change<T>, wrap: impl FnOnce(T) -> ParamValue) -> Change<ParamValue> {
    Change { value: change.value.map(wrap), ended: change.ended }
}

fn at_once(value: Option<ParamValue>) -> Change<ParamValue> {
    Change { ended: value.is_some(), value }
}

/// A text of so many letters fits a field.
const SHORT: usize = 18;

/// Whether what is wrong with the layer is said beside a field of it.
pub(super) fn says_problems(layer: &Layer) -> bool {
    let is_text = |spec: &&ParamSpec| spec.kind == ParamKind::Text && spec.on_card;
    // A text that is all there is to a layer.
    layer.kind.spec().param_specs().iter().filter(is_text).count() == 1
}

/// Text takes effect as it is typed; what is wrong with it stands below it, with its repairs.
fn text_param(
    ui: &mut Ui,
    state: &State,
    layer: &Layer,
    spec: &ParamSpec,
    text: &str,
    actions: &mut Vec<Action>,
) -> Change<ParamValue> {
    let mut now = text.to_owned();
    // What another program said of a layer is to be read as a whole.
    let is_long = matches!(layer.kind, LayerKind::Foreign(_)) && text.len() > SHORT;
    let response = labelled(ui, spec.label, spec.help, |ui| {
        let field = if is_long { TextEdit::multiline(&mut now) } else { TextEdit::singleline(&mut now) };
        let field = field.desired_rows(1).desired_width(f32::INFINITY).font(theme::mono(12.0));
        ui.add(field.margin(egui::Margin::symmetric(8, 5)))
    });
    let name = state.project().graph.path_name(layer.id);
    let problems = state.inference().problems.iter().filter(|problem| problem.layer == name);
    for problem in problems.filter(|_| spec.on_card && says_problems(layer)) {
        problem_ui(ui, problem, actions);
    }
    Change { value: (response.changed() && now != text).then_some(ParamValue::Text(now)), ended: response.lost_focus() }
}
