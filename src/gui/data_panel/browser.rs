//! The rows of a table one after another in the order of the file: as they stand there, or as the network gets them.
//! Only what is on the screen is fetched: there may be ten million rows, and thousands of columns.

use egui::{
    Align2, EventFilter, Key, Rect, Response, RichText, Role, ScrollArea, Sense, Ui, UiBuilder, Vec2, WidgetInfo, pos2,
};

use crate::data::encoding::{self, ColumnValues, DatePart, Inputs};
use crate::data::{ColumnKind, Dataset, Samples, TablePreview};
use crate::gui::numbers::{count, number};
use crate::gui::reading::read_text;
use crate::gui::theme::{self, Tokens, mix};
use crate::gui::widgets::{choice, integer};
use crate::model::Task;

const LINE: f32 = 18.0;
/// Width of the bar that tells where one is.
const BAR: f32 = 10.0;
/// Rows on the screen, at least.
const LEAST: usize = 8;
/// Of one character, and how wide a column may be.
const LETTER: f32 = 6.7;
const WIDEST: f32 = 150.0;
/// Between columns.
const GAP: f32 = 16.0;
/// Rows that tell how wide a column is.
const MEASURED: usize = 48;

#[derive(Default)]
pub struct BrowserUi {
    part: usize,
    scaled: bool,
    /// The row at the top, with the part of it that is scrolled away. Exact for any number of rows.
    top: f64,
    columns: Columns,
}

/// What stands above, found once for each data set.
#[derive(Default)]
struct Columns {
    /// Version of the samples, the part, and whether they are shown scaled.
    of: (u64, usize, bool),
    shown: Vec<Column>,
}

struct Column {
    name: String,
    what: What,
    /// From the left, and how wide.
    left: f32,
    width: f32,
    is_text: bool,
}

/// What a cell tells.
#[derive(Clone, Copy)]
enum What {
    /// One number of the target.
    Target(usize),
    /// One number of the input.
    Input(usize),
    /// A column of the file, by its place among those in use, and its first input.
    Column(usize, usize),
    /// A cell as it stands in the file.
    Cell(usize, bool),
}

/// What is shown: a part of the samples, and what is known of its table.
#[derive(Clone, Copy)]
struct Shown<'a> {
    dataset: &'a Dataset,
    table: &'a TablePreview,
    part: usize,
    samples: &'a Samples,
    scaled: bool,
}

pub(super) fn show(ui: &mut Ui, dataset: &Dataset, table: &TablePreview, local: &mut BrowserUi) {
    let parts: Vec<(usize, &str, &Samples)> = ["training", "validation", "test"]
        .into_iter()
        .zip(dataset.parts())
        .enumerate()
        .map(|(place, (name, part))| (place, name, part))
        .filter(|(_, _, part)| !part.is_empty())
        .collect();
    local.part = local.part.min(parts.len().saturating_sub(1));
    let Some(&(place, _, samples)) = parts.get(local.part) else { return };
    let titles: Vec<&str> = parts.iter().map(|(_, name, _)| *name).collect();
    let sizes: Vec<String> =
        parts.iter().map(|(_, name, part)| format!("{} {name}", count(part.len() as u64))).collect();
    let order = if dataset.places.is_some() { " They stand in the order of the file." } else { "" };
    let help = format!("Which of the samples are listed: {}.{order}", sizes.join(", "));
    if let Some(i) = choice(ui, "Part", &help, local.part, &titles) {
        (local.part, local.top) = (i, 0.0);
    }
    if let Some(i) = choice(ui, "Show", super::words::UNITS_HELP, usize::from(local.scaled), &super::words::UNITS) {
        local.scaled = i == 1;
    }
    let shown = Shown { dataset, table, part: place, samples, scaled: local.scaled };
    let of = (samples.version(), place, local.scaled);
    if local.columns.of != of || local.columns.shown.is_empty() {
        local.columns = Columns { of, shown: shown.columns() };
    }
    place_ui(ui, shown, local);
    ui.add_space(4.0);
    rows(ui, shown, local);
}

/// Where one is, in the numbers that stand beside the rows.
fn place_ui(ui: &mut Ui, shown: Shown, local: &mut BrowserUi) {
    let last = shown.samples.len() - 1;
    let [first, end] = [0, last].map(|nth| shown.number(nth) as i64);
    let now = shown.number((local.top as usize).min(last)) as i64;
    let title = if shown.title() == "line" { "Line" } else { "Row" };
    let help = "What stands at the top, by its number in the file. Type a number to go there, or to the next one of this \
        part.";
    if let Some(wanted) = integer(ui, title, help, now, (first, end)).value {
        local.top = shown.at(wanted.max(0) as u64) as f64;
    }
}

