//! Numbers as people write them: with decimal points or commas, thousands separators, a currency or a unit, in
//! brackets where they are negative. What one cell leaves open ("1.136") is for its column to decide.

/// A cell that is a number. Without separators both ways of reading it say the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Written<'a> {
    /// Read with a decimal point (commas between thousands), and with a decimal comma (points between thousands).
    pub values: [Option<f64>; 2],
    /// Digits behind the decimal separator, for each way.
    pub decimals: [u8; 2],
    /// What stands before and behind it: "$", "kg".
    pub unit: [&'a str; 2],
    /// Digits alone: no separator.
    pub is_bare: bool,
    /// As a code has: 01067.
    pub has_leading_zero: bool,
    /// As every program reads it.
    pub is_plain: bool,
}

/// The place of each way of reading in [`Written`].
pub(super) const POINT: usize = 0;
pub(super) const COMMA: usize = 1;

/// Codes of currencies that stand beside amounts.
const CURRENCIES: [&str; 34] = [
    "USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "NZD", "CNY", "RMB", "INR", "KRW", "BRL", "MXN", "SEK", "NOK",
    "DKK", "PLN", "CZK", "HUF", "RUB", "TRY", "ZAR", "SGD", "HKD", "ILS", "THB", "US$", "A$", "C$", "R$", "Fr.", "Rs.",
    "kr",
];
/// Words behind a number that make no unit of it.
const NO_UNITS: [&str; 16] =
    ["am", "pm", "a.m.", "p.m.", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// A unit is not longer.
const LONGEST_UNIT: usize = 12;

/// So many digits are a 64-bit number.
const MOST_DIGITS: usize = 19;
/// Powers of ten, all of which a 64-bit float has without an error.
const TENS: [u64; MOST_DIGITS + 1] = {
    let mut tens = [1; MOST_DIGITS + 1];
    let mut at = 1;
    while at <= MOST_DIGITS {
        tens[at] = tens[at - 1] * 10;
        at += 1;
    }
    tens
};

/// `None`: the trimmed cell is no number.
#[inline]
pub(super) fn read(text: &str) -> Option<Written<'_>> {
    plain(text).or_else(|| dressed(text))
}

/// Digits with at most a sign, a point and an exponent.
#[inline]
fn plain(text: &str) -> Option<Written<'_>> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut mantissa = 0;
    let before = run(unsigned.as_bytes(), 0, &mut mantissa);
    let mut at = before;
    let has_point = unsigned.as_bytes().get(before) == Some(&b'.');
    let behind = has_point.then(|| {
        at = run(unsigned.as_bytes(), before + 1, &mut mantissa);
        at - before - 1
    });
    let rest = &unsigned[at..];
    if before + behind.unwrap_or(0) == 0 {
        return None;
    }
    let exponent = match rest.strip_prefix(['e', 'E']) {
        None if rest.is_empty() => None,
        None => return None,
        Some(power) => {
            let size = power.strip_prefix(['-', '+']).unwrap_or(power);
            if size.is_empty() || !size.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            Some(power.parse::<i64>().unwrap_or(if power.starts_with('-') { i64::MIN } else { i64::MAX }))
        }
    };
    let places = behind.unwrap_or(0);
    let value = if exponent.is_none() && before + places <= MOST_DIGITS {
        let size = quotient(mantissa, places);
        if text.starts_with('-') { -size } else { size }
    } else {
        text.parse::<f64>().ok()?
    };
    let leading_zero = unsigned.starts_with('0');
    let comma = match behind {
        None => Some(value),
        Some(behind) if exponent.is_none() && may_be_thousands(unsigned.as_bytes(), before, behind) => {
            Some((value * 1000.0).round())
        }
        Some(_) => None,
    };
    let places = (behind.unwrap_or(0) as i64).saturating_sub(exponent.unwrap_or(0)).max(0);
    let places = u8::try_from(places).unwrap_or(u8::MAX);
    Some(Written {
        values: [Some(value), comma],
        decimals: [places, if behind.is_none() { places } else { 0 }],
        unit: ["", ""],
        is_bare: behind.is_none() && exponent.is_none(),
        has_leading_zero: leading_zero && before > 1 && behind.is_none() && exponent.is_none(),
        is_plain: true,
    })
}

