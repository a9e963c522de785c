//! A network with the channels last, step by step: what Keras and TensorFlow compute, whose pictures are rows ×
//! columns × channels.
//!
//! The one place that goes through all layers; what a step is called in either framework is theirs to say.

mod axes;
mod build;
mod layers;
mod recurrent;
mod turn;
mod windows;

pub use build::Biases;
pub use turn::{Joined, Turn};

use crate::model::LayerId;
use crate::model::layer::{Activated, Activation, Initialiser, Nonlinearity};

/// All steps, everything after what it reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Inputs first come.
    pub steps: Vec<Step>,
    /// What each Loss compares, in the order of their ids.
    pub answers: Vec<Answer>,
}

/// What arrives at a Loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The Loss in [`crate::interop::Network::nodes`].
    pub node: usize,
    /// What the network says.
    pub answer: Tensor,
    /// What is right, where that is wired.
    pub truth: Option<Tensor>,
}

/// What leaves a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tensor {
    /// Which of [`Plan::steps`].
    pub step: usize,
    /// Which of what leaves it.
    pub port: usize,
}

/// One call of a framework.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// In [`crate::interop::Network::nodes`].
    pub node: usize,
    /// On the canvas.
    pub layer: LayerId,
    /// An identifier of its own: `conv_2d_1`, and of what only prepares it `conv_2d_1_pad`.
    pub name: String,
    /// What it computes.
    pub what: What,
    /// What it reads.
    pub reads: Vec<Tensor>,
    /// Sizes of what leaves it, channels last, without the batch.
    pub leaves: Vec<Vec<usize>>,
    /// What it keeps.
    pub variables: Vec<Variable>,
    /// Whether they are trained.
    pub frozen: bool,
    /// How its weights began, where that is a setting.
    pub start: Option<(Initialiser, f64)>,
    /// L1 and L2 of its weights.
    pub penalty: [f64; 2],
}

/// A tensor that a step keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// As Keras calls it: `kernel`.
    pub name: &'static str,
    /// Where in its layer it lies: `cell`, `forward_layer/cell`; mostly nowhere else.
    pub inside: &'static str,
    /// Running statistics and fixed tables are not.
    pub is_trained: bool,
    /// Whether the layer's L1 and L2 take it in.
    pub is_penalised: bool,
    /// How it is made of our weights.
    pub turn: Turn,
}

/// Zeros before and after each axis but the last.
pub type Border = Vec<[usize; 2]>;

/// How far a window slides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Axes that it slides along: 2 of pictures, 1 of sequences.
    pub axes: usize,
    /// Entries that it reads along each.
    pub kernel: usize,
    /// Entries from one place to the next.
    pub stride: usize,
    /// Entries from one that is read to the next.
    pub dilation: usize,
    /// What lies beyond the ends.
    pub padding: Ends,
}

/// What lies beyond the ends of an axis, as far as both frameworks have a word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The window stays inside.
    Valid,
    /// Zeros, of an odd number one more at the end.
    Same,
    /// Zeros before the first step.
    Causal,
}

/// Merges that work number by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The sum.
    Add,
    /// The first without the second.
    Subtract,
    /// The product.
    Multiply,
    /// The mean.
    Average,
    /// The larger.
    Maximum,
    /// The smaller.
    Minimum,
}

/// Recurrent cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Long short-term memory.
    Lstm,
    /// Gated.
    Gru,
    /// One sum.
    Simple,
}

/// A recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recurrent {
    /// Which.
    pub cell: Cell,
    /// Numbers of the state.
    pub units: usize,
    /// Of what enters and leaves the memory.
    pub function: Nonlinearity,
    /// Of the gates.
    pub gate: Nonlinearity,
    /// Whether it also reads backwards.
    pub both_ways: bool,
    /// Whether sums have biases.
    pub bias: bool,
    /// Whether every step is asked for.
    pub sequence: bool,
    /// Whether the last state is asked for; behind the sequence, if both are.
    pub last: bool,
}

