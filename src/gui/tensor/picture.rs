//! The cells of a tensor on the screen: scrolled, zoomed, hovered, chosen with the mouse or the arrow keys.

use egui::{
    Align2, Color32, EventFilter, Key, PointerButton, Pos2, Rect, Response, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    Vec2, WidgetInfo,
};

use super::layout::{Cell, Layout};
use super::marks;
use super::plan::Plan;
use super::scale::Scale;
use super::tiles::{BUDGET, Paint, Tiles};
use crate::gui::numbers::significant;
use crate::gui::reading::read_text;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::is_second_click;
use crate::trace::{Element, Findings, Gates, TensorRecord};

/// Cells at least this large hold their numbers.
const ROOM_FOR_NUMBER: Vec2 = Vec2::new(44.0, 18.0);
/// Beside a picture, for the names of gates.
const GATE: f32 = 16.0;
/// Cells at least this large are set apart by lines.
const ROOM_FOR_GAP: f32 = 9.0;

/// What is drawn.
pub struct Picture<'a> {
    pub record: &'a TensorRecord,
    /// Changes with the numbers.
    pub version: u64,
    pub layout: &'a Layout,
    pub scale: Scale,
    pub paint: Paint,
    pub findings: &'a Findings,
    pub selected: Option<&'a [usize]>,
    /// The selected element was chosen now, or is shown anew.
    pub reveal: bool,
    /// It takes the keyboard.
    pub focus: bool,
    /// Elements of this tensor that belong to something hovered elsewhere.
    pub lit: &'a [Element],
    /// Size that it may take; beyond that it scrolls.
    pub room: Vec2,
    /// The AccessKit name.
    pub name: &'a str,
}

/// What a person did to it.
#[derive(Default)]
pub struct Touched {
    pub hovered: Option<Vec<usize>>,
    pub chosen: Option<Vec<usize>>,
    /// Where it was chosen with the mouse.
    pub pressed: Option<Pos2>,
    /// The chosen element is to be changed.
    pub edit: bool,
    /// What a dot shows, where cells are smaller than dots.
    pub caption: Option<String>,
}

impl Picture<'_> {
    /// `zoom` is changed by pinching and by the wheel with Ctrl.
    pub fn show(&self, ui: &mut Ui, tokens: &Tokens, salt: &str, zoom: &mut f32) -> Touched {
        if self.layout.is_empty() {
            ui.weak("Empty.");
            return Touched::default();
        }
        let margin =
            self.gates().map_or(Vec2::ZERO, |(_, down)| if down { Vec2::new(GATE, 0.0) } else { Vec2::new(0.0, GATE) });
        let plan = Plan::new(self.layout, self.room - margin, *zoom);
        let id = ui.scope_id().with(salt);
        let area = ScrollArea::both().id_salt(salt).max_height(self.room.y).max_width(self.room.x).auto_shrink(true);
        area.show_viewport(ui, |ui, _| {
            let (rect, response) = ui.allocate_exact_size(plan.size() + margin, Sense::click());
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, self.name));
            if self.focus {
                response.request_focus();
            }
            let scene = Scene { picture: self, plan: &plan, tokens, origin: rect.min + margin };
            let tiles = Tiles {
                id,
                version: crate::gui::textures::mix(self.version, hash(self.layout)),
                data: &self.record.data,
                layout: self.layout,
                plan: &plan,
                paint: self.paint,
                tokens,
            };
            scene.paint(ui, &tiles);
            pinch(ui, &response, zoom);
            scene.reveal(ui);
            let mut touched = scene.point(ui, &response, &tiles);
            scene.keys(ui, &response, &mut touched);
            touched.caption = tiles.caption(ui.ctx().pixels_per_point());
            touched
        })
        .inner
    }

    /// Gates that lie behind each other down or across the one picture there is, and whether they run down.
    fn gates(&self) -> Option<(Gates, bool)> {
        let gates = self.record.gates.filter(|_| self.layout.facets() == 1)?;
        let size = *self.record.dims.get(gates.axis)?;
        let (rows, columns) = self.layout.row_and_column_axes();
        let is_whole = |axes: &[usize], count: usize| axes == [gates.axis] && count == size;
        match (is_whole(rows, self.layout.rows()), is_whole(columns, self.layout.columns())) {
            (true, _) => Some((gates, true)),
            (_, true) => Some((gates, false)),
            _ => None,
        }
    }
}

