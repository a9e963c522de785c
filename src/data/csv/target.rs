//! The column to predict: what task it makes, how it is scaled, and what gives it away.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use rayon::prelude::*;

use super::InputColumn;
use super::columns::{ColumnFacts, shortened};
use super::encode::{Values, mean_and_deviation};
use super::judge::MAX_CLASSES;
use super::store::Column;
use super::table::Table;
use crate::data::{Curve, DataError, Giveaway, TargetPlace, Truth};
use crate::expr::{counted, listed, thousands};
use crate::model::{ColumnRole, CsvSpec};

/// What is predicted: where the columns stand, and whether they are classes (`Categorical`) or numbers (`Numeric`).
pub(super) fn wanted(
    settings: &CsvSpec,
    table: &Table,
    facts: &[ColumnFacts],
) -> Result<Vec<(usize, ColumnRole)>, DataError> {
    let names = settings.targets();
    let places = names.iter().map(|name| place(name, table)).collect::<Result<Vec<_>, _>>()?;
    match places[..] {
        [one] => Ok(vec![(one, role(settings, table, one, facts)?)]),
        _ => {
            places.iter().try_for_each(|&at| as_one_of_several(settings, table, at, &facts[at]))?;
            Ok(places.into_iter().map(|at| (at, ColumnRole::Numeric)).collect())
        }
    }
}

fn place(target: &str, table: &Table) -> Result<usize, DataError> {
    table.names.iter().position(|name| name == target).ok_or_else(|| {
        let names = table.columns_in_words();
        let what = if target.is_empty() {
            "No column is chosen as the target".to_owned()
        } else {
            format!("There is no column \"{target}\"")
        };
        DataError::new(format!("{what}. Choose one of: {names} File: {}", table.path.display()))
    })
}

/// What else can be predicted.
fn others(settings: &CsvSpec, table: &Table, facts: &[ColumnFacts]) -> String {
    let can_be = |(name, facts): &(&String, &ColumnFacts)| {
        !settings.predicts(name) && facts.infer_as_target().0 != ColumnRole::LeftOut
    };
    let names: Vec<&String> = table.names.iter().zip(facts).filter(can_be).map(|(name, _)| name).collect();
    match names.is_empty() {
        true => "No other column can be predicted either: the file needs rows that differ.".to_owned(),
        false => format!("Choose another target, with --target or in the Data tab: {}.", listed(names)),
    }
}

/// Several targets are numbers.
fn as_one_of_several(settings: &CsvSpec, table: &Table, index: usize, facts: &ColumnFacts) -> Result<(), DataError> {
    let name = &table.names[index];
    let what = match (&facts.first_text, settings.said(name)) {
        (_, Some(ColumnRole::Categorical | ColumnRole::Embedded)) => "is set to categories".to_owned(),
        (_, Some(ColumnRole::Date)) => "is set to dates".to_owned(),
        (_, Some(ColumnRole::LeftOut)) => "is set to be left out".to_owned(),
        (_, Some(ColumnRole::Weight)) => "is set to weight the rows".to_owned(),
        (Some((line, text)), _) => format!("has \"{text}\" in line {line}"),
        (None, _) if facts.present() == 0 => "has no values".to_owned(),
        (None, _) => return Ok(()),
    };
    Err(DataError::new(format!(
        "Several targets at once are predicted as numbers, but \"{name}\" {what}. Predict it by itself, or choose \
         other targets. File: {}",
        table.path.display()
    )))
}

