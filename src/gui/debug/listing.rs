//! The program as text: grouped by phase and layer, with the place in it, folded where it is long. Rows out of sight
//! cost nothing. It is one stop of the Tab key; the arrows go through it, see [`walk`].

pub mod walk;

use std::collections::BTreeSet;

use egui::{
    Align2, Color32, CursorIcon, EventFilter, Id, Pos2, Rect, Response, RichText, Role, ScrollArea, Sense, Stroke, Ui,
    Vec2, WidgetInfo,
};

use super::{DebugUi, Pane, breakpoints};
use crate::expr::counted;
use crate::gui::theme::{self, Tokens};
use crate::session::{Action, State};
use crate::trace::{DebugView, Line, Listing, StepPhase, Token, ValueKind};
use crate::trainer::{DebugCommand, Granularity};

const ROW: f32 = 22.0;
/// Left of the text: breakpoints.
const GUTTER: f32 = 30.0;
const SIZE: f32 = 12.0;

/// A heading by the first line below it, and whether it is that of a phase.
type Heading = (usize, bool);

#[derive(Default)]
pub struct ListingUi {
    /// The line that was chosen last: keys are about it.
    pub cursor: Option<usize>,
    /// The heading that the arrows have come to instead.
    heading: Option<Heading>,
    /// Which of the values of the line the arrows have come to; the first stands for the line.
    value: usize,
    /// The next frame scrolls to where the run stands.
    pub reveal: bool,
    /// The next frame scrolls to this row.
    shown: Option<Row>,
    folded: BTreeSet<Heading>,
}

impl ListingUi {
    /// Chooses a line and brings it into sight.
    pub fn choose(&mut self, line: usize) {
        (self.cursor, self.heading, self.value) = (Some(line), None, 0);
        self.shown = Some(Row::Line(line));
    }
}

/// What takes the keyboard for all of it.
pub fn id() -> Id {
    Id::unique("listing of the program")
}

/// What stands in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    /// A phase: its lines.
    Stage(StepPhase, usize, usize),
    /// The lines of one layer in a phase.
    Layer(usize, usize),
    Line(usize),
}

/// All rows that are not folded away.
fn rows(listing: &Listing, folded: &BTreeSet<Heading>) -> Vec<Row> {
    let lines = &listing.lines;
    let mut rows = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let end = at + lines[at..].iter().take_while(|line| line.stage == lines[at].stage).count();
        rows.push(Row::Stage(lines[at].stage, at, end));
        if !folded.contains(&(at, true)) {
            layers(lines, at, end, folded, &mut rows);
        }
        at = end;
    }
    rows
}

fn layers(lines: &[Line], from: usize, to: usize, folded: &BTreeSet<Heading>, rows: &mut Vec<Row>) {
    let mut at = from;
    let mut has_heading = false;
    while at < to {
        let end = at + lines[at..to].iter().take_while(|line| line.layer == lines[at].layer).count();
        // A heading for a single line would say what the line says; but behind a group the line would seem to belong to
        // it.
        has_heading = lines[at].layer.is_some() && (end - at > 1 || has_heading);
        if has_heading {
            rows.push(Row::Layer(at, end));
        }
        if !has_heading || !folded.contains(&(at, false)) {
            rows.extend((at..end).map(Row::Line));
        }
        at = end;
    }
}

