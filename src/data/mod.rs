//! Floor 2: from a [`DataSpec`] to [`Samples`], split and scaled, and their order.
//!
//! Owns sources (synthetic, drawn digits, tables, IDX, picture files), the split, scaling, what samples are and where
//! they lie, and in which order an epoch uses them. Knows nothing of networks or windows.

mod augment;
pub mod baselines;
mod boxes;
pub(crate) mod calendar;
mod catalogue;
mod csv;
pub mod dataset;
mod digits;
pub mod encoding;
pub mod facts;
mod fair;
mod fingerprint;
mod idx;
mod mapped;
mod mixup;
pub mod order;
mod origin;
mod pictures;
mod places;
mod preview;
mod progress;
pub(crate) mod random;
mod room;
pub mod sample;
pub mod samples;
mod shapes;
mod split;
mod synthetic;
#[cfg(test)]
pub(crate) mod test_data;
mod unit;
mod unseen;
mod ways;

use std::path::{Path, PathBuf};

use crate::model::{BoxesSpec, DataSpec, IdxSpec, OwnPoint, PictureSpec, Source};

pub use self::csv::{
    ColumnKind, ColumnPreview, ENCODINGS, MISSING_WORDS, Surveyed, TablePreview, encoding_named, inspect_csv, is_there,
    suggest_target, survey_csv,
};
pub use augment::augment;
pub use boxes::{BoxFolder, BoxPicture, CocoFile, KnownBoxes, box_folder, boxes_as_coco};
pub use catalogue::{OPEN_SETS, OpenSet, Shelf};
pub use dataset::{DataError, Dataset, Giveaway, Plane, Truth};
pub use encoding::Encoding;
pub use facts::TableFacts;
pub use fingerprint::{Difference, Fingerprint};
pub use mapped::{CachedTable, cached_tables};
pub use mixup::{mix, mixture, partner, share};
pub use origin::{Origin, OriginFiles, TargetPlace};
pub use pictures::{Colours, Frame, PictureFile, read_photo};
pub use places::Places;
pub use preview::sample_rows;
pub use progress::{NoProgress, Progress};
pub use room::Room;
pub use samples::{Batch, Rows, Samples, Stretch};
pub use unit::{Curve, Unit};
pub use unseen::{Unseen, read_unseen};
pub use ways::in_window;

/// Makes or reads the samples that `spec` describes. `base` is the folder that relative paths start from: the project
/// file's. Everything random is keyed by `spec.seed`: the same spec (and files) give bitwise the same samples.
pub fn load(spec: &DataSpec, base: &Path, progress: &dyn Progress) -> Result<Dataset, DataError> {
    load_within(&Room::here(), spec, base, progress)
}

/// What was found of somebody's files while settings for them were, so that loading them with these needn't look again.
/// Large: to be dropped then.
pub enum Known {
    /// All cells of a table.
    Table(Box<Surveyed>),
    /// The labels of a folder of pictures.
    Boxes(KnownBoxes),
}

/// As [`load`], of files that were looked through just before.
pub fn load_known(
    spec: &DataSpec,
    known: Option<&Known>,
    base: &Path,
    progress: &dyn Progress,
) -> Result<Dataset, DataError> {
    load_from(&Room::here(), spec, known, base, progress)
}

/// As [`load`], with so much room.
pub fn load_within(room: &Room, spec: &DataSpec, base: &Path, progress: &dyn Progress) -> Result<Dataset, DataError> {
    load_from(room, spec, None, base, progress)
}

/// Whether the rows of a table are larger than memory and lie in the cache already.
pub fn is_converted(spec: &DataSpec, base: &Path) -> bool {
    match &spec.source {
        Source::Csv(csv) => csv::is_converted(&Room::here(), &resolve(base, &csv.path), spec),
        _ => false,
    }
}

