//! Depthwise convolution: every channel by filters of its own.

use super::choice::activated;
use super::params::{float, int, layer_params};
use super::sliding::slides;
use super::*;

layer_params! {
    /// As PyTorch's `nn.Conv2d` with as many groups as channels, weights `[channels · multiplier, 1, kernel, kernel]`.
    pub struct DepthwiseConv2d {
        multiplier: usize = 1, int(1, 64), "Filters each", "How many patterns to look for in each channel (depth multiplier).";
        kernel (card): usize = 3, int(1, 63), "Kernel", "Rows and columns of the sliding window.";
        stride: usize = 1, int(1, 63), "Stride", "How far the window moves each time. 2 halves the width and height.";
        padding: Padding = Padding::Same, Padding::kind(), "Padding", "Zeros added around the image. 'same size' keeps \
            its size (at stride 1).";
        pad: usize = 1, int(0, 63), "Pad", "Zeros on each side when padding is custom.";
        dilation: usize = 1, int(1, 63), "Dilation", "Spacing between the kernel's entries. 2 skips every other pixel, \
            covering a larger area with the same number of weights.";
        activation (card): Activation = Activation::None, Activation::kind(), "Activation", "The function applied to \
            each output.";
        slope: f64 = 0.01, float(0.0, 1.0), "Slope", SLOPE;
        cap: f64 = 6.0, float(0.001, 1e6), "Cap", CAP;
        threshold: f64 = 1.0, float(-1e6, 1e6), "Threshold", THRESHOLD;
        bias: bool = true, ParamKind::Bool, "Bias", "Whether each filter adds a learned constant. Not needed before \
            batch norm.";
        init: Initialiser = Initialiser::HeUniform, Initialiser::kind(), "Initial weights", "How the weights are \
            initialised. He suits ReLU.";
        init_value: f64 = 0.0, float(-10.0, 10.0), "Initial value", "The initial value of every weight when the \
            initialisation is Constant.";
        l1: f64 = 0.0, float(0.0, PENALTY), "L1", L1;
        l2: f64 = 0.0, float(0.0, PENALTY), "L2", L2;
    }
}

activated!(DepthwiseConv2d);
slides!(DepthwiseConv2d);

static ABOUT: About = About {
    title: "Depthwise conv",
    group: Group::Convolution,
    tagline: "a filter per channel",
    help: "A convolution that treats each channel separately and needs few weights. Followed by a Conv 2-D with kernel \
        1, which mixes the channels, it does almost as well as a full convolution at a fraction of the cost (depthwise \
        separable, as in MobileNet).",
    formula: "y[c, i, j] = activation(Σ w[c, u, v] · x[c, i·stride + u, j·stride + v] + b[c])",
    glyph: "⊟",
    inputs: Inputs::One,
    has_output: true,
};

impl LayerSpec for DepthwiseConv2d {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let [channels, rows, columns] = image_input(inputs, "A convolution")?;
        let [rows, columns] = self.sliding().over([rows, columns])?;
        Ok(Shape(vec![channels.saturating_mul(self.multiplier), rows, columns]))
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let filters = inputs[0].0.first().copied().unwrap_or(1) * self.multiplier;
        let mut all = vec![Weight::new("weight", [filters, 1, self.kernel, self.kernel], KERNEL)];
        all.extend(self.bias.then(|| Weight::new("bias", [filters], &["channel"])));
        all
    }
}
