//! Pictures in a column of a Parquet or Arrow file: encoded as files are, as bytes or, as Hugging Face has them, as
//! records of bytes and a path. Another column has their classes.
//!
//! The encoded pictures are copied to a temporary file, out of which any of them can be read again.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType, Schema};

use super::find::{Asked, Entry, Found, part_of};
use super::labels::{self, Column, Labels};
use super::place::{Form, Inside, Pack, Place};
use crate::data::DataError;
use crate::data::csv::{Batches, Head, has_batches, read_batches};
use crate::data::progress::{Progress, stop_if_cancelled};

/// What the encoded pictures may take on disk.
const MOST_COPIED: u64 = 20_000_000_000;
/// More is no picture.
const MOST_BYTES: usize = 256 << 20;
/// What the texts of a column may take; a column beyond has no classes.
const MOST_TEXT: usize = 64 << 20;
const MOST_FILES: usize = 2000;
const MOST_ROWS: usize = 20_000_000;

/// All such files of a folder, or of the one called data in it; `None`: there are none with pictures.
pub(super) fn in_folder(root: &Path, asked: Asked, progress: &dyn Progress) -> Result<Option<Found>, DataError> {
    let Ok(listed) = super::folder::list(root) else { return Ok(None) };
    let within = listed.folders.iter().find(|folder| super::folder::name(folder).eq_ignore_ascii_case("data"));
    let files = |files: Vec<PathBuf>| {
        let ends = |file: &PathBuf| file.extension().is_some_and(|e| e == "parquet" || e == "arrow");
        files.into_iter().filter(ends).filter(|file| has_batches(file)).take(MOST_FILES).collect::<Vec<_>>()
    };
    let mut found = files(listed.files);
    if found.is_empty()
        && let Some(Ok(listed)) = within.map(|folder| super::folder::list(folder))
    {
        found = files(listed.files);
    }
    if found.first().is_some_and(|file| has_pictures(file)) {
        read(&found, asked, progress).map(Some)
    } else {
        Ok(None)
    }
}

/// One file; `None`: it is no such file.
pub(super) fn in_file(file: &Path, asked: Asked, progress: &dyn Progress) -> Result<Option<Found>, DataError> {
    let asked = Asked { has_own_test: false, ..asked };
    if has_batches(file) { read(&[file.to_path_buf()], asked, progress).map(Some) } else { Ok(None) }
}

/// Whether it is such a file, and one of its columns can hold pictures.
pub(super) fn has_pictures(file: &Path) -> bool {
    let mut look = Look(false);
    if has_batches(file) {
        // What cannot be read has no pictures.
        let _ = read_batches(file, &mut look);
    }
    look.0
}

/// Whether there are pictures.
struct Look(bool);

impl Batches for Look {
    fn choose(&mut self, head: &Head) -> Result<Vec<usize>, DataError> {
        self.0 = picture_column(head.schema).is_some();
        Err(DataError::new("Looked at."))
    }

    fn take(&mut self, _batch: &RecordBatch) -> Result<(), DataError> {
        Ok(())
    }
}

fn read(files: &[PathBuf], asked: Asked, progress: &dyn Progress) -> Result<Found, DataError> {
    let mut all: Option<Copy> = None;
    let (mut packs, mut copied) = (Vec::new(), 0);
    for path in files {
        let named = |error: DataError| DataError::new(format!("{} File: {}", error.message, path.display()));
        let temporary =
            |error: std::io::Error| named(DataError::new(format!("Couldn't make room to unpack it ({error}).")));
        let file = tempfile::tempfile().map_err(temporary)?;
        let again = file.try_clone().map_err(temporary)?;
        let mut copy = Copy::new(file, copied, progress);
        read_batches(path, &mut copy).and_then(|()| copy.end()).map_err(named)?;
        copied = copy.copied;
        let part = part_of(path).filter(|_| files.len() > 1);
        packs.push((Pack::new(path, again, Form::Encoded), std::mem::take(&mut copy.places), part));
        match &mut all {
            None => all = Some(copy),
            Some(all) => all.append(copy, &files[0]).map_err(named)?,
        }
    }
    let Some(copy) = all else { return Err(DataError::new("There are no files.")) };
    let found = copy.labels(asked.label);
    let rows = packs.iter().map(|(_, places, _)| places.len()).sum();
    let found = if asked.without_labels { found.or_else(|_| Ok(unlabelled(rows))) } else { found };
    let mut labels =
        found.map_err(|why: String| DataError::new(format!("{why}. The pictures lie in {}", files[0].display())))?;
    let mut notes = vec![format!("The pictures are those of the column \"{}\".", copy.picture)];
    notes.append(&mut labels.notes);
    let (parts, without) = parts(packs, &labels);
    if without > 0 {
        let said = if without == 1 {
            "1 picture has no label and was".into()
        } else {
            format!("{without} pictures have no label and were")
        };
        notes.push(format!("{said} left out."));
    }
    Ok(Found::of(labels.classes, parts, asked.has_own_test, notes))
}

