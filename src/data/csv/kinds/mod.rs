//! Tables that are no text: each kind of file is written once as the CSV text that everything else reads.
//!
//! Numbers are printed so that they come back to the bit, times as ISO 8601, what is missing as nothing.

mod arrow;
mod json;
#[cfg(test)]
mod mangled_tests;
#[cfg(test)]
mod tests;

use std::io::{BufWriter, Write};
use std::path::Path;

use super::MAX_BYTES;
use super::copy::{Out, unwritten};
use super::table::thousands;
use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};

/// Rows between two looks at `cancelled`.
const ROWS_PER_LOOK: u64 = 4096;
/// More columns has no table.
const MOST_COLUMNS: usize = 100_000;

/// What a file is, if its rows have to be taken out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Parquet,
    Arrow,
    Json,
}

impl Kind {
    /// By the first bytes of a file.
    pub fn of(start: &[u8]) -> Option<Self> {
        if start.starts_with(b"PAR1") || start.starts_with(b"PARE") {
            Some(Self::Parquet)
        } else if start.starts_with(b"ARROW1") || arrow::is_stream(start) {
            Some(Self::Arrow)
        } else {
            None
        }
    }

    /// By the first characters of a text.
    pub fn of_text(start: &[u8]) -> Option<Self> {
        json::is_json(start).then_some(Self::Json)
    }

    /// Writes the rows of `file` as text. Errors: sentences without the file's name.
    pub fn write(self, file: &Path, out: &mut Out, progress: &dyn Progress) -> Result<Vec<String>, DataError> {
        let mut rows = Rows { text: BufWriter::with_capacity(1 << 16, out), in_row: 0, written: 0, progress };
        let notes = match self {
            Self::Parquet => arrow::parquet(file, &mut rows),
            Self::Arrow => arrow::ipc(file, &mut rows),
            Self::Json => json::read(file, &mut rows),
        }?;
        rows.text.flush().map_err(|error| unwritten(&error))?;
        Ok(notes)
    }
}

/// Where a kind of file puts its rows.
struct Rows<'a> {
    text: BufWriter<&'a mut Out>,
    /// Cells of the row so far.
    in_row: usize,
    written: u64,
    progress: &'a dyn Progress,
}

impl Rows<'_> {
    fn header<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Result<(), DataError> {
        for name in names {
            self.cell(name)?;
        }
        self.end_row()
    }

    fn cell(&mut self, text: &str) -> Result<(), DataError> {
        if self.in_row > 0 {
            self.put(b",")?;
        }
        self.in_row += 1;
        if !text.contains(['"', ',', '\n', '\r']) {
            return self.put(text.as_bytes());
        }
        self.put(b"\"")?;
        self.put(text.replace('"', "\"\"").as_bytes())?;
        self.put(b"\"")
    }

    fn end_row(&mut self) -> Result<(), DataError> {
        self.put(b"\n")?;
        self.in_row = 0;
        self.written += 1;
        if self.written.is_multiple_of(ROWS_PER_LOOK) { stop_if_cancelled(self.progress) } else { Ok(()) }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        self.text.write_all(bytes).map_err(|error| unwritten(&error))
    }
}

/// Refuses what wouldn't fit in memory as a table, before it is unpacked.
fn check_size(rows: u64, columns: usize) -> Result<(), DataError> {
    let needed = rows.saturating_mul(columns as u64 * 12);
    if columns <= MOST_COLUMNS && needed <= MAX_BYTES {
        return Ok(());
    }
    let (rows, columns) = (thousands(rows), thousands(columns as u64));
    Err(DataError::new(format!(
        "The table is too large: {rows} rows of {columns} columns take more than {:.1} GB of memory. Save a part of it \
         to a new file and choose that.",
        MAX_BYTES as f64 / 1e9
    )))
}

/// `"a", "b", "c" and 4 more`
fn listed(names: &[String]) -> String {
    const NAMED: usize = 6;
    let quoted: Vec<String> = names.iter().take(NAMED).map(|name| format!("\"{name}\"")).collect();
    let more = names.len().saturating_sub(NAMED);
    let and_more = if more > 0 { format!(" and {more} more") } else { String::new() };
    quoted.join(", ") + &and_more
}

/// What cannot be a column, as a note; an error where nothing else is there.
fn left_out(names: &[String], all: usize, what: &str) -> Result<Vec<String>, DataError> {
    let said = |end: &str| {
        let s = if names.len() == 1 { ("", "s") } else { ("s", "") };
        format!("Column{} {} hold{} {what}{end}", s.0, listed(names), s.1)
    };
    if names.is_empty() {
        Ok(Vec::new())
    } else if names.len() == all {
        Err(DataError::new(said(". A table needs columns of numbers or text: take them apart first.")))
    } else {
        Ok(vec![said(" and can't be used.")])
    }
}

/// A number as short as it comes back to the bit.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.0}") } else { format!("{value:?}") }
}
