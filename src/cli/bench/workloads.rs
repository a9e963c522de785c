//! The reference workloads: small networks of every kind, each with one fixed random batch. Their names and what one
//! step is (forward, loss, backward, update of a batch that is already in memory) are the same in
//! scripts/bench/peers.py.

use crate::data::Batch;
use crate::model::layer::{
    Activation, Add, BatchNorm, Conv2d, Dense, Embedding, Flatten, GlobalAvgPool, Input, LayerNorm, Loss, Lstm,
    MaxPool2d, MultiHeadAttention, Padding, Relu,
};
use crate::model::task::THING;
use crate::model::templates::{chain, dense_stack};
use crate::model::{DataSignature, Graph, LayerId, LayerKind, Optimiser, Shape, Task, TrainingSpec};

pub struct Workload {
    pub name: &'static str,
    pub graph: Graph,
    pub signature: DataSignature,
    pub training: TrainingSpec,
    /// Multiply-adds of one step in matrix products and convolutions; 0 where they are not what takes the time.
    pub multiply_adds: u64,
}

/// In the order in which they are measured.
pub const NAMES: [&str; 10] = [
    "toy-2-4-2-1",
    "mlp-2-8-8-2",
    "mlp-784",
    "mlp-batch-4096",
    "cnn-28",
    "conv7-32",
    "separable-32",
    "resnet-32",
    "lstm-t50",
    "transformer-t64",
];

impl Workload {
    pub fn find(name: &str) -> Option<Self> {
        let name = NAMES.iter().copied().find(|known| *known == name)?;
        Some(match name {
            "toy-2-4-2-1" => toy(name),
            "mlp-2-8-8-2" => small(name),
            "mlp-784" => perceptron(name, &[512, 256], 128),
            "mlp-batch-4096" => perceptron(name, &[256, 256], 4096),
            "cnn-28" => convolutions(name),
            "conv7-32" => large_windows(name),
            "separable-32" => separable(name),
            "resnet-32" => residual(name),
            "lstm-t50" => recurrent(name),
            _ => transformer(name),
        })
    }

    /// The batch that every step sees: uniform numbers, and classes in turn.
    pub fn batch(&self) -> Batch {
        let len = self.training.batch_size;
        let mut state = 1u32;
        let mut uniform = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        let mut inputs: Vec<f32> = (0..len * self.signature.input.len()).map(|_| uniform()).collect();
        if self.name == "transformer-t64" {
            inputs.iter_mut().for_each(|x| *x = ((*x + 1.0) * 32.0).floor());
        }
        let targets = match self.signature.task {
            Task::Classes(classes) => (0..len).map(|i| (i % classes) as f32).collect(),
            Task::ClassesAt { positions, classes } => (0..len * positions).map(|i| (i % classes) as f32).collect(),
            // No workload finds things.
            Task::Boxes { most, .. } => vec![-1.0; len * most * THING],
            Task::Numbers(numbers) | Task::Input(numbers) => (0..len * numbers).map(|_| uniform()).collect(),
        };
        Batch { len, inputs, targets, rows: (0..len as u32).collect(), ..Batch::default() }
    }
}

fn training(optimiser: Optimiser, learning_rate: f64, batch_size: usize) -> TrainingSpec {
    TrainingSpec { optimiser, learning_rate, batch_size, ..TrainingSpec::default() }
}

fn signature(input: &[usize], task: Task) -> DataSignature {
    DataSignature { weighted: false, names: Vec::new(), input: Shape(input.to_vec()), task }
}

fn toy(name: &'static str) -> Workload {
    let layers = [4, 2, 1].map(|units| Dense { units, activation: Activation::Tanh, ..Dense::default() }.into());
    Workload {
        name,
        graph: chain(layers.to_vec()),
        signature: signature(&[2], Task::Numbers(1)),
        training: training(Optimiser::sgd(), 0.03, 10),
        multiply_adds: 0,
    }
}

fn small(name: &'static str) -> Workload {
    Workload {
        name,
        graph: chain(dense_stack(&[8, 8], Activation::Tanh, 2)),
        signature: signature(&[2], Task::Classes(2)),
        training: training(Optimiser::adam(), 0.01, 32),
        multiply_adds: 0,
    }
}

/// ReLU layers of the given widths on 784 numbers, ten classes.
pub fn perceptron(name: &'static str, widths: &[usize], batch: usize) -> Workload {
    let sizes: Vec<usize> = [784].into_iter().chain(widths.iter().copied()).chain([10]).collect();
    let weights: Vec<usize> = sizes.windows(2).map(|pair| pair[0] * pair[1]).collect();
    // Forward, weights' gradient and inputs' gradient cost the same; the data's gradient is not computed.
    let products = 3 * weights.iter().sum::<usize>() - weights[0];
    Workload {
        name,
        graph: chain(dense_stack(widths, Activation::Relu, 10)),
        signature: signature(&[784], Task::Classes(10)),
        training: training(Optimiser::adam(), 0.001, batch),
        multiply_adds: (batch * products) as u64,
    }
}

