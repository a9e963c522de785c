//! Merges that work number by number.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::op::Op;
use crate::engine::ops::formula::{ApplyPair, Maximum, Minimum, ScaleShift, Subtract};
use crate::engine::ops::{self, Apply};
use crate::engine::program::ValueId;
use crate::model::layer::{self, Add, Average, Multiply};

impl Lower for Add {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let inputs = l.inputs().to_vec();
        Ok(l.emit(ops::Add, &inputs))
    }
}

impl Lower for Multiply {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let inputs = l.inputs().to_vec();
        Ok(l.emit(ops::Mul, &inputs))
    }
}

impl Lower for Average {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let inputs = l.inputs().to_vec();
        let sum = l.emit(ops::Add, &inputs);
        Ok(l.emit(Apply(ScaleShift { scale: 1.0 / inputs.len() as f64, shift: 0.0 }), &[sum]))
    }
}

/// One pair after the other: `f(f(a, b), c)`.
fn in_turn<O: Op + 'static>(l: &mut Lowering, op: impl Fn() -> O) -> ValueId {
    let inputs = l.inputs().to_vec();
    inputs[1..].iter().fold(inputs[0], |so_far, &next| l.emit(op(), &[so_far, next]))
}

impl Lower for layer::Subtract {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(in_turn(l, || ApplyPair(Subtract)))
    }
}

impl Lower for layer::Maximum {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(in_turn(l, || ApplyPair(Maximum)))
    }
}

impl Lower for layer::Minimum {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(in_turn(l, || ApplyPair(Minimum)))
    }
}
