//! What can be done with a run: in the menu of its row, and as buttons below the two that stand side by side.

use egui::{Button, RichText, Ui};

use super::CompareUi;
use super::editing::{Editing, Of};
use super::rows::Row;
use crate::expr::listed;
use crate::gui::anchors;
use crate::gui::theme::Tokens;
use crate::gui::widgets::{named, perhaps};
use crate::session::{Action, Anchor, RunAction};

/// The menu of a row.
pub fn of_row(ui: &mut Ui, row: &Row, local: &mut CompareUi, actions: &mut Vec<Action>) {
    let (card, id) = (&row.card, row.card.id.clone());
    let why = "This is the current run.";
    if ui.add_enabled(!row.live, Button::new("Restore")).on_disabled_hover_text(why).clicked() {
        actions.push(Action::Runs(RunAction::BringBack(id.clone())));
    }
    if ui.button("New run like this").clicked() {
        actions.push(Action::Runs(RunAction::StartLike(id.clone())));
    }
    ui.separator();
    if ui.button("Rename").clicked() {
        local.editing = Some(Editing::new(&id, Of::Name, &card.name));
    }
    if ui.button(if card.note.is_empty() { "Add note" } else { "Edit note" }).clicked() {
        local.editing = Some(Editing::new(&id, Of::Note, &card.note));
    }
    if ui.button(if card.pinned { "Unpin" } else { "Pin to the top" }).clicked() {
        actions.push(Action::Runs(RunAction::Pin { id: id.clone(), pinned: !card.pinned }));
    }
    ui.separator();
    let why = "The current run can't be deleted. Start another one first.";
    if ui.add_enabled(!row.live, Button::new("Delete")).on_disabled_hover_text(why).clicked() {
        actions.push(Action::Runs(RunAction::Delete(vec![id])));
    }
}

/// The buttons for a run, in as many rows as they need.
pub fn buttons(ui: &mut Ui, row: &Row, local: &mut CompareUi, actions: &mut Vec<Action>) {
    let (card, id) = (&row.card, row.card.id.clone());
    let name = short(&card.name);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(8.0, 6.0);
        // What has the focus keeps it when a run ends being the current one.
        perhaps(ui, Some(()).filter(|()| !row.live), |ui, ()| {
            let back = ui.button(format!("Restore “{name}”"));
            anchors::put(ui, Anchor::BringBack, &back);
            let help = "Makes it the current run again, with its network, data, settings and weights, ready to train \
                on. The current run is kept.";
            if named(back, &format!("Restore {}", card.name)).on_hover_text(help).clicked() {
                actions.push(Action::Runs(RunAction::BringBack(id.clone())));
            }
        });
        let like = ui.button("New run like this");
        anchors::put(ui, Anchor::StartLike, &like);
        let help = format!(
            "A new run with the network, data and settings that “{name}” started with. The current run is kept."
        );
        if like.on_hover_text(help).clicked() {
            actions.push(Action::Runs(RunAction::StartLike(id.clone())));
        }
        let note = ui.button("Note …");
        anchors::put(ui, Anchor::RunNote, &note);
        let hover = if card.note.is_empty() { "What was this run for?" } else { card.note.as_str() };
        if note.on_hover_text(hover).clicked() {
            local.current = Some(id.clone());
            local.reveal = true;
            local.editing = Some(Editing::new(&id, Of::Note, &card.note));
        }
    });
}

/// The way back after deleting.
pub fn undelete(ui: &mut Ui, tokens: &Tokens, names: &[&str], actions: &mut Vec<Action>) {
    let Some(newest) = names.last() else { return };
    let response = ui.button("Undo delete");
    anchors::put(ui, Anchor::PutBackRuns, &response);
    let help = format!("Deleted: {}. The most recently deleted come back first.", listed(names));
    if named(response, "Undo delete").on_hover_text(help).clicked() {
        actions.push(Action::Runs(RunAction::Undelete(1)));
    }
    let text = match names.len() {
        1 => format!("deleted {}", short(newest)),
        n => format!("deleted {n} runs"),
    };
    ui.label(RichText::new(text).color(tokens.muted));
}

/// As long as a button can bear.
pub fn short(name: &str) -> String {
    const MOST: usize = 20;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    name.chars().take(MOST - 1).chain(std::iter::once('…')).collect()
}
