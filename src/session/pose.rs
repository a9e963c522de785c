//! A [`State`] as it never came about, for tests of panels and for measuring them. The house rules keep it there.

use std::sync::Arc;

use super::diagnosed::Diagnosed;
use super::state::Debugging;
use super::{DataState, Devices, Engines, Photo, RaceView, RunView, Runs, Screen, Selection, State, Tab};
use crate::data::{TableFacts, TablePreview};
use crate::diagnosis::Finding;
use crate::model::{History, Inference, Project};
use crate::persist::{Desk, Settings};
use crate::trace::Reply;

/// What can be set on it; as in [`State`].
#[allow(missing_docs, reason = "State says what each is")]
#[derive(Debug)]
pub struct Pose<'a> {
    pub screen: &'a mut Screen,
    pub tab: &'a mut Tab,
    pub project: &'a mut Project,
    pub opened: &'a mut u64,
    pub inference: &'a mut Inference,
    pub data: &'a mut DataState,
    pub table: &'a mut Option<Arc<TablePreview>>,
    pub facts: &'a mut Option<Arc<TableFacts>>,
    pub history: &'a mut History<Project>,
    pub selection: &'a mut Selection,
    pub run: &'a mut RunView,
    pub runs: &'a mut Runs,
    pub engines: &'a mut Engines,
    pub race: &'a mut Option<RaceView>,
    pub debug: &'a mut Debugging,
    pub desk: &'a mut Desk,
    pub unsaved: &'a mut bool,
    pub settings: &'a mut Settings,
    pub sets_there: &'a mut Vec<&'static str>,
    pub error: &'a mut Option<String>,
    pub devices: &'a mut Devices,
    pub recoverable: &'a mut Option<String>,
    pub try_output: &'a mut Option<Reply>,
    pub photo: &'a mut Option<Photo>,
    diagnosed: &'a mut Diagnosed,
}

impl Pose<'_> {
    /// What the diagnosis found after so many steps; `None`: it has not judged yet.
    pub fn diagnose(self, found: Vec<Finding>, at: Option<u64>) {
        *self.diagnosed = Diagnosed::posed(found, at);
    }
}

impl State {
    /// Hands out its fields to be set.
    pub fn pose(&mut self) -> Pose<'_> {
        Pose {
            screen: &mut self.screen,
            tab: &mut self.tab,
            project: &mut self.project,
            opened: &mut self.opened,
            inference: &mut self.inference,
            data: &mut self.data,
            table: &mut self.table,
            facts: &mut self.facts,
            history: &mut self.history,
            selection: &mut self.selection,
            run: &mut self.run,
            runs: &mut self.runs,
            engines: &mut self.engines,
            race: &mut self.race,
            debug: &mut self.debug,
            desk: &mut self.desk,
            unsaved: &mut self.unsaved,
            settings: &mut self.settings,
            sets_there: &mut self.sets_there,
            error: &mut self.error,
            devices: &mut self.devices,
            recoverable: &mut self.recoverable,
            try_output: &mut self.try_output,
            photo: &mut self.photo,
            diagnosed: &mut self.diagnosed,
        }
    }
}
