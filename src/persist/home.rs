//! The program's own folder: settings, autosave, and the mark that tells a crash from an end.
//!
//! `GLASSBOX_HOME` names another one, for tests and for carrying settings on a stick.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Settings;
use super::project_file::{self, FileError};
use crate::model::Project;

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

    /// What was autosaved, when the program last ended without [`Self::clear_running`].
    pub fn crashed_project(&self) -> Option<Project> {
        if !self.path("running").exists() || self.another_is_running() {
            return None;
        }
        project_file::load(&self.autosave_path()).ok()
    }

    /// Whether the process that left the mark is still there (a second window, not a crash).
    fn another_is_running(&self) -> bool {
        let pid = std::fs::read_to_string(self.path("running")).unwrap_or_default();
        let comm = std::fs::read_to_string(format!("/proc/{}/comm", pid.trim())).unwrap_or_default();
        comm.trim() == "glassbox" && pid.trim() != std::process::id().to_string()
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
        self.write_json("autosave.json", &AutosaveNote { file: file.map(Path::to_path_buf), has_run })
    }

    pub fn autosave_note(&self) -> AutosaveNote {
        let text = std::fs::read_to_string(self.path("autosave.json")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
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
        home.mark_running();
        assert!(home.crashed_project().is_none(), "nothing was autosaved");
        home.write_autosave(&project, Some(Path::new("mine.glassbox.json")), false).unwrap();
        assert_eq!(home.crashed_project(), Some(project));
        assert_eq!(home.autosave_note().file.as_deref(), Some(Path::new("mine.glassbox.json")));
        home.clear_running();
        assert!(home.crashed_project().is_none());
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
