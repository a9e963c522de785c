//! The runs of a project on disk: a folder beside its file, `NAME.runs` beside `NAME.glassbox.json`. Of every run a
//! checkpoint (`run-1.safetensors`, which opens by itself) and a card (`run-1.json`) that is quick to read and to
//! change.
//!
//! Several programs may write at once: a new run claims its number first, and every file is replaced whole. What a
//! checkpoint says of the run is its writer's own.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::checkpoint;
use super::project_file::{self, FileError};
use crate::files::{self, atomic};
use crate::trace::{Arrival, Bookmark, Breakpoint, RunCard};

const TENSORS: &str = "safetensors";
const CARD: &str = "json";
const PREFIX: &str = "run-";
/// Where runs wait that were deleted and may be wanted back.
const DELETED: &str = "deleted";
const DESK: &str = "desk.json";
/// A card is a few kilobytes; anything beyond this is not one.
const MAX_CARD: u64 = 64 << 20;

/// The runs beside a project, a file each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    folder: PathBuf,
}

/// What lay on the desk beside the runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Desk {
    /// The run that was on the table, by its id.
    pub live: Option<String>,
    /// Where training is to stop.
    pub breakpoints: Vec<Breakpoint>,
    /// Expressions of the watch list.
    pub watches: Option<Vec<String>>,
    /// Those of them that are drawn as curves.
    pub curves: Vec<String>,
    /// Tensors that stay in sight.
    pub pins: Vec<String>,
    /// Few layers and settings are shown; the rest stands behind a button.
    pub simple: bool,
    /// Moments with a name.
    pub bookmarks: Vec<Bookmark>,
    /// Findings of the diagnosis that a person does not want to see: the rule, and the place as the rule knows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dismissed: Vec<[String; 2]>,
    /// What was said of the model that the project was imported from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrival: Option<Arrival>,
}

/// Which state of a file was read or written, to notice that somebody else has written since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    bytes: u64,
    written: Option<SystemTime>,
}

impl RunFolder {
    /// It need not exist yet.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// That of a project file, whether it is there or not.
    pub fn beside(project: &Path) -> Self {
        let stem = project_file::name_of(project).unwrap_or_default();
        Self { folder: project.with_file_name(format!("{stem}.runs")) }
    }

    /// Where it is, or would be.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The file of a run.
    pub fn checkpoint(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.{TENSORS}"))
    }

    fn card(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.{CARD}"))
    }

    /// Every run there is, in the order in which they began; and a sentence about each that cannot be read.
    pub fn list(&self) -> (Vec<RunCard>, Vec<String>) {
        let (mut cards, mut problems) = (Vec::new(), Vec::new());
        for id in self.ids() {
            match self.read(&id) {
                Ok(card) => cards.push(card),
                Err(error) => problems.push(error.to_string()),
            }
        }
        cards.sort_by(|a, b| (a.began_secs, number(&a.id), &a.id).cmp(&(b.began_secs, number(&b.id), &b.id)));
        (cards, problems)
    }

    /// Those that have a checkpoint: a card alone is only a claim.
    fn ids(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let id = |entry: std::fs::DirEntry| {
            let path = entry.path();
            let is_run = path.extension().is_some_and(|ending| ending == TENSORS);
            let stem = path.file_stem()?.to_str()?;
            (is_run && !stem.starts_with('.')).then(|| stem.to_owned())
        };
        entries.filter_map(id).collect()
    }