/// Where the pictures of a file lie, and which part it is.
type Packed = (Arc<Pack>, Vec<(u64, usize)>, Option<usize>);

/// With how many have no label.
fn parts(packs: Vec<Packed>, labels: &Labels) -> ([Vec<Entry>; 3], usize) {
    let mut parts: [Vec<Entry>; 3] = [Vec::new(), Vec::new(), Vec::new()];
    let (mut row, mut without) = (0, 0);
    for (pack, places, part) in packs {
        for (place, (at, len)) in places.into_iter().enumerate() {
            let inside = Inside { pack: pack.clone(), row: place as u64, at, len };
            match labels.of[row] {
                Some(class) => parts[labels.part[row].or(part).unwrap_or(0)].push((Place::Inside(inside), class)),
                None => without += 1,
            }
            row += 1;
        }
    }
    (parts, without)
}

/// Pictures that are copied out of a file, with its other columns.
struct Copy<'a> {
    file: BufWriter<File>,
    at: u64,
    /// With those of files before.
    copied: u64,
    /// First byte and length of each picture.
    places: Vec<(u64, usize)>,
    /// What their column is called, and its place in a batch.
    picture: String,
    picture_at: usize,
    columns: Vec<Column>,
    /// Their places in a batch, and room for the text of each.
    columns_at: Vec<usize>,
    room: Vec<usize>,
    /// By the name of a column of numbers, what its classes are called.
    names: HashMap<String, Vec<String>>,
    progress: &'a dyn Progress,
}

impl<'a> Copy<'a> {
    fn new(file: File, copied: u64, progress: &'a dyn Progress) -> Self {
        Self {
            file: BufWriter::new(file),
            at: 0,
            copied,
            places: Vec::new(),
            picture: String::new(),
            picture_at: 0,
            columns: Vec::new(),
            columns_at: Vec::new(),
            room: Vec::new(),
            names: HashMap::new(),
            progress,
        }
    }

    fn end(&mut self) -> Result<(), DataError> {
        self.file.flush().map_err(|error| uncopied(&error))?;
        if !self.places.is_empty() && self.places.iter().all(|(_, len)| *len == 0) {
            let text = format!("The column \"{}\" has no pictures, only paths or nothing.", self.picture);
            return Err(DataError::new(text));
        }
        Ok(())
    }

    /// The columns of another file below these.
    fn append(&mut self, other: Self, first: &Path) -> Result<(), DataError> {
        let names = |copy: &Self| copy.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        if names(self) != names(&other) || self.names != other.names {
            return Err(DataError::new(format!("It has other columns than {}.", first.display())));
        }
        for (at, column) in other.columns.into_iter().enumerate() {
            self.columns[at].cells.extend(column.cells);
            self.room[at] = self.room[at].min(other.room[at]);
        }
        Ok(())
    }

    /// As the file declares them, or as its columns look. `wanted`: the column, or nothing.
    fn labels(&self, wanted: &str) -> Result<Labels, String> {
        let kept = || self.columns.iter().zip(&self.room).filter(|(_, room)| **room > 0).map(|(column, _)| column);
        let is_meant = |column: &&Column| wanted.is_empty() || column.name == wanted;
        let mut meant = kept().filter(is_meant);
        if let Some((column, names)) = meant.find_map(|column| Some((column, self.names.get(&column.name)?))) {
            return Ok(declared(column, names));
        }
        labels::choose(&kept().cloned().collect::<Vec<_>>(), wanted)
    }
}

fn uncopied(error: &std::io::Error) -> DataError {
    DataError::new(format!("Couldn't unpack the pictures: {error}."))
}

fn unread(error: &ArrowError) -> DataError {
    DataError::new(format!("A column can't be read ({error})."))
}

/// All pictures, of one class without a name.
fn unlabelled(rows: usize) -> Labels {
    Labels { classes: vec![String::new()], of: vec![Some(0); rows], part: vec![None; rows], notes: Vec::new() }
}

/// A number without a name is none, as -1 of tests without answers.
fn declared(column: &Column, names: &[String]) -> Labels {
    let of = |cell: &String| cell.parse::<usize>().ok().filter(|class| *class < names.len());
    let of: Vec<Option<usize>> = column.cells.iter().map(of).collect();
    let note = format!("The classes are those of the column \"{}\", named as the file says.", column.name);
    Labels { classes: names.to_vec(), part: vec![None; of.len()], of, notes: vec![note] }
}

