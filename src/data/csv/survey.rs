//! Counts over all rows of a column, kept so that any reading of it can still be chosen at the end.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::block::Content;
use super::cell::{self, Cell, Words};
use super::columns::{self, shortened};
use super::date;
use super::judge;
use super::number::{self, COMMA, POINT, Written};

/// Numbers with a fraction lie between them as they are usually written: without an exponent.
const FRACTIONS: RangeInclusive<f64> = 1e-4..=1e15;
/// No 64-bit float has more digits that say something; of more decimals nobody counts how many.
const MOST_DECIMALS: u8 = 17;

/// How often each word occurs.
pub(super) type Counts = HashMap<String, usize, foldhash::fast::RandomState>;

/// A line of the file and what stands there.
pub(super) type Found = (u64, String);

/// What a column is when its numbers, or its dates, are read in one way.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// Cells that can be read so.
    pub count: usize,
    pub whole: usize,
    pub min: f64,
    pub max: f64,
    /// The most digits behind the point.
    pub decimals: u8,
    pub first: f64,
    /// Every number is its predecessor plus one.
    pub counts_rows: bool,
    /// How often a number is smaller than that before.
    pub descents: usize,
    last: f64,
    /// The first cell that cannot be read so.
    pub refused: Option<Found>,
}

impl Side {
    #[inline]
    fn take(&mut self, number: f64, decimals: u8) {
        if self.count == 0 {
            (self.min, self.max, self.first, self.counts_rows) = (number, number, number, true);
        } else {
            (self.min, self.max) = (self.min.min(number), self.max.max(number));
            self.counts_rows &= number == self.last + 1.0;
            self.descents += usize::from(number < self.last);
        }
        self.count += 1;
        self.whole += usize::from(is_whole(number));
        self.decimals = self.decimals.max(decimals);
        self.last = number;
    }

    fn refuse(&mut self, line: u64, text: &str) {
        self.refused.get_or_insert_with(|| (line, shortened(text)));
    }
}

/// What numbers of a column look like.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Number cells.
    pub count: usize,
    /// Of them those that the two ways read differently, and the first of them.
    pub ambiguous: usize,
    pub example: Option<String>,
    /// The largest without any separator.
    pub bare: Option<f64>,
    /// With something that not every program reads; of them those that have only a decimal comma.
    pub dressed: usize,
    pub with_comma: usize,
    pub leading_zeros: usize,
    /// Whole numbers that a 64-bit float cannot tell apart.
    pub beyond: usize,
    /// Eight digits that are a date.
    pub compact: usize,
    pub unit: Option<[String; 2]>,
    pub with_unit: usize,
    /// A cell with another unit.
    pub other_unit: Option<Found>,
}

/// Everything counted of one column.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub rows: usize,
    /// Empty, NA, ?, ... and what is not finite.
    pub missing: usize,
    /// Of the missing, those written "NA".
    pub na: usize,
    pub not_finite: usize,
    pub too_large: usize,
    pub look: Look,
    /// As numbers.
    pub numbers: [Side; 2],
    pub texts: usize,
    pub first_text: Option<Found>,
    /// Texts that are missing values where all else are numbers or dates.
    pub weak: usize,
    /// Texts with spaces around them.
    pub padded: usize,
    /// As dates.
    pub dates: [Side; 2],
    pub date_count: usize,
    pub tells: Option<date::Tells>,
    pub tells_differ: bool,
    /// The first text that is no date.
    pub no_date: Option<Found>,
    /// How often each value occurs; incomplete when `too_many`, and of numbers then hardly counted any more.
    pub counts: Counts,
    pub too_many: bool,
}

impl Tally {
    /// What the cell says where its column is one of numbers with decimal points: NaN where it is missing; `None`: then
    /// it is no such column.
    pub fn take(&mut self, line: u64, cell: &str, words: &Words, max_distinct: usize) -> Option<f64> {
        self.rows += 1;
        let text = cell.trim();
        let number = match words.read(text) {
            Cell::Missing => {
                self.missing += 1;
                self.na += usize::from(text == "NA");
                return Some(f64::NAN);
            }
            Cell::NotFinite => {
                self.missing += 1;
                self.not_finite += 1;
                return Some(f64::NAN);
            }
            Cell::TooLarge => {
                self.missing += 1;
                self.too_large += 1;
                return Some(f64::NAN);
            }
            Cell::Number(written) => {
                self.take_number(line, text, &written);
                let number = written.values[POINT].map(columns::held);
                // Where numbers are too many to be counted, only those matter that may stand for a missing value.
                if self.too_many && !written.values.into_iter().flatten().any(judge::may_be_sentinel) {
                    return number;
                }
                number
            }
            Cell::Text(text) => {
                self.take_text(line, text, words);
                self.padded += usize::from(text.len() < cell.len());
                words.are_weak(text).then_some(f64::NAN)
            }
        };
        let category = cell::category(text);
        if let Some(count) = self.counts.get_mut(category) {
            *count += 1;
        } else if self.counts.len() < max_distinct {
            self.counts.insert(category.to_owned(), 1);
        } else {
            self.too_many = true;
        }
        number
    }

