//! Which column of a table holds the classes of pictures, and which their parts, by name and by content.

use std::collections::{HashMap, HashSet};

use super::find::part;
use super::folder::natural;
use crate::expr::{counted, listed};

/// More are no classes.
const MOST: usize = 5000;
/// How the column is usually called, the likeliest first.
const CALLED: [&str; 24] = [
    "label",
    "class",
    "category",
    "target",
    "labels",
    "class_name",
    "classname",
    "label_name",
    "fine_label",
    "species",
    "breed",
    "diagnosis",
    "dx",
    "type",
    "kind",
    "class_label",
    "category_name",
    "tag",
    "name",
    "answer",
    "class_id",
    "label_id",
    "category_id",
    "y",
];
/// How likely a column of any other name is.
const UNKNOWN: usize = 2 * CALLED.len();
const PARTS_CALLED: [&str; 8] = ["split", "set", "part", "subset", "partition", "dataset", "fold", "usage"];

/// A column of texts; what is missing is empty.
#[derive(Clone)]
pub(super) struct Column {
    pub name: String,
    pub cells: Vec<String>,
}

/// What was found out about rows of pictures.
pub(super) struct Labels {
    pub classes: Vec<String>,
    /// Of each row, where it has one.
    pub of: Vec<Option<usize>>,
    /// Of each row, where a column says so.
    pub part: Vec<Option<usize>>,
    /// What was taken as what.
    pub notes: Vec<String>,
}

/// Of columns of the same length. `wanted`: the column of the classes; empty: the likeliest. Errors: a sentence without
/// the file.
pub(super) fn choose(columns: &[Column], wanted: &str) -> Result<Labels, String> {
    let rows = columns.first().map_or(0, |column| column.cells.len());
    let parts = columns.iter().find(|column| {
        let filled = || column.cells.iter().filter(|cell| !cell.is_empty());
        PARTS_CALLED.contains(&plain(&column.name).as_str())
            && filled().next().is_some()
            && filled().all(|cell| part(cell).is_some())
    });
    let part = match parts {
        Some(column) => column.cells.iter().map(|cell| self::part(cell)).collect(),
        None => vec![None; rows],
    };
    let others = || columns.iter().filter(|column| parts.is_none_or(|parts| !std::ptr::eq(parts, *column)));
    let mut notes = Vec::new();
    if !wanted.is_empty() {
        let column = columns.iter().find(|column| column.name == wanted).ok_or_else(|| {
            let names = columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>();
            format!("There is no column \"{wanted}\". Choose one of: {}", listed(names))
        })?;
        let (classes, of) = classes(&column.cells, &mut notes);
        if !(2..=MOST).contains(&classes.len()) {
            let values = counted(classes.len(), "value");
            return Err(format!("The column \"{wanted}\" has {values}. Choose one with 2 to {MOST} classes"));
        }
        notes.insert(0, format!("The classes are those of the column \"{wanted}\"."));
        return Ok(Labels { classes, of, part, notes });
    }
    let likeliest = others().filter_map(|column| Some((rank(column, rows)?, column))).min_by_key(|(rank, _)| *rank);
    // A name says more than marks do, and they more than a column of any name.
    let marks = match likeliest {
        Some(((place, ..), _)) if place < UNKNOWN => None,
        _ => marked(&others().collect::<Vec<_>>(), rows),
    };
    let (classes, of) = match (marks, likeliest) {
        (Some((classes, of)), _) => {
            notes.push(format!("Each column that marks pictures with 1 is a class: {}.", listed(&classes)));
            (classes, of)
        }
        (None, Some((_, column))) => {
            notes.push(format!("The classes are those of the column \"{}\".", column.name));
            classes(&column.cells, &mut notes)
        }
        (None, None) => return Err(no_classes(&others().map(|column| column.name.as_str()).collect::<Vec<_>>())),
    };
    if let Some(parts) = parts {
        notes.push(format!("The parts are those of the column \"{}\".", parts.name));
    }
    Ok(Labels { classes, of, part, notes })
}

