//! What one cell says, before its column is known.

use super::number::{self, Written};

/// Words that stand for a missing value in every column, in lower case.
pub const MISSING: [&str; 25] = [
    "", "?", "??", "-", "--", "---", "\u{2013}", "\u{2014}", "na", "n/a", "#n/a", "#na", "<na>", "n.a.", "nat", "null",
    "(null)", "#null!", "\\n", "missing", "#div/0!", "#value!", "#ref!", "#num!", "#name?",
];
/// Words that are missing values among numbers and dates, and may be a category among words.
const WEAK: [&str; 11] =
    [".", "..", "...", "none", "nil", "unknown", "not available", "not applicable", "n.d.", "k.a.", "undefined"];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Missing,
    /// NaN or an infinity.
    NotFinite,
    /// More than a 32-bit float can hold.
    TooLarge,
    Number(Written<'a>),
    Text(&'a str),
}

/// What counts as missing: the usual words, and those that the user names.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    /// In lower case.
    said: Vec<String>,
    /// Of these, the numbers.
    numbers: Vec<f64>,
}

impl Words {
    /// Of each column: `COLUMN=WORD` counts in one alone.
    pub fn of_columns(said: &[String], names: &[String]) -> Vec<Self> {
        let of = |word: &String, name: &String| match word.split_once('=') {
            Some((column, word)) if !column.is_empty() => (column == name).then(|| word.to_owned()),
            _ => Some(word.clone()),
        };
        let own = |name: &String| said.iter().filter_map(|word| of(word, name)).collect::<Vec<_>>();
        names.iter().map(|name| Self::new(&own(name))).collect()
    }

    pub fn new(said: &[String]) -> Self {
        let said: Vec<String> = said.iter().map(|word| word.trim().to_lowercase()).collect();
        Self { numbers: said.iter().filter_map(|word| word.parse().ok()).collect(), said }
    }

    pub fn are_usual(&self) -> bool {
        self.said.is_empty()
    }

    /// Whether the user names this one, in lower case.
    pub fn name(&self, word: &str) -> bool {
        self.said.iter().any(|said| said == word)
    }

    fn are_missing(&self, text: &str) -> bool {
        let is_usual = || text.len() <= 9 && MISSING.iter().any(|word| text.eq_ignore_ascii_case(word));
        text.is_empty() || is_usual() || (!self.said.is_empty() && self.name(&text.to_lowercase()))
    }

    /// Whether a word is a missing value where all others are numbers or dates.
    pub fn are_weak(&self, text: &str) -> bool {
        text.len() <= 14 && WEAK.iter().any(|word| text.eq_ignore_ascii_case(word))
    }

    /// Reads a trimmed cell.
    #[inline]
    pub fn read<'a>(&self, text: &'a str) -> Cell<'a> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let begins_as_number = unsigned.as_bytes().first().is_some_and(u8::is_ascii_digit);
        if !(begins_as_number && self.said.is_empty()) && self.are_missing(text) {
            return Cell::Missing;
        }
        if let Some(number) = number::read(text) {
            if self.numbers.iter().any(|missing| number.values[0] == Some(*missing)) {
                return Cell::Missing;
            }
            let sizes = || number.values.iter().flatten().map(|value| value.abs());
            return if sizes().any(|size| size <= f64::from(f32::MAX)) {
                Cell::Number(number)
            } else if sizes().any(f64::is_finite) {
                Cell::TooLarge
            } else {
                Cell::NotFinite
            };
        }
        let word = text.trim_start_matches(['-', '+']);
        if ["nan", "inf", "infinity"].iter().any(|name| word.eq_ignore_ascii_case(name)) {
            return Cell::NotFinite;
        }
        Cell::Text(text)
    }
}

/// The name of the category a cell belongs to: "3.0" and "3" are the same.
pub(super) fn category(cell: &str) -> &str {
    if !cell.ends_with(['0', '.']) {
        return cell;
    }
    match cell.trim_end_matches('0').strip_suffix('.') {
        Some(whole) if !whole.is_empty() && whole.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()) => whole,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Cell<'_> {
        Words::default().read(text)
    }

    #[test]
    fn cells_are_told_apart() {
        for missing in ["", "NA", "n/a", "null", "NULL", "?", "-", "--", "#N/A", "#DIV/0!", "\\N", "missing", "<NA>"] {
            assert_eq!(read(missing), Cell::Missing, "{missing}");
        }
        for not_finite in ["NaN", "nan", "inf", "-Infinity", "1e999"] {
            assert_eq!(read(not_finite), Cell::NotFinite, "{not_finite}");
        }
        assert_eq!((read("1e39"), read("-1e300")), (Cell::TooLarge, Cell::TooLarge));
        assert!(matches!(read("-1.5e3"), Cell::Number(number) if number.values[0] == Some(-1500.0)));
        assert!(matches!(read("2,75"), Cell::Number(number) if number.values == [None, Some(2.75)]));
        for text in ["abc", "None", ".", "unknown", "NAN 5"] {
            assert_eq!(read(text), Cell::Text(text));
        }
        assert!(
            Words::default().are_weak("None") && Words::default().are_weak(".") && !Words::default().are_weak("no")
        );
    }

    #[test]
    fn what_the_user_calls_missing_is_missing_too() {
        let words = Words::new(&["-999".to_owned(), "Unknown".to_owned()]);
        for text in ["-999", "-999.0", "unknown", "", "NA"] {
            assert_eq!(words.read(text), Cell::Missing, "{text}");
        }
        assert!(matches!(words.read("-99"), Cell::Number(_)));
    }

    #[test]
    fn whole_numbers_are_one_category_however_written() {
        assert_eq!((category("3.0"), category("3"), category("3."), category("-2.00")), ("3", "3", "3", "-2"));
        assert_eq!((category("30"), category("3.50"), category(".0"), category("a.0")), ("30", "3.50", ".0", "a.0"));
    }
}
