//! A text file opened as a table: its size judged before it is read, its rows handed out one at a time.

use std::io::{BufReader, Error, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::Receiver;

use ::csv::StringRecord;

use super::aligned::{self, Spacing};
use super::block::Block;
use super::columns::shortened;
use super::detect::{Dialect, detect, detect_rows, is_delimited};
use super::lines::too_long;
use super::odd_rows::OddRows;
use super::parts;
use super::source::{Layout, Source};
use super::totals;
use crate::data::DataError;
use crate::data::progress::Progress;
use crate::expr::{counted, listed};
use crate::model::{Kept, Reading};

/// The beginning that is judged.
const SAMPLE: usize = 1 << 18;
/// Bytes of a row.
pub(super) const LONGEST_ROW: u64 = if cfg!(test) { 1 << 20 } else { 256 << 20 };

pub(super) struct Table {
    pub path: PathBuf,
    pub dialect: Dialect,
    /// One for each column, all different, none empty.
    pub names: Vec<String>,
    source: Source,
    /// Rows that are none or not whole, once they have been read.
    odd: Mutex<OddRows>,
    /// Rows end in \r\n, of which the reader leaves the \n for the next row.
    ends_in_crlf: bool,
    ends_with_newline: bool,
    /// On average, of the first.
    bytes_of_row: u64,
    /// Every row counts, such as those to be predicted.
    pub keeps_all: bool,
    /// What is said of rows of totals, and of rows that are too long.
    pub totals: Option<Kept>,
    long_rows: Option<Kept>,
    /// The line of a last row that has no name but is one of totals.
    unnamed_total: Option<u64>,
}

pub(super) type TextReader = ::csv::Reader<BufReader<OfRow>>;

/// The text of a file, of which one row must not take all memory.
pub(super) struct OfRow {
    text: Box<dyn Read + Send>,
    /// Bytes since a row began.
    read: u64,
}

impl Read for OfRow {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.read > LONGEST_ROW {
            return Err(too_long());
        }
        let read = self.text.read(into)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl Table {
    pub fn open(path: &Path, reading: &Reading, progress: &dyn Progress) -> Result<Self, DataError> {
        let mut source = match parts::join(path, reading, progress)? {
            Some(joined) => joined,
            None => Source::open(path, reading, progress)?,
        };
        let mut sample = beginning(&source, path)?;
        if let Some(spacing) = spacing(&source, &sample, reading) {
            source = aligned::with_tabs(&source, spacing, path, progress)?;
            sample = beginning(&source, path)?;
        }
        let mut text = sample.as_slice();
        if text.trim_ascii().is_empty() && source.size <= SAMPLE as u64 {
            return Err(DataError::new(format!(
                "The file is empty. Choose a table with a header row: {}",
                path.display()
            )));
        }
        if source.size > sample.len() as u64 + source.skipped
            && let Some(end) = text.iter().rposition(|&b| b == b'\n')
        {
            text = &text[..=end];
        }
        let dialect = match source.layout {
            Layout::Unknown if source.is_spaced => detect(text, &Reading { delimiter: Some('\t'), ..reading.clone() }),
            Layout::Unknown => detect(text, reading),
            Layout::Cells => detect_rows(text, reading),
            Layout::Named | Layout::Known => Dialect::MADE,
        };
        let ends_in_crlf = text.iter().position(|&b| b == b'\n').is_some_and(|at| at > 0 && text[at - 1] == b'\r');
        let ends_with_newline = source.ends_with_newline();
        let mut table = Self {
            path: path.to_path_buf(),
            dialect,
            names: Vec::new(),
            source,
            odd: Mutex::default(),
            ends_in_crlf,
            ends_with_newline,
            bytes_of_row: (text.len() / text.iter().filter(|&&b| b == b'\n').count().max(1)) as u64,
            keeps_all: false,
            totals: reading.totals,
            long_rows: reading.long_rows,
            unnamed_total: None,
        };
        table.names = table.read_names()?;
        let is_small = table.source.size <= totals::MOST_BYTES && !matches!(table.source.layout, Layout::Known);
        if is_small && reading.totals != Some(Kept::Keep) {
            // Why the rows can't be read is said when they are.
            table.unnamed_total = totals::find(&table).ok().flatten();
        }
        Ok(table)
    }

    fn read_names(&self) -> Result<Vec<String>, DataError> {
        let mut record = StringRecord::new();
        self.read_record(&mut self.reader()?, &mut record)?;
        let mut names: Vec<String> = Vec::with_capacity(record.len());
        for (index, cell) in record.iter().enumerate() {
            let cell = cell.trim();
            let plain =
                if self.dialect.has_header && !cell.is_empty() { cell.into() } else { format!("column {}", index + 1) };
            names.push(plain);
        }
        let mut seen = std::collections::HashMap::new();
        for name in &mut names {
            let count = seen.entry(name.clone()).or_insert(0);
            *count += 1;
            if *count > 1 {
                *name = format!("{name} ({count})");
            }
        }
        Ok(names)
    }

    /// Of a file that is text: what it was read as.
    pub fn encoding(&self) -> Option<&'static str> {
        self.source.encoding
    }

    /// Bytes of its text.
    pub fn size(&self) -> u64 {
        self.source.size
    }

    /// About how many rows there are, by the first of them.
    pub fn likely_rows(&self) -> u64 {
        self.source.rows().unwrap_or(self.source.size / self.bytes_of_row.max(1))
    }

    /// Not more than so many: a cell takes a byte at least, with what ends it.
    pub fn most_rows(&self) -> u64 {
        self.source.rows().unwrap_or(self.source.size / self.names.len().max(1) as u64 + 1)
    }

    /// What reading it is called.
    pub fn doing(&self) -> String {
        format!("reading {}", self.path.file_name().unwrap_or_default().to_string_lossy())
    }

    /// Told once all rows have been read.
    pub fn set_odd(&self, odd: OddRows) {
        *self.odd.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = odd;
    }

    pub fn odd(&self) -> OddRows {
        *self.odd.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Its text from the first byte.
    pub fn text(&self) -> Result<Box<dyn Read + Send>, DataError> {
        self.source.reader(&self.path)
    }

    /// Its rows, where its file has columns of nothing but numbers and is read as it lies.
    pub fn blocks(&self) -> Result<Option<Receiver<Result<Block, Error>>>, DataError> {
        self.source.blocks().transpose().map_err(|error| self.unread(&error))
    }

    /// Of a part of its text.
    pub fn reader_of(&self, text: Box<dyn Read + Send>) -> TextReader {
        self.dialect.reader(BufReader::with_capacity(1 << 16, OfRow { text, read: 0 }))
    }

    /// Behind what stands in front of the table.
    fn reader(&self) -> Result<TextReader, DataError> {
        let mut reader = self.reader_of(self.text()?);
        let mut in_front = ::csv::ByteRecord::new();
        for _ in 0..self.dialect.preamble {
            reader.read_byte_record(&mut in_front).map_err(|error| self.broken(&error))?;
        }
        Ok(reader)
    }

    /// What was done to the file to have it as a table, once its rows have been read.
    pub fn notes(&self) -> Vec<String> {
        let own = self.odd().notes(self.dialect.preamble as u64, self.dialect.has_units);
        self.source.notes().into_iter().chain(own).collect()
    }

    /// Of a workbook, and which of them the table is.
    pub fn sheets(&self) -> (&[String], Option<&str>) {
        (&self.source.sheets, self.source.sheet.as_deref())
    }

    /// What stands between cells in the file; a space for any number of them.
    pub fn delimiter(&self) -> char {
        if self.source.is_spaced { ' ' } else { self.dialect.delimiter.into() }
    }

    /// Whether its lines are those of a file that a person can look at.
    pub fn has_lines(&self) -> bool {
        self.source.layout == Layout::Unknown
    }

    /// Whether the text was written here, of values with a type.
    pub fn is_made(&self) -> bool {
        matches!(self.source.layout, Layout::Cells | Layout::Known)
    }

    /// Whether the file is read as it stands: UTF-8, nothing packed, no rows that are passed over. Behind the last row.
    pub fn is_plain(&self) -> bool {
        let is_itself = self.source.is_itself(&self.path) && matches!(self.source.skipped, 0 | 3);
        is_itself && self.dialect.preamble == 0 && !self.dialect.has_units && self.odd().are_none()
    }

    /// The first `rows` data rows, cells cut to `width` characters. Rows need not be whole.
    pub fn head(&self, rows: usize, width: usize) -> Result<Vec<Vec<String>>, DataError> {
        let mut reader = self.reader()?;
        let mut record = StringRecord::new();
        let mut head = Vec::new();
        let (mut header, mut units) = (self.dialect.has_header, self.dialect.has_units);
        while head.len() < rows && self.read_record(&mut reader, &mut record)? {
            if !std::mem::take(&mut header) && !std::mem::take(&mut units) && !OddRows::default().is_none(&record, self)
            {
                let cells = record.iter().take(self.names.len());
                head.push(cells.map(|cell| cell.trim().chars().take(width).collect()).collect());
            }
        }
        Ok(head)
    }

    /// Reads the next row that is not blank; `false` at the end.
    pub fn read_record(&self, reader: &mut TextReader, record: &mut StringRecord) -> Result<bool, DataError> {
        loop {
            match self.read_any(reader, record)? {
                true if record.len() == 1 && record[0].trim().is_empty() && self.names.len() != 1 => {}
                found => return Ok(found),
            }
        }
    }

    /// Reads the next row; `false` at the end.
    pub fn read_any(&self, reader: &mut TextReader, record: &mut StringRecord) -> Result<bool, DataError> {
        reader.get_mut().get_mut().read = 0;
        reader.read_record(record).map_err(|error| self.broken(&error))
    }

    /// Why its text cannot be read.
    pub fn unread(&self, error: &std::io::Error) -> DataError {
        unreadable(error, &self.path)
    }

    fn broken(&self, error: &::csv::Error) -> DataError {
        match error.kind() {
            ::csv::ErrorKind::Io(error) => unreadable(error, &self.path),
            _ => DataError::new(format!("Can't read the table ({error}): {}", self.path.display())),
        }
    }

    /// The line a record just read began on. (The reader's own count lags at \r\n and blank lines.)
    /// `before`: bytes of the text that it did not read.
    pub fn first_line(&self, reader: &TextReader, before: u64, record: &StringRecord) -> u64 {
        let position = reader.position();
        let inside = record.as_slice().bytes().filter(|&b| b == b'\n').count();
        let read = position.byte() + before + self.source.skipped;
        // At the end of the file the last newline may be missing, or swallowed by a quote that is never closed.
        let swallowed = record.iter().next_back().is_some_and(|cell| cell.ends_with('\n'));
        let at_bare_end = read >= self.source.size && (!self.ends_with_newline || swallowed);
        let ended = u64::from(!self.ends_in_crlf && !at_bare_end);
        position.line().saturating_sub(ended + inside as u64).max(1)
    }

    /// Whether the row on a line is the last one, without a name, and one of totals.
    pub fn is_unnamed_total(&self, line: u64) -> bool {
        self.unnamed_total == Some(line) && !self.keeps_all
    }

    /// Gives a row as many cells as there are names; `false`: it is left out. Errors: it is a row by mistake only.
    pub fn fit(&self, record: &mut StringRecord, line: u64, odd: &mut OddRows) -> Result<bool, DataError> {
        let wanted = self.names.len();
        let is_long = record.iter().skip(wanted).any(|cell| !cell.trim().is_empty());
        // A quotation mark that is never closed swallows rows; of rows to be predicted none may be lost.
        if (record.len() < wanted || is_long) && record.iter().any(|cell| cell.contains('\n')) {
            // It stands in the first cell of more than one line.
            let open = record.iter().position(|cell| cell.contains('\n')).unwrap_or_default();
            let name = self.names.get(open).map(|name| format!(", in the column \"{}\",", shortened(name)));
            return Err(DataError::new(format!(
                "The quotation mark opened on line {line}{} never closes: the rows below it became one cell. Close or \
                 remove it, then load the file again: {}",
                name.unwrap_or_default(),
                self.path.display()
            )));
        }
        if is_long {
            let is_kept = self.long_rows == Some(Kept::Keep);
            odd.take_long(line, record.len(), is_kept);
            if !is_kept {
                return if self.keeps_all { Err(self.ragged(line, record.len())) } else { Ok(false) };
            }
        }
        if record.len() < wanted {
            odd.take_short(line, record.len());
            (record.len()..wanted).for_each(|_| record.push_field(""));
        }
        // Delimiters at the end of a row are harmless.
        record.truncate(wanted);
        Ok(true)
    }

    pub fn without_rows(&self) -> DataError {
        DataError::new(format!(
            "The file has a header row ({}) and no data below it. Choose a table with data: {}",
            listed(&self.names),
            self.path.display()
        ))
    }

    /// Its columns, and what of the file is none: "a, b. Column \"c\" holds lists ..."
    pub fn columns_in_words(&self) -> String {
        // Of text they say how it was read, and nothing of columns.
        let notes = self.source.notes().into_iter().filter(|_| !self.has_lines());
        let notes: String = notes.map(|note| format!(" {note}")).collect();
        format!("{}.{notes}", listed(&self.names))
    }

    pub fn ragged(&self, line: u64, width: usize) -> DataError {
        let of = if self.dialect.has_header { "the header row" } else { "the first row" };
        DataError::new(format!(
            "Line {line} has {}, but {of} has {}. Fix or delete that line, then load the file again: {}",
            counted(width, "cell"),
            counted(self.names.len(), "cell"),
            self.path.display()
        ))
    }
}

/// The beginning of a text, which is judged.
fn beginning(source: &Source, path: &Path) -> Result<Vec<u8>, DataError> {
    let mut sample = Vec::new();
    let read = source.reader(path)?.take(SAMPLE as u64).read_to_end(&mut sample);
    read.map_err(|error| unreadable(&error, path))?;
    Ok(sample)
}

/// Whether there are spaces between cells: where somebody says so, or nothing else is.
fn spacing(source: &Source, sample: &[u8], reading: &Reading) -> Option<Spacing> {
    let is_asked = reading.delimiter == Some(' ');
    let is_open = source.layout == Layout::Unknown && (is_asked || reading.delimiter.is_none());
    let end = if sample.len() < SAMPLE { None } else { sample.iter().rposition(|&byte| byte == b'\n') };
    let lines = &sample[..end.unwrap_or(sample.len())];
    (is_open && (is_asked || !is_delimited(lines))).then(|| aligned::find(lines, is_asked)).flatten()
}

pub(super) fn unreadable(error: &std::io::Error, path: &Path) -> DataError {
    let what = match error.kind() {
        ErrorKind::NotFound => "The file no longer exists (moved or deleted?). Choose it again".to_owned(),
        ErrorKind::PermissionDenied => "You don't have permission to read the file".to_owned(),
        _ => format!("Can't read the file ({error})"),
    };
    DataError::new(format!("{what}: {}", path.display()))
}
