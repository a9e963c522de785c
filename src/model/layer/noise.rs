//! Gaussian noise while training.

use super::params::{float, layer_params};
use super::*;

layer_params! {
    /// Training: adds normal numbers with mean 0. Predicting: nothing. As Keras's `GaussianNoise`.
    pub struct GaussianNoise {
        deviation (card): f64 = 0.1, float(0.0, 100.0), "Deviation", "The standard deviation of the noise: about two \
            thirds of it is within ± this value.";
    }
}

static ABOUT: About = About {
    title: "Gaussian noise",
    group: Group::Core,
    tagline: "random noise",
    help: "Adds a random number to every value, a different one in every training step, so that the network doesn't \
        rely on tiny differences. Reduces overfitting. Has no effect in prediction.",
    formula: "y = x + σ · n, n normal at random",
    glyph: "±",
    inputs: Inputs::One,
    has_output: true,
};

impl LayerSpec for GaussianNoise {
    fn about(&self) -> &'static About {
        &ABOUT
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        Ok(inputs[0].clone())
    }
}
