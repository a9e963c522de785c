//! The session's side of training: keeps the trainer's run equal to the project, and what is shown equal to the run.

use super::checkpoint;
use super::devices::training_threads;
use super::keeping::now_secs;
use super::works::Told;
use super::{Action, DataState, Event, NoticeKind, RunStatus, RunView, State, Transport};
use crate::expr::counted;
use crate::model::limits::EPOCHS;
use crate::model::{Edit, Graph, NumberStep, Project, TrainingSpec};
use crate::trace::{Change, Curves, Pace, Trail};
use crate::trainer::{Command, InForce, Outbox, Progress, Stop, Trainer};

impl State {
    pub(super) fn tell(&self, command: Command) {
        if let Some(trainer) = &self.works.trainer {
            trainer.send(command);
        }
    }

    /// Starts the trainer thread when there is none.
    fn trainer(&mut self) -> Option<&Trainer> {
        if self.works.trainer.is_none() {
            let waker = self.works.waker();
            match Trainer::spawn(waker, training_threads()) {
                Ok(trainer) => {
                    trainer.send(Command::Speed(self.speed));
                    trainer.send(Command::Want(self.wanted.clone()));
                    self.works.trainer = Some(trainer);
                    self.tell_budget();
                    self.tell_gaze();
                }
                Err(error) => self.error = Some(format!("Couldn't start the training thread: {error}.")),
            }
        }
        self.works.trainer.as_ref()
    }

    /// Whether the network can be trained, or, as long as nothing has been learnt that would wait for it, run forward.
    pub fn can_run(&self) -> bool {
        let has_learnt = |curves: &Curves| !curves.train_loss.is_empty();
        let waits =
            has_learnt(&self.run.curves) || self.works.resume.as_ref().is_some_and(|kept| has_learnt(&kept.curves));
        let is_known = self.dataset().is_some();
        is_known && self.inference.is_valid() || (self.inference.is_forward_only() && !waits)
    }

    /// Makes the trainer's run follow the project: a new run at step 0, a journalled change later.
    pub(super) fn sync_run(&mut self) {
        let ready = matches!(self.data, DataState::Ready(_)) && self.can_run();
        if !ready {
            if self.run.status == RunStatus::Running {
                self.tell(Command::Pause);
            }
            self.run.status = RunStatus::NotReady;
            return self.show_what_waits();
        }
        let Some(told) = self.works.told.clone() else { return self.restart() };
        if self.run.status == RunStatus::NotReady {
            self.run.status = RunStatus::Paused;
        }
        let now = self.as_told();
        if told.graph == now.graph && told.training == now.training {
            return;
        }
        // Gone back to its beginning, a run still has what came after.
        let is_fresh = self.run.step == 0 && self.run.curves.train_loss.is_empty() && !self.works.is_set_by_hand;
        if is_fresh && self.run.status != RunStatus::Running {
            return self.restart();
        }
        self.tell_changes();
    }

    /// A run that was kept and cannot go on as things are: what is known of it is there to be seen.
    fn show_what_waits(&mut self) {
        let Some(kept) = self.works.resume.as_deref().filter(|_| !self.run.waits && self.works.told.is_none()) else {
            return;
        };
        self.run = RunView { waits: true, ..RunView::of(kept, kept.curves.metric) };
        self.runs.live = self.works.resume_id.as_ref().map(|(id, _)| id.clone());
        let known = self.runs.live.as_deref().and_then(|id| self.runs.card(id));
        self.works.began_secs = known.map_or_else(now_secs, |card| card.began_secs);
        let is_on_disk = self.works.resume_id.as_ref().is_some_and(|(_, is_on_disk)| *is_on_disk);
        let on_disk = is_on_disk.then(|| self.standing());
        (self.works.kept_at, self.works.saved_at) = (on_disk.clone(), on_disk.filter(|_| self.file.is_some()));
    }

    /// What has been edited since the trainer was told of the project is a change of its run.
    fn tell_changes(&mut self) {
        let (Some(told), now) = (self.works.told.clone(), self.as_told()) else { return };
        if told.graph != now.graph {
            // The trainer answers anew with the network as it is now.
            self.try_output = None;
            self.tell(Command::Change(Box::new(Change::Graph { graph: self.project.graph.clone() })));
        }
        if told.training != now.training {
            if let Some(in_force) = &mut self.works.in_force {
                in_force.training = in_force.training.edited(&told.training, &now.training);
            }
            self.tell(Command::Change(Box::new(Change::Training { training: now.training.clone() })));
            if self.run.status == RunStatus::Finished {
                self.run.status = RunStatus::Paused;
            }
        }
        if let Some(in_force) = &mut self.works.in_force {
            in_force.graph.clone_from(&self.project.graph);
        }
        self.works.told = Some(now);
    }

