//! Weights without a network: PyTorch's state dicts, safetensors, and the weights of Keras. Read here to one kind of
//! thing, put onto the layers of a graph (`mapping.rs`), or, where there is no graph, made the proposal of one.
//!
//! Files may be anybody's: nothing in them is executed, and sizes are bounded before memory is taken.

mod contents;
mod dtype;
pub mod fitting;
mod groups;
mod hdf5;
mod keras_layout;
mod layers;
pub mod mapping;
mod matching;
mod pickle;
mod proposal;
mod safetensors;
mod torch;
mod weight_norm;

use std::path::Path;
use std::sync::Arc;

use super::{Content, recognise};
use crate::engine::{Numbers, SavedTensor, Snapshot};
use crate::files::{NamedTensor, Values};
pub use dtype::Dtype;
pub use hdf5::holds_network;
pub use mapping::{Mapping, propose};
pub use proposal::network;

/// More than any network here can have, counted as it lies in memory.
const MOST_BYTES: u64 = 16 << 30;

/// Named tensors, in the order of their file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateDict {
    /// What the file is: "PyTorch".
    pub format: &'static str,
    /// Each name once.
    pub tensors: Vec<Tensor>,
    /// How many steps the tensors have behind them, where the file says so.
    pub step: Option<u64>,
    /// What else stands in the file, and what became of it: its name and a sentence.
    pub notes: Vec<(String, String)>,
    /// What was put in another order, without a change of what the layers compute.
    pub translated: Vec<(String, String)>,
}

/// A tensor of a state dict.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// As the file has it.
    pub name: String,
    /// Its sizes, row-major.
    pub dims: Vec<usize>,
    /// What its numbers were in the file.
    pub dtype: Dtype,
    /// Its numbers; tensors that are one and the same in the file share them.
    pub values: Arc<Values>,
}

impl StateDict {
    /// The tensor of this name.
    pub fn find(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// Everything that there is to say of it.
    pub fn remarks(&self) -> impl Iterator<Item = &(String, String)> {
        self.translated.iter().chain(&self.notes)
    }

    fn note(&mut self, what: impl Into<String>, sentence: impl Into<String>) {
        self.notes.push((what.into(), sentence.into()));
    }
}

impl Tensor {
    /// The tensor as a file has it at these places, counted in numbers; not of complex numbers. A sentence where a
    /// number had to be rounded.
    fn read(
        name: &str,
        dims: Vec<usize>,
        dtype: Dtype,
        bytes: &[u8],
        places: impl Iterator<Item = usize>,
    ) -> (Self, Option<String>) {
        let (values, is_exact) = dtype.read(bytes, places);
        let sentence = || format!("Some of its numbers are beyond 2⁵³ and were rounded ({}).", dtype.name());
        let tensor = Self { name: name.to_owned(), dims, dtype, values: Arc::new(values) };
        (tensor, (!is_exact).then(sentence))
    }
}

/// The weights in a file, whatever it is called. Errors: sentences that say what the file is and what to do.
pub fn read(path: &Path) -> Result<StateDict, String> {
    let content = recognise(path).map_err(|error| error.to_string())?;
    let named = |sentence: String| format!("{}: {sentence}", path.display());
    if let Some(refusal) = content.refusal() {
        return Err(named(refusal));
    }
    let found = match content {
        Content::SafeTensors | Content::Checkpoint => safetensors::read(path),
        Content::TorchZip => torch::read_zip(path),
        Content::TorchLegacy => torch::read_legacy(path),
        Content::Pickle => torch::read_pickle(path),
        Content::Hdf5 => hdf5::read(path),
        Content::Project
        | Content::Keras
        | Content::Onnx
        | Content::CutShort(_)
        | Content::Other(..)
        | Content::Unknown => Err(format!("It is {}, not a file of weights.", content.words())),
    };
    let mut found = found.map_err(named)?;
    weight_norm::multiply_out(&mut found);
    if found.tensors.is_empty() {
        return Err(named(format!("It is {} without any weights in it.", content.words())));
    }
    Ok(found)
}

/// What a run can start with: these weights, and no step done.
pub fn snapshot(weights: Vec<NamedTensor>) -> Snapshot {
    let saved = |NamedTensor { name, dims, values }: NamedTensor| {
        let numbers = match values {
            Values::F32(values) => Numbers::F32(values.into()),
            Values::F64(values) => Numbers::F64(values.into()),
        };
        (name, SavedTensor { dims, numbers })
    };
    Snapshot { step: 0, tensors: weights.into_iter().map(saved).collect() }
}

/// How many numbers tensors of these sizes have; `None` beyond what can be counted.
fn count(dims: &[u64]) -> Option<u64> {
    if dims.contains(&0) {
        return Some(0);
    }
    dims.iter().try_fold(1u64, |product, size| product.checked_mul(*size))
}

#[cfg(test)]
mod proofs;
#[cfg(test)]
mod tests;
