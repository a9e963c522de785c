//! What the cache holds, for people.

use std::path::PathBuf;
use std::time::SystemTime;

use super::About;
use super::key;
use crate::files::cache::{Cache, Cached};

/// A table whose rows were converted.
#[derive(Clone, Debug)]
pub struct CachedTable {
    /// The file with its rows.
    pub file: Cached,
    /// The table; `None`: the file is damaged, or of another version.
    pub table: Option<PathBuf>,
    /// How many rows are used.
    pub rows: usize,
    /// Whether the table is still as it was.
    pub is_current: bool,
}

impl CachedTable {
    /// When it was last used.
    pub fn used(&self) -> SystemTime {
        self.file.used
    }
}

/// Those of a cache, the one last used first.
pub fn cached_tables(cache: &Cache) -> Vec<CachedTable> {
    let of = |file: Cached| {
        let about = About::of(&file.path);
        CachedTable {
            is_current: about.as_ref().is_some_and(|about| key::is_current(&about.key)),
            rows: about.as_ref().map_or(0, About::rows),
            table: about.map(|about| about.source),
            file,
        }
    };
    cache.list().into_iter().map(of).collect()
}
