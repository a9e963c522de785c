//! The rows of a table one after another, and block by block: the next block is read while one is worked on.

use std::collections::VecDeque;

use ::csv::StringRecord;

use super::odd_rows::{Held, OddRows};
use super::table::{Table, TextReader};
use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};

/// Rows between two looks at `cancelled`.
const ROWS_PER_LOOK: u64 = 4096;
/// Cells of a block, and the least and most rows that hold them.
const CELLS: usize = 1 << 16;
const ROWS: (usize, usize) = (16, 4096);

/// Rows that follow each other, each with the line it begins on.
#[derive(Default)]
pub(super) struct Block {
    lines: Vec<u64>,
    /// Those of the rows, and perhaps some to be used again.
    records: Vec<StringRecord>,
}

impl Block {
    pub fn rows(&self) -> impl Iterator<Item = (u64, &StringRecord)> {
        self.lines.iter().copied().zip(&self.records)
    }
}

/// Data rows, of which every one has a cell for each name.
struct Rows<'a> {
    table: &'a Table,
    reader: TextReader,
    header: bool,
    units: bool,
    odd: OddRows,
    held: Held,
    /// Rows that looked as if they were below the table, and the one that told otherwise.
    given_back: VecDeque<(u64, StringRecord)>,
    read: u64,
}

impl<'a> Rows<'a> {
    fn new(table: &'a Table) -> Result<Self, DataError> {
        Ok(Self {
            table,
            reader: table.reader()?,
            header: table.dialect.has_header,
            units: table.dialect.has_units,
            odd: OddRows::default(),
            held: Held::default(),
            given_back: VecDeque::new(),
            read: 0,
        })
    }

    /// The line of the next row, whose cells are put into `record`; `None` at the end.
    fn next(&mut self, record: &mut StringRecord) -> Result<Option<u64>, DataError> {
        if let Some((line, kept)) = self.given_back.pop_front() {
            *record = kept;
            return Ok(Some(line));
        }
        let table = self.table;
        while table.read_record(&mut self.reader, record)? {
            let is_above = std::mem::take(&mut self.header) || std::mem::take(&mut self.units);
            if is_above || self.odd.is_none(record, table) {
                continue;
            }
            self.read += 1;
            let line = table.first_line(&self.reader, record);
            let is_short = record.len() < table.names.len();
            if record.len() != table.names.len() && !table.fit(record, line, &mut self.odd)? {
                continue;
            }
            if self.held.take(line, record, is_short) {
                continue;
            }
            if self.held.len() == 0 {
                return Ok(Some(line));
            }
            self.given_back.extend(self.held.give_back());
            self.given_back.push_back((line, std::mem::take(record)));
            return self.next(record);
        }
        Ok(None)
    }

    fn fill(&mut self, block: &mut Block) -> Result<(), DataError> {
        block.lines.clear();
        let rows = (CELLS / self.table.names.len().max(1)).clamp(ROWS.0, ROWS.1);
        while block.lines.len() < rows {
            if block.records.len() == block.lines.len() {
                block.records.push(StringRecord::new());
            }
            let Some(line) = self.next(&mut block.records[block.lines.len()])? else { break };
            block.lines.push(line);
        }
        Ok(())
    }

    fn share(&self) -> f32 {
        (self.reader.position().byte() as f32 / self.table.size().max(1) as f32).min(1.0)
    }

    /// Whether there were rows, and even ones.
    fn end(mut self) -> Result<(), DataError> {
        self.odd.end(&self.held, self.read);
        if self.odd.are_many(self.read) {
            return Err(self.table.ragged(self.odd.first_line, self.odd.first_width));
        }
        if self.read == self.held.len() {
            self.table.set_odd(self.odd);
            return Err(self.table.without_rows());
        }
        self.table.set_odd(self.odd);
        Ok(())
    }
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
    pub fn for_each_block(
        &self,
        progress: &dyn Progress,
        (from, to): (f32, f32),
        mut take: impl FnMut(&Block) -> Result<(), DataError> + Send,
    ) -> Result<(), DataError> {
        let mut rows = Rows::new(self)?;
        let (mut now, mut next) = (Block::default(), Block::default());
        rows.fill(&mut now)?;
        while !now.lines.is_empty() {
            stop_if_cancelled(progress)?;
            progress.report(from + (to - from) * rows.share(), &self.doing());
            let (taken, filled) = rayon::join(|| take(&now), || rows.fill(&mut next));
            taken?;
            filled?;
            std::mem::swap(&mut now, &mut next);
        }
        rows.end()
    }
}
