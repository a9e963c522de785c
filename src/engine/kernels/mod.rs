//! CPU f32 kernels over slices. They know shapes and strides, not ops, values or layers; `ops/` decides when to call
//! them. The only place where `unsafe` is allowed, each time with its reason.

pub mod bridge;
pub mod elementwise;
pub mod math;
pub mod matmul;
pub mod reduce;
