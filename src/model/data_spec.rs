//! What data a project trains on: pure settings, no samples. `data/` turns a [`DataSpec`] into a `Dataset`.
//!
//! Paths are kept as the user gave them; a relative path is read relative to the project file's folder by the caller.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Division, Fold, Shape};

/// The source of the samples and how they are split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    /// Where samples come from.
    pub source: Source,
    /// Share of the samples kept for validation, 0.05 to 0.9. Sources that bring their own validation part ignore it.
    #[serde(default = "default_validation")]
    pub validation: f64,
    /// Seed of generation and of the split; "regenerate" draws a new one.
    #[serde(default)]
    pub seed: u64,
    /// By what samples are divided into parts.
    #[serde(default, skip_serializing_if = "Division::is_usual")]
    pub split: Division,
    /// Share of the samples set aside for a last test, 0 to 0.9: neither training nor choosing sees them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub test: f64,
    /// Instead of a share one of several equal parts validates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<Fold>,
}

fn default_validation() -> f64 {
    0.2
}

fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

impl Default for DataSpec {
    fn default() -> Self {
        Self {
            source: Source::Synthetic(SyntheticSpec::default()),
            validation: 0.2,
            seed: 1,
            split: Division::Usual,
            test: 0.0,
            fold: None,
        }
    }
}

/// Where samples come from, with the settings of each kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Source {
    /// Points generated from the seed.
    Synthetic(SyntheticSpec),
    /// Digits drawn from the seed, 28 × 28.
    Digits(DigitsSpec),
    /// Coloured shapes drawn from the seed.
    Shapes(ShapesSpec),
    /// Several of them in each picture, to be found.
    Scenes(ScenesSpec),
    /// A table in a text file.
    Csv(CsvSpec),
    /// A folder of IDX files, such as MNIST.
    Idx(IdxSpec),
    /// A folder with a folder of pictures for each class.
    Pictures(PictureSpec),
    /// A folder of pictures with boxes around things.
    Boxes(BoxesSpec),
    /// One sample, for networks that have no data yet.
    Sample(SampleSpec),
}

/// One sample, part by part: one of each Input that takes a part by its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleSpec {
    /// At least one. Several lie behind each other in a row.
    pub parts: Vec<SamplePart>,
}

/// What enters at one Input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamplePart {
    /// As `columns` of its Input names it; empty where there is one part.
    pub name: String,
    /// Without the batch axis.
    pub shape: Shape,
    /// Numbers with commas between, or the path of an .npy or PNG file; empty: random.
    pub numbers: String,
    /// Random numbers are whole and below this, as an Embedding takes them.
    pub below: Option<usize>,
}

/// Generated points. `kind` decides which of the other settings matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyntheticSpec {
    /// The pattern.
    pub kind: SyntheticKind,
    /// 10 to 100,000.
    pub samples: usize,
    /// 0 to 0.5, as TensorFlow Playground's 0 to 50 %.
    pub noise: f64,
    /// For `Blobs` and `Rings`: 2 to 10.
    pub classes: usize,
    /// Which functions of (x, y) the network is given. Only for sources with two raw numbers; empty counts as x, y.
    pub features: Vec<Feature>,
}

impl Default for SyntheticSpec {
    fn default() -> Self {
        Self {
            kind: SyntheticKind::Spiral,
            samples: 500,
            noise: 0.0,
            classes: 3,
            features: vec![Feature::X, Feature::Y],
        }
    }
}

/// Patterns of generated points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyntheticKind {
    /// A disc inside a ring: two classes.
    Circle,
    /// Four clouds, opposite ones of one class.
    Xor,
    /// Two normal distributions: two classes.
    Gauss,
    /// Two interleaved arms: two classes.
    Spiral,
    /// Two interleaved half circles: two classes.
    Moons,
    /// Normal distributions, one per class.
    Blobs,
    /// Concentric rings, one per class.
    Rings,
    /// Regression on (x, y): TensorFlow Playground's plane.
    Plane,
    /// Regression on (x, y): TensorFlow Playground's sum of Gaussian hills.
    GaussSurface,
    /// Regression on one number.
    Sine,
    /// Regression on one number: a cubic.
    Polynomial,
}

impl SyntheticKind {
    /// Every pattern.
    pub const ALL: [Self; 11] = [
        Self::Spiral,
        Self::Xor,
        Self::Circle,
        Self::Gauss,
        Self::Moons,
        Self::Blobs,
        Self::Rings,
        Self::Plane,
        Self::GaussSurface,
        Self::Sine,
        Self::Polynomial,
    ];

