//! The runs of the project: which there are, what is known of each, and what is done with them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::State;
use crate::trace::{Curves, OutputPicture, Prediction, RunCard};

/// What the panels see of the runs of the project.
#[derive(Debug, Default)]
pub struct Runs {
    /// Those that are kept, in the order in which they began. The live one is among them once it was kept; what is shown of it
    /// then is [`State::live_card`].
    pub cards: Vec<Arc<RunCard>>,
    /// The id of the run that is on the table.
    pub live: Option<String>,
    /// Those whose curves are laid over each other.
    pub picked: BTreeSet<String>,
    /// The curves of the runs that are picked, as they are read. Not those of the live one: they are [`super::RunView`]'s.
    pub curves: BTreeMap<String, Arc<Curves>>,
    /// The two that stand side by side, by their ids.
    pub pair: Option<[String; 2]>,
    /// What the networks of the pair do, as it is computed.
    pub outputs: BTreeMap<String, Arc<RunOutput>>,
    /// Why the file of a run could not be read, by its id.
    pub problems: BTreeMap<String, String>,
    /// The curves of the run before this one, faint behind the live ones until dismissed.
    pub ghost: Option<Ghost>,
    /// Runs that were deleted and can be had back, the newest last.
    pub deleted: Vec<Arc<RunCard>>,
}

/// The run before, behind the live one.
#[derive(Clone, Debug)]
pub struct Ghost {
    pub id: String,
    pub name: String,
    pub curves: Arc<Curves>,
}

/// What a network that is kept does on the data that is loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOutput {
    pub picture: OutputPicture,
    /// Of every validation sample (at most 10,000); empty where numbers are predicted.
    pub predictions: Arc<[Prediction]>,
}

/// What can be done with runs.
#[derive(Clone, Debug, PartialEq)]
pub enum RunAction {
    /// Lays the curves of these over each other, and of no others.
    Pick(BTreeSet<String>),
    /// Puts two side by side; their outputs are computed.
    Pair(Option<[String; 2]>),
    Pin {
        id: String,
        pinned: bool,
    },
    Rename {
        id: String,
        name: String,
    },
    Note {
        id: String,
        note: String,
    },
    Delete(Vec<String>),
    /// The last ones that were deleted.
    Undelete,
    /// The run goes on the table, with its network, data and settings, and can go on. What is there is kept.
    BringBack(String),
    /// A new run with the network, data and settings that this one began with.
    StartLike(String),
    DismissGhost,
    /// Every run as a line of a CSV file.
    ExportTable(PathBuf),
    /// The curves of the runs that are picked as one CSV file.
    ExportCurves(PathBuf),
}

impl State {
    /// The run on the table as a row of the table, once it has done a step.
    pub fn live_card(&self) -> Option<RunCard> {
        None
    }

    pub(super) fn apply_to_runs(&mut self, action: RunAction) {
        match action {
            RunAction::Pick(picked) => self.runs.picked = picked,
            RunAction::Pair(pair) => self.runs.pair = pair,
            RunAction::DismissGhost => self.runs.ghost = None,
            _ => {}
        }
    }
}
