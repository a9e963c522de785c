//! What one cell says.

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Missing,
    /// NaN, an infinity, or more than a 32-bit float can hold.
    NotFinite,
    Number(f64),
    Text(&'a str),
}

/// Reads a trimmed cell. With `decimal_comma`, "3,14" is a number too (tables delimited by something else than commas).
pub(super) fn read(cell: &str, decimal_comma: bool) -> Cell<'_> {
    let is = |word: &str| cell.eq_ignore_ascii_case(word);
    if cell.is_empty() || cell == "?" || cell == "-" || ["na", "n/a", "#n/a", "null"].into_iter().any(is) {
        return Cell::Missing;
    }
    if is("nan") {
        return Cell::NotFinite;
    }
    let number = cell.parse::<f64>().ok().or_else(|| {
        let one_comma = decimal_comma && !cell.contains('.') && cell.bytes().filter(|&b| b == b',').count() == 1;
        if one_comma { cell.replace(',', ".").parse().ok() } else { None }
    });
    match number {
        Some(number) if number.abs() <= f64::from(f32::MAX) => Cell::Number(number),
        Some(_) => Cell::NotFinite,
        None => Cell::Text(cell),
    }
}

/// Digits behind the point of a cell that is a number.
pub(super) fn decimals(cell: &str) -> u8 {
    let (digits, exponent) = cell.split_once(['e', 'E']).unwrap_or((cell, "0"));
    let behind = digits.split_once(['.', ',']).map_or(0, |(_, behind)| behind.len()) as i64;
    let places = behind.saturating_sub(exponent.parse().unwrap_or(0));
    u8::try_from(places.max(0)).unwrap_or(u8::MAX)
}

/// The name of the category a cell belongs to: "3.0" and "3" are the same.
pub(super) fn category(cell: &str) -> &str {
    match cell.trim_end_matches('0').strip_suffix('.') {
        Some(whole) if !whole.is_empty() && whole.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()) => whole,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_told_apart() {
        for missing in ["", "NA", "n/a", "null", "NULL", "?", "-", "#N/A"] {
            assert_eq!(read(missing, false), Cell::Missing, "{missing}");
        }
        for not_finite in ["NaN", "nan", "inf", "-Infinity", "1e999", "1e39"] {
            assert_eq!(read(not_finite, false), Cell::NotFinite, "{not_finite}");
        }
        assert_eq!(read("-1.5e3", false), Cell::Number(-1500.0));
        assert_eq!(read("2,75", true), Cell::Number(2.75));
        assert_eq!(read("2,75", false), Cell::Text("2,75"));
        assert_eq!(read("1,234.5", true), Cell::Text("1,234.5"));
        assert_eq!(read("abc", false), Cell::Text("abc"));
    }

    #[test]
    fn digits_behind_the_point_are_counted() {
        let found = ["12", "-0.50", "3,14", "1e-7", "2.5e1", "1.25E2", "1e400000000000000000000"].map(decimals);
        assert_eq!(found, [0, 2, 2, 7, 0, 0, 0]);
    }

    #[test]
    fn whole_numbers_are_one_category_however_written() {
        assert_eq!((category("3.0"), category("3"), category("3."), category("-2.00")), ("3", "3", "3", "-2"));
        assert_eq!((category("30"), category("3.50"), category(".0"), category("a.0")), ("30", "3.50", ".0", "a.0"));
    }
}
