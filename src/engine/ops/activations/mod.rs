//! Activations: functions of single numbers, PReLU, and softmax.

mod elu;
mod gelu;
mod hard_swish;
mod hard_tanh;
mod leaky_relu;
mod log_softmax;
mod mish;
pub mod pointwise;
mod prelu;
mod relu;
mod selu;
pub mod sigmoid;
mod silu;
pub mod softmax;
pub mod softplus;
mod tanh;
mod threshold;

pub use elu::Elu;
pub use gelu::Gelu;
pub use hard_swish::HardSwish;
pub use hard_tanh::HardTanh;
pub use leaky_relu::LeakyRelu;
pub use log_softmax::LogSoftmax;
pub use mish::Mish;
pub use pointwise::Apply;
pub use prelu::Prelu;
pub use relu::Relu;
pub use selu::Selu;
pub use sigmoid::Sigmoid;
pub use silu::Silu;
pub use softmax::Softmax;
pub use softplus::Softplus;
pub use tanh::Tanh;
pub use threshold::Threshold;
