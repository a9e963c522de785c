//! Tensors for other programs: NumPy's `.npy` (version 1.0, little-endian float32, row-major) and `.csv`.
//!
//! The format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::fmt::Write as _;
use std::path::Path;

use super::project_file::{FileError, write_atomically};
use crate::trace::TensorRecord;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Npy,
    Csv,
}

impl Format {
    pub fn ending(self) -> &'static str {
        match self {
            Self::Npy => "npy",
            Self::Csv => "csv",
        }
    }
}

/// The most numbers that become text: beyond that no spreadsheet opens it.
const MOST_WRITTEN: usize = 4_000_000;

pub fn save(record: &TensorRecord, format: Format, path: &Path) -> Result<(), FileError> {
    match format {
        Format::Npy => write_atomically(path, &npy(record)),
        Format::Csv => {
            let text = text(record, ',').map_err(|reason| FileError::Write { reason, path: path.to_owned() })?;
            write_atomically(path, text.as_bytes())
        }
    }
}

/// The bytes of an `.npy` file.
pub fn npy(record: &TensorRecord) -> Vec<u8> {
    let sizes: Vec<_> = record.dims.iter().map(ToString::to_string).collect();
    let shape = match sizes.as_slice() {
        [only] => format!("({only},)"),
        sizes => format!("({})", sizes.join(", ")),
    };
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    // Magic, version and length take ten bytes; the numbers begin at a multiple of 64.
    let padding = (64 - (10 + header.len() + 1) % 64) % 64;
    header.push_str(&" ".repeat(padding));
    header.push('\n');
    let mut bytes = Vec::with_capacity(10 + header.len() + 4 * record.data.len());
    bytes.extend_from_slice(b"\x93NUMPY\x01\x00");
    bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    for value in record.data.iter() {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes
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
    fn npy_has_the_documented_header_and_the_numbers_behind_it() {
        for dims in [&[2, 3][..], &[7], &[], &[2, 1, 3, 2]] {
            let record = record(dims);
            let bytes = npy(&record);
            assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
            let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
            let (header, numbers) = bytes[10..].split_at(length);
            assert_eq!((10 + length) % 64, 0);
            assert_eq!(header.last(), Some(&b'\n'));
            let header = std::str::from_utf8(header).unwrap();
            let shape = match dims {
                [] => "()",
                [_] => "(7,)",
                [_, _] => "(2, 3)",
                _ => "(2, 1, 3, 2)",
            };
            assert!(header.contains(&format!("'descr': '<f4', 'fortran_order': False, 'shape': {shape}")), "{header}");
            let read: Vec<f32> = numbers.chunks(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            assert_eq!(read[..], record.data[..]);
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
        assert_eq!(std::fs::read(&path).unwrap(), npy(&record(&[2])));
        let nowhere = folder.path().join("missing").join("w.csv");
        let error = save(&record(&[2]), Format::Csv, &nowhere).unwrap_err().to_string();
        assert!(error.contains("Can't write the file") && error.contains("w.csv"), "{error}");
    }
}
