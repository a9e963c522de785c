//! One picture that a person asks a network about.

use std::path::Path;

use super::decode::{self, Fault, Wanted};
use crate::data::DataError;
use crate::model::Fit;

/// As a network takes it whose samples have this shape (channels, rows, columns; a square). Errors: not a picture, or
/// not one that can be read.
pub fn read_photo(path: &Path, shape: &[usize], fit: Fit) -> Result<Vec<f32>, DataError> {
    let &[channels @ (1 | 3), side, _] = shape else {
        return Err(DataError::new("The network takes no pictures of one or three channels."));
    };
    let (pixels, _) = decode::pixels(path, Wanted { side, channels, fit }).map_err(|fault| {
        let words = fault.words();
        DataError::new(match fault {
            Fault::NoPicture(_) => format!("This isn't a picture ({words}): {}", path.display()),
            Fault::Broken(_) => format!("This picture can't be read ({words}): {}", path.display()),
        })
    })?;
    Ok(pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect())
}