    /// The card of a run; of a checkpoint that somebody put here without one, what the checkpoint itself tells.
    pub fn read(&self, id: &str) -> Result<RunCard, FileError> {
        let (path, tensors) = (self.card(id), self.checkpoint(id));
        let bytes = std::fs::metadata(&tensors).map_or(0, |there| there.len());
        let card = std::fs::metadata(&path).ok().filter(|there| there.len() <= MAX_CARD).and_then(|_| {
            let text = std::fs::read_to_string(&path).ok()?;
            // A claim that nobody has filled in is no card.
            serde_json::from_str::<RunCard>(&text).ok().filter(|card| card.steps > 0 || card.began_secs > 0)
        });
        if let Some(card) = card {
            return Ok(RunCard { id: id.to_owned(), bytes, ..card });
        }
        let inside = checkpoint::load_header(&tensors)?;
        let steps = serde_json::from_str::<serde_json::Value>(&inside.place).ok();
        let steps = steps.and_then(|place| place["step"].as_u64()).unwrap_or(0);
        Ok(RunCard {
            id: id.to_owned(),
            name: id.to_owned(),
            project: inside.project,
            steps,
            bytes,
            ..RunCard::default()
        })
    }

    /// An id that nobody else will take, and that is none of `known` either: runs on their way here from another
    /// folder.
    pub fn claim<'a>(&self, known: impl IntoIterator<Item = &'a str>) -> Result<String, FileError> {
        let failed = |error: std::io::Error| FileError::write(&self.folder, error);
        std::fs::create_dir_all(&self.folder).map_err(failed)?;
        let taken = |folder: &Path| -> u64 {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let ids = entries.filter_map(|entry| Some(number(entry.path().file_stem()?.to_str()?)));
            ids.max().unwrap_or(0)
        };
        // What was deleted may come back under its own number.
        let known = known.into_iter().map(number).max().unwrap_or(0);
        let mut next = known.max(taken(&self.folder)).max(taken(&self.folder.join(DELETED))) + 1;
        loop {
            let id = format!("{PREFIX}{next}");
            match File::create_new(self.card(&id)) {
                Ok(_) => return Ok(id),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => next += 1,
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Replaces the card of a run.
    pub fn write(&self, card: &RunCard) -> Result<(), FileError> {
        let path = self.card(&card.id);
        let text = serde_json::to_string_pretty(card).map_err(|error| FileError::write(&path, error))?;
        Ok(atomic::write(&path, text.as_bytes())?)
    }

    /// Changes the card of a run as it stands on disk, so that what others wrote there stays.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut RunCard)) -> Result<RunCard, FileError> {
        let mut card = self.read(id)?;
        change(&mut card);
        self.write(&card)?;
        Ok(card)
    }

    /// Of the checkpoint of a run; `None` where there is none.
    pub fn stamp(&self, id: &str) -> Option<Stamp> {
        let there = std::fs::metadata(self.checkpoint(id)).ok()?;
        Some(Stamp { bytes: there.len(), written: there.modified().ok() })
    }

    /// Puts a run aside, whence [`Self::restore`] brings it back.
    pub fn delete(&self, id: &str) -> Result<(), FileError> {
        let aside = Self::at(self.folder.join(DELETED));
        std::fs::create_dir_all(&aside.folder).map_err(|error| FileError::write(&aside.folder, error))?;
        self.move_to(&aside, id)
    }

    /// Has a run back that was deleted, as long as the project is open.
    pub fn restore(&self, id: &str) -> Result<(), FileError> {
        Self::at(self.folder.join(DELETED)).move_to(self, id)
    }

    /// What was deleted is gone for good.
    pub fn forget_deleted(&self) {
        // What cannot be removed only takes room.
        let _ = std::fs::remove_dir_all(self.folder.join(DELETED));
    }

    /// The checkpoint goes first: without it a card is no run.
    fn move_to(&self, other: &Self, id: &str) -> Result<(), FileError> {
        let moved = |from: PathBuf, to: PathBuf| {
            let failed = |error: std::io::Error| FileError::write(&from, error);
            std::fs::rename(&from, to).map_err(failed)
        };
        moved(self.checkpoint(id), other.checkpoint(id))?;
        // A checkpoint that came without a card has none to follow it.
        let _ = moved(self.card(id), other.card(id));
        Ok(())
    }

    /// Copies all runs and the desk into another folder, where nothing is written over. Returns the runs that were
    /// copied.
    pub fn copy_to(&self, other: &Self) -> Result<Vec<String>, FileError> {
        let mut copied = Vec::new();
        if self == other || !self.folder.is_dir() {
            return Ok(copied);
        }
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error: std::io::Error| FileError::write(&path, error)
        };
        std::fs::create_dir_all(&other.folder).map_err(failed(&other.folder))?;
        for id in self.ids() {
            let (from, to) = (self.checkpoint(&id), other.checkpoint(&id));
            if !to.exists() {
                std::fs::copy(&from, &to).map_err(failed(&to))?;
                if let Ok(card) = self.read(&id) {
                    other.write(&card)?;
                }
                copied.push(id);
            }
        }
        if let (Some(desk), false) = (self.read_desk(), other.folder.join(DESK).exists()) {
            other.write_desk(&desk)?;
        }
        Ok(copied)
    }

    /// What all runs take on disk.
    pub fn bytes(&self) -> u64 {
        let size = |id: &String| std::fs::metadata(self.checkpoint(id)).map_or(0, |there| there.len());
        self.ids().iter().map(size).sum()
    }

    /// `None` where there is none, or none that can be read.
    pub fn read_desk(&self) -> Option<Desk> {
        serde_json::from_str(&std::fs::read_to_string(self.folder.join(DESK)).ok()?).ok()
    }

    /// Changes what lies on the desk as it stands on disk, so that what others wrote there stays.
    pub fn change_desk(&self, change: impl FnOnce(&mut Desk)) -> Result<(), FileError> {
        let path = self.folder.join(DESK);
        let failed = |reason: String| FileError::from(files::FileError::read(&path, reason));
        let mut desk = match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Desk::default(),
            Err(error) => return Err(failed(error.to_string())),
        };
        change(&mut desk);
        self.write_desk(&desk)
    }

    /// Written whole or not at all.
    pub fn write_desk(&self, desk: &Desk) -> Result<(), FileError> {
        let path = self.folder.join(DESK);
        let failed = |reason: String| FileError::write(&path, reason);
        std::fs::create_dir_all(&self.folder).map_err(|error| failed(error.to_string()))?;
        let text = serde_json::to_string_pretty(desk).map_err(|error| failed(error.to_string()))?;
        Ok(atomic::write(&path, text.as_bytes())?)
    }
}

