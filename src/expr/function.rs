//! The functions an expression may call.

/// A function of one or two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// e to the power of x.
    Exp,
    /// The natural logarithm.
    Log,
    /// The square root.
    Sqrt,
    /// The absolute value.
    Abs,
    /// Sine, of radians.
    Sin,
    /// Cosine, of radians.
    Cos,
    /// Tangent, of radians.
    Tan,
    /// Hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// max(x, 0).
    Relu,
    /// log(1 + eˣ).
    Softplus,
    /// The error function.
    Erf,
    /// x · Φ(x), exact.
    Gelu,
    /// x · sigmoid(x).
    Silu,
    /// −1, 0 or 1.
    Sign,
    /// 1 above 0, otherwise 0.
    Step,
    /// The smaller of two.
    Min,
    /// The larger of two.
    Max,
    /// The first to the power of the second.
    Pow,
}

impl Function {
    /// Every function.
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

    /// The function of a name as it is typed.
    pub fn named(name: &str) -> Option<Function> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }
}
