//! Losses, and the targets that they compare with.

mod bce;
mod cross_entropy;
mod focal;
mod hinge;
mod huber;
mod kl_divergence;
mod mae;
mod mean_loss;
mod mse;
mod targets;
mod weighted;
mod weighted_cross_entropy;

pub use bce::BinaryCrossEntropy;
pub use cross_entropy::CrossEntropy;
pub use focal::Focal;
pub use hinge::Hinge;
pub use huber::Huber;
pub use kl_divergence::KlDivergence;
pub use mae::Absolute;
pub use mean_loss::Mean;
pub use mse::Squared;
pub use targets::{Column, OneHot, Signs};
pub use weighted::{Summed, Weighted};
pub use weighted_cross_entropy::WeightedCrossEntropy;