fn no_classes(names: &[&str]) -> String {
    let among = if names.is_empty() { "no column".into() } else { format!("none of the columns {}", listed(names)) };
    format!(
        "A column with the class of each picture is needed (called label or class, with at least two classes and some \
         pictures of each), and {among} is one"
    )
}

/// What is one class however it is spelt.
fn key(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

/// How likely a column is to be that of the classes: the least first. `None`: it cannot be.
fn rank(column: &Column, rows: usize) -> Option<(usize, bool, usize)> {
    let name = plain(&column.name);
    let called = CALLED.iter().position(|known| name == *known);
    let mut distinct: HashSet<String> = HashSet::new();
    let mut is_number = true;
    for cell in column.cells.iter().filter(|cell| !cell.is_empty()) {
        distinct.insert(key(cell));
        is_number &= cell.parse::<f64>().is_ok();
        if distinct.len() > MOST {
            return None;
        }
    }
    // Of what is called a class, one that comes twice is enough.
    let most = if called.is_some() { rows.saturating_sub(1) } else { rows / 2 };
    let is_fraction = || distinct.iter().any(|cell| cell.parse::<f64>().is_ok_and(|number| number.fract() != 0.0));
    if distinct.len() < 2 || distinct.len() > most || is_number && is_fraction() {
        return None;
    }
    // A name is worth more than the number that stands for it.
    let place = match called {
        Some(place) if is_number => place + CALLED.len(),
        Some(place) => place,
        None => UNKNOWN,
    };
    Some((place, is_number, distinct.len()))
}

/// Those that differ by case or spaces are one.
fn classes(cells: &[String], notes: &mut Vec<String>) -> (Vec<String>, Vec<Option<usize>>) {
    let mut spelt: HashMap<String, HashMap<&str, usize>> = HashMap::new();
    for cell in cells.iter().filter(|cell| !cell.is_empty()) {
        *spelt.entry(key(cell)).or_default().entry(cell).or_default() += 1;
    }
    let mut names: Vec<(&str, &String)> = Vec::new();
    for (key, all) in &spelt {
        // As most have it.
        names.extend(all.iter().max_by_key(|(word, count)| (**count, **word)).map(|(word, _)| (*word, key)));
    }
    names.sort_by(|a, b| natural(a.0, b.0));
    let merged: Vec<String> = names.iter().filter(|(_, key)| spelt[*key].len() > 1).map(|(n, _)| (*n).into()).collect();
    if !merged.is_empty() {
        notes.push(format!("Spellings that differ only in case or spaces were merged: {}.", listed(&merged)));
    }
    let places: HashMap<&String, usize> = names.iter().enumerate().map(|(place, (_, key))| (*key, place)).collect();
    let of = cells.iter().map(|cell| places.get(&key(cell)).copied()).collect();
    (names.into_iter().map(|(name, _)| name.to_owned()).collect(), of)
}

/// A column for each class, of which one has 1 in each row, the others 0.
fn marked(columns: &[&Column], rows: usize) -> Option<(Vec<String>, Vec<Option<usize>>)> {
    let mark = |cell: &String| match cell.parse::<f64>() {
        Ok(0.0) => Some(false),
        Ok(1.0) => Some(true),
        _ => None,
    };
    let marks: Vec<(&str, Vec<bool>)> = columns
        .iter()
        .filter_map(|column| Some((&*column.name, column.cells.iter().map(mark).collect::<Option<Vec<bool>>>()?)))
        .collect();
    let of: Option<Vec<usize>> = (0..rows)
        .map(|row| {
            let mut places = (0..marks.len()).filter(|class| marks[*class].1[row]);
            places.next().filter(|_| places.next().is_none())
        })
        .collect();
    let names = marks.iter().map(|(name, _)| (*name).to_owned()).collect();
    (marks.len() > 1 && rows > 0).then_some((names, of?.into_iter().map(Some).collect()))
}
