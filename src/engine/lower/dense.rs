//! Dense: linear over the last axis, then the activation.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::ops::Linear;
use crate::engine::program::ValueId;
use crate::model::layer::Dense;

impl Lower for Dense {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let initial = Initial::Weights { initialiser: self.init, value: self.init_value };
        let weight = l.weight("weight", initial)?;
        let mut inputs = vec![x, weight];
        inputs.extend(l.weight_if_any("bias", Initial::ZEROS));
        l.penalise(weight, self.l1, self.l2);
        let y = l.emit(Linear, &inputs);
        Ok(l.activate(self.activated(), y))
    }
}
