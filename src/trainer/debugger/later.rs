//! Changes at an earlier place: what lies ahead of it stays, for the change is made in a fork.

use super::{DebugError, Debugger, Moment};
use crate::trace::marks;

/// What became of that which lay ahead of a change.
pub enum Later {
    /// There was nothing that is not elsewhere too.
    Nothing,
    /// The change was made in this fork; the run itself is as it was.
    Stays(Box<Debugger>),
    /// There could not be two runs, for this reason: it is gone.
    Gone(String),
}

impl Debugger {
    /// Whether something lies ahead of a place that would no longer come to be if the run was changed there.
    pub fn has_later(&self, place: Moment) -> bool {
        self.furthest > place.step || !self.run.history().ahead().is_empty()
    }

    /// Whether another run did all that this one did and knows of ahead: a fork that has not gone its own way yet.
    fn is_within(&self, other: &Self) -> bool {
        let own = self.run.history().changes();
        let rest = other.run.history().changes().strip_prefix(own);
        let is_same_so_far = rest.is_some_and(|rest| rest.first().is_none_or(|next| next.step >= self.furthest));
        is_same_so_far && other.furthest >= self.furthest
    }

    /// Makes a change at a place, or takes the one that was made there back. Where something lies ahead of it that none
    /// of the `others` has, that is done in a fork. An error leaves everything as it was.
    pub fn keeping_later<'a, T>(
        &mut self,
        place: Moment,
        mut others: impl Iterator<Item = &'a Self>,
        change: impl FnOnce(&mut Self) -> Result<T, DebugError>,
    ) -> Result<(T, Later), DebugError> {
        if !self.has_later(place) || others.any(|other| self.is_within(other)) {
            return Ok((change(self)?, Later::Nothing));
        }
        match self.fork() {
            Ok(mut fork) => {
                let made = change(&mut fork)?;
                Ok((made, Later::Stays(Box::new(fork))))
            }
            Err(error) => Ok((change(self)?, Later::Gone(error.to_string()))),
        }
    }

    /// Where the last change was made.
    pub fn last_change(&self) -> Option<Moment> {
        self.changes().0.last().map(|entry| Moment { step: entry.step, instruction: entry.instruction })
    }

    /// The last change in a few words: "lr 0.1 → 0.2".
    pub fn last_change_in_words(&self) -> Option<String> {
        let history = self.run.history();
        marks(&history.origin.project, &history.origin.device, history.made()).pop().map(|mark| mark.label)
    }

    /// Whether this run without its last change is no other than `parent` was there.
    pub fn is_parent_without_last(&self, parent: &Self) -> bool {
        let Some((last, before)) = self.changes().0.split_last() else { return false };
        let Some(later) = parent.run.history().changes().strip_prefix(before) else { return false };
        later.first().is_none_or(|next| (next.step, next.instruction) >= (last.step, last.instruction))
    }

    /// About what it takes in memory beside its checkpoints: the run, and once more where it is kept.
    pub fn weight(&self) -> usize {
        2 * self.checkpoints.first().map_or(0, |checkpoint| checkpoint.bytes())
    }
}
