//! How a project's runs come to the disk and back: kept when they end, saved with it, read when they are wanted.
//!
//! Everything that takes time happens on the thread of [`Archive`], in order; here it is asked for, and taken in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::archive::{Archive, Job, News};
use super::checkpoint::{self, Kept};
use super::run_files::{locked, output, write_run};
use super::runs::Ghost;
use super::{Action, NoticeKind, OtherBranch, RunAction, RunStatus, RunView, State};
use crate::files::atomic;
use crate::model::Project;
use crate::persist::{Desk, KeepRuns, RunFolder};
use crate::trace::RunCard;
use crate::trainer::Command;

/// A trainer that does not answer for so long has lost its run.
pub(super) const TRAINER_ANSWERS: Duration = Duration::from_secs(120);

/// Which state of the live run was saved.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SavedAt {
    run: u64,
    step: u64,
    marks: usize,
    branch: u32,
    /// The branches that rest, and the last step that each told of.
    others: Vec<(u32, u64)>,
}

impl State {
    pub(super) fn ask(&mut self, job: Job) {
        if self.works.archive.is_none() {
            let waker = self.works.waker();
            match Archive::spawn(waker) {
                Ok(archive) => self.works.archive = Some(archive),
                Err(error) => {
                    self.error = Some(format!("Couldn't start the thread that saves runs: {error}."));
                    return;
                }
            }
        }
        let table = self.works.generation;
        if let Some(archive) = &mut self.works.archive {
            archive.ask(table, job);
        }
    }

    /// Where the runs of this project lie: beside its file, and until it has one in a place of this window's own.
    pub(super) fn run_folder(&mut self) -> Option<RunFolder> {
        if let Some(folder) = &self.works.run_folder {
            return Some(folder.clone());
        }
        let folder = match (&self.file, &self.works.scratch) {
            (Some(file), _) => RunFolder::beside(file),
            (None, _) if self.works.folder.is_some() => RunFolder::at(self.own_place_of_runs()),
            (None, Some(scratch)) => RunFolder::at(scratch.path().join("runs")),
            (None, None) => match tempfile::Builder::new().prefix("glassbox-").tempdir() {
                Ok(scratch) => RunFolder::at(self.works.scratch.insert(scratch).path().join("runs")),
                Err(error) => {
                    self.notify(NoticeKind::Warning, format!("Couldn't save this run: {error}."));
                    return None;
                }
            },
        };
        self.works.run_folder = Some(folder.clone());
        Some(folder)
    }

    /// In this window's folder, where a crash leaves them to be brought back.
    fn own_place_of_runs(&self) -> PathBuf {
        let own = self.works.folder.as_ref().map(|folder| folder.path().to_owned()).unwrap_or_default();
        let places = (self.works.generation..).map(|number| own.join(format!("runs-{number}")));
        // There are fewer of them than numbers.
        places.into_iter().find(|place| !place.exists()).unwrap_or(own)
    }

    /// Keeps the live run as it stands, under the id that it has or a new one, which is returned. The file is written
    /// while training goes on; the row is there at once.
    pub(super) fn keep_live(&mut self) -> Option<String> {
        let mut card =
            self.live_card().filter(|_| self.run.status != RunStatus::Failed && self.has_weights_worth_keeping())?;
        if !self.run.waits {
            self.works.trainer.as_ref()?;
        }
        let folder = self.run_folder()?;
        if card.id.is_empty() {
            let known = self.runs.cards.iter().chain(&self.runs.deleted);
            match folder.claim(known.map(|card| card.id.as_str())) {
                Ok(id) => card.id = id,
                Err(error) => {
                    self.notify(NoticeKind::Warning, format!("Couldn't save this run. {error}"));
                    return None;
                }
            }
        }
        let id = card.id.clone();
        self.works.kept_at = Some(self.standing());
        self.runs.live = Some(id.clone());
        self.runs.curves.insert(id.clone(), Arc::new(self.run.curves.thinned()));
        self.runs.put(card.clone());
        let (reply, answer) = channel();
        match self.works.resume.clone().filter(|_| self.run.waits) {
            None => self.tell(Command::Save(reply)),
            Some(waiting) => {
                self.works.resume_id = Some((id.clone(), true));
                // The receiver is here.
                let _ = reply.send(Ok(waiting));
            }
        }
        let (project, stamps) = (self.live_project(), self.works.stamps.clone());
        let job = move || {
            let outcome = answer.recv_timeout(TRAINER_ANSWERS).map_err(|_| "the trainer didn't respond".to_owned());
            let outcome =
                outcome.and_then(|kept| write_run(&folder, card.clone(), &project, &*kept?, &stamps)).map(Box::new);
            News::Kept { id: card.id, outcome }
        };
        self.ask(Box::new(job));
        Some(id)
    }

