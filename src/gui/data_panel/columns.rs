//! The columns of a table, each with what it is used for, how its values are spread and how it goes with the target.
//! Only those on the screen are laid out: there may be thousands.

use std::sync::{Arc, Weak};

use egui::{ComboBox, Label, Rect, RichText, Sense, Shape, Stroke, TextEdit, Ui, UiBuilder, Vec2, WidgetInfo, pos2};

use super::chart;
use super::settings::Draft;
use super::words;
use crate::data::facts::{ColumnFacts, Distribution, TableFacts};
use crate::data::{ColumnKind, ColumnPreview, Encoding, TablePreview, encoding};
use crate::expr::counted;
use crate::gui::theme::{self, Tokens, mix};
use crate::gui::widgets::{choice, combo, named};
use crate::model::{ColumnChoice, ColumnRole, CsvSpec};
use crate::session::State;

pub(super) const ROLES: [(ColumnRole, &str); 8] = [
    (ColumnRole::Numeric, "number"),
    (ColumnRole::Categorical, "category"),
    (ColumnRole::Embedded, "embedding"),
    (ColumnRole::Date, "date"),
    (ColumnRole::LeftOut, "left out"),
    (ColumnRole::Target, "target"),
    (ColumnRole::LogTarget, "target: log"),
    (ColumnRole::Weight, "row weight"),
];
/// Height of a column; what is added to the one that is open: a larger drawing, and a line for each fact.
const HEIGHT: f32 = 76.0;
const LINE: f32 = 18.0;
/// Of the drawing of a column, closed and open.
const CHART: [f32; 2] = [22.0, 78.0];
/// Columns from which on it is worth looking for one.
const MANY: usize = 12;

/// In which order they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    File,
    Relation,
    Missing,
    Name,
}

impl Order {
    const ALL: [Self; 4] = [Self::File, Self::Relation, Self::Missing, Self::Name];

    const fn title(self) -> &'static str {
        match self {
            Self::File => "file order",
            Self::Relation => "relation",
            Self::Missing => "gaps",
            Self::Name => "name",
        }
    }
}

#[derive(Default)]
pub struct ColumnsUi {
    search: String,
    order: Order,
    /// As the network gets them.
    scaled: bool,
    /// The one that is described in full.
    open: Option<String>,
    shown: Shown,
}

/// Which are shown, found anew when something changes.
#[derive(Default)]
struct Shown {
    /// Held, so that nothing else gets their addresses.
    table: Weak<TablePreview>,
    facts: Option<Weak<TableFacts>>,
    by: (String, Order),
    columns: Vec<usize>,
}

impl Shown {
    fn is_of(&self, table: &Arc<TablePreview>, facts: Option<&Arc<TableFacts>>) -> bool {
        self.table.as_ptr() == Arc::as_ptr(table) && self.facts.as_ref().map(Weak::as_ptr) == facts.map(Arc::as_ptr)
    }
}

/// What is drawn from.
struct Look<'a> {
    table: &'a TablePreview,
    facts: Option<&'a TableFacts>,
    encoding: Option<&'a Encoding>,
    scaled: bool,
}

impl<'a> Look<'a> {
    fn facts(&self, index: usize) -> Option<&'a ColumnFacts> {
        self.facts?.columns.get(index)
    }

    /// How the column becomes inputs.
    fn encoded(&self, index: usize) -> Option<&'a encoding::Column> {
        let encoding::Inputs::Table { columns, .. } = &self.encoding?.inputs else { return None };
        columns.iter().find(|column| column.name == self.table.columns[index].name)
    }
}