pub fn show(ui: &mut Ui, state: &State, view: &DebugView, local: &mut DebugUi, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let next = view.moment.instruction;
    let place = std::mem::take(&mut local.listing.reveal).then_some(Row::Line(next));
    if let Some(shown) = local.listing.shown.take().or(place) {
        if let Row::Line(line) = shown {
            unfold(&view.listing, line, &mut local.listing.folded);
        }
        scroll_to(ui, rows(&view.listing, &local.listing.folded).iter().position(|row| *row == shown));
    }
    let rows = rows(&view.listing, &local.listing.folded);
    let target = ui.data_mut(|data| data.remove_temp::<usize>(reveal_id()));
    whole(ui, &tokens, view, local);
    ScrollArea::vertical().auto_shrink(false).show_viewport(ui, |ui, viewport| {
        ui.set_height(rows.len() as f32 * ROW + 8.0);
        let (left, top) = (ui.max_rect().left(), ui.max_rect().top() + 4.0);
        let width = ui.available_width();
        let place = |i: usize| Rect::from_min_size(Pos2::new(left, top + i as f32 * ROW), Vec2::new(width, ROW));
        if let Some(row) = target {
            ui.scroll_to_rect(place(row).expand2(Vec2::new(0.0, 2.0 * ROW)), None);
        }
        let first = (viewport.min.y / ROW).floor().max(0.0) as usize;
        let last = ((viewport.max.y / ROW).ceil() as usize + 1).min(rows.len());
        for (i, row) in rows.iter().enumerate().take(last).skip(first.min(last)) {
            row_ui(ui, (state, &tokens, view), *row, place(i), local, actions);
        }
    });
}

/// The one thing that the Tab key comes to: below the rows, so that the mouse finds those.
fn whole(ui: &mut Ui, tokens: &Tokens, view: &DebugView, local: &mut DebugUi) {
    let rect = ui.available_rect_before_wrap();
    let response = ui.interact(rect, id(), Sense::focusable_noninteractive());
    if local.focus.take_if(|pane| *pane == Pane::Program).is_some() {
        response.request_focus();
    }
    let chosen = local.listing.cursor.and_then(|line| view.listing.lines.get(line));
    let name = match chosen {
        Some(line) => format!("Listing, {}", line.text()),
        None => "Listing".to_owned(),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::ListBox, true, &name));
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        ui.painter().rect_stroke(rect.shrink(1.0), 2.0, Stroke::new(1.0, tokens.accent), egui::StrokeKind::Inside);
    }
}

fn reveal_id() -> Id {
    Id::unique("row of the listing to be shown")
}

fn scroll_to(ui: &Ui, row: Option<usize>) {
    if let Some(row) = row {
        ui.data_mut(|data| data.insert_temp(reveal_id(), row));
    }
}

/// Where the run stands must be seen.
fn unfold(listing: &Listing, line: usize, folded: &mut BTreeSet<Heading>) {
    let Some(at) = listing.lines.get(line) else { return };
    folded.retain(|&(first, is_stage)| {
        let first = &listing.lines[first.min(listing.lines.len() - 1)];
        first.stage != at.stage || (!is_stage && first.layer != at.layer)
    });
}

/// What all rows are drawn from.
type Seen<'a> = (&'a State, &'a Tokens, &'a DebugView);

fn row_ui(ui: &mut Ui, seen: Seen<'_>, row: Row, rect: Rect, local: &mut DebugUi, actions: &mut Vec<Action>) {
    let (_, tokens, view) = seen;
    let lines = &view.listing.lines;
    match row {
        Row::Stage(stage, from, to) => {
            let key = (from, true);
            let name = format!("{}, {}", stage.title(), counted(to - from, "instruction"));
            let words = stage.title().to_uppercase();
            fold_row(ui, tokens, rect, 12.0, &words, &name, stage.words(), key, &mut local.listing);
        }
        Row::Layer(from, to) => {
            let line = &lines[from];
            let many = counted(to - from, "instruction");
            let name = format!("{} in {}, {many}", line.layer_name, line.stage.title());
            let help = "The instructions this layer compiles to. Click to fold or unfold them.";
            fold_row(ui, tokens, rect, GUTTER, &line.layer_name, &name, help, (from, false), &mut local.listing);
        }
        Row::Line(line) => line_ui(ui, seen, line, rect, local, actions),
    }
}

