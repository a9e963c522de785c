//! One run in the table.

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, FontId, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};
use egui_material_icons::icons;

use super::columns::Column;
use super::editing::{self, Editing, Of};
use super::picking::{self, How};
use super::rows::{self, Row};
use super::{CompareUi, Seen, menu};
use crate::gui::theme::{self, Tokens};
use crate::model::difference::in_words;
use crate::session::Action;
use crate::trace::Ending;

/// Left of the names: the swatch that picks.
const SWATCH: f32 = 46.0;

/// Left of what stands in a column of words.
pub fn margin(column: Column) -> f32 {
    if column == Column::Run { 14.0 } else { 8.0 }
}

pub fn show(
    ui: &mut Ui,
    seen: &Seen<'_>,
    local: &mut CompareUi,
    index: usize,
    rect: Rect,
    columns: &[(Column, f32)],
    actions: &mut Vec<Action>,
) {
    let Some(row) = local.rows.shown.get(index).cloned() else { return };
    let (tokens, id) = (&seen.tokens, row.card.id.as_str());
    let picked = seen.state.runs().picked.contains(id);
    let response = ui.interact(rect, ui.scope_id().with(("run", id)), Sense::CLICK | Sense::HOVER);
    let swatch = Rect::from_min_size(rect.min, Vec2::new(SWATCH, rect.height()));
    let swatch = ui.interact(swatch, ui.scope_id().with(("swatch", id)), Sense::CLICK | Sense::HOVER);
    ground(ui, tokens, rect, local.current.as_deref() == Some(id), response.hovered() || swatch.hovered());
    let colour = local.colours.get(tokens, id);
    if picked {
        ui.painter().rect_filled(rect.with_max_x(rect.left() + 3.0), 0.0, colour);
    }
    mark(ui, tokens, &swatch, colour, picked);
    swatch.widget_info(|| {
        WidgetInfo::selected(Role::CheckBox, true, picked, format!("Show the curve of {}", row.card.name))
    });
    let mut x = rect.left();
    let (mut name_at, mut words_at) = (rect, rect);
    for &(column, width) in columns {
        let cell = Rect::from_min_size(Pos2::new(x, rect.top()), Vec2::new(width, rect.height()));
        x += width;
        match column {
            Column::Run => name_at = cell.with_min_x(cell.left() + SWATCH - 4.0).shrink2(Vec2::new(4.0, 3.0)),
            Column::Differs => words_at = cell.shrink2(Vec2::new(margin(column), 3.0)),
            Column::Spark => spark(ui, cell, &row, if picked { colour } else { tokens.faint }),
            _ => number(ui, tokens, local, cell, &row, column),
        }
    }
    let edited = local.editing.as_ref().filter(|editing| editing.id == id).map(|editing| editing.of);
    match edited {
        Some(Of::Name) => editing::field(ui, local, name_at, actions),
        _ => name(ui, tokens, name_at, &row),
    }
    match edited {
        Some(Of::Note) => editing::field(ui, local, words_at, actions),
        _ => words(ui, tokens, local, words_at, index, &row),
    }
    let label = || {
        let live = if row.live { ", live" } else { "" };
        format!("{}{live}, best {}", row.card.name, Column::BestScore.text(&row.card))
    };
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, picked, label()));
    touch(ui, seen, local, &row, &response, &swatch, name_at, actions);
}

#[expect(clippy::too_many_arguments, reason = "a row is all of these")]
fn touch(
    ui: &Ui,
    seen: &Seen<'_>,
    local: &mut CompareUi,
    row: &Row,
    response: &Response,
    swatch: &Response,
    name_at: Rect,
    actions: &mut Vec<Action>,
) {
    let id = row.card.id.as_str();
    let focus = || ui.memory_mut(|memory| memory.request_focus(egui::Id::unique("table of runs")));
    if swatch.clicked() {
        focus();
        picking::pick(seen.state, local, id, How::Toggle, actions);
    } else if response.clicked() {
        focus();
        let modifiers = ui.input(|i| i.modifiers);
        let how = match (modifiers.shift, modifiers.command) {
            (true, _) => How::Stretch,
            (_, true) => How::Toggle,
            _ => How::Alone,
        };
        picking::pick(seen.state, local, id, how, actions);
    }
    let on_name = response.interact_pointer_pos().is_some_and(|at| name_at.contains(at));
    if response.double_clicked() && on_name {
        local.editing = Some(Editing::new(id, Of::Name, &row.card.name));
    }
    if response.secondary_clicked() {
        local.current = Some(id.to_owned());
    }
    response.context_menu(|ui| menu::of_row(ui, row, local, actions));
    if response.hovered() && !swatch.hovered() && !row.card.note.is_empty() {
        response.clone().on_hover_text(&row.card.note);
    }
}

fn ground(ui: &Ui, tokens: &Tokens, rect: Rect, current: bool, hovered: bool) {
    let fill = match (current, hovered) {
        (true, _) => tokens.accent_soft,
        (_, true) => tokens.hover.gamma_multiply(0.6),
        _ => Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(rect, 0.0, fill);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, tokens.line.gamma_multiply(0.4)));
}

