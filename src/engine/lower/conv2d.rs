//! Conv2d, DepthwiseConv2d and SeparableConv2d: the convolution with the padding worked out for the picture's size,
//! then the activation.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::kernels::window::Window;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::{Conv2d, DepthwiseConv2d, SeparableConv2d, Sliding};

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
        let size = [l.shape(x).dims[1], l.shape(x).dims[2]];
        let initial = Initial::Weights { initialiser: self.init, value: self.init_value };
        let weight = l.weight("weight", initial)?;
        let mut inputs = vec![x, weight];
        inputs.extend(l.weight_if_any("bias", Initial::ZEROS));
        l.penalise(weight, self.l1, self.l2);
        let y = l.emit(ops::Conv2d { window: window(&self.sliding(), size), groups: self.groups }, &inputs);
        Ok(l.activate(self.activated(), y))
    }
}

impl Lower for DepthwiseConv2d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let (channels, size) = (l.shape(x).dims[0], [l.shape(x).dims[1], l.shape(x).dims[2]]);
        let initial = Initial::Weights { initialiser: self.init, value: self.init_value };
        let weight = l.weight("weight", initial)?;
        let mut inputs = vec![x, weight];
        inputs.extend(l.weight_if_any("bias", Initial::ZEROS));
        l.penalise(weight, self.l1, self.l2);
        let y = l.emit(ops::Conv2d { window: window(&self.sliding(), size), groups: channels }, &inputs);
        Ok(l.activate(self.activated(), y))
    }
}

impl Lower for SeparableConv2d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let (channels, size) = (l.shape(x).dims[0], [l.shape(x).dims[1], l.shape(x).dims[2]]);
        let initial = Initial::Weights { initialiser: self.init, value: self.init_value };
        let depthwise = l.weight("depthwise.weight", initial)?;
        let pointwise = l.weight("pointwise.weight", initial)?;
        let bias = l.weight_if_any("pointwise.bias", Initial::ZEROS);
        for weight in [depthwise, pointwise] {
            l.penalise(weight, self.l1, self.l2);
        }
        let window = window(&self.sliding(), size);
        let found = l.emit(ops::Conv2d { window, groups: channels }, &[x, depthwise]);
        let inputs: Vec<_> = [found, pointwise].into_iter().chain(bias).collect();
        let y = l.emit(ops::Conv2d { window: Window::square(1, 1), groups: 1 }, &inputs);
        Ok(l.activate(self.activated(), y))
    }
}