/// The number of a cell that is nothing but digits with a point between them, as programs print fractions, and its
/// digits behind the point. `None`: it is something else, or needs a closer look.
#[inline]
pub(super) fn fraction(text: &[u8]) -> Option<(f64, u8)> {
    // The sign of one cell says nothing of the next, so nothing waits for it.
    let is_negative = text.first() == Some(&b'-');
    let unsigned = &text[usize::from(is_negative)..];
    let (mut mantissa, mut before) = (0u64, 0);
    while let Some(digit @ b'0'..=b'9') = unsigned.get(before) {
        mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        before += 1;
    }
    let digits = unsigned.get(before + 1..)?;
    let behind = digits.len();
    let is_plain = before > 0 && unsigned[before] == b'.' && behind > 0 && before + behind <= MOST_DIGITS;
    if !is_plain || may_be_thousands(unsigned, before, behind) {
        return None;
    }
    let (eights, rest) = digits.as_chunks::<8>();
    for eight in eights {
        mantissa = mantissa.wrapping_mul(100_000_000).wrapping_add(eight_digits(*eight)?);
    }
    let last = match unsigned.last_chunk() {
        Some(last) => last_digits(*last, rest.len())?,
        None => {
            rest.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))?
        }
    };
    mantissa = mantissa.wrapping_mul(TENS[rest.len()]).wrapping_add(last);
    let size = quotient(mantissa, behind);
    Some((f64::from_bits(size.to_bits() ^ u64::from(is_negative) << 63), behind as u8))
}

/// Whether the point of a number may stand between thousands, as in 1.136.
fn may_be_thousands(digits: &[u8], before: usize, behind: usize) -> bool {
    behind == 3 && (1..=3).contains(&before) && digits[0] != b'0'
}

/// The end of the digits that stand from a place on, which are added to the mantissa's.
#[inline]
fn run(text: &[u8], mut at: usize, mantissa: &mut u64) -> usize {
    while let Some(number) = text.get(at..).and_then(<[u8]>::first_chunk).and_then(|eight| eight_digits(*eight)) {
        *mantissa = mantissa.wrapping_mul(100_000_000).wrapping_add(number);
        at += 8;
    }
    while let Some(digit @ b'0'..=b'9') = text.get(at) {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        at += 1;
    }
    at
}

const ZEROS: u64 = u64::from_ne_bytes(*b"00000000");

/// The number that eight digits are; `None`: some of them are none.
#[inline]
fn eight_digits(bytes: [u8; 8]) -> Option<u64> {
    number_of(u64::from_le_bytes(bytes))
}

/// The number that the last of eight bytes are, fewer than all: the others count as zeros.
#[inline]
fn last_digits(bytes: [u8; 8], count: usize) -> Option<u64> {
    let others = u64::MAX >> (8 * count);
    number_of(u64::from_le_bytes(bytes) & !others | ZEROS & others)
}

/// `word`: the first digit lowest.
#[inline]
fn number_of(word: u64) -> Option<u64> {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let above_nine = word.wrapping_add(u64::from_ne_bytes([6; 8]));
    if word & HIGH != ZEROS || above_nine & HIGH != ZEROS {
        return None;
    }
    // Neighbours become numbers of two digits, then of four, then of eight.
    let pairs = (word - ZEROS).wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000 << 32 | 1) >> 32)
}

/// For each power of ten 2^127 divided by it, once it is shifted to fill 64 bits: rounded down.
const RECIPROCALS: [u64; MOST_DIGITS + 1] = {
    let mut all = [u64::MAX; MOST_DIGITS + 1];
    let mut at = 1;
    while at <= MOST_DIGITS {
        let ten = TENS[at] << TENS[at].leading_zeros();
        all[at] = ((1 << 127) / ten as u128) as u64;
        at += 1;
    }
    all
};

/// The nearest 64-bit float to a number divided by a power of ten.
#[inline]
fn quotient(number: u64, places: usize) -> f64 {
    if number == 0 {
        return 0.0;
    }
    let (up, down) = (number.leading_zeros(), TENS[places].leading_zeros());
    // The quotient has 62 bits or 63, of which 53 are kept. What the reciprocal lacks adds less than two to it.
    let product = u128::from(number << up) * u128::from(RECIPROCALS[places]);
    let quotient = (product >> 65) as i64;
    let half = 1 << (8 + (quotient >> 62));
    if (quotient + 1) & (2 * half - 1) == half || quotient & (2 * half - 1) == half {
        return divided(number, TENS[places]);
    }
    let power = 1023 - 62 + u64::from(down) - u64::from(up);
    quotient as f64 * f64::from_bits(power << 52)
}

/// As [`quotient`], where it lies too near the middle between two floats.
#[cold]
fn divided(number: u64, ten: u64) -> f64 {
    let (up, down) = (number.leading_zeros(), ten.leading_zeros());
    let (dividend, divisor) = (u128::from(number << up) << 63, u128::from(ten << down));
    let quotient = dividend / divisor;
    // It has 63 bits or 64, more than count; below them it only matters whether there is a rest.
    let bits = quotient as u64 | u64::from(quotient * divisor != dividend);
    let power = 1023 - 63 + u64::from(down) - u64::from(up);
    bits as f64 * f64::from_bits(power << 52)
}

