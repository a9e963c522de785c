//! The rows of a table one after another, and block by block: the next block is read while one is worked on.
//!
//! Lines that are rows by themselves are taken apart here; from the first cell on that goes on in the next line, the
//! rest of the text is for the reader that knows all of CSV.

use std::collections::VecDeque;
use std::io::Error;
use std::sync::mpsc::Receiver;

use ::csv::StringRecord;

use super::block::Block;
use super::lines::{Lines, Next, cells};
use super::odd_rows::{Held, OddRows};
use super::table::{LONGEST_ROW, Table, TextReader};
use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};
use crate::model::Kept;

/// Rows between two looks at `cancelled`.
const ROWS_PER_LOOK: u64 = 4096;
/// Cells of a block, and the least and most rows that hold them: it is gone through column by column, and fits a cache.
const CELLS: usize = 1 << 13;
const ROWS: (usize, usize) = (16, 4096);
/// Bytes after which a block takes no more rows.
const BYTES: usize = 2 << 20;
/// Blocks that are handed out at once: threads have to be told less often.
const BLOCKS: usize = 32;

/// Where rows come from.
enum Text {
    Lines(Box<Lines>),
    /// With the lines and bytes that were read before.
    Csv(Box<TextReader>, u64, u64),
    /// Of files whose columns are of numbers, as they have them.
    Blocks(Receiver<Result<Block, Error>>),
}

/// Where a line stands in the text that was read, and whether it has quotation marks.
type Line = ((usize, usize), bool);

/// Data rows, of which every one has a cell for each name.
struct Rows<'a> {
    table: &'a Table,
    text: Text,
    /// To be skipped.
    preamble: usize,
    header: bool,
    units: bool,
    odd: OddRows,
    held: Held,
    /// Rows that looked as if they were below the table, and the one that told otherwise.
    given_back: VecDeque<(u64, StringRecord)>,
    read: u64,
    /// One that is looked at.
    record: StringRecord,
}

impl<'a> Rows<'a> {
    fn new(table: &'a Table) -> Result<Self, DataError> {
        let lines = Lines::new(table.text()?, table.dialect.marks(), LONGEST_ROW as usize);
        Ok(Self::of(table, Text::Lines(Box::new(lines))))
    }

    /// To be read in blocks.
    fn in_blocks(table: &'a Table) -> Result<Self, DataError> {
        let blocks = table.blocks()?.map(|blocks| Self::of(table, Text::Blocks(blocks)));
        blocks.map_or_else(|| Self::new(table), Ok)
    }

    fn of(table: &'a Table, text: Text) -> Self {
        Self {
            table,
            text,
            preamble: table.dialect.preamble,
            header: table.dialect.has_header,
            units: table.dialect.has_units,
            odd: OddRows::default(),
            held: Held::default(),
            given_back: VecDeque::new(),
            read: 0,
            record: StringRecord::new(),
        }
    }

    /// The next line that is a row, in the text that was read, and whether it has quotation marks; `None`: there is
    /// none, or it is for the other reader.
    fn line(&mut self) -> Result<Option<Line>, DataError> {
        let Text::Lines(lines) = &mut self.text else { return Ok(None) };
        let mut line = (0, 0);
        match lines.next(&mut line).map_err(|error| self.table.unread(&error))? {
            Next::Line => return Ok(Some((line, false))),
            Next::Quoted => return Ok(Some((line, true))),
            Next::End => return Ok(None),
            Next::Other => {}
        }
        let (before, bytes) = (lines.lines, lines.bytes);
        let empty = Lines::new(Box::new(std::io::empty()), (0, 0), 0);
        let rest = std::mem::replace(&mut **lines, empty).rest();
        self.text = Text::Csv(Box::new(self.table.reader_of(rest)), before, bytes);
        Ok(None)
    }

