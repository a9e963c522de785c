//! The window for new data: a file or folder is chosen, the network answers, and the answers are looked at and saved.

use std::path::Path;

use egui::{Context, Grid, Id, Label, Modal, RichText, ScrollArea, Ui};

use super::dialogs::{Dialogs, Purpose};
use super::numbers::{count, percent, significant};
use super::panels::dialog_frame;
use super::theme::{self, Tokens};
use super::widgets::{accent_button, progress};
use crate::data::encoding::Inputs;
use crate::model::Metric;
use crate::session::{Action, ExamineAction, Predictions, State};

const WIDTH: f32 = 560.0;
/// Of the table of answers, less where the window is low.
const TABLE: f32 = 220.0;
/// Of what was unknown or missing.
const NOTES: f32 = 96.0;
/// All but the table.
const AROUND: f32 = 400.0;
/// Characters of a cell.
const LONGEST: usize = 24;

#[derive(Debug, Default)]
pub struct NewDataUi {
    is_open: bool,
}

impl NewDataUi {
    pub fn open(&mut self) {
        self.is_open = true;
    }

    pub fn show(&mut self, ctx: &Context, state: &State, dialogs: &mut Dialogs, actions: &mut Vec<Action>) {
        // A file is being chosen in front of it.
        if !self.is_open || dialogs.is_open() {
            return;
        }
        let modal = Modal::new(Id::unique("new data")).frame(dialog_frame(&ctx.global_style())).show(ctx, |ui| {
            ui.set_width(WIDTH.min(ctx.content_rect().width() - 64.0));
            contents(ui, state, dialogs, actions)
        });
        if modal.inner || modal.should_close() {
            self.is_open = false;
            if is_predicting(state) {
                actions.push(ExamineAction::Cancel.into());
            }
        }
    }
}

fn is_predicting(state: &State) -> bool {
    matches!(state.examined().doing, Some(ExamineAction::Predict(_)))
}

/// Whether it is to close.
fn contents(ui: &mut Ui, state: &State, dialogs: &mut Dialogs, actions: &mut Vec<Action>) -> bool {
    let tokens = Tokens::of(ui);
    let examined = state.examined();
    ui.heading("Predict new data");
    ui.add(Label::new(RichText::new(explanation(state)).color(tokens.muted)).wrap());
    ui.add_space(4.0);
    if is_predicting(state) {
        if progress(ui, &examined.progress) {
            actions.push(ExamineAction::Cancel.into());
        }
        return false;
    }
    if let Some(why) = &examined.refused {
        ui.add(Label::new(RichText::new(why).color(tokens.bad)).wrap());
    } else if let Some(found) = &examined.predictions {
        answers(ui, &tokens, state, found);
    }
    if state.run().step == 0 {
        let text = "The network hasn't trained yet: its answers are noise.";
        ui.add(Label::new(RichText::new(text).color(tokens.warn)).wrap());
    }
    ui.add_space(4.0);
    buttons(ui, state, dialogs)
}

/// What may be chosen.
fn explanation(state: &State) -> &'static str {
    match state.dataset().map(|dataset| &dataset.encoding.inputs) {
        Some(Inputs::PictureFiles { .. }) => {
            "Pictures that the network has never seen: one, or a folder of them. They are brought to its size."
        }
        Some(Inputs::Pictures | Inputs::PictureNumbers { .. }) => {
            "Images that the network has never seen, of the same size, in MNIST's format (IDX)."
        }
        Some(Inputs::Points { .. }) => {
            "A table of points with the columns x and y (only x where the network has no y)."
        }
        Some(Inputs::Table { .. }) | None => {
            "A table with the columns that the network learnt from, in any order. The answer may be missing; where it is \
                there, the predictions are scored."
        }
    }
}