pub(super) fn show(ui: &mut Ui, state: &State, local: &mut ColumnsUi, draft: &mut Draft, spec: &mut CsvSpec) {
    let Some(table) = state.table() else { return };
    let tokens = Tokens::of(ui);
    let facts = state.facts().filter(|facts| facts.columns.len() == table.columns.len());
    head(ui, local, table, facts.map(|facts| &**facts));
    let ColumnsUi { search, order, shown, .. } = local;
    if !shown.is_of(table, facts) || shown.by != (search.clone(), *order) || shown.columns.is_empty() {
        *shown = Shown {
            table: Arc::downgrade(table),
            facts: facts.map(Arc::downgrade),
            by: (search.clone(), *order),
            columns: chosen(table, facts.map(|f| &**f), &spec.target, search, *order),
        };
    }
    if shown.columns.is_empty() {
        ui.add(Label::new(RichText::new("No column has such a name.").color(tokens.muted)).wrap());
        return;
    }
    let encoding = state.dataset().map(|dataset| &*dataset.encoding);
    let look = Look { table, facts: facts.map(|facts| &**facts), encoding, scaled: local.scaled };
    let open =
        local.open.as_ref().and_then(|name| shown.columns.iter().position(|&index| table.columns[index].name == *name));
    let more = open.map_or(0.0, |place| {
        let index = shown.columns[place];
        let words = words::of(&table.columns[index], table.rows, look.facts(index), look.encoded(index), look.scaled);
        CHART[1] - CHART[0] + LINE * words.facts.len() as f32 + 8.0
    });
    let tall = HEIGHT * shown.columns.len() as f32 + more;
    let (area, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), tall), Sense::hover());
    let clip = ui.clip_rect();
    let top =
        |place: usize| area.top() + HEIGHT * place as f32 + if open.is_some_and(|at| at < place) { more } else { 0.0 };
    let from = (((clip.top() - more - area.top()) / HEIGHT).floor().max(0.0)) as usize;
    for (place, &index) in shown.columns.iter().enumerate().skip(from) {
        let (from, to) = (top(place), top(place + 1));
        if from > clip.bottom() {
            break;
        }
        if to < clip.top() {
            continue;
        }
        let rect = Rect::from_min_max(pos2(area.left(), from), pos2(area.right(), to));
        let is_open = open == Some(place);
        let is_toggled = ui
            .scope_builder(UiBuilder::new().id_salt(("column", index)).max_rect(rect), |ui| {
                column_ui(ui, &look, draft, spec, index, is_open)
            })
            .inner;
        if is_toggled {
            local.open = Some(table.columns[index].name.clone()).filter(|_| !is_open);
        }
    }
}

/// The switch between the user's units and the network's, and for many columns a search.
fn head(ui: &mut Ui, local: &mut ColumnsUi, table: &TablePreview, facts: Option<&TableFacts>) {
    let tokens = Tokens::of(ui);
    if let Some(i) = choice(ui, "Show", super::words::UNITS_HELP, usize::from(local.scaled), &super::words::UNITS) {
        local.scaled = i == 1;
    }
    if table.columns.len() > MANY {
        let titles = Order::ALL.map(Order::title);
        let current = Order::ALL.iter().position(|order| *order == local.order).unwrap_or_default();
        if let Some(i) = choice(ui, "Sort", "In which order the columns are listed.", current, &titles) {
            local.order = Order::ALL[i];
        }
        let field = TextEdit::singleline(&mut local.search).hint_text("Search columns").desired_width(f32::INFINITY);
        named(ui.add(field), "Search columns");
    }
    if let Some(facts) = facts.filter(|facts| facts.are_of_some()) {
        let text = format!("From {} drawn at random.", counted(facts.drawn, "row"));
        ui.add(Label::new(RichText::new(text).size(11.0).color(tokens.faint)).wrap());
    }
    ui.add_space(4.0);
}

