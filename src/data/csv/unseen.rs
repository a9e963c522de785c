//! Rows of a table that the network never saw, encoded as those that it learnt from were.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::MAX_BYTES;
use super::cell::{self, Cell};
use super::columns::shortened;
use super::table::{Table, thousands};
use crate::data::encoding::{Column, ColumnValues, Target};
use crate::data::{DataError, Progress, Unseen};
use crate::model::{Feature, MissingPolicy};

/// Unknown categories that a note names.
const NAMED: usize = 3;

/// Where a column stands in the table at hand.
struct PlacedColumn<'a> {
    index: usize,
    column: &'a Column,
    codes: HashMap<&'a str, usize>,
    filled: usize,
    /// Categories that the network never saw, and how often.
    unknown: BTreeMap<String, usize>,
}

pub fn rows(
    columns: &[Column],
    missing: MissingPolicy,
    target: &Target,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Unseen, DataError> {
    let table = Table::open(path, progress)?;
    let mut places = find(columns, &table)?;
    let truth = Truth::of(target, &table);
    let width: usize = columns.iter().map(Column::width).sum();
    let mut unseen = Unseen::default();
    let comma = table.dialect.decimal_comma();
    table.for_each_row(progress, (0.0, 0.9), |line, record| {
        let cells = || places.iter().map(|place| record.get(place.index).unwrap_or_default().trim());
        let is_missing = |text: &str| matches!(cell::read(text, comma), Cell::Missing | Cell::NotFinite);
        if missing == MissingPolicy::DropRow && cells().any(is_missing) {
            unseen.kept.push(false);
            return Ok(());
        }
        if (unseen.inputs.len() + width) as u64 * 4 > MAX_BYTES {
            return Err(too_many(unseen.kept.len(), &table));
        }
        for place in &mut places {
            place.push(record.get(place.index).unwrap_or_default().trim(), comma, line, &table, &mut unseen.inputs)?;
        }
        unseen.kept.push(true);
        unseen.truths.push(truth.as_ref().and_then(|truth| truth.of_row(record, comma)));
        Ok(())
    })?;
    unseen.notes.extend(table.notes());
    let dropped = unseen.kept.iter().filter(|kept| !**kept).count();
    if dropped > 0 {
        unseen.notes.push(match dropped {
            1 => "1 row lacks a value and is left out, as in training.".to_owned(),
            n => format!("{} rows lack a value and are left out, as in training.", thousands(n as u64)),
        });
    }
    unseen.notes.extend(places.iter().flat_map(PlacedColumn::notes));
    Ok(unseen)
}

/// Points with columns x and y.
pub fn points(features: &[Feature], path: &Path, progress: &dyn Progress) -> Result<Unseen, DataError> {
    let values = || ColumnValues::Numeric { offset: 0.0, scale: 1.0, fill: f64::NAN, decimals: 0 };
    let axes: &[&str] = if features == [Feature::X] { &["x"] } else { &["x", "y"] };
    let columns: Vec<_> = axes.iter().map(|name| Column { name: (*name).to_owned(), values: values() }).collect();
    let found = rows(&columns, MissingPolicy::DropRow, &Target::default(), path, progress)?;
    let point = |raw: &[f32]| (raw[0], raw.get(1).copied().unwrap_or(0.0));
    let inputs = found.inputs.chunks_exact(axes.len()).map(point);
    let inputs = inputs.flat_map(|(x, y)| features.iter().map(move |feature| feature.of(x, y))).collect();
    Ok(Unseen { inputs, ..found })
}

fn find<'a>(columns: &'a [Column], table: &Table) -> Result<Vec<PlacedColumn<'a>>, DataError> {
    let mut places = Vec::new();
    let mut lacking = Vec::new();
    for column in columns {
        let Some(index) = table.names.iter().position(|name| *name == column.name) else {
            lacking.push(format!("\"{}\"", column.name));
            continue;
        };
        let codes = match &column.values {
            ColumnValues::Categorical { categories, .. } => categories.iter().map(String::as_str).zip(0..).collect(),
            ColumnValues::Numeric { .. } => HashMap::new(),
        };
        places.push(PlacedColumn { index, column, codes, filled: 0, unknown: BTreeMap::new() });
    }
    if lacking.is_empty() {
        return Ok(places);
    }
    let (word, them) = if lacking.len() == 1 { ("column", "it") } else { ("columns", "them") };
    Err(DataError::new(format!(
        "The network was trained on the {word} {}, which the table lacks. Add {them}, with empty cells where the value \
         is unknown. Its columns are: {}. File: {}",
        lacking.join(", "),
        table.names.join(", "),
        table.path.display()
    )))
}