fn load_from(
    room: &Room,
    spec: &DataSpec,
    known: Option<&Known>,
    base: &Path,
    progress: &dyn Progress,
) -> Result<Dataset, DataError> {
    let (table, labels) = match known {
        Some(Known::Table(table)) => (Some(&**table), None),
        Some(Known::Boxes(labels)) => (None, Some(labels)),
        None => (None, None),
    };
    if let Some(problem) = spec.problems().into_iter().next() {
        return Err(DataError::new(problem));
    }
    let dataset = match &spec.source {
        Source::Synthetic(settings) => synthetic::generate(settings, spec)?,
        Source::Digits(settings) => digits::generate(settings, spec, progress)?,
        Source::Shapes(settings) => shapes::shapes(settings, spec, progress)?,
        Source::Scenes(settings) => shapes::scenes(settings, spec, progress)?,
        Source::Boxes(settings) => {
            boxes::load::load(settings, &resolve(base, &settings.folder), spec, labels, progress)?
        }
        Source::Idx(settings) => idx::load(settings, &resolve(base, &settings.folder), spec, progress)?,
        Source::Pictures(settings) => pictures::load(settings, &resolve(base, &settings.folder), spec, progress)?,
        Source::Sample(settings) => sample::load(settings, base, spec)?,
        Source::Csv(settings) => {
            csv::load_within(room, settings, &resolve(base, &settings.path), spec, table, progress)?
        }
    };
    dataset.take_stock()?;
    progress.report(1.0, "ready");
    Ok(dataset)
}

/// What somebody's pictures are, with settings that suit them: IDX files, pictures with boxes around things, or
/// pictures with classes. `folder`: or a file that holds pictures or names them. `label`: the column with the classes,
/// of pictures with a table; empty: the likeliest. Also what was found on the way.
pub fn propose_pictures(
    folder: &Path,
    label: &str,
    base: &Path,
    progress: &dyn Progress,
) -> Result<(Source, Option<Known>), DataError> {
    let path = resolve(base, folder);
    let with_classes = || {
        let found = pictures::propose(&path, label, progress)?;
        Ok((Source::Pictures(PictureSpec { folder: folder.to_owned(), ..found }), None))
    };
    if !label.is_empty() {
        return with_classes();
    }
    let is_other = path.is_file() && !idx::is_called_so(&path);
    let problem = if is_other { None } else { idx::problem(&path) };
    if !is_other && problem.is_none() {
        return Ok((Source::Idx(IdxSpec { folder: folder.to_owned(), limit: None }), None));
    }
    if path.is_dir()
        && let Some((found, known)) = boxes::load::propose(&path, progress)?
    {
        let source = Source::Boxes(BoxesSpec { folder: folder.to_owned(), ..found });
        return Ok((source, Some(Known::Boxes(known))));
    }
    with_classes().map_err(|error| problem.filter(|_| idx::is_meant(&path)).unwrap_or(error))
}

/// Whether a file holds pictures with their classes: CIFAR's binary ones, or a Parquet or Arrow file with a column of
/// encoded pictures.
pub fn holds_pictures(path: &Path) -> bool {
    pictures::are_packed(path)
}

/// Settings that suit a folder of pictures with boxes around things, and what their labels say; `None`: they are still
/// to be drawn.
pub fn propose_boxes(
    folder: &Path,
    base: &Path,
    progress: &dyn Progress,
) -> Result<(BoxesSpec, Option<Known>), DataError> {
    let path = resolve(base, folder);
    let (found, known) = match boxes::load::propose(&path, progress)? {
        Some((found, known)) => (found, Some(Known::Boxes(known))),
        None => (boxes::load::propose_unlabelled(&path, progress)?, None),
    };
    Ok((BoxesSpec { folder: folder.to_owned(), ..found }, known))
}

/// The points of the plane that settings with classes stand for, in no part yet. `None`: they are none.
pub fn points_of(spec: &DataSpec) -> Option<Vec<OwnPoint>> {
    let Source::Synthetic(settings) = &spec.source else { return None };
    settings.class_count().map(|_| synthetic::points(settings, spec.seed))
}

/// A path as the user gave it, read from the project's folder when it is relative.
pub fn resolve(base: &Path, path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_path_buf() } else { base.join(path) }
}
