//! Pooling layers: one instruction each. A sequence is pooled as a picture of one channel, under a window of one
//! column.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::kernels::window::Window;
use crate::engine::op::Op;
use crate::engine::ops::{self, Over};
use crate::engine::program::ValueId;
use crate::model::layer::{AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, GlobalAvgPool, MaxPool1d, MaxPool2d, Pool};

/// The window of one that slides with `kernel` and `stride` along some axes of `size` and stands still along the
/// others; and how many of the zeros behind the picture are padding.
fn window(pool: &Pool, [kernel, stride]: [usize; 2], slides: [bool; 2], size: [usize; 2]) -> (Window, [usize; 2]) {
    let along = |axis: usize, there: usize, otherwise: usize| if slides[axis] { there } else { otherwise };
    let pads = [0, 1].map(|axis| if slides[axis] { pool.pads(size[axis]) } else { [0; 3] });
    let window = Window {
        kernel: [0, 1].map(|axis| along(axis, kernel, 1)),
        stride: [0, 1].map(|axis| along(axis, stride, 1)),
        before: pads.map(|[before, ..]| before),
        after: pads.map(|[_, after, rest]| after + rest),
        dilation: [1; 2],
    };
    (window, pads.map(|[_, after, _]| after))
}

fn of_picture<O: Op + 'static>(
    l: &mut Lowering,
    pool: &Pool,
    sizes: [usize; 2],
    op: impl Fn(Window, [usize; 2]) -> O,
) -> ValueId {
    let x = l.input(0);
    let (window, after) = window(pool, sizes, [true; 2], [l.shape(x).dims[1], l.shape(x).dims[2]]);
    l.emit(op(window, after), &[x])
}

fn of_sequence<O: Op + 'static>(
    l: &mut Lowering,
    pool: &Pool,
    sizes: [usize; 2],
    op: impl Fn(Window, [usize; 2]) -> O,
) -> ValueId {
    let x = l.input(0);
    let size = [l.shape(x).dims[0], l.shape(x).dims[1]];
    let (window, after) = window(pool, sizes, [true, false], size);
    let picture = l.emit(ops::Reshape { dims: vec![1, size[0], size[1]] }, &[x]);
    let pooled = l.emit(op(window, after), &[picture]);
    let dims = l.output_dims().to_vec();
    l.emit(ops::Reshape { dims }, &[pooled])
}

fn largest(window: Window, _after: [usize; 2]) -> ops::MaxPool2d {
    ops::MaxPool2d { window }
}

fn mean(count_padding: bool) -> impl Fn(Window, [usize; 2]) -> ops::AvgPool2d {
    move |window, after| {
        let counted = count_padding.then_some(after);
        ops::AvgPool2d { over: Over::Window { window, counted } }
    }
}

impl Lower for MaxPool2d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(of_picture(l, &self.pool(), [self.kernel, self.stride], largest))
    }
}

impl Lower for AvgPool2d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(of_picture(l, &self.pool(), [self.kernel, self.stride], mean(self.count_padding)))
    }
}

impl Lower for MaxPool1d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(of_sequence(l, &self.pool(), [self.kernel, self.stride], largest))
    }
}

impl Lower for AvgPool1d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(of_sequence(l, &self.pool(), [self.kernel, self.stride], mean(self.count_padding)))
    }
}

impl Lower for AdaptiveAvgPool2d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        Ok(l.emit(ops::AvgPool2d { over: Over::Parts([self.rows, self.columns]) }, &[x]))
    }
}

impl Lower for GlobalAvgPool {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        Ok(l.emit(ops::GlobalAvgPool, &[x]))
    }
}
