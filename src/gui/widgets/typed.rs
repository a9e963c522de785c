//! What somebody types where a number belongs, as it is written in English, on the Continent, in programs and in
//! papers. Knows only text; what a field makes of it is `number`'s.

/// What was meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Typed {
    Number(f64),
    /// "1,500": with thousands set apart, or with a decimal comma. Nobody can tell.
    Either {
        grouped: f64,
        decimal: f64,
    },
    NoNumber,
}

pub fn read(text: &str) -> Typed {
    let text = tidy(text);
    let (text, share) = match text.strip_suffix('%') {
        Some(rest) => (rest.trim_end(), 100.0),
        None => (text.as_str(), 1.0),
    };
    let (negative, size) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest.trim_start()),
        None => (false, text),
    };
    let finish = |number: f64| if negative { -number / share } else { number / share };
    match size {
        "nan" => return Typed::Number(f64::NAN),
        "inf" | "infinity" | "∞" => return Typed::Number(finish(f64::INFINITY)),
        _ => {}
    }
    let (mantissa, power) = size.split_once('e').unwrap_or((size, "0"));
    let Ok(power) = power.trim().parse::<i32>() else { return Typed::NoNumber };
    let number = |(whole, part): (String, String)| {
        let is_number = !(whole.is_empty() && part.is_empty()) && is_digits(&whole) && is_digits(&part);
        format!("{whole}.{part}e{power}").parse().ok().filter(|_| is_number).map(finish)
    };
    let mantissa = mantissa.trim();
    let grouped = number((set_apart(mantissa, ',').unwrap_or_default(), String::new()));
    match (number(decimal(mantissa)), grouped) {
        (Some(decimal), Some(grouped)) if mantissa.contains(',') && decimal != grouped => {
            Typed::Either { grouped, decimal }
        }
        (Some(number), _) | (None, Some(number)) => Typed::Number(number),
        (None, None) => Typed::NoNumber,
    }
}

/// In one spelling: a plain minus, plain spaces, a small e for "· 10 to the power of".
fn tidy(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '−' | '–' | '﹣' | '－' => plain.push('-'),
            '×' | '·' => plain.push('*'),
            '\'' | '’' | '_' => plain.push(' '),
            c if c.is_whitespace() => plain.push(' '),
            c => match "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".chars().position(|raised| raised == c) {
                Some(place) => {
                    if !plain.contains('^') {
                        plain.push('^');
                    }
                    plain.push("0123456789-".as_bytes()[place] as char);
                }
                None => plain.extend(c.to_lowercase()),
            },
        }
    }
    let plain = plain.replace(" *", "*").replace("* ", "*").replace("*10^", "e");
    plain.strip_prefix("10^").map_or_else(|| plain.clone(), |power| format!("1e{power}"))
}

/// What stands before and after the decimal mark: a point or a comma that comes once and last. Marks of the other kind,
/// and spaces, may set thousands apart.
fn decimal(text: &str) -> (String, String) {
    let count = |mark: char| text.matches(mark).count();
    let last = text.rfind(['.', ',']).map(|at| &text[at..=at]);
    let mark = last.filter(|mark| text.matches(mark).count() == 1).and_then(|mark| mark.chars().next());
    let (whole, part) = mark.and_then(|mark| text.split_once(mark)).unwrap_or((text, ""));
    // Of several points or several commas all set thousands apart.
    let apart = [',', '.', ' '].into_iter().find(|&c| Some(c) != mark && count(c) > 0);
    let whole = apart.map_or_else(|| Some(whole.to_owned()), |apart| set_apart(whole, apart));
    // What is no digit is no number.
    (whole.unwrap_or_else(|| "?".to_owned()), part.to_owned())
}

/// The digits of a number whose thousands are set apart like this, and are three each.
fn set_apart(text: &str, by: char) -> Option<String> {
    let mut groups = text.split(by);
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()) && is_digits(first))?;
    let is_spelt = first != "0" && groups.all(|group| group.len() == 3 && is_digits(group));
    (is_spelt && text.contains(by)).then(|| text.replace(by, ""))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, number) in [
            ("0.01", 0.01),
            ("0,01", 0.01),
            (" 12,5 ", 12.5),
            ("-0,5", -0.5),
            (",5", 0.5),
            ("5.", 5.0),
            ("1234,567", 1234.567),
            ("0,125", 0.125),
            ("1e-3", 1e-3),
            ("1E−3", 1e-3),
            ("1,5e-3", 1.5e-3),
            ("3.1e−7", 3.1e-7),
            ("2 × 10^-4", 2e-4),
            ("2·10⁻⁴", 2e-4),
            ("10^-3", 1e-3),
            ("− 5", -5.0),
            ("+5", 5.0),
            ("1 000", 1000.0),
            ("1\u{202f}234\u{a0}567", 1_234_567.0),
            ("1_000", 1000.0),
            ("1’000", 1000.0),
            ("1,234.5", 1234.5),
            ("1.234,5", 1234.5),
            ("1,234,567", 1_234_567.0),
            ("1.234.567", 1_234_567.0),
            ("1 234,5", 1234.5),
            ("20 %", 0.2),
            ("12,5%", 0.125),
            ("1.000", 1.0),
            ("-inf", f64::NEG_INFINITY),
        ] {
            assert_eq!(read(text), Typed::Number(number), "{text}");
        }
        assert!(matches!(read("NaN"), Typed::Number(n) if n.is_nan()));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not_guessed() {
        assert_eq!(read("1,500"), Typed::Either { grouped: 1500.0, decimal: 1.5 });
        assert_eq!(read("−12,500"), Typed::Either { grouped: -12500.0, decimal: -12.5 });
    }

    #[test]
    fn what_is_no_number_is_called_none() {
        for text in [
            "",
            " ",
            "abc",
            "1.2.3",
            "1,2,3",
            "1 2",
            "12 34",
            "0.5 0.6",
            "1e",
            "e5",
            "--5",
            "5-",
            "1/3",
            "%",
            ".",
            ",",
            "0x10",
            "1,23,456",
            "1,234.5.6",
            "5 %%",
            "1e2.5",
            "1,000,00",
            "½",
            "١",
        ] {
            assert_eq!(read(text), Typed::NoNumber, "{text}");
        }
    }
}
