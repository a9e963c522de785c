//! `slice`: some places of one axis, PyTorch's `narrow`; a single place may give up its axis, as `select`.
//!
//! # Shapes
//! `[..., n, ...]` -> `[..., length, ...]`, or without the axis.

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::{axes, bridge};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::places;
use crate::trace::Arithmetic;

/// Part of one axis.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Of the tensor: the batch axis counts where there is one.
    pub axis: usize,
    /// First index that is kept.
    pub start: usize,
    /// How many indices are kept.
    pub length: usize,
    /// Leave the axis out; its length must be 1.
    pub drop_axis: bool,
}

impl Slice {
    fn apply(&self, dims: &mut Vec<usize>, axis: usize) {
        if self.drop_axis {
            dims.remove(axis);
        } else {
            dims[axis] = self.length;
        }
    }
}

impl Op for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn formula(&self) -> &'static str {
        "y = x[start .. end] along one axis"
    }

    fn words(&self) -> &'static str {
        "Keeps part of one axis."
    }

    fn settings(&self) -> String {
        match self.length {
            1 => format!("axis {}, index {}", self.axis, self.start),
            length => format!("axis {}, indices {} to {}", self.axis, self.start, self.start + length - 1),
        }
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let mut shape = inputs[0].clone();
        let axis = self.axis - usize::from(shape.batched);
        self.apply(&mut shape.dims, axis);
        vec![shape]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let part = frame.input(0)?.narrow(self.axis, self.start, self.length)?;
        let y = if self.drop_axis { part.squeeze(self.axis)? } else { part }.force_contiguous()?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let mut dims = frame.input(0)?.dims().to_vec();
        let inner: usize = dims[self.axis + 1..].iter().product();
        let (whole, start, len) = (dims[self.axis] * inner, self.start * inner, self.length * inner);
        self.apply(&mut dims, self.axis);
        let out = frame.reuse(0, &dims)?;
        {
            let x = frame.f32s(0)?;
            bridge::write(&out, |y| axes::take(&x, whole, start, len, y))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let place = match self.drop_axis {
            true => places::widened(index, self.axis, self.start),
            false => places::moved(index, self.axis, self.start + index[self.axis]),
        };
        reader.read(0, &place)
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let x = pull.shape(pull.input(0));
        let size = x.dims[self.axis - usize::from(x.batched)];
        pull.give(0, SliceX { slice: self.clone(), size }, &[dy]);
    }
}

/// Zeros around dy.
#[derive(Debug)]
struct SliceX {
    slice: Slice,
    /// Of the whole axis.
    size: usize,
}

impl Op for SliceX {
    fn name(&self) -> &'static str {
        "slice'x"
    }

    fn formula(&self) -> &'static str {
        "dx = dy where kept, 0 elsewhere"
    }

    fn words(&self) -> &'static str {
        "The kept part gets its gradient, the rest gets none."
    }

    fn settings(&self) -> String {
        self.slice.settings()
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let Slice { axis, start, length, drop_axis } = self.slice;
        let dy = frame.input(0)?;
        let dy = if drop_axis { dy.unsqueeze(axis)? } else { dy.clone() };
        let dx = dy.pad_with_zeros(axis, start, self.size - start - length)?.force_contiguous()?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let Slice { axis, start, length, drop_axis } = self.slice;
        let mut dims = frame.input(0)?.dims().to_vec();
        if drop_axis {
            dims.insert(axis, self.size);
        } else {
            dims[axis] = self.size;
        }
        let inner: usize = dims[axis + 1..].iter().product();
        let out = frame.reuse(0, &dims)?;
        {
            let dy = frame.f32s(0)?;
            bridge::write(&out, |dx| axes::put(&dy, self.size * inner, start * inner, length * inner, dx))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let Slice { axis, start, length, drop_axis } = self.slice;
        match index[axis].checked_sub(start).filter(|&at| at < length) {
            Some(_) if drop_axis => reader.read(0, &places::narrowed(index, axis)),
            Some(at) => reader.read(0, &places::moved(index, axis, at)),
            None => Ok(Arithmetic::given("left out", 0.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let slice = |axis, start, length, drop_axis| Slice { axis, start, length, drop_axis };
        gradient_check(slice(1, 2, 3, false), Case::new().batched(3, &[6, 2]));
        gradient_check(slice(2, 0, 1, false), Case::new().batched(2, &[3, 5]));
        gradient_check(slice(1, 4, 1, true), Case::new().batched(2, &[5, 3, 2]));
        gradient_check(slice(1, 0, 4, false), Case::new().batched(1, &[4]));
        gradient_check(slice(0, 3, 2, false), Case::new().fixed(&[7, 2]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("slice", |params| Slice {
            axis: params["axis"].as_u64().unwrap() as usize,
            start: params["start"].as_u64().unwrap() as usize,
            length: params["length"].as_u64().unwrap() as usize,
            drop_axis: params["drop_axis"].as_bool().unwrap(),
        });
    }
}
