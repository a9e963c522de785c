//! Rows of a table that the network never saw, encoded as those that it learnt from were.

use std::collections::BTreeMap;
use std::path::Path;

use super::MAX_BYTES;
use super::cell::{self, Cell, Words};
use super::columns::{self, ColumnFacts, Form, shortened};
use super::number::{COMMA, POINT};
use super::spellings::Spelt;
use super::table::Table;
use crate::data::calendar::shown;
use crate::data::encoding::{Column, ColumnValues, Target};
use crate::data::{DataError, Progress, Unit, Unseen};
use crate::expr::{counted, quoted, thousands};
use crate::model::{Decimal, Feature, MissingPolicy, Reading};

/// Unknown categories that a note names.
const NAMED: usize = 3;
/// Unknown classes that are kept.
const MOST_UNKNOWN: usize = 1000;

/// Where a column stands in the table at hand.
struct PlacedColumn<'a> {
    index: usize,
    column: &'a Column,
    codes: Spelt<usize>,
    form: Form,
    filled: usize,
    /// Categories that the network never saw, and how often.
    unknown: BTreeMap<String, usize>,
}

pub fn rows(
    columns: &[Column],
    missing: MissingPolicy,
    reading: &Reading,
    target: &Target,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Unseen, DataError> {
    let mut table = open(columns, path, reading, progress)?;
    table.keeps_all = true;
    let facts = columns::survey(&table, reading, None, None, progress, (0.0, 0.45))?;
    let words = Words::of_columns(&reading.missing_words, &table.names);
    let mut places = find(columns, &facts, &table)?;
    let truth = Truth::of(target, &facts);
    let width: usize = columns.iter().map(Column::width).sum();
    let mut unseen = Unseen::default();
    table.for_each_row(progress, (0.45, 0.9), |line, record| {
        let cell = |index: usize| record.get(index).unwrap_or_default().trim();
        let lacks = |place: &PlacedColumn| place.lacks(cell(place.index), &words[place.index]);
        if missing == MissingPolicy::DropRow && places.iter().any(lacks) {
            unseen.kept.push(false);
            return Ok(());
        }
        if (unseen.inputs.len() + width) as u64 * 4 > MAX_BYTES {
            return Err(too_many(unseen.kept.len(), &table));
        }
        for place in &mut places {
            place.push(cell(place.index), &words[place.index], line, &table, &mut unseen.inputs)?;
        }
        unseen.kept.push(true);
        if let Some(truth) = &truth {
            unseen.truths.extend(truth.of_row(record, &words));
            if unseen.unknown_classes.len() < MOST_UNKNOWN {
                unseen.unknown_classes.extend(truth.unknown_class(record, &words));
            }
        }
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

/// Of a workbook the first sheet that has all columns.
fn open(columns: &[Column], path: &Path, reading: &Reading, progress: &dyn Progress) -> Result<Table, DataError> {
    // This file may be in another encoding than the one before; which can't be guessed is as it was said of that.
    let guessed = Reading { encoding: None, ..reading.clone() };
    let mut table = Table::open(path, &guessed, progress)?;
    let is_guess = table.encoding().is_some_and(|name| !name.starts_with("UTF-"));
    if is_guess && reading.encoding.is_some() {
        table = Table::open(path, reading, progress)?;
    }
    let has_all = |table: &Table| columns.iter().all(|column| table.names.contains(&column.name));
    let sheets = table.sheets().0.iter().filter(|_| !has_all(&table));
    for sheet in sheets {
        let other = Table::open(path, &Reading { sheet: Some(sheet.clone()), ..reading.clone() }, progress);
        if let Some(other) = other.ok().filter(has_all) {
            return Ok(other);
        }
    }
    Ok(table)
}

/// Points with columns x and y.
pub fn points(features: &[Feature], path: &Path, progress: &dyn Progress) -> Result<Unseen, DataError> {
    let values = || ColumnValues::Numeric { offset: 0.0, scale: 1.0, fill: f64::NAN, decimals: 0, written: None };
    let axes: &[&str] = if features == [Feature::X] { &["x"] } else { &["x", "y"] };
    let columns: Vec<_> = axes.iter().map(|name| Column { name: (*name).to_owned(), values: values() }).collect();
    let found = rows(&columns, MissingPolicy::DropRow, &Reading::default(), &Target::default(), path, progress)?;
    let point = |raw: &[f32]| (raw[0], raw.get(1).copied().unwrap_or(0.0));
    let inputs = found.inputs.chunks_exact(axes.len()).map(point);
    let inputs = inputs.flat_map(|(x, y)| features.iter().map(move |feature| feature.of(x, y))).collect();
    Ok(Unseen { inputs, ..found })
}

fn find<'a>(columns: &'a [Column], facts: &[ColumnFacts], table: &Table) -> Result<Vec<PlacedColumn<'a>>, DataError> {
    let mut places = Vec::new();
    let mut lacking = Vec::new();
    for column in columns {
        let Some(index) = table.names.iter().position(|name| *name == column.name) else {
            lacking.push(column.name.clone());
            continue;
        };
        let categories = match &column.values {
            ColumnValues::Categorical { categories, .. } | ColumnValues::Embedded { categories, .. } => &**categories,
            ColumnValues::Numeric { .. } | ColumnValues::Date { .. } => &[],
        };
        let codes = Spelt::new(categories.iter().map(String::as_str).zip(0..));
        let form = match column.values {
            ColumnValues::Numeric { written, .. } => facts[index].form_as_learnt(written),
            ColumnValues::Date { written, .. } => Form::from_dates(written),
            ColumnValues::Categorical { .. } | ColumnValues::Embedded { .. } => Form::default(),
        };
        places.push(PlacedColumn { index, column, codes, form, filled: 0, unknown: BTreeMap::new() });
    }
    if lacking.is_empty() {
        return Ok(places);
    }
    let (word, them) = if lacking.len() == 1 { ("column", "it") } else { ("columns", "them") };
    Err(DataError::new(format!(
        "The network was trained on the {word} {}, which the table lacks. Add {them}, with empty cells where the value \
         is unknown. Its columns are: {} File: {}",
        quoted(&lacking),
        table.columns_in_words(),
        table.path.display()
    )))
}

fn too_many(rows: usize, table: &Table) -> DataError {
    DataError::new(format!(
        "More than {} rows don't fit in memory. Predict them in smaller parts: {}",
        thousands(rows as u64),
        table.path.display()
    ))
}

impl PlacedColumn<'_> {
    /// The category of a cell, if it is known.
    fn code(&self, text: &str) -> Option<usize> {
        self.codes.get(cell::category(text))
    }

    fn lacks(&self, text: &str, words: &Words) -> bool {
        match &self.column.values {
            ColumnValues::Numeric { .. } => self.form.number(text, words).is_some_and(f64::is_nan),
            ColumnValues::Date { .. } => self.form.date(text, words).is_some_and(f64::is_nan),
            ColumnValues::Categorical { .. } | ColumnValues::Embedded { .. } => {
                let is_missing = matches!(words.read(text), Cell::Missing | Cell::NotFinite | Cell::TooLarge);
                // As NA is, where it was one of the categories.
                is_missing && !self.codes.has(text)
            }
        }
    }

    fn push(
        &mut self,
        text: &str,
        words: &Words,
        line: u64,
        table: &Table,
        inputs: &mut Vec<f32>,
    ) -> Result<(), DataError> {
        let is_missing = self.lacks(text, words);
        self.filled += usize::from(is_missing);
        let (number, what) = match self.column.values {
            ColumnValues::Categorical { .. } | ColumnValues::Embedded { .. } => {
                let known = self.code(text).filter(|_| !is_missing);
                if known.is_none_or(|place| self.column.is_rare(place)) && !is_missing {
                    *self.unknown.entry(shortened(cell::category(text))).or_insert(0) += 1;
                }
                self.column.push_category(known, inputs);
                return Ok(());
            }
            ColumnValues::Numeric { .. } => (self.form.number(text, words), "is numeric"),
            ColumnValues::Date { .. } => (self.form.date(text, words), "holds dates"),
        };
        let Some(number) = number else {
            return Err(DataError::new(format!(
                "The column \"{}\" {what}, but line {line} has \"{}\". Fix the file: {}",
                self.column.name,
                shortened(text),
                table.path.display()
            )));
        };
        self.column.push_number(number, inputs);
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        let (name, mut notes) = (&self.column.name, Vec::new());
        let no_place = match &self.column.values {
            ColumnValues::Embedded { .. } => "is treated as rare or unknown",
            _ => "is treated as unknown",
        };
        let stands_for = match &self.column.values {
            ColumnValues::Numeric { fill, .. } => format!("is filled with the median of the training set, {fill}"),
            ColumnValues::Date { fill, .. } => {
                format!("is filled with the middle of the training set, {}", shown(*fill))
            }
            ColumnValues::Categorical { has_missing: true, .. } => "counts as \"missing\", as in training".to_owned(),
            ColumnValues::Embedded { .. } => no_place.to_owned(),
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
            let never = if self.column.vocabulary().is_some() { "occurred at most once" } else { "never occurred" };
            notes.push(format!(
                "\"{name}\" has values in {} that {never} in training ({}{more}): each {as_what}.",
                counted(rows, "row"),
                named.join(", ")
            ));
        }
        notes
    }
}

impl ColumnFacts {
    /// The way numbers are read here: as in training where that reads all of them, else as they are written.
    fn form_as_learnt(&self, written: Option<Decimal>) -> Form {
        let learnt = written.map(|decimal| if decimal == Decimal::Point { POINT } else { COMMA });
        let fits = learnt.filter(|&side| self.fits[side] || !self.fits[self.form.decimal]);
        Form { decimal: fits.unwrap_or(self.form.decimal), ..self.form }
    }
}

/// The columns with what is to be predicted, where the table has them all.
struct Truth {
    columns: Vec<TrueColumn>,
    classes: Option<Spelt<usize>>,
}

struct TrueColumn {
    index: usize,
    form: Form,
    unit: Unit,
}

impl Truth {
    fn of(target: &Target, facts: &[ColumnFacts]) -> Option<Self> {
        let column = |name: &String, unit: Unit| {
            let index = facts.iter().position(|column| column.name == *name)?;
            Some(TrueColumn { index, form: facts[index].form, unit })
        };
        match target {
            Target::Classes { column: name, classes } => {
                let columns = vec![column(name.as_ref()?, Unit::PLAIN)?];
                Some(Self { columns, classes: Some(Spelt::new(classes.iter().map(String::as_str).zip(0..))) })
            }
            Target::Things { .. } => None,
            Target::Numbers { outputs, .. } => {
                let columns = outputs.iter().zip(target.truth().units).map(|(name, unit)| column(name, unit));
                Some(Self { columns: columns.collect::<Option<_>>()?, classes: None })
            }
        }
    }

    /// A class that was none in training.
    fn unknown_class(&self, record: &::csv::StringRecord, words: &[Words]) -> Option<String> {
        let classes = self.classes.as_ref()?;
        let index = self.columns.first()?.index;
        let text = record.get(index)?.trim();
        let word = cell::category(text);
        (classes.get(word).is_none() && !matches!(words[index].read(text), Cell::Missing)).then(|| shortened(word))
    }

    /// As a part's target: a class index, or each scaled number.
    fn of_row<'b>(
        &'b self,
        record: &'b ::csv::StringRecord,
        words: &'b [Words],
    ) -> impl Iterator<Item = Option<f32>> + 'b {
        self.columns.iter().map(|column| {
            let text = record.get(column.index)?.trim();
            let Some(classes) = &self.classes else {
                let number = column.form.number(text, &words[column.index]).filter(|number| !number.is_nan())?;
                let Unit { offset, scale, curve, .. } = column.unit;
                let scaled = ((curve.of(number) - f64::from(offset)) / f64::from(scale)) as f32;
                // A number may have no logarithm.
                return Some(scaled).filter(|scaled| scaled.is_finite());
            };
            classes.get(cell::category(text)).map(|class| class as f32)
        })
    }
}
