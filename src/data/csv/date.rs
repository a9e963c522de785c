//! Dates and times as people write them, as seconds.

use std::cmp::Ordering;

use crate::data::calendar::days;

/// Of 1970-01-01 00:00, by the clock that was written: a zone behind the time is not reckoned with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Written {
    /// Read with the day first (31/5/2024), and with the month first (5/31/2024). Equal where the order is plain.
    pub seconds: [Option<f64>; 2],
    /// What it tells.
    pub tells: Tells,
}

/// How much a date tells. Cells of one column tell the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    Day,
    Month,
    Time,
}

/// The place of each order in [`Written`].
pub(super) const DAY_FIRST: usize = 0;
pub(super) const MONTH_FIRST: usize = 1;

/// The names of each month and what they are cut to, in English, German, French, Spanish, Italian, Portuguese, Dutch.
const MONTHS: [&str; 12] = [
    "jan january januar jänner janvier janv enero ene gennaio gen janeiro januari",
    "feb february februar feber février fevrier févr fevr fév febrero febbraio fevereiro fev februari",
    "mar march mär märz maerz mrz mars marzo março maart mrt",
    "apr april avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei",
    "jun june juni juin junio giugno giu junho",
    "jul july juli juillet juil julio luglio lug julho",
    "aug august août aout agosto ago augustus",
    "sep sept september septembre septiembre setiembre settembre set setembro",
    "oct october okt oktober octobre octubre ottobre ott outubro out",
    "nov november novembre noviembre novembro",
    "dec december dez dezember décembre decembre déc diciembre dic dicembre dezembro",
];
/// Zones by their names, which say nothing of the clock that was written.
const ZONES: [&str; 26] = [
    "utc", "gmt", "cest", "cet", "eest", "eet", "west", "wet", "bst", "msk", "est", "edt", "cst", "cdt", "mst", "mdt",
    "pst", "pdt", "jst", "kst", "ist", "hst", "aest", "aedt", "sgt", "hkt",
];
/// A date is not longer.
const LONGEST: usize = 48;

/// `None`: the trimmed cell is no date.
pub(super) fn read(text: &str) -> Option<Written> {
    if text.len() > LONGEST || !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Some(seconds) = time(text) {
        return Some(Written { seconds: [Some(seconds); 2], tells: Tells::Time });
    }
    let (day, clock) = split_time(text);
    let clock = if clock.is_empty() { 0.0 } else { time(clock)? };
    let found = numeric(day).or_else(|| week(day)).or_else(|| eastern(day)).or_else(|| in_words(day))?;
    Some(Written { seconds: found.seconds.map(|day| day.map(|day| day + clock)), ..found })
}

/// Where a time begins behind a date: at T, or at the first word with a colon.
fn split_time(text: &str) -> (&str, &str) {
    let Some(colon) = text.find(':') else { return (text.trim_end_matches(','), "") };
    let start = text[..colon].rfind([' ', 'T', 't', ',']).unwrap_or(0);
    let (day, clock) = text.split_at(start);
    (day.trim_end_matches(',').trim_end(), clock.trim_start_matches(['T', 't', ' ', ',']))
}

