//! Conv1d: what the window sees at each place as a row, a linear layer over the rows, then the activation.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::kernels::windows::Windows;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::Conv1d;

impl Lower for Conv1d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let steps = l.shape(x).dims[0];
        let (before, after, _) = self.fit(steps);
        let initial = Initial::Weights { initialiser: self.init, value: self.init_value };
        let weight = l.weight("weight", initial)?;
        let bias = l.weight_if_any("bias", Initial::ZEROS);
        l.penalise(weight, self.l1, self.l2);
        let seen = if self.kernel == 1 && self.stride == 1 && before + after == 0 {
            x
        } else {
            let windows = Windows { kernel: self.kernel, stride: self.stride, before, after, dilation: self.dilation };
            l.emit(ops::Windows(windows), &[x])
        };
        let inputs: Vec<_> = [seen, weight].into_iter().chain(bias).collect();
        let y = l.emit(ops::Linear, &inputs);
        Ok(l.activate(self.activated(), y))
    }
}