    /// As [`Self::take`], of a cell of a file that has numbers as such: NaN where it is missing.
    pub fn take_value(&mut self, line: u64, number: f64, words: &Words, max_distinct: usize) -> Option<f64> {
        if number.is_nan() {
            self.rows += 1;
            self.missing += 1;
            return Some(number);
        }
        // What [`number::fraction`] leaves to a closer look is left to it here too.
        let may_be_thousands = || number.abs() >= 1.0 && is_whole(number * 1000.0);
        let is_fraction = FRACTIONS.contains(&number.abs()) && !is_whole(number) && !may_be_thousands();
        if !is_fraction || self.has_more_to_say(words) || judge::may_be_sentinel(number) {
            return self.take(line, &Content::Number(number).text(), words, max_distinct);
        }
        let point = &mut self.numbers[POINT];
        if point.decimals < MOST_DECIMALS {
            let text = Content::Number(number).text();
            point.decimals = point.decimals.max(number::read(&text).map_or(0, |written| written.decimals[POINT]));
        }
        let decimals = point.decimals;
        self.take_short(number, decimals, || (line, Content::Number(number).text().into_owned()));
        Some(number)
    }

    /// Whether a number has to be looked at more closely than for its value.
    #[inline]
    fn has_more_to_say(&self, words: &Words) -> bool {
        !self.too_many || self.look.with_unit > 0 || !words.are_usual()
    }

    /// A number with a fraction that is no longer counted.
    #[inline]
    fn take_short(&mut self, number: f64, decimals: u8, found: impl FnOnce() -> Found) {
        self.rows += 1;
        self.look.count += 1;
        self.numbers[POINT].take(number, decimals);
        self.numbers[COMMA].refused.get_or_insert_with(found);
    }

    /// As [`Self::take`], of a fraction: what most large tables are full of, and of which nothing else is to be said
    /// once they are no longer counted.
    #[inline]
    pub fn take_fraction<'a>(
        &mut self,
        line: u64,
        (number, decimals): (f64, u8),
        text: impl Fn() -> &'a str,
        words: &Words,
        max_distinct: usize,
    ) -> Option<f64> {
        if self.has_more_to_say(words) || judge::may_be_sentinel(number) {
            return self.take(line, text(), words, max_distinct);
        }
        self.take_short(number, decimals, || (line, shortened(text())));
        Some(number)
    }

    fn take_number(&mut self, line: u64, text: &str, written: &Written) {
        let look = &mut self.look;
        look.count += 1;
        for (side, (value, decimals)) in self.numbers.iter_mut().zip(written.values.into_iter().zip(written.decimals)) {
            match value {
                Some(value) => side.take(value, decimals),
                None => side.refuse(line, text),
            }
        }
        if let [Some(point), Some(comma)] = written.values {
            if point != comma {
                look.ambiguous += 1;
                look.example.get_or_insert_with(|| text.to_owned());
            } else if written.is_bare {
                look.bare = Some(look.bare.unwrap_or(0.0).max(point.abs()));
            }
            look.beyond += usize::from(written.is_bare && written.is_plain && point.abs() >= 9_007_199_254_740_992.0);
        }
        look.leading_zeros += usize::from(written.has_leading_zero);
        look.compact += usize::from(text.len() == 8 && date::compact(text).is_some());
        if !written.is_plain {
            look.dressed += 1;
            let is_comma = || text.matches(',').count() == 1 && text.replace(',', ".").parse::<f64>().is_ok();
            look.with_comma += usize::from(is_comma());
        }
        if written.unit != ["", ""] {
            look.with_unit += 1;
            match &look.unit {
                None => look.unit = Some(written.unit.map(str::to_owned)),
                Some(unit) if number::same_unit(written.unit, [&unit[0], &unit[1]]) => {}
                Some(_) => {
                    look.other_unit.get_or_insert_with(|| (line, shortened(text)));
                }
            }
        } else if look.other_unit.is_none() && look.with_unit > 0 && look.unit.as_ref().is_some_and(is_strict) {
            look.other_unit = Some((line, shortened(text)));
        }
    }

    fn take_text(&mut self, line: u64, text: &str, words: &Words) {
        self.texts += 1;
        if words.are_weak(text) {
            self.weak += 1;
            return;
        }
        if self.first_text.is_none() {
            self.first_text = Some((line, shortened(text)));
        }
        // A column of words is soon known to be none of dates.
        if self.no_date.is_some() && self.date_count == 0 {
            return;
        }
        let Some(written) = date::read(text) else {
            self.no_date.get_or_insert_with(|| (line, shortened(text)));
            return;
        };
        self.date_count += 1;
        for (side, seconds) in self.dates.iter_mut().zip(written.seconds) {
            match seconds {
                Some(seconds) => side.take(seconds, 0),
                None => side.refuse(line, text),
            }
        }
        self.tells_differ |= self.tells.is_some_and(|tells| tells != written.tells);
        self.tells = Some(written.tells);
    }

    pub fn present(&self) -> usize {
        self.rows - self.missing
    }

    /// Whether a number without this unit means something else, as 0.5 does beside 50 %.
    fn mixes_units(&self) -> bool {
        let look = &self.look;
        look.other_unit.is_some()
            || (look.with_unit < look.count && look.with_unit > 0 && look.unit.as_ref().is_some_and(is_strict))
    }

    /// The cell that shows that units differ.
    pub fn other_unit(&self) -> Option<Found> {
        let unit = self.look.unit.as_ref().filter(|_| self.mixes_units())?;
        let also = || (0, format!("a number without {}", unit.concat()));
        Some(self.look.other_unit.clone().unwrap_or_else(also))
    }

    /// What the column says of the decimal separator of its file: only one way reads all of it.
    pub fn votes_for(&self) -> Option<usize> {
        let [point, comma] = &self.numbers;
        if self.look.count == 0 || self.look.count * 10 < self.present() * 9 {
            return None;
        }
        match (point.count == self.look.count, comma.count == self.look.count) {
            (true, false) => Some(POINT),
            (false, true) => Some(COMMA),
            _ => None,
        }
    }
}

