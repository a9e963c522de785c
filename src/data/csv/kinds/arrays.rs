//! NumPy's arrays: one of one or two dimensions is a table; of an archive, those that have a row for each sample.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use arrow_array::types::{ArrowPrimitiveType, Float16Type};
use zip::ZipArchive;

use super::{MAX_BYTES, Rows, Written, check_size, number};
use crate::data::DataError;

type Half = <Float16Type as ArrowPrimitiveType>::Native;

const MAGIC: &[u8] = b"\x93NUMPY";
/// Words that the array to be predicted goes by.
const TARGETS: [&str; 8] = ["y", "target", "targets", "label", "labels", "class", "classes", "y_train"];
/// And the names of columns.
const NAMES: [&str; 4] = ["feature_names", "features", "columns", "names"];

pub fn is_array(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// Whether the files of an archive are arrays.
pub fn are_arrays(names: &[String]) -> bool {
    !names.is_empty() && names.iter().all(|name| name.ends_with(".npy"))
}

struct Array {
    name: String,
    /// As NumPy has it, without the byte order: `f4`, `i8`, `U12`.
    kind: char,
    width: usize,
    is_big: bool,
    is_by_column: bool,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl Array {
    fn of(name: String, bytes: Vec<u8>) -> Result<Self, String> {
        let wrong = || "isn't an array, or is cut short".to_owned();
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(wrong)?;
        let (begin, length): (usize, usize) = match rest {
            [1, _, a, b, ..] => (4, usize::from(u16::from_le_bytes([*a, *b]))),
            [2 | 3, _, a, b, c, d, ..] => (6, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
            _ => return Err(wrong()),
        };
        let header = rest.get(begin..begin.saturating_add(length)).ok_or_else(wrong)?;
        let header = std::str::from_utf8(header).map_err(|_| wrong())?;
        let value = |key: &str| header.split(key).nth(1).map(str::trim_start).unwrap_or_default();
        let descr = value("'descr':");
        if descr.starts_with('[') {
            return Err(
                "has records with named fields: save it as a table, such as with pandas' to_parquet()".to_owned()
            );
        }
        let descr = descr.split('\'').nth(1).unwrap_or_default();
        let order = descr.chars().next().unwrap_or_default();
        let kind = descr.chars().nth(1).unwrap_or_default();
        let size = descr.get(2..).and_then(|size| size.parse::<usize>().ok());
        let is_known = match (kind, size) {
            ('f', Some(2 | 4 | 8)) | ('i' | 'u', Some(1 | 2 | 4 | 8)) | ('b', Some(1)) => true,
            ('U' | 'S', Some(1..=65_536)) => true,
            ('O', _) => {
                return Err("holds Python objects: save it with a type of its own, such as float or str".to_owned());
            }
            _ => false,
        };
        let (Some(size), true) = (size, is_known) else {
            return Err(format!("is of the type {descr:?}: save it as float or int"));
        };
        let shape = value("'shape':").strip_prefix('(').and_then(|shape| shape.split(')').next()).ok_or_else(wrong)?;
        let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
        let shape: Vec<usize> =
            sizes.map(|size| size.trim_end_matches('L').parse()).collect::<Result<_, _>>().map_err(|_| wrong())?;
        let width = if kind == 'U' { 4 * size } else { size };
        let wanted = shape.iter().try_fold(width, |all, &size| all.checked_mul(size)).ok_or_else(wrong)?;
        let begin = MAGIC.len() + begin + length;
        let data = bytes.get(begin..).filter(|data| data.len() == wanted).ok_or_else(wrong)?.to_vec();
        let is_by_column = value("'fortran_order':").starts_with("True");
        Ok(Self { name, kind, width, is_big: order == '>', is_by_column, shape, data })
    }

    fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    fn columns(&self) -> usize {
        self.shape.get(1).copied().unwrap_or(1)
    }

    fn is_table(&self) -> bool {
        matches!(self.shape.len(), 1 | 2) && self.columns() > 0
    }

    /// "60,000 × 28 × 28"
    fn size(&self) -> String {
        self.shape.iter().map(|&size| super::thousands(size as u64)).collect::<Vec<_>>().join(" × ")
    }

    fn cell(&self, row: usize, column: usize) -> String {
        let place = if self.is_by_column { column * self.rows() + row } else { row * self.columns() + column };
        let bytes = self.data.get(place * self.width..(place + 1) * self.width).unwrap_or_default();
        let word = |bytes: &[u8]| {
            // The eight bytes of the smallest first, with those that are not there.
            let mut all = [0; 8];
            for (i, byte) in bytes.iter().take(8).enumerate() {
                all[if self.is_big { bytes.len() - 1 - i } else { i }] = *byte;
            }
            u64::from_le_bytes(all)
        };
        let bits = word(bytes);
        match (self.kind, self.width) {
            ('f', 2) => number(f64::from(Half::from_bits(bits as u16).to_f32())),
            ('f', 4) => number(f32::from_bits(bits as u32)),
            ('f', _) => number(f64::from_bits(bits)),
            ('i', width) => {
                let unused = 64 - 8 * width as u32;
                (((bits << unused) as i64) >> unused).to_string()
            }
            ('u', _) => bits.to_string(),
            ('b', _) => (bits != 0).to_string(),
            ('U', _) => {
                let letters = bytes.chunks_exact(4).map(|letter| word(letter) as u32).take_while(|&letter| letter != 0);
                letters.map(|letter| char::from_u32(letter).unwrap_or('\u{fffd}')).collect()
            }
            _ => String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned(),
        }
    }
}

fn pictures(array: &Array) -> DataError {
    let name = if array.name.is_empty() { "The array".to_owned() } else { format!("\"{}\"", array.name) };
    let size = array.size();
    DataError::new(format!(
        "{name} has {} dimensions ({size}): pictures or sequences rather than rows of a table. Save pictures as IDX files.",
        array.shape.len()
    ))
}

/// A single array.
pub fn read(file: &Path, rows: &mut Rows) -> Result<Written, DataError> {
    let damaged = |error: &dyn std::fmt::Display| DataError::new(format!("Can't read the array: {error}."));
    let mut bytes = Vec::new();
    let from = File::open(file).map_err(|error| damaged(&error))?;
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| damaged(&error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(DataError::new("The array is too large for memory. Save a part of it to a new file."));
    }
    let array = Array::of(String::new(), bytes).map_err(|why| DataError::new(format!("The array {why}.")))?;
    if array.shape.len() > 2 {
        return Err(pictures(&array));
    }
    if !array.is_table() || array.rows() == 0 {
        return Err(DataError::new("The array is empty, or a single number. A table has rows and columns."));
    }
    check_size(array.rows() as u64, array.columns())?;
    let names: Vec<String> = (1..=array.columns()).map(|column| format!("column {column}")).collect();
    write(&[&array], &names, rows)?;
    Ok(Written::default())
}

fn write(arrays: &[&Array], names: &[String], rows: &mut Rows) -> Result<(), DataError> {
    rows.header(names.iter().map(String::as_str))?;
    let count = arrays.first().map_or(0, |array| array.rows());
    for row in 0..count {
        for array in arrays {
            for column in 0..array.columns() {
                rows.cell(&array.cell(row, column))?;
            }
        }
        rows.end_row()?;
    }
    Ok(())
}

/// The arrays of an archive that belong to the same samples, side by side.
pub fn read_archive(file: &Path, rows: &mut Rows) -> Result<Written, DataError> {
    let (arrays, mut left_out) = unpack(file)?;
    let is = |array: &&Array, words: &[&str]| words.contains(&array.name.to_ascii_lowercase().as_str());
    let for_training = arrays.iter().any(|array| array.name.to_ascii_lowercase().contains("train"));
    let belongs = |array: &&Array| !for_training || array.name.to_ascii_lowercase().contains("train");
    let tables = || arrays.iter().filter(|array| array.is_table() && array.rows() > 1).filter(belongs);
    let target = tables().find(|array| is(array, &TARGETS));
    let widest = || tables().max_by_key(|array| (array.columns() > 1, array.rows()));
    let Some(count) = target.or_else(widest).map(Array::rows) else {
        return Err(arrays.iter().find(|array| array.shape.len() > 2).map_or_else(
            || DataError::new(format!("The archive has no array with rows and columns. {}", said(&left_out))),
            pictures,
        ));
    };
    if let Some(array) = arrays.iter().filter(belongs).find(|array| array.shape.len() > 2 && array.rows() == count) {
        return Err(pictures(array));
    }
    let mut chosen: Vec<&Array> = tables().filter(|array| array.rows() == count).collect();
    // What is predicted comes last.
    chosen.sort_by_key(|array| is(array, &TARGETS));
    let names_of = |array: &Array| {
        let words = arrays.iter().filter(|words| is(words, &NAMES) && matches!(words.kind, 'U' | 'S'));
        words
            .filter(|words| words.shape.len() == 1 && words.rows() == array.columns())
            .find(|words| words.rows() != count)
    };
    let mut names = Vec::new();
    let mut used: Vec<&str> = chosen.iter().map(|array| array.name.as_str()).collect();
    for array in &chosen {
        match (array.columns(), names_of(array)) {
            (1, _) => names.push(array.name.clone()),
            (columns, Some(words)) => {
                names.extend((0..columns).map(|column| words.cell(column, 0)));
                used.push(&words.name);
            }
            (columns, None) => names.extend((1..=columns).map(|column| format!("{} {column}", array.name))),
        }
    }
    check_size(count as u64, names.len())?;
    let others = arrays.iter().filter(|array| !used.contains(&array.name.as_str()));
    left_out.splice(0..0, others.map(|array| format!("\"{}\" ({})", array.name, array.size())));
    write(&chosen, &names, rows)?;
    let notes = if left_out.is_empty() { Vec::new() } else { vec![said(&left_out)] };
    Ok(Written { notes, ..Written::default() })
}

fn said(left_out: &[String]) -> String {
    if left_out.is_empty() { String::new() } else { format!("Arrays that are left out: {}.", left_out.join(", ")) }
}

/// The arrays that can be read, and of the others why not.
fn unpack(file: &Path) -> Result<(Vec<Array>, Vec<String>), DataError> {
    const MOST: usize = 1000;
    let damaged = |error: &dyn std::fmt::Display| DataError::new(format!("Can't read the archive: {error}."));
    let from = BufReader::new(File::open(file).map_err(|error| damaged(&error))?);
    let mut archive = ZipArchive::new(from).map_err(|error| damaged(&error))?;
    let (mut arrays, mut refused, mut left) = (Vec::new(), Vec::new(), MAX_BYTES);
    for place in 0..archive.len().min(MOST) {
        let part = archive.by_index(place).map_err(|error| damaged(&error))?;
        let name = part.name().map_err(|error| damaged(&error))?.trim_end_matches(".npy").to_owned();
        let mut bytes = Vec::new();
        part.take(left + 1).read_to_end(&mut bytes).map_err(|error| damaged(&error))?;
        left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            DataError::new("The arrays are too large for memory. Save those that are needed to a new file.")
        })?;
        match Array::of(name.clone(), bytes) {
            Ok(array) => arrays.push(array),
            Err(why) => refused.push(format!("\"{name}\" {why}")),
        }
    }
    Ok((arrays, refused))
}
