//! The layers a person can draw. One file a layer: parameters, defaults, shape rule, help.
//!
//! What a layer computes is not here: `engine/lower/` turns each into instructions. To add a layer, see
//! CONTRIBUTING.md.

mod activation;
mod choice;
mod params;
mod ports;

mod attention;
mod axes;
mod batch_norm;
mod block;
mod border;
mod conv1d;
mod conv2d;
mod dense;
mod depthwise;
mod dropout;
mod embedding;
mod enlarge;
mod foreign;
mod formula;
mod group_norm;
mod input;
mod instance_norm;
mod layer_norm;
mod loss;
mod merge;
mod noise;
mod pool;
mod recurrent;
mod reshape;
mod rms_norm;
mod separable;
mod sliding;
mod words;

use serde::{Deserialize, Serialize};

pub use activation::{
    CappedRelu, Elu, Gelu, HardSigmoid, HardSwish, HardTanh, LeakyRelu, LogSoftmax, Mish, Prelu, Relu, Selu, Sigmoid,
    Silu, Softmax, Softplus, Tanh, ThresholdedRelu,
};
pub use attention::MultiHeadAttention;
pub use axes::{MaxOver, MeanOver, Permute, Slice};
pub use batch_norm::BatchNorm;
pub use block::{Block, BlockInput, BlockOutput};
pub use border::{Crop1d, Crop2d, ZeroPad1d, ZeroPad2d};
pub use choice::{Activated, Activation, Initialiser, LossKind, Padding, PaddingInTime};
pub use conv1d::Conv1d;
pub use conv2d::Conv2d;
pub use dense::Dense;
pub use depthwise::DepthwiseConv2d;
pub use dropout::Dropout;
pub use embedding::{Embedding, PositionalEncoding, Positions};
pub use enlarge::{ConvTranspose2d, Interpolation, Upsample};
pub use foreign::Foreign;
pub use formula::Formula;
pub use group_norm::GroupNorm;
pub use input::{Input, columns};
pub use instance_norm::InstanceNorm;
pub use layer_norm::LayerNorm;
pub use loss::Loss;
pub use merge::{Add, Average, Concat, Maximum, Minimum, Multiply, Subtract};
pub use noise::GaussianNoise;
pub use params::{Field, ParamKind, ParamSpec, ParamValue, Params};
pub use pool::{AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, GlobalAvgPool, MaxPool1d, MaxPool2d, Pool};
pub use ports::{InputPort, Inputs, Need};
pub use recurrent::{Gru, Lstm, Nonlinearity, Recurrence, SimpleRnn};
pub use reshape::{Flatten, Reshape};
pub use rms_norm::RmsNorm;
pub use separable::SeparableConv2d;
pub use sliding::Sliding;

use super::{DataSignature, Shape};

/// The largest factor of a penalty on weights.
pub const PENALTY: f64 = 10.0;
const SLOPE: &str = "Negative values are multiplied by this.";
const CAP: &str = "Larger values are clipped to this. With a cap of 6 the function is called ReLU6.";
const THRESHOLD: &str = "Values up to this become 0. Larger ones pass unchanged.";
const L1: &str = "Adds L1 × Σ|w| to the loss, over the weights of this layer, which drives unneeded ones to exactly \
    zero.";
const L2: &str = "Adds L2 × Σw² to the loss, over the weights of this layer, which keeps all of them small. Unlike \
    weight decay it is part of the loss.";

/// Where a layer stands in the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Where data enters.
    Data,
    /// The essential layers.
    Core,
    /// Activation functions.
    Activation,
    /// Layers for images.
    Convolution,
    /// Layers for sequences.
    Sequence,
    /// Batch, layer and group normalisation.
    Normalisation,
    /// Layers with several inputs.
    Merge,
    /// What is minimised.
    Loss,
    /// Layers of other frameworks, which stand in no palette.
    Foreign,
}

impl Group {
    /// The groups of the palette, in its order.
    pub const PALETTE: [Self; 8] = [
        Self::Data,
        Self::Core,
        Self::Activation,
        Self::Convolution,
        Self::Sequence,
        Self::Normalisation,
        Self::Merge,
        Self::Loss,
    ];

