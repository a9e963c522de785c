//! Formulas in TensorFlow's functions.

use crate::expr::Function;
use crate::interop::code::Functions;

/// Formulas in TensorFlow's functions.
pub struct TensorFlow;

impl Functions for TensorFlow {
    fn call(&self, function: Function, arguments: &[String], _numbers: &[bool]) -> String {
        let name = match function {
            Function::Exp => "tf.exp",
            Function::Log => "tf.math.log",
            Function::Sqrt => "tf.sqrt",
            Function::Abs => "tf.abs",
            Function::Sin => "tf.sin",
            Function::Cos => "tf.cos",
            Function::Tan => "tf.tan",
            Function::Tanh => "tf.tanh",
            Function::Sigmoid => "tf.sigmoid",
            Function::Relu => "tf.nn.relu",
            Function::Softplus => "tf.nn.softplus",
            Function::Erf => "tf.math.erf",
            Function::Gelu => "tf.nn.gelu",
            Function::Silu => "tf.nn.silu",
            Function::Sign => "tf.sign",
            Function::Step => return format!("tf.cast({0} > 0, {0}.dtype)", arguments[0]),
            Function::Min => "tf.minimum",
            Function::Max => "tf.maximum",
            Function::Pow => "tf.pow",
        };
        format!("{name}({})", arguments.join(", "))
    }
}
