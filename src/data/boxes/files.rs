//! The files of a folder by kind, and which picture a label is of. Opens them only where it is asked to.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::data::DataError;
use crate::data::pictures::folder;
use crate::data::progress::Progress;

const PICTURES: [&str; 7] = ["jpg", "jpeg", "png", "bmp", "webp", "gif", "jfif"];
/// What folders of pictures, and of their labels, are called.
const PICTURES_IN: [&str; 6] = ["images", "image", "imgs", "img", "jpegimages", "pictures"];
const LABELS_IN: [&str; 6] = ["labels", "label", "annotations", "annotation", "xml", "xmls"];

/// Everything below a folder.
pub(in crate::data) struct Files {
    pub root: PathBuf,
    pub pictures: Vec<PathBuf>,
    pub others: Vec<PathBuf>,
    pub notes: Vec<String>,
    /// Indices of pictures by their name in small letters without its ending.
    by_stem: HashMap<String, Vec<usize>>,
}

/// In small letters.
pub(in crate::data) fn ending(path: &Path) -> String {
    path.extension().map_or_else(String::new, |ending| ending.to_string_lossy().to_lowercase())
}

/// The name without its ending, in small letters.
pub(in crate::data) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().to_lowercase())
}

impl Files {
    pub fn find(root: &Path, progress: &dyn Progress) -> Result<Self, DataError> {
        let (all, notes) = folder::all_files(root, progress)?;
        let (pictures, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|path| PICTURES.contains(&ending(path).as_str()));
        let mut by_stem: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, picture) in pictures.iter().enumerate() {
            by_stem.entry(stem(picture)).or_default().push(at);
        }
        Ok(Self { root: root.to_path_buf(), pictures, others, notes, by_stem })
    }

    pub fn with_ending<'a>(&'a self, endings: &'a [&str]) -> impl Iterator<Item = &'a PathBuf> + 'a {
        self.others.iter().filter(|path| endings.contains(&ending(path).as_str()))
    }

    /// As it stands in the folder, with `/` on every system.
    pub fn below(&self, path: &Path) -> String {
        self.parts(path).join("/")
    }

    /// Its folders, and its name.
    pub fn parts(&self, path: &Path) -> Vec<String> {
        let below = path.strip_prefix(&self.root).unwrap_or(path).components();
        below.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    }

    /// The picture of the same name that lies nearest to a label.
    pub fn picture_of(&self, label: &Path) -> Option<usize> {
        self.nearest(&stem(label), &self.folders(label))
    }

    /// The picture that a label calls so, with or without folders and an ending; `label`: the file that says so.
    pub fn picture_called(&self, name: &str, label: &Path) -> Option<usize> {
        let mut parts: Vec<&str> = name.trim().split(['/', '\\']).filter(|part| !part.is_empty()).collect();
        let last = parts.pop()?;
        let stated: Vec<String> = parts.into_iter().map(plain).collect();
        let cut = last.rsplit_once('.').filter(|(_, end)| PICTURES.contains(&end.to_lowercase().as_str()));
        let candidates = self.by_stem.get(&cut.map_or(last, |(stem, _)| stem).to_lowercase())?;
        let folders = self.folders(label);
        let rank = |&at: &usize| {
            let own = self.folders(&self.pictures[at]);
            let as_stated = own.iter().rev().zip(stated.iter().rev()).take_while(|(a, b)| a == b).count();
            let is_called = folder::name(&self.pictures[at]).eq_ignore_ascii_case(last);
            (as_stated, is_called, near(&own, &folders))
        };
        best(candidates, rank)
    }

    fn nearest(&self, stem: &str, folders: &[String]) -> Option<usize> {
        best(self.by_stem.get(stem)?, |&at| near(&self.folders(&self.pictures[at]), folders))
    }

    /// How near a label lies to a picture of the same name.
    pub fn nearness(&self, label: &Path, picture: usize) -> usize {
        near(&self.folders(&self.pictures[picture]), &self.folders(label))
    }

    /// Those of a file, without what only says that pictures or labels are in it.
    fn folders(&self, path: &Path) -> Vec<String> {
        let mut parts = self.parts(path);
        parts.pop();
        parts.iter().map(|part| plain(part)).collect()
    }
}

/// The first of the highest rank.
fn best<R: Ord>(candidates: &[usize], rank: impl Fn(&usize) -> R) -> Option<usize> {
    candidates.iter().rev().max_by_key(|at| rank(at)).copied()
}

fn plain(folder: &str) -> String {
    let folder = folder.to_lowercase();
    if PICTURES_IN.contains(&folder.as_str()) || LABELS_IN.contains(&folder.as_str()) { "*".into() } else { folder }
}

/// By folders that are shared, from above and from below.
fn near(one: &[String], other: &[String]) -> usize {
    if one == other {
        return usize::MAX;
    }
    let above = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let below = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    above + below
}

/// The bytes of a small file, or why it isn't read.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| format!("can't be read: {error}");
    // Before it is opened: a pipe would wait for ever.
    let there = std::fs::metadata(path).map_err(told)?;
    if !there.is_file() {
        return Err("not a file".into());
    }
    if there.len() > most {
        return Err(format!("larger than {} MB", most >> 20));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(told)?.take(most).read_to_end(&mut bytes).map_err(told)?;
    Ok(bytes)
}

/// What is no UTF-8 is marked as such.
pub(in crate::data) fn read_text(path: &Path, most: u64) -> Result<String, String> {
    let bytes = read(path, most)?;
    let encoding = encoding_rs::Encoding::for_bom(&bytes).map_or(encoding_rs::UTF_8, |(encoding, _)| encoding);
    Ok(encoding.decode(&bytes).0.into_owned())
}
