//! Layer normalisation (Ba, Kiros and Hinton, 2016).

use super::params::{float, layer_params};
use super::*;

layer_params! {
    /// Over the last axis of a row or of a sequence `[T, F]`, over the whole of a picture; as PyTorch's `nn.LayerNorm` of that shape.
    pub struct LayerNorm {
        epsilon: f64 = 1e-5, float(1e-12, 1.0), "Epsilon", "A small number added to the variance, so that nothing is divided by zero.";
    }
}

static ABOUT: About = About {
    title: "Layer norm",
    group: Group::Normalisation,
    tagline: "per sample",
    help: "Shifts and scales the numbers of each sample so that they have mean 0 and spread 1, then applies a learned scale and shift. In a sequence each position is normalised by itself. Unlike batch norm it does not look at the other samples, so it works the same in training and predicting.",
    formula: "y = γ · (x - mean) / √(variance + ε) + β",
    glyph: "N",
    inputs: Inputs::One,
    has_output: true,
};

impl LayerNorm {
    /// The axes that share a mean, out of all axes of a sample.
    pub fn normalised<'a>(&self, dims: &'a [usize]) -> &'a [usize] {
        if dims.len() == 2 { &dims[1..] } else { dims }
    }
}

impl LayerSpec for LayerNorm {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        Ok(inputs[0].clone())
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<(&'static str, Vec<usize>)> {
        let dims = self.normalised(&inputs[0].0).to_vec();
        vec![("weight", dims.clone()), ("bias", dims)]
    }
}
