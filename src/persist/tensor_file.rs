//! Tensors for other programs: NumPy's `.npy`, and `.csv`.

use std::fmt::Write as _;
use std::path::Path;

use crate::files::{FileError, atomic, npy};
use crate::trace::TensorRecord;

/// How a tensor is written for other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// NumPy's, with its sizes.
    Npy,
    /// Text: a row a line, the last axis along it.
    Csv,
}

impl Format {
    /// Of its file, without the dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Npy => "npy",
            Self::Csv => "csv",
        }
    }
}

/// The most numbers that become text: beyond that no spreadsheet opens it.
const MOST_WRITTEN: usize = 4_000_000;

/// Written whole or not at all.
pub fn save(record: &TensorRecord, format: Format, path: &Path) -> Result<(), FileError> {
    match format {
        Format::Npy => atomic::write(path, &npy::bytes(&record.dims, &record.data)),
        Format::Csv => {
            let text = text(record, ',').map_err(|reason| FileError::write(path, reason))?;
            atomic::write(path, text.as_bytes())
        }
    }
}

/// A line for every index of all axes but the last, which runs across; the first line names the columns. Numbers are as
/// short as tells them apart from all others.
pub fn text(record: &TensorRecord, separator: char) -> Result<String, String> {
    if record.data.len() > MOST_WRITTEN {
        return Err(format!(
            "{} has {} values, too many for a text file. Save it as .npy.",
            record.name,
            record.data.len()
        ));
    }
    let outer = record.dims.len().saturating_sub(1);
    let width = record.dims.last().copied().unwrap_or(1).max(1);
    let mut head: Vec<String> = (0..outer).map(|axis| record.axis(axis)).collect();
    match record.dims.last() {
        Some(_) => head.extend((0..width).map(|i| format!("{} {i}", record.axis(outer)))),
        None => head.push("value".into()),
    }
    let mut text = head.join(&separator.to_string());
    text.push('\n');
    for (line, numbers) in record.data.chunks(width).enumerate() {
        let index = record.unflatten(line * width);
        let places = index.iter().take(outer).map(ToString::to_string);
        let numbers = numbers.iter().map(|v| {
            let mut text = String::new();
            // Writing to a String does not fail.
            let _ = write!(text, "{v}");
            text
        });
        let all: Vec<_> = places.chain(numbers).collect();
        text.push_str(&all.join(&separator.to_string()));
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(dims: &[usize]) -> TensorRecord {
        let count: usize = dims.iter().product();
        TensorRecord {
            name: "w".into(),
            dims: dims.to_vec(),
            axes: ["unit", "input", "row", "column"].iter().take(dims.len()).map(ToString::to_string).collect(),
            gates: None,
            step: 1,
            data: (0..count).map(|i| i as f32 / 2.0 - 1.0).collect(),
        }
    }

    #[test]
    fn text_names_its_columns_and_places() {
        assert_eq!(text(&record(&[2, 2]), ',').unwrap(), "unit,input 0,input 1\n0,-1,-0.5\n1,0,0.5\n");
        assert_eq!(text(&record(&[2]), '\t').unwrap(), "unit 0\tunit 1\n-1\t-0.5\n");
        assert_eq!(text(&record(&[]), ',').unwrap(), "value\n-1\n");
        assert!(text(&record(&[1, 2, 2]), ',').unwrap().starts_with("unit,input,row 0,row 1\n0,0,-1,-0.5\n0,1,"));
        let large = TensorRecord { data: vec![0.0; MOST_WRITTEN + 1].into(), ..record(&[1]) };
        assert!(text(&large, ',').unwrap_err().contains(".npy"));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.npy");
        save(&record(&[2]), Format::Npy, &path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), npy::bytes(&[2], &[-1.0, -0.5]));
        let nowhere = folder.path().join("missing").join("w.csv");
        let error = save(&record(&[2]), Format::Csv, &nowhere).unwrap_err().to_string();
        assert!(error.contains("Can't write the file") && error.contains("w.csv"), "{error}");
    }
}
