//! What a finished step and the end of an epoch tell.

use crate::model::LayerId;

/// What a finished step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRow {
    /// Completed steps, this one included.
    pub step: u64,
    /// Loss of the batch.
    pub loss: f64,
    /// What each Loss says of the batch, before its weight, where there are several.
    pub losses: Vec<(LayerId, f64)>,
    /// Share of the batch that was right; for classification.
    pub accuracy: Option<f32>,
    /// Learning rate used.
    pub learning_rate: f64,
    /// Samples in the batch.
    pub samples: usize,
    /// Whether it was the last step of an epoch.
    pub epoch_done: bool,
}

/// Scores over the validation part.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The step, counted from 1.
    pub step: u64,
    /// With the fraction of the current one.
    pub epoch: f64,
    /// Its loss.
    pub loss: f64,
    /// What each Loss says, before its weight, where there are several.
    pub losses: Vec<(LayerId, f64)>,
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
    /// The layer whose instruction made it, as it is called in the unfolded network.
    pub layer: Option<String>,
    /// Which instruction made it, as a sentence, and what to do about it.
    pub sentence: String,
    /// What to do about it, in a sentence.
    pub advice: String,
    /// Nothing but the size of the numbers can have made it: a smaller learning rate may help.
    pub is_of_size: bool,
}
