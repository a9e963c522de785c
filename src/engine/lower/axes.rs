//! Permute, Slice, and means and largest numbers over an axis: an instruction each.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::{MaxOver, MeanOver, Permute, Slice};

impl Lowering<'_> {
    /// A summary of a row is a single number: a row of one, as the layer promised.
    pub(super) fn at_least_a_row(&mut self, y: ValueId) -> ValueId {
        let dims = self.output_dims().to_vec();
        if self.shape(y).dims == dims { y } else { self.emit(ops::Reshape { dims }, &[y]) }
    }
}

impl Lower for Permute {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let rank = l.shape(x).dims.len();
        // An order that does not fit was refused before.
        let order = self.axes(rank).unwrap_or_else(|_| (0..rank).collect());
        Ok(if order.iter().copied().eq(0..rank) { x } else { l.emit(ops::Permute { order }, &[x]) })
    }
}

impl Lower for Slice {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let size = l.shape(x).dims[self.axis - 1];
        let start = self.first(size).unwrap_or(0);
        let y = l.emit(ops::Slice { axis: self.axis, start, length: self.length, drop_axis: self.drops() }, &[x]);
        Ok(l.at_least_a_row(y))
    }
}

impl Lower for MeanOver {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let y = l.emit(ops::MeanOver { axis: self.axis }, &[x]);
        Ok(l.at_least_a_row(y))
    }
}

impl Lower for MaxOver {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let y = l.emit(ops::MaxOver { axis: self.axis }, &[x]);
        Ok(l.at_least_a_row(y))
    }
}
