//! How numbers are shown.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::expr::{self, Array};

/// As exact as it is: a number that is an f32 with the digits of an f32.
pub fn digits(value: f64) -> String {
    let narrow = value as f32;
    if f64::from(narrow) == value { narrow.to_string() } else { value.to_string() }
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
    for row in array.numbers.chunks(width).take(SHOWN) {
        let mut shown: Vec<_> = row.iter().take(SHOWN).map(|&v| format!("{:>13}", digits(v))).collect();
        shown.extend((width > SHOWN).then(|| format!("... {} more", width - SHOWN)));
        // Writing to a String does not fail.
        let _ = write!(text, "\n{}", shown.join(" "));
    }
    if rows > SHOWN {
        let _ = write!(text, "\n... {} more rows", rows - SHOWN);
    }
    text
}
