//! The program's own folder: settings, autosave, and the mark that tells a crash from an end.
//!
//! `GLASSBOX_HOME` names another one, for tests and for carrying settings on a stick.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Settings;
use super::project_file::{self, FileError};
use crate::model::Project;

/// Folders of crashes begin with this, and end with a number.
const CRASH: &str = "crash-";
const NOTE: &str = "autosave.json";

#[derive(Clone, Debug)]
pub struct Home {
    folder: PathBuf,
}

/// Beside an autosaved project: where it belongs, and whether a run lies next to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AutosaveNote {
    /// The file that the project was opened from.
    pub file: Option<PathBuf>,
    pub has_run: bool,
}

impl Home {
    /// `GLASSBOX_HOME`, or the system's place for a program's configuration. `None` where there is neither or it cannot
    /// be made: the program then works without memory.
    pub fn find() -> Option<Self> {
        let folder = match std::env::var_os("GLASSBOX_HOME") {
            Some(folder) => PathBuf::from(folder),
            None => directories::ProjectDirs::from("", "", "glassbox")?.config_dir().to_path_buf(),
        };
        Self::at(folder)
    }

    pub fn at(folder: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&folder).ok()?;
        Some(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Unreadable settings are worth no message: the defaults are good.
    pub fn read_settings(&self) -> Settings {
        let text = std::fs::read_to_string(self.path("settings.json")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub fn write_settings(&self, settings: &Settings) -> Result<(), FileError> {
        self.write_json("settings.json", settings)
    }

    fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), FileError> {
        let path = self.path(name);
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| FileError::Write { reason: error.to_string(), path: path.clone() })?;
        project_file::write_atomically(&path, text.as_bytes())
    }

    pub fn mark_running(&self) {
        // Without the mark a crash goes unnoticed; that is no reason to refuse to start.
        let _ = std::fs::write(self.path("running"), std::process::id().to_string());
    }

    pub fn clear_running(&self) {
        let _ = std::fs::remove_file(self.path("running"));
    }

    /// When the program last ended without [`Self::clear_running`], its autosave goes to a place of its own: the autosaves of
    /// this session must not be written over it before the person has said what is to become of it. Called before
    /// [`Self::mark_running`], and by the only window.
    pub fn put_crash_aside(&self) {
        if !self.path("running").exists() || !self.autosave_path().exists() {
            return;
        }
        let aside = self.crash(self.crashes().last().map_or(1, |last| last + 1));
        // What cannot be put aside stays where it is; that is no reason to refuse to start.
        if std::fs::create_dir(&aside.folder).is_ok() {
            self.move_autosave(&aside);
        }
    }

    /// The newest of the crashes put aside: a folder that is read as this one, and the project in it.
    pub fn crashed(&self) -> Option<(Self, Project)> {
        self.crashes().into_iter().rev().find_map(|number| {
            let crash = self.crash(number);
            let project = project_file::load(&crash.autosave_path()).ok()?;
            Some((crash, project))
        })
    }

    /// What was put aside becomes this session's autosave.
    pub fn take_back(&self, crash: &Self) {
        crash.move_autosave(self);
        crash.discard();
    }

    /// Nobody wants this crash back.
    pub fn discard(&self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }

    fn crash(&self, number: u32) -> Self {
        Self { folder: self.path(&format!("{CRASH}{number}")) }
    }

    /// Their numbers, the newest last.
    fn crashes(&self) -> Vec<u32> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let number = |entry: std::fs::DirEntry| entry.file_name().to_str()?.strip_prefix(CRASH)?.parse().ok();
        let mut numbers: Vec<u32> = entries.filter_map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The project goes last: without it the rest is not looked at.
    fn move_autosave(&self, to: &Self) {
        for path in [Self::autosave_run_path, Self::autosave_note_path, Self::autosave_path] {
            // There need not be a run.
            let _ = std::fs::rename(path(self), path(to));
        }
    }

    /// Whether the process that left the mark is still there (a second window, not a crash).
    pub fn another_is_running(&self) -> bool {
        let pid = std::fs::read_to_string(self.path("running")).unwrap_or_default();
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        is_alive(&stat) && pid.trim() != std::process::id().to_string()
    }

    pub fn autosave_path(&self) -> PathBuf {
        self.path("autosave.glassbox.json")
    }

    /// What was typed to the debugger on the command line.
    pub fn history_path(&self) -> PathBuf {
        self.path("debug-history")
    }

    /// Where the run of the autosaved project lies.
    pub fn autosave_run_path(&self) -> PathBuf {
        self.path("autosave.safetensors")
    }

    /// The note goes last: it vouches for the files beside it.
    pub fn write_autosave(&self, project: &Project, file: Option<&Path>, has_run: bool) -> Result<(), FileError> {
        project_file::save(project, &self.autosave_path())?;
        self.write_json(NOTE, &AutosaveNote { file: file.map(Path::to_path_buf), has_run })
    }

    pub fn autosave_note(&self) -> AutosaveNote {
        let text = std::fs::read_to_string(self.autosave_note_path()).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn autosave_note_path(&self) -> PathBuf {
        self.path(NOTE)
    }
}

/// Whether a line of /proc/PID/stat is that of this program at work: "812 (glassbox) S …". A process that was killed and that
/// nobody has asked about yet (Z) is dead, and so is one that is being taken down (X).
fn is_alive(stat: &str) -> bool {
    // The name may hold brackets itself.
    let Some((name, rest)) = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')) else { return false };
    let state = rest.trim_start().chars().next();
    name == "glassbox" && state.is_some_and(|state| !matches!(state, 'Z' | 'X' | 'x'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::templates;

    #[test]
    fn only_an_end_without_goodbye_is_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home")).unwrap();
        let project = templates::build("xor").unwrap();
        let crashed = || {
            home.put_crash_aside();
            home.crashed()
        };
        home.mark_running();
        assert!(crashed().is_none(), "nothing was autosaved");
        home.clear_running();
        home.write_autosave(&project, Some(Path::new("mine.glassbox.json")), false).unwrap();
        assert!(crashed().is_none());
        home.mark_running();
        let (crash, found) = crashed().unwrap();
        assert_eq!(found, project);
        assert_eq!(crash.autosave_note().file.as_deref(), Some(Path::new("mine.glassbox.json")));
        crash.discard();
        assert!(crashed().is_none());
    }

    #[test]
    fn crashes_wait_for_an_answer_the_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home")).unwrap();
        home.mark_running();
        for key in ["xor", "moons"] {
            home.write_autosave(&templates::build(key).unwrap(), None, false).unwrap();
            home.put_crash_aside();
            assert!(!home.autosave_path().exists());
        }
        let (crash, project) = home.crashed().unwrap();
        assert_eq!(Some(&project), templates::build("moons").as_ref());
        home.write_autosave(&templates::build("spiral").unwrap(), None, true).unwrap();
        home.take_back(&crash);
        assert_eq!(project_file::load(&home.autosave_path()).unwrap(), project);
        assert!(!home.autosave_note().has_run, "the note is that of the project");
        assert_eq!(home.crashed().map(|(_, project)| project), templates::build("xor"));
    }

    #[test]
    fn a_process_that_only_waits_to_be_buried_is_dead() {
        assert!(is_alive("812 (glassbox) S 1 812 812 0 -1"));
        assert!(is_alive("812 (glassbox) R 1"));
        for dead in ["812 (glassbox) Z 1 812", "812 (glassbox) X 1", "812 (glass) box) S 1", "812 (sh) S 1", ""] {
            assert!(!is_alive(dead), "{dead}");
        }
    }

    #[test]
    fn settings_come_back_and_nonsense_becomes_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_path_buf()).unwrap();
        let settings = Settings { scale: 1.5, reduced_motion: true, ..Settings::default() };
        home.write_settings(&settings).unwrap();
        assert_eq!(home.read_settings(), settings);
        std::fs::write(folder.path().join("settings.json"), "{nonsense").unwrap();
        assert_eq!(home.read_settings(), Settings::default());
    }
}
