//! The tree of an expression, and how it is written back as text with the fewest parentheses.

use std::fmt;

use super::{Function, Reduction};

/// One node of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A literal.
    Number(f64),
    /// A name that the caller gives a meaning: a value of the listing, `step`, `pi`.
    Name(String),
    /// `dense_1.weight[0, 2]`
    Element(String, Vec<usize>),
    /// `dense_1.weight[-1, 2:5]`
    Slice(String, Vec<Index>),
    /// `-x`, `not x`.
    Unary(UnaryOperator, Box<Expr>),
    /// An operator between two operands.
    Binary(BinaryOperator, Box<Expr>, Box<Expr>),
    /// Always with the number of arguments that [`Function::arity`] says, when it comes from the parser.
    Call(Function, Vec<Expr>),
    /// A reduction over a whole tensor, or over the steps so far of a single number.
    Reduce(Reduction, Box<Expr>),
    /// `sum(dense_1.weight, axis=0)`: of the numbers along one axis, which goes. Negative axes count from the last.
    Along(Reduction, Box<Expr>, i64),
}

/// What is taken of one axis, as in numpy and PyTorch: negative places count from the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Index {
    /// One index, from 0, or from the end if negative. Drops the axis.
    At(i64),
    /// From the first up to, but without, the second.
    Range(Option<i64>, Option<i64>),
    /// Places that have a name, such as those of a gate: `f`, `f2`. Which they are is the caller's to say, see
    /// [`Expr::with_places`].
    Named(String),
    /// A range of which an end has a name: `f:o`, `1:g2`. The ends are single places or named ones.
    Between(Option<Box<Index>>, Option<Box<Index>>),
}

impl Index {
    /// With numbers where it has names, which `find` knows.
    pub fn placed(&self, find: &mut dyn FnMut(&str) -> Result<Self, String>) -> Result<Self, String> {
        let mut number = |end: &Option<Box<Self>>| match end.as_deref().map(|end| end.placed(find)).transpose()? {
            // Of several places the first.
            Some(Self::At(at) | Self::Range(Some(at), _)) => Ok::<_, String>(Some(at)),
            _ => Ok(None),
        };
        match self {
            Self::Named(word) => find(word),
            Self::Between(from, to) => Ok(Self::Range(number(from)?, number(to)?)),
            Self::At(_) | Self::Range(..) => Ok(self.clone()),
        }
    }

    /// The places of an axis of this size, and whether the axis stays; a sentence where there is no such place.
    pub(super) fn places(&self, size: usize) -> Result<(std::ops::Range<usize>, bool), String> {
        let from_end = |place: i64| if place < 0 { place + size as i64 } else { place };
        match *self {
            Self::At(place) => match usize::try_from(from_end(place)) {
                Ok(at) if at < size => Ok((at..at + 1, false)),
                _ if place < 0 => Err(format!("the index {place} must be at least -{size}")),
                _ => Err(format!("the index {place} must be below {size}")),
            },
            Self::Range(from, to) => {
                let bound = |place: i64| from_end(place).clamp(0, size as i64) as usize;
                let (from, to) = (bound(from.unwrap_or(0)), to.map_or(size, bound));
                Ok((from..to.max(from), true))
            }
            Self::Named(_) | Self::Between(..) => Err(format!("no index on its axis is named '{self}'")),
        }
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(place) => place.fmt(f),
            Self::Range(from, to) => {
                from.map_or(Ok(()), |from| from.fmt(f))?;
                f.write_str(":")?;
                to.map_or(Ok(()), |to| to.fmt(f))
            }
            Self::Named(name) => f.write_str(name),
            Self::Between(from, to) => {
                from.as_ref().map_or(Ok(()), |from| from.fmt(f))?;
                f.write_str(":")?;
                to.as_ref().map_or(Ok(()), |to| to.fmt(f))
            }
        }
    }
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `-x`
    Negate,
    /// `not x`: 1 where x is 0, otherwise 0.
    Not,
}

/// Operators between two operands; comparisons and logic give 1 or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `a / b`
    Divide,
    /// `a ^ b`
    Power,
    /// `a == b`; NaN equals nothing.
    Equal,
    /// `a != b`
    NotEqual,
    /// `a < b`
    Less,
    /// `a <= b`
    LessOrEqual,
    /// `a > b`
    Greater,
    /// `a >= b`
    GreaterOrEqual,
    /// `a and b`
    And,
    /// `a or b`
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
    /// Every operator.
    pub const ALL: [Self; 13] = [
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Power,
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::And,
        Self::Or,
    ];

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

    /// How it is written in an expression.
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
            Expr::Name(name) | Expr::Element(name, _) | Expr::Slice(name, _) => vec![name],
            Expr::Unary(_, a) | Expr::Reduce(_, a) | Expr::Along(_, a, _) => a.names(),
            Expr::Binary(_, a, b) => [a.names(), b.names()].concat(),
            Expr::Call(_, arguments) => arguments.iter().flat_map(Expr::names).collect(),
        }
    }

    /// Whether the name occurs anywhere in the expression.
    pub fn mentions(&self, name: &str) -> bool {
        match self {
            Expr::Number(_) => false,
            Expr::Name(own) | Expr::Element(own, _) | Expr::Slice(own, _) => own == name,
            Expr::Unary(_, a) | Expr::Reduce(_, a) | Expr::Along(_, a, _) => a.mentions(name),
            Expr::Binary(_, a, b) => a.mentions(name) || b.mentions(name),
            Expr::Call(_, arguments) => arguments.iter().any(|a| a.mentions(name)),
        }
    }

    /// With numbers for every place that has a name: `find` says which, of a value, an axis and the name of the place.
    pub fn with_places(
        &self,
        find: &mut dyn FnMut(&str, usize, &str) -> Result<Index, String>,
    ) -> Result<Self, String> {
        Ok(match self {
            Expr::Slice(name, index) => {
                let place = |(axis, index): (usize, &Index)| index.placed(&mut |word| find(name, axis, word));
                let index = index.iter().enumerate().map(place).collect::<Result<_, _>>()?;
                Expr::Slice(name.clone(), index)
            }
            Expr::Number(_) | Expr::Name(_) | Expr::Element(..) => self.clone(),
            Expr::Unary(operator, a) => Expr::Unary(*operator, Box::new(a.with_places(find)?)),
            Expr::Reduce(reduction, a) => Expr::Reduce(*reduction, Box::new(a.with_places(find)?)),
            Expr::Along(reduction, a, axis) => Expr::Along(*reduction, Box::new(a.with_places(find)?), *axis),
            Expr::Binary(operator, a, b) => {
                let (a, b) = (a.with_places(find)?, b.with_places(find)?);
                Expr::Binary(*operator, Box::new(a), Box::new(b))
            }
            Expr::Call(function, arguments) => {
                let arguments = arguments.iter().map(|a| a.with_places(find)).collect::<Result<_, _>>()?;
                Expr::Call(*function, arguments)
            }
        })
    }

    fn precedence(&self) -> u8 {
        match self {
            Expr::Number(_) | Expr::Name(_) | Expr::Element(..) | Expr::Slice(..) => ATOM,
            Expr::Call(..) | Expr::Reduce(..) | Expr::Along(..) => ATOM,
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
            Expr::Slice(name, index) => {
                let index: Vec<_> = index.iter().map(Index::to_string).collect();
                write!(f, "{name}[{}]", index.join(", "))
            }
            Expr::Reduce(reduction, a) => write!(f, "{}({a})", reduction.name()),
            Expr::Along(reduction, a, axis) => write!(f, "{}({a}, axis={axis})", reduction.name()),
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
