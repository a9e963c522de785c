//! Which update instruction an optimiser's settings ask for, and the moments that it keeps.

use std::sync::Arc;

use super::build::ProgramBuilder;
use super::init::Initial;
use super::op::Op;
use super::ops::{Adagrad, Adam, Lion, Momentum, NAdam, RmsProp, Sgd};
use super::program::{Phase, Role, ValueId};
use crate::model::Optimiser;

/// A tensor that an optimiser keeps for a parameter.
struct Slot {
    suffix: &'static str,
    /// A single number, not one for each weight.
    is_single: bool,
    initial: Initial,
}

/// Numbers like the parameter's, all 0 at first.
fn like(suffix: &'static str) -> Slot {
    Slot { suffix, is_single: false, initial: Initial::ZEROS }
}

/// Counts are numbers of their own per parameter: a layer added later starts its own correction.
fn single(suffix: &'static str, initial: Initial) -> Slot {
    Slot { suffix, is_single: true, initial }
}

/// The update and what it keeps. `scheduled`: the schedule moves the momentum.
fn update(optimiser: &Optimiser, scheduled: bool) -> (Arc<dyn Op>, Vec<Slot>) {
    let momentum_of = |setting| if scheduled { Momentum::Scheduled } else { Momentum::Fixed(setting) };
    let carried = |momentum: Momentum| momentum.is_used().then(|| like("momentum"));
    let adam = |beta1, beta2, epsilon, weight_decay, decoupled| -> (Arc<dyn Op>, Vec<Slot>) {
        let moments = vec![like("adam_m"), like("adam_v"), single("adam_t", Initial::ZEROS)];
        (Arc::new(Adam { beta1: momentum_of(beta1), beta2, epsilon, weight_decay, decoupled }), moments)
    };
    match *optimiser {
        Optimiser::Sgd { momentum, nesterov, weight_decay } => {
            let momentum = momentum_of(momentum);
            (Arc::new(Sgd { momentum, nesterov, weight_decay }), carried(momentum).into_iter().collect())
        }
        Optimiser::Adam { beta1, beta2, epsilon, weight_decay } => adam(beta1, beta2, epsilon, weight_decay, false),
        Optimiser::AdamW { beta1, beta2, epsilon, weight_decay } => adam(beta1, beta2, epsilon, weight_decay, true),
        Optimiser::RmsProp { alpha, epsilon, momentum, weight_decay } => {
            let momentum = momentum_of(momentum);
            let moments = std::iter::once(like("rms_v")).chain(carried(momentum)).collect();
            (Arc::new(RmsProp { alpha, epsilon, momentum, weight_decay }), moments)
        }
        Optimiser::Adagrad { rate_decay, start, epsilon, weight_decay } => {
            let sum = Slot { initial: Initial::Constant(start), ..like("adagrad_sum") };
            let moments = vec![sum, single("adagrad_t", Initial::ZEROS)];
            (Arc::new(Adagrad { rate_decay, epsilon, weight_decay }), moments)
        }
        Optimiser::NAdam { beta1, beta2, epsilon, weight_decay, momentum_decay } => {
            let beta1 = momentum_of(beta1);
            let (count, product) = (single("nadam_t", Initial::ZEROS), single("nadam_product", Initial::ONES));
            let moments = vec![like("nadam_m"), like("nadam_v"), count, product];
            (Arc::new(NAdam { beta1, beta2, epsilon, weight_decay, momentum_decay }), moments)
        }
        Optimiser::Lion { beta1, beta2, weight_decay } => {
            (Arc::new(Lion { beta1: momentum_of(beta1), beta2, weight_decay }), vec![like("lion_m")])
        }
    }
}

