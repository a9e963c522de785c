//! Sheets of Excel and LibreOffice: one of them is the table. Each of its rows becomes a line, so that the lines that
//! messages name are rows.

use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{Data, Ods, OdsError, Reader, Sheet, SheetType, SheetVisible, Xlsb, XlsbError, Xlsx, XlsxError};
use quick_xml::events::Event;
use zip::ZipArchive;

use super::{Rows, Written, check_size, number, thousands};
use crate::data::DataError;
use crate::expr::quoted;

/// What a part of the archive that is held in memory may unpack to.
const MOST_OF_A_PART: u64 = 256 << 20;
/// What the whole archive may unpack to: rows are read one after another.
const MOST_UNPACKED: u64 = 4 << 30;
const MOST_PARTS: usize = 10_000;
/// Words in the names of the parts that are read as a whole.
const PARTS: [&str; 7] = ["workbook", "styles", "sharedstrings", "theme", ".rels", "content.xml", "manifest.xml"];
/// Cells of an ODS sheet, which are held in memory.
const MOST_CELLS: u64 = 20_000_000;
/// Columns that a spreadsheet can have.
const WIDEST: u64 = 16_384;

/// What a workbook is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Xlsx,
    Xlsb,
    Ods,
}

impl Format {
    /// By the names of the parts of an archive.
    pub fn of(names: &[String]) -> Option<Self> {
        names.iter().find_map(|name| {
            let name = name.to_ascii_lowercase().replace('\\', "/");
            match name.rsplit('/').next().unwrap_or_default() {
                "workbook.xml" => Some(Self::Xlsx),
                "workbook.bin" => Some(Self::Xlsb),
                _ => (name == "content.xml").then_some(Self::Ods),
            }
        })
    }
}

type Input = BufReader<File>;

enum Book {
    Xlsx(Box<Xlsx<Input>>),
    Xlsb(Box<Xlsb<Input>>),
    Ods(Box<Ods<Input>>),
}

fn damaged(error: &dyn std::fmt::Display) -> DataError {
    DataError::new(format!("The workbook is damaged ({error}). Open it in a spreadsheet and save it again."))
}

const LOCKED: &str = "The workbook is protected by a password. Save it without one.";

/// The library reads files of anybody; should it fail by a panic, that is the file's fault as well.
pub fn read(format: Format, file: &Path, sheet: Option<&str>, rows: &mut Rows) -> Result<Written, DataError> {
    let read = || {
        check_archive(format, file)?;
        let mut book = Book::open(format, file)?;
        book.read(sheet, rows)
    };
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(damaged(&"its parts contradict each other")))
}

/// Whether what is in the archive fits in memory: the library believes what a file says of itself.
fn check_archive(format: Format, file: &Path) -> Result<(), DataError> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(file).map_err(|error| damaged(&error))?))
        .map_err(|error| damaged(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(damaged(&"it has too many parts"));
    }
    let mut sum = 0;
    for part in 0..archive.len() {
        let mut part = archive.by_index(part).map_err(|error| damaged(&error))?;
        let name = part.name().map_err(|error| damaged(&error))?.to_ascii_lowercase();
        let is_sheet = name.contains("worksheets/") || name == "content.xml" || name.contains("media/");
        let limit = if is_sheet { MOST_UNPACKED } else { MOST_OF_A_PART };
        let mut announced = Announced::default();
        let mut size = 0u64;
        let mut block = vec![0; 1 << 16];
        loop {
            let read = part.read(&mut block).map_err(|error| damaged(&error))?;
            if read == 0 {
                break;
            }
            size += read as u64;
            sum += read as u64;
            if size > limit || sum > MOST_UNPACKED {
                return Err(DataError::new("The workbook unpacks to more than fits in memory. Save its sheet as CSV."));
            }
            announced.take(&block[..read]);
        }
        if announced.most > size {
            return Err(damaged(&"it announces more texts than it has"));
        }
    }
    for place in 0..archive.len() {
        let part = archive.by_index(place).map_err(|error| damaged(&error))?;
        let name = part.name().map_err(|error| damaged(&error))?.to_ascii_lowercase();
        let is_read = PARTS.iter().any(|word| name.contains(word)) && !name.ends_with(".bin");
        if is_read && !name.contains("worksheets/sheet") {
            check_ends(BufReader::new(part))?;
        }
    }
    if format == Format::Ods {
        let content = archive.by_name("content.xml").map_err(|error| damaged(&error))?;
        check_cells(BufReader::new(content))?;
    }
    Ok(())
}

