//! Tables that are no text: each kind of file is written once as the CSV text that everything else reads.
//!
//! Numbers are printed so that they come back to the bit, times as ISO 8601, what is missing as nothing.

#[cfg(test)]
mod array_tests;
mod arrays;
mod arrow;
pub(super) mod batches;
mod blocks;
mod json;
#[cfg(test)]
mod mangled_tests;
#[cfg(test)]
mod tests;
pub(super) mod workbook;
#[cfg(test)]
mod workbook_tests;

use std::io::{BufWriter, Write};
use std::path::Path;

use blocks::To;

use super::MAX_BYTES;
use super::archive::parts;
use super::block::Block;
use super::copy::{Out, Sender, unwritten};
use super::source::Layout;
use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};
use crate::expr::{quoted, thousands};

/// Rows between two looks at `cancelled`.
const ROWS_PER_LOOK: u64 = 4096;
/// Larger files are unpacked as they are read.
const LARGE: u64 = if cfg!(test) { 200_000 } else { MAX_BYTES };
/// The same of those with numbers alone, of which no text is made.
const LARGE_NUMBERS: u64 = if cfg!(test) { LARGE } else { LARGE / 32 };
/// What those may take.
const MOST_STREAMED: u64 = 500_000_000_000;
/// More columns has no table.
const MOST_COLUMNS: usize = 100_000;

/// What a file is, if its rows have to be taken out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Parquet,
    Arrow,
    Json,
    Workbook(workbook::Format),
    Array,
    /// Several in an archive.
    Arrays,
}

/// How large a table is, by what its file says of itself.
pub(super) struct Extent {
    pub rows: u64,
    pub columns: usize,
    /// All columns that a table can have are of numbers.
    pub are_numbers: bool,
}

/// What is known of a text that was written.
#[derive(Default)]
pub(super) struct Written {
    pub notes: Vec<String>,
    /// Of a workbook.
    pub sheets: Vec<String>,
    /// The one that was written.
    pub sheet: Option<String>,
}

impl Kind {
    /// By the first bytes of a file, and by what is in it if it is a zip archive.
    pub fn of(start: &[u8], file: &Path) -> Option<Self> {
        if start.starts_with(b"PK\x03\x04") {
            let names: Vec<String> = parts(file).ok()?.into_iter().map(|(_, name)| name).collect();
            return Self::of_parts(&names);
        }
        if start.starts_with(b"PAR1") || start.starts_with(b"PARE") {
            Some(Self::Parquet)
        } else if start.starts_with(b"ARROW1") || arrow::is_stream(start) {
            Some(Self::Arrow)
        } else if arrays::is_array(start) {
            Some(Self::Array)
        } else {
            None
        }
    }

    /// By the names of the files in a zip archive.
    fn of_parts(names: &[String]) -> Option<Self> {
        let arrays = arrays::are_arrays(names).then_some(Self::Arrays);
        arrays.or_else(|| workbook::Format::of(names).map(Self::Workbook))
    }

    /// How much is known of what it writes.
    pub fn layout(self) -> Layout {
        match self {
            Self::Parquet | Self::Arrow | Self::Json | Self::Array | Self::Arrays => Layout::Known,
            Self::Workbook(_) => Layout::Cells,
        }
    }

    /// What stands in a file that is too large to be written as text first.
    pub fn large(self, file: &Path) -> Option<Extent> {
        let found = match self {
            Self::Parquet => arrow::extent_of_parquet(file),
            Self::Arrow => arrow::extent_of_ipc(file),
            Self::Json | Self::Workbook(_) | Self::Array | Self::Arrays => None,
        }?;
        let most = if found.are_numbers { LARGE_NUMBERS } else { LARGE };
        Some(found).filter(|found| found.rows.saturating_mul(found.columns as u64 * 12) > most)
    }

    /// Hands on the rows of such a file whose columns are of numbers; returns notes. Errors: sentences without the
    /// file's name.
    pub fn send(self, file: &Path, to: Sender<Block>) -> Result<Vec<String>, DataError> {
        let mut to = To::blocks(to);
        match self {
            Self::Parquet => arrow::parquet(file, &mut to),
            Self::Arrow => arrow::ipc(file, &mut to),
            Self::Json | Self::Workbook(_) | Self::Array | Self::Arrays => Ok(Vec::new()),
        }
    }

