//! Two-dimensional convolution.

use super::choice::activated;
use super::group_norm::common_divisor;
use super::params::{float, int, layer_params};
use super::sliding::slides;
use super::*;

layer_params! {
    /// Cross-correlation as PyTorch's `nn.Conv2d`, weights `[filters, channels / groups, kernel, kernel]`.
    pub struct Conv2d {
        filters (card): usize = 16, int(1, 4096), "Filters", "How many patterns to look for. Each produces one output \
            channel (feature map).";
        kernel (card): usize = 3, int(1, 63), "Kernel", "Rows and columns of the sliding window.";
        stride: usize = 1, int(1, 63), "Stride", "How far the window moves each time. 2 halves the width and height.";
        padding: Padding = Padding::Same, Padding::kind(), "Padding", "Zeros added around the image. 'same size' keeps \
            its size (at stride 1).";
        pad: usize = 1, int(0, 63), "Pad", "Zeros on each side when padding is custom.";
        dilation: usize = 1, int(1, 63), "Dilation", "Spacing between the kernel's entries. 2 skips every other pixel, \
            covering a larger area with the same number of weights.";
        groups: usize = 1, int(1, 4096), "Groups", "Splits channels and filters into this many independent groups, \
            which divides the number of weights by as much.";
        activation (card): Activation = Activation::Relu, Activation::kind(), "Activation", "The function applied to \
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

activated!(Conv2d);
slides!(Conv2d);

static ABOUT: About = About {
    title: "Conv 2-D",
    group: Group::Convolution,
    tagline: "sliding filter",
    help: "A small window of weights (the kernel) slides over the image and measures everywhere how well it matches \
        its pattern. The same weights are used everywhere, so a pattern is found wherever it appears.",
    formula: "y[f, i, j] = activation(Σ w[f, c, u, v] · x[c, i·stride + u, j·stride + v] + b[f])",
    glyph: "⊞",
    inputs: Inputs::One,
    has_output: true,
};

impl Conv2d {
    fn refuse_groups(&self, channels: usize) -> Mismatch {
        let fit = common_divisor(&[channels, self.filters], self.groups);
        let mut fixes = vec![Fix::Set { key: "groups", value: ParamValue::Int(fit as i64) }];
        if channels.is_multiple_of(self.groups) {
            let filters = self.filters.next_multiple_of(self.groups);
            fixes.push(Fix::Set { key: "filters", value: ParamValue::Int(filters as i64) });
        }
        Mismatch {
            expected: format!("channels and filters divisible into {} groups", self.groups),
            got: format!("{channels} channels and {} filters", self.filters),
            why: "All groups must have the same number of channels and filters.".into(),
            fixes,
        }
    }
}

impl LayerSpec for Conv2d {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let [channels, rows, columns] = image_input(inputs, "A convolution")?;
        if !channels.is_multiple_of(self.groups) || !self.filters.is_multiple_of(self.groups) {
            return Err(self.refuse_groups(channels));
        }
        let [rows, columns] = self.sliding().over([rows, columns])?;
        Ok(Shape(vec![self.filters, rows, columns]))
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let channels = inputs[0].0.first().copied().unwrap_or(1);
        let dims = [self.filters, channels / self.groups, self.kernel, self.kernel];
        let mut all = vec![Weight::new("weight", dims, KERNEL)];
        all.extend(self.bias.then(|| Weight::new("bias", [self.filters], &["channel"])));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_divide_channels_and_filters() {
        let layer = Conv2d { filters: 6, groups: 3, ..Conv2d::default() };
        assert_eq!(layer.infer(&[Shape(vec![9, 5, 5])], None).unwrap().0, [6, 5, 5]);
        assert_eq!(layer.weights(&[Shape(vec![9, 5, 5])])[0].dims, [6, 3, 3, 3]);
        let refused = layer.infer(&[Shape(vec![4, 5, 5])], None).unwrap_err();
        assert_eq!(refused.fixes, [Fix::Set { key: "groups", value: ParamValue::Int(2) }]);
        let refused = Conv2d { filters: 7, ..layer }.infer(&[Shape(vec![9, 5, 5])], None).unwrap_err();
        assert_eq!(refused.fixes[1], Fix::Set { key: "filters", value: ParamValue::Int(9) });
    }

    #[test]
    fn a_dilated_window_needs_its_whole_span() {
        let layer = Conv2d { dilation: 3, padding: Padding::Valid, ..Conv2d::default() };
        assert_eq!(layer.infer(&[Shape(vec![1, 7, 9])], None).unwrap().0, [16, 1, 3]);
        assert_eq!(layer.infer(&[Shape(vec![1, 6, 9])], None).unwrap_err().expected, "at least 7 × 7 pixels");
        let same = Conv2d { padding: Padding::Same, kernel: 4, ..layer };
        assert_eq!(same.infer(&[Shape(vec![1, 6, 9])], None).unwrap().0, [16, 6, 9]);
        // PyTorch puts the odd zero of padding='same' at the end.
        assert_eq!(Conv2d { dilation: 1, ..same }.sliding().pads(6), (1, 2));
    }
}
