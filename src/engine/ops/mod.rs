//! The operations, one file each: texts, shape rule, forward, vector-Jacobian product, tests.
//!
//! To add one, see CONTRIBUTING.md: a file here, a line below, a lowering that emits it.

mod pointwise;

mod add;
mod linear;
mod ones;
mod tanh;

#[cfg(test)]
pub mod check;

pub use add::Add;
pub use linear::Linear;
pub use ones::Ones;
pub use pointwise::{Apply, Pointwise};
pub use tanh::Tanh;
