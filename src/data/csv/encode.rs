//! From cells to numbers: the values of the chosen columns, and the network's input made of them.

use std::collections::HashMap;
use std::path::Path;

use super::cell::{self, Words};
use super::columns::ColumnFacts;
use super::dates;
use super::table::{Table, thousands};
use super::{InputColumn, MAX_BYTES};
use crate::data::encoding::{Column, ColumnValues, DatePart, ScaledPart};
use crate::data::progress::Progress;
use crate::data::{DataError, Unit};
use crate::model::{ColumnRole, CsvSpec, MissingPolicy, Scaling};

/// The code of a missing category.
const MISSING: u32 = u32::MAX;

/// One column over all rows of the file.
pub(super) enum Values {
    /// NaN where missing.
    Numbers(Vec<f64>),
    Categories {
        names: Vec<String>,
        codes: Vec<u32>,
    },
}

impl Values {
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numbers(numbers) => numbers[row].is_nan(),
            Self::Categories { codes, .. } => codes[row] == MISSING,
        }
    }

    /// A key that is equal exactly for equal values.
    pub fn key(&self, row: usize) -> u64 {
        match self {
            Self::Numbers(numbers) => numbers[row].to_bits(),
            Self::Categories { codes, .. } => u64::from(codes[row]),
        }
    }
}

/// Takes the values of the wanted columns in one pass over the file. The roles fit the facts: that was checked.
pub(super) fn read_values(
    table: &Table,
    words: &Words,
    facts: &[ColumnFacts],
    wanted: &[(usize, ColumnRole)],
    progress: &dyn Progress,
    share: (f32, f32),
) -> Result<Vec<Values>, DataError> {
    let mut codes_of: Vec<HashMap<String, u32>> = Vec::new();
    let mut values = Vec::new();
    for &(index, role) in wanted {
        let facts = &facts[index];
        if role == ColumnRole::Categorical {
            let names = facts.categories();
            let codes: HashMap<String, u32> = names.iter().cloned().zip(0..).collect();
            let others = facts.spellings.iter().filter_map(|(other, name)| Some((other.clone(), *codes.get(name)?)));
            codes_of.push(others.collect::<Vec<_>>().into_iter().chain(codes.clone()).collect());
            values.push(Values::Categories { names, codes: Vec::with_capacity(facts.rows) });
        } else {
            codes_of.push(HashMap::new());
            values.push(Values::Numbers(Vec::with_capacity(facts.rows)));
        }
    }
    table.for_each_row(progress, share, |_, record| {
        for ((&(index, role), values), codes_of) in wanted.iter().zip(&mut values).zip(&codes_of) {
            let (text, facts) = (record.get(index).unwrap_or_default().trim(), &facts[index]);
            match values {
                Values::Numbers(numbers) if role == ColumnRole::Date => {
                    numbers.push(facts.form.date(text, words).unwrap_or(f64::NAN));
                }
                Values::Numbers(numbers) => numbers.push(facts.form.number(text, words).unwrap_or(f64::NAN)),
                Values::Categories { codes, .. } if facts.lacks_category(text, words) => codes.push(MISSING),
                Values::Categories { codes, .. } => {
                    codes.push(codes_of.get(cell::category(text)).copied().unwrap_or(MISSING));
                }
            }
        }
        Ok(())
    })?;
    Ok(values)
}

/// How the columns become the network's input; everything measured is measured on the training rows.
pub(super) struct Encoder<'a> {
    columns: Vec<Column>,
    values: &'a [Values],
}