    /// The live run gives way to another: it is kept, and its curves stay faint behind the new ones.
    pub(super) fn let_go(&mut self) {
        let Some(card) = self.live_card().filter(|_| self.run.step > 0) else { return };
        let is_kept = self.works.kept_at == Some(self.standing());
        let keeps = self.settings.keep_runs == KeepRuns::All;
        let id = if is_kept || !keeps { self.runs.live.clone() } else { self.keep_live() };
        if let Some(id) = id.clone().filter(|_| keeps && !is_kept) {
            let back = Action::Runs(RunAction::BringBack(id));
            self.offer(NoticeKind::Info, format!("{} was saved.", card.name), "Restore it", back);
        }
        let known = id.as_ref().and_then(|id| self.runs.curves.get(id)).filter(|_| self.works.kept_at.is_some());
        let curves = known.cloned().unwrap_or_else(|| Arc::new(self.run.curves.thinned()));
        self.runs.ghost = Some(Ghost { id: id.unwrap_or_default(), name: card.name, curves });
        self.runs.live = None;
        self.works.kept_at = None;
    }

    pub(super) fn standing(&self) -> SavedAt {
        let RunView { step, branch, ref marks, ref others, .. } = self.run;
        let last = |other: &OtherBranch| (other.id, other.curves.train_loss.last().map_or(0, |(step, _)| step));
        let others = others.iter().map(last).collect();
        SavedAt { run: self.works.run_number, step, marks: marks.len(), branch, others }
    }

    /// Whether training would be lost if the project were given up now.
    fn has_unsaved_training(&self) -> bool {
        if self.settings.keep_runs == KeepRuns::None {
            return false;
        }
        // What was only opened and waits is not lost; what a crash left is.
        let is_ours = !self.run.waits || self.works.resume_in.is_some();
        let has_changed = self.run.step > 0 || self.works.is_set_by_hand;
        let live = has_changed && is_ours && self.works.saved_at != Some(self.standing());
        live || (self.file.is_none() && !self.runs.cards.is_empty())
    }

    /// Brings the mark of unsaved work up to date.
    pub(super) fn note_unsaved(&mut self) {
        self.works.unsaved_training = self.has_unsaved_training();
        self.unsaved = self.works.on_disk.as_deref() != Some(&self.project) || self.works.unsaved_training;
    }

    pub(super) fn follow_unsaved_training(&mut self) {
        if self.has_unsaved_training() != self.works.unsaved_training {
            self.note_unsaved();
        }
    }

    /// Everything about the runs that goes with saving the project.
    pub(super) fn save_runs(&mut self, file: &Path) {
        let folder = RunFolder::beside(file);
        let before = self.works.run_folder.replace(folder.clone()).filter(|before| *before != folder);
        if let Some(before) = before
            && self.settings.keep_runs == KeepRuns::All
        {
            // Until it lies there too.
            self.works.saved_at = None;
            let (to, stamps) = (folder.clone(), self.works.stamps.clone());
            let own = self.works.folder.as_ref().map(|own| own.path().to_owned());
            self.ask(Box::new(move || match before.copy_to(&to) {
                Ok(copied) => {
                    let stamped = copied.iter().filter_map(|id| Some((to.checkpoint(id), to.stamp(id)?)));
                    locked(&stamps).extend(stamped);
                    if before.path().parent() == own.as_deref() {
                        // They are the file's now: a crash has nothing of them to bring back. What cannot be removed is
                        // swept with the folder.
                        let _ = std::fs::remove_dir_all(before.path());
                    }
                    News::Done(None)
                }
                Err(error) => News::Failed(format!("Couldn't copy the runs. {error}")),
            }));
        }
        if self.saves_run() {
            self.works.saving = Some(self.works.run_number);
            self.keep_live();
        }
        let desk =
            Desk { live: self.runs.live.clone(), breakpoints: self.debug.breakpoints.clone(), ..self.desk.clone() };
        if desk != Desk::default() || folder.path().exists() {
            self.ask(Box::new(move || News::quiet(folder.write_desk(&desk))));
        }
    }