    /// What it is called in the window.
    pub fn title(self) -> &'static str {
        match self {
            Self::Circle => "Circle",
            Self::Xor => "XOR",
            Self::Gauss => "Two Gaussians",
            Self::Spiral => "Spiral",
            Self::Moons => "Two moons",
            Self::Blobs => "Blobs",
            Self::Rings => "Rings",
            Self::Plane => "Plane",
            Self::GaussSurface => "Gaussian hills",
            Self::Sine => "Sine",
            Self::Polynomial => "Polynomial",
        }
    }

    /// How many raw numbers a sample has before feature functions: 2 for points of the plane, 1 for curves.
    pub fn raw_dimensions(self) -> usize {
        match self {
            Self::Sine | Self::Polynomial => 1,
            _ => 2,
        }
    }

    /// Whether a number is predicted instead of a class.
    pub fn is_regression(self) -> bool {
        matches!(self, Self::Plane | Self::GaussSurface | Self::Sine | Self::Polynomial)
    }

    /// Whether the number of classes can be chosen.
    pub fn has_class_count(self) -> bool {
        matches!(self, Self::Blobs | Self::Rings)
    }
}

/// A function of a point of the plane that can be handed to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// The first coordinate.
    X,
    /// The second coordinate.
    Y,
    /// x²
    XSquared,
    /// y²
    YSquared,
    /// x · y
    XTimesY,
    /// sin x
    SinX,
    /// sin y
    SinY,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 7] =
        [Self::X, Self::Y, Self::XSquared, Self::YSquared, Self::XTimesY, Self::SinX, Self::SinY];

    /// How it is written in the window.
    pub fn label(self) -> &'static str {
        match self {
            Self::X => "x",
            Self::Y => "y",
            Self::XSquared => "x²",
            Self::YSquared => "y²",
            Self::XTimesY => "xy",
            Self::SinX => "sin x",
            Self::SinY => "sin y",
        }
    }

    /// Its value at a point.
    pub fn of(self, x: f32, y: f32) -> f32 {
        match self {
            Self::X => x,
            Self::Y => y,
            Self::XSquared => x * x,
            Self::YSquared => y * y,
            Self::XTimesY => x * y,
            Self::SinX => x.sin(),
            Self::SinY => y.sin(),
        }
    }
}

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

/// Picture files in folders, one for each class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureSpec {
    /// The folder of the classes' folders, or of the parts `train`, `val` and `test`.
    pub folder: PathBuf,
    /// Rows and columns that every picture gets.
    pub size: usize,
    /// One channel instead of red, green and blue.
    #[serde(default)]
    pub grey: bool,
    /// What becomes of pictures that are not square.
    #[serde(default)]
    pub fit: Fit,
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

/// A table in a text file. Delimiter, header and quotes are detected when the file is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvSpec {
    /// The file.
    pub path: PathBuf,
    /// Name of the column to predict.
    pub target: String,
    /// What the user said about columns; a column that is not named here gets what `data::csv` infers.
    #[serde(default)]
    pub columns: Vec<ColumnChoice>,
    /// What happens to rows with missing values.
    #[serde(default)]
    pub missing: MissingPolicy,
    /// How numeric columns are scaled.
    #[serde(default)]
    pub scaling: Scaling,
    /// How the file is read, where the user knows better than what is found in it.
    #[serde(default, skip_serializing_if = "Reading::is_found")]
    pub reading: Reading,
}

/// What a file leaves open. `None`: what is found in the file decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reading {
    /// The sheet of a workbook; without it the first one that has a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Whether the first row has names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// Between cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// What stands before the digits behind a whole number; the other one of "." and "," may stand between thousands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<Decimal>,
    /// What 5/6/2024 means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dates: Option<DateOrder>,
    /// Words or numbers that stand for a missing value, besides the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_words: Vec<String>,
}

impl Reading {
    fn is_found(&self) -> bool {
        *self == Self::default()
    }
}

/// The decimal separator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimal {
    /// 1,234.5
    Point,
    /// 1.234,5
    Comma,
}

/// The order of day and month in dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 31/5/2024
    DayFirst,
    /// 5/31/2024
    MonthFirst,
}

/// The user's word about one column, by header name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnChoice {
    /// Name of the column in the header row.
    pub name: String,
    /// What it is used for.
    pub role: ColumnRole,
}

/// What a column is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnRole {
    /// One input, its number.
    Numeric,
    /// One-hot when an input; the class when the target.
    Categorical,
    /// Inputs for year, month, weekday, hour and the time that has passed, as far as they vary.
    Date,
    /// Not used.
    LeftOut,
}

/// What becomes of a row that lacks a value in a column that is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingPolicy {
    /// Numbers get the training part's median, categories a category of their own ("missing"). Rows without a target
    /// are left out.
    #[default]
    Fill,
    /// The row is left out.
    DropRow,
}

/// Computed on the training part only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Zero mean, unit standard deviation.
    #[default]
    Standardise,
    /// 0 to 1.
    MinMax,
    /// Unchanged.
    None,
}
