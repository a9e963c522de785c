//! A column of dates as inputs: which parts of it vary, and how each is scaled.

use super::columns::{Clock, ColumnFacts, Form};
use super::date::{MONTH_FIRST, Tells};
use super::number::POINT;
use crate::data::encoding::{ColumnValues, DateForm, DatePart, ScaledPart};
use crate::model::Decimal;

impl Form {
    /// As it is kept with what was learnt.
    pub fn written(&self) -> Decimal {
        if self.decimal == POINT { Decimal::Point } else { Decimal::Comma }
    }

    fn of_dates(&self) -> DateForm {
        match self.clock {
            Clock::Written if self.order == MONTH_FIRST => DateForm::MonthFirst,
            Clock::Written => DateForm::DayFirst,
            Clock::Compact => DateForm::Compact,
            Clock::Seconds => DateForm::Seconds,
            Clock::Milliseconds => DateForm::Milliseconds,
        }
    }

    /// The other way around.
    pub fn from_dates(written: DateForm) -> Self {
        let (order, clock) = match written {
            DateForm::DayFirst => (0, Clock::Written),
            DateForm::MonthFirst => (MONTH_FIRST, Clock::Written),
            DateForm::Compact => (0, Clock::Compact),
            DateForm::Seconds => (0, Clock::Seconds),
            DateForm::Milliseconds => (0, Clock::Milliseconds),
        };
        Self { order, clock, ..Self::default() }
    }
}

/// `seconds`: of all rows, none missing. `measure`: offset and scale of a part over the training rows.
pub(super) fn column(
    facts: &ColumnFacts,
    seconds: &[f64],
    fill: f64,
    train: &[usize],
    measure: impl Fn(DatePart, f64) -> (f64, f64),
) -> ColumnValues {
    let since = facts.dates.map_or(0.0, |(first, _)| first);
    let tells = |part: DatePart| match facts.tells {
        Some(Tells::Time) => part == DatePart::Hour,
        Some(Tells::Month) => !matches!(part, DatePart::Weekday | DatePart::Hour),
        Some(Tells::Day) | None => true,
    };
    let varies = |part: DatePart| {
        let mut values = train.iter().map(|&row| part.of(seconds[row], since));
        values.next().is_some_and(|first| values.any(|value| value != first))
    };
    let is_whole = |part: DatePart| train.iter().all(|&row| part.of(seconds[row], since).fract() == 0.0);
    let scaled = |part: DatePart| {
        let (offset, scale) = measure(part, since);
        ScaledPart { part, offset, scale, decimals: if is_whole(part) { 0 } else { u8::MAX } }
    };
    let mut parts: Vec<ScaledPart> =
        DatePart::ALL.into_iter().filter(|&part| tells(part) && varies(part)).map(scaled).collect();
    if parts.is_empty() {
        let part = if facts.tells == Some(Tells::Time) { DatePart::Hour } else { DatePart::Elapsed };
        parts.push(scaled(part));
    }
    ColumnValues::Date { written: facts.form.of_dates(), since, fill, parts }
}
