//! A table: what is predicted, how its file is read, and what becomes of gaps.

use egui::{Label, RichText, Ui};

use super::settings::Draft;
use crate::data::facts::log_skewness;
use crate::data::{ColumnKind, ColumnPreview, ENCODINGS, TablePreview};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{choice, labelled, text_field};
use crate::model::{
    ColumnChoice, ColumnRole, CsvSpec, DateOrder, Decimal, Kept, MissingPolicy, Reading, Scaling, Spellings,
};
use crate::session::State;

pub(super) fn show(ui: &mut Ui, state: &State, draft: &mut Draft, spec: &mut CsvSpec) {
    let tokens = Tokens::of(ui);
    let path = spec.path.display().to_string();
    let text = RichText::new(path_end(&path)).font(theme::mono(11.0)).color(tokens.muted);
    ui.add(Label::new(text).truncate()).on_hover_text(path);
    if let Some(table) = state.table() {
        sheet(ui, draft, table);
        target(ui, draft, spec, table);
        task(ui, draft, spec, table);
    }
    missing(ui, draft, spec);
    missing_words(ui, draft, spec);
    scaling(ui, draft, spec);
    if let Some(table) = state.table() {
        reading(ui, draft, spec, table);
    }
}

/// The end of a path says more than its beginning.
pub(super) fn path_end(path: &str) -> String {
    let most = 26;
    let skip = path.chars().count().saturating_sub(most);
    if skip == 0 { path.to_owned() } else { std::iter::once('…').chain(path.chars().skip(skip + 1)).collect() }
}

fn sheet(ui: &mut Ui, draft: &mut Draft, table: &TablePreview) {
    if table.sheets.len() < 2 {
        return;
    }
    let names: Vec<&str> = table.sheets.iter().map(String::as_str).collect();
    let current = table.sheets.iter().position(|name| Some(name) == table.sheet.as_ref()).unwrap_or(usize::MAX);
    if let Some(i) = choice(ui, "Sheet", "The sheet of the workbook that the table is on.", current, &names) {
        draft.reading = Some(Reading { sheet: Some(names[i].to_owned()), ..Reading::default() });
    }
}

fn target(ui: &mut Ui, draft: &mut Draft, spec: &mut CsvSpec, table: &TablePreview) {
    let possible: Vec<&ColumnPreview> =
        table.columns.iter().filter(|column| column.as_target != ColumnRole::LeftOut).collect();
    let names: Vec<&str> = possible.iter().map(|column| column.name.as_str()).collect();
    let current = names.iter().position(|name| *name == spec.target).unwrap_or(usize::MAX);
    let mut help = "The column that the network learns to predict.".to_owned();
    if let Some(column) = possible.get(current) {
        help.push_str(&format!("\n{}: {}", column.name, column.target_reason));
    }
    if let Some(i) = choice(ui, "Predict", &help, current, &names) {
        let old = std::mem::replace(&mut spec.target, names[i].to_owned());
        // What was said about it as an input says nothing about it as a target, and the other way around.
        spec.columns.retain(|choice| choice.name != spec.target && (choice.name != old || !choice.role.is_target()));
        let values = table.columns.iter().position(|column| column.name == spec.target);
        let is_number = possible[i].as_target == ColumnRole::Numeric;
        let has_logarithms = possible[i].range.is_some_and(|(least, _)| least >= 0.0);
        if is_number && has_logarithms && values.and_then(|at| log_skewness(table.drawn.columns.get(at)?)).is_some() {
            spec.columns.push(ColumnChoice { name: spec.target.clone(), role: ColumnRole::LogTarget });
        }
        draft.ended = true;
    }
}

