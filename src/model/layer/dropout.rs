//! Dropout (Srivastava and others, 2014), inverted.

use super::params::{float, layer_params};
use super::*;

layer_params! {
    /// Training: zero with probability `rate`, else multiply by 1 / (1 - rate). Predicting: nothing.
    pub struct Dropout {
        rate (card): f64 = 0.2, float(0.0, 0.95), "Rate", "The share of values set to zero at random in each training \
            step.";
        whole_channels: bool = false, ParamKind::Bool, "Whole channels", "Drops whole channels of an image, or \
            features of a sequence at all steps, instead of single values (spatial dropout).";
    }
}

static ABOUT: About = About {
    title: "Dropout",
    group: Group::Core,
    tagline: "drop at random",
    help: "In every training step sets a random share of the values to zero and scales up the rest, so that units \
        can't rely too much on each other. Reduces overfitting. Has no effect in prediction.",
    formula: "y = x · mask / (1 - rate)",
    glyph: "%",
    inputs: Inputs::One,
    has_output: true,
};

impl LayerSpec for Dropout {
    fn about(&self) -> &'static About {
        &ABOUT
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        Ok(inputs[0].clone())
    }
}
