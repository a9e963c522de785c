//! InstanceNorm: a group norm in which every channel is a group of its own. A sequence is turned on its side for it.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::InstanceNorm;

impl Lower for InstanceNorm {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let dims = l.shape(x).dims.clone();
        let channels = self.channels(&dims);
        let weight = l.weight("weight", Initial::ONES)?;
        let bias = l.weight("bias", Initial::ZEROS)?;
        let norm = ops::GroupNorm { groups: channels, epsilon: self.epsilon };
        if dims.len() != 2 {
            return Ok(l.emit(norm, &[x, weight, bias]));
        }
        let turned = || ops::Permute { order: vec![1, 0] };
        let on_its_side = l.emit(turned(), &[x]);
        let normalised = l.emit(norm, &[on_its_side, weight, bias]);
        Ok(l.emit(turned(), &[normalised]))
    }
}
