//! Sentences with numbers in them: `{step}`, `{dense_1.weight[0, 0]}`, `{accuracy:%}`.

use crate::expr::{Array, evaluate, parse, thousands};

/// Digits that a number is told with.
const DIGITS: i32 = 3;

/// The expressions in a text, in their order.
pub fn placeholders(text: &str) -> Vec<&str> {
    pieces(text).filter_map(|piece| piece.ok()).map(|inside| inside.trim_end_matches(":%")).collect()
}

/// Text as `Err`, what stands in braces as `Ok`.
fn pieces(text: &str) -> impl Iterator<Item = Result<&str, &str>> {
    text.split('{').enumerate().flat_map(|(at, piece)| match piece.split_once('}') {
        Some((inside, after)) if at > 0 => vec![Ok(inside), Err(after)],
        _ => vec![Err(piece)],
    })
}

/// The text with its numbers. `prediction`: what the person said before. Errors are sentences.
pub fn filled(
    text: &str,
    prediction: Option<&str>,
    names: &mut dyn FnMut(&str) -> Result<Array, String>,
) -> Result<String, String> {
    let mut whole = String::new();
    for piece in pieces(text) {
        match piece {
            Err(plain) => whole.push_str(plain),
            Ok("prediction") => whole.push_str(prediction.unwrap_or("nothing")),
            Ok(inside) => {
                let (expression, is_share) = match inside.strip_suffix(":%") {
                    Some(expression) => (expression, true),
                    None => (inside, false),
                };
                let expression = parse(expression).map_err(|error| error.message)?;
                let value = evaluate(&expression, names)?;
                let number = value.single().ok_or_else(|| format!("{expression} isn't a single number."))?;
                whole.push_str(&if is_share { format!("{} %", told(100.0 * number)) } else { told(number) });
            }
        }
    }
    Ok(whole)
}

/// Whole numbers as they are, others with three digits, or fewer where those are all.
fn told(number: f64) -> String {
    if !number.is_finite() {
        return if number.is_nan() { "NaN".to_owned() } else { "infinity".to_owned() };
    }
    if number.fract() == 0.0 && number.abs() < 1e12 {
        let sign = if number < 0.0 { "−" } else { "" };
        return format!("{sign}{}", thousands(number.abs() as u64));
    }
    let size = number.abs().log10().floor() as i32;
    let (rounded, whole) = match size {
        -4..6 => (format!("{:.*}", (DIGITS - 1 - size).max(0) as usize, number), number.to_string()),
        _ => (format!("{number:.2e}"), format!("{number:e}")),
    };
    // A rate of 0.1 is not 0.100.
    let shorter = if whole.len() < rounded.len() { whole } else { rounded };
    shorter.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_where_the_braces_were() {
        let mut names = |name: &str| match name {
            "step" => Ok(Array::number(1234.0)),
            "loss" => Ok(Array::number(0.012345)),
            "accuracy" => Ok(Array::number(0.987)),
            _ => Err(format!("no {name}")),
        };
        let text = "{step} steps, {loss}, {accuracy:%}, {1 - loss}; you said {prediction}.";
        let said = filled(text, Some("\"it falls\""), &mut names).unwrap();
        assert_eq!(said, "1,234 steps, 0.0123, 98.7 %, 0.988; you said \"it falls\".");
        assert_eq!(placeholders(text), ["step", "loss", "accuracy", "1 - loss", "prediction"]);
        assert_eq!(filled("{wrong}", None, &mut names).unwrap_err(), "no wrong");
    }

    #[test]
    fn numbers_are_told_with_three_digits() {
        let cases = [
            (-2.0, "−2"),
            (0.65432, "0.654"),
            (12.345, "12.3"),
            (0.1, "0.1"),
            (1.6, "1.6"),
            (-1.5e9 - 0.5, "−1.50e9"),
            (1.23456e-7, "1.23e−7"),
        ];
        cases.into_iter().for_each(|(number, text)| assert_eq!(told(number), text));
        assert_eq!(told(f64::NAN), "NaN");
    }
}
