//! Activation layers: one function, applied to every number by itself (softmax: to every row).

use super::params::{float, layer_params};
use super::*;

/// A parameterless activation with its texts.
macro_rules! activation {
    ($name:ident, $about:ident, $title:literal, $tagline:literal, $glyph:literal, $formula:literal, $help:literal) => {
        layer_params! {
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
    "Lets positive numbers through and turns negative ones into 0 (rectified linear unit). Cheap and a good first choice; a unit that is always negative learns no more."
);
activation!(
    Gelu,
    GELU,
    "GELU",
    "smooth ReLU",
    "G",
    "y = x · Φ(x)",
    "A smooth ReLU: each number is weighted by the chance that a normal random number lies below it (exact form, with erf). Common in transformers."
);
activation!(
    Silu,
    SILU,
    "SiLU",
    "x · sigmoid(x)",
    "S",
    "y = x / (1 + e⁻ˣ)",
    "A smooth ReLU that dips slightly below zero, also called swish."
);
activation!(
    Selu,
    SELU,
    "SELU",
    "keeps the spread",
    "Se",
    "y = 1.0507 · (x if x > 0, else 1.6733 · (eˣ − 1))",
    "An ELU whose two constants keep the numbers near mean 0 and spread 1 from layer to layer, without batch norm (self-normalising). Start the weights with LeCun normal."
);
activation!(
    HardSwish,
    HARD_SWISH,
    "HardSwish",
    "straight-lined SiLU",
    "HS",
    "y = x · clamp(x + 3, 0, 6) / 6",
    "SiLU drawn with straight lines: almost the same curve, cheaper to compute. Made for small networks on phones (MobileNet v3)."
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
    "Squeezes every number into −1 to 1, steepest around 0. Far from 0 it is flat, and a flat function passes hardly any gradient back."
);
activation!(
    Sigmoid,
    SIGMOID,
    "Sigmoid",
    "0 … 1",
    "σ",
    "y = 1 / (1 + e⁻ˣ)",
    "Squeezes every number into 0 to 1, so that it can be read as a probability. The losses here take the numbers before it (logits), so the last layer needs none."
);
activation!(
    Softmax,
    SOFTMAX,
    "Softmax",
    "to shares",
    "Σ",
    "yᵢ = eˣⁱ / Σⱼ eˣʲ",
    "Turns the last axis into positive shares that add up to 1. Cross-entropy here already contains it, so the last layer needs none."
);

layer_params! {
    pub struct LeakyRelu {
        slope (card): f64 = 0.01, float(0.0, 1.0), "Slope", "What negative numbers are multiplied by.";
    }
}
static LEAKY_RELU: About = About {
    title: "Leaky ReLU",
    group: Group::Activation,
    tagline: "leaks below 0",
    help: "Like ReLU, but negative numbers are made small instead of zero, so that a unit can always recover.",
    formula: "y = x if x > 0, else slope · x",
    glyph: "∠",
    inputs: Inputs::One,
    has_output: true,
};
same_shape!(LeakyRelu, LEAKY_RELU);

layer_params! {
    /// As PyTorch's `nn.PReLU`, weight `[1]` or `[channels]`.
    pub struct Prelu {
        slope: f64 = 0.25, float(-10.0, 10.0), "First slope", "What negative numbers are multiplied by before anything is learned.";
        per_channel (card): bool = false, ParamKind::Bool, "Per channel", "Learns a slope of its own for every channel of a picture or feature of a row, not one for all.";
    }
}
static PRELU: About = About {
    title: "PReLU",
    group: Group::Activation,
    tagline: "learned leak",
    help: "Like Leaky ReLU, but how much leaks below zero is learned with the weights (parametric ReLU).",
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

    fn parameters(&self, inputs: &[Shape]) -> Vec<(&'static str, Vec<usize>)> {
        let slopes = if self.per_channel { inputs[0].0.first().copied().unwrap_or(1) } else { 1 };
        vec![("weight", vec![slopes])]
    }
}

layer_params! {
    pub struct Elu {
        alpha (card): f64 = 1.0, float(0.0, 10.0), "Alpha", "How far below zero the curve goes.";
    }
}
static ELU: About = About {
    title: "ELU",
    group: Group::Activation,
    tagline: "soft below 0",
    help: "Like ReLU for positive numbers; negative ones bend smoothly towards −alpha (exponential linear unit).",
    formula: "y = x if x > 0, else α · (eˣ − 1)",
    glyph: "E",
    inputs: Inputs::One,
    has_output: true,
};
same_shape!(Elu, ELU);
