//! Recurrent layers: LSTM, GRU and the simple recurrent network.

use super::params::{choices, int, layer_params};
use super::*;

choices! {
    /// What a recurrent network applies to its sums.
    pub enum Nonlinearity {
        /// Between −1 and 1.
        Tanh = "tanh", "tanh";
        /// max(0, x).
        Relu = "relu", "ReLU";
        /// 1 / (1 + e⁻ˣ), between 0 and 1.
        Sigmoid = "sigmoid", "sigmoid";
        /// As PyTorch's and Keras 3's, `x / 6 + 1/2` cut off at 0 and 1.
        HardSigmoid = "hard_sigmoid", "Hard sigmoid";
        /// The sum as it is.
        Linear = "linear", "linear";
    }
}

const FUNCTION: &str = "The function applied to what enters the memory and to what leaves it (activation in Keras). Tanh \
    with sigmoid gates is the fastest.";
const GATES: &str = "The function of the gates (recurrent activation in Keras). It should lie between 0, closed, and 1, \
    open.";

layer_params! {
    /// PyTorch's `nn.LSTM` with one layer, weights `[4 units, F]` and `[4 units, units]` in the order i, f, g, o.
    pub struct Lstm {
        units (card): usize = 32, int(1, 4096), "Units", "Size of the memory.";
        nonlinearity: Nonlinearity = Nonlinearity::Tanh, Nonlinearity::kind(), "Function", FUNCTION;
        gate_nonlinearity: Nonlinearity = Nonlinearity::Sigmoid, Nonlinearity::kind(), "Gate function", GATES;
        bidirectional: bool = false, ParamKind::Bool, "Both directions", "Also reads the sequence backwards, with \
            separate weights, and joins both results side by side (bidirectional).";
        bias: bool = true, ParamKind::Bool, "Bias", "Whether the gates have biases.";
    }
}

layer_params! {
    /// PyTorch's `nn.GRU` with one layer, weights `[3 units, F]` and `[3 units, units]` in the order r, z, n.
    pub struct Gru {
        units (card): usize = 32, int(1, 4096), "Units", "Size of the state.";
        nonlinearity: Nonlinearity = Nonlinearity::Tanh, Nonlinearity::kind(), "Function", FUNCTION;
        gate_nonlinearity: Nonlinearity = Nonlinearity::Sigmoid, Nonlinearity::kind(), "Gate function", GATES;
        bidirectional: bool = false, ParamKind::Bool, "Both directions", "Also reads the sequence backwards, with \
            separate weights, and joins both results side by side (bidirectional).";
        bias: bool = true, ParamKind::Bool, "Bias", "Whether the gates have biases.";
    }
}

layer_params! {
    /// PyTorch's `nn.RNN` with one layer, weights `[units, F]` and `[units, units]`.
    pub struct SimpleRnn {
        units (card): usize = 32, int(1, 4096), "Units", "Size of the state.";
        nonlinearity: Nonlinearity = Nonlinearity::Tanh, Nonlinearity::kind(), "Function", "The function applied to \
            each new state. Tanh keeps it between -1 and 1.";
        bidirectional: bool = false, ParamKind::Bool, "Both directions", "Also reads the sequence backwards, with \
            separate weights, and joins both results side by side (bidirectional).";
        bias: bool = true, ParamKind::Bool, "Bias", "Whether the sums have biases.";
    }
}

static LSTM: About = About {
    title: "LSTM",
    group: Group::Sequence,
    tagline: "long short-term memory",
    help: "Reads a sequence step by step and keeps a memory. At every step, gates (small networks themselves) decide \
        what to forget, what to store and what to output, so that it can remember things over many steps.",
    formula: "i, f, g, o = gates(x, h); c ← f · c + i · g; h ← o · tanh(c)",
    glyph: "⟲",
    inputs: Inputs::One,
    has_output: true,
};

static GRU: About = About {
    title: "GRU",
    group: Group::Sequence,
    tagline: "gated memory",
    help: "Reads a sequence step by step and keeps a state. At every step, two gates decide how much of the old state \
        flows into the new one and how much is kept. Simpler than an LSTM and often just as good.",
    formula: "r, z, n = gates(x, h); h ← (1 - z) · n + z · h",
    glyph: "↻",
    inputs: Inputs::One,
    has_output: true,
};

static SIMPLE_RNN: About = About {
    title: "Simple RNN",
    group: Group::Sequence,
    tagline: "a state over time",
    help: "Reads a sequence step by step: each new state is computed from a weighted sum of the input and the previous \
        state. The oldest recurrent network. It forgets within a few steps, which LSTM and GRU were invented to \
        overcome.",
    formula: "h ← f(W x + U h + b)",
    glyph: "↺",
    inputs: Inputs::One,
    has_output: true,
};

/// What the three have in common.
#[derive(Clone, Copy, Debug)]
pub struct Recurrence {
    /// Numbers of the state, in each direction.
    pub units: usize,
    /// Blocks of units in the weights: 4 for the gates of an LSTM.
    pub gates: usize,
    /// Two networks, one from each end; their outputs lie side by side.
    pub bidirectional: bool,
    /// Whether sums begin at a trained number instead of 0.
    pub bias: bool,
}

