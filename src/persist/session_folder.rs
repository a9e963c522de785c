//! What a window has not saved: a folder of its own in the program's folder, `sessions/N/`, whose lock it holds while
//! it lives.
//!
//! ```text
//! sessions/4/lock                      held by its window
//!            note.json                 names the two below; written last, it makes a pair of them
//!            project-7.glassbox.json
//!            run-3.safetensors
//!            runs-1/                   runs that are kept, until the project has a file
//! ```
//!
//! No file that the note names is ever written again: a program killed at any moment leaves the old pair or the new
//! one.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::project_file::{self, FileError};
use super::{Home, RunFolder, checkpoint};
use crate::files::{atomic, lock, temporary};
use crate::model::Project;

const SESSIONS: &str = "sessions";
const LOCK: &str = "lock";
const NOTE: &str = "note.json";
const RUNS: &str = "runs";
const PROJECT: (&str, &str) = ("project-", ".glassbox.json");
const RUN: (&str, &str) = ("run-", ".safetensors");
/// As the programs before this one named them.
const PROJECT_BEFORE: &str = "autosave.glassbox.json";
const RUN_BEFORE: &str = "autosave.safetensors";
const NOTE_BEFORE: &str = "autosave.json";
/// Nobody holds the home's lock for longer, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(3);

/// A window's own folder. When it is dropped it stays, as after a crash; see [`Self::remove`].
#[derive(Debug)]
pub struct SessionFolder {
    path: PathBuf,
    /// The highest number that a file in it has.
    last: AtomicU64,
    _lock: Option<File>,
}

/// Which files belong together, and where the project belongs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Note {
    /// A name in the folder.
    pub project: String,
    /// What is known of its run, if there is one.
    pub run: Option<RunNote>,
    /// The file that the project was opened from or saved to.
    pub file: Option<PathBuf>,
    /// The project differs from that file.
    pub unsaved: bool,
    /// The folder in this one with the runs of a project that has no file.
    pub runs: Option<String>,
    /// The run on the table, by its id among them or among those beside the file.
    pub live: Option<String>,
    /// What the file said when it was last opened or saved.
    pub seen: Option<project_file::Print>,
}

/// Which run is kept there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunNote {
    /// A name in the folder.
    pub name: String,
    /// Completed steps.
    pub step: u64,
}

/// What a window that did not end on purpose has left.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// As it was last kept.
    pub project: Project,
    /// Its checkpoint.
    pub run: Option<PathBuf>,
    /// Nothing says that run and project belong together but what is in them.
    pub is_guessed: bool,
    /// What was known of it.
    pub note: Note,
}

/// A folder for this window, and what windows before it have left, the newest first.
#[derive(Debug)]
pub struct Opened {
    /// For this window, locked.
    pub own: SessionFolder,
    /// What windows left that ended without closing, the newest first.
    pub left: Vec<(SessionFolder, Left)>,
}

impl Home {
    /// Makes a window's folder, and takes over those of windows that ended without a goodbye: they are this window's to
    /// bring back or to delete, and no other's while it lives. Errors: the home cannot be written to.
    pub fn open_session(&self) -> Result<Opened, FileError> {
        let sessions = self.path(SESSIONS);
        let failed = |error: std::io::Error| FileError::write(&sessions, error);
        std::fs::create_dir_all(&sessions).map_err(failed)?;
        // Two windows that start at once come one after the other. Without the lock nothing of others is touched.
        let alone = self.lock(PATIENCE);
        let left = if alone.is_some() { self.take_over(&sessions) } else { Vec::new() };
        let own = SessionFolder::make(&sessions).map_err(failed)?;
        Ok(Opened { own, left })
    }

    fn take_over(&self, sessions: &Path) -> Vec<(SessionFolder, Left)> {
        temporary::sweep_own(self.folder());
        self.take_over_from_before(sessions);
        let mut left = Vec::new();
        for number in numbers(sessions) {
            let path = sessions.join(number.to_string());
            let Some(folder) = SessionFolder::take(path) else { continue };
            folder.sweep();
            match folder.left().or_else(|| folder.left_of_runs()) {
                Some(found) => left.push((folder, found)),
                None if folder.is_empty() => folder.remove(),
                // Not to be read by this program, perhaps by another one.
                None => {}
            }
        }
        left.sort_by_key(|(folder, _)| std::cmp::Reverse((folder.written(), folder.number())));
        left
    }

