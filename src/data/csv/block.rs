//! Some rows of a table that follow each other: line by line as they stand in a text, or column by column, of files
//! whose columns have a type.

use std::borrow::Cow;

use rayon::prelude::*;

use super::kinds::shortest;
use super::number;

/// Shares of the columns that a thread works on one after the other.
const SHARES: usize = 4;

/// Rows that follow each other, each with the line it begins on.
#[derive(Default)]
pub(super) struct Block {
    lines: Vec<u64>,
    width: usize,
    /// Line by line: all cells, a character of one byte behind each, and where those stand.
    text: String,
    ends: Vec<u32>,
    /// Of the text, column by column, once they were read: the fractions, NaN where a cell is none, and their digits
    /// behind the point.
    fractions: Vec<f64>,
    decimals: Vec<u8>,
    /// Or column by column.
    columns: Vec<Cells>,
}

/// The cells of a column.
pub(super) enum Cells {
    /// NaN where there is none.
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

/// What a cell holds.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    Text(&'a str),
    /// What [`number::fraction`] reads in a text.
    Fraction(Fraction<'a>),
    /// NaN where there is none.
    Number(f64),
}

/// A cell of a text that was read before.
#[derive(Clone, Copy)]
pub(super) struct Fraction<'a> {
    pub number: f64,
    pub decimals: u8,
    block: &'a Block,
    at: usize,
}

impl<'a> Fraction<'a> {
    /// The cell, which is seldom asked for: it lies far from its number.
    pub fn text(self) -> &'a str {
        self.block.line_cell(self.at)
    }
}

impl<'a> Content<'a> {
    /// As it stands in a text, or would.
    pub fn text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Fraction(fraction) => Cow::Borrowed(fraction.text()),
            Self::Number(number) if number.is_nan() => Cow::Borrowed(""),
            Self::Number(number) => Cow::Owned(shortest(number, &mut zmij::Buffer::new()).to_owned()),
        }
    }
}

impl Block {
    /// `first`: the line of the first row.
    pub fn by_column(first: u64, rows: usize, columns: Vec<Cells>) -> Self {
        let lines = (first..).take(rows).collect();
        Self { lines, width: columns.len(), columns, ..Self::default() }
    }

    pub fn clear(&mut self, width: usize) {
        self.width = width;
        self.lines.clear();
        self.text.clear();
        self.ends.clear();
        self.fractions.clear();
        self.decimals.clear();
        self.columns.clear();
    }

    pub fn push(&mut self, line: u64, cells: impl Iterator<Item = impl AsRef<str>>) {
        self.lines.push(line);
        for cell in cells {
            self.text.push_str(cell.as_ref());
            self.ends.push(self.text.len() as u32);
            self.text.push('\n');
        }
    }

    /// Puts a whole line in, whose cells lie between delimiters. With the longest row behind the most bytes a place is
    /// a number of 32 bits.
    pub fn push_line(&mut self, number: u64, line: &str, delimiter: u8) {
        let from = self.text.len();
        self.lines.push(number);
        self.ends.extend(memchr::memchr_iter(delimiter, line.as_bytes()).map(|at| (from + at) as u32));
        self.text.push_str(line);
        self.ends.push(self.text.len() as u32);
        self.text.push('\n');
    }

    /// Where the next line begins: cells and bytes before it.
    pub fn end(&self) -> (usize, usize) {
        (self.ends.len(), self.text.len())
    }

    /// Cells of the last line, before which there was so much.
    pub fn cells_behind(&self, (cells, _): (usize, usize)) -> usize {
        self.ends.len() - cells
    }

    /// The first cell of the last line.
    pub fn first_behind(&self, (cells, _): (usize, usize)) -> &str {
        self.line_cell(cells)
    }

