//! What data a project trains on: pure settings, no samples. `data/` turns a [`DataSpec`] into a `Dataset`.
//!
//! Paths are kept as the user gave them; a relative path is read relative to the project file's folder by the caller.

mod drawn_boxes;
mod own_points;
mod pictures;
mod table;

use serde::{Deserialize, Serialize};

use super::{Division, Fold, Shape};
pub use drawn_boxes::{Drawn, DrawnBox, DrawnPicture, problem_of_drawn};
pub use own_points::OwnPoint;
pub use pictures::*;
pub use table::*;

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
    /// Pictures with a class each, in folders, with a table or in one file.
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

impl DataSpec {
    /// Whether a column says how much each row counts in the loss.
    pub fn is_weighted(&self) -> bool {
        matches!(&self.source, Source::Csv(csv) if csv.weights().next().is_some())
    }
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
    /// Points put by hand, instead of generated ones where there are any; their classes are those of the pattern.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<OwnPoint>,
}

impl SyntheticSpec {
    /// Of points of the plane with classes: how many. `None` for numbers.
    pub fn class_count(&self) -> Option<usize> {
        let count = if self.kind.has_class_count() { self.classes } else { 2 };
        (!self.kind.is_regression()).then_some(count)
    }
}

impl Default for SyntheticSpec {
    fn default() -> Self {
        Self {
            kind: SyntheticKind::Spiral,
            samples: 500,
            noise: 0.0,
            classes: 3,
            features: vec![Feature::X, Feature::Y],
            points: Vec::new(),
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
