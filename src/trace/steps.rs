//! What a finished step and the end of an epoch tell.

/// What a finished step tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepRow {
    /// Completed steps, this one included.
    pub step: u64,
    pub loss: f64,
    /// Share of the batch that was right; for classification.
    pub accuracy: Option<f32>,
    pub learning_rate: f64,
    pub samples: usize,
    pub epoch_done: bool,
}

/// Scores over the validation part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    pub step: u64,
    /// With the fraction of the current one.
    pub epoch: f64,
    pub loss: f64,
    /// Accuracy for classes, R² for numbers.
    pub score: f64,
}

/// Where the first NaN or infinity of a run was made.
#[derive(Clone, Debug, PartialEq)]
pub struct NotFinite {
    /// The step in which it was made, from 1.
    pub step: u64,
    /// "NaN", "infinity", "minus infinity".
    pub word: &'static str,
    /// Which instruction made it, as a sentence, and what to do about it.
    pub sentence: String,
    pub advice: String,
    /// Nothing but the size of the numbers can have made it: a smaller learning rate may help.
    pub is_of_size: bool,
}
