//! The loss of things in pictures: which cells are to find what, and the sum of what is wrong with whether something is
//! there, its box and its class.

use super::Ending;
use crate::engine::build::ProgramBuilder;
use crate::engine::op::Op;
use crate::engine::ops::formula::ScaleShift;
use crate::engine::ops::{Add, Apply, CellBoxes, CellClass, CellTruth, Giou, Objectness, Slice};
use crate::engine::program::{Phase, Role, ValueId};
use crate::model::LayerId;
use crate::model::task::CELL;

/// What the Loss says: `name` is the sum of `loss.objectness`, `loss.box` and `loss.class`.
pub(super) fn lower(program: &mut ProgramBuilder, ending: &Ending, classes: usize, name: &str) -> ValueId {
    let (answer, settings) = (ending.answer, ending.loss);
    // What has other axes was refused by the shape rule.
    let [rows, columns] = match program.shape(answer).dims[..] {
        [_, rows, columns] => [rows, columns],
        _ => [1, 1],
    };
    let mut to = To { program, layer: ending.layer.id, slug: ending.layer.slug() };
    let truth = to.emit("truth", Role::Target, CellTruth { rows, columns, classes }, &[ending.truth]);
    let (things, boxes, kinds, share) = (truth[0], truth[1], truth[2], truth[3]);
    let mut channels = |what, start, length| {
        to.emit(what, Role::Activation, Slice { axis: 1, start, length, drop_axis: false }, &[answer])[0]
    };
    let there = channels("there", 0, 1);
    let place = channels("place", 1, CELL - 1);
    let kind = channels("kind", CELL, classes);
    let found = to.emit("boxes", Role::Activation, CellBoxes, &[place])[0];
    let there = to.emit("objectness", Role::Loss, Objectness { gamma: settings.gamma }, &[there, things, share])[0];
    let mut edges = to.emit("box", Role::Loss, Giou, &[found, boxes, things, share])[0];
    if settings.box_weight != 1.0 {
        let scale = Apply(ScaleShift { scale: settings.box_weight, shift: 0.0 });
        edges = to.emit("box.weighted", Role::Loss, scale, &[edges])[0];
    }
    let mut parts = vec![there, edges];
    if classes > 1 {
        parts.push(to.emit("class", Role::Loss, CellClass, &[kind, kinds, things, share])[0]);
    }
    to.program.emit_named(name, Phase::Loss, Role::Loss, Some(to.layer), Add, &parts)[0]
}

/// Writes what belongs to one Loss: `loss.boxes`.
struct To<'a> {
    program: &'a mut ProgramBuilder,
    layer: LayerId,
    slug: String,
}

impl To<'_> {
    fn emit(&mut self, what: &str, role: Role, op: impl Op + 'static, inputs: &[ValueId]) -> Vec<ValueId> {
        let name = format!("{}.{what}", self.slug);
        self.program.emit_named(&name, Phase::Loss, role, Some(self.layer), op, inputs)
    }
}