    /// As the palette's headings say it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::Core => "Core",
            Self::Activation => "Activation",
            Self::Convolution => "Convolution",
            Self::Sequence => "Sequence",
            Self::Normalisation => "Normalisation",
            Self::Merge => "Merge",
            Self::Loss => "Loss",
            Self::Foreign => "Foreign",
        }
    }
}

/// What every layer says about itself. Texts are for a beginner, with the field's term beside them.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Palette and default name: "Dense".
    pub title: &'static str,
    /// Where it stands in the palette, and its colour.
    pub group: Group,
    /// A few words: "weighted sum".
    pub tagline: &'static str,
    /// One paragraph.
    pub help: &'static str,
    /// "y = W x + b"
    pub formula: &'static str,
    /// Up to two characters for the coloured icon.
    pub glyph: &'static str,
    /// How many wires may arrive, and where.
    pub inputs: Inputs,
    /// Whether anything may follow.
    pub has_output: bool,
}

/// Why a layer cannot take what arrives.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// What the layer takes: "a row of numbers".
    pub expected: String,
    /// What arrives: "1 × 28 × 28".
    pub got: String,
    /// A sentence: the reason for the rule.
    pub why: String,
    /// What would help, the likeliest first.
    pub fixes: Vec<Fix>,
}

/// A repair that a layer can offer without knowing the graph around it.
#[derive(Clone, Debug, PartialEq)]
pub enum Fix {
    /// Put this layer on the wire that arrives.
    InsertBefore(LayerKind),
    /// Change a parameter of the layer that complains.
    Set {
        /// As in project files.
        key: &'static str,
        /// What fits.
        value: ParamValue,
    },
    /// Change a parameter of the layer before it, when that layer has it.
    SetPrevious {
        /// As in project files.
        key: &'static str,
        /// What fits.
        value: ParamValue,
    },
}

/// A layer's rule book.
pub trait LayerSpec: Params {
    /// Its texts and ports.
    fn about(&self) -> &'static About;

    /// Names of the ports where something leaves, as in files; none where nothing does.
    fn outputs(&self) -> &'static [&'static str] {
        if self.about().has_output { &["output"] } else { &[] }
    }

    /// Where a wire begins that is drawn from the layer and not from one of its ports.
    fn usual_output(&self) -> usize {
        0
    }

    /// The shape that leaves for the shapes that arrive (as many as there are wires, in order).
    /// `data` is what is loaded, if anything is: only Input and Loss ask.
    fn infer(&self, inputs: &[Shape], data: Option<&DataSignature>) -> Result<Shape, Mismatch>;

    /// The shape that leaves each port; of inputs that may stay free `None` stands for no wire. For layers with named
    /// ports.
    fn infer_ports(&self, inputs: &[Option<Shape>], data: Option<&DataSignature>) -> Result<Vec<Shape>, Mismatch> {
        let arrived: Vec<Shape> = inputs.iter().flatten().cloned().collect();
        self.infer(&arrived, data).map(|shape| vec![shape])
    }

    /// What the layer keeps, for the shapes that arrive (already found valid), in the order of their ports. Lowering,
    /// counts, checkpoints and inspectors have names and sizes from here.
    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let _ = inputs;
        Vec::new()
    }
}

/// The axes of what a convolution slides over pictures.
const KERNEL: &[&str] = &["filter", "channel", "row", "column"];

/// A tensor that a layer keeps between steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Behind the layer's name: `weight` in `dense_1.weight`.
    pub name: &'static str,
    /// In PyTorch's layout.
    pub dims: Vec<usize>,
    /// What each axis is called.
    pub axes: &'static [&'static str],
    /// Running statistics and fixed tables are not.
    pub is_trained: bool,
}

