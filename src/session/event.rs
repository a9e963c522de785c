//! What has happened, as [`State::apply`] and [`State::poll`] return it: toasts, logs and lessons are made of it.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Action, Notice, NoticeKind, RunStatus, State};
use crate::model::{LayerId, Problem};
use crate::trace::RunCard;

/// Something that has happened, told once.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Training began or goes on, after so many steps.
    RunStarted {
        /// Completed ones.
        step: u64,
    },
    /// It waits, and can go on.
    RunPaused {
        /// Completed ones.
        step: u64,
    },
    /// All epochs done, or stopped early.
    RunFinished {
        /// Completed ones.
        step: u64,
    },
    /// It cannot go on; [`State::error`] says why.
    RunFailed,
    /// A run became a row of the table of runs.
    RunKept {
        /// As in [`super::Runs`].
        id: String,
        /// "Run 3", or what a person called it.
        name: String,
    },
    /// The project is on disk as it is.
    Saved(PathBuf),
    /// It was drawn, pasted, or came back by undo.
    LayerAdded(LayerId),
    /// It was deleted, or went by undo.
    LayerRemoved(LayerId),
    /// Something keeps the network from training that did not before.
    ProblemAppeared(String),
    /// Nothing does any more.
    ProblemsSolved,
    /// Save was asked for and there is no file yet: the window should ask for one.
    WantsPlace,
    /// A model of another program is open: [`crate::persist::Desk::arrival`] says what came over.
    ModelArrived,
    /// A photo that the network is asked about was read.
    PhotoArrived,
    /// A photo to ask about is wanted: the window should ask for one.
    WantsPhoto,
    /// New data to predict is wanted: the window should ask for it.
    WantsNewData,
    /// A sentence to be shown once.
    Notice(Notice),
}

/// What events are told by, as it was when they were last told.
#[derive(Debug, Default)]
pub struct Witness {
    /// Told of by whoever knows, until they are returned.
    told: Vec<Event>,
    status: RunStatus,
    /// Where the run was.
    step: u64,
    layers: Vec<LayerId>,
    problems: Vec<Problem>,
    kept: Vec<Arc<RunCard>>,
}

impl State {
    pub(super) fn tell_of(&mut self, event: Event) {
        self.witness.told.push(event);
    }

    pub(super) fn notify(&mut self, kind: NoticeKind, text: impl Into<String>) {
        self.tell_of(Event::Notice(Notice { kind, text: text.into(), offers: Vec::new() }));
    }

    /// With a button that does something about it: the way back.
    pub(super) fn offer(&mut self, kind: NoticeKind, text: impl Into<String>, label: &str, action: Action) {
        self.offer_all(kind, text, vec![(label.to_owned(), action)]);
    }

    pub(super) fn offer_all(&mut self, kind: NoticeKind, text: impl Into<String>, offers: Vec<(String, Action)>) {
        self.tell_of(Event::Notice(Notice { kind, text: text.into(), offers }));
    }

    /// What has happened since this was last asked.
    pub(super) fn events(&mut self) -> Vec<Event> {
        self.witness_run();
        self.witness_graph();
        self.witness_kept();
        std::mem::take(&mut self.witness.told)
    }

    fn witness_run(&mut self) {
        let (before, now) = (std::mem::replace(&mut self.witness.status, self.run.status), self.run.status);
        let step = self.run.step;
        let from = std::mem::replace(&mut self.witness.step, step);
        if before == now {
            // A short run goes on and ends between two looks.
            if now == RunStatus::Finished && step > from {
                self.tell_of(Event::RunStarted { step: from });
                self.tell_of(Event::RunFinished { step });
            }
            return;
        }
        match now {
            RunStatus::Running => self.tell_of(Event::RunStarted { step }),
            RunStatus::Finished => self.tell_of(Event::RunFinished { step }),
            RunStatus::Failed => self.tell_of(Event::RunFailed),
            RunStatus::Paused if before == RunStatus::Running => self.tell_of(Event::RunPaused { step }),
            RunStatus::Paused | RunStatus::NotReady => {}
        }
    }

