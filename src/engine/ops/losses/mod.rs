//! Losses, and the targets that they compare with.

mod bce;
mod cross_entropy;
mod huber;
mod mae;
mod mean_loss;
mod mse;
mod targets;

pub use bce::BinaryCrossEntropy;
pub use cross_entropy::CrossEntropy;
pub use huber::Huber;
pub use mae::Absolute;
pub use mean_loss::Mean;
pub use mse::Squared;
pub use targets::{Column, OneHot, Signs};
