//! Floor 2: plain records of what training did: curves, statistics, and pictures of what the network now computes.
//!
//! No tensors and no threads: these cross from the trainer to whoever looks.

mod arithmetic;
mod breakpoint;
mod health;
mod looking;
mod moment;
mod numbers;
mod picture;
mod series;
mod statistics;
mod survey;

pub use arithmetic::{Arithmetic, Element, Explanation, Judgement, Number, Piece, Term, Verdict};
pub use breakpoint::{At, Breakpoint, StepPhase};
pub use health::{LayerHealth, LayersHistory, LayersRecord, Measure, SampleLayer, SampleRecord};
pub use looking::{Gaze, Reading, Shares, Sight, TensorRecord};
pub use moment::*;
pub use numbers::significant;
pub use picture::*;
pub use series::{Bucket, Series};
pub use statistics::{Histogram, Statistics};
pub use survey::{Findings, Survey};
