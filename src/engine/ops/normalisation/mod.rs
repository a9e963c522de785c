//! Normalisations: over the batch, over groups of channels, over a sample.

mod batch_norm;
mod batch_norm_predict;
mod group_norm;
mod layer_norm;
mod rms_norm;
mod spread;

pub use batch_norm::BatchNorm;
pub use batch_norm_predict::{BatchNormPredict, RunningStatistics};
pub use group_norm::GroupNorm;
pub use layer_norm::LayerNorm;
pub use rms_norm::RmsNorm;
