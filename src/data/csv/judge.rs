//! What a column is used for, and why, unless the user says otherwise.

use super::columns::{Clock, ColumnFacts, shortened};
use super::date::Tells;
use crate::data::facts::Repair;
use crate::expr::{agreeing, counted, thousands};
use crate::model::ColumnRole;

/// Beyond it a text column is not made one-hot unless the user says so.
const MAX_INFERRED_CATEGORIES: usize = 50;
/// Rows of each value, on average, that an Embedding needs.
const LEAST_ROWS_EACH: usize = 4;
/// Whole numbers with at most so many values can be classes.
const MAX_WHOLE_CLASSES: usize = 20;
/// The most classes there can be.
pub(super) const MAX_CLASSES: usize = 1000;
/// Numbers that people write where a value is missing.
const SENTINELS: [f64; 12] =
    [-9.0, -99.0, -999.0, -9999.0, -99_999.0, -999_999.0, 99.0, 999.0, 9999.0, 99_999.0, 999_999.0, -1.0];

/// Words of a column's name that say what its numbers are.
const DAYS: [&str; 5] = ["date", "datum", "day", "yyyymmdd", "ymd"];
const MOMENTS: [&str; 12] = [
    "timestamp",
    "epoch",
    "unix",
    "unixtime",
    "time",
    "datetime",
    "ts",
    "date",
    "created",
    "updated",
    "modified",
    "when",
];
const IDENTIFIERS: [&str; 12] =
    ["id", "uuid", "guid", "index", "rowid", "unnamed", "number", "no", "nr", "code", "sku", "price"];
/// 1900 to 2100, in seconds since 1970.
const OUR_TIMES: (f64, f64) = (-2_208_988_800.0, 4_102_444_800.0);
/// 1990 to 2040.
const LIKELY: (f64, f64) = (631_152_000.0, 2_208_988_800.0);
/// Eight digits that are days in all of fewer rows may be that by chance.
const LEAST_DAYS: usize = 4;

/// A number for people: without a sign where it is zero, and without fifty digits.
pub(super) fn written(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        1e15.. => format!("{number:e}"),
        _ => number.to_string(),
    }
}

/// Whether a number is one of those.
#[inline]
pub(super) fn may_be_sentinel(number: f64) -> bool {
    number.abs() < 1e6 && number as i64 as f64 == number && SENTINELS.contains(&number)
}

/// Words in a column's name, in lower case: "customerId", "Zip code".
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        let is_new = !c.is_alphanumeric() || (c.is_uppercase() && was_lower);
        if is_new && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    words
}

impl ColumnFacts {
    fn is_called(&self, names: &[&str]) -> bool {
        let words = words_of(&self.name);
        let joined = words.concat();
        names.iter().any(|name| words.iter().any(|word| word == name) || joined == *name)
    }

    /// Digits that name something and measure nothing; why.
    fn code(&self) -> Option<String> {
        const CODES: [&str; 10] =
            ["zip", "zipcode", "postcode", "postalcode", "plz", "fips", "isbn", "ean", "phone", "telephone"];
        if !self.is_numeric() || self.whole < self.numbers {
            None
        } else if self.beyond > 0 {
            Some("whole numbers too long to be quantities (identifiers?)".into())
        } else if self.leading_zeros > 0 {
            Some("codes with leading zeros".into())
        } else if self.is_called(&CODES) {
            Some("codes, by the column's name".into())
        } else {
            None
        }
    }

    /// Whether each row has a number of its own, by which it is called.
    fn identifies_rows(&self) -> Option<String> {
        let from = self.counts_from.filter(|_| self.rows >= 20);
        let is_identifier = self.is_called(&["id", "uuid", "guid", "index", "rowid", "unnamed"]);
        let is_moment = self.is_called(&["t", "time", "day", "week", "month", "year", "hour", "step", "age"]);
        if from.is_some_and(|from| is_identifier || (from <= 1.0 && !is_moment)) {
            return Some("it only numbers the rows".into());
        }
        let all_differ = self.rows >= 20 && !self.too_many && self.distinct() == self.rows;
        (is_identifier && self.is_numeric() && self.whole == self.numbers && (all_differ || self.too_many))
            .then(|| "identifiers, by the column's name: every row has its own".into())
    }

    /// Whether the column is one of dates without being told so. Numbers are where its name says it too; of eight
    /// digits that are days each time, where they are days of our times.
    pub fn is_date(&self) -> bool {
        let Some((first, last)) = self.dates else { return false };
        match self.form.clock {
            Clock::Written => true,
            Clock::Compact => {
                let are_ours = first >= OUR_TIMES.0 && last < OUR_TIMES.1 && self.present() >= LEAST_DAYS;
                self.is_called(&DAYS) || (are_ours && !self.is_called(&IDENTIFIERS))
            }
            Clock::Seconds | Clock::Milliseconds => self.is_moment() && !self.is_called(&IDENTIFIERS),
        }
    }

