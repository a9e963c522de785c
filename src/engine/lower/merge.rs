//! Add and Multiply: number by number.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::{Add, Multiply};

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
