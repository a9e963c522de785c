//! Concat: side by side along the first axis.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::Concat;

impl Lower for Concat {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let inputs = l.inputs().to_vec();
        Ok(l.emit(ops::Concat { axis: 1 }, &inputs))
    }
}
