//! Choices shared by several layers.

use super::params::choices;

choices! {
    /// The function a Dense or Conv layer applies to its own output.
    pub enum Activation {
        None = "none", "none";
        Relu = "relu", "ReLU";
        LeakyRelu = "leaky_relu", "Leaky ReLU";
        Elu = "elu", "ELU";
        Gelu = "gelu", "GELU";
        Silu = "silu", "SiLU";
        Softplus = "softplus", "Softplus";
        Tanh = "tanh", "tanh";
        Sigmoid = "sigmoid", "sigmoid";
        Selu = "selu", "SELU";
        HardSwish = "hard_swish", "HardSwish";
        HardSigmoid = "hard_sigmoid", "Hard sigmoid";
        HardTanh = "hard_tanh", "Hard tanh";
        Mish = "mish", "Mish";
        CappedRelu = "capped_relu", "Capped ReLU";
        ThresholdedRelu = "thresholded_relu", "Thresholded ReLU";
    }
}

/// The function that a layer applies to its own output, with the settings of those that have some.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activated {
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
        GlorotUniform = "glorot_uniform", "Glorot uniform";
        GlorotNormal = "glorot_normal", "Glorot normal";
        HeUniform = "he_uniform", "He uniform";
        HeNormal = "he_normal", "He normal";
        LeCunUniform = "lecun_uniform", "LeCun uniform";
        LeCunNormal = "lecun_normal", "LeCun normal";
        /// Rows (or columns, whichever are fewer) of length 1 at right angles, as `nn.init.orthogonal_`.
        Orthogonal = "orthogonal", "Orthogonal";
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
        Valid = "valid", "none";
        /// Zeros only before the sequence, so that no output sees a later step.
        Causal = "causal", "causal";
        Custom = "custom", "custom";
    }
}

choices! {
    /// What is minimised. All are means over the batch (and over outputs), as PyTorch's defaults.
    pub enum LossKind {
        /// Cross-entropy for classes, mean squared error for numbers.
        Auto = "auto", "automatic";
        CrossEntropy = "cross_entropy", "Cross-entropy";
        BinaryCrossEntropy = "bce", "Binary cross-entropy";
        Mse = "mse", "Squared error (MSE)";
        Mae = "mae", "Absolute error (MAE)";
        /// delta = 1.
        Huber = "huber", "Huber";
        /// Cross-entropy that counts what is right already less.
        Focal = "focal", "Focal";
        /// Against -1 and +1.
        Hinge = "hinge", "Hinge";
        KlDivergence = "kl_divergence", "KL divergence";
    }
}
