//! A picture of a person's as it lies on disk, to be looked at.

use std::path::Path;

use super::decode::{Fault, Wanted};
use super::place::Place;
use crate::data::DataError;
use crate::model::Fit;

/// Where a picture lies.
#[derive(Clone)]
pub struct PictureFile(Place);

/// Colours of a picture, as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Colours {
    /// Width and height of the whole picture.
    pub size: [u32; 2],
    /// Of what is here: the same, or less.
    pub width: usize,
    /// Likewise.
    pub height: usize,
    /// Red, green and blue of every pixel, line by line.
    pub pixels: Vec<u8>,
}

impl PictureFile {
    /// A file of its own.
    pub fn new(path: &Path) -> Self {
        Self(path.to_path_buf().into())
    }

    pub(in crate::data) fn at(place: Place) -> Self {
        Self(place)
    }

    /// The file that it is, or lies in.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Width and height as it is shown. Errors: it can't be read.
    pub fn size(&self) -> Result<[u32; 2], DataError> {
        self.0.head().map(|head| head.shown()).map_err(|fault| self.unreadable(&fault))
    }

    /// All of it, made smaller where a side is longer than `most`. Errors: it can't be read.
    pub fn whole(&self, most: u32) -> Result<Colours, DataError> {
        let (picture, size) = self.0.whole(most).map_err(|fault| self.unreadable(&fault))?;
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        Ok(Colours { size, width, height, pixels: picture.into_raw() })
    }

    /// `[channels, side, side]`, 0 to 1: as a network is given it. Errors: it can't be read.
    pub fn fitted(&self, side: usize, channels: usize, fit: Fit) -> Result<Vec<f32>, DataError> {
        let (pixels, _) = self.0.pixels(Wanted { side, channels, fit }).map_err(|fault| self.unreadable(&fault))?;
        Ok(pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect())
    }

    fn unreadable(&self, fault: &Fault) -> DataError {
        DataError::new(format!("This picture can't be read ({}): {}", fault.words(), self.path().display()))
    }
}

impl std::fmt::Debug for PictureFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path().display())
    }
}

impl PartialEq for PictureFile {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