/// Whether the only target is classes (`Categorical`) or a number (`Numeric`).
fn role(settings: &CsvSpec, table: &Table, index: usize, all: &[ColumnFacts]) -> Result<ColumnRole, DataError> {
    let facts = &all[index];
    let name = &table.names[index];
    let refuse = |what: String| Err(DataError::new(format!("{what} File: {}", table.path.display())));
    let (inferred, reason) = facts.infer_as_target();
    let chosen = settings.said(name);
    match chosen.unwrap_or(inferred) {
        ColumnRole::LeftOut if chosen.is_some() => refuse(format!(
            "The column \"{name}\" is both the target and left out. Choose another target, or stop leaving it out."
        )),
        ColumnRole::LeftOut => {
            let others = others(settings, table, all);
            refuse(format!("The column \"{name}\" cannot be the target: {reason}. {others}"))
        }
        ColumnRole::Numeric | ColumnRole::Target | ColumnRole::LogTarget => match &facts.first_text {
            Some(first) => refuse(text_among_numbers(facts, first)),
            None => Ok(ColumnRole::Numeric),
        },
        ColumnRole::Weight => refuse(format!(
            "The column \"{name}\" is both the target and the weight of the rows. Choose another target, or other \
             weights."
        )),
        ColumnRole::Date => refuse(format!(
            "The column \"{name}\" holds dates, which can't be predicted. Choose another target, or predict it as \
             classes."
        )),
        ColumnRole::Categorical | ColumnRole::Embedded if facts.too_many || facts.distinct() > MAX_CLASSES => {
            refuse(format!(
                "The column \"{name}\" has {} distinct values, but at most {} classes are supported. Choose another \
             target, or predict it as a number.",
                facts.distinct_words(),
                thousands(MAX_CLASSES as u64)
            ))
        }
        ColumnRole::Categorical | ColumnRole::Embedded => Ok(ColumnRole::Categorical),
    }
}

/// For a column that shall be numbers and is not.
pub(super) fn text_among_numbers(facts: &ColumnFacts, (line, text): &(u64, String)) -> String {
    let (name, texts) = (&facts.name, facts.texts);
    let others = if texts > 1 { format!(" (and {} more)", thousands(texts as u64 - 1)) } else { String::new() };
    format!(
        "The column \"{name}\" is set to number, but line {line} has \"{text}\"{others}. If that means a missing value, \
         add {}. Otherwise fix the file, or use the column as categories.",
        facts.as_missing(text)
    )
}

/// What is predicted, for the rows in use.
pub(super) enum Target {
    Classes {
        names: Vec<String>,
        codes: Column<u32>,
    },
    /// A column for each number, and what is scaled of it.
    Numbers(Vec<(Column<f64>, Curve)>),
}

impl Target {
    /// Checks that there is something to predict; classes that no kept row has are dropped. `values`: of one column, or
    /// of several with numbers.
    pub fn new(
        settings: &CsvSpec,
        (table, facts): (&Table, &[ColumnFacts]),
        values: Vec<Values>,
        rows: &[usize],
        notes: &mut Vec<String>,
    ) -> Result<Self, DataError> {
        let refuse = |what: String, name: &str| {
            let others = others(settings, table, facts);
            Err(DataError::new(format!(
                "{what} of \"{name}\": there is nothing to learn. Add rows with another one, or predict something else. {others} File: {}",
                table.path.display()
            )))
        };
        let mut all = Vec::with_capacity(values.len());
        for (values, name) in values.into_iter().zip(settings.targets()) {
            match values {
                Values::Numbers(numbers) => {
                    if let Some(&first) = rows.first()
                        && rows.iter().all(|&row| numbers[row] == numbers[first])
                    {
                        return refuse(
                            format!("All {} have the same value {}", counted(rows.len(), "row"), numbers[first]),
                            name,
                        );
                    }
                    let curve = curve(settings, table, name, &numbers, rows)?;
                    notes.extend(curve_note(name, curve));
                    all.push((numbers, curve));
                }
                Values::Categories { names, codes } => {
                    let (names, codes) = used_classes(names, codes.into_vec(), rows);
                    if let [only] = names.as_slice() {
                        return refuse(
                            format!("All {} have the one class \"{}\"", counted(rows.len(), "row"), shortened(only)),
                            name,
                        );
                    }
                    note_sizes(&names, &codes, rows, notes);
                    return Ok(Self::Classes { names, codes: Column::Held(codes) });
                }
            }
        }
        Ok(Self::Numbers(all))
    }

    /// What is to be found of a row, for telling equal ones.
    pub fn hash(&self, row: usize, hasher: &mut impl Hasher) {
        match self {
            Self::Classes { codes, .. } => codes[row].hash(hasher),
            Self::Numbers(all) => all.iter().for_each(|(numbers, _)| numbers[row].to_bits().hash(hasher)),
        }
    }

    /// Class indices of the rows, for the split; `None` for numbers.
    pub fn classes_of(&self, rows: &[usize]) -> Option<Vec<usize>> {
        match self {
            Self::Numbers(_) => None,
            Self::Classes { codes, .. } => Some(rows.iter().map(|&row| codes[row] as usize).collect()),
        }
    }