impl Weight {
    /// One that is trained.
    pub fn new(name: &'static str, dims: impl Into<Vec<usize>>, axes: &'static [&'static str]) -> Self {
        Self { name, dims: dims.into(), axes, is_trained: true }
    }

    /// One that is not trained.
    pub fn kept(name: &'static str, dims: impl Into<Vec<usize>>, axes: &'static [&'static str]) -> Self {
        Self { is_trained: false, ..Self::new(name, dims, axes) }
    }
}

macro_rules! layers {
    ($( $kind:ident = $key:literal; )* $( @end $end:ident = $end_key:literal; )*) => {
        /// Every kind of layer with its parameters.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum LayerKind {
            $(
                #[doc = concat!("`", $key, "` in project files.")]
                #[serde(rename = $key)]
                $kind($kind),
            )*
            $(
                #[doc = concat!("`", $end_key, "` in project files.")]
                #[serde(rename = $end_key)]
                $end($end),
            )*
        }

        impl LayerKind {
            /// One of each that can be added, with default parameters, in the order of the palette. The ends of a
            /// Block come with it, foreign layers from elsewhere.
            pub fn all() -> Vec<LayerKind> {
                vec![$( LayerKind::$kind($kind::default()), )*]
            }

            /// The word in the project file: "dense".
            pub fn key(&self) -> &'static str {
                match self { $( LayerKind::$kind(_) => $key, )* $( LayerKind::$end(_) => $end_key, )* }
            }

            /// A layer with default parameters; `None` for a word that this version does not know.
            pub fn from_key(key: &str) -> Option<LayerKind> {
                match key { $( $key => Some(LayerKind::$kind($kind::default())), )* _ => None }
            }

            /// Its rules.
            pub fn spec(&self) -> &dyn LayerSpec {
                match self { $( LayerKind::$kind(layer) => layer, )* $( LayerKind::$end(layer) => layer, )* }
            }

            /// Its parameters, to be changed by key.
            pub fn params_mut(&mut self) -> &mut dyn Params {
                match self { $( LayerKind::$kind(layer) => layer, )* $( LayerKind::$end(layer) => layer, )* }
            }
        }

        $( impl From<$kind> for LayerKind {
            fn from(layer: $kind) -> Self { LayerKind::$kind(layer) }
        } )*
        $( impl From<$end> for LayerKind {
            fn from(layer: $end) -> Self { LayerKind::$end(layer) }
        } )*
    };
}

layers! {
    Input = "input";
    Dense = "dense";
    Formula = "formula";
    Block = "block";
    Flatten = "flatten";
    Reshape = "reshape";
    Dropout = "dropout";
    GaussianNoise = "gaussian_noise";
    Relu = "relu";
    LeakyRelu = "leaky_relu";
    Prelu = "prelu";
    Elu = "elu";
    Selu = "selu";
    Gelu = "gelu";
    Silu = "silu";
    HardSwish = "hard_swish";
    Mish = "mish";
    CappedRelu = "capped_relu";
    ThresholdedRelu = "thresholded_relu";
    Softplus = "softplus";
    Tanh = "tanh";
    HardTanh = "hard_tanh";
    Sigmoid = "sigmoid";
    HardSigmoid = "hard_sigmoid";
    Softmax = "softmax";
    LogSoftmax = "log_softmax";
    Conv2d = "conv2d";
    DepthwiseConv2d = "depthwise_conv2d";
    SeparableConv2d = "separable_conv2d";
    ConvTranspose2d = "conv_transpose2d";
    Upsample = "upsample";
    MaxPool2d = "max_pool2d";
    AvgPool2d = "avg_pool2d";
    AdaptiveAvgPool2d = "adaptive_avg_pool2d";
    GlobalAvgPool = "global_avg_pool";
    ZeroPad2d = "zero_pad2d";
    Crop2d = "crop2d";
    Conv1d = "conv1d";
    MaxPool1d = "max_pool1d";
    AvgPool1d = "avg_pool1d";
    ZeroPad1d = "zero_pad1d";
    Crop1d = "crop1d";
    Embedding = "embedding";
    PositionalEncoding = "positional_encoding";
    MultiHeadAttention = "multi_head_attention";
    Lstm = "lstm";
    Gru = "gru";
    SimpleRnn = "simple_rnn";
    Permute = "permute";
    Slice = "slice";
    MeanOver = "mean_over";
    MaxOver = "max_over";
    BatchNorm = "batch_norm";
    LayerNorm = "layer_norm";
    GroupNorm = "group_norm";
    InstanceNorm = "instance_norm";
    RmsNorm = "rms_norm";
    Add = "add";
    Subtract = "subtract";
    Multiply = "multiply";
    Average = "average";
    Maximum = "maximum";
    Minimum = "minimum";
    Concat = "concat";
    Loss = "loss";
    @end Foreign = "foreign";
    @end BlockInput = "block_input";
    @end BlockOutput = "block_output";
}

