//! The operations, one file each: texts, shape rule, forward, vector-Jacobian product, tests.
//!
//! To add one, see CONTRIBUTING.md: a file here, a line below, a lowering that emits it.

pub mod formula;
mod mean_loss;
mod pointwise;
mod unfold;

mod adam;
mod add;
mod avg_pool2d;
mod batch_norm;
mod batch_norm_predict;
mod bce;
mod clip;
mod concat;
mod conv2d;
mod cross_entropy;
mod dropout;
mod elu;
mod gelu;
mod global_avg_pool;
mod huber;
mod layer_norm;
mod leaky_relu;
mod linear;
mod load;
mod mae;
mod max_pool2d;
mod mse;
mod mul;
mod ones;
mod penalty;
mod relu;
mod reshape;
mod rms_prop;
mod sgd;
mod sigmoid;
mod silu;
mod softmax;
mod softplus;
mod tanh;
mod targets;

#[cfg(test)]
pub mod check;

pub use adam::Adam;
pub use add::Add;
pub use avg_pool2d::AvgPool2d;
pub use batch_norm::BatchNorm;
pub use batch_norm_predict::{BatchNormPredict, RunningStatistics};
pub use bce::BinaryCrossEntropy;
pub use clip::{ClipNorm, ClipValue};
pub use concat::Concat;
pub use conv2d::Conv2d;
pub use cross_entropy::CrossEntropy;
pub use dropout::Dropout;
pub use elu::Elu;
pub use gelu::Gelu;
pub use global_avg_pool::GlobalAvgPool;
pub use huber::Huber;
pub use layer_norm::LayerNorm;
pub use leaky_relu::LeakyRelu;
pub use linear::Linear;
pub use load::Load;
pub use mae::Absolute;
pub use max_pool2d::MaxPool2d;
pub use mean_loss::Mean;
pub use mse::Squared;
pub use mul::Mul;
pub use ones::Ones;
pub use penalty::{Norm, Penalty};
pub use pointwise::Apply;
pub use relu::Relu;
pub use reshape::Reshape;
pub use rms_prop::RmsProp;
pub use sgd::Sgd;
pub use sigmoid::Sigmoid;
pub use silu::Silu;
pub use softmax::Softmax;
pub use softplus::Softplus;
pub use tanh::Tanh;
pub use targets::{Column, OneHot, Signs};
