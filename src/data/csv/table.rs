//! A text file opened as a table: its size judged before it is read, its rows handed out one at a time.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ::csv::StringRecord;

use super::MAX_BYTES;
use super::detect::{Dialect, detect};
use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};

/// The beginning that is judged.
const SAMPLE: usize = 1 << 18;
/// A file beyond it is refused whatever its columns are.
const MAX_FILE: u64 = 3_000_000_000;
const BOM: &[u8] = b"\xEF\xBB\xBF";
/// Rows between two looks at `cancelled`.
const ROWS_PER_LOOK: u64 = 4096;

pub(super) struct Table {
    pub path: PathBuf,
    pub dialect: Dialect,
    /// One for each column, all different, none empty.
    pub names: Vec<String>,
    size: u64,
    bom: bool,
    /// Rows end in \r\n, of which the reader leaves the \n for the next row.
    ends_in_crlf: bool,
    ends_with_newline: bool,
}

impl Table {
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let mut file = File::open(path).map_err(|error| unreadable(&error, path))?;
        let size = file.metadata().map_err(|error| unreadable(&error, path))?.len();
        let mut sample = Vec::new();
        (&mut file).take(SAMPLE as u64).read_to_end(&mut sample).map_err(|error| unreadable(&error, path))?;
        if sample.starts_with(b"\xFF\xFE") || sample.starts_with(b"\xFE\xFF") {
            return Err(DataError::new(format!(
                "The file is UTF-16. Save it as UTF-8 (in a spreadsheet: \"CSV UTF-8\"): {}",
                path.display()
            )));
        }
        // The row of names is read before the size is judged, so it must have an end.
        if sample.split(|&b| b == b'\n').next().is_some_and(|names| names.contains(&0)) {
            let path = path.display();
            return Err(DataError::new(format!("This isn't a text file. Choose a CSV file: {path}")));
        }
        let bom = sample.starts_with(BOM);
        let mut text = sample.strip_prefix(BOM).unwrap_or(&sample);
        if text.trim_ascii().is_empty() && size <= SAMPLE as u64 {
            return Err(DataError::new(format!(
                "The file is empty. Choose a table with a header row: {}",
                path.display()
            )));
        }
        if size > sample.len() as u64
            && let Some(end) = text.iter().rposition(|&b| b == b'\n')
        {
            text = &text[..=end];
        }
        let dialect = detect(text);
        let ends_in_crlf = text.iter().position(|&b| b == b'\n').is_some_and(|at| at > 0 && text[at - 1] == b'\r');
        let ends_with_newline = last_byte(&mut file) == Some(b'\n');
        let mut table =
            Self { path: path.to_path_buf(), dialect, names: Vec::new(), size, bom, ends_in_crlf, ends_with_newline };
        table.names = table.read_names()?;
        table.check_size(text)?;
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

    /// Refuses what would not fit, by the size of the file and of its first rows.
    fn check_size(&self, sample: &[u8]) -> Result<(), DataError> {
        let lines = sample.iter().filter(|&&b| b == b'\n').count().max(1) as u64;
        let rows = self.size / (sample.len() as u64 / lines).max(1);
        // A value is kept as 8 bytes while its column is looked at and 4 as the network's input.
        let needed = rows.saturating_mul(self.names.len() as u64 * 12);
        if self.size <= MAX_FILE && needed <= MAX_BYTES {
            return Ok(());
        }
        let share = (MAX_BYTES as f64 / needed.max(1) as f64).min(MAX_FILE as f64 / self.size as f64);
        Err(DataError::new(format!(
            "The file is too large: {:.1} GB, about {} rows of {} columns, which would take about {:.1} GB of memory \
             (the limit is {:.1} GB). Save about {} rows of it to a new file and choose that: {}",
            self.size as f64 / 1e9,
            thousands(rows),
            self.names.len(),
            needed as f64 / 1e9,
            MAX_BYTES as f64 / 1e9,
            thousands((rows as f64 * share * 0.9) as u64),
            self.path.display()
        )))
    }

    fn reader(&self) -> Result<::csv::Reader<BufReader<File>>, DataError> {
        let mut file = File::open(&self.path).map_err(|error| unreadable(&error, &self.path))?;
        if self.bom {
            file.seek(SeekFrom::Start(BOM.len() as u64)).map_err(|error| unreadable(&error, &self.path))?;
        }
        Ok(self.dialect.reader(BufReader::with_capacity(1 << 16, file)))
    }

    /// Hands each data row, with the line it begins on, to `take`. Every row has one cell for each name.
    pub fn for_each_row(
        &self,
        progress: &dyn Progress,
        (from, to): (f32, f32),
        mut take: impl FnMut(u64, &StringRecord) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut reader = self.reader()?;
        let mut record = StringRecord::new();
        let doing = format!("reading {}", self.path.file_name().unwrap_or_default().to_string_lossy());
        let mut rows = 0;
        let mut header = self.dialect.has_header;
        while self.read_record(&mut reader, &mut record)? {
            if std::mem::take(&mut header) {
                continue;
            }
            if rows % ROWS_PER_LOOK == 0 {
                stop_if_cancelled(progress)?;
                let done = reader.position().byte() as f32 / self.size.max(1) as f32;
                progress.report(from + (to - from) * done.min(1.0), &doing);
            }
            rows += 1;
            let line = self.first_line(&reader, &record);
            if record.len() != self.names.len() {
                // Delimiters at the end of a row are harmless.
                if record.len() < self.names.len() || record.iter().skip(self.names.len()).any(|c| !c.trim().is_empty())
                {
                    return Err(self.ragged(line, &record));
                }
                record.truncate(self.names.len());
            }
            take(line, &record)?;
        }
        if rows == 0 {
            return Err(DataError::new(format!(
                "The file has a header row ({}) and no data below it. Choose a table with data: {}",
                self.names.join(", "),
                self.path.display()
            )));
        }
        Ok(())
    }

