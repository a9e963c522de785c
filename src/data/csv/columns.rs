//! What each column of a table holds, decided from all its cells.

use std::collections::HashMap;
use std::io::ErrorKind;

use rayon::prelude::*;

use super::block::{Block, Content, by_column};
use super::capture::Capture;
use super::cell::{Cell, Words};
use super::date;
use super::drawn::Drawing;
use super::number::{self, COMMA, POINT};
use super::spellings;
use super::survey::{Counts, Found, Side, Tally};
use super::table::Table;
use crate::data::DataError;
use crate::data::calendar::shown;
use crate::data::progress::Progress;
use crate::expr::{counted, thousands};
use crate::model::{DateOrder, Decimal, Reading, Spellings};

/// Distinct values counted in a column before counting stops.
const MAX_DISTINCT: usize = 10_000;
/// Distinct values counted in all columns together, to bound memory.
const MAX_DISTINCT_IN_ALL: usize = 2_000_000;

/// How cells of a column become values. Kept with what was learnt, so that later rows are read alike.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Form {
    /// Which way numbers are read.
    pub decimal: usize,
    /// Which way dates are read.
    pub order: usize,
    /// What numbers stand for, in a column of dates.
    pub clock: Clock,
}

/// What a number says of a time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Clock {
    /// Nothing: dates are written as such.
    #[default]
    Written,
    /// 20240531
    Compact,
    /// Seconds since 1970.
    Seconds,
    /// Thousandths of seconds since 1970.
    Milliseconds,
}

impl Form {
    /// NaN where it is missing; `None`: it is no number.
    pub fn number(&self, text: &str, words: &Words) -> Option<f64> {
        match words.read(text) {
            Cell::Missing | Cell::NotFinite | Cell::TooLarge => Some(f64::NAN),
            Cell::Number(number) => number.values[self.decimal].map(held).filter(|value| !value.is_nan()),
            Cell::Text(text) => words.are_weak(text).then_some(f64::NAN),
        }
    }

    /// Seconds since 1970; NaN where it is missing; `None`: it is no date.
    pub fn date(&self, text: &str, words: &Words) -> Option<f64> {
        match words.read(text) {
            Cell::Missing | Cell::NotFinite | Cell::TooLarge => Some(f64::NAN),
            Cell::Number(number) => match self.clock {
                Clock::Written => None,
                Clock::Compact => date::compact(text),
                Clock::Seconds => number.values[POINT],
                Clock::Milliseconds => number.values[POINT].map(|value| value / 1000.0),
            },
            Cell::Text(text) if words.are_weak(text) => Some(f64::NAN),
            Cell::Text(text) => date::read(text)?.seconds[self.order],
        }
    }
}

/// What one column is taken for.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnFacts {
    pub name: String,
    pub rows: usize,
    /// Empty, NA, ?, ... and what is not finite.
    pub missing: usize,
    pub not_finite: usize,
    pub too_large: usize,
    pub numbers: usize,
    pub whole: usize,
    pub texts: usize,
    pub first_text: Option<Found>,
    pub min: f64,
    pub max: f64,
    /// The most digits behind the point.
    pub decimals: u8,
    /// How often each value occurs; incomplete when `too_many`.
    pub counts: Counts,
    pub too_many: bool,
    pub form: Form,
    /// Whether each way reads all its numbers.
    pub fits: [bool; 2],
    /// "$", "kg"; empty without.
    pub unit: String,
    pub other_unit: Option<Found>,
    /// The first and last of dates, where all cells are such.
    pub dates: Option<(f64, f64)>,
    pub tells: Option<date::Tells>,
    pub no_date: Option<Found>,
    /// Other spellings of a category, with what each counts as.
    pub spellings: HashMap<String, String>,
    /// "NA" is a category.
    pub na_counts: bool,
    pub leading_zeros: usize,
    pub beyond: usize,
    /// Every number is its predecessor plus one, from here on.
    pub counts_from: Option<f64>,
    /// Sentences on what was decided, where it could be otherwise.
    pub notes: Vec<String>,
    /// Cells say to every program what they say here.
    pub is_plain: bool,
}

/// What the whole file says of a column.
struct Hints {
    decimal: Option<usize>,
    said_decimal: Option<usize>,
    said_order: Option<usize>,
    said_spellings: Option<Spellings>,
    is_comma_file: bool,
}

/// A number of a cell, as far as a 32-bit one can hold it; else NaN.
pub(super) fn held(value: f64) -> f64 {
    if value.abs() <= f64::from(f32::MAX) { value } else { f64::NAN }
}

