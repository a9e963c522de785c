//! Samples that do not fit in memory: converted once into a file of the cache, then read where they lie.
//!
//! What a file was made of is told by a [`Key`]: another size, date or setting is another key, so a file is never out
//! of date.

mod file;
mod key;
mod listing;

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Unit;
use super::dataset::{Giveaway, Truth};
use super::fingerprint::hashed;
use super::progress::{Progress, stop_if_cancelled};
use super::samples::{ROWS_AT_ONCE, Rows, Stock, TakeHash};
use super::{DataError, Dataset, Encoding, Samples};
use crate::files::cache::{Cache, Making};
pub(super) use file::{RowsFile, Writer};
pub(super) use key::{Key, Stamp, are_current, stamps};
pub use listing::{CachedTable, cached_tables};

/// Between two looks at whether somebody else has made a file.
const PATIENCE: Duration = Duration::from_millis(100);

/// What is said in a file about itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct About {
    key: String,
    /// The table, as a person knows it.
    source: PathBuf,
    dataset: Described,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Part {
    rows: usize,
    stock: Stock,
}

/// A data set without its samples.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Described {
    name: String,
    input_shape: Vec<usize>,
    input_names: Vec<String>,
    input_units: Vec<Unit>,
    truth: Truth,
    notes: Vec<String>,
    giveaways: Vec<Giveaway>,
    encoding: Encoding,
    /// The last number of a target is the weight of its row.
    #[serde(default)]
    weighted: bool,
}

impl About {
    /// Of a file of the cache; `None`: it is damaged, or of another version.
    fn of(path: &Path) -> Option<Self> {
        serde_json::from_slice(&RowsFile::about_only(path)?).ok()
    }

    /// Samples of all parts.
    fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.rows).sum()
    }
}

/// Rows of one part.
struct MappedRows {
    file: Arc<RowsFile>,
    /// Of the index.
    part: Range<usize>,
    /// Numbers in a target; what lies behind it is the weight of the row.
    target_len: usize,
}

impl MappedRows {
    fn row(&self, row: usize) -> Result<(&[f32], &[f32]), DataError> {
        let place = self.file.index().get(self.part.clone()).and_then(|part| part.get(row));
        let found = place.and_then(|&place| self.file.row(place as usize));
        found.ok_or_else(|| DataError::new(format!("There is no sample {row}: the data has {}.", self.part.len())))
    }
}

impl Rows for MappedRows {
    fn len(&self) -> usize {
        self.part.len()
    }

    fn input(&self, row: usize) -> Result<Cow<'_, [f32]>, DataError> {
        Ok(Cow::Borrowed(self.row(row)?.0))
    }

    fn target(&self, row: usize) -> Result<Cow<'_, [f32]>, DataError> {
        Ok(Cow::Borrowed(self.row(row)?.1.split_at(self.target_len).0))
    }

    fn for_each_hash(&self, take: &TakeHash) -> Result<(), DataError> {
        let mut is_of_part = vec![false; self.file.rows()];
        for &place in self.file.index().get(self.part.clone()).unwrap_or_default() {
            is_of_part.get_mut(place as usize).into_iter().for_each(|is| *is = true);
        }
        let places = is_of_part.par_iter().enumerate().with_min_len(ROWS_AT_ONCE).filter(|(_, is)| **is);
        places.try_for_each(|(place, _)| {
            let Some((input, behind)) = self.file.row(place) else { return Ok(()) };
            take(hashed(input), behind.get(..self.target_len).unwrap_or_default())
        })
    }

    fn is_weighted(&self) -> bool {
        self.file.target_len() > self.target_len
    }

    fn weight(&self, row: usize) -> Result<f32, DataError> {
        Ok(self.row(row)?.1.get(self.target_len).copied().unwrap_or(1.0))
    }
}

/// The parts of a file one behind the other, of so many rows each. `target_len`: at most that of the file.
pub(super) fn parts(file: &Arc<RowsFile>, shape: &[usize], target_len: usize, lens: &[usize]) -> Vec<Samples> {
    let mut from = 0;
    let mut part = |len: usize| {
        let part = from..from + len;
        from += len;
        Samples::new(shape, target_len, MappedRows { file: file.clone(), part, target_len })
    };
    lens.iter().map(|&len| part(len)).collect()
}

