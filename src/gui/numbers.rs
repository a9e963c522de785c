//! How numbers are written on the screen: a true minus sign, as many digits as mean something, thousands set apart.

/// About four significant digits: "−0.2417", "12.5", "3.1e−7", "NaN", "∞".
pub fn number(value: f32) -> String {
    significant(f64::from(value), 4)
}

/// `value` with `digits` significant digits, without trailing zeros.
pub fn significant(value: f64, digits: i32) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞".into() } else { "−∞".into() };
    }
    if value == 0.0 {
        return "0".into();
    }
    let magnitude = value.abs().log10().floor() as i32;
    let text = if (-4..7).contains(&magnitude) {
        let decimals = (digits - 1 - magnitude).max(0) as usize;
        trimmed(&format!("{value:.decimals$}"))
    } else {
        let text = format!("{value:.*e}", (digits - 1).max(0) as usize);
        match text.split_once('e') {
            Some((mantissa, exponent)) => format!("{}e{exponent}", trimmed(mantissa)),
            None => text,
        }
    };
    text.replace('-', "−")
}

fn trimmed(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

/// "2,112"
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "98.8 %"
pub fn percent(share: f32) -> String {
    if share.is_finite() { format!("{:.1} %", share * 100.0).replace('-', "−") } else { number(share) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_meaning() {
        assert_eq!(number(-0.2417), "−0.2417");
        assert_eq!(number(1234.5), "1234");
        assert_eq!(number(0.5), "0.5");
        assert_eq!(number(3.1e-7), "3.1e−7");
        assert_eq!(number(-2.5e9), "−2.5e9");
        assert_eq!((number(f32::NAN).as_str(), number(f32::NEG_INFINITY).as_str()), ("NaN", "−∞"));
        assert_eq!(number(-0.0), "0");
        assert_eq!(count(2_112_000), "2,112,000");
        assert_eq!(count(132), "132");
        assert_eq!(percent(0.988), "98.8 %");
    }
}
