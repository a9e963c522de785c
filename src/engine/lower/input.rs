//! Input: the samples of the step.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::program::ValueId;
use crate::model::layer::Input;

impl Lower for Input {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(l.data)
    }
}