impl Recurrence {
    /// The output with what there is after every step.
    pub const SEQUENCE: usize = 0;
    /// The output with what there is after the last step; read backwards that is the first.
    pub const LAST: usize = 1;

    /// Suffixes of the parameters' names, as in PyTorch without the number of the layer: of one direction, input
    /// weights first.
    pub fn names(reverse: bool) -> [&'static str; 4] {
        if reverse {
            ["weight_ih_reverse", "weight_hh_reverse", "bias_ih_reverse", "bias_hh_reverse"]
        } else {
            ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
        }
    }

    /// Of both outputs.
    fn infer(&self, input: &Shape, what: &str) -> Result<[Shape; 2], Mismatch> {
        let [steps, _] = sequence_input(input, what)?;
        let width = self.units * if self.bidirectional { 2 } else { 1 };
        Ok([Shape(vec![steps, width]), Shape(vec![width])])
    }

    fn weights(&self, input: &Shape) -> Vec<Weight> {
        let (rows, features) = (self.gates * self.units, input.0.last().copied().unwrap_or(1));
        let used = if self.bias { 4 } else { 2 };
        let directions = if self.bidirectional { [false, true].as_slice() } else { &[false] };
        let of_one = |&reverse: &bool| {
            let [input, state, input_bias, state_bias] = Self::names(reverse);
            let all = [
                Weight::new(input, [rows, features], &["unit", "input"]),
                Weight::new(state, [rows, self.units], &["unit", "unit"]),
                Weight::new(input_bias, [rows], &["unit"]),
                Weight::new(state_bias, [rows], &["unit"]),
            ];
            all.into_iter().take(used)
        };
        directions.iter().flat_map(of_one).collect()
    }
}

macro_rules! recurrent {
    ($($layer:ident, $about:ident, $gates:literal, $what:literal;)*) => {
        $(impl $layer {
            /// Sizes of its weights and states.
            pub fn recurrence(&self) -> Recurrence {
                Recurrence {
                    units: self.units,
                    gates: $gates,
                    bidirectional: self.bidirectional,
                    bias: self.bias,
                }
            }
        }

        impl LayerSpec for $layer {
            fn about(&self) -> &'static About {
                &$about
            }
            fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
                self.recurrence().infer(&inputs[0], $what).map(|[_, last]| last)
            }
            fn outputs(&self) -> &'static [&'static str] {
                &["sequence", "last"]
            }
            fn usual_output(&self) -> usize {
                Recurrence::LAST
            }
            fn infer_ports(
                &self,
                inputs: &[Option<Shape>],
                _data: Option<&DataSignature>,
            ) -> Result<Vec<Shape>, Mismatch> {
                let input = inputs.first().cloned().flatten().unwrap_or_default();
                self.recurrence().infer(&input, $what).map(Vec::from)
            }
                fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
                self.recurrence().weights(&inputs[0])
            }
        })*
    };
}

recurrent! {
    Lstm, LSTM, 4, "An LSTM";
    Gru, GRU, 3, "A GRU";
    SimpleRnn, SIMPLE_RNN, 1, "A recurrent layer";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_state_or_all_of_them_leave() {
        let shape = |layer: &dyn LayerSpec, input: &[usize]| layer.infer(&[Shape(input.to_vec())], None).map(|s| s.0);
        assert_eq!(shape(&Lstm::default(), &[50, 16]).unwrap(), [32]);
        let both = Gru { units: 5, bidirectional: true, ..Gru::default() };
        let ports = both.infer_ports(&[Some(Shape(vec![7, 3]))], None).unwrap();
        assert_eq!(ports, [Shape(vec![7, 10]), Shape(vec![10])]);
        assert_eq!((ports.len(), both.outputs()[both.usual_output()]), (both.outputs().len(), "last"));
        assert_eq!(shape(&SimpleRnn { bidirectional: true, ..SimpleRnn::default() }, &[7, 3]).unwrap(), [64]);
        let mismatch = shape(&Lstm::default(), &[1, 28, 28]).unwrap_err();
        assert_eq!(mismatch.fixes, [Fix::InsertBefore(Reshape { shape: "28 x 28".into() }.into())]);
    }

    #[test]
    fn weights_are_laid_out_as_pytorchs() {
        let lstm = Lstm { units: 5, bidirectional: true, ..Lstm::default() };
        let weights = lstm.weights(&[Shape(vec![7, 3])]);
        assert_eq!(weights.len(), 8);
        assert_eq!(weights[0], Weight::new("weight_ih", [20, 3], &["unit", "input"]));
        assert_eq!((weights[5].name, &weights[5].dims[..]), ("weight_hh_reverse", &[20, 5][..]));
        assert_eq!(Gru { bias: false, ..Gru::default() }.weights(&[Shape(vec![7, 3])]).len(), 2);
    }
}
