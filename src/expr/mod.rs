//! Floor 0: the one expression language: Formula layers now, breakpoints and watches later.

/// Why an expression cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    pub message: String,
    /// Byte offset in the text.
    pub at: usize,
}

/// An expression of `x` alone, as Formula layers take it.
pub fn parse_elementwise(text: &str) -> Result<(), ParseError> {
    if text.trim().is_empty() { Err(ParseError { message: "There is no expression.".into(), at: 0 }) } else { Ok(()) }
}