    /// A row of any kind and the line it begins on.
    fn record(&mut self, record: &mut StringRecord) -> Result<Option<u64>, DataError> {
        if let Some((line, _)) = self.line()?
            && let Text::Lines(lines) = &self.text
        {
            record.clear();
            cells(lines.text(line), self.table.dialect.marks()).for_each(|cell| record.push_field(&cell));
            return Ok(Some(lines.lines));
        }
        let Text::Csv(reader, lines, bytes) = &mut self.text else { return Ok(None) };
        let is_there = match self.preamble {
            0 => self.table.read_record(reader, record)?,
            _ => self.table.read_any(reader, record)?,
        };
        if !is_there {
            return Ok(None);
        }
        Ok(Some(*lines + self.table.first_line(reader, *bytes, record)))
    }

    /// The line of the next row, whose cells are put into `record`; `None` at the end.
    fn next(&mut self, record: &mut StringRecord) -> Result<Option<u64>, DataError> {
        if let Some((line, kept)) = self.given_back.pop_front() {
            *record = kept;
            return Ok(Some(line));
        }
        while let Some(line) = self.record(record)? {
            if self.judge(line, record)? {
                if self.held.len() == 0 {
                    return Ok(Some(line));
                }
                let drops = self.table.totals == Some(Kept::Drop);
                self.odd.take_between(&self.held, drops);
                self.given_back.extend(self.held.give_back(drops));
                self.given_back.push_back((line, std::mem::take(record)));
                return self.next(record);
            }
        }
        Ok(None)
    }

    /// Whether it is a row of data.
    fn judge(&mut self, line: u64, record: &mut StringRecord) -> Result<bool, DataError> {
        let table = self.table;
        if self.preamble > 0 {
            self.preamble -= 1;
            return Ok(false);
        }
        if record.len() == 1 && record[0].trim().is_empty() && table.names.len() != 1 {
            return Ok(false);
        }
        let is_above = std::mem::take(&mut self.header) || std::mem::take(&mut self.units);
        if is_above || self.odd.is_none(record, table) {
            return Ok(false);
        }
        if table.is_unnamed_total(line) {
            self.odd.take_unnamed();
            return Ok(false);
        }
        self.odd.look_for_open_quote(line, record);
        self.read += 1;
        let is_short = record.len() < table.names.len();
        if record.len() != table.names.len() && !table.fit(record, line, &mut self.odd)? {
            return Ok(false);
        }
        // What is asked for as a sample is one, wherever it stands.
        let keeps = table.totals == Some(Kept::Keep);
        Ok(!self.held.take(line, record, is_short, keeps))
    }

    fn fill(&mut self, block: &mut Block) -> Result<(), DataError> {
        if let Text::Blocks(blocks) = &self.text {
            *block = next_of(blocks).map_err(|error| self.table.unread(&error))?;
            if !self.table.keeps_all && self.table.names.len() > 1 {
                self.odd.take_empty(block.drop_empty());
            }
            self.read += block.len() as u64;
            return Ok(());
        }
        let width = self.table.names.len().max(1);
        block.clear(width);
        let rows = (CELLS / width).clamp(ROWS.0, ROWS.1);
        let mut record = StringRecord::new();
        while block.len() < rows && block.bytes() < BYTES {
            if self.take_line(block)? {
                continue;
            }
            let Some(line) = self.next(&mut record)? else { break };
            block.push(line, record.iter());
        }
        Ok(())
    }

    fn fill_all(&mut self, blocks: &mut [Block]) -> Result<(), DataError> {
        blocks.iter_mut().try_for_each(|block| self.fill(block))
    }

