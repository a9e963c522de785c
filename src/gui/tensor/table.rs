//! The numbers of a tensor at full precision, as a table of which only the part in sight is made. Cells can be chosen,
//! a block of them dragged out and copied.

use egui::{
    Align2, Event, EventFilter, Pos2, Rect, Response, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
};

use super::layout::{Cell, Layout};
use super::picture::Touched;
use super::scale::Scale;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::is_second_click;
use crate::trace::TensorRecord;

const ROW: f32 = 22.0;
const COLUMN: f32 = 112.0;
const HEAD: f32 = 96.0;
/// Numbers copied at once at most.
const MOST_COPIED: usize = 1 << 20;

pub struct Table<'a> {
    pub record: &'a TensorRecord,
    pub layout: &'a Layout,
    pub scale: Scale,
    pub selected: Option<&'a [usize]>,
    /// The selected element was chosen now, or is shown anew.
    pub reveal: bool,
    /// It takes the keyboard.
    pub focus: bool,
    pub height: f32,
}

/// A block of cells in lines and columns of the table, from where it began to where it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    from: (usize, usize),
    to: (usize, usize),
}

impl Block {
    fn contains(&self, line: usize, column: usize) -> bool {
        let within = |a: usize, b: usize, at: usize| (a.min(b)..=a.max(b)).contains(&at);
        within(self.from.0, self.to.0, line) && within(self.from.1, self.to.1, column)
    }
}

/// As short as tells it from every other number.
pub fn exact(value: f32) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    let magnitude = value.abs();
    let plain = magnitude == 0.0 || (1e-5..1e9).contains(&magnitude);
    let text = if plain || value.is_infinite() { format!("{value}") } else { format!("{value:e}") };
    text.replace("inf", "∞").replace('-', "−")
}

/// A number as a person types or pastes it, perhaps with a decimal comma.
pub fn parse(text: &str) -> Result<f32, String> {
    let plain = text.trim().replace('−', "-").replace('∞', "inf").replace(',', ".");
    plain.parse().map_err(|_| format!("“{}” isn't a number. Type one like −0.25 or 3e−4.", text.trim()))
}

impl Table<'_> {
    fn lines(&self) -> usize {
        self.layout.facets() * self.layout.rows()
    }

    fn cell(&self, line: usize, column: usize) -> Cell {
        let rows = self.layout.rows().max(1);
        Cell { facet: line / rows, row: line % rows, column }
    }

    fn value(&self, line: usize, column: usize) -> Option<f32> {
        self.record.data.get(self.layout.offset(self.cell(line, column))?).copied()
    }

    pub fn show(&self, ui: &mut Ui, tokens: &Tokens, block: &mut Option<Block>) -> Touched {
        let mut touched = Touched::default();
        if self.layout.is_empty() {
            ui.weak("Empty.");
            return touched;
        }
        let (lines, columns) = (self.lines(), self.layout.columns());
        let size = Vec2::new(HEAD + COLUMN * columns as f32, ROW * (lines + 1) as f32);
        ScrollArea::both().id_salt("table").max_height(self.height).auto_shrink([false, true]).show_viewport(
            ui,
            |ui, viewport| {
                let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
                let name = format!("Numbers of {}, {lines} × {columns}", self.record.name);
                response.widget_info(|| WidgetInfo::labeled(egui::Role::Table, true, &name));
                let down = visible(viewport.y_range(), ROW, ROW, lines);
                let across = visible(viewport.x_range(), HEAD, COLUMN, columns);
                let grid = Grid { table: self, tokens, rect, clip: ui.clip_rect() };
                grid.reveal(ui, block);
                if self.focus {
                    response.request_focus();
                    block.get_or_insert(Block { from: (0, 0), to: (0, 0) });
                }
                for line in down.clone() {
                    for column in across.clone() {
                        grid.number(ui, line, column, *block);
                    }
                }
                grid.heads(ui, down, across);
                touched = grid.touch(ui, &response, block);
            },
        );
        touched
    }

    /// A block as lines of numbers, for a spreadsheet.
    fn text(&self, block: Block) -> String {
        let sorted = |a: usize, b: usize| a.min(b)..=a.max(b);
        let mut text = String::new();
        let mut left = MOST_COPIED;
        for line in sorted(block.from.0, block.to.0) {
            for (i, column) in sorted(block.from.1, block.to.1).enumerate() {
                if i > 0 {
                    text.push('\t');
                }
                if let Some(value) = self.value(line, column) {
                    text.push_str(&value.to_string());
                }
                left = left.saturating_sub(1);
            }
            text.push('\n');
            if left == 0 {
                break;
            }
        }
        text.trim_end_matches('\n').to_owned()
    }
}