    /// Whether its name says that it tells when something was: "time", "created_at".
    fn is_moment(&self) -> bool {
        let words = words_of(&self.name);
        let is_at = matches!(&*words, [.., verb, at] if (at == "at" || at == "on") && verb.ends_with("ed"));
        is_at || self.is_called(&MOMENTS)
    }

    /// Where numbers may be times though the name doesn't say so: what they would be.
    fn may_be_moments(&self) -> Option<&'static str> {
        let (first, last) = self.dates.filter(|_| !self.is_date())?;
        let is_likely = first >= LIKELY.0 && last < LIKELY.1 && self.whole == self.numbers && self.distinct() >= 10;
        match self.form.clock {
            Clock::Seconds if is_likely => Some("seconds since 1970"),
            Clock::Milliseconds if is_likely => Some("milliseconds since 1970"),
            _ => None,
        }
    }

    /// How the dates of a column are written, where that is as numbers.
    fn written_as(&self) -> Option<&'static str> {
        match self.form.clock {
            Clock::Written => None,
            Clock::Compact => Some("written as yyyymmdd"),
            Clock::Seconds => Some("by its name: seconds since 1970"),
            Clock::Milliseconds => Some("by its name: milliseconds since 1970"),
        }
    }

    /// "numbers from 0 to 80", with their unit.
    fn range(&self) -> String {
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        format!("numbers from {} to {}{unit}", written(self.min), written(self.max))
    }

    /// The role of an input column, and why in half a sentence.
    pub fn infer(&self) -> (ColumnRole, String) {
        let distinct = self.distinct();
        let left_out = |reason: String| (ColumnRole::LeftOut, reason);
        if self.present() == 0 {
            return left_out(if self.too_large > 0 {
                "its numbers are larger than a 32-bit number can be (3.4e38)".into()
            } else {
                "it has no values".into()
            });
        }
        if distinct == 1 && (self.missing == 0 || self.is_numeric()) {
            let missing = if self.missing > 0 { " that has a value" } else { "" };
            return left_out(format!("every row{missing} has the same value"));
        }
        let few = distinct <= 2 || distinct * 2 <= self.present();
        let is_few = distinct <= MAX_INFERRED_CATEGORIES && !self.too_many && few;
        if let Some(reason) = self.identifies_rows() {
            return left_out(reason);
        }
        if let Some(code) = self.code() {
            return if is_few {
                (ColumnRole::Categorical, format!("{distinct} distinct values, {code}"))
            } else {
                left_out(format!("{code}, with {} distinct values", self.distinct_words()))
            };
        }
        if let Some(range) = self.date_range().filter(|_| self.is_date()) {
            let what = if self.tells == Some(Tells::Time) { "times of day" } else { "dates" };
            let written = self.written_as().map(|how| format!(" ({how})")).unwrap_or_default();
            return (ColumnRole::Date, format!("{what} {range}{written}"));
        }
        if self.is_numeric() {
            return (ColumnRole::Numeric, self.range());
        }
        if is_few {
            let words = match self.counts.keys().next() {
                Some(word) if distinct == 1 => format!("two categories: \"{}\" and missing", shortened(word)),
                _ => format!("{distinct} distinct values"),
            };
            return (ColumnRole::Categorical, words);
        }
        left_out(self.why_not())
    }

    /// Whether it is a category with many values that are met again and again: more than one input each is for, and
    /// enough rows of each for an Embedding.
    pub fn can_be_embedded(&self) -> bool {
        let distinct = self.distinct();
        let is_many = distinct > MAX_INFERRED_CATEGORIES && distinct * LEAST_ROWS_EACH <= self.present();
        let is_word = self.texts == self.present() && self.other_unit.is_none() && self.tells.is_none();
        is_many && !self.too_many && self.identifies_rows().is_none() && (is_word || self.code().is_some())
    }

    /// Whether it would be numbers but for a few cells.
    fn is_nearly_numeric(&self) -> bool {
        self.texts > 0 && self.numbers * 10 >= self.present() * 9
    }

    /// The word that most often stands among numbers, and in how many rows.
    pub fn stray(&self) -> Option<(String, usize)> {
        if !self.is_nearly_numeric() || self.other_unit.is_some() || self.dates.is_some() {
            return None;
        }
        let is_number = |text: &str| super::number::read(text).is_some_and(|n| n.values[self.form.decimal].is_some());
        let words = self.counts.iter().filter(|(text, _)| !is_number(text));
        let most = words.max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map(|(text, &n)| (text.clone(), n));
        most.or_else(|| self.first_text.as_ref().map(|(_, text)| (text.clone(), self.texts)))
    }

    /// How a word is said to be missing in this column.
    pub fn as_missing(&self, word: &str) -> String {
        let repair = Repair::TakeAsMissing { column: self.name.clone(), word: word.to_owned() };
        repair.option().unwrap_or_default()
    }

    /// Why a column of many texts is of no use.
    fn why_not(&self) -> String {
        if let Some((line, text)) = &self.other_unit {
            let place = if *line > 0 { format!("on line {line}: \"{text}\"") } else { text.clone() };
            return format!("numbers in different units ({}, but {place}); convert them to use them", self.unit);
        }
        match (&self.first_text, &self.no_date) {
            (Some((line, text)), _) if self.is_nearly_numeric() => format!(
                "{}, but {} (the first is \"{text}\" on line {line}); fix {} to use it",
                counted(self.numbers, "number"),
                counted(self.texts, "text"),
                agreeing(self.texts, "it", "them")
            ),
            (Some((_, text)), None) if self.tells.is_some() => {
                format!("dates such as \"{text}\" that can't all be read in one way; write them alike to use them")
            }
            _ => format!(
                "text with {} distinct values in {} rows, too many for categories (names or identifiers?)",
                self.distinct_words(),
                thousands(self.rows as u64)
            ),
        }
    }

    /// What predicting this column would be: classes, numbers, or nothing, and why in half a sentence.
    pub fn infer_as_target(&self) -> (ColumnRole, String) {
        let distinct = self.distinct();
        let few = distinct * 5 <= self.present() || distinct == 2;
        let is_many = self.too_many || distinct > MAX_CLASSES || (distinct > 2 && distinct * 2 > self.present());
        if self.present() == 0 {
            (ColumnRole::LeftOut, "it has no values".into())
        } else if distinct == 1 {
            (ColumnRole::LeftOut, "every row has the same value".into())
        } else if let Some(code) = self.code().filter(|_| !is_many) {
            (ColumnRole::Categorical, format!("{distinct} classes: {code}"))
        } else if self.is_numeric() {
            if self.whole == self.numbers && distinct <= MAX_WHOLE_CLASSES && few && self.unit.is_empty() {
                (ColumnRole::Categorical, format!("{distinct} distinct whole numbers: classes"))
            } else {
                (ColumnRole::Numeric, self.range())
            }
        } else if is_many {
            let rows = thousands(self.rows as u64);
            let what = if self.is_date() { "dates" } else { "texts" };
            (
                ColumnRole::LeftOut,
                format!("{} distinct {what} in {rows} rows are too many classes", self.distinct_words()),
            )
        } else {
            (ColumnRole::Categorical, format!("{distinct} classes"))
        }
    }

    /// What a person should know of a column that is used so.
    pub fn remarks(&self, role: ColumnRole) -> Vec<String> {
        let name = &self.name;
        let mut said = Vec::new();
        let counts = |n: usize| agreeing(n, "counts", "count");
        if role != ColumnRole::LeftOut {
            said.extend(self.notes.iter().cloned());
            if self.not_finite > 0 {
                let (many, count) = (counted(self.not_finite, "NaN or infinite value"), counts(self.not_finite));
                said.push(format!("\"{name}\" has {many}, which {count} as missing."));
            }
            if self.too_large > 0 {
                let (many, count) = (counted(self.too_large, "value"), counts(self.too_large));
                said.push(format!(
                    "\"{name}\" has {many} larger than a 32-bit number can be, which {count} as missing."
                ));
            }
        }
        if let Some(how) = self.written_as().filter(|_| role == ColumnRole::Date) {
            let range = self.date_range().unwrap_or_default();
            said.push(format!(
                "\"{name}\" is read as dates {range}, {how}. If they are numbers, add --numeric {name:?}."
            ));
        }
        if let Some(what) = self.may_be_moments().filter(|_| role == ColumnRole::Numeric) {
            let range = self.date_range().unwrap_or_default();
            said.push(format!("\"{name}\" could be {what} ({range}). If so, add --date {name:?}."));
        }
        if role == ColumnRole::Numeric {
            said.extend(self.sentinel().map(|(sentinel, times)| {
                format!(
                    "\"{name}\" has {sentinel} in {}, far from all its other numbers. If it means a missing value, add {}.",
                    counted(times, "row"),
                    self.as_missing(&sentinel.to_string())
                )
            }));
        }
        if role == ColumnRole::Numeric && !self.unit.is_empty() {
            said.push(format!("\"{name}\" is read as numbers without their unit ({}).", self.unit));
        }
        said
    }

    /// A number that seems to stand for a missing value, and in how many rows.
    pub fn sentinel(&self) -> Option<(f64, usize)> {
        let number = |text: &String| super::number::read(text).and_then(|n| n.values[self.form.decimal]);
        let all: Vec<(f64, usize)> = self.counts.iter().filter_map(|(text, n)| Some((number(text)?, *n))).collect();
        SENTINELS.iter().find_map(|&sentinel| {
            let times = all.iter().find(|(value, _)| *value == sentinel)?.1;
            let others = || all.iter().map(|(value, _)| *value).filter(|value| *value != sentinel);
            let (low, high) = others().fold((f64::MAX, f64::MIN), |(low, high), n| (low.min(n), high.max(n)));
            let span = high - low;
            let gap = if sentinel < 0.0 { low - sentinel } else { sentinel - high };
            let is_far = others().count() >= 5 && span > 0.0 && gap > if times > 1 { 2.0 } else { 10.0 } * span;
            is_far.then_some((sentinel, times))
        })
    }
}
