//! Gaussian noise: an instruction in training, nothing while predicting.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::GaussianNoise;

impl Lower for GaussianNoise {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        if !l.is_training() || self.deviation == 0.0 {
            return Ok(x);
        }
        let layer = l.layer().id;
        Ok(l.emit(ops::Noise { deviation: self.deviation, layer }, &[x]))
    }
}
