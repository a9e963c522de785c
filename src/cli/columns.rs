//! A table of the columns of a table: what stands in each, what it is used for, and why.

use serde_json::{Value, json};

use super::watched::Watched;
use crate::data::facts::{self, log_skewness};
use crate::data::{ColumnPreview, DataError, Dataset, TablePreview};
use crate::expr::{counted, listed};
use crate::model::{ColumnRole, CsvSpec, DataSpec};

/// Cells are cut to so many characters.
const WIDEST: usize = 32;

/// What is said of one column.
struct Row<'a> {
    column: &'a ColumnPreview,
    used: &'static str,
    why: String,
}

fn rows<'a>(table: &'a TablePreview, csv: &CsvSpec, dataset: &Dataset) -> Vec<Row<'a>> {
    let of = |(index, column): (usize, &'a ColumnPreview)| {
        let said = csv.said(&column.name);
        let is_target = csv.predicts(&column.name);
        let used = match said.unwrap_or(column.role) {
            _ if is_target && dataset.truth.task.classes().is_some() => "target: classes",
            ColumnRole::LogTarget => "target: logarithm",
            _ if is_target => "target: numbers",
            ColumnRole::Numeric => "number",
            ColumnRole::Categorical => "category",
            ColumnRole::Embedded => "category: embedding",
            ColumnRole::Date => "date",
            ColumnRole::LeftOut => "left out",
            ColumnRole::Target => "target: numbers",
            ColumnRole::Weight => "row weight",
        };
        let found = if is_target { &column.target_reason } else { &column.reason };
        let skewness = table.drawn.columns.get(index).filter(|_| said == Some(ColumnRole::LogTarget));
        let why = match (said, skewness.and_then(log_skewness)) {
            (_, Some(skewness)) => format!("very skewed ({skewness:.1}), spans several powers of ten"),
            (Some(ColumnRole::Embedded), None) if column.can_be_embedded => {
                format!("{} distinct values, each in several rows", column.distinct)
            }
            (Some(_), None) => "chosen".to_owned(),
            (None, None) => found.clone(),
        };
        Row { column, used, why }
    };
    table.columns.iter().enumerate().map(of).collect()
}

/// For people: a line for each column, and what is predicted.
pub fn text(table: &TablePreview, csv: &CsvSpec, dataset: &Dataset) -> String {
    let heads = ["column", "type", "values", "missing", "used as", "why"].map(str::to_owned);
    let line = |row: &Row| {
        let column = row.column;
        let missing = if column.missing > 0 { column.missing.to_string() } else { String::new() };
        [cut(&column.name), column.kind.title().into(), cut(&column.values), missing, row.used.into(), row.why.clone()]
    };
    let rows = rows(table, csv, dataset);
    let lines: Vec<[String; 6]> = std::iter::once(heads).chain(rows.iter().map(line)).collect();
    let width = |i: usize| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let padded = |line: &[String; 6]| {
        let cells = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(i, (cell, &width))| if i == 3 { format!("{cell:>width$}") } else { format!("{cell:<width$}") });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let all: Vec<String> = lines.iter().map(padded).collect();
    let task = if dataset.truth.task.classes().is_some() { "classes" } else { "numbers" };
    format!("{}\n{}. Predicts {}: {task}.", all.join("\n"), counted(table.rows, "row"), listed(csv.targets()))
}

/// What of the table needs a look, as the Data tab tells it; what the data's notes say already is not said again.
pub fn warnings(
    table: &TablePreview,
    spec: &DataSpec,
    csv: &CsvSpec,
    dataset: &Dataset,
) -> Result<Vec<String>, DataError> {
    let facts = facts::facts(table, spec, csv, dataset, &Watched::default())?;
    let new = facts.warnings.into_iter().filter(|warning| !warning.is_told(table, dataset));
    // An answer under another name is not said here, but among the notes.
    let told = |warning: facts::Warning| {
        let (asks, words) = (warning.asks(), warning.words);
        match warning.repair {
            Some(repair @ facts::Repair::LeaveOut(_)) if asks => add(&words, "If not", &repair),
            Some(repair) if asks => add(&words, "If so", &repair),
            Some(repair) => add(&words, "To fix it", &repair),
            None => words,
        }
    };
    Ok(new.map(told).collect())
}

/// With the option that mends it, where there is one.
fn add(words: &str, when: &str, repair: &facts::Repair) -> String {
    match repair.option() {
        Some(option) => format!("{words} {when}, add {option}."),
        None => words.to_owned(),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= WIDEST {
        text.to_owned()
    } else {
        text.chars().take(WIDEST - 1).chain(std::iter::once('…')).collect()
    }
}

/// For programs.
pub fn json(table: &TablePreview, csv: &CsvSpec, dataset: &Dataset) -> Value {
    let rows = rows(table, csv, dataset);
    let columns = rows.iter().map(|row| {
        let column = row.column;
        json!({
            "name": column.name, "type": column.kind.title(), "values": column.values, "range": column.range,
            "distinct": column.distinct, "missing": column.missing, "used": row.used, "why": row.why,
        })
    });
    json!({
        "rows": table.rows,
        "header": table.has_header,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "target": csv.target,
        "targets": csv.targets(),
        "task": if dataset.truth.task.classes().is_some() { "classes" } else { "numbers" },
        "columns": columns.collect::<Vec<_>>(),
    })
}
