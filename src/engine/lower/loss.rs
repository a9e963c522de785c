//! Loss: targets put into the form that the loss compares with, the loss itself, and the penalties on top.

use super::Side;
use crate::engine::build::ProgramBuilder;
use crate::engine::op::Op;
use crate::engine::ops::{
    Absolute, Add, BinaryCrossEntropy, Column, CrossEntropy, Huber, Mean, OneHot, Signs, Squared,
};
use crate::engine::program::{Phase, Role, ValueId};
use crate::model::layer::{Loss, LossKind};
use crate::model::{LayerId, Task};

pub struct LossValues {
    /// With penalties.
    pub total: ValueId,
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
    let truth = comparable(program, layer, resolved, task, output, target);
    let penalties = std::mem::take(&mut side.penalties);
    let name = if penalties.is_empty() { "loss" } else { "data_loss" };
    let inputs = [output, truth];
    let data = match resolved {
        LossKind::Auto | LossKind::CrossEntropy => emit(program, name, layer, CrossEntropy, &inputs),
        LossKind::BinaryCrossEntropy => emit(program, name, layer, Mean(BinaryCrossEntropy), &inputs),
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

/// The target as the loss wants it: class indices stay for cross-entropy; otherwise they become numbers beside the
/// network's own: one-hot, or for a single output 0 / 1 (binary cross-entropy) or -1 / +1.
fn comparable(
    program: &mut ProgramBuilder,
    layer: LayerId,
    loss: LossKind,
    task: Task,
    output: ValueId,
    target: ValueId,
) -> ValueId {
    let Some(classes) = task.classes() else { return target };
    let single = program.shape(output).dims.last() == Some(&1);
    let base = program.name(target).to_owned();
    let role = (Phase::Loss, Role::Target, Some(layer));
    match loss {
        LossKind::Auto | LossKind::CrossEntropy => target,
        LossKind::BinaryCrossEntropy if single => {
            program.emit_named(&base, role.0, role.1, role.2, Column, &[target])[0]
        }
        _ if single => program.emit_named(&base, role.0, role.1, role.2, Signs, &[target])[0],
        _ => program.emit_named(&base, role.0, role.1, role.2, OneHot { classes }, &[target])[0],
    }
}
