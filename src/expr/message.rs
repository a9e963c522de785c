//! What a log point says: text with expressions in braces, `loss {loss}, norm {norm(dense_1.weight.grad)}`.

use std::fmt;

use super::{Array, Expr, ParseError, parser};

/// Numbers of an array that a line has room for.
const SHOWN: usize = 8;

/// The text of a log point, with expressions in braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Value(Expr),
}

/// Text with expressions in braces; a brace itself is written twice.
pub fn parse_message(text: &str) -> Result<Message, ParseError> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(brace) = text[at..].find(['{', '}']).map(|found| at + found) {
        plain.push_str(&text[at..brace]);
        let kind = &text[brace..=brace];
        if text[brace + 1..].starts_with(kind) {
            plain.push_str(kind);
            at = brace + 2;
            continue;
        }
        let refuse = |message: &str| {
            let place = text[..brace].chars().count() + 1;
            Err(ParseError { message: format!("{message} (at character {place})."), at: brace })
        };
        if kind == "}" {
            return refuse("There is a '}' without a '{'. To write a brace, double it");
        }
        let Some(end) = text[brace..].find('}').map(|length| brace + length) else {
            return refuse("There is a '{' without a '}'. To write a brace, double it");
        };
        let inside = parser::parse(&text[brace + 1..end], None)
            .map_err(|error| ParseError { message: error.message, at: brace + 1 + error.at })?;
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        parts.push(Part::Value(inside));
        at = end + 1;
    }
    plain.push_str(&text[at..]);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(Message { parts })
}

impl Message {
    /// The expressions, in order.
    pub fn values(&self) -> impl Iterator<Item = &Expr> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Value(value) => Some(value),
        })
    }

    /// With the values put in; of one that there is not, the sentence why.
    pub fn filled(&self, mut value_of: impl FnMut(&Expr) -> Result<Array, String>) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(value) => value_of(value).map_or_else(|why| format!("[{why}]"), |value| brief(&value)),
        };
        self.parts.iter().map(part).collect()
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}"))?,
                Part::Value(value) => write!(f, "{{{value}}}")?,
            }
        }
        Ok(())
    }
}

/// A number, or as many as a line has room for and how many there are besides.
fn brief(array: &Array) -> String {
    if let (Some(value), true) = (array.single(), array.dims.len() < 2) {
        return number(value);
    }
    let mut shown: Vec<_> = array.numbers.iter().take(SHOWN).map(|&value| number(value)).collect();
    let more = array.numbers.len().saturating_sub(SHOWN);
    shown.extend((more > 0).then(|| format!("... {more} more")));
    format!("[{}]", shown.join(", "))
}

fn number(value: f64) -> String {
    let value = value as f32;
    if value == 0.0 || !value.is_finite() || (1e-5..1e9).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_between_the_text() {
        let message = parse_message("step {step}: {{loss}} {2 * loss} of {w}").unwrap();
        assert_eq!(message.values().map(Expr::to_string).collect::<Vec<_>>(), ["step", "2 * loss", "w"]);
        let filled = message.filled(|value| match value {
            Expr::Name(name) if name == "w" => {
                Ok(Array { dims: vec![2, 5], numbers: (0..10).map(f64::from).collect() })
            }
            Expr::Name(_) => Ok(Array::number(7.0)),
            _ => Err("not yet".into()),
        });
        assert_eq!(filled, "step 7: {loss} [not yet] of [0, 1, 2, 3, 4, 5, 6, 7, ... 2 more]");
        assert_eq!(parse_message(&message.to_string()), Ok(message));
        assert_eq!(parse_message("").unwrap().filled(|_| Ok(Array::number(0.0))), "");
        assert_eq!([0.1, 1e-7, f64::NAN, -2e12].map(number), ["0.1", "1e-7", "NaN", "-2e12"]);
    }

    #[test]
    fn what_is_wrong_in_it_is_said_where_it_is() {
        for (text, at, words) in [
            ("é {loss", 3, "'{' without a '}'. To write a brace, double it (at character 3)"),
            ("loss}", 4, "'}' without a '{'"),
            ("a {}", 3, "expression is empty"),
            ("a {1 +}", 6, "at the end"),
        ] {
            let error = parse_message(text).unwrap_err();
            assert!(error.message.contains(words), "{text}: {}", error.message);
            assert_eq!(error.at, at, "{text}");
        }
    }
}
