//! Folders of IDX and IDX.gz files: the format of MNIST and its family (yann.lecun.com/exdb/mnist).
//!
//! `folder` finds which files belong together, `file` reads one of them within bounds; this file makes a [`Dataset`].

mod file;
mod folder;
mod labels;
mod values;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::encoding::picture_numbers;
use super::progress::Progress;
use super::random::Purpose;
use super::split::{self, Split, divide, has_own_test};
use super::{DataError, Dataset, Origin, OriginFiles, Samples, Truth, Unseen, origin};
use crate::model::{DataSpec, IdxSpec};
use file::{Element, Header, IdxFile};
use folder::{Pair, Pairs};
use values::{Levels, Values};

/// What the samples may take in memory, as 32-bit numbers.
const MAX_BYTES: u64 = 1_500_000_000;

/// Pictures with their labels, in the file's order.
struct Pictures {
    shape: [usize; 3],
    pixels: Values,
    labels: Vec<u16>,
    /// Where they stand in the file; `None`: all of it.
    rows: Option<Vec<u32>>,
    /// Whether the file has colours behind rows and columns.
    channels_last: bool,
    /// Whether others read both files to the same numbers: bytes, a label each, nothing behind.
    is_usual: bool,
}

/// Why a folder has no files that belong together.
pub(super) fn problem(path: &Path) -> Option<DataError> {
    folder::find(if path.is_file() { path.parent().unwrap_or(path) } else { path }).err()
}

/// Whether something in a folder is called as such files are.
pub(super) fn is_meant(path: &Path) -> bool {
    let names = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| name.to_string_lossy().contains("ubyte"))
}

/// Whether a file is one of these by its name.
pub(super) fn is_called_so(path: &Path) -> bool {
    path.file_name().is_some_and(|name| folder::meaning(&name.to_string_lossy()).is_some())
}

pub(super) fn load(
    settings: &IdxSpec,
    path: &Path,
    spec: &DataSpec,
    progress: &dyn Progress,
) -> Result<Dataset, DataError> {
    let folder = if path.is_file() { path.parent().unwrap_or(path) } else { path };
    let mut own_validation = false;
    let (train, validation, test, mut notes, pairs) = match folder::find(folder)? {
        Pairs::Single(pair) => {
            let all = read_pair(&pair, settings.limit, spec.seed, 0, progress, (0.0, 0.9))?;
            let split = divided(&all, spec, folder)?;
            let test = (!split.test.is_empty()).then(|| all.pick(&split.test));
            let note = format!(
                "The folder has one pair of files, so {} of its images are used for validation.",
                split.validation.len()
            );
            (all.pick(&split.train), all.pick(&split.validation), test, vec![note], [pair.clone(), pair])
        }
        Pairs::TrainAndTest { train, test } if has_own_test(spec) => {
            let all = read_pair(&train, settings.limit, spec.seed, 0, progress, (0.0, 0.75))?;
            let other = read_pair(&test, settings.limit, spec.seed, 1, progress, (0.75, 0.9))?;
            same_shape(&all, &train, &other, &test)?;
            let (first, second) = held_back(&all, spec, folder)?;
            let note = "The folder's test files are set aside for the test.".to_owned();
            (first, second, Some(other), vec![note], [train.clone(), train])
        }
        Pairs::TrainAndTest { train, test } => {
            own_validation = true;
            let first = read_pair(&train, settings.limit, spec.seed, 0, progress, (0.0, 0.75))?;
            let second = read_pair(&test, settings.limit, spec.seed, 1, progress, (0.75, 0.9))?;
            same_shape(&first, &train, &second, &test)?;
            (first, second, None, vec!["The folder's test files are used for validation.".to_owned()], [train, test])
        }
    };
    if train.labels.is_empty() || validation.labels.is_empty() {
        return Err(DataError::new(format!(
            "Too few images for training and validation: the training set has {}, the validation set {}: {}",
            train.labels.len(),
            validation.labels.len(),
            folder.display()
        )));
    }
    let classes = classes([Some(&train), Some(&validation), test.as_ref()], folder, &mut notes)?;
    let name = folder.file_name().map_or_else(|| "IDX".into(), |name| name.to_string_lossy().into_owned());
    let truth = Truth::classes(classes);
    let levels = train.pixels.levels();
    if !matches!(train.pixels, Values::Bytes(_)) {
        notes.push(levels.note());
    }
    let encoding = picture_numbers(&name, train.shape, [levels.black, levels.white], &truth);
    let input_shape = train.shape.to_vec();
    let rows = [train.rows.clone(), validation.rows.clone()];
    let channels_last = train.channels_last;
    let is_usual = train.is_usual && validation.is_usual;
    let (train, validation) = (train.into_part(levels), validation.into_part(levels));
    let [train_rows, validation_rows] = rows.map(|rows| rows.map(Arc::from));
    let origin = || {
        Ok(Arc::new(Origin {
            files: OriginFiles::Idx {
                images: [pairs[0].images.clone(), pairs[1].images.clone()],
                labels: [pairs[0].labels.clone(), pairs[1].labels.clone()],
                channels_last,
            },
            checksums: origin::checksums([&train, &validation])?,
            train: train_rows,
            validation: validation_rows,
        }))
    };
    let origin = is_usual.then(origin).transpose()?;
    Ok(Dataset {
        name,
        input_shape,
        input_names: Vec::new(),
        input_units: Vec::new(),
        truth,
        train,
        validation,
        test: test.map(|test| test.into_part(levels)),
        plane: None,
        notes,
        giveaways: Vec::new(),
        encoding,
        origin,
        places: None,
        own_validation,
    })
}

