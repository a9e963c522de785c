//! How much memory a table may take, and where what is larger lies on disk.

use crate::files::cache::Cache;
use crate::files::memory;

/// A table that takes more is large, however much memory there is.
const USUAL: u64 = 1_200_000_000;
/// Of what the system could give now.
const SHARE: u64 = 3;

/// For the samples of a table.
#[derive(Clone, Debug)]
pub struct Room {
    /// Bytes that a table may take in memory.
    pub memory: u64,
    /// Where the rows of larger ones are kept.
    pub cache: Option<Cache>,
}

impl Room {
    /// Of this machine, unless `GLASSBOX_TABLE_MEMORY` says how much memory ("500 MB").
    pub fn here() -> Self {
        let said = std::env::var("GLASSBOX_TABLE_MEMORY").ok().and_then(|text| memory::parse_size(&text));
        let usual = || memory::available().map_or(USUAL, |available| USUAL.min(available / SHARE));
        Self { memory: said.unwrap_or_else(usual), cache: Cache::find() }
    }
}
