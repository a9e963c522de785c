//! Everything there is to see.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::works::Works;
use super::{Action, Devices, RunView, Runs};
use crate::data::{Dataset, TablePreview};
use crate::engine::Memory;
use crate::model::{Graph, History, Inference, LayerId, Project, WireId};
use crate::persist::{Desk, Settings};
use crate::trace::{Branch, Breakpoint, DebugView, Inspection, PictureWishes, Reply, Trail};

#[derive(Debug, Default)]
pub struct State {
    pub screen: Screen,
    /// Of the workspace.
    pub tab: Tab,
    pub project: Project,
    /// Counts the projects that were put on the table.
    pub opened: u64,
    /// Shapes and problems of `project.graph` over the loaded data.
    pub inference: Inference,
    /// What training the network takes; `None` until it is valid and the data is there.
    pub memory: Option<Memory>,
    pub data: DataState,
    pub history: History<Project>,
    pub selection: Selection,
    pub clipboard: Option<Graph>,
    pub run: RunView,
    /// All runs of the project.
    pub runs: Runs,
    /// 0 (slowest) to 1 (full speed).
    pub speed: f32,
    /// The last one that was not full speed.
    pub pace: Option<f32>,
    pub wanted: PictureWishes,
    /// Where the run stands between its instructions, while the Debug tab is open.
    pub debug: Option<Arc<DebugView>>,
    /// Where training is to stop: kept from run to run.
    pub breakpoints: Vec<Breakpoint>,
    /// All ways that the run has gone, by their names.
    pub branches: Vec<Branch>,
    /// What lay beside the runs when the project was opened, and what lies there now.
    pub desk: Desk,
    /// Changes whenever the desk is laid anew: with another project, and when that was read.
    pub desk_number: u64,
    /// Places in the run that were left for others far away.
    pub trail: Trail,
    /// What the debugger's panels wish to see.
    pub inspection: Inspection,
    /// Where the project is saved; `None` until it was.
    pub file: Option<PathBuf>,
    /// Differs from what is on disk.
    pub unsaved: bool,
    pub settings: Settings,
    /// A failure that should stay on the screen until dismissed.
    pub error: Option<String>,
    /// What computes, and what else could.
    pub devices: Devices,
    /// What the CSV file in use looks like, for correcting its columns.
    pub table: Option<Arc<TablePreview>>,
    /// A project that was open when the program last ended without closing: offered on Welcome.
    pub recoverable: Option<String>,
    /// The network's answer to the last [`super::Action::TryInput`]; never one of another network's, or of other data.
    pub try_output: Option<Reply>,
    pub(super) works: Works,
    pub(super) witness: super::event::Witness,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    #[default]
    Welcome,
    Workspace,
}

/// What the workspace is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    #[default]
    Build,
    Debug,
    Compare,
}

#[derive(Clone, Debug, Default)]
pub enum DataState {
    #[default]
    None,
    Loading {
        /// 0 to 1.
        fraction: f32,
        doing: String,
        /// What is still usable meanwhile.
        previous: Option<Arc<Dataset>>,
    },
    Ready(Arc<Dataset>),
    /// A sentence that says what to do.
    Failed(String),
}

impl DataState {
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        match self {
            Self::Ready(dataset) | Self::Loading { previous: Some(dataset), .. } => Some(dataset),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    pub layers: BTreeSet<LayerId>,
    pub wire: Option<WireId>,
}

impl Selection {
    /// The layer, when exactly one is selected.
    pub fn only(&self) -> Option<LayerId> {
        if self.layers.len() == 1 { self.layers.first().copied() } else { None }
    }
}

/// A sentence to be shown once.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub kind: NoticeKind,
    pub text: String,
    /// What can be done about it: the words on a button, and what it does.
    pub offers: Vec<(String, Action)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    Info,
    Success,
    Warning,
    Error,
}
