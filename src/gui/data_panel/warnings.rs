//! What of a table needs a look, each with the button that mends it.

use egui::{Button, Label, RichText, Ui};
use egui_material_icons::icons;

use crate::data::facts::TableFacts;
use crate::gui::theme::Tokens;
use crate::gui::widgets::{named, section};
use crate::session::{Action, State};

/// More are told by their number.
const MOST: usize = 8;

pub(super) fn show(ui: &mut Ui, state: &State, facts: &TableFacts, actions: &mut Vec<Action>) {
    if facts.warnings.is_empty() {
        return;
    }
    let tokens = Tokens::of(ui);
    section(ui, "NEEDS A LOOK", &facts.warnings.len().to_string());
    for warning in facts.warnings.iter().take(MOST) {
        ui.horizontal_top(|ui| {
            ui.label(RichText::from(icons::ICON_WARNING).size(14.0).color(tokens.warn));
            ui.vertical(|ui| {
                ui.add(Label::new(&warning.words).wrap());
                let Some(repair) = &warning.repair else { return };
                let label = repair.label();
                let button = ui.add(Button::new(RichText::new(&label).size(12.0)).truncate());
                if named(button, &label).clicked() {
                    actions.push(Action::SetData(repair.applied(&state.project().data)));
                    actions.push(Action::EndEdit);
                }
            });
        });
        ui.add_space(4.0);
    }
    if facts.warnings.len() > MOST {
        let text = format!("and {} more", facts.warnings.len() - MOST);
        ui.label(RichText::new(text).color(tokens.faint));
    }
}
