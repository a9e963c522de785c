//! Numbers that are kept while the columns of a table are looked at, so that its text need not be read again for those
//! that turn out to be numeric. How many rows there are nobody knows yet: of a table that is larger than memory each
//! column gets room in a file for as many as there can be, most of which stays a hole.

use std::fs::File;
use std::io::Error;
use std::sync::Arc;

use super::columns::ColumnFacts;
use super::number::POINT;
use super::store::{Column, Filling, Store};
use crate::files::mapped::Mapped;
use crate::model::ColumnRole;

/// Of all columns.
pub(super) struct Capture {
    store: Store,
    /// `None`: it is no column of numbers.
    pub columns: Vec<Option<Filling<f64>>>,
}

/// What was kept.
pub(super) struct Captured {
    columns: Vec<Option<Filling<f64>>>,
    file: Option<Arc<Mapped>>,
}

impl Capture {
    /// `rows`: about so many; `most` at most.
    pub fn in_memory(columns: usize, rows: usize, most: usize) -> Self {
        let kept = (0..columns).map(|_| Some(Filling::in_memory(rows, most)));
        Self { columns: kept.collect(), store: Store::new(0, None) }
    }

    /// `rows`: not more than this many.
    pub fn in_file(columns: usize, rows: usize, file: File) -> Self {
        let mut store = Store::new(rows, Some(file));
        Self { columns: (0..columns).map(|_| Some(store.column())).collect(), store }
    }

    /// `None`: the column is none of numbers.
    pub fn push(column: &mut Option<Filling<f64>>, number: Option<f64>) -> Result<(), Error> {
        let Some(kept) = column else { return Ok(()) };
        match number.filter(|_| kept.has_room()) {
            Some(number) => kept.push(number),
            None => {
                *column = None;
                Ok(())
            }
        }
    }

    pub fn end(mut self) -> Result<Captured, Error> {
        for column in self.columns.iter_mut().flatten() {
            column.flush()?;
        }
        Ok(Captured { file: self.store.mapped()?, columns: self.columns })
    }
}

impl Captured {
    /// The numbers of a column, where what was kept is what it is read as.
    pub fn take(&mut self, index: usize, role: ColumnRole, facts: &ColumnFacts) -> Option<Column<f64>> {
        let is_meant = matches!(role, ColumnRole::Numeric | ColumnRole::Weight) && facts.form.decimal == POINT;
        let column = self.columns.get_mut(index).filter(|_| is_meant)?.take()?;
        (column.len() == facts.rows).then(|| column.column_of(facts.rows, self.file.as_ref()))
    }
}
