//! Points put on the plane by hand: each edit is a step of undo, and a run that trains goes on with the new points.

use super::{NoticeKind, RunStatus, State, Transport};
use crate::data;
use crate::model::{OwnPoint, Project, Source};

/// What is done to a point; one that is there is known by its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PointEdit {
    /// A new one.
    Put(OwnPoint),
    /// Dragged elsewhere.
    Move {
        /// Where it was.
        from: [f32; 2],
        /// Where it is.
        to: [f32; 2],
    },
    /// Taken away.
    Erase([f32; 2]),
    /// All of them: the pattern is generated again.
    EraseAll,
}

impl State {
    /// Whether the data is points with classes, to which others can be put.
    pub fn takes_points(&self) -> bool {
        matches!(&self.project.data.source, Source::Synthetic(spec) if spec.class_count().is_some())
    }

    pub(super) fn edit_points(&mut self, edit: PointEdit) {
        let (Source::Synthetic(spec), Some(mut points)) =
            (&self.project.data.source, data::points_of(&self.project.data))
        else {
            return self.notify(NoticeKind::Warning, "Points can only be added to points of the plane with classes.");
        };
        let mut spec = spec.clone();
        let place = |at: [f32; 2]| points.iter().position(|point| [point.x, point.y] == at);
        let inside = |number: f32| number.clamp(-OwnPoint::REACH, OwnPoint::REACH);
        let name = match edit {
            PointEdit::Put(_) if points.len() >= OwnPoint::MOST => {
                let text = format!("There are {} points already, the most there may be.", points.len());
                return self.notify(NoticeKind::Warning, text);
            }
            PointEdit::Put(point) => {
                points.push(OwnPoint { x: inside(point.x), y: inside(point.y), ..point });
                "put a point"
            }
            PointEdit::Move { from, to } => {
                let Some(at) = place(from) else { return };
                [points[at].x, points[at].y] = to.map(inside);
                "move a point"
            }
            PointEdit::Erase(at) => {
                let Some(at) = place(at) else { return };
                points.remove(at);
                "erase a point"
            }
            PointEdit::EraseAll => {
                points.clear();
                "erase all points put by hand"
            }
        };
        if edit != PointEdit::EraseAll && !OwnPoint::suffice(&points) {
            let text = format!("At least {} points, of two classes, must stay.", OwnPoint::LEAST);
            return self.notify(NoticeKind::Warning, text);
        }
        spec.points = points;
        self.change(name, "", |project| project.data.source = Source::Synthetic(spec));
    }

    /// Before the data is loaded again: other points in place of those that a run is trained on are no reason to stop.
    pub(super) fn note_other_points(&mut self, before: &Project) {
        let own = |project: &Project| match &project.data.source {
            Source::Synthetic(spec) => Some(spec.points.clone()),
            _ => None,
        };
        let (before, now) = (own(before), own(&self.project));
        let is_edited = before != now && before.is_some() && now.is_some();
        self.works.goes_on |= is_edited && self.run.status == RunStatus::Running;
    }

    /// The new points are there: training begins anew with them, if it was going on.
    pub(super) fn go_on_with_points(&mut self) {
        if std::mem::take(&mut self.works.goes_on) && self.run.status == RunStatus::Paused {
            self.transport(Transport::Play);
            let what = if self.takes_points() { "points" } else { "boxes" };
            self.notify(NoticeKind::Info, format!("Training restarted with the new {what}."));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::session::{Action, DataState};

    fn until(state: &mut State, what: &str, done: impl Fn(&State) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(120);
        while !done(state) {
            assert!(Instant::now() < deadline, "{what} never came: {:?} {:?}", state.error, state.run.status);
            state.poll();
            std::thread::yield_now();
        }
    }

    fn is_there(state: &State) -> bool {
        matches!(state.data, DataState::Ready(_)) && state.run.status == RunStatus::Paused
    }

    fn own(state: &State) -> &[OwnPoint] {
        let Source::Synthetic(spec) = &state.project.data.source else { panic!("not points") };
        &spec.points
    }

    fn edit(state: &mut State, edit: PointEdit) {
        state.apply(Action::EditPoints(edit));
        until(state, "the data", is_there);
    }

    #[test]
    fn points_are_put_moved_erased_and_undone() {
        let mut state = State { speed: 1.0, ..State::default() };
        state.apply(Action::OpenTemplate("xor".into()));
        until(&mut state, "the data", is_there);
        let count = data::points_of(&state.project.data).unwrap().len();
        edit(&mut state, PointEdit::Put(OwnPoint { x: 1.0, y: 9.0, class: 1 }));
        assert_eq!(own(&state).len(), count + 1);
        assert_eq!(own(&state)[count], OwnPoint { x: 1.0, y: 6.0, class: 1 });
        let loaded = state.dataset().unwrap();
        assert_eq!(loaded.train.len() + loaded.validation.len(), count + 1);
        edit(&mut state, PointEdit::Move { from: [1.0, 6.0], to: [-2.0, 0.5] });
        assert_eq!(own(&state)[count], OwnPoint { x: -2.0, y: 0.5, class: 1 });
        edit(&mut state, PointEdit::Erase([-2.0, 0.5]));
        assert_eq!(own(&state).len(), count);
        state.apply(Action::Undo);
        until(&mut state, "the data", is_there);
        assert_eq!(own(&state).len(), count + 1);
        edit(&mut state, PointEdit::EraseAll);
        assert!(own(&state).is_empty());
        // Too few are refused, and nothing changes.
        let four = [(1.0, 0), (2.0, 1), (3.0, 0), (4.0, 1)].map(|(x, class)| OwnPoint { x, y: 0.0, class });
        let Source::Synthetic(mut spec) = state.project.data.source.clone() else { panic!("not points") };
        spec.points = four.to_vec();
        let source = Source::Synthetic(spec);
        state.apply(Action::SetData(crate::model::DataSpec { source, ..state.project.data.clone() }));
        until(&mut state, "the data", is_there);
        edit(&mut state, PointEdit::Erase([4.0, 0.0]));
        assert_eq!(own(&state), four);
    }

    #[test]
    fn training_goes_on_with_the_new_points() {
        let mut state = State { speed: 1.0, ..State::default() };
        state.apply(Action::OpenTemplate("xor".into()));
        until(&mut state, "the data", is_there);
        state.project.training.epochs = 1_000_000;
        state.apply(Action::Transport(Transport::Play));
        until(&mut state, "steps", |state| state.run.status == RunStatus::Running && state.run.step > 0);
        let run = state.works.run_number;
        state.apply(Action::EditPoints(PointEdit::Put(OwnPoint { x: 0.0, y: 0.0, class: 0 })));
        until(&mut state, "another run", |state| {
            state.works.run_number > run && state.run.status == RunStatus::Running && state.run.step > 0
        });
        assert!(!own(&state).is_empty());
        state.apply(Action::Transport(Transport::Pause));
    }
}