#[expect(clippy::too_many_arguments, reason = "a heading is all of these")]
fn fold_row(
    ui: &mut Ui,
    tokens: &Tokens,
    rect: Rect,
    indent: f32,
    words: &str,
    name: &str,
    help: &str,
    key: Heading,
    local: &mut ListingUi,
) {
    let response = ui.interact(rect, Id::unique(("listing fold", key)), Sense::CLICK);
    let (is_folded, chosen) = (local.folded.contains(&key), local.heading == Some(key));
    if chosen {
        ui.painter().rect_stroke(rect.shrink(0.5), 0.0, Stroke::new(1.0, tokens.line), egui::StrokeKind::Inside);
    }
    let colour = if response.hovered() || chosen { tokens.text } else { tokens.faint };
    let at = rect.left_center() + Vec2::new(indent, 0.0);
    let end = ui.painter().text(at, Align2::LEFT_CENTER, words, theme::regular(11.0), colour).right();
    if is_folded || response.hovered() || chosen {
        let sign = if is_folded { "▸" } else { "▾" };
        let at = Pos2::new(end + 6.0, rect.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, sign, theme::regular(11.0), colour);
    }
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, !is_folded, name));
    if response.on_hover_text(format!("{name}\n{help}")).clicked() && !local.folded.remove(&key) {
        local.folded.insert(key);
    }
}

fn line_ui(
    ui: &mut Ui,
    (state, tokens, view): Seen<'_>,
    index: usize,
    rect: Rect,
    local: &mut DebugUi,
    actions: &mut Vec<Action>,
) {
    let line = &view.listing.lines[index];
    let is_next = index == view.moment.instruction;
    let is_chosen = local.listing.cursor == Some(index) && local.listing.heading.is_none();
    let row = ui.interact(rect, Id::unique(("listing line", index)), Sense::CLICK);
    if is_next {
        ui.painter().rect_filled(rect, 0.0, tokens.accent_soft);
        ui.painter().rect_filled(rect.with_max_x(rect.left() + 3.0), 0.0, tokens.accent);
    } else if row.hovered() || is_chosen {
        ui.painter().rect_filled(rect, 0.0, tokens.hover.gamma_multiply(if row.hovered() { 0.7 } else { 1.0 }));
    }
    if is_chosen {
        ui.painter().rect_stroke(rect.shrink(0.5), 0.0, Stroke::new(1.0, tokens.line), egui::StrokeKind::Inside);
    }
    let said = format!("line {}: {}", index + 1, line.text());
    row.widget_info(|| WidgetInfo::selected(Role::ListItem, true, is_next, &said));
    gutter(ui, (state, tokens, view), index, rect, actions);
    let right = shape_ui(ui, tokens, view, line, rect);
    // What has not run yet in this step is in full; what has run is done with.
    // On white a colour that is let through is soon too pale to be read.
    let dim = if ui.visuals().dark_mode { 0.72 } else { 0.86 };
    let strength = if index < view.done && !is_next { dim } else { 1.0 };
    let at = rect.left_center() + Vec2::new(GUTTER, 0.0);
    let chosen = Some(local.listing.value).filter(|value| is_chosen && *value > 0);
    let chosen = chosen.and_then(|value| walk::values(line).get(value).map(|token| token.name.clone()));
    let mut pen = Pen { ui, tokens, index, at, right, strength, chosen, cut: false };
    let (named, row) = pen.line(line, row);
    let row = row.on_hover_ui(|ui| about(ui, view, index));
    if row.clicked() {
        (local.listing.cursor, local.listing.heading, local.listing.value) = (Some(index), None, 0);
    }
    // The line as a whole stands for what it makes.
    let whole = || line.outputs.first().filter(|_| row.clicked()).map(|output| output.name.clone());
    if let Some(name) = named.or_else(whole) {
        local.middle.look_at(&name);
    }
    if row.double_clicked() {
        actions.push(Action::Debug(DebugCommand::Forward(Granularity::Until(index))));
    }
    row.context_menu(|ui| {
        local.listing.cursor = Some(index);
        if ui.add(egui::Button::new("Breakpoint here").shortcut_text("F9")).clicked() {
            breakpoints::toggle(state, &view.listing, index, actions);
        }
        if ui.add(egui::Button::new("Run to here").shortcut_text("Ctrl F10")).clicked() {
            actions.push(Action::Debug(DebugCommand::Forward(Granularity::Until(index))));
        }
    });
}

