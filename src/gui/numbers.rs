//! How numbers are written on the screen: a true minus sign, as many digits as mean something, thousands set apart.

pub use crate::expr::thousands as count;
pub use crate::trace::significant;

/// About four significant digits: "−0.2417", "12.5", "3.1e−7", "NaN", "∞".
pub fn number(value: f32) -> String {
    significant(f64::from(value), 4)
}

/// "98.8 %"
pub fn percent(share: f32) -> String {
    if share.is_finite() { format!("{:.1} %", share * 100.0).replace('-', "−") } else { number(share) }
}

/// What is said for a class, as a share of the whole: a score may lie outside.
pub fn sure(share: f32) -> String {
    percent(if share.is_nan() { share } else { share.clamp(0.0, 1.0) })
}

/// "950", "41.2k", "1.20M": three digits and a letter.
pub fn short(n: f64) -> String {
    let (value, letter) = match n.abs() {
        a if a >= 1e9 => (n / 1e9, "G"),
        a if a >= 1e6 => (n / 1e6, "M"),
        a if a >= 1e3 => (n / 1e3, "k"),
        _ => (n, ""),
    };
    let decimals = match value.abs() {
        a if letter.is_empty() || a >= 100.0 => 0,
        a if a >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}{letter}")
}

/// A loss, or a dash where there is none yet.
pub fn loss(v: Option<f32>) -> String {
    v.map_or_else(|| "–".to_owned(), |v| significant(f64::from(v), 3))
}

/// "4.2 s", "3:05", "1:02:03".
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "–".to_owned();
    }
    let whole = seconds.max(0.0).round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) if seconds < 10.0 => format!("{seconds:.1} s"),
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes}:{rest:02}"),
        _ => format!("{hours}:{minutes:02}:{rest:02}"),
    }
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
        assert_eq!([sure(1.3), sure(-0.2), sure(f32::NAN)], ["100.0 %", "0.0 %", "NaN"]);
    }

    #[test]
    fn numbers_of_a_run_are_short() {
        assert_eq!([short(0.0), short(950.0), short(41_234.0), short(1.2e6)], ["0", "950", "41.2k", "1.20M"]);
        assert_eq!([loss(Some(0.07421)), loss(Some(f32::NAN)), loss(None)], ["0.0742", "NaN", "–"]);
        assert_eq!([duration(4.25), duration(185.0), duration(3723.0)], ["4.2 s", "3:05", "1:02:03"]);
    }
}
