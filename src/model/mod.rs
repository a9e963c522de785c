//! Floor 1: the drawn graph, its layers, shapes, problems, edits and history, and the settings of data and training.
//!
//! Pure serde data: no tensors, no files, no window. Everything here can be cloned, compared, saved and undone.

mod answer;
pub mod boxes;
mod data_spec;
mod device;
pub mod difference;
mod division;
mod edit;
mod embedded;
pub mod glossary;
mod graph;
mod history;
pub mod infer;
pub mod layer;
mod layout;
pub mod limits;
mod neighbours;
mod project;
mod schedule;
mod shape;
pub mod task;

pub mod templates;
mod training_spec;
pub mod transfer;
mod whole;

pub use answer::Answer;
pub use data_spec::*;
pub use device::Device;
pub use difference::{Difference, differences};
pub use division::{Division, Fold};
pub use edit::{Edit, EditError};
pub use embedded::EmbeddedColumn;
pub use graph::{ConnectError, End, Graph, Layer, LayerId, Wire, WireId, slug};
pub use history::{History, NumberStep, Numbers, RunStep, WeightsStep};
pub use infer::{Inference, Problem, Repair, Subject, infer};
pub use layer::{LayerKind, ParamKind, ParamSpec, ParamValue};
pub use neighbours::one_less;
pub use project::{DataSignature, Project};
pub use schedule::{OneCycle, Plateau, PlateauState, Schedule, Watched};
pub use shape::Shape;
pub use task::{AnswerView, Compared, Metric, Task};
pub use training_spec::*;
pub use whole::{Shared, is_penalised};
