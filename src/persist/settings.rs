//! What the program remembers of its user: theme, scale, recent files.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::engine::Device;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub theme: Theme,
    /// 1.0 to 2.0.
    pub scale: f32,
    pub reduced_motion: bool,
    /// What the debugger may take for checkpoints.
    pub checkpoint_memory_mib: u32,
    /// Which runs are kept beside a project.
    pub keep_runs: KeepRuns,
    /// Where networks train.
    pub device: Device,
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
            recent: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    Dark,
    Light,
}

/// Runs that were pinned are kept in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepRuns {
    #[default]
    All,
    /// The one on the table only.
    Last,
    None,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recent {
    pub path: PathBuf,
    pub name: String,
    /// Seconds since 1970.
    pub opened_secs: u64,
}
