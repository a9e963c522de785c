//! From cells to numbers: the values of the chosen columns, and the network's input made of them.

use std::collections::HashMap;
use std::fs::File;
use std::io::Error;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::InputColumn;
use super::block::by_column;
use super::capture::Captured;
use super::cell::{self, Words};
use super::columns::{ColumnFacts, Form, unkept};
use super::dates;
use super::store::{Column, Filling, Store};
use super::table::Table;
use crate::data::encoding::{self, ColumnValues, DatePart, Inputs, ScaledPart};
use crate::data::progress::Progress;
use crate::data::{DataError, Unit};
use crate::expr::thousands;
use crate::files::mapped::Mapped;
use crate::files::memory::size;
use crate::model::{self, ColumnRole, CsvSpec, MissingPolicy, Scaling};

/// Rows that one thread encodes at a time.
pub(super) const PIECE: usize = 2048;
/// The code of a missing category.
const MISSING: u32 = u32::MAX;

/// One column over all rows of the file.
pub(super) enum Values {
    /// NaN where missing.
    Numbers(Column<f64>),
    Categories {
        names: Vec<String>,
        codes: Column<u32>,
    },
}

impl Values {
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numbers(numbers) => numbers[row].is_nan(),
            Self::Categories { codes, .. } => codes[row] == MISSING,
        }
    }

    /// What a number that is missing in one of these rows is likely filled with.
    pub fn middle(&self, rows: &[usize]) -> Option<f64> {
        let Self::Numbers(numbers) = self else { return None };
        rows.iter().any(|&row| self.is_missing(row)).then(|| median(&mut present(gathered(numbers, rows))))
    }

    /// A key that is equal exactly for equal values.
    pub fn key(&self, row: usize) -> u64 {
        match self {
            Self::Numbers(numbers) => numbers[row].to_bits(),
            Self::Categories { codes, .. } => u64::from(codes[row]),
        }
    }
}

/// A column that is being read.
enum Reading<'a> {
    Numbers(Filling<f64>),
    Dates(Filling<f64>),
    Categories { codes: HashMap<String, u32>, found: Filling<u32>, names: Vec<String>, facts: &'a ColumnFacts },
}

impl<'a> Reading<'a> {
    fn new(facts: &'a ColumnFacts, role: ColumnRole, store: &mut Store) -> Self {
        match role {
            ColumnRole::Date => Self::Dates(store.column()),
            ColumnRole::Categorical | ColumnRole::Embedded => {
                let names = facts.categories();
                let codes: HashMap<String, u32> = names.iter().cloned().zip(0..).collect();
                let others =
                    facts.spellings.iter().filter_map(|(other, name)| Some((other.clone(), *codes.get(name)?)));
                let codes = others.collect::<Vec<_>>().into_iter().chain(codes.clone()).collect();
                Self::Categories { codes, found: store.column(), names, facts }
            }
            ColumnRole::Numeric
            | ColumnRole::LeftOut
            | ColumnRole::Target
            | ColumnRole::LogTarget
            | ColumnRole::Weight => Self::Numbers(store.column()),
        }
    }

