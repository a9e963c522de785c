//! The runs of the project: which there are, what is known of each, and what is done with them. How they come to and
//! from the disk is [`super::keeping`]'s.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::{Action, NoticeKind, RunStatus, RunView, State, checkpoint};
use crate::model::Project;
use crate::trace::{Curves, Ending, Guess, OutputPicture, Prediction, RunCard};

/// What the panels see of the runs of the project.
#[derive(Debug, Default)]
pub struct Runs {
    /// Those that are kept, in the order in which they began. The live one is among them once it was kept; what is
    /// shown of it then is [`State::live_card`].
    pub cards: Vec<Arc<RunCard>>,
    /// The id of the run that is on the table, once it has one.
    pub live: Option<String>,
    /// Those whose curves are laid over each other.
    pub picked: BTreeSet<String>,
    /// The curves of the runs that are picked, as they are read. Not those of the live one: they are
    /// [`super::RunView`]'s.
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
    /// As in [`Runs::cards`].
    pub id: String,
    /// What its row is called.
    pub name: String,
    /// All of them.
    pub curves: Arc<Curves>,
}

/// What a network that is kept does on the data that is loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOutput {
    /// Completed steps of the run.
    pub step: u64,
    /// As the output panel shows it.
    pub picture: OutputPicture,
    /// Of validation samples (at most 10,000); empty where numbers are predicted.
    pub predictions: Arc<[Prediction]>,
    /// The same where numbers are predicted, of each output.
    pub guesses: Arc<[Vec<Guess>]>,
}

/// What can be done with runs.
#[derive(Clone, Debug, PartialEq)]
pub enum RunAction {
    /// Lays the curves of these over each other, and of no others.
    Pick(BTreeSet<String>),
    /// Puts two side by side; their outputs are computed.
    Pair(Option<[String; 2]>),
    /// Pinned runs are kept whatever the settings say.
    Pin {
        /// As in [`Runs::cards`].
        id: String,
        /// `false`: unpins it.
        pinned: bool,
    },
    /// Another name, which may not be empty.
    Rename {
        /// As in [`Runs::cards`].
        id: String,
        /// As it was typed.
        name: String,
    },
    /// What a person writes about it.
    Note {
        /// As in [`Runs::cards`].
        id: String,
        /// The whole text.
        note: String,
    },
    /// Until the project is closed they can be had back. The one on the table stays.
    Delete(Vec<String>),
    /// So many of those that were deleted last.
    Undelete(usize),
    /// The run goes on the table, with its network, data and settings, and can go on. What is there is kept.
    BringBack(String),
    /// A new run with the network, data and settings of this one.
    StartLike(String),
    /// A run that an exported folder has trained elsewhere: that folder, its log or its checkpoint.
    TakeIn(PathBuf),
    /// The curves of the run before are not drawn any more.
    DismissGhost,
    /// Every run as a line of a CSV file.
    ExportTable(PathBuf),
    /// The curves of the runs that are picked as one CSV file.
    ExportCurves(PathBuf),
}

impl Runs {
    /// The row of this run, unless it was never kept or is deleted.
    pub fn card(&self, id: &str) -> Option<&Arc<RunCard>> {
        self.cards.iter().find(|card| card.id == id)
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.cards.iter().position(|card| card.id == id)
    }

    /// A new row, or what a row says now.
    pub(super) fn put(&mut self, card: RunCard) {
        match self.position(&card.id) {
            Some(at) => self.cards[at] = Arc::new(card),
            None => self.cards.push(Arc::new(card)),
        }
    }

    /// Drops all that is known of a run but the row itself.
    pub(super) fn forget(&mut self, id: &str) {
        self.picked.remove(id);
        self.curves.remove(id);
        self.outputs.remove(id);
        if self.pair.as_ref().is_some_and(|pair| pair.iter().any(|one| one == id)) {
            self.pair = None;
        }
        if self.ghost.as_ref().is_some_and(|ghost| ghost.id == id) {
            self.ghost = None;
        }
    }
}

impl State {
    /// The run on the table as a row of the table, once it has done a step. Its id is empty until it was first kept.
    pub fn live_card(&self) -> Option<RunCard> {
        let run = &self.run;
        if !self.has_weights_worth_keeping() && run.curves.train_loss.is_empty() {
            return None;
        }
        let kept = self.runs.live.as_deref().and_then(|id| self.runs.card(id));
        let mut card = kept.map_or_else(
            || RunCard {
                name: format!("Run {}", self.next_run_number()),
                began_secs: self.works.began_secs,
                ..RunCard::default()
            },
            |kept| RunCard::clone(kept),
        );
        card.project = self.live_project();
        (card.steps, card.epochs, card.device) = (run.step, run.epoch, self.settings.device.to_string());
        card.read_curves(&run.curves);
        card.seconds = run.seconds;
        // What goes on goes on here.
        card.engine = card.engine.filter(|_| kept.is_some_and(|kept| kept.steps == run.step));
        card.ending = match run.status {
            _ if run.waits => card.ending,
            _ if let Some(found) = &run.not_finite => Ending::NotFinite { step: found.step },
            RunStatus::Finished if run.epoch < self.project.training.epochs as f64 => Ending::Early,
            RunStatus::Finished => Ending::Done,
            _ => Ending::Paused,
        };
        Some(card)
    }

    fn next_run_number(&self) -> usize {
        let number = |card: &Arc<RunCard>| card.name.strip_prefix("Run ").and_then(|n| n.parse::<usize>().ok());
        let all = self.runs.cards.iter().chain(&self.runs.deleted);
        all.filter_map(number).max().unwrap_or(0).max(self.runs.cards.len()) + 1
    }

