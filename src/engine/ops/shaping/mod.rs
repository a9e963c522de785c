//! Ops that move numbers to other places: reshape, permute, slice, concat, upsampling.

mod concat;
mod permute;
mod reshape;
mod slice;
mod upsample;

pub use concat::Concat;
pub use permute::Permute;
pub use reshape::Reshape;
pub use slice::Slice;
pub use upsample::{UpsampleBilinear, UpsampleNearest};
