//! What there is to know of the columns of a table: how their values are spread, how they go with the target, and what
//! of them needs a look.
//!
//! Everything is found of the rows that were drawn while the table was read, before any scaling and with its gaps.
//! `spread` describes a column, `relation` compares two, `twins` finds rows that are in two parts, `warning` says what
//! is wrong and what mends it.

mod relation;
mod skew;
mod spread;
#[cfg(test)]
mod tests;
mod twins;
mod warning;

use std::collections::HashMap;

use rayon::prelude::*;

use super::calendar::days;
use super::encoding::{Column, ColumnValues, Inputs};
use super::progress::{Progress, stop_if_cancelled};
use super::{DataError, Dataset, TablePreview};
use crate::model::{ColumnRole, CsvSpec, DataSpec, MissingPolicy};

pub use relation::{Measure, Relation};
pub use skew::log_skewness;
pub use spread::{Counts, Histogram, Outliers, Spread};
pub use twins::{Twins, twins};
pub use warning::{Repair, Warning};

/// Rows of a table, drawn by a fixed seed, by columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    /// Rows that the table has.
    pub of: u64,
    /// Rows that were drawn.
    pub rows: usize,
    /// In the order of the file.
    pub columns: Vec<DrawnColumn>,
    /// What stands in their cells, where all rows of the table were drawn.
    pub cells: Cells,
    /// Where rows stand in the file.
    pub lines: Lines,
}

/// The cells of a table as they stand in its file, without spaces around them; long ones are cut.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cells {
    /// Cells of a row.
    pub width: usize,
    /// One behind the other, and where each ends.
    pub text: String,
    /// In bytes of the text.
    pub ends: Vec<u32>,
}

impl Cells {
    /// Of a row of the table; `None`: they were not kept.
    pub fn cell(&self, row: usize, column: usize) -> Option<&str> {
        let at = row * self.width + column;
        let from = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(from as usize..*self.ends.get(at)? as usize).filter(|_| column < self.width)
    }
}

/// The lines of a file that rows begin on: told where one does not follow the one before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// Rows with their lines.
    jumps: Vec<(u64, u64)>,
    next: u64,
}

/// More jumps are not kept.
const MOST_JUMPS: usize = 1 << 20;

impl Lines {
    /// The next row, and its line.
    pub(super) fn take(&mut self, row: u64, line: u64) {
        if line != self.next && self.jumps.len() <= MOST_JUMPS {
            self.jumps.push((row, line));
        }
        self.next = line + 1;
    }

    /// The line that a row begins on, counted from 1; `None`: it is not known.
    pub fn of(&self, row: u64) -> Option<u64> {
        let at = self.jumps.partition_point(|(first, _)| *first <= row);
        let (first, line) = self.jumps.get(at.checked_sub(1)?)?;
        (self.jumps.len() <= MOST_JUMPS).then_some(line + row - first)
    }
}

/// The values of one column in the rows that were drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum DrawnColumn {
    /// It has none anywhere.
    Empty,
    /// NaN where there is none.
    Numbers(Vec<f64>),
    /// Seconds since 1970-01-01; NaN where there is none.
    Dates(Vec<f64>),
    /// A place among the names, or [`Self::MISSING`].
    Categories {
        /// In the order in which they were met.
        names: Vec<String>,
        /// Of each row.
        codes: Vec<u32>,
    },
}

impl DrawnColumn {
    /// The code of a row without a value.
    pub const MISSING: u32 = u32::MAX;

    /// Whether a row has no value in it.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Empty => true,
            Self::Numbers(numbers) | Self::Dates(numbers) => numbers.get(row).is_none_or(|number| number.is_nan()),
            Self::Categories { codes, .. } => codes.get(row).is_none_or(|&code| code == Self::MISSING),
        }
    }

    /// As the role takes it: numbers may be classes, and codes numbers.
    fn taken_as(&self, role: ColumnRole) -> Self {
        match (self, role) {
            (Self::Numbers(numbers), ColumnRole::Categorical | ColumnRole::Embedded) => classes_of(numbers),
            (Self::Categories { names, codes }, ColumnRole::Numeric) => {
                let values: Vec<f64> = names.iter().map(|name| name.parse().unwrap_or(f64::NAN)).collect();
                Self::Numbers(codes.iter().map(|&c| values.get(c as usize).copied().unwrap_or(f64::NAN)).collect())
            }
            (Self::Numbers(numbers), ColumnRole::Date) => Self::Dates(numbers.iter().map(|&n| moment(n)).collect()),
            _ => self.clone(),
        }
    }
}

