//! How the answer follows one column: it is set to a value in all samples, and the answers' mean is taken (Friedman's
//! partial dependence).

use std::collections::BTreeMap;

use super::{InputGroup, Judge};
use crate::data::encoding::{ColumnValues, Inputs};
use crate::data::{Samples, Unit};
use crate::model::Answer;
use crate::trainer::RunError;

/// Samples that are asked for each value.
const ASKED: usize = 500;
/// Values of a column.
const VALUES: usize = 20;

/// Of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependence {
    /// Its heading.
    pub column: String,
    /// Whether its values are words, with no order.
    pub is_category: bool,
    /// By value.
    pub points: Vec<Point>,
}

/// What the network answers where a column has one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// In the column's unit, or the place of a category.
    pub value: f64,
    /// "3.5", "female", "year 2003".
    pub label: String,
    /// Mean over the samples: the share of each class, or each number in its unit.
    pub answers: Vec<f32>,
}

/// A value as the network sees it.
type Setting = (f64, String, Vec<f32>);

impl Judge {
    /// The curve of one of [`Self::columns`]; `rows` as for the importance. `None` where there is no such column.
    pub fn dependence(&self, part: &Samples, rows: &[u32], column: &str) -> Result<Option<Dependence>, RunError> {
        let columns = self.columns();
        let Some(place) = columns.iter().position(|group| group.name == column) else { return Ok(None) };
        if !self.has_truth() || part.is_empty() {
            return Ok(None);
        }
        let batch = part.fetch(&rows[..rows.len().min(ASKED)])?;
        let InputGroup { name, inputs } = columns[place].clone();
        let width = batch.inputs.len() / batch.len;
        let found = part.fetch(&rows[..rows.len().min(10 * ASKED)])?;
        let seen: Vec<&[f32]> = found.inputs.chunks_exact(width).map(|row| &row[inputs.clone()]).collect();
        let (is_category, settings) = self.settings(place, &seen);
        let mut points = Vec::new();
        for (value, label, numbers) in settings {
            let mut changed = batch.inputs.clone();
            changed.chunks_exact_mut(width).for_each(|row| row[inputs.clone()].copy_from_slice(&numbers));
            let outputs = self.machine.predict(&changed, batch.len)?;
            points.push(Point { value, label, answers: self.mean(&outputs, batch.len) });
        }
        Ok(Some(Dependence { column: name, is_category, points }))
    }

    /// The values that a column is set to.
    fn settings(&self, place: usize, seen: &[&[f32]]) -> (bool, Vec<Setting>) {
        let plain = |unit: Unit| spread(seen, &|value| unit.value(value), "");
        let Inputs::Table { columns, .. } = &self.encoding.inputs else { return (false, plain(Unit::PLAIN)) };
        match &columns[place].values {
            ColumnValues::Numeric { offset, scale, decimals, .. } => (
                false,
                plain(Unit { offset: *offset as f32, scale: *scale as f32, decimals: Some(*decimals), ..Unit::PLAIN }),
            ),
            ColumnValues::Date { parts, .. } => {
                // A date that there is, whole: its parts belong together. They are ordered by the one that says most.
                let by = parts.len().saturating_sub(1);
                let Some(part) = parts.get(by) else { return (false, Vec::new()) };
                let unit = Unit {
                    offset: part.offset as f32,
                    scale: part.scale as f32,
                    decimals: Some(part.decimals),
                    ..Unit::PLAIN
                };
                let names = columns[place].names();
                let name = names.get(by).and_then(|name| name.split_once(": ")).map_or("", |(_, part)| part);
                let mut sorted: Vec<&[f32]> = seen.to_vec();
                sorted.sort_by(|a, b| a[by].total_cmp(&b[by]));
                sorted.dedup_by(|a, b| a[by] == b[by]);
                let some = evenly(&sorted).map(|numbers| {
                    let value = unit.value(numbers[by]);
                    (f64::from(value), format!("{name} {value}"), numbers.to_vec())
                });
                (false, some.collect())
            }
            ColumnValues::Embedded { .. } => {
                let column = &columns[place];
                let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
                seen.iter().for_each(|numbers| *counts.entry(numbers[0] as usize).or_default() += 1);
                let mut all: Vec<(usize, usize)> = counts.into_iter().collect();
                // The most frequent ones, in their order.
                all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
                all.truncate(VALUES);
                all.sort_unstable();
                let name = |index: usize| column.category_at(index as f32).unwrap_or_default().to_owned();
                (true, all.into_iter().map(|(i, _)| (i as f64, name(i), vec![i as f32])).collect())
            }
            ColumnValues::Categorical { categories, has_missing } => {
                let width = columns[place].width();
                let count = |at: usize| seen.iter().filter(|numbers| numbers[at] == 1.0).count();
                let missing = has_missing.then(|| "missing".to_owned());
                let mut all: Vec<(usize, String)> = categories.iter().cloned().chain(missing).enumerate().collect();
                // The most frequent ones, in their order.
                all.sort_by_key(|(at, _)| std::cmp::Reverse(count(*at)));
                all.truncate(VALUES);
                all.sort_by_key(|(at, _)| *at);
                let one_hot = |at: usize| (0..width).map(|i| f32::from(u8::from(i == at))).collect();
                (true, all.into_iter().map(|(at, name)| (at as f64, name, one_hot(at))).collect())
            }
        }
    }

    fn mean(&self, outputs: &[f32], rows: usize) -> Vec<f32> {
        let width = (outputs.len() / rows.max(1)).max(1);
        let answer = self.machine.answer();
        let of = |row: &[f32]| match answer {
            Answer::Numbers => row.iter().enumerate().map(|(i, &output)| self.truth.unit(i).value(output)).collect(),
            _ => answer.shares(row),
        };
        let mut sums: Vec<f64> = Vec::new();
        for answers in outputs.chunks_exact(width).map(of) {
            sums.resize(answers.len(), 0.0);
            sums.iter_mut().zip(answers).for_each(|(sum, answer)| *sum += f64::from(answer));
        }
        sums.into_iter().map(|sum| (sum / rows as f64) as f32).collect()
    }
}

/// Values of one input that occur, evenly by rank.
fn spread(seen: &[&[f32]], value: &dyn Fn(f32) -> f32, before: &str) -> Vec<Setting> {
    let mut sorted: Vec<&[f32]> = seen.to_vec();
    sorted.sort_by(|a, b| a[0].total_cmp(&b[0]));
    sorted.dedup_by(|a, b| a[0] == b[0]);
    let setting = |numbers: &[f32]| {
        let value = value(numbers[0]);
        (f64::from(value), format!("{before}{value}"), numbers.to_vec())
    };
    evenly(&sorted).map(setting).collect()
}

/// At most so many as are shown, the first and the last among them.
fn evenly<'a>(sorted: &'a [&'a [f32]]) -> impl Iterator<Item = &'a [f32]> {
    let count = sorted.len().min(VALUES);
    (0..count).map(move |i| sorted[if count > 1 { i * (sorted.len() - 1) / (count - 1) } else { 0 }])
}
