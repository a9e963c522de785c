//! How every op is tested: gradients against central finite differences in f64, kernels against the reference in f32,
//! and both against cases recorded from PyTorch (`scripts/pytorch_fixtures/`). Whatever is so computed is explained,
//! too.

use std::path::PathBuf;
use std::sync::Arc;

use candle_core::{DType, Tensor};
use serde::Deserialize;

use super::explain_check::explain_check;
use super::test_device::{device, test_device};
use crate::engine::backward::pull_back;
use crate::engine::build::ProgramBuilder;
use crate::engine::op::{Frame, Op, StepContext, ValueShape};
use crate::engine::program::{Instruction, Phase, Role, ValueId};
use crate::engine::random::Purpose;

pub(super) const CONTEXT: StepContext =
    StepContext { seed: 1, step: 0, learning_rate: 0.1, momentum: 0.0, training: true };

/// Inputs for one check, in the op's order.
#[derive(Default)]
pub struct Case {
    inputs: Vec<Operand>,
}

struct Operand {
    shape: ValueShape,
    dims: Vec<usize>,
    data: Vec<f64>,
    differentiable: bool,
}

impl Case {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an input `[batch, dims...]` of random numbers in -2 .. 2, none of them closer to 0 than 0.01.
    pub fn batched(self, batch: usize, dims: &[usize]) -> Self {
        self.push(ValueShape::batched(dims), batch)
    }

    /// Adds an input without a batch axis.
    pub fn fixed(self, dims: &[usize]) -> Self {
        self.push(ValueShape::fixed(dims), 1)
    }

    /// Replaces the numbers of the last input: `f(index, old)`.
    pub fn with(mut self, f: impl Fn(usize, f64) -> f64) -> Self {
        if let Some(operand) = self.inputs.last_mut() {
            operand.data.iter_mut().enumerate().for_each(|(i, value)| *value = f(i, *value));
        }
        self
    }

    /// The last input has no gradient (class indices, masks).
    pub fn constant(mut self) -> Self {
        if let Some(operand) = self.inputs.last_mut() {
            operand.differentiable = false;
        }
        self
    }

    fn push(mut self, shape: ValueShape, batch: usize) -> Self {
        let dims = shape.with_batch(batch);
        let mut draws = Purpose::Weights.draws(42, self.inputs.len() as u64, None);
        let data = (0..dims.iter().product()).map(|_| away_from_zero(draws.uniform(-2.0, 2.0))).collect();
        self.inputs.push(Operand { shape, dims, data, differentiable: true });
        self
    }
}

fn away_from_zero(value: f64) -> f64 {
    if value.abs() < 0.01 { value + 0.02f64.copysign(value) } else { value }
}

/// A program of one op with its backward, and a place for numbers.
pub(super) struct Bench {
    pub program: ProgramBuilder,
    inputs: Vec<ValueId>,
    outputs: Vec<ValueId>,
    /// Gradients of outputs, given.
    seeds: Vec<(ValueId, ValueId)>,
    /// For each input, where its gradient lands.
    grads: Vec<Option<ValueId>>,
}

impl Bench {
    fn new(op: impl Op + 'static, shapes: &[ValueShape], differentiable: &[bool], through: &[usize]) -> Self {
        let mut program = ProgramBuilder::default();
        let inputs: Vec<_> = shapes
            .iter()
            .enumerate()
            .map(|(i, shape)| program.add(format!("in{i}"), shape.clone(), Role::Input, None))
            .collect();
        let outputs = program.emit(Phase::Forward, Role::Activation, None, op, &inputs);
        let seeds: Vec<_> = through
            .iter()
            .map(|&i| {
                let shape = program.shape(outputs[i]).clone();
                (outputs[i], program.add(format!("seed{i}"), shape, Role::Gradient, None))
            })
            .collect();
        let wanted: Vec<_> = inputs.iter().zip(differentiable).filter(|(_, d)| **d).map(|(&id, _)| id).collect();
        let found = pull_back(&mut program, &seeds, &wanted);
        let grads = inputs.iter().map(|id| found.get(id).copied().filter(|_| wanted.contains(id))).collect();
        Self { program, inputs, outputs, seeds, grads }
    }

    pub fn empty(&self) -> Vec<Option<Tensor>> {
        vec![None; self.program.values.len()]
    }

    pub fn load(&self, values: &mut [Option<Tensor>], inputs: &[(Vec<usize>, Vec<f64>)], dtype: DType) {
        for (id, (dims, data)) in self.inputs.iter().zip(inputs) {
            values[id.index()] = Some(tensor(data, dims, dtype));
        }
    }

