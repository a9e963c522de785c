//! Loss: targets put into the form that the loss compares with, the loss itself, and the penalties on top.

use super::Side;
use crate::engine::build::ProgramBuilder;
use crate::engine::op::Op;
use crate::engine::ops::formula::ScaleShift;
use crate::engine::ops::{
    Absolute, Add, Apply, BinaryCrossEntropy, Column, CrossEntropy, Focal, Hinge, Huber, KlDivergence, Mean, OneHot,
    Signs, Squared, WeightedCrossEntropy,
};
use crate::engine::program::{Phase, Role, ValueId};
use crate::model::layer::{Loss, LossKind};
use crate::model::{Compared, LayerId, Task};

/// The values that the loss phase ends in, both scalars.
pub struct LossValues {
    /// With penalties.
    pub total: ValueId,
    /// Without penalties: what curves show.
    pub data: ValueId,
}

/// Appends the loss phase. `output` is what the network answers, `target` the data's truth.
pub fn lower_loss(
    program: &mut ProgramBuilder,
    loss: (&Loss, LayerId),
    task: Task,
    output: ValueId,
    target: ValueId,
    side: &mut Side,
) -> LossValues {
    let (loss, layer) = loss;
    let resolved = task.loss(loss.loss);
    let truth = comparable(program, (loss, layer), task, output, target);
    let penalties = std::mem::take(&mut side.penalties);
    let name = if penalties.is_empty() { "loss" } else { "data_loss" };
    let inputs = [output, truth];
    let data = match resolved {
        LossKind::Auto | LossKind::CrossEntropy => match shaping(loss, task) {
            Some(weights) => {
                let op = WeightedCrossEntropy { weights, smoothing: loss.smoothing() };
                emit(program, name, layer, op, &inputs)
            }
            None => emit(program, name, layer, CrossEntropy, &inputs),
        },
        LossKind::Focal => {
            let op = Focal { gamma: loss.gamma, weights: weights(loss, task) };
            emit(program, name, layer, op, &inputs)
        }
        LossKind::KlDivergence => emit(program, name, layer, KlDivergence, &inputs),
        LossKind::BinaryCrossEntropy => emit(program, name, layer, Mean(BinaryCrossEntropy), &inputs),
        LossKind::Hinge => emit(program, name, layer, Mean(Hinge), &inputs),
        LossKind::Mse => emit(program, name, layer, Mean(Squared), &inputs),
        LossKind::Mae => emit(program, name, layer, Mean(Absolute), &inputs),
        LossKind::Huber => emit(program, name, layer, Mean(Huber), &inputs),
    };
    if penalties.is_empty() {
        return LossValues { total: data, data };
    }
    let mut parts = vec![data];
    for (weights, penalty) in penalties {
        let name = format!("{}.{}", program.name(weights), penalty.name());
        let owner = program.values[weights.index()].layer;
        parts.push(program.emit_named(&name, Phase::Loss, Role::Loss, owner, penalty, &[weights])[0]);
    }
    LossValues { total: emit(program, "loss", layer, Add, &parts), data }
}

fn emit(
    program: &mut ProgramBuilder,
    name: &str,
    layer: LayerId,
    op: impl Op + 'static,
    inputs: &[ValueId],
) -> ValueId {
    program.emit_named(name, Phase::Loss, Role::Loss, Some(layer), op, inputs)[0]
}

/// A weight a class: those that are given, else 1.
fn weights(loss: &Loss, task: Task) -> Vec<f64> {
    let classes = task.width();
    loss.weights_of_classes(classes).ok().flatten().unwrap_or_else(|| vec![1.0; classes])
}

/// Class weights where cross-entropy is not the plain one.
fn shaping(loss: &Loss, task: Task) -> Option<Vec<f64>> {
    let weights = weights(loss, task);
    (loss.smoothing() > 0.0 || weights.iter().any(|&weight| weight != 1.0)).then_some(weights)
}

/// The target as the loss compares it.
fn comparable(
    program: &mut ProgramBuilder,
    (loss, layer): (&Loss, LayerId),
    task: Task,
    output: ValueId,
    target: ValueId,
) -> ValueId {
    let classes = task.width();
    let is_single = program.shape(output).dims.last() == Some(&1);
    let base = program.name(target).to_owned();
    let mut to = Targets { program, layer, base };
    match task.compared(loss.loss, is_single) {
        Compared::AsStored => target,
        Compared::Column => to.emit("", Column, target),
        Compared::Signs => to.emit("", Signs, target),
        Compared::OneHot => to.emit("", OneHot { classes }, target),
        Compared::SignOfEach => {
            let one_hot = to.emit("", OneHot { classes }, target);
            to.emit(".sign_of_each", Apply(ScaleShift { scale: 2.0, shift: -1.0 }), one_hot)
        }
        Compared::Shares => {
            let (one_hot, smoothing) = (to.emit("", OneHot { classes }, target), loss.smoothing());
            if smoothing == 0.0 {
                return one_hot;
            }
            let smoothed = ScaleShift { scale: 1.0 - smoothing, shift: smoothing / classes.max(1) as f64 };
            to.emit(".smoothed", Apply(smoothed), one_hot)
        }
    }
}

/// Writes what is made of the targets: `%y.one_hot`.
struct Targets<'a> {
    program: &'a mut ProgramBuilder,
    layer: LayerId,
    base: String,
}

impl Targets<'_> {
    fn emit(&mut self, suffix: &str, op: impl Op + 'static, input: ValueId) -> ValueId {
        let name = format!("{}{suffix}", self.base);
        self.program.emit_named(&name, Phase::Loss, Role::Target, Some(self.layer), op, &[input])[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Mode, compile};
    use crate::model::layer::{Dense, LayerKind};
    use crate::model::{DataSignature, Graph, Shape, TrainingSpec};

    fn listing(loss: Loss) -> String {
        let mut graph = Graph::default();
        let mut last = None;
        let dense = Dense { units: 3, ..Dense::default() };
        for kind in [LayerKind::from(crate::model::layer::Input {}), dense.into(), loss.into()] {
            let id = graph.add(kind, [0.0; 2]);
            if let Some(from) = last {
                graph.connect(from, id).unwrap();
            }
            last = Some(id);
        }
        let data = DataSignature { input: Shape::row(2), task: Task::Classes(3) };
        compile(&graph, &data, &TrainingSpec::default(), Mode::Train).unwrap().listing()
    }

    #[test]
    fn what_shapes_a_loss_takes_effect_where_it_can() {
        let of = |loss| Loss { loss, label_smoothing: 0.3, class_weights: "1, 2, 1".into(), ..Loss::default() };
        let shaped = listing(of(LossKind::CrossEntropy));
        assert!(shaped.contains("weighted_cross_entropy [weights 1, 2, 1, smoothing 0.3]"), "{shaped}");
        assert!(listing(of(LossKind::Focal)).contains("focal [gamma 2, weights 1, 2, 1]"));
        let smoothed = listing(of(LossKind::KlDivergence));
        assert!(smoothed.contains("%y.smoothed = scale_shift [scale 0.7, shift 0."), "{smoothed}");
        let hinge = listing(of(LossKind::Hinge));
        assert!(hinge.contains("hinge %1, %y.sign_of_each"), "{hinge}");
        // Plain cross-entropy stays the op that it is.
        let plain = listing(Loss { loss: LossKind::CrossEntropy, ..Loss::default() });
        for text in [listing(of(LossKind::Auto)), plain] {
            assert!(text.contains("= cross_entropy %1, %y"), "{text}");
        }
    }
}