    /// Takes the next line into a block as it is, where nothing can be said of it but that it is a row. `false`: that
    /// has to be asked.
    fn take_line(&mut self, block: &mut Block) -> Result<bool, DataError> {
        let is_above = self.preamble > 0 || self.header || self.units;
        if is_above || self.held.len() > 0 || !self.given_back.is_empty() {
            return Ok(false);
        }
        let Some((line, is_quoted)) = self.line()? else { return Ok(false) };
        let Text::Lines(lines) = &self.text else { return Ok(false) };
        let (text, number) = (lines.text(line), lines.lines);
        let (before, marks) = (block.end(), self.table.dialect.marks());
        if is_quoted {
            block.push(number, cells(text, marks));
        } else {
            block.push_line(number, text, marks.0);
        }
        // Comments, totals and notes begin with other characters, and headers with a name.
        let begins_as_number = |cell: &str| cell.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'));
        let (names, first) = (&self.table.names, block.first_behind(before));
        let is_row = begins_as_number(first) && names.first().is_none_or(|name| *name != first.trim());
        if is_row && block.cells_behind(before) == names.len() && !self.table.is_unnamed_total(number) {
            self.read += 1;
            return Ok(true);
        }
        block.pop(before);
        let mut record = std::mem::take(&mut self.record);
        record.clear();
        cells(text, marks).for_each(|cell| record.push_field(&cell));
        if self.judge(number, &mut record)? {
            block.push(number, record.iter());
        }
        self.record = record;
        Ok(true)
    }

    fn share(&self) -> f32 {
        let bytes = match &self.text {
            Text::Lines(lines) => lines.bytes,
            Text::Csv(reader, _, bytes) => bytes + reader.position().byte(),
            Text::Blocks(_) => return (self.read as f32 / self.table.likely_rows().max(1) as f32).min(1.0),
        };
        (bytes as f32 / self.table.size().max(1) as f32).min(1.0)
    }

    /// Whether there were rows, and even ones.
    fn end(mut self) -> Result<(), DataError> {
        self.odd.end(&self.held, self.read);
        if self.odd.are_many(self.read) {
            return Err(self.table.ragged(self.odd.first_line, self.odd.first_width));
        }
        let is_empty = self.read == self.held.len();
        self.table.set_odd(self.odd);
        if is_empty { Err(self.table.without_rows()) } else { Ok(()) }
    }
}

/// One without rows is the end.
fn next_of(blocks: &Receiver<Result<Block, Error>>) -> Result<Block, Error> {
    blocks.recv().unwrap_or_else(|_| Ok(Block::default()))
}

impl Table {
    /// Hands each data row, with the line it begins on, to `take`. Every row has one cell for each name.
    pub fn for_each_row(
        &self,
        progress: &dyn Progress,
        (from, to): (f32, f32),
        mut take: impl FnMut(u64, &StringRecord) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut rows = Rows::new(self)?;
        let (mut record, mut taken) = (StringRecord::new(), 0);
        while let Some(line) = rows.next(&mut record)? {
            if taken % ROWS_PER_LOOK == 0 {
                stop_if_cancelled(progress)?;
                progress.report(from + (to - from) * rows.share(), &self.doing());
            }
            taken += 1;
            take(line, &record)?;
        }
        rows.end()
    }

    /// As [`Self::for_each_row`] for many at once; the next are read meanwhile.
    pub fn for_each_blocks(
        &self,
        progress: &dyn Progress,
        (from, to): (f32, f32),
        mut take: impl FnMut(&mut [Block]) -> Result<(), DataError> + Send,
    ) -> Result<(), DataError> {
        let mut rows = Rows::in_blocks(self)?;
        let (mut now, mut next) = <([Block; BLOCKS], [Block; BLOCKS])>::default();
        // On one of the threads that do the work, none of which waits for another one then.
        rayon::scope(|_| {
            rows.fill_all(&mut now)?;
            while now[0].len() > 0 {
                stop_if_cancelled(progress)?;
                progress.report(from + (to - from) * rows.share(), &self.doing());
                let (taken, filled) = rayon::join(|| take(&mut now), || rows.fill_all(&mut next));
                taken?;
                filled?;
                std::mem::swap(&mut now, &mut next);
            }
            rows.end()
        })
    }
}
