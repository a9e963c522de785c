//! Pooling over windows, over whole pictures, and along an axis.

mod avg_pool2d;
mod global_avg_pool;
mod max_over;
mod max_pool2d;
mod mean_over;
mod under;

pub use avg_pool2d::{AvgPool2d, Over};
pub use global_avg_pool::GlobalAvgPool;
pub use max_over::MaxOver;
pub use max_pool2d::MaxPool2d;
pub use mean_over::MeanOver;