impl<'a> Encoder<'a> {
    pub fn new(settings: &CsvSpec, inputs: &[InputColumn<'a>], values: &'a [Values], train: &[usize]) -> Self {
        let columns = inputs.iter().zip(values).map(|(column, values)| Column {
            name: column.name.to_owned(),
            values: match values {
                Values::Numbers(seconds) if column.role == ColumnRole::Date => {
                    let fill = median(seconds, train);
                    let filled: Vec<f64> = seconds.iter().map(|&s| if s.is_nan() { fill } else { s }).collect();
                    let measure = |part: DatePart, since: f64| {
                        let values: Vec<f64> = filled.iter().map(|&seconds| part.of(seconds, since)).collect();
                        scaling(settings.scaling, &values, 0.0, train)
                    };
                    dates::column(column.facts, &filled, fill, train, measure)
                }
                Values::Numbers(numbers) => {
                    let fill = median(numbers, train);
                    let (offset, scale) = scaling(settings.scaling, numbers, fill, train);
                    let written = Some(column.facts.form.written());
                    ColumnValues::Numeric { offset, scale, fill, decimals: column.facts.decimals, written }
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
        self.columns.iter().map(Column::width).sum()
    }

    /// To be kept, for rows that come later.
    pub fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    pub fn check_size(&self, rows: usize, path: &Path) -> Result<(), DataError> {
        let needed = rows as u64 * self.width() as u64 * 4;
        if needed <= MAX_BYTES {
            return Ok(());
        }
        let widest = self.columns.iter().max_by_key(|column| column.width());
        let (name, width) = widest.map_or(("", 0), |column| (column.name.as_str(), column.width()));
        Err(DataError::new(format!(
            "{} rows of {} inputs would take {:.1} GB of memory (the limit is {:.1} GB). The column \"{name}\" alone \
             makes {width} inputs: leave it out, or use fewer rows: {}",
            thousands(rows as u64),
            thousands(self.width() as u64),
            needed as f64 / 1e9,
            MAX_BYTES as f64 / 1e9,
            path.display()
        )))
    }

    /// "age", "sex = male", "deck = missing".
    pub fn names(&self) -> Vec<String> {
        self.columns.iter().flat_map(Column::names).collect()
    }

    /// How the numbers are scaled, one for each input.
    pub fn units(&self) -> Vec<Unit> {
        let of = |column: &Column| match column.values {
            ColumnValues::Numeric { offset, scale, decimals, .. } => {
                vec![Unit { offset: offset as f32, scale: scale as f32, decimals: Some(decimals) }]
            }
            ColumnValues::Date { ref parts, .. } => {
                let unit = |scaled: &ScaledPart| Unit {
                    offset: scaled.offset as f32,
                    scale: scaled.scale as f32,
                    decimals: Some(scaled.decimals),
                };
                parts.iter().map(unit).collect()
            }
            ColumnValues::Categorical { .. } => vec![Unit::PLAIN; column.width()],
        };
        self.columns.iter().flat_map(of).collect()
    }

    /// `[rows, width]`, row-major.
    pub fn encode(&self, rows: &[usize]) -> Vec<f32> {
        let mut inputs = Vec::with_capacity(rows.len() * self.width());
        for &row in rows {
            for (column, values) in self.columns.iter().zip(self.values) {
                match values {
                    Values::Numbers(numbers) => column.push_number(numbers[row], &mut inputs),
                    Values::Categories { codes, .. } => {
                        let category = Some(codes[row]).filter(|&code| code != MISSING);
                        column.push_category(category.map(|code| code as usize), &mut inputs);
                    }
                }
            }
        }
        inputs
    }
}

fn median(numbers: &[f64], rows: &[usize]) -> f64 {
    let mut present: Vec<f64> = rows.iter().map(|&row| numbers[row]).filter(|n| !n.is_nan()).collect();
    if present.is_empty() {
        return 0.0;
    }
    present.sort_by(f64::total_cmp);
    let middle = present.len() / 2;
    if present.len() % 2 == 1 { present[middle] } else { (present[middle - 1] + present[middle]) / 2.0 }
}

fn scaling(scaling: Scaling, numbers: &[f64], fill: f64, rows: &[usize]) -> (f64, f64) {
    let filled = || rows.iter().map(|&row| if numbers[row].is_nan() { fill } else { numbers[row] });
    let (offset, scale) = match scaling {
        Scaling::None => (0.0, 1.0),
        Scaling::Standardise => mean_and_deviation(filled()),
        Scaling::MinMax => {
            let (low, high) = filled().fold((f64::MAX, f64::MIN), |(low, high), n| (low.min(n), high.max(n)));
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
