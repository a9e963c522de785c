//! The session's side of keeping work safe from a crash: what the keeper is told of, and what windows before this one
//! left.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoint;
use super::keeper::{Keeper, RunWish, Wish};
use super::{NoticeKind, RunStatus, State};
use crate::persist::project_file::Print;
use crate::persist::{Home, Left, Opened, RunFolder, SessionFolder, project_file};

impl State {
    /// A session on this machine: settings read, a crash noticed.
    pub fn start(home: Option<Home>) -> Self {
        let mut state = Self { speed: 1.0, ..Self::default() };
        if let Some(home) = home {
            state.settings = home.read_settings();
            state.speed = state.settings.speed.unwrap_or(1.0);
            state.works.settings = state.settings.clone();
            match home.open_session() {
                Ok(Opened { own, left }) => {
                    (state.works.folder, state.works.left) = (Some(Arc::new(own)), left);
                    state.offer_what_was_left();
                }
                Err(error) => {
                    let text = format!("Autosave isn't available, so save your work regularly: {error}");
                    state.notify(NoticeKind::Warning, text);
                }
            }
            state.works.home = Some(home);
            state.look_at_sets();
        }
        state.choose_first_device();
        state
    }

    /// Where this window keeps what is not saved, until it ends on purpose. Bringing back what a crash left makes that
    /// one's folder this window's. `None` where the program works without memory.
    pub fn session_folder(&self) -> Option<PathBuf> {
        self.works.folder.as_ref().map(|folder| folder.path().to_owned())
    }

    fn offer_what_was_left(&mut self) {
        self.recoverable = self.works.left.first().map(|(_, left)| left.project.name.clone());
    }

    /// Of several that were left the one of this file comes first: it is offered as soon as the file is open.
    pub(super) fn offer_what_was_left_of(&mut self, file: &Path) {
        let found = self.works.left.iter().position(|(_, left)| is_of(left, file));
        if let Some(found) = found {
            self.works.left[..=found].rotate_right(1);
            self.works.recovers_later = false;
            self.offer_what_was_left();
        }
    }

    /// Whether what a crash left, and [`Self::recoverable`] names, is of the file that is open, and wasn't put off.
    pub fn is_recoverable_here(&self) -> bool {
        let is_here = || Some(is_of(&self.works.left.first()?.1, self.file.as_deref()?));
        !self.works.recovers_later && is_here() == Some(true)
    }

    pub(super) fn recover(&mut self, yes: bool) {
        if !self.works.left.is_empty() {
            let (folder, left) = self.works.left.remove(0);
            if yes {
                self.bring_back(folder, left);
            } else {
                folder.remove();
            }
        }
        // An earlier one may have waited behind it.
        self.offer_what_was_left();
    }

    /// The folder of what was left becomes this window's: nothing of it is moved, so that nothing can be lost on the
    /// way.
    fn bring_back(&mut self, folder: SessionFolder, left: Left) {
        let run = checkpoint::run_of(&left);
        let folder = Arc::new(folder);
        let before = self.works.folder.replace(folder.clone());
        self.begin(left.project, left.note.file.clone());
        let (generation, project) = (self.works.generation, Arc::new(self.project.clone()));
        if let Some(keeper) = self.keeper(before) {
            keeper.move_to(folder, generation, project, left.note.clone());
        }
        let runs = left.note.runs.as_deref().zip(self.works.folder.as_ref());
        self.works.run_folder = runs.map(|(name, folder)| RunFolder::at(folder.path().join(name)));
        self.works.resume_id = left.note.live.clone().filter(|_| run.is_some()).map(|id| (id, false));
        let in_file = self.file.as_deref().and_then(|file| project_file::load(file).ok());
        let is_as_seen = left.note.seen.is_none() || left.note.seen == left.note.file.as_deref().and_then(Print::of);
        self.works.on_disk = in_file.filter(|_| is_as_seen).map(Box::new);
        self.works.seen = left.note.seen;
        self.unsaved = left.note.unsaved || self.works.on_disk.as_deref() != Some(&self.project);
        self.notify(NoticeKind::Success, "Restored your work from before Glassbox closed.");
        match run {
            Some((project, kept)) => {
                (self.works.resume, self.works.resume_in) = (Some(Box::new(kept)), Some(Box::new(project)));
            }
            None if left.run.is_some() => {
                let text = "Its run is damaged or belongs to different data, so training starts over.";
                self.notify(NoticeKind::Warning, text);
            }
            None => {}
        }
        self.open_runs();
    }

