//! Gradients against nudges: every layer, every loss, kinks, and gradients that were edited.

use std::collections::BTreeSet;

use super::*;
use crate::engine::machine::Override;
use crate::engine::random::{Draws, Purpose};
use crate::model::End;
use crate::model::layer::{
    AdaptiveAvgPool2d, AvgPool1d, CappedRelu, Conv1d, ConvTranspose2d, DepthwiseConv2d, Elu, Embedding, Flatten,
    GaussianNoise, Gelu, GroupNorm, Gru, HardSigmoid, HardSwish, HardTanh, InstanceNorm, Interpolation, LeakyRelu,
    LogSoftmax, Lstm, MaxOver, MaxPool1d, MeanOver, Mish, MultiHeadAttention, Nonlinearity, Padding, PaddingInTime,
    Permute, PositionalEncoding, Positions, Prelu, Relu, Reshape, RmsNorm, Selu, SeparableConv2d, Sigmoid, Silu,
    SimpleRnn, Slice, Softmax, Softplus, Tanh, ThresholdedRelu, Upsample, ZeroPad2d,
};
use crate::model::task::THING;
use crate::trace::{Judgement, Verdict};

/// What a network is trained on.
#[derive(Clone, Copy)]
struct Setting {
    /// Sizes of a sample.
    input: &'static [usize],
    task: Task,
    /// Made of numbers in 0 .. 1.
    numbers: fn(f64) -> f64,
    seed: u64,
    weighted: bool,
}

/// A machine with random weights on random numbers, two steps into training and before the update of the third.
struct Bench {
    machine: Machine,
    draws: Draws,
    /// Of the step in progress.
    batch: Batch,
}

impl Bench {
    fn new(setting: Setting, loss: LossKind, layers: Vec<LayerKind>) -> Self {
        Self::with(setting, Loss { loss, ..Loss::default() }, layers)
    }

    fn with(setting: Setting, loss: Loss, layers: Vec<LayerKind>) -> Self {
        let mut graph = Graph::default();
        let mut last = graph.add(Input::default().into(), [0.0; 2]);
        for kind in layers.into_iter().chain([loss.into()]) {
            let id = graph.add(kind, [0.0; 2]);
            graph.connect(End::at(last, 0), id).unwrap();
            last = id;
        }
        Self::of_graph(&graph, setting)
    }

    fn of_graph(graph: &Graph, setting: Setting) -> Self {
        let Setting { input, task, weighted, .. } = setting;
        let signature = DataSignature { input: Shape(input.to_vec()), task, names: Vec::new(), weighted };
        let training = TrainingSpec { learning_rate: 0.01, seed: setting.seed, ..TrainingSpec::default() };
        let machine = Machine::new(graph, &signature, &training, Device::Cpu, Precision::F32).unwrap();
        let draws = Purpose::Weights.draws(setting.seed, 1, None);
        let batch = Batch::default();
        let mut bench = Self { machine, draws, batch };
        for _ in 0..2 {
            let batch = bench.batch(setting);
            bench.machine.run_step(&batch).unwrap();
        }
        bench.batch = bench.batch(setting);
        bench.begin();
        bench.go_on();
        bench
    }

    /// The step in progress from its start, with weights and batch as they stand.
    fn begin(&mut self) {
        self.machine.begin_step(&self.batch).unwrap();
    }

    /// Up to the update.
    fn go_on(&mut self) {
        let last = self.machine.program().instructions.iter().filter(|i| i.phase < Phase::Update).count();
        while self.machine.pc() < last {
            self.machine.step_instruction().unwrap();
        }
    }

    fn batch(&mut self, Setting { input, task, numbers, weighted, .. }: Setting) -> Batch {
        const LEN: usize = 5;
        let count = LEN * input.iter().product::<usize>();
        let inputs = (0..count).map(|_| numbers(self.draws.unit()) as f32).collect();
        let (classes, each) = match task {
            Task::Boxes { most, classes } => {
                let targets = (0..LEN * most).flat_map(|_| self.thing(classes)).collect();
                return Batch { len: LEN, inputs, targets, rows: (0..LEN as u32).collect(), ..Batch::default() };
            }
            Task::Numbers(n) | Task::Input(n) => (0, n),
            Task::Classes(classes) => (classes, 1),
            Task::ClassesAt { positions, classes } => (classes, positions),
        };
        let mut answer =
            || if classes == 0 { self.draws.uniform(-1.0, 1.0) } else { (self.draws.unit() * classes as f64).floor() };
        let targets = (0..LEN * each).map(|_| answer() as f32).collect();
        let weights = if weighted { vec![1.0, 0.0, 3.0, 0.5, 0.5] } else { Vec::new() };
        Batch { weights, len: LEN, inputs, targets, rows: (0..LEN as u32).collect(), ..Batch::default() }
    }