impl<'a> Shown<'a> {
    /// What stands at the left of a row: the line of the file that it begins on, else its number there.
    fn number(&self, nth: usize) -> u64 {
        let row = self.dataset.places.as_ref().and_then(|places| places.nth(self.part, nth)).map(|(_, row)| row);
        let line = row.and_then(|row| self.table.drawn.lines.of(row as u64));
        line.unwrap_or_else(|| row.unwrap_or(nth) as u64 + 1)
    }

    /// What those numbers are.
    fn title(&self) -> &'static str {
        let has_lines = self.table.drawn.lines.of(0).is_some() && self.dataset.places.is_some();
        if has_lines { "line" } else { "row" }
    }

    /// The first that is listed whose number is at least this one.
    fn at(&self, number: u64) -> usize {
        let (mut from, mut to) = (0, self.samples.len() - 1);
        while from < to {
            let middle = from + (to - from) / 2;
            if self.number(middle) < number {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from
    }

    /// Whether the cells of the file are at hand.
    fn has_cells(&self) -> bool {
        self.dataset.places.is_some() && self.table.drawn.cells.width == self.table.columns.len()
    }

    /// All columns: what is predicted, then the others.
    fn columns(&self) -> Vec<Column> {
        let Self { dataset, table, .. } = *self;
        let has_cells = !self.scaled && self.has_cells();
        let cell = |name: &str| {
            let index = table.columns.iter().position(|column| column.name == name).filter(|_| has_cells);
            index.map(|index| What::Cell(index, true))
        };
        let of_target = |i: usize, name: &str| (name.to_owned(), cell(name).unwrap_or(What::Target(i)));
        let mut all: Vec<(String, What)> = match dataset.truth.task {
            Task::Numbers(_) => dataset.truth.names.iter().enumerate().map(|(i, name)| of_target(i, name)).collect(),
            _ => vec![of_target(0, dataset.encoding.target.column().unwrap_or("class"))],
        };
        match &dataset.encoding.inputs {
            _ if has_cells => {
                let is_target = |name: &String| all.iter().any(|(target, _)| target == name);
                let others = table.columns.iter().enumerate().filter(|(_, column)| !is_target(&column.name));
                let others: Vec<_> = others.map(|(at, column)| (column.name.clone(), What::Cell(at, false))).collect();
                all.extend(others);
            }
            Inputs::Table { columns, .. } if !self.scaled => {
                let mut first = 0;
                for (place, column) in columns.iter().enumerate() {
                    all.push((column.name.clone(), What::Column(place, first)));
                    first += column.width();
                }
            }
            _ => all.extend(dataset.input_names.iter().enumerate().map(|(i, name)| (name.clone(), What::Input(i)))),
        }
        let step = (self.samples.len() / MEASURED).max(1);
        let rows: Vec<Row> = (0..self.samples.len()).step_by(step).filter_map(|nth| Row::of(*self, nth)).collect();
        let mut left = 0.0;
        let measured = |(name, what): (String, What)| {
            let is_text = self.is_text(what);
            let longest = rows.iter().map(|row| row.text(what).0.chars().count()).max().unwrap_or(0);
            let width = (longest.max(name.chars().count()) as f32 * LETTER + GAP).min(WIDEST);
            left += width;
            Column { name, what, left: left - width, width, is_text }
        };
        all.into_iter().map(measured).collect()
    }

    fn is_text(&self, what: What) -> bool {
        match what {
            What::Target(_) => self.dataset.classes().is_some(),
            What::Input(_) => false,
            What::Cell(index, _) => self.table.columns[index].kind != ColumnKind::Number,
            What::Column(place, _) => encoded(self.dataset, place)
                .is_some_and(|column| !matches!(column.values, ColumnValues::Numeric { .. })),
        }
    }
}

fn encoded(dataset: &Dataset, place: usize) -> Option<&encoding::Column> {
    let Inputs::Table { columns, .. } = &dataset.encoding.inputs else { return None };
    columns.get(place)
}

/// One sample.
struct Row<'a> {
    shown: Shown<'a>,
    /// Of the table, where that is known.
    row: Option<usize>,
    input: std::borrow::Cow<'a, [f32]>,
    target: std::borrow::Cow<'a, [f32]>,
}

/// Where nothing stands.
const MISSING: &str = "missing";