    fn keeper(&mut self, folder: Option<Arc<SessionFolder>>) -> Option<&Keeper> {
        if self.works.keeper.is_none() {
            match Keeper::spawn(folder?, self.works.waker()) {
                Ok(keeper) => self.works.keeper = Some(keeper),
                Err(error) => {
                    // Without a folder it is not tried again.
                    self.works.folder = None;
                    let text = format!("Autosave isn't available, so save your work regularly: {error}.");
                    self.notify(NoticeKind::Warning, text);
                }
            }
        }
        self.works.keeper.as_ref()
    }

    /// Called after every action and in every frame: hands over what has changed.
    pub(super) fn keep_safe(&mut self) {
        if self.works.folder.is_none() || self.works.generation == 0 {
            return;
        }
        if !self.works.wished.as_ref().is_some_and(|wished| self.is_as_wished(wished)) {
            let known = self.works.wished.as_ref().map(|wished| wished.project.clone());
            let project = known.filter(|known| **known == self.project);
            let wish = Wish {
                generation: self.works.generation,
                project: project.unwrap_or_else(|| Arc::new(self.project.clone())),
                file: self.file.clone(),
                seen: self.works.seen,
                unsaved: self.unsaved,
                runs: self.own_runs(),
                live: self.runs.live.clone(),
                run: self.run_to_keep(),
            };
            let asker = self.works.trainer.as_ref().map(|trainer| trainer.asker());
            let Some(keeper) = self.keeper(self.works.folder.clone()) else { return };
            if let Some(asker) = asker {
                keeper.ask(asker);
            }
            keeper.wish(wish.clone());
            self.works.wished = Some(wish);
        }
        while let Some(text) = self.works.keeper.as_ref().and_then(Keeper::said) {
            self.notify(NoticeKind::Warning, text);
        }
        if self.works.keeper.as_ref().is_some_and(Keeper::is_gone) {
            // What it has kept stays.
            (self.works.keeper, self.works.folder) = (None, None);
            let text = "Autosave has stopped because of a bug in Glassbox. Save your work regularly.";
            self.notify(NoticeKind::Error, text);
        }
    }

    fn is_as_wished(&self, wished: &Wish) -> bool {
        let is_same_run = match (&wished.run, &self.works.told) {
            (RunWish::Now { number, told }, Some(now)) => {
                self.is_run_the_trainers() && *number == self.works.run_number && **told == *now
            }
            (known, _) => *known == self.run_to_keep(),
        };
        is_same_run
            && wished.generation == self.works.generation
            && (wished.unsaved, &wished.file) == (self.unsaved, &self.file)
            && wished.seen == self.works.seen
            && (&wished.runs, &wished.live) == (&self.own_runs(), &self.runs.live)
            && *wished.project == self.project
    }

    /// The name of the folder of runs that lies in this window's own.
    fn own_runs(&self) -> Option<String> {
        let (own, runs) = (self.works.folder.as_ref()?, self.works.run_folder.as_ref()?);
        let name = runs.path().file_name().filter(|_| runs.path().parent() == Some(own.path()));
        name.map(|name| name.to_string_lossy().into_owned())
    }

    fn is_run_the_trainers(&self) -> bool {
        let works = &self.works;
        let is_of_data = works.loaded.as_ref() == Some(&self.project.data);
        works.resume.is_none() && self.run.status != RunStatus::Failed && is_of_data
    }

    fn run_to_keep(&self) -> RunWish {
        match &self.works.told {
            Some(told) if self.is_run_the_trainers() => {
                RunWish::Now { number: self.works.run_number, told: Box::new(told.clone()) }
            }
            // A run that waits, that has failed, or whose data is being replaced.
            told if told.is_some() || self.works.resume.is_some() || self.run.status == RunStatus::Failed => {
                RunWish::AsItIs
            }
            _ => RunWish::None,
        }
    }

    /// The program ends on purpose: nothing to recover next time. Waits for what is being written.
    pub fn close(&mut self) {
        if let Some(mut keeper) = self.works.keeper.take() {
            keeper.close();
        }
        // What is still being written of runs is waited for.
        self.works.archive = None;
        self.works.trainer = None;
        if let Some(folder) = self.works.folder.take() {
            folder.remove();
        }
    }
}

/// Whether something was left of this file, however its path is spelt.
fn is_of(left: &Left, file: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
    left.note
        .file
        .as_deref()
        .is_some_and(|known| known == file || whole(known).is_some_and(|known| whole(file) == Some(known)))
}

