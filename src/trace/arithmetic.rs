//! How one number came about: an expression over named elements of tensors, that can be shown, evaluated and walked.
//!
//! Plain data. Who builds it (the ops) and who draws it (the window, the command line) live above.

mod terms;
mod text;

use crate::expr::{BinaryOperator, Function};

pub use terms::Term;
pub use text::{Number, Piece};

/// One number of a named tensor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element {
    /// As in the listing: `%4`, `d%4`, `dense_1.weight`.
    pub name: String,
    /// One index per axis, from 0.
    pub index: Vec<usize>,
}

impl std::fmt::Display for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let index = self.index.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        if index.is_empty() { f.write_str(&self.name) } else { write!(f, "{}[{index}]", self.name) }
    }
}

/// How a number is computed, as a tree that can be shown and evaluated.
#[derive(Clone, Debug, PartialEq)]
pub enum Arithmetic {
    /// Read from a tensor: can be followed further back.
    Read {
        /// Which number.
        element: Element,
        /// What it was.
        value: f64,
    },
    /// Brought by the instruction itself: `ε`, `learning rate`, `slope`. With an empty name just the number.
    Given {
        /// What it is called in the formula.
        name: &'static str,
        /// What it was.
        value: f64,
    },
    /// All terms added.
    Sum(Vec<Arithmetic>),
    /// All factors multiplied.
    Product(Vec<Arithmetic>),
    /// A difference, a quotient, a power, a comparison (1 where it holds, else 0).
    Binary(BinaryOperator, Box<[Arithmetic; 2]>),
    /// A function applied to one or two arguments.
    Call {
        /// Which one.
        function: Function,
        /// In its order.
        arguments: Vec<Arithmetic>,
    },
    /// A part that the formula calls by a name: `mean`, `σ`.
    Named {
        /// What it is called.
        name: &'static str,
        /// What it comes from.
        part: Box<Arithmetic>,
    },
}

impl Arithmetic {
    /// A constant of the instruction itself: a rate, ε.
    pub fn given(name: &'static str, value: f64) -> Self {
        Self::Given { name, value }
    }

    /// A literal number.
    pub fn number(value: f64) -> Self {
        Self::given("", value)
    }

    /// A part that the formula calls by a name.
    pub fn named(name: &'static str, part: Self) -> Self {
        Self::Named { name, part: Box::new(part) }
    }

    /// A function of one argument.
    pub fn call(function: Function, argument: Self) -> Self {
        Self::Call { function, arguments: vec![argument] }
    }

    /// A function of two arguments.
    pub fn call2(function: Function, a: Self, b: Self) -> Self {
        Self::Call { function, arguments: vec![a, b] }
    }

    fn binary(operator: BinaryOperator, a: Self, b: Self) -> Self {
        Self::Binary(operator, Box::new([a, b]))
    }

    /// `self` to the power of `exponent`.
    pub fn power(self, exponent: Self) -> Self {
        Self::binary(BinaryOperator::Power, self, exponent)
    }

    /// `self` times itself.
    pub fn squared(self) -> Self {
        self.power(Self::number(2.0))
    }

    /// 1 where `self` is greater than `other`, else 0.
    pub fn exceeds(self, other: Self) -> Self {
        Self::binary(BinaryOperator::Greater, self, other)
    }

    /// 1 where `self` is no less than `other`, else 0.
    pub fn at_least(self, other: Self) -> Self {
        Self::binary(BinaryOperator::GreaterOrEqual, self, other)
    }

    /// 1 where both are the same, else 0.
    pub fn equals(self, other: Self) -> Self {
        Self::binary(BinaryOperator::Equal, self, other)
    }

    /// The largest of some numbers.
    pub fn max(numbers: Vec<Self>) -> Self {
        Self::Call { function: Function::Max, arguments: numbers }
    }

    /// In double precision.
    pub fn evaluate(&self) -> f64 {
        match self {
            Self::Read { value, .. } | Self::Given { value, .. } => *value,
            Self::Sum(parts) => parts.iter().map(Self::evaluate).sum(),
            Self::Product(parts) => parts.iter().map(Self::evaluate).product(),
            Self::Binary(operator, parts) => operator.apply(parts[0].evaluate(), parts[1].evaluate()),
            Self::Call { function, arguments } => {
                let mut values = arguments.iter().map(Self::evaluate);
                let first = values.next().unwrap_or(0.0);
                match (function, values.next()) {
                    (Function::Min | Function::Max, None) => first,
                    (_, None) => function.apply(first, 0.0),
                    // Of minimum and maximum there may be more than two.
                    (_, Some(second)) => {
                        values.fold(function.apply(first, second), |value, next| function.apply(value, next))
                    }
                }
            }
            Self::Named { part, .. } => part.evaluate(),
        }
    }
}

impl std::ops::Add for Arithmetic {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::Sum(vec![self, other])
    }
}

impl std::ops::Sub for Arithmetic {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::binary(BinaryOperator::Subtract, self, other)
    }
}

impl std::ops::Mul for Arithmetic {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self::Product(vec![self, other])
    }
}

impl std::ops::Div for Arithmetic {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        Self::binary(BinaryOperator::Divide, self, other)
    }
}

/// One number explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// What is explained.
    pub element: Element,
    /// Whether it is a slope of the loss, which a nudge can check.
    pub is_gradient: bool,
    /// As the machine holds it.
    pub value: f64,
    /// The training step it belongs to, from 1.
    pub step: u64,
    /// Index in the program of the instruction that made it; `None` for what no instruction makes (the batch, a
    /// weight).
    pub instruction: Option<usize>,
    /// `%3 = linear %x, dense_1.weight, dense_1.bias`
    pub line: String,
    /// The instruction's formula in symbols.
    pub formula: String,
    /// The same in a sentence.
    pub words: String,
    /// The computation with its numbers.
    pub arithmetic: Arithmetic,
    /// What a nudge says, when it was asked for: of gradients only.
    pub verdict: Option<Verdict>,
}

/// A gradient against the difference that a small nudge makes to the loss, in double precision with the same masks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// By how much the element was nudged both ways.
    pub nudge: f64,
    /// (loss(+) - loss(-)) / 2 nudge
    pub difference: f64,
    /// (loss(+) - loss) / nudge and (loss - loss(-)) / nudge. Where single precision has rounded a number over to the
    /// other side of a kink, the slopes on both sides: that of the nudge and the gradient itself.
    pub sides: [f64; 2],
    /// Whether the gradient agrees with the difference.
    pub judgement: Judgement,
}

/// What a gradient check found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Judgement {
    /// Within the tolerance.
    Agrees,
    /// By this much, relative to the larger of the two.
    Differs {
        /// The result minus the number that was computed.
        by: f64,
    },
    /// The two sides disagree: the loss has no single slope here, or none that rounding does not blur.
    AtKink,
}
