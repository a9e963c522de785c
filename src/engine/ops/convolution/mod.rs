//! Convolutions over pictures, and the windows that those over sequences are made of.

pub mod conv2d;
mod conv_transpose2d;
pub mod sliding;
pub mod unfold;
mod windows;

pub use conv_transpose2d::ConvTranspose2d;
pub use conv2d::Conv2d;
pub use windows::Windows;
