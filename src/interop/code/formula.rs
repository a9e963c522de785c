//! Formula layers as expressions of a framework's own functions.

use crate::expr::{self, BinaryOperator, Expr, Function, UnaryOperator};

use super::python;

/// How a framework writes what an expression is made of.
pub trait Functions {
    /// A call with one or two arguments that are written out already; `numbers` says which of them are plain numbers.
    fn call(&self, function: Function, arguments: &[String], numbers: &[bool]) -> String;
}

/// The expression of a Formula layer with `x` for its input. Errors: it cannot be read, which the layer itself says
/// before it comes to this.
pub fn expression(text: &str, x: &str, functions: &dyn Functions) -> Result<String, String> {
    let parsed = expr::parse_elementwise(text).map_err(|error| error.to_string())?;
    Ok(write(&parsed, x, functions).text)
}

/// Text, and how tightly it holds together: as Python's operators do.
struct Written {
    text: String,
    binds: u8,
}

const SUM: u8 = 1;
const PRODUCT: u8 = 2;
const SIGN: u8 = 3;
const POWER: u8 = 4;
const ATOM: u8 = 5;

impl Written {
    fn number(value: f64) -> Self {
        let binds = if value.is_sign_negative() { SIGN } else { ATOM };
        let text = if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value}") } else { python::float(value) };
        Self { text, binds }
    }

    /// In parentheses where it holds less tightly than that.
    fn at(self, binds: u8) -> String {
        if self.binds < binds { format!("({})", self.text) } else { self.text }
    }
}

fn write(expression: &Expr, x: &str, functions: &dyn Functions) -> Written {
    // What has no x in it is a number now.
    if !expression.mentions("x") {
        return Written::number(expr::eval(expression, f64::NAN));
    }
    let of = |part: &Expr| write(part, x, functions);
    match expression {
        Expr::Unary(UnaryOperator::Negate, a) => Written { text: format!("-{}", of(a).at(SIGN)), binds: SIGN },
        Expr::Binary(operator, a, b) => {
            let (a, b) = (of(a), of(b));
            match operator {
                BinaryOperator::Add => Written { text: format!("{} + {}", a.at(SUM), b.at(PRODUCT)), binds: SUM },
                BinaryOperator::Subtract => Written { text: format!("{} - {}", a.at(SUM), b.at(PRODUCT)), binds: SUM },
                BinaryOperator::Multiply => {
                    Written { text: format!("{} * {}", a.at(PRODUCT), b.at(SIGN)), binds: PRODUCT }
                }
                BinaryOperator::Divide => {
                    Written { text: format!("{} / {}", a.at(PRODUCT), b.at(SIGN)), binds: PRODUCT }
                }
                // black leaves no spaces around powers of simple operands.
                BinaryOperator::Power => {
                    let is_word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c));
                    let is_number = |text: &str| text.parse::<f64>().is_ok();
                    let is_simple = |one: &Written| is_word(&one.text) || is_number(&one.text);
                    let space = if is_simple(&a) && is_simple(&b) { "" } else { " " };
                    Written { text: format!("{}{space}**{space}{}", a.at(ATOM), b.at(SIGN)), binds: POWER }
                }
                // The layer takes no comparisons.
                _ => Written { text: x.to_owned(), binds: ATOM },
            }
        }
        Expr::Call(function, arguments) => {
            let numbers: Vec<bool> = arguments.iter().map(|argument| !argument.mentions("x")).collect();
            let arguments: Vec<String> = arguments.iter().map(|argument| of(argument).text).collect();
            Written { text: functions.call(*function, &arguments, &numbers), binds: ATOM }
        }
        _ => Written { text: x.to_owned(), binds: ATOM },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named;
    impl Functions for Named {
        fn call(&self, function: Function, arguments: &[String], _numbers: &[bool]) -> String {
            format!("np.{}({})", function.name(), arguments.join(", "))
        }
    }

    #[test]
    fn expressions_keep_their_meaning() {
        for (typed, written) in [
            ("x * sigmoid(1.702 * x)", "x * np.sigmoid(1.702 * x)"),
            ("2 - (x - 3)", "2 - (x - 3)"),
            ("-x ^ 2 / (1 + abs(x))", "-x**2 / (1 + np.abs(x))"),
            ("(-x) ^ 2", "(-x) ** 2"),
            ("x / (x * 2)", "x / (x * 2)"),
            ("x * (1 / 2 + 1)", "x * 1.5"),
            ("min(x, 2 * 3)", "np.min(x, 6)"),
            ("2 ^ -x", "2 ** -x"),
        ] {
            assert_eq!(expression(typed, "x", &Named).unwrap(), written, "{typed}");
        }
    }
}