fn is_whole(number: f64) -> bool {
    // Without a call where it is not needed.
    if number.abs() < 1e15 { number as i64 as f64 == number } else { number.fract() == 0.0 }
}

/// Units that a number cannot do without.
fn is_strict(unit: &[String; 2]) -> bool {
    const STRICT: [&str; 16] = [
        "%", "\u{2030}", "k", "K", "M", "B", "T", "bn", "Mio", "Mio.", "Mrd", "Mrd.", "million", "billion", "thousand",
        "m",
    ];
    STRICT.contains(&unit[1].split(' ').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_such_count_as_their_text() {
        let mut draws = crate::data::random::Purpose::Points.draws(3, 0);
        let mut numbers = vec![-999.0, 1.136, 0.136, f64::NAN, 7.0, -0.0, 1e-9, 1e22, 2.5, 1e300];
        numbers.extend((0..3000).map(|at| (draws.unit() - 0.5) * 10f64.powi(at % 12)));
        let [mut short, mut long] = [Tally::default(), Tally::default()];
        let words = Words::default();
        for (line, &number) in (2..).zip(&numbers) {
            let text = Content::Number(number).text();
            let (a, b) = (short.take_value(line, number, &words, 3), long.take(line, &text, &words, 3));
            assert_eq!(a.map(f64::to_bits), b.map(f64::to_bits), "{text}");
        }
        assert_eq!(std::mem::take(&mut short.counts), std::mem::take(&mut long.counts));
        let digits = |tally: &mut Tally| std::mem::take(&mut tally.numbers[POINT].decimals);
        let decimals = [digits(&mut short), digits(&mut long)];
        assert!(decimals.iter().all(|&decimals| decimals >= MOST_DECIMALS), "{decimals:?}");
        assert_eq!(format!("{short:?}"), format!("{long:?}"));
    }

    #[test]
    fn the_short_way_counts_as_the_long_one() {
        let few = ["-999.0", "1.136", "0.136", "12345.67", "-0.0", "9.", ".5", "1e-3", " 2.25", "3.5\u{a0}", "7", "NA"];
        let mut draws = crate::data::random::Purpose::Points.draws(2, 0);
        let mut cells: Vec<String> = few.map(str::to_owned).into();
        cells.extend((0..3000).map(|at| format!("{:.*}", at % 18, (draws.unit() - 0.5) * 10f64.powi(at as i32 % 12))));
        // A word that is missing nowhere keeps from the short way.
        let ways = [Words::default(), Words::new(&["nowhere".to_owned()])];
        let [mut short, mut long] = [Tally::default(), Tally::default()];
        for (line, cell) in (2..).zip(&cells) {
            let [a, b] = [(&mut short, &ways[0]), (&mut long, &ways[1])].map(|(tally, words)| {
                let number = match number::fraction(cell.as_bytes()) {
                    Some(fraction) => tally.take_fraction(line, fraction, || cell, words, 3),
                    None => tally.take(line, cell, words, 3),
                };
                number.map(f64::to_bits)
            });
            assert_eq!(a, b, "{cell}");
        }
        assert_eq!(std::mem::take(&mut short.counts), std::mem::take(&mut long.counts));
        assert_eq!(format!("{short:?}"), format!("{long:?}"));
        let taken = cells.iter().filter(|cell| number::fraction(cell.as_bytes()).is_some()).count();
        assert!(taken > 2000, "{taken} went the short way");
    }
}
