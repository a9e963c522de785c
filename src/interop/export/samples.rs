//! The samples: the files that they were read from, or an archive of four arrays as numpy keeps them.

use std::io::{Cursor, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{ExportError, File, file, text};
use crate::data::{Dataset, Samples};
use crate::files::{FileError, npy};
use crate::interop::samples;

/// What `data.py` reads.
pub fn files(dataset: &Dataset) -> Result<Vec<File>, ExportError> {
    let Some(origin) = &dataset.origin else { return Ok(vec![file("data.npz", npz(dataset)?)]) };
    let mut all: Vec<File> = samples::split(origin).iter().map(|split| text("split.json", split)).collect();
    for (path, name) in samples::files(origin) {
        if let Some(name) = name {
            let bytes = std::fs::read(path).map_err(|error| ExportError::File(FileError::read(path, error)))?;
            all.push(file(&name, bytes));
        }
    }
    Ok(all)
}

/// `data.npz`: `train_x` `[N, ...]`, `train_y`, `validation_x`, `validation_y`; `train_w` and `validation_w` where rows
/// have weights.
pub fn npz(dataset: &Dataset) -> Result<Vec<u8>, ExportError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // The same samples make the same file.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .large_file(true);
    for (name, part) in [("train", &dataset.train), ("validation", &dataset.validation)] {
        for (letter, bytes) in arrays(part, &dataset.input_shape, dataset)? {
            let wrote = archive
                .start_file(format!("{name}_{letter}.npy"), options)
                .map_err(std::io::Error::other)
                .and_then(|()| archive.write_all(&bytes));
            wrote.map_err(cannot)?;
        }
    }
    let whole = archive.finish().map_err(|error| cannot(std::io::Error::other(error)))?;
    Ok(whole.into_inner())
}

fn cannot(error: std::io::Error) -> ExportError {
    ExportError::File(FileError::write(Path::new("data.npz"), error))
}

fn arrays(part: &Samples, shape: &[usize], dataset: &Dataset) -> Result<Vec<(&'static str, Vec<u8>)>, ExportError> {
    let rows: Vec<u32> = (0..part.len() as u32).collect();
    let batch = part.fetch(&rows)?;
    let inputs: Vec<usize> = std::iter::once(part.len()).chain(shape.iter().copied()).collect();
    let target = dataset.truth.task.target();
    let targets: Vec<usize> = std::iter::once(part.len()).chain(target.0).collect();
    let mut all = vec![("x", npy::bytes(&inputs, &batch.inputs)), ("y", npy::bytes(&targets, &batch.targets))];
    all.extend(part.is_weighted().then(|| ("w", npy::bytes(&[part.len()], &batch.weights))));
    Ok(all)
}