/// Counts all columns in one pass over the file. `capture` keeps the numbers of those that may be numeric, `drawing`
/// some of the rows.
pub(super) fn survey(
    table: &Table,
    reading: &Reading,
    capture: Option<&mut Capture>,
    mut drawing: Option<&mut Drawing>,
    progress: &dyn Progress,
    share: (f32, f32),
) -> Result<Vec<ColumnFacts>, DataError> {
    let max_distinct = (MAX_DISTINCT_IN_ALL / table.names.len().max(1)).clamp(100, MAX_DISTINCT);
    let words = Words::of_columns(&reading.missing_words, &table.names);
    let mut kept = capture.into_iter().flat_map(|capture| &mut capture.columns);
    let mut columns: Vec<_> = (0..table.names.len()).map(|index| (index, (Tally::default(), kept.next()))).collect();
    table.for_each_blocks(progress, share, |blocks| {
        if let Some(drawing) = &mut drawing {
            blocks.iter().for_each(|block| drawing.take(block));
        }
        blocks.par_iter_mut().for_each(Block::read_fractions);
        let taken = by_column(blocks, &mut columns, |index, (tally, kept), line, content| {
            let number = match content {
                Content::Text(text) => tally.take(line, text, &words[index], max_distinct),
                Content::Fraction(cell) => {
                    let read = (cell.number, cell.decimals);
                    tally.take_fraction(line, read, || cell.text(), &words[index], max_distinct)
                }
                Content::Number(number) => tally.take_value(line, number, &words[index], max_distinct),
            };
            kept.as_mut().map_or(Ok(()), |column| Capture::push(column, number))
        });
        taken.map_err(|error| unkept(&error, table))
    })?;
    let tallies: Vec<Tally> = columns.into_iter().map(|(_, (tally, _))| tally).collect();
    let votes: Vec<usize> = tallies.iter().filter_map(Tally::votes_for).collect();
    let hints = Hints {
        decimal: if table.is_made() { Some(POINT) } else { one_of(&votes) },
        said_decimal: reading.decimal.map(|decimal| if decimal == Decimal::Point { POINT } else { COMMA }),
        said_order: reading.dates.map(|order| match order {
            DateOrder::DayFirst => date::DAY_FIRST,
            DateOrder::MonthFirst => date::MONTH_FIRST,
        }),
        said_spellings: reading.spellings,
        is_comma_file: table.dialect.delimiter == b',',
    };
    let decide = |((tally, name), words): ((Tally, &String), &Words)| ColumnFacts::decide(tally, name, &hints, words);
    Ok(tallies.into_iter().zip(&table.names).zip(&words).map(decide).collect())
}

impl ColumnFacts {
    fn decide(tally: Tally, name: &str, hints: &Hints, words: &Words) -> Self {
        let mut notes = Vec::new();
        let decimal = decimal(&tally, name, hints, &mut notes);
        let order = order(&tally, name, hints, &mut notes);
        let side = &tally.numbers[decimal];
        let other_unit = tally.other_unit();
        let are_numbers = tally.texts == tally.weak && tally.look.count > 0 && other_unit.is_none();
        let refused = tally.look.count - side.count;
        let (numbers, others) = if other_unit.is_some() { (0, tally.look.count) } else { (side.count, refused) };
        let is_date = tally.date_count > 0
            && tally.date_count + tally.weak == tally.texts
            && tally.look.count == 0
            && !tally.tells_differ
            && tally.dates[order].count == tally.date_count;
        let dates = is_date.then(|| (tally.dates[order].min, tally.dates[order].max));
        let weak = if (are_numbers && refused == 0) || is_date { tally.weak } else { 0 };
        let first_text = [&tally.first_text, &other_unit, &side.refused].into_iter().flatten().min_by_key(|f| f.0);
        let python_reads = if decimal == POINT {
            tally.look.dressed == 0
        } else {
            !hints.is_comma_file && tally.look.dressed == tally.look.with_comma && tally.look.ambiguous == 0
        };
        let mut facts = Self {
            name: name.to_owned(),
            rows: tally.rows,
            missing: tally.missing + weak,
            not_finite: tally.not_finite,
            too_large: tally.too_large,
            numbers,
            whole: side.whole,
            texts: tally.texts - weak + others,
            first_text: first_text.cloned(),
            min: side.min,
            max: side.max,
            decimals: side.decimals,
            form: Form { decimal, order, clock: Clock::Written },
            fits: [POINT, COMMA].map(|way| tally.numbers[way].count == tally.look.count),
            unit: tally.look.unit.as_ref().map(|unit| unit.concat()).unwrap_or_default(),
            dates,
            tells: tally.tells,
            no_date: tally.no_date.clone(),
            leading_zeros: tally.look.leading_zeros,
            beyond: tally.look.beyond,
            counts_from: (side.counts_rows && side.whole == tally.rows).then_some(side.first),
            is_plain: words.are_usual() && weak == 0 && !is_date && (!are_numbers || python_reads),
            notes,
            other_unit,
            too_many: tally.too_many,
            ..Self::default()
        };
        facts.take_clock(&tally, side);
        facts.take_counts(tally, weak > 0, words, hints.said_spellings);
        facts
    }

