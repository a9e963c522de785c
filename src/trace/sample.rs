//! One sample of a batch on its way through the network, what the network answers to it, and which samples those are.

use std::cmp::Ordering;
use std::sync::Arc;

use super::TensorRecord;
use crate::model::LayerId;

/// What one layer makes of the followed sample.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleLayer {
    /// The layer.
    pub layer: LayerId,
    /// Its name.
    pub name: String,
    /// What leaves it, under its name in the listing.
    pub output: String,
    /// The numbers of that; `None` until this step has computed them.
    pub value: Option<TensorRecord>,
    /// The gradient of the loss with respect to it, once it is computed.
    pub gradient: Option<TensorRecord>,
}

/// One sample of the batch on its way through the network, and back.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleRecord {
    /// The step it belongs to, counted from 1.
    pub step: u64,
    /// Row of the batch, and how many there are.
    pub row: usize,
    /// Samples in the batch.
    pub rows: usize,
    /// Its number in the training part.
    pub sample: Option<u32>,
    /// The sample's input.
    pub input: TensorRecord,
    /// What is right for it, in the words of the data.
    pub truth: String,
    /// `None` until the outputs of this step are computed.
    pub answer: Option<SampleAnswer>,
    /// In the order of the network.
    pub layers: Vec<SampleLayer>,
    /// The gradient of the loss with respect to the input: computed only when it is asked for.
    pub saliency: Option<Result<TensorRecord, String>>,
    /// The whole batch, the worst first; only when it is asked for, and once its outputs are computed.
    pub worst: Option<Arc<[SampleAnswer]>>,
}

/// What the network says of one sample, as the loss in force means it.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleAnswer {
    /// Row of the batch.
    pub row: usize,
    /// Its number in the training part.
    pub sample: Option<u32>,
    /// True class or value, in words.
    pub truth: String,
    /// Predicted class or value, in words.
    pub predicted: String,
    /// How much the network means the class that it predicts; `None` where it predicts numbers.
    pub share: Option<f32>,
    /// The share is a probability.
    pub is_probability: bool,
    /// Whether the class is the true one; `None` where there are no classes.
    pub is_right: Option<bool>,
    /// Without penalties: the mean over the batch is its loss.
    pub loss: f64,
}

impl SampleAnswer {
    /// The order of a batch from the largest loss down; what is no number is worst.
    pub fn worse_first(&self, other: &Self) -> Ordering {
        let rank = |answer: &Self| if answer.loss.is_nan() { f64::INFINITY } else { answer.loss };
        rank(other).total_cmp(&rank(self)).then(self.row.cmp(&other.row))
    }
}

/// Samples of the training part that stay the same, so that what two steps make of them can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Those of the first batch of the run.
    First,
    /// Chosen by hand.
    Rows(Arc<[u32]>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_come_first_and_what_is_no_number_is_worst() {
        let answer = |row, loss| SampleAnswer {
            row,
            sample: None,
            truth: String::new(),
            predicted: String::new(),
            share: None,
            is_probability: false,
            is_right: None,
            loss,
        };
        let mut all: Vec<_> =
            [0.5, 2.0, f64::NAN, 2.0, 0.0].into_iter().enumerate().map(|(i, l)| answer(i, l)).collect();
        all.sort_by(SampleAnswer::worse_first);
        assert_eq!(all.iter().map(|answer| answer.row).collect::<Vec<_>>(), [2, 1, 3, 0, 4]);
    }
}
