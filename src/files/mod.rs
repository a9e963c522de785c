//! Floor 1: files as such: written whole or not at all, locked, left behind, mapped, cached; tensors in them. Knows
//! nothing of what stands in them.

pub mod atomic;
pub mod cache;
pub mod download;
pub mod lock;
pub mod mapped;
pub mod memory;
pub mod npy;
pub mod temporary;
pub mod tensors;

use std::path::{Path, PathBuf};

pub use tensors::{NamedTensor, TensorFile, Values};

/// Why a file cannot be read or written: what, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// `reason`: the system's.
    #[error("Can't read the file ({reason}): {}", path.display())]
    Read {
        /// What the system says.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// It could not be written; the reason is the system's.
    #[error("Can't write the file ({reason}). Choose another location or free some space: {}", path.display())]
    Write {
        /// What the system says.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// `reason`: half a sentence.
    #[error("This file has no tensors that can be read: {reason}. File: {}", path.display())]
    NotTensors {
        /// Half a sentence.
        reason: String,
        /// The file.
        path: PathBuf,
    },
}

impl FileError {
    /// A file that cannot be read.
    pub fn read(path: &Path, why: impl ToString) -> Self {
        Self::Read { reason: why.to_string(), path: path.to_owned() }
    }

    /// One that cannot be written.
    pub fn write(path: &Path, why: impl ToString) -> Self {
        Self::Write { reason: why.to_string(), path: path.to_owned() }
    }
}
