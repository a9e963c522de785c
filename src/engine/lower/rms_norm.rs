//! RmsNorm: one instruction, over the axes that the layer normalises.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::RmsNorm;

impl Lower for RmsNorm {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let weight = l.weight("weight", Initial::ONES)?;
        Ok(l.emit(ops::RmsNorm { epsilon: self.epsilon }, &[x, weight]))
    }
}
