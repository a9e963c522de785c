//! Pictures whose classes stand in a table beside them: a column names the files, with or without folders and endings,
//! another their classes.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::find::{Asked, Found, part_of};
use super::folder::{name, natural};
use super::labels::{self, Column};
use crate::data::DataError;
use crate::data::boxes::files::{Files, ending, read_text, stem};
use crate::data::csv::{Texts, texts};
use crate::data::progress::{Progress, stop_if_cancelled};
use crate::expr::{agreeing, counted};

const TABLES: [&str; 13] =
    ["csv", "tsv", "txt", "tab", "data", "xlsx", "xlsm", "xlsb", "xls", "ods", "json", "jsonl", "ndjson"];
/// Tables that are looked into.
const MOST_TABLES: usize = 40;
/// Rows by which a table is judged.
const LOOKED_AT: usize = 300;
/// Of the rows looked at, how many must name a picture.
const LEAST: f64 = 0.3;
/// Bytes of a list.
const MAX_LIST: u64 = 64 << 20;
/// Files and rows that a note names.
const NAMED: usize = 3;

/// A table that names pictures.
struct Naming {
    file: PathBuf,
    columns: Vec<String>,
    /// The column that names them.
    column: usize,
    share: f64,
}

/// What a table calls pictures.
struct Names<'a> {
    files: &'a Files,
    /// By the number that a name is, of which a spreadsheet drops the zeros in front.
    numbers: HashMap<&'a str, Option<usize>>,
}

impl<'a> Names<'a> {
    fn new(files: &'a Files) -> Self {
        let mut numbers: HashMap<&str, Option<usize>> = HashMap::new();
        for (at, path) in files.pictures.iter().enumerate() {
            let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
            if !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_digit()) {
                numbers.entry(stem.trim_start_matches('0')).and_modify(|known| *known = None).or_insert(Some(at));
            }
        }
        Self { files, numbers }
    }

    fn picture(&self, cell: &str, table: &Path) -> Option<usize> {
        if cell.trim().is_empty() {
            return None;
        }
        let number = || self.numbers.get(cell.trim().trim_start_matches('0')).copied().flatten();
        self.files.picture_called(cell, table).or_else(number)
    }
}

pub(super) fn is_table(path: &Path) -> bool {
    TABLES.contains(&ending(path).as_str())
}

/// The table that was chosen, with the pictures beside it.
pub(super) fn of_file(file: &Path, asked: Asked, progress: &dyn Progress) -> Result<Option<Found>, DataError> {
    let Some(folder) = file.parent().filter(|_| is_table(file)) else { return Ok(None) };
    let files = Files::find(folder, progress)?;
    let names = Names::new(&files);
    match naming(file, &names, progress)? {
        Some(naming) => read(&[naming], &names, asked, progress).map(Some),
        None => Ok(None),
    }
}

/// Whichever table of the folder names most; `None`: none does.
pub(super) fn in_folder(root: &Path, asked: Asked, progress: &dyn Progress) -> Result<Option<Found>, DataError> {
    let files = Files::find(root, progress)?;
    if files.pictures.is_empty() {
        return Ok(None);
    }
    let names = Names::new(&files);
    let stems: HashSet<String> = files.pictures.iter().map(|path| stem(path)).collect();
    let is_meant = |path: &&PathBuf| {
        let stem = stem(path);
        is_table(path) && !stem.contains("submission") && !(stems.contains(&stem) && ending(path) == "txt")
    };
    let mut tables: Vec<&PathBuf> = files.others.iter().filter(is_meant).collect();
    // The nearest first.
    tables.sort_by_key(|path| path.components().count());
    let mut all: Vec<Naming> = Vec::new();
    for table in tables.into_iter().take(MOST_TABLES) {
        stop_if_cancelled(progress)?;
        // What is no table is none of these.
        all.extend(naming(table, &names, progress).ok().flatten());
    }
    all.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| natural(&name(&a.file), &name(&b.file))));
    let Some(best) = all.first() else { return Ok(None) };
    // Tables of the parts have the same columns.
    let is_alike = |naming: &Naming| naming.columns == best.columns && naming.column == best.column;
    let is_part = part_of(&best.file).is_some();
    let kept = |(place, naming): &(usize, Naming)| *place == 0 || is_part && part_of(&naming.file).is_some();
    let alike: Vec<bool> = all.iter().map(is_alike).collect();
    let all: Vec<Naming> =
        all.into_iter().enumerate().filter(kept).filter(|(at, _)| alike[*at]).map(|(_, naming)| naming).collect();
    read(&all, &names, asked, progress).map(Some)
}