/// The colour of the run's curve; a click lays it over the others or takes it away.
fn mark(ui: &Ui, tokens: &Tokens, response: &Response, colour: Color32, picked: bool) {
    let at = Pos2::new(response.rect.left() + 14.0, response.rect.center().y);
    let bar = Rect::from_min_size(at - Vec2::new(0.0, 1.5), Vec2::new(22.0, 3.0));
    let shade = if picked { colour } else { theme::mix(tokens.panel, colour, 0.45) };
    ui.painter().rect_filled(bar, 1.5, shade);
    if response.hovered() {
        ui.painter().rect_stroke(
            bar.expand2(Vec2::new(4.0, 5.0)),
            4.0,
            Stroke::new(1.0, tokens.muted),
            StrokeKind::Inside,
        );
    }
}

fn name(ui: &Ui, tokens: &Tokens, place: Rect, row: &Row) {
    let mut job = LayoutJob::default();
    append(&mut job, &row.card.name, theme::regular(13.0), tokens.text);
    if row.live {
        append(&mut job, " live", theme::regular(13.0), tokens.faint);
    }
    let star = if row.card.pinned { 20.0 } else { 0.0 };
    let end = one_line(ui, job, place.with_max_x(place.right() - star));
    if row.card.pinned {
        let icon = icons::ICON_STAR;
        let font = FontId::new(15.0, icon.font_family());
        ui.painter().text(
            Pos2::new(end + 5.0, place.center().y),
            Align2::LEFT_CENTER,
            icon.codepoint,
            font,
            tokens.text,
        );
    }
}

/// What differs from the row above, how the run ended, and the note on it.
fn words(ui: &Ui, tokens: &Tokens, local: &mut CompareUi, place: Rect, index: usize, row: &Row) {
    let font = || theme::regular(13.0);
    let mut job = LayoutJob::default();
    match local.rows.differs(index) {
        None => append(&mut job, "the first row", font(), tokens.faint),
        Some(found) if found.is_empty() => {
            let above = &local.rows.shown[index - 1].card.project.training;
            append(&mut job, "same", font(), tokens.muted);
            if above.seed != row.card.project.training.seed {
                append(&mut job, ", different seed", font(), tokens.muted);
            }
        }
        Some(found) => {
            for (i, difference) in found.iter().enumerate() {
                append(&mut job, if i > 0 { ", " } else { "" }, font(), tokens.muted);
                append(&mut job, &format!("{} ", difference.what), font(), tokens.muted);
                append(&mut job, &difference.change(), theme::medium(13.0), tokens.text);
            }
        }
    }
    if let Some(ending) = rows::ending(&row.card.ending) {
        let colour = if matches!(row.card.ending, Ending::NotFinite { .. }) { tokens.bad } else { tokens.faint };
        append(&mut job, " · ", font(), tokens.faint);
        append(&mut job, &ending, font(), colour);
    }
    if !row.card.note.is_empty() {
        append(&mut job, &format!(" · {}", row.card.note), font(), tokens.faint);
    }
    let whole = job.text.clone();
    let end = one_line(ui, job, place);
    // What does not fit is read by resting on it.
    if end >= place.right() - 14.0 {
        let more = local.rows.differs(index).map(|found| in_words(&found)).unwrap_or_default();
        let response = ui.interact(place, ui.scope_id().with(("words", index)), Sense::HOVER);
        response.on_hover_text(if more.is_empty() { whole } else { more.replace(", ", "\n") });
    }
}

fn number(ui: &Ui, tokens: &Tokens, local: &CompareUi, cell: Rect, row: &Row, column: Column) {
    let is_best =
        column == Column::BestScore && row.card.best_score.is_some() && row.card.best_score == local.rows.best;
    let text = column.text(&row.card);
    let colour = match text.as_str() {
        "–" => tokens.faint,
        _ if is_best => tokens.ok,
        _ => tokens.text,
    };
    let at = cell.right_center() - Vec2::new(10.0, 0.0);
    ui.painter_at(cell).text(at, Align2::RIGHT_CENTER, text, theme::mono(12.0), colour);
}

/// The validation loss from beginning to end, each in its own height.
fn spark(ui: &Ui, cell: Rect, row: &Row, colour: Color32) {
    let values = &row.card.spark;
    let room = cell.shrink2(Vec2::new(10.0, 7.0));
    let (low, high) = values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    if values.len() < 2 || !low.is_finite() {
        return;
    }
    let across = |i: usize| room.left() + room.width() * i as f32 / (values.len() - 1) as f32;
    let up = |v: f32| room.bottom() - room.height() * (v - low) / (high - low).max(f32::MIN_POSITIVE);
    let points: Vec<Pos2> = values.iter().enumerate().map(|(i, &v)| Pos2::new(across(i), up(v))).collect();
    ui.painter().line(points, Stroke::new(1.5, colour));
}

fn append(job: &mut LayoutJob, text: &str, font: FontId, colour: Color32) {
    job.append(text, 0.0, TextFormat { font_id: font, color: colour, ..TextFormat::default() });
}

/// Cut off at the end of its place; returns where it ends.
fn one_line(ui: &Ui, mut job: LayoutJob, place: Rect) -> f32 {
    job.wrap = TextWrapping::truncate_at_width(place.width());
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let at = Pos2::new(place.left(), place.center().y - galley.size().y / 2.0);
    let end = at.x + galley.size().x;
    ui.painter().galley(at, galley, Color32::PLACEHOLDER);
    end
}