/// Of `run-7`; 0 for what is called otherwise.
fn number(id: &str) -> u64 {
    id.strip_prefix(PREFIX).and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::templates;
    use crate::persist::checkpoint::Checkpoint;

    fn folder(within: &Path) -> RunFolder {
        RunFolder::beside(&within.join("spiral.glassbox.json"))
    }

    fn put(runs: &RunFolder, name: &str, began_secs: u64) -> String {
        let id = runs.claim([]).unwrap();
        let project = templates::build("xor").unwrap();
        let place = format!("{{\"step\":{began_secs}}}");
        let file = Checkpoint { project: project.clone(), place, tensors: Vec::new() };
        checkpoint::save(&file, &runs.checkpoint(&id)).unwrap();
        let card = RunCard { id: id.clone(), name: name.into(), project, began_secs, steps: 5, ..RunCard::default() };
        runs.write(&card).unwrap();
        id
    }

    fn names(runs: &RunFolder) -> Vec<String> {
        runs.list().0.into_iter().map(|card| card.name).collect()
    }

    #[test]
    fn the_folder_lies_beside_the_project_under_its_name() {
        let of = |file: &str| RunFolder::beside(Path::new(file)).path().to_owned();
        assert_eq!(of("a/spiral.glassbox.json"), Path::new("a/spiral.runs"));
        assert_eq!(of("spiral.json"), Path::new("spiral.runs"));
        assert_eq!(of("v1.2.glassbox.json"), Path::new("v1.2.runs"));
        assert_eq!(of("plain"), Path::new("plain.runs"));
    }

    #[test]
    fn runs_are_listed_by_age_changed_deleted_and_had_back() {
        let home = tempfile::tempdir().unwrap();
        let runs = folder(home.path());
        assert_eq!(runs.list(), (Vec::new(), Vec::new()));
        let second = put(&runs, "second", 20);
        let first = put(&runs, "first", 10);
        assert_eq!(names(&runs), ["first", "second"]);
        let card = runs.change(&first, |card| card.note = "wide".into()).unwrap();
        assert!(card.bytes > 0 && runs.bytes() > card.bytes);
        assert_eq!(runs.read(&first).unwrap(), card);
        runs.delete(&second).unwrap();
        assert_eq!(names(&runs), ["first"]);
        assert_eq!(runs.claim([]).unwrap(), "run-3", "the number of what was deleted is not given again");
        runs.restore(&second).unwrap();
        assert_eq!(names(&runs), ["first", "second"]);
        runs.delete(&first).unwrap();
        runs.forget_deleted();
        assert!(runs.restore(&first).is_err());
    }

    #[test]
    fn a_claim_is_nobody_elses_and_no_run_yet() {
        let home = tempfile::tempdir().unwrap();
        let (one, two) = (folder(home.path()), folder(home.path()));
        let claimed = [one.claim([]).unwrap(), two.claim([]).unwrap(), one.claim([]).unwrap()];
        assert_eq!(claimed, ["run-1", "run-2", "run-3"]);
        assert_eq!(two.claim(["run-7", "mine"]).unwrap(), "run-8");
        assert!(one.list().0.is_empty());
    }

    #[test]
    fn a_checkpoint_without_a_card_is_a_run_and_what_is_none_is_said() {
        let home = tempfile::tempdir().unwrap();
        let runs = folder(home.path());
        let id = put(&runs, "mine", 40);
        std::fs::copy(runs.checkpoint(&id), runs.path().join("from a friend.safetensors")).unwrap();
        std::fs::write(runs.path().join("broken.safetensors"), "nonsense").unwrap();
        std::fs::write(runs.card(&id), "{nonsense").unwrap();
        let (cards, problems) = runs.list();
        let told: Vec<_> = cards.iter().map(|card| (card.name.as_str(), card.steps)).collect();
        assert_eq!(told, [("from a friend", 40), ("run-1", 40)]);
        assert!(problems.len() == 1 && problems[0].contains("broken"), "{problems:?}");
    }

    #[test]
    fn a_desk_is_changed_where_it_lies_and_one_that_cannot_be_read_is_not_written_over() {
        let home = tempfile::tempdir().unwrap();
        let runs = folder(home.path());
        runs.change_desk(|desk| desk.pins.push("%1".into())).unwrap();
        runs.change_desk(|desk| desk.simple = true).unwrap();
        assert_eq!(runs.read_desk(), Some(Desk { pins: vec!["%1".into()], simple: true, ..Desk::default() }));
        std::fs::write(runs.path().join(DESK), "{nonsense").unwrap();
        assert!(matches!(
            runs.change_desk(|desk| desk.simple = false),
            Err(FileError::File(files::FileError::Read { .. }))
        ));
        assert_eq!(std::fs::read_to_string(runs.path().join(DESK)).unwrap(), "{nonsense");
    }

    #[test]
    fn a_copy_has_everything_and_writes_over_nothing() {
        let home = tempfile::tempdir().unwrap();
        let runs = folder(home.path());
        let id = put(&runs, "mine", 1);
        let desk = Desk { live: Some(id.clone()), pins: vec!["%1".into()], ..Desk::default() };
        runs.write_desk(&desk).unwrap();
        let copy = RunFolder::beside(&home.path().join("copy.glassbox.json"));
        runs.copy_to(&copy).unwrap();
        assert_eq!((copy.list(), copy.read_desk()), (runs.list(), Some(desk)));
        copy.change(&id, |card| card.name = "theirs".into()).unwrap();
        runs.copy_to(&copy).unwrap();
        assert_eq!(names(&copy), ["theirs"]);
    }
}
