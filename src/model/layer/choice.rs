//! Choices shared by several layers.

use super::params::choices;

choices! {
    /// The function a Dense or Conv layer applies to its own output.
    pub enum Activation {
        /// y = x.
        None = "none", "none";
        /// max(0, x).
        Relu = "relu", "ReLU";
        /// x above 0, `slope` · x below.
        LeakyRelu = "leaky_relu", "Leaky ReLU";
        /// x above 0, eˣ − 1 below.
        Elu = "elu", "ELU";
        /// x · Φ(x), with the exact normal distribution.
        Gelu = "gelu", "GELU";
        /// x · sigmoid(x); also called Swish.
        Silu = "silu", "SiLU";
        /// ln(1 + eˣ).
        Softplus = "softplus", "Softplus";
        /// Between −1 and 1.
        Tanh = "tanh", "tanh";
        /// 1 / (1 + e⁻ˣ), between 0 and 1.
        Sigmoid = "sigmoid", "sigmoid";
        /// ELU scaled so that normalised inputs stay normalised.
        Selu = "selu", "SELU";
        /// x · hard sigmoid(x).
        HardSwish = "hard_swish", "HardSwish";
        /// x / 6 + 1/2, cut off at 0 and 1.
        HardSigmoid = "hard_sigmoid", "Hard sigmoid";
        /// x, cut off at −1 and 1.
        HardTanh = "hard_tanh", "Hard tanh";
        /// x · tanh(softplus(x)).
        Mish = "mish", "Mish";
        /// max(0, x), cut off at `cap`.
        CappedRelu = "capped_relu", "Capped ReLU";
        /// x above `threshold`, 0 below.
        ThresholdedRelu = "thresholded_relu", "Thresholded ReLU";
    }
}

/// The function that a layer applies to its own output, with the settings of those that have some.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activated {
    /// Which function.
    pub activation: Activation,
    /// Of Leaky ReLU.
    pub slope: f64,
    /// Of Capped ReLU.
    pub cap: f64,
    /// Of Thresholded ReLU.
    pub threshold: f64,
}

/// Gives layers with these four parameters their [`Activated`].
macro_rules! activated {
    ($($layer:ident),*) => {
        $(impl $layer {
            /// The function behind the weighted sums.
            pub fn activated(&self) -> $crate::model::layer::Activated {
                let Self { activation, slope, cap, threshold, .. } = *self;
                $crate::model::layer::Activated { activation, slope, cap, threshold }
            }
        })*
    };
}
pub(super) use activated;

choices! {
    /// How weights start. Fans as in PyTorch's `nn.init`; Glorot and He for uniform and normal, LeCun with variance 1 /
    /// fan-in.
    pub enum Initialiser {
        /// Uniform with variance 2 / (fan-in + fan-out).
        GlorotUniform = "glorot_uniform", "Glorot uniform";
        /// Normal with variance 2 / (fan-in + fan-out).
        GlorotNormal = "glorot_normal", "Glorot normal";
        /// Uniform with variance 2 / fan-in.
        HeUniform = "he_uniform", "He uniform";
        /// Normal with variance 2 / fan-in.
        HeNormal = "he_normal", "He normal";
        /// Uniform with variance 1 / fan-in.
        LeCunUniform = "lecun_uniform", "LeCun uniform";
        /// Normal with variance 1 / fan-in.
        LeCunNormal = "lecun_normal", "LeCun normal";
        /// Rows (or columns, whichever are fewer) of length 1 at right angles, as `nn.init.orthogonal_`.
        Orthogonal = "orthogonal", "Orthogonal";
        /// Every weight is 0.
        Zeros = "zeros", "Zeros";
        /// Every weight is the layer's `init_value`.
        Constant = "constant", "Constant";
    }
}

choices! {
    /// What happens at the border of a picture.
    pub enum Padding {
        /// Zeros around, so that the output has ceil(input / stride) rows; an odd total puts the extra zero right and
        /// below.
        Same = "same", "same size";
        /// No zeros: the window stays inside the picture.
        Valid = "valid", "none";
        /// The layer's `pad` zeros on each side.
        Custom = "custom", "custom";
    }
}

choices! {
    /// What happens at the ends of a sequence.
    pub enum PaddingInTime {
        /// As [`Padding::Same`].
        Same = "same", "same size";
        /// No zeros: the window stays inside the sequence.
        Valid = "valid", "none";
        /// Zeros only before the sequence, so that no output sees a later step.
        Causal = "causal", "causal";
        /// The layer's `pad` zeros at each end.
        Custom = "custom", "custom";
    }
}

choices! {
    /// What is minimised. All are means over the batch (and over outputs), as PyTorch's defaults.
    pub enum LossKind {
        /// Cross-entropy for classes, mean squared error for numbers.
        Auto = "auto", "automatic";
        /// −ln of the probability that softmax gives to the true class.
        CrossEntropy = "cross_entropy", "Cross-entropy";
        /// Cross-entropy of each output under a sigmoid of its own.
        BinaryCrossEntropy = "bce", "Binary cross-entropy";
        /// Mean of the squared differences.
        Mse = "mse", "Squared error (MSE)";
        /// Mean of the absolute differences.
        Mae = "mae", "Absolute error (MAE)";
        /// delta = 1.
        Huber = "huber", "Huber";
        /// Cross-entropy that counts what is right already less.
        Focal = "focal", "Focal";
        /// Against -1 and +1.
        Hinge = "hinge", "Hinge";
        /// From the target distribution to softmax of the outputs.
        KlDivergence = "kl_divergence", "KL divergence";
        /// Of things in pictures: whether there is one at each cell, its box and its class.
        Detection = "detection", "Detection";
    }
}
