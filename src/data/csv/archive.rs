//! Files packed into one: gzip, zstd, and a zip archive with a single file in it.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::copy::{Out, written};
use super::kinds::Kind;
use super::table::unreadable;
use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};

/// Read at once.
const BLOCK: usize = 1 << 16;
/// So many names of files are read.
const MOST_PARTS: usize = 100_000;

pub(super) enum Archive {
    Gzip,
    Zstd,
    /// The file at this place of it.
    Zip(usize),
}

fn damaged(error: &dyn std::fmt::Display) -> DataError {
    DataError::new(format!("The archive is damaged or cut short ({error})."))
}

/// The names of the files in a zip archive, with their places.
pub(super) fn parts(file: &Path) -> Result<Vec<(usize, String)>, DataError> {
    let from = BufReader::new(File::open(file).map_err(|error| damaged(&error))?);
    let archive = ZipArchive::new(from).map_err(|error| damaged(&error))?;
    let mut parts = Vec::new();
    for place in 0..archive.len().min(MOST_PARTS) {
        let Some(name) = archive.name_for_index(place) else { continue };
        let name = name.map_err(|error| damaged(&error))?.into_owned();
        let last = name.rsplit('/').next().unwrap_or_default();
        let is_junk = last.is_empty() || name.starts_with("__MACOSX/") || last == ".DS_Store";
        if !is_junk {
            parts.push((place, name));
        }
    }
    Ok(parts)
}

impl Archive {
    /// `file` is what is looked at; `path` is what a person knows.
    pub fn of(start: &[u8], file: &Path, path: &Path) -> Result<Option<Self>, DataError> {
        if start.starts_with(b"\x1f\x8b") {
            return Ok(Some(Self::Gzip));
        }
        if start.starts_with(b"\x28\xb5\x2f\xfd") {
            return Ok(Some(Self::Zstd));
        }
        if !start.starts_with(b"PK\x03\x04") || Kind::of(start, file).is_some() {
            return Ok(None);
        }
        let of_path = |error: DataError| DataError::new(format!("{} File: {}", error.message, path.display()));
        match parts(file).map_err(of_path)?.as_slice() {
            [(place, _)] => Ok(Some(Self::Zip(*place))),
            parts => {
                let named: Vec<&str> = parts.iter().take(3).map(|(_, name)| name.as_str()).collect();
                let more = if parts.len() > 3 { " ..." } else { "" };
                Err(DataError::new(format!(
                    "This is a zip archive of {} files ({}{more}). Unpack it and choose one: {}",
                    parts.len(),
                    named.join(", "),
                    path.display()
                )))
            }
        }
    }

    pub fn unpack(&self, file: &Path, path: &Path, out: &mut Out, progress: &dyn Progress) -> Result<(), DataError> {
        let packed = BufReader::new(File::open(file).map_err(|error| unreadable(&error, path))?);
        match self {
            Self::Gzip => pass(MultiGzDecoder::new(packed), out, progress),
            Self::Zstd => pass(zstd::Decoder::with_buffer(packed).map_err(|error| damaged(&error))?, out, progress),
            Self::Zip(place) => {
                let mut archive = ZipArchive::new(packed).map_err(|error| damaged(&error))?;
                let inside = archive.by_index(*place).map_err(|error| damaged(&error))?;
                pass(inside, out, progress)
            }
        }
    }
}

fn pass(mut inside: impl Read, out: &mut Out, progress: &dyn Progress) -> Result<(), DataError> {
    let mut block = vec![0; BLOCK];
    loop {
        stop_if_cancelled(progress)?;
        match inside.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(read) => written(out, &block[..read])?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(damaged(&error)),
        }
    }
}