#[cfg(test)]
mod tests {
    use crate::session::Event;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::model::layer::Loss;
    use crate::model::{Edit, Project, templates};
    use crate::persist::{Note, Theme};
    use crate::session::{Action, DataState, Transport};
    use crate::trace::Change;

    /// A window that is gone without a goodbye.
    fn crash(home: &Home, name: &str) -> Project {
        let project = Project { name: name.to_owned(), ..templates::build("xor").unwrap() };
        let folder = home.open_session().unwrap().own;
        let name = folder.write_project(&project).unwrap();
        folder.commit(&Note { project: name, unsaved: true, ..Note::default() }).unwrap();
        project
    }

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home")).unwrap();
        (folder, home)
    }

    #[test]
    fn what_crashed_is_brought_back_as_it_was_also_after_other_work_was_autosaved() {
        let (_folder, home) = home();
        let lost = crash(&home, "Lost");
        let mut state = State::start(Some(home.clone()));
        assert_eq!(state.recoverable.as_deref(), Some("Lost"));
        state.apply(Action::OpenTemplate("moons".into()));
        state.apply(Action::RenameProject("Other".into()));
        let deadline = Instant::now() + Duration::from_secs(60);
        let autosaved = |state: &State| {
            let left = state.works.folder.as_ref().and_then(|folder| folder.left());
            left.map(|left| left.project.name).unwrap_or_default()
        };
        while autosaved(&state) != "Other" {
            assert!(Instant::now() < deadline, "no autosave of the work that is open");
            state.poll();
            std::thread::yield_now();
        }
        state.apply(Action::RecoverLast(true));
        assert_eq!((&state.project, state.unsaved, &state.recoverable), (&lost, true, &None));
        assert_eq!(autosaved(&state), "Lost", "nor is it lost when the same befalls it at once again");
    }

    #[test]
    fn a_crash_that_nobody_answered_is_offered_again_and_one_that_is_not_wanted_is_not() {
        let (_folder, home) = home();
        crash(&home, "Lost");
        State::start(Some(home.clone())).close();
        let mut state = State::start(Some(home.clone()));
        assert!(state.recoverable.is_some());
        state.apply(Action::RecoverLast(false));
        assert_eq!(state.recoverable, None);
        state.close();
        assert_eq!(State::start(Some(home)).recoverable, None);
    }

    fn wait(state: &mut State, what: &str, is_so: impl Fn(&State) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !is_so(state) {
            assert!(Instant::now() < deadline, "{what} did not come: {:?} {:?}", state.run.status, state.error);
            state.poll();
            std::thread::yield_now();
        }
    }

    /// Without a frame of the window.
    fn wait_kept(state: &State, what: &str, is_so: impl Fn(&Left) -> bool) -> Left {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let left = state.works.folder.as_ref().and_then(|folder| folder.left());
            if let Some(left) = left.filter(|left| is_so(left)) {
                return left;
            }
            assert!(Instant::now() < deadline, "{what} was not kept");
            std::thread::yield_now();
        }
    }

    fn kept_step(left: &Left) -> Option<u64> {
        left.note.run.as_ref().map(|run| run.step)
    }

    /// Four epochs of a small network.
    fn train(home: &Home) -> (State, u64) {
        let mut state = State::start(Some(home.clone()));
        state.apply(Action::OpenTemplate("xor".into()));
        wait(&mut state, "data", |s| matches!(s.data, DataState::Ready(_)) && s.run.steps_per_epoch > 0);
        let steps = 4 * state.run.steps_per_epoch;
        let mut training = state.project.training.clone();
        training.epochs = 4;
        state.apply(Action::SetTraining(training));
        state.apply(Action::Transport(Transport::Play));
        (state, steps)
    }

    /// A network that cannot train as it was left.
    #[test]
    fn a_run_that_waits_for_its_network_to_be_mended_is_there_to_be_seen_and_kept() {
        let (folder, home) = home();
        let (mut state, steps) = train(&home);
        wait(&mut state, "the end", |s| s.run.status == RunStatus::Finished && s.run.step == steps);
        let losses = |state: &State| state.run.curves.train_loss.values().to_vec();
        let all = losses(&state);
        let loss = state.project.graph.find("Loss").unwrap().id;
        state.apply(Action::Edit(Edit::Remove(vec![loss])));
        assert_eq!(state.run.status, RunStatus::NotReady);
        wait_kept(&state, "both", |left| kept_step(left) == Some(steps) && left.project.graph.find("Loss").is_none());
        drop(state);
        let mut again = State::start(Some(home.clone()));
        again.apply(Action::RecoverLast(true));
        wait(&mut again, "data", |s| matches!(s.data, DataState::Ready(_)));
        assert_eq!((again.run.status, again.run.step, losses(&again)), (RunStatus::NotReady, steps, all.clone()));
        let file = folder.path().join("mine.glassbox.json");
        again.apply(Action::SaveAs(file.clone()));
        wait(&mut again, "the saved run", |s| !s.unsaved);
        let kept = crate::persist::RunFolder::beside(&file).list().0;
        assert_eq!(kept.iter().map(|card| card.steps).collect::<Vec<_>>(), [steps]);
        assert!(kept[0].project.graph.find("Loss").is_some(), "the network that it has");
        let after = again.project.graph.find("Dense 2").unwrap().id;
        again.apply(Action::Edit(Edit::Append { after, kind: Loss::default().into() }));
        wait(&mut again, "the run", |s| s.run.status != RunStatus::NotReady && !s.run.waits);
        assert_eq!((again.run.step, losses(&again), again.runs.cards.len()), (steps, all, 1));
    }

    /// A crash before the project was first written.
    #[test]
    fn runs_that_were_kept_are_brought_back_without_a_project_beside_them() {
        let (_folder, home) = home();
        let (mut state, steps) = train(&home);
        wait(&mut state, "the end", |s| s.run.status == RunStatus::Finished && s.run.step == steps);
        let losses = state.run.curves.train_loss.values().to_vec();
        let id = state.keep_live().unwrap();
        // Until it is written.
        state.works.archive = None;
        let own = state.session_folder().unwrap();
        state.works.keeper = None;
        drop(state);
        let entries = std::fs::read_dir(&own).unwrap().flatten().map(|entry| entry.path());
        entries.filter(|path| path.is_file()).for_each(|path| std::fs::remove_file(path).unwrap());
        let mut again = State::start(Some(home));
        assert!(again.recoverable.is_some());
        again.apply(Action::RecoverLast(true));
        wait(&mut again, "the run", |s| s.run.step == steps && !s.run.waits && !s.runs.cards.is_empty());
        assert_eq!((again.run.curves.train_loss.values(), again.runs.live.as_ref()), (&losses[..], Some(&id)));
    }

    #[test]
    fn a_run_that_ends_is_kept_whole_though_its_window_draws_nothing() {
        let (folder, home) = home();
        let (state, steps) = train(&home);
        wait_kept(&state, "the end", |left| kept_step(left) == Some(steps));
        drop(state);
        let mut again = State::start(Some(home.clone()));
        again.apply(Action::RecoverLast(true));
        wait(&mut again, "the run", |s| s.run.steps_per_epoch > 0);
        let curves = &again.run.curves;
        assert_eq!((again.run.step, curves.train_loss.len() as u64, curves.validation_loss.len()), (steps, steps, 4));
        assert_eq!((again.run.status, again.unsaved, again.project.training.epochs), (RunStatus::Paused, true, 4));
        again.close();
        let sessions = folder.path().join("home").join("sessions");
        assert_eq!(std::fs::read_dir(sessions).unwrap().count(), 0);
    }

    #[test]
    fn an_edit_after_the_run_was_kept_is_its_next_change() {
        let (_folder, home) = home();
        let (state, steps) = train(&home);
        let left = wait_kept(&state, "the end", |left| kept_step(left) == Some(steps));
        drop(state);
        // Killed when the edit had been written, and the run not yet anew.
        let opened = home.open_session().unwrap();
        let mut edited = left.project;
        edited.training.epochs = 9;
        edited.training.learning_rate *= 0.5;
        let name = opened.left[0].0.write_project(&edited).unwrap();
        opened.left[0].0.commit(&Note { project: name, ..left.note }).unwrap();
        opened.own.remove();
        drop(opened);

        let mut again = State::start(Some(home));
        again.apply(Action::RecoverLast(true));
        wait(&mut again, "the run", |s| s.run.steps_per_epoch > 0);
        assert_eq!((&again.project, again.run.step), (&edited, steps));
        let kept = again.works.trainer.as_ref().unwrap().asker().save().recv().unwrap().unwrap();
        let last = kept.saved.history.made().last().map(|entry| (entry.step, entry.change.clone()));
        assert_eq!(last, Some((steps, Change::Training { training: edited.training })));
        assert!(kept.saved.history.origin.project.training.epochs != 9);
    }

    #[test]
    fn the_file_and_the_mark_of_what_is_not_saved_come_back() {
        let (folder, home) = home();
        let file = folder.path().join("mine.glassbox.json");
        project_file::save(&templates::build("xor").unwrap(), &file).unwrap();
        let mut state = State::start(Some(home.clone()));
        state.apply(Action::Open(file.clone()));
        let name = state.project.name.clone();
        state.apply(Action::RenameProject("Other".into()));
        wait_kept(&state, "the edit", |left| left.project.name == "Other");
        drop(state);
        let mut again = State::start(Some(home));
        again.apply(Action::RecoverLast(true));
        assert_eq!((&again.file, again.unsaved, again.project.name.as_str()), (&Some(file), true, "Other"));
        again.apply(Action::RenameProject(name));
        assert!(!again.unsaved, "it is as in the file again");
    }

    #[test]
    fn what_was_left_of_a_file_is_offered_where_the_file_is_opened_and_put_off_without_loss() {
        let (folder, home) = home();
        let at = |name: &str| folder.path().join(name);
        for name in ["mine.glassbox.json", "other.glassbox.json"] {
            project_file::save(&templates::build("xor").unwrap(), &at(name)).unwrap();
        }
        let mut state = State::start(Some(home.clone()));
        state.apply(Action::Open(at("mine.glassbox.json")));
        state.apply(Action::RenameProject("Edited".into()));
        wait_kept(&state, "the edit", |left| left.project.name == "Edited");
        drop(state);
        crash(&home, "Newer, without a file");
        let mut again = State::start(Some(home.clone()));
        again.apply(Action::Open(at("other.glassbox.json")));
        assert!(!again.is_recoverable_here(), "it is of another file");
        again.apply(Action::Open(folder.path().join(".").join("mine.glassbox.json")));
        assert!(again.is_recoverable_here());
        assert_eq!(again.recoverable.as_deref(), Some("Edited"), "the newer one is of no file");
        again.apply(Action::RecoverLater);
        assert!(!again.is_recoverable_here() && again.recoverable.is_some());
        again.close();
        drop(again);
        let mut last = State::start(Some(home));
        last.apply(Action::Open(at("mine.glassbox.json")));
        assert!(last.is_recoverable_here(), "it was only put off");
        last.apply(Action::RecoverLast(true));
        assert_eq!((last.project.name.as_str(), last.unsaved, last.is_recoverable_here()), ("Edited", true, false));
    }

    #[test]
    fn what_was_brought_back_does_not_overwrite_what_others_wrote_meanwhile() {
        let (folder, home) = home();
        let file = folder.path().join("mine.glassbox.json");
        project_file::save(&templates::build("xor").unwrap(), &file).unwrap();
        let mut state = State::start(Some(home.clone()));
        state.apply(Action::Open(file.clone()));
        state.apply(Action::RenameProject("Edited".into()));
        wait_kept(&state, "the edit", |left| left.project.name == "Edited");
        drop(state);
        project_file::save(&templates::build("moons").unwrap(), &file).unwrap();
        let mut again = State::start(Some(home));
        again.apply(Action::RecoverLast(true));
        again.apply(Action::Save);
        assert!(again.changed_elsewhere && again.unsaved);
        assert_eq!(project_file::load(&file).unwrap(), templates::build("moons").unwrap());
    }

    #[test]
    fn where_nothing_can_be_kept_the_person_is_told() {
        let (folder, home) = home();
        std::fs::write(folder.path().join("home").join("sessions"), "no folder").unwrap();
        let mut state = State::start(Some(home));
        let events = state.events();
        let is_told = |event: &Event| matches!(event, Event::Notice(notice) if notice.text.contains("Autosave"));
        assert!(events.iter().any(is_told), "{events:?}");
        state.apply(Action::OpenTemplate("xor".into()));
        assert_eq!(state.project.name, templates::build("xor").unwrap().name);
        state.close();
    }

    #[test]
    fn what_another_window_remembers_is_remembered() {
        let (_folder, home) = home();
        let [mut first, mut second] = [(), ()].map(|()| State::start(Some(home.clone())));
        first.remember(Path::new("/first"));
        second.remember(Path::new("/second"));
        second.apply(Action::SetTheme(Theme::Light));
        first.apply(Action::SetScale(1.5));
        let settings = home.read_settings();
        assert_eq!((settings.recent.len(), settings.scale, settings.theme), (2, 1.5, Theme::Light));
    }
}
