//! Root mean square normalisation (Zhang and Sennrich, 2019).

use super::params::{float, layer_params};
use super::*;

layer_params! {
    /// Over the same axes as [`LayerNorm`]; as PyTorch's `nn.RMSNorm` of that shape.
    pub struct RmsNorm {
        epsilon: f64 = 1e-6, float(1e-12, 1.0), "Epsilon", "A small number added to the mean square to prevent \
            division by zero.";
    }
}

static ABOUT: About = About {
    title: "RMS norm",
    group: Group::Normalisation,
    tagline: "scale per sample",
    help: "Scales the values of each sample to a root mean square of 1, then by a learned scale: layer norm without \
        the mean and the shift, a little cheaper and often as good. In a sequence each position is scaled by itself. \
        Common in large language models.",
    formula: "y = γ · x / √(mean(x²) + ε)",
    glyph: "N",
    inputs: Inputs::One,
    has_output: true,
};

impl LayerSpec for RmsNorm {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        Ok(inputs[0].clone())
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        // Those of a layer norm but its shift.
        LayerNorm::default().weights(inputs).into_iter().filter(|weight| weight.name == "weight").collect()
    }
}
