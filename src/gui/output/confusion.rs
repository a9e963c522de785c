//! The confusion matrix: one row a true class, one column a predicted one. A click on a cell shows its samples.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Pos2, Rect, Response, RichText, Sense, Stroke, Ui, Vec2, WidgetInfo};

use super::classes::Answers;
use super::{OVER, OutputUi, Tab, over_words};
use crate::gui::numbers::{count, percent};
use crate::gui::reading::read_text;
use crate::gui::theme::{self, Tokens, mix};

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, answers: &Answers<'_>, local: &mut OutputUi) {
    let n = answers.names.len();
    let room = ui.available_rect_before_wrap().shrink2(Vec2::new(12.0, 8.0));
    let left = (label_width(ui, answers).min(room.width() * 0.3) + 12.0).max(44.0);
    let top = 32.0;
    // Scores that are not over all samples say so below.
    let note = over_words(answers.over);
    let room = if note.is_some() { room.with_max_y(room.bottom() - 14.0) } else { room };
    let side = (room.width() - left).min(room.height() - top - 4.0).max(n as f32 * 4.0);
    let cell = (side / n as f32).floor().clamp(4.0, 64.0);
    let origin = room.min + Vec2::new(left, top);
    let grid = Rect::from_min_size(origin, Vec2::splat(cell * n as f32));
    paint_labels(ui, tokens, answers, grid, cell);
    if let Some(note) = note {
        let at = Pos2::new(room.left(), grid.bottom() + 4.0);
        let note_rect = Rect::from_min_size(at, Vec2::new(room.width(), 14.0));
        ui.put(note_rect, egui::Label::new(RichText::new(note).small().color(tokens.faint)).halign(egui::Align::LEFT))
            .on_hover_text(OVER);
    }
    let rows: Vec<u64> =
        answers.confusion.chunks(n).map(|row| row.iter().map(|&c| u64::from(c)).sum::<u64>().max(1)).collect();
    for (truth, &support) in rows.iter().enumerate() {
        for predicted in 0..n {
            let min = origin + Vec2::new(predicted as f32, truth as f32) * cell;
            let rect = Rect::from_min_size(min, Vec2::splat(cell));
            let response = ui.interact(rect, ui.scope_id().with((truth, predicted)), Sense::click());
            let tally = answers.confusion[truth * n + predicted];
            let share = (f64::from(tally) / support as f64) as f32;
            paint_cell(ui, tokens, rect, tally, share, truth == predicted, &response);
            let text = describe(answers, truth, predicted, tally, share);
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &text));
            if response.hovered() {
                read_text(&response, &format!("{text}\nClick to see the samples."));
            }
            if response.clicked() {
                local.cell = Some((truth as u32, predicted as u32));
                (local.only_wrong, local.pages) = (false, 0);
                local.picked = None;
                local.tab = Tab::Output;
            }
        }
    }
}

/// "truth 3, predicted 5: 12 (1.2 % of its row)"
fn describe(answers: &Answers<'_>, truth: usize, predicted: usize, tally: u32, share: f32) -> String {
    let (truth, predicted) = (&answers.names[truth], &answers.names[predicted]);
    format!("truth {truth}, predicted {predicted}: {} ({} of its row)", count(u64::from(tally)), percent(share))
}

fn paint_cell(ui: &Ui, tokens: &Tokens, rect: Rect, tally: u32, share: f32, right: bool, response: &Response) {
    let painter = ui.painter();
    // Right answers in the colour of good, wrong ones in that of bad; a single one can already be told from none.
    let end = if right { tokens.ok } else { tokens.bad };
    let strength = if tally == 0 { 0.0 } else { 0.15 + 0.75 * share.sqrt() };
    let ground = mix(tokens.canvas, end, strength);
    let inner = if rect.width() > 8.0 { rect.shrink(0.5) } else { rect };
    painter.rect_filled(inner, 2.0, ground);
    if rect.width() >= 16.0 && tally > 0 {
        let size = (rect.width() * 0.36).clamp(8.0, 13.0);
        let text = if tally >= 1000 && rect.width() < 36.0 { format!("{}k", tally / 1000) } else { tally.to_string() };
        let colour = if strength > 0.5 { tokens.on_icon } else { tokens.text };
        painter.text(rect.center(), Align2::CENTER_CENTER, text, theme::mono(size), colour);
    }
    if response.hovered() || response.has_focus() {
        painter.rect_stroke(inner, 2.0, Stroke::new(1.5, tokens.text), egui::StrokeKind::Inside);
    }
}

fn label_width(ui: &Ui, answers: &Answers<'_>) -> f32 {
    let width = |name: &String| {
        ui.painter().layout_no_wrap(name.clone(), theme::regular(11.0), egui::Color32::PLACEHOLDER).size().x
    };
    answers.names.iter().map(width).fold(8.0, f32::max)
}

fn paint_labels(ui: &Ui, tokens: &Tokens, answers: &Answers<'_>, grid: Rect, cell: f32) {
    let font = theme::regular(11.0);
    let painter = ui.painter();
    // Where cells are lower than a line of text, every second or third name has to do.
    let every = (13.0 / cell).ceil().max(1.0) as usize;
    for (i, name) in answers.names.iter().enumerate().step_by(every) {
        let middle = (i as f32 + 0.5) * cell;
        let row = Pos2::new(grid.left() - 6.0, grid.top() + middle);
        painter.text(row, Align2::RIGHT_CENTER, name, font.clone(), tokens.muted);
        let room = Rect::from_min_size(
            Pos2::new(grid.left() + i as f32 * cell, grid.top() - 18.0),
            Vec2::new(cell * every as f32, 16.0),
        );
        let mut job = LayoutJob::simple_singleline(name.clone(), font.clone(), tokens.muted);
        job.wrap = TextWrapping::truncate_at_width(room.width() - if cell > 24.0 { 4.0 } else { 0.0 });
        let galley = painter.layout_job(job);
        let x = if galley.size().x < room.width() { room.left() + (cell - galley.size().x) / 2.0 } else { room.left() };
        painter.with_clip_rect(room).galley(Pos2::new(x.max(room.left()), room.top()), galley, tokens.muted);
    }
    let caption = theme::regular(10.0);
    let above = Pos2::new(grid.left(), grid.top() - 32.0);
    painter.text(above, Align2::LEFT_TOP, "predicted →", caption.clone(), tokens.faint);
    let beside = Pos2::new(grid.left() - 6.0, grid.top() - 16.0);
    painter.text(beside, Align2::RIGHT_TOP, "truth ↓", caption, tokens.faint);
}
