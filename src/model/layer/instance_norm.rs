//! Instance normalisation (Ulyanov, Vedaldi and Lempitsky, 2016).

use super::params::{float, layer_params};
use super::*;

layer_params! {
    /// As PyTorch's `nn.InstanceNorm2d` on images and `nn.InstanceNorm1d` on sequences (over time), with `affine=True`.
    pub struct InstanceNorm {
        epsilon: f64 = 1e-5, float(1e-12, 1.0), "Epsilon", "A small number added to the variance to prevent division \
            by zero.";
    }
}

static ABOUT: About = About {
    title: "Instance norm",
    group: Group::Normalisation,
    tagline: "per sample and channel",
    help: "Normalises each channel of each image, or each feature of a sequence over time, to mean 0 and standard \
        deviation 1, then applies a learned scale and shift. Takes contrast and brightness out of an image, as in style \
        transfer.",
    formula: "y = γ · (x - mean) / √(variance + ε) + β",
    glyph: "N",
    inputs: Inputs::One,
    has_output: true,
};

impl InstanceNorm {
    /// Channels of an image, features of a sequence.
    pub fn channels(&self, dims: &[usize]) -> usize {
        let axis = if dims.len() == 2 { 1 } else { 0 };
        dims.get(axis).copied().unwrap_or(1)
    }
}

impl LayerSpec for InstanceNorm {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        if matches!(inputs[0].rank(), 2 | 3) {
            return Ok(inputs[0].clone());
        }
        Err(Mismatch {
            expected: "an image or a sequence".into(),
            got: inputs[0].to_string(),
            why: "Each channel is normalised by itself, but in a row every channel has only one value.".into(),
            fixes: Vec::new(),
        })
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let channels = self.channels(&inputs[0].0);
        ["weight", "bias"].map(|name| Weight::new(name, [channels], &["channel"])).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_and_features_are_normalised_and_rows_are_not() {
        let layer = InstanceNorm::default();
        for (input, channels) in [(vec![3, 8, 8], 3), (vec![6, 4], 4)] {
            assert_eq!(layer.infer(&[Shape(input.clone())], None).unwrap().0, input);
            assert_eq!(layer.weights(&[Shape(input)])[0].dims, [channels]);
        }
        assert!(layer.infer(&[Shape::row(5)], None).is_err());
    }
}
