//! Numbers as text, row by row, for spreadsheets and other programs.

pub struct Table {
    writer: csv::Writer<Vec<u8>>,
}

impl Table {
    /// Commas between the cells, as in a file.
    pub fn csv() -> Self {
        Self::with(b',')
    }

    /// Tabs between the cells, as spreadsheets take them from the clipboard.
    pub fn tabbed() -> Self {
        Self::with(b'\t')
    }

    fn with(delimiter: u8) -> Self {
        Self { writer: csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new()) }
    }

    pub fn row<T: ToString>(&mut self, cells: impl IntoIterator<Item = T>) {
        // Writing to memory does not fail, and rows may differ in length.
        let _ = self.writer.write_record(cells.into_iter().map(|cell| cell.to_string()));
    }

    pub fn text(self) -> String {
        let bytes = self.writer.into_inner().unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// A number, or an empty cell.
pub fn cell<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_missing_ones_are_empty() {
        for (mut table, expected) in
            [(Table::csv(), "class,\"a, b\"\n1.5,\n"), (Table::tabbed(), "class\ta, b\n1.5\t\n")]
        {
            table.row(["class", "a, b"]);
            table.row([cell(Some(1.5)), cell(None::<f32>)]);
            assert_eq!(table.text(), expected);
        }
    }
}
