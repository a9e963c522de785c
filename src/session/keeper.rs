//! The thread that keeps what is not saved safe from a crash. It waits for no frames: the session hands it the newest
//! project on every change, and it asks the trainer itself for the run.
//!
//! Owns when to write. How the files make a pair is [`SessionFolder`]'s, when there is something to keep the session's.

mod rhythm;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::checkpoint::{self, Kept};
use super::files::make_paths_absolute;
use super::running::bare;
use super::works::Told;
use crate::model::Project;
use crate::persist::project_file::Print;
use crate::persist::{Note, RunNote, SessionFolder};
use crate::trainer::{Asker, Waker};
use rhythm::Rhythm;

/// A trainer that does not answer for so long is busy with a long way.
const TRAINER_ANSWERS: Duration = Duration::from_secs(20);
/// An edit is rarely alone: what comes so soon after it is written with it.
const EDITS_SETTLE: Duration = Duration::from_millis(300);
/// Between two looks at a run that goes on, and at one that stands.
const LOOKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(400));
/// The window and its run agree on the network in a moment.
const AGREES: Duration = Duration::from_millis(150);
const DISAGREED: u32 = 6;
/// A disk that does not take a file for so long will not.
const WRITES_END: Duration = Duration::from_secs(10);

/// Where the run is, and the run: of the training thread.
pub(super) trait Source: Send + Sync {
    /// Its number.
    fn run(&self) -> Option<u64>;
    /// Completed steps.
    fn step(&self) -> u64;
    fn is_standing(&self) -> bool;
    /// Another number whenever something was done that the step does not show.
    fn doings(&self) -> u64;
    fn save(&self) -> Receiver<Result<Box<Kept>, String>>;
}

impl Source for Asker {
    fn run(&self) -> Option<u64> {
        self.run()
    }
    fn step(&self) -> u64 {
        self.step()
    }
    fn is_standing(&self) -> bool {
        self.is_standing()
    }
    fn doings(&self) -> u64 {
        self.doings()
    }
    fn save(&self) -> Receiver<Result<Box<Kept>, String>> {
        self.save()
    }
}

/// What the session has, as of its newest change.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// Another one for every project that is put on the table.
    pub generation: u64,
    pub project: Arc<Project>,
    pub file: Option<PathBuf>,
    /// What that said when it was last opened or saved.
    pub seen: Option<Print>,
    /// Something of it is in no file.
    pub unsaved: bool,
    /// Where its runs are kept in the folder, while it has no file of its own.
    pub runs: Option<String>,
    /// The id of the run on the table, once it has one.
    pub live: Option<String>,
    pub run: RunWish,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RunWish {
    None,
    /// What is on the disk stays: the run waits for its data, or has failed.
    AsItIs,
    /// The trainer has it.
    Now {
        number: u64,
        told: Box<Told>,
    },
}

enum Message {
    Wish(Arc<Wish>),
    Source(Arc<dyn Source>),
    /// This folder is the window's from here on, and holds this already.
    Folder(Arc<SessionFolder>, OnDisk),
    Close,
}

/// Dropping it ends the thread and leaves the files where they are, as a crash does.
pub struct Keeper {
    sender: Option<Sender<Message>>,
    /// Sentences for the person.
    said: Receiver<String>,
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub fn spawn(folder: Arc<SessionFolder>, waker: Waker) -> Result<Self, String> {
        let (sender, inbox) = channel();
        let (saying, said) = channel();
        let (ending, ended) = channel();
        let say = move |text| {
            // The session may have gone.
            let _ = saying.send(text);
            waker();
        };
        let mut work = Work::new(folder, inbox, Box::new(say));
        let work = move || {
            work.go_on();
            let _ = ending.send(());
        };
        let thread = std::thread::Builder::new().name("keeper".into()).spawn(work).map_err(|e| e.to_string())?;
        Ok(Self { sender: Some(sender), said, ended, thread: Some(thread) })
    }

    fn send(&self, message: Message) {
        if let Some(sender) = &self.sender {
            // A thread that has ended keeps nothing any more.
            let _ = sender.send(message);
        }
    }