/// The dot of a breakpoint: a click sets it or takes it away.
fn gutter(ui: &mut Ui, (state, tokens, view): Seen<'_>, index: usize, rect: Rect, actions: &mut Vec<Action>) {
    let place = rect.with_max_x(rect.left() + GUTTER - 4.0).with_min_x(rect.left() + 3.0);
    let response = ui.interact(place, Id::unique(("listing gutter", index)), Sense::CLICK);
    let set = breakpoints::at_line(&state.debug().breakpoints, &view.listing, index);
    let centre = Pos2::new(rect.left() + 16.0, rect.center().y);
    match set {
        Some(breakpoint) if breakpoint.enabled => drop(ui.painter().circle_filled(centre, 5.0, tokens.bad)),
        Some(_) => drop(ui.painter().circle_stroke(centre, 4.5, Stroke::new(1.0, tokens.bad))),
        None if response.hovered() => drop(ui.painter().circle_filled(centre, 5.0, tokens.bad.gamma_multiply(0.35))),
        None => {}
    }
    let name = format!("breakpoint at line {}", index + 1);
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, set.is_some(), &name));
    let help = "Click to set or remove a breakpoint before this instruction (F9).";
    if response.on_hover_text(help).clicked() {
        breakpoints::toggle(state, &view.listing, index, actions);
    }
}

/// The shape of what the line makes; returns where it begins.
fn shape_ui(ui: &Ui, tokens: &Tokens, view: &DebugView, line: &Line, rect: Rect) -> f32 {
    let right = rect.right() - 12.0;
    let shapes: Vec<String> = match line.stage {
        StepPhase::Update => line.outputs.first().map(|token| token.shape(view.batch)).into_iter().collect(),
        _ => line.outputs.iter().map(|token| token.shape(view.batch)).collect(),
    };
    let mut text = shapes.iter().filter(|shape| !shape.is_empty()).cloned().collect::<Vec<_>>().join(", ");
    if text.chars().count() > 24 {
        text = shapes.first().cloned().unwrap_or_default();
    }
    let at = Pos2::new(right, rect.center().y);
    ui.painter().text(at, Align2::RIGHT_CENTER, text, theme::mono(11.0), tokens.faint).left() - 8.0
}

/// Writes a line from left to right as far as there is room.
struct Pen<'a> {
    ui: &'a mut Ui,
    tokens: &'a Tokens,
    index: usize,
    at: Pos2,
    right: f32,
    strength: f32,
    /// The value that the arrows have come to.
    chosen: Option<String>,
    /// There was no room for all of it, and that is shown.
    cut: bool,
}

