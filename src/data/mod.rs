//! Floor 2: from a [`DataSpec`](crate::model::DataSpec) to samples in memory, split and scaled, and from samples to batches.
//!
//! Owns sources (synthetic, drawn digits, CSV, IDX), the split, scaling, and batching. Knows nothing of networks or windows.

pub mod batches;
pub mod dataset;

pub use dataset::{DataError, Dataset, Part, Plane, Task};