fn chosen(table: &TablePreview, facts: Option<&TableFacts>, target: &str, search: &str, order: Order) -> Vec<usize> {
    let search = search.trim().to_lowercase();
    let fits = |&index: &usize| {
        let name = &table.columns[index].name;
        name != target && (search.is_empty() || name.to_lowercase().contains(&search))
    };
    let mut all: Vec<usize> = (0..table.columns.len()).filter(fits).collect();
    let relation = |index: usize| {
        facts.and_then(|facts| facts.columns.get(index)?.relation).map_or(-1.0, |relation| relation.value)
    };
    match order {
        Order::File => {}
        Order::Relation => all.sort_by(|&a, &b| relation(b).total_cmp(&relation(a))),
        Order::Missing => all.sort_by_key(|&index| std::cmp::Reverse(table.columns[index].missing)),
        Order::Name => all.sort_by_key(|&index| table.columns[index].name.to_lowercase()),
    }
    all
}

/// Whether it is to be opened or closed.
fn column_ui(ui: &mut Ui, look: &Look, draft: &mut Draft, spec: &mut CsvSpec, index: usize, is_open: bool) -> bool {
    let tokens = Tokens::of(ui);
    let column = &look.table.columns[index];
    let role = spec.said(&column.name).unwrap_or(column.role);
    let is_out = role == ColumnRole::LeftOut;
    let can_be_target = role.is_target()
        || is_number(column) && look.table.columns.iter().any(|one| one.name == spec.target && is_number(one));
    ui.spacing_mut().item_spacing.y = 2.0;
    let is_toggled = ui
        .horizontal(|ui| {
            let control = (ui.available_width() * 0.5).clamp(88.0, 104.0);
            let width = (ui.available_width() - control - 8.0).max(60.0);
            let clicked = name_ui(ui, width, column, is_out, is_open);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                role_ui(ui, control, draft, spec, column, (role, can_be_target));
            });
            clicked
        })
        .inner;
    let facts = look.facts(index);
    let encoded = look.encoded(index);
    let words = words::of(column, look.table.rows, facts, encoded, look.scaled);
    ui.horizontal(|ui| {
        let relation = facts.and_then(|facts| facts.relation);
        let side = if relation.is_some() { 60.0 } else { 0.0 };
        let size = Vec2::new((ui.available_width() - side).max(40.0), CHART[usize::from(is_open)]);
        if let Some(facts) = facts {
            drawing(ui, size, column, facts, encoded.filter(|_| look.scaled), is_out);
        }
        if let Some(relation) = relation {
            relation_ui(
                ui,
                &relation,
                &words::relation(&relation, &column.name, &look.table.columns[relation.target].name),
            );
        }
    });
    ui.add(Label::new(RichText::new(&words.line).size(11.0).color(tokens.faint)).truncate()).on_hover_text(&words.line);
    if is_open {
        ui.spacing_mut().interact_size.y = 16.0;
        for fact in &words.facts {
            let line = ui.horizontal(|ui| {
                ui.label(RichText::new(fact.label).size(11.0).color(tokens.muted));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    ui.add(Label::new(RichText::new(&fact.value).font(theme::mono(11.0))).truncate());
                });
            });
            line.response.on_hover_text(fact.help);
        }
    }
    is_toggled
}

/// The name, which opens and closes what there is to say.
fn name_ui(ui: &mut Ui, width: f32, column: &ColumnPreview, is_out: bool, is_open: bool) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 24.0), Sense::click());
    let response = response.on_hover_text(format!("{}: {}", column.name, column.reason));
    let lit = response.hovered() || response.has_focus();
    let colour = if lit { tokens.accent } else { tokens.faint };
    let painter = ui.painter_at(rect);
    let at = pos2(rect.left() + 4.0, rect.center().y);
    let turned = |x: f32, y: f32| at + if is_open { Vec2::new(-y, x) } else { Vec2::new(x, y) };
    let corners = vec![turned(-2.0, -4.0), turned(3.0, 0.0), turned(-2.0, 4.0)];
    painter.add(Shape::convex_polygon(corners, colour, Stroke::NONE));
    let colour = if is_out { tokens.faint } else { tokens.text };
    let mut job = egui::text::LayoutJob::simple_singleline(column.name.clone(), theme::medium(13.0), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width - 14.0);
    let galley = painter.layout_job(job);
    painter.galley(pos2(rect.left() + 14.0, rect.center().y - galley.size().y / 2.0), galley, colour);
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_open, format!("About {}", column.name)));
    response.clicked()
}