    /// Or none, once in a while.
    fn thing(&mut self, classes: usize) -> [f32; THING] {
        let class = (self.draws.unit() * (classes + 1) as f64).floor() - 1.0;
        let [left, top] = [0, 1].map(|_| self.draws.uniform(0.0, 0.6));
        let [right, bottom] = [left, top].map(|low| low + self.draws.uniform(0.1, 0.4));
        [class, left, top, right, bottom].map(|number| number as f32)
    }

    fn id(&self, name: &str) -> ValueId {
        self.machine.program().find(name).unwrap_or_else(|| panic!("no {name}"))
    }

    fn nudge(&self, name: &str, index: &[usize]) -> Verdict {
        self.machine.nudge(self.id(name), index, &[]).unwrap()
    }

    fn edit(&mut self, name: &str, f: impl Fn(usize, f64) -> f64) {
        let id = self.id(name);
        let (dims, numbers) = self.machine.read_f64(id).unwrap();
        let numbers: Vec<_> = numbers.into_iter().enumerate().map(|(i, n)| f(i, n)).collect();
        self.machine.write_f64(id, &dims, &numbers).unwrap();
    }

    /// Every gradient agrees with its nudge at a few places; returns the names of the ops that were gone through.
    fn all_agree(&mut self) -> BTreeSet<&'static str> {
        let gradients: BTreeSet<_> = self.machine.program().gradients.values().copied().collect();
        let mut kinks = 0;
        for gradient in gradients {
            let (dims, numbers) = self.machine.read_f64(gradient).unwrap();
            let operand = crate::engine::Operand { name: String::new(), dims, numbers };
            for _ in 0..2 {
                let flat = (self.draws.unit() * operand.numbers.len() as f64) as usize;
                let index = operand.unflatten(flat);
                let verdict = self.machine.nudge(gradient, &index, &[]).unwrap();
                let number = operand.numbers[flat];
                let what = || format!("{}{index:?} = {number}: {verdict:?}", self.machine.program().name(gradient));
                // Zeros that a relu made are equal under a max: a kink, with the gradient of one of its sides.
                let of_a_side = verdict.sides.iter().any(|side| (side - number).abs() <= 1e-3 * side.abs() + 1e-5);
                match verdict.judgement {
                    Judgement::AtKink if of_a_side => kinks += 1,
                    judgement => assert_eq!(judgement, Judgement::Agrees, "{}", what()),
                }
            }
        }
        assert!(kinks <= 2, "{kinks} kinks");
        self.machine.program().instructions.iter().map(|i| i.op.name()).collect()
    }
}

fn normal(unit: f64) -> f64 {
    4.0 * unit - 2.0
}

fn tokens(unit: f64) -> f64 {
    (unit * 6.0).floor()
}

fn of_numbers(input: &'static [usize], task: Task, seed: u64) -> Setting {
    Setting { input, task, numbers: normal, seed, weighted: false }
}

fn seeded(seed: u64, layers: Vec<LayerKind>) -> Bench {
    Bench::new(of_numbers(&[4], Task::Numbers(3), seed), LossKind::Mse, layers)
}

fn numbers(layers: Vec<LayerKind>) -> Bench {
    seeded(5, layers)
}

fn plain(units: usize) -> LayerKind {
    Dense { units, l2: 0.01, ..Dense::default() }.into()
}

