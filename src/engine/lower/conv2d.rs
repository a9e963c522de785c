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
        let size = [l.shape(x).dims[1], l.shape(x).dims[2]];
        let initial = Initial::Weights { initialiser: self.init, value: self.init_value };
        let weight = l.weight("weight", initial)?;
        let mut inputs = vec![x, weight];
        inputs.extend(l.weight_if_any("bias", Initial::ZEROS));
        l.penalise(weight, self.l1, self.l2);
        let y = l.emit(ops::Conv2d { window: window(&self.sliding(), size), groups: self.groups }, &inputs);
        Ok(l.activate(self.activation, y))
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
        Ok(l.activate(self.activation, y))
    }
}
