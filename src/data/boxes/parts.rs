//! Which pictures are for training, validation and testing, as a folder says it: by lists of names, or by the names of
//! its folders.

use std::collections::HashMap;
use std::path::PathBuf;

use super::files::{Files, read_text, stem};

const MAX_LIST: u64 = 256 << 20;

/// What a picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Train,
    Validation,
    Test,
}

impl Part {
    fn of_word(word: &str) -> Option<Self> {
        match word {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" | "dev" => Some(Self::Validation),
            "test" | "testing" => Some(Self::Test),
            _ => None,
        }
    }

    /// By the innermost folder whose name says it: "train", "val2017".
    fn of_folders(folders: &[String]) -> Option<Self> {
        let word = |folder: &String| {
            let folder = folder.to_lowercase();
            Self::of_word(folder.trim_matches(|letter: char| !letter.is_alphabetic()))
        };
        folders.iter().rev().find_map(word)
    }

    /// By what a file of labels is called, or the folder it lies in.
    pub(super) fn of_file(parts: &[String]) -> Option<Self> {
        let (name, folders) = parts.split_last()?;
        let name = name.to_lowercase();
        let mut words = name.split(|letter: char| !letter.is_alphabetic());
        words.find_map(Self::of_word).or_else(|| Self::of_folders(folders))
    }
}

/// Of each picture that is in one; empty where the folder has no parts. `known`: what the labels say.
pub(super) fn find(files: &Files, known: HashMap<usize, Part>) -> HashMap<usize, Part> {
    let by_folder = || {
        let part = |(at, path): (usize, &PathBuf)| {
            let mut folders = files.parts(path);
            folders.pop();
            Part::of_folders(&folders).map(|part| (at, part))
        };
        files.pictures.iter().enumerate().filter_map(part).collect::<HashMap<_, _>>()
    };
    let all = [lists(files), by_folder(), known];
    all.into_iter().find(are_parts).unwrap_or_default()
}

fn are_parts(parts: &HashMap<usize, Part>) -> bool {
    let has = |part| parts.values().any(|of| *of == part);
    has(Part::Train) && (has(Part::Validation) || has(Part::Test))
}

/// train.txt and the like, as in ImageSets/Main: a name in each line, with or without folders and an ending.
fn lists(files: &Files) -> HashMap<usize, Part> {
    let mut parts = HashMap::new();
    for path in files.with_ending(&["txt"]) {
        let folders = files.parts(path);
        let folders: Vec<String> = folders.iter().map(|folder| folder.to_lowercase()).collect();
        let folders = &folders[..folders.len() - 1];
        // Beside those of things: of outlines, of parts of the body.
        let is_of_things = !folders.iter().any(|folder| folder == "imagesets")
            || folders.last().is_some_and(|folder| folder == "main" || folder == "imagesets");
        let Some(part) = Part::of_word(&stem(path)).filter(|_| is_of_things) else { continue };
        let Ok(text) = read_text(path, MAX_LIST) else { continue };
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let found: Vec<usize> = lines.iter().filter_map(|line| files.picture_called(line, path)).collect();
        if found.len() * 2 > lines.len() {
            parts.extend(found.into_iter().map(|picture| (picture, part)));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_and_files_say_the_part() {
        let words = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(Part::of_folders(&words("data/images/train")), Some(Part::Train));
        assert_eq!(Part::of_folders(&words("train/data/val2017")), Some(Part::Validation));
        assert_eq!(Part::of_folders(&words("test_tubes/trainval")), None);
        assert_eq!(Part::of_file(&words("annotations/instances_val2017.json")), Some(Part::Validation));
        assert_eq!(Part::of_file(&words("test/_annotations.coco.json")), Some(Part::Test));
        assert_eq!(Part::of_file(&words("annotations/latest.json")), None);
    }
}