    /// Whether numbers may be a date, as 20240531 and seconds since 1970 are.
    fn take_clock(&mut self, tally: &Tally, side: &Side) {
        let is_whole = self.is_numeric() && side.whole == side.count;
        let between = |low: f64, high: f64| side.min >= low && side.max <= high;
        self.form.clock = match () {
            () if self.dates.is_some() || !self.is_numeric() => Clock::Written,
            () if tally.look.compact == tally.look.count => Clock::Compact,
            () if between(1e8, 1e10) => Clock::Seconds,
            () if is_whole && between(1e11, 1e13) => Clock::Milliseconds,
            () => Clock::Written,
        };
        let ends = [side.min, side.max];
        let compact = |value: f64| date::compact(&format!("{value}")).unwrap_or_default();
        let ends = match self.form.clock {
            Clock::Written => return,
            Clock::Compact => ends.map(compact),
            Clock::Seconds => ends,
            Clock::Milliseconds => ends.map(|end| end / 1000.0),
        };
        self.dates = Some((ends[0], ends[1]));
        self.tells = Some(date::Tells::Day);
    }

    /// The categories: without words that are missing values after all, each under one spelling.
    fn take_counts(&mut self, tally: Tally, drops_weak: bool, words: &Words, said: Option<Spellings>) {
        self.counts = tally.counts;
        if drops_weak {
            self.counts.retain(|word, _| !words.are_weak(word));
        }
        if tally.na > 0 && self.numbers == 0 && !words.name("na") && stands_among_codes(&self.name, self.counts.keys())
        {
            self.na_counts = true;
            self.missing -= tally.na;
            self.texts += tally.na;
            self.counts.insert("NA".into(), tally.na);
            self.is_plain = false;
            self.notes.push(format!(
                "\"{}\": NA is taken as a category, like the other codes. If it means a missing value, add \
                 --missing NA.",
                self.name
            ));
        }
        if self.texts == 0 || self.dates.is_some() || self.too_many {
            return;
        }
        let merged = spellings::merge(&mut self.counts, &self.name, said);
        self.is_plain &= merged.spellings.is_empty();
        self.spellings = merged.spellings;
        self.notes.extend(merged.notes);
        let bare = tally.texts - tally.padded;
        if tally.padded > 0 && bare > 0 && self.counts.len() * 2 <= tally.texts {
            let cells = counted(tally.padded, "cell");
            self.notes.push(format!("\"{}\": spaces around the words of {cells} don't count.", self.name));
        }
    }