/// Appends `w <- optimiser(w, gradient, moments)`. `scheduled`: the schedule moves the optimiser's momentum.
pub fn emit(
    program: &mut ProgramBuilder,
    optimiser: &Optimiser,
    scheduled: bool,
    parameter: ValueId,
    gradient: ValueId,
) {
    let (op, moments) = update(optimiser, scheduled);
    let value = &program.values[parameter.index()];
    let (name, dims, layer) = (value.name.clone(), value.shape.dims.clone(), value.layer);
    let mut state = vec![parameter];
    for moment in moments {
        let dims = if moment.is_single { Vec::new() } else { dims.clone() };
        let name = format!("{name}.{}", moment.suffix);
        state.push(program.add_state(name, dims, Role::Optimiser, layer, moment.initial));
    }
    let mut inputs = vec![parameter, gradient];
    inputs.extend_from_slice(&state[1..]);
    program.push(Phase::Update, layer, op, &inputs, &state);
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Tensor};
    use serde::Deserialize;

    use super::*;
    use crate::engine::op::{Frame, StepContext, ValueShape};
    use crate::engine::ops::explain_check::{explained, operands};
    use crate::engine::ops::test_device::test_device;
    use crate::engine::program::Value;

    #[derive(Deserialize)]
    struct Trajectory {
        optimiser: Optimiser,
        learning_rate: f64,
        start: Vec<f64>,
        weights: Vec<Vec<f64>>,
    }

    #[derive(Deserialize)]
    struct Fixture {
        gradients: Vec<Vec<f64>>,
        cases: Vec<Trajectory>,
    }

    #[test]
    fn trajectories_are_pytorchs() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/optimisers.json");
        let fixture: Fixture = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(fixture.gradients.len() >= 50 && fixture.cases.len() >= 30);
        for optimiser in Optimiser::all() {
            let title = optimiser.title();
            assert!(fixture.cases.iter().any(|case| case.optimiser.title() == title), "{title} is not recorded");
        }
        let Some(device) = test_device() else { return };
        for case in &fixture.cases {
            follow(case, &fixture.gradients, &device, DType::F64, 1e-12);
            follow(case, &fixture.gradients, &device, DType::F32, 1e-5);
        }
    }

    fn follow(case: &Trajectory, gradients: &[Vec<f64>], device: &Device, dtype: DType, tolerance: f64) {
        assert_eq!(case.weights.len(), gradients.len());
        let found = course(&case.optimiser, case.learning_rate, &case.start, gradients, (device, dtype));
        for (step, (got, expected)) in found.iter().zip(&case.weights).enumerate() {
            for (a, b) in got.iter().zip(expected) {
                assert!((a - b).abs() <= tolerance, "{:?} step {step} {dtype:?}: {a}, not {b}", case.optimiser);
            }
        }
    }

    /// The weights after every step, each of whose numbers is explained.
    fn course(
        optimiser: &Optimiser,
        learning_rate: f64,
        start: &[f64],
        gradients: &[Vec<f64>],
        (device, dtype): (&Device, DType),
    ) -> Vec<Vec<f64>> {
        let n = start.len();
        let mut program = ProgramBuilder::default();
        let weight = program.add_state("w", [n], Role::Parameter, None, Initial::ZEROS);
        let gradient = program.add("w.grad", ValueShape::fixed([n]), Role::Gradient, None);
        emit(&mut program, optimiser, false, weight, gradient);
        let tensor = |data: &[f64], dims: &[usize]| {
            Tensor::from_vec(data.to_vec(), dims, device).unwrap().to_dtype(dtype).unwrap()
        };
        let first = |value: &Value| {
            let dims = &value.shape.dims;
            tensor(&value.initial.unwrap_or(Initial::ZEROS).draw(dims, 0, None, 0), dims)
        };
        let mut values: Vec<_> = program.values.iter().map(|value| Some(first(value))).collect();
        values[weight.index()] = Some(tensor(start, &[n]));
        let instruction = &program.instructions[0];
        let after = |(step, given): (usize, &Vec<f64>)| {
            values[gradient.index()] = Some(tensor(given, &[n]));
            let context = StepContext { seed: 0, step: step as u64, learning_rate, momentum: 0.0, training: true };
            let (inputs, outputs) = (&instruction.inputs, &instruction.outputs);
            let before = operands(&program.values, &values, inputs);
            let mut frame = Frame::new(&mut values, inputs, outputs, &context, device, dtype);
            instruction.op.run(&mut frame).unwrap();
            explained(&program.values, instruction, before, &values, &context, dtype);
            values[weight.index()].as_ref().unwrap().to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap()
        };
        gradients.iter().enumerate().map(after).collect()
    }

    /// As in PyTorch, which adds no decay of 0: 0 times infinity is no number.
    #[test]
    fn an_infinite_weight_stays_one_where_nothing_decays() {
        let Some(device) = test_device() else { return };
        let (start, gradients) = ([f64::INFINITY, f64::NEG_INFINITY, 1.0], vec![vec![0.5, 0.5, 0.5]; 3]);
        for mut optimiser in Optimiser::all() {
            match &mut optimiser {
                Optimiser::Sgd { weight_decay, .. }
                | Optimiser::Adam { weight_decay, .. }
                | Optimiser::AdamW { weight_decay, .. }
                | Optimiser::RmsProp { weight_decay, .. }
                | Optimiser::Adagrad { weight_decay, .. }
                | Optimiser::NAdam { weight_decay, .. }
                | Optimiser::Lion { weight_decay, .. } => *weight_decay = 0.0,
            }
            for dtype in [DType::F32, DType::F64] {
                let found = course(&optimiser, 0.1, &start, &gradients, (&device, dtype));
                for weights in found {
                    assert_eq!(weights[..2], start[..2], "{optimiser:?} {dtype:?}");
                    assert!(weights[2] < 1.0, "{optimiser:?} {dtype:?}: {weights:?}");
                }
            }
        }
    }
}
