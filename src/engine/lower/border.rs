//! Zero padding and cropping: an instruction for each axis that changes.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::{Crop1d, Crop2d, ZeroPad1d, ZeroPad2d};

/// Zeros before and after each axis of a sample.
fn pad(l: &mut Lowering, zeros: &[[usize; 2]]) -> ValueId {
    let x = l.input(0);
    zeros
        .iter()
        .enumerate()
        .filter(|(_, zeros)| **zeros != [0; 2])
        .fold(x, |x, (axis, &[before, after])| l.emit(ops::Pad { axis: axis + 1, before, after }, &[x]))
}

/// What each axis loses at its beginning; its end follows from what leaves the layer.
fn crop(l: &mut Lowering, starts: &[usize]) -> ValueId {
    let x = l.input(0);
    let (old, new) = (l.shape(x).dims.clone(), l.output_dims().to_vec());
    (0..starts.len()).filter(|&axis| old[axis] != new[axis]).fold(x, |x, axis| {
        l.emit(ops::Slice { axis: axis + 1, start: starts[axis], length: new[axis], drop_axis: false }, &[x])
    })
}

impl Lower for ZeroPad2d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(pad(l, &self.zeros()))
    }
}

impl Lower for ZeroPad1d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(pad(l, &self.zeros()))
    }
}

impl Lower for Crop2d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(crop(l, &[0, self.top, self.left]))
    }
}

impl Lower for Crop1d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(crop(l, &[self.before, 0]))
    }
}
