//! What the network looks like at one moment: per layer and at its end. Made by the trainer only for what is looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Histogram, Statistics};
use crate::model::boxes::{ClassPrecision, Grid, Seen, Thing};
use crate::model::{LayerId, Task};

/// The panels' wishes: what is on the screen and should be pictured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PictureWishes {
    /// Previews on the cards of the canvas.
    pub canvas: bool,
    /// Weights, gradients and activations of these layers, in full.
    pub layers: Vec<LayerId>,
    /// What the network does: surface, curve or predictions.
    pub output: bool,
    /// Row of the validation part whose feature maps are shown.
    pub sample: u32,
    /// Layers all of whose units are pictured, not only the first.
    pub unfolded: Vec<LayerId>,
    /// One unit at one sample: how its number comes about.
    pub unit: Option<UnitAt>,
    /// A point of the plane of codes that is decoded.
    pub code: Option<[f32; 2]>,
}

/// What the window draws of a network at one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// Completed steps when it was taken.
    pub step: u64,
    /// Samples of the last step: its gradients are of them.
    pub batch: usize,
    /// What each layer computes.
    pub layers: BTreeMap<LayerId, LayerPicture>,
    /// What the network predicts.
    pub output: Option<OutputPicture>,
    /// What leaves a network that has no Loss for its sample, end by end.
    pub answers: Vec<Answer>,
    /// The inputs of the unit under the pointer.
    pub unit: Option<UnitSum>,
    /// The point of the plane of codes that was asked about.
    pub decoded: Option<Decoded>,
}

/// What leaves the network by one of its ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The last layer there that is computed.
    pub layer: LayerId,
    /// Its sizes, without the batch axis.
    pub dims: Vec<usize>,
    /// Its numbers, row-major: all, or as many as are shown.
    pub values: Arc<[f32]>,
}

/// A unit, and a sample as the network takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitAt {
    /// The layer.
    pub layer: LayerId,
    /// Index of the unit in it, from 0.
    pub unit: usize,
    /// The input to evaluate it at.
    pub sample: Arc<[f32]>,
}

/// How the number of a unit comes about: inputs times weights, plus the bias, through the activation.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitSum {
    /// What was asked.
    pub of: UnitAt,
    /// What the unit reads, and the weight of each.
    pub terms: Vec<UnitTerm>,
    /// The unit's bias, if it has one.
    pub bias: Option<f32>,
    /// Weighted sum with bias, before the activation.
    pub sum: f32,
    /// What leaves it.
    pub output: f32,
}

/// One term of a unit's weighted sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitTerm {
    /// Value of the input.
    pub input: f32,
    /// Its weight.
    pub weight: f32,
}

/// What the window draws of one layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerPicture {
    /// Of the layer's outputs over a fixed handful of samples (or over the plane).
    pub statistics: Statistics,
    /// How many samples that are.
    pub samples: usize,
    /// Units of a rectifier that are zero for all of them, and how many it has.
    pub dead: Option<(usize, usize)>,
    /// Share of outputs at an end of the activation, where it has two and its layer is not the answer.
    pub saturated: Option<f32>,
    /// Distribution of its outputs.
    pub histogram: Histogram,
    /// What its card shows.
    pub preview: Preview,
    /// Weights and biases with their gradients; only for watched layers, each at most [`Matrix::LIMIT`] numbers.
    pub weights: Vec<Matrix>,
    /// Norm of the gradient of all the layer's weights in the last step.
    pub gradient_norm: Option<f32>,
}

/// What a node card shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Preview {
    /// Nothing to show.
    #[default]
    None,
    /// Each unit's response over the plane -extent..extent, row by row from the top (largest y first); of the first 16
    /// units, or of all.
    Plane {
        /// Cells along each side.
        resolution: usize,
        /// A response for every cell, of each unit.
        units: Vec<Arc<[f32]>>,
    },
    /// Feature maps of the watched sample; the first 16 channels, or all.
    Maps {
        /// Of every channel.
        rows: usize,
        /// Of every channel.
        columns: usize,
        /// Row by row from the top.
        channels: Vec<Arc<[f32]>>,
    },
    /// The response of each unit along the input axis (1-D data), -extent..extent; of the first 16 units, or of all.
    Curves {
        /// A response for every point of the axis, of each unit.
        units: Vec<Arc<[f32]>>,
    },
    /// What each unit says of a handful of rows of a table; of the first 16 units, or of all.
    Histograms {
        /// One of each.
        units: Vec<Histogram>,
    },
}

/// A named tensor to be drawn as a heat map.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// "weight", "bias".
    pub name: String,
    /// What the listing calls it: "dense_1.weight".
    pub tensor: String,
    /// Shape in PyTorch's layout.
    pub dims: Vec<usize>,
    /// Values, row by row.
    pub values: Arc<[f32]>,
    /// Their gradients, in the same order.
    pub gradient: Option<Arc<[f32]>>,
}

impl Matrix {
    /// Larger tensors are not copied into a picture.
    pub const LIMIT: usize = 65_536;

    /// Of the number at this place of `values`.
    pub fn index(&self, at: usize) -> Vec<usize> {
        let mut rest = at;
        let mut index: Vec<usize> = self.dims.iter().rev().map(|&n| (rest % n.max(1), rest /= n.max(1)).0).collect();
        index.reverse();
        index
    }
}

