//! Texts that mean numbers and are not written as such: dates, and amounts with a currency, unit or separators.

/// Three numbers as in 2024-05-31, 31.5.2024 or 5/31/24, a time of day behind them or not.
pub(super) fn is_date(text: &str) -> bool {
    let date = text.trim().split([' ', 'T']).next().unwrap_or_default();
    ['-', '.', '/'].iter().any(|&separator| {
        let parts: Vec<&str> = date.split(separator).collect();
        let short = |part: &&str| (1..=2).contains(&part.len());
        let digits = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        let (first, last) = (parts[0].len() == 4, parts.last().is_some_and(|part| part.len() == 4));
        let year_apart = (first && parts[1..].iter().all(short)) || (last && parts[..2].iter().all(short));
        parts.len() == 3 && digits && (year_apart || parts.iter().all(short))
    })
}

/// A number with something before or behind it: $12.50, 1.299,00 €, 45 kg, 12 %.
pub(super) fn is_amount(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | '\'' | '\u{a0}' | '\u{202f}');
    let text = text.trim().trim_start_matches(['-', '+', '\u{2212}']);
    let (Some(start), Some(end)) =
        (text.find(|c: char| c.is_ascii_digit()), text.rfind(|c: char| c.is_ascii_digit()).map(|at| at + 1))
    else {
        return false;
    };
    let (before, after) = (&text[..start], &text[end..]);
    // Letters stand apart from the number, so that a code such as A12 is none.
    let apart = |mark: &str| mark.starts_with(' ') || mark.ends_with(' ');
    let unit = |mark: &str| {
        let word = mark.trim();
        word.chars().all(|c| "$\u{20ac}\u{a3}\u{a5}\u{20b9}%\u{b0}".contains(c))
            || (word.chars().count() <= 3 && word.chars().all(char::is_alphabetic) && apart(mark))
    };
    text[start..end].chars().all(is_part) && unit(before) && unit(after) && (before.is_empty() || after.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_from_versions_and_codes() {
        for date in ["2024-05-31", "31.5.2024", "5/31/24", "2024-05-31 12:30", "2024-05-31T12:30:00Z"] {
            assert!(is_date(date), "{date}");
        }
        for other in ["2024", "1.2", "12-345-6789", "a-b-c", "", "2024-05", "Monday"] {
            assert!(!is_date(other), "{other}");
        }
    }

    #[test]
    fn amounts_are_told_from_names() {
        for amount in ["$12.50", "1.299,00 \u{20ac}", "45 kg", "12 %", "-3 EUR", "1'000 CHF", "1,299"] {
            assert!(is_amount(amount), "{amount}");
        }
        for other in ["Braund, Mr. Owen", "A/5 21171", "AB12CD", "A12", "", "kg", "12 Main Street", "$1 off"] {
            assert!(!is_amount(other), "{other}");
        }
    }
}