    pub fn present(&self) -> usize {
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

    /// Whether a cell names no category.
    pub fn lacks_category(&self, text: &str, words: &Words) -> bool {
        match words.read(text) {
            Cell::Missing => !(self.na_counts && text == "NA"),
            Cell::NotFinite | Cell::TooLarge => true,
            Cell::Number(_) => false,
            Cell::Text(text) => (self.is_numeric() || self.dates.is_some()) && words.are_weak(text),
        }
    }

    /// The distinct values: by number where all are numbers, else by letter.
    pub fn categories(&self) -> Vec<String> {
        let mut names: Vec<String> = self.counts.keys().cloned().collect();
        names.sort();
        if self.is_numeric() {
            let key = |name: &String| number::read(name).and_then(|n| n.values[self.form.decimal]).unwrap_or(0.0);
            names.sort_by(|a, b| key(a).total_cmp(&key(b)));
        }
        names
    }

    /// "from 2020-01-01 to 2021-08-20".
    pub fn date_range(&self) -> Option<String> {
        let (from, to) = self.dates?;
        let time = |seconds: f64| format!("{:02}:{:02}", (seconds / 3600.0) as u32, (seconds / 60.0) as u32 % 60);
        Some(match self.tells {
            Some(date::Tells::Time) => format!("from {} to {}", time(from), time(to)),
            _ => format!("from {} to {}", shown(from), shown(to)),
        })
    }
}

/// Why values of a table cannot be kept: the file is another by now, or the disk that they are put on is full.
pub(super) fn unkept(error: &std::io::Error, table: &Table) -> DataError {
    let path = table.path.display();
    DataError::new(match error.kind() {
        ErrorKind::Other => format!("Can't keep the table ({error}): {path}"),
        _ => format!(
            "The table doesn't fit in memory, and its numbers can't be saved to disk ({error}). Free some space, \
             or set GLASSBOX_HOME to a folder on another disk: {path}"
        ),
    })
}

/// What all say, if they agree.
fn one_of(votes: &[usize]) -> Option<usize> {
    votes.first().copied().filter(|first| votes.iter().all(|vote| vote == first))
}

/// Which way the numbers of a column are read: by all of its cells, else by the rest of the file.
fn decimal(tally: &Tally, name: &str, hints: &Hints, notes: &mut Vec<String>) -> usize {
    let (look, [point, comma]) = (&tally.look, &tally.numbers);
    if let Some(said) = hints.said_decimal {
        return said;
    }
    let fits = |side: &Side| side.count == look.count;
    let Some(example) = look.example.as_deref().filter(|_| fits(point) && fits(comma)) else {
        return if comma.count > point.count { COMMA } else { POINT };
    };
    // One separator with three digits behind it each time: is it a decimal separator?
    let is_dot = example.contains('.');
    let (grouped, decimal) = if is_dot { (COMMA, POINT) } else { (POINT, COMMA) };
    // Numbers below a thousand have none, and they go on up to it.
    let goes_on = look.bare.is_some_and(|largest| (100.0..1000.0).contains(&largest));
    let decided = match hints.decimal {
        Some(of_file) => return of_file,
        None if goes_on || (!is_dot && hints.is_comma_file) => grouped,
        None => decimal,
    };
    let value = number::read(example).and_then(|written| written.values[decided]).unwrap_or_default();
    let (other, word) = if decided == POINT { ("comma", "decimal comma") } else { ("point", "decimal point") };
    let (other, word) = match (decided == grouped, is_dot) {
        (true, _) => (other, format!("a {word}")),
        (false, true) => ("comma", "between thousands".to_owned()),
        (false, false) => ("point", "between thousands".to_owned()),
    };
    let mark = if is_dot { "." } else { "," };
    notes
        .push(format!("\"{name}\": {example} is read as {value}. If the \"{mark}\" is {word}, add --decimal {other}."));
    decided
}

/// Which order the dates of a column have.
fn order(tally: &Tally, name: &str, hints: &Hints, notes: &mut Vec<String>) -> usize {
    let [day, month] = &tally.dates;
    if let Some(said) = hints.said_order {
        return said;
    }
    let is_open =
        day.count == month.count && (day.min, day.max, day.descents) != (month.min, month.max, month.descents);
    if !is_open || day.count == 0 {
        return if month.count > day.count { date::MONTH_FIRST } else { date::DAY_FIRST };
    }
    let text = tally.first_text.as_ref().map_or("", |(_, text)| text.as_str());
    let by_order = date::order_of([day.descents, month.descents]).filter(|&order| tally.dates[order].descents == 0);
    let usual = if text.contains('/') && hints.decimal != Some(COMMA) { date::MONTH_FIRST } else { date::DAY_FIRST };
    let order = by_order.unwrap_or(usual);
    let date = date::read(text).and_then(|written| written.seconds[order]).map(shown).unwrap_or_default();
    let other = if order == date::DAY_FIRST { "month-first" } else { "day-first" };
    notes.push(format!("\"{name}\": {text} is read as {date}. If that is wrong, add --dates {other}."));
    order
}

/// Whether NA is likelier a code among codes (Namibia, North America) than a missing value.
fn stands_among_codes<'a>(name: &str, words: impl Iterator<Item = &'a String> + Clone) -> bool {
    const PLACES: [&str; 10] =
        ["country", "region", "continent", "state", "nation", "market", "territory", "land", "iso", "area"];
    let name = name.to_lowercase();
    let is_place = PLACES.iter().any(|place| name.contains(place));
    let is_code = |word: &String| {
        word.bytes().all(|b| b.is_ascii_uppercase())
            && if is_place { (2..=5).contains(&word.len()) } else { word.len() == 2 }
    };
    let mut all = words.clone();
    let answers = ["NO", "YES", "Y", "N"];
    words.clone().count() >= 2 && all.all(|word| is_code(word) && !answers.contains(&word.as_str()))
}

/// At most 40 characters, for messages.
pub(super) fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    if text.chars().count() <= SHOWN { text.to_owned() } else { text.chars().take(SHOWN).collect::<String>() + "…" }
}
