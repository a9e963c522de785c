//! Layer normalisation (Ba, Kiros and Hinton, 2016).

use super::params::{float, layer_params};
use super::*;

layer_params! {
    /// Over the last axis of a row or of a sequence `[T, F]`, over the whole of a picture; as PyTorch's `nn.LayerNorm`
    /// of that shape.
    pub struct LayerNorm {
        epsilon: f64 = 1e-5, float(1e-12, 1.0), "Epsilon", "A small number added to the variance to prevent division \
            by zero.";
    }
}

static ABOUT: About = About {
    title: "Layer norm",
    group: Group::Normalisation,
    tagline: "per sample",
    help: "Normalises the values of each sample to mean 0 and standard deviation 1, then applies a learned scale and \
        shift. In a sequence each position is normalised by itself. Unlike batch norm it doesn't depend on the other \
        samples, so it works the same in training and prediction.",
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

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let dims = self.normalised(&inputs[0].0);
        let axes: &[&str] = match dims.len() {
            3 => &["channel", "row", "column"],
            2 => &["position", "feature"],
            _ => &["feature"],
        };
        vec![Weight::new("weight", dims, axes), Weight::new("bias", dims, axes)]
    }
}
