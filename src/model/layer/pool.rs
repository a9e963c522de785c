//! Pooling: shrink an image or a sequence by keeping the largest value or the mean of each window.

use super::params::{int, layer_params};
use super::sliding::Sliding;
use super::*;

const WINDOW: &str = "Rows and columns of each window.";
const STEPS: &str = "Steps in each window.";
const STRIDE: &str = "How far the window moves each time.";
const PADDING: &str = "Padding around the input, so that windows can overlap the border. Padding is never the \
    maximum.";
const PAD: &str = "Zeros on each side when padding is custom: at most half the window.";
const REMAINDER: &str = "Whether a remainder at the edge gets its own window, even if that extends beyond the image \
    (ceil mode in PyTorch).";
const COUNT: &str = "Whether the mean also counts the zeros of the padding (count_include_pad in PyTorch). Keras leaves \
    them out.";

layer_params! {
    /// As PyTorch's `nn.MaxPool2d`.
    pub struct MaxPool2d {
        kernel (card): usize = 2, int(1, 63), "Window", WINDOW;
        stride: usize = 2, int(1, 63), "Stride", STRIDE;
        padding: Padding = Padding::Valid, Padding::kind(), "Padding", PADDING;
        pad: usize = 1, int(0, 31), "Pad", PAD;
        keep_remainder: bool = false, ParamKind::Bool, "Keep the remainder", REMAINDER;
    }
}

layer_params! {
    /// As PyTorch's `nn.AvgPool2d`.
    pub struct AvgPool2d {
        kernel (card): usize = 2, int(1, 63), "Window", WINDOW;
        stride: usize = 2, int(1, 63), "Stride", STRIDE;
        padding: Padding = Padding::Valid, Padding::kind(), "Padding", PADDING;
        pad: usize = 1, int(0, 31), "Pad", PAD;
        keep_remainder: bool = false, ParamKind::Bool, "Keep the remainder", REMAINDER;
        count_padding: bool = true, ParamKind::Bool, "Count padding", COUNT;
    }
}

layer_params! {
    /// As PyTorch's `nn.MaxPool1d`, along the first axis of `[T, F]`.
    pub struct MaxPool1d {
        kernel (card): usize = 2, int(1, 255), "Window", STEPS;
        stride: usize = 2, int(1, 255), "Stride", STRIDE;
        padding: Padding = Padding::Valid, Padding::kind(), "Padding", PADDING;
        pad: usize = 1, int(0, 127), "Pad", PAD;
        keep_remainder: bool = false, ParamKind::Bool, "Keep the remainder", REMAINDER;
    }
}

layer_params! {
    /// As PyTorch's `nn.AvgPool1d`, along the first axis of `[T, F]`.
    pub struct AvgPool1d {
        kernel (card): usize = 2, int(1, 255), "Window", STEPS;
        stride: usize = 2, int(1, 255), "Stride", STRIDE;
        padding: Padding = Padding::Valid, Padding::kind(), "Padding", PADDING;
        pad: usize = 1, int(0, 127), "Pad", PAD;
        keep_remainder: bool = false, ParamKind::Bool, "Keep the remainder", REMAINDER;
        count_padding: bool = true, ParamKind::Bool, "Count padding", COUNT;
    }
}

