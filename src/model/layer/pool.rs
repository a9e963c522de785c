//! Pooling: shrink a picture by keeping the largest or the mean of each window.

use super::params::{int, layer_params};
use super::*;

layer_params! {
    /// As PyTorch's `nn.MaxPool2d` without padding; a remainder at the border is dropped.
    pub struct MaxPool2d {
        kernel (card): usize = 2, int(1, 63), "Window", "Rows and columns of each window.";
        stride: usize = 2, int(1, 63), "Stride", "How far the window moves each time.";
    }
}

layer_params! {
    /// As PyTorch's `nn.AvgPool2d` without padding.
    pub struct AvgPool2d {
        kernel (card): usize = 2, int(1, 63), "Window", "Rows and columns of each window.";
        stride: usize = 2, int(1, 63), "Stride", "How far the window moves each time.";
    }
}

layer_params! {
    /// The mean of each channel: `[C, H, W] -> [C]`.
    pub struct GlobalAvgPool {}
}

static MAX: About = About {
    title: "Max pool",
    group: Group::Convolution,
    tagline: "keep the max",
    help: "Divides the image into windows and keeps the largest value of each. The image shrinks, and what was found \
        matters more than exactly where.",
    formula: "y[c, i, j] = max over the window of x[c]",
    glyph: "▼",
    inputs: Inputs::One,
    has_output: true,
};

static AVERAGE: About = About {
    title: "Average pool",
    group: Group::Convolution,
    tagline: "keep the mean",
    help: "Divides the image into windows and keeps the mean of each: a smoother way to shrink it.",
    formula: "y[c, i, j] = mean over the window of x[c]",
    glyph: "▽",
    inputs: Inputs::One,
    has_output: true,
};

static GLOBAL: About = About {
    title: "Global average",
    group: Group::Convolution,
    tagline: "one value per channel",
    help: "Takes the mean of each channel over the whole image: a row of values, ready for a Dense layer, whatever the \
        image's size.",
    formula: "y[c] = mean of x[c, :, :]",
    glyph: "∅",
    inputs: Inputs::One,
    has_output: true,
};

fn pooled(inputs: &[Shape], kernel: usize, stride: usize) -> Result<Shape, Mismatch> {
    let [channels, rows, columns] = image_input(inputs, "Pooling")?;
    if rows < kernel || columns < kernel {
        return Err(Mismatch {
            expected: format!("at least {kernel} × {kernel} pixels"),
            got: format!("{rows} × {columns} pixels"),
            why: "The window is larger than the image.".into(),
            fixes: vec![Fix::Set { key: "kernel", value: ParamValue::Int(rows.min(columns).max(1) as i64) }],
        });
    }
    Ok(Shape(vec![channels, (rows - kernel) / stride + 1, (columns - kernel) / stride + 1]))
}

impl LayerSpec for MaxPool2d {
    fn about(&self) -> &'static About {
        &MAX
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        pooled(inputs, self.kernel, self.stride)
    }
}

impl LayerSpec for AvgPool2d {
    fn about(&self) -> &'static About {
        &AVERAGE
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        pooled(inputs, self.kernel, self.stride)
    }
}

impl LayerSpec for GlobalAvgPool {
    fn about(&self) -> &'static About {
        &GLOBAL
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        image_input(inputs, "Global average pooling").map(|[channels, _, _]| Shape::row(channels))
    }
}