/// "1 row", "2,000 rows".
fn counted(n: usize, what: &str) -> String {
    format!("{} {what}{}", thousands(n as u64), if n == 1 { "" } else { "s" })
}

fn too_many(rows: usize, table: &Table) -> DataError {
    DataError::new(format!(
        "More than {} rows don't fit in memory. Predict them in smaller parts: {}",
        thousands(rows as u64),
        table.path.display()
    ))
}

impl PlacedColumn<'_> {
    fn push(
        &mut self,
        text: &str,
        comma: bool,
        line: u64,
        table: &Table,
        inputs: &mut Vec<f32>,
    ) -> Result<(), DataError> {
        let cell = cell::read(text, comma);
        let is_missing = matches!(cell, Cell::Missing | Cell::NotFinite);
        self.filled += usize::from(is_missing);
        if let ColumnValues::Categorical { .. } = self.column.values {
            let category = cell::category(text);
            let known = self.codes.get(category).copied().filter(|_| !is_missing);
            if known.is_none() && !is_missing {
                *self.unknown.entry(shortened(category)).or_insert(0) += 1;
            }
            self.column.push_category(known, inputs);
            return Ok(());
        }
        match cell {
            Cell::Number(number) => self.column.push_number(number, inputs),
            Cell::Missing | Cell::NotFinite => self.column.push_number(f64::NAN, inputs),
            Cell::Text(text) => {
                return Err(DataError::new(format!(
                    "The column \"{}\" is numeric, but line {line} has \"{}\". Fix the file: {}",
                    self.column.name,
                    shortened(text),
                    table.path.display()
                )));
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        let (name, mut notes) = (&self.column.name, Vec::new());
        let no_place = "counts as no category";
        let stands_for = match &self.column.values {
            ColumnValues::Numeric { fill, .. } => format!("is filled with the median of the training set, {fill}"),
            ColumnValues::Categorical { has_missing: true, .. } => "counts as \"missing\", as in training".to_owned(),
            ColumnValues::Categorical { .. } => format!("{no_place}: no value was missing in training"),
        };
        if self.filled > 0 {
            notes.push(format!("\"{name}\" lacks {}: each {stands_for}.", counted(self.filled, "value")));
        }
        if !self.unknown.is_empty() {
            let rows: usize = self.unknown.values().sum();
            let named: Vec<_> = self.unknown.keys().take(NAMED).map(|value| format!("\"{value}\"")).collect();
            let more = if self.unknown.len() > NAMED { " …" } else { "" };
            let as_what = match &self.column.values {
                ColumnValues::Categorical { has_missing: true, .. } => "counts as \"missing\"",
                _ => no_place,
            };
            notes.push(format!(
                "\"{name}\" has values in {} that never occurred in training ({}{more}): each {as_what}.",
                counted(rows, "row"),
                named.join(", ")
            ));
        }
        notes
    }
}

/// The column with what is to be predicted, where the table has it.
struct Truth<'a> {
    index: usize,
    classes: Option<HashMap<&'a str, usize>>,
    unit: (f64, f64),
}

impl<'a> Truth<'a> {
    fn of(target: &'a Target, table: &Table) -> Option<Self> {
        let (name, classes, unit) = match target {
            Target::Classes { column, classes } => {
                (column.as_ref()?, Some(classes.iter().map(String::as_str).zip(0..).collect()), (0.0, 1.0))
            }
            Target::Numbers { outputs, offset, scale } => {
                let unit = (f64::from(*offset.first()?), f64::from(*scale.first()?));
                (outputs.first().filter(|_| outputs.len() == 1)?, None, unit)
            }
        };
        let index = table.names.iter().position(|column| column == name)?;
        Some(Self { index, classes, unit })
    }

    /// As a part's target: a class index, or the scaled number.
    fn of_row(&self, record: &::csv::StringRecord, comma: bool) -> Option<f32> {
        let text = record.get(self.index)?.trim();
        match (&self.classes, cell::read(text, comma)) {
            (_, Cell::Missing | Cell::NotFinite) => None,
            (Some(classes), _) => classes.get(cell::category(text)).map(|&class| class as f32),
            (None, Cell::Number(number)) => Some(((number - self.unit.0) / self.unit.1) as f32),
            (None, Cell::Text(_)) => None,
        }
    }
}
