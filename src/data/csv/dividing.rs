//! What the column says by which rows are divided into parts: read by itself, because it need not be an input.

use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

use super::cell::{self, Cell, Words};
use super::columns::{ColumnFacts, shortened};
use super::encode::Values;
use super::table::Table;
use super::target::Target;
use crate::data::DataError;
use crate::data::progress::Progress;
use crate::data::split::{Keys, Mark, Split};
use crate::model::Division;

/// Words for the parts, in lower case.
const TRAIN: [&str; 6] = ["train", "training", "trn", "learn", "learning", "fit"];
const VALIDATION: [&str; 7] = ["valid", "validation", "val", "dev", "development", "eval", "evaluation"];
const TEST: [&str; 6] = ["test", "testing", "tst", "holdout", "hold-out", "held out"];

/// The part that a word means.
fn mark(word: &str) -> Option<Mark> {
    let word = word.trim().to_lowercase();
    let is = |words: &[&str]| words.contains(&word.as_str());
    match () {
        () if is(&TRAIN) => Some(Mark::Train),
        () if is(&VALIDATION) => Some(Mark::Validation),
        () if is(&TEST) => Some(Mark::Test),
        () => None,
    }
}

/// Whether all values of a column are words for parts, of at least two, one of them training.
pub(super) fn are_marks<'a>(values: impl Iterator<Item = &'a str>) -> bool {
    let mut found = [false; 3];
    for value in values {
        match mark(value) {
            Some(mark) => found[mark as usize] = true,
            None => return false,
        }
    }
    found[0] && (found[1] || found[2])
}

/// Of every row of the file.
pub(super) fn keys(
    division: &Division,
    table: &Table,
    words: &[Words],
    facts: &[ColumnFacts],
    progress: &dyn Progress,
) -> Result<Keys, DataError> {
    let Some(name) = division.column() else { return Ok(Keys::None) };
    let refuse = |what: String| DataError::new(format!("{what} File: {}", table.path.display()));
    let Some(index) = table.names.iter().position(|column| column == name) else {
        let names = table.columns_in_words();
        return Err(refuse(format!("There is no column \"{name}\" to split by. Choose one of: {names}")));
    };
    let (column, words) = (&facts[index], &words[index]);
    let mut keys = match division {
        Division::Usual | Division::Random | Division::Stratified | Division::Together => return Ok(Keys::None),
        Division::Order { .. } if column.dates.is_none() && !column.is_numeric() => {
            let example = column.no_date.as_ref().or(column.first_text.as_ref());
            let example = example.map(|(line, text)| format!(": line {line} has \"{text}\"")).unwrap_or_default();
            return Err(refuse(format!(
                "Rows can be ordered by dates or numbers, and the column \"{name}\" holds neither{example}. Choose \
                 another column, or the order of the file."
            )));
        }
        Division::Order { .. } => Keys::Order(Vec::with_capacity(column.rows)),
        Division::Marks { .. } => Keys::Marks(Vec::with_capacity(column.rows)),
        Division::Groups { .. } => Keys::Groups(Vec::with_capacity(column.rows)),
    };
    table.for_each_row(progress, (0.9, 0.95), |line, record| {
        let text = record.get(index).unwrap_or_default().trim();
        match &mut keys {
            Keys::None => {}
            Keys::Order(keys) if column.dates.is_some() => {
                keys.push(column.form.date(text, words).unwrap_or(f64::NAN));
            }
            Keys::Order(keys) => keys.push(column.form.number(text, words).unwrap_or(f64::NAN)),
            Keys::Marks(marks) => marks.push(mark(text).ok_or_else(|| {
                refuse(format!(
                    "The column \"{name}\" is to say which part a row is in (train, validation or test), but line \
                     {line} has \"{}\".",
                    shortened(text)
                ))
            })?),
            Keys::Groups(groups) => {
                // Which numbers these are decides nothing, only which are equal.
                let is_missing = matches!(words.read(text), Cell::Missing);
                let mut hasher = DefaultHasher::new();
                (is_missing, if is_missing { "" } else { cell::category(text) }).hash(&mut hasher);
                groups.push(hasher.finish());
            }
        }
        Ok(())
    })?;
    Ok(keys)
}

