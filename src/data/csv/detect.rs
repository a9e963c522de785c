//! How a text file is a table: delimiter, quotes, header, judged by its beginning.

use super::cell::{Cell, Words};
use super::{date, number};
use crate::model::Reading;

/// How many records of the beginning are looked at.
const RECORDS: usize = 200;
/// So many rows in front of the table at most.
const MOST_IN_FRONT: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dialect {
    pub delimiter: u8,
    pub quote: u8,
    pub has_header: bool,
    /// Rows in front of the table: a title, a note, `sep=;`.
    pub preamble: usize,
    /// The row below the header has units or types, no values.
    pub has_units: bool,
}

impl Dialect {
    /// Of text that was written here.
    pub const MADE: Self = Self { delimiter: b',', quote: b'"', has_header: true, preamble: 0, has_units: false };

    /// Delimiter and quotation mark.
    pub fn marks(&self) -> (u8, u8) {
        (self.delimiter, self.quote)
    }

    pub fn reader<R: std::io::Read>(&self, reader: R) -> ::csv::Reader<R> {
        ::csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .quote(self.quote)
            .has_headers(false)
            .flexible(true)
            .from_reader(reader)
    }
}

/// `sample` is the beginning of the text, cut at the end of a line.
pub(super) fn detect(sample: &[u8], reading: &Reading) -> Dialect {
    let said = separator(sample);
    let wanted = reading.delimiter.and_then(|delimiter| u8::try_from(delimiter).ok()).or(said);
    let found = |quote| wanted.unwrap_or_else(|| delimiter(sample, quote));
    let plain = found(b'"');
    let quote = quote(sample, plain);
    let delimiter = if quote == b'"' { plain } else { found(quote) };
    lines(sample, Dialect { delimiter, quote, ..Dialect::MADE }, usize::from(said.is_some()), reading)
}

/// As [`detect`], where the cells are known: only what the first rows are is asked.
pub(super) fn detect_rows(sample: &[u8], reading: &Reading) -> Dialect {
    lines(sample, Dialect::MADE, 0, reading)
}

fn lines(sample: &[u8], mut dialect: Dialect, least: usize, reading: &Reading) -> Dialect {
    let records = records(sample, &dialect);
    dialect.preamble = in_front(&records).max(least);
    let found = || has_header(&records[dialect.preamble.min(records.len())..]);
    dialect.has_header = reading.header.unwrap_or_else(found);
    dialect.has_units = dialect.has_header && has_units(&records[dialect.preamble.min(records.len())..]);
    dialect
}

/// What a first line such as `sep=;` says, which Excel writes and reads.
fn separator(sample: &[u8]) -> Option<u8> {
    let first = sample.split(|&byte| byte == b'\n').next()?.trim_ascii_end();
    match first {
        [s, e, p, b'=', delimiter] if [s, e, p].map(u8::to_ascii_lowercase) == *b"sep" => Some(*delimiter),
        _ => (first.eq_ignore_ascii_case(b"sep=")).then_some(b'\t'),
    }
}

/// How many rows come before the table: those that are much shorter than its rows.
fn in_front(records: &[Vec<String>]) -> usize {
    let length = |record: &Vec<String>| record.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
    let lengths: Vec<usize> = records.iter().map(length).collect();
    let count = |length: usize| lengths.iter().filter(|&&n| n == length).count();
    let usual = lengths.iter().copied().max_by_key(|&n| (count(n), n)).unwrap_or(0);
    if usual < 2 || count(usual) * 2 < lengths.len() {
        return 0;
    }
    let is_short = |length: &&usize| **length <= (usual / 2).max(1) && **length < usual;
    let short = lengths.iter().take_while(is_short).count();
    if short <= MOST_IN_FRONT { short } else { 0 }
}

fn records(sample: &[u8], dialect: &Dialect) -> Vec<Vec<String>> {
    let mut reader = dialect.reader(sample);
    let records = reader.byte_records().take(RECORDS).filter_map(Result::ok);
    records.map(|r| r.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect()).collect()
}

/// The candidate that gives the most records of one length; among equals, the one that gives more columns.
fn delimiter(sample: &[u8], quote: u8) -> u8 {
    let score = |delimiter: u8| score(sample, delimiter, quote);
    let mut best = (b',', score(b','));
    for candidate in [b';', b'\t', b'|', b'^', b'~'] {
        let score = score(candidate);
        if score > best.1 {
            best = (candidate, score);
        }
    }
    best.0
}

