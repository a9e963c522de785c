//! How a number is written where people read it: a true minus sign, as many digits as mean something.

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