impl LayerKind {
    /// Its texts and ports.
    pub fn about(&self) -> &'static About {
        self.spec().about()
    }

    /// The parameter that counts what the layer has (units, filters or repetitions), and its value.
    pub fn count(&self) -> Option<(ParamSpec, i64)> {
        let spec = self.spec().param_specs().into_iter().find(ParamSpec::is_count)?;
        match self.spec().param(spec.key) {
            Some(ParamValue::Int(count)) => Some((spec, count)),
            _ => None,
        }
    }

    /// The key of that parameter.
    pub fn count_key(&self) -> Option<&'static str> {
        self.count().map(|(spec, _)| spec.key)
    }

    /// The function that the layer puts behind what it computes, where one can be chosen.
    pub fn chosen_activation(&self) -> Option<Activation> {
        self.spec().param("activation").as_ref().and_then(Activation::from_param)
    }

    /// The function that the layer applies to each of its numbers at last: the one chosen, or what it is.
    pub fn activation(&self) -> Option<Activation> {
        let own = || Activation::ALL.iter().copied().find(|activation| activation.key() == self.key());
        self.chosen_activation().or_else(own).filter(|&activation| activation != Activation::None)
    }

    /// Whether it is one of the two ends inside a Block, which come and go with it.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::BlockInput(_) | Self::BlockOutput(_))
    }

    /// Whether there is anything to train in it itself.
    pub fn has_weights(&self) -> bool {
        // Of any input: sizes differ, not whether there are any.
        let weights = self.spec().weights(&[Shape(vec![1, 1, 1])]);
        weights.iter().any(|weight| weight.is_trained)
    }
}

/// For layers that take a picture: the picture, or a mismatch with repairs.
fn image_input(inputs: &[Shape], what: &str) -> Result<[usize; 3], Mismatch> {
    let shape = &inputs[0];
    if let Some(image) = shape.as_image() {
        return Ok(image);
    }
    let side = (shape.len() as f64).sqrt() as usize;
    let mut fixes = Vec::new();
    if shape.rank() == 1 && side > 1 && side * side == shape.len() {
        let reshape = Reshape { shape: format!("1 x {side} x {side}") };
        fixes.push(Fix::InsertBefore(reshape.into()));
    }
    Err(Mismatch {
        expected: "channels × rows × columns".into(),
        got: shape.to_string(),
        why: format!("{what} works on an image, so it needs three axes."),
        fixes,
    })
}

/// For layers that take a sequence: steps and features, or a mismatch with repairs.
fn sequence_input(shape: &Shape, what: &str) -> Result<[usize; 2], Mismatch> {
    if let Ok(sizes) = <[usize; 2]>::try_from(shape.0.as_slice()) {
        return Ok(sizes);
    }
    let fixes = match shape.0[..] {
        [steps] => vec![Fix::InsertBefore(Reshape { shape: format!("{steps} x 1") }.into())],
        // A picture is read row by row.
        [1, rows, columns] => vec![Fix::InsertBefore(Reshape { shape: format!("{rows} x {columns}") }.into())],
        [channels, rows, columns] => {
            vec![Fix::InsertBefore(Reshape { shape: format!("{channels} x {}", rows * columns) }.into())]
        }
        _ => Vec::new(),
    };
    Err(Mismatch {
        expected: "steps × features".into(),
        got: shape.to_string(),
        why: format!("{what} reads a sequence of steps, each a row of features."),
        fixes,
    })
}
