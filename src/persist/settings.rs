//! What the program remembers of its user: theme, scale, recent files.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Arrangement;
use crate::engine::Device;

/// What a person has chosen for the whole program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Dark or light.
    pub theme: Theme,
    /// 1.0 to 2.0.
    pub scale: f32,
    /// Nothing moves by itself.
    pub reduced_motion: bool,
    /// What the debugger may take for checkpoints.
    pub checkpoint_memory_mib: u32,
    /// Which runs are kept beside a project.
    pub keep_runs: KeepRuns,
    /// Where networks train.
    pub device: Device,
    /// At which pace, 0 (slowest) to 1 (full speed); `None` before anybody has chosen one.
    pub speed: Option<f32>,
    /// The tour of the window has begun once.
    pub tour_seen: bool,
    /// Whether templates for beginners open with few layers and settings.
    pub simple: bool,
    /// Where the panels of the window stand.
    pub panels: Arrangement,
    /// Python interpreters, or their folders, that were named to train with.
    pub interpreters: Vec<PathBuf>,
    /// Newest first, at most ten.
    pub recent: Vec<Recent>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::Dark,
            scale: 1.0,
            reduced_motion: false,
            checkpoint_memory_mib: 256,
            keep_runs: KeepRuns::All,
            device: Device::Cpu,
            speed: None,
            tour_seen: false,
            simple: true,
            panels: Arrangement::default(),
            interpreters: Vec::new(),
            recent: Vec::new(),
        }
    }
}

/// Files that are remembered.
const REMEMBERED: usize = 10;

impl Settings {
    /// A file that was opened or saved.
    pub fn remember(&mut self, recent: Recent) {
        self.recent.retain(|known| known.path != recent.path);
        self.recent.insert(0, recent);
        self.recent.truncate(REMEMBERED);
    }

    /// The files of a window that knew those of `before`, and what another has written meanwhile.
    pub(super) fn merged_recent(&self, before: &Self, theirs: &Self) -> Vec<Recent> {
        let has = |settings: &Self, path: &PathBuf| settings.recent.iter().any(|recent| recent.path == *path);
        // What was known before and is known no more was taken away, here or there.
        let is_gone = |from: &Self, recent: &Recent| before.recent.contains(recent) && !has(from, &recent.path);
        let ours = self.recent.iter().filter(|recent| !is_gone(theirs, recent));
        let news = theirs.recent.iter().filter(|recent| !is_gone(self, recent));
        let mut all: Vec<_> = ours.chain(news).cloned().collect();
        all.sort_by_key(|recent| std::cmp::Reverse(recent.opened_secs));
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|recent| seen.insert(recent.path.clone()));
        all.truncate(REMEMBERED);
        all
    }
}

/// The colours of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
}

/// Runs that were pinned are kept in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepRuns {
    /// Each that has done a step.
    #[default]
    All,
    /// The one on the table only.
    Last,
    /// The project alone.
    None,
}

/// A project that was opened or saved lately.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recent {
    /// The project file.
    pub path: PathBuf,
    /// What the project is called.
    pub name: String,
    /// Seconds since 1970.
    pub opened_secs: u64,
}