    fn take(&mut self, text: &str, form: &Form, words: &Words) -> Result<(), Error> {
        match self {
            Self::Numbers(numbers) => numbers.push(form.number(text, words).unwrap_or(f64::NAN)),
            Self::Dates(seconds) => seconds.push(form.date(text, words).unwrap_or(f64::NAN)),
            Self::Categories { found, facts, .. } if facts.lacks_category(text, words) => found.push(MISSING),
            Self::Categories { codes, found, .. } => {
                found.push(codes.get(cell::category(text)).copied().unwrap_or(MISSING))
            }
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        match self {
            Self::Numbers(numbers) | Self::Dates(numbers) => numbers.end(),
            Self::Categories { found, .. } => found.end(),
        }
    }

    fn values(self, mapped: Option<&Arc<Mapped>>) -> Values {
        match self {
            Self::Numbers(numbers) | Self::Dates(numbers) => Values::Numbers(numbers.column(mapped)),
            Self::Categories { found, names, .. } => Values::Categories { names, codes: found.column(mapped) },
        }
    }
}

/// Where values lie that do not in memory.
#[derive(Default)]
pub(super) struct Kept {
    /// Numbers that were kept when the columns were looked at.
    pub captured: Option<Captured>,
    /// For all others.
    pub scratch: Option<File>,
}

/// Takes the values of the wanted columns, in one pass over the file where some were not kept before. The roles fit the
/// facts: that was checked.
pub(super) fn read_values(
    table: &Table,
    words: &[Words],
    facts: &[ColumnFacts],
    wanted: &[(usize, ColumnRole)],
    kept: Kept,
    progress: &dyn Progress,
    share: (f32, f32),
) -> Result<Vec<Values>, DataError> {
    let Kept { mut captured, scratch } = kept;
    let rows = facts.first().map_or(0, |facts| facts.rows);
    let mut of_captured = |index: usize, role| captured.as_mut()?.take(index, role, &facts[index]);
    let known: Vec<_> = wanted.iter().map(|&(index, role)| of_captured(index, role)).collect();
    let mut store = Store::new(rows, scratch);
    let missing = wanted.iter().zip(&known).filter(|(_, known)| known.is_none());
    let mut columns: Vec<(usize, Reading)> =
        missing.map(|(&(index, role), _)| (index, Reading::new(&facts[index], role, &mut store))).collect();
    if !columns.is_empty() {
        table.for_each_blocks(progress, share, |blocks| {
            let taken = by_column(blocks, &mut columns, |index, column, _, content| {
                column.take(content.text().trim(), &facts[index].form, &words[index])
            });
            taken.map_err(|error| unkept(&error, table))
        })?;
    }
    columns.iter_mut().try_for_each(|(_, column)| column.end()).map_err(|error| unkept(&error, table))?;
    let mapped = store.mapped().map_err(|error| unkept(&error, table))?;
    let mut read = columns.into_iter().map(|(_, column)| column.values(mapped.as_ref()));
    Ok(known.into_iter().filter_map(|known| known.map(Values::Numbers).or_else(|| read.next())).collect())
}

/// How the columns become the network's input; everything measured is measured on the training rows.
pub(super) struct Encoder<'a> {
    columns: Vec<encoding::Column>,
    values: &'a [Values],
}