    fn run(&self, phase: Phase, values: &mut [Option<Tensor>], dtype: DType) {
        self.run_by(Way::Run, phase, values, dtype);
    }

    fn run_by(&self, way: Way, phase: Phase, values: &mut [Option<Tensor>], dtype: DType) {
        for instruction in self.program.instructions.iter().filter(|i| i.phase == phase) {
            run_one(instruction, values, dtype, |op, frame| {
                if way == Way::Run { op.run(frame) } else { op.reference(frame) }.unwrap();
                true
            });
        }
    }
}

pub(super) fn run_one(
    instruction: &Instruction,
    values: &mut [Option<Tensor>],
    dtype: DType,
    run: impl FnOnce(&dyn Op, &mut Frame) -> bool,
) -> bool {
    let device = device();
    let op = Arc::clone(&instruction.op);
    let mut frame = Frame::new(values, &instruction.inputs, &instruction.outputs, &CONTEXT, &device, dtype);
    run(op.as_ref(), &mut frame)
}

fn tensor(data: &[f64], dims: &[usize], dtype: DType) -> Tensor {
    Tensor::from_vec(data.to_vec(), dims, &device()).unwrap().to_dtype(dtype).unwrap()
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn at(values: &[Option<Tensor>], id: ValueId) -> &Tensor {
    values[id.index()].as_ref().unwrap_or_else(|| panic!("value {} was not set", id.0))
}

/// Fails unless max |a - b| <= tolerance · max(max |b|, floor).
#[track_caller]
fn assert_close(what: &str, got: &[f64], expected: &[f64], tolerance: f64, floor: f64) {
    assert_eq!(got.len(), expected.len(), "{what}: lengths");
    let scale = expected.iter().fold(floor, |m, v| m.max(v.abs()));
    for (i, (a, b)) in got.iter().zip(expected).enumerate() {
        let same = a == b || (a - b).abs() <= tolerance * scale;
        assert!(same, "{what}[{i}]: {a}, expected {b} (scale {scale}, tolerance {tolerance})");
    }
}

/// Random gradients for the outputs.
pub(super) fn seed_gradients(bench: &Bench, values: &mut [Option<Tensor>], dtype: DType) {
    for (i, &(output, seed)) in bench.seeds.iter().enumerate() {
        let dims = at(values, output).dims().to_vec();
        let mut draws = Purpose::Weights.draws(7, i as u64, None);
        let data: Vec<f64> = (0..dims.iter().product()).map(|_| draws.uniform(-1.0, 1.0)).collect();
        values[seed.index()] = Some(tensor(&data, &dims, dtype));
    }
}

/// Compares the op's vjp with central finite differences in f64 for every differentiable input, and its kernels,
/// forward and backward, with the reference in f32.
#[track_caller]
pub fn gradient_check(op: impl Op + 'static, case: Case) {
    gradient_check_through(op, case, &[0]);
}

/// As [`gradient_check`], with gradients that come through these outputs.
#[track_caller]
pub fn gradient_check_through(op: impl Op + 'static, case: Case, through: &[usize]) {
    let Some(device) = test_device() else { return };
    let name = op.name();
    let shapes: Vec<_> = case.inputs.iter().map(|o| o.shape.clone()).collect();
    let differentiable: Vec<_> = case.inputs.iter().map(|o| o.differentiable).collect();
    let bench = Bench::new(op, &shapes, &differentiable, through);
    let mut inputs: Vec<_> = case.inputs.into_iter().map(|o| (o.dims, o.data)).collect();

    let mut values = bench.empty();
    bench.load(&mut values, &inputs, DType::F64);
    bench.run(Phase::Forward, &mut values, DType::F64);
    seed_gradients(&bench, &mut values, DType::F64);
    bench.run(Phase::Backward, &mut values, DType::F64);

    let seeds: Vec<_> = bench.seeds.iter().map(|&(_, seed)| numbers(at(&values, seed))).collect();
    let loss = |inputs: &[(Vec<usize>, Vec<f64>)]| {
        let mut values = bench.empty();
        bench.load(&mut values, inputs, DType::F64);
        bench.run(Phase::Forward, &mut values, DType::F64);
        bench.seeds.iter().zip(&seeds).map(|(&(output, _), seed)| dot(&numbers(at(&values, output)), seed)).sum::<f64>()
    };
    for i in (0..inputs.len()).filter(|&i| differentiable[i]) {
        let Some(grad) = bench.grads[i] else { panic!("{name} gives no gradient for input {i}") };
        let grad = at(&values, grad);
        assert_eq!(grad.dims(), &inputs[i].0[..], "{name}: dims of the gradient of input {i}");
        let grad = numbers(grad);
        let stride = grad.len().div_ceil(64);
        let chosen: Vec<_> = (0..grad.len()).step_by(stride).collect();
        let expected: Vec<_> = chosen.iter().map(|&j| slope(&mut inputs, i, j, loss)).collect();
        let got: Vec<_> = chosen.iter().map(|&j| grad[j]).collect();
        assert_close(&format!("{name}: gradient of input {i}"), &got, &expected, 1e-7, 1.0);
    }
    if device.is_cpu() {
        kernel_check(&bench, &inputs);
    }
    explain_check(&bench, &inputs);
}

/// The numbers of every output, computed in f64.
pub fn outputs(op: impl Op + 'static, case: Case) -> Vec<Vec<f64>> {
    let shapes: Vec<_> = case.inputs.iter().map(|o| o.shape.clone()).collect();
    let bench = Bench::new(op, &shapes, &vec![false; shapes.len()], &[]);
    let inputs: Vec<_> = case.inputs.into_iter().map(|o| (o.dims, o.data)).collect();
    let mut values = bench.empty();
    bench.load(&mut values, &inputs, DType::F64);
    bench.run(Phase::Forward, &mut values, DType::F64);
    bench.outputs.iter().map(|&id| numbers(at(&values, id))).collect()
}

/// Of an op on single numbers: what it makes of each of `x`, and the gradient for a gradient `dy` of each of these.
pub fn forward_and_backward(
    op: impl Op + 'static,
    x: &[f64],
    dy: f64,
    (way, dtype): (Way, DType),
) -> (Vec<f64>, Vec<f64>) {
    let bench = Bench::new(op, &[ValueShape::batched([])], &[true], &[0]);
    let mut values = bench.empty();
    bench.load(&mut values, &[(vec![x.len()], x.to_vec())], dtype);
    bench.run_by(way, Phase::Forward, &mut values, dtype);
    values[bench.seeds[0].1.index()] = Some(tensor(&vec![dy; x.len()], &[x.len()], dtype));
    bench.run_by(way, Phase::Backward, &mut values, dtype);
    let gradient = bench.grads[0].map_or(vec![0.0; x.len()], |grad| numbers(at(&values, grad)));
    (numbers(at(&values, bench.outputs[0])), gradient)
}

/// Of a loss of one number and its target: its value, and the gradient with respect to the number.
pub fn forward_and_backward_of_pair(op: impl Op + 'static, [x, t]: [f64; 2], (way, dtype): (Way, DType)) -> (f64, f64) {
    let shape = ValueShape::batched([1]);
    let bench = Bench::new(op, &[shape.clone(), shape], &[true, false], &[0]);
    let mut values = bench.empty();
    bench.load(&mut values, &[x, t].map(|number| (vec![1, 1], vec![number])), dtype);
    bench.run_by(way, Phase::Forward, &mut values, dtype);
    values[bench.seeds[0].1.index()] = Some(tensor(&[1.0], &[], dtype));
    bench.run_by(way, Phase::Backward, &mut values, dtype);
    let first = |id| numbers(at(&values, id))[0];
    (first(bench.outputs[0]), bench.grads[0].map_or(0.0, first))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn slope(
    inputs: &mut [(Vec<usize>, Vec<f64>)],
    i: usize,
    j: usize,
    loss: impl Fn(&[(Vec<usize>, Vec<f64>)]) -> f64,
) -> f64 {
    let (old, h) = (inputs[i].1[j], 1e-5);
    let mut ahead = |value| {
        inputs[i].1[j] = value;
        loss(inputs)
    };
    let difference = ahead(old + h) - ahead(old - h);
    inputs[i].1[j] = old;
    difference / (2.0 * h)
}

/// Every instruction's kernel against its reference on the same f32 inputs, once with fresh and once with stale memory.
#[track_caller]
fn kernel_check(bench: &Bench, inputs: &[(Vec<usize>, Vec<f64>)]) {
    let mut values = bench.empty();
    bench.load(&mut values, inputs, DType::F32);
    for instruction in &bench.program.instructions {
        if instruction.phase == Phase::Backward && seed_missing(bench, &values) {
            seed_gradients(bench, &mut values, DType::F32);
        }
        let mut fast = values.clone();
        run_one(instruction, &mut values, DType::F32, |op, frame| {
            op.reference(frame).unwrap();
            true
        });
        for round in ["fresh", "stale"] {
            if !run_one(instruction, &mut fast, DType::F32, |op, frame| op.kernel(frame).unwrap()) {
                break;
            }
            for id in &instruction.outputs {
                let (got, expected) = (at(&fast, *id), at(&values, *id));
                let what = format!("kernel of {} ({round})", instruction.op.name());
                assert_eq!(got.dims(), expected.dims(), "{what}: dims");
                assert_close(&what, &numbers(got), &numbers(expected), 1e-5, 1e-6);
                fast[id.index()] = Some((expected.ones_like().unwrap() * 7.0).unwrap());
            }
        }
    }
}

pub(super) fn seed_missing(bench: &Bench, values: &[Option<Tensor>]) -> bool {
    bench.seeds.iter().any(|(_, seed)| values[seed.index()].is_none())
}

/// One file of `tests/fixtures/`: cases recorded from PyTorch in f64.
#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    params: serde_json::Value,
    inputs: Vec<RecordedInput>,
    outputs: Vec<RecordedTensor>,
    /// Gradient given to each output; null for those that have none.
    cotangents: Vec<Option<RecordedTensor>>,
    /// Gradient that PyTorch found for each input; null where not asked.
    grads: Vec<Option<RecordedTensor>>,
}

#[derive(Deserialize)]
struct RecordedInput {
    batched: bool,
    #[serde(flatten)]
    tensor: RecordedTensor,
}

#[derive(Deserialize)]
struct RecordedTensor {
    dims: Vec<usize>,
    data: Vec<f64>,
}

/// Which implementation an instruction runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    /// As the machine does it.
    Run,
    /// By its definition, which is what every device but the CPU runs.
    Reference,
}

