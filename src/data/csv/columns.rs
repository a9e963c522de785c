//! What each column of a table holds, counted over all rows, and what that makes of it.

use std::collections::HashMap;

use super::cell::{self, Cell};
use super::spelling;
use super::table::{Table, thousands};
use crate::data::DataError;
use crate::data::progress::Progress;
use crate::model::ColumnRole;

/// Distinct values counted in a column before counting stops.
const MAX_DISTINCT: usize = 10_000;
/// Distinct values counted in all columns together, to bound memory.
const MAX_DISTINCT_IN_ALL: usize = 2_000_000;
/// Beyond it a text column is not made one-hot unless the user says so.
const MAX_INFERRED_CATEGORIES: usize = 50;
/// Whole numbers with at most so many values can be classes.
const MAX_WHOLE_CLASSES: usize = 20;
/// The most classes there can be.
pub(super) const MAX_CLASSES: usize = 1000;

/// Counts over all rows of one column.
#[derive(Debug, Default)]
pub(super) struct ColumnFacts {
    pub rows: usize,
    /// Empty, NA, ?, ... and what is not finite.
    pub missing: usize,
    pub not_finite: usize,
    pub numbers: usize,
    pub whole: usize,
    pub texts: usize,
    pub first_text: Option<(u64, String)>,
    pub min: f64,
    pub max: f64,
    /// The most digits behind the point.
    pub decimals: u8,
    /// How often each value occurs; incomplete when `too_many`.
    pub counts: HashMap<String, usize>,
    pub too_many: bool,
    /// Every number is its predecessor plus one.
    counts_rows: bool,
    last: f64,
}

impl ColumnFacts {
    fn take(&mut self, line: u64, text: &str, decimal_comma: bool, max_distinct: usize) {
        self.rows += 1;
        match cell::read(text, decimal_comma) {
            Cell::Missing => {
                self.missing += 1;
                return;
            }
            Cell::NotFinite => {
                self.missing += 1;
                self.not_finite += 1;
                return;
            }
            Cell::Number(number) => {
                self.take_number(number);
                self.decimals = self.decimals.max(cell::decimals(text));
            }
            Cell::Text(text) => {
                self.texts += 1;
                if self.first_text.is_none() {
                    self.first_text = Some((line, shortened(text)));
                }
            }
        }
        let category = cell::category(text);
        if let Some(count) = self.counts.get_mut(category) {
            *count += 1;
        } else if self.counts.len() < max_distinct {
            self.counts.insert(category.to_owned(), 1);
        } else {
            self.too_many = true;
        }
    }

    fn take_number(&mut self, number: f64) {
        let first = self.numbers == 0;
        self.numbers += 1;
        self.whole += usize::from(number.fract() == 0.0);
        self.min = if first { number } else { self.min.min(number) };
        self.max = if first { number } else { self.max.max(number) };
        self.counts_rows = first || (self.counts_rows && number == self.last + 1.0);
        self.last = number;
    }

    fn present(&self) -> usize {
        self.rows - self.missing
    }

    pub fn is_numeric(&self) -> bool {
        self.texts == 0 && self.numbers > 0
    }

    pub fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// "more than 10,000" or "12".
    pub fn distinct_words(&self) -> String {
        let more = if self.too_many { "more than " } else { "" };
        format!("{more}{}", thousands(self.distinct() as u64))
    }