    /// Looks for the runs of a project that was opened, behind what still writes there.
    pub(super) fn open_runs(&mut self) {
        let Some(folder) = self.run_folder() else { return };
        self.ask(Box::new(move || {
            folder.forget_deleted();
            let (cards, problems) = folder.list();
            News::Listed { cards, problems, desk: folder.read_desk().map(Box::new) }
        }));
    }

    /// Nothing is known of the runs of the project before.
    pub(super) fn forget_runs(&mut self) {
        self.runs = super::Runs::default();
        (self.race, self.works.diagnosing, self.diagnosed) = (None, None, Default::default());
        self.discard_trial();
        (self.drawing, self.fits, self.works.fitting) = (None, None, None);
        // Its processes end; what they still write is waited for elsewhere.
        if let Some(contest) = self.works.contest.take() {
            let _ = std::thread::Builder::new().name("race's end".into()).spawn(move || drop(contest));
        }
        self.desk = Desk::default();
        self.desk_number += 1;
        let works = &mut self.works;
        (works.run_folder, works.kept_at, works.saved_at, works.saving) = (None, None, None, None);
        (works.in_force, works.resume_id, works.unsaved_training) = (None, None, false);
        // What still writes there goes on: the folder is removed when the last of it is dropped.
        works.left_scratch.extend(works.scratch.take());
    }

    /// Reads the curves of the runs that are picked and not read yet.
    pub(super) fn read_picked(&mut self) {
        let runs = &self.runs;
        let is_missing = |id: &&String| !runs.curves.contains_key(*id) && runs.live.as_ref() != Some(id);
        let wanted: Vec<String> = runs.picked.iter().filter(is_missing).cloned().collect();
        for id in wanted {
            let Some(folder) = self.run_folder() else { return };
            self.ask(Box::new(move || {
                let outcome = checkpoint::load_curves(&folder.checkpoint(&id)).map(Box::new);
                News::Curves { id, outcome }
            }));
        }
    }

    /// What the two networks that stand side by side do on the data that is loaded.
    pub(super) fn compute_pair(&mut self) {
        let (Some(pair), Some(dataset)) = (self.runs.pair.clone(), self.data.dataset().cloned()) else { return };
        for id in pair {
            let is_live = self.runs.live.as_ref() == Some(&id);
            if is_live && self.works.kept_at != Some(self.standing()) {
                self.keep_live();
            }
            let steps = self.runs.card(&id).map(|card| card.steps);
            if self.runs.outputs.get(&id).is_some_and(|known| Some(known.step) == steps) {
                continue;
            }
            let (Some(folder), dataset) = (self.run_folder(), dataset.clone()) else { return };
            self.ask(Box::new(move || News::Output {
                outcome: output(&folder.checkpoint(&id), dataset).map(Box::new),
                id,
            }));
        }
    }

    /// Puts a kept run on the table as soon as it is read.
    pub(super) fn load_run(&mut self, id: String) {
        if self.runs.live.as_ref() == Some(&id) {
            return self.notify(NoticeKind::Info, "This is the current run.");
        }
        self.ask_for_run(id, false);
    }

