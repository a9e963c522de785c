//! Some rows of a table, drawn by a fixed seed while it is read: what is told of its columns costs the same however
//! long it is.

use std::collections::HashMap;

use rayon::prelude::*;

use super::block::Block;
use super::cell::{self, Words};
use super::columns::ColumnFacts;
use crate::data::facts::{Cells, Drawn, DrawnColumn, Lines};

/// Cells that are drawn in all.
const MOST_CELLS: usize = 2_000_000;
/// Rows that are drawn of the widest table.
const LEAST_ROWS: usize = 500;

/// Bytes of a cell that are kept: no number and no date is longer. As long as there is room, more of it is, to be read.
const LONGEST: usize = 96;
const READABLE: usize = 1000;
const ROOM: usize = 64 << 20;

/// A row that was drawn, as far as its cells are kept.
struct Row {
    key: u64,
    row: u64,
    text: Box<str>,
    ends: Box<[u32]>,
}

/// Keeps the rows with the smallest keys, which are random numbers of their places.
#[derive(Default)]
pub(super) struct Drawing {
    most: usize,
    read: u64,
    /// Up to twice as many as are wanted.
    kept: Vec<Row>,
    /// What has a larger key is not among them.
    bound: u64,
    /// Bytes of all cells so far.
    bytes: usize,
    lines: Lines,
    /// Of the row that is drawn.
    text: String,
    ends: Vec<u32>,
}

/// The random number of a place (splitmix64).
fn key(row: u64) -> u64 {
    let mut z = row.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// As much of a cell as tells what it is.
fn beginning(cell: &str, most: usize) -> &str {
    if cell.len() <= most { cell } else { &cell[..cell.floor_char_boundary(most)] }
}

impl Drawing {
    pub fn new(columns: usize) -> Self {
        let most = (MOST_CELLS / columns.max(1)).max(LEAST_ROWS);
        Self { most, bound: u64::MAX, ..Self::default() }
    }

    pub fn take(&mut self, block: &Block) {
        for (index, &line) in block.lines().iter().enumerate() {
            self.lines.take(self.read, line);
            let (row, key) = (self.read, key(self.read));
            self.read += 1;
            if key > self.bound {
                continue;
            }
            let most = if self.bytes < ROOM { READABLE } else { LONGEST };
            self.text.clear();
            self.ends.clear();
            for content in block.row(index) {
                self.text.push_str(beginning(content.text().trim(), most));
                self.ends.push(self.text.len() as u32);
            }
            self.bytes += self.text.len();
            let (text, ends) = (self.text.as_str().into(), self.ends.as_slice().into());
            self.kept.push(Row { key, row, text, ends });
            if self.kept.len() >= 2 * self.most {
                self.thin();
            }
        }
    }

    /// Lets go of all that are too many.
    fn thin(&mut self) {
        if self.kept.len() > self.most {
            let (_, last, _) = self.kept.select_nth_unstable_by_key(self.most - 1, |row| row.key);
            self.bound = last.key;
            self.kept.truncate(self.most);
        }
    }

    /// The values of all columns, in the order of the file.
    pub fn end(mut self, facts: &[ColumnFacts], words: &[Words]) -> Drawn {
        self.thin();
        let mut rows = self.kept;
        rows.sort_unstable_by_key(|row| row.row);
        let cells = |column: usize| {
            rows.iter().map(move |row| {
                let from = column.checked_sub(1).map_or(0, |before| row.ends[before] as usize);
                &row.text[from..row.ends[column] as usize]
            })
        };
        let columns = facts.par_iter().enumerate().map(|(index, facts)| values(facts, cells(index), &words[index]));
        let columns = columns.collect();
        let cells = if rows.len() as u64 == self.read { all(&rows, facts.len()) } else { Cells::default() };
        Drawn { of: self.read, rows: rows.len(), columns, cells, lines: self.lines }
    }
}

/// What stands in all rows.
fn all(rows: &[Row], width: usize) -> Cells {
    let mut cells = Cells { width, text: String::new(), ends: Vec::with_capacity(rows.len() * width) };
    cells.text.reserve_exact(rows.iter().map(|row| row.text.len()).sum());
    for row in rows {
        let before = cells.text.len() as u32;
        cells.text.push_str(&row.text);
        cells.ends.extend(row.ends.iter().map(|end| before + end));
    }
    cells
}

fn values<'a>(facts: &ColumnFacts, cells: impl Iterator<Item = &'a str>, words: &Words) -> DrawnColumn {
    if facts.present() == 0 {
        return DrawnColumn::Empty;
    }
    if facts.is_date() {
        return DrawnColumn::Dates(cells.map(|text| facts.form.date(text, words).unwrap_or(f64::NAN)).collect());
    }
    if facts.is_numeric() && facts.leading_zeros == 0 {
        return DrawnColumn::Numbers(cells.map(|text| facts.form.number(text, words).unwrap_or(f64::NAN)).collect());
    }
    let mut known: HashMap<&str, u32> = HashMap::new();
    let mut names: Vec<String> = Vec::new();
    let found = cells.map(|text| {
        if facts.lacks_category(text, words) {
            return DrawnColumn::MISSING;
        }
        let word = cell::category(text);
        let name = facts.spellings.get(word).map_or(word, String::as_str);
        if let Some(&code) = known.get(word) {
            return code;
        }
        let code = names.iter().position(|other| !facts.spellings.is_empty() && other == name);
        let code = code.unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        }) as u32;
        known.insert(word, code);
        code
    });
    let codes = found.collect();
    DrawnColumn::Categories { names, codes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_with_the_smallest_keys_are_kept() {
        let mut drawing = Drawing { most: 7, ..Drawing::new(2) };
        let mut block = Block::default();
        for piece in 0..30 {
            block.clear(2);
            (0..20).for_each(|row| {
                let row = piece * 20 + row;
                block.push(row + 2, [format!(" {row} ").as_str(), "x"].into_iter());
            });
            drawing.take(&block);
        }
        drawing.thin();
        let mut kept: Vec<(u64, String)> = drawing.kept.into_iter().map(|row| (row.row, row.text.into())).collect();
        kept.sort();
        let mut wanted: Vec<u64> = (0..600).collect();
        wanted.sort_by_key(|&row| key(row));
        wanted.truncate(7);
        wanted.sort();
        assert_eq!(kept, wanted.into_iter().map(|row| (row, format!("{row}x"))).collect::<Vec<_>>());
    }
}