fn visible(seen: egui::Rangef, head: f32, size: f32, count: usize) -> std::ops::Range<usize> {
    let first = ((seen.min) / size).floor().max(0.0) as usize;
    let end = ((seen.max - head) / size).ceil().max(0.0) as usize + 1;
    first.min(count)..end.min(count)
}

/// A table in its place.
struct Grid<'a> {
    table: &'a Table<'a>,
    tokens: &'a Tokens,
    rect: Rect,
    clip: Rect,
}

impl Grid<'_> {
    fn place(&self, line: usize, column: usize) -> Rect {
        let at = Vec2::new(HEAD + COLUMN * column as f32, ROW * (line + 1) as f32);
        Rect::from_min_size(self.rect.min + at, Vec2::new(COLUMN, ROW))
    }

    fn number(&self, ui: &Ui, line: usize, column: usize, block: Option<Block>) {
        let (table, tokens) = (self.table, self.tokens);
        let Some(value) = table.value(line, column) else { return };
        let Some(index) = table.layout.index(table.cell(line, column)) else { return };
        let place = self.place(line, column);
        let response = ui.interact(place, ui.scope_id().with(("number", line, column)), Sense::hover());
        let text = exact(value);
        let label = format!("{}: {text}", table.record.place(&index));
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &label));
        let painter = ui.painter();
        if block.is_some_and(|block| block.contains(line, column)) {
            painter.rect_filled(place, 0.0, tokens.accent_soft);
        }
        if table.selected == Some(&index[..]) {
            painter.rect_stroke(place.shrink(1.0), 2.0, Stroke::new(1.5, tokens.text), StrokeKind::Inside);
        }
        let colour = match table.scale.mark(value) {
            Some(_) if !value.is_finite() => tokens.bad,
            _ if value < 0.0 => tokens.neg,
            _ if value > 0.0 => tokens.pos,
            _ => tokens.faint,
        };
        let at = place.right_center() - Vec2::new(8.0, 0.0);
        painter.text(at, Align2::RIGHT_CENTER, text, theme::mono(12.0), colour);
    }

    /// Names of lines and columns stay in sight.
    fn heads(&self, ui: &Ui, down: std::ops::Range<usize>, across: std::ops::Range<usize>) {
        let tokens = self.tokens;
        let painter = ui.painter();
        let corner = Pos2::new(self.clip.left().max(self.rect.left()), self.clip.top().max(self.rect.top()));
        let side = Rect::from_min_max(corner, Pos2::new(corner.x + HEAD, self.rect.bottom()));
        painter.rect_filled(side, 0.0, tokens.panel);
        for line in down {
            let y = self.place(line, 0).center().y;
            let clip = painter.with_clip_rect(side.intersect(self.clip));
            let text = self.line_name(line);
            clip.text(Pos2::new(corner.x + 4.0, y), Align2::LEFT_CENTER, text, theme::regular(11.0), tokens.faint);
        }
        let top = Rect::from_min_max(corner, Pos2::new(self.rect.right(), corner.y + ROW));
        painter.rect_filled(top, 0.0, tokens.panel);
        let clip = painter.with_clip_rect(top.with_min_x(corner.x + HEAD).intersect(self.clip));
        for column in across {
            let x = self.place(0, column).right() - 8.0;
            let text = self.column_name(column);
            clip.text(Pos2::new(x, top.center().y), Align2::RIGHT_CENTER, text, theme::regular(11.0), tokens.faint);
        }
        painter.hline(self.clip.x_range(), top.bottom(), Stroke::new(1.0, tokens.line));
    }

    fn line_name(&self, line: usize) -> String {
        let table = self.table;
        let Some(index) = table.layout.index(table.cell(line, 0)) else { return String::new() };
        let facet = table.layout.facet_index(line / table.layout.rows().max(1));
        let (rows, _) = table.layout.row_and_column_axes();
        let axes = facet.iter().map(|(axis, _)| *axis).chain(rows.iter().copied());
        let parts: Vec<_> = axes.map(|axis| table.record.tick(axis, index[axis])).collect();
        match parts.len() {
            0 | 1 => parts.join(""),
            _ => {
                let short = facet.iter().map(|(axis, _)| *axis).chain(rows.iter().copied());
                short.map(|axis| index[axis].to_string()).collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn column_name(&self, column: usize) -> String {
        let table = self.table;
        let Some(index) = table.layout.index(Cell { column, ..Cell::default() }) else { return String::new() };
        let (_, columns) = table.layout.row_and_column_axes();
        match columns {
            [axis] => table.record.tick(*axis, index[*axis]),
            axes => axes.iter().map(|&axis| index[axis].to_string()).collect::<Vec<_>>().join(", "),
        }
    }

    /// A number that was chosen elsewhere comes into sight, and the keys go on from there.
    fn reveal(&self, ui: &Ui, block: &mut Option<Block>) {
        let table = self.table;
        let chosen = table.selected.filter(|_| table.reveal).and_then(|index| table.layout.cell(index));
        let Some(Cell { facet, row, column }) = chosen else { return };
        let at = (facet * table.layout.rows().max(1) + row, column);
        if block.is_none_or(|block| !block.contains(at.0, at.1)) {
            *block = Some(Block { from: at, to: at });
        }
        let place = self.place(at.0, at.1).expand2(Vec2::new(HEAD, ROW));
        if !ui.clip_rect().contains_rect(place) {
            ui.scroll_to_rect(place, None);
        }
    }

    fn under(&self, pos: Pos2) -> Option<(usize, usize)> {
        let from = pos - self.rect.min - Vec2::new(HEAD, ROW);
        if from.min_elem() < 0.0 {
            return None;
        }
        let (line, column) = ((from.y / ROW) as usize, (from.x / COLUMN) as usize);
        (line < self.table.lines() && column < self.table.layout.columns()).then_some((line, column))
    }

    fn touch(&self, ui: &Ui, response: &Response, block: &mut Option<Block>) -> Touched {
        let mut touched = Touched::default();
        let under = response.interact_pointer_pos().or(response.hover_pos()).and_then(|pos| self.under(pos));
        let index = |(line, column)| self.table.layout.index(self.table.cell(line, column));
        touched.hovered = under.filter(|_| response.hovered()).and_then(index);
        if let Some(at) = under {
            let extend = ui.input(|i| i.modifiers.shift);
            let clicked = response.clicked_by(egui::PointerButton::Primary) && !is_second_click(ui);
            if response.drag_started() || (clicked && !extend) {
                *block = Some(Block { from: at, to: at });
                response.request_focus();
            }
            if let Some(block) = block.as_mut().filter(|_| response.dragged() || (clicked && extend)) {
                block.to = at;
            }
            if clicked {
                touched.chosen = index(at);
                touched.pressed = response.interact_pointer_pos();
            }
        }
        if response.has_focus() {
            let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
            let copied = ui.input(|i| i.events.iter().any(|event| matches!(event, Event::Copy)));
            if let Some(block) = block.filter(|_| copied) {
                ui.ctx().copy_text(self.table.text(block));
            }
            self.keys(ui, block, &mut touched);
        }
        touched
    }

    fn keys(&self, ui: &Ui, block: &mut Option<Block>, touched: &mut Touched) {
        use egui::Key::{ArrowDown, ArrowLeft, ArrowRight, ArrowUp, Enter};
        let Some(now) = block.as_mut() else { return };
        let pressed = |key| ui.input(|i| i.num_presses(key));
        let last = (self.table.lines().saturating_sub(1), self.table.layout.columns().saturating_sub(1));
        let at = now.to;
        now.to.0 = (at.0 + pressed(ArrowDown)).min(last.0).saturating_sub(pressed(ArrowUp));
        now.to.1 = (at.1 + pressed(ArrowRight)).min(last.1).saturating_sub(pressed(ArrowLeft));
        if now.to != at {
            if !ui.input(|i| i.modifiers.shift) {
                now.from = now.to;
            }
            ui.scroll_to_rect(self.place(now.to.0, now.to.1).expand2(Vec2::new(HEAD, ROW)), None);
            touched.chosen = self.table.layout.index(self.table.cell(now.to.0, now.to.1));
        }
        touched.edit |= ui.input(|i| i.key_pressed(Enter));
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::Role;
    use super::super::scale::Range;
    use super::*;

    #[test]
    fn numbers_are_written_so_that_they_can_be_read_back() {
        for value in [0.0, -0.1, 1.0 / 3.0, 16_777_216.0, 1e-20, f32::MAX, f32::MIN_POSITIVE, f32::NEG_INFINITY] {
            assert_eq!(parse(&exact(value)), Ok(value), "{}", exact(value));
        }
        assert!(parse(&exact(f32::NAN)).is_ok_and(f32::is_nan));
        assert!(parse("abc").unwrap_err().contains("abc"));
    }

    #[test]
    fn a_block_is_copied_as_lines() {
        let record = TensorRecord {
            name: "w".into(),
            dims: vec![2, 3],
            axes: vec!["unit".into(), "input".into()],
            gates: None,
            step: 1,
            data: [0.0, 0.5, 1.0, -1.5, 2.0, 2.5].into(),
        };
        let layout = Layout::new(&record.dims, &[Role::Rows, Role::Columns], &[]);
        let scale = Scale { range: Range::Linear, limit: 1.0 };
        let table = Table {
            record: &record,
            layout: &layout,
            scale,
            selected: None,
            reveal: false,
            focus: false,
            height: 100.0,
        };
        assert_eq!(table.text(Block { from: (1, 1), to: (0, 0) }), "0\t0.5\n-1.5\t2");
    }
}