/// Chains of layers that together hold every one of the palette, by the sizes of the sample that enters.
fn chains(seed: u64) -> Vec<Bench> {
    let pictures = |layers| Bench::new(of_numbers(&[3, 8, 8], Task::Classes(3), seed), LossKind::Auto, layers);
    let sequences = |layers| Bench::new(of_numbers(&[6, 4], Task::Classes(3), seed), LossKind::Auto, layers);
    let task = Task::ClassesAt { positions: 6, classes: 5 };
    let text = Setting { numbers: tokens, ..of_numbers(&[6], task, seed) };
    let texts = |layers| Bench::new(text, LossKind::Auto, layers);
    let activations: [Vec<LayerKind>; 6] = [
        vec![Tanh {}.into(), Softplus {}.into(), Sigmoid {}.into()],
        vec![Gelu {}.into(), Silu {}.into(), Selu {}.into(), Elu { alpha: 0.8 }.into()],
        vec![Relu {}.into(), plain(5), LeakyRelu { slope: 0.1 }.into(), HardSwish {}.into()],
        vec![Mish {}.into(), HardTanh {}.into(), plain(5), HardSigmoid {}.into(), LogSoftmax {}.into()],
        vec![CappedRelu { cap: 0.8 }.into(), plain(5), ThresholdedRelu { threshold: -0.1 }.into()],
        vec![Prelu { slope: 0.3, per_channel: true }.into(), plain(5), Softmax {}.into()],
    ];
    let mut all: Vec<_> =
        activations.into_iter().map(|inner| seeded(seed, [vec![plain(5)], inner, vec![plain(3)]].concat())).collect();
    for expression in [
        "abs(x) * sin(x) + cos(x) / (2 + x^2)",
        "min(x, 0.5) - max(x, -0.7) + erf(x) + exp(-x) * 0.1",
        "sqrt(x * x + 1) + log(x^2 + 2) + (x^2 + 1)^(0.3 * x) + relu(x) / 3 + tan(0.1 * x)",
        "max(x, sin(x)) + min(cos(x), x * x) + step(x) + sign(x) + softplus(x) / (1 + 1 / (x^2 + 1))",
    ] {
        let formula = Formula { expression: expression.into() }.into();
        all.push(seeded(seed, vec![plain(5), formula, Dropout { rate: 0.3, ..Dropout::default() }.into(), plain(3)]));
    }
    let conv = Conv2d { filters: 4, activation: Activation::Relu, groups: 1, l1: 0.003, ..Conv2d::default() };
    let wide =
        Conv2d { filters: 4, dilation: 2, stride: 2, groups: 2, activation: Activation::Tanh, ..Conv2d::default() };
    all.push(pictures(vec![
        conv.clone().into(),
        BatchNorm::default().into(),
        ZeroPad2d { top: 2, ..ZeroPad2d::default() }.into(),
        MaxPool2d { kernel: 3, padding: Padding::Same, ..MaxPool2d::default() }.into(),
        wide.into(),
        Flatten {}.into(),
        plain(3),
    ]));
    all.push(pictures(vec![
        DepthwiseConv2d { multiplier: 2, ..DepthwiseConv2d::default() }.into(),
        AvgPool2d { keep_remainder: true, ..AvgPool2d::default() }.into(),
        ConvTranspose2d { filters: 4, activation: Activation::Silu, ..ConvTranspose2d::default() }.into(),
        GroupNorm { groups: 2, epsilon: 1e-5 }.into(),
        Upsample { factor: 2, mode: Interpolation::Bilinear }.into(),
        conv.into(),
        Upsample { factor: 2, mode: Interpolation::Nearest }.into(),
        AdaptiveAvgPool2d { rows: 3, columns: 5 }.into(),
        SeparableConv2d { filters: 3, ..SeparableConv2d::default() }.into(),
        InstanceNorm::default().into(),
        GlobalAvgPool {}.into(),
        plain(3),
    ]));
    all.push(sequences(vec![
        Lstm { units: 3, bidirectional: true, ..Lstm::default() }.into(),
        Gru { units: 3, gate_nonlinearity: Nonlinearity::HardSigmoid, ..Gru::default() }.into(),
        SimpleRnn { units: 4, ..SimpleRnn::default() }.into(),
        LayerNorm::default().into(),
        MultiHeadAttention { heads: 2, causal: true, bias: true }.into(),
        Slice { axis: 1, start: "-1".into(), length: 1, drop_axis: true }.into(),
        plain(3),
    ]));
    all.push(sequences(vec![
        Conv1d {
            filters: 4,
            dilation: 2,
            padding: PaddingInTime::Causal,
            activation: Activation::Gelu,
            ..Conv1d::default()
        }
        .into(),
        RmsNorm::default().into(),
        GaussianNoise::default().into(),
        MaxPool1d { kernel: 2, stride: 1, ..MaxPool1d::default() }.into(),
        AvgPool1d { kernel: 3, stride: 1, padding: Padding::Same, ..AvgPool1d::default() }.into(),
        Permute { order: "2, 1".into() }.into(),
        MaxOver { axis: 1 }.into(),
        Reshape { shape: "5 x 1".into() }.into(),
        MeanOver { axis: 2 }.into(),
        plain(3),
    ]));
    all.push(texts(vec![
        Embedding { vocabulary: 6, width: 4 }.into(),
        PositionalEncoding { encoding: Positions::Learned }.into(),
        MultiHeadAttention { heads: 2, causal: false, bias: false }.into(),
        plain(5),
    ]));
    all.push(branches(seed));
    all
}

