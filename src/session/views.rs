//! How everybody but the session reads [`State`]. Nothing here changes anything; what does is [`State::apply`] and
//! [`State::poll`].

use std::sync::Arc;

use super::state::Debugging;
use super::{DataState, Devices, Engines, RaceView, RunView, Runs, Screen, Selection, State, Tab};
use crate::data::{Dataset, TableFacts, TablePreview};
use crate::engine::Memory;
use crate::model::{Graph, History, Inference, LayerId, Project};
use crate::persist::{Desk, Settings};
use crate::trace::{PictureWishes, Reply};

/// What is drawn, and what is known of it.
impl State {
    /// What is drawn and set, as it would be saved.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Another number for every project that is put on the table.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// Whether the project, or its training, differs from what is on disk.
    pub fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    /// Shapes and problems of the graph over the loaded data.
    pub fn inference(&self) -> &Inference {
        &self.inference
    }

    /// What training the network takes; `None` until it is valid and the data is there.
    pub fn memory(&self) -> Option<&Memory> {
        self.memory.as_ref()
    }

    /// What can be undone and done again.
    pub fn history(&self) -> &History<Project> {
        &self.history
    }

    /// On the canvas.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The Block that is open on the canvas; `None` for the network itself.
    pub fn inside(&self) -> Option<LayerId> {
        self.inside
    }

    /// The layers that were copied last.
    pub fn clipboard(&self) -> Option<&Graph> {
        self.clipboard.as_ref()
    }

    /// Samples, or why there are none.
    pub fn data(&self) -> &DataState {
        &self.data
    }

    /// Whether samples are on their way.
    pub fn is_loading(&self) -> bool {
        matches!(self.data, DataState::Loading { .. })
    }

    /// The samples that can be used: while others are loading, those from before.
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        self.data.dataset()
    }

    /// What the table in use looks like, for correcting its columns.
    pub fn table(&self) -> Option<&Arc<TablePreview>> {
        self.table.as_ref()
    }

    /// What is known of its columns.
    pub fn facts(&self) -> Option<&Arc<TableFacts>> {
        self.facts.as_ref()
    }
}

/// What is trained, and what was.
impl State {
    /// The run on the table.
    pub fn run(&self) -> &RunView {
        &self.run
    }

    /// All runs of the project.
    pub fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Who else can train on this machine.
    pub fn engines(&self) -> &Engines {
        &self.engines
    }

    /// The last race over this project, which may go on.
    pub fn race(&self) -> Option<&RaceView> {
        self.race.as_ref()
    }

    /// Where the run stands between two instructions, and where it is to stop.
    pub fn debug(&self) -> &Debugging {
        &self.debug
    }

    /// 0 (slowest) to 1 (full speed).
    pub fn speed(&self) -> f32 {
        self.speed
    }

    /// The last speed that was not full speed.
    pub fn pace(&self) -> Option<f32> {
        self.pace
    }

    /// The pictures that the trainer was asked for.
    pub fn wanted(&self) -> &PictureWishes {
        &self.wanted
    }

    /// A photo of a person's own that the network is asked about.
    pub fn photo(&self) -> Option<&super::Photo> {
        self.photo.as_ref()
    }

    /// The network's answer to the last [`super::Action::TryInput`]; never one of another network's, or of other data.
    pub fn try_output(&self) -> Option<&Reply> {
        self.try_output.as_ref()
    }

    /// What computes, and what else could.
    pub fn devices(&self) -> &Devices {
        &self.devices
    }
}

/// The window as a whole.
impl State {
    /// What the window shows.
    pub fn screen(&self) -> Screen {
        self.screen
    }

    /// Of the workspace.
    pub fn tab(&self) -> Tab {
        self.tab
    }

    /// Whether an open set has been fetched, by its key.
    pub fn has_set(&self, key: &str) -> bool {
        self.sets_there.contains(&key)
    }

    /// Of the whole program; they outlast the project.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What lies beside the runs of this project: bookmarks, watches, how much is shown.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Another number whenever the desk is laid anew: with another project, and when that was read.
    pub fn desk_number(&self) -> u64 {
        self.desk_number
    }

    /// A failure that stays on the screen until dismissed.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Whether saving waits for an answer, because the file is another one by now.
    pub fn is_changed_elsewhere(&self) -> bool {
        self.changed_elsewhere
    }

    /// The name of a project that was open when the program last ended without closing.
    pub fn recoverable(&self) -> Option<&str> {
        self.recoverable.as_deref()
    }
}