    fn witness_graph(&mut self) {
        if !self.witness.layers.iter().copied().eq(self.project.graph.layers().map(|layer| layer.id)) {
            let now: Vec<LayerId> = self.project.graph.layers().map(|layer| layer.id).collect();
            let before = std::mem::replace(&mut self.witness.layers, now.clone());
            let added = now.iter().filter(|id| !before.contains(id)).map(|id| Event::LayerAdded(*id));
            let removed = before.iter().filter(|id| !now.contains(id)).map(|id| Event::LayerRemoved(*id));
            self.witness.told.extend(added.chain(removed));
        }
        if self.witness.problems != self.inference.problems {
            let now = self.inference.problems.clone();
            let before = std::mem::replace(&mut self.witness.problems, now);
            let now = &self.witness.problems;
            if now.is_empty() && self.data.dataset().is_some() {
                self.witness.told.push(Event::ProblemsSolved);
            }
            let appeared = now.iter().filter(|problem| !before.contains(problem));
            self.witness.told.extend(appeared.map(|problem| Event::ProblemAppeared(problem.message.clone())));
        }
    }

    fn witness_kept(&mut self) {
        let (before, now) = (&self.witness.kept, &self.runs.cards);
        if before.len() == now.len() && before.iter().zip(now).all(|(a, b)| Arc::ptr_eq(a, b)) {
            return;
        }
        let is_new = |card: &&Arc<RunCard>| !before.iter().any(|known| known.id == card.id);
        let kept = now.iter().filter(is_new).map(|card| (card.id.clone(), card.name.clone()));
        let kept: Vec<Event> = kept.map(|(id, name)| Event::RunKept { id, name }).collect();
        self.witness.told.extend(kept);
        self.witness.kept.clone_from(&self.runs.cards);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Edit, LayerKind};

    #[test]
    fn events_are_told_once_in_their_order() {
        let mut state = State::default();
        let kind = LayerKind::from_key("dense").unwrap();
        let edit = Edit::Add { kind, position: [0.0; 2], inside: None };
        let events = state.apply(Action::Edit(edit));
        let id = state.project.graph.layers().next().unwrap().id;
        assert_eq!(events[0], Event::LayerAdded(id));
        assert!(events.iter().any(|event| matches!(event, Event::ProblemAppeared(_))), "{events:?}");
        assert_eq!(state.poll(), []);
        assert_eq!(state.apply(Action::Undo)[0], Event::LayerRemoved(id));
        let events = state.apply(Action::Undo);
        assert!(matches!(&events[..], [Event::Notice(notice)] if notice.text == "Nothing to undo."));
        assert_eq!(state.apply(Action::Save), [Event::WantsPlace]);
    }

    #[test]
    fn a_run_is_told_of_when_it_begins_ends_and_is_kept() {
        let mut state = State::default();
        state.run.status = RunStatus::Running;
        assert_eq!(state.poll(), [Event::RunStarted { step: 0 }]);
        (state.run.status, state.run.step) = (RunStatus::Finished, 7);
        let card = RunCard { id: "a".into(), name: "Run 1".into(), ..RunCard::default() };
        state.runs.cards.push(Arc::new(card));
        let kept = Event::RunKept { id: "a".into(), name: "Run 1".into() };
        assert_eq!(state.poll(), [Event::RunFinished { step: 7 }, kept]);
        state.run.step = 9;
        assert_eq!(
            state.poll(),
            [Event::RunStarted { step: 7 }, Event::RunFinished { step: 9 }],
            "it was never seen to run"
        );
        let renamed = RunCard { name: "wide".into(), ..(*state.runs.cards[0]).clone() };
        state.runs.cards[0] = Arc::new(renamed);
        assert_eq!(state.poll(), []);
    }
}