    /// By the first characters of a text.
    pub fn of_text(start: &[u8]) -> Option<Self> {
        json::is_json(start).then_some(Self::Json)
    }

    /// Writes the rows of `file` as text. Errors: sentences without the file's name.
    pub fn write(
        self,
        file: &Path,
        sheet: Option<&str>,
        out: &mut Out,
        progress: &dyn Progress,
    ) -> Result<Written, DataError> {
        let mut rows = Rows::new(out, progress);
        let noted = |notes| Written { notes, ..Written::default() };
        let written = match self {
            Self::Parquet => arrow::parquet(file, &mut To::Text(&mut rows)).map(noted),
            Self::Arrow => arrow::ipc(file, &mut To::Text(&mut rows)).map(noted),
            Self::Json => json::read(file, &mut rows).map(noted),
            Self::Workbook(format) => workbook::read(format, file, sheet, &mut rows),
            Self::Array => arrays::read(file, &mut rows),
            Self::Arrays => arrays::read_archive(file, &mut rows),
        }?;
        rows.finish()?;
        Ok(written)
    }
}

/// Where a kind of file puts its rows.
pub(super) struct Rows<'a> {
    text: BufWriter<&'a mut Out>,
    /// Cells of the row so far.
    in_row: usize,
    written: u64,
    progress: &'a dyn Progress,
}

impl<'a> Rows<'a> {
    pub fn new(out: &'a mut Out, progress: &'a dyn Progress) -> Self {
        Self { text: BufWriter::with_capacity(1 << 16, out), in_row: 0, written: 0, progress }
    }

    pub fn finish(mut self) -> Result<(), DataError> {
        self.text.flush().map_err(|error| unwritten(&error))
    }

    pub fn header<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> Result<(), DataError> {
        for name in names {
            self.cell(name)?;
        }
        self.end_row()
    }

    pub fn cell(&mut self, text: &str) -> Result<(), DataError> {
        if !text.contains(['"', ',', '\n', '\r']) {
            return self.plain(text);
        }
        self.plain("")?;
        self.put(b"\"")?;
        self.put(text.replace('"', "\"\"").as_bytes())?;
        self.put(b"\"")
    }

    /// A cell without quotation marks, commas and ends of lines.
    pub fn plain(&mut self, text: &str) -> Result<(), DataError> {
        if self.in_row > 0 {
            self.put(b",")?;
        }
        self.in_row += 1;
        self.put(text.as_bytes())
    }

    pub fn end_row(&mut self) -> Result<(), DataError> {
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
    check_bytes(rows, columns, MAX_BYTES)
}

/// The same of what is unpacked as it is read.
fn check_streamed(rows: u64, columns: usize) -> Result<(), DataError> {
    check_bytes(rows, columns, MOST_STREAMED)
}

fn check_bytes(rows: u64, columns: usize, most: u64) -> Result<(), DataError> {
    let needed = rows.saturating_mul(columns as u64 * 12);
    if columns <= MOST_COLUMNS && needed <= most {
        return Ok(());
    }
    let (rows, columns) = (thousands(rows), thousands(columns as u64));
    Err(DataError::new(format!(
        "The table is too large: {rows} rows of {columns} columns take more than {:.1} GB of memory. Save a part of it \
         to a new file and choose that.",
        most as f64 / 1e9
    )))
}

/// What cannot be a column, as a note; an error where nothing else is there.
fn left_out(names: &[String], all: usize, what: &str) -> Result<Vec<String>, DataError> {
    let said = |end: &str| {
        let s = if names.len() == 1 { ("", "s") } else { ("s", "") };
        format!("Column{} {} hold{} {what}{end}", s.0, quoted(names), s.1)
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
fn number(value: impl zmij::Float) -> String {
    shortest(value, &mut zmij::Buffer::new()).to_owned()
}

pub(super) fn shortest<F: zmij::Float>(value: F, into: &mut zmij::Buffer) -> &str {
    let text = into.format(value);
    text.strip_suffix(".0").unwrap_or(text)
}
