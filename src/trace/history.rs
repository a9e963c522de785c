//! What happened to a run: how it began, what was changed in it and where, and what of that lies ahead of where it
//! stands.
//!
//! The one record of it: trainer, debugger, window, files and command line read this and keep nothing of their own
//! beside it. A change belongs to its place: whoever arrives there again finds it made. What a schedule cuts on a
//! plateau is no change of a person's: it comes by itself when its place is passed, so there are only those that have
//! come.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Change, JournalEntry, Mark, dragged, marks};
use crate::model::{Device, Numbers, Project, TrainingSpec};

/// What a run began with: replay starts from it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The project that the run started with.
    pub project: Arc<Project>,
    /// The journal tells where it went on.
    #[serde(default)]
    pub device: Device,
    /// Where its first weights came from.
    #[serde(default)]
    pub weights: Weights,
    /// The run whose weights were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
}

/// The run whose weights another began with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Completed steps of it.
    pub step: u64,
    /// In what its data was other.
    pub other_data: Option<String>,
}

impl fmt::Display for Earlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = if self.other_data.is_some() { " with different data" } else { "" };
        write!(f, "started from the weights at step {} of a run{data}", self.step)
    }
}

/// Where the first weights came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// Drawn from the seed.
    #[default]
    Fresh,
    /// Those of an earlier run, or of another program: they are kept with the run.
    Given,
    /// Nobody can tell any more: the run cannot go back to before it was opened.
    Unknown,
}

/// How a run came to be what it is: its origin and every change since.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// How it began.
    pub origin: Origin,
    /// By place; the first `made` are made, the others lie ahead.
    changes: Vec<JournalEntry>,
    made: usize,
    /// Cuts of the rate on a plateau, up to here.
    #[serde(default)]
    cuts: Vec<JournalEntry>,
    /// Where changes are being made, until the run goes elsewhere, and the first of them: what is dragged there is one
    /// change.
    #[serde(skip)]
    series: Option<((u64, usize), usize)>,
}

/// How much of a history had happened at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Happened {
    /// Changes of network, data, settings or values.
    pub changes: usize,
    /// Cuts of the learning rate by the schedule.
    pub cuts: usize,
}

fn place(entry: &JournalEntry) -> (u64, usize) {
    (entry.step, entry.instruction)
}

fn is_cut(entry: &JournalEntry) -> bool {
    matches!(entry.change, Change::Plateau { .. })
}

impl History {
    /// Nothing has happened yet.
    pub fn new(origin: Origin) -> Self {
        Self { origin, ..Self::default() }
    }

    /// With a journal of all that was made.
    pub fn with_journal(origin: Origin, journal: Vec<JournalEntry>) -> Self {
        let (cuts, changes): (Vec<_>, Vec<_>) = journal.into_iter().partition(is_cut);
        Self { origin, made: changes.len(), changes, cuts, series: None }
    }

    /// Everything made up to here, by place.
    pub fn journal(&self) -> Vec<JournalEntry> {
        let mut journal: Vec<_> = self.cuts.iter().chain(self.made()).cloned().collect();
        // A cut comes with the end of a step, before what is changed there.
        journal.sort_by_key(place);
        journal
    }

    /// Changes made up to here.
    pub fn made(&self) -> &[JournalEntry] {
        &self.changes[..self.made.min(self.changes.len())]
    }

    /// Changes that lie ahead.
    pub fn ahead(&self) -> &[JournalEntry] {
        &self.changes[self.made.min(self.changes.len())..]
    }

    /// Made and ahead.
    pub fn changes(&self) -> &[JournalEntry] {
        &self.changes
    }

    /// Counts of what was changed.
    pub fn happened(&self) -> Happened {
        Happened { changes: self.made, cuts: self.cuts.len() }
    }

    /// Where the run is computed from here on.
    pub fn device(&self) -> &Device {
        let chosen = self.made().iter().rev().find_map(|entry| match &entry.change {
            Change::Device { device } => Some(device),
            _ => None,
        });
        chosen.unwrap_or(&self.origin.device)
    }