/// Whether every element ends: where one does not, the library would wait for its end for ever.
fn check_ends(part: impl std::io::BufRead) -> Result<(), DataError> {
    let mut reader = quick_xml::Reader::from_reader(part);
    let (mut buffer, mut depth) = (Vec::new(), 0u64);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|error| damaged(&error))? {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof if depth > 0 => return Err(damaged(&"it is cut short")),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The largest number behind `uniqueCount=` in a text that comes in blocks.
#[derive(Default)]
struct Announced {
    most: u64,
    rest: Vec<u8>,
}

impl Announced {
    fn take(&mut self, block: &[u8]) {
        const WORD: &[u8] = b"uniqueCount";
        const LONGEST: usize = 64;
        let all = [std::mem::take(&mut self.rest).as_slice(), block].concat();
        for at in 0..all.len().saturating_sub(WORD.len()) {
            if all[at] == WORD[0] && all[at..].starts_with(WORD) {
                let behind = all[at + WORD.len()..].iter().take(LONGEST);
                let digits = behind.skip_while(|byte| !byte.is_ascii_digit()).take_while(|byte| byte.is_ascii_digit());
                let digit = |most: u64, byte: &u8| most.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
                self.most = self.most.max(digits.fold(0, digit));
            }
        }
        self.rest = all[all.len().saturating_sub(WORD.len() + LONGEST)..].to_vec();
    }
}

/// Whether the cells of an ODS, repeated as it says, fit in memory.
fn check_cells(content: impl std::io::BufRead) -> Result<(), DataError> {
    let mut reader = quick_xml::Reader::from_reader(content);
    reader.config_mut().check_end_names = false;
    reader.config_mut().expand_empty_elements = true;
    let (mut buffer, mut cells) = (Vec::new(), Cells::default());
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|error| damaged(&error))? {
            Event::Eof => return Ok(()),
            Event::Start(element) => {
                let attributes: Result<Vec<_>, _> = element.attributes().collect();
                let attributes = attributes.map_err(|error| damaged(&error))?;
                let number = |name: &str| {
                    let found = attributes.iter().find(|attribute| attribute.key.as_ref() == name)?;
                    let text = found.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok();
                    Some(text.and_then(|text| text.trim().parse().ok()).unwrap_or(u64::MAX))
                };
                let has_value = |name: &str| name.starts_with("office:") || name == "table:formula";
                match element.name().as_ref() {
                    "table:table-row" => cells.begin_row(number("table:number-rows-repeated").unwrap_or(1)),
                    "table:table-cell" | "table:covered-table-cell" => {
                        let has_value = attributes.iter().any(|attribute| has_value(attribute.key.as_ref()));
                        cells.take(number("table:number-columns-repeated").unwrap_or(1), has_value);
                    }
                    "text:s" => cells.spaces = cells.spaces.saturating_add(number("text:c").unwrap_or(1)),
                    _ => {}
                }
            }
            Event::End(element) if element.name().as_ref() == "table:table-row" => cells.end_row(),
            Event::End(element) if element.name().as_ref() == "table:table" => cells.end_table(),
            _ => {}
        }
        if cells.all > MOST_CELLS || cells.spaces > MOST_OF_A_PART {
            return Err(DataError::new("The sheets have more cells than fit in memory. Save the sheet as CSV."));
        }
    }
}

/// Counts of cells, as they are repeated.
#[derive(Default)]
struct Cells {
    all: u64,
    spaces: u64,
    /// Of the row: up to its last cell with something, and empty ones behind it.
    row: u64,
    gap: u64,
    repeated: u64,
    /// Of the table, in the same way.
    rows: u64,
    rows_gap: u64,
    widest: u64,
}

impl Cells {
    fn begin_row(&mut self, repeated: u64) {
        (self.row, self.gap, self.repeated) = (0, 0, repeated);
    }

    fn take(&mut self, times: u64, has_value: bool) {
        self.gap = (self.gap + times.min(WIDEST)).min(WIDEST);
        if has_value {
            self.row = (self.row + std::mem::take(&mut self.gap)).min(WIDEST);
        }
    }

    fn end_row(&mut self) {
        self.rows_gap = self.rows_gap.saturating_add(self.repeated);
        if self.row > 0 {
            self.rows = self.rows.saturating_add(std::mem::take(&mut self.rows_gap));
            self.widest = self.widest.max(self.row);
        }
        self.all = self.all.saturating_add(self.row);
    }