fn divided(all: &Pictures, spec: &DataSpec, folder: &Path) -> Result<Split, DataError> {
    let classes: Vec<usize> = all.labels.iter().map(|&label| usize::from(label)).collect();
    let rows = split::Rows { len: classes.len(), classes: Some(&classes), ..Default::default() };
    divide(spec, &rows).map_err(|why| DataError::new(format!("{why}. Folder: {}", folder.display())))
}

/// Training and validation, out of files for training.
fn held_back(all: &Pictures, spec: &DataSpec, folder: &Path) -> Result<(Pictures, Pictures), DataError> {
    let split = divided(all, &DataSpec { test: 0.0, ..spec.clone() }, folder)?;
    Ok((all.pick(&split.train), all.pick(&split.validation)))
}

/// Pictures of a shape, whose black and white are known: of one file, or of a folder (its test files, where it has
/// such) with their labels.
pub(super) fn unseen(
    shape: &[usize],
    [black, white]: [f32; 2],
    path: &Path,
    progress: &dyn Progress,
) -> Result<Unseen, DataError> {
    let mut found = Unseen::default();
    let pictures = if path.is_dir() {
        let pair = match folder::find(path)? {
            Pairs::Single(pair) => pair,
            Pairs::TrainAndTest { test, .. } => {
                found.notes.push(format!("Predicting the folder's test files: {}", test.images.display()));
                test
            }
        };
        read_pair(&pair, None, 0, 0, progress, (0.0, 0.9))?
    } else {
        read_pictures(path, progress)?
    };
    if pictures.shape[..] != *shape {
        let words = |shape: &[usize]| shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ");
        return Err(DataError::new(format!(
            "The network was trained on images of {}, but these are {}: {}",
            words(shape),
            words(&pictures.shape),
            path.display()
        )));
    }
    let len = pictures.pixels.len() / pictures.len_of_one().max(1);
    found.kept = vec![true; len];
    found.truths = (0..len).map(|row| pictures.labels.get(row).map(|&label| f32::from(label))).collect();
    found.inputs = Levels { black, white }.scaled(&pictures.pixels);
    Ok(found)
}

