//! What can go wrong below the trainer, as sentences for the user.

use crate::data::DataError;
use crate::model::Problem;

/// Why something could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Asked how much each sample contributes to a value that mixes them.
    #[error("{0} isn't a sum over the samples of the batch, so it can't be divided among the samples.")]
    NoShares(String),
    /// All problems of the drawing, not only the first.
    #[error("The network can't train yet: {}", sentences(.0))]
    Invalid(Vec<Problem>),
    /// A tensor from outside has the wrong sizes: a snapshot, a batch, an edit.
    #[error("{what} has shape {got:?}, but {expected:?} is needed.")]
    Shape {
        /// Which one, in words.
        what: String,
        /// Its sizes as they have to be.
        expected: Vec<usize>,
        /// Its sizes.
        got: Vec<usize>,
    },
    /// By its name in the listing.
    #[error("The value {0} hasn't been computed yet in this step.")]
    NotComputed(String),
    #[error("{value} is outside the vocabulary of {count}: an embedding takes whole numbers from 0 to {}. Increase its \
        vocabulary, or change the input.", .count.saturating_sub(1))]
    /// An embedding was given a number that is no word of its vocabulary.
    Index {
        /// What was given.
        value: f64,
        /// Words of the vocabulary.
        count: usize,
    },
    /// An operand is not any more what the line was computed from.
    #[error("{name} has changed since `{line}` read it. Go back to before that instruction to have it explained.")]
    Overwritten {
        /// Of the operand.
        name: String,
        /// As in the listing.
        line: String,
    },
    /// Why the finite difference cannot be taken.
    #[error("The gradient can't be checked here: {0}.")]
    NotNudged(String),
    /// By its number in the listing, from 0.
    #[error("The program has no instruction {0}.")]
    NoSuchInstruction(usize),
    /// The index has another number of axes than the value, or lies outside.
    #[error("{name} has no element {index:?}: its sizes are {dims:?}, and counting starts at 0.")]
    NoElement {
        /// Of the value.
        name: String,
        /// An entry for every axis, from 0.
        index: Vec<usize>,
        /// Its sizes.
        dims: Vec<usize>,
    },
    /// A step is carried out before a batch was staged.
    #[error("No step has started: give the machine a batch first.")]
    NoBatch,
    /// By its id.
    #[error("There is no value number {0} in this program.")]
    NoSuchValue(u32),
    /// Not there, or a library of it is missing.
    #[error("The device {device} can't be used: {why} Choose the CPU, or auto.")]
    Device {
        /// As a person named it.
        device: String,
        /// A sentence.
        why: String,
    },
    /// By its name: a Loss that is not last.
    #[error("The layer {0} can't be compiled where it is: nothing may follow a Loss.")]
    NoInstructions(String),
    /// The rule book of the layer and its lowering disagree.
    #[error("The layer {layer} has no weight named {name}, but it is computed with one.")]
    NoSuchWeight {
        /// Its title.
        layer: String,
        /// As the lowering asked for it.
        name: &'static str,
    },
    /// A sentence: samples of this task cannot be changed as is asked.
    #[error("{0}")]
    Augmentation(&'static str),
    /// The text of a Formula layer does not parse, or its shapes do not fit.
    #[error("The formula of {layer} is invalid: {why}")]
    Formula {
        /// By its name.
        layer: String,
        /// What the parser says.
        why: String,
    },
    /// Tensors are missing or have other sizes.
    #[error("The saved state doesn't fit this network: {0}")]
    Snapshot(String),
    /// The system refused them.
    #[error("Couldn't start {count} threads: {why}")]
    Threads {
        /// How many were wanted.
        count: usize,
        /// What the system says.
        why: String,
    },
    /// An instruction failed in the tensor library: names it, so that the listing shows where.
    #[error("The instruction {instruction} failed: {source}")]
    Instruction {
        /// Its line of the listing.
        instruction: String,
        /// What went wrong in it.
        source: Box<EngineError>,
    },
    /// The samples of a batch could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Whatever candle refuses.
    #[error("Error in the tensor library: {0}")]
    Tensor(#[from] candle_core::Error),
}

fn sentences(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join(" ")
}

/// What computing returns.
pub type Result<T> = std::result::Result<T, EngineError>;