fn convolutions(name: &'static str) -> Workload {
    let conv = |filters| LayerKind::from(Conv2d { filters, ..Conv2d::default() });
    let mut layers =
        vec![conv(32), MaxPool2d::default().into(), conv(64), MaxPool2d::default().into(), Flatten {}.into()];
    layers.extend(dense_stack(&[128], Activation::Relu, 10));
    let (first, rest) = (28 * 28 * 32 * 9, 14 * 14 * 64 * 32 * 9 + 64 * 49 * 128 + 128 * 10);
    Workload {
        name,
        graph: chain(layers),
        signature: signature(&[1, 28, 28], Task::Classes(10)),
        training: training(Optimiser::adam(), 0.001, 64),
        multiply_adds: 64 * (2 * first + 3 * rest),
    }
}

/// Windows of 7 x 7 over 32 and 64 channels.
fn large_windows(name: &'static str) -> Workload {
    let conv = |filters| LayerKind::from(Conv2d { filters, kernel: 7, ..Conv2d::default() });
    let layers = vec![
        conv(32),
        MaxPool2d::default().into(),
        conv(64),
        GlobalAvgPool {}.into(),
        Dense { units: 10, ..Dense::default() }.into(),
    ];
    let (first, second) = (32 * 32 * 32 * 3 * 49, 16 * 16 * 64 * 32 * 49);
    Workload {
        name,
        graph: chain(layers),
        signature: signature(&[3, 32, 32], Task::Classes(10)),
        training: training(Optimiser::adam(), 0.001, 32),
        multiply_adds: 32 * (2 * first + 3 * (second + 640)),
    }
}

/// Depthwise and pointwise convolutions with batch norm in turn, as in MobileNet.
fn separable(name: &'static str) -> Workload {
    let mut net = Branching::new();
    net.conv_norm(32, 3, 1);
    net.put(Relu {});
    for (channels, filters, stride) in SEPARABLE {
        net.depthwise(channels, stride);
        net.conv_norm(filters, 1, 1);
        net.put(Relu {});
    }
    net.put(GlobalAvgPool {});
    net.put(Dense { units: 10, ..Dense::default() });
    net.put(Loss::default());
    let mut size = 32;
    let mut blocks = 0;
    for (channels, filters, stride) in SEPARABLE {
        size /= stride;
        blocks += size * size * channels * (9 + filters);
    }
    Workload {
        name,
        graph: net.graph,
        signature: signature(&[3, 32, 32], Task::Classes(10)),
        training: training(Optimiser::adam(), 0.001, 32),
        multiply_adds: 32 * (2 * 1024 * 32 * 27 + 3 * (blocks + 1280)) as u64,
    }
}

/// Channels in, filters out and stride of each pair.
const SEPARABLE: [(usize, usize, usize); 3] = [(32, 64, 1), (64, 128, 2), (128, 128, 1)];

fn residual(name: &'static str) -> Workload {
    let mut net = Branching::new();
    net.conv_norm(16, 3, 1);
    net.put(Relu {});
    for (filters, stride) in [(16, 1), (32, 2), (64, 2)] {
        net.block(filters, stride);
    }
    net.put(GlobalAvgPool {});
    net.put(Dense { units: 10, ..Dense::default() });
    net.put(Loss::default());
    let first = 1024 * 16 * 27;
    let blocks = 1024 * (16 * 144 * 2) + 256 * (32 * (144 + 288 + 16)) + 64 * (64 * (288 + 576 + 32));
    Workload {
        name,
        graph: net.graph,
        signature: signature(&[3, 32, 32], Task::Classes(10)),
        training: training(Optimiser::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 }, 0.1, 32),
        multiply_adds: 32 * (2 * first + 3 * (blocks + 640)),
    }
}

fn recurrent(name: &'static str) -> Workload {
    let layers = vec![Lstm { units: 64, ..Lstm::default() }.into(), Dense { units: 10, ..Dense::default() }.into()];
    let (input, state) = (50 * 256 * 16, 50 * 256 * 64);
    Workload {
        name,
        graph: chain(layers),
        signature: signature(&[50, 16], Task::Classes(10)),
        training: training(Optimiser::adam(), 0.001, 32),
        multiply_adds: 32 * (2 * input + 3 * (state + 640)),
    }
}