/// Numbers may be classes, or learnt as their logarithms.
fn task(ui: &mut Ui, draft: &mut Draft, spec: &mut CsvSpec, table: &TablePreview) {
    let Some(column) = table.columns.iter().find(|column| column.name == spec.target) else { return };
    if column.kind != ColumnKind::Number {
        return;
    }
    let role = if spec.targets().len() > 1 { ColumnRole::Numeric } else { column.as_target };
    let role = match spec.said(&column.name).unwrap_or(role) {
        ColumnRole::Target => ColumnRole::Numeric,
        role => role,
    };
    let all = [
        (ColumnRole::Categorical, "classes", !column.distinct_is_bound && spec.targets().len() == 1),
        (ColumnRole::Numeric, "numbers", true),
        (ColumnRole::LogTarget, "logarithm", column.range.is_some_and(|(least, _)| least >= 0.0)),
    ];
    let shown: Vec<_> = all.into_iter().filter(|(one, _, can_be)| *can_be || *one == role).collect();
    if shown.len() < 2 {
        return;
    }
    let help = "Predict one of several classes, or a number on a scale. Logarithm: of numbers over several powers of ten \
        the network learns the logarithm; predictions and scores are in the unit of the column all the same.";
    let titles: Vec<&str> = shown.iter().map(|(_, title, _)| *title).collect();
    let current = shown.iter().position(|(one, ..)| *one == role).unwrap_or(usize::MAX);
    if let Some(i) = choice(ui, "As", help, current, &titles) {
        let role = shown[i].0;
        spec.columns.retain(|choice| choice.name != column.name);
        if role != column.as_target {
            spec.columns.push(ColumnChoice { name: column.name.clone(), role });
        }
        draft.ended = true;
    }
}

/// Of a file that is text. The names of columns are read with it as well, so they are found anew.
fn encoding(ui: &mut Ui, draft: &mut Draft, spec: &CsvSpec, table: &TablePreview) {
    let Some(found) = table.encoding else { return };
    let said = spec.reading.encoding.as_deref();
    let as_found = if said.is_none() { format!("{found} (found)") } else { "as found".to_owned() };
    let other = said.filter(|said| !ENCODINGS.contains(said));
    let titles: Vec<&str> = [as_found.as_str()].into_iter().chain(ENCODINGS).chain(other).collect();
    let current = said.map_or(0, |said| titles.iter().skip(1).position(|one| *one == said).map_or(0, |at| at + 1));
    let help = "How the letters of the file are stored. Change it where names or words look wrong, as in KrakÃ³w.";
    if let Some(i) = choice(ui, "Encoding", help, current, &titles) {
        let encoding = (i > 0).then(|| titles[i].to_owned());
        draft.reading = Some(Reading { encoding, ..spec.reading.clone() });
    }
}

/// What the file leaves open.
fn reading(ui: &mut Ui, draft: &mut Draft, spec: &mut CsvSpec, table: &TablePreview) {
    encoding(ui, draft, spec, table);
    let help = "Whether the first row has the names of the columns.";
    let header = usize::from(!spec.reading.header.unwrap_or(table.has_header));
    if let Some(i) = choice(ui, "First row", help, header, &["names", "values"]) {
        let has_header = i == 0;
        spec.reading.header = (has_header != table.has_header).then_some(has_header);
        renamed(spec, table, has_header);
        draft.ended = true;
    }
    let has = |kind: ColumnKind| table.columns.iter().any(|column| column.kind == kind);
    if has(ColumnKind::Number) {
        let all = [None, Some(Decimal::Point), Some(Decimal::Comma)];
        let current = all.iter().position(|decimal| *decimal == spec.reading.decimal).unwrap_or_default();
        let help = "How numbers are written. By column: all cells of a column decide.";
        if let Some(i) = choice(ui, "Decimals", help, current, &["by column", "1,234.5", "1.234,5"]) {
            spec.reading.decimal = all[i];
            draft.ended = true;
        }
    }
    if has(ColumnKind::Date) {
        let all = [None, Some(DateOrder::DayFirst), Some(DateOrder::MonthFirst)];
        let current = all.iter().position(|order| *order == spec.reading.dates).unwrap_or_default();
        let help = "The order of day and month. By column: all cells of a column decide.";
        if let Some(i) = choice(ui, "Dates", help, current, &["by column", "31/5/2024", "5/31/2024"]) {
            spec.reading.dates = all[i];
            draft.ended = true;
        }
    }
    if has(ColumnKind::Text) || spec.reading.spellings.is_some() {
        let all = [None, Some(Spellings::Merge), Some(Spellings::Apart)];
        let current = all.iter().position(|one| *one == spec.reading.spellings).unwrap_or_default();
        let help = "Whether Yes and yes are one category. Automatic: plain words and rare misspellings are merged; short \
            codes such as AA and Aa stay apart.";
        if let Some(i) = choice(ui, "Case", help, current, &["automatic", "merge all", "keep apart"]) {
            spec.reading.spellings = all[i];
            draft.ended = true;
        }
    }
    odd_rows(ui, draft, spec, table);
}