/// What a step computes. Axes count from 0 without the batch.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the layers' parameters under their own names")]
pub enum What {
    /// The sample, or these columns of it.
    Input { columns: Option<Vec<usize>> },
    /// Weighted sums.
    Dense { units: usize, bias: bool, activation: Option<Activated> },
    /// A convolution.
    Conv { filters: usize, window: Window, groups: usize, bias: bool, activation: Option<Activated> },
    /// A filter for each channel.
    Depthwise { multiplier: usize, window: Window, bias: bool, activation: Option<Activated> },
    /// The same, then mixed.
    Separable { filters: usize, multiplier: usize, window: Window, bias: bool, activation: Option<Activated> },
    /// A convolution in reverse, without a border cut off; rows and columns that are added below and right.
    ConvTranspose { filters: usize, window: Window, more: usize, bias: bool, activation: Option<Activated> },
    /// Zeros around.
    ZeroPad(Border),
    /// What is never the largest around.
    LowPad(Border),
    /// A border is cut off.
    Crop(Border),
    /// The largest of each window.
    MaxPool(Window),
    /// The mean of each window, of what lies inside.
    MeanPool(Window),
    /// The mean of each window of what has a border, of which only the inner part counts.
    BorderedMeanPool { window: Window, border: Border, counted: Border },
    /// The mean of each part.
    Adaptive { rows: usize, columns: usize },
    /// The mean of each channel of a picture.
    GlobalMean,
    /// A larger picture.
    Upsample { factor: usize, bilinear: bool },
    /// A row of a table for each number.
    Embedding { vocabulary: usize, width: usize },
    /// A number of its own for each place of a sequence.
    Positions { learned: bool },
    /// Attention; reads queries, values and keys.
    Attention { heads: usize, size: usize, causal: bool, bias: bool, scores: bool },
    /// Reads step by step.
    Recurrent(Recurrent),
    /// Axes in another order.
    Permute(Vec<usize>),
    /// Other sizes.
    Reshape(Vec<usize>),
    /// A row. `picture`: rows × columns × channels that its readers take in this order.
    Flatten { picture: Option<[usize; 3]> },
    /// Part of an axis.
    Slice { axis: usize, first: usize, length: usize, drops: bool },
    /// The mean or the largest along an axis, which goes or stays with size 1.
    Reduce { max: bool, axis: usize, keeps: bool },
    /// Over the batch, per last axis.
    BatchNorm { epsilon: f64, momentum: f64 },
    /// Over these axes.
    LayerNorm { axes: Vec<usize>, epsilon: f64 },
    /// Over these axes, without mean and shift.
    RmsNorm { axes: Vec<usize>, epsilon: f64 },
    /// Over groups of the last axis; `None`: each for itself.
    GroupNorm { groups: Option<usize>, epsilon: f64 },
    /// Number by number.
    Activation(Activated),
    /// ELU with a setting.
    Elu { alpha: f64 },
    /// A learned slope, the same along these axes.
    Prelu { shared: Vec<usize> },
    /// Shares along an axis, or their logarithms.
    Softmax { axis: usize, log: bool },
    /// `picture`: a row is in this order of rows × columns × channels, and not ours.
    Dropout { rate: f64, whole_channels: bool, picture: Option<[usize; 3]> },
    /// While training only.
    Noise { deviation: f64 },
    /// Number by number.
    Merge(Merge),
    /// Side by side.
    Concat { axis: usize },
    /// What a person typed.
    Formula { expression: String },
}

const GELU: &str = "TensorFlow's gelu rounds the root of 2 to single precision.";
const BIAS: &str = "One bias stands for two, and model.keras keeps their sum in single precision.";
const RESIZE: &str = "TensorFlow resizes pictures in single precision.";

impl Plan {
    /// Where the data enters.
    pub fn inputs(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.steps.iter().enumerate().filter(|(_, step)| matches!(step.what, What::Input { .. }))
    }

    /// Sizes of what leaves there.
    pub fn dims(&self, tensor: Tensor) -> &[usize] {
        self.steps.get(tensor.step).and_then(|step| step.leaves.get(tensor.port)).map_or(&[], Vec::as_slice)
    }

    /// Why ten steps in double precision agree less well on Keras: what of it computes or keeps in single precision.
    pub fn single_precision(&self) -> Option<&'static str> {
        let gelu = |activation: &Option<Activated>| activation.is_some_and(|a| a.activation == Activation::Gelu);
        self.steps.iter().find_map(|step| match &step.what {
            What::Activation(activated) if activated.activation == Activation::Gelu => Some(GELU),
            What::Dense { activation, .. }
            | What::Conv { activation, .. }
            | What::Depthwise { activation, .. }
            | What::Separable { activation, .. }
            | What::ConvTranspose { activation, .. }
                if gelu(activation) =>
            {
                Some(GELU)
            }
            What::Recurrent(Recurrent { cell: Cell::Lstm | Cell::Simple, bias: true, .. }) => Some(BIAS),
            What::Upsample { bilinear: true, .. } => Some(RESIZE),
            _ => None,
        })
    }

    /// How many read it.
    pub fn readers(&self, tensor: Tensor) -> usize {
        let read = self.steps.iter().flat_map(|step| &step.reads).filter(|read| **read == tensor).count();
        read + self.answers.iter().filter(|answer| answer.answer == tensor || answer.truth == Some(tensor)).count()
    }
}

/// A sample's sizes with the channels last.
pub fn channels_last(sizes: &[usize]) -> Vec<usize> {
    match *sizes {
        [channels, rows, columns] => vec![rows, columns, channels],
        _ => sizes.to_vec(),
    }
}

/// What Keras calls a function; `None` where it has no word for it, or only with other settings.
pub fn keras_word(activated: &Activated) -> Option<&'static str> {
    match activated.activation {
        Activation::None | Activation::LeakyRelu | Activation::ThresholdedRelu => None,
        Activation::Relu => Some("relu"),
        Activation::Elu => Some("elu"),
        Activation::Gelu => Some("gelu"),
        Activation::Silu => Some("silu"),
        Activation::Softplus => Some("softplus"),
        Activation::Tanh => Some("tanh"),
        Activation::Sigmoid => Some("sigmoid"),
        Activation::Selu => Some("selu"),
        Activation::HardSwish => Some("hard_silu"),
        Activation::HardSigmoid => Some("hard_sigmoid"),
        Activation::HardTanh => Some("hard_tanh"),
        Activation::Mish => Some("mish"),
        Activation::CappedRelu => (activated.cap == 6.0).then_some("relu6"),
    }
}
