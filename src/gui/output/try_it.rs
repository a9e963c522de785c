//! Asking the network about something of one's own: a drawn picture, a typed row. The answer follows while it trains.

use egui::{Button, RichText, ScrollArea, Ui, Vec2, WidgetInfo};

use super::pad::Pad;
use super::{OutputView, colours, rows, thumbnail};
use crate::data::{Dataset, Task};
use crate::gui::numbers::{number, percent};
use crate::gui::plots::empty;
use crate::gui::textures::fingerprint;
use crate::gui::theme::{self, Tokens};
use crate::session::Action;

/// What was drawn or typed, and what was last asked.
#[derive(Clone, Debug, Default)]
pub struct TryUi {
    pub pad: Pad,
    /// One number for each input of a row-shaped data set.
    pub row: Vec<f32>,
    /// Sample of the validation part that was last taken over.
    pub(super) taken: usize,
    /// Fingerprint of the input and the picture's step: the answer of a later step is another one.
    asked: Option<(u64, u64)>,
}

impl TryUi {
    /// Asks about `input` when it or the network has changed since.
    pub(super) fn ask(&mut self, view: &OutputView<'_>, input: &[f32], actions: &mut Vec<Action>) {
        let question = (fingerprint(input), view.step());
        if self.asked != Some(question) {
            self.asked = Some(question);
            actions.push(Action::TryInput(input.to_vec()));
        }
    }
}

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, local: &mut TryUi, actions: &mut Vec<Action>) {
    match view.dataset.input_shape.as_slice() {
        &[1, rows, columns] => draw(ui, tokens, view, local, [rows, columns], actions),
        [_, _, _] => empty::say(ui, tokens, "Not for coloured pictures", "The pad draws in one colour only."),
        _ => rows::show(ui, tokens, view, local, actions),
    }
}

fn draw(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    local: &mut TryUi,
    [rows, columns]: [usize; 2],
    actions: &mut Vec<Action>,
) {
    local.pad.fit(rows, columns);
    let room = ui.available_size() - Vec2::new(24.0, 16.0);
    let beside = room.x >= 250.0;
    let side = if beside { (room.y - 34.0).min(room.x * 0.48) } else { room.x.min(room.y * 0.5) };
    let side = side.clamp(84.0, 280.0);
    ScrollArea::vertical().id_salt("draw").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            let pad = |ui: &mut Ui, local: &mut TryUi| {
                ui.vertical(|ui| {
                    local.pad.ui(ui, tokens, side).on_hover_text("Draw here; the right button erases.");
                    pad_buttons(ui, view, local);
                });
            };
            if beside {
                ui.horizontal_top(|ui| {
                    pad(ui, local);
                    ui.vertical(|ui| answer(ui, tokens, view, local, actions));
                });
            } else {
                pad(ui, local);
                answer(ui, tokens, view, local, actions);
            }
        });
    });
}

fn pad_buttons(ui: &mut Ui, view: &OutputView<'_>, local: &mut TryUi) {
    ui.horizontal(|ui| {
        if ui.add_enabled(!local.pad.is_empty(), Button::new("Clear")).clicked() {
            local.pad.clear();
        }
        let help = "Takes over the next validation sample, to be changed by hand.";
        if ui.button("Sample").on_hover_text(help).clicked() {
            local.taken = (local.taken + 1) % view.dataset.validation.len.max(1);
            if let Some(values) = thumbnail::values(view.dataset, &view.dataset.validation, local.taken) {
                let (empty, full) = ink_range(view.dataset);
                let ink = values.iter().map(|v| ((v - empty) / (full - empty)).clamp(0.0, 1.0));
                local.pad.ink = ink.collect();
            }
        }
    });
}

fn answer(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, local: &mut TryUi, actions: &mut Vec<Action>) {
    if local.pad.is_empty() {
        ui.label(RichText::new("Draw with the mouse,\nthe answer follows.").color(tokens.muted));
        return;
    }
    let (empty, full) = ink_range(view.dataset);
    let input: Vec<f32> = local.pad.ink.iter().map(|ink| empty + ink * (full - empty)).collect();
    local.ask(view, &input, actions);
    answer_ui(ui, tokens, view, view.state.try_output.as_deref());
}

/// The numbers that stand for no ink and full ink, from a few training samples.
fn ink_range(dataset: &Dataset) -> (f32, f32) {
    let some = dataset.train.inputs.iter().take(64 * dataset.input_len()).copied().filter(|v| v.is_finite());
    let (low, high) = some.fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low < high { (low, high) } else { (0.0, 1.0) }
}

/// The network's answer: a bar for each class, or the predicted numbers.
pub(super) fn answer_ui(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, output: Option<&[f32]>) {
    let Some(output) = output.filter(|o| o.len() == view.dataset.task.output_len()) else {
        ui.label(RichText::new("No answer yet: train the network first (Space).").color(tokens.muted));
        return;
    };
    match &view.dataset.task {
        Task::Classification { classes } => {
            let best = colours::best(output);
            let width = |name: &String| {
                let galley = ui.painter().layout_no_wrap(name.clone(), theme::medium(12.0), tokens.text);
                galley.size().x + 8.0
            };
            let names = classes.iter().map(width).fold(16.0, f32::max);
            ui.spacing_mut().item_spacing.y = 3.0;
            for (class, (name, &p)) in classes.iter().zip(output).enumerate() {
                bar(ui, tokens, name, p, class == best, names);
            }
        }
        Task::Regression { outputs, .. } => {
            for (name, &value) in outputs.iter().zip(output) {
                let text = format!("{name} {}", number(value));
                ui.label(RichText::new(text).font(theme::semibold(18.0)).color(tokens.text));
            }
        }
    }
}

fn bar(ui: &mut Ui, tokens: &Tokens, name: &str, p: f32, best: bool, names: f32) {
    let width = ui.available_width().max(120.0);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 16.0), egui::Sense::hover());
    let text = format!("{name}: {}", percent(p));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &text));
    let painter = ui.painter_at(rect);
    let left = rect.left() + names.min(width * 0.4);
    let right = (rect.right() - 52.0).max(left + 8.0);
    let track = egui::Rect::from_min_max(egui::pos2(left, rect.top() + 4.0), egui::pos2(right, rect.bottom() - 4.0));
    painter.rect_filled(track, 3.0, tokens.raised);
    let share = if p.is_finite() { p.clamp(0.0, 1.0) } else { 0.0 };
    let filled = track.with_max_x(track.left() + track.width() * share);
    let colour = if best { tokens.accent } else { tokens.faint };
    painter.rect_filled(filled, 3.0, colour);
    let ink = if best { tokens.text } else { tokens.muted };
    let clipped = painter.with_clip_rect(rect.with_max_x(left - 4.0));
    let font = if best { theme::medium(12.0) } else { theme::regular(12.0) };
    clipped.text(rect.left_center(), egui::Align2::LEFT_CENTER, name, font, ink);
    painter.text(rect.right_center(), egui::Align2::RIGHT_CENTER, percent(p), theme::mono(11.0), ink);
    response.on_hover_text(text);
}
