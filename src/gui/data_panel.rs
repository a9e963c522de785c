//! Where the samples come from: the source, its settings, and what they look like.

mod augmentation;
mod notes;
mod parts;
mod points;
mod preview;
mod settings;
mod sources;
mod table;

use egui::{Label, ProgressBar, RichText, ScrollArea, Ui};

use super::dialogs::Dialogs;
use super::panels::body;
use super::theme::Tokens;
use super::thumbnails::Thumbnails;
use crate::session::{Action, DataState, State};

#[derive(Default)]
pub struct DataPanelUi {
    /// The gallery of sources is folded away until it is wanted.
    choosing: bool,
    preview: preview::PreviewUi,
}

pub fn show(
    ui: &mut Ui,
    state: &State,
    local: &mut DataPanelUi,
    thumbnails: &mut Thumbnails,
    dialogs: &mut Dialogs,
    actions: &mut Vec<Action>,
) {
    ScrollArea::vertical().auto_shrink(false).id_salt("data panel").show(ui, |ui| {
        body(ui, |ui| {
            sources::show(ui, state, &mut local.choosing, thumbnails, dialogs, actions);
            progress(ui, state, actions);
            settings::show(ui, state, dialogs, actions);
            if let Some(dataset) = state.dataset() {
                preview::show(ui, state, dataset, &mut local.preview);
                augmentation::show(ui, state, dataset, actions);
                notes::show(ui, dataset);
            }
        });
    });
}

/// What is being loaded, or why it could not be.
fn progress(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    match state.data() {
        DataState::Loading { fraction, doing, .. } => {
            ui.add(ProgressBar::new(*fraction).desired_height(6.0));
            // The name of a file may be long; the panel keeps its width.
            ui.add(Label::new(RichText::new(doing).color(tokens.muted)).truncate());
            if ui.button("Cancel loading").clicked() {
                actions.push(Action::CancelLoading);
            }
        }
        DataState::Failed(why) => {
            ui.add(Label::new(RichText::new(why).color(tokens.bad)).wrap());
            if ui.button("Try again").clicked() {
                actions.push(Action::ReloadData);
            }
        }
        DataState::None | DataState::Ready(_) => {}
    }
}

#[cfg(test)]
#[path = "data_panel/tests.rs"]
mod tests;
