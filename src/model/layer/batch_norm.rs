//! Batch normalisation (Ioffe and Szegedy, 2015).

use super::params::{float, layer_params};
use super::*;

layer_params! {
    /// Per feature on rows, per channel on pictures; as PyTorch's `nn.BatchNorm1d` and `2d`: biased variance to
    /// normalise, unbiased for the running variance.
    pub struct BatchNorm {
        epsilon: f64 = 1e-5, float(1e-12, 1.0), "Epsilon", "A small number added to the variance to prevent division \
            by zero.";
        momentum: f64 = 0.1, float(0.0, 1.0), "Momentum", "How quickly the running mean and variance follow each batch \
            (as defined by PyTorch).";
    }
}

static ABOUT: About = About {
    title: "Batch norm",
    group: Group::Normalisation,
    tagline: "per batch",
    help: "Normalises each feature over the batch to mean 0 and standard deviation 1, then applies a learned scale and \
        shift. Deep networks train faster and more steadily with it. For prediction it uses running averages recorded \
        in training.",
    formula: "y = γ · (x - mean) / √(variance + ε) + β",
    glyph: "N",
    inputs: Inputs::One,
    has_output: true,
};

impl LayerSpec for BatchNorm {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        if matches!(inputs[0].rank(), 1 | 3) {
            return Ok(inputs[0].clone());
        }
        Err(Mismatch {
            expected: "a row of numbers or an image".into(),
            got: inputs[0].to_string(),
            why: "Batch norm works on the features of a row or the channels of an image.".into(),
            fixes: vec![Fix::InsertBefore(Flatten {}.into())],
        })
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let channels = inputs[0].0.first().copied().unwrap_or(1);
        let [weight, bias] = ["weight", "bias"].map(|name| Weight::new(name, [channels], &["channel"]));
        let [mean, variance] = ["running_mean", "running_var"].map(|name| Weight::kept(name, [channels], &["channel"]));
        vec![weight, bias, mean, variance]
    }
}
