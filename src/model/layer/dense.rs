//! Dense (fully connected, linear) layer.

use super::choice::activated;
use super::params::{float, int, layer_params};
use super::*;

layer_params! {
    /// `y = activation(x Wᵀ + b)` on rows, and on each row of a sequence `[T, F]`; pictures are refused, so that a
    /// forgotten Flatten is seen.
    pub struct Dense {
        units (card): usize = 8, int(1, 65_536), "Units", "Number of units (neurons). Each produces one output.";
        activation (card): Activation = Activation::None, Activation::kind(), "Activation", "The function each unit \
            applies to its weighted sum. Without it, stacked layers can do no more than a single one.";
        slope: f64 = 0.01, float(0.0, 1.0), "Slope", SLOPE;
        cap: f64 = 6.0, float(0.001, 1e6), "Cap", CAP;
        threshold: f64 = 1.0, float(-1e6, 1e6), "Threshold", THRESHOLD;
        bias: bool = true, ParamKind::Bool, "Bias", "Whether each unit adds a learned constant, so that its output \
            needn't be zero when all inputs are.";
        init: Initialiser = Initialiser::GlorotUniform, Initialiser::kind(), "Initial weights", "How the weights are \
            initialised. Glorot suits tanh and sigmoid, He ReLU, LeCun SELU, and orthogonal very deep networks.";
        init_value: f64 = 0.0, float(-10.0, 10.0), "Initial value", "The initial value of every weight when the \
            initialisation is Constant.";
        l1: f64 = 0.0, float(0.0, PENALTY), "L1", L1;
        l2: f64 = 0.0, float(0.0, PENALTY), "L2", L2;
    }
}

activated!(Dense);

static ABOUT: About = About {
    title: "Dense",
    group: Group::Core,
    tagline: "weighted sum",
    help: "Every unit multiplies each input by a weight, adds them up with a bias and applies the activation. Also \
        called a fully connected or linear layer. In a sequence the same weights are applied at every position.",
    formula: "y = activation(W x + b)",
    glyph: "D",
    inputs: Inputs::One,
    has_output: true,
};

impl LayerSpec for Dense {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        match inputs[0].0[..] {
            [_] => return Ok(Shape::row(self.units)),
            [positions, _] => return Ok(Shape(vec![positions, self.units])),
            _ => {}
        }
        Err(Mismatch {
            expected: "a row of numbers".into(),
            got: inputs[0].to_string(),
            why: "A Dense layer reads a row, so an image must be flattened first.".into(),
            fixes: vec![Fix::InsertBefore(Flatten {}.into()), Fix::InsertBefore(GlobalAvgPool {}.into())],
        })
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let inner = inputs[0].0.last().copied().unwrap_or(1);
        let mut all = vec![Weight::new("weight", [self.units, inner], &["unit", "input"])];
        all.extend(self.bias.then(|| Weight::new("bias", [self.units], &["unit"])));
        all
    }
}