/// Whether it is to close.
fn buttons(ui: &mut Ui, state: &State, dialogs: &mut Dialogs) -> bool {
    let found = state.examined().predictions.as_ref().filter(|_| state.examined().refused.is_none());
    let can = state.examined().doing.is_none();
    let of_pictures =
        state.dataset().is_some_and(|dataset| matches!(dataset.encoding.inputs, Inputs::PictureFiles { .. }));
    let mut closes = false;
    ui.horizontal_wrapped(|ui| {
        if let Some(found) = found
            && accent_button(ui, can, "Save predictions …").clicked()
        {
            dialogs.ask(Purpose::save_predictions(&found.source), ui.ctx());
        }
        let words = if of_pictures { "Choose a picture …" } else { "Choose a file …" };
        let pressed = match found {
            Some(_) => ui.add_enabled(can, egui::Button::new(words)).clicked(),
            None => accent_button(ui, can, words).clicked(),
        };
        if pressed {
            dialogs.ask(Purpose::Predict { folder: false }, ui.ctx());
        }
        if of_pictures && ui.add_enabled(can, egui::Button::new("Choose a folder …")).clicked() {
            dialogs.ask(Purpose::Predict { folder: true }, ui.ctx());
        }
        closes = ui.button("Close").clicked();
    });
    closes
}

fn answers(ui: &mut Ui, tokens: &Tokens, state: &State, found: &Predictions) {
    let strong = |text: String| Label::new(RichText::new(text).font(theme::medium(13.0)).color(tokens.text)).wrap();
    let of = |n: usize| count(n as u64);
    let name = file_name(&found.source);
    let left_out = found.rows - found.answered;
    let rows = match left_out {
        0 => format!("{} rows of {name} predicted", of(found.rows)),
        _ => format!("{} of {} rows of {name} predicted", of(found.answered), of(found.rows)),
    };
    let old = if found.step == state.run().step { "" } else { "; the network has trained on since" };
    ui.add(strong(format!("{rows}, at step {}{old}.", count(found.step))));
    if let Some((metric, score, scored)) = found.score {
        let (text, rows) = (shown(metric, score), of(scored));
        let says = format!("{} {text} over the {rows} rows that have the answer.", metric.title());
        ui.add(Label::new(says).wrap());
    }
    ScrollArea::vertical().id_salt("notes").max_height(NOTES).auto_shrink([false, true]).show(ui, |ui| {
        for note in &found.notes {
            ui.add(Label::new(RichText::new(note).color(tokens.warn)).wrap());
        }
    });
    table(ui, tokens, found);
    if let Some(path) = &found.saved {
        ui.add(Label::new(RichText::new(format!("Saved: {}", path.display())).color(tokens.ok)).wrap());
    }
}

fn shown(metric: Metric, score: f64) -> String {
    match metric {
        Metric::Accuracy => percent(score as f32),
        Metric::R2 | Metric::Map50 => significant(score, 4),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The first lines of the table that is saved.
fn table(ui: &mut Ui, tokens: &Tokens, found: &Predictions) {
    let height = TABLE.min(ui.ctx().content_rect().height() - AROUND).max(80.0);
    let lines = found.lines.len().saturating_sub(1);
    ScrollArea::both().id_salt("answers").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        Grid::new("answers").min_row_height(16.0).spacing([16.0, 3.0]).show(ui, |ui| {
            for (at, line) in found.lines.iter().enumerate() {
                for cell in line {
                    let text = RichText::new(short(cell));
                    let text = match at {
                        0 => text.small().color(tokens.faint),
                        _ => text.font(theme::mono(12.0)).color(tokens.text),
                    };
                    let label = ui.add(Label::new(text).extend());
                    if short(cell) != *cell {
                        label.on_hover_text(cell);
                    }
                }
                ui.end_row();
            }
        });
    });
    if lines < found.line_count {
        let text = format!("The first {lines} of {} rows.", count(found.line_count as u64));
        ui.label(RichText::new(text).small().color(tokens.faint));
    }
}

/// A cell as far as it is shown: four digits of a number, the beginning of a text.
fn short(cell: &str) -> String {
    match cell.parse::<f64>() {
        Ok(value) if cell.contains('.') => significant(value, 4),
        Ok(_) => cell.to_owned(),
        Err(_) if cell.chars().count() > LONGEST => cell.chars().take(LONGEST - 1).chain(['…']).collect(),
        Err(_) => cell.to_owned(),
    }
}
