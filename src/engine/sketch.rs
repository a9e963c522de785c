//! Numbers for small pictures, by the engine's own ops: the curve of an activation or of a loss, the way of an optimiser.

use super::error::Result;
use super::machine::Machine;
use super::program::Role;
use super::{Device, Precision};
use crate::data::batches::Batch;
use crate::model::layer::{Dense, Initialiser, Input, Loss, LossKind};
use crate::model::{DataSignature, Graph, LayerKind, Optimiser, Shape, Target, TrainingSpec};

/// What a layer that takes each number by itself makes of these.
pub fn curve(layer: LayerKind, xs: &[f32]) -> Result<Vec<f32>> {
    machine(Some(layer), 1, LossKind::Mse, TrainingSpec::default())?.predict(xs, xs.len())
}

/// The loss of each of these answers where the truth is 0.
pub fn loss(kind: LossKind, answers: &[f32]) -> Result<Vec<f32>> {
    let machine = machine(None, 1, kind, TrainingSpec::default())?;
    answers.iter().map(|answer| Ok(machine.evaluate(&[*answer], &[0.0], 1)?.loss as f32)).collect()
}

/// Where an optimiser leads two weights from (1, 1), step by step, in a valley with its lowest point at (0, 0): the loss is
/// (a² + [`STEEP`]² b²) / 2.
pub fn way(optimiser: &Optimiser, learning_rate: f64, steps: usize) -> Result<Vec<[f32; 2]>> {
    let start = Dense { units: 1, bias: false, init: Initialiser::Constant, init_value: 1.0, ..Dense::default() };
    let training = TrainingSpec { optimiser: optimiser.clone(), learning_rate, ..TrainingSpec::default() };
    let mut machine = machine(Some(start.into()), 2, LossKind::Mse, training)?;
    let batch = Batch { len: 2, inputs: vec![1.0, 0.0, 0.0, STEEP], targets: vec![0.0; 2], rows: vec![0, 1] };
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

/// How much longer the valley of [`way`] is than wide.
pub const STEEP: f32 = 3.0;

/// Input, perhaps a layer, loss.
fn machine(layer: Option<LayerKind>, inputs: usize, loss: LossKind, training: TrainingSpec) -> Result<Machine> {
    let mut graph = Graph::default();
    let kinds = [Some(Input {}.into()), layer, Some(Loss { loss }.into())].into_iter().flatten();
    let ids: Vec<_> = kinds.map(|kind| graph.add(kind, [0.0, 0.0])).collect();
    // What cannot be wired is told when the network is compiled.
    for pair in ids.windows(2) {
        _ = graph.connect(pair[0], pair[1]);
    }
    let signature = DataSignature { input: Shape(vec![inputs]), target: Target::Numbers(1) };
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
    fn gradient_descent_goes_down_the_valley() {
        let way = way(&Optimiser::sgd(), 0.1, 60).expect("a way");
        // a ← a − 0.1 a, b ← b − 0.1 · 9 b.
        assert!((way[1][0] - 0.9).abs() < 1e-6 && (way[1][1] - 0.1).abs() < 1e-6, "{:?}", way[1]);
        assert_eq!(way.len(), 61);
        for optimiser in Optimiser::all() {
            let end = super::way(&optimiser, 0.05, 400).expect("a way")[400];
            assert!(end[0].abs() + end[1].abs() < 0.3, "{} ends at {end:?}", optimiser.title());
        }
    }
}
