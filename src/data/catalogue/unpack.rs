//! Takes the files that are wanted out of an archive, wherever in it they lie, and leaves the rest.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};

/// Of a file of which no size is known.
const MOST: u64 = 1 << 20;
/// What a whole archive may unpack to.
const MOST_IN_ALL: u64 = 2_000_000_000;

/// Puts them into a folder; the archive is removed when all are there.
pub(super) fn unpack(
    archive: &Path,
    into: &Path,
    wanted: &[(&str, Option<u64>)],
    progress: &dyn Progress,
) -> Result<(), DataError> {
    let told = |error: std::io::Error| {
        DataError::new(format!(
            "The archive can't be unpacked ({error}). Delete it and fetch it again: {}",
            archive.display()
        ))
    };
    let packed = GzDecoder::new(BufReader::with_capacity(1 << 16, File::open(archive).map_err(told)?));
    let mut tar = tar::Archive::new(packed.take(MOST_IN_ALL));
    let mut missing: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
    for entry in tar.entries().map_err(told)? {
        stop_if_cancelled(progress)?;
        let mut entry = entry.map_err(told)?;
        let path = entry.path().map_err(told)?.into_owned();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some((name, size)) = wanted.iter().find(|(wanted, _)| *wanted == name) else { continue };
        let fits = size.map_or(entry.size() <= MOST, |size| entry.size() == size);
        if !entry.header().entry_type().is_file() || !fits || !missing.contains(name) {
            continue;
        }
        let mut file = tempfile::NamedTempFile::new_in(into).map_err(told)?;
        std::io::copy(&mut entry, &mut file).map_err(told)?;
        file.persist(into.join(name)).map_err(|error| told(error.error))?;
        missing.retain(|other| other != name);
    }
    if !missing.is_empty() {
        let text = format!("The archive has no {}. Delete it and fetch it again", missing.join(", "));
        return Err(DataError::new(format!("{text}: {}", archive.display())));
    }
    std::fs::remove_file(archive).map_err(told)
}
