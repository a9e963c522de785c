//! The cells of a table as they stand, for whoever looks names up in it.

use std::path::Path;

use super::MAX_BYTES;
use super::table::Table;
use crate::data::DataError;
use crate::data::progress::Progress;
use crate::model::Reading;

/// A table as text: every row has a cell for each name.
pub(in crate::data) struct Texts {
    pub names: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// All rows, or so many of the first.
pub(in crate::data) fn texts(path: &Path, most: Option<usize>, progress: &dyn Progress) -> Result<Texts, DataError> {
    let table = Table::open(path, &Reading::default(), progress)?;
    if let Some(most) = most {
        let mut rows = table.head(most, 500)?;
        rows.iter_mut().for_each(|row| row.resize(table.names.len(), String::new()));
        return Ok(Texts { names: table.names, rows });
    }
    // A text takes more than its letters.
    if table.size() > MAX_BYTES / 16 {
        return Err(DataError::new(format!("The table is too large to look names up in it: {}", path.display())));
    }
    let (mut rows, mut room) = (Vec::new(), MAX_BYTES);
    table.for_each_row(progress, (0.0, 0.1), |_, record| {
        let row: Vec<String> = record.iter().map(str::to_owned).collect();
        room = row.iter().fold(room, |room, cell| room.saturating_sub(cell.len() as u64 + 32));
        rows.push(row);
        match room {
            0 => Err(DataError::new(format!("The table is too large to look names up in it: {}", path.display()))),
            _ => Ok(()),
        }
    })?;
    Ok(Texts { names: table.names, rows })
}