    /// The first `rows` data rows, cells cut to `width` characters. Rows need not be whole.
    pub fn head(&self, rows: usize, width: usize) -> Result<Vec<Vec<String>>, DataError> {
        let mut reader = self.reader()?;
        let mut record = StringRecord::new();
        let mut head = Vec::new();
        let mut header = self.dialect.has_header;
        while head.len() < rows && self.read_record(&mut reader, &mut record)? {
            if !std::mem::take(&mut header) {
                let cells = record.iter().take(self.names.len());
                head.push(cells.map(|cell| cell.trim().chars().take(width).collect()).collect());
            }
        }
        Ok(head)
    }

    /// Reads the next row that is not blank; `false` at the end.
    fn read_record(
        &self,
        reader: &mut ::csv::Reader<BufReader<File>>,
        record: &mut StringRecord,
    ) -> Result<bool, DataError> {
        loop {
            match reader.read_record(record) {
                Ok(false) => return Ok(false),
                Ok(true) if record.len() == 1 && record[0].trim().is_empty() => {
                    if self.names.len() == 1 {
                        return Ok(true);
                    }
                }
                Ok(true) => return Ok(true),
                Err(error) => {
                    return Err(match error.kind() {
                        ::csv::ErrorKind::Utf8 { .. } => not_utf8(&self.path),
                        ::csv::ErrorKind::Io(error) => unreadable(error, &self.path),
                        _ => DataError::new(format!("Can't read the table ({error}): {}", self.path.display())),
                    });
                }
            }
        }
    }

    /// The line a record just read began on. (The reader's own count lags at \r\n and blank lines.)
    fn first_line(&self, reader: &::csv::Reader<BufReader<File>>, record: &StringRecord) -> u64 {
        let position = reader.position();
        let inside: usize = record.iter().map(|cell| cell.bytes().filter(|&b| b == b'\n').count()).sum();
        let read = position.byte() + if self.bom { BOM.len() as u64 } else { 0 };
        // At the end of the file the last newline may be missing, or swallowed by a quote that is never closed.
        let swallowed = record.iter().next_back().is_some_and(|cell| cell.ends_with('\n'));
        let at_bare_end = read >= self.size && (!self.ends_with_newline || swallowed);
        let ended = u64::from(!self.ends_in_crlf && !at_bare_end);
        position.line().saturating_sub(ended + inside as u64).max(1)
    }

    fn ragged(&self, line: u64, record: &StringRecord) -> DataError {
        let width = |n: usize| if n == 1 { "1 cell".to_owned() } else { format!("{n} cells") };
        let of = if self.dialect.has_header { "the header row" } else { "the first row" };
        let hint = if record.iter().any(|cell| cell.contains('\n')) {
            " A quotation mark there may never be closed."
        } else {
            ""
        };
        DataError::new(format!(
            "Line {line} has {}, but {of} has {}.{hint} Fix or delete that line, then load the file again: {}",
            width(record.len()),
            width(self.names.len()),
            self.path.display()
        ))
    }
}

fn last_byte(file: &mut File) -> Option<u8> {
    let mut byte = [0];
    file.seek(SeekFrom::End(-1)).ok()?;
    file.read_exact(&mut byte).ok()?;
    Some(byte[0])
}

fn unreadable(error: &std::io::Error, path: &Path) -> DataError {
    let what = match error.kind() {
        ErrorKind::NotFound => "The file no longer exists (moved or deleted?). Choose it again".to_owned(),
        ErrorKind::IsADirectory => "This is a folder, not a table. Choose a file".to_owned(),
        ErrorKind::PermissionDenied => "You don't have permission to read the file".to_owned(),
        _ => format!("Can't read the file ({error})"),
    };
    DataError::new(format!("{what}: {}", path.display()))
}

/// Finds the first byte that is not UTF-8 and says where it is.
fn not_utf8(path: &Path) -> DataError {
    let place = find_not_utf8(path).map_or_else(String::new, |(byte, line)| format!(" at byte {byte} (line {line})"));
    DataError::new(format!(
        "The file isn't UTF-8{place}. Save it as UTF-8 (in a spreadsheet: \"CSV UTF-8\") and load it again: {}",
        path.display()
    ))
}

fn find_not_utf8(path: &Path) -> Option<(u64, u64)> {
    let mut file = File::open(path).ok()?;
    let mut buffer = Vec::new();
    let (mut offset, mut line) = (0u64, 1u64);
    loop {
        let got = (&mut file).take(1 << 16).read_to_end(&mut buffer).ok()?;
        let error = std::str::from_utf8(&buffer).err();
        let valid = error.map_or(buffer.len(), |error| error.valid_up_to());
        line += buffer[..valid].iter().filter(|&&b| b == b'\n').count() as u64;
        if let Some(error) = error
            && (error.error_len().is_some() || got == 0)
        {
            return Some((offset + valid as u64, line));
        }
        if got == 0 {
            return None;
        }
        // A character may be cut by the end of the block.
        offset += valid as u64;
        buffer.drain(..valid);
    }
}

/// 83000000 as "83,000,000".
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