/// Of each of these rows a number that is the same for those that are equal in what the network is given and is to
/// find.
pub(super) fn equal(rows: &[usize], values: &[Values], target: &Target) -> Keys {
    // A gap is filled, so it is equal to that number.
    let fills: Vec<Option<f64>> = values.par_iter().map(|values| values.middle(rows)).collect();
    let of = |&row: &usize| {
        let mut hasher = DefaultHasher::new();
        for (values, fill) in values.iter().zip(&fills) {
            fill.filter(|_| values.is_missing(row)).map_or(values.key(row), f64::to_bits).hash(&mut hasher);
        }
        target.hash(row, &mut hasher);
        hasher.finish()
    };
    Keys::Groups(rows.par_iter().map(of).collect())
}

/// Of some of all rows.
pub(super) fn of_rows(keys: &Keys, rows: &[usize]) -> Keys {
    match keys {
        Keys::None => Keys::None,
        Keys::Order(all) => Keys::Order(rows.iter().map(|&row| all[row]).collect()),
        Keys::Marks(all) => Keys::Marks(rows.iter().map(|&row| all[row]).collect()),
        Keys::Groups(all) => Keys::Groups(rows.iter().map(|&row| all[row]).collect()),
    }
}

/// What was done, where it is not the usual.
pub(super) fn note(division: &Division, keys: &Keys, split: &Split) -> Option<String> {
    let Split { train, validation, test } = split;
    let counted = |rows: usize, of: &str| format!("{} {of}", crate::expr::thousands(rows as u64));
    let held = |by: &str| {
        let aside = if test.is_empty() { String::new() } else { format!(", {}", counted(test.len(), "for the test")) };
        format!(
            "{by}: {}, {}{aside}.",
            counted(train.len(), "for training"),
            counted(validation.len(), "for validation")
        )
    };
    let missing = match keys {
        Keys::Order(keys) => keys.iter().filter(|key| key.is_nan()).count(),
        _ => 0,
    };
    Some(match division {
        Division::Usual | Division::Random | Division::Stratified => return None,
        Division::Order { column: None } => held("Rows are split by their order in the file"),
        Division::Order { column: Some(column) } => {
            let first = match missing {
                0 => String::new(),
                n => format!(" Rows without a value of \"{column}\" come first ({n})."),
            };
            format!("{}{first}", held(&format!("Rows are split by the order of \"{column}\"")))
        }
        Division::Marks { column } => held(&format!("Rows are in the parts that \"{column}\" names")),
        Division::Together => held("Rows with the same values are in one part"),
        Division::Groups { column } => held(&format!("Rows of one value of \"{column}\" are in one part")),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::load;
    use super::super::tests::{file, settings};
    use super::*;
    use crate::data::{Dataset, NoProgress, Samples};
    use crate::model::{DataSpec, Source};

    #[test]
    fn words_for_parts_are_recognised() {
        assert!(are_marks(["Train", "TEST "].into_iter()) && are_marks(["training", "val", "holdout"].into_iter()));
        for none in [&["train"][..], &["test", "val"], &["train", "test", "yes"], &[]] {
            assert!(!are_marks(none.iter().copied()), "{none:?}");
        }
    }

    /// Rows numbered by `x`, with a day, a site and a part.
    fn loaded(split: Division, test: f64) -> Result<Dataset, DataError> {
        let mut text = "day,site,part,x,word,kind\n".to_owned();
        for i in 0..60 {
            let part = ["train", "train", "Train", "valid", "test"][i % 5];
            let kind = if i * 7 % 13 < 5 { "a" } else { "b" };
            text += &format!("2024-01-{:02},s{},{part},{},w,{kind}\n", 30 - i / 2, i % 7, (i * i) as f64 / 8.0);
        }
        let file = file(text);
        let settings = settings(file.path(), "kind");
        let spec = DataSpec { source: Source::Csv(settings.clone()), split, test, seed: 1, ..DataSpec::default() };
        load(&settings, &settings.path, &spec, &NoProgress)
    }

    /// Which rows a part holds, told by `x`, and the mean of what is scaled.
    fn rows(set: &Dataset, part: &Samples) -> Vec<usize> {
        let x = set.input_names.iter().position(|name| name == "x").unwrap();
        let of = |row: usize| set.unit(x).value(part.input(row).unwrap()[x]) * 8.0;
        let mut rows: Vec<usize> = (0..part.len()).map(|row| of(row).sqrt().round() as usize).collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn a_table_is_divided_by_its_columns() {
        let column = || "day".to_owned();
        let set = loaded(Division::Order { column: Some(column()) }, 0.1).unwrap();
        // The file begins with the last day.
        assert_eq!(rows(&set, set.test.as_ref().unwrap()), (0..6).collect::<Vec<_>>());
        assert_eq!(rows(&set, &set.validation), (6..18).collect::<Vec<_>>());
        assert!(set.input_names.iter().any(|name| name.starts_with("day")), "{:?}", set.input_names);
        assert!(set.notes.iter().any(|note| note.contains("order of \"day\": 42 for training")), "{:?}", set.notes);
        let set = loaded(Division::Marks { column: "part".into() }, 0.0).unwrap();
        assert_eq!(rows(&set, &set.validation), (3..60).step_by(5).collect::<Vec<_>>());
        assert_eq!(rows(&set, set.test.as_ref().unwrap()), (4..60).step_by(5).collect::<Vec<_>>());
        assert!(set.input_names.iter().all(|name| !name.starts_with("part")), "{:?}", set.input_names);
        let set = loaded(Division::Groups { column: "site".into() }, 0.0).unwrap();
        let sites = |part: &Samples| rows(&set, part).iter().map(|row| row % 7).collect::<BTreeSet<_>>();
        assert!(sites(&set.train).is_disjoint(&sites(&set.validation)) && set.test.is_none());
        assert!(set.notes.iter().any(|note| note.contains("\"site\" is left out: the rows are split by it")));
        let file = loaded(Division::Order { column: None }, 0.0).unwrap();
        assert_eq!(rows(&file, &file.validation), (48..60).collect::<Vec<_>>());
    }

    #[test]
    fn scaling_knows_the_training_rows_only() {
        let set = loaded(Division::Stratified, 0.3).unwrap();
        let x = set.input_names.iter().position(|name| name == "x").unwrap();
        let of = |part: &Samples| (0..part.len()).map(|row| part.input(row).unwrap()[x]).collect::<Vec<_>>();
        let mean = |numbers: &[f32]| numbers.iter().sum::<f32>() / numbers.len() as f32;
        let (train, test) = (of(&set.train), of(set.test.as_ref().unwrap()));
        assert!(mean(&train).abs() < 1e-5 && mean(&test).abs() > 1e-3, "{} {}", mean(&train), mean(&test));
        assert_eq!((train.len(), set.validation.len(), test.len()), (30, 12, 18));
    }

    #[test]
    fn a_column_that_cannot_divide_is_refused_with_its_line() {
        let said = |division: Division| loaded(division, 0.0).unwrap_err().message;
        let named = |column: &str| Some(column.to_owned());
        assert!(said(Division::Order { column: named("site") }).contains("holds neither: line 2 has \"s0\""));
        assert!(said(Division::Marks { column: "site".into() }).contains("line 2 has \"s0\""));
        assert!(said(Division::Groups { column: "gone".into() }).contains("no column \"gone\" to split by"));
        assert!(said(Division::Groups { column: "word".into() }).contains("only 1 groups"));
    }
}
