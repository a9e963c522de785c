//! Floor 0: the one expression language: of Formula layers, and of what the debugger prints and stops at.
//!
//! Owns the grammar, the functions, errors that say where, evaluation of one number and of arrays, which known name a
//! mistyped one may have meant, and how sentences count and list. Deliberately knows nothing of networks: the engine
//! lowers an [`Expr`] to its own instructions, and the debugger says what names stand for.
//!
//! Loosest to tightest: `or`, `and`, `not`, comparisons (not chained), `+ -`, `* /`, unary `-`, `^` (right to left, so
//! `-x^2` is `-(x^2)` and `2^3^2` is `2^(3^2)`).

mod array;
mod ast;
mod condition;
mod eval;
mod function;
mod lexer;
mod message;
mod parser;
mod reduction;
mod shape;
mod spelling;
mod words;

pub use array::{Array, Names, evaluate, evaluate_over, taken};
pub use ast::{BinaryOperator, Expr, Index, UnaryOperator};
pub use condition::{Condition, parse_condition};
pub use eval::{erf, eval};
pub use function::Function;
pub use message::{Message, parse_message};
pub use reduction::Reduction;
pub use shape::{check, dims, histories};
pub use spelling::{nearest, spelt_like};
pub use words::{agreeing, counted, decimals, listed, quoted, thousands};

/// Why an expression cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// A sentence for the person who typed it; it names the place in words as well.
    pub message: String,
    /// Byte offset in the text.
    pub at: usize,
}

/// Any expression of the language; names may be anything such as `loss`, `dense_1.weight` or `%4`, `name[0, 2]` is an
/// element, `name[-1, 2:5]` a slice and `name[f, 0]` one of a gate. Functions are also names where no parenthesis
/// follows, but `nan` and `inf`, which are numbers there.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    parser::parse(text, None)
}

/// An arithmetic expression of `x` (and `pi`, `e`), as Formula layers take it.
pub fn parse_elementwise(text: &str) -> Result<Expr, ParseError> {
    let expression = parser::parse(text, Some(&["x", "pi", "e"]))?;
    if expression.mentions("x") {
        Ok(expression)
    } else {
        Err(ParseError { message: "The expression must use x, the input value.".into(), at: 0 })
    }
}
