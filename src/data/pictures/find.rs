//! Which pictures there are, of which class and which part, however they come: files in folders of their classes, files
//! with a table of labels, a column of a Parquet or Arrow file, CIFAR's binary files.

use std::path::Path;

use super::place::Place;
use super::{cifar, column, folder, table};
use crate::data::DataError;
use crate::data::progress::Progress;

/// A picture and its class.
pub(super) type Entry = (Place, usize);

#[derive(Default)]
pub(super) struct Found {
    /// In natural order, or in that of their numbers.
    pub classes: Vec<String>,
    /// All pictures, or those for training where the data has parts.
    pub train: Vec<Entry>,
    /// Where the data has a part for it.
    pub validation: Option<Vec<Entry>>,
    /// Likewise.
    pub test: Option<Vec<Entry>>,
    pub notes: Vec<String>,
}

/// How pictures are looked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    /// A part for tests is one where there is no other to validate with.
    pub has_own_test: bool,
    /// The column with the classes; empty: the likeliest.
    pub label: &'a str,
    /// Pictures in a file needn't have classes: then they are all of one without a name.
    pub without_labels: bool,
}

pub(super) fn find(path: &Path, asked: Asked, progress: &dyn Progress) -> Result<Found, DataError> {
    if path.is_file() {
        return in_file(path, asked, progress);
    }
    let packed = cifar::in_folder(path, asked.has_own_test)?;
    if let Some(found) = packed.or(column::in_folder(path, asked, progress)?) {
        return Ok(found);
    }
    if !asked.label.is_empty() {
        return table::in_folder(path, asked, progress)?.ok_or_else(|| {
            let (column, path) = (asked.label, path.display());
            DataError::new(format!("No table here names the pictures, so none of its columns is \"{column}\": {path}"))
        });
    }
    let by_folder = folder::find(path, asked.has_own_test, progress);
    if by_folder.as_ref().is_ok_and(|found| !found.classes.iter().all(|name| folder::is_no_class(name))) {
        return by_folder;
    }
    match table::in_folder(path, asked, progress)? {
        Some(found) => Ok(found),
        None => by_folder,
    }
}

/// Pictures that are no files; `None`: they are.
pub(super) fn packed(path: &Path, asked: Asked, progress: &dyn Progress) -> Result<Option<Found>, DataError> {
    if path.is_file() {
        return Ok(cifar::in_file(path)?.or(column::in_file(path, asked, progress)?));
    }
    Ok(cifar::in_folder(path, asked.has_own_test)?.or(column::in_folder(path, asked, progress)?))
}

/// Whether a file has them in it.
pub fn are_packed(path: &Path) -> bool {
    path.is_file() && (cifar::is_called_so(path) || column::has_pictures(path))
}

fn in_file(path: &Path, asked: Asked, progress: &dyn Progress) -> Result<Found, DataError> {
    if let Some(found) = packed(path, asked, progress)? {
        return Ok(found);
    }
    let error = match table::of_file(path, asked, progress) {
        Ok(Some(found)) => return Ok(found),
        Ok(None) => DataError::new("No column of it names the pictures beside it."),
        Err(error) => error,
    };
    if table::is_table(path) {
        return Err(error);
    }
    let what = super::decode::kind(path);
    Err(DataError::new(format!(
        "This is {what}. Choose a folder of pictures, a table that names their classes, a Parquet or Arrow file with a \
         column of pictures, or CIFAR's binary files: {}",
        path.display()
    )))
}

impl Found {
    /// Of entries for training, validation and the test, as the data marks them.
    pub fn of(classes: Vec<String>, parts: [Vec<Entry>; 3], has_own_test: bool, notes: Vec<String>) -> Self {
        let mut found = Self { classes, notes, ..Self::default() };
        let [train, validation, test] = parts;
        let filled = [&train, &validation, &test].iter().filter(|part| !part.is_empty()).count();
        if filled < 2 || train.is_empty() {
            found.train = [train, validation, test].concat();
            return found;
        }
        found.train = train;
        if !validation.is_empty() {
            found.notes.push("The data's own part for validation is used.".into());
            found.validation = Some(validation);
        }
        if test.is_empty() {
            return found;
        }
        if found.validation.is_none() && !has_own_test {
            found.notes.push("The data's own part for testing is used for validation.".into());
            found.validation = Some(test);
        } else {
            found.notes.push("The data's own part for testing is set aside for the test.".into());
            found.test = Some(test);
        }
        found
    }
}

/// Which part a word means: 0 for training, 1 for validation, 2 for the test.
pub(super) fn part(word: &str) -> Option<usize> {
    match word.trim().to_lowercase().as_str() {
        "train" | "training" => Some(0),
        "val" | "valid" | "validation" | "dev" => Some(1),
        "test" | "testing" => Some(2),
        _ => None,
    }
}

/// Likewise of a file, by its name and, failing that, by the folder it lies in.
pub(super) fn part_of(path: &Path) -> Option<usize> {
    let words = |name: String| name.split(|c: char| !c.is_alphanumeric()).find_map(part);
    words(folder::name(path)).or_else(|| words(folder::name(path.parent()?)))
}