/// Two ways from the input that are added, multiplied and put side by side.
fn branches(seed: u64) -> Bench {
    let mut graph = Graph::default();
    let mut add = |kind: LayerKind| graph.add(kind, [0.0; 2]);
    let (input, a, b) = (add(Input::default().into()), add(plain(4)), add(plain(4)));
    let (sum, product, side) = (add(layer::Add {}.into()), add(Multiply {}.into()), add(Concat {}.into()));
    let (out, loss) = (add(plain(3)), add(Loss::default().into()));
    for (from, to) in [
        (input, a),
        (input, b),
        (a, sum),
        (b, sum),
        (a, product),
        (b, product),
        (sum, side),
        (product, side),
        (side, out),
        (out, loss),
    ] {
        graph.connect(from, to).unwrap();
    }
    Bench::of_graph(&graph, of_numbers(&[4], Task::Numbers(3), seed))
}

#[test]
fn every_gradient_of_every_layer_agrees_with_its_nudge() {
    let mut seen = BTreeSet::new();
    for mut bench in (5..8).flat_map(chains) {
        seen.extend(bench.all_agree());
    }
    for (loss, task) in [
        (LossKind::CrossEntropy, Task::Classes(3)),
        (LossKind::BinaryCrossEntropy, Task::Classes(2)),
        (LossKind::Mse, Task::Classes(3)),
        (LossKind::Mae, Task::Numbers(3)),
        (LossKind::Huber, Task::Numbers(3)),
        (LossKind::Focal, Task::Classes(3)),
        (LossKind::Hinge, Task::Classes(3)),
        (LossKind::KlDivergence, Task::Classes(3)),
    ] {
        let units = if task == Task::Classes(2) { 1 } else { 3 };
        let layers = vec![dense(6, Activation::Tanh), dense(units, Activation::None)];
        for weighted in [false, true] {
            let setting = Setting { weighted, ..of_numbers(&[4], task, 5) };
            seen.extend(Bench::new(setting, loss, layers.clone()).all_agree());
        }
    }
    let things = of_numbers(&[2, 6, 6], Task::Boxes { most: 3, classes: 3 }, 5);
    let cells = Conv2d { filters: 8, stride: 2, activation: Activation::None, ..Conv2d::default() };
    seen.extend(Bench::new(things, LossKind::Detection, vec![cells.into()]).all_agree());
    let weights = "1, 3, 0.5".to_owned();
    let shaped = Loss { loss: LossKind::CrossEntropy, class_weights: weights, label_smoothing: 0.1, ..Loss::default() };
    seen.extend(
        Bench::with(of_numbers(&[4], Task::Classes(3), 5), shaped, vec![dense(3, Activation::None)]).all_agree(),
    );
    let backward: BTreeSet<_> = every_op_with_a_gradient();
    let missing: Vec<_> = backward.iter().filter(|name| !seen.contains(name.as_str())).collect();
    assert!(seen.contains("weighted'x"));
    assert!(missing.is_empty(), "not gone through: {missing:?}");
}