    /// Takes the last line out again.
    pub fn pop(&mut self, (cells, bytes): (usize, usize)) {
        self.lines.pop();
        self.ends.truncate(cells);
        self.text.truncate(bytes);
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// The line that each begins on.
    pub fn lines(&self) -> &[u64] {
        &self.lines
    }

    /// Bytes of its text.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Takes rows without any value out, and says how many there were.
    pub fn drop_empty(&mut self) -> usize {
        let has_value = |row: usize| self.row(row).any(|content| !content.text().trim().is_empty());
        let kept: Vec<bool> = (0..self.len()).map(has_value).collect();
        let dropped = kept.iter().filter(|kept| !**kept).count();
        if dropped > 0 {
            retain(&mut self.lines, &kept);
            self.columns.iter_mut().for_each(|cells| match cells {
                Cells::Numbers(numbers) => retain(numbers, &kept),
                Cells::Texts(texts) => retain(texts, &kept),
            });
        }
        dropped
    }

    /// The cells of a row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = Content<'_>> {
        (0..self.width).map(move |index| match self.columns.get(index) {
            Some(Cells::Numbers(numbers)) => Content::Number(numbers[row]),
            Some(Cells::Texts(texts)) => Content::Text(&texts[row]),
            None => Content::Text(self.line_cell(row * self.width + index)),
        })
    }

    #[inline]
    fn line_cell(&self, at: usize) -> &str {
        let from = if at == 0 { 0 } else { self.ends[at - 1] as usize + 1 };
        &self.text[from..self.ends[at] as usize]
    }

    /// Reads the fractions of a text, along its lines: whoever goes through it column by column finds them side by
    /// side.
    pub fn read_fractions(&mut self) {
        if !self.columns.is_empty() {
            return;
        }
        let (rows, text) = (self.lines.len(), self.text.as_bytes());
        self.fractions.resize(self.ends.len(), f64::NAN);
        self.decimals.resize(self.ends.len(), 0);
        let mut from = 0;
        for (row, ends) in self.ends.chunks_exact(self.width.max(1)).enumerate() {
            for (index, &end) in ends.iter().enumerate() {
                if let Some((number, decimals)) = number::fraction(&text[from..end as usize]) {
                    let place = index * rows + row;
                    (self.fractions[place], self.decimals[place]) = (number, decimals);
                }
                from = end as usize + 1;
            }
        }
    }

    /// Hands over the cells of a column, each with the line of its row.
    fn column<E>(&self, index: usize, mut take: impl FnMut(u64, Content<'_>) -> Result<(), E>) -> Result<(), E> {
        let (lines, rows) = (self.lines.iter().copied(), self.lines.len());
        match self.columns.get(index) {
            Some(Cells::Numbers(numbers)) => {
                lines.zip(numbers).try_for_each(|(line, &number)| take(line, Content::Number(number)))
            }
            Some(Cells::Texts(texts)) => lines.zip(texts).try_for_each(|(line, text)| take(line, Content::Text(text))),
            None => {
                let places = (index..).step_by(self.width.max(1));
                let (Some(numbers), Some(decimals)) = (
                    self.fractions.get(index * rows..(index + 1) * rows),
                    self.decimals.get(index * rows..(index + 1) * rows),
                ) else {
                    return lines.zip(places).try_for_each(|(line, at)| take(line, Content::Text(self.line_cell(at))));
                };
                lines.zip(places).zip(numbers).zip(decimals).try_for_each(|(((line, at), &number), &decimals)| {
                    let fraction = Fraction { number, decimals, block: self, at };
                    take(
                        line,
                        if number.is_nan() { Content::Text(fraction.text()) } else { Content::Fraction(fraction) },
                    )
                })
            }
        }
    }
}

fn retain<T>(all: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    all.retain(|_| kept.next().is_some_and(|kept| *kept));
}

/// Hands each column, with the place it stands at, its cells and their lines, on all threads.
pub(super) fn by_column<C: Send, E: Send>(
    blocks: &[Block],
    columns: &mut [(usize, C)],
    take: impl Fn(usize, &mut C, u64, Content<'_>) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let share = columns.len().div_ceil(SHARES * rayon::current_num_threads()).max(1);
    columns.par_chunks_mut(share).try_for_each(|columns| {
        for block in blocks {
            for (index, column) in &mut *columns {
                block.column(*index, |line, content| take(*index, column, line, content))?;
            }
        }
        Ok(())
    })
}