    /// Something was changed here: what lay ahead is forgotten. `in_series`: it may be the same drag as the change
    /// before it, if that was made here too.
    pub fn change(&mut self, entry: JournalEntry, in_series: bool) {
        let here = place(&entry);
        self.changes.truncate(self.made);
        self.series = self.series.filter(|(place, _)| *place == here && in_series).or(Some((here, self.made)));
        self.changes.push(entry);
        while self.last_two_are_one() {
            self.changes.remove(self.changes.len() - 2);
        }
        self.made = self.changes.len();
    }

    /// What is changed from now on is no part of a drag before it.
    pub fn end_drag(&mut self) {
        self.series = None;
    }

    /// The next change that lies ahead was made once more.
    pub fn made_again(&mut self) {
        self.made = (self.made + 1).min(self.changes.len());
    }

    /// So many steps are complete: changes of steps before the last one that were not made when their place came are no
    /// part of what became of the run.
    pub fn pass(&mut self, step: u64) {
        if self.ahead().first().is_some_and(|next| next.step + 1 < step) {
            self.changes.truncate(self.made);
        }
    }

    /// The rate was cut on a plateau.
    pub fn cut(&mut self, entry: JournalEntry) {
        self.cuts.push(entry);
    }

    /// The run stands where only so much had happened.
    pub fn go_to(&mut self, happened: Happened) {
        self.made = happened.changes.min(self.changes.len());
        self.cuts.truncate(happened.cuts);
        self.series = None;
    }

    /// Takes the last change back, and all that lay ahead with it; the run is to go where it was made.
    pub fn undo(&mut self) -> Option<JournalEntry> {
        self.made = self.made.checked_sub(1)?;
        let entry = self.changes.get(self.made).cloned();
        self.changes.truncate(self.made);
        self.series = None;
        entry
    }

    /// The lines across the curves: of what was made, and of what lies ahead.
    pub fn marks(&self) -> Vec<Mark> {
        let begun = self.origin.earlier.iter().map(|earlier| Mark { step: 0, label: earlier.to_string() });
        begun.chain(marks(&self.origin.project, &self.origin.device, &self.changes)).collect()
    }

    /// The weights that were loaded into it, by the place of the change among all, to be filled in from a file.
    pub fn loaded_mut(&mut self) -> impl Iterator<Item = (usize, &mut Numbers)> {
        self.changes.iter_mut().enumerate().filter_map(|(at, entry)| match &mut entry.change {
            Change::Weights { tensors, .. } => Some((at, tensors)),
            _ => None,
        })
    }

    /// About what it takes in memory.
    pub fn bytes(&self) -> usize {
        self.changes.iter().chain(&self.cuts).map(JournalEntry::bytes).sum()
    }

    /// Whether the last two changes are the same number of a tensor or of the settings being dragged: both are one
    /// change then, from what was before to what is now. Not so where it comes back to what it was: another value in
    /// between may have left something behind (with every other rate the cuts of a plateau are forgotten).
    fn last_two_are_one(&self) -> bool {
        let of = |entry: &JournalEntry| match &entry.change {
            Change::Training { training } => Some(training.clone()),
            _ => None,
        };
        let [earlier @ .., last, now] = self.changes.as_slice() else { return false };
        let begin = self.series.map_or(usize::MAX, |(_, begin)| begin);
        if let (Change::Value { name: a, index: i, .. }, Change::Value { name: b, index: j, .. }) =
            (&last.change, &now.change)
        {
            return earlier.len() >= begin && (a, i) == (b, j);
        }
        let Some((last, now)) = of(last).zip(of(now)).filter(|_| earlier.len() >= begin) else { return false };
        let first: TrainingSpec =
            earlier.iter().rev().find_map(of).unwrap_or_else(|| self.origin.project.training.clone());
        let place = dragged(&first, &last);
        place.is_some() && dragged(&last, &now) == place && first != now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PlateauState, templates};
    use crate::trace::TensorEdit;

