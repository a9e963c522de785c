//! Which rows of which files samples were read from, so that somebody else can read the same.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Curve, DataError, Samples};

/// Where the samples of both parts stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// What kind of files.
    pub files: OriginFiles,
    /// Rows of the training part in its order; `None`: all as they stand in the file.
    pub train: Option<Arc<[u32]>>,
    /// Rows of the validation part.
    pub validation: Option<Arc<[u32]>>,
    /// CRC-32 of inputs and targets, as little-endian 32-bit floats: of training and validation.
    pub checksums: [u32; 2],
}

/// Files of samples.
#[derive(Clone, Debug, PartialEq)]
pub enum OriginFiles {
    /// A text file, in UTF-8.
    Table {
        /// The file.
        path: PathBuf,
        /// Between cells.
        delimiter: char,
        /// Around cells.
        quote: char,
        /// Whether the first row has names.
        has_header: bool,
        /// Where the columns of the encoding stand, counted from 0.
        columns: Vec<usize>,
        /// At least one.
        targets: Vec<TargetPlace>,
    },
    /// Pictures and labels in IDX files, of training and validation.
    Idx {
        /// Pictures.
        images: [PathBuf; 2],
        /// Their labels.
        labels: [PathBuf; 2],
        /// Whether colours stand behind rows and columns.
        channels_last: bool,
    },
}

/// Where what is predicted stands in a table; of numbers how they are scaled: `(curve(number) - offset) / scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetPlace {
    /// Of the column, counted from 0.
    pub column: usize,
    /// What is scaled.
    pub curve: Curve,
    /// Subtracted first.
    pub offset: f64,
    /// Divided by.
    pub scale: f64,
}

impl OriginFiles {
    /// Every file, each once.
    pub fn paths(&self) -> Vec<&PathBuf> {
        let mut all: Vec<&PathBuf> = match self {
            Self::Table { path, .. } => vec![path],
            Self::Idx { images, labels, .. } => images.iter().chain(labels).collect(),
        };
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Of both parts, which are in memory. Errors: they cannot be had.
pub(super) fn checksums(parts: [&Samples; 2]) -> Result<[u32; 2], DataError> {
    let mut sums = [0; 2];
    for (sum, part) in sums.iter_mut().zip(parts) {
        let rows: Vec<u32> = (0..part.len() as u32).collect();
        let batch = part.fetch(&rows)?;
        let mut crc = flate2::Crc::new();
        for numbers in [&batch.inputs, &batch.targets] {
            for some in numbers.chunks(1 << 14) {
                crc.update(&some.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>());
            }
        }
        *sum = crc.sum();
    }
    Ok(sums)
}