/// What the cache has under a key.
pub(super) enum Found {
    /// It is there.
    Whole(Box<Dataset>),
    /// It was there, but damaged.
    Damaged,
    Nothing,
}

/// Looks for converted rows. Errors: nobody wants them any more.
pub(super) fn find(cache: &Cache, key: &Key, progress: &dyn Progress) -> Result<Found, DataError> {
    let Some(file) = cache.open(key.name()) else { return Ok(Found::Nothing) };
    progress.report(0.0, "checking the converted rows");
    let found = RowsFile::open(file, &|| !progress.cancelled());
    stop_if_cancelled(progress)?;
    let Ok(Some(file)) = found else { return Ok(Found::Damaged) };
    let about = serde_json::from_slice::<About>(file.about()).ok().filter(|about| about.key == key.text());
    Ok(about.and_then(|about| dataset(about, file)).map_or(Found::Damaged, |found| Found::Whole(Box::new(found))))
}

fn dataset(about: About, file: RowsFile) -> Option<Dataset> {
    let file = Arc::new(file);
    let Described { name, input_shape, input_names, input_units, truth, notes, giveaways, encoding, weighted } =
        about.dataset;
    let target_len = truth.task.target().len();
    let lens: Vec<usize> = about.parts.iter().map(|part| part.rows).collect();
    let is_whole = lens.iter().sum::<usize>() == file.index().len()
        && input_shape.iter().product::<usize>() == file.width()
        && target_len + usize::from(weighted) == file.target_len();
    let found = Some(parts(&file, &input_shape, target_len.min(file.target_len()), &lens)).filter(|_| is_whole)?;
    let mut found = found.into_iter().zip(about.parts).map(|(samples, part)| samples.with_stock(part.stock));
    let (train, validation, test) = (found.next()?, found.next()?, found.next());
    Some(Dataset {
        name,
        input_shape,
        input_names,
        input_units,
        truth,
        train,
        validation,
        test,
        plane: None,
        notes,
        giveaways,
        encoding: Arc::new(encoding),
        origin: None,
        places: None,
        own_validation: false,
    })
}

/// The right to make the file of a key; waits while another program is at it. `None`: that one has made it.
pub(super) fn make(cache: &Cache, key: &Key, progress: &dyn Progress) -> Result<Option<Making>, DataError> {
    let mut has_waited = false;
    loop {
        // Where the disk knows no locks two may make the same, each for itself.
        let Some(making) = cache.try_make(key.name()).map_err(|error| unwritable(cache, &error))? else {
            stop_if_cancelled(progress)?;
            progress.report(0.0, "another Glassbox is converting this table: waiting for it");
            has_waited = true;
            std::thread::sleep(PATIENCE);
            continue;
        };
        return Ok(if has_waited && cache.open(key.name()).is_some() { None } else { Some(making) });
    }
}

/// Ends a file that `dataset` reads from already, and finds what is asked of it later.
pub(super) fn keep(
    dataset: &Dataset,
    source: &Path,
    file: &RowsFile,
    writer: Writer,
    (cache, key): (&Cache, &Key),
) -> Result<u64, DataError> {
    let of_classes = dataset.classes().is_some();
    let part = |samples: &Samples| Ok(Part { rows: samples.len(), stock: samples.stock(of_classes)? });
    let about = About {
        key: key.text().to_owned(),
        source: source.to_path_buf(),
        dataset: Described {
            name: dataset.name.clone(),
            input_shape: dataset.input_shape.clone(),
            input_names: dataset.input_names.clone(),
            input_units: dataset.input_units.clone(),
            truth: dataset.truth.clone(),
            notes: dataset.notes.clone(),
            giveaways: dataset.giveaways.clone(),
            encoding: (*dataset.encoding).clone(),
            weighted: dataset.train.is_weighted(),
        },
        parts: dataset.parts().map(part).collect::<Result<_, DataError>>()?,
    };
    let about = serde_json::to_vec(&about).map_err(|error| unwritable(cache, &error))?;
    writer.finish(&about, cache, key.name(), file).map_err(|error| unwritable(cache, &error))
}

/// Why rows could not be converted.
pub(super) fn unwritable(cache: &Cache, error: &dyn std::fmt::Display) -> DataError {
    DataError::new(format!(
        "The table doesn't fit in memory, and its rows can't be kept on disk ({error}). Free some space in {}, or set \
         GLASSBOX_HOME to a folder on another disk.",
        cache.folder().display()
    ))
}
