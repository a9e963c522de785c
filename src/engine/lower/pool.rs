//! Pooling layers: one instruction each.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::{AvgPool2d, GlobalAvgPool, MaxPool2d};

impl Lower for MaxPool2d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        Ok(l.emit(ops::MaxPool2d { kernel: self.kernel, stride: self.stride }, &[x]))
    }
}

impl Lower for AvgPool2d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        Ok(l.emit(ops::AvgPool2d { kernel: self.kernel, stride: self.stride }, &[x]))
    }
}

impl Lower for GlobalAvgPool {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        Ok(l.emit(ops::GlobalAvgPool, &[x]))
    }
}