fn hash(layout: &Layout) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    layout.hash(&mut hasher);
    hasher.finish()
}

fn pinch(ui: &Ui, response: &Response, zoom: &mut f32) {
    if response.contains_pointer() {
        let delta = ui.input(|i| i.zoom_delta());
        if delta != 1.0 {
            *zoom = (*zoom * delta).clamp(0.25, 64.0);
        }
    }
}

/// A picture in its place.
struct Scene<'a> {
    picture: &'a Picture<'a>,
    plan: &'a Plan,
    tokens: &'a Tokens,
    origin: Pos2,
}

impl Scene<'_> {
    fn paint(&self, ui: &Ui, tiles: &Tiles<'_>) {
        let clip = ui.clip_rect();
        let mut budget = BUDGET;
        for facet in self.plan.visible(self.origin, clip) {
            let rect = self.plan.facet_rect(self.origin, facet);
            tiles.show(ui, facet, rect, &mut budget);
            if self.plan.label > 0.0 {
                self.label(ui, facet, rect);
            }
            if self.plan.cell.min_elem() >= ROOM_FOR_GAP && matches!(self.picture.paint, Paint::Signed(_)) {
                self.details(ui, facet, rect);
            }
        }
        if matches!(self.picture.paint, Paint::Signed(_)) {
            self.broken(ui);
        }
        if let Some((gates, down)) = self.picture.gates() {
            self.gates(ui, gates, down);
        }
        self.outlines(ui);
    }

    /// The name of each gate beside its part, and lines between them.
    fn gates(&self, ui: &Ui, gates: Gates, down: bool) {
        let whole = self.plan.facet_rect(self.origin, 0);
        let count = gates.names.len() as f32;
        for (i, name) in gates.names.iter().enumerate() {
            let (begin, middle) = (i as f32 / count, (i as f32 + 0.5) / count);
            let (at, line) = if down {
                let at = |share: f32| Pos2::new(whole.left() - GATE / 2.0, whole.top() + share * whole.height());
                (at(middle), [Pos2::new(whole.left(), at(begin).y), Pos2::new(whole.right(), at(begin).y)])
            } else {
                let at = |share: f32| Pos2::new(whole.left() + share * whole.width(), whole.top() - GATE / 2.0);
                (at(middle), [Pos2::new(at(begin).x, whole.top()), Pos2::new(at(begin).x, whole.bottom())])
            };
            ui.painter().text(at, Align2::CENTER_CENTER, name, theme::mono(11.0), self.tokens.muted);
            if i > 0 {
                ui.painter().line_segment(line, Stroke::new(1.5, self.tokens.muted));
            }
        }
    }

    /// "channel 3" where there is room for it, else "3".
    fn label(&self, ui: &Ui, facet: usize, rect: Rect) {
        let index = self.picture.layout.facet_index(facet);
        let long: Vec<_> = index.iter().map(|(axis, i)| self.picture.record.tick(*axis, *i)).collect();
        let short: Vec<_> = index.iter().map(|(_, i)| i.to_string()).collect();
        let text = |text: String| ui.painter().layout_no_wrap(text, theme::regular(10.0), self.tokens.faint);
        let mut galley = text(long.join(", "));
        if galley.size().x > rect.width() {
            galley = text(short.join(", "));
        }
        if galley.size().x <= rect.width() + 6.0 {
            ui.painter().galley(rect.left_top() - Vec2::new(0.0, self.plan.label), galley, self.tokens.faint);
        }
    }

    /// Lines between cells, numbers in them, and marks of those beyond the range.
    fn details(&self, ui: &Ui, facet: usize, rect: Rect) {
        let clip = ui.clip_rect().intersect(rect);
        let painter = ui.painter().with_clip_rect(clip);
        let (rows, columns) = self.plan.visible_cells(rect, clip);
        let gap = Stroke::new(1.0, self.tokens.canvas);
        for row in rows.clone().skip(1) {
            painter.hline(rect.x_range(), rect.top() + row as f32 * self.plan.cell.y, gap);
        }
        for column in columns.clone().skip(1) {
            painter.vline(rect.left() + column as f32 * self.plan.cell.x, rect.y_range(), gap);
        }
        let Paint::Signed(scale) = self.picture.paint else { return };
        let written = self.plan.cell.x >= ROOM_FOR_NUMBER.x && self.plan.cell.y >= ROOM_FOR_NUMBER.y;
        for row in rows {
            for column in columns.clone() {
                let cell = Cell { facet, row, column };
                let Some(&value) = self.picture.layout.offset(cell).and_then(|at| self.picture.record.data.get(at))
                else {
                    continue;
                };
                let place = self.plan.cell_rect(self.origin, cell);
                let mark = scale.mark(value);
                if let Some(mark) = mark.filter(|_| value.is_finite()) {
                    marks::paint(&painter, self.tokens, place, mark);
                }
                if written && value.is_finite() {
                    let colour = self.tokens.ink(scale.colour(self.tokens, value));
                    if let Some(text) = fitting(value, place.width()) {
                        painter.text(place.center(), Align2::CENTER_CENTER, text, theme::mono(10.0), colour);
                    }
                }
            }
        }
    }

    /// NaN and infinity are marked however small their cells are.
    fn broken(&self, ui: &Ui) {
        let (record, clip) = (self.picture.record, ui.clip_rect());
        for &at in &self.picture.findings.broken {
            let Some(cell) = self.picture.layout.cell(&record.unflatten(at)) else { continue };
            let place = self.plan.cell_rect(self.origin, cell);
            let mark = record.data.get(at).and_then(|value| self.picture.scale.mark(*value));
            if let Some(mark) = mark.filter(|_| clip.intersects(place)) {
                marks::paint(ui.painter(), self.tokens, place, mark);
            }
        }
    }

    fn outlines(&self, ui: &Ui) {
        let painter = around(ui);
        let outline = |index: &[usize], stroke: Stroke| {
            if let Some(cell) = self.picture.layout.cell(index) {
                let place = self.plan.cell_rect(self.origin, cell);
                let place = place.expand2((Vec2::splat(4.0) - place.size()).max(Vec2::ZERO) / 2.0);
                painter.rect_stroke(place, 2.0, stroke, StrokeKind::Outside);
            }
        };
        for element in self.picture.lit {
            outline(&element.index, Stroke::new(1.5, self.tokens.accent));
        }
        if let Some(index) = self.picture.selected {
            outline(index, Stroke::new(2.0, self.tokens.text));
        }
    }

    fn point(&self, ui: &Ui, response: &Response, tiles: &Tiles<'_>) -> Touched {
        let mut touched = Touched::default();
        let Some(pos) = response.hover_pos() else { return touched };
        let Some(cell) = self.plan.at(self.origin, pos) else { return touched };
        let (cell, alone) = tiles.shown(cell, ui.ctx().pixels_per_point());
        let layout = self.picture.layout;
        let (Some(index), Some(at)) = (layout.index(cell), layout.offset(cell)) else { return touched };
        let place = self.plan.cell_rect(self.origin, cell);
        around(ui).rect_stroke(place, 0.0, Stroke::new(1.0, self.tokens.text), StrokeKind::Outside);
        let value = self.picture.record.data.get(at).copied().unwrap_or(f32::NAN);
        let text = format!("{}: {}", self.picture.record.place(&index), significant(f64::from(value), 6));
        read_text(response, &if alone { text } else { format!("largest in this pixel: {text}") });
        // Not by the keys, which are about the chosen cell; and the second of two clicks is about what the first one
        // chose.
        if response.clicked_by(PointerButton::Primary) && !is_second_click(ui) {
            response.request_focus();
            touched.chosen = Some(index.clone());
            touched.pressed = Some(pos);
        }
        touched.hovered = Some(index);
        touched
    }

    fn reveal(&self, ui: &Ui) {
        let cell = self.picture.selected.filter(|_| self.picture.reveal).and_then(|at| self.picture.layout.cell(at));
        if let Some(cell) = cell {
            let place = self.plan.cell_rect(self.origin, cell);
            if !ui.clip_rect().contains_rect(place) {
                ui.scroll_to_rect(place, None);
            }
        }
    }

    /// Arrows move the chosen cell, Page up and down go to the next small picture, Enter changes it.
    fn keys(&self, ui: &Ui, response: &Response, touched: &mut Touched) {
        if !response.has_focus() {
            return;
        }
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let layout = self.picture.layout;
        let moved = |key| ui.input(|i| i.num_presses(key));
        let Some(mut cell) = self.picture.selected.and_then(|index| layout.cell(index)) else {
            // The first press chooses the first cell.
            let arrows = [Key::ArrowUp, Key::ArrowDown, Key::ArrowLeft, Key::ArrowRight];
            if arrows.into_iter().any(|key| moved(key) > 0) {
                touched.chosen = layout.index(Cell::default());
            }
            return;
        };
        let before = cell;
        let step = |at: usize, less: Key, more: Key, count: usize| {
            (at + moved(more)).min(count.saturating_sub(1)).saturating_sub(moved(less))
        };
        cell.row = step(cell.row, Key::ArrowUp, Key::ArrowDown, self.plan.rows);
        cell.column = step(cell.column, Key::ArrowLeft, Key::ArrowRight, self.plan.columns);
        cell.facet = step(cell.facet, Key::PageUp, Key::PageDown, self.plan.facets);
        if cell != before
            && let Some(index) = layout.index(cell)
        {
            ui.scroll_to_rect(self.plan.cell_rect(self.origin, cell), None);
            touched.chosen = Some(index);
        }
        touched.edit |= ui.input(|i| i.key_pressed(Key::Enter));
    }
}

