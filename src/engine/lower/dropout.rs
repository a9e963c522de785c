//! Dropout: an instruction in training, nothing while predicting.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::Dropout;

impl Lower for Dropout {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        if !l.is_training() || self.rate == 0.0 {
            return Ok(x);
        }
        let layer = l.layer().id;
        Ok(l.emit(ops::Dropout { rate: self.rate, layer, whole_channels: self.whole_channels }, &[x]))
    }
}