fn is_minus(c: char) -> bool {
    matches!(c, '-' | '\u{2212}' | '\u{2013}' | '\u{fe63}' | '\u{ff0d}')
}

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '\u{a2}'..='\u{a5}' | '\u{58f}' | '\u{60b}' | '\u{9f3}' | '\u{e3f}' | '\u{20a0}'..='\u{20cf}')
}

/// A currency at the beginning: its length.
fn currency(text: &str) -> Option<usize> {
    let sign = text.chars().next().filter(|&c| is_currency(c)).map(char::len_utf8);
    let code = || CURRENCIES.iter().find(|code| text.starts_with(**code)).map(|code| code.len());
    sign.or_else(code)
}

/// With a sign of another kind, brackets, separators or a unit.
fn dressed(text: &str) -> Option<Written<'_>> {
    let mut rest = text.trim();
    let (mut is_signed, mut is_negative, mut before) = (false, false, "");
    loop {
        let first = rest.chars().next()?;
        if let Some(inside) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|_| !is_signed) {
            (is_signed, is_negative, rest) = (true, true, inside.trim());
        } else if (first == '+' || is_minus(first)) && !is_signed {
            (is_signed, is_negative, rest) = (true, first != '+', rest[first.len_utf8()..].trim_start());
        } else if let Some(length) = currency(rest).filter(|_| before.is_empty()) {
            (before, rest) = (&rest[..length], rest[length..].trim_start());
        } else {
            break;
        }
    }
    let end = body_end(rest);
    let (body, behind) = (&rest[..end], rest[end..].trim());
    let mut after = behind;
    if !is_signed && after.chars().count() == 1 && after.chars().all(is_minus) {
        (is_negative, after) = (true, "");
    }
    if !after.is_empty() && !is_unit(after) {
        return None;
    }
    let sides = [value(body, '.'), value(body, ',')];
    if sides.iter().all(Option::is_none) {
        return None;
    }
    let sign = if is_negative { -1.0 } else { 1.0 };
    Some(Written {
        values: sides.map(|side| side.map(|(value, _)| sign * value)),
        decimals: sides.map(|side| side.map_or(0, |(_, decimals)| decimals)),
        unit: [before, after],
        is_bare: body.bytes().all(|b| b.is_ascii_digit()),
        has_leading_zero: false,
        is_plain: false,
    })
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2bc}')
}

/// Where digits and what stands between them end.
fn body_end(text: &str) -> usize {
    let mut end = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_separator = matches!(c, '.' | ',') || is_space(c) || is_apostrophe(c);
        let next = chars.peek().map(|(_, c)| *c);
        if c.is_ascii_digit() || (is_separator && next.is_some_and(|next| next.is_ascii_digit())) {
            end = at + c.len_utf8();
        } else {
            break;
        }
    }
    let power = text[end..].strip_prefix(['e', 'E']).filter(|_| end > 0);
    let size = power.map(|power| power.strip_prefix(['-', '+']).unwrap_or(power));
    match size {
        Some(size) if size.starts_with(|c: char| c.is_ascii_digit()) => {
            text.len() - size.trim_start_matches(|c: char| c.is_ascii_digit()).len()
        }
        _ => end,
    }
}

