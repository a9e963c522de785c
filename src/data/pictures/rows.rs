//! Samples that are picture files: decoded pictures are held as bytes while they fit, the others are decoded again
//! whenever they are asked for.

use std::borrow::Cow;

use rayon::prelude::*;

use super::decode::{Fault, Wanted};
use super::file::PictureFile;
use super::place::Place;
use crate::data::DataError;
use crate::data::fingerprint::hashed;
use crate::data::progress::{Progress, cancelled_error};
use crate::data::samples::{Batch, Rows};

/// What decoded pictures may take in memory.
pub(in crate::data) const MAX_HELD: u64 = 1_500_000_000;
/// Decoded between two looks at whether somebody still wants them.
const PIECE: usize = 64;

/// A picture that could be decoded, and what is known of it.
pub(in crate::data) struct Picture<L> {
    pub place: Place,
    pub label: L,
    /// Width and height as it is shown.
    pub size: [u32; 2],
    /// Of its pixels at the wanted size.
    sum: u32,
    /// Of the numbers they become.
    hash: u64,
    /// `None` where there is no room to hold them.
    held: Option<Box<[u8]>>,
}

/// A file that is left out, with the reason.
pub(in crate::data) type Left = (Place, Fault);

/// Each decoded once. `room`: for those that are held.
pub(in crate::data) fn decode_all<L: Sync>(
    entries: Vec<(Place, L)>,
    wanted: Wanted,
    room: &mut u64,
    progress: &dyn Progress,
    (from, to): (f32, f32),
) -> Result<(Vec<Picture<L>>, Vec<Left>), DataError> {
    let (mut pictures, mut left) = (Vec::with_capacity(entries.len()), Vec::new());
    let (count, mut done) = (entries.len().max(1), 0);
    let mut entries = entries.into_iter();
    loop {
        let some: Vec<(Place, L)> = entries.by_ref().take(PIECE).collect();
        if some.is_empty() {
            return Ok((pictures, left));
        }
        if progress.cancelled() {
            return Err(cancelled_error());
        }
        progress.report(from + (to - from) * done as f32 / count as f32, "reading pictures");
        let read = |(place, _): &(Place, L)| {
            let (pixels, size) = place.pixels(wanted)?;
            let hash = hashed(&scaled(&pixels).collect::<Vec<f32>>());
            Ok((pixels, size, hash))
        };
        let decoded: Vec<Result<_, Fault>> = some.par_iter().map(read).collect();
        done += some.len();
        for ((place, label), pixels) in some.into_iter().zip(decoded) {
            match pixels {
                Ok((pixels, size, hash)) => {
                    let sum = sum_of(&pixels);
                    let fits = *room >= pixels.len() as u64;
                    *room -= if fits { pixels.len() as u64 } else { 0 };
                    let held = fits.then(|| pixels.into_boxed_slice());
                    pictures.push(Picture { place, label, size, sum, hash, held });
                }
                Err(fault) => left.push((place, fault)),
            }
        }
    }
}

impl<L> Picture<L> {
    /// With something else that is known of it.
    pub fn relabelled<M>(self, label: M) -> Picture<M> {
        Picture { place: self.place, label, size: self.size, sum: self.sum, hash: self.hash, held: self.held }
    }
}

/// What is known of a picture, as numbers.
pub(in crate::data) trait Label: Send + Sync {
    fn numbers(&self) -> Cow<'_, [f32]>;
}

/// Of a class.
impl Label for usize {
    fn numbers(&self) -> Cow<'_, [f32]> {
        vec![*self as f32].into()
    }
}

impl Label for Box<[f32]> {
    fn numbers(&self) -> Cow<'_, [f32]> {
        (**self).into()
    }
}

fn sum_of(pixels: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(pixels);
    crc.sum()
}

/// Pictures of one part.
pub(in crate::data) struct PictureRows<L> {
    pub wanted: Wanted,
    pub pictures: Vec<Picture<L>>,
}

impl<L: Label> PictureRows<L> {
    fn picture(&self, row: usize) -> Result<&Picture<L>, DataError> {
        let missing = || DataError::new(format!("There is no picture {row}: the data has {}.", self.pictures.len()));
        self.pictures.get(row).ok_or_else(missing)
    }

    /// The same as when it was first decoded, or an error.
    fn pixels(&self, row: usize) -> Result<Cow<'_, [u8]>, DataError> {
        let picture = self.picture(row)?;
        if let Some(held) = &picture.held {
            return Ok(Cow::Borrowed(held));
        }
        let (pixels, _) = picture.place.pixels(self.wanted).map_err(|fault| gone(&picture.place, fault.words()))?;
        if sum_of(&pixels) != picture.sum {
            return Err(gone(&picture.place, "another picture now"));
        }
        Ok(pixels.into())
    }
}

fn gone(place: &Place, words: &str) -> DataError {
    DataError::new(format!(
        "A picture has changed since it was loaded: it is {words}. Reload the data: {}",
        place.path().display()
    ))
}

/// As IDX files are scaled.
fn scaled(pixels: &[u8]) -> impl Iterator<Item = f32> + '_ {
    pixels.iter().map(|&pixel| f32::from(pixel) / 255.0)
}

impl<L: Label> Rows for PictureRows<L> {
    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn input(&self, row: usize) -> Result<Cow<'_, [f32]>, DataError> {
        Ok(scaled(&self.pixels(row)?).collect())
    }

    fn input_hash(&self, row: usize) -> Result<u64, DataError> {
        Ok(self.picture(row)?.hash)
    }

    fn target(&self, row: usize) -> Result<Cow<'_, [f32]>, DataError> {
        Ok(self.picture(row)?.label.numbers())
    }

    fn picture(&self, row: usize) -> Option<PictureFile> {
        self.pictures.get(row).map(|picture| PictureFile::at(picture.place.clone()))
    }

    fn fetch(&self, rows: &[u32], batch: &mut Batch) -> Result<(), DataError> {
        let all: Vec<_> = rows.par_iter().map(|&row| self.pixels(row as usize)).collect();
        for (&row, pixels) in rows.iter().zip(all) {
            batch.inputs.extend(scaled(&pixels?));
            batch.targets.extend_from_slice(&self.picture(row as usize)?.label.numbers());
        }
        Ok(())
    }
}
