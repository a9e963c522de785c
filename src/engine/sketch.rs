//! Numbers for small pictures, by the engine's own ops: the curve of an activation or of a loss, the way of an
//! optimiser, the losses of what learns by heart.

use super::error::Result;
use super::machine::Machine;
use super::program::Role;
use super::random::Purpose;
use super::{Device, Precision};
use crate::data::Batch;
use crate::model::layer::{Dense, Initialiser, Input, Loss, LossKind};
use crate::model::{DataSignature, Graph, LayerKind, Optimiser, Shape, Task, TrainingSpec};

/// What a layer that takes each number by itself makes of these.
pub fn curve(layer: LayerKind, xs: &[f32]) -> Result<Vec<f32>> {
    machine(Some(layer), 1, LossKind::Mse, TrainingSpec::default())?.predict(xs, xs.len())
}

/// The loss of each of these answers where the truth is 0.
pub fn loss(kind: LossKind, answers: &[f32]) -> Result<Vec<f32>> {
    let machine = machine(None, 1, kind, TrainingSpec::default())?;
    answers.iter().map(|answer| Ok(machine.evaluate(&[*answer], &[0.0], 1)?.loss as f32)).collect()
}

/// Where an optimiser leads two weights from (1, 1), step by step, in a slanting valley with its lowest point at (0,
/// 0): the loss is (u² + v²) / 2, with u and v what the two [`rows`] make of the weights.
pub fn way(optimiser: &Optimiser, learning_rate: f64, steps: usize) -> Result<Vec<[f32; 2]>> {
    let start = Dense { units: 1, bias: false, init: Initialiser::Constant, init_value: 1.0, ..Dense::default() };
    let training = TrainingSpec { optimiser: optimiser.clone(), learning_rate, ..TrainingSpec::default() };
    let mut machine = machine(Some(start.into()), 2, LossKind::Mse, training)?;
    let batch = Batch { len: 2, inputs: rows().concat(), targets: vec![0.0; 2], rows: vec![0, 1], ..Batch::default() };
    let weights = machine.program().ids().find(|(_, value)| value.role == Role::Parameter).map(|(id, _)| id);
    let mut way = vec![[1.0, 1.0]];
    for _ in 0..steps {
        machine.run_step(&batch)?;
        if let Some(id) = weights
            && let [a, b] = machine.read(id)?.data[..]
        {
            way.push([a, b]);
        }
    }
    Ok(way)
}

/// How much longer the valley is than wide.
const STEEP: f32 = 3.0;
/// How it lies, as an angle: weights at right angles to it would be trained one by one.
const SLANT: f32 = 0.45;

/// The two samples whose fitting makes the valley.
fn rows() -> [[f32; 2]; 2] {
    let (sin, cos) = SLANT.sin_cos();
    [[cos, sin], [-STEEP * sin, STEEP * cos]]
}

/// A point of the valley with this loss, in a direction from its lowest.
pub fn level(loss: f32, angle: f32) -> [f32; 2] {
    let (sin, cos) = SLANT.sin_cos();
    let reach = (2.0 * loss).sqrt();
    let (along, across) = (reach * angle.cos(), reach / STEEP * angle.sin());
    [along * cos - across * sin, along * sin + across * cos]
}

