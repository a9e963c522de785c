//! The only writer: carries out actions, and drains what the threads have to tell.

use super::drawing::differ_in_boxes;
use super::naming;
use super::{Action, Event, FileChanged, NoticeKind, Screen, State, Transport};
use crate::expr::counted;
use crate::model::{DataSpec, Edit, LayerId, LayerKind, NumberStep, Problem, Project, RunStep, Subject, infer};
use crate::trace::dragged;
use crate::trainer::{Command, Waker, memory};

impl State {
    /// Told when [`Self::poll`] has something to fetch.
    pub fn set_waker(&mut self, waker: Waker) {
        self.works.wake.set(waker);
    }

    /// Does what a person asked for, and tells what has happened.
    pub fn apply(&mut self, action: Action) -> Vec<Event> {
        let saves =
            matches!(action, Action::Save | Action::SaveAs(_) | Action::AfterFileChanged(FileChanged::Overwrite));
        self.carry_out(action);
        self.keep_safe();
        if let Some(file) = self.file.clone().filter(|_| saves && !self.unsaved) {
            self.tell_of(Event::Saved(file));
        }
        self.events()
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Edit(edit) => self.edit(None, vec![edit]),
            Action::Edits { name, edits } => self.edit(Some(name), edits),
            Action::EndEdit => {
                self.history.close();
                self.tell(Command::EndDrag);
            }
            Action::Undo => self.travel(true),
            Action::Redo => self.travel(false),
            Action::Select { layers, extend } => self.select(layers, extend),
            Action::OpenBlock(block) => {
                self.selection = super::Selection::default();
                self.inside = block.map(LayerId::drawn).filter(|&block| self.project.graph.block(block).is_some());
            }
            Action::SelectWire(wire) => {
                self.selection.layers.clear();
                let from = self.project.graph.wire(wire).and_then(|wire| self.project.graph.layer(wire.from));
                self.inside = from.map_or(self.inside, |layer| layer.inside);
                self.selection.wire = Some(wire);
            }
            Action::SelectNothing => self.selection = super::Selection::default(),
            Action::Copy => self.copy(),
            Action::Paste { offset } => self.paste(offset),
            Action::SetData(data) => self.set_data(data),
            Action::UseTable(path) => self.use_table(path),
            Action::UseFolder(path) => self.use_folder(path),
            Action::ReadTable(reading) => self.read_table(*reading),
            Action::EditPoints(edit) => self.edit_points(edit),
            Action::Boxes(action) => self.apply_to_boxes(action),
            Action::ReloadData => self.load_data(),
            Action::RegenerateData => {
                self.change("regenerate the data", "", |project| project.data.seed = project.data.seed.wrapping_add(1));
            }
            Action::SetTraining(training) => {
                let merge = merge_key("training", &self.project.training, &training);
                if training.epochs != self.project.training.epochs {
                    self.works.suggested_epochs = None;
                }
                self.change("change training settings", &merge, |project| project.training = training);
            }
            Action::SetNumber { tensor, index, value, what } => self.set_number(&what, tensor, index, value),
            Action::GiveSettingsToRun => self.give_settings_to_run(),
            Action::RenameProject(name) => self.change("rename the project", "name", |project| project.name = name),
            Action::CancelLoading => self.cancel_loading(),
            Action::Transport(transport) => self.transport(transport),
            Action::SetSpeed(speed) => self.keep_speed(speed),
            Action::SetDevice(device) => self.set_device(device),
            Action::Want(wanted) => {
                self.wanted = wanted.clone();
                self.tell(Command::Want(wanted));
            }
            Action::TryInput(sample) => self.tell(Command::Ask(sample)),
            Action::ChoosePhoto => self.tell_of(Event::WantsPhoto),
            Action::ChooseNewData => self.tell_of(Event::WantsNewData),
            Action::ShowWelcome => self.show_welcome(),
            Action::ShowWorkspace => self.screen = Screen::Workspace,
            Action::SaveFigure { figure, path } => self.save_figure(path, *figure),
            Action::SaveWeights(path) => self.save_weights(path),
            Action::ExportProject { target, path } => self.export_project(target, path),
            Action::ExportTensor { record, format, path } => self.export(record, format, path),
            Action::DismissError => self.error = None,
            Action::AfterNotFinite(way) => self.leave_not_finite(way),
            Action::NewEmpty
            | Action::OpenTemplate(_)
            | Action::OpenTable { .. }
            | Action::OpenPictures(_)
            | Action::OpenBoxes(_)
            | Action::UseBoxes(_)
            | Action::OpenSet(_)
            | Action::UseSet(_)
            | Action::Open(_)
            | Action::Save
            | Action::SaveAs(_)
            | Action::AfterFileChanged(_)
            | Action::RecoverLater
            | Action::RecoverLast(_) => self.apply_to_files(action),
            Action::ShowTab(_)
            | Action::Debug(_)
            | Action::Places(_)
            | Action::SetBreakpoints(_)
            | Action::Inspect(_)
            | Action::SetCheckpointMemory(_) => {
                self.apply_to_debugger(action);
            }
            Action::Runs(action) => self.apply_to_runs(action),
            Action::Examine(action) => self.examine(action),
            Action::Diagnosis(action) => self.apply_to_diagnosis(action),
            Action::Engines(action) => self.apply_to_engines(action),
            Action::Offer(action) => self.apply_to_offer(action),
            Action::SetTheme(_)
            | Action::SetScale(_)
            | Action::SetReducedMotion(_)
            | Action::SetSimple(_)
            | Action::SetKeepRuns(_)
            | Action::ArrangePanels(_)
            | Action::TourSeen => self.apply_setting(action),
        }
    }

    /// One step of undo, named by what it changes.
    fn set_data(&mut self, data: DataSpec) {
        let merge = merge_key("data", &self.project.data, &data);
        self.change(&naming::of(&self.project.data, &data), &merge, |project| project.data = data);
    }

    fn show_welcome(&mut self) {
        self.screen = Screen::Welcome;
        self.tab = super::Tab::Build;
        self.tell_gaze();
        self.tell(Command::Pause);
    }

    fn keep_speed(&mut self, speed: f32) {
        self.set_speed(speed);
        self.settings.speed = Some(self.speed);
        self.write_settings();
    }

    pub(super) fn set_speed(&mut self, speed: f32) {
        self.speed = speed.clamp(0.0, 1.0);
        if self.speed < 1.0 {
            self.pace = Some(self.speed);
        }
        self.tell(Command::Speed(self.speed));
    }

    fn edit(&mut self, name: Option<String>, edits: Vec<Edit>) {
        let before = self.project.clone();
        let (mut first_name, mut merge, mut made) = (None, None, Vec::<LayerId>::new());
        for edit in &edits {
            first_name.get_or_insert_with(|| edit.name(&self.project.graph));
            merge = edit.merge_key();
            match edit.apply(&mut self.project.graph) {
                Ok(layers) => made.extend(layers),
                Err(error) => {
                    self.project = before;
                    self.notify(NoticeKind::Warning, error.to_string());
                    return;
                }
            }
        }
        if self.project == before {
            return;
        }
        let name = name.or(first_name).unwrap_or_else(|| "edit".into());
        let merge = if edits.len() == 1 { merge } else { None };
        self.history.record(name, merge, &before);
        if !made.is_empty() {
            self.select(made, false);
        }
        self.after_change(&before);
    }

    /// A change of settings as one step of undo; consecutive ones with the same key merge until something else happens.
    pub(super) fn change(&mut self, name: &str, merge: &str, change: impl FnOnce(&mut Project)) {
        let before = self.project.clone();
        change(&mut self.project);
        if self.project != before {
            let merge = (!merge.is_empty()).then(|| merge.to_owned());
            self.history.record(name, merge, &before);
            self.after_change(&before);
        }
    }

    fn travel(&mut self, back: bool) {
        let before = self.project.clone();
        let next = self.history.peek(back).filter(|_| self.drawing.is_some());
        if next.is_some_and(|next| !differ_in_boxes(next, &before)) {
            // What else was changed is behind the boxes.
            let text = if back { "No more boxes to undo." } else { "No more boxes to redo." };
            return self.notify(NoticeKind::Info, text);
        }
        let of_run = self.history.next_of_run(back).cloned();
        let found = if back { self.history.undo(&self.project) } else { self.history.redo(&self.project) };
        match found {
            Some((_, project)) => {
                self.project = project;
                self.after_change(&before);
                match of_run {
                    Some(RunStep::Number(NumberStep { tensor, index, before, after })) => {
                        self.tell_number(tensor, index, if back { before } else { after });
                    }
                    Some(RunStep::Weights(step)) => self.tell_weights(&step, back),
                    None => {}
                }
            }
            None => {
                let text = if back { "Nothing to undo." } else { "Nothing to redo." };
                self.notify(NoticeKind::Info, text);
            }
        }
    }

    /// Brings everything derived from the project up to date.
    pub(super) fn after_change(&mut self, before: &Project) {
        self.selection.layers.retain(|&id| self.project.graph.layer(id).is_some());
        if let Some(open) = self.inside {
            // A Block that is gone is left for the nearest that is still there.
            let graph = &self.project.graph;
            let around = before.graph.around(open).into_iter().chain([open]);
            self.inside = around.rev().find(|&block| graph.block(block).is_some());
        }
        if self.selection.wire.is_some_and(|wire| self.project.graph.wire(wire).is_none()) {
            self.selection.wire = None;
        }
        self.note_unsaved();
        if self.project.data != before.data && !self.waits_for_boxes(before) {
            self.note_other_points(before);
            self.load_data();
        }
        if self.project.graph != before.graph || self.project.training != before.training {
            self.infer_again();
        }
        self.sync_run();
    }

    pub(super) fn infer_again(&mut self) {
        let data = self.data.dataset().map(|dataset| dataset.signature());
        self.inference = infer(&self.project.graph, data.as_ref());
        if data.is_none() && (self.is_loading() || self.is_to_be_drawn()) {
            // What is on its way, or still to be drawn, isn't missing.
            let graph = &self.project.graph;
            let is_input = |id: LayerId| graph.layer(id).is_some_and(|layer| matches!(layer.kind, LayerKind::Input(_)));
            let waits = |problem: &Problem| matches!(problem.place, Subject::Layer(id) if is_input(id));
            self.inference.problems.retain(|problem| !waits(problem));
        }
        self.predict_memory();
        self.diagnosed.is_stale = true;
    }

    /// A network that does not fit in memory has a problem like any other.
    fn predict_memory(&mut self) {
        self.memory = None;
        let Some(dataset) = self.data.dataset().filter(|_| self.can_run()) else { return };
        // The compiler refuses nothing that is valid; if it did, the run would say so.
        let Ok(predicted) = memory(&self.project, dataset) else { return };
        // What a run in progress holds is free for the one that takes its place.
        let held = self.works.told.as_ref().filter(|_| self.run.step > 0).map_or(0, |told| told.memory);
        let available = self.settings.device.free_memory().map(|free| free.saturating_add(held));
        if let Some(message) = predicted.refusal(available) {
            let (layer, expected_got, repairs) = (String::new(), None, Vec::new());
            self.inference.problems.push(Problem { place: Subject::Graph, layer, message, expected_got, repairs });
        }
        self.memory = Some(predicted);
    }

    /// What lies elsewhere is gone to; together only layers of one place are selected.
    fn select(&mut self, layers: Vec<LayerId>, extend: bool) {
        self.selection.wire = None;
        let place = |id: LayerId| self.project.graph.layer(id).map(|layer| layer.inside);
        let ids: Vec<LayerId> = layers.into_iter().map(LayerId::drawn).collect();
        let there = ids.iter().find_map(|&id| place(id)).unwrap_or(self.inside);
        let layers: Vec<LayerId> =
            ids.into_iter().filter(|&id| place(id).is_none_or(|inside| inside == there)).collect();
        if there != self.inside {
            self.selection.layers.clear();
            self.inside = there;
        }
        if !extend {
            self.selection.layers = layers.into_iter().collect();
            return;
        }
        for id in layers {
            // Extending with what is selected takes it out again.
            if !self.selection.layers.remove(&id) {
                self.selection.layers.insert(id);
            }
        }
    }

    fn copy(&mut self) {
        let fragment = self.project.graph.fragment(&self.selection.layers);
        let n = fragment.inside(None).count();
        if n == 0 {
            return;
        }
        self.clipboard = Some(fragment);
        self.notify(NoticeKind::Info, format!("Copied {}.", counted(n, "layer")));
    }

    fn paste(&mut self, offset: [f32; 2]) {
        match self.clipboard.clone() {
            Some(fragment) => {
                self.edit(None, vec![Edit::Paste { fragment: Box::new(fragment), offset, inside: self.inside }])
            }
            None => self.notify(NoticeKind::Info, "Nothing has been copied yet."),
        }
    }

    pub(super) fn transport(&mut self, transport: Transport) {
        let running = self.run.status == super::RunStatus::Running;
        match transport {
            Transport::Toggle if running => self.tell(Command::Pause),
            Transport::Pause => self.tell(Command::Pause),
            Transport::Play | Transport::Toggle => {
                self.leave_here();
                self.start_running(Command::Play);
            }
            Transport::StepBatch => self.start_running(Command::StepBatch),
            Transport::StepEpoch => self.start_running(Command::StepEpoch),
            Transport::Reset => self.restart(),
            Transport::NewSeed => {
                let seed = self.project.training.seed.wrapping_add(1);
                // Not a change of the run that is there: another one.
                self.works.told = None;
                self.change("new initial weights", "", |project| project.training.seed = seed);
                if self.run.status == super::RunStatus::NotReady {
                    self.say_what_is_missing();
                }
            }
        }
    }
}

