//! A table that is larger than memory: its rows are encoded once, into a file of the cache, and read from there.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use rayon::prelude::*;

use super::capture::Capture;
use super::columns::ColumnFacts;
use super::encode::{Encoder, PIECE};
use super::name;
use super::parts;
use super::table::Table;
use super::target::ScaledTarget;
use super::weights::Weights;
use crate::data::fingerprint::{Printing, row_hash};
use crate::data::mapped::{self, Found, Key, RowsFile, Writer, unwritable};
use crate::data::progress::{Progress, stop_if_cancelled};
use crate::data::{DataError, Dataset, Encoding, Room, Samples};
use crate::expr::thousands;
use crate::files::cache::{Cache, Making};
use crate::files::memory::size;
use crate::model::{ColumnRole, DataSpec};

/// Pieces of rows that are written at once.
const PIECES: usize = 16;
/// Bytes of a row besides its values: where it stands in lists of rows.
const LISTED: u64 = 32;
/// Of the whole of loading a table.
const SHARE: (f32, f32) = (0.75, 0.95);

/// What rows are asked for, and what each counts for.
pub(super) type Truth<'a> = (&'a ScaledTarget, Option<&'a Weights>);

/// What the cache may have of a table.
pub(super) struct Place<'a> {
    cache: &'a Cache,
    key: Key,
    path: &'a Path,
    spec: &'a DataSpec,
}

/// The right to convert, and room to work in.
pub(super) struct Begun<'a> {
    place: &'a Place<'a>,
    _making: Making,
}

/// Rows that are written, whose file waits for its name.
pub(super) struct Converted {
    writer: Writer,
    file: Arc<RowsFile>,
}

impl<'a> Place<'a> {
    /// `None`: there is no such place, or no such file, which is told where it is read.
    pub fn of(room: &'a Room, path: &'a Path, spec: &'a DataSpec) -> Option<Self> {
        let cache = room.cache.as_ref()?;
        let key = Key::new(&files(path).ok()?, spec).ok()?;
        Some(Self { cache, key, path, spec })
    }

    /// Whether it was converted before.
    pub fn is_made(&self) -> bool {
        self.cache.open(self.key.name()).is_some()
    }

    /// The table as it was converted before. `notes` tells of a file that was damaged.
    pub fn find(&self, notes: &mut Vec<String>, progress: &dyn Progress) -> Result<Option<Dataset>, DataError> {
        match mapped::find(self.cache, &self.key, progress)? {
            Found::Whole(dataset) => {
                // Perhaps it was converted by another of its names.
                let name = name(self.path);
                let encoding = Encoding { source: name.clone(), ..(*dataset.encoding).clone() };
                return Ok(Some(Dataset { name, encoding: Arc::new(encoding), ..*dataset }));
            }
            Found::Damaged => {
                notes.push("The converted rows of this table were damaged and have been made again.".into())
            }
            Found::Nothing => {}
        }
        Ok(None)
    }
}

/// How to go on with a table.
pub(super) enum Begin<'a> {
    /// It fits.
    InMemory,
    /// It does not.
    Convert(Begun<'a>),
    /// It did not, but another program has just converted it.
    Again,
}

/// Where the numbers of a table are kept while it is looked at: in memory, or in a file if its size says that it may be
/// too large for that. `None`: there is no room for them.
pub(super) fn capture(room: &Room, table: &Table) -> Result<Option<Capture>, DataError> {
    let (columns, likely) = (table.names.len(), table.likely_rows());
    if likely.saturating_mul(columns as u64 * 12 + LISTED) <= room.memory {
        let most = room.memory / (columns as u64 * 8).max(1);
        return Ok(Some(Capture::in_memory(columns, likely as usize, usize::try_from(most).unwrap_or(usize::MAX))));
    }
    let Some(cache) = &room.cache else { return Ok(None) };
    let file = cache.scratch().map_err(|error| unwritable(cache, &error))?;
    Ok(Some(Capture::in_file(columns, table.most_rows() as usize, file)))
}