/// As each of several targets is.
fn is_number(column: &ColumnPreview) -> bool {
    column.kind == ColumnKind::Number && column.distinct > 1
}

fn role_ui(
    ui: &mut Ui,
    width: f32,
    draft: &mut Draft,
    spec: &mut CsvSpec,
    column: &ColumnPreview,
    (role, can_be_target): (ColumnRole, bool),
) {
    let shown = ROLES.iter().find(|(r, _)| *r == role).map_or("", |(_, name)| name);
    let list = ComboBox::from_id_salt(&column.name).selected_text(shown).width(width);
    let response = combo(ui, list, |ui| {
        let is_positive = column.range.is_some_and(|(least, _)| least >= 0.0);
        let can_be = |r: ColumnRole| match r {
            ColumnRole::Target => can_be_target,
            ColumnRole::LogTarget => can_be_target && is_positive,
            ColumnRole::Weight => role == r || is_positive && column.missing == 0 && column.kind == ColumnKind::Number,
            // What no cell could be read as would only fail.
            ColumnRole::Numeric => role == r || column.kind != ColumnKind::Text,
            ColumnRole::Date => role == r || matches!(column.kind, ColumnKind::Date | ColumnKind::Number),
            _ => true,
        };
        for (r, name) in ROLES.into_iter().filter(|(r, _)| can_be(*r)) {
            if ui.selectable_label(r == role, name).clicked() {
                ui.close();
                if r != role {
                    say(spec, column, r);
                    draft.ended = true;
                }
            }
        }
    });
    let name = format!("Role of {}", column.name);
    response.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
}

/// Only what differs from what was found is kept as the user's word. Rows are weighted by one column, the last one that
/// was chosen.
fn say(spec: &mut CsvSpec, column: &ColumnPreview, role: ColumnRole) {
    spec.columns
        .retain(|choice| choice.name != column.name && (role, choice.role) != (ColumnRole::Weight, ColumnRole::Weight));
    if role != column.role {
        spec.columns.push(ColumnChoice { name: column.name.clone(), role });
    }
}

fn drawing(
    ui: &mut Ui,
    size: Vec2,
    column: &ColumnPreview,
    facts: &ColumnFacts,
    scaled: Option<&encoding::Column>,
    is_faint: bool,
) {
    let unit = match scaled.map(|column| &column.values) {
        Some(encoding::ColumnValues::Numeric { offset, scale, .. }) => (*offset, *scale),
        _ => (0.0, 1.0),
    };
    let shown = move |value: f64| (value - unit.0) / unit.1;
    let written: &dyn Fn(f64) -> String = match facts.distribution {
        Distribution::Dates(_) => &chart::date,
        _ => &chart::plain,
    };
    let scale = chart::Scale { shown: &shown, written, is_faint };
    chart::show(ui, size, &column.name, &facts.distribution, &scale);
}

/// How strongly it goes with the target: a number and a bar.
fn relation_ui(ui: &mut Ui, relation: &crate::data::facts::Relation, help: &str) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 22.0), Sense::hover());
    let value = relation.value as f32;
    let text = format!("{value:.2}");
    ui.painter().text(rect.right_top(), egui::Align2::RIGHT_TOP, &text, theme::mono(11.0), tokens.text);
    let line =
        Rect::from_min_max(pos2(rect.left() + 6.0, rect.bottom() - 5.0), pos2(rect.right(), rect.bottom() - 2.0));
    ui.painter().rect_filled(line, 1.0, mix(tokens.panel, tokens.text, 0.12));
    let full = Rect::from_min_size(line.min, Vec2::new(line.width() * value, line.height()));
    ui.painter().rect_filled(full, 1.0, tokens.accent);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, help));
    response.on_hover_text(help);
}