/// What the network now does, by kind of task.
#[derive(Clone, Debug, PartialEq)]
pub enum OutputPicture {
    /// Points of the plane. `scores[c]` is what is said for class c (or, for regression, the one predicted number) at
    /// each cell, row by row from the top (largest y first).
    Surface {
        /// Cells along each side.
        resolution: usize,
        /// The picture reaches from −extent to +extent.
        extent: f32,
        /// A number for every cell, of each class.
        scores: Vec<Arc<[f32]>>,
        /// What the scores mean.
        task: Task,
    },
    /// One number in, one out: predictions along the axis, in the data's units.
    Curve {
        /// In the data's units, ascending.
        x: Arc<[f32]>,
        /// A prediction for each.
        y: Arc<[f32]>,
    },
    /// Classes of validation samples.
    Classes {
        /// Validation samples with what was predicted, in an order whose every beginning is a fair sample.
        predictions: Vec<Prediction>,
        /// `[truth][predicted]`, row-major, over the same samples.
        confusion: Vec<u32>,
        /// How many there are.
        classes: usize,
        /// How well the answers order samples.
        ranking: Ranking,
        /// How many were asked.
        over: Over,
        /// Whether confidences are probabilities: what the loss in force makes of the outputs.
        probability: bool,
    },
    /// Predicted against true numbers, in the user's units.
    Numbers {
        /// Of each output; where the input is given back, of all its numbers together.
        outputs: Vec<NumberPairs>,
        /// Share of the variance explained, mean over the outputs: the score that is quoted everywhere.
        r2: f64,
        /// How many were asked.
        over: Over,
    },
    /// Pictures of the validation part, which the data has, and what became of them.
    Reconstructions {
        /// Rows of the validation part, in an order whose every beginning is a fair sample.
        rows: Arc<[u32]>,
        /// What became of each, `[rows, channels, rows, columns]`.
        outputs: Arc<[f32]>,
        /// Errors over all pixels, and the share that is explained.
        scores: NumberScores,
        /// How many were asked.
        over: Over,
        /// Where the narrowest layer on the way has two units.
        codes: Option<Codes>,
    },
    /// Things found in pictures of the validation part.
    Boxes {
        /// In an order whose every beginning is a fair sample.
        pictures: Vec<Finds>,
        /// Cells of the answer.
        grid: Grid,
        /// Of each class, over the same pictures.
        classes: Vec<ClassPrecision>,
        /// Mean average precision of boxes that overlap the true ones by half; `None` where there is nothing to find.
        map50: Option<f64>,
        /// The mean over overlaps of 0.5, 0.55 ... 0.95.
        map: Option<f64>,
        /// How many pictures were asked.
        over: Over,
    },
}

/// What is in one picture, and what was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finds {
    /// Of the validation part.
    pub row: u32,
    /// What is there.
    pub things: Vec<Thing>,
    /// Most certain first.
    pub found: Vec<Seen>,
}

/// The plane of a layer of two units that everything has to pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Codes {
    /// The layer.
    pub layer: LayerId,
    /// What leaves it for each sample.
    pub points: Arc<[[f32; 2]]>,
    /// From where to where the plane is drawn, of each unit.
    pub range: [[f32; 2]; 2],
    /// Tiles along each side of the plane.
    pub side: usize,
    /// What the network makes of the middle of each tile, row by row from the top (largest second unit first).
    pub tiles: Arc<[f32]>,
}

/// What the network makes of a point of the plane of codes.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The point that was asked about.
    pub at: [f32; 2],
    /// `[channels, rows, columns]`
    pub picture: Arc<[f32]>,
}

/// The network's answer to one sample that somebody asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// What was asked, as the network takes it.
    pub sample: Arc<[f32]>,
    /// Of every class what is said for it, of 1; or the predicted numbers, in the data's units.
    pub values: Vec<f32>,
    /// The class that is named; `None` for numbers.
    pub class: Option<u32>,
    /// Whether `values` are probabilities.
    pub probability: bool,
}

/// How many validation samples scores are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Over {
    /// Samples evaluated.
    pub asked: usize,
    /// All there are.
    pub of: usize,
}

impl Over {
    /// Whether all samples were evaluated.
    pub fn is_whole(self) -> bool {
        self.asked == self.of
    }
}

/// What is predicted of one number beside what is true.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberPairs {
    /// A fair sample of those that were scored: as many as can be told apart on the screen.
    pub pairs: Arc<[[f32; 2]]>,
    /// Over all that were scored.
    pub scores: NumberScores,
}

/// How near predicted numbers are to the true ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NumberScores {
    /// Share of the variance explained.
    pub r2: f64,
    /// In the user's units.
    pub rmse: f64,
    /// Samples whose prediction is NaN or infinite.
    pub not_finite: usize,
}

/// How well the answers order validation samples, whatever the threshold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    /// k, and the share of samples whose class is among the k likeliest; where there are classes enough for it to tell
    /// anything.
    pub top: Option<(usize, f64)>,
    /// One entry a class.
    pub areas: Vec<ClassAreas>,
}

/// Areas under the curves of one class against all others; `None` where there is nothing to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClassAreas {
    /// Under true positives against false positives: the chance that a sample of the class gets a higher score than
    /// another.
    pub roc: Option<f64>,
    /// Under precision against recall, as average precision.
    pub precision_recall: Option<f64>,
}

/// A number that was predicted, in the user's units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// Row of the validation part.
    pub row: u32,
    /// True value, in the units of the data.
    pub truth: f32,
    /// Predicted value, in the units of the data.
    pub predicted: f32,
}

/// A prediction for one sample of a data set with classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Row of the validation part.
    pub row: u32,
    /// Index of the true class.
    pub truth: u32,
    /// Index of the predicted class.
    pub predicted: u32,
    /// What is said for the predicted class, of 1: a probability, or a score that may be larger.
    pub confidence: f32,
}
