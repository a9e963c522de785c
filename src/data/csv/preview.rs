//! What the window shows of a table before it is used, so that a person can correct it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::capture::Captured;
use super::cell::Words;
use super::columns::ColumnFacts;
use super::drawn::Drawing;
use super::judge::written;
use super::table::Table;
use super::{columns, convert, dividing};
use crate::data::facts::{Drawn, Lines};
use crate::data::mapped::{self, Stamp};
use crate::data::{DataError, Progress, Room};
use crate::model::{ColumnRole, Reading};

/// How many rows of the beginning are shown.
const HEAD: usize = 20;
/// How many of a column's most frequent values are shown.
const TOP: usize = 5;
/// Cells are cut for display.
const CELL: usize = 80;

/// What the Data panel shows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TablePreview {
    /// The file.
    pub path: PathBuf,
    /// Of a workbook.
    pub sheets: Vec<String>,
    /// The sheet that the table is on.
    pub sheet: Option<String>,
    /// Of a file that is text: what it was read as.
    pub encoding: Option<&'static str>,
    /// Detected delimiter; a space for any number of them.
    pub delimiter: char,
    /// Detected quotation mark.
    pub quote: char,
    /// Without a header the columns are called "column 1", "column 2" …
    pub has_header: bool,
    /// Without the header.
    pub rows: usize,
    /// The first rows; long cells are cut.
    pub head: Vec<Vec<String>>,
    /// What was done to the file to have it as a table, in sentences.
    pub notes: Vec<String>,
    /// Rows with more cells than there are columns, and rows of totals between others.
    pub odd_rows: [usize; 2],
    /// Columns in the order of the file.
    pub columns: Vec<ColumnPreview>,
    /// Some of its rows.
    pub drawn: Arc<Drawn>,
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Nothing.
    Empty,
    /// Numbers alone.
    Number,
    /// Dates or times alone.
    Date,
    /// Anything else.
    Text,
}

impl ColumnKind {
    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Number => "number",
            Self::Date => "date",
            Self::Text => "text",
        }
    }
}

/// What the Data panel shows of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnPreview {
    /// Name in the header row.
    pub name: String,
    /// What an input column is taken for, unless a `ColumnChoice` says otherwise.
    pub role: ColumnRole,
    /// Half a sentence: "numbers from 0 to 80", "text with 305 different values …".
    pub reason: String,
    /// What it would be used as if it was not left out.
    pub kept: ColumnRole,
    /// Whether it is a category with many values, as an Embedding takes them.
    pub can_be_embedded: bool,
    /// What stands in it.
    pub kind: ColumnKind,
    /// "0.42 to 80", "2020-01-01 to 2021-08-20", or the most frequent words.
    pub values: String,
    /// What predicting it would be: `Categorical` classification, `Numeric` regression, `LeftOut` not possible.
    pub as_target: ColumnRole,
    /// Why it can or can't be the target.
    pub target_reason: String,
    /// Different values; at least so many when `distinct_is_bound`.
    pub distinct: usize,
    /// Whether there are more distinct values than were counted.
    pub distinct_is_bound: bool,
    /// Every value is a word for a part: train, validation, test.
    pub has_marks: bool,
    /// Rows without a value.
    pub missing: usize,
    /// Of the numbers in it, if there are any.
    pub range: Option<(f64, f64)>,
    /// A number that seems to stand for a missing value.
    pub sentinel: Option<f64>,
    /// A word that keeps it from being numbers, and in how many rows.
    pub stray: Option<(String, usize)>,
    /// The most frequent values with their counts.
    pub top_values: Vec<(String, usize)>,
}

/// What was found of all cells of a table, so that loading it needn't look through it again. Large: to be dropped then.
pub struct Surveyed {
    table: Table,
    reading: Reading,
    /// The files as they were.
    stamps: Vec<Stamp>,
    facts: Vec<ColumnFacts>,
    /// Its numbers, until it is loaded.
    captured: Mutex<Option<Captured>>,
}

impl Surveyed {
    /// The numbers that were kept, once.
    pub(super) fn take_captured(&self) -> Option<Captured> {
        self.captured.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    }

    /// Looks through a table that is about to be loaded.
    pub(super) fn new(path: &Path, reading: &Reading, room: &Room, progress: &dyn Progress) -> Result<Self, DataError> {
        look_through(path, reading, Some(room), None, progress, (0.0, 0.45))
    }