    /// What the run has where it stands.
    fn take_in_force(&mut self, told: &InForce) {
        let is_behind = self.works.told.as_ref().is_none_or(|now| now.training != told.page.training);
        if let Some(in_force) = self.works.in_force.as_mut().filter(|_| !is_behind) {
            in_force.graph.clone_from(&told.project.graph);
            in_force.training.clone_from(&told.project.training);
        }
    }

    /// The settings of training that the run has, where they are others than the project's.
    pub fn other_training_in_force(&self) -> Option<&TrainingSpec> {
        let there = self.works.told.as_ref().and(self.works.in_force.as_deref());
        there.map(|there| &there.training).filter(|training| **training != self.project.training)
    }

    /// The learning rate that the run has (its schedule aside), or will begin with.
    pub fn rate_in_force(&self) -> f64 {
        self.other_training_in_force().unwrap_or(&self.project.training).learning_rate
    }

    /// The run takes the settings of the project.
    pub(super) fn give_settings_to_run(&mut self) {
        let (Some(there), Some(told)) = (self.other_training_in_force().cloned(), self.works.told.clone()) else {
            return;
        };
        // As if its own had been set here, which changes nothing of it, and were edited now.
        for training in [there, told.training] {
            self.tell(Command::Change(Box::new(Change::Training { training })));
        }
    }

    /// Sets one number of the run, as a step of undo.
    pub(super) fn set_number(&mut self, what: &str, tensor: String, index: Vec<usize>, value: f32) {
        let Some(before) = self.number(&tensor, &index) else {
            self.notify(NoticeKind::Warning, format!("The number of {what} isn't known yet. Try again in a moment."));
            return;
        };
        let number = NumberStep { tensor: tensor.clone(), index: index.clone(), before, after: value };
        self.history.record_number(format!("set {what}"), number, &self.project);
        self.tell_number(tensor, index, value);
    }

    /// A change of the run like any other: it goes on, and its journal knows.
    pub(super) fn tell_number(&mut self, name: String, index: Vec<usize>, value: f32) {
        self.works.is_set_by_hand = true;
        self.start_running(Command::Change(Box::new(Change::Value { name, index, value })));
        self.note_unsaved();
    }

    /// A weight or a bias, as it was pictured last.
    fn number(&self, tensor: &str, index: &[usize]) -> Option<f32> {
        let matrices = self.run.picture.iter().flat_map(|picture| picture.layers.values()).flat_map(|l| &l.weights);
        let matrix = matrices.into_iter().find(|matrix| matrix.tensor == tensor)?;
        let is_inside = index.len() == matrix.dims.len() && index.iter().zip(&matrix.dims).all(|(i, n)| i < n);
        let flat = index.iter().zip(&matrix.dims).fold(0, |flat, (i, n)| flat * n + i);
        matrix.values.get(flat).copied().filter(|_| is_inside)
    }

    pub(super) fn as_told(&self) -> Told {
        self.told_of(&self.project)
    }

    fn told_of(&self, project: &Project) -> Told {
        let memory = self.memory.map_or(0, |memory| memory.total());
        Told { graph: bare(&project.graph), training: project.training.clone(), memory }
    }

