//! Updates of the weights, and what is done to their gradients before: penalties and clipping.

mod adagrad;
mod adam;
mod clip;
mod lion;
mod moments;
mod momentum;
mod nadam;
mod penalty;
mod rms_prop;
mod sgd;

pub use adagrad::Adagrad;
pub use adam::Adam;
pub use clip::{ClipNorm, ClipValue};
pub use lion::Lion;
pub use momentum::Momentum;
pub use nadam::NAdam;
pub use penalty::{Norm, Penalty};
pub use rms_prop::RmsProp;
pub use sgd::Sgd;