    fn ask_for_run(&mut self, id: String, by_itself: bool) {
        let (Some(folder), stamps) = (self.run_folder(), self.works.stamps.clone()) else { return };
        self.ask(Box::new(move || {
            let path = folder.checkpoint(&id);
            let stamp = folder.stamp(&id);
            let outcome = checkpoint::load(&path).map(Box::new);
            if let Some(stamp) = stamp.filter(|_| outcome.is_ok()) {
                locked(&stamps).insert(path, stamp);
            }
            News::Loaded { id, by_itself, outcome }
        }));
    }

    pub(super) fn change_card(&mut self, id: &str, change: impl Fn(&mut RunCard) + Send + 'static) {
        if self.runs.card(id).is_none() && self.runs.live.is_none() && self.keep_live().is_none() {
            return;
        }
        // A live run that had no id yet has one now.
        let id = if id.is_empty() { self.runs.live.clone().unwrap_or_default() } else { id.to_owned() };
        let Some(card) = self.runs.card(&id) else { return };
        let mut card = RunCard::clone(card);
        change(&mut card);
        self.runs.put(card);
        let Some(folder) = self.run_folder() else { return };
        self.ask(Box::new(move || News::quiet(folder.change(&id, change))));
    }

    pub(super) fn delete_on_disk(&mut self, id: String) {
        let Some(folder) = self.run_folder() else { return };
        self.ask(Box::new(move || News::quiet(folder.delete(&id))));
    }

    pub(super) fn restore_on_disk(&mut self, id: String) {
        let Some(folder) = self.run_folder() else { return };
        self.ask(Box::new(move || News::quiet(folder.restore(&id))));
    }

    /// The run as it stands, as a checkpoint wherever the person wants it.
    pub(super) fn save_weights(&mut self, path: PathBuf) {
        let path = if path.extension().is_none() { path.with_extension("safetensors") } else { path };
        if self.works.trainer.is_none() || self.works.told.is_none() {
            return self.notify(NoticeKind::Warning, "There are no weights yet, because the network can't train.");
        }
        let (reply, answer) = channel();
        self.tell(Command::Save(reply));
        let project = self.live_project();
        self.ask(Box::new(move || {
            let outcome = answer.recv_timeout(TRAINER_ANSWERS).map_err(|_| "The trainer didn't respond.".to_owned());
            let outcome = outcome.and_then(|kept| {
                let kept = kept?;
                checkpoint::save(&path, &project, &kept)
            });
            News::told(outcome.map(|()| format!("Saved {}", path.display())))
        }));
    }

    pub(super) fn export_bytes(&mut self, path: PathBuf, ending: &str, bytes: Vec<u8>) {
        self.export_made(path, ending, move || Ok(bytes));
    }

    /// What takes a while to make is made where it is written.
    pub(super) fn export_made(
        &mut self,
        path: PathBuf,
        ending: &str,
        make: impl FnOnce() -> Result<Vec<u8>, String> + Send + 'static,
    ) {
        let path = if path.extension().is_none() { path.with_extension(ending) } else { path };
        let write = move || {
            atomic::write(&path, &make()?).map_err(|error| error.to_string())?;
            Ok(format!("Saved {}", path.display()))
        };
        self.ask(Box::new(move || News::told(write())));
    }

    /// Takes in what the archive has done. Returns whether there was anything.
    pub(super) fn poll_archive(&mut self) -> bool {
        let Some(archive) = &mut self.works.archive else { return false };
        let news = archive.take();
        if !archive.is_busy() {
            self.works.left_scratch.clear();
        }
        let any = !news.is_empty();
        for (table, news) in news {
            match news {
                News::Failed(why) => self.error = Some(why),
                News::Done(Some(text)) => self.notify(NoticeKind::Success, text),
                News::Done(None) => {}
                // All else is about the project of its time.
                news if table == self.works.generation => self.take_news(news),
                _ => {}
            }
        }
        any
    }