    /// What is predicted, and what gives each row's target. Numbers are standardised by the training rows, each by
    /// itself.
    pub fn into_truth(self, settings: &CsvSpec, train: &[usize]) -> (Truth, ScaledTarget) {
        match self {
            Self::Classes { names, codes } => (Truth::classes(names), ScaledTarget::Classes(codes)),
            Self::Numbers(all) => {
                let scaled = all.into_iter().map(|(numbers, curve)| {
                    let learned: Vec<f64> = train.iter().map(|&row| curve.of(numbers[row])).collect();
                    let (offset, deviation) = mean_and_deviation(learned.iter().copied());
                    ScaledNumbers { numbers, curve, offset, scale: if deviation > 0.0 { deviation } else { 1.0 } }
                });
                let scaled: Vec<ScaledNumbers> = scaled.collect();
                let offset: Vec<f32> = scaled.iter().map(|one| one.offset as f32).collect();
                let scale: Vec<f32> = scaled.iter().map(|one| one.scale as f32).collect();
                let names = settings.targets().into_iter().map(str::to_owned).collect();
                let curves: Vec<Curve> = scaled.iter().map(|one| one.curve).collect();
                (Truth::numbers(names, &offset, &scale).on_curves(&curves), ScaledTarget::Numbers(scaled))
            }
        }
    }
}

pub(super) enum ScaledTarget {
    Classes(Column<u32>),
    Numbers(Vec<ScaledNumbers>),
}

/// One of the predicted numbers: `(curve(number) - offset) / scale`.
pub(super) struct ScaledNumbers {
    numbers: Column<f64>,
    curve: Curve,
    offset: f64,
    scale: f64,
}

impl ScaledTarget {
    /// `targets`: where their columns stand.
    pub fn places(&self, targets: &[(usize, ColumnRole)]) -> Vec<TargetPlace> {
        let place = |(at, (column, _)): (usize, &(usize, ColumnRole))| match self {
            Self::Classes(_) => TargetPlace { column: *column, curve: Curve::Linear, offset: 0.0, scale: 1.0 },
            Self::Numbers(all) => {
                let ScaledNumbers { curve, offset, scale, .. } = all[at];
                TargetPlace { column: *column, curve, offset, scale }
            }
        };
        targets.iter().enumerate().map(place).collect()
    }

    /// Numbers in the target of a row.
    pub fn width(&self) -> usize {
        match self {
            Self::Classes(_) => 1,
            Self::Numbers(all) => all.len(),
        }
    }

    /// Appends the target of a row.
    pub fn push(&self, row: usize, into: &mut Vec<f32>) {
        match self {
            Self::Classes(codes) => into.push(codes[row] as f32),
            Self::Numbers(all) => {
                into.extend(all.iter().map(|one| ((one.curve.of(one.numbers[row]) - one.offset) / one.scale) as f32))
            }
        }
    }
}

/// What is scaled of a number that is predicted. Errors: it shall be its logarithm, and there are negative ones.
fn curve(settings: &CsvSpec, table: &Table, name: &str, numbers: &[f64], rows: &[usize]) -> Result<Curve, DataError> {
    if settings.said(name) != Some(ColumnRole::LogTarget) {
        return Ok(Curve::Linear);
    }
    let least = rows.iter().map(|&row| numbers[row]).fold(f64::INFINITY, f64::min);
    match least {
        ..0.0 => Err(DataError::new(format!(
            "The logarithm of \"{name}\" can't be learnt: it has negative values ({least}). Learn the values as they \
             are (--target-scale linear, or As: numbers in the Data tab). File: {}",
            table.path.display()
        ))),
        0.0 => Ok(Curve::LogPlusOne),
        _ => Ok(Curve::Log),
    }
}

fn curve_note(name: &str, curve: Curve) -> Option<String> {
    let what = match curve {
        Curve::Linear => return None,
        Curve::Log => format!("the logarithm of \"{name}\""),
        Curve::LogPlusOne => format!("ln(1 + \"{name}\"), because it has zeros"),
    };
    Some(format!("The network learns {what}. Predictions and scores are in its own unit."))
}

fn used_classes(names: Vec<String>, mut codes: Vec<u32>, rows: &[usize]) -> (Vec<String>, Vec<u32>) {
    let mut used = vec![false; names.len()];
    rows.iter().for_each(|&row| used[codes[row] as usize] = true);
    let mut new_codes = Vec::with_capacity(names.len());
    let mut kept = Vec::new();
    for (name, used) in names.into_iter().zip(used) {
        new_codes.push(kept.len() as u32);
        if used {
            kept.push(name);
        }
    }
    rows.iter().for_each(|&row| codes[row] = new_codes[codes[row] as usize]);
    (kept, codes)
}

