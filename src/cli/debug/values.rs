//! How numbers are shown.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::expr::{self, Array};

/// As exact as it is: a number that is an f32 with the digits of an f32. A very large or a very small one has an
/// exponent.
pub fn digits(value: f64) -> String {
    let narrow = value as f32;
    let is_narrow = f64::from(narrow) == value;
    let is_plain = value == 0.0 || !value.is_finite() || (1e-5..1e9).contains(&value.abs());
    match (is_narrow, is_plain) {
        (true, true) => narrow.to_string(),
        (false, true) => value.to_string(),
        (true, false) => format!("{narrow:e}"),
        (false, false) => format!("{value:e}"),
    }
}

/// In four digits, for a column of a table.
pub fn brief(value: f32) -> String {
    digits(f64::from(format!("{value:.3e}").parse().unwrap_or(value)))
}

/// JSON has no NaN and no infinity: those are words.
pub fn json_number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(value.to_string()) }
}

pub fn to_json(array: &Array) -> Value {
    let numbers: Vec<_> = array.numbers.iter().map(|&v| json_number(v)).collect();
    json!({ "shape": array.dims, "numbers": numbers })
}

/// Rows and numbers in a row that are printed.
const SHOWN: usize = 10;

fn first_digits(row: &[f64]) -> Vec<String> {
    row.iter().take(SHOWN).map(|&v| digits(v)).collect()
}

/// A number, or shape, statistics and the first rows.
pub fn to_text(array: &Array) -> String {
    if let Some(value) = array.single() {
        return digits(value);
    }
    let of = |reduction: expr::Reduction| digits(reduction.apply(&array.numbers) as f32 as f64);
    let mut text = format!(
        "shape {:?}   min {}   max {}   mean {}   norm {}",
        array.dims,
        of(expr::Reduction::Min),
        of(expr::Reduction::Max),
        of(expr::Reduction::Mean),
        of(expr::Reduction::Norm)
    );
    let width = array.dims.last().copied().unwrap_or(1).max(1);
    let rows = array.numbers.len().div_ceil(width);
    let shown: Vec<Vec<_>> = array.numbers.chunks(width).take(SHOWN).map(first_digits).collect();
    let column = shown.iter().flatten().map(String::len).max().unwrap_or(0);
    for row in shown {
        let mut shown: Vec<_> = row.iter().map(|number| format!(" {number:>column$}")).collect();
        shown.extend((width > SHOWN).then(|| format!("... {} more", width - SHOWN)));
        // Writing to a String does not fail.
        let _ = write!(text, "\n{}", shown.join(" "));
    }
    if rows > SHOWN {
        let _ = write!(text, "\n... {} more rows", rows - SHOWN);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_and_long_ones_are_cut() {
        let numbers = (0..24).map(|i| if i == 1 { -1.234_567_8e-5_f32 } else { i as f32 }.into()).collect();
        let text = to_text(&Array { dims: vec![2, 12], numbers });
        let rows: Vec<_> = text.lines().skip(1).collect();
        assert_eq!(rows.len(), 2);
        assert!(rows[0].contains("-0.000012345678") && rows[1].ends_with("... 2 more"), "{text}");
        assert_eq!(rows[0].len(), rows[1].len());
        assert_eq!(to_text(&Array { dims: vec![1], numbers: vec![f64::NAN] }), "NaN");
        let large = [1_929_263_e14, 2.5e-9, 123_456_789.0, -0.0, f64::INFINITY];
        assert_eq!(large.map(digits), ["1.929263e20", "2.5e-9", "123456789", "-0", "inf"]);
        assert_eq!([1.929_263e20, 0.063_24, 1234.56, f32::NAN].map(brief), ["1.929e20", "0.06324", "1235", "NaN"]);
    }
}