/// As a table, or as a list with spaces between.
fn cells(file: &Path, most: Option<usize>, progress: &dyn Progress) -> Result<Texts, DataError> {
    let table = texts(file, most, progress)?;
    if table.names.len() > 1 || ending(file) != "txt" {
        return Ok(table);
    }
    let text = read_text(file, MAX_LIST).map_err(DataError::new)?;
    let lines = text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let rows: Vec<Vec<String>> = lines.filter(|row| !row.is_empty()).take(most.unwrap_or(usize::MAX)).collect();
    match rows.first().map_or(0, Vec::len) {
        width @ 2.. if rows.iter().all(|row| row.len() == width) => {
            Ok(Texts { names: (1..=width).map(|number| format!("column {number}")).collect(), rows })
        }
        _ => Ok(table),
    }
}

fn naming(file: &Path, names: &Names, progress: &dyn Progress) -> Result<Option<Naming>, DataError> {
    let Texts { names: columns, rows } = cells(file, Some(LOOKED_AT), progress)?;
    let found = |column: usize| rows.iter().filter(|row| names.picture(&row[column], file).is_some()).count();
    let best =
        (0..columns.len()).map(|column| (found(column), column)).max_by_key(|(n, column)| (*n, usize::MAX - column));
    let share = |count: usize| count as f64 / rows.len().max(1) as f64;
    Ok(best.filter(|(count, _)| *count > 1 && share(*count) >= LEAST).map(|(count, column)| Naming {
        file: file.to_path_buf(),
        columns,
        column,
        share: share(count),
    }))
}

fn read(tables: &[Naming], names: &Names, asked: Asked, progress: &dyn Progress) -> Result<Found, DataError> {
    let files = names.files;
    let mut columns: Vec<Column> = Vec::new();
    // Of each row its picture, and the part of its table.
    let mut rows: Vec<(usize, Option<usize>)> = Vec::new();
    let (mut without, mut unknown) = (0, Vec::new());
    let mut taken = HashSet::new();
    let mut twice = 0;
    for table in tables {
        let all = cells(&table.file, None, progress)?;
        let others: Vec<usize> = (0..all.names.len()).filter(|column| *column != table.column).collect();
        if columns.is_empty() {
            columns = others.iter().map(|&at| Column { name: all.names[at].clone(), cells: Vec::new() }).collect();
        }
        let part = part_of(&table.file).filter(|_| tables.len() > 1);
        for row in all.rows {
            let Some(picture) = names.picture(&row[table.column], &table.file) else {
                without += 1;
                unknown.extend(row.get(table.column).filter(|_| unknown.len() < NAMED).cloned());
                continue;
            };
            if !taken.insert(picture) {
                twice += 1;
                continue;
            }
            rows.push((picture, part));
            for (column, &at) in columns.iter_mut().zip(&others) {
                column.cells.push(row.get(at).map(|cell| cell.trim().to_owned()).unwrap_or_default());
            }
        }
    }
    let file = &tables[0].file;
    let labels = labels::choose(&columns, asked.label)
        .map_err(|why| DataError::new(format!("{why}. The table names the pictures: {}", file.display())))?;
    let called = tables.iter().map(|table| files.below(&table.file)).collect::<Vec<_>>().join(", ");
    let column = &tables[0].columns[tables[0].column];
    let mut notes = files.notes.clone();
    notes.push(format!("The labels are those of {called}: the column \"{column}\" names the pictures."));
    notes.extend(labels.notes);
    let mut parts = [Vec::new(), Vec::new(), Vec::new()];
    let mut unlabelled: Vec<usize> = (0..files.pictures.len()).filter(|at| !taken.contains(at)).collect();
    for (row, (picture, part)) in rows.iter().enumerate() {
        match labels.of[row] {
            Some(class) => {
                let part = labels.part[row].or(*part).unwrap_or(0);
                parts[part].push((files.pictures[*picture].clone().into(), class));
            }
            None => unlabelled.push(*picture),
        }
    }
    notes.extend(left_out(&unlabelled, files));
    if without > 0 {
        let rows = format!("{} {}", counted(without, "row"), agreeing(without, "names", "name"));
        notes.push(format!("{rows} no picture: {}{}.", unknown.join(", "), if without > NAMED { " ..." } else { "" }));
    }
    if twice > 0 {
        let rows = if twice == 1 { "1 row names a picture".to_owned() } else { format!("{twice} rows name pictures") };
        notes.push(format!("{rows} that a row above had named: the first counts."));
    }
    Ok(Found::of(labels.classes, parts, asked.has_own_test, notes))
}

/// Pictures without a label.
fn left_out(pictures: &[usize], files: &Files) -> Option<String> {
    let named: Vec<String> = pictures.iter().take(NAMED).map(|&at| files.below(&files.pictures[at])).collect();
    let (count, more) = (pictures.len(), if pictures.len() > NAMED { " ..." } else { "" });
    let said = if count == 1 {
        "1 picture has no label and was".to_owned()
    } else {
        format!("{count} pictures have no label and were")
    };
    (count > 0).then(|| format!("{said} left out: {}{more}.", named.join(", ")))
}