    fn end_table(&mut self) {
        self.all = self.all.saturating_add(self.rows.saturating_mul(self.widest));
        *self = Self { all: self.all, spaces: self.spaces, ..Self::default() };
    }
}

/// Where a sheet has something.
#[derive(Clone, Copy, Default)]
struct Extent {
    first_column: u32,
    last_column: u32,
    first_row: u32,
    last_row: u32,
    cells: u64,
}

impl Extent {
    fn take(&mut self, (row, column): (u32, u32)) {
        if self.cells == 0 {
            *self = Self { first_column: column, last_column: column, first_row: row, last_row: row, cells: 0 };
        }
        self.first_column = self.first_column.min(column);
        self.last_column = self.last_column.max(column);
        self.last_row = self.last_row.max(row);
        self.cells += 1;
    }

    fn columns(&self) -> u32 {
        if self.cells == 0 { 0 } else { self.last_column - self.first_column + 1 }
    }

    fn rows(&self) -> u32 {
        if self.cells == 0 { 0 } else { self.last_row - self.first_row + 1 }
    }
}

impl Book {
    fn open(format: Format, file: &Path) -> Result<Self, DataError> {
        let from = BufReader::new(File::open(file).map_err(|error| damaged(&error))?);
        let locked = || DataError::new(LOCKED);
        match format {
            Format::Xlsx => Xlsx::new(from).map(|book| Self::Xlsx(Box::new(book))).map_err(|error| match error {
                XlsxError::Password => locked(),
                error => damaged(&error),
            }),
            Format::Xlsb => Xlsb::new(from).map(|book| Self::Xlsb(Box::new(book))).map_err(|error| match error {
                XlsbError::Password => locked(),
                error => damaged(&error),
            }),
            Format::Ods => Ods::new(from).map(|book| Self::Ods(Box::new(book))).map_err(|error| match error {
                OdsError::Password => locked(),
                error => damaged(&error),
            }),
        }
    }

    /// The sheets with cells: those that can be seen first.
    fn sheets(&self) -> Vec<String> {
        let all: &[Sheet] = match self {
            Self::Xlsx(book) => book.sheets_metadata(),
            Self::Xlsb(book) => book.sheets_metadata(),
            Self::Ods(book) => book.sheets_metadata(),
        };
        let mut sheets: Vec<&Sheet> = all.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).collect();
        sheets.sort_by_key(|sheet| sheet.visible != SheetVisible::Visible);
        sheets.into_iter().map(|sheet| sheet.name.clone()).collect()
    }

    /// Hands on what is in the cells of a sheet, row by row, but nothing empty.
    fn cells(
        &mut self,
        sheet: &str,
        take: &mut dyn FnMut((u32, u32), Data) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        match self {
            Self::Xlsx(book) => {
                let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| damaged(&error))?;
                while let Some(cell) = cells.next_cell().map_err(|error| damaged(&error))? {
                    take(cell.get_position(), cell.get_value().clone().into())?;
                }
            }
            Self::Xlsb(book) => {
                let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| damaged(&error))?;
                while let Some(cell) = cells.next_cell().map_err(|error| damaged(&error))? {
                    take(cell.get_position(), cell.get_value().clone().into())?;
                }
            }
            Self::Ods(book) => {
                let range = book.worksheet_range(sheet).map_err(|error| damaged(&error))?;
                let (top, left) = range.start().unwrap_or_default();
                for (row, column, value) in range.used_cells() {
                    take((top + row as u32, left + column as u32), value.clone())?;
                }
            }
        }
        Ok(())
    }

    fn extent(&mut self, sheet: &str) -> Result<Extent, DataError> {
        let mut extent = Extent::default();
        let mut last = 0;
        self.cells(sheet, &mut |at, value| {
            if at.0 < last {
                return Err(damaged(&"its rows aren't in order"));
            }
            last = at.0;
            if !matches!(shown(&value), None | Some(Shown::Text(""))) {
                extent.take(at);
            }
            Ok(())
        })?;
        Ok(extent)
    }

    /// The wanted sheet, or the first one with several columns and rows.
    fn choose(&mut self, sheets: &[String], wanted: Option<&str>) -> Result<(String, Extent), DataError> {
        if let Some(wanted) = wanted {
            let alone = sheets.first().filter(|_| sheets.len() == 1);
            let Some(sheet) = sheets.iter().find(|sheet| *sheet == wanted).or(alone) else {
                let sheets = quoted(sheets);
                return Err(DataError::new(format!("There is no sheet \"{wanted}\". Choose one of: {sheets}.")));
            };
            return Ok((sheet.clone(), self.extent(sheet)?));
        }
        let mut narrow = None;
        for sheet in sheets {
            let extent = self.extent(sheet)?;
            if extent.rows() > 1 && extent.columns() > 1 {
                return Ok((sheet.clone(), extent));
            }
            if extent.rows() > 1 && narrow.is_none() {
                narrow = Some((sheet.clone(), extent));
            }
        }
        narrow.ok_or_else(|| DataError::new("No sheet of the workbook has a table. Choose another file."))
    }

    fn read(&mut self, wanted: Option<&str>, rows: &mut Rows) -> Result<Written, DataError> {
        let sheets = self.sheets();
        let (sheet, extent) = self.choose(&sheets, wanted)?;
        let width = extent.columns() as usize;
        if width == 0 {
            return Err(DataError::new(format!("The sheet \"{sheet}\" is empty. Choose another one.")));
        }
        check_size(u64::from(extent.last_row) + 1, width)?;
        let (mut at, mut errors) = (0, 0u64);
        let mut row = vec![String::new(); width];
        self.cells(&sheet, &mut |(line, column), value| {
            let Some(value) = shown(&value) else { return Ok(()) };
            let Some(cell) = column.checked_sub(extent.first_column).filter(|column| (*column as usize) < width) else {
                return Ok(());
            };
            while at < line {
                end_row(rows, &mut row)?;
                at += 1;
            }
            row[cell as usize] = match value {
                Shown::Text(text) => text.replace(['\n', '\r'], " "),
                Shown::Made(text) => text,
                Shown::Error => {
                    errors += 1;
                    String::new()
                }
            };
            Ok(())
        })?;
        end_row(rows, &mut row)?;
        let mut notes = Vec::new();
        if sheets.len() > 1 {
            notes.push(format!("Read sheet \"{sheet}\" of {}.", sheets.len()));
        }
        if errors > 0 {
            let count = thousands(errors);
            notes.push(format!("Cells with an error such as #N/A count as missing: {count}."));
        }
        Ok(Written { notes, sheets, sheet: Some(sheet) })
    }
}