/// The number with this decimal separator, and the digits behind that.
fn value(body: &str, decimal: char) -> Option<(f64, u8)> {
    let (number, power) = body.find(['e', 'E']).map_or((body, ""), |at| body.split_at(at));
    let (whole, fraction) = match number.rsplit_once(decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    if fraction.is_some_and(|fraction| !fraction.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let mut clean = groups(whole, decimal)?;
    if !power.is_empty() && clean.len() != whole.len() {
        return None;
    }
    if let Some(fraction) = fraction {
        clean.push('.');
        clean.push_str(fraction);
    }
    clean.push_str(power);
    let exponent = power.get(1..).and_then(|power| power.parse::<i64>().ok()).unwrap_or(0);
    let places = (fraction.map_or(0, str::len) as i64).saturating_sub(exponent).max(0);
    Some((clean.parse().ok()?, u8::try_from(places).unwrap_or(u8::MAX)))
}

/// The digits of a whole number, whose thousands may stand apart.
fn groups(whole: &str, decimal: char) -> Option<String> {
    let Some(separator) = whole.chars().find(|c| !c.is_ascii_digit()) else { return Some(whole.to_owned()) };
    let is_same = |c: char| {
        c == separator || (is_space(c) && is_space(separator)) || (is_apostrophe(c) && is_apostrophe(separator))
    };
    if separator == decimal || !whole.chars().all(|c| c.is_ascii_digit() || is_same(c)) {
        return None;
    }
    let lengths: Vec<usize> = whole.split(is_same).map(str::len).collect();
    let (first, rest) = lengths.split_first()?;
    let (last, middle) = rest.split_last()?;
    let is_western = (1..=3).contains(first) && rest.iter().all(|&length| length == 3);
    let is_indian = separator == ','
        && (1..=2).contains(first)
        && *last == 3
        && !middle.is_empty()
        && middle.iter().all(|&length| length == 2);
    let digits = || whole.chars().filter(char::is_ascii_digit).collect();
    ((is_western || is_indian) && !whole.starts_with('0')).then(digits)
}

/// What may stand behind a number: "kg", "%", "km/h", "sq ft", "m²".
fn is_unit(text: &str) -> bool {
    let is_part = |c: char| {
        c.is_alphabetic()
            || is_currency(c)
            || matches!(
                c,
                '%' | '\u{2030}' | '\u{b0}' | '/' | '\u{b2}' | '\u{b3}' | '\u{b5}' | '\u{b7}' | '^' | '.' | ' '
            )
    };
    let is_power = |(at, c): (usize, char)| matches!(c, '2' | '3') && text[..at].ends_with('^');
    let lower = text.to_lowercase();
    text.chars().count() <= LONGEST_UNIT
        && text.char_indices().all(|(at, c)| is_part(c) || is_power((at, c)))
        && text.chars().any(|c| c.is_alphabetic() || is_currency(c) || matches!(c, '%' | '\u{2030}' | '\u{b0}'))
        && text.split(' ').count() <= 2
        && !text.starts_with(['.', '/', '^'])
        && !NO_UNITS.iter().any(|word| lower.trim_end_matches('.') == *word || lower == *word)
}

/// The unit without what makes no difference: "day" and "days" are one.
pub(super) fn same_unit(a: [&str; 2], b: [&str; 2]) -> bool {
    let singular = |word: &str| match word.strip_suffix('s') {
        Some(one) if one.len() >= 2 && one.chars().all(|c| c.is_ascii_lowercase()) => one.len(),
        _ => word.len(),
    };
    // A currency is one before and behind the number.
    let parts = |[before, after]: [&str; 2]| if before.is_empty() { (false, 0) } else { (true, after.len()) };
    let alike = |a: &str, b: &str| a[..singular(a)] == b[..singular(b)];
    if a == b {
        return true;
    }
    match (parts(a), parts(b)) {
        ((false, _), (true, 0)) => a[1] == b[0],
        ((true, 0), (false, _)) => a[0] == b[1],
        _ => a[0] == b[0] && alike(a[1], b[1]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> [Option<f64>; 2] {
        read(text).map_or([None; 2], |written| written.values)
    }

    #[test]
    fn separators_are_read_both_ways() {
        let same = |value| [Some(value), Some(value)];
        let point = |value| [Some(value), None];
        let comma = |value| [None, Some(value)];
        let cases = [
            ("892", same(892.0)),
            ("-1.5e3", point(-1500.0)),
            ("1.136", [Some(1.136), Some(1136.0)]),
            ("-1,160", [Some(-1160.0), Some(-1.16)]),
            ("0.136", point(0.136)),
            ("0,136", comma(0.136)),
            ("1234.567", point(1234.567)),
            ("12,5", comma(12.5)),
            ("1.136.200", comma(1_136_200.0)),
            ("1,234.5", point(1234.5)),
            ("1.234,50", comma(1234.5)),
            ("1 234,5", comma(1234.5)),
            ("1\u{a0}234", same(1234.0)),
            ("1\u{202f}234\u{2009}567.25", point(1_234_567.25)),
            ("1'234.50", point(1234.5)),
            ("1\u{2019}234", same(1234.0)),
            ("12,34,567", point(1_234_567.0)),
            ("+7", same(7.0)),
            (".5", point(0.5)),
            (",5", comma(0.5)),
            ("5.", point(5.0)),
            ("1e-7", same(1e-7)),
            ("2,5e3", comma(2500.0)),
        ];
        for (text, wanted) in cases {
            assert_eq!(both(text), wanted, "{text}");
        }
    }

    #[test]
    fn every_number_is_the_nearest_one() {
        let mut draws = crate::data::random::Purpose::Points.draws(1, 0);
        for _ in 0..20_000 {
            let value = draws.unit() * 10f64.powi((draws.unit() * 40.0) as i32 - 20) - 0.5;
            let digits = (draws.unit() * 20.0) as usize;
            for text in [format!("{value}"), format!("{value:.digits$}"), format!("{value:e}"), format!("-{value:.3}")]
            {
                let wanted = text.parse::<f64>();
                assert_eq!(
                    plain(&text).map(|w| w.values[POINT].unwrap().to_bits()),
                    wanted.ok().map(f64::to_bits),
                    "{text}"
                );
            }
        }
        let mut digits = || (draws.unit() * 2f64.powi(63)) as u64;
        let long = (0..20_000u64).map(|at| {
            // Halfway between two floats, and beside it.
            let near = |number: u64| (number >> 10 << 10 | 1 << 9) + at % 3 - 1;
            let number = if at % 2 == 0 { digits() } else { near(digits()) };
            let (text, places) = (number.to_string(), at as usize % 20);
            match text.len().checked_sub(places) {
                Some(0) | None => format!("0.{number:0places$}"),
                Some(before) => format!("{}.{}", &text[..before], &text[before..]),
            }
        });
        let edges = ["-0", "0.0", "9007199254740993", "18446744073709551616.5", "0.00000000000000000000001"];
        for text in long.chain(edges.map(str::to_owned)) {
            let found = plain(&text).unwrap().values[POINT].unwrap();
            assert_eq!(found.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        }
    }

    #[test]
    fn signs_currencies_and_units_are_taken_off() {
        let cases = [
            ("\u{2212}3", -3.0, ["", ""]),
            ("3-", -3.0, ["", ""]),
            ("(1,200)", -1200.0, ["", ""]),
            ("($5.50)", -5.5, ["$", ""]),
            ("$(5.50)", -5.5, ["$", ""]),
            ("-$5", -5.0, ["$", ""]),
            ("$-5", -5.0, ["$", ""]),
            ("1.5 \u{20ac}", 1.5, ["", "\u{20ac}"]),
            ("EUR 12", 12.0, ["EUR", ""]),
            ("12 CHF", 12.0, ["", "CHF"]),
            ("48.2%", 48.2, ["", "%"]),
            ("12 kg", 12.0, ["", "kg"]),
            ("3.5cm", 3.5, ["", "cm"]),
            ("-4 \u{b0}C", -4.0, ["", "\u{b0}C"]),
            ("80 km/h", 80.0, ["", "km/h"]),
            ("45 m^2", 45.0, ["", "m^2"]),
            ("900 sq ft", 900.0, ["", "sq ft"]),
            ("$1.5M", 1.5, ["$", "M"]),
        ];
        for (text, value, unit) in cases {
            let found = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((found.values[POINT], found.unit), (Some(value), unit), "{text}");
        }
        assert!(same_unit(["$", ""], ["", "$"]) && same_unit(["", "day"], ["", "days"]));
        assert!(!same_unit(["", "kg"], ["", "g"]) && !same_unit(["", "mW"], ["", "MW"]));
        assert!(!same_unit(["$", ""], ["", ""]) && !same_unit(["", "m"], ["", "ms"]));
    }

    #[test]
    fn other_cells_are_no_numbers() {
        for text in [
            "",
            "-",
            "+",
            ".",
            "abc",
            "A12",
            "12 Main Street 5",
            "2020-01-01",
            "31.12.2024",
            "10:30",
            "1.2.3",
            "12-14",
            "(a)",
            "()",
            "5 pm",
            "3 May",
            "12,34",
            "1 2",
            "1,23,4",
            "4x4",
            "$",
            "--5",
            "(-5)",
            "<5",
            "1e",
            "e5",
            "1.2.345",
            "0,123,456",
        ] {
            let found = both(text);
            let is_decimal_comma = text == "12,34" && found == [None, Some(12.34)];
            assert!(found == [None; 2] || is_decimal_comma || text == "1e" || text == "2,", "{text}: {found:?}");
        }
        assert!(read("01067").unwrap().has_leading_zero && !read("0").unwrap().has_leading_zero);
        assert!(!read("0.5").unwrap().has_leading_zero && !read("-0").unwrap().has_leading_zero);
        assert_eq!(read("1e400000000000000000000").unwrap().decimals, [0, 0]);
        assert_eq!(
            ["12", "-0.50", "1e-7", "2.5e1", "1.25E2"].map(|t| read(t).unwrap().decimals[POINT]),
            [0, 2, 7, 0, 0]
        );
        assert_eq!(read("3,14").unwrap().decimals[COMMA], 2);
    }
}