impl<'a> Row<'a> {
    /// The `nth` that is listed.
    fn of(shown: Shown<'a>, nth: usize) -> Option<Self> {
        let place = shown.dataset.places.as_ref().and_then(|places| places.nth(shown.part, nth));
        let (sample, row) = place.map_or((nth, None), |(sample, row)| (sample, Some(row)));
        let samples = shown.samples;
        Some(Self { shown, row, input: samples.input(sample).ok()?, target: samples.target(sample).ok()? })
    }

    /// A cell, and whether it is none.
    fn text(&self, what: What) -> (String, bool) {
        let Shown { dataset, table, scaled, .. } = self.shown;
        let text = match what {
            What::Target(i) => {
                let value = self.target.get(i).copied().unwrap_or_default();
                match dataset.classes() {
                    Some(classes) => classes.get(value as usize).cloned().unwrap_or_default(),
                    None if scaled => number(value),
                    None => written(dataset.truth.unit(i).value(value)),
                }
            }
            What::Input(i) if scaled => number(self.input.get(i).copied().unwrap_or_default()),
            What::Input(i) => written(dataset.unit(i).value(self.input.get(i).copied().unwrap_or_default())),
            What::Column(place, first) => {
                let is_gap = || Some(dataset.places.as_ref()?.is_gap(place, self.row?));
                let column = encoded(dataset, place).filter(|_| is_gap() != Some(true));
                let Some(column) = column else { return (MISSING.into(), true) };
                let inputs = self.input.get(first..first + column.width()).unwrap_or_default();
                of_column(dataset, column, first, inputs)
            }
            What::Cell(index, _) => {
                let cell = self.row.and_then(|row| table.drawn.cells.cell(row, index)).unwrap_or_default();
                let values = table.drawn.columns.get(index);
                let is_gap = values.zip(self.row).is_some_and(|(values, row)| values.is_missing(row));
                return (if cell.is_empty() { MISSING.into() } else { cell.to_owned() }, cell.is_empty() || is_gap);
            }
        };
        (text, false)
    }
}

/// A number of the file, with the digits that it has there.
fn written(value: f32) -> String {
    value.to_string().replace('-', "−")
}

/// What stands in the file, as far as the network is told.
fn of_column(dataset: &Dataset, column: &encoding::Column, first: usize, inputs: &[f32]) -> String {
    let value = |i: usize| dataset.unit(first + i).value(inputs.get(i).copied().unwrap_or_default());
    match &column.values {
        ColumnValues::Numeric { .. } => written(value(0)),
        ColumnValues::Embedded { .. } => column.category_at(value(0)).unwrap_or_default().to_owned(),
        ColumnValues::Categorical { categories, .. } => match inputs.iter().position(|&input| input > 0.5) {
            Some(place) => categories.get(place).cloned().unwrap_or_else(|| "missing".into()),
            None => "none of them".into(),
        },
        ColumnValues::Date { since, parts, .. } => {
            let days = parts.iter().position(|scaled| scaled.part == DatePart::Elapsed);
            match days {
                Some(i) => crate::data::calendar::shown(since + (f64::from(value(i)) * 86_400.0).round()),
                None => (0..parts.len()).map(|i| written(value(i))).collect::<Vec<_>>().join(" "),
            }
        }
    }
}