/// Seconds since 1970-01-01 of a number that stands for a time: 20240531, seconds or thousandths of seconds.
fn moment(number: f64) -> f64 {
    let whole = number as i64;
    match number {
        1e7..1e8 => days(whole / 10_000, (whole / 100 % 100) as u32, (whole % 100) as u32)
            .map_or(f64::NAN, |days| days as f64 * 86_400.0),
        1e8..1e10 => number,
        1e11..1e13 => number / 1000.0,
        _ => f64::NAN,
    }
}

/// Each number a class, in their order.
fn classes_of(numbers: &[f64]) -> DrawnColumn {
    let mut values: Vec<f64> = numbers.iter().copied().filter(|number| !number.is_nan()).map(|n| n + 0.0).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    let place: HashMap<u64, u32> = values.iter().map(|value| value.to_bits()).zip(0..).collect();
    let code = |&number: &f64| place.get(&(number + 0.0).to_bits()).copied().unwrap_or(DrawnColumn::MISSING);
    DrawnColumn::Categories {
        names: values.iter().map(f64::to_string).collect(),
        codes: numbers.iter().map(code).collect(),
    }
}

/// What is known of the columns of a table that is in use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableFacts {
    /// Rows that the table has.
    pub rows: u64,
    /// Rows that were looked at.
    pub drawn: usize,
    /// In the order of the file.
    pub columns: Vec<ColumnFacts>,
    /// Which of them are predicted.
    pub targets: Vec<usize>,
    /// Rows that are in two parts.
    pub twins: Option<Twins>,
    /// What needs a look, the most serious first.
    pub warnings: Vec<Warning>,
}

impl TableFacts {
    /// Whether they are of some of the rows only.
    pub fn are_of_some(&self) -> bool {
        (self.drawn as u64) < self.rows
    }
}

/// What is known of one column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnFacts {
    /// How its values are spread.
    pub distribution: Distribution,
    /// How it goes with the target, of several the one that it goes with most; `None` of a target itself, and where
    /// that cannot be told.
    pub relation: Option<Relation>,
    /// The inputs it makes, as the network gets them; none where it is left out. Of many categories the first.
    pub inputs: Vec<InputFacts>,
    /// What a missing number or date is filled with.
    pub fill: Option<f64>,
}

/// How the values of a column are spread.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Distribution {
    /// It has none.
    #[default]
    Empty,
    /// Numbers, in the user's units.
    Numbers(Spread),
    /// Seconds since 1970-01-01.
    Dates(Spread),
    /// Categories.
    Categories(Counts),
}

/// A number that the network is given.
#[derive(Clone, Debug, PartialEq)]
pub struct InputFacts {
    /// "age", "sex = male".
    pub name: String,
    /// The smallest.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The largest.
    pub max: f64,
}

/// Inputs of one column that are described.
const MOST_INPUTS: usize = 12;