/// `wanted`: places of columns, and what they are used for.
pub(super) fn begin<'a>(
    room: &Room,
    place: Option<&'a Place<'a>>,
    table: &Table,
    facts: &[ColumnFacts],
    wanted: &[(usize, ColumnRole)],
    progress: &dyn Progress,
) -> Result<Begin<'a>, DataError> {
    let rows = facts.first().map_or(0, |facts| facts.rows);
    let needed = needed(rows, wanted.iter().map(|&(at, role)| (role, facts[at].distinct())));
    if needed <= room.memory {
        return Ok(Begin::InMemory);
    }
    let place = place.ok_or_else(|| nowhere(needed, room, table))?;
    let making = mapped::make(place.cache, &place.key, progress)?;
    Ok(making.map_or(Begin::Again, |_making| Begin::Convert(Begun { place, _making })))
}

/// Those of a table.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, DataError> {
    Ok(parts::files(path)?.unwrap_or_else(|| vec![path.to_path_buf()]))
}

/// What the values of a table and the samples made of them take. `wanted`: roles, with the categories there are.
fn needed(rows: usize, wanted: impl Iterator<Item = (ColumnRole, usize)>) -> u64 {
    let of_row = wanted.fold(LISTED, |sum, (role, categories)| {
        sum + match role {
            ColumnRole::Categorical => 4 + 4 * (categories as u64 + 1),
            ColumnRole::Embedded => 4 + 4,
            // At most five inputs.
            ColumnRole::Date => 8 + 4 * 5,
            ColumnRole::Numeric
            | ColumnRole::LeftOut
            | ColumnRole::Target
            | ColumnRole::LogTarget
            | ColumnRole::Weight => 8 + 4,
        }
    });
    of_row.saturating_mul(rows as u64)
}

/// Where there is no place for what does not fit.
fn nowhere(needed: u64, room: &Room, table: &Table) -> DataError {
    DataError::new(format!(
        "The table takes {} in memory, more than the {} there is for it, and there is no cache folder for its rows. Set \
         GLASSBOX_HOME to a folder: {}",
        size(needed),
        size(room.memory),
        table.path.display()
    ))
}