fn rows(ui: &mut Ui, shown: Shown, local: &mut BrowserUi) {
    let (tokens, len) = (Tokens::of(ui), shown.samples.len());
    let room = ui.clip_rect().bottom() - ui.cursor().top() - 32.0;
    let lines = ((room / LINE) as usize).saturating_sub(1).max(LEAST).min(len);
    let size = Vec2::new(ui.available_width(), (lines + 1) as f32 * LINE + 12.0);
    let (rect, pressed) = ui.allocate_exact_size(size, Sense::CLICK);
    if pressed.clicked() {
        // So that the keys move it.
        let bar = bar_id(ui);
        ui.memory_mut(|memory| memory.request_focus(bar));
    }
    let most = (len - lines) as f64;
    let body = Rect::from_min_max(rect.min, pos2(rect.right() - BAR - 4.0, rect.bottom()));
    if ui.rect_contains_pointer(rect) {
        let wheel = ui.input_mut(|input| std::mem::take(&mut input.smooth_scroll_delta.y));
        local.top -= f64::from(wheel / LINE);
    }
    let bar = Rect::from_min_max(pos2(rect.right() - BAR, rect.top() + LINE), rect.max);
    bar_ui(ui, &tokens, bar, local, lines, len);
    local.top = local.top.clamp(0.0, most);
    // The numbers of the rows stay where they are.
    let (last, title) = (shown.number(len - 1), shown.title());
    let digits = last.to_string().len().max(title.len()) as f32;
    let numbers = digits * LETTER + 10.0;
    let (first, offset) = (local.top.floor() as usize, (local.top.fract() as f32) * LINE);
    let below = Rect::from_min_max(pos2(body.left(), body.top() + LINE), body.max);
    let rows: Vec<(usize, Option<Row>)> =
        (first..(first + lines + 1).min(len)).map(|nth| (nth, Row::of(shown, nth))).collect();
    let painter = ui.painter_at(below.with_max_y(rect.bottom() - 12.0));
    let line_at = |place: usize| below.top() + place as f32 * LINE - offset;
    let titled = Rect::from_min_size(body.min, Vec2::new(numbers - 8.0, LINE));
    draw(&ui.painter_at(titled), titled, title, false, tokens.faint);
    for (place, (nth, _)) in rows.iter().enumerate() {
        if nth % 2 == 1 {
            let band = Rect::from_min_size(pos2(body.left(), line_at(place)), Vec2::new(body.width(), LINE));
            painter.rect_filled(band, 0.0, mix(tokens.panel, tokens.text, 0.03));
        }
        let at = pos2(body.left() + numbers - 10.0, line_at(place) + LINE / 2.0);
        let number = shown.number(*nth);
        painter.text(at, Align2::RIGHT_CENTER, number.to_string(), theme::mono(11.0), tokens.faint);
    }
    let right = Rect::from_min_max(pos2(body.left() + numbers, body.top()), body.max);
    let view = View { shown, title, columns: &local.columns.shown, lines, offset };
    ui.scope_builder(UiBuilder::new().max_rect(right), |ui| view.show(ui, &tokens, right, &rows));
}

/// The cells, which scroll sideways.
struct View<'a> {
    shown: Shown<'a>,
    /// Of the numbers of rows.
    title: &'static str,
    columns: &'a [Column],
    lines: usize,
    offset: f32,
}

impl View<'_> {
    fn show(&self, ui: &mut Ui, tokens: &Tokens, rect: Rect, rows: &[(usize, Option<Row>)]) {
        let wide = self.columns.last().map_or(0.0, |column| column.left + column.width);
        // A fade would look like the grey of a missing value.
        ui.spacing_mut().scroll.fade.strength = 0.0;
        ScrollArea::horizontal().id_salt("rows").auto_shrink(false).show_viewport(ui, |ui, viewport| {
            let tall = (self.lines + 1) as f32 * LINE;
            let (area, response) = ui.allocate_exact_size(Vec2::new(wide, tall), Sense::hover());
            let painter = ui.painter_at(rect.with_max_y(rect.top() + tall));
            let cells = painter.with_clip_rect(painter.clip_rect().with_min_y(rect.top() + LINE));
            let from = self.columns.partition_point(|column| column.left + column.width < viewport.left());
            let shown = || self.columns[from..].iter().take_while(|column| column.left < viewport.right());
            for column in shown() {
                let (left, width) = (area.left() + column.left, column.width - GAP + 2.0);
                let cell = |top: f32| Rect::from_min_size(pos2(left, top), Vec2::new(width, LINE));
                draw(&painter, cell(area.top()), &column.name, column.is_text, tokens.muted);
                for (place, (_, row)) in rows.iter().enumerate() {
                    let Some(row) = row else { continue };
                    let (text, is_gap) = row.text(column.what);
                    let top = area.top() + (place + 1) as f32 * LINE - self.offset;
                    let colour = match column.what {
                        _ if is_gap => tokens.faint,
                        What::Target(_) | What::Cell(_, true) => tokens.accent,
                        _ => tokens.text,
                    };
                    draw(&cells, cell(top), &text, column.is_text, colour);
                }
            }
            for (place, (number, row)) in rows.iter().take(self.lines).enumerate() {
                let Some(row) = row else { continue };
                let top = area.top() + (place + 1) as f32 * LINE;
                let line = Rect::from_min_size(pos2(rect.left(), top), Vec2::new(rect.width(), LINE));
                self.told(ui, line, *number, row);
            }
            self.read(&response, area, rows);
        });
    }

    /// For screen readers.
    fn told(&self, ui: &mut Ui, line: Rect, number: usize, row: &Row) {
        let name = || {
            let cells =
                self.columns.iter().take(8).map(|column| format!("{} {}", column.name, row.text(column.what).0));
            let at = self.shown.number(number);
            let line = if self.title == "line" { format!(", line {at}") } else { String::new() };
            format!("Row {}{line}: {}", number + 1, cells.collect::<Vec<_>>().join(", "))
        };
        let id = ui.scope_id().with(("row", number));
        let response = ui.interact(line, id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name()));
    }

    /// The cell below the pointer in full.
    fn read(&self, response: &Response, area: Rect, rows: &[(usize, Option<Row>)]) {
        let Some(at) = response.hover_pos() else { return };
        let x = at.x - area.left();
        let Some(column) = self.columns.iter().find(|column| x >= column.left && x < column.left + column.width) else {
            return;
        };
        let line = (at.y - area.top() - LINE + self.offset) / LINE;
        let Some((_, Some(row))) = (line >= 0.0).then(|| rows.get(line as usize)).flatten() else {
            return read_text(response, &column.name);
        };
        let (text, is_gap) = row.text(column.what);
        let is_gap = is_gap && text != MISSING;
        // What is in sight needs no second time, which would lie on the next row.
        let left = area.left() + column.left;
        let seen = Rect::from_x_y_ranges(left..=left + column.width - GAP + 2.0, area.y_range());
        if !is_gap && fits(&text, seen.intersect(response.interact_rect).width()) {
            return;
        }
        let gap = if is_gap { ", a missing value" } else { "" };
        read_text(response, &format!("{}: {text}{gap}", column.name));
    }
}

