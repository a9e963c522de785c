//! CPU f32 kernels over slices. They know shapes and strides, not ops, values or layers; `ops/` decides when to call
//! them. The only place where `unsafe` is allowed, each time with its reason.
//!
//! Every kernel gives the same bits for any number of threads: work is split by sizes alone.

#![allow(unsafe_code, reason = "checks inside these loops would cost as much as the arithmetic")]

pub mod attention;
pub mod axes;
pub mod batch_norm;
pub mod bridge;
pub mod conv2d;
pub mod correlate;
pub mod depthwise;
pub mod elementwise;
pub mod group_norm;
pub mod grouped;
pub mod interleaved;
pub mod lanes;
pub mod layer_norm;
pub mod math;
pub mod matmul;
pub mod memory;
pub mod nested;
pub mod nested_tiles;
pub mod panel;
pub mod pixels;
pub mod pointwise;
pub mod pool;
pub mod pool_of_four;
pub mod recurrent;
pub mod reduce;
pub mod rms_norm;
pub mod rows;
pub mod runs;
pub mod split;
pub mod standardise;
pub mod strips;
#[cfg(test)]
pub mod testing;
pub mod tiles;
pub mod transpose;
pub mod upsample;
pub mod window;
pub mod windows;
pub mod winograd;
