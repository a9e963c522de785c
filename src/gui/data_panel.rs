//! Where the samples come from: the source, its settings, and what they look like.

mod augmentation;
mod boxes;
mod browser;
mod chart;
mod columns;
mod fit;
mod gallery;
mod notes;
mod parts;
mod points;
mod preview;
mod settings;
mod sources;
mod table;
mod warnings;
mod words;

use egui::{Label, ProgressBar, RichText, ScrollArea, Ui};

use super::dialogs::{Dialogs, Purpose};
use super::panels::body;
use super::theme::{Tokens, regular};
use super::thumbnails::Thumbnails;
use super::widgets::{bounded, section, tab_strip};
use crate::data::facts::Repair;
use crate::data::in_window;
use crate::model::{ColumnRole, Source};
use crate::session::{Action, DataState, State};

#[derive(Default)]
pub struct DataPanelUi {
    /// The gallery of sources is folded away until it is wanted.
    choosing: bool,
    preview: preview::PreviewUi,
    page: Page,
    columns: columns::ColumnsUi,
    browser: browser::BrowserUi,
}

/// Of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Page {
    #[default]
    Table,
    Columns,
    Rows,
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
            progress(ui, state, dialogs, actions);
            let table = state.table().filter(|_| matches!(state.project().data.source, Source::Csv(_)));
            if table.is_some() {
                let pages = [(Page::Table, "Table"), (Page::Columns, "Columns"), (Page::Rows, "Rows")];
                ui.horizontal(|ui| tab_strip(ui, &mut local.page, &pages));
            } else {
                section(ui, "SETTINGS", "");
            }
            match local.page {
                Page::Columns if table.is_some() => table_columns(ui, state, &mut local.columns, actions),
                Page::Rows if table.is_some() => {
                    if let (Some(dataset), Some(table)) = (state.dataset(), table) {
                        browser::show(ui, dataset, table, &mut local.browser);
                    } else {
                        let text = "The rows can be shown once the data is loaded.";
                        ui.add(Label::new(RichText::new(text).color(Tokens::of(ui).muted)).wrap());
                    }
                }
                _ => settings_page(ui, state, local, dialogs, actions),
            }
        });
    });
}

fn settings_page(
    ui: &mut Ui,
    state: &State,
    local: &mut DataPanelUi,
    dialogs: &mut Dialogs,
    actions: &mut Vec<Action>,
) {
    settings::show(ui, state, dialogs, actions);
    fit::show(ui, state, actions);
    boxes::show(ui, state, actions);
    let Some(dataset) = state.dataset() else { return };
    if let Some(facts) = state.facts() {
        warnings::show(ui, state, facts, actions);
    }
    if state.facts().is_none() {
        preview::show(ui, dataset, &mut local.preview);
    }
    augmentation::show(ui, state, dataset, actions);
    notes::show(ui, state, dataset);
}

fn table_columns(ui: &mut Ui, state: &State, local: &mut columns::ColumnsUi, actions: &mut Vec<Action>) {
    settings::edit(state, actions, |draft| {
        let Source::Csv(mut spec) = draft.spec.source.clone() else { return };
        columns::show(ui, state, local, draft, &mut spec);
        draft.spec.source = Source::Csv(spec);
    });
}

/// What is being loaded, or why it could not be.
fn progress(ui: &mut Ui, state: &State, dialogs: &mut Dialogs, actions: &mut Vec<Action>) {
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
            // Nothing has failed where boxes are still to be drawn.
            let colour = if state.is_to_be_drawn() { tokens.muted } else { tokens.bad };
            let why = in_window(why);
            ui.add(Label::new(bounded(&why, regular(13.0), colour)).wrap());
            stray_words(ui, state, actions);
            ui.horizontal_wrapped(|ui| {
                if ui.button("Try again").clicked() {
                    actions.push(Action::ReloadData);
                }
                let is_table = matches!(state.project().data.source, Source::Csv(_));
                let help = "Another table, or this one where it lies now.";
                if is_table && ui.button("Choose the file …").on_hover_text(help).clicked() {
                    dialogs.ask(Purpose::DataTable, ui.ctx());
                }
            });
        }
        DataState::None | DataState::Ready(_) => {}
    }
}

/// Columns that are to be numbers and have a word among them: that it means a missing value is one press away.
fn stray_words(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let (Some(table), Source::Csv(csv)) = (state.table(), &state.project().data.source) else { return };
    let is_number = |name: &str| match csv.said(name) {
        Some(role) => matches!(role, ColumnRole::Numeric | ColumnRole::Target | ColumnRole::LogTarget),
        None => csv.predicts(name),
    };
    for column in table.columns.iter().filter(|column| is_number(&column.name)) {
        let Some((word, _)) = &column.stray else { continue };
        let repair = Repair::TakeAsMissing { column: column.name.clone(), word: word.clone() };
        if ui.add(egui::Button::new(repair.label()).wrap()).clicked() {
            actions.push(Action::SetData(repair.applied(&state.project().data)));
            actions.push(Action::EndEdit);
        }
    }
}

#[cfg(test)]
mod tests;
