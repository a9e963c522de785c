//! Activation layers: one function, applied to every number by itself (softmax: to every row).

use super::params::{float, layer_params};
use super::*;

/// A parameterless activation with its texts.
macro_rules! activation {
    ($name:ident, $about:ident, $title:literal, $tagline:literal, $glyph:literal, $formula:literal, $help:literal) => {
        layer_params! {
            #[doc = concat!("`", $formula, "`, number by number; of softmax along the last axis.")]
            pub struct $name {}
        }
        static $about: About = About {
            title: $title,
            group: Group::Activation,
            tagline: $tagline,
            help: $help,
            formula: $formula,
            glyph: $glyph,
            inputs: Inputs::One,
            has_output: true,
        };
        same_shape!($name, $about);
    };
}

macro_rules! same_shape {
    ($name:ident, $about:ident) => {
        impl LayerSpec for $name {
            fn about(&self) -> &'static About {
                &$about
            }
            fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
                Ok(inputs[0].clone())
            }
        }
    };
}

activation!(
    Relu,
    RELU,
    "ReLU",
    "max(0, x)",
    "⌐",
    "y = max(0, x)",
    "Passes positive values through and sets negative ones to 0 (rectified linear unit). Cheap and a good first \
        choice, but a unit whose input is always negative stops learning."
);
activation!(
    Gelu,
    GELU,
    "GELU",
    "smooth ReLU",
    "G",
    "y = x · Φ(x)",
    "A smooth ReLU: multiplies each value by the probability that a standard normal variable is below it (exact form, \
        with erf). Common in transformers."
);
activation!(
    Silu,
    SILU,
    "SiLU",
    "x · sigmoid(x)",
    "S",
    "y = x / (1 + e⁻ˣ)",
    "A smooth ReLU that dips slightly below zero, also called Swish."
);
activation!(
    Selu,
    SELU,
    "SELU",
    "self-normalising",
    "Se",
    "y = 1.0507 · (x if x > 0, else 1.6733 · (eˣ − 1))",
    "An ELU whose two constants keep activations near mean 0 and standard deviation 1 from layer to layer, without \
        batch norm (self-normalising). Initialise the weights with LeCun normal."
);
activation!(
    HardSwish,
    HARD_SWISH,
    "HardSwish",
    "piecewise SiLU",
    "HS",
    "y = x · clamp(x + 3, 0, 6) / 6",
    "A piecewise approximation of SiLU that is cheaper to compute. Designed for small networks on phones \
        (MobileNetV3)."
);
activation!(
    Mish,
    MISH,
    "Mish",
    "x · tanh(softplus)",
    "M",
    "y = x · tanh(log(1 + eˣ))",
    "A smooth ReLU that dips slightly below zero, much like SiLU. Known from object detectors (YOLOv4)."
);
activation!(
    HardTanh,
    HARD_TANH,
    "Hard tanh",
    "cut at −1, 1",
    "hT",
    "y = min(max(x, −1), 1)",
    "A piecewise approximation of tanh. Values between −1 and 1 pass unchanged. The others are clipped and pass back \
        no gradient."
);
activation!(
    HardSigmoid,
    HARD_SIGMOID,
    "Hard sigmoid",
    "piecewise sigmoid",
    "hσ",
    "y = clamp(x + 3, 0, 6) / 6",
    "A piecewise approximation of sigmoid, 0 below −3 and 1 above 3, that is cheaper to compute. Designed for small \
        networks on phones (MobileNetV3)."
);
activation!(
    LogSoftmax,
    LOG_SOFTMAX,
    "Log-softmax",
    "logs of probabilities",
    "lΣ",
    "yᵢ = xᵢ − log Σⱼ eˣʲ",
    "The logarithms of the probabilities that Softmax computes along the last axis, accurate even where a probability is \
        too small for a number. Cross-entropy already includes it, so the last layer doesn't need it."
);
activation!(
    Softplus,
    SOFTPLUS,
    "Softplus",
    "log(1 + eˣ)",
    "S+",
    "y = log(1 + eˣ)",
    "A smooth, always positive version of ReLU."
);
activation!(
    Tanh,
    TANH,
    "Tanh",
    "−1 … 1",
    "∿",
    "y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)",
    "Squashes every value into the range −1 to 1, steepest around 0. Far from 0 it is flat and passes back almost no \
        gradient."
);
activation!(
    Sigmoid,
    SIGMOID,
    "Sigmoid",
    "0 … 1",
    "σ",
    "y = 1 / (1 + e⁻ˣ)",
    "Squashes every value into the range 0 to 1, so that it can be read as a probability. The losses here work on the \
        values before it (logits), so the last layer needs none."
);
activation!(
    Softmax,
    SOFTMAX,
    "Softmax",
    "probabilities",
    "Σ",
    "yᵢ = eˣⁱ / Σⱼ eˣʲ",
    "Turns the last axis into probabilities: positive and adding up to 1. Cross-entropy here already includes it, so \
        the last layer needs none."
);

