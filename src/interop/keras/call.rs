//! What each step is called in Keras: one description for the code and for the file.

use super::plan::{Cell, Ends, Merge, Plan, Recurrent, Step, What, Window, keras_word};
use crate::model::layer::{Activated, Activation, Initialiser, Nonlinearity};

/// What Keras makes of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What is called.
    pub make: Make,
    /// Settings by name.
    pub settings: Vec<(&'static str, Setting)>,
    /// How many of these stand without their names in code.
    pub positional: usize,
    /// What is said when it is applied, beside what it reads.
    pub saying: Vec<(&'static str, Setting)>,
}

/// What is called.
#[derive(Clone, Debug, PartialEq)]
pub enum Make {
    /// A layer of Keras.
    Layer(&'static str),
    /// The same, which code replaces by one of its own that trains as ours does.
    Improved(&'static str),
    /// A layer that the export brings along.
    Own(String),
    /// An operation: of which module, under which names as an object and as a function.
    Op(&'static str, &'static str, &'static str),
    /// Part of one axis.
    Item {
        /// Which, with the batch.
        axis: usize,
        /// From here.
        first: usize,
        /// So many; of one alone the axis goes.
        length: usize,
        /// The axis goes.
        drops: bool,
    },
}

/// A setting.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "named as what they are")]
pub enum Setting {
    Int(usize),
    Float(f64),
    Bool(bool),
    Word(&'static str),
    List(Vec<Setting>),
    Text(String),
    Penalty([f64; 2]),
    Constant(f64),
    Layer(Box<Call>),
}

/// Of the largest padding: below everything that single precision holds.
pub const LOWEST: f64 = -3.4e38;

impl Call {
    fn new(make: Make) -> Self {
        Self { make, settings: Vec::new(), positional: 0, saying: Vec::new() }
    }

    fn layer(class: &'static str) -> Self {
        Self::new(Make::Layer(class))
    }

    /// A setting that code writes without its name.
    fn at(mut self, key: &'static str, setting: Setting) -> Self {
        self.settings.insert(self.positional, (key, setting));
        self.positional += 1;
        self
    }

    fn with(mut self, key: &'static str, setting: Setting) -> Self {
        self.settings.push((key, setting));
        self
    }

    /// A setting where it is not as usual.
    fn with_if(self, is_so: bool, key: &'static str, setting: Setting) -> Self {
        if is_so { self.with(key, setting) } else { self }
    }

    fn saying(mut self, key: &'static str, setting: Setting) -> Self {
        self.saying.push((key, setting));
        self
    }

    fn activated(self, activation: &Option<Activated>) -> Self {
        match activation.as_ref().and_then(keras_word) {
            Some(word) => self.with("activation", Setting::Word(word)),
            None => self,
        }
    }

    /// Bias, initialisers and penalties of a layer with weights.
    fn weighted(mut self, step: &Step, bias: bool, kernels: [&'static [&'static str; 2]; 2]) -> Self {
        self = self.with_if(!bias, "use_bias", Setting::Bool(false));
        let initialiser = step.start.and_then(|(start, value)| initialiser(start, value));
        for &[initial, penalty] in kernels.into_iter().filter(|keys| !keys[0].is_empty()) {
            if let Some(initialiser) = &initialiser {
                self = self.with(initial, initialiser.clone());
            }
            self = self.with_if(step.penalty != [0.0; 2], penalty, Setting::Penalty(step.penalty));
        }
        self
    }

    fn slid(self, window: &Window) -> Self {
        let pair = |n| Setting::Int(n);
        let padding = match window.padding {
            Ends::Valid => None,
            Ends::Same => Some("same"),
            Ends::Causal => Some("causal"),
        };
        let call = self.at("kernel_size", pair(window.kernel));
        let call = call.with_if(window.stride != 1, "strides", pair(window.stride));
        let call = match padding {
            Some(word) => call.with("padding", Setting::Word(word)),
            None => call,
        };
        call.with_if(window.dilation != 1, "dilation_rate", pair(window.dilation))
    }

    fn pooled(self, window: &Window) -> Self {
        let call = self.at("pool_size", Setting::Int(window.kernel));
        let call = call.with_if(window.stride != window.kernel, "strides", Setting::Int(window.stride));
        call.with_if(window.padding == Ends::Same, "padding", Setting::Word("same"))
    }
}

/// Keras's word where it is not what its layers do anyway. Its normal distributions are cut off at two deviations,
/// which makes no difference to weights that are exported.
fn initialiser(start: Initialiser, value: f64) -> Option<Setting> {
    Some(Setting::Word(match start {
        Initialiser::GlorotUniform => return None,
        Initialiser::GlorotNormal => "glorot_normal",
        Initialiser::HeUniform => "he_uniform",
        Initialiser::HeNormal => "he_normal",
        Initialiser::LeCunUniform => "lecun_uniform",
        Initialiser::LeCunNormal => "lecun_normal",
        Initialiser::Orthogonal => "orthogonal",
        Initialiser::Zeros => "zeros",
        Initialiser::Constant => return Some(Setting::Constant(value)),
    }))
}

fn nonlinearity(function: Nonlinearity) -> &'static str {
    match function {
        Nonlinearity::Tanh => "tanh",
        Nonlinearity::Relu => "relu",
        Nonlinearity::Sigmoid => "sigmoid",
        Nonlinearity::HardSigmoid => "hard_sigmoid",
        Nonlinearity::Linear => "linear",
    }
}

fn ints(numbers: &[usize]) -> Setting {
    Setting::List(numbers.iter().map(|&n| Setting::Int(n)).collect())
}

/// As ints, counted with the batch axis in front.
fn axes(axes: &[usize]) -> Setting {
    ints(&axes.iter().map(|axis| axis + 1).collect::<Vec<_>>())
}

/// `((1, 1), (0, 2))`; of one axis `(1, 1)`.
fn border(border: &[[usize; 2]]) -> Setting {
    match border {
        [one] => ints(one),
        _ => Setting::List(border.iter().map(|ends| ints(ends)).collect()),
    }
}

const KERNEL: &[&str; 2] = &["kernel_initializer", "kernel_regularizer"];
const DEPTHWISE: &[&str; 2] = &["depthwise_initializer", "depthwise_regularizer"];
const POINTWISE: &[&str; 2] = &["pointwise_initializer", "pointwise_regularizer"];
const NONE: &[&str; 2] = &["", ""];

/// What Keras makes of a step; `None` of an input.
pub fn call(plan: &Plan, step: &Step) -> Option<Call> {
    let rank = step.reads.first().map_or(0, |&read| plan.dims(read).len());
    let by_axes = |window: &Window, two, one| Call::layer(if window.axes == 2 { two } else { one });
    Some(match &step.what {
        What::Input { .. } => return None,
        What::Dense { units, bias, activation } => Call::layer("Dense")
            .at("units", Setting::Int(*units))
            .activated(activation)
            .weighted(step, *bias, [KERNEL, NONE]),
        What::Conv { filters, window, groups, bias, activation } => by_axes(window, "Conv2D", "Conv1D")
            .at("filters", Setting::Int(*filters))
            .slid(window)
            .with_if(*groups != 1, "groups", Setting::Int(*groups))
            .activated(activation)
            .weighted(step, *bias, [KERNEL, NONE]),
        What::Depthwise { multiplier, window, bias, activation } => Call::layer("DepthwiseConv2D")
            .slid(window)
            .with_if(*multiplier != 1, "depth_multiplier", Setting::Int(*multiplier))
            .activated(activation)
            .weighted(step, *bias, [DEPTHWISE, NONE]),
        What::Separable { filters, multiplier, window, bias, activation } => Call::layer("SeparableConv2D")
            .at("filters", Setting::Int(*filters))
            .slid(window)
            .with_if(*multiplier != 1, "depth_multiplier", Setting::Int(*multiplier))
            .activated(activation)
            .weighted(step, *bias, [DEPTHWISE, POINTWISE]),
        What::ConvTranspose { filters, window, more, bias, activation } => {
            // Else Keras fills up to a whole stride.
            let says = window.padding == Ends::Valid && (*more > 0 || window.kernel < window.stride);
            Call::layer("Conv2DTranspose")
                .at("filters", Setting::Int(*filters))
                .slid(window)
                .with_if(says, "output_padding", Setting::Int(*more))
                .activated(activation)
                .weighted(step, *bias, [KERNEL, NONE])
        }
        What::Attention { heads, size, causal, bias, scores } => attention([*heads, *size], *causal, *bias, *scores),
        What::Recurrent(recurrent) => recurrence(recurrent),
        What::MaxPool(window) => by_axes(window, "MaxPooling2D", "MaxPooling1D").pooled(window),
        What::MeanPool(window) => by_axes(window, "AveragePooling2D", "AveragePooling1D").pooled(window),
        _ => without_weights(step, rank),
    })
}

/// What moves axes, borders and windows.
fn without_weights(step: &Step, rank: usize) -> Call {
    match &step.what {
        What::ZeroPad(zeros) => {
            Call::layer(if zeros.len() == 2 { "ZeroPadding2D" } else { "ZeroPadding1D" }).at("padding", border(zeros))
        }
        What::Crop(ends) => {
            Call::layer(if ends.len() == 2 { "Cropping2D" } else { "Cropping1D" }).at("cropping", border(ends))
        }
        What::LowPad(ends) => {
            let whole: Vec<_> = std::iter::once([0; 2]).chain(ends.iter().copied()).chain([[0; 2]]).collect();
            Call::new(Make::Op("numpy", "Pad", "pad"))
                .at("pad_width", border(&whole))
                .saying("constant_values", Setting::Float(LOWEST))
        }
        What::BorderedMeanPool { window, border: ends, counted } => {
            let list = |ends: &[[usize; 2]]| Setting::List(ends.iter().map(|ends| ints(ends)).collect());
            Call::new(Make::Own("BorderedAveragePooling".into()))
                .at("pool_size", Setting::Int(window.kernel))
                .with("strides", Setting::Int(window.stride))
                .with("border", list(ends))
                .with("counted", list(counted))
        }
        What::Adaptive { rows, columns } => {
            // Keras's own fails where parts are not all of one size.
            Call::new(Make::Own("AdaptiveAveragePooling".into()))
                .at("rows", Setting::Int(*rows))
                .at("columns", Setting::Int(*columns))
        }
        What::GlobalMean => Call::layer("GlobalAveragePooling2D"),
        What::Upsample { factor, bilinear } => Call::layer("UpSampling2D").at("size", Setting::Int(*factor)).with_if(
            *bilinear,
            "interpolation",
            Setting::Word("bilinear"),
        ),
        What::Embedding { vocabulary, width } => {
            Call::layer("Embedding").at("input_dim", Setting::Int(*vocabulary)).at("output_dim", Setting::Int(*width))
        }
        What::Positions { learned } => {
            Call::new(Make::Own("PositionalEncoding".into())).with_if(*learned, "learned", Setting::Bool(true))
        }
        What::Permute(order) => Call::layer("Permute").at("dims", axes(order)),
        What::Reshape(sizes) => Call::layer("Reshape").at("target_shape", ints(sizes)),
        What::Flatten { .. } => Call::layer("Flatten"),
        What::Slice { axis, first, length, drops } => {
            Call::new(Make::Item { axis: axis + 1, first: *first, length: *length, drops: *drops })
        }
        What::Reduce { max, axis: 0, keeps: false } if rank == 2 => {
            Call::layer(if *max { "GlobalMaxPooling1D" } else { "GlobalAveragePooling1D" })
        }
        What::Reduce { max, axis, keeps } => {
            let op = if *max { Make::Op("numpy", "Max", "max") } else { Make::Op("numpy", "Mean", "mean") };
            Call::new(op).with("axis", Setting::Int(axis + 1)).with_if(*keeps, "keepdims", Setting::Bool(true))
        }
        _ => by_numbers(step, rank),
    }
}

/// What works number by number, over all of them or on several inputs.
fn by_numbers(step: &Step, rank: usize) -> Call {
    match &step.what {
        What::BatchNorm { epsilon, momentum } => Call::new(Make::Improved("BatchNormalization"))
            .with("momentum", Setting::Float(1.0 - momentum))
            .with("epsilon", Setting::Float(*epsilon)),
        What::LayerNorm { axes: own, epsilon } => normalised("LayerNormalization", own, *epsilon, rank),
        What::RmsNorm { axes: own, epsilon } => normalised("RMSNormalization", own, *epsilon, rank),
        What::GroupNorm { groups, epsilon } => {
            let call = Call::layer("GroupNormalization");
            let call = match groups {
                Some(groups) => call.at("groups", Setting::Int(*groups)),
                // One of them is all that a channel has.
                None => call.at("groups", Setting::Int(step.leaves[0].last().copied().unwrap_or(1))),
            };
            call.with("epsilon", Setting::Float(*epsilon))
        }
        What::Activation(activated) => function(activated),
        What::Elu { alpha } => Call::layer("ELU").at("alpha", Setting::Float(*alpha)),
        What::Prelu { shared } => Call::layer("PReLU").with_if(!shared.is_empty(), "shared_axes", axes(shared)),
        What::Softmax { axis, log } => match (*log, axis + 1 == rank) {
            (false, true) => Call::layer("Softmax"),
            (false, false) => Call::layer("Softmax").with("axis", Setting::Int(axis + 1)),
            (true, true) => Call::layer("Activation").at("activation", Setting::Word("log_softmax")),
            (true, false) => {
                Call::new(Make::Op("nn", "LogSoftmax", "log_softmax")).with("axis", Setting::Int(axis + 1))
            }
        },
        What::Dropout { rate, whole_channels, .. } => Call::layer(match (whole_channels, rank) {
            (true, 3) => "SpatialDropout2D",
            (true, 2) => "SpatialDropout1D",
            _ => "Dropout",
        })
        .at("rate", Setting::Float(*rate)),
        What::Noise { deviation } => Call::layer("GaussianNoise").at("stddev", Setting::Float(*deviation)),
        What::Merge(merge) => Call::layer(match merge {
            Merge::Add => "Add",
            Merge::Subtract => "Subtract",
            Merge::Multiply => "Multiply",
            Merge::Average => "Average",
            Merge::Maximum => "Maximum",
            Merge::Minimum => "Minimum",
        }),
        What::Concat { axis } => Call::layer("Concatenate").with_if(axis + 1 != rank, "axis", Setting::Int(axis + 1)),
        What::Formula { .. } => Call::new(Make::Own(class_of(&step.name))),
        _ => Call::layer("Identity"),
    }
}

/// The class of a Formula: `formula_1` is called `Formula1`.
pub fn class_of(name: &str) -> String {
    crate::interop::code::python::class(&name.replace('_', " "))
}

fn normalised(class: &'static str, own: &[usize], epsilon: f64, rank: usize) -> Call {
    let is_usual = own == [rank - 1];
    Call::layer(class).with_if(!is_usual, "axis", axes(own)).with("epsilon", Setting::Float(epsilon))
}

fn function(activated: &Activated) -> Call {
    let float = Setting::Float;
    if let Some(word) = keras_word(activated) {
        return Call::layer("Activation").at("activation", Setting::Word(word));
    }
    match activated.activation {
        Activation::LeakyRelu => Call::layer("LeakyReLU").at("negative_slope", float(activated.slope)),
        Activation::CappedRelu => Call::layer("ReLU").at("max_value", float(activated.cap)),
        // Keras takes no threshold below 0.
        Activation::ThresholdedRelu if activated.threshold < 0.0 => {
            Call::new(Make::Own("Threshold".into())).at("threshold", float(activated.threshold))
        }
        Activation::ThresholdedRelu => Call::layer("ReLU").with("threshold", float(activated.threshold)),
        _ => Call::layer("Activation").at("activation", Setting::Word("linear")),
    }
}

fn attention([heads, size]: [usize; 2], causal: bool, bias: bool, scores: bool) -> Call {
    let mut call = Call::layer("MultiHeadAttention")
        .at("num_heads", Setting::Int(heads))
        .at("key_dim", Setting::Int(size))
        .with_if(!bias, "use_bias", Setting::Bool(false));
    if scores {
        call = call.saying("return_attention_scores", Setting::Bool(true));
    }
    if causal { call.saying("use_causal_mask", Setting::Bool(true)) } else { call }
}

fn recurrence(of: &Recurrent) -> Call {
    let (class, usual_gate) = match of.cell {
        Cell::Lstm => ("LSTM", true),
        Cell::Gru => ("GRU", true),
        Cell::Simple => ("SimpleRNN", false),
    };
    let (function, gate) = (nonlinearity(of.function), nonlinearity(of.gate));
    let one = Call::layer(class)
        .at("units", Setting::Int(of.units))
        .with_if(function != "tanh", "activation", Setting::Word(function))
        .with_if(usual_gate && gate != "sigmoid", "recurrent_activation", Setting::Word(gate))
        .with_if(!of.bias, "use_bias", Setting::Bool(false))
        .with_if(of.sequence, "return_sequences", Setting::Bool(true))
        .with_if(of.sequence && of.last, "return_state", Setting::Bool(true));
    if of.both_ways { Call::layer("Bidirectional").at("layer", Setting::Layer(Box::new(one))) } else { one }
}
