//! One-dimensional convolution along the time of a sequence.

use super::choice::activated;
use super::params::{float, int, layer_params};
use super::sliding::Sliding;
use super::*;
use crate::expr::counted;

layer_params! {
    /// Cross-correlation along the first axis of `[T, F]`, weights `[filters, F, kernel]` as PyTorch's `nn.Conv1d`
    /// (which wants the sequence on its side, `[F, T]`).
    pub struct Conv1d {
        filters (card): usize = 16, int(1, 4096), "Filters", "How many patterns to look for. Each produces one output \
            feature.";
        kernel (card): usize = 3, int(1, 255), "Kernel", "Number of steps the sliding window covers.";
        stride: usize = 1, int(1, 255), "Stride", "How far the window moves each time. 2 halves the length of the \
            sequence.";
        padding: PaddingInTime = PaddingInTime::Same, PaddingInTime::kind(), "Padding", "Zeros added before and after the sequence. \
            'same size' keeps its length (at stride 1), 'causal' too with zeros only before it, so that no output sees \
            the future.";
        pad: usize = 1, int(0, 255), "Pad", "Zeros on each side when padding is custom.";
        dilation: usize = 1, int(1, 255), "Dilation", "Spacing between the entries of the kernel. 2 skips every other \
            step, covering more time with the same number of weights.";
        activation (card): Activation = Activation::Relu, Activation::kind(), "Activation", "The function applied to \
            each output.";
        slope: f64 = 0.01, float(0.0, 1.0), "Slope", SLOPE;
        cap: f64 = 6.0, float(0.001, 1e6), "Cap", CAP;
        threshold: f64 = 1.0, float(-1e6, 1e6), "Threshold", THRESHOLD;
        bias: bool = true, ParamKind::Bool, "Bias", "Whether each filter adds a learned constant.";
        init: Initialiser = Initialiser::HeUniform, Initialiser::kind(), "Initial weights", "How the weights are \
            initialised. He suits ReLU.";
        init_value: f64 = 0.0, float(-10.0, 10.0), "Initial value", "The initial value of every weight when the \
            initialisation is Constant.";
        l1: f64 = 0.0, float(0.0, PENALTY), "L1", L1;
        l2: f64 = 0.0, float(0.0, PENALTY), "L2", L2;
    }
}

activated!(Conv1d);

static ABOUT: About = About {
    title: "Conv 1-D",
    group: Group::Sequence,
    tagline: "filter along time",
    help: "A small window of weights (the kernel) slides along a sequence and measures at every step how well the \
        steps under it match its pattern. The same weights are used everywhere, so a pattern is found whenever it \
        occurs.",
    formula: "y[i, f] = activation(Σ w[f, c, k] · x[i·stride + k, c] + b[f])",
    glyph: "≋",
    inputs: Inputs::One,
    has_output: true,
};

impl Conv1d {
    /// Zeros before and after a sequence of `steps`, and places of the window; 0 when it does not fit.
    pub fn fit(&self, steps: usize) -> (usize, usize, usize) {
        let Self { kernel, stride, pad, dilation, .. } = *self;
        let padding = match self.padding {
            PaddingInTime::Same => Padding::Same,
            PaddingInTime::Valid | PaddingInTime::Causal => Padding::Valid,
            PaddingInTime::Custom => Padding::Custom,
        };
        let along = Sliding { kernel, stride, padding, pad, dilation };
        if self.padding == PaddingInTime::Causal {
            let before = along.span() - 1;
            return (before, 0, along.places(steps + before));
        }
        let (before, after) = along.pads(steps);
        (before, after, along.places(steps))
    }
}

impl LayerSpec for Conv1d {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let [steps, _] = sequence_input(&inputs[0], "A 1-D convolution")?;
        let (_, _, places) = self.fit(steps);
        if places > 0 {
            return Ok(Shape(vec![places, self.filters]));
        }
        Err(Mismatch {
            expected: format!("at least {}", counted((self.kernel - 1) * self.dilation + 1, "step")),
            got: counted(steps, "step"),
            why: "The window is longer than the sequence.".into(),
            fixes: vec![
                Fix::Set { key: "padding", value: ParamValue::Text("same".into()) },
                Fix::Set { key: "kernel", value: ParamValue::Int(steps.max(1) as i64) },
            ],
        })
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let features = inputs[0].0.last().copied().unwrap_or(1);
        let axes = &["filter", "feature", "position"];
        let mut all = vec![Weight::new("weight", [self.filters, features, self.kernel], axes)];
        all.extend(self.bias.then(|| Weight::new("bias", [self.filters], &["channel"])));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_keeps_its_length_or_says_what_does_not_fit() {
        let shape = |conv: &Conv1d, input: &[usize]| conv.infer(&[Shape(input.to_vec())], None);
        assert_eq!(shape(&Conv1d::default(), &[10, 4]).unwrap().0, [10, 16]);
        let valid = Conv1d { padding: PaddingInTime::Valid, stride: 2, ..Conv1d::default() };
        assert_eq!(shape(&valid, &[10, 4]).unwrap().0, [4, 16]);
        assert_eq!(shape(&valid, &[2, 4]).unwrap_err().got, "2 steps");
        let row = shape(&valid, &[12]).unwrap_err();
        assert_eq!(row.fixes, [Fix::InsertBefore(Reshape { shape: "12 x 1".into() }.into())]);
        let picture = shape(&valid, &[1, 8, 6]).unwrap_err();
        assert_eq!(picture.fixes, [Fix::InsertBefore(Reshape { shape: "8 x 6".into() }.into())]);
    }
    #[test]
    fn a_causal_window_sees_the_past_only_and_dilation_widens_it() {
        let causal = Conv1d { padding: PaddingInTime::Causal, dilation: 4, ..Conv1d::default() };
        assert_eq!(causal.fit(10), (8, 0, 10));
        assert_eq!(Conv1d { stride: 3, ..causal.clone() }.fit(10), (8, 0, 4));
        assert_eq!(Conv1d { padding: PaddingInTime::Same, ..causal.clone() }.fit(10), (4, 4, 10));
        let valid = Conv1d { padding: PaddingInTime::Valid, ..causal };
        assert_eq!(valid.fit(10), (0, 0, 2));
        assert_eq!(valid.infer(&[Shape(vec![8, 4])], None).unwrap_err().expected, "at least 9 steps");
    }
}
