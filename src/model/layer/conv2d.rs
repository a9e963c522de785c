//! Two-dimensional convolution.

use super::params::{float, int, layer_params};
use super::*;

layer_params! {
    /// Cross-correlation as PyTorch's `nn.Conv2d`, weights `[filters, channels, kernel, kernel]`.
    pub struct Conv2d {
        filters (card): usize = 16, int(1, 4096), "Filters", "How many patterns to look for; each makes one output channel (feature map).";
        kernel (card): usize = 3, int(1, 63), "Kernel", "Rows and columns of the window that slides over the picture.";
        stride: usize = 1, int(1, 63), "Stride", "How far the window moves each time. 2 halves the picture.";
        padding: Padding = Padding::Same, Padding::kind(), "Padding", "Zeros around the picture: 'same size' keeps it as large as it is (at stride 1).";
        pad: usize = 1, int(0, 63), "Pad", "Zeros on each side when the padding is custom.";
        activation (card): Activation = Activation::Relu, Activation::kind(), "Activation", "The function applied to each number that comes out.";
        bias: bool = true, ParamKind::Bool, "Bias", "Whether each filter adds a number of its own. Not needed before batch norm.";
        init: Initialiser = Initialiser::HeUniform, Initialiser::kind(), "Initial weights", "How weights start. He suits ReLU.";
        init_value: f64 = 0.0, float(-10.0, 10.0), "Initial value", "The value of every weight when the initial weights are Constant.";
        l1: f64 = 0.0, float(0.0, 10.0), "L1", "Adds L1 × Σ|w| to the loss: pushes weights to exactly zero.";
        l2: f64 = 0.0, float(0.0, 10.0), "L2", "Adds L2 × Σw² to the loss: keeps weights small (weight decay).";
    }
}

static ABOUT: About = About {
    title: "Conv 2-D",
    group: Group::Convolution,
    tagline: "sliding filter",
    help: "A small window of weights (the kernel) slides over the picture and answers at every place how much it looks like its pattern. The same weights are used everywhere, so a pattern is found wherever it is.",
    formula: "y[f, i, j] = activation(Σ w[f, c, u, v] · x[c, i·stride + u, j·stride + v] + b[f])",
    glyph: "⊞",
    inputs: Inputs::One,
    has_output: true,
};

impl Conv2d {
    /// Zeros before and after an axis of `size`.
    pub fn pads(&self, size: usize) -> (usize, usize) {
        match self.padding {
            Padding::Valid => (0, 0),
            Padding::Custom => (self.pad, self.pad),
            Padding::Same => {
                let out = size.div_ceil(self.stride);
                let total = ((out.saturating_sub(1)) * self.stride + self.kernel).saturating_sub(size);
                (total / 2, total - total / 2)
            }
        }
    }

    /// Places the window takes along an axis of `size`; 0 when it does not fit.
    pub fn places(&self, size: usize) -> usize {
        let (before, after) = self.pads(size);
        let padded = size + before + after;
        if padded < self.kernel { 0 } else { (padded - self.kernel) / self.stride + 1 }
    }
}

impl LayerSpec for Conv2d {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let [_, rows, columns] = image_input(inputs, "A convolution")?;
        let (out_rows, out_columns) = (self.places(rows), self.places(columns));
        if out_rows > 0 && out_columns > 0 {
            return Ok(Shape(vec![self.filters, out_rows, out_columns]));
        }
        Err(Mismatch {
            expected: format!("at least {0} × {0} pixels", self.kernel),
            got: format!("{rows} × {columns} pixels"),
            why: "The window is larger than the picture.".into(),
            fixes: vec![
                Fix::Set { key: "padding", value: ParamValue::Text("same".into()) },
                Fix::Set { key: "kernel", value: ParamValue::Int(rows.min(columns).max(1) as i64) },
            ],
        })
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<(&'static str, Vec<usize>)> {
        let channels = inputs[0].0.first().copied().unwrap_or(1);
        let mut all = vec![("weight", vec![self.filters, channels, self.kernel, self.kernel])];
        if self.bias {
            all.push(("bias", vec![self.filters]));
        }
        all
    }
}