layer_params! {
    /// As PyTorch's `nn.LeakyReLU`.
    pub struct LeakyRelu {
        slope (card): f64 = 0.01, float(0.0, 1.0), "Slope", SLOPE;
    }
}
static LEAKY_RELU: About = About {
    title: "Leaky ReLU",
    group: Group::Activation,
    tagline: "leaks below 0",
    help: "Like ReLU, but negative values are scaled down instead of set to zero, so that a unit can always recover.",
    formula: "y = x if x > 0, else slope · x",
    glyph: "∠",
    inputs: Inputs::One,
    has_output: true,
};
same_shape!(LeakyRelu, LEAKY_RELU);

layer_params! {
    /// PyTorch's `nn.ReLU6` when the cap is 6.
    pub struct CappedRelu {
        cap (card): f64 = 6.0, float(0.001, 1e6), "Cap", CAP;
    }
}
static CAPPED_RELU: About = About {
    title: "Capped ReLU",
    group: Group::Activation,
    tagline: "ReLU with a ceiling",
    help: "Like ReLU, but values above the cap are clipped. With a cap of 6 this is ReLU6, designed for small networks \
        on phones (MobileNet), whose values must stay in a known range.",
    formula: "y = min(max(0, x), cap)",
    glyph: "≤",
    inputs: Inputs::One,
    has_output: true,
};
same_shape!(CappedRelu, CAPPED_RELU);

layer_params! {
    /// PyTorch's `nn.Threshold` with the value 0.
    pub struct ThresholdedRelu {
        threshold (card): f64 = 1.0, float(-1e6, 1e6), "Threshold", THRESHOLD;
    }
}
static THRESHOLDED_RELU: About = About {
    title: "Thresholded ReLU",
    group: Group::Activation,
    tagline: "0 below a threshold",
    help: "Passes values above the threshold unchanged and sets all others to 0, which silences weak \
        responses.",
    formula: "y = x if x > threshold, else 0",
    glyph: "θ",
    inputs: Inputs::One,
    has_output: true,
};
same_shape!(ThresholdedRelu, THRESHOLDED_RELU);

layer_params! {
    /// As PyTorch's `nn.PReLU`, weight `[1]` or `[channels]`.
    pub struct Prelu {
        slope: f64 = 0.25, float(-10.0, 10.0), "Initial slope", "The slope for negative values at the start of \
            training.";
        per_channel (card): bool = false, ParamKind::Bool, "Per channel", "Learn a separate slope for every channel or \
            feature instead of one for all.";
    }
}
static PRELU: About = About {
    title: "PReLU",
    group: Group::Activation,
    tagline: "learned slope",
    help: "Like Leaky ReLU, but the slope below zero is learned (parametric ReLU).",
    formula: "y = x if x > 0, else slope · x",
    glyph: "P",
    inputs: Inputs::One,
    has_output: true,
};

impl LayerSpec for Prelu {
    fn about(&self) -> &'static About {
        &PRELU
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        Ok(inputs[0].clone())
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let slopes = if self.per_channel { inputs[0].0.first().copied().unwrap_or(1) } else { 1 };
        vec![Weight::new("weight", [slopes], &["channel"])]
    }
}

layer_params! {
    /// As PyTorch's `nn.ELU`.
    pub struct Elu {
        alpha (card): f64 = 1.0, float(0.0, 10.0), "Alpha", "How far below zero the curve goes.";
    }
}
static ELU: About = About {
    title: "ELU",
    group: Group::Activation,
    tagline: "smooth below 0",
    help: "Like ReLU for positive values; negative ones level off smoothly towards −alpha (exponential linear unit).",
    formula: "y = x if x > 0, else α · (eˣ − 1)",
    glyph: "E",
    inputs: Inputs::One,
    has_output: true,
};
same_shape!(Elu, ELU);
