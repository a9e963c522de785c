//! Floor 1: the drawn graph, its layers, shapes, problems, edits and history, and the settings of data and training.
//!
//! Pure serde data: no tensors, no files, no window. Everything here can be cloned, compared, saved and undone.

mod data_spec;
mod training_spec;

pub use data_spec::*;
pub use training_spec::*;
