//! Recurrent layers, and how they explain their numbers step by step.

mod cell;
mod gru;
mod lstm;
mod rnn;
mod squash;
mod unrolled;

pub use gru::Gru;
pub use lstm::Lstm;
pub use rnn::Rnn;
pub use squash::Functions;