    /// Whether it is this table as it still is.
    pub(super) fn is_of(&self, path: &Path, reading: &Reading) -> bool {
        self.table.path == path && self.reading == *reading && mapped::are_current(&self.stamps)
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    pub(super) fn facts(&self) -> &[ColumnFacts] {
        &self.facts
    }
}

/// `room`: the numbers are kept. `drawing`: some of the rows.
fn look_through(
    path: &Path,
    reading: &Reading,
    room: Option<&Room>,
    drawing: Option<&mut Option<Drawing>>,
    progress: &dyn Progress,
    share: (f32, f32),
) -> Result<Surveyed, DataError> {
    // Before it is read: what changes meanwhile is looked at again.
    let stamps = convert::files(path).and_then(|files| mapped::stamps(&files)).unwrap_or_default();
    let table = Table::open(path, reading, progress)?;
    let mut capture = room.map(|room| convert::capture(room, &table)).transpose()?.flatten();
    let drawing = drawing.map(|drawing| drawing.insert(Drawing::new(table.names.len())));
    let facts = columns::survey(&table, reading, capture.as_mut(), drawing, progress, share)?;
    let captured = capture.map(|capture| capture.end().map_err(|error| columns::unkept(&error, &table))).transpose()?;
    Ok(Surveyed { table, reading: reading.clone(), stamps, facts, captured: Mutex::new(captured) })
}

/// Reads the whole table once. Fails where loading would: ragged rows, not UTF-8, too large.
pub fn inspect_csv(path: &Path, reading: &Reading, progress: &dyn Progress) -> Result<TablePreview, DataError> {
    survey_csv(path, reading, None, progress).map(|(preview, _)| preview)
}

/// As [`inspect_csv`], with what loading needs. `room`: its numbers are kept for that.
pub fn survey_csv(
    path: &Path,
    reading: &Reading,
    room: Option<&Room>,
    progress: &dyn Progress,
) -> Result<(TablePreview, Surveyed), DataError> {
    let mut drawing = None;
    let surveyed = look_through(path, reading, room, Some(&mut drawing), progress, (0.0, 0.95))?;
    let Surveyed { table, facts, .. } = &surveyed;
    let words = Words::of_columns(&reading.missing_words, &table.names);
    let mut drawn = drawing.map(|drawing| drawing.end(facts, &words)).unwrap_or_default();
    if !table.has_lines() {
        drawn.lines = Lines::default();
    }
    let columns = table.names.iter().zip(facts).map(|(name, facts)| {
        let (role, reason) = facts.infer();
        let (as_target, target_reason) = facts.infer_as_target();
        let mut top: Vec<(&String, &usize)> = facts.counts.iter().collect();
        top.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let (kind, kept) = match () {
            () if facts.present() == 0 => (ColumnKind::Empty, ColumnRole::LeftOut),
            () if facts.is_date() => (ColumnKind::Date, ColumnRole::Date),
            () if facts.is_numeric() => (ColumnKind::Number, ColumnRole::Numeric),
            () => (ColumnKind::Text, ColumnRole::Categorical),
        };
        let words = || {
            let shown: Vec<String> = top.iter().take(3).map(|(value, _)| columns::shortened(value)).collect();
            format!("{}{}", shown.join(", "), if top.len() > 3 { ", …" } else { "" })
        };
        let values = match kind {
            ColumnKind::Empty => String::new(),
            // 00501 is no number of that size.
            ColumnKind::Number if facts.leading_zeros > 0 => words(),
            ColumnKind::Number => {
                format!("{} to {} {}", written(facts.min), written(facts.max), facts.unit).trim_end().to_owned()
            }
            ColumnKind::Date => {
                facts.date_range().map(|range| range.trim_start_matches("from ").to_owned()).unwrap_or_default()
            }
            ColumnKind::Text => words(),
        };
        ColumnPreview {
            name: name.clone(),
            role,
            reason,
            kept,
            can_be_embedded: facts.can_be_embedded(),
            kind,
            values,
            as_target,
            target_reason,
            distinct: facts.distinct(),
            distinct_is_bound: facts.too_many,
            has_marks: facts.missing == 0
                && !facts.too_many
                && dividing::are_marks(facts.counts.keys().map(String::as_str)),
            missing: facts.missing,
            sentinel: facts.sentinel().filter(|_| kind == ColumnKind::Number).map(|(value, _)| value),
            stray: facts.stray().filter(|_| kind == ColumnKind::Text),
            range: (facts.numbers > 0).then_some((facts.min, facts.max)),
            top_values: top.into_iter().take(TOP).map(|(value, &count)| (columns::shortened(value), count)).collect(),
        }
    });
    let preview = TablePreview {
        path: path.to_path_buf(),
        sheets: table.sheets().0.to_vec(),
        sheet: table.sheets().1.map(str::to_owned),
        encoding: table.encoding(),
        delimiter: table.delimiter(),
        quote: table.dialect.quote.into(),
        has_header: table.dialect.has_header,
        rows: facts.first().map_or(0, |facts| facts.rows),
        head: table.head(HEAD, CELL)?,
        notes: table.notes(),
        odd_rows: [table.odd().long, table.odd().totals_between],
        columns: columns.collect(),
        drawn: Arc::new(drawn),
    };
    Ok((preview, surveyed))
}

/// Names that targets go by, likeliest first.
const TARGET_NAMES: [&str; 14] = [
    "target",
    "label",
    "survived",
    "species",
    "outcome",
    "diagnosis",
    "class",
    "price",
    "quality",
    "churn",
    "default",
    "y",
    "income",
    "medv",
];

/// The column a person most likely wants to predict: one with a telling name, one that the file is named after, the
/// last one, the first one.
/// `is_dropped`: of a column's name, whether it is not to be used at all.
pub fn suggest_target(table: &TablePreview, is_dropped: &dyn Fn(&str) -> bool) -> Option<String> {
    let fits = |column: &&ColumnPreview| column.as_target != ColumnRole::LeftOut && !is_dropped(&column.name);
    let named = |name: &str| table.columns.iter().filter(fits).find(|column| column.name.eq_ignore_ascii_case(name));
    let stem = table.path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    let by_name = TARGET_NAMES.iter().find_map(|name| named(name));
    let by_file = || named(&stem).or_else(|| named(stem.strip_suffix('s')?));
    let useful = |column: &&ColumnPreview| fits(column) && column.role != ColumnRole::LeftOut;
    let last = || table.columns.last().filter(useful);
    let any = || table.columns.iter().rev().find(useful).or_else(|| table.columns.iter().rev().find(fits));
    by_name.or_else(by_file).or_else(last).or_else(any).map(|column| column.name.clone())
}
