//! Bookmarks of moments, and the way back to where one was.

use super::{NoticeKind, State};
use crate::trace::{Bookmark, Moment, Place};
use crate::trainer::{DebugCommand, Granularity};

/// What is done with places in the run.
#[derive(Clone, Debug, PartialEq)]
pub enum PlaceAction {
    /// To a moment of this branch, far from here.
    Go(Moment),
    /// To a bookmark, by its place in the list.
    GoTo(usize),
    /// To where one was before the last way that led far.
    Return,
    /// Gives this moment a name of its own.
    Bookmark,
    /// By its place in the list, from 0.
    Rename(usize, String),
    /// By its place in the list, from 0.
    Forget(usize),
}

/// Whether a command leads far away: where it began is worth coming back to.
fn leads_far(command: &DebugCommand) -> bool {
    matches!(
        command,
        DebugCommand::Back(Granularity::Step)
            | DebugCommand::ReverseContinue
            | DebugCommand::ReverseTo { .. }
            | DebugCommand::Undo
            | DebugCommand::Fork { .. }
            | DebugCommand::Switch(_)
    )
}

impl State {
    fn here(&self) -> Option<Place> {
        self.debug.view.as_ref().map(|view| Place { branch: view.branch, moment: view.moment })
    }

    /// Whether a place can be gone to without computing what nobody has computed before.
    pub fn is_reached(&self, place: Place) -> bool {
        let Some(view) = &self.debug.view else { return false };
        let is_there = view.branches.is_empty() || view.branches.iter().any(|branch| branch.id == place.branch);
        is_there && (place.branch != view.branch || place.moment.step <= view.furthest)
    }

    /// Where "back to where I was" leads.
    pub fn way_back(&self) -> Option<Place> {
        self.debug.trail.before(self.here()?, |place| self.is_reached(place))
    }

    /// Remembers where a way that leads far begins.
    pub(super) fn leave_here(&mut self) {
        if let Some(here) = self.here() {
            self.debug.trail.leave(here);
        }
    }

    pub(super) fn note_way(&mut self, command: &DebugCommand) {
        if leads_far(command) {
            self.leave_here();
        }
    }

    pub(super) fn apply_to_places(&mut self, action: PlaceAction) {
        let bookmark = |state: &Self, at: usize| state.desk.bookmarks.get(at).cloned();
        match action {
            PlaceAction::Go(moment) => {
                self.leave_here();
                self.send(DebugCommand::Goto(moment));
            }
            PlaceAction::GoTo(at) => {
                let Some(Bookmark { name, place }) = bookmark(self, at) else { return };
                if !self.is_reached(place) {
                    let text = format!("{name} is on a deleted branch, or beyond the steps computed so far.");
                    self.notify(NoticeKind::Info, text);
                    return;
                }
                self.leave_here();
                self.go_to(place);
            }
            PlaceAction::Return => match self.way_back() {
                Some(place) => {
                    let here = self.here().unwrap_or_default();
                    self.debug.trail.back(here, |other| other == place);
                    self.go_to(place);
                }
                None => self.notify(NoticeKind::Info, "Nothing to go back to yet."),
            },
            PlaceAction::Bookmark => {
                let Some(place) = self.here() else { return };
                let name = Bookmark::free_name(&self.desk.bookmarks, place.moment);
                self.notify(NoticeKind::Info, format!("Bookmarked {name}."));
                self.desk.bookmarks.push(Bookmark { name, place });
            }
            PlaceAction::Rename(at, name) => {
                if let Some(bookmark) = self.desk.bookmarks.get_mut(at) {
                    bookmark.name = name;
                }
            }
            PlaceAction::Forget(at) => {
                if let Some(Bookmark { name, .. }) = bookmark(self, at) {
                    self.desk.bookmarks.remove(at);
                    self.notify(NoticeKind::Info, format!("Deleted the bookmark {name}."));
                }
            }
        }
    }

    fn go_to(&mut self, place: Place) {
        if self.here().is_some_and(|here| here.branch != place.branch) {
            self.send(DebugCommand::Switch(place.branch));
        }
        self.send(DebugCommand::Goto(place.moment));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::Action;
    use crate::trace::{Branch, DebugView};

    fn standing(state: &mut State, branch: u32, step: u64) {
        let branch_of = |id: u32| {
            let (name, parent) = (id.to_string(), None);
            Branch { id, name, parent, from: 0, from_instruction: 0, step: 0, by_change: false }
        };
        let branches = [0, 1].map(branch_of).to_vec();
        let moment = Moment { step, instruction: 0 };
        state.debug.view =
            Some(Arc::new(DebugView { moment, branch, branches, furthest: 100, ..DebugView::default() }));
    }

    fn at(branch: u32, step: u64) -> Place {
        Place { branch, moment: Moment { step, instruction: 0 } }
    }

    #[test]
    fn ways_that_lead_far_are_come_back_by() {
        let mut state = State::default();
        standing(&mut state, 0, 20);
        state.apply(Action::Debug(DebugCommand::Forward(Granularity::Step)));
        assert_eq!(state.way_back(), None);
        state.apply(Action::Places(PlaceAction::Go(Moment { step: 5, instruction: 0 })));
        standing(&mut state, 0, 5);
        state.apply(Action::Debug(DebugCommand::Switch(1)));
        standing(&mut state, 1, 50);
        assert_eq!(state.way_back(), Some(at(0, 5)));
        state.apply(Action::Places(PlaceAction::Return));
        standing(&mut state, 0, 5);
        assert_eq!(state.way_back(), Some(at(0, 20)));
        // What is ahead of all that was computed is no place to come back to.
        state.debug.trail.leave(at(0, 500));
        assert_eq!(state.way_back(), Some(at(0, 20)));
    }

    #[test]
    fn bookmarks_have_names_and_can_be_forgotten() {
        let mut state = State::default();
        standing(&mut state, 1, 57);
        state.apply(Action::Places(PlaceAction::Bookmark));
        state.apply(Action::Places(PlaceAction::Bookmark));
        state.apply(Action::Places(PlaceAction::Rename(0, "before it broke".into())));
        let names = |state: &State| state.desk.bookmarks.iter().map(|b| b.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&state), ["before it broke", "step 57 (2)"]);
        standing(&mut state, 0, 3);
        state.apply(Action::Places(PlaceAction::GoTo(0)));
        assert_eq!(state.debug.trail.before(at(1, 57), |_| true), Some(at(0, 3)));
        state.apply(Action::Places(PlaceAction::Forget(1)));
        assert_eq!(names(&state), ["before it broke"]);
    }
}
