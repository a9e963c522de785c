//! The table of runs: heading with the filter, names of the columns, and of the rows those that are in sight.

use egui::containers::menu::MenuButton;
use egui::{
    Align, Align2, Event, EventFilter, Id, Key, Layout, Modifiers, Pos2, Rect, RichText, Role, ScrollArea, Sense,
    Stroke, TextEdit, Ui, UiBuilder, Vec2, WidgetInfo,
};

use super::columns::{self, Column};
use super::editing::{Editing, Of};
use super::picking::{self, How};
use super::{CompareUi, Seen, menu, row};
use crate::expr::counted;
use crate::gui::anchors;
use crate::gui::dialogs::{Dialogs, Purpose};
use crate::gui::figure::{self, Offer};
use crate::gui::plots::empty;
use crate::gui::theme;
use crate::session::{Action, Anchor, RunAction};

pub const ROW: f32 = 32.0;
const HEADER: f32 = 36.0;
const HEADS: f32 = 26.0;

/// Before the first run.
pub fn nothing(ui: &mut Ui, seen: &Seen<'_>, actions: &mut Vec<Action>) {
    if !seen.state.runs().deleted.is_empty() {
        deleted(ui, seen, actions);
    }
    let text =
        "Every run is kept, with its network, data, settings, weights and curves, so that you can compare them here.";
    empty::no_run_but(ui, &seen.tokens, seen.state, "Train a network, and its run appears here.", text, actions);
}

pub fn show(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, dialogs: &mut Dialogs, actions: &mut Vec<Action>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    header(ui, seen, local, dialogs, actions);
    if let Some(problem) = &local.rows.filter.problem {
        ui.horizontal(|ui| {
            ui.add_space(12.0);
            ui.label(RichText::new(problem).small().color(seen.tokens.warn));
        });
    }
    let columns = columns::laid_out(ui.available_width());
    heads(ui, seen, local, &columns);
    if local.rows.shown.is_empty() {
        let text = format!("None of the {} runs matches. Change the filter above.", local.rows.total);
        return empty::say(ui, &seen.tokens, "No matching runs", &text);
    }
    body(ui, seen, local, &columns, actions);
}

fn header(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, dialogs: &mut Dialogs, actions: &mut Vec<Action>) {
    let tokens = &seen.tokens;
    let all = ui.available_rect_before_wrap();
    let strip = Rect::from_min_size(all.min, Vec2::new(all.width(), HEADER));
    ui.painter().hline(strip.x_range(), strip.bottom(), Stroke::new(1.0, tokens.line));
    let inner = strip.shrink2(Vec2::new(12.0, 0.0));
    let (total, shown) = (local.rows.total, local.rows.shown.len());
    let title = if shown == total { format!("Runs {total}") } else { format!("Runs {shown} of {total}") };
    let left = UiBuilder::new().max_rect(inner).layout(Layout::left_to_right(Align::Center));
    let used = ui
        .scope_builder(left, |ui| {
            ui.label(RichText::new(title).font(theme::medium(13.0)).color(tokens.text));
            let picked = seen.state.runs().picked.len();
            if picked > 0 && inner.width() > 640.0 {
                ui.label(RichText::new(format!("{picked} selected")).color(tokens.faint));
            }
        })
        .response
        .rect;
    let rest = inner.with_min_x((used.right() + 16.0).min(inner.right()));
    let right = UiBuilder::new().max_rect(rest).layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(right, |ui| {
        export(ui, seen, local, dialogs);
        filter(ui, local);
        deleted(ui, seen, actions);
    });
    ui.advance_cursor_after_rect(strip);
}

fn deleted(ui: &mut Ui, seen: &Seen<'_>, actions: &mut Vec<Action>) {
    let names: Vec<&str> = seen.state.runs().deleted.iter().map(|card| card.name.as_str()).collect();
    menu::undelete(ui, &seen.tokens, &names, actions);
}

