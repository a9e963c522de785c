//! What can go wrong below the trainer, as sentences for the user.

use crate::model::Problem;

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("{0} is not a sum over the samples of the batch: there is no telling which of them pushed it most.")]
    NoShares(String),
    /// All problems of the drawing, not only the first.
    #[error("The network cannot train yet: {}", sentences(.0))]
    Invalid(Vec<Problem>),
    #[error("{what} has shape {got:?}, but {expected:?} is needed.")]
    Shape { what: String, expected: Vec<usize>, got: Vec<usize> },
    #[error("The value {0} has not been computed yet in this step.")]
    NotComputed(String),
    #[error("{value} is no row of a table of {count}: an embedding takes whole numbers from 0 to {}. Raise its vocabulary, or feed it such numbers.", .count.saturating_sub(1))]
    Index { value: f64, count: usize },
    #[error("{name} has been changed since `{line}` read it: go back to before it ran to have it explained.")]
    Overwritten { name: String, line: String },
    #[error("Nothing can be nudged here: {0}.")]
    NotNudged(String),
    #[error("The program has no instruction {0}.")]
    NoSuchInstruction(usize),
    #[error("{name} has no element {index:?}: its sizes are {dims:?}, and counting starts at 0.")]
    NoElement { name: String, index: Vec<usize>, dims: Vec<usize> },
    #[error("No step has been begun: give the machine a batch first.")]
    NoBatch,
    #[error("There is no value number {0} in this program.")]
    NoSuchValue(u32),
    #[error("The device {device} cannot be used: {why} Choose the CPU, or auto.")]
    Device { device: String, why: String },
    #[error("The layer {0} cannot be turned into instructions where it stands: only one Loss may end the network.")]
    NoInstructions(String),
    #[error("The formula of {layer} cannot be read: {why}")]
    Formula { layer: String, why: String },
    #[error("The saved state does not fit this network: {0}")]
    Snapshot(String),
    #[error("{count} threads could not be started: {why}")]
    Threads { count: usize, why: String },
    /// An instruction failed in the tensor library: names it, so that the listing shows where.
    #[error("The instruction {instruction} failed: {source}")]
    Instruction { instruction: String, source: Box<EngineError> },
    #[error("The tensor library refused: {0}")]
    Tensor(#[from] candle_core::Error),
}

fn sentences(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join(" ")
}

pub type Result<T> = std::result::Result<T, EngineError>;