/// What is known of a table that was looked through and loaded with these settings.
pub fn facts(
    table: &TablePreview,
    spec: &DataSpec,
    csv: &CsvSpec,
    dataset: &Dataset,
    progress: &dyn Progress,
) -> Result<TableFacts, DataError> {
    let drawn = &table.drawn;
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    let targets: Vec<usize> = csv.targets().into_iter().filter_map(place).collect();
    let taken: Vec<DrawnColumn> = (0..table.columns.len()).map(|index| taken(table, csv, &targets, index)).collect();
    let used: &[Column] = match &dataset.encoding.inputs {
        Inputs::Table { columns, .. } => columns,
        Inputs::Pictures | Inputs::PictureNumbers { .. } | Inputs::PictureFiles { .. } | Inputs::Points { .. } => &[],
    };
    let used: HashMap<&str, &Column> = used.iter().map(|column| (column.name.as_str(), column)).collect();
    let uses = |index: usize| used.contains_key(table.columns[index].name.as_str());
    let is_kept = |row: usize| {
        targets.iter().all(|&target| !taken[target].is_missing(row))
            && (csv.missing == MissingPolicy::Fill
                || (0..taken.len()).all(|index| !uses(index) || !taken[index].is_missing(row)))
    };
    let kept: Vec<bool> = (0..drawn.rows).map(is_kept).collect();
    let of_column = |(index, values): (usize, &DrawnColumn)| {
        stop_if_cancelled(progress)?;
        let encoded = used.get(table.columns[index].name.as_str()).copied();
        Ok(ColumnFacts {
            distribution: spread::distribution(values),
            relation: if targets.contains(&index) { None } else { relation::closest(values, &taken, &targets) },
            inputs: encoded.map(|column| inputs(column, values, &kept)).unwrap_or_default(),
            fill: encoded.and_then(|column| match column.values {
                ColumnValues::Numeric { fill, .. } | ColumnValues::Date { fill, .. } => Some(fill),
                ColumnValues::Categorical { .. } | ColumnValues::Embedded { .. } => None,
            }),
        })
    };
    let columns = taken.par_iter().enumerate().map(of_column).collect::<Result<Vec<_>, DataError>>()?;
    let twins = twins::twins(dataset, progress)?;
    let mut facts = TableFacts { rows: drawn.of, drawn: drawn.rows, columns, targets, twins, warnings: Vec::new() };
    facts.warnings = warning::all(&facts, table, spec, csv, dataset);
    Ok(facts)
}

/// What a column is used for: as the user says, else as it was found.
fn role(table: &TablePreview, csv: &CsvSpec, index: usize) -> ColumnRole {
    let column = &table.columns[index];
    if csv.targets().len() > 1 && csv.predicts(&column.name) {
        return ColumnRole::Numeric;
    }
    let said = csv.said(&column.name);
    said.map(|role| if role.is_target() { ColumnRole::Numeric } else { role }).unwrap_or(if column.name == csv.target {
        column.as_target
    } else {
        column.role
    })
}

fn taken(table: &TablePreview, csv: &CsvSpec, targets: &[usize], index: usize) -> DrawnColumn {
    let values = table.drawn.columns.get(index).unwrap_or(&DrawnColumn::Empty);
    match role(table, csv, index) {
        // What it would be, if it was used.
        ColumnRole::LeftOut if !targets.contains(&index) => values.taken_as(table.columns[index].kept),
        role => values.taken_as(role),
    }
}

/// What becomes of a column in the rows that are used.
fn inputs(column: &Column, values: &DrawnColumn, kept: &[bool]) -> Vec<InputFacts> {
    let rows = kept.iter().enumerate().filter(|(_, kept)| **kept).map(|(row, _)| row);
    let width = column.width();
    let mut found: Vec<(f64, f64, f64)> = vec![(f64::INFINITY, 0.0, f64::NEG_INFINITY); width];
    let (mut numbers, mut count) = (Vec::with_capacity(width), 0.0);
    let places: Vec<Option<usize>> = match (values, &column.values) {
        (
            DrawnColumn::Categories { names, .. },
            ColumnValues::Categorical { categories, .. } | ColumnValues::Embedded { categories, .. },
        ) => {
            let place: HashMap<&str, usize> = categories.iter().map(String::as_str).zip(0..).collect();
            names.iter().map(|name| place.get(name.as_str()).copied()).collect()
        }
        _ => Vec::new(),
    };
    for row in rows {
        numbers.clear();
        match values {
            DrawnColumn::Numbers(all) | DrawnColumn::Dates(all) => column.push_number(all[row], &mut numbers),
            DrawnColumn::Categories { codes, .. } => {
                column.push_category(places.get(codes[row] as usize).copied().flatten(), &mut numbers);
            }
            DrawnColumn::Empty => {}
        }
        count += 1.0;
        for ((min, sum, max), &number) in found.iter_mut().zip(&numbers) {
            let number = f64::from(number);
            (*min, *sum, *max) = (min.min(number), *sum + number, max.max(number));
        }
    }
    let described = |(name, (min, sum, max)): (String, (f64, f64, f64))| {
        let mean = sum / f64::max(count, 1.0);
        InputFacts { name, min, mean, max }
    };
    let known = column.names().into_iter().zip(found).take(MOST_INPUTS);
    known.filter(|(_, (min, ..))| min.is_finite()).map(described).collect()
}