fn filter(ui: &mut Ui, local: &mut CompareUi) {
    let width = (ui.available_width() - 8.0).clamp(60.0, 232.0);
    let before = local.filter.clone();
    let hint = "Filter: best score > 0.9";
    let field = TextEdit::singleline(&mut local.filter).hint_text(hint).desired_width(width);
    let response = ui.add(field.margin(egui::Margin::symmetric(8, 5)));
    anchors::put(ui, Anchor::RunsFilter, &response);
    let (name, text) = ("Filter the runs", local.filter.clone());
    response
        .widget_info(|| WidgetInfo { label: Some(name.into()), ..WidgetInfo::text_edit(true, &before, &text, hint) });
    let help = format!(
        "Words search names, notes and changes; comparisons filter by number: steps < 1000, val loss <= 0.1, best \
         score > 90 %. Columns: {}.",
        Column::names()
    );
    response.on_hover_text(help);
}

fn export(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, dialogs: &mut Dialogs) {
    let ctx = ui.ctx().clone();
    let name = seen.state.project().name.clone();
    let button = MenuButton::new("Export").ui(ui, |ui| {
        if ui.button("Table as CSV …").clicked() {
            dialogs.ask(Purpose::ExportRuns { suggestion: format!("{name} runs"), curves: false }, &ctx);
        }
        let any = !seen.state.runs().picked.is_empty();
        if ui.add_enabled(any, egui::Button::new("Curves of the selected runs as CSV …")).clicked() {
            dialogs.ask(Purpose::ExportRuns { suggestion: format!("{name} curves"), curves: true }, &ctx);
        }
        ui.separator();
        figure::items(ui, &mut local.export, Offer { picture: any, numbers: false });
    });
    anchors::put(ui, Anchor::RunsExport, &button.0);
}

fn heads(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, columns: &[(Column, f32)]) {
    let tokens = &seen.tokens;
    let all = ui.available_rect_before_wrap();
    let strip = Rect::from_min_size(all.min, Vec2::new(all.width(), HEADS));
    let mut x = strip.left();
    for &(column, width) in columns {
        let cell = Rect::from_min_size(Pos2::new(x, strip.top()), Vec2::new(width, HEADS));
        x += width;
        let by_this = local.order.by == column;
        let title = column.title(local.rows.metric);
        let sense = if column.is_sorted_by() { Sense::click() } else { Sense::hover() };
        let response = ui.interact(cell, ui.scope_id().with(("head", column as u8)), sense);
        let colour = match (by_this, response.hovered() && column.is_sorted_by()) {
            (true, _) | (_, true) => tokens.text,
            _ => tokens.faint,
        };
        let sign = match (by_this && column.is_sorted_by(), local.order.falling) {
            (false, _) => "",
            (true, true) => " ↓",
            (true, false) => " ↑",
        };
        let (align, at) = if is_text(column) {
            (Align2::LEFT_CENTER, cell.left_center() + Vec2::new(row::margin(column), 0.0))
        } else {
            (Align2::RIGHT_CENTER, cell.right_center() - Vec2::new(10.0, 0.0))
        };
        ui.painter_at(cell).text(at, align, format!("{title}{sign}"), theme::regular(11.0), colour);
        if column.is_sorted_by() {
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, by_this, format!("Sort by {title}")));
        }
        if response.on_hover_text(column.help()).clicked() {
            local.order.falling = if by_this { !local.order.falling } else { column.begins_falling() };
            local.order.by = column;
            local.reveal = true;
        }
    }
    ui.painter().hline(strip.x_range(), strip.bottom(), Stroke::new(1.0, tokens.line));
    ui.advance_cursor_after_rect(strip);
}

pub fn is_text(column: Column) -> bool {
    matches!(column, Column::Run | Column::Differs)
}