    fn entry(step: u64, change: Change) -> JournalEntry {
        JournalEntry { step, instruction: 0, change }
    }

    fn zero(step: u64) -> JournalEntry {
        entry(step, Change::Tensor { name: "dense_1.weight".into(), edit: TensorEdit::ZERO })
    }

    fn history() -> History {
        let project = Arc::new(templates::build("xor").unwrap());
        History::new(Origin { project, ..Origin::default() })
    }

    #[test]
    fn going_back_leaves_changes_ahead_and_forgets_cuts_and_a_change_there_forgets_what_lies_ahead() {
        let mut history = history();
        history.change(zero(3), true);
        let at_three = history.happened();
        let cut = entry(5, Change::Plateau { state: PlateauState::default() });
        history.cut(cut.clone());
        history.change(zero(5), true);
        history.change(zero(9), true);
        assert_eq!(history.journal(), [zero(3), cut, zero(5), zero(9)]);
        history.go_to(at_three);
        assert_eq!((history.made(), history.ahead()), (&[zero(3)][..], &[zero(5), zero(9)][..]));
        assert_eq!((history.journal(), history.marks().len()), (vec![zero(3)], 3));
        history.made_again();
        assert_eq!(history.made().len(), 2);
        history.change(zero(6), true);
        assert_eq!((history.changes(), history.ahead().len()), (&[zero(3), zero(5), zero(6)][..], 0));
        assert_eq!((history.undo(), history.undo()), (Some(zero(6)), Some(zero(5))));
        assert_eq!((history.undo(), history.undo(), history.changes().len()), (Some(zero(3)), None, 0));
    }

    #[test]
    fn a_drag_is_one_change_and_a_whole_tensor_counts_what_it_takes() {
        let (mut history, first) = (history(), history().origin);
        let rate = |step: u64, learning_rate: f64| {
            let training = TrainingSpec { learning_rate, ..first.project.training.clone() };
            entry(step, Change::Training { training })
        };
        [0.5, 0.25, 0.125].into_iter().for_each(|value| history.change(rate(3, value), true));
        assert_eq!(history.made(), [rate(3, 0.125)]);
        history.change(rate(4, 0.0625), true);
        history.change(rate(4, 0.03), false);
        assert_eq!(history.made().len(), 3, "another place, and another series");
        let number = |index: usize, value: f32| {
            entry(4, Change::Value { name: "dense_1.weight".into(), index: vec![index, 0], value })
        };
        [number(0, 0.5), number(0, 0.25), number(1, 0.5)].into_iter().for_each(|set| history.change(set, true));
        assert_eq!(history.made()[3..], [number(0, 0.25), number(1, 0.5)]);
        history.end_drag();
        history.change(number(1, 0.75), true);
        assert_eq!(history.made()[4..], [number(1, 0.5), number(1, 0.75)], "set once more, and taken back alone");
        assert_eq!(history.undo(), Some(number(1, 0.75)));
        let before = history.bytes();
        let edit = TensorEdit::Whole { values: vec![0.0; 100_000].into() };
        history.change(entry(5, Change::Tensor { name: "dense_1.weight".into(), edit }), true);
        assert!((400_000..401_000).contains(&(history.bytes() - before)));
    }

    #[test]
    fn a_history_comes_back_from_a_file_as_it_was() {
        let mut history = history();
        history.change(zero(3), true);
        history.change(entry(4, Change::Device { device: Device::Cuda(0) }), true);
        history.go_to(Happened { changes: 1, cuts: 0 });
        let text = serde_json::to_string(&history).unwrap();
        assert_eq!(serde_json::from_str::<History>(&text).unwrap(), history);
        assert_eq!(history.device(), &Device::Cpu);
        history.made_again();
        assert_eq!(history.device(), &Device::Cuda(0));
        let again = History::with_journal(history.origin.clone(), history.journal());
        assert_eq!((again.made(), again.happened()), (history.made(), history.happened()));
    }
}
