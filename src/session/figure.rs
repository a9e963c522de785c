//! What a panel gives to the outside: a picture, a drawing, or the numbers behind them, on its way to a file.
//!
//! What is on it, and in which colours, is the window's.

use std::path::PathBuf;

use super::State;

/// What is saved of a panel, made by the window.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// PNG.
    Picture(Pixels),
    /// SVG.
    Drawing(String),
    /// CSV.
    Numbers(String),
}

impl Figure {
    /// Of its file.
    pub fn ending(&self) -> &'static str {
        match self {
            Self::Picture(_) => "png",
            Self::Drawing(_) => "svg",
            Self::Numbers(_) => "csv",
        }
    }

    /// What is written. Errors are sentences.
    fn bytes(self) -> Result<Vec<u8>, String> {
        match self {
            Self::Picture(pixels) => pixels.png(),
            Self::Drawing(text) | Self::Numbers(text) => Ok(text.into_bytes()),
        }
    }
}

impl State {
    pub(super) fn save_figure(&mut self, path: PathBuf, figure: Figure) {
        self.export_made(path, figure.ending(), move || figure.bytes());
    }
}

/// A picture, point by point.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// Row by row from the top, four bytes each.
    pub rgba: Vec<u8>,
}

impl Pixels {
    /// The bytes of a PNG file. Errors are sentences.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        let failed = |error: &dyn std::fmt::Display| format!("Couldn't create the picture: {error}.");
        let size = |n: usize| u32::try_from(n).map_err(|error| failed(&error));
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size(self.width)?, size(self.height)?);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(|error| failed(&error))?;
        writer.write_image_data(&self.rgba).map_err(|error| failed(&error))?;
        writer.finish().map_err(|error| failed(&error))?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_comes_back_pixel_by_pixel() {
        let pixels = Pixels { width: 2, height: 1, rgba: vec![1, 2, 3, 255, 4, 5, 6, 255] };
        let bytes = pixels.png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut read = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut read).unwrap();
        assert_eq!(read, pixels.rgba);
        assert!(Pixels { rgba: vec![0; 3], ..pixels }.png().unwrap_err().contains("picture"));
    }
}