/// The ops with a backward op (`tanh` of `tanh'x`), as their files name them.
fn every_op_with_a_gradient() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let ops = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine/ops");
    let files =
        |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let families = files(&ops).into_iter().filter(|path| path.is_dir());
    for folder in families.chain([ops.clone()]) {
        for file in files(&folder) {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let quoted = text.split('"').skip(1).step_by(2);
            let backward = quoted.filter_map(|text| text.split_once('\'')).filter(|(name, of)| {
                name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit()) && of.len() <= 5
            });
            names.extend(backward.map(|(name, _)| name.to_owned()).filter(|name| !name.is_empty()));
        }
    }
    assert!(names.len() > 50, "{names:?}");
    // Backward of all three recurrent layers; and of predicting, which no training program has.
    names.remove("recurrent");
    names.remove("batch_norm_predict");
    // Of any loss whose samples have weights.
    names.remove("weighted");
    names
}

/// A hidden unit that stands exactly at zero: its weights and bias are.
fn at_zero(layers: Vec<LayerKind>) -> Bench {
    let mut bench = numbers([vec![plain(5)], layers, vec![plain(3)]].concat());
    bench.edit("dense_1.weight", |i, w| if i < 4 { 0.0 } else { w });
    bench.edit("dense_1.bias", |i, b| if i == 0 { 0.0 } else { b });
    bench.begin();
    bench.go_on();
    bench
}

#[test]
fn at_a_kink_there_is_no_verdict() {
    let formula = |expression: &str| vec![Formula { expression: expression.into() }.into()];
    for layers in
        [vec![Relu {}.into()], formula("abs(x)"), formula("max(x, 0)"), formula("min(x, -x)"), formula("step(x)")]
    {
        let bench = at_zero(layers);
        for (name, index) in [("dense_1.bias.grad", &[0][..]), ("d%1", &[2, 0]), ("dense_1.weight.grad", &[0, 1])] {
            let verdict = bench.nudge(name, index);
            assert_eq!(verdict.judgement, Judgement::AtKink, "{name} {verdict:?}");
        }
        // Its neighbour stands elsewhere.
        assert_eq!(bench.nudge("dense_1.bias.grad", &[1]).judgement, Judgement::Agrees);
    }
}

#[test]
fn equal_numbers_under_a_window_are_a_kink_for_each_and_none_for_all() {
    let conv = Conv2d { filters: 2, kernel: 1, activation: Activation::None, ..Conv2d::default() };
    let layers = vec![conv.into(), MaxPool2d::default().into(), Flatten {}.into(), plain(3)];
    let setting = Setting { numbers: |_| 0.75, ..of_numbers(&[1, 4, 4], Task::Numbers(3), 5) };
    let bench = Bench::new(setting, LossKind::Mse, layers);
    for index in [[0, 0, 0, 0], [1, 1, 2, 3]] {
        assert_eq!(bench.nudge("d%1", &index).judgement, Judgement::AtKink);
    }
    assert_eq!(bench.nudge("conv_2_d_1.weight.grad", &[0, 0, 0, 0]).judgement, Judgement::Agrees);
}

#[test]
fn a_penalty_on_size_has_a_kink_at_zero() {
    let l1 = Dense { units: 3, l1: 0.5, ..Dense::default() };
    let mut bench = numbers(vec![l1.into()]);
    bench.edit("dense_1.weight", |i, w| if i == 1 { 0.0 } else { w });
    bench.begin();
    bench.go_on();
    assert_eq!(bench.nudge("dense_1.weight.grad", &[0, 1]).judgement, Judgement::AtKink);
    assert_eq!(bench.nudge("dense_1.weight.grad", &[0, 2]).judgement, Judgement::Agrees);
}

#[test]
fn a_number_that_rounding_put_on_the_other_side_is_at_a_kink() {
    let mut bench = numbers(vec![plain(5), Relu {}.into(), plain(3)]);
    bench.batch.inputs.fill(0.0);
    bench.batch.inputs[..4].copy_from_slice(&[1.0, 1.0, 1.0, 5e-4]);
    bench.edit("dense_1.bias", |i, b| if i == 0 { 0.0 } else { b });
    // Just above 0 in double precision; 0 in single, in one order of adding or another.
    let is_lost = [[1.0, 1e-9, -1.0], [1e-9, 1.0, -1.0], [1.0, -1.0, 1e-9]].into_iter().any(|weights| {
        bench.edit("dense_1.weight", |i, w| if i == 3 { 0.0 } else { weights.get(i).copied().unwrap_or(w) });
        bench.begin();
        bench.go_on();
        bench.machine.read(bench.id("%1")).unwrap().data[0] <= 0.0
    });
    assert!(is_lost);
    let verdict = bench.nudge("dense_1.weight.grad", &[0, 3]);
    assert_eq!((verdict.judgement, verdict.sides[1]), (Judgement::AtKink, 0.0));
    assert!(verdict.sides[0].abs() > 1e-6, "{verdict:?}");
}

