//! What of a table needs a look, each with the button that mends it.

use egui::{Button, Id, Label, Pos2, RichText, Ui};
use egui_material_icons::icons;

use crate::data::facts::TableFacts;
use crate::gui::theme::Tokens;
use crate::gui::widgets::{named, section};
use crate::session::{Action, State};

/// More are told by their number.
const MOST: usize = 8;

/// Where the last button was pressed.
const PRESSED: &str = "repair pressed";
/// A pointer that went so far, in points, is meant for something else.
const ELSEWHERE: f32 = 6.0;

/// Whether the pointer has left where it pressed a button: the next one comes up at the same spot, and a second press
/// of the same kind must not do what nobody has read.
fn moves_on(ui: &Ui) -> bool {
    let Some(at) = ui.data(|data| data.get_temp::<Pos2>(Id::unique(PRESSED))) else { return true };
    let is_there = ui.input(|input| input.pointer.hover_pos()).is_some_and(|now| now.distance(at) < ELSEWHERE);
    if !is_there {
        ui.data_mut(|data| data.remove_temp::<Pos2>(Id::unique(PRESSED)));
    }
    !is_there
}

pub(super) fn show(ui: &mut Ui, state: &State, facts: &TableFacts, actions: &mut Vec<Action>) {
    if facts.warnings.is_empty() {
        return;
    }
    let tokens = Tokens::of(ui);
    let moved = moves_on(ui);
    section(ui, "NEEDS A LOOK", &facts.warnings.len().to_string());
    for warning in facts.warnings.iter().take(MOST) {
        ui.horizontal_top(|ui| {
            ui.label(RichText::from(icons::ICON_WARNING).size(14.0).color(tokens.warn));
            ui.vertical(|ui| {
                ui.add(Label::new(&warning.words).wrap());
                let Some(repair) = &warning.repair else { return };
                let label = repair.label();
                let button = ui.add_enabled(moved, Button::new(RichText::new(&label).size(12.0)).wrap());
                if named(button, &label).clicked() {
                    if let Some(at) = ui.input(|input| input.pointer.interact_pos()) {
                        ui.data_mut(|data| data.insert_temp(Id::unique(PRESSED), at));
                    }
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
