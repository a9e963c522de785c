//! Functions of single numbers: activations, and those of formulas.

use super::super::code::{Functions, python};
use crate::expr::Function;
use crate::model::layer::{Activated, Activation};

/// An activation as a call: what is called, and the arguments behind `x`.
pub fn activation(chosen: Activated) -> Option<(&'static str, Vec<String>)> {
    let with = |name, arguments: Vec<String>| Some((name, arguments));
    match chosen.activation {
        Activation::None => None,
        Activation::Relu => with("F.relu", vec![]),
        Activation::LeakyRelu => with("F.leaky_relu", vec![python::float(chosen.slope)]),
        Activation::Elu => with("F.elu", vec![]),
        Activation::Gelu => with("F.gelu", vec![]),
        Activation::Silu => with("F.silu", vec![]),
        Activation::Softplus => with("F.softplus", vec![]),
        Activation::Tanh => with("torch.tanh", vec![]),
        Activation::Sigmoid => with("torch.sigmoid", vec![]),
        Activation::Selu => with("F.selu", vec![]),
        Activation::HardSwish => with("F.hardswish", vec![]),
        Activation::HardSigmoid => with("F.hardsigmoid", vec![]),
        Activation::HardTanh => with("F.hardtanh", vec![]),
        Activation::Mish => with("F.mish", vec![]),
        Activation::CappedRelu if chosen.cap == 6.0 => with("F.relu6", vec![]),
        Activation::CappedRelu => with("F.hardtanh", vec!["0.0".into(), python::float(chosen.cap)]),
        Activation::ThresholdedRelu => with("F.threshold", vec![python::float(chosen.threshold), "0.0".into()]),
    }
}

/// What formulas call.
pub struct Torch;

impl Functions for Torch {
    fn call(&self, function: Function, arguments: &[String], numbers: &[bool]) -> String {
        let name = match function {
            Function::Exp => "torch.exp",
            Function::Log => "torch.log",
            Function::Sqrt => "torch.sqrt",
            Function::Abs => "torch.abs",
            Function::Sin => "torch.sin",
            Function::Cos => "torch.cos",
            Function::Tan => "torch.tan",
            Function::Tanh => "torch.tanh",
            Function::Sigmoid => "torch.sigmoid",
            Function::Relu => "F.relu",
            Function::Softplus => "F.softplus",
            Function::Erf => "torch.erf",
            Function::Gelu => "F.gelu",
            Function::Silu => "F.silu",
            Function::Sign => "torch.sign",
            Function::Step => return format!("({} > 0).to(x.dtype)", arguments.join(", ")),
            Function::Pow => "torch.pow",
            Function::Min | Function::Max => {
                let [a, b] = arguments else { return String::new() };
                let bound = if function == Function::Min { "max" } else { "min" };
                return match numbers {
                    [false, true] => format!("torch.clamp({a}, {bound}={b})"),
                    [true, false] => format!("torch.clamp({b}, {bound}={a})"),
                    _ => format!("torch.{}imum({a}, {b})", if function == Function::Min { "min" } else { "max" }),
                };
            }
        };
        format!("{name}({})", arguments.join(", "))
    }
}