impl<'a> Encoder<'a> {
    pub fn new(settings: &CsvSpec, inputs: &[InputColumn<'a>], values: &'a [Values], train: &[usize]) -> Self {
        let columns = inputs.par_iter().zip(values).map(|(column, values)| encoding::Column {
            name: column.name.to_owned(),
            values: match values {
                Values::Numbers(seconds) if column.role == ColumnRole::Date => {
                    let fill = median(&mut present(gathered(seconds, train)));
                    let filled: Vec<f64> = seconds.iter().map(|&s| if s.is_nan() { fill } else { s }).collect();
                    let measure = |part: DatePart, since: f64| {
                        let values: Vec<f64> = filled.iter().map(|&seconds| part.of(seconds, since)).collect();
                        scaling(settings.scaling, &gathered(&values, train))
                    };
                    dates::column(column.facts, &filled, fill, train, measure)
                }
                Values::Numbers(numbers) => {
                    let (fill, offset, scale) = measured(settings.scaling, gathered(numbers, train));
                    let written = Some(column.facts.form.written());
                    ColumnValues::Numeric { offset, scale, fill, decimals: column.facts.decimals, written }
                }
                Values::Categories { names, codes } if column.role == ColumnRole::Embedded => {
                    ColumnValues::Embedded { categories: names.clone(), rare: rare(names.len(), codes, train) }
                }
                Values::Categories { names, codes } => {
                    let drops = settings.missing == MissingPolicy::DropRow;
                    let has_missing = !drops && codes.contains(&MISSING);
                    ColumnValues::Categorical { categories: names.clone(), has_missing }
                }
            },
        });
        Self { columns: columns.collect(), values }
    }

    pub fn width(&self) -> usize {
        self.columns.iter().map(encoding::Column::width).sum()
    }

    /// What a network needs that is given such inputs.
    pub fn notes(&self) -> Vec<String> {
        let embedded = self.columns.iter().filter_map(|column| Some((&column.name, column.vocabulary()?)));
        let note = |(name, rows): (&String, usize)| {
            format!(
                "\"{name}\" enters as the index of its category, which is for an Input of its own with an Embedding of \
                 {rows} rows behind it. Index 0: missing, unknown, or in one training row only."
            )
        };
        embedded.map(note).collect()
    }

    /// To be kept, for rows that come later.
    pub fn into_inputs(self, settings: &CsvSpec) -> Inputs {
        let model::Reading { missing_words, encoding, .. } = settings.reading.clone();
        Inputs::Table { columns: self.columns, missing: settings.missing, missing_words, encoding }
    }

    /// Refuses what is larger than `most` bytes: of columns with very many categories a wide row is made.
    pub fn check_size(&self, rows: usize, targets: usize, most: u64, path: &Path) -> Result<(), DataError> {
        let needed = rows as u64 * (self.width() + targets) as u64 * 4;
        if needed <= most {
            return Ok(());
        }
        let widest = self.columns.iter().max_by_key(|column| column.width());
        let (name, width) = widest.map_or(("", 0), |column| (column.name.as_str(), column.width()));
        let more = if width > 1 {
            format!(
                "The column \"{name}\" alone makes {width} inputs: leave it out, use fewer rows, or raise the limit"
            )
        } else {
            "Use fewer rows, or raise the limit".to_owned()
        };
        Err(DataError::new(format!(
            "{} rows of {} inputs take {}, and converted tables may take {}. {more} with: glassbox cache limit {}. \
             File: {}",
            thousands(rows as u64),
            thousands(self.width() as u64),
            size(needed),
            size(most),
            size(needed.next_multiple_of(1 << 30)).replace(' ', ""),
            path.display()
        )))
    }

    /// "age", "sex = male", "deck = missing".
    pub fn names(&self) -> Vec<String> {
        self.columns.iter().flat_map(encoding::Column::names).collect()
    }

    /// How the numbers are scaled, one for each input.
    pub fn units(&self) -> Vec<Unit> {
        let of = |column: &encoding::Column| match column.values {
            ColumnValues::Numeric { offset, scale, decimals, .. } => {
                vec![Unit { offset: offset as f32, scale: scale as f32, decimals: Some(decimals), ..Unit::PLAIN }]
            }
            ColumnValues::Date { ref parts, .. } => {
                let unit = |scaled: &ScaledPart| Unit {
                    offset: scaled.offset as f32,
                    scale: scaled.scale as f32,
                    decimals: Some(scaled.decimals),
                    ..Unit::PLAIN
                };
                parts.iter().map(unit).collect()
            }
            ColumnValues::Categorical { .. } | ColumnValues::Embedded { .. } => vec![Unit::PLAIN; column.width()],
        };
        self.columns.iter().flat_map(of).collect()
    }

    /// `[rows, width]`, row-major.
    pub fn encode(&self, rows: &[usize]) -> Vec<f32> {
        let width = self.width();
        let mut inputs = vec![0.0; rows.len() * width];
        let pieces = inputs.par_chunks_mut(PIECE * width.max(1)).zip(rows.par_chunks(PIECE));
        pieces.for_each(|(inputs, rows)| self.fill(rows, width, inputs));
        inputs
    }

    /// Writes the inputs of rows, column by column, each row's at the beginning of `apart` numbers.
    pub fn fill(&self, rows: &[usize], apart: usize, inputs: &mut [f32]) {
        let (mut at, mut made) = (0, Vec::<f32>::new());
        for (column, values) in self.columns.iter().zip(self.values) {
            let width = column.width();
            let places = inputs.chunks_exact_mut(apart.max(1)).map(|row| &mut row[at..at + width]);
            let put = |place: &mut [f32], made: &mut Vec<f32>| {
                place.copy_from_slice(made);
                made.clear();
            };
            match (values, column.scaled()) {
                (Values::Numbers(numbers), Some(scaled)) => {
                    rows.iter().zip(places).for_each(|(&row, place)| place[0] = scaled(numbers[row]));
                }
                (Values::Numbers(numbers), None) => {
                    for (&row, place) in rows.iter().zip(places) {
                        column.push_number(numbers[row], &mut made);
                        put(place, &mut made);
                    }
                }
                (Values::Categories { codes, .. }, _) => {
                    for (&row, place) in rows.iter().zip(places) {
                        let category = Some(codes[row]).filter(|&code| code != MISSING);
                        column.push_category(category.map(|code| code as usize), &mut made);
                        put(place, &mut made);
                    }
                }
            }
            at += width;
        }
    }
}

/// Categories that fewer than two training rows have: what a single row has stands for all that was never seen.
fn rare(categories: usize, codes: &[u32], train: &[usize]) -> Vec<usize> {
    let mut counts = vec![0usize; categories];
    for &row in train {
        if let Some(count) = counts.get_mut(codes[row] as usize) {
            *count += 1;
        }
    }
    counts.into_iter().enumerate().filter(|(_, count)| *count < 2).map(|(place, _)| place).collect()
}

/// Rows lie anywhere, so they are fetched once for all that is measured of them.
fn gathered(numbers: &[f64], rows: &[usize]) -> Vec<f64> {
    rows.iter().map(|&row| numbers[row]).collect()
}

fn present(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.retain(|number| !number.is_nan());
    numbers
}

/// What a missing number is filled with, and offset and scale of them all.
fn measured(kind: Scaling, mut numbers: Vec<f64>) -> (f64, f64, f64) {
    if !numbers.iter().any(|number| number.is_nan()) {
        let (offset, scale) = scaling(kind, &numbers);
        return (median(&mut numbers), offset, scale);
    }
    let fill = median(&mut present(numbers.clone()));
    numbers.iter_mut().filter(|number| number.is_nan()).for_each(|number| *number = fill);
    let (offset, scale) = scaling(kind, &numbers);
    (fill, offset, scale)
}

/// Of numbers that are there, whose order changes.
fn median(numbers: &mut [f64]) -> f64 {
    if numbers.is_empty() {
        return 0.0;
    }
    let middle = numbers.len() / 2;
    let is_odd = numbers.len() % 2 == 1;
    let (below, &mut upper, _) = numbers.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = || below.iter().copied().max_by(f64::total_cmp).unwrap_or(upper);
    if is_odd { upper } else { (lower() + upper) / 2.0 }
}

/// Of the training rows.
fn scaling(kind: Scaling, numbers: &[f64]) -> (f64, f64) {
    let all = || numbers.iter().copied();
    let (offset, scale) = match kind {
        Scaling::None => (0.0, 1.0),
        Scaling::Standardise => mean_and_deviation(all()),
        Scaling::MinMax => {
            let (low, high) = all().fold((f64::MAX, f64::MIN), |(low, high), n| (low.min(n), high.max(n)));
            (low, high - low)
        }
    };
    // A column that is constant over the training rows is only shifted.
    (offset, if scale > 0.0 { scale } else { 1.0 })
}

pub(super) fn mean_and_deviation(numbers: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = numbers.clone().count().max(1) as f64;
    let mean = numbers.clone().sum::<f64>() / count;
    let variance = numbers.map(|n| (n - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}
