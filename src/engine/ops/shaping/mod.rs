//! Ops that move numbers to other places: reshape, permute, slice, concat, padding, upsampling.

mod concat;
mod pad;
mod permute;
mod reshape;
mod slice;
mod upsample;

pub use concat::Concat;
pub use pad::Pad;
pub use permute::Permute;
pub use reshape::Reshape;
pub use slice::Slice;
pub use upsample::{UpsampleBilinear, UpsampleNearest};
