//! Which files of a folder are pictures and labels, and of which part, by their names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::data::DataError;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    pub images: PathBuf,
    pub labels: PathBuf,
}

#[derive(Debug, PartialEq)]
pub(super) enum Pairs {
    Single(Pair),
    TrainAndTest { train: Pair, test: Pair },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PartName {
    Train,
    Test,
    /// The name does not say.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Content {
    Images,
    Labels,
}

/// Finds a training and a test pair, or one pair of any name. A plain file is preferred to its .gz twin.
pub(super) fn find(folder: &Path) -> Result<Pairs, DataError> {
    let names = list(folder)?;
    let mut slots: BTreeMap<(PartName, Content), Vec<&str>> = BTreeMap::new();
    for name in &names {
        if let Some(slot) = meaning(name) {
            slots.entry(slot).or_default().push(name);
        }
    }
    for files in slots.values_mut() {
        let plain: Vec<&str> = files.iter().copied().filter(|name| !name.ends_with(".gz")).collect();
        files.retain(|name| name.strip_suffix(".gz").is_none_or(|stem| !plain.contains(&stem)));
        if files.len() > 1 {
            return Err(complaint(folder, &names, &format!("{} could be the same set", files.join(" and "))));
        }
    }
    let pair = |part: PartName| {
        let file = |content| slots.get(&(part, content)).and_then(|files| files.first()).map(|name| folder.join(name));
        (file(Content::Images), file(Content::Labels))
    };
    let mut pairs = Vec::new();
    for (part, words) in [(PartName::Train, "training"), (PartName::Test, "test"), (PartName::Other, "an unnamed set")]
    {
        match pair(part) {
            (Some(images), Some(labels)) => pairs.push((part, Pair { images, labels })),
            (Some(_), None) => return Err(complaint(folder, &names, &format!("{words} images have no label file"))),
            (None, Some(_)) => return Err(complaint(folder, &names, &format!("{words} labels have no image file"))),
            (None, None) => {}
        }
    }
    match (pairs.pop(), pairs.pop(), pairs.pop()) {
        (Some((_, pair)), None, None) => Ok(Pairs::Single(pair)),
        (Some((PartName::Test, test)), Some((PartName::Train, train)), None) => Ok(Pairs::TrainAndTest { train, test }),
        (None, ..) => Err(complaint(folder, &names, "there are no IDX files")),
        _ => {
            Err(complaint(folder, &names, "the file names don't say which pair is for training and which for testing"))
        }
    }
}

fn list(folder: &Path) -> Result<Vec<String>, DataError> {
    let failed = |error: std::io::Error| {
        let what = if error.kind() == std::io::ErrorKind::NotFound {
            "The folder doesn't exist (moved or deleted?). Choose it again".to_owned()
        } else {
            format!("Can't read the folder ({error})")
        };
        DataError::new(format!("{what}: {}", folder.display()))
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.path().is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// What a file is by its name: "train-images-idx3-ubyte.gz", "t10k-labels.idx1-ubyte",
/// "emnist-letters-test-images-idx3-ubyte".
pub(super) fn meaning(name: &str) -> Option<(PartName, Content)> {
    let name = name.to_lowercase();
    if !name.contains("idx") && !name.contains("ubyte") {
        return None;
    }
    let content = if name.contains("image") || name.contains("idx3") || name.contains("idx4") {
        Content::Images
    } else if name.contains("label") || name.contains("idx1") {
        Content::Labels
    } else {
        return None;
    };
    let part = if name.contains("train") {
        PartName::Train
    } else if name.contains("t10k") || name.contains("test") {
        PartName::Test
    } else {
        PartName::Other
    };
    Some((part, content))
}

fn complaint(folder: &Path, names: &[String], what: &str) -> DataError {
    const SHOWN: usize = 12;
    let mut found = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        found += &format!(" and {} more", names.len() - SHOWN);
    }
    if names.is_empty() {
        found = "no files".into();
    }
    DataError::new(format!(
        "Can't use this folder of IDX files: {what}. Expected one pair of files, such as train-images-idx3-ubyte.gz \
         and train-labels-idx1-ubyte.gz, or two (train-* and t10k-* or test-*). Found {found} in {}",
        folder.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Result<Pairs, DataError> {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        find(folder.path())
    }

    #[test]
    fn pairs_are_found_by_name() {
        let two = found(&[
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "t10k-images.idx3-ubyte",
            "t10k-labels.idx1-ubyte",
            "readme.txt",
        ]);
        assert!(matches!(two.unwrap(), Pairs::TrainAndTest { train, test }
            if train.images.ends_with("train-images-idx3-ubyte.gz") && test.labels.ends_with("t10k-labels.idx1-ubyte")));
        let test = found(&["emnist-letters-test-images-idx3-ubyte", "emnist-letters-test-labels-idx1-ubyte"]);
        assert!(matches!(test.unwrap(), Pairs::Single(_)));
        let twins = found(&["images-idx3-ubyte", "images-idx3-ubyte.gz", "labels-idx1-ubyte"]);
        assert!(matches!(twins.unwrap(), Pairs::Single(pair) if pair.images.ends_with("images-idx3-ubyte")));
    }

    #[test]
    fn anything_else_says_what_was_found() {
        let message = |names: &[&str]| found(names).unwrap_err().message;
        assert!(message(&[]).contains("no files"));
        assert!(message(&["cat.png"]).contains("Found cat.png"));
        assert!(message(&["train-images-idx3-ubyte"]).contains("training images have no label file"));
        assert!(message(&["t10k-labels-idx1-ubyte"]).contains("test labels have no image file"));
        let many = ["a-train-images-idx3-ubyte", "b-train-images-idx3-ubyte", "a-train-labels-idx1-ubyte"];
        assert!(message(&many).contains("could be the same set"));
        assert!(find(Path::new("/nowhere/at/all")).unwrap_err().message.contains("folder doesn't exist"));
    }
}