/// What is dragged is one step of undo; what is chosen is a step of its own.
fn merge_key<T: serde::Serialize>(of: &str, before: &T, after: &T) -> String {
    dragged(before, after).map_or(String::new(), |place| format!("{of}{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Optimiser, Source, SyntheticKind, SyntheticSpec, TrainingSpec};

    fn points(kind: SyntheticKind, noise: f64) -> Action {
        let source = Source::Synthetic(SyntheticSpec { kind, noise, ..SyntheticSpec::default() });
        Action::SetData(DataSpec { source, ..DataSpec::default() })
    }

    fn kind_and_noise(state: &State) -> (SyntheticKind, f64) {
        let Source::Synthetic(spec) = &state.project.data.source else { panic!("not generated") };
        (spec.kind, spec.noise)
    }

    #[test]
    fn what_is_chosen_is_a_step_of_undo_each_and_what_is_dragged_is_one() {
        let mut state = State::default();
        state.apply(points(SyntheticKind::Moons, 0.0));
        state.apply(points(SyntheticKind::Blobs, 0.0));
        for noise in [0.1, 0.15, 0.2] {
            state.apply(points(SyntheticKind::Blobs, noise));
        }
        let mut found = Vec::new();
        for _ in 0..3 {
            state.apply(Action::Undo);
            found.push(kind_and_noise(&state));
        }
        let before = (SyntheticSpec::default().kind, SyntheticSpec::default().noise);
        assert_eq!(found, [(SyntheticKind::Blobs, 0.0), (SyntheticKind::Moons, 0.0), before]);
    }

    #[test]
    fn two_settings_of_training_that_are_dragged_are_two_steps_of_undo() {
        let (mut state, first) = (State::default(), TrainingSpec::default());
        for learning_rate in [0.1, 0.2] {
            state.apply(Action::SetTraining(TrainingSpec { learning_rate, ..state.project.training.clone() }));
        }
        for batch_size in [7, 9] {
            state.apply(Action::SetTraining(TrainingSpec { batch_size, ..state.project.training.clone() }));
        }
        let optimiser = Optimiser::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 };
        state.apply(Action::SetTraining(TrainingSpec { optimiser, ..state.project.training.clone() }));
        state.apply(Action::Undo);
        assert_eq!(state.project.training.optimiser, first.optimiser);
        state.apply(Action::Undo);
        assert_eq!((state.project.training.batch_size, state.project.training.learning_rate), (first.batch_size, 0.2));
        state.apply(Action::Undo);
        assert_eq!(state.project.training, first);
    }
}
