//! GroupNorm: one instruction.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::GroupNorm;

impl Lower for GroupNorm {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let weight = l.weight("weight", Initial::ONES)?;
        let bias = l.weight("bias", Initial::ZEROS)?;
        Ok(l.emit(ops::GroupNorm { groups: self.groups, epsilon: self.epsilon }, &[x, weight, bias]))
    }
}