    fn take_news(&mut self, news: News) {
        match news {
            News::Listed { cards, problems, desk } => self.take_list(cards, &problems, desk),
            News::Kept { id, outcome } => self.take_kept(&id, outcome.map(|card| *card)),
            News::Loaded { id, by_itself, outcome } => match outcome {
                Ok(loaded) => self.put_run_on_table(id, by_itself, loaded.0, loaded.1),
                Err(why) => self.take_problem(id, why),
            },
            News::Curves { id, outcome } => match outcome {
                Ok(mut curves) => {
                    curves.metric = self.runs.card(&id).map_or(curves.metric, |card| card.metric);
                    self.runs.curves.insert(id, Arc::from(curves));
                }
                Err(why) => self.take_problem(id, why),
            },
            News::Output { id, outcome } => match outcome {
                Ok(output) => {
                    self.runs.problems.remove(&id);
                    self.runs.outputs.insert(id, Arc::from(output));
                }
                Err(why) => drop(self.runs.problems.insert(id, why)),
            },
            News::Returned(outcome) => self.take_returned(outcome),
            News::Done(_) | News::Failed(_) => {}
        }
    }

    fn take_problem(&mut self, id: String, why: String) {
        self.error = Some(why.clone());
        self.runs.problems.insert(id, why);
    }

    fn take_list(&mut self, cards: Vec<RunCard>, problems: &[String], desk: Option<Box<Desk>>) {
        for card in cards {
            if self.runs.card(&card.id).is_none() {
                self.runs.put(card);
            }
        }
        if let Some(problem) = problems.first() {
            self.notify(NoticeKind::Warning, format!("Couldn't read a run. {problem}"));
        }
        let Some(desk) = desk else { return };
        self.debug.breakpoints.clone_from(&desk.breakpoints);
        self.tell_breakpoints();
        if let Some(live) = desk.live.clone().filter(|id| self.runs.card(id).is_some()) {
            self.ask_for_run(live, true);
        }
        self.desk = *desk;
        self.desk_number += 1;
    }

    fn take_kept(&mut self, id: &str, outcome: Result<RunCard, String>) {
        match outcome {
            Ok(card) => {
                let is_live = self.runs.live.as_deref() == Some(id);
                if is_live {
                    self.runs.live = Some(card.id.clone());
                }
                if let Some(number) = self.works.saving.take_if(|_| is_live) {
                    self.works.saved_at = Some(SavedAt { run: number, step: card.steps, ..self.standing() });
                    self.note_unsaved();
                }
                if card.id != id {
                    // Somebody else has taken its place on disk.
                    self.runs.cards.retain(|card| card.id != id);
                }
                self.runs.put(card);
            }
            Err(why) => {
                self.works.saving = None;
                self.works.kept_at = None;
                self.error = Some(format!("Couldn't save the run. {why}"));
            }
        }
    }

    /// `by_itself`: the project was opened, and this is the run that it was saved with.
    fn put_run_on_table(&mut self, id: String, by_itself: bool, project: Project, kept: Kept) {
        let page = checkpoint::on_page(&project, &kept);
        if by_itself && (self.run.step > 0 || self.works.resume.is_some() || !is_same_run(&page, &self.project)) {
            return;
        }
        let name = self.runs.card(&id).map(|card| card.name.clone()).unwrap_or_default();
        let saved_at = kept.saved.now.step;
        if std::mem::take(&mut self.run.waits) {
            self.let_go();
        }
        (self.works.resume, self.works.resume_id) = (Some(Box::new(kept)), Some((id, true)));
        self.works.told = None;
        let before = self.project.clone();
        if !by_itself {
            self.project = Project { name: before.name.clone(), ..page };
        }
        if self.project == before {
            self.sync_run();
        } else {
            self.history.record(format!("restore {name}"), None, &before);
            self.after_change(&before);
        }
        if !by_itself {
            self.notify(NoticeKind::Success, format!("Restored {name} at step {saved_at}."));
        }
    }
}

/// Whether a run belongs to what is drawn: where cards stand and what the project is called do not matter.
fn is_same_run(one: &Project, other: &Project) -> bool {
    let bare = |project: &Project| super::running::bare(&project.graph);
    bare(one) == bare(other) && one.training == other.training && one.data == other.data
}

/// Seconds since 1970.
pub(super) fn now_secs() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
#[path = "keeping/tests.rs"]
mod tests;