    /// The network and the settings that the live run has, which need not be those on the canvas: these may not be
    /// valid yet.
    pub(super) fn live_project(&self) -> Project {
        let (waits, works) = (self.run.waits, &self.works);
        let of_run = works.resume_in.as_deref().filter(|_| waits).or(works.in_force.as_deref());
        let waiting = || {
            let there = &works.resume.as_deref().filter(|_| waits)?.saved.project;
            Some(checkpoint::with(&self.project, &there.graph, &there.training))
        };
        of_run.cloned().or_else(waiting).unwrap_or_else(|| self.project.clone())
    }

    /// What takes a run as it lies on disk waits until an engine has trained it.
    fn is_still_trained(&self, action: &RunAction) -> bool {
        let trains = |id: &String| self.race.as_ref().is_some_and(|race| race.trains(id));
        match action {
            RunAction::BringBack(id) | RunAction::Pin { id, .. } | RunAction::Rename { id, .. } => trains(id),
            RunAction::Note { id, .. } => trains(id),
            RunAction::Pair(pair) => pair.iter().flatten().any(trains),
            RunAction::Delete(ids) => ids.iter().any(trains),
            RunAction::Pick(_)
            | RunAction::Undelete(_)
            | RunAction::StartLike(_)
            | RunAction::TakeIn(_)
            | RunAction::DismissGhost
            | RunAction::ExportTable(_)
            | RunAction::ExportCurves(_) => false,
        }
    }

    pub(super) fn apply_to_runs(&mut self, action: RunAction) {
        if self.is_still_trained(&action) {
            let text = "An engine is still training this run. Stop it, or wait until it is done.";
            return self.notify(NoticeKind::Info, text);
        }
        match action {
            RunAction::Pick(picked) => {
                self.runs.picked = picked.into_iter().filter_map(|id| self.named(id)).collect();
                self.read_picked();
            }
            RunAction::Pair(pair) => {
                self.runs.pair = pair.and_then(|[a, b]| Some([self.named(a)?, self.named(b)?]));
                self.compute_pair();
            }
            RunAction::DismissGhost => self.runs.ghost = None,
            RunAction::Pin { id, pinned } => self.change_card(&id, move |card| card.pinned = pinned),
            RunAction::Rename { id, name } => {
                let name = name.trim().to_owned();
                if name.is_empty() {
                    return self.notify(NoticeKind::Warning, "A run needs a name.");
                }
                self.change_card(&id, move |card| card.name.clone_from(&name));
            }
            RunAction::Note { id, note } => self.change_card(&id, move |card| card.note.clone_from(&note)),
            RunAction::Delete(ids) => self.delete_runs(ids),
            RunAction::Undelete(count) => self.undelete(count),
            RunAction::BringBack(id) => self.load_run(id),
            RunAction::StartLike(id) => self.start_like(&id),
            RunAction::TakeIn(path) => self.take_in_run(path),
            RunAction::ExportTable(path) => self.export_bytes(path, "csv", self.runs_as_csv().into_bytes()),
            RunAction::ExportCurves(path) => self.export_bytes(path, "csv", self.curves_as_csv().into_bytes()),
        }
    }

    /// The live run has no id until it was kept: whoever means it by that keeps it.
    fn named(&mut self, id: String) -> Option<String> {
        if id.is_empty() { self.runs.live.clone().or_else(|| self.keep_live()) } else { Some(id) }
    }

    fn delete_runs(&mut self, ids: Vec<String>) {
        let mut gone = Vec::new();
        for id in ids {
            if self.runs.live.as_ref() == Some(&id) {
                self.notify(NoticeKind::Info, "This is the current run. Reset it first, then delete it.");
                continue;
            }
            let Some(at) = self.runs.position(&id) else { continue };
            let card = self.runs.cards.remove(at);
            self.runs.forget(&id);
            gone.push(card.name.clone());
            self.runs.deleted.push(card);
            self.delete_on_disk(id);
        }
        let text = match gone.as_slice() {
            [] => return,
            [one] => format!("Deleted {one}."),
            many => format!("Deleted {} runs.", many.len()),
        };
        self.offer(NoticeKind::Info, text, "Undo delete", Action::Runs(RunAction::Undelete(gone.len())));
    }

    fn undelete(&mut self, count: usize) {
        let kept = self.runs.deleted.len().saturating_sub(count);
        let back = self.runs.deleted.split_off(kept);
        match back.as_slice() {
            [] => return self.notify(NoticeKind::Info, "No run was deleted."),
            [one] => self.notify(NoticeKind::Success, format!("Restored {}.", one.name)),
            many => self.notify(NoticeKind::Success, format!("Restored {} runs.", many.len())),
        }
        for card in back {
            self.restore_on_disk(card.id.clone());
            let place = self.runs.cards.partition_point(|other| other.began_secs <= card.began_secs);
            self.runs.cards.insert(place, card);
        }
    }

    /// A new run with everything that another was made of.
    fn start_like(&mut self, id: &str) {
        let Some(card) = self.runs.card(id).cloned() else { return };
        // Whatever is on the table ends here, as it is.
        if self.run.waits {
            self.let_go();
            self.run = RunView::default();
            (self.works.resume, self.works.resume_in) = (None, None);
        }
        self.works.told = None;
        let before = self.project.clone();
        self.project = Project { name: before.name.clone(), ..card.project.clone() };
        if self.project == before {
            return self.sync_run();
        }
        self.history.record(format!("new run like {}", card.name), None, &before);
        self.after_change(&before);
    }
}
