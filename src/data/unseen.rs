//! Samples that a network never saw, read and encoded as those that it learnt from were, without these.

use std::path::Path;

use super::encoding::Inputs;
use super::{DataError, Encoding, Frame, Progress, csv, idx, pictures};
use crate::model::Reading;

/// Rows of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unseen {
    /// Of every row of the file, whether it is among the inputs; the others lack a value where training left such rows
    /// out.
    pub kept: Vec<bool>,
    /// `[kept rows, input_shape...]` row-major.
    pub inputs: Vec<f32>,
    /// Of every kept row the truth, where the file has it: a class index, or each scaled number, as in a part.
    pub truths: Vec<Option<f32>>,
    /// Classes of the file that the network was not trained on.
    pub unknown_classes: std::collections::BTreeSet<String>,
    /// Of every row, the file that it is; empty where they are rows of one.
    pub names: Vec<String>,
    /// Of every kept row, how its picture was fitted; empty where rows are no picture files.
    pub frames: Vec<Frame>,
    /// Sentences: what was filled, what the network never saw.
    pub notes: Vec<String>,
}

impl Unseen {
    /// The kept rows whose whole truth the file has, and that of one after another. `each`: numbers of one.
    pub fn known(&self, each: usize) -> (Vec<usize>, Vec<f32>) {
        let (mut rows, mut truths) = (Vec::new(), Vec::new());
        for (row, truth) in self.truths.chunks_exact(each.max(1)).enumerate() {
            if truth.iter().all(Option::is_some) {
                rows.push(row);
                truths.extend(truth.iter().flatten());
            }
        }
        (rows, truths)
    }
}

/// A table (a CSV file), for points one with columns x and y; or pictures: one, or a folder of them (of IDX files,
/// where it was trained on such).
pub fn read_unseen(encoding: &Encoding, path: &Path, progress: &dyn Progress) -> Result<Unseen, DataError> {
    match &encoding.inputs {
        Inputs::Table { columns, missing, missing_words, encoding: text } => {
            let reading =
                Reading { missing_words: missing_words.clone(), encoding: text.clone(), ..Reading::default() };
            csv::rows(columns, *missing, &reading, &encoding.target, path, progress)
        }
        Inputs::Points { features } => csv::points(features, path, progress),
        Inputs::PictureFiles { fit } => pictures::unseen(encoding, *fit, path, progress),
        Inputs::Pictures => idx::unseen(&encoding.input_shape, [0.0, 255.0], path, progress),
        Inputs::PictureNumbers { black, white } => idx::unseen(&encoding.input_shape, [*black, *white], path, progress),
    }
}