/// Compares with every case of `tests/fixtures/NAME.json`: f32 within 1e-5 (outputs) and 1e-4 (gradients) of the
/// largest number, by kernel and by definition, f64 within 1e-8. `make` builds the op from the case's params.
#[track_caller]
pub fn fixture_check<O: Op + 'static>(name: &str, make: impl Fn(&serde_json::Value) -> O) {
    if test_device().is_none() {
        return;
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let fixture: Fixture = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(!fixture.cases.is_empty(), "{name}: no cases");
    for (n, case) in fixture.cases.iter().enumerate() {
        let single = (DType::F32, [1e-5, 1e-4]);
        for (way, (dtype, within)) in
            [(Way::Run, single), (Way::Reference, single), (Way::Run, (DType::F64, [1e-8, 1e-8]))]
        {
            recorded_check(&format!("{name} case {n} {dtype:?} {way:?}"), make(&case.params), case, way, dtype, within);
        }
    }
}

#[track_caller]
fn recorded_check(what: &str, op: impl Op + 'static, case: &Recorded, way: Way, dtype: DType, within: [f64; 2]) {
    let [forward, backward] = within;
    let shapes: Vec<_> = case
        .inputs
        .iter()
        .map(|input| {
            let dims = &input.tensor.dims;
            if input.batched { ValueShape::batched(&dims[1..]) } else { ValueShape::fixed(dims.clone()) }
        })
        .collect();
    let differentiable: Vec<_> = case.grads.iter().map(Option::is_some).collect();
    let through: Vec<_> = (0..case.cotangents.len()).filter(|&i| case.cotangents[i].is_some()).collect();
    let bench = Bench::new(op, &shapes, &differentiable, &through);
    let inputs: Vec<_> = case.inputs.iter().map(|i| (i.tensor.dims.clone(), i.tensor.data.clone())).collect();
    let mut values = bench.empty();
    bench.load(&mut values, &inputs, dtype);
    bench.run_by(way, Phase::Forward, &mut values, dtype);
    for (i, expected) in case.outputs.iter().enumerate() {
        let got = at(&values, bench.outputs[i]);
        assert_eq!(got.dims(), &expected.dims[..], "{what}: dims of output {i}");
        assert_close(&format!("{what}: output {i}"), &numbers(got), &expected.data, forward, 1e-12);
    }
    for (&(_, seed), &i) in bench.seeds.iter().zip(&through) {
        if let Some(given) = &case.cotangents[i] {
            values[seed.index()] = Some(tensor(&given.data, &given.dims, dtype));
        }
    }
    bench.run_by(way, Phase::Backward, &mut values, dtype);
    for (i, expected) in case.grads.iter().enumerate() {
        let Some(expected) = expected else { continue };
        let Some(grad) = bench.grads[i] else { panic!("{what}: no gradient for input {i}") };
        let got = at(&values, grad);
        assert_eq!(got.dims(), &expected.dims[..], "{what}: dims of gradient {i}");
        assert_close(&format!("{what}: gradient of input {i}"), &numbers(got), &expected.data, backward, 1e-12);
    }
    if way == Way::Run {
        explain_check(&bench, &inputs);
    }
}
