//! What a layer becomes in a module: members, how they start, and what `forward` does with them.

/// The code of one layer.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    /// Submodules and parameters of `__init__`.
    pub members: Vec<Member>,
    /// Lines of `reset_parameters`.
    pub start: Vec<String>,
    /// Lines of `forward`.
    pub forward: Vec<Step>,
    /// Our names of its tensors, and those of the `state_dict`.
    pub tensors: Vec<(String, String)>,
    /// Classes that the file has to bring: PyTorch has none like it.
    pub brings: Vec<Brought>,
    /// Submodules that stay in evaluation mode while their layer is frozen.
    pub stays_in_eval: Vec<String>,
    /// The first version of PyTorch that has it, where that is younger than 1.13.
    pub needs: Option<&'static str>,
}

/// `self.name = head(arguments)`
#[derive(Clone, Debug)]
pub struct Member {
    /// `dense_1`
    pub name: String,
    /// `nn.Linear`
    pub head: String,
    /// `["2", "8"]`
    pub arguments: Vec<String>,
    /// `register_buffer` instead of an assignment.
    pub is_buffer: bool,
}

/// A line of `forward`: `target = head(arguments)tail`.
#[derive(Clone, Debug)]
pub struct Step {
    /// `x`, or `query, _`.
    pub target: String,
    /// What is called; with no arguments the whole expression.
    pub head: String,
    /// Of the outermost call.
    pub arguments: Option<Vec<String>>,
    /// Behind it: `.transpose(1, 2)`.
    pub tail: String,
}

/// A small class that the model's file defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Brought {
    /// Noise that is added while training.
    GaussianNoise,
    /// The table of sines and cosines (Vaswani et al., 2017).
    Sinusoids,
    /// What the next three share.
    StepByStep,
    /// `nn.LSTM` with other functions.
    Lstm,
    /// `nn.GRU` with other functions.
    Gru,
    /// `nn.RNN` with other functions.
    Rnn,
}

const STEP_BY_STEP: &str = r#"class StepByStep:
    """Makes a recurrent layer of torch.nn use functions of one's own choice."""

    def __init__(self, *sizes, function, gate=None, **settings):
        super().__init__(*sizes, **settings)
        self.function, self.gate = function, gate

    def forward(self, x):
        ways = ("", "_reverse") if self.bidirectional else ("",)
        return torch.cat([self.read(x, f"_l0{way}") for way in ways], 2), None

    def read(self, x, way):
        is_back = way.endswith("_reverse")
        into, between = (
            (getattr(self, f"weight_{of}{way}"), getattr(self, f"bias_{of}{way}", None))
            for of in ("ih", "hh")
        )
        h = c = x.new_zeros(len(x), self.hidden_size)
        states = []
        for a in F.linear(x.flip(1) if is_back else x, *into).unbind(1):
            h, c = self.step(a, F.linear(h, *between), h, c)
            states.append(h)
        states = torch.stack(states, 1)
        return states.flip(1) if is_back else states"#;

const LSTM: &str = r#"class LSTM(StepByStep, nn.LSTM):
    def step(self, a, b, h, c):
        i, f, g, o = (a + b).chunk(4, 1)
        c = self.gate(f) * c + self.gate(i) * self.function(g)
        return self.gate(o) * self.function(c), c"#;

const GRU: &str = r#"class GRU(StepByStep, nn.GRU):
    def step(self, a, b, h, c):
        (ar, az, an), (br, bz, bn) = a.chunk(3, 1), b.chunk(3, 1)
        r, z = self.gate(ar + br), self.gate(az + bz)
        return z * h + (1 - z) * self.function(an + r * bn), c"#;

const RNN: &str = r#"class RNN(StepByStep, nn.RNN):
    def step(self, a, b, h, c):
        return self.function(a + b), c"#;

impl Brought {
    /// The class.
    pub fn code(self) -> &'static str {
        match self {
            Self::GaussianNoise => {
                "class GaussianNoise(nn.Module):\n    \
                     \"\"\"Adds normal noise while training, nothing afterwards.\"\"\"\n\n    \
                     def __init__(self, std):\n        \
                         super().__init__()\n        \
                         self.std = std\n\n    \
                     def forward(self, x):\n        \
                         return x + self.std * torch.randn_like(x) if self.training else x\n"
            }
            Self::StepByStep => STEP_BY_STEP,
            Self::Lstm => LSTM,
            Self::Gru => GRU,
            Self::Rnn => RNN,
            Self::Sinusoids => {
                "def sinusoids(steps, features):\n    \
                     \"\"\"Sines and cosines of the position (Vaswani et al., 2017).\"\"\"\n    \
                     position = torch.arange(steps, dtype=torch.float64)[:, None]\n    \
                     feature = torch.arange(features)\n    \
                     angle = position / 10000.0 ** ((feature - feature % 2) / features)\n    \
                     return torch.where(feature % 2 == 0, angle.sin(), angle.cos()).float()\n"
            }
        }
    }
}

impl Piece {
    /// Adds a submodule.
    pub fn member(&mut self, name: impl Into<String>, head: &str, arguments: Vec<String>) {
        self.members.push(Member { name: name.into(), head: head.to_owned(), arguments, is_buffer: false });
    }

    /// Adds `target = expression`.
    pub fn step(&mut self, target: &str, expression: impl Into<String>) {
        let head = expression.into();
        self.forward.push(Step { target: target.to_owned(), head, arguments: None, tail: String::new() });
    }

    /// Adds `target = head(arguments)tail`.
    pub fn call(&mut self, target: &str, head: &str, arguments: Vec<String>, tail: &str) {
        let (target, head, tail) = (target.to_owned(), head.to_owned(), tail.to_owned());
        self.forward.push(Step { target, head, arguments: Some(arguments), tail });
    }
}
