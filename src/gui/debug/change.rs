//! Change and go on: what can be done to the value that is looked at, to the learning rate, and to the way the run goes.

use egui::{Button, RichText, Ui};

use crate::gui::numbers::{count, significant};
use crate::gui::theme::Tokens;
use crate::gui::widgets::{Number, is_refused, named, path_field, rate, section};
use crate::model::limits::LEARNING_RATE;
use crate::session::{Action, State};
use crate::trace::{DebugView, Kind};
use crate::trainer::{DebugCommand, TensorEdit};

pub struct ChangeUi {
    index: String,
    value: f32,
    factor: f32,
    limit: f32,
    seed: u64,
    fork: String,
    /// The value and the number of it that the fields were filled for.
    of: Option<(String, Vec<usize>)>,
}

impl Default for ChangeUi {
    fn default() -> Self {
        Self { index: String::new(), value: 0.0, factor: 0.5, limit: 0.1, seed: 1, fork: String::new(), of: None }
    }
}

impl ChangeUi {
    /// The element that was chosen in the picture is the one to be set.
    fn fill(&mut self, view: &DebugView, name: &str, chosen: Option<&[usize]>) {
        let axes = view.listing.token(name).map_or(0, |token| token.dims.len() + usize::from(token.batched));
        let index = chosen.filter(|index| index.len() == axes).map_or(vec![0; axes], <[usize]>::to_vec);
        let now = (name.to_owned(), index);
        if self.of.as_ref() != Some(&now) {
            self.index = now.1.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            // Its number may have to be fetched first.
            if let Some(record) = view.sight.tensor(name) {
                self.value = record.at(&now.1).unwrap_or(self.value);
                self.of = Some(now);
            }
        }
    }
}

/// Whether the numbers of a value can be changed here.
pub fn can_change(view: &DebugView, name: &str) -> bool {
    let made = view.listing.maker(name).is_some_and(|line| line < view.moment.instruction);
    is_state(view, name) || made
}

/// Weights and moments outlive a step.
pub fn is_state(view: &DebugView, name: &str) -> bool {
    view.listing.token(name).is_some_and(|token| matches!(token.kind, Kind::Parameter | Kind::Memory))
}

pub fn show(
    ui: &mut Ui,
    state: &State,
    view: &DebugView,
    (looked, chosen): (Option<&str>, Option<&[usize]>),
    local: &mut ChangeUi,
    actions: &mut Vec<Action>,
) {
    let tokens = Tokens::of(ui);
    section(ui, "CHANGE AND GO ON", "");
    if let Some(name) = looked {
        ui.label(RichText::new(name).font(crate::gui::theme::mono(12.0)).color(tokens.warn));
        local.fill(view, name, chosen);
        let can = can_change(view, name);
        if !can {
            let why = "Computed anew before it is used: run its instruction first, then it can be changed.";
            ui.label(RichText::new(why).small().color(tokens.muted));
        }
        let seed = state.project.training.seed;
        ui.add_enabled_ui(can, |ui| tensor(ui, name, seed, local, actions));
    }
    learning_rate(ui, state, actions);
    fork(ui, view, local, actions);
}

