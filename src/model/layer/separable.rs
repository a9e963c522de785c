//! Separable convolution: every channel by filters of its own, then their mixture at each pixel.

use super::choice::activated;
use super::params::{float, int, layer_params};
use super::sliding::slides;
use super::*;

layer_params! {
    /// As Keras's `SeparableConv2D`, in PyTorch's layout: a depthwise `nn.Conv2d` without bias, weights
    /// `[channels · multiplier, 1, kernel, kernel]`, then one with kernel 1, weights `[filters, channels · multiplier,
    /// 1, 1]`.
    pub struct SeparableConv2d {
        filters (card): usize = 16, int(1, 4096), "Filters", "Number of output channels.";
        kernel (card): usize = 3, int(1, 63), "Kernel", "Rows and columns of the sliding window.";
        stride: usize = 1, int(1, 63), "Stride", "How far the window moves each time. 2 halves the width and height.";
        padding: Padding = Padding::Same, Padding::kind(), "Padding", "Zeros added around the image. 'same size' keeps \
            its size (at stride 1).";
        pad: usize = 1, int(0, 63), "Pad", "Zeros on each side when padding is custom.";
        dilation: usize = 1, int(1, 63), "Dilation", "Spacing between the kernel's entries. 2 skips every other pixel, \
            covering a larger area with the same number of weights.";
        multiplier: usize = 1, int(1, 64), "Filters each", "How many patterns to look for in each channel (depth \
            multiplier) before they are mixed.";
        activation (card): Activation = Activation::Relu, Activation::kind(), "Activation", "The function applied to \
            each output.";
        slope: f64 = 0.01, float(0.0, 1.0), "Slope", SLOPE;
        cap: f64 = 6.0, float(0.001, 1e6), "Cap", CAP;
        threshold: f64 = 1.0, float(-1e6, 1e6), "Threshold", THRESHOLD;
        bias: bool = true, ParamKind::Bool, "Bias", "Whether each output channel adds a learned constant. Not needed \
            before batch norm.";
        init: Initialiser = Initialiser::HeUniform, Initialiser::kind(), "Initial weights", "How the weights are \
            initialised. He suits ReLU.";
        init_value: f64 = 0.0, float(-10.0, 10.0), "Initial value", "The initial value of every weight when the \
            initialisation is Constant.";
        l1: f64 = 0.0, float(0.0, PENALTY), "L1", L1;
        l2: f64 = 0.0, float(0.0, PENALTY), "L2", L2;
    }
}

activated!(SeparableConv2d);
slides!(SeparableConv2d);

static ABOUT: About = About {
    title: "Separable conv",
    group: Group::Convolution,
    tagline: "depthwise, then mixed",
    help: "A convolution in two steps: a filter for each channel, then a mix of the channels at every pixel. Almost as \
        capable as a full convolution, with a fraction of the weights and computation (depthwise separable, as in \
        Xception and MobileNet).",
    formula: "y[f, i, j] = activation(Σ p[f, c] · Σ d[c, u, v] · x[c, i·stride + u, j·stride + v] + b[f])",
    glyph: "⊡",
    inputs: Inputs::One,
    has_output: true,
};

impl LayerSpec for SeparableConv2d {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let [_, rows, columns] = image_input(inputs, "A convolution")?;
        let [rows, columns] = self.sliding().over([rows, columns])?;
        Ok(Shape(vec![self.filters, rows, columns]))
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let middle = inputs[0].0.first().copied().unwrap_or(1) * self.multiplier;
        let mut all = vec![
            Weight::new("depthwise.weight", [middle, 1, self.kernel, self.kernel], KERNEL),
            Weight::new("pointwise.weight", [self.filters, middle, 1, 1], KERNEL),
        ];
        if self.bias {
            all.push(Weight::new("pointwise.bias", [self.filters], &["channel"]));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_weights_make_as_many_channels() {
        let layer = SeparableConv2d { multiplier: 2, stride: 2, ..SeparableConv2d::default() };
        let input = [Shape(vec![3, 7, 8])];
        assert_eq!(layer.infer(&input, None).unwrap().0, [16, 4, 4]);
        let sizes: Vec<_> = layer.weights(&input).into_iter().map(|weight| weight.dims).collect();
        assert_eq!(sizes, [vec![6, 1, 3, 3], vec![16, 6, 1, 1], vec![16]]);
    }
}
