//! Activation layers, and the activation inside Dense and Conv.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::ops::{self, Apply};
use crate::engine::program::ValueId;
use crate::model::layer::{self, Activated, Activation};

const HARD_TANH: ops::HardTanh = ops::HardTanh { low: -1.0, high: 1.0 };

impl Lowering<'_> {
    /// Appends the chosen function; nothing for `None`. ELU has its layer's default setting.
    pub fn activate(&mut self, chosen: Activated, x: ValueId) -> ValueId {
        match chosen.activation {
            Activation::None => x,
            Activation::Relu => self.emit(Apply(ops::Relu), &[x]),
            Activation::LeakyRelu => self.emit(Apply(ops::LeakyRelu { slope: chosen.slope }), &[x]),
            Activation::Elu => {
                let alpha = layer::Elu::default().alpha;
                self.emit(Apply(ops::Elu { alpha }), &[x])
            }
            Activation::Gelu => self.emit(Apply(ops::Gelu), &[x]),
            Activation::Silu => self.emit(Apply(ops::Silu), &[x]),
            Activation::Softplus => self.emit(Apply(ops::Softplus), &[x]),
            Activation::Tanh => self.emit(Apply(ops::Tanh), &[x]),
            Activation::Sigmoid => self.emit(Apply(ops::Sigmoid), &[x]),
            Activation::Selu => self.emit(Apply(ops::Selu), &[x]),
            Activation::HardSwish => self.emit(Apply(ops::HardSwish), &[x]),
            Activation::HardSigmoid => self.hard_sigmoid(x),
            Activation::HardTanh => self.emit(Apply(HARD_TANH), &[x]),
            Activation::Mish => self.emit(Apply(ops::Mish), &[x]),
            Activation::CappedRelu => self.emit(Apply(ops::HardTanh { low: 0.0, high: chosen.cap }), &[x]),
            Activation::ThresholdedRelu => self.emit(Apply(ops::Threshold { threshold: chosen.threshold }), &[x]),
        }
    }

    /// `x / 6 + 1/2`, cut off at 0 and 1: PyTorch's and Keras 3's.
    fn hard_sigmoid(&mut self, x: ValueId) -> ValueId {
        let line = self.emit(Apply(ops::formula::ScaleShift { scale: 1.0 / 6.0, shift: 0.5 }), &[x]);
        self.emit(Apply(ops::HardTanh { low: 0.0, high: 1.0 }), &[line])
    }
}

macro_rules! lower_as {
    ($($layer:ident => |$self:ident| $op:expr;)*) => {
        $(impl Lower for layer::$layer {
            fn lower(&$self, l: &mut Lowering) -> Result<ValueId> {
                let x = l.input(0);
                Ok(l.emit($op, &[x]))
            }
        })*
    };
}

lower_as! {
    Relu => |self| Apply(ops::Relu);
    LeakyRelu => |self| Apply(ops::LeakyRelu { slope: self.slope });
    Elu => |self| Apply(ops::Elu { alpha: self.alpha });
    Gelu => |self| Apply(ops::Gelu);
    Selu => |self| Apply(ops::Selu);
    Silu => |self| Apply(ops::Silu);
    HardSwish => |self| Apply(ops::HardSwish);
    Softplus => |self| Apply(ops::Softplus);
    Tanh => |self| Apply(ops::Tanh);
    Sigmoid => |self| Apply(ops::Sigmoid);
    Softmax => |self| ops::Softmax;
    LogSoftmax => |self| ops::LogSoftmax;
    HardTanh => |self| Apply(HARD_TANH);
    Mish => |self| Apply(ops::Mish);
    CappedRelu => |self| Apply(ops::HardTanh { low: 0.0, high: self.cap });
    ThresholdedRelu => |self| Apply(ops::Threshold { threshold: self.threshold });
}

impl Lower for layer::HardSigmoid {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        Ok(l.hard_sigmoid(x))
    }
}

impl Lower for layer::Prelu {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let slope = l.weight("weight", Initial::Constant(self.slope))?;
        Ok(l.emit(ops::Prelu, &[x, slope]))
    }
}
