//! The operations, one file each, by family: texts, shape rule, forward, vector-Jacobian product, tests.
//!
//! To add one, see CONTRIBUTING.md: a file in its family's folder, a line in the family's `mod.rs`, a lowering that
//! emits it.

mod everywhere;
mod places;

pub mod activations;
pub mod convolution;
pub mod detection;
pub mod formula;
pub mod losses;
pub mod normalisation;
pub mod optimisers;
pub mod pooling;
pub mod recurrent;
pub mod shaping;

mod add;
mod attention;
mod dropout;
mod embedding;
mod linear;
mod load;
mod mixup;
mod mul;
mod noise;
mod offset;
mod ones;
mod partner;

#[cfg(test)]
pub mod check;
#[cfg(test)]
mod edge_tests;
#[cfg(test)]
pub mod explain_check;
#[cfg(test)]
mod random_shape_tests;
#[cfg(test)]
pub mod test_device;

pub use activations::*;
pub use add::Add;
pub use attention::Attention;
pub use convolution::*;
pub use detection::*;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use linear::Linear;
pub use load::Load;
pub use losses::*;
pub use mixup::Mixup;
pub use mul::Mul;
pub use noise::Noise;
pub use normalisation::*;
pub use offset::Offset;
pub use ones::Ones;
pub use optimisers::*;
pub use partner::Partner;
pub use pooling::*;
pub use recurrent::*;
pub use shaping::*;
