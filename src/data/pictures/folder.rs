//! A folder of pictures: which files are in it, of which class and which part. Opens none of them.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::find::{Found, part};
use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};
use crate::expr::counted;

/// More than these are no folder of pictures.
const MAX_FILES: usize = 2_000_000;
const MAX_DEPTH: usize = 32;

/// A folder with a folder of pictures for each class, or with parts that are such folders. `has_own_test`: a part for
/// tests is one where there is no other to validate with.
pub(super) fn find(root: &Path, has_own_test: bool, progress: &dyn Progress) -> Result<Found, DataError> {
    let mut walk = Walk::new(root, progress)?;
    let (root, listed) = inner(root)?;
    let mut found = Found::default();
    let [train, validation, test] =
        [0, 1, 2].map(|number| listed.folders.iter().find(|path| part(&name(path)) == Some(number)).cloned());
    let own = |part: &PathBuf, what: &str| format!("The folder's own part {} is {what}.", name(part));
    let [first, second, third] = match (train, validation, test) {
        (Some(train), None, Some(test)) if !has_own_test => [Some(train), Some(test), None],
        (Some(train), validation, test) if validation.is_some() || test.is_some() => [Some(train), validation, test],
        _ => [Some(root.clone()), None, None],
    };
    found.notes.extend(second.iter().map(|part| own(part, "used for validation")));
    found.notes.extend(third.iter().map(|part| own(part, "set aside for the test")));
    let has = [second.is_some(), third.is_some()];
    let parts = [first, second, third];
    let mut outside = 0;
    let mut classes: Vec<(String, usize, PathBuf)> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let Some(part) = part else { continue };
        let listed = list(part)?;
        outside += listed.files.len();
        classes.extend(listed.folders.into_iter().map(|folder| (name(&folder), number, folder)));
    }
    found.classes = classes.iter().map(|(name, ..)| name.clone()).collect();
    found.classes.sort_by(|a, b| natural(a, b));
    found.classes.dedup();
    let mut entries = [Vec::new(), Vec::new(), Vec::new()];
    for (class, name) in found.classes.iter().enumerate() {
        for (_, part, folder) in classes.iter().filter(|(of, ..)| of == name) {
            let files = walk.files(folder)?;
            entries[*part].extend(files.into_iter().map(|path| (path.into(), class)));
        }
    }
    let [train, validation, test] = entries;
    (found.validation, found.test) = (has[0].then_some(validation), has[1].then_some(test));
    found.train = train;
    if found.classes.len() < 2 {
        return Err(DataError::new(one_class(&root, &found, outside)));
    }
    if outside > 0 {
        let files = counted(outside, "file");
        found.notes.push(
            format!("Outside the folders of the classes, {files} were left out.").replace("1 file were", "1 file was"),
        );
    }
    found.notes.append(&mut walk.notes);
    Ok(found)
}

fn one_class(root: &Path, found: &Found, outside: usize) -> String {
    let needed = "Pictures are sorted into a folder for each class (cats/, dogs/), at least two";
    match found.classes.first() {
        Some(class) => format!("{needed}, but there is only the folder {class}: {}", root.display()),
        None if outside > 0 => format!(
            "{needed}, or their classes stand in a table beside them; but these lie in one folder: {}. To find things in \
             them, draw boxes: open it with Find things in pictures, or glassbox new detect",
            root.display()
        ),
        None => format!("{needed}, but there is none: {}", root.display()),
    }
}

/// The folder itself, or the one in which everything lies, as archives have it.
fn inner(root: &Path) -> Result<(PathBuf, Listed), DataError> {
    let (mut at, mut listed) = (root.to_path_buf(), list(root)?);
    for _ in 0..MAX_DEPTH {
        let [only] = &listed.folders[..] else { break };
        let below = list(only)?;
        if !listed.files.is_empty() || below.folders.len() < 2 && !below.files.is_empty() {
            break;
        }
        (at, listed) = (only.clone(), below);
    }
    Ok((at, listed))
}

/// Every file below a folder, in natural order.
pub(in crate::data) fn all_files(
    root: &Path,
    progress: &dyn Progress,
) -> Result<(Vec<PathBuf>, Vec<String>), DataError> {
    let mut walk = Walk::new(root, progress)?;
    let files = walk.files(root)?;
    Ok((files, walk.notes))
}