fn draw(painter: &egui::Painter, rect: Rect, text: &str, is_text: bool, colour: egui::Color32) {
    // What is only partly in sight is cut with a mark: half a number would look like another one.
    let seen = rect.intersect(painter.clip_rect().with_min_y(rect.top()).with_max_y(rect.bottom()));
    let clipped = painter.with_clip_rect(painter.clip_rect().intersect(rect));
    if fits(text, seen.width()) {
        let (at, align) = match is_text {
            true => (seen.left_center(), Align2::LEFT_CENTER),
            false => (seen.right_center(), Align2::RIGHT_CENTER),
        };
        clipped.text(at, align, text, theme::mono(11.0), colour);
    } else if seen.width() > LETTER {
        let shown: String = text.chars().take((seen.width() / LETTER) as usize - 1).chain(['…']).collect();
        clipped.text(seen.left_center(), Align2::LEFT_CENTER, shown, theme::mono(11.0), colour);
    }
}

fn fits(text: &str, width: f32) -> bool {
    text.chars().count() as f32 * LETTER <= width + 0.5
}

fn bar_id(ui: &Ui) -> egui::Id {
    ui.scope_id().with("bar of the rows")
}

/// Where one is among all rows; it is dragged, or moved by keys.
fn bar_ui(ui: &mut Ui, tokens: &Tokens, rect: Rect, local: &mut BrowserUi, lines: usize, rows: usize) {
    let response = ui.interact(rect, bar_id(ui), Sense::click_and_drag());
    let most = (rows - lines) as f64;
    let tall = (lines as f32 / rows.max(1) as f32 * rect.height()).clamp(20.0_f32.min(rect.height()), rect.height());
    let way = (rect.height() - tall).max(1.0);
    if let Some(at) = response.interact_pointer_pos() {
        local.top = f64::from(((at.y - rect.top() - tall / 2.0) / way).clamp(0.0, 1.0)) * most;
    }
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    if response.has_focus() {
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        let page = lines as f64;
        let steps = [(Key::ArrowDown, 1.0), (Key::ArrowUp, -1.0), (Key::PageDown, page), (Key::PageUp, -page)];
        local.top += steps.into_iter().filter(|(key, _)| pressed(*key)).map(|(_, step)| step).sum::<f64>();
        if pressed(Key::Home) {
            local.top = 0.0;
        }
        if pressed(Key::End) {
            local.top = most;
        }
    }
    local.top = local.top.clamp(0.0, most);
    if most > 0.0 {
        let top = rect.top() + (local.top / most) as f32 * way;
        let thumb = Rect::from_min_size(pos2(rect.left() + 2.0, top), Vec2::new(rect.width() - 4.0, tall));
        let strong = response.hovered() || response.dragged() || response.has_focus();
        ui.painter().rect_filled(thumb, 3.0, if strong { tokens.muted } else { tokens.faint });
    }
    let text = format!("Row {} of {}", count(local.top as u64 + 1), count(rows as u64));
    response.widget_info(|| WidgetInfo::slider(true, local.top, "Rows"));
    response.on_hover_text(RichText::new(text));
}