impl Begun<'_> {
    /// A file for values on their way.
    pub fn scratch(&self) -> Result<File, DataError> {
        self.place.cache.scratch().map_err(|error| unwritable(self.place.cache, &error))
    }

    /// Writes the rows in the order of the table. `parts`: places in `rows`.
    pub fn convert(
        &self,
        encoder: &Encoder,
        truth: Truth<'_>,
        rows: &[usize],
        parts: &[Vec<usize>],
        progress: &dyn Progress,
    ) -> Result<(Vec<Samples>, Converted), DataError> {
        let (cache, (target, weights), (from, to)) = (self.place.cache, truth, SHARE);
        let behind = target.width() + usize::from(weights.is_some());
        let failed = |error: std::io::Error| unwritable(cache, &error);
        if u32::try_from(rows.len()).is_err() {
            let most = thousands(u64::from(u32::MAX));
            let path = self.place.path.display();
            return Err(DataError::new(format!("A table may have {most} rows. Use fewer: {path}")));
        }
        encoder.check_size(rows.len(), behind, cache.limit(), self.place.path)?;
        cache.make_room((rows.len() * (encoder.width() + behind) * 4) as u64);
        let mut writer = Writer::begin(cache, encoder.width(), behind).map_err(failed)?;
        let doing = format!("converting {}", name(self.place.path));
        let mut hashes = Vec::with_capacity(rows.len());
        let (width, each) = (target.width(), encoder.width() + behind);
        let mut answers = Vec::with_capacity(rows.len() * width);
        // Rows are written while the next are encoded.
        let mut write = |encoded: Vec<Encoded>| {
            encoded.into_iter().try_for_each(|Encoded { numbers, hashes: more }| {
                hashes.extend(more);
                let of_row = |row: &[f32]| answers.extend_from_slice(&row[encoder.width()..][..width]);
                numbers.chunks_exact(each).for_each(of_row);
                writer.rows(&numbers).map_err(failed)
            })
        };
        let mut waiting = Vec::new();
        for (done, some) in rows.chunks(PIECE * PIECES).enumerate() {
            stop_if_cancelled(progress)?;
            let share = (done * PIECE * PIECES) as f32 / rows.len() as f32;
            progress.report(from + (to - from) * share, &doing);
            let encode = || some.par_chunks(PIECE).map(|piece| encoder.samples(piece, truth)).collect();
            let (written, encoded) = rayon::join(|| write(std::mem::take(&mut waiting)), encode);
            written?;
            waiting = encoded;
        }
        write(waiting)?;
        for part in parts {
            part.chunks(1 << 16)
                .try_for_each(|some| writer.index(&some.iter().map(|&place| place as u32).collect::<Vec<_>>()))
                .map_err(failed)?;
        }
        let file = Arc::new(writer.so_far().map_err(failed)?);
        let samples =
            mapped::parts(&file, &[encoder.width()], target.width(), &parts.iter().map(Vec::len).collect::<Vec<_>>());
        let print = |part: &[usize]| {
            let mut print = Printing::new(part.len(), encoder.width());
            part.iter().for_each(|&place| print.take(hashes[place]));
            print.end()
        };
        // Told while they lie in memory: of rows in the file each would be fetched by itself.
        let of_classes = matches!(target, ScaledTarget::Classes(_));
        let known = |(samples, part): (Samples, &Vec<usize>)| {
            let answer = |row: usize| Ok(&answers[part[row] * width..][..width]);
            samples.with_print(print(part)).with_targets(of_classes, answer)
        };
        let samples = samples.into_iter().zip(parts).map(known).collect::<Result<_, _>>()?;
        Ok((samples, Converted { writer, file }))
    }

    /// Gives the file its name, with what is said about it. `used`: what the rows were made of. Errors: the table is
    /// another by now.
    pub fn keep(self, converted: Converted, used: impl Send + 'static, dataset: &mut Dataset) -> Result<(), DataError> {
        // Giving gigabytes of a file back takes seconds, for which nobody has to wait.
        let _ = thread::Builder::new().name("scratch".into()).spawn(move || drop(used));
        let Converted { writer, file } = converted;
        let Place { cache, key, path, spec } = self.place;
        let now = Key::new(&files(path)?, spec)?;
        if now != *key {
            return Err(DataError::new(format!(
                "The file changed while it was read. Load it again once it is whole: {}",
                path.display()
            )));
        }
        dataset.notes.push(format!(
            "The table is larger than the memory that tables may take: its rows are read from a file of {} made from \
             it. \"glassbox cache\" lists such files.",
            size(file.bytes())
        ));
        mapped::keep(dataset, path, &file, writer, (cache, key)).map(drop)
    }
}

/// Some rows, each with its target behind it.
struct Encoded {
    numbers: Vec<f32>,
    hashes: Vec<u64>,
}

impl Encoder<'_> {
    fn samples(&self, rows: &[usize], (target, weights): Truth<'_>) -> Encoded {
        let (width, targets) = (self.width(), target.width());
        let each = width + targets + usize::from(weights.is_some());
        let mut numbers = vec![0.0; rows.len() * each];
        self.fill(rows, each, &mut numbers);
        let mut behind = Vec::new();
        for (&row, sample) in rows.iter().zip(numbers.chunks_exact_mut(each)) {
            behind.clear();
            target.push(row, &mut behind);
            behind.extend(weights.map(|weights| weights.of(row)));
            sample[width..].copy_from_slice(&behind);
        }
        let hash = |sample: &[f32]| {
            let (input, rest) = sample.split_at(width);
            row_hash(input, &rest[..targets], rest.get(targets).copied())
        };
        Encoded { hashes: numbers.chunks_exact(each).map(hash).collect(), numbers }
    }
}
