//! Change and go on: what can be done to the value that is looked at, to the learning rate, and to the way the run
//! goes.

use egui::{Button, RichText, Ui};

use crate::gui::numbers::{count, significant};
use crate::gui::tensor;
use crate::gui::theme::Tokens;
use crate::gui::widgets::{Number, is_refused, named, path_field, perhaps, rate, section};
use crate::model::limits::LEARNING_RATE;
use crate::session::{Action, State};
use crate::trace::{DebugView, TensorRecord, ValueKind};
use crate::trainer::{DebugCommand, TensorEdit};

pub struct ChangeUi {
    index: String,
    /// As it is typed: `nan` and `inf` are numbers too.
    value: String,
    factor: f32,
    limit: f32,
    seed: u64,
    fork: String,
    /// The value and the number of it that was chosen last.
    chosen: Option<(String, Vec<usize>)>,
    /// The cell and what it held when its field was filled.
    of: Option<(String, Vec<usize>, u32)>,
}

impl Default for ChangeUi {
    fn default() -> Self {
        let (index, value, fork) = (String::new(), String::new(), String::new());
        Self { index, value, factor: 0.5, limit: 0.1, seed: 1, fork, chosen: None, of: None }
    }
}

impl ChangeUi {
    /// The element that was chosen in the picture is the one to be set; returns which is meant, or why there is none.
    /// What it holds stands in the field until something else is typed.
    fn fill(&mut self, record: &TensorRecord, chosen: Option<&[usize]>) -> Result<Vec<usize>, String> {
        let axes = record.dims.len();
        let index = chosen.filter(|index| index.len() == axes).map_or(vec![0; axes], <[usize]>::to_vec);
        let now = (record.name.clone(), index);
        if self.chosen.as_ref() != Some(&now) {
            self.index = now.1.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            self.chosen = Some(now);
        }
        let index = record.index_of(&self.index)?;
        let number = record.at(&index).ok_or("There is no such element.")?;
        let now = (record.name.clone(), index, number.to_bits());
        if self.of.as_ref() != Some(&now) {
            self.value = tensor::exact(number);
            self.of = Some(now.clone());
        }
        Ok(now.1)
    }
}

/// Whether the numbers of a value can be changed here.
pub fn can_change(view: &DebugView, name: &str) -> bool {
    let made = view.listing.maker(name).is_some_and(|line| line < view.moment.instruction);
    is_state(view, name) || made
}

/// Weights and moments outlive a step.
pub fn is_state(view: &DebugView, name: &str) -> bool {
    view.listing.token(name).is_some_and(|token| matches!(token.kind, ValueKind::Parameter | ValueKind::Memory))
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
    section(ui, "CHANGE AND CONTINUE", "");
    // First what is always there: what the numbers of a tensor have to say comes and goes below it.
    fork(ui, view, local, actions);
    learning_rate(ui, state, actions);
    if let Some(name) = looked {
        ui.add_space(4.0);
        ui.label(RichText::new(name).font(crate::gui::theme::mono(12.0)).color(tokens.warn));
        let probed = view.sight.probe.is_some() && !is_state(view, name);
        let why = if probed {
            Some("This is the probe batch. Stop probing to change the run's own numbers.".to_owned())
        } else if !can_change(view, name) {
            Some("It will be recomputed before it is used. Run its instruction first, then change it.".to_owned())
        } else {
            view.listing.used_already(name, view.moment.instruction)
        };
        perhaps(ui, why, |ui, why| drop(ui.label(RichText::new(why).small().color(tokens.muted))));
        let seed = state.project().training.seed;
        let can = can_change(view, name) && !probed;
        // Its numbers may have to be fetched first.
        perhaps(ui, view.sight.tensor(name), |ui, record| {
            ui.add_enabled_ui(can, |ui| edits(ui, (record, chosen), seed, local, actions));
        });
    }
}

