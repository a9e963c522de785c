//! Floor 2: plain records of what training did: curves, statistics, and pictures of what the network now computes.
//!
//! No tensors and no threads: these cross from the trainer to whoever looks.

mod arithmetic;
mod arrival;
mod branches;
mod breakpoint;
mod compared;
mod condition;
mod curves;
mod health;
mod history;
mod journal;
mod looking;
mod marks;
mod moment;
mod numbers;
mod picture;
mod places;
mod readings;
mod run_card;
mod run_tables;
mod sample;
mod series;
mod statistics;
mod steps;
mod summary;
mod survey;

pub use arithmetic::{Arithmetic, Element, Explanation, Judgement, Number, Piece, Term, Verdict};
pub use arrival::{Arrival, Fate, Finding, Report};
pub use branches::{Branches, MOST_BY_CHANGE};
pub use breakpoint::{At, Breakpoint, StepPhase, Turn};
pub use compared::{Facts, Sums, comparable};
pub use condition::{LayerCondition, Severity, Vitals};
pub use curves::{Curves, KEPT, LossCurves, Mark, Pace};
pub use health::{LayerHealth, LayersHistory, LayersRecord, Measure};
pub use history::{Earlier, Happened, History, Origin, Weights};
pub use journal::{Change, JournalEntry, TensorEdit, dragged};
pub use looking::{Gates, Inspection, Reading, Shares, Sight, TensorRecord, misplaced};
pub use marks::marks;
pub use moment::*;
pub use numbers::significant;
pub use picture::*;
pub use places::{Bookmark, Place, Trail};
pub use readings::{BatchReading, Instrument, Readings, SampleReading, StepReading};
pub use run_card::{Ending, EngineCard, RunCard};
pub use run_tables::{curves_csv, runs_csv};
pub use sample::{Probe, SampleAnswer, SampleLayer, SampleRecord};
pub use series::{Bucket, MOST, Series};
pub use statistics::{Histogram, Statistics};
pub use steps::{Evaluation, NotFinite, StepRow};
pub use summary::{LayerSummary, Summaries, Summary, summary_is_due};
pub use survey::{Findings, Survey};
