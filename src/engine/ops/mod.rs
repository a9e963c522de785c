//! The operations, one file each: texts, shape rule, forward, vector-Jacobian product, tests.
//!
//! To add one, see CONTRIBUTING.md: a file here, a line below, a lowering that emits it.

pub mod formula;
mod pointwise;
mod unfold;

mod add;
mod avg_pool2d;
mod batch_norm;
mod batch_norm_predict;
mod conv2d;
mod global_avg_pool;
mod layer_norm;
mod linear;
mod max_pool2d;
mod ones;
mod tanh;

#[cfg(test)]
pub mod check;

pub use add::Add;
pub use avg_pool2d::AvgPool2d;
pub use batch_norm::BatchNorm;
pub use batch_norm_predict::{BatchNormPredict, RunningStatistics};
pub use conv2d::Conv2d;
pub use global_avg_pool::GlobalAvgPool;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use max_pool2d::MaxPool2d;
pub use ones::Ones;
pub use pointwise::{Apply, Pointwise};
pub use tanh::Tanh;