/// How many in a thousand records have the usual length, and that length.
fn score(sample: &[u8], delimiter: u8, quote: u8) -> (usize, usize) {
    let dialect = Dialect { delimiter, quote, has_header: false, preamble: 0, has_units: false };
    let records = records(sample, &dialect);
    let lengths: Vec<usize> = records.iter().map(Vec::len).filter(|&n| n > 0).collect();
    let count = |length: usize| lengths.iter().filter(|&&n| n == length).count();
    let usual = lengths.iter().copied().max_by_key(|&n| (count(n), n)).unwrap_or(0);
    if usual < 2 { (0, 0) } else { (count(usual) * 1000 / lengths.len(), usual) }
}

/// Whether every record has as many cells, of two or more, with one of the usual delimiters between them.
pub(super) fn is_delimited(sample: &[u8]) -> bool {
    separator(sample).is_some() || score(sample, delimiter(sample, b'"'), b'"').0 == 1000
}

/// Apostrophes quote where no double quote appears and cells begin and end with them.
fn quote(sample: &[u8], delimiter: u8) -> u8 {
    if sample.contains(&b'"') {
        return b'"';
    }
    let cells = || sample.split(|b| matches!(b, b'\n' | b'\r') || *b == delimiter).map(<[u8]>::trim_ascii);
    let opened = cells().filter(|cell| cell.len() >= 2 && cell.starts_with(b"'")).count();
    let closed = cells().filter(|cell| cell.len() >= 2 && cell.ends_with(b"'")).count();
    if opened >= 2 && closed >= 2 { b'\'' } else { b'"' }
}

/// Names are words: a first row with a number in it is data, unless its numbers count on as those of no other row.
/// Where all is text, a first row whose words come again below in the same column is data too.
fn has_header(records: &[Vec<String>]) -> bool {
    let Some((first, rest)) = records.split_first() else { return true };
    let is_number = |cell: &String| number::read(cell).is_some_and(|number| number.unit == ["", ""]);
    if first.iter().any(is_number) {
        return counts_on(first) && !rest.is_empty() && !rest.iter().any(|row| counts_on(row));
    }
    if rest.iter().flatten().any(is_number) {
        return true;
    }
    let comes_again =
        first.iter().enumerate().any(|(i, name)| !name.is_empty() && rest.iter().any(|row| row.get(i) == Some(name)));
    !comes_again
}

/// Whether the first row below the header says in which unit, or of which type, the numbers below it are.
fn has_units(records: &[Vec<String>]) -> bool {
    let [_, units, rest @ ..] = records else { return false };
    let is_comment = units.first().is_some_and(|cell| cell.starts_with('#'));
    if rest.len() < 3 || is_comment || units.iter().any(|cell| number::read(cell).is_some()) {
        return false;
    }
    let words = Words::default();
    let (mut numeric, mut with_unit) = (0, 0);
    for (column, unit) in units.iter().enumerate() {
        let cells = || rest.iter().filter_map(|row| row.get(column)).filter(|cell| !cell.is_empty());
        let is_text = matches!(words.read(unit), Cell::Text(_)) && !words.are_weak(unit) && date::read(unit).is_none();
        if cells().count() > 0 && cells().all(|cell| !matches!(words.read(cell), Cell::Text(_))) {
            numeric += 1;
            with_unit += usize::from(is_text);
        } else if is_text && !unit.starts_with(['(', '[']) && cells().any(|cell| cell == unit) {
            // A word of its column.
            return false;
        }
    }
    with_unit > 0 && with_unit * 2 >= numeric
}