/// Outlines stand around their cell, also one at the edge of what is shown.
fn around(ui: &Ui) -> egui::Painter {
    ui.painter().with_clip_rect(ui.clip_rect().expand(2.0))
}

/// The colour bar of a scale, from its lower to its upper end.
pub fn colour_bar(ui: &Ui, tokens: &Tokens, rect: Rect, scale: &Scale) {
    const STEPS: usize = 64;
    let width = rect.width() / STEPS as f32;
    for i in 0..STEPS {
        let share = (i as f32 + 0.5) / STEPS as f32 * 2.0 - 1.0;
        let left = rect.left() + i as f32 * width;
        // A little wider than its step, so that no gap shows between two.
        let bar = Rect::from_min_size(Pos2::new(left, rect.top()), Vec2::new(width + 0.5, rect.height()));
        let colour: Color32 = tokens.diverging(scale.unit(share * scale.limit));
        ui.painter().rect_filled(bar.intersect(rect), 0.0, colour);
    }
    ui.painter().rect_stroke(rect, 0.0, Stroke::new(1.0, tokens.line), StrokeKind::Outside);
}

/// With as many digits as there is room for; `None` where there is none.
fn fitting(value: f32, width: f32) -> Option<String> {
    /// Of a letter of the size that cells are written in.
    const LETTER: f32 = 6.1;
    (1..=3).rev().map(|digits| significant(f64::from(value), digits)).find(|text| {
        let letters = text.chars().count() as f32;
        letters * LETTER <= width - 2.0
    })
}