/// 12:30, 12:30:15.25, 5:30 PM, with Z, UTC or +02:00 behind it.
fn time(text: &str) -> Option<f64> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let without = lower.trim_end_matches('z').trim_end();
    let is_clock = |rest: &&str| !rest.ends_with(char::is_alphabetic);
    let before_zone = ZONES.iter().find_map(|zone| without.strip_suffix(zone).filter(is_clock));
    let without = before_zone.unwrap_or(without).trim_end();
    let (clock, half) = [("am", 0.0), ("a.m.", 0.0), ("pm", 12.0), ("p.m.", 12.0)]
        .iter()
        .find_map(|(word, half)| Some((without.strip_suffix(word)?.trim_end(), Some(*half))))
        .unwrap_or((without, None));
    let clock = match clock.rfind(['+', '-']) {
        Some(at)
            if at > 2 && clock[at + 1..].bytes().all(|b| b.is_ascii_digit() || b == b':') && at + 1 < clock.len() =>
        {
            clock[..at].trim_end()
        }
        Some(_) => return None,
        None => clock,
    };
    let mut parts = clock.split(':');
    let hours = short(parts.next()?)?;
    let minutes = match parts.next() {
        Some(minutes) if minutes.len() == 2 => short(minutes)?,
        None if half.is_some() => 0,
        _ => return None,
    };
    let seconds = match parts.next() {
        Some(seconds) => {
            let (whole, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, "0"));
            let is_fraction = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
            f64::from(short(whole).filter(|_| whole.len() == 2 && is_fraction)?)
                + format!("0.{fraction}").parse::<f64>().ok()?
        }
        None => 0.0,
    };
    let hours = match half {
        None => f64::from(hours),
        Some(half) if (1..=12).contains(&hours) => f64::from(hours % 12) + half,
        Some(_) => return None,
    };
    let is_time = parts.next().is_none() && hours < 24.0 && minutes < 60 && seconds < 61.0;
    is_time.then_some(hours * 3600.0 + f64::from(minutes) * 60.0 + seconds)
}