/// Whether the numbers of a row are names: years, or 0, 1, 2 ... as programs number columns.
fn counts_on(row: &[String]) -> bool {
    let digits = |cell: &&String| !cell.is_empty() && cell.len() <= 6 && cell.bytes().all(|b| b.is_ascii_digit());
    let numbers: Vec<i64> = row.iter().filter(digits).filter_map(|cell| cell.parse().ok()).collect();
    let are_rest_words = row.iter().all(|cell| digits(&cell) || number::read(cell).is_none());
    let step = numbers.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(0);
    let are_even = step > 0 && numbers.windows(2).all(|pair| pair[1] - pair[0] == step);
    let are_years = numbers.iter().all(|year| (1700..=2200).contains(year));
    are_rest_words && are_even && ((are_years && numbers.len() >= 2) || (numbers.len() >= 3 && step == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (char, char, bool) {
        let dialect = detect(text.as_bytes(), &Reading::default());
        (dialect.delimiter.into(), dialect.quote.into(), dialect.has_header)
    }

    #[test]
    fn delimiters() {
        assert_eq!(found("a,b\n1,2\n3,4\n"), (',', '"', true));
        assert_eq!(found("a;b\n1,5;2,5\n3,5;4,5\n"), (';', '"', true));
        assert_eq!(found("a\tb, c\td\n1\t2\t3\n"), ('\t', '"', true));
        assert_eq!(found("1|2\n3|4\n"), ('|', '"', false));
        assert_eq!(found("a\n1\n2\n"), (',', '"', true));
        assert_eq!(found("name,words\nx,\"a;b;c\"\ny,\"d;e;f\"\n"), (',', '"', true));
    }

    #[test]
    fn what_stands_in_front_is_told_from_the_table() {
        let found = |text: &str| {
            let dialect = detect(text.as_bytes(), &Reading::default());
            (char::from(dialect.delimiter), dialect.preamble, dialect.has_header)
        };
        let rows = "1,2,3\n4,5,6\n7,8,9\n";
        assert_eq!(found(&format!("Report of May\nUnit: m\n\na,b,c\n{rows}")), (',', 2, true));
        assert_eq!(found(&format!("# sensor 4\na,b,c\n{rows}")), (',', 1, true));
        assert_eq!(found(&format!("a,b,c\n{rows}")), (',', 0, true));
        assert_eq!(found("sep=;\na;b\n1,5;2\n"), (';', 1, true));
        assert_eq!(found("sep=|\na|b\n1;5|2;3\n"), ('|', 1, true));
        assert_eq!(found("a,b\n1,2,\n3,4,\n"), (',', 0, true), "delimiters at the end of rows");
        assert_eq!(found("a\n1\n2\n"), (',', 0, true));
    }

    #[test]
    fn quotes() {
        assert_eq!(found("a,b\n'x, y',2\n'z',3\n"), (',', '\'', true));
        assert_eq!(found("a,b\nit's,2\ndon't,3\n"), (',', '"', true));
    }

    #[test]
    fn what_the_user_says_counts() {
        let found = |text: &str, reading: &Reading| {
            let dialect = detect(text.as_bytes(), reading);
            (char::from(dialect.delimiter), dialect.has_header)
        };
        let said = Reading { delimiter: Some(';'), header: Some(false), ..Reading::default() };
        assert_eq!(found("a,b;c,d\n1,2;3,4\n", &Reading::default()), (',', true));
        assert_eq!(found("a,b;c,d\n1,2;3,4\n", &said), (';', false));
        assert_eq!(found("1,2\n3,4\n", &Reading { header: Some(true), ..Reading::default() }), (',', true));
    }

    #[test]
    fn units_below_the_header_are_told_from_rows() {
        let found = |text: &str| detect(text.as_bytes(), &Reading::default()).has_units;
        assert!(found("t,speed,kind\ns,m/s,\n1,2,a\n2,3,b\n3,4,a\n"));
        assert!(found("t,speed\n[s],[m/s]\n1,2\n2,3\n3,4\n"));
        assert!(found("t,kind\nfloat,string\n1,a\n2,b\n3,a\n"));
        assert!(!found("t,speed\n1,2\n2,3\n3,4\n4,5\n"));
        assert!(!found("t,kind\n?,a\n2,b\n3,a\n4,b\n"));
        assert!(!found("t,kind\nsoon,a\n2,b\n3,a\n4,b\n"), "a word of its column stands there");
        assert!(!found("t,kind\nx,a\ny,b\nz,a\nx,b\n"));
    }

    #[test]
    fn headers() {
        assert!(!found("1,2\n3,4\n").2);
        assert!(found("2001,2002,2003\n5.5,2,3\n4,3.5,8\n").2);
        assert!(found("land,2000,2010,2020\nDE,5,2,3\nFR,4,3,8\n").2);
        assert!(found("0,1,2,3\n5,2,7,1\n4,3,8,8\n").2);
        assert!(!found("2001,2002,2003\n2002,2003,2004\n").2);
        assert!(!found("7,8,9.5\n5,2,7\n").2);
        assert!(found("sex,smoker\nMale,No\nFemale,No\nMale,Yes\n").2);
        assert!(!found("Male,No\nFemale,No\nMale,Yes\n").2);
        assert!(found("").2);
    }
}