/// Rows that are longer than the others, and rows of totals, where there are some.
fn odd_rows(ui: &mut Ui, draft: &mut Draft, spec: &mut CsvSpec, table: &TablePreview) {
    let [long, totals] = table.odd_rows;
    if long > 0 || spec.reading.long_rows.is_some() {
        let help = "Rows with more cells than there are columns: leave them out, or cut off the cells \
            that are too many.";
        let current = usize::from(spec.reading.long_rows == Some(Kept::Keep));
        if let Some(i) = choice(ui, "Long rows", help, current, &["leave out", "cut"]) {
            spec.reading.long_rows = (i == 1).then_some(Kept::Keep);
            draft.ended = true;
        }
    }
    if totals > 0 || spec.reading.totals.is_some() {
        let all = [None, Some(Kept::Drop), Some(Kept::Keep)];
        let current = all.iter().position(|one| *one == spec.reading.totals).unwrap_or_default();
        let help = "Rows of totals. At the end they are sums of the others and left out; between them they may be samples. \
            Leave out: those too.";
        if let Some(i) = choice(ui, "Totals", help, current, &["only at the end", "leave out", "keep"]) {
            spec.reading.totals = all[i];
            draft.ended = true;
        }
    }
}

/// The target under the name that it has with or without a header; what was said of columns by their names goes.
fn renamed(spec: &mut CsvSpec, table: &TablePreview, has_header: bool) {
    let place = table.columns.iter().position(|column| column.name == spec.target).unwrap_or_default();
    let first = table.head.first().and_then(|row| row.get(place)).filter(|name| !name.is_empty());
    spec.target = match first {
        Some(name) if has_header => name.clone(),
        _ => format!("column {}", place + 1),
    };
    spec.columns.clear();
}

fn missing(ui: &mut Ui, draft: &mut Draft, spec: &mut CsvSpec) {
    let help = "Missing values: fill numbers with the median and categories with “missing”, or leave the row out.";
    let current = usize::from(spec.missing == MissingPolicy::DropRow);
    if let Some(i) = choice(ui, "Gaps", help, current, &["fill", "leave the row out"]) {
        spec.missing = if i == 0 { MissingPolicy::Fill } else { MissingPolicy::DropRow };
        draft.ended = true;
    }
}

/// Besides those that always are: NA, ?, nothing at all.
fn missing_words(ui: &mut Ui, draft: &mut Draft, spec: &mut CsvSpec) {
    let help = "Words and numbers of this file that mean a missing value, with commas between: unknown, -9999. For one \
        column alone: age=-1. Empty cells, NA, null and ? always do.";
    let said = spec.reading.missing_words.join(", ");
    let mut typed = None;
    labelled(ui, "Missing words", help, |ui| {
        let width = ui.available_width();
        let (response, changed) =
            text_field(ui, "Missing words", &said, |field| field.hint_text("none").desired_width(width));
        typed = changed;
        response
    });
    if let Some(typed) = typed {
        let words = typed.split(',').map(str::trim).filter(|word| !word.is_empty());
        spec.reading.missing_words = words.map(str::to_owned).collect();
        draft.ended = true;
    }
}

fn scaling(ui: &mut Ui, draft: &mut Draft, spec: &mut CsvSpec) {
    let all = [Scaling::Standardise, Scaling::MinMax, Scaling::None];
    let current = all.iter().position(|s| *s == spec.scaling).unwrap_or_default();
    let help = "Brings columns to a similar scale, so that none dominates. Standard: mean 0, standard deviation 1. \
        Computed from the training set only.";
    if let Some(i) = choice(ui, "Scaling", help, current, &["standard", "0 to 1", "none"]) {
        spec.scaling = all[i];
        draft.ended = true;
    }
}
