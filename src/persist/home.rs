//! The program's own folder: settings, and what windows have not saved ([`super::SessionFolder`]).
//!
//! `GLASSBOX_HOME` names another one, for tests and for carrying settings on a stick.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::Settings;
use super::project_file::FileError;
use crate::files::{atomic, lock};

const SETTINGS: &str = "settings.json";
/// Settings are read and written in a moment.
const PATIENCE: Duration = Duration::from_millis(500);

/// The folder where settings and unsaved work of one person lie.
#[derive(Clone, Debug)]
pub struct Home {
    folder: PathBuf,
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

    /// Made where it is missing; `None` where that cannot be done.
    pub fn at(folder: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&folder).ok()?;
        Some(Self { folder })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Held while several files here are to be read and written as one. `None`: somebody else does not let go, or the
    /// disk knows no locks.
    pub(super) fn lock(&self, patience: Duration) -> Option<File> {
        lock::take(&self.path("lock"), patience).ok()
    }

    /// Unreadable settings are worth no message: the defaults are good.
    pub fn read_settings(&self) -> Settings {
        serde_json::from_str(&self.settings_text()).unwrap_or_default()
    }

    fn settings_text(&self) -> String {
        std::fs::read_to_string(self.path(SETTINGS)).unwrap_or_default()
    }

    /// Writes what a window has changed since it last read or wrote them (`before`) over what other windows have
    /// written meanwhile. Returns the settings as this window is to have them: its own, with the recent files of all.
    pub fn write_settings(&self, ours: &Settings, before: &Settings) -> Result<Settings, FileError> {
        let path = self.path(SETTINGS);
        let failed = |error: serde_json::Error| FileError::write(&path, error);
        // Without the lock the worst that can happen is that another window's change of this moment is lost.
        let _alone = self.lock(PATIENCE);
        let text = self.settings_text();
        let (theirs, mut whole) = match (serde_json::from_str::<Settings>(&text), serde_json::from_str(&text)) {
            (Ok(theirs), Ok(Value::Object(whole))) => (theirs, whole),
            _ => (before.clone(), serde_json::Map::new()),
        };
        let ours = Settings { recent: ours.merged_recent(before, &theirs), ..ours.clone() };
        let (now, before) =
            (serde_json::to_value(&ours).map_err(failed)?, serde_json::to_value(before).map_err(failed)?);
        for (key, value) in now.as_object().into_iter().flatten() {
            // What nobody changed here is theirs; what this program does not know stays.
            if before[key] != *value || !whole.contains_key(key) || key == "recent" {
                whole.insert(key.clone(), value.clone());
            }
        }
        let text = serde_json::to_string_pretty(&whole).map_err(failed)?;
        atomic::write(&path, text.as_bytes())?;
        Ok(ours)
    }

    /// What was typed to the debugger on the command line.
    pub fn history_path(&self) -> PathBuf {
        self.path("debug-history")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persist::{Recent, Theme};

    #[test]
    fn two_windows_do_not_undo_each_others_settings() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_path_buf()).unwrap();
        let recent = |name: &str, opened_secs| Recent { path: name.into(), name: name.to_owned(), opened_secs };
        let names = |settings: &Settings| settings.recent.iter().map(|r| r.name.clone()).collect::<Vec<_>>();
        let first = Settings { recent: vec![recent("old", 1)], ..Settings::default() };
        let first = home.write_settings(&first, &Settings::default()).unwrap();
        let second = home.read_settings();

        let lit = Settings { theme: Theme::Light, recent: vec![recent("mine", 5), recent("old", 1)], ..first.clone() };
        let lit = home.write_settings(&lit, &first).unwrap();
        let large = Settings { scale: 2.0, recent: vec![recent("yours", 4), recent("old", 1)], ..second.clone() };
        let large = home.write_settings(&large, &second).unwrap();
        assert_eq!((large.theme, large.scale), (Theme::Dark, 2.0), "a window does not change its looks by itself");
        let both = home.read_settings();
        assert_eq!((both.theme, both.scale), (Theme::Light, 2.0));
        assert_eq!(names(&both), ["mine", "yours", "old"]);

        let opened = Settings { recent: vec![recent("mine", 9)], ..large.clone() };
        home.write_settings(&opened, &large).unwrap();
        assert_eq!(names(&home.read_settings()), ["mine"], "what was taken away stays away");
        home.write_settings(&Settings { scale: 1.5, ..lit.clone() }, &lit).unwrap();
        assert_eq!(home.read_settings().recent, [recent("mine", 9)]);
    }

    #[test]
    fn settings_of_a_newer_program_stay() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_path_buf()).unwrap();
        std::fs::write(folder.path().join(SETTINGS), r#"{"scale": 1.5, "yet to come": 7}"#).unwrap();
        let read = home.read_settings();
        home.write_settings(&Settings { reduced_motion: true, ..read.clone() }, &read).unwrap();
        assert!(home.settings_text().contains("yet to come"));
        assert_eq!(home.read_settings(), Settings { reduced_motion: true, ..read });
    }

    #[test]
    fn settings_come_back_and_nonsense_becomes_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_path_buf()).unwrap();
        let settings = Settings { scale: 1.5, reduced_motion: true, ..Settings::default() };
        home.write_settings(&settings, &Settings::default()).unwrap();
        assert_eq!(home.read_settings(), settings);
        std::fs::write(folder.path().join(SETTINGS), "{nonsense").unwrap();
        assert_eq!(home.read_settings(), Settings::default());
        home.write_settings(&settings, &settings).unwrap();
        assert_eq!(home.read_settings(), settings);
    }
}
