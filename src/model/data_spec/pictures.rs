//! Settings of pictures: drawn ones and people's own.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Drawn;

/// Drawn digits, 1 x 28 x 28, values 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DigitsSpec {
    /// 100 to 60,000.
    pub samples: usize,
    /// 0 to 0.5: pixel noise.
    pub noise: f64,
}

impl Default for DigitsSpec {
    fn default() -> Self {
        Self { samples: 4000, noise: 0.1 }
    }
}

/// Drawn shapes in colour, one in each picture, values 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShapesSpec {
    /// 100 to 60,000.
    pub samples: usize,
    /// Rows and columns of a picture, 16 to 256.
    pub size: usize,
    /// 0 to 0.5: pixel noise.
    pub noise: f64,
}

impl Default for ShapesSpec {
    fn default() -> Self {
        Self { samples: 8000, size: 32, noise: 0.05 }
    }
}

/// Drawn scenes: several shapes in each picture, values 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScenesSpec {
    /// 100 to 60,000.
    pub samples: usize,
    /// Rows and columns of a picture, 16 to 256.
    pub size: usize,
    /// Things in a picture, 1 to 20.
    pub most: usize,
    /// 0 to 0.5: pixel noise.
    pub noise: f64,
}

impl Default for ScenesSpec {
    fn default() -> Self {
        Self { samples: 2000, size: 64, most: 4, noise: 0.05 }
    }
}

/// Picture files with boxes around things: Pascal VOC, COCO or YOLO.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoxesSpec {
    /// The folder with pictures and labels.
    pub folder: PathBuf,
    /// Rows and columns that every picture gets.
    pub size: usize,
    /// One channel instead of red, green and blue.
    #[serde(default)]
    pub grey: bool,
    /// What becomes of pictures that are not square.
    #[serde(default = "Fit::whole")]
    pub fit: Fit,
    /// What was drawn or corrected by hand, in place of what the labels say of these pictures.
    #[serde(default, skip_serializing_if = "no_boxes")]
    pub drawn: Drawn,
}

fn no_boxes(drawn: &Drawn) -> bool {
    drawn.is_empty()
}

/// A folder of IDX or IDX.gz files (the MNIST family).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdxSpec {
    /// The folder with the files.
    pub folder: PathBuf,
    /// Use at most this many samples of each part; `None` takes all.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// People's pictures, with their classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureSpec {
    /// The folder of the classes' folders, or of the parts `train`, `val` and `test`; a folder with a table of labels;
    /// or a file that holds pictures.
    pub folder: PathBuf,
    /// Rows and columns that every picture gets.
    pub size: usize,
    /// One channel instead of red, green and blue.
    #[serde(default)]
    pub grey: bool,
    /// What becomes of pictures that are not square.
    #[serde(default)]
    pub fit: Fit,
    /// The column of a table of labels, or beside a column of pictures, that has the classes; empty: the likeliest.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
}

/// How a picture of any size becomes a square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// The middle is kept.
    #[default]
    Crop,
    /// Black beside it.
    Pad,
    /// Out of proportion.
    Stretch,
}

impl Fit {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Crop, Self::Pad, Self::Stretch];

    /// The usual one where nothing may be cut off.
    fn whole() -> Self {
        Self::Pad
    }

    /// What it is called in the window.
    pub fn title(self) -> &'static str {
        match self {
            Self::Crop => "Crop",
            Self::Pad => "Pad",
            Self::Stretch => "Stretch",
        }
    }
}