fn body(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, columns: &[(Column, f32)], actions: &mut Vec<Action>) {
    let id = Id::unique("table of runs");
    let room = ui.available_rect_before_wrap();
    let table = ui.interact(room, id, Sense::click());
    anchors::put(ui, Anchor::RunsTable, &table);
    let rows = local.rows.shown.len();
    table.widget_info(|| WidgetInfo::labeled(Role::Table, true, format!("Table of {}", counted(rows, "run"))));
    if table.clicked() {
        ui.memory_mut(|memory| memory.request_focus(id));
    }
    if table.has_focus() {
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        keys(ui, seen, local, actions);
        if table.has_focus() && local.editing.is_none() {
            ui.painter().rect_stroke(
                room.shrink(0.5),
                0.0,
                Stroke::new(1.0, seen.tokens.accent_soft),
                egui::StrokeKind::Inside,
            );
        }
    }
    let current = local.current.as_deref().and_then(|id| local.rows.position(id));
    let target = std::mem::take(&mut local.reveal).then_some(current).flatten();
    ScrollArea::vertical().id_salt("runs").auto_shrink(false).show_viewport(ui, |ui, viewport| {
        ui.set_height(rows as f32 * ROW);
        let (left, top, width) = (ui.max_rect().left(), ui.max_rect().top(), ui.available_width());
        let place = |i: usize| Rect::from_min_size(Pos2::new(left, top + i as f32 * ROW), Vec2::new(width, ROW));
        if let Some(target) = target {
            ui.scroll_to_rect(place(target), None);
        }
        let first = (viewport.min.y / ROW).floor().max(0.0) as usize;
        let last = ((viewport.max.y / ROW).ceil().max(0.0) as usize).min(rows);
        for index in first.min(last)..last {
            row::show(ui, seen, local, index, place(index), columns, actions);
        }
    });
}

/// What the keys do while the table has the focus.
fn keys(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, actions: &mut Vec<Action>) {
    let rows = local.rows.shown.len();
    if rows == 0 || local.editing.is_some() {
        return;
    }
    let state = seen.state;
    let at = local.current.as_deref().and_then(|id| local.rows.position(id));
    let pressed = |modifiers, key| ui.input_mut(|i| i.consume_key(modifiers, key));
    let stretch_up = pressed(Modifiers::SHIFT, Key::ArrowUp);
    let stretch_down = pressed(Modifiers::SHIFT, Key::ArrowDown);
    let to = match () {
        () if stretch_up || pressed(Modifiers::NONE, Key::ArrowUp) => Some(at.map_or(0, |at| at.saturating_sub(1))),
        () if stretch_down || pressed(Modifiers::NONE, Key::ArrowDown) => {
            Some(at.map_or(0, |at| (at + 1).min(rows - 1)))
        }
        () if pressed(Modifiers::NONE, Key::Home) => Some(0),
        () if pressed(Modifiers::NONE, Key::End) => Some(rows - 1),
        () => None,
    };
    let all = pressed(Modifiers::COMMAND, Key::A);
    let space = pressed(Modifiers::NONE, Key::Space);
    let rename = pressed(Modifiers::NONE, Key::F2);
    let delete = pressed(Modifiers::NONE, Key::Delete) || pressed(Modifiers::NONE, Key::Backspace);
    // The release of Space would play.
    ui.input_mut(|i| i.events.retain(|event| !matches!(event, Event::Key { key: Key::Space, pressed: false, .. })));
    if let Some(to) = to {
        let id = local.rows.shown[to].card.id.clone();
        if stretch_up || stretch_down {
            picking::pick(state, local, &id, How::Stretch, actions);
        }
        local.current = Some(id);
        local.reveal = true;
    }
    if all {
        picking::pick_all(state, local, actions);
    }
    let Some(row) = local.current.as_deref().and_then(|id| local.rows.find(id)) else { return };
    if space {
        picking::pick(state, local, &row.card.id, How::Toggle, actions);
    }
    if rename {
        local.editing = Some(Editing::new(&row.card.id, Of::Name, &row.card.name));
    }
    if delete {
        let picked = &state.runs().picked;
        let mut ids: Vec<String> = if picked.contains(&row.card.id) && picked.len() > 1 {
            local.rows.shown.iter().map(|row| row.card.id.clone()).filter(|id| picked.contains(id)).collect()
        } else {
            vec![row.card.id.clone()]
        };
        ids.retain(|id| Some(id.as_str()) != local.rows.live_id());
        if !ids.is_empty() {
            actions.push(Action::Runs(RunAction::Delete(ids)));
        }
    }
}