#[derive(Debug, Default)]
pub(super) struct Listed {
    pub files: Vec<PathBuf>,
    pub folders: Vec<PathBuf>,
}

pub(in crate::data) fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// What a data set is called by its folder.
pub(in crate::data) fn title(path: &Path) -> String {
    let name = name(path);
    if name.is_empty() { "Pictures".to_owned() } else { name }
}

/// What a folder is called that says nothing of what is in its pictures.
pub(super) fn is_no_class(folder: &str) -> bool {
    const CALLED: [&str; 14] = [
        "images",
        "image",
        "imgs",
        "img",
        "pictures",
        "photos",
        "jpegimages",
        "data",
        "masks",
        "labels",
        "annotations",
        "images_train",
        "images_test",
        "unlabeled",
    ];
    let folder = folder.to_lowercase();
    part(&folder).is_some() || CALLED.contains(&folder.as_str())
}

/// What systems and programs leave behind.
fn is_junk(name: &str) -> bool {
    const LEFT: [&str; 6] = ["thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "icon\r"];
    name.starts_with('.') || LEFT.contains(&name.to_lowercase().as_str())
}

pub(super) fn list(folder: &Path) -> Result<Listed, DataError> {
    let told =
        |error: std::io::Error| DataError::new(format!("The folder can't be read ({error}): {}", folder.display()));
    let mut listed = Listed::default();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if is_junk(&name(&path)) {
            continue;
        }
        let all = if path.is_dir() { &mut listed.folders } else { &mut listed.files };
        all.push(path);
        if listed.files.len() + listed.folders.len() > MAX_FILES {
            return Err(too_many(folder));
        }
    }
    for all in [&mut listed.files, &mut listed.folders] {
        all.sort_by(|a, b| natural(&name(a), &name(b)));
    }
    Ok(listed)
}

fn too_many(folder: &Path) -> DataError {
    DataError::new(format!("There are more than {MAX_FILES} files. Choose a folder of pictures: {}", folder.display()))
}

/// Goes through folders, each once, however links lead.
struct Walk<'a> {
    root: PathBuf,
    seen: HashSet<PathBuf>,
    count: usize,
    notes: Vec<String>,
    progress: &'a dyn Progress,
}

impl<'a> Walk<'a> {
    fn new(root: &Path, progress: &'a dyn Progress) -> Result<Self, DataError> {
        if !root.is_dir() {
            return Err(DataError::new(format!("There is no such folder: {}", root.display())));
        }
        let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        Ok(Self { root, seen: HashSet::new(), count: 0, notes: Vec::new(), progress })
    }

    fn files(&mut self, folder: &Path) -> Result<Vec<PathBuf>, DataError> {
        let mut files = Vec::new();
        self.go(folder, 0, &mut files)?;
        Ok(files)
    }

    fn go(&mut self, folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
        stop_if_cancelled(self.progress)?;
        let real = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
        // A link to where it came from, or above, has nothing new.
        let is_above = depth > 0 && self.root.starts_with(&real);
        if is_above || depth > MAX_DEPTH || !self.seen.insert(real) {
            return Ok(());
        }
        let listed = match list(folder) {
            Ok(listed) => listed,
            Err(error) => {
                self.notes.push(error.message);
                return Ok(());
            }
        };
        self.count += listed.files.len();
        if self.count > MAX_FILES {
            return Err(too_many(&self.root));
        }
        files.extend(listed.files);
        listed.folders.iter().try_for_each(|folder| self.go(folder, depth + 1, files))
    }
}

/// As people count: "2" before "10", whatever the case.
pub(in crate::data) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while let (Some(one), Some(two)) = (left.chars().next(), right.chars().next()) {
        let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (n, m) = (digits(left), digits(right));
        if n > 0 && m > 0 {
            let (x, y) = (left[..n].trim_start_matches('0'), right[..m].trim_start_matches('0'));
            match x.len().cmp(&y.len()).then_with(|| x.cmp(y)) {
                Ordering::Equal => (left, right) = (&left[n..], &right[m..]),
                other => return other,
            }
            continue;
        }
        match one.to_lowercase().cmp(two.to_lowercase()) {
            Ordering::Equal => (left, right) = (&left[one.len_utf8()..], &right[two.len_utf8()..]),
            other => return other,
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}