layer_params! {
    /// As PyTorch's `nn.AdaptiveAvgPool2d`: part i of n over an axis of `size` is
    /// `⌊i · size / n⌋ .. ⌈(i + 1) · size / n⌉`.
    pub struct AdaptiveAvgPool2d {
        rows (card): usize = 4, int(1, 1024), "Output rows", "Rows of the output, whatever the image's size.";
        columns (card): usize = 4, int(1, 1024), "Output columns", "Columns of the output, whatever the image's size.";
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

static MAX_IN_TIME: About = About {
    title: "Max pool 1-D",
    group: Group::Sequence,
    tagline: "max along time",
    help: "Divides a sequence into windows of a few steps and keeps the largest value of each feature in each: a \
        shorter sequence that says what occurred, but not exactly when.",
    formula: "y[i, f] = max over the window of x[:, f]",
    glyph: "▼",
    inputs: Inputs::One,
    has_output: true,
};

static AVERAGE_IN_TIME: About = About {
    title: "Average pool 1-D",
    group: Group::Sequence,
    tagline: "mean along time",
    help: "Divides a sequence into windows of a few steps and keeps the mean of each feature in each: a shorter, \
        smoother sequence.",
    formula: "y[i, f] = mean over the window of x[:, f]",
    glyph: "▽",
    inputs: Inputs::One,
    has_output: true,
};

static ADAPTIVE: About = About {
    title: "Adaptive average pool",
    group: Group::Convolution,
    tagline: "to a fixed size",
    help: "Divides the image into a chosen number of parts and keeps the mean of each, so that images of any size give \
        the same output size.",
    formula: "y[c, i, j] = mean over part (i, j) of x[c]",
    glyph: "▦",
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

/// How the window of a pooling layer slides along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    sliding: Sliding,
    keep_remainder: bool,
}

impl Pool {
    /// Zeros before an axis of `size`, zeros after it, and more behind these where only the remainder needs them.
    pub fn pads(&self, size: usize) -> [usize; 3] {
        let (before, after) = self.sliding.pads(size);
        [before, after, if self.keep_remainder { self.sliding.rest(size) } else { 0 }]
    }

    /// Places the window takes; 0 when it does not fit.
    fn places(&self, size: usize) -> usize {
        self.sliding.places(size) + usize::from(self.pads(size)[2] > 0)
    }

    /// Sizes that leave for those that arrive, each an axis called `what`.
    fn over<const N: usize>(&self, sizes: [usize; N], what: &str) -> Result<[usize; N], Mismatch> {
        let Sliding { kernel, padding, pad, .. } = self.sliding;
        let set = |key: &'static str, value: usize| Fix::Set { key, value: ParamValue::Int(value as i64) };
        if padding == Padding::Custom && pad > kernel / 2 {
            return Err(Mismatch {
                expected: format!("at most {} zeros on each side", kernel / 2),
                got: format!("{pad} zeros"),
                why: "Padding can be at most half the window; otherwise a window could contain only padding.".into(),
                fixes: vec![set("pad", kernel / 2)],
            });
        }
        let places = sizes.map(|size| self.places(size));
        if places.iter().all(|&n| n > 0) {
            return Ok(places);
        }
        let text = |sizes: [usize; N]| sizes.map(|size| size.to_string()).join(" × ");
        Err(Mismatch {
            expected: format!("at least {} {what}", text([kernel; N])),
            got: format!("{} {what}", text(sizes)),
            why: "The window is larger than what it slides over.".into(),
            fixes: vec![set("kernel", sizes.into_iter().min().unwrap_or(1).max(1))],
        })
    }
}

macro_rules! sliding_pools {
    ($($layer:ident),*) => {
        $(impl $layer {
            /// How its window slides.
            pub fn pool(&self) -> Pool {
                let Self { kernel, stride, padding, pad, keep_remainder, .. } = *self;
                Pool { sliding: Sliding { kernel, stride, padding, pad, dilation: 1 }, keep_remainder }
            }
        })*
    };
}
sliding_pools!(MaxPool2d, AvgPool2d, MaxPool1d, AvgPool1d);

fn of_image(inputs: &[Shape], pool: &Pool) -> Result<Shape, Mismatch> {
    let [channels, rows, columns] = image_input(inputs, "Pooling")?;
    let [rows, columns] = pool.over([rows, columns], "pixels")?;
    Ok(Shape(vec![channels, rows, columns]))
}

fn of_sequence(inputs: &[Shape], pool: &Pool) -> Result<Shape, Mismatch> {
    let [steps, features] = sequence_input(&inputs[0], "Pooling along time")?;
    let [steps] = pool.over([steps], "steps")?;
    Ok(Shape(vec![steps, features]))
}

macro_rules! pools {
    ($($layer:ident, $about:ident, |$self:ident, $inputs:ident| $infer:expr;)*) => {
        $(impl LayerSpec for $layer {
            fn about(&self) -> &'static About {
                &$about
            }
            fn infer(&$self, $inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
                $infer
            }
        })*
    };
}

pools! {
    MaxPool2d, MAX, |self, inputs| of_image(inputs, &self.pool());
    AvgPool2d, AVERAGE, |self, inputs| of_image(inputs, &self.pool());
    MaxPool1d, MAX_IN_TIME, |self, inputs| of_sequence(inputs, &self.pool());
    AvgPool1d, AVERAGE_IN_TIME, |self, inputs| of_sequence(inputs, &self.pool());
    AdaptiveAvgPool2d, ADAPTIVE, |self, inputs| image_input(inputs, "Adaptive pooling")
        .map(|[channels, _, _]| Shape(vec![channels, self.rows, self.columns]));
    GlobalAvgPool, GLOBAL, |self, inputs| image_input(inputs, "Global average pooling")
        .map(|[channels, _, _]| Shape::row(channels));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(layer: &dyn LayerSpec, input: &[usize]) -> Result<Vec<usize>, Mismatch> {
        layer.infer(&[Shape(input.to_vec())], None).map(|shape| shape.0)
    }

    #[test]
    fn padding_and_remainder_add_windows() {
        let plain = MaxPool2d { kernel: 3, stride: 2, ..MaxPool2d::default() };
        assert_eq!(shape(&plain, &[2, 6, 7]).unwrap(), [2, 2, 3]);
        let kept = MaxPool2d { keep_remainder: true, ..plain.clone() };
        assert_eq!((shape(&kept, &[2, 6, 7]).unwrap(), kept.pool().pads(6)), (vec![2, 3, 3], [0, 0, 1]));
        let padded = MaxPool2d { padding: Padding::Custom, ..plain.clone() };
        assert_eq!((shape(&padded, &[2, 6, 7]).unwrap(), padded.pool().pads(6)), (vec![2, 3, 4], [1, 1, 0]));
        let same = MaxPool2d { padding: Padding::Same, ..plain };
        assert_eq!(shape(&same, &[2, 6, 7]).unwrap(), [2, 3, 4]);
        // PyTorch drops a window that would start behind the image and its padding before it.
        let far =
            AvgPool1d { kernel: 2, stride: 3, padding: Padding::Custom, keep_remainder: true, ..AvgPool1d::default() };
        assert_eq!((shape(&far, &[5, 4]).unwrap(), far.pool().pads(5)), (vec![2, 4], [1, 1, 0]));
        assert_eq!(shape(&AdaptiveAvgPool2d::default(), &[3, 9, 2]).unwrap(), [3, 4, 4]);
    }

    #[test]
    fn what_does_not_fit_offers_a_repair_that_fits() {
        let large = MaxPool1d { kernel: 9, ..MaxPool1d::default() };
        let lonely = AvgPool2d { padding: Padding::Custom, pad: 2, ..AvgPool2d::default() };
        for (kind, input) in [(LayerKind::from(large), vec![5, 3]), (lonely.into(), vec![1, 5, 5])] {
            let mismatch = shape(kind.spec(), &input).unwrap_err();
            let Some(Fix::Set { key, value }) = mismatch.fixes.first() else { panic!("{kind:?}: no repair") };
            let mut mended = kind.clone();
            mended.params_mut().set_param(key, value).unwrap();
            assert!(shape(mended.spec(), &input).is_ok(), "{mended:?}");
        }
    }
}
