//! Several files of one schema as one table: those of a folder, or those that a pattern such as `2024-*.csv` names, in
//! the order of their names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::copy::copy;
use super::kinds::Rows;
use super::source::{Layout, Source};
use super::table::{Table, unreadable};
use crate::data::{DataError, Progress};
use crate::model::Reading;

/// How the names of parts end, in a folder that may have other files too.
const ENDINGS: [&str; 14] =
    ["csv", "tsv", "data", "json", "jsonl", "ndjson", "parquet", "arrow", "feather", "xlsx", "ods", "npy", "gz", "zst"];
const MOST_FILES: usize = 10_000;

/// Errors: there is no such file, or they differ.
pub(super) fn join(path: &Path, reading: &Reading, progress: &dyn Progress) -> Result<Option<Source>, DataError> {
    let Some(files) = files(path)? else { return Ok(None) };
    if let [file] = files.as_slice() {
        return Source::open(file, reading, progress).map(Some);
    }
    let mut names: Option<Vec<String>> = None;
    let mut notes = Vec::new();
    let (mut is_made, mut encoding) = (true, None);
    let made = copy(path, |out| {
        let mut rows = Rows::new(out, progress);
        for (i, file) in files.iter().enumerate() {
            let table = Table::open(file, reading, progress)?;
            if names.is_none() {
                rows.header(table.names.iter().map(String::as_str))?;
                names = Some(table.names.clone());
            }
            let places = places(names.as_deref().unwrap_or_default(), &table, (file.as_path(), files[0].as_path()))?;
            is_made &= table.is_made();
            encoding = encoding.or(table.encoding());
            let share = (0.45 * i as f32 / files.len() as f32, 0.45 * (i + 1) as f32 / files.len() as f32);
            table.for_each_row(progress, share, |_, record| {
                places.iter().try_for_each(|&place| rows.cell(record.get(place).unwrap_or_default()))?;
                rows.end_row()
            })?;
            notes.extend(table.notes().into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
        }
        rows.finish()
    })?;
    notes.insert(
        0,
        format!(
            "Read {} files as one table, from {} to {}.",
            files.len(),
            name(&files[0]),
            name(&files[files.len() - 1])
        ),
    );
    let layout = if is_made { Layout::Known } else { Layout::Named };
    Source::joined(made, (layout, encoding), notes, path).map(Some)
}

/// Those of a folder, or that a pattern names; `None`: it is one file. Errors: there is none.
pub(super) fn files(path: &Path) -> Result<Option<Vec<PathBuf>>, DataError> {
    match (path.is_dir(), pattern(path)) {
        (true, _) => of_folder(path).map(Some),
        (false, Some(pattern)) if !path.exists() => of_pattern(path, &pattern).map(Some),
        _ => Ok(None),
    }
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Where the columns of the first file stand in another.
fn places(names: &[String], table: &Table, (file, first): (&Path, &Path)) -> Result<Vec<usize>, DataError> {
    let differs = |what: String| {
        let rows = "Files of one table have the same columns";
        DataError::new(format!("{rows}, but {} {what}.", name(file)))
    };
    if let Some(other) = table.names.iter().find(|other| !names.contains(other)) {
        return Err(differs(format!("has \"{other}\", which {} lacks", name(first))));
    }
    let place = |wanted: &String| {
        let place = table.names.iter().position(|name| name == wanted);
        place.ok_or_else(|| differs(format!("lacks \"{wanted}\", which {} has", name(first))))
    };
    names.iter().map(place).collect()
}

/// The last part of a path, if it stands for several names.
fn pattern(path: &Path) -> Option<Vec<char>> {
    let last = path.file_name()?.to_str()?;
    last.contains(['*', '?']).then(|| last.chars().collect())
}

/// Whether there is such a file, or one that a pattern names.
pub fn is_there(path: &Path) -> bool {
    path.exists() || pattern(path).is_some_and(|pattern| of_pattern(path, &pattern).is_ok())
}

fn matches(pattern: &[char], name: &[char]) -> bool {
    // Where the last star stood, and what it has taken so far.
    let (mut at, mut from, mut star) = (0, 0, None);
    while from < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(&letter) if letter == '?' || letter == name[from] => (at, from) = (at + 1, from + 1),
            _ => {
                let Some((place, taken)) = star else { return false };
                star = Some((place, taken + 1));
                (at, from) = (place + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|&letter| letter == '*')
}

/// Files that are not hidden, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(&error, folder))?;
    let files = entries.flatten().take(10 * MOST_FILES).map(|entry| entry.path());
    let is_hidden = |file: &PathBuf| name(file).starts_with(['.', '_']);
    let mut files: Vec<PathBuf> = files.filter(|file| !is_hidden(file) && file.is_file()).collect();
    files.sort();
    Ok(files)
}

fn bounded(files: Vec<PathBuf>, path: &Path, none: &str) -> Result<Vec<PathBuf>, DataError> {
    if files.is_empty() {
        return Err(DataError::new(format!("{none}: {}", path.display())));
    }
    if files.len() > MOST_FILES {
        return Err(DataError::new(format!("More than {MOST_FILES} files. Join them first: {}", path.display())));
    }
    Ok(files)
}

fn of_pattern(path: &Path, pattern: &[char]) -> Result<Vec<PathBuf>, DataError> {
    let fits = |file: &PathBuf| matches(pattern, &name(file).chars().collect::<Vec<_>>());
    let files = entries(path.parent().unwrap_or(Path::new("")))?.into_iter().filter(fits).collect();
    bounded(files, path, "No file has a name like this")
}

/// Those of a table in a folder, which must be of one kind.
fn of_folder(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let ending = |file: &PathBuf| file.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let mut kinds: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in entries(folder)? {
        if let Some(ending) = ending(&file).filter(|ending| ENDINGS.contains(&ending.as_str())) {
            kinds.entry(ending).or_default().push(file);
        }
    }
    if kinds.len() > 1 {
        let counts: Vec<String> = kinds.iter().map(|(ending, files)| format!("{} .{ending}", files.len())).collect();
        return Err(DataError::new(format!(
            "The folder has tables of several kinds ({}). Choose some by a pattern such as \"*.csv\": {}",
            counts.join(", "),
            folder.display()
        )));
    }
    bounded(
        kinds.into_values().next().unwrap_or_default(),
        folder,
        "The folder has no tables. Choose a file or another folder",
    )
}

#[cfg(test)]
mod tests {
    use super::super::inspect_csv;
    use super::*;
    use crate::data::NoProgress;

    #[test]
    fn patterns_stand_for_names() {
        let fits = |pattern: &str, name: &str| {
            matches(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>())
        };
        assert!(fits("*.csv", "a.csv") && fits("a*b*c", "a-b-bc") && fits("part-?", "part-1") && fits("*", ""));
        assert!(!fits("*.csv", "a.csv.gz") && !fits("part-?", "part-10") && !fits("", "a") && !fits("a*b", "ab-"));
    }

    #[test]
    fn the_files_of_a_folder_become_one_table() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        put("b.csv", "y,x\n3,c\n4,d\n");
        put("a.csv", "x,y\na,1\n\"b, b\",2\n");
        put("readme.md", "nothing");
        let at = |name: &str| folder.path().join(name);
        assert!(is_there(&at("a.csv")) && is_there(&at("?.csv")) && !is_there(&at("?.tsv")) && !is_there(&at("no/*")));
        put("_SUCCESS", "");
        let read = |path: &Path| inspect_csv(path, &Reading::default(), &NoProgress);
        for path in [folder.path().to_path_buf(), folder.path().join("*.csv"), folder.path().join("?.csv")] {
            let found = read(&path).unwrap();
            assert_eq!(found.head, [["a", "1"], ["b, b", "2"], ["c", "3"], ["d", "4"]]);
        }
        let joined = Table::open(folder.path(), &Reading::default(), &NoProgress).unwrap();
        assert_eq!(joined.notes(), ["Read 2 files as one table, from a.csv to b.csv."]);
        assert!(!joined.is_plain() && !joined.has_lines());
        assert_eq!(joined.encoding(), Some("UTF-8"), "it can be chosen");
        put("c.csv", "x,z\n1,2\n");
        let said = read(folder.path()).unwrap_err().message;
        assert!(said.contains("c.csv has \"z\", which a.csv lacks"), "{said}");
        put("c.csv", "x\n1\n");
        let said = read(folder.path()).unwrap_err().message;
        assert!(said.contains("c.csv lacks \"y\", which a.csv has"), "{said}");
        put("c.jsonl", "{\"x\": 1}");
        let said = read(folder.path()).unwrap_err().message;
        assert!(said.contains("several kinds (3 .csv, 1 .jsonl)"), "{said}");
        assert!(read(&folder.path().join("*.tsv")).unwrap_err().message.contains("No file has a name like this"));
        let empty = tempfile::tempdir().unwrap();
        assert!(read(empty.path()).unwrap_err().message.contains("has no tables"));
    }
}