fn tensor(ui: &mut Ui, name: &str, seed: u64, local: &mut ChangeUi, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label("set [");
        let width = (ui.available_width() - 14.0).max(40.0);
        ui.allocate_ui(egui::vec2(width, 28.0), |ui| {
            path_field(ui, "Index of the cell", "0, 0", &mut local.index);
        });
        ui.label("]");
    });
    // A line of its own: a number may take many digits.
    ui.horizontal_wrapped(|ui| {
        ui.label("to");
        set(ui, name, local, actions);
    });
    let mut edit = |edit: TensorEdit| {
        actions.push(Action::Debug(DebugCommand::Edit { name: name.to_owned(), edit }));
    };
    ui.horizontal_wrapped(|ui| {
        let button = named(ui.button("scale ×"), "Scale").on_hover_text("Multiplies every number of it.");
        field(ui, "Factor", &mut local.factor);
        if button.clicked() {
            edit(TensorEdit::Scale { by: local.factor });
        }
        let button =
            named(ui.button("clip ±"), "Clip").on_hover_text("None larger than this, none smaller than its opposite.");
        field(ui, "Limit", &mut local.limit);
        if button.clicked() {
            edit(TensorEdit::Clamp { limit: local.limit.abs() });
        }
    });
    ui.horizontal_wrapped(|ui| {
        if named(ui.button("zero"), "Zero").on_hover_text("Every number of it becomes 0.").clicked() {
            edit(TensorEdit::ZERO);
        }
        let fill = named(ui.button("fill"), "Fill").on_hover_text("Every number of it becomes the new value above.");
        if fill.clicked() {
            edit(TensorEdit::Fill { value: local.value });
        }
        let help = "State begins anew, as with another seed; of what is computed, the numbers change their order.";
        if named(ui.button("draw anew"), "Draw anew").on_hover_text(help).clicked() {
            edit(TensorEdit::Reinitialise { seed: seed.wrapping_add(local.seed) });
            local.seed += 1;
        }
    });
}

/// The new value of the cell, and the button that sets it.
fn set(ui: &mut Ui, name: &str, local: &mut ChangeUi, actions: &mut Vec<Action>) {
    field(ui, "New value", &mut local.value);
    let index: Result<Vec<usize>, _> = local.index.split(',').map(|part| part.trim().parse()).collect();
    let index = if local.index.trim().is_empty() { Ok(Vec::new()) } else { index };
    let button = named(ui.add_enabled(index.is_ok(), Button::new("Set")), "Set the cell");
    if let (true, Ok(index)) = (button.clicked(), index) {
        actions.push(Action::Debug(DebugCommand::Set { name: name.to_owned(), index, value: local.value }));
    }
}

fn field(ui: &mut Ui, name: &str, value: &mut f32) {
    let speed = (value.abs() * 0.01).max(1e-3);
    let number = Number::any(name).speed(f64::from(speed)).written(|v| significant(v, 6));
    let (response, change) = number.add(ui, name, f64::from(*value));
    *value = change.value.map_or(*value, |typed| typed as f32);
    if !is_refused(&response) {
        response.on_hover_text(format!("{name}: drag, or click and type; nan and inf are numbers too."));
    }
}

fn learning_rate(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let training = &state.project.training;
    let is_fork = state.branches.iter().any(|branch| branch.id == state.run.branch && branch.parent.is_some());
    let help = match is_fork {
        true => {
            "How far every update goes on this branch; the project and the other branches keep theirs. The rest of this step uses it already."
        }
        false => "How far every update goes. The rest of this step uses it already.",
    };
    let change = rate(ui, "Learning rate", help, state.rate_in_force(), LEARNING_RATE.range());
    actions.extend(change.value.map(|learning_rate| match is_fork {
        true => Action::Debug(DebugCommand::SetRate(learning_rate)),
        false => Action::SetTraining(crate::model::TrainingSpec { learning_rate, ..training.clone() }),
    }));
    if change.ended {
        actions.push(Action::EndEdit);
    }
}

fn fork(ui: &mut Ui, view: &DebugView, local: &mut ChangeUi, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        let text = RichText::new("Fork here").color(tokens.accent);
        let help = "Goes on from here in two ways: this run stays as it is, and a second one begins at this very moment. Change something in it and compare.";
        let fork = named(ui.button(text), "Fork here").on_hover_text(help);
        let hint = format!("fork at {}", count(view.moment.step));
        let (_, entered) = path_field(ui, "Name of the fork", &hint, &mut local.fork);
        if fork.clicked() || entered {
            let name = std::mem::take(&mut local.fork).trim().to_owned();
            actions.push(Action::Debug(DebugCommand::Fork { name }));
        }
    });
}
