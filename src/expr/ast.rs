//! The tree of an expression, and how it is written back as text with the fewest parentheses.

use std::fmt;

use super::{Function, Reduction};

/// One node of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Number(f64),
    Name(String),
    /// `dense_1.weight[0, 2]`
    Element(String, Vec<usize>),
    Unary(UnaryOperator, Box<Expr>),
    Binary(BinaryOperator, Box<Expr>, Box<Expr>),
    /// Always with the number of arguments that [`Function::arity`] says, when it comes from the parser.
    Call(Function, Vec<Expr>),
    Reduce(Reduction, Box<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    Negate,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

/// How tightly `not` holds its operand; see the table in the module above.
pub(super) const NOT: u8 = 3;
/// How tightly a comparison holds its operands.
pub(super) const COMPARISON: u8 = 4;
/// How tightly unary minus holds its operand.
pub(super) const NEGATE: u8 = 7;
/// Numbers, names, calls and parentheses.
const ATOM: u8 = 9;

impl BinaryOperator {
    /// Larger holds tighter.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal | Self::NotEqual | Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => {
                COMPARISON
            }
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide => 6,
            Self::Power => 8,
        }
    }

    /// Comparisons, `and`, `or`: what answers true or false.
    pub fn is_logical(self) -> bool {
        self.precedence() <= COMPARISON
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "^",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::And => "and",
            Self::Or => "or",
        }
    }
}

impl Expr {
    /// Every name in it, in order and as often as it occurs.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Expr::Number(_) => Vec::new(),
            Expr::Name(name) | Expr::Element(name, _) => vec![name],
            Expr::Unary(_, a) | Expr::Reduce(_, a) => a.names(),
            Expr::Binary(_, a, b) => [a.names(), b.names()].concat(),
            Expr::Call(_, arguments) => arguments.iter().flat_map(Expr::names).collect(),
        }
    }

    /// Whether the name occurs anywhere in the expression.
    pub fn mentions(&self, name: &str) -> bool {
        match self {
            Expr::Number(_) => false,
            Expr::Name(own) | Expr::Element(own, _) => own == name,
            Expr::Unary(_, a) | Expr::Reduce(_, a) => a.mentions(name),
            Expr::Binary(_, a, b) => a.mentions(name) || b.mentions(name),
            Expr::Call(_, arguments) => arguments.iter().any(|a| a.mentions(name)),
        }
    }

    fn precedence(&self) -> u8 {
        match self {
            Expr::Number(_) | Expr::Name(_) | Expr::Element(..) | Expr::Call(..) | Expr::Reduce(..) => ATOM,
            Expr::Unary(UnaryOperator::Negate, _) => NEGATE,
            Expr::Unary(UnaryOperator::Not, _) => NOT,
            Expr::Binary(operator, ..) => operator.precedence(),
        }
    }

    /// Writes `self`, in parentheses unless it holds at least as tightly as `least`.
    fn write(&self, f: &mut fmt::Formatter<'_>, least: u8) -> fmt::Result {
        if self.precedence() < least {
            return write!(f, "({self})");
        }
        write!(f, "{self}")
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Number(value) if value.is_sign_negative() => write!(f, "(-{})", -value),
            Expr::Number(value) => write!(f, "{value}"),
            Expr::Name(name) => f.write_str(name),
            Expr::Element(name, index) => {
                let index: Vec<_> = index.iter().map(usize::to_string).collect();
                write!(f, "{name}[{}]", index.join(", "))
            }
            Expr::Reduce(reduction, a) => write!(f, "{}({a})", reduction.name()),
            Expr::Unary(UnaryOperator::Negate, a) => {
                f.write_str("-")?;
                a.write(f, NEGATE)
            }
            Expr::Unary(UnaryOperator::Not, a) => {
                f.write_str("not ")?;
                a.write(f, NOT)
            }
            Expr::Binary(operator, a, b) => {
                let own = operator.precedence();
                let (left, right) = match operator {
                    BinaryOperator::Power => (own + 1, NEGATE),
                    _ if own == COMPARISON => (own + 1, own + 1),
                    _ => (own, own + 1),
                };
                a.write(f, left)?;
                match operator {
                    BinaryOperator::Power => f.write_str("^")?,
                    _ => write!(f, " {} ", operator.symbol())?,
                }
                b.write(f, right)
            }
            Expr::Call(function, arguments) => {
                write!(f, "{}(", function.name())?;
                for (i, argument) in arguments.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{argument}")?;
                }
                f.write_str(")")
            }
        }
    }
}