/// All pictures of one file, without labels.
fn read_pictures(path: &Path, progress: &dyn Progress) -> Result<Pictures, DataError> {
    let images = IdxFile::open(path)?;
    let (shape, count) = (picture_shape(images.header(), path)?, images.header().count());
    if count as u64 * shape.chw.iter().product::<usize>() as u64 * 4 > MAX_BYTES {
        let text = format!("{count} images don't fit in memory. Predict them in smaller parts");
        return Err(DataError::new(format!("{text}: {}", path.display())));
    }
    let element = images.header().element;
    let bytes = images.read_rows(&(0..count).collect::<Vec<_>>(), &|_| (), progress)?.bytes;
    let pixels = shape.pixels(bytes, element, path)?;
    let channels_last = shape.channels_last;
    Ok(Pictures { shape: shape.chw, pixels, labels: Vec::new(), rows: None, channels_last, is_usual: false })
}

impl Pictures {
    fn len_of_one(&self) -> usize {
        self.shape.iter().product()
    }

    fn pick(&self, rows: &[usize]) -> Self {
        let n = self.len_of_one();
        Self {
            shape: self.shape,
            pixels: self.pixels.pick(rows.iter().flat_map(|&row| row * n..(row + 1) * n)),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            rows: Some(rows.iter().map(|&row| self.rows.as_ref().map_or(row as u32, |all| all[row])).collect()),
            channels_last: self.channels_last,
            is_usual: self.is_usual,
        }
    }

    fn into_part(self, levels: Levels) -> Samples {
        let inputs: Arc<[f32]> = levels.scaled(&self.pixels).into();
        let targets: Arc<[f32]> = self.labels.iter().map(|&label| f32::from(label)).collect();
        Samples::in_memory(&self.shape, inputs, targets)
    }
}

/// Reads the pictures and labels of one pair; with `limit`, a random choice of them keyed by the seed and `stream`.
fn read_pair(
    pair: &Pair,
    limit: Option<usize>,
    seed: u64,
    stream: u64,
    progress: &dyn Progress,
    (from, to): (f32, f32),
) -> Result<Pictures, DataError> {
    let images = IdxFile::open(&pair.images)?;
    let labels = IdxFile::open(&pair.labels)?;
    let shape = picture_shape(images.header(), &pair.images)?;
    labels.header().expect_labels(&pair.labels)?;
    let (count, label_count) = (images.header().count(), labels.header().count());
    if count != label_count {
        return Err(DataError::new(format!(
            "The image and label files don't match: {count} images in {}, {label_count} labels in {}",
            pair.images.display(),
            pair.labels.display()
        )));
    }
    let chosen = choose(count, limit, seed, stream);
    let pixels: usize = shape.chw.iter().product();
    let needed = chosen.len() as u64 * pixels as u64 * 4;
    if needed > MAX_BYTES {
        return Err(DataError::new(format!(
            "{} images of {pixels} pixels would take {:.1} GB of memory (the limit is {:.1} GB). Set a limit of {} \
             samples: {}",
            chosen.len(),
            needed as f64 / 1e9,
            MAX_BYTES as f64 / 1e9,
            MAX_BYTES / (pixels as u64 * 4),
            pair.images.display()
        )));
    }
    let (element, width) = (labels.header().element, labels.header().row_len());
    let is_flat = labels.header().dims.len() == 1;
    let read = labels.read_rows(&chosen, &|_| (), progress)?;
    let classes = labels::classes(&read.bytes, element, width)
        .map_err(|why| DataError::new(format!("{why}: {}", pair.labels.display())))?;
    let is_plain = is_flat && element == Element::U8 && !read.is_followed;
    let report = |fraction: f32| progress.report(from + (to - from) * fraction, "reading images");
    let (element, is_grid) = (images.header().element, images.header().dims.len() > 2);
    let read = images.read_rows(&chosen, &report, progress)?;
    let is_usual = is_plain && is_grid && element == Element::U8 && !read.is_followed;
    let pixels = shape.pixels(read.bytes, element, &pair.images)?;
    let rows = (chosen.len() < count).then(|| chosen.iter().map(|&row| row as u32).collect());
    let channels_last = shape.channels_last;
    Ok(Pictures { shape: shape.chw, pixels, labels: classes, rows, channels_last, is_usual })
}