/// The training loss and the validation loss, step by step, of a layer that has as many weights as samples: it learns
/// their noise as well.
pub fn learnt_by_heart() -> Result<[Vec<f32>; 2]> {
    const INPUTS: usize = 16;
    const STEPS: usize = 60;
    let start = Dense { units: 1, init: Initialiser::Constant, init_value: 0.0, ..Dense::default() };
    let training = TrainingSpec { optimiser: Optimiser::sgd(), learning_rate: 0.08, ..TrainingSpec::default() };
    let mut machine = machine(Some(start.into()), INPUTS, LossKind::Mse, training)?;
    let mut draws = Purpose::Weights.draws(1, 0, None);
    // The first few inputs matter, the others only seem to.
    let mut part = |rows: usize| {
        let inputs: Vec<f32> = (0..rows * INPUTS).map(|_| draws.normal() as f32).collect();
        let target = |row: &[f32]| row[..4].iter().sum::<f32>() + 1.2 * draws.normal() as f32;
        let targets: Vec<f32> = inputs.chunks(INPUTS).map(target).collect();
        (inputs, targets)
    };
    let (inputs, targets) = part(INPUTS);
    let (unseen, truths) = part(10 * INPUTS);
    let batch = Batch { len: INPUTS, inputs, targets, rows: (0..INPUTS as u32).collect(), ..Batch::default() };
    let mut losses = [Vec::new(), Vec::new()];
    for _ in 0..STEPS {
        let parts = [(&batch.inputs, &batch.targets, batch.len), (&unseen, &truths, truths.len())];
        for (curve, (inputs, targets, rows)) in losses.iter_mut().zip(parts) {
            curve.push(machine.evaluate(inputs, targets, rows)?.loss as f32);
        }
        machine.run_step(&batch)?;
    }
    Ok(losses)
}

/// Input, perhaps a layer, loss.
fn machine(layer: Option<LayerKind>, inputs: usize, loss: LossKind, training: TrainingSpec) -> Result<Machine> {
    let mut graph = Graph::default();
    let kinds =
        [Some(Input::default().into()), layer, Some(Loss { loss, ..Loss::default() }.into())].into_iter().flatten();
    let ids: Vec<_> = kinds.map(|kind| graph.add(kind, [0.0, 0.0])).collect();
    // What cannot be wired is told when the network is compiled.
    for pair in ids.windows(2) {
        _ = graph.connect(pair[0], pair[1]);
    }
    let signature =
        DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![inputs]), task: Task::Numbers(1) };
    Machine::new(&graph, &signature, &training, Device::Cpu, Precision::F32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::{Relu, Tanh};

    #[test]
    fn curves_are_those_of_the_functions() {
        let xs = [-2.0, 0.0, 0.5];
        assert_eq!(curve(Relu::default().into(), &xs).expect("a curve"), [0.0, 0.0, 0.5]);
        let tanh = curve(Tanh::default().into(), &xs).expect("a curve");
        assert!(tanh.iter().zip(xs).all(|(y, x)| (y - x.tanh()).abs() < 1e-6), "{tanh:?}");
        assert_eq!(loss(LossKind::Mse, &xs).expect("losses"), [4.0, 0.0, 0.25]);
        assert_eq!(loss(LossKind::Mae, &xs).expect("losses"), [2.0, 0.0, 0.5]);
    }

    #[test]
    fn a_level_has_one_loss() {
        for angle in [0.0, 1.0, 2.0, 4.0] {
            let at = level(1.5, angle);
            let loss: f32 = rows().iter().map(|row| (row[0] * at[0] + row[1] * at[1]).powi(2) / 2.0).sum();
            assert!((loss - 1.5).abs() < 1e-5, "{loss} at {at:?}");
        }
    }

    #[test]
    fn what_learns_by_heart_forgets_the_rest() {
        let [training, validation] = learnt_by_heart().expect("losses");
        assert!(training.is_sorted_by(|a, b| a > b), "{training:?}");
        let best = validation.iter().copied().fold(f32::INFINITY, f32::min);
        let (first, last) = (validation[0], validation[validation.len() - 1]);
        assert!(best < 0.7 * first && last > 1.2 * best && last > 3.0 * training[training.len() - 1], "{validation:?}");
    }

    #[test]
    fn gradient_descent_goes_down_the_valley() {
        let way = way(&Optimiser::sgd(), 0.1, 60).expect("a way");
        let first = [0, 1].map(|i| 1.0 - rows().iter().map(|row| 0.1 * row[i] * (row[0] + row[1])).sum::<f32>());
        assert!((0..2).all(|i| (way[1][i] - first[i]).abs() < 1e-5), "{:?}, not {first:?}", way[1]);
        assert_eq!(way.len(), 61);
        for optimiser in Optimiser::all() {
            let end = super::way(&optimiser, 0.05, 400).expect("a way")[400];
            assert!(end[0].abs() + end[1].abs() < 0.3, "{} ends at {end:?}", optimiser.title());
        }
    }
}
