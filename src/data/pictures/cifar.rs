//! CIFAR-10 and CIFAR-100 as binary files (cs.toronto.edu/~kriz/cifar.html): a label, or a coarse and a fine one, and
//! all red, green and blue bytes of 32 x 32 pixels, picture by picture.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::find::{Entry, Found};
use super::folder::name;
use super::place::{Form, Inside, Pack, Place};
use crate::data::DataError;

const SIDE: u32 = 32;
const PIXELS: usize = 3 * 32 * 32;
const TEN: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
/// What a list of names may hold.
const MAX_NAMES: u64 = 1 << 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ten,
    Hundred,
}

impl Kind {
    fn classes(self) -> usize {
        match self {
            Self::Ten => 10,
            Self::Hundred => 100,
        }
    }

    fn labels(self) -> usize {
        match self {
            Self::Ten => 1,
            Self::Hundred => 2,
        }
    }

    fn record(self) -> usize {
        self.labels() + PIXELS
    }

    /// By its name; files of others end in .bin as well.
    fn of(file: &Path) -> Option<Self> {
        match name(file).to_lowercase().as_str() {
            "train.bin" | "test.bin" => Some(Self::Hundred),
            "test_batch.bin" => Some(Self::Ten),
            name => name.strip_prefix("data_batch_").is_some_and(|n| n.ends_with(".bin")).then_some(Self::Ten),
        }
    }
}

/// The files of a folder, or of one in it.
pub(super) fn in_folder(folder: &Path, has_own_test: bool) -> Result<Option<Found>, DataError> {
    let Ok(listed) = super::folder::list(folder) else { return Ok(None) };
    for folder in std::iter::once(folder).chain(listed.folders.iter().take(20).map(PathBuf::as_path)) {
        let Ok(listed) = super::folder::list(folder) else { continue };
        let is_pickle = |file: &&PathBuf| is_pickle(file);
        let all: Vec<PathBuf> = listed.files.iter().filter(|file| Kind::of(file).is_some()).cloned().collect();
        if !all.is_empty() {
            return read(&all, has_own_test).map(Some);
        }
        if let Some(file) = listed.files.iter().find(is_pickle) {
            return Err(pickled(file));
        }
    }
    Ok(None)
}

/// Whether a file is one of them by its name.
pub(super) fn is_called_so(file: &Path) -> bool {
    Kind::of(file).is_some()
}

/// One of them.
pub(super) fn in_file(file: &Path) -> Result<Option<Found>, DataError> {
    if is_pickle(file) {
        return Err(pickled(file));
    }
    match Kind::of(file) {
        Some(_) => read(&[file.to_path_buf()], false).map(Some),
        None => Ok(None),
    }
}

/// Python's, which can do anything to whoever opens them.
fn is_pickle(file: &Path) -> bool {
    let called = name(file);
    let is_meant =
        called.starts_with("data_batch_") || ["test_batch", "batches.meta", "train", "test"].contains(&&*called);
    let mut start = [0; 2];
    is_meant && file.is_file() && File::open(file).is_ok_and(|mut file| file.read_exact(&mut start).is_ok()) && {
        start[0] == 0x80 && (2..=5).contains(&start[1])
    }
}

fn pickled(file: &Path) -> DataError {
    DataError::new(format!(
        "These are CIFAR's files for Python (pickles), which run whatever their author wrote. Get the binary version \
         instead (cifar-10-binary.tar.gz or cifar-100-binary.tar.gz) and unpack it: {}",
        file.display()
    ))
}

fn read(files: &[PathBuf], has_own_test: bool) -> Result<Found, DataError> {
    let kinds: Vec<Kind> = files.iter().filter_map(|file| Kind::of(file)).collect();
    let Some(&kind) = kinds.first().filter(|kind| kinds.iter().all(|other| other == *kind)) else {
        let folder = files[0].parent().unwrap_or(&files[0]).display();
        return Err(DataError::new(format!("Files of CIFAR-10 and of CIFAR-100 lie in one folder: {folder}")));
    };
    let mut parts = [Vec::new(), Vec::new(), Vec::new()];
    for file in files {
        let part = if name(file).to_lowercase().starts_with("test") { 2 } else { 0 };
        parts[part].extend(entries(file, kind)?);
    }
    let (classes, mut notes) = names(&files[0], kind);
    if kind == Kind::Hundred {
        notes.push("The classes are the 100 fine ones.".into());
    }
    Ok(Found::of(classes, parts, has_own_test, notes))
}

fn entries(path: &Path, kind: Kind) -> Result<Vec<Entry>, DataError> {
    let told = |error: std::io::Error| DataError::new(format!("Can't read the file ({error}): {}", path.display()));
    let damaged = |what: &str| {
        DataError::new(format!("{what}. The file is damaged or no file of CIFAR; get it again: {}", path.display()))
    };
    let there = std::fs::metadata(path).map_err(told)?;
    let record = kind.record() as u64;
    if !there.is_file() || there.len() == 0 || !there.len().is_multiple_of(record) {
        return Err(damaged(&format!("Expected pictures of {record} bytes each, but it has {} bytes", there.len())));
    }
    let count = there.len() / record;
    if u32::try_from(count).is_err() {
        return Err(damaged("It has more pictures than can be counted"));
    }
    let file = File::open(path).map_err(told)?;
    let mut from = BufReader::with_capacity(1 << 18, file.try_clone().map_err(told)?);
    let pack = Pack::new(path, file, Form::Planes(SIDE));
    let mut entries = Vec::new();
    let mut bytes = vec![0; kind.record()];
    for row in 0..count {
        from.read_exact(&mut bytes).map_err(told)?;
        let class = usize::from(bytes[kind.labels() - 1]);
        if class >= kind.classes() {
            let most = kind.classes() - 1;
            return Err(damaged(&format!("Picture {row} has the class {class}, but the last is {most}")));
        }
        let at = row * record + kind.labels() as u64;
        entries.push((Place::Inside(Inside { pack: pack.clone(), row, at, len: PIXELS }), class));
    }
    Ok(entries)
}

/// As they stand in the list beside the files.
fn names(beside: &Path, kind: Kind) -> (Vec<String>, Vec<String>) {
    let list = match kind {
        Kind::Ten => "batches.meta.txt",
        Kind::Hundred => "fine_label_names.txt",
    };
    let mut text = String::new();
    let path = beside.with_file_name(list);
    if path.is_file()
        && let Ok(file) = File::open(path)
        && file.take(MAX_NAMES).read_to_string(&mut text).is_ok()
    {
        let names: Vec<String> = text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect();
        let mut all = names.clone();
        all.sort();
        all.dedup();
        if names.len() == kind.classes() && all.len() == names.len() {
            return (names, Vec::new());
        }
    }
    match kind {
        Kind::Ten => (TEN.map(str::to_owned).to_vec(), Vec::new()),
        Kind::Hundred => {
            let note = format!("Without {list} beside the files the classes have numbers for names.");
            ((0..100).map(|class| class.to_string()).collect(), vec![note])
        }
    }
}