impl Pen<'_> {
    /// Returns the value that was clicked, and what was done to the row, its names included.
    fn line(&mut self, line: &Line, row: Response) -> (Option<String>, Response) {
        let (mut clicked, mut row) = (None, row);
        let mut token = |pen: &mut Self, token: &Token, text: &str, part| {
            let Some(response) = pen.token(token, text, part) else { return };
            if response.clicked() {
                clicked = Some(token.name.clone());
            }
            row |= response;
        };
        let is_update = line.stage == StepPhase::Update;
        // An update changes the memory of the optimiser too, which its inputs name.
        let outputs = if is_update { &line.outputs[..line.outputs.len().min(1)] } else { &line.outputs[..] };
        for (i, output) in outputs.iter().enumerate() {
            self.separate(i);
            token(self, output, &output.name, i);
        }
        self.word(&format!(" {} ", line.arrow()), self.tokens.muted);
        self.word(&line.op, self.tokens.text);
        let mut before = outputs.first().filter(|_| is_update).map_or("", |token| token.name.as_str());
        let changed = if is_update { before } else { "" };
        let inputs = line.inputs.iter().filter(|token| token.name != changed);
        for (i, input) in inputs.enumerate() {
            if i == 0 {
                self.word(" ", self.tokens.muted);
            }
            self.separate(i);
            token(self, input, shortened(&input.name, before), 100 + i);
            if !is_update {
                before = input.name.split_once('.').map_or("", |(layer, _)| layer);
            }
        }
        (clicked, row)
    }

    fn separate(&mut self, i: usize) {
        if i > 0 {
            self.word(", ", self.tokens.muted);
        }
    }

    fn word(&mut self, text: &str, colour: Color32) -> Option<Rect> {
        let colour = colour.gamma_multiply(self.strength);
        let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), theme::mono(SIZE), colour);
        let room = self.right - self.at.x;
        if room < 10.0 {
            if !std::mem::replace(&mut self.cut, true) {
                let end = self.tokens.muted;
                self.ui.painter().text(self.at, Align2::LEFT_CENTER, "…", theme::mono(SIZE), end);
            }
            return None;
        }
        job.wrap = egui::text::TextWrapping::truncate_at_width(room);
        let galley = self.ui.painter().layout_job(job);
        self.cut |= galley.elided;
        let rect = Align2::LEFT_CENTER.anchor_size(self.at, galley.size());
        self.ui.painter().galley(rect.min, galley, colour);
        self.at.x = rect.right();
        Some(rect)
    }

    fn token(&mut self, token: &Token, text: &str, part: usize) -> Option<Response> {
        let tokens = self.tokens;
        let colour = match token.kind {
            ValueKind::Data | ValueKind::Value | ValueKind::Gradient => tokens.pos,
            ValueKind::Parameter | ValueKind::Memory => tokens.warn,
        };
        let rect = self.word(text, colour)?;
        let response = self.ui.interact(rect, Id::unique(("listing value", self.index, part)), Sense::CLICK);
        let name = format!("value {} in line {}", token.name, self.index + 1);
        response.widget_info(|| WidgetInfo::labeled(Role::Link, true, &name));
        if response.hovered() || self.chosen.as_ref() == Some(&token.name) {
            self.ui.painter().hline(rect.x_range(), rect.bottom() - 1.0, Stroke::new(1.0, colour));
        }
        Some(response.on_hover_cursor(CursorIcon::PointingHand))
    }
}

/// `.bias` behind `dense_1.weight`.
fn shortened<'a>(name: &'a str, before: &str) -> &'a str {
    match name.strip_prefix(before) {
        Some(rest) if !before.is_empty() && rest.starts_with('.') => rest,
        _ => name,
    }
}

/// What an instruction does, in words, in symbols, and as it stands in the program.
fn about(ui: &mut Ui, view: &DebugView, index: usize) {
    let tokens = Tokens::of(ui);
    let line = &view.listing.lines[index];
    let layer = if line.layer_name.is_empty() { String::new() } else { format!(" · {}", line.layer_name) };
    ui.label(RichText::new(format!("{}{layer}", line.op)).font(theme::medium(13.0)));
    ui.label(&line.words);
    ui.label(RichText::new(&line.formula).font(theme::mono(12.0)).color(tokens.accent));
    ui.label(RichText::new(line.text()).font(theme::mono(11.0)).color(tokens.muted));
    for token in line.outputs.iter().chain(&line.inputs) {
        let shape = token.shape(view.batch);
        let shape = if shape.is_empty() { "one number".to_owned() } else { shape };
        ui.label(RichText::new(format!("{}  {shape}", token.name)).font(theme::mono(11.0)).color(tokens.faint));
    }
    ui.label(RichText::new("Double-click to run to here.").small().color(tokens.faint));
}
