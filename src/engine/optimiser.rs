//! Which update instruction an optimiser's settings ask for, and the moments that it keeps.

use std::sync::Arc;

use super::build::ProgramBuilder;
use super::init::Initial;
use super::op::Op;
use super::ops::{Adam, RmsProp, Sgd};
use super::program::{Phase, Role, ValueId};
use crate::model::Optimiser;

/// Appends `w <- optimiser(w, gradient, moments)`.
pub fn emit(program: &mut ProgramBuilder, optimiser: &Optimiser, parameter: ValueId, gradient: ValueId) {
    let (op, moments): (Arc<dyn Op>, &[&str]) = match *optimiser {
        Optimiser::Sgd { momentum, nesterov, weight_decay } => {
            let moments: &[&str] = if momentum == 0.0 { &[] } else { &["momentum"] };
            (Arc::new(Sgd { momentum, nesterov, weight_decay }), moments)
        }
        Optimiser::Adam { beta1, beta2, epsilon, weight_decay } => {
            (Arc::new(Adam { beta1, beta2, epsilon, weight_decay, decoupled: false }), &["adam_m", "adam_v", "adam_t"])
        }
        Optimiser::AdamW { beta1, beta2, epsilon, weight_decay } => {
            (Arc::new(Adam { beta1, beta2, epsilon, weight_decay, decoupled: true }), &["adam_m", "adam_v", "adam_t"])
        }
        Optimiser::RmsProp { alpha, epsilon, momentum, weight_decay } => {
            let moments: &[&str] = if momentum == 0.0 { &["rms_v"] } else { &["rms_v", "momentum"] };
            (Arc::new(RmsProp { alpha, epsilon, momentum, weight_decay }), moments)
        }
    };
    let value = &program.values[parameter.index()];
    let (name, dims, layer) = (value.name.clone(), value.shape.dims.clone(), value.layer);
    let mut state = vec![parameter];
    for moment in moments {
        // Adam's step count is a number of its own per parameter: a layer added later starts its own correction.
        let dims = if *moment == "adam_t" { Vec::new() } else { dims.clone() };
        state.push(program.add_state(format!("{name}.{moment}"), dims, Role::Moment, layer, Initial::ZEROS));
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

    #[derive(Deserialize)]
    struct Trajectory {
        optimiser: Optimiser,
        learning_rate: f64,
        start: Vec<f64>,
        gradients: Vec<Vec<f64>>,
        weights: Vec<Vec<f64>>,
    }

    #[derive(Deserialize)]
    struct Fixture {
        cases: Vec<Trajectory>,
    }

    #[test]
    fn trajectories_are_pytorchs() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/optimisers.json");
        let fixture: Fixture = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(fixture.cases.len() >= 10);
        for case in &fixture.cases {
            follow(case, DType::F64, 1e-12);
            follow(case, DType::F32, 1e-6);
        }
    }

    fn follow(case: &Trajectory, dtype: DType, tolerance: f64) {
        let n = case.start.len();
        let mut program = ProgramBuilder::default();
        let weight = program.add_state("w", [n], Role::Parameter, None, Initial::ZEROS);
        let gradient = program.add("w.grad", ValueShape::fixed([n]), Role::Gradient, None);
        emit(&mut program, &case.optimiser, weight, gradient);
        let tensor = |data: &[f64], dims: &[usize]| {
            Tensor::from_vec(data.to_vec(), dims, &Device::Cpu).unwrap().to_dtype(dtype).unwrap()
        };
        let zeros = |dims: &[usize]| tensor(&vec![0.0; dims.iter().product()], dims);
        let mut values: Vec<_> = program.values.iter().map(|v| Some(zeros(&v.shape.dims))).collect();
        values[weight.index()] = Some(tensor(&case.start, &[n]));
        let instruction = &program.instructions[0];
        for (step, (given, expected)) in case.gradients.iter().zip(&case.weights).enumerate() {
            values[gradient.index()] = Some(tensor(given, &[n]));
            let context = StepContext { seed: 0, step: step as u64, learning_rate: case.learning_rate, training: true };
            let (inputs, outputs) = (&instruction.inputs, &instruction.outputs);
            let mut frame = Frame::new(&mut values, inputs, outputs, &context, &Device::Cpu, dtype);
            instruction.op.run(&mut frame).unwrap();
            let got = values[weight.index()].as_ref().unwrap().to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap();
            for (a, b) in got.iter().zip(expected) {
                assert!((a - b).abs() <= tolerance, "{:?} step {step} {dtype:?}: {a}, not {b}", case.optimiser);
            }
        }
    }
}