/// One or two digits.
fn short(text: &str) -> Option<u32> {
    ((1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn year(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.len() {
        4 if digits => text.parse().ok().filter(|year| (1000..=2999).contains(year)),
        // As POSIX has it.
        2 if digits => text.parse().ok().map(|year: i64| if year < 69 { 2000 + year } else { 1900 + year }),
        _ => None,
    }
}

/// 2024-05-31, 31.5.2024, 5/31/24, 2024-05, 2024Q2.
fn numeric(text: &str) -> Option<Written> {
    let day = |y: Option<i64>, m: Option<u32>, d: Option<u32>| Some(days(y?, m?, d?)? as f64 * 86_400.0);
    if let Some((year_text, quarter)) = text.split_once(['Q', 'q']) {
        let quarter = short(quarter).filter(|q| (1..=4).contains(q))?;
        let seconds = day(year(year_text.trim_end_matches(['-', ' '])), Some(quarter * 3 - 2), Some(1))?;
        return Some(Written { seconds: [Some(seconds); 2], tells: Tells::Month });
    }
    let separator = text.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '-' | '/' | '.'))?;
    let parts: Vec<&str> = text.split(separator).collect();
    let same = |seconds: Option<f64>, tells| Some(Written { seconds: [Some(seconds?); 2], tells });
    match parts[..] {
        [y, m] if y.len() == 4 && m.len() == 2 && separator != '.' => {
            same(day(year(y), short(m), Some(1)), Tells::Month)
        }
        [m, y] if y.len() == 4 && separator != '.' => same(day(year(y), short(m), Some(1)), Tells::Month),
        [y, m, d] if y.len() == 4 => same(day(year(y), short(m), short(d)), Tells::Day),
        [a, b, y] if matches!(y.len(), 2 | 4) => {
            let seconds = [day(year(y), short(b), short(a)), day(year(y), short(a), short(b))];
            seconds.iter().any(Option::is_some).then_some(Written { seconds, tells: Tells::Day })
        }
        _ => None,
    }
}

/// 2021-W05, 2021W05, 2021-W05-3: an ISO week, from its Monday on.
fn week(text: &str) -> Option<Written> {
    let (year_text, rest) = text.split_once(['W', 'w'])?;
    let year = year(year_text.trim_end_matches('-')).filter(|_| year_text.len() >= 4)?;
    let (week, weekday) = match rest.len() {
        2 => (rest, 1),
        3 | 4 => (rest.get(..2)?, short(rest[2..].trim_start_matches('-')).filter(|day| (1..=7).contains(day))?),
        _ => return None,
    };
    let week = short(week).filter(|week| (1..=53).contains(week))?;
    // The week of 4 January is the first; 1970-01-01 was a Thursday.
    let fourth = days(year, 1, 4)?;
    let monday = fourth - (fourth + 3).rem_euclid(7);
    let day = monday + i64::from(week - 1) * 7;
    // There are years without a 53rd week.
    let is_there = day <= days(year, 12, 28)?;
    let seconds = (day + i64::from(weekday) - 1) as f64 * 86_400.0;
    is_there.then_some(Written { seconds: [Some(seconds); 2], tells: Tells::Day })
}

/// 2021年1月3日, 2021년 1월 3일, 2021年1月.
fn eastern(text: &str) -> Option<Written> {
    let mut parts = text.split(['年', '月', '日', '년', '월', '일']).map(str::trim);
    let (year, month) = (year(parts.next()?).filter(|_| text.contains(['年', '년']))?, short(parts.next()?)?);
    let (day, tells) = match parts.next() {
        None | Some("") => (1, Tells::Month),
        Some(day) => (short(day)?, Tells::Day),
    };
    let seconds = days(year, month, day)? as f64 * 86_400.0;
    parts.all(str::is_empty).then_some(Written { seconds: [Some(seconds); 2], tells })
}

/// 3 May 2024, May 3, 2024, 3. Januar 2021, 3 de enero de 2021, 03-May-24, May 2024, Jan-21; a weekday before it says
/// nothing more.
fn in_words(text: &str) -> Option<Written> {
    let words: Vec<&str> = text.split([' ', '-', ',', '/', '.']).filter(|w| !is_between(w)).collect();
    let words = match words.first() {
        Some(first) if words.len() == 4 && month(first).is_none() && first.chars().all(char::is_alphabetic) => {
            &words[1..]
        }
        _ => &words[..],
    };
    let number = |word: &str| {
        let digits = ["st", "nd", "rd", "th", "er", "º"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
        short(digits)
    };
    // As spreadsheets write months: Jan-21, Jan '21.
    let is_short = |y: &str| y.len() == 2 && text.contains('-') || y.len() == 3 && y.starts_with('\'');
    let (year, month, day, tells) = match *words {
        [m, y] if is_short(y) && month(m).is_some() && !is_other_word(m) => {
            (year(y.trim_start_matches('\''))?, month(m)?, 1, Tells::Month)
        }
        [m, y] if y.len() == 4 && month(m).is_some() => (year(y)?, month(m)?, 1, Tells::Month),
        [y, m] if y.len() == 4 && month(m).is_some() => (year(y)?, month(m)?, 1, Tells::Month),
        [d, m, y] if month(m).is_some() && y.len() != 1 => match year(d).filter(|_| d.len() == 4) {
            Some(first) => (first, month(m)?, number(y)?, Tells::Day),
            None => (year(y)?, month(m)?, number(d)?, Tells::Day),
        },
        [m, d, y] if month(m).is_some() => (year(y)?, month(m)?, number(d)?, Tells::Day),
        _ => return None,
    };
    let seconds = days(year, month, day)? as f64 * 86_400.0;
    Some(Written { seconds: [Some(seconds); 2], tells })
}

/// What stands between the words of a date: 3 de enero del 2021.
fn is_between(word: &str) -> bool {
    ["", "de", "del"].iter().any(|other| word.eq_ignore_ascii_case(other))
}

/// Months of some language that are words of another: set-01 and out-10 are codes before they are dates.
fn is_other_word(word: &str) -> bool {
    ["set", "gen", "out", "ago", "mag"].iter().any(|other| word.eq_ignore_ascii_case(other))
}

fn month(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    MONTHS.iter().zip(1..).find(|(names, _)| names.split(' ').any(|name| name == word)).map(|(_, month)| month)
}

/// Digits alone, as 20240531: a date only where the column's name says so.
pub(super) fn compact(text: &str) -> Option<f64> {
    let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let days = if digits { days(year(&text[..4])?, short(&text[4..6])?, short(&text[6..])?)? } else { return None };
    Some(days as f64 * 86_400.0)
}

/// Which is more in order: how often each goes back.
pub(super) fn order_of(descents: [usize; 2]) -> Option<usize> {
    match descents[DAY_FIRST].cmp(&descents[MONTH_FIRST]) {
        Ordering::Less => Some(DAY_FIRST),
        Ordering::Greater => Some(MONTH_FIRST),
        Ordering::Equal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::calendar::shown;

    fn found(text: &str) -> Option<String> {
        read(text).and_then(|date| date.seconds[DAY_FIRST]).map(shown)
    }

    #[test]
    fn dates_are_read_however_written() {
        for (text, wanted) in [
            ("2024-05-31", "2024-05-31"),
            ("2024/5/31", "2024-05-31"),
            ("31.5.2024", "2024-05-31"),
            ("31.05.24", "2024-05-31"),
            ("2024-05-31T12:30:00Z", "2024-05-31 12:30"),
            ("2024-05-31 12:30:15.5+02:00", "2024-05-31 12:30"),
            ("2024-05-31 5:30 PM", "2024-05-31 17:30"),
            ("31 May 2024", "2024-05-31"),
            ("May 31, 2024", "2024-05-31"),
            ("May 31st, 2024, 12:00", "2024-05-31 12:00"),
            ("31-May-24", "2024-05-31"),
            ("Fri, 31 May 2024", "2024-05-31"),
            ("Friday, May 31, 2024", "2024-05-31"),
            ("2024-05", "2024-05-01"),
            ("05/2024", "2024-05-01"),
            ("May 2024", "2024-05-01"),
            ("2024Q2", "2024-04-01"),
            ("2024-Q2", "2024-04-01"),
            ("3. Mai 2024", "2024-05-03"),
            ("3. Januar 2021", "2021-01-03"),
            ("3 janvier 2021", "2021-01-03"),
            ("1er août 2021", "2021-08-01"),
            ("3 de enero de 2021", "2021-01-03"),
            ("3 gennaio 2021", "2021-01-03"),
            ("lunedì 4 gennaio 2021", "2021-01-04"),
            ("3 févr. 2021", "2021-02-03"),
            ("Jan-21", "2021-01-01"),
            ("Jan '21", "2021-01-01"),
            ("2021-W05", "2021-02-01"),
            ("2021W053", "2021-02-03"),
            ("2020-W53-7", "2021-01-03"),
            ("2021年1月3日", "2021-01-03"),
            ("2021年1月", "2021-01-01"),
            ("2021년 1월 3일", "2021-01-03"),
            ("2021年1月3日 12:30", "2021-01-03 12:30"),
            ("2021-01-03 12:30 CET", "2021-01-03 12:30"),
            ("2021-01-03 5:30 PM EST", "2021-01-03 17:30"),
            ("31/12/69", "1969-12-31"),
            ("29.02.2000", "2000-02-29"),
            ("12:30", "1970-01-01 12:30"),
            ("12 am", "1970-01-01"),
        ] {
            assert_eq!(found(text).as_deref(), Some(wanted), "{text}");
        }
        let both = read("5/6/2024").unwrap().seconds.map(|s| shown(s.unwrap()));
        assert_eq!(both, ["2024-06-05", "2024-05-06"]);
        assert_eq!(read("5/31/2024").unwrap().seconds[DAY_FIRST], None);
        assert_eq!(compact("20240531").map(shown).as_deref(), Some("2024-05-31"));
    }

    #[test]
    fn a_zone_has_any_of_its_names() {
        for zone in ZONES {
            let text = format!("2021-01-03 12:30 {}", zone.to_uppercase());
            assert_eq!(found(&text).as_deref(), Some("2021-01-03 12:30"), "{text}");
        }
        assert_eq!(found("3 DE ENERO DE 2021").as_deref(), Some("2021-01-03"));
        assert!(found("SET-12").is_none() && found("Gen-01").is_none() && found("Sep-12").is_some(), "codes");
    }

    #[test]
    fn other_cells_are_no_dates() {
        for text in [
            "2024",
            "1.2",
            "12-345-6789",
            "a-b-c",
            "",
            "Monday",
            "29.02.2023",
            "2024-13-01",
            "31.04.2024",
            "1.2.3",
            "25:00",
            "12:60",
            "May",
            "1-2",
            "12:3",
            "10.0.0.1",
            "3:1",
            "Q5",
            "2024-05-31 noon",
            "١٢:٣٠",
            "–1:30",
            "2021-W54",
            "2021-W53",
            "2021-W00",
            "May 21",
            "1年2月",
            "12:30 XYZ",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
        assert_eq!(compact("20241331"), None);
    }
}
