//! Text that has to be made, in a temporary file that must not grow beyond what a table may have.

use std::io::{Error, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::data::DataError;

/// More text is not unpacked.
const MAX_FILE: u64 = 3_000_000_000;

pub(super) struct Out {
    file: NamedTempFile,
    size: u64,
}

pub(super) fn copy(
    path: &Path,
    fill: impl FnOnce(&mut Out) -> Result<(), DataError>,
) -> Result<NamedTempFile, DataError> {
    let temporary =
        |error: Error| DataError::new(format!("Couldn't make room to unpack the file ({error}): {}", path.display()));
    let mut out = Out { file: NamedTempFile::new().map_err(temporary)?, size: 0 };
    fill(&mut out).map_err(|error| DataError::new(format!("{} File: {}", error.message, path.display())))?;
    out.file.flush().map_err(temporary)?;
    Ok(out.file)
}

pub(super) fn written(out: &mut Out, bytes: &[u8]) -> Result<(), DataError> {
    out.write_all(bytes).map_err(|error| unwritten(&error))
}

/// What to say of an error of [`Out`].
pub(super) fn unwritten(error: &Error) -> DataError {
    DataError::new(format!("Couldn't unpack it: {error}."))
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.size += bytes.len() as u64;
        if self.size > MAX_FILE {
            return Err(Error::other(format!("the text in it is larger than {:.1} GB", MAX_FILE as f64 / 1e9)));
        }
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
