//! The values of a table column by column: in memory, or in a file without a name that is mapped.

use std::fs::File;
use std::io::{Error, Seek, SeekFrom, Write};
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use bytemuck::{AnyBitPattern, NoUninit};

use crate::files::mapped::Mapped;

/// Bytes of a column that are written at once.
const BLOCK: usize = 1 << 16;
/// Columns that do not write at the same time: one file takes one writer at a time.
const STAGGERED: usize = 16;
/// A column begins at a multiple of it.
const APART: u64 = 1 << 12;

/// Numbers one behind the other.
pub(super) enum Column<T> {
    Held(Vec<T>),
    /// `len` of them, from a byte of a file on.
    Mapped {
        file: Arc<Mapped>,
        from: usize,
        len: usize,
    },
}

impl<T: AnyBitPattern> Deref for Column<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Held(values) => values,
            Self::Mapped { file, from, len } => file.numbers(*from, *len).unwrap_or_default(),
        }
    }
}

impl<T: AnyBitPattern> Column<T> {
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Self::Held(values) => values,
            Self::Mapped { .. } => self.to_vec(),
        }
    }
}

/// Where columns of so many rows each are to lie.
pub(super) struct Store {
    rows: usize,
    file: Option<Shared>,
    /// Where the next column begins.
    at: u64,
    columns: usize,
}

type Shared = Arc<Mutex<File>>;

impl Store {
    /// `file`: without one in memory.
    pub fn new(rows: usize, file: Option<File>) -> Self {
        Self { rows, file: file.map(|file| Arc::new(Mutex::new(file))), at: 0, columns: 0 }
    }

    pub fn column<T: NoUninit + AnyBitPattern>(&mut self) -> Filling<T> {
        let from = self.at;
        self.at = (from + (self.rows * size_of::<T>()) as u64).next_multiple_of(APART);
        let room = if self.file.is_some() { BLOCK / size_of::<T>() } else { self.rows };
        let full = (room * (self.columns % STAGGERED + 1) / STAGGERED).max(1);
        self.columns += 1;
        Filling { values: Vec::with_capacity(room), full, file: self.file.clone(), from, written: 0, rows: self.rows }
    }

    /// Once all columns are full: what they are read from.
    pub fn mapped(&self) -> Result<Option<Arc<Mapped>>, Error> {
        let Some(file) = &self.file else { return Ok(None) };
        let file = file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        file.set_len(self.at)?;
        Ok(Some(Arc::new(Mapped::new(file.try_clone()?)?)))
    }
}

/// A column that is being filled.
pub(super) struct Filling<T> {
    values: Vec<T>,
    /// As many as are written at once, where they are.
    full: usize,
    file: Option<Shared>,
    from: u64,
    written: usize,
    rows: usize,
}

impl<T: NoUninit + AnyBitPattern> Filling<T> {
    /// `likely`: as many as there may be, or fewer, or more; but no more than `most` have room.
    pub fn in_memory(likely: usize, most: usize) -> Self {
        Self { values: Vec::with_capacity(likely.min(most)), full: 0, file: None, from: 0, written: 0, rows: most }
    }

    pub fn push(&mut self, value: T) -> Result<(), Error> {
        self.values.push(value);
        if self.file.is_some() && self.values.len() >= self.full { self.flush() } else { Ok(()) }
    }

    /// So many so far.
    pub fn len(&self) -> usize {
        self.written + self.values.len()
    }

    pub fn has_room(&self) -> bool {
        self.len() < self.rows
    }

    pub fn flush(&mut self) -> Result<(), Error> {
        let Some(file) = &self.file else { return Ok(()) };
        if self.len() > self.rows {
            return Err(other_now());
        }
        let mut file = file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        file.seek(SeekFrom::Start(self.from + (self.written * size_of::<T>()) as u64))?;
        file.write_all(bytemuck::cast_slice(&self.values))?;
        self.written += self.values.len();
        self.values.clear();
        self.full = BLOCK / size_of::<T>();
        Ok(())
    }

    /// Nothing more comes; `mapped` can be had once all columns are at their end.
    pub fn end(&mut self) -> Result<(), Error> {
        self.flush()?;
        if self.len() == self.rows { Ok(()) } else { Err(other_now()) }
    }

    pub fn column(self, mapped: Option<&Arc<Mapped>>) -> Column<T> {
        let rows = self.rows;
        self.column_of(rows, mapped)
    }

    /// Of fewer than there is room for.
    pub fn column_of(self, rows: usize, mapped: Option<&Arc<Mapped>>) -> Column<T> {
        match mapped {
            Some(file) => Column::Mapped { file: file.clone(), from: self.from as usize, len: rows },
            None => Column::Held(self.values),
        }
    }
}

fn other_now() -> Error {
    Error::other("the file changed while it was read; load it again")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(file: Option<File>, rows: usize) -> (Column<f64>, Column<u32>) {
        let mut store = Store::new(rows, file);
        let (mut a, mut b) = (store.column::<f64>(), store.column::<u32>());
        for row in 0..rows {
            a.push(row as f64 / 3.0).unwrap();
            b.push(u32::MAX - row as u32).unwrap();
        }
        a.end().unwrap();
        b.end().unwrap();
        let mapped = store.mapped().unwrap();
        (a.column(mapped.as_ref()), b.column(mapped.as_ref()))
    }

    #[test]
    fn columns_are_the_same_wherever_they_lie() {
        for rows in [0, 1, 1000, 40_000] {
            let (a, b) = filled(None, rows);
            let (c, d) = filled(Some(tempfile::tempfile().unwrap()), rows);
            assert!(a.len() == rows && *a == *c && *b == *d, "{rows} rows");
            assert_eq!(b.into_vec(), d.into_vec());
        }
    }

    #[test]
    fn columns_that_are_filled_together_are_not_written_together() {
        let mut store = Store::new(40_000, Some(tempfile::tempfile().unwrap()));
        let mut columns: Vec<Filling<f64>> = (0..STAGGERED).map(|_| store.column()).collect();
        for row in 0..40_000 {
            let before: usize = columns.iter().map(|column| column.written).sum();
            columns.iter_mut().for_each(|column| column.push(f64::from(row)).unwrap());
            let written = columns.iter().map(|column| column.written).sum::<usize>() - before;
            assert!(written * size_of::<f64>() <= BLOCK, "at row {row}");
        }
    }

    #[test]
    fn other_numbers_of_rows_than_were_counted_are_told() {
        for (count, rows) in [(2, 3), (4, 3), (20_000, 100)] {
            let mut column = Store::new(rows, Some(tempfile::tempfile().unwrap())).column::<f64>();
            let pushed = (0..count).try_for_each(|row| column.push(f64::from(row)));
            let said = pushed.and_then(|()| column.end()).unwrap_err().to_string();
            assert!(said.contains("changed while it was read"), "{said}");
        }
    }
}