/// An empty row is an empty line, which no table counts.
fn end_row(rows: &mut Rows, row: &mut [String]) -> Result<(), DataError> {
    if row.iter().any(|cell| !cell.is_empty()) {
        for cell in row {
            rows.cell(cell)?;
            cell.clear();
        }
    }
    rows.end_row()
}

/// What a cell says.
enum Shown<'a> {
    Text(&'a str),
    Made(String),
    Error,
}

fn shown(value: &Data) -> Option<Shown<'_>> {
    Some(match value {
        Data::Empty => return None,
        Data::Int(value) => Shown::Made(value.to_string()),
        Data::Float(value) => Shown::Made(number(*value)),
        Data::String(text) => Shown::Text(text.trim()),
        Data::Bool(value) => Shown::Made(value.to_string()),
        Data::DateTime(time) if time.is_duration() => Shown::Made(number(time.as_f64() * 86_400.0)),
        Data::DateTime(time) => {
            let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
            let fraction = if milli > 0 { format!(".{milli:03}") } else { String::new() };
            let clock = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
            let is_time = (0.0..1.0).contains(&time.as_f64());
            let date = format!("{year:04}-{month:02}-{day:02}");
            Shown::Made(match (is_time, (hour, minute, second, milli)) {
                (true, _) => clock,
                (false, (0, 0, 0, 0)) => date,
                (false, _) => format!("{date}T{clock}"),
            })
        }
        Data::DateTimeIso(text) => Shown::Text(text.trim_end_matches("T00:00:00")),
        Data::DurationIso(text) => clock(text).map_or(Shown::Text(text), Shown::Made),
        Data::Error(_) => Shown::Error,
    })
}

/// "PT12H30M05S" as "12:30:05".
fn clock(text: &str) -> Option<String> {
    let (hours, rest) = text.strip_prefix("PT")?.split_once('H')?;
    let (minutes, rest) = rest.split_once('M')?;
    let seconds = rest.strip_suffix('S')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    [hours, minutes, seconds].into_iter().all(is_number).then(|| format!("{hours:0>2}:{minutes:0>2}:{seconds:0>2}"))
}