    /// A new run from step 0 with the project's seed.
    pub(super) fn restart(&mut self) {
        let (DataState::Ready(dataset), true) = (&self.data, self.can_run()) else {
            self.say_what_is_missing();
            return;
        };
        let dataset = dataset.clone();
        if !self.run.waits {
            self.let_go();
        }
        if self.run.status == RunStatus::Failed && self.error == self.run.message {
            // What was wrong with the run before is not wrong with this one.
            self.error = None;
        }
        self.works.run_number += 1;
        self.forget_examined();
        self.diagnosed.of_another_run();
        let (mut kept, _) = (self.works.resume.take(), self.works.resume_in.take());
        self.history.forget_numbers();
        self.works.is_set_by_hand = kept.as_ref().is_some_and(|kept| !kept.saved.history.made().is_empty());
        if let Some(kept) = &kept {
            self.works.given = kept.saved.start.as_ref().map(|_| kept.saved.project.training.seed);
        }
        let in_force = kept.as_ref().map(|kept| &kept.saved.project);
        let project = in_force.map(|there| checkpoint::with(&self.project, &there.graph, &there.training));
        let project = project.unwrap_or_else(|| self.project.clone());
        let page = kept.as_ref().map_or_else(|| project.clone(), |kept| checkpoint::on_page(&self.project, kept));
        if let Some(kept) = &kept {
            self.works.suggested_epochs = Some(kept.saved.history.origin.project.training.epochs);
        }
        let is_on_disk = self.begin_run(&project, kept.is_some());
        if let Some(curves) = kept.as_mut().map(|kept| &mut kept.curves)
            && curves.pace.is_empty()
        {
            curves.pace.push(Pace::default());
        }
        let metric = self.inference.task(&project.graph, dataset.truth.task).metric();
        let picture = self.run.picture.take();
        (self.debug.view, self.try_output) = (None, None);
        self.debug.branches = kept.as_ref().map(|kept| kept.forks.told(kept.saved.now.step)).unwrap_or_default();
        let fresh = || RunView { curves: Curves { metric, ..Curves::default() }, ..RunView::default() };
        self.run = RunView {
            status: RunStatus::Paused,
            // Until the new one arrives; a moment's old picture is calmer than a blink.
            picture: picture.filter(|_| self.works.told.is_some()),
            ..kept.as_ref().map_or_else(fresh, |kept| RunView::of(kept, metric))
        };
        if kept.is_none() {
            // Hits are counted anew with the run.
            self.debug.breakpoints.iter_mut().for_each(|breakpoint| breakpoint.hits = 0);
            self.debug.trail = Trail::default();
        }
        let on_disk = is_on_disk.then(|| self.standing());
        (self.works.kept_at, self.works.saved_at) = (on_disk.clone(), on_disk.filter(|_| self.file.is_some()));
        self.works.told = Some(self.told_of(&page));
        let command = Command::Start {
            run: self.works.run_number,
            project: Box::new(project),
            dataset,
            device: self.settings.device.clone(),
            kept,
        };
        if let Some(trainer) = self.trainer() {
            trainer.send(command);
            self.tell_breakpoints();
        }
        self.tell_changes();
    }

    /// What is known of the run that begins or comes back; whether its files hold it as it is.
    fn begin_run(&mut self, project: &Project, is_kept: bool) -> bool {
        self.works.in_force = Some(Box::new(project.clone()));
        let (live, is_on_disk) = self.works.resume_id.take().filter(|_| is_kept).unzip();
        self.runs.live = live;
        let known = self.runs.live.as_deref().and_then(|id| self.runs.card(id));
        self.works.began_secs = known.map_or_else(now_secs, |card| card.began_secs);
        if self.runs.live.is_some() && self.runs.ghost.as_ref().is_some_and(|g| Some(&g.id) == self.runs.live.as_ref())
        {
            self.runs.ghost = None;
        }
        is_on_disk.unwrap_or(false)
    }

    pub(super) fn start_running(&mut self, command: Command) {
        if self.run.status == RunStatus::NotReady && self.memory.is_some() {
            // It did not fit; other programs may have made room since.
            self.infer_again();
            self.sync_run();
        }
        if self.is_loading() {
            self.notify(NoticeKind::Info, "The data is still loading.");
        } else if self.run.status == RunStatus::NotReady
            || matches!(command, Command::Play | Command::StepEpoch) && self.inference.is_forward_only()
        {
            self.say_what_is_missing();
        } else {
            if self.run.status == RunStatus::Failed || self.works.told.is_none() {
                self.restart();
            }
            if matches!(command, Command::Play) {
                self.train_on();
            }
            self.tell(command);
        }
    }

    /// Epochs are where a run is suggested to stop. Whoever plays there goes on: as many again as were suggested at
    /// first, or past early stopping.
    fn train_on(&mut self) {
        let training = &self.project.training;
        let epochs = training.epochs;
        if self.run.epoch >= epochs as f64 {
            let suggested = *self.works.suggested_epochs.get_or_insert(epochs);
            let more = EPOCHS.most.min((self.run.epoch as usize + 1).max(epochs.saturating_add(suggested)));
            self.change("train on", "", |project| project.training.epochs = more);
        } else if self.run.status == RunStatus::Finished && training.early_stopping.is_some() {
            self.change("train on", "", |project| project.training.early_stopping = None);
        }
    }

    pub(super) fn say_what_is_missing(&mut self) {
        let text = match (&self.data, self.inference.problems.first()) {
            (DataState::Failed(why), _) => why.clone(),
            (DataState::None, _) => "Choose data in the Data tab first.".to_owned(),
            (_, Some(problem)) => format!("The network can't train yet. {}", problem.message),
            _ => return,
        };
        self.notify(NoticeKind::Warning, text);
    }

