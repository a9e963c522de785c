//! The Compare tab: every run of the project as a row, the curves of those that are picked, and two of them side by side.

use egui::Ui;

use crate::session::{Action, State};

pub fn show(ui: &mut Ui, state: &State, _actions: &mut Vec<Action>) {
    for card in &state.runs.cards {
        ui.label(&card.name);
    }
}
