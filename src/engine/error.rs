//! What can go wrong below the trainer, as sentences for the user.

use crate::data::DataError;
use crate::model::Problem;

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("{0} isn't a sum over the samples of the batch, so it can't be divided among the samples.")]
    NoShares(String),
    /// All problems of the drawing, not only the first.
    #[error("The network can't train yet: {}", sentences(.0))]
    Invalid(Vec<Problem>),
    #[error("{what} has shape {got:?}, but {expected:?} is needed.")]
    Shape { what: String, expected: Vec<usize>, got: Vec<usize> },
    #[error("The value {0} hasn't been computed yet in this step.")]
    NotComputed(String),
    #[error("{value} is outside the vocabulary of {count}: an embedding takes whole numbers from 0 to {}. Increase its \
        vocabulary, or change the input.", .count.saturating_sub(1))]
    Index { value: f64, count: usize },
    #[error("{name} has changed since `{line}` read it. Go back to before that instruction to have it explained.")]
    Overwritten { name: String, line: String },
    #[error("The gradient can't be checked here: {0}.")]
    NotNudged(String),
    #[error("The program has no instruction {0}.")]
    NoSuchInstruction(usize),
    #[error("{name} has no element {index:?}: its sizes are {dims:?}, and counting starts at 0.")]
    NoElement { name: String, index: Vec<usize>, dims: Vec<usize> },
    #[error("No step has started: give the machine a batch first.")]
    NoBatch,
    #[error("There is no value number {0} in this program.")]
    NoSuchValue(u32),
    #[error("The device {device} can't be used: {why} Choose the CPU, or auto.")]
    Device { device: String, why: String },
    #[error("The layer {0} can't be compiled where it is: a network must end in exactly one Loss.")]
    NoInstructions(String),
    #[error("The layer {layer} has no weight named {name}, but it is computed with one.")]
    NoSuchWeight { layer: String, name: &'static str },
    #[error("The formula of {layer} is invalid: {why}")]
    Formula { layer: String, why: String },
    #[error("The saved state doesn't fit this network: {0}")]
    Snapshot(String),
    #[error("Couldn't start {count} threads: {why}")]
    Threads { count: usize, why: String },
    /// An instruction failed in the tensor library: names it, so that the listing shows where.
    #[error("The instruction {instruction} failed: {source}")]
    Instruction { instruction: String, source: Box<EngineError> },
    #[error(transparent)]
    Data(#[from] DataError),
    #[error("Error in the tensor library: {0}")]
    Tensor(#[from] candle_core::Error),
}

fn sentences(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join(" ")
}

pub type Result<T> = std::result::Result<T, EngineError>;