/// Says which classes are rare, and what a model that always names the most frequent one would reach.
fn note_sizes(names: &[String], codes: &[u32], rows: &[usize], notes: &mut Vec<String>) {
    let mut counts = vec![0usize; names.len()];
    rows.iter().for_each(|&row| counts[codes[row] as usize] += 1);
    let rare: Vec<&str> = names.iter().zip(&counts).filter(|(_, n)| **n == 1).map(|(name, _)| name.as_str()).collect();
    if !rare.is_empty() {
        notes.push(format!(
            "Some classes have only one row, so they are missing from training or validation: {}.",
            listed(rare.iter().map(|name| shortened(name)))
        ));
    }
    if let Some((name, &most)) = names.iter().zip(&counts).max_by_key(|(_, n)| **n)
        && most * 5 >= rows.len() * 4
    {
        let share = 100.0 * most as f64 / rows.len() as f64;
        notes.push(format!(
            "{share:.0} % of the rows are \"{}\": always predicting it would already be that accurate.",
            shortened(name)
        ));
    }
}

/// Which input columns tell a target exactly: usually the target under another name.
pub(super) fn giveaways(
    settings: &CsvSpec,
    inputs: &[InputColumn],
    values: &[Values],
    target: &Target,
    rows: &[usize],
) -> Vec<Giveaway> {
    let targets = settings.targets();
    let given_away = |values: &Values| match target {
        Target::Classes { codes, .. } => determines(values, codes, rows).then_some(0),
        Target::Numbers(all) => all.iter().position(|(numbers, _)| is_linear_in(values, numbers, rows)),
    };
    let leaks = inputs.par_iter().zip(values).filter_map(|(column, values)| Some((column, given_away(values)?)));
    let told = leaks.map(|(column, at)| Giveaway {
        column: column.name.to_owned(),
        target: targets[at].to_owned(),
        words: format!(
            "\"{}\" determines \"{}\" exactly. Leave it out, unless it is meant to be an input.",
            column.name, targets[at]
        ),
    });
    told.collect()
}

/// Whether every value of a column belongs to one class, with several rows to each value.
fn determines(values: &Values, classes: &[u32], rows: &[usize]) -> bool {
    let mut class_of: HashMap<u64, u32> = HashMap::new();
    for &row in rows {
        if *class_of.entry(values.key(row)).or_insert(classes[row]) != classes[row] {
            return false;
        }
    }
    class_of.len() * 3 <= rows.len()
}

/// Whether a correlation is larger than `least`, whatever its sign, from sums over `count` pairs; `None`: one of both
/// is the same everywhere.
fn correlates(least: f64, count: f64, [x, y, xx, yy, xy]: [f64; 5]) -> Option<bool> {
    let (of_x, of_y, of_both) = (xx - x * x / count, yy - y * y / count, xy - x * y / count);
    (of_x > 0.0 && of_y > 0.0).then(|| of_both.abs() > least * (of_x * of_y).sqrt())
}

/// Whether a numeric column is the target up to unit and offset.
fn is_linear_in(values: &Values, target: &[f64], rows: &[usize]) -> bool {
    const FEWEST: f64 = 10.0;
    // What is nothing like linear in so many rows is not in all.
    const BEGINNING: f64 = 1000.0;
    let Values::Numbers(numbers) = values else { return false };
    let mut pairs = rows.iter().map(|&row| (numbers[row], target[row])).filter(|(x, _)| !x.is_nan());
    // In one pass: from the first of them on, so that numbers far from zero lose no digits.
    let Some(first) = pairs.next() else { return false };
    let (mut count, mut x, mut y, mut xx, mut yy, mut xy) = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for pair in pairs {
        let (a, b) = (pair.0 - first.0, pair.1 - first.1);
        (count, x, y) = (count + 1.0, x + a, y + b);
        (xx, yy, xy) = (xx + a * a, yy + b * b, xy + a * b);
        if count == BEGINNING && correlates(0.99, count, [x, y, xx, yy, xy]) == Some(false) {
            return false;
        }
    }
    count >= FEWEST && correlates(0.99999, count, [x, y, xx, yy, xy]) == Some(true)
}