    pub fn wish(&self, wish: Wish) {
        self.send(Message::Wish(Arc::new(wish)));
    }

    pub fn ask(&self, asker: Asker) {
        self.send(Message::Source(Arc::new(asker)));
    }

    /// The folder of what was brought back is the window's from here on. The one before goes once nothing is written to
    /// it.
    pub fn move_to(&self, folder: Arc<SessionFolder>, generation: u64, project: Arc<Project>, note: Note) {
        self.send(Message::Folder(folder, OnDisk { generation, project: Some(project), note, run: None }));
    }

    pub fn said(&self) -> Option<String> {
        self.said.try_recv().ok()
    }

    /// It has stumbled.
    pub fn is_gone(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for what is being written, though not for ever; afterwards nothing more is.
    pub fn close(&mut self) {
        self.send(Message::Close);
        if self.ended.recv_timeout(WRITES_END) == Err(RecvTimeoutError::Timeout) {
            self.thread = None;
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Which state of the run is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Mark {
    number: u64,
    step: u64,
    doings: u64,
}

/// What the folder holds.
#[derive(Clone, Debug, Default)]
struct OnDisk {
    generation: u64,
    project: Option<Arc<Project>>,
    note: Note,
    /// The run that the note names; `None` where it is not of the trainer's making.
    run: Option<Mark>,
}

/// An answer of the trainer on its way.
struct Asked {
    mark: Mark,
    answer: Receiver<Result<Box<Kept>, String>>,
    since: Instant,
}

struct Work {
    inbox: Receiver<Message>,
    say: Box<dyn Fn(String) + Send>,
    folder: Arc<SessionFolder>,
    /// Folders that were this window's.
    retired: Vec<Arc<SessionFolder>>,
    source: Option<Arc<dyn Source>>,
    wish: Option<Arc<Wish>>,
    on_disk: OnDisk,
    asked: Option<Asked>,
    edits: Rhythm,
    runs: Rhythm,
    /// As of the last look.
    was_going: bool,
    /// A run without anything in it that would be worth a file.
    nothing_in: Option<Mark>,
    disagreed: u32,
    failing: bool,
    closing: bool,
}

impl Work {
    fn new(folder: Arc<SessionFolder>, inbox: Receiver<Message>, say: Box<dyn Fn(String) + Send>) -> Self {
        Self {
            inbox,
            say,
            folder,
            retired: Vec::new(),
            source: None,
            wish: None,
            on_disk: OnDisk::default(),
            asked: None,
            edits: Rhythm::of(EDITS_SETTLE),
            runs: Rhythm::of(rhythm::AT_LEAST),
            was_going: false,
            nothing_in: None,
            disagreed: 0,
            failing: false,
            closing: false,
        }
    }

    fn go_on(&mut self) {
        while !self.closing {
            let wait = self.turn(Instant::now());
            let message = match wait {
                Some(wait) => self.inbox.recv_timeout(wait),
                None => self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match message {
                Ok(message) => self.take_in(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        self.leave_retired();
    }

    fn leave_retired(&mut self) {
        self.retired.drain(..).for_each(|folder| folder.remove());
    }

    fn take_in(&mut self, message: Message) {
        match message {
            Message::Wish(wish) => self.wish = Some(wish),
            Message::Source(source) => self.source = Some(source),
            Message::Folder(folder, holds) => {
                self.retired.push(std::mem::replace(&mut self.folder, folder));
                // What was wished before is not of this folder.
                (self.on_disk, self.asked, self.wish) = (holds, None, None);
            }
            Message::Close => self.closing = true,
        }
    }

    fn read_inbox(&mut self) {
        while let Ok(message) = self.inbox.try_recv() {
            self.take_in(message);
        }
    }

    /// Writes what is due. Returns how long there is nothing to do; `None`: until a message comes.
    fn turn(&mut self, now: Instant) -> Option<Duration> {
        self.read_inbox();
        self.leave_retired();
        let wish = self.wish.clone()?;
        if self.closing {
            return None;
        }
        if wish.generation != self.on_disk.generation {
            self.asked = None;
            self.clear(wish.generation);
        }
        match self.is_worth(&wish) {
            Some(false) if self.on_disk.project.is_some() => self.clear(wish.generation),
            Some(true) => {
                self.keep_project(&wish, now);
                self.keep_run(&wish, now);
            }
            _ => {}
        }
        self.next_look(&wish)
    }

    fn next_look(&self, wish: &Wish) -> Option<Duration> {
        let is_going = self.source.as_ref().is_some_and(|source| !source.is_standing());
        if self.asked.is_some() || self.edits.is_waiting() || is_going {
            return Some(LOOKS.0);
        }
        let is_watched = self.failing || matches!(wish.run, RunWish::Now { .. });
        is_watched.then_some(LOOKS.1)
    }

    /// Nothing in the folder belongs to what is on the table.
    fn clear(&mut self, generation: u64) {
        self.folder.clear();
        self.on_disk = OnDisk { generation, ..OnDisk::default() };
        (self.edits, self.runs) = (Rhythm::of(EDITS_SETTLE), Rhythm::of(rhythm::AT_LEAST));
        (self.nothing_in, self.was_going) = (None, false);
    }

    /// Whether there is anything that a crash would take away; `None` until it can be told.
    fn is_worth(&self, wish: &Wish) -> Option<bool> {
        if wish.unsaved {
            return Some(true);
        }
        match &wish.run {
            RunWish::None => Some(false),
            RunWish::AsItIs => None,
            RunWish::Now { number, .. } => {
                let source = self.source.as_ref().filter(|source| source.run() == Some(*number))?;
                Some(source.step() > 0)
            }
        }
    }

    /// The run that a note written now may name.
    fn run_on_disk(&self, wish: &Wish) -> Option<RunNote> {
        let is_of_another = match (&wish.run, self.on_disk.run) {
            (RunWish::None, _) => true,
            (RunWish::Now { number, .. }, Some(mark)) => mark.number != *number,
            // It was brought back, and goes on now or will.
            (RunWish::Now { .. }, None) | (RunWish::AsItIs, _) => false,
        };
        self.on_disk.note.run.clone().filter(|_| !is_of_another)
    }

    fn keep_project(&mut self, wish: &Wish, now: Instant) {
        let note = &self.on_disk.note;
        let is_same = self.on_disk.project.as_ref() == Some(&wish.project);
        let is_in_place = (&note.file, note.seen) == (&wish.file, wish.seen)
            && note.unsaved == wish.unsaved
            && (&note.runs, &note.live) == (&wish.runs, &wish.live);
        let is_of_this_run = self.run_on_disk(wish) == note.run;
        if is_same && is_in_place && is_of_this_run {
            return self.edits.rest();
        }
        // A run that is over must not come back with what follows it.
        if self.edits.is_due(now) || !is_of_this_run && self.edits.may(now) {
            let run = self.run_on_disk(wish);
            let began = Instant::now();
            let written = self.commit(wish, run);
            self.edits.wrote(now, began.elapsed());
            if written.is_err() {
                self.edits.failed(now);
            }
            self.note_outcome(written);
        }
    }

    /// Makes a pair of the newest project and this run.
    fn commit(&mut self, wish: &Wish, run: Option<RunNote>) -> Result<(), String> {
        let project = if self.on_disk.project.as_ref() == Some(&wish.project) {
            self.on_disk.note.project.clone()
        } else {
            let mut project = Project::clone(&wish.project);
            if wish.file.is_none() {
                // It is brought back from wherever the program is started then.
                make_paths_absolute(&mut project, Path::new(""));
            }
            self.folder.write_project(&project).map_err(|error| error.to_string())?
        };
        let (runs, live) = (wish.runs.clone(), wish.live.clone());
        let (file, seen) = (wish.file.clone(), wish.seen);
        let note = Note { project, run, file, unsaved: wish.unsaved, runs, live, seen };
        self.folder.commit(&note).map_err(|error| error.to_string())?;
        (self.on_disk.project, self.on_disk.note) = (Some(wish.project.clone()), note);
        Ok(())
    }

    /// One sentence for a disk that is full, however often it is tried again.
    fn note_outcome(&mut self, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.failing = false,
            Err(why) => {
                if !std::mem::replace(&mut self.failing, true) {
                    (self.say)(format!("Autosave isn't working. Glassbox keeps trying: {why}"));
                }
            }
        }
    }

    fn keep_run(&mut self, wish: &Wish, now: Instant) {
        let (RunWish::Now { number, told, .. }, Some(source)) = (&wish.run, self.source.clone()) else {
            self.asked = None;
            return;
        };
        let mark = Mark { number: *number, step: source.step(), doings: source.doings() };
        let is_standing = source.is_standing();
        if source.run() != Some(*number) {
            self.asked = None;
            return;
        }
        if std::mem::replace(&mut self.was_going, !is_standing) && is_standing {
            self.runs.hurry();
        }
        if let Some(kept) = self.answered(now, *number) {
            return self.keep(wish, told, kept, now);
        }
        if self.asked.is_some() || [self.on_disk.run, self.nothing_in].contains(&Some(mark)) {
            return;
        }
        if self.runs.is_due(now) {
            self.asked = Some(Asked { mark, answer: source.save(), since: now });
        }
    }

    /// What the trainer answered of the run with this number.
    fn answered(&mut self, now: Instant, number: u64) -> Option<(Mark, Box<Kept>)> {
        let asked = self.asked.take_if(|asked| asked.mark.number != number);
        drop(asked);
        let asked = self.asked.as_ref()?;
        match asked.answer.try_recv() {
            Err(TryRecvError::Empty) if now.saturating_duration_since(asked.since) < TRAINER_ANSWERS => return None,
            Ok(Ok(kept)) => return self.asked.take().map(|asked| (asked.mark, kept)),
            _ => {}
        }
        // A busy trainer: another time.
        self.asked = None;
        self.runs.wrote(now, Duration::ZERO);
        None
    }

    fn keep(&mut self, wish: &Wish, told: &Told, (mark, kept): (Mark, Box<Kept>), now: Instant) {
        // A change was told of that the run has not made yet.
        if !is_as_told(&kept, told) && self.disagreed < DISAGREED {
            self.disagreed += 1;
            return self.runs.again_in(now, AGREES);
        }
        self.disagreed = 0;
        if kept.saved.now.step == 0 && kept.saved.history.made().is_empty() {
            self.nothing_in = Some(mark);
            return;
        }
        let began = Instant::now();
        let project = checkpoint::with(&wish.project, &told.graph, &told.training);
        let (folder, name) = (self.folder.clone(), self.folder.next_run());
        let path = folder.path().join(&name);
        let mut outcome = checkpoint::save(&path, &project, &kept);
        // It may have taken long.
        self.read_inbox();
        let newest = self.wish.clone().filter(|newest| is_same_run(newest, wish));
        match newest.filter(|_| Arc::ptr_eq(&folder, &self.folder) && !self.closing) {
            None => drop(std::fs::remove_file(&path)),
            Some(newest) => {
                let run = RunNote { name, step: kept.saved.now.step };
                outcome = outcome.and_then(|()| self.commit(&newest, Some(run)));
                self.on_disk.run = if outcome.is_ok() { Some(mark) } else { self.on_disk.run };
                self.note_outcome(outcome);
            }
        }
        self.runs.wrote(now, began.elapsed());
    }
}

/// Whether the run was told of the network and the settings of training that the session has.
fn is_as_told(kept: &Kept, told: &Told) -> bool {
    let page = kept.page();
    bare(&page.graph) == told.graph && page.training == told.training
}

fn is_same_run(a: &Wish, b: &Wish) -> bool {
    let number = |wish: &Wish| match &wish.run {
        RunWish::Now { number, .. } => Some(*number),
        _ => None,
    };
    a.generation == b.generation && number(a) == number(b)
}