/// Which rows to keep, ascending.
fn choose(count: usize, limit: Option<usize>, seed: u64, stream: u64) -> Vec<usize> {
    match limit {
        Some(limit) if limit < count => {
            // Floyd's sampling: as many draws as samples are kept, whatever the count.
            let mut draws = Purpose::Subset.draws(seed, stream);
            let mut chosen = BTreeSet::new();
            for last in count - limit..count {
                let row = draws.below(last + 1);
                if !chosen.insert(row) {
                    chosen.insert(last);
                }
            }
            chosen.into_iter().collect()
        }
        _ => (0..count).collect(),
    }
}

struct PictureShape {
    chw: [usize; 3],
    channels_last: bool,
}

impl PictureShape {
    /// Channel by channel.
    fn pixels(&self, bytes: Vec<u8>, element: Element, path: &Path) -> Result<Values, DataError> {
        let told = |error: DataError| DataError::new(format!("{} File: {}", error.message, path.display()));
        let values = Values::of(bytes, element).map_err(told)?;
        let [channels, rows, columns] = self.chw;
        if !self.channels_last || channels == 1 {
            return Ok(values);
        }
        let (area, len) = (rows * columns, values.len());
        let of = |first: usize| (0..channels).flat_map(move |c| (0..area).map(move |i| first + i * channels + c));
        Ok(values.pick((0..len).step_by(area * channels).flat_map(of)))
    }
}

/// `[count, rows, columns]`, or `[count, channels, rows, columns]`, or the same with channels last; or
/// `[count, numbers]`, which are a square where they can be, else a row.
fn picture_shape(header: &Header, path: &Path) -> Result<PictureShape, DataError> {
    let is_channels = |n: usize| matches!(n, 1 | 3 | 4);
    let (chw, channels_last) = match *header.dims.as_slice() {
        [_, numbers] if numbers.isqrt().pow(2) == numbers => ([1, numbers.isqrt(), numbers.isqrt()], false),
        [_, numbers] => ([1, 1, numbers], false),
        [_, rows, columns] => ([1, rows, columns], false),
        [_, channels, rows, columns] if is_channels(channels) => ([channels, rows, columns], false),
        [_, rows, columns, channels] if is_channels(channels) => ([channels, rows, columns], true),
        _ => {
            return Err(DataError::new(format!(
                "Expected images: [count, numbers], [count, rows, columns], or four dimensions with 1, 3 or 4 channels, but the file's \
                 header says {:?}: {}",
                header.dims,
                path.display()
            )));
        }
    };
    if chw.contains(&0) {
        return Err(DataError::new(format!("The header promises images of size {chw:?}: {}", path.display())));
    }
    Ok(PictureShape { chw, channels_last })
}

fn same_shape(first: &Pictures, train: &Pair, second: &Pictures, test: &Pair) -> Result<(), DataError> {
    if first.shape == second.shape {
        return Ok(());
    }
    let words = |[channels, rows, columns]: [usize; 3]| format!("{channels} x {rows} x {columns}");
    Err(DataError::new(format!(
        "Training and test images differ in size: {} in {}, {} in {}",
        words(first.shape),
        train.images.display(),
        words(second.shape),
        test.images.display()
    )))
}

/// "0" to the greatest label of both parts; says which are missing.
fn classes(parts: [Option<&Pictures>; 3], folder: &Path, notes: &mut Vec<String>) -> Result<Vec<String>, DataError> {
    let present: BTreeSet<u16> = parts.into_iter().flatten().flat_map(|part| &part.labels).copied().collect();
    let (Some(&least), Some(&greatest)) = (present.first(), present.last()) else {
        return Err(DataError::new(format!("There are no images: {}", folder.display())));
    };
    if least == greatest {
        return Err(DataError::new(format!(
            "All images have the label {least}, so there is nothing to learn. Choose another data set: {}",
            folder.display()
        )));
    }
    let missing: Vec<String> = (0..=greatest).filter(|l| !present.contains(l)).map(|l| l.to_string()).collect();
    if !missing.is_empty() {
        notes.push(format!("No image has the label {}.", missing.join(", ")));
    }
    Ok((0..=greatest).map(|label| label.to_string()).collect())
}

#[cfg(test)]
mod tests;
