//! The functions an expression may call.

/// A function of one or two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Exp,
    Log,
    Sqrt,
    Abs,
    Sin,
    Cos,
    Tan,
    Tanh,
    Sigmoid,
    Relu,
    Softplus,
    Erf,
    Gelu,
    Silu,
    Sign,
    Step,
    Min,
    Max,
    Pow,
}

impl Function {
    pub const ALL: [Function; 19] = [
        Self::Exp,
        Self::Log,
        Self::Sqrt,
        Self::Abs,
        Self::Sin,
        Self::Cos,
        Self::Tan,
        Self::Tanh,
        Self::Sigmoid,
        Self::Relu,
        Self::Softplus,
        Self::Erf,
        Self::Gelu,
        Self::Silu,
        Self::Sign,
        Self::Step,
        Self::Min,
        Self::Max,
        Self::Pow,
    ];

    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exp => "exp",
            Self::Log => "log",
            Self::Sqrt => "sqrt",
            Self::Abs => "abs",
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Tan => "tan",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::Relu => "relu",
            Self::Softplus => "softplus",
            Self::Erf => "erf",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Sign => "sign",
            Self::Step => "step",
            Self::Min => "min",
            Self::Max => "max",
            Self::Pow => "pow",
        }
    }

    /// How many numbers it takes.
    pub fn arity(self) -> usize {
        match self {
            Self::Min | Self::Max | Self::Pow => 2,
            _ => 1,
        }
    }

    pub fn named(name: &str) -> Option<Function> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }
}