    /// Programs before this one put one autosave into the home itself, and crashes beside it.
    fn take_over_from_before(&self, sessions: &Path) {
        let mut next = numbers(sessions).into_iter().max().unwrap_or(0);
        let mut place = || {
            next += 1;
            sessions.join(next.to_string())
        };
        for entry in std::fs::read_dir(self.folder()).into_iter().flatten().flatten() {
            let number = entry.file_name().to_str().and_then(|name| name.strip_prefix("crash-")?.parse::<u32>().ok());
            if number.is_some() {
                // What cannot be moved stays where it is; that is no reason to refuse to start.
                let _ = std::fs::rename(entry.path(), place());
            }
        }
        let mark = self.path("running");
        let names = [RUN_BEFORE, NOTE_BEFORE, PROJECT_BEFORE];
        if mark.exists() && self.path(PROJECT_BEFORE).exists() {
            let to = place();
            if std::fs::create_dir(&to).is_ok() {
                for name in names {
                    // There need not be a run. The project goes last: without it the rest is not looked at.
                    let _ = std::fs::rename(self.path(name), to.join(name));
                }
            }
        } else {
            names.into_iter().for_each(|name| drop(std::fs::remove_file(self.path(name))));
        }
        let _ = std::fs::remove_file(mark);
    }
}

impl SessionFolder {
    /// A new one in `sessions`, which nobody else has.
    fn make(sessions: &Path) -> std::io::Result<Self> {
        let mut number = numbers(sessions).into_iter().max().unwrap_or(0);
        loop {
            number += 1;
            let path = sessions.join(number.to_string());
            match std::fs::create_dir(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                made => made?,
            }
            // Where the disk knows no locks the folder is as good; it is only never taken for left behind.
            let lock = lock::try_take(&path.join(LOCK)).ok().flatten();
            return Ok(Self { path, last: AtomicU64::new(0), _lock: lock });
        }
    }