    /// Takes in what the threads have to tell, and tells what has happened.
    pub fn poll(&mut self) -> Vec<Event> {
        self.poll_loader();
        let told = match &self.works.trainer {
            Some(trainer) => trainer.take(),
            None => Outbox::default(),
        };
        self.take_in(told);
        self.devices.look_at_memory();
        self.keep_safe();
        self.write_status();
        self.poll_archive();
        self.follow_unsaved_training();
        self.poll_exports();
        self.poll_engines();
        self.poll_examined();
        self.poll_diagnosis();
        self.poll_trial();
        self.poll_folds();
        self.poll_reading();
        self.poll_drawing();
        self.poll_fits();
        self.events()
    }

    fn take_in(&mut self, mut told: Outbox) -> bool {
        if told.run != self.works.run_number {
            return false;
        }
        let mut news = self.take_curves(&mut told);
        if let Some(marks) = told.marks {
            news |= self.run.marks != marks;
            self.run.marks = marks;
        }
        if let Some(page) = told.page {
            self.follow_run(*page);
            news = true;
        }
        if let Some(in_force) = told.in_force {
            self.take_in_force(&in_force);
            news = true;
        }
        if let Some(progress) = told.progress {
            self.take_progress(progress);
            news = true;
        }
        if let Some(view) = told.debug {
            self.take_view(view);
            news = true;
        }
        if let Some(picture) = told.picture {
            self.run.picture = Some(picture);
            news = true;
        }
        if let Some(answer) = told.answer {
            self.try_output = Some(answer);
            news = true;
        }
        for message in told.messages {
            self.notify(NoticeKind::Info, message.clone());
            self.run.message = Some(message);
        }
        if let Some(found) = told.not_finite {
            self.run.message = Some(found.sentence.clone());
            (self.run.not_finite, self.run.not_finite_seen) = (Some(found), false);
        }
        if let Some(stop) = told.finished {
            self.finished(stop);
        }
        if let Some(why) = told.failed {
            self.run.status = RunStatus::Failed;
            self.works.told = None;
            self.run.message = Some(why.clone());
            self.error = Some(why);
            news = true;
        }
        news
    }

    fn take_progress(&mut self, progress: Progress) {
        self.take_device(progress.device);
        let run = &mut self.run;
        let seconds = progress.seconds;
        run.status = match (progress.running, run.status) {
            (true, _) => RunStatus::Running,
            (false, RunStatus::Running) => RunStatus::Paused,
            // Somebody went back: there are steps ahead again.
            (false, RunStatus::Finished) if progress.step < run.step => RunStatus::Paused,
            (false, other) => other,
        };
        let now = Pace { step: progress.step, epoch: progress.epoch, seconds };
        let other_epochs = progress.steps_per_epoch != run.steps_per_epoch;
        run.curves.note_pace(now, other_epochs);
        if !progress.not_finite {
            // Gone back to where the numbers are good.
            run.not_finite = None;
        }
        run.step = progress.step;
        run.epoch = progress.epoch;
        run.samples_per_second = progress.samples_per_second;
        run.seconds = seconds;
        run.learning_rate = progress.learning_rate;
        run.steps_per_epoch = progress.steps_per_epoch;
        let left = self.project.training.epochs as f64 - progress.epoch;
        let (epoch, then) = *run.heard_at.get_or_insert((progress.epoch, progress.seconds));
        let pace = (progress.seconds - then) / (progress.epoch - epoch);
        run.seconds_left = (pace.is_finite() && pace > 0.0 && left > 0.0).then_some(left * pace);
        if !self.can_run() {
            self.run.status = RunStatus::NotReady;
        }
    }

    fn finished(&mut self, stop: Stop) {
        self.run.status = RunStatus::Finished;
        let text = match stop {
            Stop::Done => format!("Done: {}.", counted(self.project.training.epochs, "epoch")),
            Stop::Early { patience } => {
                format!("Stopped early: the validation loss has not improved for {}.", counted(patience, "epoch"))
            }
        };
        self.run.message = Some(text.clone());
        let ways = [("Train on", Transport::Play), ("Start over", Transport::Reset)];
        let offers = ways.map(|(label, way)| (label.to_owned(), Action::Transport(way)));
        self.offer_all(NoticeKind::Success, text, offers.into());
    }
}

/// A graph without what does not matter for training: where cards stand.
pub(super) fn bare(graph: &Graph) -> Graph {
    let mut bare = graph.clone();
    let moves = graph.layers().map(|layer| (layer.id, [0.0, 0.0])).collect();
    // Moving layers that exist cannot be refused.
    let _ = Edit::Move(moves).apply(&mut bare);
    bare
}