impl Batches for Copy<'_> {
    fn choose(&mut self, head: &Head) -> Result<Vec<usize>, DataError> {
        let fields = head.schema.fields();
        let found = picture_column(head.schema).ok_or_else(|| {
            let names = fields.iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ");
            DataError::new(format!("No column of it has pictures (bytes of JPEG, PNG ...). Its columns are: {names}."))
        })?;
        let wanted: Vec<usize> =
            (0..fields.len()).filter(|&at| at == found || has_text(fields[at].data_type())).collect();
        for (place, &at) in wanted.iter().enumerate() {
            if at == found {
                (self.picture, self.picture_at) = (fields[at].name().clone(), place);
            } else {
                self.columns.push(Column { name: fields[at].name().clone(), cells: Vec::new() });
                self.columns_at.push(place);
                self.room.push(MOST_TEXT);
            }
        }
        self.names = class_names(head);
        Ok(wanted)
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<(), DataError> {
        stop_if_cancelled(self.progress)?;
        if self.places.len() + batch.num_rows() > MOST_ROWS {
            return Err(DataError::new(format!("It has more than {MOST_ROWS} rows.")));
        }
        let pictures = bytes_of(batch.column(self.picture_at))?;
        let pictures = pictures.as_binary::<i64>();
        for row in 0..batch.num_rows() {
            let bytes = if pictures.is_valid(row) { pictures.value(row) } else { &[] };
            // What is no picture for its size is found to be cut short.
            let bytes = &bytes[..bytes.len().min(MOST_BYTES)];
            self.copied += bytes.len() as u64;
            if self.copied > MOST_COPIED {
                let text = format!("The pictures take more than {} GB.", MOST_COPIED / 1_000_000_000);
                return Err(DataError::new(text));
            }
            self.file.write_all(bytes).map_err(|error| uncopied(&error))?;
            self.places.push((self.at, bytes.len()));
            self.at += bytes.len() as u64;
        }
        let options = FormatOptions::new().with_display_error(false);
        for ((column, &at), room) in self.columns.iter_mut().zip(&self.columns_at).zip(&mut self.room) {
            let array = batch.column(at);
            let cells = ArrayFormatter::try_new(array.as_ref(), &options).map_err(|error| unread(&error))?;
            for row in 0..batch.num_rows() {
                if *room == 0 {
                    break;
                }
                let cell = if array.is_valid(row) {
                    cells.value(row).try_to_string().unwrap_or_default()
                } else {
                    String::new()
                };
                *room = room.saturating_sub(cell.len() + 24);
                column.cells.push(cell.trim().to_owned());
            }
        }
        Ok(())
    }
}

/// Whether a column can hold classes or parts.
fn has_text(of: &DataType) -> bool {
    match of {
        DataType::Dictionary(_, values) => has_text(values),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Boolean => true,
        other => other.is_integer(),
    }
}

fn has_bytes(of: &DataType) -> bool {
    matches!(of, DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
}

/// Records of bytes, or bytes; rather what is called image.
fn picture_column(schema: &Schema) -> Option<usize> {
    let rank = |at: &usize| {
        let field = schema.field(*at);
        let is_called = ["image", "img", "picture", "photo", "jpg", "png"].contains(&&*field.name().to_lowercase());
        match field.data_type() {
            DataType::Struct(fields) => fields
                .iter()
                .any(|field| field.name() == "bytes" && has_bytes(field.data_type()))
                .then_some((0, !is_called)),
            of => has_bytes(of).then_some((1, !is_called)),
        }
    };
    (0..schema.fields().len()).filter(|at| rank(at).is_some()).min_by_key(rank)
}

/// The bytes of pictures, as one type.
fn bytes_of(column: &ArrayRef) -> Result<ArrayRef, DataError> {
    let bytes = match column.data_type() {
        DataType::Struct(_) => column.as_struct().column_by_name("bytes").cloned(),
        _ => Some(column.clone()),
    };
    let bytes = bytes.ok_or_else(|| DataError::new("The records of pictures have no bytes."))?;
    cast(&bytes, &DataType::LargeBinary).map_err(|error| unread(&error))
}

/// What Hugging Face's datasets note beside the columns.
fn class_names(head: &Head) -> HashMap<String, Vec<String>> {
    let mut all = HashMap::new();
    let Some(Ok(said)) = head.said.get("huggingface").map(|text| serde_json::from_str::<serde_json::Value>(text))
    else {
        return all;
    };
    let features = said.pointer("/info/features").and_then(|features| features.as_object());
    for (column, feature) in features.into_iter().flatten() {
        let names = feature.get("names").and_then(|names| names.as_array());
        let names: Option<Vec<String>> =
            names.and_then(|names| names.iter().map(|name| Some(name.as_str()?.to_owned())).collect());
        if let Some(names) = names.filter(|names| names.len() > 1 && feature["_type"] == "ClassLabel") {
            all.insert(column.clone(), names);
        }
    }
    all
}