fn transformer(name: &'static str) -> Workload {
    let mut net = Branching::new();
    net.put(Embedding { vocabulary: 64, width: 64 });
    net.attend(64, 4, 256);
    net.attend(64, 4, 256);
    net.put(Dense { units: 64, ..Dense::default() });
    net.put(Loss::default());
    let projections = 64 * (4 * 64 * 64 + 2 * 64 * 256);
    let attention = 2 * 64 * 64 * 64;
    Workload {
        name,
        graph: net.graph,
        signature: signature(&[64], Task::ClassesAt { positions: 64, classes: 64 }),
        training: training(Optimiser::adam(), 0.001, 32),
        multiply_adds: 32 * 3 * (2 * (projections + attention) + 64 * 64 * 64),
    }
}

/// A network under construction, and the layer that the next one follows.
struct Branching {
    graph: Graph,
    last: LayerId,
}

impl Branching {
    fn new() -> Self {
        let mut graph = Graph::default();
        let last = graph.add(Input::default().into(), [0.0, 0.0]);
        Self { graph, last }
    }

    /// Adds what an earlier layer gave to what the last one gave.
    fn add(&mut self, earlier: LayerId) {
        self.put(Add {});
        let _ = self.graph.connect(earlier, self.last);
    }

    fn put(&mut self, kind: impl Into<LayerKind>) {
        let id = self.graph.add(kind.into(), [0.0, 0.0]);
        // Fresh layers: nothing can refuse.
        let _ = self.graph.connect(self.last, id);
        self.last = id;
    }

    fn conv(&mut self, filters: usize, kernel: usize, stride: usize) {
        // PyTorch's padding of 1, on both sides also at stride 2.
        let (padding, pad) = (Padding::Custom, kernel / 2);
        let activation = Activation::None;
        self.put(Conv2d { filters, kernel, stride, padding, pad, activation, bias: false, ..Conv2d::default() });
    }

    /// A window for each channel, batch norm and ReLU.
    fn depthwise(&mut self, channels: usize, stride: usize) {
        let (padding, activation) = (Padding::Custom, Activation::None);
        let conv = Conv2d { filters: channels, groups: channels, stride, padding, activation, ..Conv2d::default() };
        self.put(Conv2d { bias: false, ..conv });
        self.put(BatchNorm::default());
        self.put(Relu {});
    }

    fn conv_norm(&mut self, filters: usize, kernel: usize, stride: usize) {
        self.conv(filters, kernel, stride);
        self.put(BatchNorm::default());
    }

    fn block(&mut self, filters: usize, stride: usize) {
        let input = self.last;
        self.conv_norm(filters, 3, stride);
        self.put(Relu {});
        self.conv_norm(filters, 3, 1);
        let main = self.last;
        self.last = input;
        if stride > 1 {
            self.conv(filters, 1, stride);
        }
        let shortcut = self.last;
        self.last = main;
        self.add(shortcut);
        self.put(Relu {});
    }

    /// A pre-norm block of a transformer: attention, then a dense layer on every position, each added to its input.
    fn attend(&mut self, width: usize, heads: usize, hidden: usize) {
        let input = self.last;
        self.put(LayerNorm::default());
        self.put(MultiHeadAttention { heads, ..MultiHeadAttention::default() });
        self.add(input);
        let input = self.last;
        self.put(LayerNorm::default());
        self.put(Dense { units: hidden, activation: Activation::Gelu, ..Dense::default() });
        self.put(Dense { units: width, ..Dense::default() });
        self.add(input);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Device, Machine, Precision};

    #[test]
    fn every_workload_is_valid_and_has_as_many_parameters_as_its_peers() {
        let expected = [
            12 + 10 + 3,
            24 + 72 + 18,
            535_818,
            269_322,
            421_642,
            105_802,
            32 * 27
                + 64
                + (32 * 9 + 64 + 32 * 64 + 128)
                + (64 * 9 + 128 + 64 * 128 + 256)
                + (128 * 9 + 256 + 128 * 128 + 256)
                + 1290,
            77_850,
            21_642,
            108_224,
        ];
        for (name, expected) in NAMES.iter().zip(expected) {
            let workload = Workload::find(name).unwrap();
            let mut machine =
                Machine::new(&workload.graph, &workload.signature, &workload.training, Device::Cpu, Precision::F32)
                    .unwrap();
            assert_eq!(machine.parameter_count(), expected, "{name}");
            let report = machine.run_step(&workload.batch()).unwrap();
            assert!(report.loss.is_finite(), "{name}: {}", report.loss);
        }
        assert!(Workload::find("nothing").is_none());
    }
}