fn differs(verdict: Verdict) -> f64 {
    match verdict.judgement {
        Judgement::Differs { by } => by,
        other => panic!("{other:?} {verdict:?}"),
    }
}

#[test]
fn an_edited_gradient_differs() {
    let bench =
        || numbers(vec![dense(6, Activation::Tanh), Dropout { rate: 0.3, ..Dropout::default() }.into(), plain(3)]);
    let gradient = "dense_1.weight.grad";
    for (edit, by) in [((|_, g| 1.05 * g) as fn(usize, f64) -> f64, 0.0476), (|_, g| -g, 2.0), (|_, _| 0.0, 1.0)] {
        let mut bench = bench();
        bench.edit(gradient, edit);
        let found = differs(bench.nudge(gradient, &[1, 2]));
        assert!((found - by).abs() < 0.002, "{found}, not {by}");
    }
    let mut one = bench();
    one.edit(gradient, |i, g| if i == 6 { 9.0 } else { g });
    assert!(differs(one.nudge(gradient, &[1, 2])) > 0.9);
    assert_eq!(one.nudge(gradient, &[1, 1]).judgement, Judgement::Agrees);
    one.edit(gradient, |_, _| f64::NAN);
    assert_eq!(differs(one.nudge(gradient, &[1, 2])), f64::INFINITY);
    // Edited on the way, it carries on to what is computed from it.
    let mut early = bench();
    early.begin();
    let (id, made) = (early.id("d%2"), |machine: &Machine, id| machine.producer(id).is_ok_and(|found| found.is_some()));
    while !made(&early.machine, id) {
        early.machine.step_instruction().unwrap();
    }
    early.edit("d%2", |_, g| 2.0 * g);
    early.go_on();
    assert!((differs(early.nudge(gradient, &[1, 2])) - 0.5).abs() < 0.01);
}

#[test]
fn values_changed_by_hand_are_changed_in_the_rehearsal_too() {
    let mut bench = numbers(vec![dense(6, Activation::Tanh), plain(3)]);
    bench.begin();
    while bench.machine.pc() < 2 {
        bench.machine.step_instruction().unwrap();
    }
    bench.edit("%1", |i, n| if i == 0 { 2.5 } else { n });
    bench.go_on();
    let change = Override { after: 2, value: bench.id("%1"), elements: vec![(0, 2.5)] };
    let nudge = |name: &str, index: &[usize], changes: &[Override]| {
        bench.machine.nudge(bench.id(name), index, changes).unwrap()
    };
    for (name, index) in
        [("d%1", [0, 0]), ("d%2", [0, 4]), ("dense_2.weight.grad", [1, 0]), ("dense_1.weight.grad", [1, 0])]
    {
        assert_eq!(nudge(name, &index, std::slice::from_ref(&change)).judgement, Judgement::Agrees, "{name}");
    }
    // What it was computed from no longer moves it, though backward goes on as if it did.
    differs(nudge("dense_1.weight.grad", &[0, 1], &[change]));
    differs(nudge("dense_2.weight.grad", &[1, 0], &[]));
}

#[test]
fn what_cannot_be_nudged_is_a_sentence() {
    let mut bench = numbers(vec![plain(3)]);
    let refused = |bench: &Bench, name: &str, index: &[usize]| {
        bench.machine.nudge(bench.id(name), index, &[]).unwrap_err().to_string()
    };
    assert!(refused(&bench, "%1", &[0, 0]).contains("only gradients can"));
    assert!(refused(&bench, "dense_1.weight.grad", &[7, 0]).contains("no element"));
    bench.machine.finish_step().unwrap();
    assert!(refused(&bench, "dense_1.weight.grad", &[0, 0]).contains("Go back to before"));
    bench.begin();
    assert!(refused(&bench, "dense_1.weight.grad", &[0, 0]).contains("hasn't been computed yet"));
}
