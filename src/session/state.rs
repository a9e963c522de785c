//! Everything there is to see. Its fields are the session's own: others read them by the methods of [`super::views`].

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::works::Works;
use super::{Action, CrossValidation, Devices, Engines, Examined, RaceView, RunView, Runs};
use crate::data::{Dataset, TableFacts, TablePreview};
use crate::engine::Memory;
use crate::model::{Graph, History, Inference, LayerId, Project, WireId};
use crate::persist::{Desk, Settings};
use crate::trace::{Branch, Breakpoint, DebugView, Inspection, PictureWishes, Reply, Trail};

/// A session: a project, its run, and what a person sees of them. Only [`Self::apply`] and [`Self::poll`] change it.
#[derive(Debug, Default)]
pub struct State {
    pub(super) screen: Screen,
    /// Of the workspace.
    pub(super) tab: Tab,
    pub(super) project: Project,
    /// Counts the projects that were put on the table.
    pub(super) opened: u64,
    /// Shapes and problems of `project.graph` over the loaded data.
    pub(super) inference: Inference,
    /// What training the network takes; `None` until it is valid and the data is there.
    pub(super) memory: Option<Memory>,
    pub(super) data: DataState,
    pub(super) history: History<Project>,
    pub(super) selection: Selection,
    /// The Block that is open on the canvas; `None` for the network itself.
    pub(super) inside: Option<LayerId>,
    pub(super) clipboard: Option<Graph>,
    pub(super) run: RunView,
    /// All runs of the project.
    pub(super) runs: Runs,
    /// Who else can train on this machine.
    pub(super) engines: Engines,
    /// The last race over this project.
    pub(super) race: Option<RaceView>,
    /// 0 (slowest) to 1 (full speed).
    pub(super) speed: f32,
    /// The last one that was not full speed.
    pub(super) pace: Option<f32>,
    pub(super) wanted: PictureWishes,
    pub(super) debug: Debugging,
    /// What lay beside the runs when the project was opened, and what lies there now.
    pub(super) desk: Desk,
    /// Changes whenever the desk is laid anew: with another project, and when that was read.
    pub(super) desk_number: u64,
    /// Where the project is saved; `None` until it was.
    pub(super) file: Option<PathBuf>,
    /// Differs from what is on disk.
    pub(super) unsaved: bool,
    pub(super) settings: Settings,
    /// Keys of the open sets that have been fetched.
    pub(super) sets_there: Vec<&'static str>,
    /// Saving would overwrite what somebody else has written to the file since it was opened: the person is asked.
    pub(super) changed_elsewhere: bool,
    /// A failure that should stay on the screen until dismissed.
    pub(super) error: Option<String>,
    /// What computes, and what else could.
    pub(super) devices: Devices,
    /// What the table in use looks like, for correcting its columns.
    pub(super) table: Option<Arc<TablePreview>>,
    /// What is known of its columns.
    pub(super) facts: Option<Arc<TableFacts>>,
    /// A project that was open when the program last ended without closing: offered on Welcome, and
    /// where its file is open.
    pub(super) recoverable: Option<String>,
    /// The network's answer to the last [`super::Action::TryInput`]; never one of another network's, or of other data.
    pub(super) try_output: Option<Reply>,
    /// A photo that the network is asked about, as the data in use has its pictures.
    pub(super) photo: Option<super::arriving::Photo>,
    /// What fitting does to some of the pictures in use.
    pub(super) fits: Option<Arc<super::Fits>>,
    /// Boxes that are looked at and drawn.
    pub(super) drawing: Option<super::Drawing>,
    /// What was found out about the network on request.
    pub(super) examined: Examined,
    /// What keeps the network from learning.
    pub(super) diagnosed: super::diagnosed::Diagnosed,
    /// A remedy that is tried, or was and is to be decided on.
    pub(super) trial: Option<Box<super::Trial>>,
    /// What the folds of the data say of it.
    pub(super) cross_validation: CrossValidation,
    /// Weights that were opened, while a person decides what to do with them.
    pub(super) offered: Option<Box<super::arriving::Offer>>,
    pub(super) works: Works,
    pub(super) witness: super::event::Witness,
}

/// What is known of the run between two of its instructions, and where it is to stop.
#[derive(Debug, Default)]
pub struct Debugging {
    /// Where the run stands, while the Debug tab is open.
    pub view: Option<Arc<DebugView>>,
    /// Where training is to stop: kept from run to run.
    pub breakpoints: Vec<Breakpoint>,
    /// All ways that the run has gone, by their names.
    pub branches: Vec<Branch>,
    /// Places in the run that were left for others far away.
    pub trail: Trail,
    /// What the panels wish to see.
    pub inspection: Inspection,
}

/// What the window shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// Templates, recent projects, data to begin with.
    #[default]
    Welcome,
    /// The project.
    Workspace,
}

/// What the workspace is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    /// Draw and train.
    #[default]
    Build,
    /// Stop training anywhere, go back, look into everything.
    Debug,
    /// All runs of the project.
    Compare,
    /// The network as the code of other frameworks.
    Code,
}

/// Where the samples of the project are.
#[derive(Clone, Debug, Default)]
pub enum DataState {
    /// None were asked for.
    #[default]
    None,
    /// They are read or generated.
    Loading {
        /// 0 to 1.
        fraction: f32,
        /// "reading line 20,000".
        doing: String,
        /// What is still usable meanwhile.
        previous: Option<Arc<Dataset>>,
    },
    /// They can be used.
    Ready(Arc<Dataset>),
    /// A sentence that says what to do.
    Failed(String),
}

impl DataState {
    /// The samples that can be used.
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        match self {
            Self::Ready(dataset) | Self::Loading { previous: Some(dataset), .. } => Some(dataset),
            _ => None,
        }
    }
}

/// What is selected on the canvas: layers or one wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// May be many.
    pub layers: BTreeSet<LayerId>,
    /// Then there are no layers.
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
    /// How it is coloured.
    pub kind: NoticeKind,
    /// A sentence or two.
    pub text: String,
    /// What can be done about it: the words on a button, and what it does.
    pub offers: Vec<(String, Action)>,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// For information.
    Info,
    /// What was asked for is done.
    Success,
    /// It was not done, or not as asked.
    Warning,
    /// It failed.
    Error,
}
