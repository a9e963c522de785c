//! Runs and curves as text for spreadsheets and other programs.

use super::State;
use crate::trace::{Curves, RunCard, curves_csv, runs_csv};

impl State {
    /// All runs, the live one last: a line each.
    pub(super) fn runs_as_csv(&self) -> String {
        let live = self.live_card();
        let is_live = |card: &RunCard| self.runs.live.as_ref() == Some(&card.id);
        let kept = self.runs.cards.iter().map(|card| &**card).filter(|card| live.is_none() || !is_live(card));
        runs_csv(kept.chain(&live))
    }

    /// The curves of the runs that are picked, of the live one where none is.
    pub(super) fn curves_as_csv(&self) -> String {
        let live = self.live_card();
        let mut all: Vec<(&RunCard, &Curves)> = Vec::new();
        for card in self.runs.cards.iter().filter(|card| self.runs.picked.contains(&card.id)) {
            let is_live = self.runs.live.as_ref() == Some(&card.id);
            let curves = self.runs.curves.get(&card.id).map(|curves| &**curves);
            all.extend(if is_live { Some(&self.run.curves) } else { curves }.map(|curves| (&**card, curves)));
        }
        if let (true, Some(live)) = (all.is_empty(), &live) {
            all.push((live, &self.run.curves));
        }
        curves_csv(&all)
    }
}
