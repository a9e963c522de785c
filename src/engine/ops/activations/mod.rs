//! Activations: functions of single numbers, PReLU, and softmax.

mod elu;
mod gelu;
mod hard_swish;
mod leaky_relu;
pub mod pointwise;
mod prelu;
mod relu;
mod selu;
pub mod sigmoid;
mod silu;
pub mod softmax;
pub mod softplus;
mod tanh;

pub use elu::Elu;
pub use gelu::Gelu;
pub use hard_swish::HardSwish;
pub use leaky_relu::LeakyRelu;
pub use pointwise::Apply;
pub use prelu::Prelu;
pub use relu::Relu;
pub use selu::Selu;
pub use sigmoid::Sigmoid;
pub use silu::Silu;
pub use softmax::Softmax;
pub use softplus::Softplus;
pub use tanh::Tanh;
