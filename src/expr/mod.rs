//! Floor 0: the one expression language: Formula layers now, breakpoints and watches later.
//!
//! Owns the grammar, the functions, errors that say where, and evaluation of one number. Deliberately knows nothing of
//! tensors: the engine lowers an [`Expr`] to its own instructions.
//!
//! Loosest to tightest: `or`, `and`, `not`, comparisons (not chained), `+ -`, `* /`, unary `-`, `^` (right to left, so
//! `-x^2` is `-(x^2)` and `2^3^2` is `2^(3^2)`).

mod ast;
mod eval;
mod function;
mod lexer;
mod parser;

pub use ast::{BinaryOperator, Expr, UnaryOperator};
pub use eval::{erf, eval};
pub use function::Function;

/// Why an expression cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// A sentence for the person who typed it; it names the place in words as well.
    pub message: String,
    /// Byte offset in the text.
    pub at: usize,
}

/// Any expression of the language; names may be anything such as `loss` or `dense_1.weight`.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    parser::parse(text, None)
}

/// An arithmetic expression of `x` (and `pi`, `e`), as Formula layers take it.
pub fn parse_elementwise(text: &str) -> Result<Expr, ParseError> {
    let expression = parser::parse(text, Some(&["x", "pi", "e"]))?;
    if expression.mentions("x") {
        Ok(expression)
    } else {
        Err(ParseError { message: "The expression must use x, the number that comes in.".into(), at: 0 })
    }
}
