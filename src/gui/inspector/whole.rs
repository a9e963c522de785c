//! What all layers share, set at once: the activation of the hidden ones, and the penalties on weights.

use egui::{Label, RichText, Ui};

use crate::gui::theme::Tokens;
use crate::gui::widgets::{Few, Number, choice, number_field, section};
use crate::model::layer::{Activation, PENALTY};
use crate::model::{Edit, ParamValue, Shared, is_penalised};
use crate::session::{Action, State};

const L1: &str = "Adds L1 × Σ|w| to the loss, over the weights of all dense and convolutional layers (not biases). It \
    drives unneeded weights to exactly zero. Same as l1 in Keras.";
const L2: &str = "Adds L2 × Σw² to the loss, over the weights of all dense and convolutional layers (not biases). It \
    keeps all weights small. Same as l2 in Keras. With SGD, weight decay of twice this value has the same effect, but \
    isn't part of the loss and includes biases. AdamW shrinks the weights directly instead.";
const ACTIVATION: &str = "The activation of all hidden layers. The output layer and layers followed by a separate \
    activation keep theirs. To change just one layer, select it on the canvas.";

pub(super) fn show(ui: &mut Ui, state: &State, few: &mut Few, actions: &mut Vec<Action>) {
    let graph = &state.project().graph;
    let has = |shared: Shared| !shared.layers(graph).is_empty();
    let penalties = has(Shared::L2) && few.shows(!is_penalised(graph));
    if !has(Shared::HiddenActivation) && !penalties {
        return;
    }
    section(ui, "ALL LAYERS", "");
    if has(Shared::HiddenActivation) {
        activation(ui, state, actions);
    }
    if penalties {
        penalty(ui, state, Shared::L1, "L1", L1, actions);
        penalty(ui, state, Shared::L2, "L2", L2, actions);
        if is_penalised(graph) {
            let text = "The curves show the loss without these penalties. Training minimises the sum of both.";
            let muted = Tokens::of(ui).muted;
            ui.add(Label::new(RichText::new(text).color(muted)).wrap());
        }
    }
}

fn activation(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let titles: Vec<&str> = Activation::ALL.iter().map(|activation| activation.title()).collect();
    let now = Shared::HiddenActivation.value(&state.project().graph);
    let is_now = |activation: &Activation| now == Some(ParamValue::Text(activation.key().to_owned()));
    let current = Activation::ALL.iter().position(is_now);
    if let Some(chosen) = choice(ui, "Activation", ACTIVATION, current.unwrap_or(usize::MAX), &titles) {
        let value = ParamValue::Text(Activation::ALL[chosen].key().to_owned());
        actions.push(Action::Edit(Edit::SetAll { shared: Shared::HiddenActivation, value }));
        actions.push(Action::EndEdit);
    }
}

/// Where layers differ no number stands for all of them.
fn penalty(ui: &mut Ui, state: &State, shared: Shared, label: &str, help: &str, actions: &mut Vec<Action>) {
    let now = match shared.value(&state.project().graph) {
        Some(ParamValue::Float(value)) => value,
        _ => f64::NAN,
    };
    let number = Number::new(label, (0.0, PENALTY)).unless_number("mixed");
    let change = number_field(ui, &number, label, help, now);
    if let Some(value) = change.value {
        actions.push(Action::Edit(Edit::SetAll { shared, value: ParamValue::Float(value) }));
    }
    if change.ended {
        actions.push(Action::EndEdit);
    }
}