fn edits(
    ui: &mut Ui,
    (record, chosen): (&TensorRecord, Option<&[usize]>),
    seed: u64,
    local: &mut ChangeUi,
    actions: &mut Vec<Action>,
) {
    let name = &record.name;
    let typed = cell(ui, record, chosen, local, actions);
    let mut edit = |edit: TensorEdit| {
        actions.push(Action::Debug(DebugCommand::Edit { name: name.clone(), edit }));
    };
    ui.horizontal_wrapped(|ui| {
        let button = named(ui.button("scale ×"), "Scale").on_hover_text("Multiply every element by this factor.");
        field(ui, "Factor", &mut local.factor);
        if button.clicked() {
            edit(TensorEdit::Scale { by: local.factor });
        }
        let button =
            named(ui.button("clip ±"), "Clip").on_hover_text("Limit every element to the range from −limit to +limit.");
        field(ui, "Limit", &mut local.limit);
        if button.clicked() {
            edit(TensorEdit::Clamp { limit: local.limit.abs() });
        }
    });
    ui.horizontal_wrapped(|ui| {
        if named(ui.button("zero"), "Zero").on_hover_text("Set every element to 0.").clicked() {
            edit(TensorEdit::ZERO);
        }
        let fill = named(ui.add_enabled(typed.is_some(), Button::new("fill")), "Fill");
        if let (true, Some(value)) = (fill.on_hover_text("Set every element to the new value above.").clicked(), typed)
        {
            edit(TensorEdit::Fill { value });
        }
        let help = "Re-initialises weights and optimiser state as with another seed. Computed values are shuffled \
            instead.";
        if named(ui.button("re-initialise"), "Re-initialise").on_hover_text(help).clicked() {
            edit(TensorEdit::Reinitialise { seed: seed.wrapping_add(local.seed) });
            local.seed += 1;
        }
    });
}

/// Which cell, and to what it is set; returns the number that is typed.
fn cell(
    ui: &mut Ui,
    record: &TensorRecord,
    chosen: Option<&[usize]>,
    local: &mut ChangeUi,
    actions: &mut Vec<Action>,
) -> Option<f32> {
    let tokens = Tokens::of(ui);
    if !record.dims.is_empty() {
        let hint = vec!["0"; record.dims.len()].join(", ");
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.label("set [");
            let width = (ui.available_width() - 14.0).max(40.0);
            ui.allocate_ui(egui::vec2(width, 28.0), |ui| {
                path_field(ui, "Index of the cell", &hint, &mut local.index);
            });
            ui.label("]");
        });
    }
    let index = local.fill(record, chosen);
    // A line of its own: a number may take many digits.
    let (clicked, entered) = ui
        .horizontal(|ui| {
            ui.label(if record.dims.is_empty() { "set to" } else { "to" });
            let width = (ui.available_width() - 56.0).clamp(40.0, 140.0);
            let (field, entered) =
                ui.allocate_ui(egui::vec2(width, 28.0), |ui| path_field(ui, "New value", "0", &mut local.value)).inner;
            field.on_hover_text("A number, nan or inf. Press Enter to set the cell.");
            let ready = index.is_ok() && tensor::parse(&local.value).is_ok();
            (named(ui.add_enabled(ready, Button::new("Set")), "Set the cell").clicked(), entered)
        })
        .inner;
    let value = tensor::parse(&local.value);
    for why in [index.as_ref().err(), value.as_ref().err()].into_iter().flatten() {
        ui.label(RichText::new(why).small().color(tokens.warn));
    }
    let value = value.ok();
    if let (true, Ok(index), Some(value)) = (clicked || entered, index, value) {
        actions.push(Action::Debug(DebugCommand::Set { name: record.name.clone(), index, value }));
    }
    value
}

fn field(ui: &mut Ui, name: &str, value: &mut f32) {
    let speed = (value.abs() * 0.01).max(1e-3);
    let number = Number::any(name).speed(f64::from(speed)).written(|v| significant(v, 6));
    let (response, change) = number.add(ui, name, f64::from(*value));
    *value = change.value.map_or(*value, |typed| typed as f32);
    if !is_refused(&response) {
        response.on_hover_text(format!("{name}: drag, or click and type. nan and inf are allowed."));
    }
}

fn learning_rate(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let training = &state.project().training;
    let is_fork =
        state.debug().branches.iter().any(|branch| branch.id == state.run().branch && branch.parent.is_some());
    let help = match is_fork {
        true => {
            "The size of each update on this branch, from this step on. The project and other branches keep theirs."
        }
        false => "The size of each update, from this step on.",
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
        let help = "Starts a second branch at this moment and leaves this one as it is. Change something there and \
            compare.";
        let fork = named(ui.button(text), "Fork here").on_hover_text(help);
        let hint = format!("fork at {}", count(view.moment.step));
        let (_, entered) = path_field(ui, "Name of the fork", &hint, &mut local.fork);
        if fork.clicked() || entered {
            let name = std::mem::take(&mut local.fork).trim().to_owned();
            actions.push(Action::Debug(DebugCommand::Fork { name }));
        }
    });
}
