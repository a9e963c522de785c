//! The functions of recurrent networks as tensor operations and as explanations; on the CPU the kernels have their own.

use candle_core::{Result, Tensor};

use super::unrolled;
pub use crate::engine::kernels::recurrent::Squash;
use crate::engine::ops::activations::sigmoid::sigmoid;
use crate::engine::ops::everywhere::{at_least, at_most};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// What a gated network applies to its gates, and to what enters and leaves its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Functions {
    /// From 0, closed, to 1, open.
    pub gate: Squash,
    /// Of what is put into the memory and read from it.
    pub state: Squash,
}

impl Functions {
    /// Those of their papers and of PyTorch.
    pub const USUAL: Self = Self { gate: Squash::Sigmoid, state: Squash::Tanh };

    /// What is not usual, for the listing.
    pub fn settings(self) -> String {
        let differs =
            |what: &str, squash: Squash, usual: Squash| (squash != usual).then(|| format!("{what} {}", word(squash)));
        let parts = [differs("gates", self.gate, Self::USUAL.gate), differs("states", self.state, Self::USUAL.state)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// As in the listing.
pub fn word(squash: Squash) -> &'static str {
    match squash {
        Squash::Tanh => "tanh",
        Squash::Relu => "relu",
        Squash::Sigmoid => "sigmoid",
        Squash::HardSigmoid => "hard sigmoid",
        Squash::Linear => "linear",
    }
}

pub fn squash(squash: Squash, x: &Tensor) -> Result<Tensor> {
    match squash {
        Squash::Tanh => x.tanh(),
        Squash::Relu => at_least(x, 0.0),
        Squash::Sigmoid => sigmoid(x),
        Squash::HardSigmoid => at_most(&at_least(&x.affine(1.0 / 6.0, 0.5)?, 0.0)?, 1.0),
        Squash::Linear => Ok(x.clone()),
    }
}

/// The slope where it gives `y`.
pub fn slope(squash: Squash, y: &Tensor) -> Result<Tensor> {
    match squash {
        Squash::Tanh => 1.0 - y.sqr()?,
        Squash::Relu => y.gt(0.0)?.to_dtype(y.dtype()),
        Squash::Sigmoid => y * (1.0 - y)?,
        Squash::HardSigmoid => {
            let inside = (y.gt(0.0)?.to_dtype(y.dtype())? * y.lt(1.0)?.to_dtype(y.dtype())?)?;
            inside / 6.0
        }
        Squash::Linear => y.ones_like(),
    }
}

/// [`squash`] of one number.
pub fn explained(squash: Squash, x: Arithmetic) -> Arithmetic {
    match squash {
        Squash::Tanh => unrolled::tanh(x),
        Squash::Relu => Arithmetic::call(Function::Relu, x),
        Squash::Sigmoid => unrolled::sigmoid(x),
        Squash::HardSigmoid => {
            let line = x / Arithmetic::number(6.0) + Arithmetic::number(0.5);
            let raised = Arithmetic::call2(Function::Max, line, Arithmetic::number(0.0));
            Arithmetic::call2(Function::Min, raised, Arithmetic::number(1.0))
        }
        Squash::Linear => x,
    }
}

/// [`slope`] at one number.
pub fn explained_slope(squash: Squash, y: Arithmetic) -> Arithmetic {
    match squash {
        Squash::Tanh => unrolled::tanh_slope(y),
        Squash::Relu => y.exceeds(Arithmetic::number(0.0)),
        Squash::Sigmoid => unrolled::sigmoid_slope(y),
        Squash::HardSigmoid => {
            let inside = y.clone().exceeds(Arithmetic::number(0.0)) * Arithmetic::number(1.0).exceeds(y);
            inside / Arithmetic::number(6.0)
        }
        Squash::Linear => Arithmetic::number(1.0),
    }
}

/// The functions of a case recorded from PyTorch, by the keys of its parameters.
#[cfg(test)]
pub fn recorded(params: &serde_json::Value) -> Functions {
    let of = |key: &str, usual: Squash| match params[key].as_str() {
        None => usual,
        Some(recorded) => [Squash::Tanh, Squash::Relu, Squash::Sigmoid, Squash::HardSigmoid, Squash::Linear]
            .into_iter()
            .find(|&squash| word(squash) == recorded)
            .unwrap(),
    };
    Functions { gate: of("gate", Functions::USUAL.gate), state: of("state", Functions::USUAL.state) }
}
