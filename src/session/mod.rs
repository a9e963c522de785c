//! Floor 5: the application without a screen. [`State`] is everything there is to see, [`Action`] everything that can
//! be done; [`State::apply`] is the only writer. Panels borrow the one and push the other.

pub mod about;
mod action;
mod anchor;
mod apply;
mod archive;
pub mod checkpoint;
mod debugging;
mod devices;
pub mod engines;
mod event;
mod export;
mod figure;
mod files;
mod findings;
pub mod import;
mod keeper;
mod keeping;
mod loading;
mod not_finite;
mod places;
mod pose;
mod propose;
mod recovery;
mod run_files;
mod run_tables;
mod run_view;
mod running;
mod runs;
mod state;
mod views;
mod works;

pub use action::{Action, Transport, WayOut};
pub use anchor::Anchor;
pub use devices::Devices;
pub use event::Event;
pub use figure::{Figure, Pixels};
pub use files::WATCHABLE;
pub use findings::{Finding, IDLE, Spot, numbers as layer_numbers};
pub use loading::table_spec;
pub use places::PlaceAction;
pub use propose::propose_project;
pub use run_view::{OtherBranch, RunStatus, RunView};
pub use runs::{Ghost, RunAction, RunOutput, Runs};
pub use state::{DataState, Debugging, Notice, NoticeKind, Screen, Selection, State, Tab};
