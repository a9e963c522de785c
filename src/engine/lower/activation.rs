//! Activation layers, and the activation inside Dense and Conv.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::ops::{self, Apply};
use crate::engine::program::ValueId;
use crate::model::layer::{self, Activation};

impl Lowering<'_> {
    /// Appends the chosen function, with its layer's default settings; nothing for `None`.
    pub fn activate(&mut self, activation: Activation, x: ValueId) -> ValueId {
        match activation {
            Activation::None => x,
            Activation::Relu => self.emit(Apply(ops::Relu), &[x]),
            Activation::LeakyRelu => {
                let slope = layer::LeakyRelu::default().slope;
                self.emit(Apply(ops::LeakyRelu { slope }), &[x])
            }
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
        }
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
}

impl Lower for layer::Prelu {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let slope = l.weight("weight", Initial::Constant(self.slope))?;
        Ok(l.emit(ops::Prelu, &[x, slope]))
    }
}
