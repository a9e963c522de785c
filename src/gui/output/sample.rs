//! One validation sample, large: its numbers, and the network's answer to it.

use egui::{RichText, ScrollArea, Ui, Vec2};

use super::classes::{Answers, name};
use super::try_it::{About, answer_ui, truth};
use super::{OutputUi, OutputView, rows, thumbnail};
use crate::gui::heatmap::Heatmap;
use crate::gui::numbers::number;
use crate::gui::theme::Tokens;
use crate::session::Action;

pub(super) fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    answers: Option<Answers<'_>>,
    row: u32,
    local: &mut OutputUi,
    actions: &mut Vec<Action>,
) {
    let dataset = view.dataset;
    let Ok(values) = dataset.validation.input(row as usize) else {
        local.picked = None;
        return;
    };
    let values = &*values;
    local.try_it.ask(view, About::Sample(row), values, actions);
    let reply = local.try_it.reply(view);
    ScrollArea::vertical().id_salt("sample").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                if ui.button("← All samples").clicked() {
                    local.picked = None;
                }
                let names = dataset.classes().unwrap_or_default();
                let text = format!("sample {row} · {}", truth(dataset, row as usize).unwrap_or_default());
                ui.label(RichText::new(text).color(tokens.muted));
                if let Some(p) = answers.and_then(|a| a.predictions.iter().find(|p| p.row == row)) {
                    let colour = if p.predicted == p.truth { tokens.ok } else { tokens.bad };
                    ui.label(RichText::new(format!("predicted {}", name(names, p.predicted))).color(colour));
                }
            });
            let answer = |ui: &mut Ui| answer_ui(ui, tokens, view, reply);
            match *dataset.input_shape.as_slice() {
                [1, rows, columns] => {
                    ui.horizontal_top(|ui| {
                        image(ui, values, [1, rows, columns]);
                        ui.vertical(answer);
                    });
                    all_numbers(ui, tokens, values, [rows, columns]);
                }
                [channels, rows, columns] => {
                    image(ui, values, [channels, rows, columns]);
                    answer(ui);
                }
                _ => {
                    answer(ui);
                    rows::read(ui, tokens, dataset, values);
                }
            }
        });
    });
}

/// Every channel as a map whose cells can be read.
fn image(ui: &mut Ui, values: &[f32], [channels, rows, columns]: [usize; 3]) {
    let plane = rows * columns;
    let side = (ui.available_width() / channels.max(2) as f32 - 8.0).clamp(48.0, 168.0);
    ui.horizontal(|ui| {
        for channel in 0..channels {
            let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), egui::Sense::hover());
            let cells = &values[channel * plane..(channel + 1) * plane];
            let painter = ui.painter_at(rect);
            thumbnail::paint(ui, &painter, rect, ("large", channel), &[1, rows, columns], cells);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "The sample, large"));
            if let Some(pos) = response.hover_pos() {
                let at = (pos - rect.min) / rect.size();
                let row = ((at.y * rows as f32) as usize).min(rows - 1);
                let column = ((at.x * columns as f32) as usize).min(columns - 1);
                let text = format!("row {row}, column {column}: {}", number(cells[row * columns + column]));
                crate::gui::reading::read_text(&response, &text);
            }
        }
    });
}

fn all_numbers(ui: &mut Ui, tokens: &Tokens, values: &[f32], [rows, columns]: [usize; 2]) {
    let help = "What the network sees: one number per pixel.";
    egui::CollapsingHeader::new(RichText::new("all numbers").small().color(tokens.faint)).show(ui, |ui| {
        let map = Heatmap { max_height: 240.0, max_cell: 12.0, name: "Pixels", ..Heatmap::new(rows, columns, values) };
        map.show(ui, tokens, "pixels").on_hover_text(help);
    });
}
