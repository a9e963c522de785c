//! What converted rows were made of: files, their sizes and dates, and every setting that shapes a number.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::json;

use crate::data::DataError;
use crate::model::{DataSpec, Source};

/// Another way to read tables or to lay out the file is another version.
const VERSION: u32 = 2;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    text: String,
    name: String,
}

impl Key {
    /// `files`: those of the table. Errors: one is not there.
    pub fn new(files: &[PathBuf], spec: &DataSpec) -> Result<Self, DataError> {
        let stamps = stamps(files)?;
        // The same table by another path is the same.
        let mut spec = spec.clone();
        if let Source::Csv(csv) = &mut spec.source {
            csv.path = PathBuf::new();
        }
        let program = env!("CARGO_PKG_VERSION");
        let text = json!({ "version": VERSION, "program": program, "files": stamps, "settings": spec }).to_string();
        let name = format!("{:016x}", hash(text.as_bytes()));
        Ok(Self { text, name })
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Of the file in the cache.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Where a file is, its size and its date.
pub type Stamp = (PathBuf, u64, u64);

/// Errors: one is not there.
pub fn stamps(files: &[PathBuf]) -> Result<Vec<Stamp>, DataError> {
    let of = |file: &PathBuf| {
        stamp(file).map_err(|error| DataError::new(format!("Can't read the file ({error}): {}", file.display())))
    };
    files.iter().map(of).collect()
}

/// Whether there are files, and all of them are as they were.
pub fn are_current(stamps: &[Stamp]) -> bool {
    !stamps.is_empty() && stamps.iter().all(|known| stamp(&known.0).is_ok_and(|now| now == *known))
}

fn stamp(file: &Path) -> std::io::Result<Stamp> {
    let about = file.metadata()?;
    let since = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok((file.canonicalize()?, about.len(), since.as_nanos() as u64))
}

/// Whether the files of a key are as they were.
pub(super) fn is_current(text: &str) -> bool {
    let key: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    are_current(&serde_json::from_value::<Vec<Stamp>>(key["files"].clone()).unwrap_or_default())
}

/// FNV-1a. What two keys have in common by chance, the text in the file tells apart.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
