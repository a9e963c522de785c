//! Conv2d and DepthwiseConv2d: the convolution with the padding worked out for the picture's size, then the activation.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::kernels::window::Window;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::{Conv2d, DepthwiseConv2d, Sliding};

fn window(sliding: &Sliding, size: [usize; 2]) -> Window {
    let pads = size.map(|size| sliding.pads(size));
    Window {
        kernel: [sliding.kernel; 2],
        stride: [sliding.stride; 2],
        before: pads.map(|(before, _)| before),
        after: pads.map(|(_, after)| after),
        dilation: [sliding.dilation; 2],
    }
}

impl Lower for Conv2d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let (channels, size) = (l.shape(x).dims[0], [l.shape(x).dims[1], l.shape(x).dims[2]]);
        let initial = Initial::Weights { initialiser: self.init, value: self.init_value };
        let weight = l.parameter("weight", [self.filters, channels / self.groups, self.kernel, self.kernel], initial);
        let mut inputs = vec![x, weight];
        if self.bias {
            inputs.push(l.parameter("bias", [self.filters], Initial::ZEROS));
        }
        l.penalise(weight, self.l1, self.l2);
        let y = l.emit(ops::Conv2d { window: window(&self.sliding(), size), groups: self.groups }, &inputs);
        Ok(l.activate(self.activation, y))
    }
}

impl Lower for DepthwiseConv2d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let (channels, size) = (l.shape(x).dims[0], [l.shape(x).dims[1], l.shape(x).dims[2]]);
        let filters = channels * self.multiplier;
        let initial = Initial::Weights { initialiser: self.init, value: self.init_value };
        let weight = l.parameter("weight", [filters, 1, self.kernel, self.kernel], initial);
        let mut inputs = vec![x, weight];
        if self.bias {
            inputs.push(l.parameter("bias", [filters], Initial::ZEROS));
        }
        l.penalise(weight, self.l1, self.l2);
        let y = l.emit(ops::Conv2d { window: window(&self.sliding(), size), groups: channels }, &inputs);
        Ok(l.activate(self.activation, y))
    }
}