    /// One that nobody holds any more.
    fn take(path: PathBuf) -> Option<Self> {
        let lock = lock::try_take(&path.join(LOCK)).ok().flatten()?;
        let last = files(&path).filter_map(|name| number_of(&name, PROJECT).or(number_of(&name, RUN))).max();
        Some(Self { last: AtomicU64::new(last.unwrap_or(0)), _lock: Some(lock), path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn number(&self) -> u64 {
        self.path.file_name().and_then(|name| name.to_str()?.parse().ok()).unwrap_or(0)
    }

    /// When something in it was last written.
    fn written(&self) -> SystemTime {
        let time = |name: String| std::fs::metadata(self.path.join(name)).and_then(|about| about.modified()).ok();
        files(&self.path).filter(|name| name != LOCK).filter_map(time).max().unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Of killed programs, here and among the runs that are kept.
    fn sweep(&self) {
        let inside = std::fs::read_dir(&self.path).into_iter().flatten().flatten();
        inside.filter(|entry| entry.path().is_dir()).for_each(|entry| temporary::sweep_own(&entry.path()));
        temporary::sweep_own(&self.path);
    }

    /// Neither a project, readable or not, nor runs that are kept.
    fn is_empty(&self) -> bool {
        let is_project = |name: &String| number_of(name, PROJECT).is_some() || name == PROJECT_BEFORE;
        let has_runs = |name: String| files(&self.path.join(name)).next().is_some();
        !files(&self.path).any(|name| is_project(&name)) && !self.folders_of_runs().any(has_runs)
    }

    /// Names of those with runs of projects that have no file.
    fn folders_of_runs(&self) -> impl Iterator<Item = String> {
        files(&self.path)
            .filter(|name| name == RUNS || name.strip_prefix(RUNS).is_some_and(|rest| rest.starts_with('-')))
    }

    /// Killed before the project was first written: runs that were kept know theirs. The newest of them goes on, and
    /// all are there beside it. What is made of it is written, so that it is a pair like any other.
    fn left_of_runs(&self) -> Option<Left> {
        let newest = |name: String| {
            let folder = RunFolder::at(self.path.join(&name));
            let card = folder.list().0.into_iter().max_by_key(|card| card.began_secs)?;
            Some((card.began_secs, name, folder.checkpoint(&card.id), card))
        };
        let found = self.folders_of_runs().filter_map(newest).max_by_key(|(began, ..)| *began);
        let (_, runs, checkpoint, card) = found?;
        let run = self.next_run();
        // Without it the project is still there, and its other runs.
        let copied = std::fs::copy(&checkpoint, self.path.join(&run)).is_ok();
        let project = self.write_project(&card.project).ok()?;
        let note = Note {
            project,
            run: copied.then_some(RunNote { name: run, step: card.steps }),
            file: None,
            unsaved: true,
            runs: Some(runs),
            live: copied.then_some(card.id),
            ..Note::default()
        };
        self.commit(&note).ok()?;
        self.left()
    }

    fn next(&self, (before, after): (&str, &str)) -> String {
        format!("{before}{}{after}", self.last.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The name of a checkpoint that is to be written to the folder, and does not count before a note names it.
    pub fn next_run(&self) -> String {
        self.next(RUN)
    }

    /// Writes a project, which does not count before a note names it. Returns its name.
    pub fn write_project(&self, project: &Project) -> Result<String, FileError> {
        let name = self.next(PROJECT);
        project_file::save(project, &self.path.join(&name))?;
        Ok(name)
    }

    /// From here on these files are what is to be brought back. Those that were it before go.
    pub fn commit(&self, note: &Note) -> Result<(), FileError> {
        let path = self.path.join(NOTE);
        let text = serde_json::to_string_pretty(note).map_err(|error| FileError::write(&path, error))?;
        atomic::write(&path, text.as_bytes())?;
        let run = note.run.as_ref().map(|run| run.name.as_str());
        self.clean(|name| name == note.project || Some(name) == run);
        Ok(())
    }

    /// Nothing is to be brought back any more.
    pub fn clear(&self) {
        // Without the project the rest is not looked at.
        for of_project in [true, false] {
            let stays = |name: &str| of_project && number_of(name, PROJECT).is_none() && name != PROJECT_BEFORE;
            self.clean(stays);
        }
        let _ = std::fs::remove_file(self.path.join(NOTE));
    }

    fn clean(&self, stays: impl Fn(&str) -> bool) {
        for name in files(&self.path).filter(|name| !stays(name)) {
            let is_autosave = number_of(&name, PROJECT).or(number_of(&name, RUN)).is_some();
            if is_autosave || [PROJECT_BEFORE, RUN_BEFORE, NOTE_BEFORE].contains(&name.as_str()) {
                // Left over it costs room, no more.
                let _ = std::fs::remove_file(self.path.join(name));
            }
        }
    }

    /// The window ends on purpose, or nobody wants this back.
    pub fn remove(&self) {
        // What cannot be removed now is swept another time.
        let _ = std::fs::remove_dir_all(&self.path);
    }

    /// `None` where there is none, or none that can be read.
    pub fn note(&self) -> Option<Note> {
        let read = |name: &str| std::fs::read_to_string(self.path.join(name)).ok();
        let note: Note = serde_json::from_str(&read(NOTE)?).ok()?;
        let is_name = |name: &str| Path::new(name).file_name().is_some_and(|whole| whole == name);
        let is_sound = is_name(&note.project) && note.run.as_ref().is_none_or(|run| is_name(&run.name));
        is_sound.then_some(note)
    }

    /// What is to be brought back. Whatever of it is damaged, the rest is still worth it.
    pub fn left(&self) -> Option<Left> {
        if let Some(note) = self.note() {
            let run = note.run.as_ref().map(|run| self.path.join(&run.name)).filter(|run| run.is_file());
            if let Some(project) = self.project(&note.project, run.as_deref()) {
                return Some(Left { project, run, is_guessed: false, note });
            }
        }
        self.left_by_before().or_else(|| self.guessed())
    }

    /// The project of a file, or that of the run beside it.
    fn project(&self, name: &str, run: Option<&Path>) -> Option<Project> {
        let path = self.path.join(name);
        match project_file::load(&path) {
            Ok(project) => Some(project),
            Err(_) if path.exists() => Some(checkpoint::load(run?).ok()?.project),
            // It was cleared.
            Err(_) => None,
        }
    }

    /// By a program before this one.
    fn left_by_before(&self) -> Option<Left> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Before {
            file: Option<PathBuf>,
            has_run: bool,
        }
        let project = project_file::load(&self.path.join(PROJECT_BEFORE)).ok()?;
        let text = std::fs::read_to_string(self.path.join(NOTE_BEFORE)).unwrap_or_default();
        let Before { file, has_run } = serde_json::from_str(&text).unwrap_or_default();
        let run = Some(self.path.join(RUN_BEFORE)).filter(|path| has_run && path.is_file());
        let named = run.is_some().then(|| RunNote { name: RUN_BEFORE.to_owned(), step: 0 });
        let note = Note { project: PROJECT_BEFORE.to_owned(), run: named, file, unsaved: true, ..Note::default() };
        Some(Left { project, run, is_guessed: true, note })
    }

    /// Without a note: the newest that can be read.
    fn guessed(&self) -> Option<Left> {
        let newest = |kind| {
            let mut found: Vec<_> = files(&self.path).filter(|name| number_of(name, kind).is_some()).collect();
            found.sort_by_key(|name| std::cmp::Reverse(number_of(name, kind)));
            found
        };
        let read = |name: &String| Some((name.clone(), project_file::load(&self.path.join(name)).ok()?));
        let (name, project) = newest(PROJECT).iter().find_map(read)?;
        let run = newest(RUN).into_iter().next();
        let named = run.as_ref().map(|name| RunNote { name: name.clone(), step: 0 });
        let note = Note { project: name, run: named, file: None, unsaved: true, ..Note::default() };
        Some(Left { project, run: run.map(|name| self.path.join(name)), is_guessed: true, note })
    }
}

/// Folders that are named by a number.
fn numbers(sessions: &Path) -> Vec<u64> {
    let entries = std::fs::read_dir(sessions).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn files(folder: &Path) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}

fn number_of(name: &str, (before, after): (&str, &str)) -> Option<u64> {
    name.strip_prefix(before)?.strip_suffix(after)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use super::*;
    use crate::model::templates;
    use crate::trace::RunCard;

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home")).unwrap();
        (folder, home)
    }

    fn named(name: &str) -> Project {
        Project { name: name.to_owned(), ..templates::build("xor").unwrap() }
    }

    fn keep(folder: &SessionFolder, name: &str) -> Note {
        let note = Note { project: folder.write_project(&named(name)).unwrap(), unsaved: true, ..Note::default() };
        folder.commit(&note).unwrap();
        note
    }

    /// What was left, as this start finds it; the folders stay, and nobody holds them any more.
    fn found(home: &Home) -> Vec<String> {
        let opened = home.open_session().unwrap();
        opened.own.remove();
        opened.left.into_iter().map(|(_, left)| left.project.name).collect()
    }

    #[test]
    fn what_a_window_leaves_is_found_until_somebody_answers() {
        let (_folder, home) = home();
        let Opened { own, left } = home.open_session().unwrap();
        assert!(left.is_empty());
        let note = Note { file: Some("mine.glassbox.json".into()), unsaved: true, ..keep(&own, "Lost") };
        own.commit(&note).unwrap();
        drop(own);
        assert_eq!(found(&home), ["Lost"]);
        let Opened { own, left } = home.open_session().unwrap();
        assert_eq!(left[0].1, Left { project: named("Lost"), run: None, is_guessed: false, note });
        left[0].0.remove();
        own.remove();
        drop((own, left));
        assert_eq!(found(&home), [""; 0]);
        assert_eq!(numbers(&home.path(SESSIONS)), [0; 0], "nothing is left lying about");
    }

    /// Killed before the project was first written.
    #[test]
    fn runs_alone_are_worth_bringing_back_with_the_project_of_the_newest_and_nothing_is_swept() {
        let (_folder, home) = home();
        let own = home.open_session().unwrap().own;
        let runs = RunFolder::at(own.path().join("runs-1"));
        for (name, began_secs) in [("Old", 10), ("New", 20)] {
            let (id, project) = (runs.claim([]).unwrap(), named(name));
            let place = "{\"step\":5}".to_owned();
            let file = checkpoint::Checkpoint { project: project.clone(), place, tensors: Vec::new() };
            checkpoint::save(&file, &runs.checkpoint(&id)).unwrap();
            runs.write(&RunCard { id, project, began_secs, steps: 5, ..RunCard::default() }).unwrap();
        }
        drop(own);
        let Opened { own, left } = home.open_session().unwrap();
        let found = &left[0].1;
        assert_eq!((found.project.name.as_str(), found.note.runs.as_deref()), ("New", Some("runs-1")));
        assert_eq!(found.note.run.as_ref().map(|run| run.step), Some(5));
        assert!(found.run.as_ref().is_some_and(|run| run.is_file()) && found.note.live.is_some() && found.note.unsaved);
        own.remove();
        drop((own, left));
        assert_eq!(self::found(&home), ["New"], "until somebody answers");
    }

    #[test]
    fn a_folder_with_nothing_in_it_is_swept_whatever_it_was_to_hold() {
        let (_folder, home) = home();
        let own = home.open_session().unwrap().own;
        std::fs::create_dir(own.path().join("runs-3")).unwrap();
        drop(own);
        assert_eq!(found(&home), [""; 0]);
        assert_eq!(numbers(&home.path(SESSIONS)), [0; 0]);
    }

    #[test]
    fn two_windows_have_a_folder_each_and_what_is_left_belongs_to_the_first_that_came() {
        let (_folder, home) = home();
        let lost = home.open_session().unwrap().own;
        keep(&lost, "Lost");
        let first = home.open_session().unwrap();
        keep(&first.own, "First");
        assert!(first.left.is_empty(), "its window is alive");
        drop(lost);
        let second = home.open_session().unwrap();
        let third = home.open_session().unwrap();
        assert_eq!((second.left.len(), third.left.len()), (1, 0));
        drop((first, second, third));
        assert_eq!(found(&home), ["First", "Lost"], "the newest first");
    }

    #[test]
    fn windows_that_start_at_once_share_nothing() {
        let (_folder, home) = home();
        let opened: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| home.open_session().unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let folders: std::collections::BTreeSet<_> = opened.iter().map(|one| one.own.path().to_owned()).collect();
        assert_eq!(folders.len(), 8);
        assert!(opened.iter().all(|one| one.own.path().join(LOCK).exists() && one.left.is_empty()));
    }

    #[test]
    #[ignore = "it is the program that the next test kills"]
    fn a_window_in_a_process_of_its_own() {
        let Some(folder) = std::env::var_os("GLASSBOX_KILLED") else { return };
        let home = Home::at(folder.into()).unwrap();
        let own = home.open_session().unwrap().own;
        keep(&own, "Killed");
        let half = temporary::beside(&home.path("settings.json")).unwrap();
        let half_run = temporary::beside(&own.path().join(RUN.0)).unwrap();
        println!("\nready");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        drop((half, half_run));
    }

    #[test]
    fn a_killed_process_gives_its_folder_back_and_its_half_files_go() {
        let (_folder, home) = home();
        let name = concat!(module_path!(), "::a_window_in_a_process_of_its_own");
        let name = name.split_once("::").unwrap().1;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--ignored", "--nocapture"])
            .env("GLASSBOX_KILLED", home.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap() == "ready"), "the other process could not begin");
        assert_eq!(found(&home), [""; 0], "it is alive");
        child.kill().unwrap();
        child.wait().unwrap();
        let Opened { own, left } = home.open_session().unwrap();
        assert_eq!(left[0].1.project.name, "Killed");
        for folder in [home.folder(), left[0].0.path(), own.path()] {
            assert!(!files(folder).any(|name| name.starts_with('.')), "{folder:?}");
        }
    }

    #[test]
    fn a_crash_between_two_writes_leaves_the_old_pair() {
        let (_folder, home) = home();
        let own = home.open_session().unwrap().own;
        let note = keep(&own, "Old");
        let run = RunNote { name: own.next_run(), step: 10 };
        std::fs::write(own.path().join(&run.name), "old").unwrap();
        let note = Note { run: Some(run), ..note };
        own.commit(&note).unwrap();
        let newer = (own.write_project(&named("New")).unwrap(), own.next_run());
        std::fs::write(own.path().join(&newer.1), "new").unwrap();
        let left = own.left().unwrap();
        assert_eq!(
            (left.project.name.as_str(), left.run.map(|run| std::fs::read(run).unwrap())),
            ("Old", Some(b"old".to_vec()))
        );
        own.commit(&Note { project: newer.0, run: Some(RunNote { name: newer.1, step: 20 }), ..note }).unwrap();
        let left = own.left().unwrap();
        assert_eq!(
            (left.project.name.as_str(), left.run.map(|run| std::fs::read(run).unwrap())),
            ("New", Some(b"new".to_vec()))
        );
        assert_eq!(files(own.path()).count(), 4, "lock, note, project, run");
        own.clear();
        assert_eq!((own.left(), files(own.path()).count()), (None, 1));
    }

    #[test]
    fn whatever_is_damaged_the_rest_comes_back() {
        let (_folder, home) = home();
        let own = home.open_session().unwrap().own;
        keep(&own, "Lost");
        let outside = r#"{"project": "../../elsewhere.glassbox.json"}"#;
        for note in ["", "{", "[]", r#"{"project": 5}"#, r#"{"project": "project-99.glassbox.json"}"#, outside] {
            std::fs::write(own.path().join(NOTE), note).unwrap();
            let left = own.left().unwrap();
            assert_eq!((left.project.name.as_str(), left.is_guessed), ("Lost", true), "{note}");
        }
        std::fs::remove_file(own.path().join(NOTE)).unwrap();
        assert!(own.left().is_some());
        let unreadable = own.path().join("project-1.glassbox.json");
        std::fs::write(&unreadable, "{\"glassbox\": 99}").unwrap();
        drop(own);
        assert_eq!(found(&home), [""; 0]);
        assert!(unreadable.exists(), "another program may read it");
    }

    #[test]
    fn what_programs_before_this_one_left_is_taken_over_once() {
        let (_folder, home) = home();
        let save = |name: &str, folder: PathBuf| {
            std::fs::create_dir_all(&folder).unwrap();
            project_file::save(&named(name), &folder.join(PROJECT_BEFORE)).unwrap();
        };
        save("Earlier", home.path("crash-1"));
        save("Later", home.path("crash-2"));
        save("Last", home.folder().to_owned());
        std::fs::write(home.path("running"), "4").unwrap();
        std::fs::write(home.path(NOTE_BEFORE), r#"{"file": "a.glassbox.json", "has_run": true}"#).unwrap();
        std::fs::write(home.path(RUN_BEFORE), "a run").unwrap();
        let mut names = found(&home);
        names.sort();
        assert_eq!(names, ["Earlier", "Last", "Later"]);
        let left = home.open_session().unwrap().left;
        let (_, last) = left.iter().find(|(_, left)| left.project.name == "Last").unwrap();
        assert_eq!(last.note.file.as_deref(), Some(Path::new("a.glassbox.json")));
        assert!(last.run.as_ref().is_some_and(|run| run.ends_with(RUN_BEFORE)) && last.note.unsaved);
        drop(left);
        let mut now: Vec<_> = files(home.folder()).collect();
        now.sort();
        assert_eq!(now, [LOCK, SESSIONS]);

        save("Closed", home.folder().to_owned());
        assert_eq!(found(&home).len(), 3, "without the mark it had ended on purpose");
        assert!(!home.path(PROJECT_BEFORE).exists());
    }

    #[test]
    fn where_nothing_can_be_written_it_says_so() {
        let (_folder, home) = home();
        std::fs::write(home.path(SESSIONS), "no folder").unwrap();
        let why = home.open_session().unwrap_err().to_string();
        assert!(why.contains("Can't write the file"), "{why}");
    }
}