    /// The role of an input column, and why in half a sentence.
    pub fn infer(&self) -> (ColumnRole, String) {
        let distinct = self.distinct();
        let left_out = |reason: String| (ColumnRole::LeftOut, reason);
        if self.present() == 0 {
            return left_out("it has no values".into());
        }
        if distinct == 1 && (self.missing == 0 || self.is_numeric()) {
            let missing = if self.missing > 0 { " that has a value" } else { "" };
            return left_out(format!("every row{missing} has the same value"));
        }
        if self.is_numeric() {
            if self.counts_rows && self.whole == self.rows && self.rows >= 20 {
                return left_out("it only numbers the rows".into());
            }
            return (ColumnRole::Numeric, format!("numbers from {} to {}", self.min, self.max));
        }
        let few = distinct <= 2 || distinct * 2 <= self.present();
        if distinct <= MAX_INFERRED_CATEGORIES && !self.too_many && few {
            return (ColumnRole::Categorical, format!("{distinct} distinct values"));
        }
        match &self.first_text {
            Some((line, text)) if self.numbers * 10 >= self.present() * 9 => left_out(format!(
                "{} numbers, but {} texts (the first is \"{text}\" on line {line}); fix them to use it",
                thousands(self.numbers as u64),
                thousands(self.texts as u64)
            )),
            Some((_, text)) if self.counts.keys().all(|word| spelling::is_date(word)) => left_out(format!(
                "dates such as \"{text}\"; turn them into numbers, such as days or months, to use them"
            )),
            Some((_, text)) if self.counts.keys().all(|word| spelling::is_amount(word)) => left_out(format!(
                "amounts such as \"{text}\"; remove the symbols and separators to use them as numbers"
            )),
            _ => left_out(format!(
                "text with {} distinct values in {} rows, too many for categories (names or identifiers?)",
                self.distinct_words(),
                thousands(self.rows as u64)
            )),
        }
    }

    /// What predicting this column would be: classes, numbers, or nothing, and why in half a sentence.
    pub fn infer_as_target(&self) -> (ColumnRole, String) {
        let distinct = self.distinct();
        let few = distinct * 5 <= self.present() || distinct == 2;
        if self.present() == 0 {
            (ColumnRole::LeftOut, "it has no values".into())
        } else if distinct == 1 {
            (ColumnRole::LeftOut, "every row has the same value".into())
        } else if self.is_numeric() {
            if self.whole == self.numbers && distinct <= MAX_WHOLE_CLASSES && few {
                (ColumnRole::Categorical, format!("{distinct} distinct whole numbers: classes"))
            } else {
                (ColumnRole::Numeric, format!("numbers from {} to {}", self.min, self.max))
            }
        } else if self.too_many || distinct > MAX_CLASSES || (distinct > 2 && distinct * 2 > self.present()) {
            let rows = thousands(self.rows as u64);
            (
                ColumnRole::LeftOut,
                format!("{} distinct texts in {rows} rows are too many classes", self.distinct_words()),
            )
        } else {
            (ColumnRole::Categorical, format!("{distinct} classes"))
        }
    }

    /// The distinct values: by number where all are numbers, else by letter.
    pub fn categories(&self) -> Vec<String> {
        let mut names: Vec<String> = self.counts.keys().cloned().collect();
        names.sort();
        if self.is_numeric() {
            // A value such as "3,14" does not parse here; equal keys keep the order by letter.
            let key = |name: &String| name.replace(',', ".").parse::<f64>().unwrap_or(0.0);
            names.sort_by(|a, b| key(a).total_cmp(&key(b)));
        }
        names
    }
}

/// Counts all columns in one pass over the file.
pub(super) fn survey(table: &Table, progress: &dyn Progress, share: (f32, f32)) -> Result<Vec<ColumnFacts>, DataError> {
    let mut facts: Vec<ColumnFacts> = Vec::new();
    facts.resize_with(table.names.len(), ColumnFacts::default);
    let max_distinct = (MAX_DISTINCT_IN_ALL / table.names.len().max(1)).clamp(100, MAX_DISTINCT);
    let decimal_comma = table.dialect.decimal_comma();
    table.for_each_row(progress, share, |line, record| {
        for (facts, text) in facts.iter_mut().zip(record) {
            facts.take(line, text.trim(), decimal_comma, max_distinct);
        }
        Ok(())
    })?;
    Ok(facts)
}

/// At most 40 characters, for messages.
pub(super) fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    if text.chars().count() <= SHOWN { text.to_owned() } else { text.chars().take(SHOWN).collect::<String>() + "…" }
}
